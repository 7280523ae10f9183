//! Words of a fixture line: blanks separate, single quotes keep together.
//!
//! Inside quotes `\n \r \t \\ \' \xNN` stand for the byte they name, so that
//! carriage returns, NULs and names that are not UTF-8 can be written down.
//! Outside quotes every character is itself, backslash and `$` included.

/// The words of one line, as bytes.
pub(crate) fn words(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => words.extend(word.take()),
            b'\'' => quoted(&mut bytes, word.get_or_insert_default(), line),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn quoted(bytes: &mut std::str::Bytes<'_>, word: &mut Vec<u8>, line: &str) {
    loop {
        let byte = bytes
            .next()
            .unwrap_or_else(|| panic!("open quote in `{line}`"));
        match byte {
            b'\'' => return,
            b'\\' => word.push(escaped(bytes, line)),
            other => word.push(other),
        }
    }
}

fn escaped(bytes: &mut std::str::Bytes<'_>, line: &str) -> u8 {
    match bytes.next() {
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'x') => {
            let digits: Vec<u8> = bytes.by_ref().take(2).collect();
            let digits = String::from_utf8(digits).unwrap();
            u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("`\\x{digits}` in `{line}`"))
        }
        Some(other) => other,
        None => panic!("backslash at the end of `{line}`"),
    }
}

/// `key=value` of a word; `None` where it has no `=` or an odd key.
pub(crate) fn key_value(word: &[u8]) -> Option<(&str, &[u8])> {
    let at = word.iter().position(|&byte| byte == b'=')?;
    let key = std::str::from_utf8(&word[..at]).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (!key.is_empty() && key.chars().all(plain)).then_some((key, &word[at + 1..]))
}

/// A word that can only be text: machine names, numbers, versions.
pub(crate) fn utf8(word: &[u8]) -> &str {
    std::str::from_utf8(word).unwrap_or_else(|_| panic!("`{}` should be text", word.escape_ascii()))
}

/// `0x1f`, `0755` (for modes, see [`octal`]) or `12`.
pub(crate) fn number(word: &[u8]) -> u64 {
    let text = utf8(word);
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|_| panic!("`{text}` should be a number"))
}

/// A mode as `ls` and `chmod` write it.
pub(crate) fn octal(word: &[u8]) -> u32 {
    u32::from_str_radix(utf8(word), 8)
        .unwrap_or_else(|_| panic!("`{}` should be octal", utf8(word)))
}

/// The non-empty lines without their indentation, comments left out.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn quotes_keep_blanks_and_escapes_name_bytes() {
    assert_eq!(
        words(r"a 'b c' d='\x41\r e'"),
        [&b"a"[..], b"b c", b"d=A\r e"]
    );
    assert_eq!(words("'' x"), [&b""[..], b"x"]);
    assert_eq!(key_value(b"needed="), Some(("needed", &b""[..])));
    assert_eq!(key_value(b"/a=b"), None);
}
