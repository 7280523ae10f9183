//! What `env` makes of the one argument that a `#!` line hands it.
//!
//! Follows coreutils (`src/env.c:main` and `build_argv`) and busybox
//! (`coreutils/env.c:env_main`, which has neither `-S` nor `-v`). Which files are then
//! tried is [`execvp`](super::execvp)'s work.

use std::collections::VecDeque;

/// Which `env` it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Flavour {
    /// That of coreutils, GNU's or those that imitate them.
    Coreutils,
    /// That of busybox.
    Busybox,
    /// Another, of which only is known what all have in common.
    Other,
}

/// What is asked of `env`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// A program.
    Program(Wanted),
    /// An option that this `env` does not have.
    BadOption(BadOption),
    /// No program. The script's own path follows the argument, so that is the program.
    Itself,
    /// It depends on what is not known here.
    Unsure,
}

/// An option that an `env` does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadOption {
    /// A letter.
    Letter(u8),
    /// One with a name.
    Named,
}

/// A program that `env` is to execute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    /// Its name or path.
    pub(crate) name: Vec<u8>,
    /// PATH as `execvp` sees it; `None` where the argument takes it away.
    pub(crate) path: Option<Vec<u8>>,
}

/// What `env` of this flavour makes of `argument`, where its PATH is `path`.
pub(crate) fn asked(argument: Option<&[u8]>, flavour: Flavour, path: &[u8]) -> Asked {
    let mut reading = Reading {
        words: argument.into_iter().map(<[u8]>::to_vec).collect(),
        flavour,
        path: Some(path.to_vec()),
        unset: false,
        clear: false,
    };
    reading.options().unwrap_or_else(|| reading.command())
}

/// Arguments on their way to a command.
struct Reading {
    words: VecDeque<Vec<u8>>,
    flavour: Flavour,
    path: Option<Vec<u8>>,
    unset: bool,
    clear: bool,
}

impl Reading {
    /// Takes the options away; `Some` where they decide.
    fn options(&mut self) -> Option<Asked> {
        while let Some(word) = self.words.front() {
            if !word.starts_with(b"-") || word == b"-" {
                break;
            }
            // Of others than these two nothing is known but a plain name.
            if self.flavour == Flavour::Other {
                return Some(Asked::Unsure);
            }
            let word = self.words.pop_front()?;
            let decided = match word.strip_prefix(b"--") {
                Some(b"") => break,
                Some(long) => self.long_option(long),
                None => self.short_options(&word[1..]),
            };
            if decided.is_some() {
                return decided;
            }
        }
        None
    }

    /// `Some` where it decides.
    fn long_option(&mut self, option: &[u8]) -> Option<Asked> {
        if let Some(text) = option.strip_prefix(b"split-string=") {
            return match self.flavour {
                Flavour::Coreutils => self.split(text),
                _ => Some(bad_letter(b'S')),
            };
        }
        if let Some(name) = option.strip_prefix(b"unset=") {
            self.unset |= name == b"PATH";
            return None;
        }
        match option {
            b"ignore-environment" => self.clear = true,
            b"debug" if self.flavour == Flavour::Coreutils => {}
            // `-- name`, taken for the name of an option.
            _ if !option.contains(&b'=') && option.iter().any(is_blank) => {
                return Some(Asked::BadOption(BadOption::Named));
            }
            _ => return Some(Asked::Unsure),
        }
        None
    }

    /// The letters of one word; `Some` where they decide.
    fn short_options(&mut self, letters: &[u8]) -> Option<Asked> {
        let has_more = self.flavour == Flavour::Coreutils;
        for (at, letter) in letters.iter().enumerate() {
            let rest = &letters[at + 1..];
            match letter {
                b'i' => self.clear = true,
                b'v' if has_more => {}
                b'u' => {
                    let Some(name) = self.value(rest) else {
                        // The script's path is the name, and env prints the rest.
                        return Some(Asked::Unsure);
                    };
                    self.unset |= name == b"PATH";
                    return None;
                }
                b'S' if has_more => {
                    let text = self.value(rest);
                    return text.and_then(|text| self.split(&text));
                }
                // Blanks are none of any; -S is said to be wanted where they are met.
                letter if is_blank(letter) => return Some(bad_letter(*letter)),
                b'S' | b'v' => return Some(bad_letter(*letter)),
                // A directory to go to first, or an option that is newer or of another env.
                b'0' | b'C' | b'a' | b'f' | b'L' | b'P' | b'U' => return Some(Asked::Unsure),
                letter => return Some(bad_letter(*letter)),
            }
        }
        None
    }

    /// The value of an option: what follows it, or the next word; `None` where that is the
    /// script's own path.
    fn value(&mut self, rest: &[u8]) -> Option<Vec<u8>> {
        match rest {
            b"" => self.words.pop_front(),
            rest => Some(rest.to_vec()),
        }
    }

    /// Puts the words of `text` before the others.
    fn split(&mut self, text: &[u8]) -> Option<Asked> {
        let Some(words) = split(text) else {
            return Some(Asked::Unsure);
        };
        for word in words.into_iter().rev() {
            self.words.push_front(word);
        }
        None
    }

    /// What stands behind the options.
    fn command(mut self) -> Asked {
        if self.words.front().is_some_and(|word| word == b"-") {
            self.clear = true;
            self.words.pop_front();
        }
        if self.clear || self.unset {
            self.path = None;
        }
        while let Some(word) = self.words.pop_front() {
            let Some(equals) = word.iter().position(|&byte| byte == b'=') else {
                return Asked::Program(Wanted {
                    name: word,
                    path: self.path,
                });
            };
            if &word[..equals] == b"PATH" {
                self.path = Some(word[equals + 1..].to_vec());
            }
        }
        Asked::Itself
    }
}

