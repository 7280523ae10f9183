//! Which release of glibc a file says that it is.

use std::io;

use memchr::memmem;

use super::consts::{PF_W, PF_X};
use super::object::Object;
use crate::read_at::ReadAt;

/// The most of one segment that is searched.
const MAX_SEARCHED: u64 = 16 << 20;

impl Object {
    /// The release that glibc's libc.so.6 or loader names in its read-only data, such as
    /// `(2, 36)`; `None` for any other file, and for a loader before 2.33.
    ///
    /// # Errors
    /// Whatever reading `source`, the file that this was read from, reports.
    pub fn glibc_release(&self, source: &dyn ReadAt) -> io::Result<Option<(u32, u32)>> {
        let is_data = |flags: u32| flags & (PF_W | PF_X) == 0;
        for load in self.loads.iter().filter(|load| is_data(load.flags)) {
            let room = source.size().saturating_sub(load.offset);
            let size = load.file_size.min(room).min(MAX_SEARCHED);
            let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
            let mut filled = 0;
            while filled < bytes.len() {
                match source.read_at(load.offset + filled as u64, &mut bytes[filled..])? {
                    0 => break,
                    count => filled += count,
                }
            }
            if let Some(release) = release_in(&bytes[..filled]) {
                return Ok(Some(release));
            }
        }
        Ok(None)
    }
}

/// `GNU C Library … release version 2.36.` (`csu/version.c`).
pub(crate) fn release_in(bytes: &[u8]) -> Option<(u32, u32)> {
    const BEFORE: &[u8] = b"release version ";
    let at = memmem::find(bytes, BEFORE)? + BEFORE.len();
    number_pair(&bytes[at..])
}

/// The first two numbers of `2.36`.
pub(crate) fn number_pair(text: &[u8]) -> Option<(u32, u32)> {
    let digits = |text: &[u8]| -> Option<(u32, usize)> {
        let end = text
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(text.len());
        Some((std::str::from_utf8(&text[..end]).ok()?.parse().ok()?, end))
    };
    let (major, end) = digits(text)?;
    let (minor, _) = digits(text.get(end..)?.strip_prefix(b".")?)?;
    Some((major, minor))
}
