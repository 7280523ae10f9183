//! A directory of the host as a target's root.
//!
//! Whole paths are opened with `openat2(RESOLVE_IN_ROOT)` where the kernel has
//! it: it resolves exactly as in a chroot and cannot be led outside by a link
//! that is swapped meanwhile. Everything else, and every other system, takes the
//! walk in `rootfs` over `lstat` of paths whose parents are known to be real
//! directories; what was looked at once is remembered.

mod listing;
mod scan;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use foldhash::fast::RandomState;
use rustix::fs::OFlags;

use super::SourceError;
use super::host_file::HostFile;
use crate::errno::Errno;
use crate::read_at::ReadAt;
use crate::rootfs::{
    CAPABILITY_ATTRIBUTE, Capabilities, Filesystem, Glance, Identity, Kind, Metadata, NodeId,
    Opened, Scan, Twin, VisitName,
};

/// Opening must not wait for a fifo's writer, seize a terminal, or leak.
const OPEN_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// How often a look-up is repeated that a rename somewhere on the system broke
/// off, before the path is walked instead.
#[cfg(target_os = "linux")]
const RETRIES: usize = 8;

/// A directory of the host.
pub struct Directory {
    root: PathBuf,
    handle: File,
    /// The directory is the host's own `/`, where links need no confinement and
    /// those of `/proc` work.
    is_host_root: bool,
    kernel_resolves: Cell<bool>,
    nodes: RefCell<Nodes>,
}

struct Nodes {
    all: Vec<Node>,
    children: HashMap<(NodeId, Rc<[u8]>), Option<NodeId>, RandomState>,
}

struct Node {
    metadata: Metadata,
    parent: NodeId,
    name: Rc<[u8]>,
    /// Where it points to, if it is a link that was read.
    target: Option<Box<[u8]>>,
}

impl Nodes {
    /// The root alone.
    fn new(metadata: Metadata) -> Nodes {
        let root = Node {
            metadata,
            parent: NodeId(0),
            name: Rc::from(&b""[..]),
            target: None,
        };
        Nodes {
            all: vec![root],
            children: HashMap::default(),
        }
    }
}

