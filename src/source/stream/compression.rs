//! How a blob is compressed, told by its first bytes.
//!
//! Media types are not believed: tools label raw layers `tar+gzip`.

use std::io::{self, BufRead};

use super::error::StreamError;

/// How a blob is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// Not at all, or in a way that is not known here.
    None,
    /// gzip, RFC 1952.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Compression {
    /// Tells by the first bytes of a blob; four of them are enough.
    ///
    /// A zstd stream may begin with a skippable frame (RFC 8878 §3.1.2): its
    /// magic number is any of sixteen.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Compression {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }
}

/// The name of a compression that is known and not read here.
///
/// `head` is the first bytes of a blob: 16 are enough to tell, 262 to be sure
/// that it is not a tar archive whose first name looks like a magic number.
#[must_use]
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    if head.get(257..262) == Some(b"ustar") {
        return None;
    }
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
            if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17rE8P\x90") =>
        {
            Some("bzip2")
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        [b'L', b'Z', b'I', b'P', 0 | 1, ..] => Some("lzip"),
        [0x89, b'L', b'Z', b'O', 0, ..] => Some("lzop"),
        [0x1f, 0x9d, ..] => Some("compress"),
        _ => None,
    }
}

/// Tells by what `input` has next, and consumes nothing.
///
/// # Errors
/// Those of reading, and [`StreamError::Foreign`] for a compression that is not
/// read here. The input should have a few hundred bytes buffered at once, as
/// [`Hashed`](super::Hashed) has.
pub fn detect<R: BufRead + ?Sized>(input: &mut R) -> io::Result<Compression> {
    let head = input.fill_buf()?;
    let compression = Compression::sniff(head);
    match foreign(head) {
        Some(name) if compression == Compression::None => Err(StreamError::Foreign { name }.into()),
        _ => Ok(compression),
    }
}
