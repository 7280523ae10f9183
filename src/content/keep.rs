//! What is kept of a file whose bytes pass by once.

use std::sync::Arc;

use super::HEAD;
use crate::elf::{
    Asks, Build, GoBuild, MAX_WHOLE, Object, ReadError, Symbols, Versions, ranges_read,
};
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

/// Texts that are read wherever `/etc` leads.
const KNOWN_TEXTS: [&[u8]; 4] = [b"os-release", b"passwd", b"group", b"ld.so.preload"];

/// What is kept of an ELF file. An image has many small ones, so what most of them do not
/// have takes a pointer.
pub(super) struct KeptElf {
    pub(super) object: Arc<Object>,
    /// `None` where there are none.
    versions: Option<Arc<Versions>>,
    go: Option<Box<GoBuild>>,
    /// The strings of `.comment`, each with a NUL behind it.
    comment: Box<[u8]>,
    imports_of_rust: bool,
    loads_nss: bool,
    /// Of a libc.so.6, if it says so.
    pub(super) glibc_release: Option<(u32, u32)>,
    /// `None` where it asks for nothing.
    asks: Option<Box<Asks>>,
    /// Its dynamic symbols, if binding them may be asked for.
    pub(super) symbols: Option<Arc<Symbols>>,
}

impl KeptElf {
    fn new(mut object: Arc<Object>, mut versions: Versions, build: Build, asks: Asks) -> KeptElf {
        // Nobody else has it yet.
        if let Some(object) = Arc::get_mut(&mut object) {
            object.dynamic.needs.shrink_to_fit();
            object.anomalies.shrink_to_fit();
        }
        versions.shrink_to_fit();
        let comment = build.comment.iter().flat_map(|line| [line, &b"\0"[..]]);
        KeptElf {
            object,
            versions: (versions != Versions::default()).then(|| Arc::new(versions)),
            go: build.go.map(Box::new),
            comment: comment.collect::<Vec<&[u8]>>().concat().into(),
            imports_of_rust: build.imports_of_rust,
            loads_nss: build.loads_nss,
            glibc_release: None,
            asks: (asks != Asks::default()).then(|| Box::new(asks)),
            symbols: None,
        }
    }

    pub(super) fn versions(&self) -> Arc<Versions> {
        self.versions.clone().unwrap_or_default()
    }

    pub(super) fn build(&self) -> Build {
        let lines = self.comment.split_inclusive(|&byte| byte == 0);
        Build {
            go: self.go.as_deref().cloned(),
            comment: lines.map(|line| line[..line.len() - 1].into()).collect(),
            imports_of_rust: self.imports_of_rust,
            loads_nss: self.loads_nss,
        }
    }

    pub(super) fn asks(&self) -> Asks {
        self.asks.as_deref().copied().unwrap_or_default()
    }

    /// About how many bytes it takes.
    fn weight(&self) -> u64 {
        /// What names and versions take beside their bytes.
        const NAME: usize = 64;
        let dynamic = &self.object.dynamic;
        let names: usize = dynamic.needed().map(|name| name.len() + NAME).sum();
        let versions = self.versions.as_ref();
        let versions = versions.map_or(0, |v| v.needed().len() + v.definitions.len());
        let symbols = self.symbols.as_ref().map_or(0, |symbols| symbols.weight());
        let segments = size_of_val(&*self.object.loads);
        let own = size_of::<Object>() + size_of::<KeptElf>() + self.comment.len();
        let all = own + segments + names + versions * NAME + symbols;
        u64::try_from(all).unwrap_or(u64::MAX)
    }
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
        match wants_whole(&file) {
            true => Want::Whole,
            false => Want::Head,
        }
    }

    fn look(&self, file: Passing<'_>, bytes: &dyn ReadAt) -> Option<Known> {
        if file.head.starts_with(b"\x7fELF") {
            return self.look_at_elf(&file, bytes);
        }
        let start = if wants_whole(&file) {
            Some(Arc::from(read_all(bytes, usize::MAX).ok()?))
        } else if may_be_opened(&file) {
            let length = file.head.len().min(HEAD);
            Some(Arc::from(&file.head[..length]))
        } else {
            None
        };
        Some(Known {
            start,
            ..Known::default()
        })
    }
}

