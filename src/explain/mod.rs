//! What an error text proves, and what a code means.
//!
//! The same errno has other words for every party that sees it, and some words tell
//! more than they seem to: `exec /app: no such file or directory` from runc proves that
//! `/app` is there. [`recognise`] reads a paste, however many prefixes engines put before
//! the words that matter; [`page`] is the text about a code.
//!
//! The rows are data (`pattern`); that each text that this crate predicts is known here, with the
//! code of its cause, is a test.

mod document;
mod loaders;
mod page;
mod pattern;
mod programs;
mod runtimes;
mod shells;
mod template;

use std::ops::Range;

pub use document::{CodePage, ExplainReport, Proof, ProofCause};
pub use page::{Span, code, nearest, page};
pub use pattern::{Cause, NOT_CHECKED, Pattern, Phase};

/// The most bytes of a text that are looked at.
pub const MAX_TEXT: usize = 64 << 10;

/// A text that is known, as it was met.
#[derive(Debug)]
pub struct Recognised {
    /// What is known of it.
    pub pattern: &'static Pattern,
    /// The words that were recognised, quotation marks made plain.
    pub said: String,
    /// How often it was met, with other names each time.
    pub times: usize,
    holes: Vec<(&'static str, String)>,
}

/// The rows that recognise a text by itself, the more particular first.
fn strong() -> impl Iterator<Item = &'static Pattern> {
    [
        shells::ROWS,
        runtimes::ROWS,
        loaders::ROWS,
        programs::ROWS,
        shells::LATE,
    ]
    .into_iter()
    .flatten()
}

/// The rows that count where nothing else was recognised.
fn weak() -> impl Iterator<Item = &'static Pattern> {
    [runtimes::WEAK, programs::WEAK].into_iter().flatten()
}

/// All rows.
pub fn patterns() -> impl Iterator<Item = &'static Pattern> {
    strong().chain(weak())
}

/// Rows that only follow from another one, if that was met too.
const CONSEQUENCES: &[(&str, &str)] = &[
    ("musl-symbol", "musl-not-found"),
    ("musl-symbol", "musl-bad-file"),
    ("musl-symbol", "musl-irelative"),
];

/// What is known of the error texts in `text`, in the order in which they stand
/// there. Of a longer text than [`MAX_TEXT`] the beginning is looked at.
#[must_use]
pub fn recognise(text: &str) -> Vec<Recognised> {
    let text = plain(text);
    let mut found = by_lines(&text, strong);
    if found.is_empty() {
        // A paste that was wrapped has line breaks where blanks were.
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        found = by_lines(&joined, strong);
        if found.is_empty() {
            found = by_lines(&text, weak);
        }
    }
    let ids: Vec<&str> = found.iter().map(|one| one.pattern.id).collect();
    let follows = |id: &str| {
        let mut causes = CONSEQUENCES.iter().filter(|(what, _)| *what == id);
        causes.any(|(_, cause)| ids.contains(cause))
    };
    found.retain(|one| !follows(one.pattern.id));
    found
}

/// The matches of `rows` in each line of `text`; a row is listed once.
fn by_lines<R>(text: &str, rows: fn() -> R) -> Vec<Recognised>
where
    R: Iterator<Item = &'static Pattern>,
{
    let mut all: Vec<Recognised> = Vec::new();
    for line in text.lines() {
        let mut taken: Vec<(Range<usize>, Recognised)> = Vec::new();
        for pattern in rows() {
            let matches = pattern.texts.iter();
            for one in matches.flat_map(|template| template::find_all(template, line)) {
                let span = one.from..one.to;
                let is_free = |(other, _): &(Range<usize>, _)| {
                    span.end <= other.start || other.end <= span.start
                };
                if taken.iter().all(is_free) {
                    let said = line[span.clone()].trim().to_owned();
                    let holes = one.holes;
                    taken.push((
                        span,
                        Recognised {
                            pattern,
                            said,
                            times: 1,
                            holes,
                        },
                    ));
                }
            }
        }
        taken.sort_by_key(|(span, _)| span.start);
        for (_, one) in taken {
            let known = all
                .iter_mut()
                .find(|known| known.pattern.id == one.pattern.id);
            match known {
                Some(known) => known.times += 1,
                None => all.push(one),
            }
        }
    }
    all
}

