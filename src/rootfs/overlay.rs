//! Files laid over a filesystem before it is looked at, as `COPY` would.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io;

use super::{
    Capabilities, Credentials, Filesystem, Follow, Identity, Kind, Loss, Metadata, NodeId, walk,
};
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::read_at::ReadAt;

/// The device that files of the overlay are on; no real device has it.
const DEVICE: u64 = u64::MAX;

/// Opens the bytes of a file that was laid over.
type Opener = Box<dyn Fn() -> io::Result<Box<dyn ReadAt>>>;

/// A filesystem with other files over it.
///
/// A directory of the overlay and one below with the same path are one; any
/// other pair is decided by the overlay.
pub struct Overlay {
    lower: Box<dyn Filesystem>,
    nodes: RefCell<Nodes>,
    /// The files and links that were laid over, by the paths they were given.
    laid: Vec<(TargetPath, Kind)>,
}

#[derive(Default)]
struct Nodes {
    all: Vec<Node>,
    of_lower: HashMap<NodeId, NodeId>,
}

struct Node {
    metadata: Metadata,
    /// The node below that it shows, or merges with.
    lower: Option<NodeId>,
    upper: Upper,
}

enum Upper {
    /// Nothing of the overlay is here.
    Nothing,
    Directory(BTreeMap<Vec<u8>, NodeId>),
    Symlink(Vec<u8>),
    File(Opener),
}

/// Why something could not be laid over.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The way to its place leads through something that is no directory.
    #[error("`{path}`: {errno}")]
    NoWay {
        /// The place.
        path: TargetPath,
        /// What stands in the way.
        errno: Errno,
    },
}

impl Overlay {
    /// `lower` with nothing over it yet.
    #[must_use]
    pub fn new(lower: Box<dyn Filesystem>) -> Self {
        let root = lower.root();
        let overlay = Overlay {
            lower,
            nodes: RefCell::default(),
            laid: Vec::new(),
        };
        overlay.show_lower(root);
        overlay
    }

    /// Makes the directory `path` and those above it, as `mkdir -p` would:
    /// links on the way are followed.
    ///
    /// # Errors
    /// Where something on the way is no directory.
    pub fn add_directory(&mut self, path: &TargetPath) -> Result<NodeId, OverlayError> {
        let mut directory = self.root();
        let mut reached = TargetPath::root();
        for name in path
            .as_bytes()
            .split(|&b| b == b'/')
            .filter(|name| !name.is_empty())
        {
            let next = reached.join(name);
            let walk = walk::walk(&*self, &Credentials::root(), (&next).into(), Follow::Last);
            directory = match walk.end {
                Ok(node) if self.metadata(node).kind == Kind::Directory => node,
                Ok(_) => {
                    return Err(OverlayError::NoWay {
                        path: next,
                        errno: Errno::NOTDIR,
                    });
                }
                Err(Errno::NOENT) if walk.hops.is_empty() => {
                    let metadata = new_metadata(Kind::Directory, 0o755, 0);
                    self.insert(directory, name, metadata, Upper::Directory(BTreeMap::new()))
                }
                Err(errno) => return Err(OverlayError::NoWay { path: next, errno }),
            };
            reached = walk.real_path;
        }
        Ok(directory)
    }

    /// Puts a regular file at `path`, owned by root.
    ///
    /// # Errors
    /// Where the directory above it cannot be made.
    pub fn add_file(
        &mut self,
        path: &TargetPath,
        mode: u32,
        size: u64,
        open: impl Fn() -> io::Result<Box<dyn ReadAt>> + 'static,
    ) -> Result<(), OverlayError> {
        let directory = self.add_directory(&path.parent())?;
        let metadata = new_metadata(Kind::File, mode, size);
        self.insert(
            directory,
            path.file_name(),
            metadata,
            Upper::File(Box::new(open)),
        );
        self.laid.push((path.clone(), Kind::File));
        Ok(())
    }

    /// Puts a symlink at `path`.
    ///
    /// # Errors
    /// Where the directory above it cannot be made.
    pub fn add_symlink(&mut self, path: &TargetPath, target: &[u8]) -> Result<(), OverlayError> {
        let directory = self.add_directory(&path.parent())?;
        let metadata = new_metadata(Kind::Symlink, 0o777, target.len() as u64);
        self.insert(
            directory,
            path.file_name(),
            metadata,
            Upper::Symlink(target.to_vec()),
        );
        self.laid.push((path.clone(), Kind::Symlink));
        Ok(())
    }

