//! Where in a target a name occurs.
//!
//! Of each name a hash and the number of its directory are kept, eight bytes; a
//! hash that two names share is no harm, since every answer is looked at before
//! it is told.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::path::TargetPath;
use crate::rootfs::{Filesystem, Kind};

/// The most names that are indexed; hosts may have many more than images.
const MAX_NAMES: usize = 2_000_000;
/// The most bytes of directories' paths.
const MAX_PATHS: usize = 32 << 20;
/// How deep the index goes.
const MAX_DEPTH: usize = 64;

/// How much of a target is searched.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Extent {
    /// Nothing.
    Nothing,
    /// Where libraries and programs are installed: for a host, which may have
    /// other systems, and the disks of others, below its root.
    Installed,
    /// All of it but what kernels show there.
    #[default]
    Whole,
}

/// The directories of the root that [`Extent::Installed`] goes into.
const INSTALLED: [&[u8]; 8] = [
    b"usr", b"lib", b"lib32", b"lib64", b"libx32", b"opt", b"bin", b"sbin",
];
/// What is installed below them that is neither library nor program, by the thousands.
const NEITHER: [&[u8]; 7] = [
    b"usr/share",
    b"usr/include",
    b"usr/src",
    b"usr/lib/modules",
    b"usr/lib/firmware",
    b"lib/modules",
    b"lib/firmware",
];
/// What kernels show.
const VIRTUAL: [&[u8]; 3] = [b"proc", b"sys", b"dev"];

/// Names and the directories that have them.
pub(super) struct Index {
    directories: Vec<TargetPath>,
    /// Hashes of names.
    names: Vec<(u32, u32)>,
    /// Hashes of the stems of libraries' names.
    stems: Vec<(u32, u32)>,
    /// No limit was met.
    pub(super) is_complete: bool,
}

/// An index that is being made.
pub(crate) struct Indexing {
    extent: Extent,
    index: Index,
    /// The directory of the last name.
    current: Option<Vec<u8>>,
    weight: usize,
}

impl Indexing {
    pub(super) fn new(extent: Extent) -> Indexing {
        let index = Index {
            directories: Vec::new(),
            names: Vec::new(),
            stems: Vec::new(),
            is_complete: true,
        };
        Indexing {
            extent,
            index,
            current: None,
            weight: 0,
        }
    }

    /// Takes a name in; for that of a directory, says whether to go into it. Names below
    /// one that is not to be gone into are let go.
    pub(crate) fn name(&mut self, directory: &[u8], name: &[u8], kind: Kind) -> bool {
        let index = &mut self.index;
        let depth = directory.iter().filter(|&&b| b == b'/').count();
        let top = match directory {
            b"" => Some(name).filter(|_| kind == Kind::Directory),
            _ => directory.split(|&b| b == b'/').next(),
        };
        let wanted = match (top, self.extent) {
            (None, _) => true,
            (Some(top), Extent::Installed) => INSTALLED.contains(&top),
            (Some(top), _) => !VIRTUAL.contains(&top),
        };
        if !wanted {
            return false;
        }
        if self.extent == Extent::Installed && kind == Kind::Directory {
            let is_it = |path: &&[u8]| {
                let parts = path.strip_prefix(directory);
                parts.and_then(|rest| rest.strip_prefix(b"/")) == Some(name)
            };
            if NEITHER.iter().any(is_it) {
                return false;
            }
        }
        if kind == Kind::Directory {
            let is_deep = depth >= MAX_DEPTH;
            index.is_complete &= !is_deep;
            return !is_deep && index.is_complete;
        }
        if index.names.len() >= MAX_NAMES || self.weight >= MAX_PATHS || depth > MAX_DEPTH {
            index.is_complete = false;
            return false;
        }
        if self.current.as_deref() != Some(directory) {
            self.current = Some(directory.to_vec());
            self.weight += directory.len();
            index.directories.push(TargetPath::root().join(directory));
        }
        let Some(number) = index.directories.len().checked_sub(1) else {
            return false;
        };
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        index.names.push((hash(name), number));
        if let Some(stem) = stem(name) {
            index.stems.push((hash(stem), number));
        }
        true
    }

