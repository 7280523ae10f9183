//! A target's filesystem as someone sees it who is not yet decided on.

use crate::errno::Errno;
use crate::path::TargetPath;
use crate::read_at::read_all;
use crate::rootfs::{Access, Credentials, Filesystem, Follow, Kind, Metadata, Rootfs};

/// A filesystem seen from a working directory. Engines look as root, runtimes
/// first as root and then as the container's user, so each question names who asks.
#[derive(Clone, Copy)]
pub(super) struct View<'f> {
    pub(super) filesystem: &'f dyn Filesystem,
    pub(super) workdir: &'f TargetPath,
    /// A path of which it is known what `stat` says to root.
    pub(super) known: Option<(&'f [u8], Metadata)>,
}

impl View<'_> {
    /// What `stat(path)` says to `user`; a relative path starts at the working
    /// directory.
    pub(super) fn stat(&self, user: &Credentials, path: &[u8]) -> Result<Metadata, Errno> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        match self.known {
            Some((known, metadata)) if known == path && user.is_root() => return Ok(metadata),
            _ => {}
        }
        let path = self.workdir.seen_by_process(path);
        let walk = Rootfs::walk_in(self.filesystem, user, &path, Follow::Last);
        walk.end.map(|node| self.filesystem.metadata(node))
    }

    /// Whether `path` itself is a link.
    pub(super) fn is_link(&self, path: &[u8]) -> bool {
        let path = self.workdir.join(path);
        let root = Credentials::root();
        let walk = Rootfs::walk_in(self.filesystem, &root, path.as_bytes(), Follow::NotLast);
        let kind = walk.end.map(|node| self.filesystem.metadata(node).kind);
        kind == Ok(Kind::Symlink)
    }

    /// Whether `faccessat(X_OK)` lets `user` pass. A directory is searched, not
    /// executed, and root may search any.
    pub(super) fn may_execute(user: &Credentials, of: &Metadata) -> bool {
        user.may(Access::Execute, of)
    }

    /// The first `limit` bytes of the regular file that `path` leads to, as root
    /// would read them; nothing where there is none.
    pub(super) fn read(&self, path: &[u8], limit: usize) -> Option<Result<Vec<u8>, Errno>> {
        let path = self.workdir.join(path);
        let root = Credentials::root();
        let walk = Rootfs::walk_in(self.filesystem, &root, path.as_bytes(), Follow::Last);
        let node = walk.end.ok()?;
        if self.filesystem.metadata(node).kind != Kind::File {
            return None;
        }
        let data = self.filesystem.open(node);
        let bytes = data.and_then(|data| read_all(&*data, limit));
        Some(bytes.map_err(|error| Errno::from(&error)))
    }
}
