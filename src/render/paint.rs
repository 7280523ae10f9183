//! Colour and line drawing, both of which can be done without.

/// How text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Write colours; nothing is told by colour alone.
    pub color: bool,
    /// Draw with ASCII.
    pub ascii: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Paint {
    Bad,
    Warn,
    Note,
    Good,
    Dim,
    Strong,
}

impl Style {
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Bad => "1;31",
            Paint::Warn => "1;33",
            Paint::Note => "1;34",
            Paint::Good => "32",
            Paint::Dim => "2",
            Paint::Strong => "1",
        };
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// The branch before a child, and what stands below it.
    pub(super) fn branch(self, last: bool) -> (&'static str, &'static str) {
        match (self.ascii, last) {
            (false, false) => ("├── ", "│   "),
            (false, true) => ("└── ", "    "),
            (true, false) => ("|-- ", "|   "),
            (true, true) => ("`-- ", "    "),
        }
    }
}
