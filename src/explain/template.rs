//! Templates of error texts: words with holes in them.
//!
//! `exec {path}: no such file or directory` is such a template. Its words are
//! compared without regard to case, since Go writes the kernel's words in lower
//! case and C does not. A hole takes as little as it can. There is no going back
//! and no repetition, so the time is bounded by the length of the line, the length
//! of the template, [`LONGEST`] and [`TRIES`].
//!
//! | hole | takes |
//! |---|---|
//! | `{path}`, `{program}`, `{text}` | anything on the line without `: ` in it; at the end of a template one word |
//! | `{number}` | digits |
//! | any other | one word: no blank in it |
//!
//! A hole at the beginning is one word, read backwards. A name that comes twice keeps
//! what it took first.

/// The most bytes that a hole takes.
const LONGEST: usize = 1024;
/// The most places in a line that are looked at for one template.
const TRIES: usize = 64;

/// Where a template was found in a line, and what its holes took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// The first byte.
    pub(super) from: usize,
    /// The byte after the last.
    pub(super) to: usize,
    /// Names of holes and what is in them.
    pub(super) holes: Vec<(&'static str, String)>,
}

enum Part {
    Words(&'static str),
    Hole(&'static str),
}

/// The parts of a template; what is no hole is words.
fn parts(template: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((words, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        parts.push(Part::Hole(name));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Words(rest));
    }
    parts
}

/// Names of the holes of `template`.
pub(super) fn holes(template: &'static str) -> impl Iterator<Item = &'static str> {
    parts(template).into_iter().filter_map(|part| match part {
        Part::Hole(name) => Some(name),
        Part::Words(_) => None,
    })
}

/// Every place in `line`, one after the other, where `template` is found.
pub(super) fn find_all(template: &'static str, line: &str) -> Vec<Match> {
    let parts = parts(template);
    let mut found = Vec::new();
    let mut start = 0;
    for _ in 0..TRIES {
        let Some(at) = first_words(&parts).and_then(|words| find(line, words, start)) else {
            break;
        };
        match try_at(&parts, line, at, start) {
            Some(one) => {
                start = one.to.max(at + 1);
                found.push(one);
            }
            None => start = at + 1,
        }
    }
    found
}

/// No more than `most` bytes of `text`.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn first_words(parts: &[Part]) -> Option<&'static str> {
    parts.iter().find_map(|part| match part {
        Part::Words(words) => Some(*words),
        Part::Hole(_) => None,
    })
}

/// Reads `parts` with the first words at `at`; nothing before `floor` is taken.
fn try_at(parts: &[Part], line: &str, at: usize, floor: usize) -> Option<Match> {
    let mut holes = Vec::new();
    let mut from = at;
    let mut parts = parts.iter().peekable();
    if let Some(Part::Hole(name)) = parts.peek() {
        parts.next();
        let taken = last_word(line.get(floor..at)?);
        from -= taken.len();
        keep(&mut holes, name, taken);
        if taken.is_empty() {
            return None;
        }
    } else if begins_inside_a_word(line, at) {
        return None;
    }
    let mut to = at;
    while let Some(part) = parts.next() {
        match part {
            Part::Words(words) => {
                let here = line.get(to..to.checked_add(words.len())?)?;
                if !here.eq_ignore_ascii_case(words) {
                    return None;
                }
                to += words.len();
            }
            Part::Hole(name) => {
                let rest = line.get(to..)?;
                let taken = match parts.peek() {
                    Some(Part::Words(words)) => {
                        let near = cut(rest, LONGEST + words.len());
                        &near[..find(near, words, 0)?]
                    }
                    _ => first_word(rest),
                };
                if !fits(name, taken) {
                    return None;
                }
                to += taken.len();
                keep(&mut holes, name, taken);
            }
        }
    }
    Some(Match { from, to, holes })
}

fn keep(holes: &mut Vec<(&'static str, String)>, name: &'static str, taken: &str) {
    if !holes.iter().any(|(known, _)| *known == name) {
        holes.push((name, taken.to_owned()));
    }
}

fn fits(name: &str, taken: &str) -> bool {
    if taken.len() > LONGEST {
        return false;
    }
    match name {
        "number" => !taken.is_empty() && taken.bytes().all(|b| b.is_ascii_digit()),
        "path" | "program" | "text" => !taken.is_empty() && !taken.contains(": "),
        _ => !taken.is_empty() && !taken.contains(char::is_whitespace),
    }
}

/// Whether the byte at `at` goes on with a word.
fn begins_inside_a_word(line: &str, at: usize) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let before = at.checked_sub(1).and_then(|at| line.as_bytes().get(at));
    let first = line.as_bytes().get(at);
    before.is_some_and(|&b| is_word(b)) && first.is_some_and(|&b| is_word(b))
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',')
}

fn last_word(text: &str) -> &str {
    let at = text.rfind(ends_word).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    &text[at..]
}

fn first_word(text: &str) -> &str {
    let end = text.find(ends_word).unwrap_or(text.len());
    text[..end].trim_end_matches([':', ';', '.'])
}

/// Where `words` stand in `line` from `start` on, whatever their case.
fn find(line: &str, words: &str, start: usize) -> Option<usize> {
    let (line, words) = (line.as_bytes(), words.as_bytes());
    let first = *words.first()?;
    let both = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let last = line.len().checked_sub(words.len())?;
    let mut at = start;
    while at <= last {
        at += memchr::memchr2(both.0, both.1, line.get(at..=last)?)?;
        if line[at..at + words.len()].eq_ignore_ascii_case(words) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &'static str, line: &str, expected: &[(&str, &str)]) {
        let found = find_all(template, line);
        let [one] = found.as_slice() else {
            panic!("{} times in `{line}`", found.len());
        };
        let holes: Vec<(&str, &str)> = one.holes.iter().map(|(n, t)| (*n, &**t)).collect();
        assert_eq!(holes, expected);
    }

    #[test]
    fn holes_take_as_little_as_they_can() {
        check(
            "exec {path}: no such file",
            "x: Exec /a b: No such file: no such file",
            &[("path", "/a b")],
        );
        check(
            "{name}: not found",
            "sh: 1: ./x: not found",
            &[("name", "./x")],
        );
        check("not {name}", "it is not here.", &[("name", "here")]);
        check("{a}={a}!", "say 1=2!", &[("a", "1")]);
    }

    #[test]
    fn words_begin_where_words_begin() {
        assert!(find_all("exec {path}: gone", "myexec /x: gone").is_empty());
        assert!(find_all("line {number}:", "line x1:").is_empty());
        assert!(find_all("exec {path}: gone", "exec a: b: gone").is_empty());
    }

    #[test]
    fn every_place_is_found() {
        assert_eq!(find_all("{name}: gone", "a: gone b: gone").len(), 2);
        assert!(find_all("", "text").is_empty());
    }
}