impl Keep {
    fn look_at_elf(&self, file: &Passing<'_>, bytes: &dyn ReadAt) -> Option<Known> {
        let object = match Object::read(bytes) {
            Ok(object) => object,
            // Cut short within its header.
            Err(ReadError::NotElf(_)) => {
                return Some(Known::start(Arc::from(file.head)));
            }
            Err(ReadError::Io(_)) => return None,
        };
        let (versions, _) = object.versions(bytes).ok()?;
        // It decides nothing, so what cannot be had of it is not worth the file.
        let build = object.build(bytes).unwrap_or_default();
        let asks = object.asks(bytes).unwrap_or_default();
        let symbols = match self.symbols || file.once || !is_for_glibc(&object) {
            // Where the tables lie outside what was shown, whoever asks finds out.
            true => object
                .symbols(bytes, &versions, object.header.machine)
                .ok()
                .map(Arc::new),
            false => None,
        };
        let start = match may_be_loader(file, &object) || may_be_interpreter(file, &object) {
            true => Some(Arc::from(read_all(bytes, usize::MAX).ok()?)),
            false => None,
        };
        let glibc_release = match object.dynamic.soname.as_deref() {
            Some(b"libc.so.6") => object.glibc_release(bytes).unwrap_or_default(),
            _ => None,
        };
        let kept = KeptElf {
            glibc_release,
            symbols,
            ..KeptElf::new(object, versions, build, asks)
        };
        Some(Known {
            facts_weight: kept.weight(),
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
/// do: `ld-linux-x86-64.so.2`, `ld-2.31.so`, `ld64.so.1`, `libc.so` (musl's own). A stub
/// that starts another loader, such as gcompat's, is a program under such a name.
fn may_be_loader(file: &Passing<'_>, object: &Object) -> bool {
    let name = file_name(file.name);
    let is_called_so = name.starts_with(b"ld") && memchr::memmem::find(name, b".so").is_some();
    let named = |name: &[u8]| {
        name.starts_with(b"ld") || name.starts_with(b"libc.") || name.starts_with(b"libc-")
    };
    let soname = object.dynamic.soname.as_deref().unwrap_or_default();
    let stands_alone = object.interp.is_none() && object.dynamic.needs.is_empty();
    file.size <= MAX_LOADER && (is_called_so || (stands_alone && (named(name) || named(soname))))
}

/// Whatever stands alone may be named as an interpreter, which is told by its bytes.
/// Nobody does that; where the bytes come once they are kept all the same, so that
/// the answer does not depend on how the image comes.
fn may_be_interpreter(file: &Passing<'_>, object: &Object) -> bool {
    file.once
        && file.size <= MAX_LOADER
        && object.is_loadable_type()
        && object.interp.is_none()
        && object.dynamic.needs.is_empty()
}

/// Whether all of a file that is not ELF is kept.
fn wants_whole(file: &Passing<'_>) -> bool {
    is_text(file) || (file.size <= MAX_LOADER && is_elf_for_musl(file))
}

/// musl does not look at the magic of what it loads, but at the type alone
/// (`ldso/dynlink.c:map_library`).
fn is_elf_for_musl(file: &Passing<'_>) -> bool {
    /// `e_type`
    const TYPE: std::ops::Range<usize> = 16..18;
    let is_loadable = matches!(file.head.get(TYPE), Some([2 | 3, 0] | [0, 2 | 3]));
    is_loadable && memchr::memmem::find(file_name(file.name), b".so").is_some()
}

/// Files that are read for what they say: configuration of loaders and of the
/// system, and the loader's cache.
fn is_text(file: &Passing<'_>) -> bool {
    let name = file.name;
    // A loader has the directory of its configuration in its bytes: `/etc`, or one
    // of that name in a prefix.
    if name == b"etc/ld.so.cache" || name.ends_with(b"/etc/ld.so.cache") {
        return file.size <= MAX_CACHE;
    }
    // What package managers installed; `package` reads it.
    let is_list = name.starts_with(b"var/lib/dpkg/")
        && (name.ends_with(b".list") || name.ends_with(b".md5sums"));
    let is_list =
        is_list || (name.starts_with(b"var/lib/pacman/local/") && name.ends_with(b"/files"));
    if name.ends_with(b"lib/apk/db/installed") {
        return file.size <= MAX_INSTALLED;
    }
    // Links of `/etc` lead to them elsewhere, under the same names mostly.
    let is_known = KNOWN_TEXTS.contains(&file_name(name));
    let is_configuration = name.starts_with(b"etc/") || name.ends_with(b".conf");
    file.size <= MAX_TEXT && (is_list || is_known || is_configuration || name.ends_with(b".path"))
}

/// Whether someone may try to execute the file or to load it.
fn may_be_opened(file: &Passing<'_>) -> bool {
    let name = file_name(file.name);
    file.mode & 0o111 != 0
        || file.head.starts_with(b"#!")
        || memchr::memmem::find(name, b".so").is_some()
        || name.starts_with(b"ld")
}
