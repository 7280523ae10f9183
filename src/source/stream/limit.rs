//! How much may come out of the blobs of one image.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Reached;

/// How much is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Uncompressed bytes of all streams together (`--max-total-bytes`).
    pub total: u64,
    /// Uncompressed bytes for each compressed byte of one stream
    /// (`--max-ratio`). Deflate cannot do more than 1,032.
    pub ratio: u64,
    /// Up to so many uncompressed bytes of a stream its ratio is not looked at.
    pub ratio_from: u64,
    /// The largest zstd window, as a power of two.
    pub window_log: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            total: 64 << 30,
            ratio: 1000,
            ratio_from: 1 << 30,
            window_log: 27,
        }
    }
}

/// What is left of the limits: one for all streams of an image, shared by its
/// clones.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    used: AtomicU64,
}

impl Budget {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Budget(Arc::new(Shared {
            limits,
            used: AtomicU64::new(0),
        }))
    }

    /// The limits themselves.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Uncompressed bytes so far.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// How many bytes to ask for when `wanted` would do: never much more than
    /// is left, and one at least, so that a stream that ends exactly at the
    /// limit is told from one that goes on.
    pub(super) fn ask(&self, wanted: usize) -> usize {
        let left = self.limits().total.saturating_sub(self.used());
        let most = usize::try_from(left.saturating_add(1)).unwrap_or(usize::MAX);
        wanted.min(most)
    }

    /// Counts `count` bytes.
    pub(super) fn take(&self, count: usize) -> Result<(), Reached> {
        let count = count as u64;
        // 2^64 bytes are out of reach: the limit stops every stream before.
        let used = self.0.used.fetch_add(count, Ordering::Relaxed);
        let read = used.saturating_add(count);
        let limit = self.0.limits.total;
        if read > limit {
            return Err(Reached::Total { limit, read });
        }
        Ok(())
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(Limits::default())
    }
}
