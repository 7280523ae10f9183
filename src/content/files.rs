//! Files of a target that were looked at, remembered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Content;
use super::glance::Candidate;
use crate::by_name::ByName;
use crate::elf::Versions;
use crate::errno::Errno;
use crate::path::{TargetPath, Way};
use crate::read_at::Facts;
use crate::rootfs::{Follow, Identity, Kind, Metadata, NodeId, Opened, Rootfs};

/// The most of a small file that is read.
const MAX_TEXT: usize = 64 << 20;

/// The most that remembered paths may weigh; beyond, they are looked up again.
const MAX_PATHS: usize = 8 << 20;
/// What a remembered path weighs beside its bytes.
const PATH_WEIGHT: usize = 64;
/// The most nodes that are remembered.
const MAX_NODES: usize = 1024;
/// The most names that are shared, and the longest of them.
const MAX_NAMES: usize = 16 << 10;
const MAX_NAME: usize = 255;

/// A file that was opened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileId(u32);

/// What is known of an opened file.
#[derive(Clone, Debug)]
pub struct FileRecord {
    /// What `stat` says.
    pub metadata: Metadata,
    /// What its bytes are, or why they could not be read; for anything but a
    /// regular file `EISDIR` or `EINVAL`.
    pub content: Result<Content, Errno>,
}

/// Look-ups by path in one [`Rootfs`], each made once, and the files they led to,
/// each read once.
pub struct Files<'r> {
    rootfs: &'r Rootfs,
    state: RefCell<State>,
}

/// What looking a path up came to.
type ByPath<T> = ByName<Box<[u8]>, Result<T, Errno>>;

#[derive(Default)]
struct State {
    records: Vec<FileRecord>,
    /// The versions of each record's file that has any.
    versions: Vec<Option<Arc<Versions>>>,
    by_identity: HashMap<Identity, FileId, RandomState>,
    /// Files that a scan met, by the paths that lead to them without a link.
    met: Arc<ByName<Box<[u8]>, FileId>>,
    by_path: ByPath<FileId>,
    /// What `by_path` weighs.
    weight: usize,
    directories: ByPath<()>,
    nodes: ByPath<NodeId>,
    texts: ByPath<Rc<[u8]>>,
    names: ByName<Rc<[u8]>, ()>,
}

/// What is known of files, whoever looked at them.
pub(crate) struct Learnt {
    files: Vec<(FileRecord, Option<Arc<Versions>>)>,
    met: Arc<ByName<Box<[u8]>, FileId>>,
}

impl State {
    fn add(&mut self, record: FileRecord, versions: Option<Arc<Versions>>) -> FileId {
        let number = u32::try_from(self.records.len()).expect("fewer files than fit 32 bits");
        let id = FileId(number);
        self.by_identity.insert(record.metadata.identity, id);
        self.records.push(record);
        self.versions.push(versions);
        id
    }
}

impl<'r> Files<'r> {
    /// Nothing looked at yet.
    #[must_use]
    pub fn new(rootfs: &'r Rootfs) -> Self {
        Files {
            rootfs,
            state: RefCell::default(),
        }
    }

    /// What is known of the files, for another thread.
    pub(crate) fn learnt(&self) -> Learnt {
        let state = self.state.borrow();
        let records = state.records.iter().cloned();
        Learnt {
            files: records.zip(state.versions.iter().cloned()).collect(),
            met: state.met.clone(),
        }
    }

    /// `rootfs`, and what is known of its files already.
    pub(crate) fn knowing(rootfs: &'r Rootfs, learnt: Learnt) -> Self {
        let files = Files::new(rootfs);
        let mut state = files.state.borrow_mut();
        for (record, versions) in learnt.files {
            state.add(record, versions);
        }
        state.met = learnt.met;
        drop(state);
        files
    }