    fn insert(
        &mut self,
        directory: NodeId,
        name: &[u8],
        mut metadata: Metadata,
        upper: Upper,
    ) -> NodeId {
        let nodes = self.nodes.get_mut();
        let id = nodes.next_id();
        metadata.identity.inode = id.0.into();
        nodes.all.push(Node {
            metadata,
            lower: None,
            upper,
        });
        let parent = &mut nodes.all[directory.0 as usize].upper;
        if let Upper::Nothing = parent {
            *parent = Upper::Directory(BTreeMap::new());
        }
        if let Upper::Directory(children) = parent {
            children.insert(name.to_vec(), id);
        }
        id
    }

    /// The node that shows `lower`.
    fn show_lower(&self, lower: NodeId) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(&id) = nodes.of_lower.get(&lower) {
            return id;
        }
        let id = nodes.next_id();
        let metadata = self.lower.metadata(lower);
        nodes.all.push(Node {
            metadata,
            lower: Some(lower),
            upper: Upper::Nothing,
        });
        nodes.of_lower.insert(lower, id);
        id
    }

    fn lower_of(&self, node: NodeId) -> Option<NodeId> {
        self.nodes.borrow().all[node.0 as usize].lower
    }
}

impl Nodes {
    fn next_id(&self) -> NodeId {
        NodeId(u32::try_from(self.all.len()).expect("fewer nodes than fit 32 bits"))
    }
}

fn new_metadata(kind: Kind, mode: u32, size: u64) -> Metadata {
    let identity = Identity {
        device: DEVICE,
        inode: 0,
    };
    Metadata {
        kind,
        mode,
        uid: 0,
        gid: 0,
        size,
        identity,
    }
}

impl Filesystem for Overlay {
    fn root(&self) -> NodeId {
        NodeId(0)
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno> {
        let (above, lower) = {
            let nodes = self.nodes.borrow();
            let node = &nodes.all[directory.0 as usize];
            let above = match &node.upper {
                Upper::Directory(children) => children.get(name).copied(),
                _ => None,
            };
            (above, node.lower)
        };
        match (above, lower) {
            (Some(node), _) => Ok(Some(node)),
            (None, Some(lower)) => Ok(self
                .lower
                .child(lower, name)?
                .map(|node| self.show_lower(node))),
            (None, None) => Ok(None),
        }
    }

    fn metadata(&self, node: NodeId) -> Metadata {
        self.nodes.borrow().all[node.0 as usize].metadata
    }

    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno> {
        if let Upper::Symlink(target) = &self.nodes.borrow().all[link.0 as usize].upper {
            return Ok(target.clone());
        }
        self.lower_of(link)
            .map_or(Err(Errno::INVAL), |lower| self.lower.link_target(lower))
    }

    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>> {
        if let Upper::File(open) = &self.nodes.borrow().all[file.0 as usize].upper {
            return open();
        }
        match self.lower_of(file) {
            Some(lower) => self.lower.open(lower),
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn capabilities(&self, file: NodeId) -> Option<Capabilities> {
        let node = self.lower_of(file)?;
        self.lower.capabilities(node)
    }

    fn is_layered(&self) -> bool {
        self.lower.is_layered()
    }

    fn layer(&self, node: NodeId) -> Option<u32> {
        self.lower_of(node)
            .and_then(|lower| self.lower.layer(lower))
    }

    fn lost(&self, directory: NodeId, name: &[u8]) -> Option<Loss> {
        let loss = self.lower.lost(self.lower_of(directory)?, name)?;
        let node = self.show_lower(loss.node);
        Some(Loss { node, ..loss })
    }

    fn former(&self, directory: NodeId) -> Option<Loss> {
        let loss = self.lower.former(self.lower_of(directory)?)?;
        let node = self.show_lower(loss.node);
        Some(Loss { node, ..loss })
    }

    fn walk_names(&self, visit: &mut super::VisitName<'_>) {
        self.lower.walk_names(visit);
        for (path, kind) in &self.laid {
            let directory = path.parent();
            let directory = directory.as_bytes().strip_prefix(b"/").unwrap_or_default();
            visit(directory, path.file_name(), *kind);
        }
    }

    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno> {
        let mut names = match self.lower_of(directory) {
            Some(lower) => self.lower.names(lower)?,
            None => Vec::new(),
        };
        if let Upper::Directory(children) = &self.nodes.borrow().all[directory.0 as usize].upper {
            names.extend(children.keys().cloned());
            names.sort();
            names.dedup();
        }
        Ok(names)
    }
}
