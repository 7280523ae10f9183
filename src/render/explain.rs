//! `imgldd explain` for people: the list of codes, a page, what a text proves.

use std::io::{self, Write};

use super::paint::{Paint, Style};
use crate::bytes::escape;
use crate::explain::{Phase, Recognised, Span, page};
use crate::finding::{CODES, Code};
use crate::report::Severity;

/// Where lines end.
const WIDTH: usize = 88;
/// Where the text of a labelled line begins.
const INDENT: &str = "           ";

/// Writes for people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explain {
    /// How it looks.
    pub style: Style,
}

impl Explain {
    /// Every code with its meaning, the worst first.
    ///
    /// # Errors
    /// Whatever writing reports.
    pub fn codes(&self, out: &mut dyn Write) -> io::Result<()> {
        let wide = CODES.iter().map(|code| code.word().len()).max();
        let wide = wide.unwrap_or(0);
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let (name, paint) = severity_word(severity);
            writeln!(out, "{}", self.style.paint(paint, name))?;
            for code in CODES.iter().filter(|code| code.severity() == severity) {
                let word = self
                    .style
                    .paint(Paint::Strong, &format!("{:wide$}", code.word()));
                let mut lines = Lines::new(out, wide + 4);
                lines.begin(&format!("  {word}  "))?;
                lines.words(code.meaning(), |word| word.to_owned())?;
                lines.end()?;
            }
            writeln!(out)?;
        }
        writeln!(
            out,
            "imgldd explain CODE shows its page; imgldd explain \"ERROR TEXT\" says what a text proves."
        )
    }

    /// The page about `code`.
    ///
    /// # Errors
    /// Whatever writing reports.
    pub fn page(&self, out: &mut dyn Write, code: Code) -> io::Result<()> {
        let (_, paint) = severity_word(code.severity());
        writeln!(out, "{}", self.style.paint(paint, code.word()))?;
        for paragraph in page(code) {
            writeln!(out)?;
            let mut lines = Lines::new(out, 0);
            for span in &paragraph {
                match span {
                    Span::Plain(text) => lines.words(text, |word| word.to_owned())?,
                    Span::Code(text) if self.style.color => {
                        lines.words(text, |word| self.style.paint(Paint::Strong, word))?;
                    }
                    Span::Code(text) if text.contains('`') => {
                        lines.words(text, |word| word.to_owned())?;
                    }
                    Span::Code(text) => {
                        lines.words(&format!("`{text}`"), |word| word.to_owned())?
                    }
                }
            }
            lines.end()?;
        }
        Ok(())
    }

    /// What each of `found` proves; `passed_on_by` are those who put something before it.
    ///
    /// # Errors
    /// Whatever writing reports.
    pub fn recognised(
        &self,
        out: &mut dyn Write,
        found: &[Recognised],
        passed_on_by: &[&str],
    ) -> io::Result<()> {
        for (number, one) in found.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            let times = match one.times {
                1 => String::new(),
                times => format!("   ({times} such lines)"),
            };
            let said = escape(&one.said);
            writeln!(out, "{}{times}", self.style.paint(Paint::Strong, &said))?;
            let pattern = one.pattern;
            self.labelled(out, "said by", pattern.who)?;
            if number == 0 && !passed_on_by.is_empty() {
                self.labelled(out, "through", &passed_on_by.join(", "))?;
            }
            self.labelled(out, "when", phase(pattern.phase))?;
            self.labelled(out, "proves", &one.proves())?;
            if !pattern.open.is_empty() {
                self.labelled(out, "not", &one.open())?;
            }
            self.causes(out, one)?;
            for (number, line) in one.ask().iter().enumerate() {
                let label = if number == 0 { "find out" } else { "or" };
                let line = escape(line);
                writeln!(out, "  {} {line}", self.label(label))?;
            }
        }
        Ok(())
    }

    fn causes(&self, out: &mut dyn Write, one: &Recognised) -> io::Result<()> {
        let wide = one.causes().map(|(word, ..)| word.len()).max().unwrap_or(0);
        let mut unchecked = false;
        for (number, (word, why, is_checked)) in one.causes().enumerate() {
            let label = self.label(if number == 0 { "can be" } else { "" });
            let mark = if is_checked { ' ' } else { '*' };
            unchecked |= !is_checked;
            let paint = if is_checked {
                Paint::Strong
            } else {
                Paint::Dim
            };
            let word = self.style.paint(paint, &format!("{word:wide$}"));
            let mut lines = Lines::new(out, INDENT.len() + wide + 2);
            lines.begin(&format!("  {label} {word}{mark} "))?;
            lines.words(why, |word| word.to_owned())?;
            lines.end()?;
        }
        if unchecked {
            writeln!(out, "{INDENT}* imgldd does not check this yet")?;
        }
        Ok(())
    }

    fn label(&self, label: &str) -> String {
        self.style.paint(Paint::Dim, &format!("{label:8}"))
    }

    fn labelled(&self, out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        let mut lines = Lines::new(out, INDENT.len());
        lines.begin(&format!("  {} ", self.label(label)))?;
        lines.words(&escape(text), |word| word.to_owned())?;
        lines.end()
    }
}

fn phase(phase: Phase) -> &'static str {
    phase.words()
}

fn severity_word(severity: Severity) -> (&'static str, Paint) {
    match severity {
        Severity::Error => ("error", Paint::Bad),
        Severity::Warning => ("warning", Paint::Warn),
        Severity::Note => ("note", Paint::Note),
    }
}

/// Words set in lines of [`WIDTH`], those after the first indented.
struct Lines<'a> {
    out: &'a mut dyn Write,
    indent: usize,
    column: usize,
    /// A blank belongs before the next word.
    blank: bool,
}

impl<'a> Lines<'a> {
    fn new(out: &'a mut dyn Write, indent: usize) -> Self {
        Lines {
            out,
            indent,
            column: 0,
            blank: false,
        }
    }

    /// What stands before the words; as wide as the indentation.
    fn begin(&mut self, head: &str) -> io::Result<()> {
        self.column = self.indent;
        write!(self.out, "{head}")
    }

    /// Adds `text`, each word as `paint` has it.
    fn words(&mut self, text: &str, paint: impl Fn(&str) -> String) -> io::Result<()> {
        self.blank |= text.starts_with(' ');
        for (number, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
            let blank = (number > 0 || self.blank) && self.column > self.indent;
            let wide = word.chars().count();
            if blank && self.column + 1 + wide > WIDTH {
                write!(self.out, "\n{:1$}", "", self.indent)?;
                self.column = self.indent;
            } else if blank {
                write!(self.out, " ")?;
                self.column += 1;
            }
            write!(self.out, "{}", paint(word))?;
            self.column += wide;
        }
        self.blank = text.ends_with(' ');
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }
}
