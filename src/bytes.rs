//! Names that are bytes: how they are shown and how they are serialised.
//!
//! Names in ELF files and directories are bytes of unknown meaning. The report
//! holds them lossily as text with the exact bytes beside it where the two
//! differ; what is printed for people has every control character, bidirectional
//! override and invalid byte escaped, so that a name can neither forge a line
//! nor drive a terminal.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Shows bytes on one line with everything that could mislead escaped.
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(&escape(chunk.valid()))?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// `text` with control characters, line separators and bidirectional
/// formatting escaped; borrowed where nothing had to be.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    let plain = |byte: &u8| (b' '..0x7f).contains(byte);
    if text.as_bytes().iter().all(plain) || !text.chars().any(misleads) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if misleads(c) && (c as u32) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if misleads(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether `c` controls a terminal or the order of text, or cannot be seen.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `bytes` as text for the report, with U+FFFD for what is not UTF-8.
#[must_use]
pub fn lossy(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whether two names are the same. Most have a dozen bytes or two: comparing their first and
/// their last ones, which may overlap, is quicker than calling a function for it.
#[inline]
#[must_use]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    fn ends<const N: usize>(one: &[u8], other: &[u8]) -> bool {
        one.first_chunk::<N>() == other.first_chunk::<N>()
            && one.last_chunk::<N>() == other.last_chunk::<N>()
    }
    one.len() == other.len()
        && match one.len() {
            8..=16 => ends::<8>(one, other),
            17..=32 => ends::<16>(one, other),
            33..=64 => ends::<32>(one, other),
            _ => one == other,
        }
}

/// As [`lossy`], for a text that stands in several places of the report.
#[must_use]
pub fn shared(bytes: &[u8]) -> Arc<str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Arc::from(text),
        Err(_) => Arc::from(String::from_utf8_lossy(bytes)),
    }
}

/// The exact bytes in base64, where the lossy text does not tell them.
#[must_use]
pub fn exact(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes)
        .is_err()
        .then(|| STANDARD.encode(bytes))
}

/// The bytes behind a lossy text and what [`exact`] put beside it.
#[must_use]
pub fn restore(text: &str, exact: Option<&str>) -> Vec<u8> {
    exact
        .and_then(|b64| STANDARD.decode(b64).ok())
        .unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bidi_and_invalid_bytes_are_escaped() {
        let name = b"a\x1b]0;x\x07\n\xff\xe2\x80\xaeb\xc2\x85";
        assert_eq!(
            Shown(name).to_string(),
            "a\\x1b]0;x\\x07\\n\\xff\\u{202e}b\\x85"
        );
    }

    #[test]
    fn bytes_survive_the_report() {
        for name in [&b"plain"[..], b"caf\xe9", "caf\u{e9}".as_bytes()] {
            assert_eq!(restore(&lossy(name), exact(name).as_deref()), name);
        }
    }
}