fn bad_letter(letter: u8) -> Asked {
    Asked::BadOption(BadOption::Letter(letter))
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r')
}

/// Splits as `-S` does; `None` where coreutils refuse the text, or put a variable in.
fn split(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut is_between = true;
    let mut quote = None;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let mut taken = byte;
        match (byte, quote) {
            (b'\'' | b'"', None) => {
                quote = Some(byte);
                begin(&mut words, &mut is_between);
                continue;
            }
            (byte, Some(open)) if byte == open => {
                quote = None;
                continue;
            }
            (byte, None) if is_blank(&byte) => {
                is_between = true;
                continue;
            }
            (b'#', None) if is_between => break,
            (b'$', None | Some(b'"')) => return None,
            (b'\\', Some(b'\'')) if !matches!(bytes.peek(), Some(b'\\' | b'\'')) => {}
            (b'\\', _) => {
                taken = match (bytes.next()?, quote) {
                    (byte @ (b'"' | b'#' | b'$' | b'\'' | b'\\'), _) => byte,
                    (b'_', Some(b'"')) => b' ',
                    (b'_', _) => {
                        is_between = true;
                        continue;
                    }
                    (b'c', Some(b'"')) => return None,
                    (b'c', _) => return Some(words),
                    (b'f', _) => b'\x0c',
                    (b'n', _) => b'\n',
                    (b'r', _) => b'\r',
                    (b't', _) => b'\t',
                    (b'v', _) => b'\x0b',
                    _ => return None,
                };
            }
            _ => {}
        }
        begin(&mut words, &mut is_between);
        words.last_mut()?.push(taken);
    }
    quote.is_none().then_some(words)
}

/// Begins a word where one has ended.
fn begin(words: &mut Vec<Vec<u8>>, is_between: &mut bool) {
    if std::mem::take(is_between) {
        words.push(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flavour: Flavour, argument: &str, expected: &str) {
        let shown = match asked(Some(argument.as_bytes()), flavour, b"/bin") {
            Asked::Program(wanted) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let path = wanted.path.as_deref().map_or("unset".to_owned(), text);
                format!("{} in {path}", text(&wanted.name))
            }
            Asked::BadOption(BadOption::Letter(letter)) => {
                format!("bad {:?}", char::from(letter))
            }
            Asked::BadOption(BadOption::Named) => "bad name".to_owned(),
            Asked::Itself => "itself".to_owned(),
            Asked::Unsure => "unsure".to_owned(),
        };
        assert_eq!(shown, expected, "{argument:?}");
    }

    /// Each was held against coreutils 9.1.
    #[test]
    fn coreutils_take_one_argument_apart_only_for_split_string() {
        let check = |argument, expected| check(Flavour::Coreutils, argument, expected);
        check("node", "node in /bin");
        check("node --x", "node --x in /bin");
        check("/usr/bin/nope", "/usr/bin/nope in /bin");
        check("python3\r", "python3\r in /bin");
        check("-S node --x", "node in /bin");
        check("-Snode", "node in /bin");
        check("-vS node", "node in /bin");
        check("--split-string=node -x", "node in /bin");
        check("-S perl -w\r", "perl in /bin");
        check("-S perl\r", "perl in /bin");
        check("-S FOO=1 node", "node in /bin");
        check("-S PATH=/x node", "node in /x");
        check("-S -u FOO node", "node in /bin");
        check("-S -u PATH node", "node in unset");
        check("-S -i node", "node in unset");
        check("-S - node", "node in unset");
        check("-iS node", "node in unset");
        check("-S -i PATH=/x node", "node in /x");
        check("-S -- node", "node in /bin");
        check("-i node", "bad ' '");
        check("-i\r", "bad '\\r'");
        check("-S -x node", "bad 'x'");
        check("--\r", "bad name");
        check("-- node", "bad name");
        check("-i-", "bad '-'");
        for again in [
            "-i",
            "FOO=1",
            "FOO=1 node",
            "-",
            "-u FOO node",
            "-S",
            "-S FOO=1",
        ] {
            check(again, "itself");
        }
        for unsure in [
            "-C /x node",
            "-S ${SHELL} x",
            "-S 'node",
            "--help",
            "-S \\q",
        ] {
            check(unsure, "unsure");
        }
    }

    #[test]
    fn quotes_and_backslashes_are_those_of_coreutils() {
        let check = |text: &str, expected: &[&str]| {
            let words = split(text.as_bytes()).expect("can be split");
            let words: Vec<_> = words.iter().map(|w| String::from_utf8_lossy(w)).collect();
            assert_eq!(words, expected, "{text:?}");
        };
        check(r#" a  "b c"d 'e\f' "#, &["a", "b cd", "e\\f"]);
        check(r#"a\_b "c\_d" \#x #gone"#, &["a", "b", "c d", "#x"]);
        check(r#"a '' "" x\cy"#, &["a", "", "", "x"]);
        check(r#"'\'' "'" '"' a#b"#, &["'", "'", "\"", "a#b"]);
    }

    #[test]
    fn busybox_does_not_split() {
        let check = |argument, expected| check(Flavour::Busybox, argument, expected);
        check("node", "node in /bin");
        check("-S node", "bad 'S'");
        check("-vS node", "bad 'v'");
        check("-i node", "bad ' '");
    }
}
