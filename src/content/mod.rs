//! What is kept of a file: ELF facts, a `#!` line, its first bytes.
//!
//! [`Content::read`] is the one place where bytes become knowledge; [`Files`]
//! remembers it, so that a file is read once however many programs need it and
//! under however many names.

mod files;

use std::io;
use std::sync::Arc;

pub use files::{FileId, FileRecord, Files};

use crate::elf::{NotElf, Object, ReadError};
use crate::read_at::ReadAt;

/// `BINPRM_BUF_SIZE`: what the kernel looks at to tell what a file is.
pub const HEAD: usize = 256;

/// What a regular file is.
#[derive(Clone, Debug)]
pub enum Content {
    /// An ELF file.
    Elf(Arc<Object>),
    /// Anything else, with the first [`HEAD`] bytes of it.
    Other {
        /// Why it is no ELF file.
        why: NotElf,
        /// Its first bytes.
        head: Arc<[u8]>,
    },
}

impl Content {
    /// Reads what `source` is.
    ///
    /// # Errors
    /// Whatever reading reports.
    pub fn read(source: &dyn ReadAt) -> io::Result<Content> {
        match Object::read(source) {
            Ok(object) => Ok(Content::Elf(Arc::new(object))),
            Err(ReadError::Io(error)) => Err(error),
            Err(ReadError::NotElf(why)) => {
                let mut head = [0; HEAD];
                let length = source.read_at(0, &mut head)?;
                Ok(Content::Other {
                    why,
                    head: Arc::from(&head[..length]),
                })
            }
        }
    }

    /// The facts, if it is an ELF file.
    #[must_use]
    pub fn elf(&self) -> Option<&Arc<Object>> {
        match self {
            Content::Elf(object) => Some(object),
            Content::Other { .. } => None,
        }
    }

    /// Whether it begins with `#!`.
    #[must_use]
    pub fn is_script(&self) -> bool {
        matches!(self, Content::Other { head, .. } if head.starts_with(b"#!"))
    }
}
