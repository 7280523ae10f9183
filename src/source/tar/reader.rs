//! Reading an archive: what is given of it, and the bytes below.
//!
//! Follows `reader.go` (`Reader`, `regFileReader`, `sparseFileReader`).

use std::io;
use std::sync::Arc;

use super::error::{Malformed, Oddity, TarError, Warning};
use super::sparse::{Cursor, Piece};
use super::{BLOCK, Block, Entry, Input, Limits};

/// An archive, read entry by entry in the order in which it was written.
///
/// The first error is the last word: it is given again to whoever goes on.
pub struct Reader<I> {
    pub(super) input: I,
    pub(super) limits: Limits,
    /// Bytes of the archive that were read or skipped.
    pub(super) offset: u64,
    /// The last block that was read, and not only looked at where it lies.
    pub(super) block: Block,
    pub(super) body: Body,
    pub(super) entries: u64,
    warnings: Vec<Warning>,
    state: State,
}

enum State {
    Reading,
    Ended,
    Failed(TarError),
}

/// What follows a header.
#[derive(Default)]
pub(super) struct Body {
    /// Bytes of data in the archive.
    pub(super) stored: u64,
    /// How many of them are still to come.
    pub(super) left: u64,
    /// The place among the holes, in a sparse file.
    pub(super) sparse: Option<Cursor>,
}

/// How many warnings wait to be taken; an archive can have any number of
/// extended headers between two entries.
const MAX_WARNINGS: usize = 64;

impl<I: Input> Reader<I> {
    /// Reads the archive that begins where `input` stands.
    pub fn new(input: I, limits: Limits) -> Self {
        Reader {
            input,
            limits,
            offset: 0,
            block: [0; BLOCK],
            body: Body::default(),
            entries: 0,
            warnings: Vec::new(),
            state: State::Reading,
        }
    }

