//! What is kept of a file whose bytes pass by once.

use std::sync::Arc;

use super::HEAD;
use crate::elf::{Build, MAX_WHOLE, Object, ReadError, Symbols, Versions, ranges_read};
use crate::path::file_name;
use crate::read_at::{Known, ReadAt, read_all};
use crate::source::{Passing, Probe, Want};

/// The largest loader, with debugging information and all.
const MAX_LOADER: u64 = 4 << 20;
/// The largest text that loaders and we read, but for the cache.
const MAX_TEXT: u64 = 256 << 10;
/// The largest `ld.so.cache`.
const MAX_CACHE: u64 = 16 << 20;

/// The largest list of all that apk installed.
const MAX_INSTALLED: u64 = 4 << 20;

/// What is kept of an ELF file.
pub(super) struct KeptElf {
    pub(super) object: Arc<Object>,
    pub(super) versions: Versions,
    pub(super) build: Build,
    /// Its dynamic symbols, if binding them may be asked for.
    pub(super) symbols: Option<Arc<Symbols>>,
}

/// Keeps what the rest of the crate asks for: the facts of ELF files, the bytes of
/// those that may be loaders, the beginning of scripts and of whatever else may be
/// started or loaded, and the texts that loaders read.
#[derive(Clone, Copy, Default, Debug)]
pub struct Keep {
    /// Symbols are going to be bound, whatever the loader. Those of objects that
    /// are not glibc's are kept anyway: musl binds all of them at the start.
    pub symbols: bool,
}

impl Probe for Keep {
    fn want(&self, file: Passing<'_>) -> Want {
        if file.head.starts_with(b"\x7fELF") {
            return match file.size > MAX_WHOLE {
                false => Want::Whole,
                true => Want::Ranges(ranges_read(file.head, file.size)),
            };
        }
        match is_text(&file) {
            true => Want::Whole,
            false => Want::Head,
        }
    }

    fn look(&self, file: Passing<'_>, bytes: &dyn ReadAt) -> Option<Known> {
        if file.head.starts_with(b"\x7fELF") {
            return self.look_at_elf(&file, bytes);
        }
        let start = if is_text(&file) {
            let all = read_all(bytes, usize::MAX).ok()?;
            Some(Arc::from(all))
        } else if may_be_opened(&file) {
            let length = file.head.len().min(HEAD);
            Some(Arc::from(&file.head[..length]))
        } else {
            None
        };
        Some(Known { facts: None, start })
    }
}

impl Keep {
    fn look_at_elf(&self, file: &Passing<'_>, bytes: &dyn ReadAt) -> Option<Known> {
        let object = match Object::read(bytes) {
            Ok(object) => object,
            // Cut short within its header.
            Err(ReadError::NotElf(_)) => {
                let start = Some(Arc::from(file.head));
                return Some(Known { facts: None, start });
            }
            Err(ReadError::Io(_)) => return None,
        };
        let (versions, _) = object.versions(bytes).ok()?;
        // It decides nothing, so what cannot be had of it is not worth the file.
        let build = object.build(bytes).unwrap_or_default();
        let symbols = match self.symbols || !is_for_glibc(&object) {
            // Where the tables lie outside what was shown, whoever asks finds out.
            true => object
                .symbols(bytes, &versions, object.header.machine)
                .ok()
                .map(Arc::new),
            false => None,
        };
        let start = match may_be_loader(file, &object) {
            true => Some(Arc::from(read_all(bytes, usize::MAX).ok()?)),
            false => None,
        };
        let kept = KeptElf {
            object: Arc::new(object),
            versions,
            build,
            symbols,
        };
        Some(Known {
            facts: Some(Arc::new(kept)),
            start,
        })
    }
}

/// Whether an object asks for glibc, or is part of it.
fn is_for_glibc(object: &Object) -> bool {
    let is_its = |name: &[u8]| name == b"libc.so.6" || name.starts_with(b"ld-linux");
    let soname = object.dynamic.soname.as_deref();
    object.dynamic.needed().chain(soname).any(is_its)
}

/// Loaders need nothing and name no interpreter, and are called after what they
/// do: `ld-linux-x86-64.so.2`, `ld-2.31.so`, `ld64.so.1`, `libc.so` (musl's own).
fn may_be_loader(file: &Passing<'_>, object: &Object) -> bool {
    let named = |name: &[u8]| {
        name.starts_with(b"ld") || name.starts_with(b"libc.") || name.starts_with(b"libc-")
    };
    let soname = object.dynamic.soname.as_deref().unwrap_or_default();
    file.size <= MAX_LOADER
        && object.interp.is_none()
        && object.dynamic.needs.is_empty()
        && (named(file_name(file.name)) || named(soname))
}

/// Files that are read for what they say: configuration of loaders and of the
/// system, and the loader's cache.
fn is_text(file: &Passing<'_>) -> bool {
    let name = file.name;
    if file_name(name) == b"ld.so.cache" {
        return file.size <= MAX_CACHE;
    }
    // What package managers installed; `package` reads it.
    let is_list = name.starts_with(b"var/lib/dpkg/")
        && (name.ends_with(b".list") || name.ends_with(b".md5sums"));
    if name.ends_with(b"lib/apk/db/installed") {
        return file.size <= MAX_INSTALLED;
    }
    let is_release = file_name(name) == b"os-release";
    let is_configuration = name.starts_with(b"etc/") || name.ends_with(b".conf");
    file.size <= MAX_TEXT && (is_list || is_release || is_configuration || name.ends_with(b".path"))
}

/// Whether someone may try to execute the file or to load it.
fn may_be_opened(file: &Passing<'_>) -> bool {
    let name = file_name(file.name);
    file.mode & 0o111 != 0
        || file.head.starts_with(b"#!")
        || memchr::memmem::find(name, b".so").is_some()
        || name.starts_with(b"ld")
}
