//! What one image may take of us, all its layers together.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Options;
use super::error::ImageError;
use crate::source::stream::Budget;
use crate::source::tar;

/// What is left of the limits of one image.
pub(super) struct Allowance {
    /// What may be inflated while layers pass by.
    pub(super) budget: Budget,
    /// What going back to layers may take.
    pub(super) again: Again,
    /// Bytes that may be kept of files that pass by.
    most_kept: u64,
    kept: AtomicU64,
}

/// The limits of going through layers once more: those of going through them
/// once, for all such goes together.
#[derive(Clone)]
pub(super) struct Again {
    pub(super) budget: Budget,
    pub(super) tar: tar::Limits,
}

impl Allowance {
    pub(super) fn new(options: &Options<'_>) -> Allowance {
        Allowance {
            budget: Budget::new(options.limits),
            again: Again {
                budget: Budget::new(options.limits),
                tar: options.tar_limits(),
            },
            most_kept: options.kept,
            kept: AtomicU64::new(0),
        }
    }

    /// Counts what is kept of the file `name`.
    pub(super) fn keep(&self, name: &[u8], weight: u64) -> Result<(), ImageError> {
        let before = self.kept.fetch_add(weight, Ordering::Relaxed);
        let most = self.most_kept;
        if before.saturating_add(weight) > most {
            let message = format!(
                "of files that pass by more than {most} bytes would have to be kept; --max-kept-bytes sets the limit"
            );
            return Err(ImageError::limit(name, message));
        }
        Ok(())
    }
}
