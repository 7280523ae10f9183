//! What is kept of a file: ELF facts, a `#!` line, its first bytes.
//!
//! [`Content::read`] is the one place where bytes become knowledge; [`Files`]
//! remembers it, so that a file is read once however many programs need it and
//! under however many names.

mod files;
mod glance;
mod keep;

use std::io;
use std::sync::Arc;

pub(crate) use files::Learnt;
pub use files::{FileId, FileRecord, Files};
pub use glance::Candidates;
pub use keep::Keep;

pub use crate::source::is_not_kept;

use self::keep::KeptElf;
use crate::elf::{self, Asks, Build, Header, NotElf, Object, ReadError, Symbols, Versions};
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
    /// Reads what `source` is, and the versions that it needs and defines: `None` where it
    /// has no such tables, or none that can be read.
    ///
    /// # Errors
    /// Whatever reading reports.
    pub fn read(source: &dyn ReadAt) -> io::Result<(Content, Option<Arc<Versions>>)> {
        if let Some(kept) = kept(source) {
            let versions = kept.object.has_versions().then(|| kept.versions());
            return Ok((Content::Elf(kept.object.clone()), versions));
        }
        // Of what passed by there may be no more than its beginning; reading on would
        // go through the layer again, or fail.
        let start = source.known().and_then(|known| known.start.as_deref());
        if let Some((start, why)) = start.and_then(|s| Some((s, NotElf::of(s, source.size())?))) {
            let head = Arc::from(&start[..start.len().min(HEAD)]);
            return Ok((Content::Other { why, head }, None));
        }
        match Object::read_with_versions(source) {
            Ok((object, versions)) => Ok((Content::Elf(object), versions.map(Arc::new))),
            Err(ReadError::Io(error)) => Err(error),
            Err(ReadError::NotElf(why)) => {
                let mut head = [0; HEAD];
                let length = source.read_at(0, &mut head)?;
                let head = Arc::from(&head[..length]);
                Ok((Content::Other { why, head }, None))
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

/// What was kept of an ELF file that passed by.
fn kept(source: &dyn ReadAt) -> Option<&KeptElf> {
    source.known()?.facts.as_ref()?.downcast_ref()
}

/// The ELF header of `source`, for one whose other facts nobody asks for; `None` where
/// it is no ELF file.
///
/// # Errors
/// Whatever reading reports.
pub fn header(source: &dyn ReadAt) -> io::Result<Option<Header>> {
    if let Some(kept) = kept(source) {
        return Ok(Some(kept.object.header.clone()));
    }
    let start = source.known().and_then(|known| known.start.as_deref());
    let mut head = [0; elf::MAX_HEADER];
    let head = match start {
        Some(start) => start,
        None => {
            let length = source.read_at(0, &mut head)?;
            &head[..length]
        }
    };
    Ok(elf::header(head, source.size()).ok())
}

/// The versions that `object`, which `source` has, needs and defines.
///
/// # Errors
/// Whatever reading reports.
pub fn versions(object: &Object, source: &dyn ReadAt) -> io::Result<Arc<Versions>> {
    match kept(source) {
        Some(kept) => Ok(kept.versions()),
        None => object
            .versions(source)
            .map(|(versions, _)| Arc::new(versions)),
    }
}

/// What `object`, which `source` has, tells of how it was built.
///
/// # Errors
/// Whatever reading reports.
pub fn build(object: &Object, source: &dyn ReadAt) -> io::Result<Build> {
    match kept(source) {
        Some(kept) => Ok(kept.build()),
        None => object.build(source),
    }
}

/// The release of glibc that `object`, which `source` has, says it is of.
///
/// # Errors
/// Whatever reading reports.
pub fn glibc_release(object: &Object, source: &dyn ReadAt) -> io::Result<Option<(u32, u32)>> {
    match kept(source) {
        Some(kept) => Ok(kept.glibc_release),
        None => object.glibc_release(source),
    }
}

/// What `object`, which `source` has, asks of the system when it runs.
///
/// # Errors
/// Whatever reading reports.
pub fn asks(object: &Object, source: &dyn ReadAt) -> io::Result<Asks> {
    match kept(source) {
        Some(kept) => Ok(kept.asks()),
        None => object.asks(source),
    }
}

/// The dynamic symbols of `object`, which `source` has, as a loader for `machine`
/// takes its relocations.
///
/// # Errors
/// Whatever reading reports.
pub fn symbols(object: &Object, source: &dyn ReadAt, machine: u16) -> io::Result<Arc<Symbols>> {
    let kept = kept(source).and_then(|kept| kept.symbols.clone());
    if let Some(symbols) = kept.filter(|_| machine == object.header.machine) {
        return Ok(symbols);
    }
    let versions = versions(object, source)?;
    object.symbols(source, &versions, machine).map(Arc::new)
}

/// Whether a file, as far as its first bytes tell, is one that can be loaded or
/// started: `None` where it is neither ELF nor a script.
///
/// # Errors
/// Whatever reading reports.
pub fn starts_as(source: &dyn ReadAt) -> io::Result<Option<StartsAs>> {
    if let Some(known) = source.known() {
        let start = known.start.as_deref().unwrap_or_default();
        return Ok(match known.facts {
            Some(_) => Some(StartsAs::Elf),
            None => StartsAs::of(start),
        });
    }
    let mut magic = [0; 4];
    let read = source.read_at(0, &mut magic)?;
    Ok(StartsAs::of(&magic[..read]))
}

/// What the first bytes of a file say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartsAs {
    /// ELF's magic.
    Elf,
    /// `#!`
    Script,
}

impl StartsAs {
    fn of(start: &[u8]) -> Option<StartsAs> {
        if start.starts_with(b"#!") {
            return Some(StartsAs::Script);
        }
        start.starts_with(b"\x7fELF").then_some(StartsAs::Elf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_at::Known;

    /// A file of which only the beginning was kept.
    struct Passed {
        known: Known,
        size: u64,
    }

    impl ReadAt for Passed {
        fn size(&self) -> u64 {
            self.size
        }

        fn read_at(&self, offset: u64, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(crate::source::NotKept { offset }))
        }

        fn known(&self) -> Option<&Known> {
            Some(&self.known)
        }
    }

    fn passed(start: &[u8], size: u64) -> Passed {
        let known = Known::start(Arc::from(start));
        Passed { known, size }
    }

    #[test]
    fn of_a_long_script_that_passed_by_its_beginning_is_enough() {
        let mut text = b"#!/bin/sh\n".to_vec();
        text.resize(HEAD, b'#');
        let (content, _) = Content::read(&passed(&text, 100_000)).expect("the beginning is there");
        assert!(content.is_script());
        let Content::Other { why, head } = content else {
            panic!("{content:?} is no script");
        };
        assert_eq!((why, &*head), (NotElf::NoMagic, &*text));
    }

    #[test]
    fn an_elf_file_that_passed_by_unseen_is_not_called_something_else() {
        let mut start = b"\x7fELF\x02\x01\x01".to_vec();
        start.resize(HEAD, 0);
        assert!(Content::read(&passed(&start, 100_000)).is_err());
    }
}
