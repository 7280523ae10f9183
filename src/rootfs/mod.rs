//! The target's filesystem: one view, whatever it comes from.
//!
//! [`Filesystem`] is what a directory, a copied-in overlay or an image must
//! answer; [`Rootfs`] walks paths in it exactly as the kernel would for a
//! process whose root it is (`fs/namei.c`). Every symlink is followed inside,
//! `..` is walked and stops at the root, and nothing here knows ELF.

mod capability;
pub mod layers;
mod lost;
mod mounted;
mod overlay;
pub(crate) mod scan;
mod walk;

use std::io;
use std::rc::Rc;

use crate::errno::Errno;
use crate::path::{TargetPath, Way};
use crate::read_at::{ReadAt, read_all, read_shared};

pub(crate) use capability::ATTRIBUTE as CAPABILITY_ATTRIBUTE;
pub use capability::Capabilities;
pub use layers::{Loss, Taken};
pub use lost::Lost;
pub use mounted::{MOUNTS, Mounted, mounted};
pub use overlay::{Overlay, OverlayError};
pub use scan::{Glance, START, Scan};
pub use walk::{Follow, Hop, Walk};

/// A file, directory or link of one [`Filesystem`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeId(pub u32);

/// What kind of thing a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, fifo or socket.
    Other,
}

/// Two names with the same identity are one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// The device, or whatever tells parts of a filesystem apart.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// What `stat` says of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metadata {
    /// Kind of node.
    pub kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky: the low 12.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// Which file it is.
    pub identity: Identity,
}

/// What an opened path leads to.
pub struct Opened {
    /// What it is.
    pub metadata: Metadata,
    /// Its bytes; `None` unless it is a regular file.
    pub data: Option<Box<dyn ReadAt>>,
}

/// Takes the path of a directory, a name in it, what that is; says whether to go
/// into it.
pub type VisitName<'v> = dyn FnMut(&[u8], &[u8], Kind) -> bool + 'v;

/// A tree of files that can be looked at.
pub trait Filesystem {
    /// The root directory.
    fn root(&self) -> NodeId;

    /// The entry `name` of a directory.
    ///
    /// # Errors
    /// Where the directory could not be looked at.
    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno>;

    /// What a node is.
    fn metadata(&self, node: NodeId) -> Metadata;

    /// Where a symlink points.
    ///
    /// # Errors
    /// Where the link could not be read.
    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno>;

    /// The bytes of a regular file.
    ///
    /// # Errors
    /// Where the file could not be opened.
    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>>;

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// Where the directory could not be listed.
    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno>;

    /// Opens the file that `path` leads to in one step, where there is a faster
    /// way than walking. It must give what the walk gives for root.
    fn open_path(&self, _path: &[u8]) -> Option<Result<Opened, Errno>> {
        None
    }

    /// What a regular file grants who executes it, where it has such an attribute.
    fn capabilities(&self, _file: NodeId) -> Option<Capabilities> {
        None
    }

    /// Whether files come in layers.
    fn is_layered(&self) -> bool {
        false
    }

    /// The layer that brought a node, from 1, where there are layers.
    fn layer(&self, _node: NodeId) -> Option<u32> {
        None
    }

    /// What a directory once had under `name`, and which layer took it last.
    fn lost(&self, _directory: NodeId, _name: &[u8]) -> Option<Loss> {
        None
    }

    /// What stood in the place of a directory before it was made anew, and which
    /// layer took that.
    fn former(&self, _directory: NodeId) -> Option<Loss> {
        None
    }

    /// Tells `visit` every name below the root: the path of its directory without
    /// the leading slash, the name, what it is. A directory is gone into where
    /// `visit` says so. What cannot be listed is left out; a name that something
    /// was laid over may come twice. No byte of a file is read, and nothing that
    /// is met is remembered.
    fn walk_names(&self, visit: &mut VisitName<'_>) {
        let mut waiting = vec![(self.root(), Vec::new())];
        while let Some((directory, path)) = waiting.pop() {
            for name in self.names(directory).unwrap_or_default() {
                let Ok(Some(node)) = self.child(directory, &name) else {
                    continue;
                };
                let kind = self.metadata(node).kind;
                if visit(&path, &name, kind) && kind == Kind::Directory {
                    waiting.push((node, scan::joined(&path, &name)));
                }
            }
        }
    }

