//! The pages of `docs/findings.md`, which are compiled in: one text for readers of the
//! repository and of a terminal.

use crate::finding::{CODES, Code};

const PAGES: &str = include_str!("../../docs/findings.md");

/// A piece of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span {
    /// Words.
    Plain(String),
    /// What is typed or shown by a machine, word for word.
    Code(String),
}

/// The code that `word` is.
#[must_use]
pub fn code(word: &str) -> Option<Code> {
    CODES.iter().copied().find(|code| code.word() == word)
}

/// The codes most like `word`, the most like first; none where none is near.
#[must_use]
pub fn nearest(word: &str) -> Vec<Code> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    let mut near: Vec<(usize, Code)> = CODES
        .iter()
        .map(|&code| (distance(&word, code.word()), code))
        .filter(|(distance, code)| {
            let parts_of_it = word.len() > 3 && code.word().contains(&word);
            parts_of_it || *distance <= 1 + code.word().len() / 4
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, code)| code).take(3).collect()
}

/// How many letters must be changed, added or taken away (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    /// A longer word is no misspelt code.
    const LONGEST: usize = 64;
    if one.len() > LONGEST {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, a) in one.chars().enumerate() {
        let mut corner = number;
        let mut left = number + 1;
        row[0] = left;
        for (column, b) in other.iter().enumerate() {
            let above = row[column + 1];
            left = (corner + usize::from(a != *b)).min(above + 1).min(left + 1);
            corner = above;
            row[column + 1] = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The paragraphs of the page about `code`, Markdown taken away.
#[must_use]
pub fn page(code: Code) -> Vec<Vec<Span>> {
    let mut lines = PAGES.lines();
    let heading = format!("## {}", code.word());
    lines.by_ref().find(|line| *line == heading);
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        // An item of a list stands for itself.
        if line.starts_with("- ") {
            paragraphs.push(String::new());
        }
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
        .iter()
        .map(|paragraph| spans(paragraph))
        .collect()
}

/// Tells code from words. Code stands between equal runs of backticks, with a blank
/// inside each run where the code has a backtick there.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let ticks = rest[at..].bytes().take_while(|&b| b == b'`').count();
        let inside = &rest[at + ticks..];
        let Some(length) = closing(inside, ticks) else {
            break;
        };
        if at > 0 {
            spans.push(Span::Plain(plain(&rest[..at])));
        }
        let code = &inside[..length];
        let code = match code
            .strip_prefix(' ')
            .and_then(|code| code.strip_suffix(' '))
        {
            Some(stripped) if ticks > 1 => stripped,
            _ => code,
        };
        spans.push(Span::Code(code.to_owned()));
        rest = &inside[length + ticks..];
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(plain(rest)));
    }
    spans
}

/// Where a run of exactly `ticks` backticks begins.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find('`') {
        let from = at + found;
        let run = text[from..].bytes().take_while(|&b| b == b'`').count();
        if run == ticks {
            return Some(from);
        }
        at = from + run;
    }
    None
}

/// Emphasis and links as words.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['*', '[']) {
        out.push_str(&rest[..at]);
        let from = &rest[at..];
        let link = from.strip_prefix('[').and_then(|link| {
            let (name, after) = link.split_once("](")?;
            let (_, after) = after.split_once(')')?;
            Some((name, after))
        });
        match link {
            Some((name, after)) => {
                out.push_str(name);
                rest = after;
            }
            None => {
                if from.starts_with('[') {
                    out.push('[');
                }
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_words_and_code() {
        let seen = spans("say *its* `a b`; crun: ``file `/x` gone`` [see](y.md)");
        let code = |text: &str| Span::Code(text.to_owned());
        let plain = |text: &str| Span::Plain(text.to_owned());
        assert_eq!(
            seen,
            [
                plain("say its "),
                code("a b"),
                plain("; crun: "),
                code("file `/x` gone"),
                plain(" see"),
            ]
        );
        assert_eq!(spans("a ` alone"), [plain("a ` alone")]);
    }

    #[test]
    fn every_code_has_a_page_with_its_parts() {
        for &code in CODES {
            assert!(page(code).len() > 1, "{}", code.word());
        }
    }

    #[test]
    fn each_item_of_a_list_is_a_paragraph() {
        for (word, items) in [("mount-hides", 3), ("dlopen-missing", 2)] {
            let begins = |paragraph: &Vec<Span>| match paragraph.first() {
                Some(Span::Plain(text)) => text.starts_with("- "),
                _ => false,
            };
            let page = page(code(word).expect("is a code"));
            let found = page.iter().filter(|paragraph| begins(paragraph));
            assert_eq!(found.count(), items, "{word}");
        }
    }

    #[test]
    fn a_misspelt_code_is_near_the_right_one() {
        for (typed, meant) in [
            ("glibc-on-mussl", "glibc-on-musl"),
            ("Needed_missing", "needed-missing"),
            ("crlf", "shebang-crlf"),
        ] {
            assert_eq!(nearest(typed).first().map(|code| code.word()), Some(meant));
        }
        assert_eq!(nearest("something-else-entirely"), []);
        assert_eq!(nearest(&"x".repeat(100_000)), []);
    }
}
