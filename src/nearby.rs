//! What a target has that is like a name it lacks.
//!
//! The loader has looked where it looks, and the name was not there. Here the
//! whole target is searched, as `find / -name` would, once and only when
//! something is missing; what comes of it is handed to `finding`, which decides
//! what it means.

mod conf;
mod index;

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::conf::Listed;
use self::index::Index;
pub(crate) use self::index::Indexing;
use crate::content::{Content, Files};
use crate::elf::{NotElf, Object};
use crate::path::{TargetPath, parent};
use crate::rootfs::{Credentials, Follow, Kind, Rootfs};

pub use self::index::Extent;

/// The most files of one name that are looked at.
const MAX_FILES: usize = 16;

/// What is near one name.
#[derive(Default, Debug)]
pub struct Near {
    /// Files and links of this very name, by path.
    pub same: Vec<NearFile>,
    /// Other versions of that library, by path; each file once.
    pub versions: Vec<NearFile>,
    /// The whole target was searched.
    pub is_complete: bool,
}

/// A file that is near.
#[derive(Debug)]
pub struct NearFile {
    /// Where it is, as it was found.
    pub path: TargetPath,
    /// What it is.
    pub what: What,
    /// The file that tells `ldconfig` of its directory.
    pub listed_by: Option<String>,
}

/// What a near file is.
#[derive(Debug)]
pub enum What {
    /// An ELF file.
    Object(Arc<Object>),
    /// Another file.
    Other {
        /// Why it is no ELF file.
        why: NotElf,
        /// Its first bytes.
        head: Arc<[u8]>,
        /// It has an execute bit.
        may_execute: bool,
    },
    /// A link that leads to nothing, with its hops.
    Dangling(Vec<String>),
}

/// Searches of one target, each made once.
#[derive(Default)]
pub struct Nearby {
    extent: Extent,
    index: OnceCell<Arc<Index>>,
    listed: OnceCell<Vec<Listed>>,
    conf: OnceCell<&'static str>,
    known: RefCell<HashMap<Box<[u8]>, Rc<Near>, RandomState>>,
}

/// What searches of the same target begin with on another thread.
pub(crate) struct Seed {
    extent: Extent,
    index: Option<Arc<Index>>,
}

impl From<Seed> for Nearby {
    fn from(seed: Seed) -> Nearby {
        let Seed { extent, index } = seed;
        Nearby {
            extent,
            index: index.map(OnceCell::from).unwrap_or_default(),
            ..Nearby::default()
        }
    }
}

impl Nearby {
    /// Nothing searched yet. `extent` says how far a search goes.
    #[must_use]
    pub fn new(extent: Extent) -> Self {
        Nearby {
            extent,
            ..Nearby::default()
        }
    }

    /// For who sees all names anyway.
    pub(crate) fn indexing(&self) -> Indexing {
        Indexing::new(self.extent)
    }

    /// Spares the search of the whole target, whose names `indexing` was told.
    pub(crate) fn take(&self, indexing: Indexing) {
        // Where there is an index already, it is as good.
        let _ = self.index.set(Arc::new(indexing.done()));
    }

    /// The names that were told, for another thread.
    pub(crate) fn seed(&self) -> Seed {
        Seed {
            extent: self.extent,
            index: self.index.get().cloned(),
        }
    }

    /// What is near `name`, a file's name without a directory.
    #[must_use]
    pub fn near(&self, files: &Files<'_>, name: &[u8]) -> Rc<Near> {
        if self.extent == Extent::Nothing {
            return Rc::default();
        }
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let near = Rc::new(self.search(files, name));
        self.known.borrow_mut().insert(name.into(), near.clone());
        near
    }

    /// The file to add a line to that tells `ldconfig` of one more directory.
    #[must_use]
    pub fn conf(&self, files: &Files<'_>) -> &'static str {
        self.conf.get_or_init(|| conf::for_more(files))
    }

    fn search(&self, files: &Files<'_>, name: &[u8]) -> Near {
        let filesystem = files.rootfs().filesystem();
        let index = self
            .index
            .get_or_init(|| Arc::new(Index::build(filesystem, self.extent)));
        let same = index
            .named(name)
            .take(MAX_FILES)
            .filter_map(|path| self.look(files, path))
            .map(|(file, _)| file)
            .collect();
        let mut met = HashSet::new();
        let versions = index
            .versions(name, |directory| names(files.rootfs(), directory))
            .into_iter()
            .filter_map(|path| self.look(files, path))
            .filter(|(file, identity)| {
                matches!(file.what, What::Object(_)) && met.insert(*identity)
            })
            .map(|(file, _)| file)
            .take(MAX_FILES)
            .collect();
        Near {
            same,
            versions,
            is_complete: index.is_complete && self.extent == Extent::Whole,
        }
    }

    /// What is at `path`: nothing where it is neither a file nor a broken link,
    /// or cannot be read.
    fn look(
        &self,
        files: &Files<'_>,
        path: TargetPath,
    ) -> Option<(NearFile, Option<crate::rootfs::Identity>)> {
        let rootfs = files.rootfs();
        let (what, identity) = match rootfs.open_as_root(path.as_bytes()) {
            Ok(opened) if opened.metadata.kind == Kind::File => {
                let may_execute = opened.metadata.mode & 0o111 != 0;
                let what = match files.record(files.keep(&opened)).content.ok()? {
                    Content::Elf(object) => What::Object(object),
                    Content::Other { why, head } => What::Other {
                        why,
                        head,
                        may_execute,
                    },
                };
                (what, Some(opened.metadata.identity))
            }
            Ok(_) => return None,
            Err(_) => (What::Dangling(dangling(rootfs, &path)?), None),
        };
        let listed_by = self.listed_by(files, path.as_bytes());
        let file = NearFile {
            path,
            what,
            listed_by,
        };
        Some((file, identity))
    }

    fn listed_by(&self, files: &Files<'_>, path: &[u8]) -> Option<String> {
        let listed = self.listed.get_or_init(|| conf::directories(files));
        if listed.is_empty() {
            return None;
        }
        let directory = files.rootfs().real_path(parent(path))?;
        let by = listed.iter().find(|listed| listed.directory == directory)?;
        Some(by.file.clone())
    }
}

fn names(rootfs: &Rootfs, directory: &TargetPath) -> Vec<Vec<u8>> {
    let filesystem = rootfs.filesystem();
    let root = Credentials::root();
    let walk = Rootfs::walk_in(filesystem, &root, directory.as_bytes(), Follow::NotLast);
    let names = walk.end.and_then(|node| filesystem.names(node));
    names.unwrap_or_default()
}

/// The links from `path` to nothing.
fn dangling(rootfs: &Rootfs, path: &TargetPath) -> Option<Vec<String>> {
    let root = Credentials::root();
    let walk = Rootfs::walk_in(rootfs.filesystem(), &root, path.as_bytes(), Follow::Last);
    let errno = walk.end.err()?;
    if walk.hops.is_empty() {
        return None;
    }
    let hops = walk
        .hops
        .iter()
        .map(|hop| format!("{} -> {}", hop.link, crate::bytes::Shown(&hop.target)));
    let end = format!("{}: {errno}", walk.real_path);
    Some(hops.chain([end]).collect())
}
