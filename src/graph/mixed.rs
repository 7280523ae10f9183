//! Whether the C library is of its loader's release of glibc.

use super::start::Loaders;
use super::{Graph, VersionFault};
use crate::content::Files;
use crate::loader::{Loaded, Loader, ObjectId, Role};
use crate::path::TargetPath;

/// As many releases in a row may bring no version of their own: 2.19 to 2.21 did not.
const SILENT: u32 = 3;

/// A C library and a loader of different releases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mixed {
    /// The C library.
    pub libc: ObjectId,
    /// The loader's release, where its file tells.
    pub loader: Option<(u32, u32)>,
    /// The C library's release, where its file could be asked.
    pub release: Option<(u32, u32)>,
    /// The newest version that the C library defines.
    pub newest: (u32, u32),
    /// What the loader writes where it stops for it, when all is bound.
    pub stop: Option<String>,
}

/// Compares the two. The versions that are known anyway tell as a rule; only where
/// they leave room for doubt the file is searched for its release.
pub(super) fn check(
    files: &Files<'_>,
    loaders: &Loaders,
    loader: &Loader,
    graph: &Graph,
    workdir: &TargetPath,
) -> Option<Mixed> {
    if loader.is_musl() {
        return None;
    }
    let libc = graph.map.named(b"libc.so.6")?;
    let loaded = graph.map.get(libc);
    if loaded.role != Role::Library {
        return None;
    }
    let newest = loaders.newest(files, loaded)?;
    // It wants of its own loader what that has not.
    let lacks = graph.versions.problems.iter().any(|problem| {
        let of_loader = |id: ObjectId| graph.map.get(id).role == Role::Loader;
        let is_missing = problem.fault == VersionFault::Missing;
        is_missing && problem.requester == libc && problem.provider.is_some_and(of_loader)
    });
    let own = loader.glibc_version();
    if !lacks && own.is_none_or(|own| own == newest) {
        return None;
    }
    let path = workdir.join(&loaded.path);
    let found = loaders.libc_release(files, path.as_bytes());
    let is_mixed = match found {
        _ if lacks => true,
        Some(found) => own != Some(found),
        // A version is as old as its release; none comes back to an older one.
        None => {
            own.is_some_and(|own| newest > own || newest.0 != own.0 || newest.1 + SILENT < own.1)
        }
    };
    is_mixed.then_some(Mixed {
        libc,
        loader: own,
        release: found,
        newest,
        stop: loader
            .glibc_release()
            .and_then(|release| release.without_early_init(newest)),
    })
}

impl Loaders {
    /// The newest version of glibc that the C library `loaded` defines.
    fn newest(&self, files: &Files<'_>, loaded: &Loaded) -> Option<(u32, u32)> {
        let look = || {
            let versions = files.versions(loaded.file?)?;
            let defined = versions.definitions.iter();
            defined.filter_map(|d| release(&d.name)).max()
        };
        let newest = &mut self.known.borrow_mut().newest;
        *newest.entry(loaded.identity?).or_insert_with(look)
    }
}

/// `GLIBC_2.34` is of release 2.34, and so is a `GLIBC_2.34.1`.
fn release(version: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(version.strip_prefix(b"GLIBC_")?).ok()?;
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
