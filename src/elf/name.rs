//! A name out of a string table.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// How many bytes stand in a [`Name`] itself: room for nearly all sonames and versions.
const INLINE: usize = 30;

/// Bytes that are mostly few: objects have a dozen names each, and a system has thousands of
/// objects, so most of them are kept without memory of their own.
#[derive(Clone)]
pub struct Name(Bytes);

#[derive(Clone)]
enum Bytes {
    /// As many of these as the length says; the others are 0.
    Few {
        length: u8,
        bytes: [u8; INLINE],
    },
    Many(Box<[u8]>),
}

/// `bytes`, no more than fit, where they stand in a name itself.
fn few(bytes: &[u8]) -> Bytes {
    let mut few = [0; INLINE];
    let to = &mut few[..bytes.len()];
    if !copy_ends::<16>(to, bytes) && !copy_ends::<8>(to, bytes) {
        to.copy_from_slice(bytes);
    }
    #[expect(clippy::cast_possible_truncation, reason = "no more than fit")]
    let length = bytes.len() as u8;
    Bytes::Few { length, bytes: few }
}

/// Copies the first `N` and the last `N` bytes, which may overlap, where there are so many:
/// two moves, where calling a function for a dozen bytes takes longer than copying them.
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(place) = to.first_chunk_mut::<N>() {
        *place = *first;
    }
    if let Some(place) = to.last_chunk_mut::<N>() {
        *place = *last;
    }
    true
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Few { length, bytes } => &bytes[..usize::from(*length)],
            Bytes::Many(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Name {
    fn from(bytes: &[u8]) -> Name {
        Name(match bytes.len() {
            ..=INLINE => few(bytes),
            _ => Bytes::Many(bytes.into()),
        })
    }
}

impl AsRef<[u8]> for Name {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> std::cmp::Ordering {
        (**self).cmp(other)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_bytes_however_many_they_are() {
        let bytes: Vec<u8> = (1..=2 * 30).collect();
        for length in 0..=bytes.len() {
            let name = Name::from(&bytes[..length]);
            assert_eq!(*name, bytes[..length]);
            assert_eq!(matches!(name.0, Bytes::Few { .. }), length <= INLINE);
        }
        assert_eq!(size_of::<Name>(), 32);
    }
}
