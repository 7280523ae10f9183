//! Reading a file by ranges, wherever its bytes are.
//!
//! A file is never mapped (one that is cut short while we look would kill us)
//! and never read whole unless it is small. [`ReadAt`] is what `elf` and
//! `content` see of a file; where the bytes come from is `source`'s matter.

use std::any::Any;
use std::io;
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
    /// Its first bytes, or all of them.
    pub start: Option<Arc<[u8]>>,
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

/// Reads the whole of `source`, at most `limit` bytes.
///
/// # Errors
/// Whatever the underlying read reports.
pub fn read_all(source: &dyn ReadAt, limit: usize) -> io::Result<Vec<u8>> {
    let size = usize::try_from(source.size()).unwrap_or(limit).min(limit);
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        match source.read_at(filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
