//! Telling loaders apart by their bytes, never by their names.
//!
//! A program for glibc may be started by musl through a link (Alpine's
//! `libc6-compat`), and a file called `ld-linux-x86-64.so.2` may be a stub
//! (`gcompat`). What a loader looks for at run time is in its read-only data.

use std::sync::Arc;

use memchr::memmem;

use super::glibc;
use super::musl;
use crate::elf::Object;

/// What an interpreter file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoaderKind {
    /// glibc's loader, and what its own bytes say of it.
    Glibc(Arc<glibc::Traits>),
    /// musl's loader.
    Musl(musl::Traits),
    /// `gcompat`'s stub, which starts musl's loader.
    Gcompat,
    /// Something that could be a loader.
    Unknown,
    /// Something that cannot: it starts and crashes.
    NotALoader,
}

/// What the file with these facts and this read-only data is. `name` is the
/// last component of its real path: glibc up to 2.32 has its version there
/// only.
#[must_use]
pub fn recognise(object: &Object, data: &[Vec<u8>], name: &[u8]) -> LoaderKind {
    let has = |needle: &[u8]| data.iter().any(|part| memmem::find(part, needle).is_some());
    // No other names that; the likeliest comes first, as each look goes over all the bytes.
    if has(b"glibc-ld.so.cache") {
        return LoaderKind::Glibc(Arc::new(glibc::Traits::read(data, name)));
    }
    if has(b"/etc/ld-musl-") || has(b"Dynamic Program Loader") {
        if has(b"libgcompat") {
            return LoaderKind::Gcompat;
        }
        return LoaderKind::Musl(musl::Traits::read(data));
    }
    if has(b"libgcompat") && has(b"ld-musl") {
        return LoaderKind::Gcompat;
    }
    if has(b"ld.so-1.7.0") {
        return LoaderKind::Glibc(Arc::new(glibc::Traits::read(data, name)));
    }
    if !object.has_dynamic || object.interp.is_some() {
        return LoaderKind::NotALoader;
    }
    LoaderKind::Unknown
}