    /// The same filesystem for another thread, where that costs little. It remembers
    /// nothing of what was looked at here.
    fn twin(&self) -> Option<Twin<Box<dyn Filesystem>>> {
        None
    }

    /// Tells `scan` everything below the root, and `glance`s at the regular files that are
    /// wanted, on up to `jobs` threads where it can do that.
    fn scan(&self, _jobs: usize, glance: &dyn Glance, scan: &mut dyn Scan) {
        scan::scan_below(self, glance, scan);
    }
}

/// Makes the same filesystem once more, on the thread that calls it.
pub type Twin<T> = Box<dyn FnOnce() -> T + Send>;

/// Who looks: the target's user, not ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// User ID.
    pub uid: u32,
    /// Group ID.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// Permission to read, to write or to execute, as in one digit of a mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// 4
    Read = 4,
    /// 1
    Execute = 1,
}

impl Credentials {
    /// The superuser.
    #[must_use]
    pub fn root() -> Self {
        Credentials {
            uid: 0,
            gid: 0,
            groups: Vec::new(),
        }
    }

    /// Whether permission bits do not bind this user.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Whether a file with this metadata grants `access`
    /// (`fs/namei.c:generic_permission`). Root may read anything and search any
    /// directory, and executes what has any execute bit at all.
    #[must_use]
    pub fn may(&self, access: Access, of: &Metadata) -> bool {
        let bit = access as u32;
        if self.is_root() {
            return access == Access::Read || of.kind == Kind::Directory || of.mode & 0o111 != 0;
        }
        let class = if self.uid == of.uid {
            of.mode >> 6
        } else if self.gid == of.gid || self.groups.contains(&of.gid) {
            of.mode >> 3
        } else {
            of.mode
        };
        class & bit != 0
    }
}

/// A filesystem as one user's processes see it.
pub struct Rootfs {
    filesystem: Box<dyn Filesystem>,
    user: Credentials,
    /// Whether a whole-path look-up by the running kernel sees what this user
    /// would see.
    kernel_may_look: bool,
}

impl Rootfs {
    /// `filesystem` as `user` sees it. `user_is_us` says that this process has
    /// the very rights of `user`, so that the running kernel's permission checks
    /// are the right ones.
    #[must_use]
    pub fn new(filesystem: Box<dyn Filesystem>, user: Credentials, user_is_us: bool) -> Self {
        let kernel_may_look = user.is_root() || user_is_us;
        Rootfs {
            filesystem,
            user,
            kernel_may_look,
        }
    }

    /// Walks every path by ourselves from now on.
    pub fn walk_always(&mut self) {
        self.kernel_may_look = false;
    }

    /// The same for another thread, where that costs little.
    #[must_use]
    pub fn twin(&self) -> Option<Twin<Rootfs>> {
        let filesystem = self.filesystem.twin()?;
        let (user, kernel_may_look) = (self.user.clone(), self.kernel_may_look);
        Some(Box::new(move || Rootfs {
            filesystem: filesystem(),
            user,
            kernel_may_look,
        }))
    }

    /// Who looks.
    #[must_use]
    pub fn user(&self) -> &Credentials {
        &self.user
    }

    /// The tree behind it.
    #[must_use]
    pub fn filesystem(&self) -> &dyn Filesystem {
        &*self.filesystem
    }

    /// Gives the tree back, for someone else to look at.
    #[must_use]
    pub fn into_filesystem(self) -> Box<dyn Filesystem> {
        self.filesystem
    }

