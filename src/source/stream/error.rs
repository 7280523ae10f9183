//! What can be wrong with a stream of bytes.

use std::fmt;
use std::io;

/// Why a stream ends before its end.
///
/// It travels inside an [`io::Error`]; [`stream_error`] finds it there. Offsets
/// are those of the compressed blob, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StreamError {
    /// The bytes are not what they should be.
    #[error("{what} (offset {offset:#x})")]
    Malformed {
        /// Where that was seen.
        offset: u64,
        /// What was found and what was wanted.
        what: String,
    },
    /// There is more of something than is allowed.
    #[error("{what} (offset {offset:#x})")]
    Limit {
        /// How far the blob had been read.
        offset: u64,
        /// Which limit.
        what: Reached,
    },
    /// Compressed in a way that is known and not read here.
    #[error("compressed with {name}; gzip and zstd are read")]
    Foreign {
        /// Its name.
        name: &'static str,
    },
}

/// A limit that was reached, with what reached it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reached {
    /// All streams together are too long.
    Total {
        /// The most, in bytes.
        limit: u64,
        /// How many there were when it was noticed.
        read: u64,
    },
    /// One stream inflates too well to be a layer.
    Ratio {
        /// The most bytes that may come of one compressed byte.
        limit: u64,
        /// Bytes that have come of this stream.
        read: u64,
        /// Compressed bytes that they came of.
        compressed: u64,
    },
    /// Decoding a zstd frame would take too much memory.
    Window {
        /// What its header asks for, in bytes.
        needed: u64,
        /// The most, in bytes.
        limit: u64,
    },
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reached::Total { limit, read } => write!(
                f,
                "uncompressed size exceeds {}: {read} bytes read; --max-total-bytes sets the limit",
                Size(limit)
            ),
            Reached::Ratio {
                limit,
                read,
                compressed,
            } => write!(
                f,
                "uncompressed size exceeds {limit} times the compressed one: {read} bytes from {compressed}; --max-ratio sets the limit"
            ),
            Reached::Window { needed, limit } => write!(
                f,
                "zstd frame needs a {} window; limit {}",
                Size(needed),
                Size(limit)
            ),
        }
    }
}

impl StreamError {
    pub(super) fn malformed(offset: u64, what: impl Into<String>) -> Self {
        StreamError::Malformed {
            offset,
            what: what.into(),
        }
    }

    /// Whether a limit ended the stream, and not its bytes.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, StreamError::Limit { .. })
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        io::Error::other(error)
    }
}

/// The [`StreamError`] that `error` carries, if it carries one.
#[must_use]
pub fn stream_error(error: &io::Error) -> Option<&StreamError> {
    error.get_ref()?.downcast_ref()
}

/// A number of bytes in the largest unit in which it is a whole number.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u32); 6] = [
            ("EiB", 60),
            ("PiB", 50),
            ("TiB", 40),
            ("GiB", 30),
            ("MiB", 20),
            ("KiB", 10),
        ];
        let fits = |shift: u32| self.0 != 0 && self.0.trailing_zeros() >= shift;
        match UNITS.iter().find(|(_, shift)| fits(*shift)) {
            Some((unit, shift)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}
