//! What keeps the target's user from a file that is there, and us from one that may be.

use std::sync::Arc;

use super::Inspector;
use crate::content::Content;
use crate::elf::Object;
use crate::errno::Errno;
use crate::finding::Barrier;
use crate::path::TargetPath;
use crate::report::{ErrorKind, ReportError};
use crate::rootfs::{Access, Credentials, Follow, Kind, Metadata, Rootfs};

impl Inspector<'_> {
    /// What keeps the user from reading the file that `path` leads to: nothing where
    /// there is no file, or where it is for them.
    pub(super) fn barrier(&self, path: &[u8]) -> Option<Barrier> {
        let rootfs = self.files.rootfs();
        if rootfs.user().is_root() {
            return None;
        }
        let path = self.settings.workdir.seen_by_process(path);
        let object = self.object_for_root(&path)?;
        let walk = rootfs.walk(&path, Follow::Last);
        // Where the walk was refused it ended at the directory that may not be searched;
        // a refusal of ours, who read the target, has the entry's name behind it.
        let (metadata, wanted) = match walk.end {
            Ok(node) => (rootfs.filesystem().metadata(node), Access::Read),
            Err(Errno::ACCES) => (self.as_root(&walk.real_path)?, Access::Execute),
            Err(_) => return None,
        };
        let is_directory = metadata.kind == Kind::Directory;
        let is_it = is_directory == (wanted == Access::Execute);
        let keeps = is_it && !rootfs.user().may(wanted, &metadata);
        let (file, file_metadata, directories) = self.on_the_way(&path)?;
        keeps.then_some(Barrier {
            path: walk.real_path,
            metadata,
            directories,
            file,
            file_metadata,
            object,
        })
    }

    /// A directory of PATH that may have `name`, and in which root may look and we may not.
    pub(super) fn barred_to_us(&self, name: &[u8]) -> Option<ReportError> {
        let rootfs = self.files.rootfs();
        let mut directories = self.path().split(|&byte| byte == b':');
        directories
            .find_map(|directory| {
                let path = self.settings.workdir.seen_by_process(directory).join(name);
                let errno = rootfs.metadata(&path).err()?;
                (errno == Errno::ACCES && rootfs.user().is_root()).then_some(path)
            })
            .map(|path| ReportError {
                kind: ErrorKind::Io,
                target: Some(0),
                path: Some(path.to_string()),
                message: format!("cannot read it: {}", Errno::ACCES),
                offset: None,
            })
    }

    /// The file that root would find, its mode and owner, and the directories on the way
    /// that the user may not search: those above the links and above the file.
    fn on_the_way(&self, path: &TargetPath) -> Option<(TargetPath, Metadata, Vec<TargetPath>)> {
        let rootfs = self.files.rootfs();
        let root = Credentials::root();
        let walk = Rootfs::walk_in(rootfs.filesystem(), &root, path, Follow::Last);
        let metadata = rootfs.filesystem().metadata(walk.end.ok()?);
        let links = walk.hops.iter().map(|hop| &hop.link);
        let mut closed: Vec<TargetPath> = Vec::new();
        for path in links.chain([&walk.real_path]) {
            for directory in above(path) {
                let is_closed = self
                    .as_root(&directory)
                    .is_some_and(|metadata| !rootfs.user().may(Access::Execute, &metadata));
                if is_closed && !closed.contains(&directory) {
                    closed.push(directory);
                }
            }
        }
        Some((walk.real_path, metadata, closed))
    }

    /// What root sees at a path without links.
    fn as_root(&self, path: &TargetPath) -> Option<Metadata> {
        let filesystem = self.files.rootfs().filesystem();
        let root = Credentials::root();
        let walk = Rootfs::walk_in(filesystem, &root, path.as_bytes(), Follow::NotLast);
        let node = walk.end.ok()?;
        Some(filesystem.metadata(node))
    }

    /// The ELF file that root would find, `None` in it for another file.
    fn object_for_root(&self, path: &TargetPath) -> Option<Option<Arc<Object>>> {
        let opened = self.files.rootfs().open_as_root(path.as_bytes()).ok()?;
        if opened.metadata.kind != Kind::File {
            return None;
        }
        let content = self.files.record(self.files.keep(&opened)).content;
        Some(match content {
            Ok(Content::Elf(object)) => Some(object),
            _ => None,
        })
    }
}

/// The directories above `path`, from the root on.
fn above(path: &TargetPath) -> Vec<TargetPath> {
    let up = |path: &TargetPath| Some(path.parent()).filter(|parent| parent != path);
    let mut all: Vec<TargetPath> = std::iter::successors(up(path), up).collect();
    all.reverse();
    all
}