impl Directory {
    /// Opens `root`.
    ///
    /// # Errors
    /// Where it is no directory or cannot be opened.
    #[expect(
        clippy::disallowed_methods,
        reason = "a source is where the host is asked"
    )]
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        let failed = |cause| SourceError::Directory {
            path: root.to_owned(),
            cause,
        };
        let handle = fs::OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(OFlags::DIRECTORY.bits()).unwrap_or(0))
            .open(root)
            .map_err(failed)?;
        let of_root = handle.metadata().map_err(failed)?;
        let is_host_root = fs::metadata("/")
            .is_ok_and(|host| host.dev() == of_root.dev() && host.ino() == of_root.ino());
        Ok(Directory {
            root: root.to_owned(),
            handle,
            is_host_root,
            kernel_resolves: Cell::new(cfg!(target_os = "linux")),
            nodes: RefCell::new(Nodes::new(metadata(&of_root))),
        })
    }

    /// Whether this is the host's own root directory.
    #[must_use]
    pub fn is_host_root(&self) -> bool {
        self.is_host_root
    }

    /// The host path of a node. Its parents are real directories, so no link is
    /// followed but a last one, and that only by who wants to.
    fn host_path(&self, node: NodeId, below: Option<&[u8]>) -> PathBuf {
        let nodes = self.nodes.borrow();
        let mut names = Vec::new();
        let mut at = node;
        while at.0 != 0 {
            let node = &nodes.all[at.0 as usize];
            names.push(&node.name);
            at = node.parent;
        }
        let mut path = self.root.clone();
        path.extend(names.iter().rev().map(|name| OsStr::from_bytes(name)));
        if let Some(name) = below {
            path.push(OsStr::from_bytes(name));
        }
        path
    }

    /// Everything below the root, in the order of names.
    fn walk(&self) -> walkdir::IntoIter {
        // Those of one directory differ in their names alone, and bytes are quicker
        // compared than components.
        walkdir::WalkDir::new(&self.root)
            .min_depth(1)
            .sort_by(|a, b| {
                let [a, b] = [a, b].map(|entry| entry.path().as_os_str().as_bytes());
                a.cmp(b)
            })
            .into_iter()
    }

    /// A path that the walk made, without the root's and without a leading slash.
    fn inside<'p>(&self, path: &'p Path) -> &'p [u8] {
        let path = path.as_os_str().as_bytes();
        let below = path.strip_prefix(self.root.as_os_str().as_bytes());
        let below = below.unwrap_or(path);
        below.strip_prefix(b"/").unwrap_or(below)
    }

    #[cfg(target_os = "linux")]
    fn resolve(&self, path: &[u8]) -> Option<Result<File, Errno>> {
        use rustix::fs::{Mode, ResolveFlags, openat2};
        use rustix::io::Errno as Os;

        if !self.kernel_resolves.get() {
            return None;
        }
        let confined = if self.is_host_root {
            ResolveFlags::empty()
        } else {
            ResolveFlags::IN_ROOT
        };
        for _ in 0..RETRIES {
            match openat2(&self.handle, path, OPEN_FLAGS, Mode::empty(), confined) {
                Ok(fd) => return Some(Ok(File::from(fd))),
                Err(Os::AGAIN | Os::INTR) => {}
                Err(Os::NOSYS | Os::PERM) => {
                    self.kernel_resolves.set(false);
                    return None;
                }
                // The kernel may count a link twice when it starts a walk over;
                // ours does not.
                Err(Os::LOOP) => return None,
                // A magic link: in a chroot it would lead somewhere, here the
                // walk decides by its text.
                Err(Os::XDEV) => return None,
                Err(errno) => return Some(Err(Errno(errno.raw_os_error()))),
            }
        }
        None
    }

    #[cfg(not(target_os = "linux"))]
    fn resolve(&self, _path: &[u8]) -> Option<Result<File, Errno>> {
        None
    }
}

fn kind(of: fs::FileType) -> Kind {
    match of {
        of if of.is_file() => Kind::File,
        of if of.is_dir() => Kind::Directory,
        of if of.is_symlink() => Kind::Symlink,
        _ => Kind::Other,
    }
}

/// The directory's path and the name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

fn metadata(of: &fs::Metadata) -> Metadata {
    Metadata {
        kind: kind(of.file_type()),
        mode: of.mode() & 0o7777,
        uid: of.uid(),
        gid: of.gid(),
        size: of.size(),
        identity: Identity {
            device: of.dev(),
            inode: of.ino(),
        },
    }
}

/// The same from `fstat`, which is quicker than what `std` asks for.
#[expect(
    clippy::cast_sign_loss,
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "the fields differ in width and sign between systems; sizes are never negative"
)]
fn of_stat(of: &rustix::fs::Stat) -> Metadata {
    use rustix::fs::FileType;
    let kind = match FileType::from_raw_mode(of.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    };
    Metadata {
        kind,
        mode: u32::from(of.st_mode) & 0o7777,
        uid: of.st_uid,
        gid: of.st_gid,
        size: of.st_size as u64,
        identity: Identity {
            device: of.st_dev as u64,
            inode: of.st_ino as u64,
        },
    }
}