/// `text` with quotation marks of one kind, and without what drives a terminal or was
/// escaped for JSON.
fn plain(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut out = String::with_capacity(end);
    let mut chars = text[..end].chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            '\u{a0}' => out.push(' '),
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                // A control sequence ends with a letter.
                for c in chars.by_ref() {
                    if ('@'..='~').contains(&c) {
                        break;
                    }
                }
            }
            '\\' if matches!(chars.peek(), Some('"' | '\\')) => {
                // JSON in JSON escapes its escapes: only the mark itself stays.
                while chars.next_if_eq(&'\\').is_some() {}
                if chars.next_if_eq(&'"').is_some() {
                    out.push('"');
                } else {
                    out.push('\\');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Who passed a text on, as far as prefixes tell; outermost first.
#[must_use]
pub fn passed_on_by(text: &str) -> Vec<&'static str> {
    const PREFIXES: &[(&str, &str)] = &[
        ("CrashLoopBackOff", "Kubernetes"),
        ("RunContainerError", "Kubernetes"),
        ("CreateContainerError", "Kubernetes"),
        ("StartError", "Kubernetes"),
        ("kubelet", "Kubernetes"),
        ("Error response from daemon", "Docker"),
        ("Error: crun: ", "podman"),
        ("Error: runc: ", "podman"),
        ("failed to create containerd task", "containerd"),
        ("failed to create task for container", "containerd"),
        ("failed to create shim", "containerd"),
        ("container_linux.go:", "runc before 1.1"),
        ("unable to start container process", "runc 1.1 or later"),
    ];
    let mut by = Vec::new();
    for (prefix, who) in PREFIXES {
        if text.contains(prefix) && !by.contains(who) {
            by.push(*who);
        }
    }
    by
}

impl Recognised {
    /// What is certain, with the names that the text has.
    #[must_use]
    pub fn proves(&self) -> String {
        self.fill(self.pattern.proves).0
    }

    /// What stays open, with the names that the text has.
    #[must_use]
    pub fn open(&self) -> String {
        self.fill(self.pattern.open).0
    }

    /// What to type, with the names that the text has; a line that asks for a name
    /// that it does not have is left out.
    #[must_use]
    pub fn ask(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for template in self.pattern.ask {
            let mut line = String::new();
            for (number, part) in template.split(' ').enumerate() {
                let (word, is_whole) = self.fill(part);
                if !is_whole {
                    continue;
                }
                if number > 0 {
                    line.push(' ');
                }
                let is_filled = part.contains('{');
                line.push_str(&if is_filled { quoted(&word) } else { word });
            }
            if !lines.contains(&line) && !line.contains(" why -i") {
                lines.push(line);
            }
        }
        lines
    }

    /// What it can be, the most likely first, and whether there is a finding for it.
    pub fn causes(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let causes = self.pattern.causes.iter();
        causes.map(|(word, why)| (*word, *why, code(word).is_some()))
    }

    /// `template` with its holes filled, and whether all could be.
    fn fill(&self, template: &'static str) -> (String, bool) {
        let mut out = template.to_owned();
        let mut is_whole = true;
        for name in template::holes(template) {
            let value = self.holes.iter().find(|(known, _)| *known == name);
            let value = value
                .map(|(_, value)| value.as_str())
                .filter(|v| !v.is_empty());
            is_whole &= value.is_some();
            out = out.replacen(&format!("{{{name}}}"), value.unwrap_or("it"), 1);
        }
        (out, is_whole)
    }
}

/// `word` as a shell reads it, and never as an option.
fn quoted(word: &str) -> String {
    let word = word.trim_matches('\'');
    let dash = if word.starts_with('-') { "./" } else { "" };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return format!("{dash}{word}");
    }
    format!("'{dash}{}'", word.replace('\'', "'\\''"))
}