    pub(super) fn done(self) -> Index {
        let mut index = self.index;
        for list in [&mut index.names, &mut index.stems] {
            list.sort_unstable();
            list.dedup();
        }
        index
    }
}

impl Index {
    pub(super) fn build(filesystem: &dyn Filesystem, extent: Extent) -> Index {
        let mut indexing = Indexing::new(extent);
        filesystem.walk_names(&mut |directory, name, kind| indexing.name(directory, name, kind));
        indexing.done()
    }

    /// The paths that may have this name, in order.
    pub(super) fn named(&self, name: &[u8]) -> impl Iterator<Item = TargetPath> {
        let mut paths: Vec<TargetPath> = self
            .directories_of(&self.names, hash(name))
            .map(|directory| directory.join(name))
            .collect();
        paths.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        paths.dedup();
        paths.into_iter()
    }

    /// The paths of other versions of the library `name`, in order. `list` gives
    /// the names in a directory.
    pub(super) fn versions(
        &self,
        name: &[u8],
        list: impl Fn(&TargetPath) -> Vec<Vec<u8>>,
    ) -> Vec<TargetPath> {
        let Some(wanted) = stem(name) else {
            return Vec::new();
        };
        let mut paths = Vec::new();
        for directory in self.directories_of(&self.stems, hash(wanted)) {
            for other in list(directory) {
                let is_other = other != name && stem(&other) == Some(wanted);
                if is_other && has_version(&other) {
                    paths.push(directory.join(&other));
                }
            }
        }
        paths.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        paths.dedup();
        paths
    }

    fn directories_of<'i>(
        &'i self,
        list: &'i [(u32, u32)],
        hash: u32,
    ) -> impl Iterator<Item = &'i TargetPath> {
        let first = list.partition_point(|entry| entry.0 < hash);
        let same = list[first..]
            .iter()
            .take_while(move |entry| entry.0 == hash);
        same.filter_map(|entry| self.directories.get(entry.1 as usize))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
fn hash(name: &[u8]) -> u32 {
    FixedState::with_seed(0).hash_one(name) as u32
}

/// A library's name without its version: `libssl` of `libssl.so.3`, `libldap` of
/// `libldap-2.5.so.0`, `libpython` of `libpython3.11.so.1.0`. A number without a
/// dot belongs to the name: `libz3` is not a version of `libz`.
fn stem(name: &[u8]) -> Option<&[u8]> {
    let end = memchr::memmem::find(name, b".so")?;
    match name.get(end + 3) {
        None | Some(b'.') => {}
        Some(_) => return None,
    }
    let stem = &name[..end];
    let is_of_number = |b: &u8| b.is_ascii_digit() || *b == b'.';
    let letters = stem.len() - stem.iter().rev().take_while(|b| is_of_number(b)).count();
    let stem = if stem[letters..].contains(&b'.') && stem[letters] != b'.' {
        let letters = &stem[..letters];
        letters.strip_suffix(b"-").unwrap_or(letters)
    } else {
        stem
    };
    (!stem.is_empty()).then_some(stem)
}

/// Whether a library's name says its version; one that does not is for linking.
fn has_version(name: &[u8]) -> bool {
    !name.ends_with(b".so") || name.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_the_name_without_its_version() {
        let cases: [(&[u8], Option<&[u8]>); 12] = [
            (b"libssl.so.1.1", Some(b"libssl")),
            (b"libssl.so", Some(b"libssl")),
            (b"libldap-2.5.so.0", Some(b"libldap")),
            (b"libpython3.11.so.1.0", Some(b"libpython")),
            (b"libz3.so.4", Some(b"libz3")),
            (b"libpcre2-8.so.0", Some(b"libpcre2-8")),
            (b"libBrokenLocale-2.31.so", Some(b"libBrokenLocale")),
            (b"libfoo.sock", None),
            (b"libfoo.a", None),
            (b".so", None),
            (b"1.2.so", None),
            (b"a.b.so.1", Some(b"a.b")),
        ];
        for (name, wanted) in cases {
            assert_eq!(stem(name), wanted, "{}", name.escape_ascii());
        }
    }
}
