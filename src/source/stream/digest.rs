//! The digest of a blob, as descriptors write it.
//!
//! OCI image-spec, `descriptor.md`, "Digests": `algorithm:encoded`. The grammar
//! is checked before anything else is done with one: a digest becomes part of a
//! path.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::bytes::escape;

/// A way to hash that a digest can name and that is computed here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// SHA-256, which everyone uses.
    Sha256,
    /// SHA-512, which the specification allows.
    Sha512,
}

impl Algorithm {
    /// As it is written before the colon.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        }
    }

    /// Length of the hash in bytes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }
}

/// The hash of a blob and how it was computed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    /// As many as the algorithm has; zeros after them.
    bytes: [u8; 64],
}

/// Why a text is no digest that can be verified.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DigestError {
    /// Not `algorithm:encoded` as the specification writes it.
    #[error("invalid digest `{}`", shown(.text))]
    Invalid {
        /// The text, cut short where it is very long.
        text: String,
    },
    /// A digest by the grammar, by an algorithm that is not computed here. It
    /// is safe in a path.
    #[error("digest `{}`: algorithm is not known, sha256 and sha512 are", shown(.text))]
    UnknownAlgorithm {
        /// The text, whole.
        text: String,
    },
}

/// The longest text that is taken for a digest.
const MAX_TEXT: usize = 512;
/// How much of one is shown.
const MAX_SHOWN: usize = 160;

impl Digest {
    /// From the bytes of a hash; `None` where they are not as many as the
    /// algorithm has.
    #[must_use]
    pub fn new(algorithm: Algorithm, hash: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        if hash.len() != algorithm.size() {
            return None;
        }
        bytes[..hash.len()].copy_from_slice(hash);
        Some(Digest { algorithm, bytes })
    }

    /// How it was computed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hash.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.size()]
    }

    /// The hash in lower-case hexadecimal, the name of the blob's file.
    #[must_use]
    pub fn hex(&self) -> String {
        let mut text = String::with_capacity(2 * self.algorithm.size());
        for byte in self.bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let invalid = || DigestError::Invalid {
            text: text.chars().take(MAX_SHOWN).collect(),
        };
        let (name, encoded) = text.split_once(':').ok_or_else(invalid)?;
        if text.len() > MAX_TEXT || !is_algorithm(name) || !is_encoded(encoded) {
            return Err(invalid());
        }
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => {
                return Err(DigestError::UnknownAlgorithm {
                    text: text.to_owned(),
                });
            }
        };
        let hash = from_hex(encoded).ok_or_else(invalid)?;
        Digest::new(algorithm, &hash).ok_or_else(invalid)
    }
}

/// `component (separator component)*`: letters and digits, joined by one of
/// `+._-` at a time.
fn is_algorithm(name: &str) -> bool {
    let mut components = name.split(['+', '.', '_', '-']);
    components.all(|component| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !component.is_empty() && component.bytes().all(is_plain)
    })
}

fn is_encoded(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=_-".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// The bytes of lower-case hexadecimal.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

/// As much of a text as a message has room for.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(MAX_SHOWN).collect();
    escape(&start).into_owned()
}