    /// Follows `path`, noting every link on the way.
    #[must_use]
    pub fn walk<'w>(&self, path: impl Into<Way<'w>>, follow: Follow) -> Walk {
        walk::walk(&*self.filesystem, &self.user, path.into(), follow)
    }

    /// [`Rootfs::walk`] in a filesystem that is still being put together.
    #[must_use]
    pub fn walk_in<'w>(
        filesystem: &dyn Filesystem,
        user: &Credentials,
        path: impl Into<Way<'w>>,
        follow: Follow,
    ) -> Walk {
        walk::walk(filesystem, user, path.into(), follow)
    }

    /// Opens what `path` leads to for reading, as `open(path, O_RDONLY)` would.
    ///
    /// # Errors
    /// What `open` would set `errno` to. `EACCES` for root, or for a file whose
    /// mode grants reading, means that we are not allowed what they are.
    pub fn open<'w>(&self, path: impl Into<Way<'w>>) -> Result<Opened, Errno> {
        let way = path.into();
        if self.kernel_may_look
            && let Some(opened) = self.filesystem.open_path(way.path)
        {
            return opened;
        }
        let node = self.walk(way, Follow::Last).end?;
        let metadata = self.filesystem.metadata(node);
        if !self.user.may(Access::Read, &metadata) {
            return Err(Errno::ACCES);
        }
        let data = match metadata.kind {
            Kind::File => Some(self.open_node(node)?),
            _ => None,
        };
        Ok(Opened { metadata, data })
    }

    /// As [`Rootfs::open`], but as root would: for telling what a file is,
    /// whoever may read it.
    ///
    /// # Errors
    /// What `open` would set `errno` to for root.
    pub fn open_as_root(&self, path: &[u8]) -> Result<Opened, Errno> {
        if self.user.is_root() {
            return self.open(path);
        }
        let walk = Rootfs::walk_in(&*self.filesystem, &Credentials::root(), path, Follow::Last);
        let node = walk.end?;
        let metadata = self.filesystem.metadata(node);
        let data = match metadata.kind {
            Kind::File => Some(self.open_node(node)?),
            _ => None,
        };
        Ok(Opened { metadata, data })
    }

    /// The bytes of a file that was walked to.
    ///
    /// # Errors
    /// What opening it reports to us.
    pub fn open_node(&self, node: NodeId) -> Result<Box<dyn ReadAt>, Errno> {
        self.filesystem
            .open(node)
            .map_err(|error| Errno::from(&error))
    }

    /// The whole of a small file.
    ///
    /// # Errors
    /// As for [`Rootfs::open`]; `EISDIR` for a directory.
    pub fn read(&self, path: &[u8], limit: usize) -> Result<Vec<u8>, Errno> {
        self.read_by(path, |data| read_all(data, limit))
    }

    /// As [`Rootfs::read`], for several who want the same bytes.
    ///
    /// # Errors
    /// As for [`Rootfs::read`].
    pub fn read_shared(&self, path: &[u8], limit: usize) -> Result<Rc<[u8]>, Errno> {
        self.read_by(path, |data| read_shared(data, limit))
    }

    fn read_by<T: Default>(
        &self,
        path: &[u8],
        read: impl FnOnce(&dyn ReadAt) -> io::Result<T>,
    ) -> Result<T, Errno> {
        let opened = self.open(path)?;
        match (opened.data, opened.metadata.kind) {
            (Some(data), _) => read(&*data).map_err(|error| Errno::from(&error)),
            (None, Kind::Directory) => Err(Errno::ISDIR),
            (None, _) => Ok(T::default()),
        }
    }

    /// What `path` leads to.
    ///
    /// # Errors
    /// What `stat` would set `errno` to.
    pub fn metadata<'w>(&self, path: impl Into<Way<'w>>) -> Result<Metadata, Errno> {
        self.walk(path, Follow::Last)
            .end
            .map(|node| self.filesystem.metadata(node))
    }

    /// The path of the file that `path` leads to, without links.
    #[must_use]
    pub fn real_path<'w>(&self, path: impl Into<Way<'w>>) -> Option<TargetPath> {
        let walk = self.walk(path, Follow::Last);
        walk.end.is_ok().then_some(walk.real_path)
    }

    /// What the file that `path` leads to grants who executes it.
    #[must_use]
    pub fn capabilities(&self, path: &[u8]) -> Option<Capabilities> {
        let node = self.walk_as_root(path).end.ok()?;
        self.filesystem.capabilities(node)
    }

    /// The layer that brought what `path` leads to.
    #[must_use]
    pub fn layer(&self, path: &[u8]) -> Option<u32> {
        if !self.filesystem.is_layered() {
            return None;
        }
        let node = self.walk_as_root(path).end.ok()?;
        self.filesystem.layer(node)
    }

    fn walk_as_root(&self, path: &[u8]) -> Walk {
        let root = Credentials::root();
        walk::walk(&*self.filesystem, &root, path.into(), Follow::Last)
    }
}
