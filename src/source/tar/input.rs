//! Where the bytes of an archive come from.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use super::BLOCK;
use crate::read_at::ReadAt;

/// A stream, or a file that is walked by ranges.
pub trait Input {
    /// Reads the next bytes, as many as are there at once; 0 only at the end,
    /// or for an empty buffer.
    ///
    /// # Errors
    /// Whatever the underlying read reports; an interrupted one is repeated.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Passes over the next `count` bytes and returns how many there were:
    /// fewer only at the end.
    ///
    /// # Errors
    /// Whatever the underlying read reports; an interrupted one is repeated.
    fn skip(&mut self, count: u64) -> io::Result<u64>;

    /// Shows the next block where it lies, and passes over nothing; `None` where
    /// it has to be read, since it does not lie in one piece or is not there.
    ///
    /// # Errors
    /// As [`read`](Input::read).
    fn peek(&mut self) -> io::Result<Option<&[u8; 512]>> {
        Ok(None)
    }
}

/// How much is asked of a reader that has no buffer of its own.
const CHUNK: usize = 128 << 10;

/// An archive that comes as a stream. What is skipped is dropped from the
/// reader's buffer without being copied.
pub struct StreamInput<R>(R);

impl<R: BufRead> StreamInput<R> {
    /// An archive from a reader with a buffer of its own.
    pub fn new(reader: R) -> Self {
        StreamInput(reader)
    }

    /// The reader, after what was read so far.
    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R: Read> StreamInput<BufReader<R>> {
    /// An archive from a reader that wants to be read in large pieces, such
    /// as an inflater.
    pub fn buffered(reader: R) -> Self {
        StreamInput(BufReader::with_capacity(CHUNK, reader))
    }
}

impl<R: BufRead> Input for StreamInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        while left > 0 {
            let there = match self.0.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?.len(),
            };
            if there == 0 {
                break;
            }
            let step = usize::try_from(left).map_or(there, |left| left.min(there));
            self.0.consume(step);
            left -= step as u64;
        }
        Ok(count - left)
    }

    fn peek(&mut self) -> io::Result<Option<&[u8; BLOCK]>> {
        loop {
            match self.0.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Asked again, it gives what it has: the borrow could not leave the loop.
        Ok(self.0.fill_buf()?.first_chunk())
    }
}

/// What one small read fetches at least: a header, and the records and the header
/// after it where it is a short extended one.
const NEEDED: usize = 3 * BLOCK;
/// What the system keeps of a file, it keeps in pages: the rest of one costs next
/// to nothing more. It often has a header or two more, since small entries come
/// together.
const PAGE: usize = 4096;
/// What is fetched beyond that where the step before was a small one.
const FAR: usize = 3 * PAGE;
/// The largest small step.
const NEAR: u64 = PAGE as u64;
/// The most that is fetched ahead.
const AHEAD: usize = FAR + PAGE;

/// An archive in a file, or in a range of one. Skipping is an addition, so
/// walking it costs about one small read for each entry.
pub struct RangeInput<'a> {
    source: &'a dyn ReadAt,
    position: u64,
    end: u64,
    /// Bytes of the source, `ahead_at` on, that were fetched with others.
    ahead: Box<[u8]>,
    ahead_at: u64,
    ahead_len: usize,
}

impl<'a> RangeInput<'a> {
    /// The whole of `source`.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self::within(source, 0..source.size())
    }

    /// The bytes of `source` in `range`, or as many of them as there are.
    pub fn within(source: &'a dyn ReadAt, range: Range<u64>) -> Self {
        let end = range.end.min(source.size());
        RangeInput {
            source,
            position: range.start.min(end),
            end,
            ahead: vec![0; AHEAD].into_boxed_slice(),
            ahead_at: 0,
            ahead_len: 0,
        }
    }

    /// Fetches `wanted` bytes, no more than a page has, and what is worth it of
    /// those after them.
    fn look_ahead(&mut self, wanted: usize) -> io::Result<()> {
        let fetched = self.ahead_at + self.ahead_len as u64;
        let step = self.position.checked_sub(fetched);
        let is_near = self.ahead_len > 0 && step.is_some_and(|step| step < NEAR);
        let length = if is_near { FAR } else { wanted.max(NEEDED) };
        let end = self.position.saturating_add(length as u64);
        let filling = end.wrapping_neg() % PAGE as u64;
        let length = end.saturating_add(filling).min(self.end) - self.position;
        let length = usize::try_from(length).map_or(AHEAD, |length| length.min(AHEAD));
        self.ahead_len = 0;
        self.ahead_len = fetch(self.source, self.position, &mut self.ahead[..length])?;
        self.ahead_at = self.position;
        Ok(())
    }

    /// What of the bytes that were fetched ahead stands at the position.
    fn fetched(&self) -> &[u8] {
        self.position
            .checked_sub(self.ahead_at)
            .and_then(|from| usize::try_from(from).ok())
            .and_then(|from| self.ahead[..self.ahead_len].get(from..))
            .unwrap_or_default()
    }
}

impl Input for RangeInput<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(room);
        if wanted == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..wanted];
        if self.fetched().is_empty() && wanted <= PAGE {
            self.look_ahead(wanted)?;
        }
        let fetched = self.fetched();
        let count = if fetched.is_empty() {
            fetch(self.source, self.position, buffer)?
        } else {
            let count = fetched.len().min(wanted);
            buffer[..count].copy_from_slice(&fetched[..count]);
            count
        };
        self.position += count as u64;
        Ok(count)
    }

    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let count = count.min(self.end - self.position);
        self.position += count;
        Ok(count)
    }

    fn peek(&mut self) -> io::Result<Option<&[u8; BLOCK]>> {
        if self.fetched().is_empty() && self.position < self.end {
            self.look_ahead(BLOCK)?;
        }
        Ok(self.fetched().first_chunk())
    }
}

/// Reads at an offset, interrupted reads repeated. That nothing is there is an
/// error: the source said that there was.
fn fetch(source: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read_at(offset, buffer) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "file changed while being read",
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
