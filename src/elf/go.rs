//! What Go's linker leaves of a build.
//!
//! The blob that begins with `\xff Go buildinf:` (`cmd/link/internal/ld/data.go`
//! writes it, `debug/buildinfo` reads it): since Go 1.18 with the strings behind
//! it, before that with the addresses of two Go strings. It is looked for where
//! program headers alone lead: at the beginning of writable data, and behind what
//! is made read-only after relocation, which in a PIE may be megabytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::build::MAX_WHOLE;
use super::comment::number;
use super::consts::{PF_W, PF_X};
use super::header::Encoding;
use super::imports;
use super::object::Object;
use super::segment::offset_of;
use super::window::Window;

/// How much is searched at each place, and may be read from there on.
pub(super) const SEARCHED: u64 = 64 << 10;

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The blob stands at a multiple of this address, and its header is twice as long.
const ALIGN: usize = 16;
const HEADER: usize = 32;
/// The most bytes of the text about modules and settings.
const MAX_TEXT: usize = 64 << 10;
/// The most settings that are kept.
const MAX_SETTINGS: usize = 64;
/// The most names that are kept of what a program asks of C.
const MAX_KEPT: usize = 8;

/// What a Go program tells of its build.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct GoBuild {
    /// Such as `go1.22.1`; `None` where it stands in a part that is not read.
    pub version: Option<String>,
    /// The import path of the main package.
    pub path: Option<String>,
    /// The path of the main module.
    pub module: Option<String>,
    /// What was set for the build: `CGO_ENABLED`, `GOARCH`, `-tags` and so on.
    pub settings: BTreeMap<String, String>,
    /// What it asks of C.
    pub imports: Imports,
}

/// What a Go program that is linked with C asks of it, beyond what Go's own
/// runtime does.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Imports {
    /// The resolver, for package `net`.
    pub net: bool,
    /// Users and groups, for package `os/user`.
    pub user: bool,
    /// Anything else, in the order of the alphabet; no more than eight.
    pub other: BTreeSet<String>,
}

impl GoBuild {
    /// Whether C was linked in: `CGO_ENABLED` as it was for the build.
    #[must_use]
    pub fn cgo(&self) -> Option<bool> {
        Some(self.settings.get("CGO_ENABLED")? == "1")
    }

    /// The version as the tags of builder images have it: `1.22`.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        let version = self.version.as_deref()?.strip_prefix("go")?;
        let mut numbers = version.split(|c: char| !c.is_ascii_digit());
        let (major, minor) = (numbers.next()?, numbers.next()?);
        let is_number = |text: &str| !text.is_empty() && text.len() < 4;
        (is_number(major) && is_number(minor)).then(|| format!("{major}.{minor}"))
    }

    /// The package as it is named from within its module: `.`, `./cmd/server`.
    #[must_use]
    pub fn package(&self) -> Option<String> {
        let (path, module) = (self.path.as_deref()?, self.module.as_deref()?);
        match path.strip_prefix(module)? {
            "" => Some(".".to_owned()),
            inside => Some(format!(".{}", inside.strip_prefix('/').map(|_| inside)?)),
        }
    }
}

/// What `object` tells, if Go linked it.
pub(super) fn read(object: &Object, window: &mut Window<'_>) -> io::Result<Option<GoBuild>> {
    for (start, length) in places(object) {
        let room = object.size.saturating_sub(start).min(length);
        let length = usize::try_from(room).unwrap_or(0);
        let Some(data) = window.bytes(start, length)?.map(<[u8]>::to_vec) else {
            continue;
        };
        let Some(at) = find(&data, start) else {
            continue;
        };
        let mut build = blob(object, window, &data[at..])?;
        for import in imports::read(object, window)? {
            if !import.weak {
                build.imports.add(&import.name);
            }
        }
        return Ok(Some(build));
    }
    Ok(None)
}

