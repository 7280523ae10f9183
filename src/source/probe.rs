//! What is kept of files that pass by once.
//!
//! The bytes of a compressed layer cannot be gone back to cheaply. While a
//! layer streams past, a [`Probe`] that is handed in says what of each regular
//! file is worth keeping; so a source keeps what its reader will need and knows
//! nothing of what is in the files.

use std::ops::Range;

use crate::read_at::{Known, ReadAt};
pub use crate::read_at::{NotKept, is_not_kept};

/// A file that passes by.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// Its name in the layer, cleaned, without a leading slash.
    pub name: &'a [u8],
    /// Its permission bits.
    pub mode: u32,
    /// Its length in bytes.
    pub size: u64,
    /// Its first bytes: [`HEAD`] of them, or all there are.
    pub head: &'a [u8],
    /// It comes once: what is not kept of it is lost.
    pub once: bool,
}

/// How many bytes of a file a probe sees before it decides.
pub const HEAD: usize = 4096;

/// What a probe wants to see of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Want {
    /// Its head tells enough.
    Head,
    /// All of it.
    Whole,
    /// These ranges besides its head, in ascending order.
    Ranges(Vec<Range<u64>>),
}

/// Decides what is kept of files that pass by.
pub trait Probe: Sync {
    /// What to show [`look`](Probe::look) of `file`.
    fn want(&self, file: Passing<'_>) -> Want;

    /// What to keep of it; `None` where what was shown is not enough to tell.
    /// `bytes` has what was wanted; reading anything else fails with
    /// [`NotKept`].
    fn look(&self, file: Passing<'_>, bytes: &dyn ReadAt) -> Option<Known>;
}
