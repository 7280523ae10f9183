//! What a scan of a whole target keeps of its files.

use std::sync::Arc;

use super::{Content, HEAD, StartsAs, starts_as};
use crate::elf::Versions;
use crate::read_at::{Facts, ReadAt};
use crate::rootfs::{Glance, Metadata, START};

// Of a script nothing else is read.
const _: () = assert!(START >= HEAD);

/// Keeps what can be loaded or started: an ELF file that some machine's loader takes, and
/// a script that may be executed. Data in the shape of ELF files is passed over.
#[derive(Clone, Copy)]
pub struct Candidates<'t> {
    /// Whether the file at this path, which is absolute, is looked at.
    pub takes: &'t (dyn Fn(&[u8]) -> bool + Sync),
}

/// What is kept of one.
pub(super) struct Candidate {
    pub(super) content: Content,
    pub(super) versions: Option<Arc<Versions>>,
}

impl Glance for Candidates<'_> {
    fn wants(&self, path: &[u8]) -> bool {
        (self.takes)(path) && !is_debug_file(path)
    }

    fn may_keep(&self, start: &[u8]) -> bool {
        StartsAs::of(start).is_some()
    }

    fn glance(&self, metadata: &Metadata, data: &dyn ReadAt) -> Option<Facts> {
        let is_candidate = match starts_as(data).ok()?? {
            StartsAs::Elf => true,
            StartsAs::Script => metadata.mode & 0o111 != 0,
        };
        if !is_candidate {
            return None;
        }
        let (content, versions) = Content::read(data).ok()?;
        let elf = content.elf();
        if elf.is_some_and(|object| !object.is_loadable_type() || object.is_data()) {
            return None;
        }
        Some(Arc::new(Candidate { content, versions }))
    }
}

/// Whether the file at `path`, which is absolute, is separate debug information by its
/// place and its name (GDB manual, "Separate Debug Files"). What elfutils' `eu-strip` puts
/// there has the program headers of a whole file, so these do not tell.
fn is_debug_file(path: &[u8]) -> bool {
    path.starts_with(b"/usr/lib/debug/") && path.ends_with(b".debug")
}