/// Where the blob may be: offset and length.
fn places(object: &Object) -> Vec<(u64, u64)> {
    let is_data = |flags: u32| flags & (PF_W | PF_X) == PF_W;
    let mut places = Vec::new();
    for load in object.loads.iter().filter(|load| is_data(load.flags)) {
        let end = load.offset.saturating_add(load.file_size);
        places.push((load.offset, load.file_size.min(SEARCHED)));
        if let Some((start, size)) = object.read_only_after_relocation {
            let after = start.saturating_add(size) / ALIGN as u64 * ALIGN as u64;
            if after > load.offset && after < end.min(object.size) {
                places.push((after, (end - after).min(SEARCHED)));
            }
        }
    }
    places
}

/// Where in `data`, which is at `start` in the file, the blob is. Offsets and addresses
/// are alike in what is left by 16.
fn find(data: &[u8], start: u64) -> Option<usize> {
    let is_aligned = |at: usize| (start + at as u64).is_multiple_of(ALIGN as u64);
    memchr::memmem::find_iter(data, MAGIC).find(|&at| is_aligned(at) && data.len() - at >= HEADER)
}

fn blob(object: &Object, window: &mut Window<'_>, blob: &[u8]) -> io::Result<GoBuild> {
    let (width, flags) = (usize::from(blob[14]), blob[15]);
    let strings = if flags & 2 != 0 {
        let mut rest = &blob[HEADER..];
        let version = inline(&mut rest).unwrap_or_default();
        [
            version.to_vec(),
            inline(&mut rest).unwrap_or_default().to_vec(),
        ]
    } else if object.size <= MAX_WHOLE && matches!(width, 4 | 8) {
        let encoding = match flags & 1 {
            0 => Encoding::Little,
            _ => Encoding::Big,
        };
        let mut strings = [Vec::new(), Vec::new()];
        for (index, string) in strings.iter_mut().enumerate() {
            let address = number(blob, ALIGN + index * width, width, encoding);
            *string = pointed(object, window, address.unwrap_or(0), width, encoding)?;
        }
        strings
    } else {
        // The addresses lead anywhere in the file.
        [Vec::new(), Vec::new()]
    };
    let [version, modules] = strings.map(|string| String::from_utf8_lossy(&string).into_owned());
    let mut build = GoBuild {
        version: (!version.is_empty()).then_some(version),
        ..GoBuild::default()
    };
    describe(&modules, &mut build);
    Ok(build)
}

/// A string behind its length, a varint; one that goes on behind what was read is
/// cut there.
fn inline<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let mut length = 0_usize;
    let mut shift = 0_u32;
    let mut used = 0;
    for &byte in rest.iter().take(5) {
        used += 1;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let text = rest.get(used..)?;
    let (string, after) = text.split_at(length.min(text.len()));
    *rest = after;
    Some(string)
}

/// The Go string whose header, an address and a length, is at `address`.
fn pointed(
    object: &Object,
    window: &mut Window<'_>,
    address: u64,
    width: usize,
    encoding: Encoding,
) -> io::Result<Vec<u8>> {
    let Some((offset, _)) = offset_of(&object.loads, address) else {
        return Ok(Vec::new());
    };
    let header = window.bytes(offset, width * 2)?.unwrap_or_default();
    let fields = (
        number(header, 0, width, encoding),
        number(header, width, width, encoding),
    );
    let (Some(text), Some(length)) = fields else {
        return Ok(Vec::new());
    };
    let Some((offset, room)) = offset_of(&object.loads, text) else {
        return Ok(Vec::new());
    };
    let length = usize::try_from(length.min(room)).unwrap_or(MAX_TEXT);
    let text = window.bytes(offset, length.min(MAX_TEXT))?;
    Ok(text.unwrap_or_default().to_vec())
}

/// Reads the lines of `runtime/debug.ParseBuildInfo`: a word, a tab, its fields. Two
/// marks of 16 bytes stand around them.
fn describe(modules: &str, build: &mut GoBuild) {
    for line in modules.split('\n') {
        let mut fields = line.split('\t');
        let word = fields.next().unwrap_or_default();
        let Some(value) = fields.next() else { continue };
        // The first line follows the opening mark without a newline.
        if word.ends_with("path") && build.path.is_none() {
            build.path = Some(value.to_owned());
        } else if word == "mod" && build.module.is_none() {
            build.module = Some(value.to_owned());
        } else if word == "build"
            && let Some((key, value)) = value.split_once('=')
            && build.settings.len() < MAX_SETTINGS
        {
            let value = value.trim_matches('"').to_owned();
            build
                .settings
                .insert(key.trim_matches('"').to_owned(), value);
        }
    }
}