    /// The next entry, with what is left of the one before skipped; `None` at
    /// the end, which is two blocks of zeros or, with a [`Warning`], the end
    /// of the input where a header could stand.
    ///
    /// # Errors
    /// Where Go refuses the archive, where it ends within something, where a
    /// limit is exceeded and where the input cannot be read.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut entry = Entry::default();
        Ok(self.next_into(&mut entry)?.then_some(entry))
    }

    /// Makes `entry` the next one, as [`next_entry`](Reader::next_entry) gives it,
    /// in the memory that it has; `false` at the end, where it says nothing.
    ///
    /// # Errors
    /// As [`next_entry`](Reader::next_entry).
    pub fn next_into(&mut self, entry: &mut Entry) -> Result<bool, TarError> {
        self.alive()?;
        if matches!(self.state, State::Ended) {
            return Ok(false);
        }
        let result = self.advance(entry);
        if matches!(result, Ok(false)) {
            self.state = State::Ended;
        }
        self.remember(result)
    }

    /// Reads the next bytes of the entry's data, holes as zeros, as many as
    /// are there at once; 0 only at the end, or for an empty buffer.
    ///
    /// # Errors
    /// Where the archive ends before the data does, and where the input
    /// cannot be read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        self.alive()?;
        let result = self.read_piece(buffer);
        self.remember(result)
    }

    /// Skips the next `count` bytes of the entry's data, holes included, and
    /// returns how many there were: fewer only at the end.
    ///
    /// # Errors
    /// As [`read`](Reader::read).
    pub fn skip(&mut self, count: u64) -> Result<u64, TarError> {
        self.alive()?;
        let result = self.skip_pieces(count);
        self.remember(result)
    }

    /// What was odd since this was last asked.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// How many bytes of the archive were read or skipped.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The input, after what was read so far: after the blocks of zeros where
    /// the archive has ended with them.
    pub fn into_input(self) -> I {
        self.input
    }

    fn alive(&self) -> Result<(), TarError> {
        match &self.state {
            State::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn remember<T>(&mut self, result: Result<T, TarError>) -> Result<T, TarError> {
        if let Err(error) = &result {
            self.state = State::Failed(error.clone());
        }
        result
    }

    pub(super) fn warn(&mut self, offset: u64, what: Oddity) {
        match self.warnings.len() {
            MAX_WARNINGS.. => {}
            count => {
                let is_last = count + 1 == MAX_WARNINGS;
                let what = if is_last { Oddity::More } else { what };
                self.warnings.push(Warning { offset, what });
            }
        }
    }
}

/// Bytes.
impl<I: Input> Reader<I> {
    fn read_piece(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let wanted = match self.body.sparse.as_ref().map(Cursor::piece) {
            Some(Piece::End) => 0,
            Some(Piece::Hole(length)) => {
                let count = at_most(buffer, length);
                buffer[..count].fill(0);
                self.move_on(count as u64);
                return Ok(count);
            }
            Some(Piece::Data(length)) => at_most(buffer, length),
            None => at_most(buffer, self.body.left),
        };
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.read_some(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(self.cut_short());
        }
        self.body.left -= count as u64;
        self.move_on(count as u64);
        Ok(count)
    }

    fn skip_pieces(&mut self, count: u64) -> Result<u64, TarError> {
        let mut left = count;
        while left > 0 {
            let (step, is_stored) = match self.body.sparse.as_ref().map(Cursor::piece) {
                Some(Piece::Hole(length)) => (length, false),
                Some(Piece::Data(length)) => (length, true),
                None if self.body.left > 0 => (self.body.left, true),
                None | Some(Piece::End) => break,
            };
            let step = step.min(left);
            if is_stored {
                let there = self.pass(step)?;
                self.body.left -= there;
                if there < step {
                    return Err(self.cut_short());
                }
            }
            self.move_on(step);
            left -= step;
        }
        Ok(count - left)
    }

    /// Moves the place among the holes, where there are any.
    fn move_on(&mut self, count: u64) {
        if let Some(cursor) = &mut self.body.sparse {
            cursor.advance(count);
        }
    }

    /// That the archive ends within the data.
    fn cut_short(&self) -> TarError {
        let found = self.body.stored - self.body.left;
        self.truncated("the data of an entry", found, self.body.stored)
    }

    /// Reads the next block; `false` where the archive has ended.
    pub(super) fn read_block(&mut self, within: &'static str) -> Result<bool, TarError> {
        let mut found = 0;
        while found < BLOCK {
            let read = self.input.read(&mut self.block[found..]);
            match read.map_err(|cause| self.unreadable(cause))? {
                0 => break,
                count => {
                    found += count;
                    self.offset += count as u64;
                }
            }
        }
        if found == BLOCK {
            return Ok(true);
        }
        if found == 0 {
            return Ok(false);
        }
        Err(self.truncated(within, found as u64, BLOCK as u64))
    }

    /// Reads until `buffer` is full or the archive ends.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_some(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let count = self.input.read(buffer);
        let count = count.map_err(|cause| self.unreadable(cause))?;
        self.offset += count as u64;
        Ok(count)
    }

    /// Skips bytes of the archive; fewer only at its end.
    pub(super) fn pass(&mut self, count: u64) -> Result<u64, TarError> {
        if count == 0 {
            return Ok(0);
        }
        let there = self.input.skip(count);
        let there = there.map_err(|cause| self.unreadable(cause))?;
        self.offset += there;
        Ok(there)
    }

    pub(super) fn unreadable(&self, cause: io::Error) -> TarError {
        TarError::Io {
            offset: self.offset,
            cause: Arc::new(cause),
        }
    }

    pub(super) fn truncated(&self, within: &'static str, found: u64, wanted: u64) -> TarError {
        TarError::Malformed {
            offset: self.offset,
            what: Malformed::Truncated {
                within,
                found,
                wanted,
            },
        }
    }
}

/// How many bytes fit into `buffer`, no more than `length`.
fn at_most(buffer: &[u8], length: u64) -> usize {
    usize::try_from(length).map_or(buffer.len(), |length| length.min(buffer.len()))
}