    /// The filesystem that is looked at.
    #[must_use]
    pub fn rootfs(&self) -> &'r Rootfs {
        self.rootfs
    }

    /// Opens `path`, which is absolute, for reading.
    ///
    /// # Errors
    /// What `open` would set `errno` to.
    pub fn open<'w>(&self, path: impl Into<Way<'w>>) -> Result<FileId, Errno> {
        let way = path.into();
        if self.is_private(way) {
            return self.open_once(way);
        }
        let path = way.path;
        if let Some(known) = self.state.borrow().by_path.get(path) {
            return *known;
        }
        let found = self.open_once(path);
        let state = &mut *self.state.borrow_mut();
        state.weight += path.len() + PATH_WEIGHT;
        if state.weight > MAX_PATHS {
            state.by_path.clear();
            state.weight = 0;
        }
        state.by_path.insert(path.into(), found);
        found
    }

    /// As [`Files::open`], but the path is not remembered: for paths of which
    /// there are many, each asked for once.
    ///
    /// # Errors
    /// What `open` would set `errno` to.
    pub fn open_once<'w>(&self, path: impl Into<Way<'w>>) -> Result<FileId, Errno> {
        self.rootfs.open(path).map(|opened| self.keep(&opened))
    }

    /// Whether a way may lead where its path alone does not: only root may go
    /// anywhere.
    fn is_private(&self, way: Way<'_>) -> bool {
        way.entered > 0 && !self.rootfs.user().is_root()
    }

    /// The file with this identity, if it was opened before.
    #[must_use]
    pub fn known(&self, identity: Identity) -> Option<FileId> {
        self.state.borrow().by_identity.get(&identity).copied()
    }

    /// Remembers an opened file.
    pub fn keep(&self, opened: &Opened) -> FileId {
        let identity = opened.metadata.identity;
        if let Some(&known) = self.state.borrow().by_identity.get(&identity) {
            return known;
        }
        let read = match (&opened.data, opened.metadata.kind) {
            (Some(data), _) => Content::read(&**data).map_err(|error| Errno::from(&error)),
            (None, Kind::Directory) => Err(Errno::ISDIR),
            (None, _) => Err(Errno::INVAL),
        };
        let (content, versions) = match read {
            Ok((content, versions)) => (Ok(content), versions),
            Err(errno) => (Err(errno), None),
        };
        let record = FileRecord {
            metadata: opened.metadata,
            content,
        };
        self.state.borrow_mut().add(record, versions)
    }

    /// Remembers what a scan kept of the file at `path`, to which no link leads, with
    /// [`Candidates`](super::Candidates).
    pub fn note(&self, path: &TargetPath, metadata: Metadata, facts: &Facts) {
        let state = &mut *self.state.borrow_mut();
        let Some(candidate) = facts.downcast_ref::<Candidate>() else {
            return;
        };
        let known = state.by_identity.get(&metadata.identity).copied();
        let file = known.unwrap_or_else(|| {
            let record = FileRecord {
                metadata,
                content: Ok(candidate.content.clone()),
            };
            state.add(record, candidate.versions.clone())
        });
        Arc::make_mut(&mut state.met).insert(path.as_bytes().into(), file);
    }

    /// The file at `path`, if a scan met it there: no link is on the way, and root gets to
    /// it.
    #[must_use]
    pub fn met(&self, path: &[u8]) -> Option<FileId> {
        self.state.borrow().met.get(path).copied()
    }

    /// The file that `path`, which is absolute, leads to, as root would open it.
    ///
    /// # Errors
    /// What `open` would set `errno` to for root.
    pub fn open_as_root(&self, path: &[u8]) -> Result<FileId, Errno> {
        if let Some(file) = self.met(path) {
            return Ok(file);
        }
        let opened = self.rootfs.open_as_root(path)?;
        Ok(self.keep(&opened))
    }

    /// The versions that a file needs and defines; `None` where it has no such
    /// tables, or none that could be read.
    #[must_use]
    pub fn versions(&self, file: FileId) -> Option<Arc<Versions>> {
        self.state.borrow().versions[file.0 as usize].clone()
    }

    /// What is known of a file.
    #[must_use]
    pub fn record(&self, file: FileId) -> FileRecord {
        self.state.borrow().records[file.0 as usize].clone()
    }

    /// The whole of a small file that loaders read themselves.
    ///
    /// # Errors
    /// What `open` or `read` would set `errno` to.
    pub fn text(&self, path: &[u8]) -> Result<Rc<[u8]>, Errno> {
        if let Some(known) = self.state.borrow().texts.get(path) {
            return known.clone();
        }
        let text = self.rootfs.read_shared(path, MAX_TEXT);
        self.state
            .borrow_mut()
            .texts
            .insert(path.into(), text.clone());
        text
    }

    /// A name of a library, shared by all who ask for it.
    pub(crate) fn name(&self, name: &[u8]) -> Rc<[u8]> {
        let names = &mut self.state.borrow_mut().names;
        if let Some(known) = names.key(name) {
            return known.clone();
        }
        let new: Rc<[u8]> = Rc::from(name);
        if names.len() < MAX_NAMES && name.len() <= MAX_NAME {
            names.insert(new.clone(), ());
        }
        new
    }

    /// The node that `path` leads to: for few paths that are asked for often.
    ///
    /// # Errors
    /// What `stat` would set `errno` to.
    pub fn node<'w>(&self, path: impl Into<Way<'w>>) -> Result<NodeId, Errno> {
        let way = path.into();
        let path = way.path;
        let look = || self.rootfs.walk(way, Follow::Last).end;
        if self.is_private(way) {
            return look();
        }
        if let Some(known) = self.state.borrow().nodes.get(path) {
            return *known;
        }
        let found = look();
        let nodes = &mut self.state.borrow_mut().nodes;
        if nodes.len() < MAX_NODES {
            nodes.insert(path.into(), found);
        }
        found
    }

    /// Whether `path` leads to a directory, as `stat` would tell.
    ///
    /// # Errors
    /// `ENOTDIR` where it leads to something else, or what `stat` would set
    /// `errno` to.
    pub fn directory<'w>(&self, path: impl Into<Way<'w>>) -> Result<(), Errno> {
        let way = path.into();
        let path = way.path;
        let look = || match self.rootfs.metadata(way) {
            Ok(metadata) if metadata.kind == Kind::Directory => Ok(()),
            Ok(_) => Err(Errno::NOTDIR),
            Err(errno) => Err(errno),
        };
        if self.is_private(way) {
            return look();
        }
        if let Some(known) = self.state.borrow().directories.get(path) {
            return *known;
        }
        let found = look();
        self.state
            .borrow_mut()
            .directories
            .insert(path.into(), found);
        found
    }
}
