//! From text to JSON, with the grammar of Go's `encoding/json` (1.19): `scanner.go`
//! says what is JSON, `decode.go:unquoteBytes` what a text means. No byte order mark,
//! nothing but blanks behind the value.

use super::Json;

/// The deepest nesting.
pub(in super::super) const MAX_DEPTH: usize = 64;
/// The most values: each takes more memory than text.
pub(in super::super) const MAX_VALUES: usize = 1 << 20;

/// Why a text is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Fault {
    /// It is nested too deep at this offset.
    Depth(usize),
    /// Too many values came before this offset.
    Values(usize),
    /// What stands at this offset does not belong there.
    Syntax(usize),
}

/// Reads a whole document.
pub(in super::super) fn parse(text: &[u8]) -> Result<Json, Fault> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        values: 0,
    };
    let value = parser.value()?;
    parser.blanks();
    match parser.at == text.len() {
        true => Ok(value),
        false => Err(parser.fault()),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    values: usize,
}

impl Parser<'_> {
    fn fault(&self) -> Fault {
        Fault::Syntax(self.at)
    }

    fn next(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Goes over `byte`, if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn word(&mut self, word: &[u8], value: Json) -> Result<Json, Fault> {
        match self.text[self.at..].starts_with(word) {
            true => {
                self.at += word.len();
                Ok(value)
            }
            false => Err(self.fault()),
        }
    }

    fn value(&mut self) -> Result<Json, Fault> {
        self.blanks();
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Fault::Values(self.at));
        }
        match self.next() {
            Some(b'n') => self.word(b"null", Json::Null),
            Some(b't') => self.word(b"true", Json::Bool(true)),
            Some(b'f') => self.word(b"false", Json::Bool(false)),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(open @ (b'[' | b'{')) => {
                if self.depth == MAX_DEPTH {
                    return Err(Fault::Depth(self.at));
                }
                self.at += 1;
                self.depth += 1;
                let value = match open {
                    b'[' => self.list().map(Json::List),
                    _ => self.object().map(Json::Object),
                };
                self.depth -= 1;
                value
            }
            _ => Err(self.fault()),
        }
    }

    fn list(&mut self) -> Result<Vec<Json>, Fault> {
        let mut items = Vec::new();
        self.blanks();
        if self.takes(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.takes(b']') {
                return Ok(items);
            }
            if !self.takes(b',') {
                return Err(self.fault());
            }
        }
    }

    fn object(&mut self) -> Result<Vec<(String, Json)>, Fault> {
        let mut entries = Vec::new();
        self.blanks();
        if self.takes(b'}') {
            return Ok(entries);
        }
        loop {
            self.blanks();
            if self.next() != Some(b'"') {
                return Err(self.fault());
            }
            let key = self.string()?;
            self.blanks();
            if !self.takes(b':') {
                return Err(self.fault());
            }
            entries.push((key, self.value()?));
            self.blanks();
            if self.takes(b'}') {
                return Ok(entries);
            }
            if !self.takes(b',') {
                return Err(self.fault());
            }
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.next(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(self.fault()),
        }
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _ = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        // Nothing but ASCII.
        Ok(String::from_utf8_lossy(&self.text[start..self.at]).into_owned())
    }

    /// A text in quotes. Each byte that is not UTF-8 becomes U+FFFD, and so does half a
    /// surrogate pair.
    fn string(&mut self) -> Result<String, Fault> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            while matches!(self.next(), Some(byte) if byte >= b' ' && byte != b'"' && byte != b'\\')
            {
                self.at += 1;
            }
            for chunk in self.text[start..self.at].utf8_chunks() {
                out.push_str(chunk.valid());
                out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            }
            match self.next() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escaped()?);
                }
                _ => return Err(self.fault()),
            }
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Result<char, Fault> {
        let plain = match self.next() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.fault()),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        const HIGH: std::ops::Range<u32> = 0xd800..0xdc00;
        const LOW: std::ops::Range<u32> = 0xdc00..0xe000;
        let first = self.four_digits()?;
        if HIGH.contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if LOW.contains(&second) {
                let code = 0x10000 + ((first - HIGH.start) << 10) + (second - LOW.start);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.fault())?;
            self.at += 1;
        }
        Ok(code)
    }
}
