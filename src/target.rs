//! What can be said of a target before any program in it is looked at.

use std::cell::OnceCell;

use crate::content::{self, Files};
use crate::elf::Header;
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
    /// The loaders at standard paths, once somebody asked.
    loaders: OnceCell<Vec<PresentLoader>>,
}

impl TargetFacts {
    /// Looks a target over. `platform` is what its owner says of it.
    #[must_use]
    pub fn look(files: &Files<'_>, loaders: &Loaders, platform: Option<Platform>) -> TargetFacts {
        let platform = platform.or_else(|| {
            let witnessed = WITNESSES.iter().find_map(|path| witnessed(files, path));
            witnessed.map(Platform::of)
        });
        let known = OnceCell::new();
        let own = match &platform {
            Some(platform) => present_loaders(files, |abi| is_own(platform, abi)),
            // Any may tell what the platform is.
            None => known
                .get_or_init(|| present_loaders(files, |_| true))
                .clone(),
        };
        let platform = platform.or_else(|| own.first().map(|loader| Platform::of(loader.abi)));
        let own = own.iter().filter(|loader| {
            let platform = platform.as_ref();
            platform.is_none_or(|platform| is_own(platform, loader.abi))
        });
        let kinds: Vec<&LoaderKind> = own.map(|loader| loader.kind(files, loaders)).collect();
        let is = |wanted: fn(&LoaderKind) -> bool| kinds.iter().any(|kind| wanted(kind));
        let mut facts = TargetFacts {
            distro: distro(files),
            libc: Libc::Unknown,
            loaders: known,
            platform: platform.clone(),
        };
        if is(|kind| matches!(kind, LoaderKind::Glibc(_))) {
            facts.libc = Libc::Glibc;
        } else if is(|kind| matches!(kind, LoaderKind::Musl(_))) {
            facts.libc = Libc::Musl;
        } else if facts.loaders(files).is_empty() {
            facts.libc = Libc::None;
        }
        facts
    }

    /// The loaders that the target has at the standard paths of the ABIs that its
    /// platform's kernel runs; at those of all ABIs where the loaders alone told what the
    /// platform is, or nothing did. Each is for the ABI that its file says.
    pub fn loaders(&self, files: &Files<'_>) -> &[PresentLoader] {
        self.loaders.get_or_init(|| {
            let platform = self.platform.as_ref();
            present_loaders(files, |abi| {
                platform.is_none_or(|platform| platform.runs(abi))
            })
        })
    }
}

/// Whether an ABI is that of the platform's own programs, and not of others that it runs too.
fn is_own(platform: &Platform, abi: &Abi) -> bool {
    abi.oci.0 == platform.architecture
}

/// The ABI of a program, of which no more is wanted.
fn witnessed(files: &Files<'_>, path: &[u8]) -> Option<&'static Abi> {
    let data = files.rootfs().open(path).ok()?.data?;
    abi(&content::header(&*data).ok()??)
}

/// The ABI of a loader, of which everything will be.
fn abi_of(files: &Files<'_>, path: &[u8]) -> Option<&'static Abi> {
    let record = files.record(files.open(path).ok()?);
    abi(&record.content.ok()?.elf()?.header)
}

fn abi(header: &Header) -> Option<&'static Abi> {
    platform::abi(header.machine, header.layout, header.flags)
}

/// The loaders at the standard paths of the ABIs that are `wanted`.
fn present_loaders(files: &Files<'_>, wanted: impl Fn(&Abi) -> bool) -> Vec<PresentLoader> {
    let mut present: Vec<PresentLoader> = Vec::new();
    for abi in platform::abis().iter().filter(|abi| wanted(abi)) {
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
