//! Why an archive cannot be read, and what is odd in one that can.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::bytes::Shown;

/// Why an archive cannot be read further. Every offset is in bytes from the
/// beginning of the archive.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TarError {
    /// The bytes could not be read.
    #[error("cannot read the archive (offset {offset:#x})")]
    Io {
        /// From where on.
        offset: u64,
        /// Why.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The archive is damaged.
    #[error("{what} (offset {offset:#x})")]
    Malformed {
        /// Where.
        offset: u64,
        /// In what way.
        what: Malformed,
    },
    /// The archive asks for more than it is granted.
    #[error("{} (offset {offset:#x})", exceeds(*.what, *.value, *.limit))]
    Limit {
        /// Where.
        offset: u64,
        /// Of what it asks too much.
        what: Limited,
        /// How much.
        value: u64,
        /// What is granted.
        limit: u64,
    },
}

impl TarError {
    /// Where in the archive the reading ended.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            TarError::Io { offset, .. }
            | TarError::Malformed { offset, .. }
            | TarError::Limit { offset, .. } => *offset,
        }
    }
}

/// What an archive can ask too much of; see [`Limits`](super::Limits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limited {
    /// Bytes of an extended header or a long name.
    ExtendedHeader,
    /// Bytes of the map of a sparse file.
    SparseMap,
    /// Pieces of data of a sparse file.
    SparseExtents,
    /// Entries.
    Entries,
}

fn exceeds(what: Limited, value: u64, limit: u64) -> String {
    match what {
        Limited::ExtendedHeader => {
            format!(
                "extended header of {} exceeds {}",
                bytes(value),
                bytes(limit)
            )
        }
        Limited::SparseMap => format!("sparse map of {} exceeds {}", bytes(value), bytes(limit)),
        Limited::SparseExtents => format!("sparse map of {value} extents exceeds {limit}"),
        Limited::Entries => format!("more than {limit} entries; --max-entries sets the limit"),
    }
}

/// A number of bytes in the largest unit that gives a whole number.
fn bytes(count: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units
        .into_iter()
        .find(|(bits, _)| count != 0 && count.trailing_zeros() >= *bits);
    unit.map_or_else(
        || format!("{count} bytes"),
        |(bits, name)| format!("{} {name}", count >> bits),
    )
}

/// In what way an archive is damaged. Go calls most of it an invalid header.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The checksum is not that of the header, or not a number.
    #[error("bad checksum field `{}`: the header's bytes sum up to {sum:o}", Shown(.stored))]
    Checksum {
        /// The field.
        stored: Vec<u8>,
        /// The sum of the header's bytes.
        sum: u64,
    },
    /// A field is not a number, or too large a one, or negative where that
    /// makes no sense.
    #[error("bad {name} field `{}`", Shown(.bytes))]
    Field {
        /// The field's name.
        name: &'static str,
        /// The field.
        bytes: Vec<u8>,
    },
    /// A record of an extended header is not one.
    #[error("malformed PAX record: {why}")]
    Record {
        /// In what way.
        why: &'static str,
    },
    /// The value of a record cannot be what it must be.
    #[error("bad PAX {key} `{}`", Shown(.value))]
    Value {
        /// The record's name.
        key: &'static str,
        /// Its value, or the beginning of it.
        value: Vec<u8>,
    },
    /// The map of a sparse file cannot be right.
    #[error("sparse map malformed: {why}")]
    SparseMap {
        /// In what way.
        why: &'static str,
    },
    /// A block of zeros, which begins the end, and something else after it.
    #[error("a header after a block of zeros")]
    AfterZeros,
    /// The archive ends within something.
    #[error("archive ends within {within}: {found} of {wanted} bytes")]
    Truncated {
        /// Within what.
        within: &'static str,
        /// How many bytes of it there are.
        found: u64,
        /// How many there should be.
        wanted: u64,
    },
}

/// Something odd in an archive that was read nevertheless, as Go does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Where, in bytes from the beginning of the archive.
    pub offset: u64,
    /// What.
    pub what: Oddity,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (offset {:#x})", self.what, self.offset)
    }
}

/// What is odd. Other readers of tar may see another archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// An extended header says something twice; the last word counts.
    DuplicateRecord {
        /// The record's name.
        key: &'static str,
    },
    /// A size stands in the header, and another in the extended header, which
    /// counts.
    SizeOverridden {
        /// What the header says.
        header: u64,
        /// What counts.
        record: u64,
    },
    /// A size stands in the header of an entry that has no data; none is
    /// skipped.
    SizeWithoutData {
        /// What the header says, or the extended header.
        size: i64,
    },
    /// The owner or the group is a negative number.
    NegativeOwner,
    /// An extended header or long name is followed by another of its kind,
    /// which counts.
    ExtensionReplaced,
    /// An extended header or long name is followed by a global header, or by
    /// nothing, and so belongs to no entry.
    ExtensionUnused,
    /// A sparse file of a version that nobody reads; its data is given as it
    /// stands, map included.
    UnknownSparseVersion,
    /// The archive ends with one block of zeros, not two.
    OneZeroBlock,
    /// The archive ends without blocks of zeros.
    NoZeroBlocks,
    /// There was more to warn of than is kept.
    More,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Oddity::DuplicateRecord { key } => {
                write!(f, "PAX {key} is given twice; the last counts")
            }
            Oddity::SizeOverridden { header, record } => {
                write!(
                    f,
                    "size is {header} in the header, {record} in the PAX record that counts"
                )
            }
            Oddity::SizeWithoutData { size } => write!(f, "entry without data has size {size}"),
            Oddity::NegativeOwner => f.write_str("owner or group is negative"),
            Oddity::ExtensionReplaced => {
                f.write_str("extended header is replaced by the next before any entry")
            }
            Oddity::ExtensionUnused => f.write_str("extended header belongs to no entry"),
            Oddity::UnknownSparseVersion => f.write_str("sparse file of an unknown version"),
            Oddity::OneZeroBlock => f.write_str("archive ends with one block of zeros, not two"),
            Oddity::NoZeroBlocks => f.write_str("archive ends without blocks of zeros"),
            Oddity::More => f.write_str("more of the kind, not listed"),
        }
    }
}
