//! A buffered reader that knows how far it is.

use std::io::{self, BufRead, ErrorKind};

/// Compressed bytes, counted.
pub(super) struct Input<R> {
    inner: R,
    offset: u64,
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Input { inner, offset: 0 }
    }

    /// Bytes consumed.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    /// What is buffered, at least one byte of it; empty at the end alone.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.inner.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Asked again, it gives what it has: the borrow could not leave the loop.
        self.inner.fill_buf()
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.offset += count as u64;
    }

    /// The next byte; `None` at the end.
    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.fill()?.first().copied();
        if byte.is_some() {
            self.consume(1);
        }
        Ok(byte)
    }

    /// Fills `buffer` and says how many bytes there were: fewer at the end alone.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.some(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    /// Some of the next bytes; 0 at the end alone.
    pub(super) fn some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let have = self.fill()?;
        let count = have.len().min(buffer.len());
        buffer[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }

    /// Passes over `length` bytes and says how many there were.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<u64> {
        let mut left = length;
        while left > 0 {
            let have = self.fill()?.len();
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(have);
            if count == 0 {
                break;
            }
            self.consume(count);
            left -= count as u64;
        }
        Ok(length - left)
    }
}
