//! An image's files as a container sees them: what a runtime mounts hides what the
//! image has in its place.
//!
//! Every engine has `/proc`, `/dev` and `/sys` among its default mounts (moby
//! `daemon/pkg/oci/defaults.go`, containerd `pkg/oci/mounts.go`, podman's
//! `runtime-tools/generate`); the others of them lie below these. A mount goes to where
//! links lead inside the root (runc `libcontainer/rootfs_linux.go:mountToRootfs`).

use std::io;

use super::{
    Capabilities, Credentials, Filesystem, Follow, Kind, Loss, Metadata, NodeId, Rootfs, Taken,
    VisitName,
};
use crate::errno::Errno;
use crate::read_at::ReadAt;

/// What every engine mounts over.
pub const MOUNTS: [&str; 3] = ["/proc", "/dev", "/sys"];

/// A filesystem with mounts over it, which are empty as far as files of the image go.
pub struct Mounted {
    lower: Box<dyn Filesystem>,
    /// Directories that are mounted over.
    over: Vec<(NodeId, &'static str)>,
    /// Their real paths, without the leading slash.
    paths: Vec<Vec<u8>>,
}

/// `filesystem` with the mounts of a runtime; itself where they hide nothing.
#[must_use]
pub fn mounted(filesystem: Box<dyn Filesystem>) -> Box<dyn Filesystem> {
    let mut over = Vec::new();
    let mut paths = Vec::new();
    for mount in MOUNTS {
        let root = Credentials::root();
        let walk = Rootfs::walk_in(&*filesystem, &root, mount.as_bytes(), Follow::Last);
        let Ok(node) = walk.end else { continue };
        let hides = filesystem.metadata(node).kind == Kind::Directory
            && filesystem.names(node).is_ok_and(|names| !names.is_empty());
        if hides {
            over.push((node, mount));
            let path = walk.real_path.as_bytes();
            paths.push(path.strip_prefix(b"/").unwrap_or(path).to_vec());
        }
    }
    match over.is_empty() {
        true => filesystem,
        false => Box::new(Mounted {
            lower: filesystem,
            over,
            paths,
        }),
    }
}

impl Mounted {
    /// The mount over a directory.
    fn mount(&self, directory: NodeId) -> Option<&'static str> {
        let mut over = self.over.iter();
        over.find(|(node, _)| *node == directory)
            .map(|(_, mount)| *mount)
    }
}

impl Filesystem for Mounted {
    fn root(&self) -> NodeId {
        self.lower.root()
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno> {
        match self.mount(directory) {
            Some(_) => Ok(None),
            None => self.lower.child(directory, name),
        }
    }

    fn metadata(&self, node: NodeId) -> Metadata {
        self.lower.metadata(node)
    }

    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno> {
        self.lower.link_target(link)
    }

    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>> {
        self.lower.open(file)
    }

    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno> {
        match self.mount(directory) {
            Some(_) => Ok(Vec::new()),
            None => self.lower.names(directory),
        }
    }

    fn capabilities(&self, file: NodeId) -> Option<Capabilities> {
        self.lower.capabilities(file)
    }

    fn is_layered(&self) -> bool {
        self.lower.is_layered()
    }

    fn layer(&self, node: NodeId) -> Option<u32> {
        self.lower.layer(node)
    }

    fn lost(&self, directory: NodeId, name: &[u8]) -> Option<Loss> {
        let Some(mount) = self.mount(directory) else {
            return self.lower.lost(directory, name);
        };
        let node = self.lower.child(directory, name).ok()??;
        Some(Loss {
            node,
            brought_by: self.lower.layer(node),
            taken_by: None,
            how: Taken::Mounted(mount),
        })
    }

    fn former(&self, directory: NodeId) -> Option<Loss> {
        self.lower.former(directory)
    }

    fn walk_names(&self, visit: &mut VisitName<'_>) {
        let is_below = |directory: &[u8]| {
            self.paths.iter().any(|path| {
                let rest = directory.strip_prefix(&path[..]);
                path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
            })
        };
        // A name of an overlay comes whether or not its directory was gone into.
        self.lower.walk_names(&mut |directory, name, kind| {
            !is_below(directory) && visit(directory, name, kind)
        });
    }
}
