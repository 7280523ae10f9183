//! Bytes of an entry, in memory that is used again.

use super::error::ImageError;
use crate::source::tar::{Input, Reader};

/// The next bytes of one entry. Memory is asked for as they come, not as a header
/// claims, and cleared only then.
#[derive(Default)]
pub(super) struct Buffer {
    memory: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// What was read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[..self.filled]
    }

    /// What was read, and nothing to be used again.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.memory.truncate(self.filled);
        self.memory
    }

    /// Begins anew, with the first `bytes` of an entry.
    pub(super) fn begin(&mut self, bytes: &[u8]) {
        if self.memory.len() < bytes.len() {
            self.memory.resize(bytes.len(), 0);
        }
        self.memory[..bytes.len()].copy_from_slice(bytes);
        self.filled = bytes.len();
    }

    /// Reads on until there are `length` bytes, or the entry ends.
    pub(super) fn fill<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        length: u64,
    ) -> Result<(), ImageError> {
        /// How much room is made at once.
        const STEP: usize = 256 << 10;
        /// An entry that had so many bytes is believed to have more: growing by and by, it
        /// would take its memory twice.
        const BELIEVED: usize = 1 << 20;
        /// How many bytes more.
        const MORE: usize = 32 << 20;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.filled < length {
            if self.filled == self.memory.len() {
                let room = STEP.min(length - self.filled);
                if self.filled >= BELIEVED {
                    self.memory.reserve_exact(MORE.min(length - self.filled));
                }
                self.memory.resize(self.filled + room, 0);
            }
            let end = length.min(self.memory.len());
            match reader.read(&mut self.memory[self.filled..end])? {
                0 => break,
                count => self.filled += count,
            }
        }
        Ok(())
    }
}
