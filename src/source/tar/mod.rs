//! Reading tar archives as Go's `archive/tar` reads them, since that is what
//! container engines read layers with.
//!
//! For every archive there are the entries that Go gives, with the same names,
//! types, owners, modes and bytes, or a [`TarError`] that names the offset.
//! Nothing is allocated because a header claims it, and holes of sparse files
//! are never materialised. What the entries mean in a layer (whiteouts, links,
//! order) is left to others.
//!
//! Follows `archive/tar` of Go 1.26: `reader.go`, `strconv.go`, `format.go`.
//! Each rule names its function there. Where we are stricter than Go it is a
//! [`Limits`] matter, or a sparse file whose map and data disagree: Go says
//! so when the data is read, we say so before.

mod entries;
mod entry;
mod error;
mod header;
mod holes;
mod input;
mod number;
mod pax;
mod reader;
mod sparse;

pub use entry::{Entry, EntryKind, SparseFormat};
pub use error::{Limited, Malformed, Oddity, TarError, Warning};
pub use input::{Input, RangeInput, StreamInput};
pub use reader::Reader;

/// What an archive may ask of us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one extended header, long name or sparse map. Go has the same
    /// limit (`maxSpecialFileSize`), so raising it makes us accept what Go
    /// refuses.
    pub extended_header: u64,
    /// Pieces of data of one sparse file.
    pub sparse_extents: usize,
    /// Entries of one archive.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            extended_header: 1 << 20,
            sparse_extents: 65_536,
            entries: 5_000_000,
        }
    }
}

/// Headers stand at multiples of this, and data is filled up to one.
const BLOCK: usize = 512;

/// One unit of an archive.
type Block = [u8; BLOCK];
