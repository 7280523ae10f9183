//! `#!` lines (`fs/binfmt_script.c:load_script`, since Linux 5.1).

use crate::content::HEAD;

/// What a `#!` line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shebang {
    /// The path of the interpreter; empty where a file ends, or has a NUL, before any
    /// name: the kernel then opens the working directory.
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

fn is_no_blank(byte: u8) -> bool {
    !blank(byte)
}

fn terminates(byte: u8) -> bool {
    blank(byte) || byte == 0
}

/// Without a newline the line ends with the buffer, not with the file: what follows the
/// file's last byte are NULs, so blanks before them are not trimmed, and a name or an
/// argument that begins there is empty.
fn parse(buffer: &[u8; HEAD]) -> Result<Shebang, ShebangError> {
    const LAST: usize = HEAD - 1;
    // `strnchr` stops at a NUL.
    let text_end = buffer.iter().position(|&b| b == 0).unwrap_or(HEAD);
    let newline = buffer[..text_end].iter().position(|&b| b == b'\n');
    // Both look at `to` as well.
    let next = |from: usize, to: usize, wanted: fn(u8) -> bool| {
        let part = buffer.get(from..=to)?;
        Some(from + part.iter().position(|&b| wanted(b))?)
    };
    let full_end = match newline {
        Some(newline) => newline,
        None => {
            let name = next(2, LAST, is_no_blank).ok_or(ShebangError::NoInterpreter)?;
            next(name, LAST, terminates).ok_or(ShebangError::TooLong)?;
            LAST
        }
    };
    let text = buffer[..full_end].iter().rposition(|&b| !blank(b));
    let end = text.map_or(0, |at| at + 1);
    let name = next(2, end, is_no_blank).filter(|&name| name != end);
    let name = name.ok_or(ShebangError::NoInterpreter)?;
    let separator = next(name, end, terminates);
    let argument = separator.filter(|&at| buffer[at] != 0);
    let argument = argument.and_then(|at| next(at, end, is_no_blank));
    // The kernel puts a NUL at the end of each.
    let until_nul = |from: usize, to: usize| {
        let text = buffer.get(from..to).unwrap_or_default();
        text.split(|&b| b == 0).next().unwrap_or_default().to_vec()
    };
    Ok(Shebang {
        interpreter: until_nul(name, separator.unwrap_or(end).min(end)),
        argument: argument.map(|at| until_nul(at, end)),
        line: buffer[..full_end.min(text_end)].to_vec(),
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

    /// Held against Linux 6: `#!` alone is EACCES, `#!` and a newline ENOEXEC.
    #[test]
    fn a_line_without_interpreter_is_no_script() {
        let blanks = |count: usize| [b"#!", &vec![b' '; count][..]].concat();
        for head in [&b"#!\n"[..], b"#! \t \nx", &blanks(253), &blanks(254)] {
            assert_eq!(Shebang::parse(head), Some(Err(ShebangError::NoInterpreter)));
        }
        assert_eq!(Shebang::parse(b" #!/bin/sh\n"), None);
    }

    #[test]
    fn a_file_that_ends_before_a_name_names_the_empty_one() {
        let blanks = [b"#!", &[b' '; 252][..]].concat();
        for head in [&b"#!"[..], b"#!   ", b"#!\0", b"#! \0/pa\n", &blanks] {
            check(head, b"", None);
        }
    }

    #[test]
    fn blanks_before_the_end_of_the_file_are_not_trimmed() {
        check(b"#!/pa -e ", b"/pa", Some(b"-e "));
        check(b"#!/pa ", b"/pa", Some(b""));
        check(b"#!/pa  \t ", b"/pa", Some(b""));
        check(b"#!/pa a \0b", b"/pa", Some(b"a "));
        check(b"#!/pa a \nb", b"/pa", Some(b"a"));
        check(b"#!/pa\0x\n", b"/pa", None);
        check(b"#! /pa \0 x\n", b"/pa", Some(b""));
        // The last byte of the buffer is given up, and blanks before it are trimmed.
        let padded = |blanks: usize| [b"#!/pa ", &vec![b' '; blanks][..], b"x"].concat();
        check(&padded(248), b"/pa", Some(b"x"));
        check(&padded(249), b"/pa", None);
        check(&padded(250), b"/pa", None);
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
