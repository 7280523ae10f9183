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
        let (begin, end) = self.around(paint);
        [begin, text, end].concat()
    }

    /// What stands before and behind a painted text.
    pub(super) fn around(self, paint: Paint) -> (&'static str, &'static str) {
        if !self.color {
            return ("", "");
        }
        let begin = match paint {
            Paint::Bad => "\x1b[1;31m",
            Paint::Warn => "\x1b[1;33m",
            Paint::Note => "\x1b[1;34m",
            Paint::Good => "\x1b[32m",
            Paint::Dim => "\x1b[2m",
            Paint::Strong => "\x1b[1m",
        };
        (begin, "\x1b[0m")
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
