//! Reading a file by ranges, wherever its bytes are.
//!
//! A file is never mapped (one that is cut short while we look would kill us)
//! and never read whole unless it is small. [`ReadAt`] is what `elf` and
//! `content` see of a file; where the bytes come from is `source`'s matter.

use std::any::Any;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes that can be read at any offset.
pub trait ReadAt {
    /// The length in bytes.
    fn size(&self) -> u64;

    /// Reads into `buffer` from `offset` on and returns how many bytes there
    /// were: fewer than asked for only at the end.
    ///
    /// # Errors
    /// Whatever the underlying read reports.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// What was kept of the file when its bytes passed by, where they cannot be
    /// gone back to cheaply.
    fn known(&self) -> Option<&Known> {
        None
    }
}

/// Whatever was learnt of a file.
pub type Facts = Arc<dyn Any + Send + Sync>;

/// What is kept of a file whose bytes passed by; nothing at all of one that is
/// neither ELF nor a script nor anything else that is asked for.
#[derive(Clone, Default)]
pub struct Known {
    /// What was learnt of it.
    pub facts: Option<Facts>,
    /// About how many bytes the facts take.
    pub facts_weight: u64,
    /// Its first bytes, or all of them.
    pub start: Option<Arc<[u8]>>,
}

impl Known {
    /// Nothing but first bytes, or all of them.
    #[must_use]
    pub fn start(bytes: Arc<[u8]>) -> Known {
        Known {
            start: Some(bytes),
            ..Known::default()
        }
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        /// What it takes to remember one at all.
        const ENTRY: u64 = 64;
        let start = self.start.as_ref().map_or(0, |start| start.len() as u64);
        start
            .saturating_add(self.facts_weight)
            .saturating_add(ENTRY)
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).map_or(self.len(), |o| o.min(self.len()));
        let count = buffer.len().min(self.len() - start);
        buffer[..count].copy_from_slice(&self[start..start + count]);
        Ok(count)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }
}

/// Bytes of a file that passed by and were not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("bytes from offset {offset} on passed by and were not kept")]
pub struct NotKept {
    /// The first of them.
    pub offset: u64,
}

/// Whether `error` says that bytes were not kept.
#[must_use]
pub fn is_not_kept(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<NotKept>())
}

/// Bytes of a file that passed by, and that going through its layer again did not
/// bring: a limit stopped that, or the archive has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("going through the layer again failed: {0}")]
pub struct NotAgain(pub String);

impl From<NotAgain> for io::Error {
    fn from(error: NotAgain) -> io::Error {
        io::Error::other(error)
    }
}

/// Reads the whole of `source`, at most `limit` bytes.
///
/// # Errors
/// Whatever the underlying read reports.
pub fn read_all(source: &dyn ReadAt, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length_of(source, limit)];
    let filled = fill(source, &mut bytes)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// As [`read_all`], for several who want the same bytes.
///
/// # Errors
/// Whatever reading reports.
pub fn read_shared(source: &dyn ReadAt, limit: usize) -> io::Result<Rc<[u8]>> {
    let mut bytes: Rc<[u8]> = std::iter::repeat_n(0, length_of(source, limit)).collect();
    // Nobody else has them yet, so nothing is copied.
    let filled = fill(source, Rc::make_mut(&mut bytes))?;
    Ok(match filled < bytes.len() {
        true => Rc::from(&bytes[..filled]),
        false => bytes,
    })
}

fn length_of(source: &dyn ReadAt, limit: usize) -> usize {
    usize::try_from(source.size()).unwrap_or(limit).min(limit)
}

/// Reads until `bytes` are full or the file ends, and says how many came.
fn fill(source: &dyn ReadAt, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
