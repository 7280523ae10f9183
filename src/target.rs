//! What can be said of a target before any program in it is looked at.

use std::cell::OnceCell;

use crate::content::Files;
use crate::errno::Errno;
use crate::graph::Loaders;
use crate::loader::LoaderKind;
use crate::platform::{self, Abi, Platform};
use crate::report::{Distro, Libc};

/// The most of an `os-release` file that is read.
const MAX_OS_RELEASE: usize = 64 << 10;

/// Programs that nearly every system has; the first one that is an ELF file
/// tells the system's architecture.
const WITNESSES: [&[u8]; 4] = [b"/bin/sh", b"/usr/bin/env", b"/bin/busybox", b"/bin/true"];

/// A dynamic loader that a target has at a standard path.
#[derive(Clone, Debug)]
pub struct PresentLoader {
    /// The path.
    pub path: String,
    /// What it is for.
    pub abi: &'static Abi,
    /// What it is, once somebody asked.
    kind: OnceCell<LoaderKind>,
}

impl PresentLoader {
    /// What it is, as far as its bytes tell.
    #[must_use]
    pub fn kind(&self, files: &Files<'_>, loaders: &Loaders) -> &LoaderKind {
        self.kind.get_or_init(|| {
            let kind = loaders.kind(files, self.path.as_bytes());
            kind.unwrap_or(LoaderKind::Unknown)
        })
    }
}

/// Facts about a whole target.
#[derive(Clone, Debug)]
pub struct TargetFacts {
    /// What its kernel must be; `None` where nothing tells.
    pub platform: Option<Platform>,
    /// The C library that its programs use.
    pub libc: Libc,
    /// Its `os-release`.
    pub distro: Option<Distro>,
    /// The loaders at standard paths.
    pub loaders: Vec<PresentLoader>,
}

impl TargetFacts {
    /// Looks a target over. `platform` is what its owner says of it.
    #[must_use]
    pub fn look(files: &Files<'_>, loaders: &Loaders, platform: Option<Platform>) -> TargetFacts {
        let platform = platform.or_else(|| {
            let witnessed = WITNESSES.iter().find_map(|path| abi_of(files, path));
            witnessed.map(Platform::of)
        });
        let present = present_loaders(files, platform.as_ref());
        let platform = platform.or_else(|| present.first().map(|loader| Platform::of(loader.abi)));
        let of_platform = |loader: &&PresentLoader| {
            platform
                .as_ref()
                .is_none_or(|platform| loader.abi.oci.0 == platform.architecture)
        };
        let kinds: Vec<&LoaderKind> = present
            .iter()
            .filter(of_platform)
            .map(|loader| loader.kind(files, loaders))
            .collect();
        let is = |wanted: fn(&LoaderKind) -> bool| kinds.iter().any(|kind| wanted(kind));
        let libc = if is(|kind| matches!(kind, LoaderKind::Glibc(_))) {
            Libc::Glibc
        } else if is(|kind| matches!(kind, LoaderKind::Musl(_))) {
            Libc::Musl
        } else if present.is_empty() {
            Libc::None
        } else {
            Libc::Unknown
        };
        TargetFacts {
            platform,
            libc,
            distro: distro(files),
            loaders: present,
        }
    }
}

fn abi_of(files: &Files<'_>, path: &[u8]) -> Option<&'static Abi> {
    let record = files.record(files.open(path).ok()?);
    let header = record.content.ok()?.elf()?.header.clone();
    platform::abi(header.machine, header.layout, header.flags)
}

/// The loaders for what `platform` runs, or for anything where that is not known.
fn present_loaders(files: &Files<'_>, platform: Option<&Platform>) -> Vec<PresentLoader> {
    let mut present: Vec<PresentLoader> = Vec::new();
    let runs = |abi: &&Abi| platform.is_none_or(|platform| platform.runs(abi.machine));
    for abi in platform::abis().iter().filter(runs) {
        let glibc = abi.glibc_loaders.iter().map(|path| (*path).to_owned());
        for path in glibc.chain([format!("/lib/ld-musl-{}.so.1", abi.musl)]) {
            // Several ABIs share a path: the file tells whose it is.
            if present.iter().any(|loader| loader.path == path) {
                continue;
            }
            let Some(abi) = abi_of(files, path.as_bytes()) else {
                continue;
            };
            present.push(PresentLoader {
                path,
                abi,
                kind: OnceCell::new(),
            });
        }
    }
    present
}

/// `/etc/os-release`, else `/usr/lib/os-release` (os-release(5)).
fn distro(files: &Files<'_>) -> Option<Distro> {
    let read =
        |path: &[u8]| -> Result<Vec<u8>, Errno> { files.rootfs().read(path, MAX_OS_RELEASE) };
    let text = read(b"/etc/os-release")
        .or_else(|_| read(b"/usr/lib/os-release"))
        .ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        let value = line.trim().trim_matches(|c| c == '"' || c == '\'');
        (!value.is_empty()).then(|| value.to_owned())
    };
    Some(Distro {
        id: value("ID")?,
        version_id: value("VERSION_ID"),
    })
}
