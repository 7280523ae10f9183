//! `#!` lines (`fs/binfmt_script.c:load_script`, since Linux 5.1).

use crate::content::HEAD;

/// What a `#!` line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shebang {
    /// The path of the interpreter.
    pub interpreter: Vec<u8>,
    /// Everything behind it, as one argument.
    pub argument: Option<Vec<u8>>,
    /// The line as far as the kernel looks at it, without its newline.
    pub line: Vec<u8>,
}

/// Why the kernel takes a file that begins with `#!` for no script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShebangError {
    /// Nothing but blanks follows.
    NoInterpreter,
    /// The interpreter's name may be cut off by the end of the buffer.
    TooLong,
}

impl Shebang {
    /// Reads the line at the start of a file. `head` holds the file's first
    /// [`HEAD`] bytes, or all where there are fewer; `None` where it does not
    /// begin with `#!`.
    #[must_use]
    pub fn parse(head: &[u8]) -> Option<Result<Shebang, ShebangError>> {
        if !head.starts_with(b"#!") {
            return None;
        }
        let mut buffer = [0; HEAD];
        let length = head.len().min(HEAD);
        buffer[..length].copy_from_slice(&head[..length]);
        Some(parse(&buffer))
    }

    /// Whether the line ends in a carriage return, which is then part of the
    /// interpreter's name or of its argument.
    #[must_use]
    pub fn ends_in_cr(&self) -> bool {
        self.line.ends_with(b"\r")
    }
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn terminates(byte: u8) -> bool {
    blank(byte) || byte == 0
}

fn parse(buffer: &[u8; HEAD]) -> Result<Shebang, ShebangError> {
    let text_end = buffer.iter().position(|&b| b == 0).unwrap_or(HEAD);
    let newline = buffer[..text_end].iter().position(|&b| b == b'\n');
    let end = match newline {
        Some(newline) => newline,
        None => {
            let start = buffer[2..].iter().position(|&b| !blank(b)).map(|at| at + 2);
            let start = start.ok_or(ShebangError::NoInterpreter)?;
            if !buffer[start..].iter().any(|&b| terminates(b)) {
                return Err(ShebangError::TooLong);
            }
            // The last byte of the buffer is given up for a NUL.
            text_end.min(HEAD - 1)
        }
    };
    let line = &buffer[..end];
    let trimmed = line.iter().rposition(|&b| !blank(b)).map_or(0, |at| at + 1);
    let rest = buffer.get(2..trimmed).unwrap_or_default();
    let name_at = rest
        .iter()
        .position(|&b| !blank(b))
        .ok_or(ShebangError::NoInterpreter)?;
    let rest = &rest[name_at..];
    let name_end = rest
        .iter()
        .position(|&b| terminates(b))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(name_end);
    if name.is_empty() {
        return Err(ShebangError::NoInterpreter);
    }
    let argument = match after.first() {
        Some(&separator) if separator != 0 => {
            let at = after.iter().position(|&b| !blank(b));
            let text = at.map(|at| &after[at..]);
            text.map(|text| text.split(|&b| b == 0).next().unwrap_or_default().to_vec())
        }
        _ => None,
    };
    Ok(Shebang {
        interpreter: name.to_vec(),
        argument,
        line: line.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], interpreter: &[u8], argument: Option<&[u8]>) {
        let parsed = Shebang::parse(head)
            .expect("begins with #!")
            .expect("names an interpreter");
        assert_eq!(parsed.interpreter, interpreter);
        assert_eq!(parsed.argument.as_deref(), argument);
    }

    #[test]
    fn the_rest_of_the_line_is_one_argument() {
        check(b"#!/bin/sh\n", b"/bin/sh", None);
        check(b"#! /pa  a b  \n", b"/pa", Some(b"a b"));
        check(b"#!/bin/sh", b"/bin/sh", None);
        check(b"#!/bin/sh -e\r\n", b"/bin/sh", Some(b"-e\r"));
        check(b"#!/bin/sh\r\n", b"/bin/sh\r", None);
    }

    #[test]
    fn a_line_without_interpreter_is_no_script() {
        for head in [&b"#!"[..], b"#!   ", b"#!\n", b"#! \t \nx"] {
            assert_eq!(Shebang::parse(head), Some(Err(ShebangError::NoInterpreter)));
        }
        assert_eq!(Shebang::parse(b" #!/bin/sh\n"), None);
    }

    #[test]
    fn a_name_of_255_bytes_fits_and_one_more_does_not() {
        let script = |length: usize| {
            let mut head = b"#!/".to_vec();
            head.resize(length, b'x');
            head.push(b'\n');
            head
        };
        assert!(Shebang::parse(&script(255)).is_some_and(|parsed| parsed.is_ok()));
        assert_eq!(
            Shebang::parse(&script(256)),
            Some(Err(ShebangError::TooLong))
        );
    }

    #[test]
    fn a_long_argument_is_cut() {
        let mut head = b"#!/pa ".to_vec();
        head.resize(400, b'x');
        let parsed = Shebang::parse(&head)
            .expect("begins with #!")
            .expect("is a script");
        assert_eq!(parsed.argument.map(|argument| argument.len()), Some(249));
    }
}