impl Imports {
    fn add(&mut self, name: &[u8]) {
        let is = |list: &[&str]| list.iter().any(|known| known.as_bytes() == name);
        if is(NET) {
            self.net = true;
        } else if is(USER) {
            self.user = true;
        } else if !is(RUNTIME) && !name.starts_with(b"pthread_") && !name.starts_with(b"sig") {
            self.other
                .insert(String::from_utf8_lossy(name).into_owned());
            if self.other.len() > MAX_KEPT {
                self.other.pop_last();
            }
        }
    }
}

/// What package `net` calls (`net/cgo_unix_cgo.go`, `net/cgo_unix_cgo_res.go`).
const NET: &[&str] = &[
    "__res_init",
    "__res_nsearch",
    "__res_search",
    "freeaddrinfo",
    "gai_strerror",
    "getaddrinfo",
    "getnameinfo",
    "res_nclose",
    "res_ninit",
    "res_nsearch",
    "res_search",
];
/// What package `os/user` calls (`os/user/cgo_lookup_cgo.go`).
const USER: &[&str] = &[
    "getgrgid_r",
    "getgrnam_r",
    "getgrouplist",
    "getpwnam_r",
    "getpwuid_r",
];
/// What `runtime/cgo` calls, and what a C compiler adds to it by itself.
const RUNTIME: &[&str] = &[
    "___errno_location",
    "__cxa_finalize",
    "__errno_location",
    "__fprintf_chk",
    "__libc_start_main",
    "__stack_chk_fail",
    "__tls_get_addr",
    "__vfprintf_chk",
    "abort",
    "fprintf",
    "fputc",
    "free",
    "fwrite",
    "malloc",
    "memcpy",
    "memset",
    "mmap",
    "munmap",
    "nanosleep",
    "realloc",
    "setegid",
    "setenv",
    "seteuid",
    "setgid",
    "setgroups",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setuid",
    "stderr",
    "strerror",
    "strlen",
    "sysconf",
    "unsetenv",
    "vfprintf",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> Option<String> {
        let version = Some(version.to_owned());
        GoBuild {
            version,
            ..GoBuild::default()
        }
        .release()
    }

    #[test]
    fn the_release_is_what_tags_are_called_after() {
        assert_eq!(release("go1.22.1").as_deref(), Some("1.22"));
        assert_eq!(release("go1.22rc1").as_deref(), Some("1.22"));
        assert_eq!(release("go1.19.8 X:boringcrypto").as_deref(), Some("1.19"));
        assert_eq!(release("devel go1.23-abc"), None);
        assert_eq!(release("go1"), None);
    }

    #[test]
    fn the_main_package_is_named_from_within_its_module() {
        let package = |path: &str, module: &str| {
            let (path, module) = (Some(path.to_owned()), Some(module.to_owned()));
            GoBuild {
                path,
                module,
                ..GoBuild::default()
            }
            .package()
        };
        assert_eq!(package("a.io/x", "a.io/x").as_deref(), Some("."));
        assert_eq!(
            package("a.io/x/cmd/y", "a.io/x").as_deref(),
            Some("./cmd/y")
        );
        assert_eq!(package("a.io/xy", "a.io/x"), None);
        assert_eq!(package("command-line-arguments", "a.io/x"), None);
    }

    #[test]
    fn a_length_that_leads_out_is_cut() {
        let mut rest = &b"\x03abc\xff\xff\xff\xff\x7frest"[..];
        assert_eq!(inline(&mut rest), Some(&b"abc"[..]));
        assert_eq!(inline(&mut rest), Some(&b"rest"[..]));
        assert_eq!(inline(&mut rest), Some(&b""[..]));
    }
}
