//! A regular file of the host, read by ranges.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use crate::read_at::ReadAt;

/// An open file and its length when it was opened.
pub(super) struct HostFile {
    file: File,
    size: u64,
}

impl HostFile {
    /// What `file`, whose length is known, has.
    pub(super) fn new(file: File, size: u64) -> HostFile {
        HostFile { file, size }
    }

    /// Opens `path`, never waiting and never following a last link.
    pub(super) fn open(path: &Path) -> io::Result<HostFile> {
        HostFile::open_with(path, OFlags::NOFOLLOW)
    }

    /// Opens what `path` leads to, never waiting.
    pub(super) fn open_following(path: &Path) -> io::Result<HostFile> {
        HostFile::open_with(path, OFlags::empty())
    }

    fn open_with(path: &Path, more: OFlags) -> io::Result<HostFile> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | more;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
            .open(path)?;
        HostFile::of(file)
    }

    /// What `file` has.
    pub(super) fn of(file: File) -> io::Result<HostFile> {
        let size = file.metadata()?.size();
        Ok(HostFile { file, size })
    }
}

/// What `path` leads to, where that is a pipe: it can be read once, from front to back.
/// As for everybody who reads one, opening waits for its writer.
#[expect(
    clippy::disallowed_methods,
    reason = "a pipe that was named is of the host"
)]
pub(super) fn pipe(path: &Path) -> io::Result<Option<File>> {
    let is_pipe = std::fs::metadata(path)?.file_type().is_fifo();
    is_pipe.then(|| File::open(path)).transpose()
}

impl ReadAt for HostFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}
