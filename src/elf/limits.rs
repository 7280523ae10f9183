//! How much of one file is believed.

/// The most `DT_NEEDED`, `DT_AUXILIARY` and `DT_FILTER` entries of one file.
pub(super) const MAX_NEEDED: usize = 4096;
/// The longest name in bytes.
pub(super) const MAX_NAME: usize = 4096;
/// The most bytes that all names of one file may have.
pub(super) const MAX_NAMES: usize = 1 << 20;