impl Filesystem for Directory {
    fn root(&self) -> NodeId {
        NodeId(0)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "its parents are real directories of the root"
    )]
    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno> {
        let key = (directory, Rc::from(name));
        if let Some(&known) = self.nodes.borrow().children.get(&key) {
            return Ok(known);
        }
        let path = self.host_path(directory, Some(name));
        let found = match fs::symlink_metadata(path) {
            Ok(found) => Some(metadata(&found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Errno::from(&error)),
        };
        let nodes = &mut *self.nodes.borrow_mut();
        let node = found.map(|metadata| {
            let id = u32::try_from(nodes.all.len()).expect("fewer nodes than fit 32 bits");
            nodes.all.push(Node {
                metadata,
                parent: directory,
                name: key.1.clone(),
                target: None,
            });
            NodeId(id)
        });
        nodes.children.insert(key, node);
        Ok(node)
    }

    fn metadata(&self, node: NodeId) -> Metadata {
        self.nodes.borrow().all[node.0 as usize].metadata
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "its parents are real directories of the root"
    )]
    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno> {
        if let Some(known) = &self.nodes.borrow().all[link.0 as usize].target {
            return Ok(known.to_vec());
        }
        let target = fs::read_link(self.host_path(link, None));
        let target = target.map_err(|error| Errno::from(&error))?;
        let target = target.into_os_string().into_vec();
        self.nodes.borrow_mut().all[link.0 as usize].target = Some(target.as_slice().into());
        Ok(target)
    }

    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>> {
        HostFile::open(&self.host_path(file, None)).map(|file| Box::new(file) as Box<dyn ReadAt>)
    }

    #[cfg(target_os = "linux")]
    fn capabilities(&self, file: NodeId) -> Option<Capabilities> {
        let mut value = [0_u8; 32];
        let path = self.host_path(file, None);
        let length = rustix::fs::lgetxattr(path, CAPABILITY_ATTRIBUTE, &mut value).ok()?;
        Capabilities::parse(value.get(..length)?)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "its parents are real directories of the root"
    )]
    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno> {
        let read = |path: PathBuf| -> io::Result<Vec<Vec<u8>>> {
            fs::read_dir(path)?
                .map(|entry| Ok(entry?.file_name().into_vec()))
                .collect()
        };
        let mut names =
            read(self.host_path(directory, None)).map_err(|error| Errno::from(&error))?;
        names.sort();
        Ok(names)
    }

    fn open_path(&self, path: &[u8]) -> Option<Result<Opened, Errno>> {
        let opened = match self.resolve(path)? {
            Ok(file) => rustix::fs::fstat(&file)
                .map_err(|errno| Errno(errno.raw_os_error()))
                .map(|found| {
                    let metadata = of_stat(&found);
                    let size = metadata.size;
                    let is_file = metadata.kind == Kind::File;
                    let data =
                        is_file.then(|| Box::new(HostFile::new(file, size)) as Box<dyn ReadAt>);
                    Opened { metadata, data }
                }),
            Err(errno) => Err(errno),
        };
        Some(opened)
    }

    fn walk_names(&self, visit: &mut VisitName<'_>) {
        let mut walk = self.walk();
        while let Some(entry) = walk.next() {
            let Ok(entry) = entry else { continue };
            let kind = kind(entry.file_type());
            let (parent, name) = split(self.inside(entry.path()));
            let goes_in = visit(parent, name, kind);
            let is_virtual = self.is_host_root && is_virtual(entry.path());
            if kind == Kind::Directory && (!goes_in || is_virtual) {
                walk.skip_current_dir();
            }
        }
    }

    fn twin(&self) -> Option<Twin<Box<dyn Filesystem>>> {
        let root = self.root.clone();
        let handle = self.handle.try_clone().ok()?;
        let is_host_root = self.is_host_root;
        let kernel_resolves = self.kernel_resolves.get();
        let metadata = self.metadata(NodeId(0));
        Some(Box::new(move || {
            Box::new(Directory {
                root,
                handle,
                is_host_root,
                kernel_resolves: Cell::new(kernel_resolves),
                nodes: RefCell::new(Nodes::new(metadata)),
            })
        }))
    }

    fn scan(&self, jobs: usize, glance: &dyn Glance, scan: &mut dyn Scan) {
        scan::Scanning::new(self, glance, jobs).run(scan);
    }
}

fn is_virtual(path: &Path) -> bool {
    ["/proc", "/sys", "/dev"]
        .iter()
        .any(|directory| path == Path::new(directory))
}
