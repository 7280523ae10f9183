//! The parts of a passing file that are held while it is looked at.

use std::io;

use crate::read_at::ReadAt;
use crate::source::probe::NotKept;

/// Spans of a file.
pub(super) struct Held<'a> {
    size: u64,
    start: &'a [u8],
    spans: Vec<(u64, Vec<u8>)>,
}

impl<'a> Held<'a> {
    /// Nothing of a file of `size` bytes.
    pub(super) fn new(size: u64) -> Held<'a> {
        Held {
            size,
            start: &[],
            spans: Vec::new(),
        }
    }

    /// Its first bytes.
    pub(super) fn start(&mut self, bytes: &'a [u8]) {
        self.start = bytes;
    }

    /// Bytes further on; they come in order.
    pub(super) fn push(&mut self, at: u64, bytes: Vec<u8>) {
        self.spans.push((at, bytes));
    }
}

impl ReadAt for Held<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    /// Spans that touch are one.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let mut filled = 0;
        let spans = self.spans.iter().map(|(at, bytes)| (*at, &**bytes));
        for (at, bytes) in std::iter::once((0, self.start)).chain(spans) {
            let wanted = offset + filled as u64;
            let inside = wanted
                .checked_sub(at)
                .and_then(|inside| usize::try_from(inside).ok());
            let Some(found) = inside.and_then(|inside| bytes.get(inside..)) else {
                continue;
            };
            let count = found.len().min(length - filled);
            buffer[filled..filled + count].copy_from_slice(&found[..count]);
            filled += count;
        }
        if filled < length {
            let offset = offset + filled as u64;
            return Err(io::Error::other(NotKept { offset }));
        }
        Ok(length)
    }
}
