//! What a name leads to that is not found: in PATH, or at the end of links.

use super::Inspector;
use crate::errno::Errno;
use crate::finding::{InPath, NotFound};
use crate::path::TargetPath;
use crate::rootfs::{Access, Credentials, Follow, Kind, Rootfs};

impl Inspector<'_> {
    /// The first file or link in PATH that is called `name`, and what is the matter with it.
    pub(super) fn met_in_path(&self, name: &[u8]) -> Option<InPath> {
        let mut directories = self.path().split(|&byte| byte == b':');
        directories.find_map(|directory| {
            if directory.first() != Some(&b'/') || name.is_empty() {
                return None;
            }
            let path = TargetPath::root().join(&[directory, b"/", name].concat());
            let why = self.not_found(&path)?;
            Some(InPath { path, why })
        })
    }

    /// What keeps the file or link at `path` from being found; `None` where there is none.
    fn not_found(&self, path: &TargetPath) -> Option<NotFound> {
        let rootfs = self.files.rootfs();
        let filesystem = rootfs.filesystem();
        let walk = |user| Rootfs::walk_in(filesystem, user, path, Follow::Last);
        let root = Credentials::root();
        let Ok(node) = walk(&root).end else {
            let hops = self.hops(path.as_bytes());
            let end = self.leads_to(path)?;
            return Some(NotFound::Dangling(hops, end));
        };
        let metadata = filesystem.metadata(node);
        if metadata.kind != Kind::File {
            return None;
        }
        if walk(rootfs.user()).end == Err(Errno::ACCES) {
            return self.barrier(path.as_bytes()).map(NotFound::Closed);
        }
        let may = rootfs.user().may(Access::Execute, &metadata);
        (!may).then_some(NotFound::NotExecutable(metadata))
    }

    /// The file that is not there and that the links at `path` lead to, as root would find.
    pub(super) fn leads_to(&self, path: &TargetPath) -> Option<TargetPath> {
        let root = Credentials::root();
        let filesystem = self.files.rootfs().filesystem();
        let walk = Rootfs::walk_in(filesystem, &root, path, Follow::Last);
        let is_link = walk.end == Err(Errno::NOENT) && !self.hops(path.as_bytes()).is_empty();
        is_link.then(|| match walk.rest.is_empty() {
            true => walk.real_path,
            false => walk.real_path.join(&walk.rest.join(&b'/')),
        })
    }
}
