//! Looking at every file of a tree once.
//!
//! Names are told in a fixed order; what is in the files is glanced at on several
//! threads where the filesystem can do that, and told in the same order.

use super::{Filesystem, Kind, Metadata};
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::read_at::{Facts, ReadAt};

/// How many of a file's first bytes [`Glance::may_keep`] is shown, unless the file is
/// shorter.
pub const START: usize = 256;

/// Looks at files, each on whatever thread came to it.
pub trait Glance: Sync {
    /// Whether the regular file at `path`, which is absolute, is to be looked at.
    fn wants(&self, path: &[u8]) -> bool;

    /// Whether something may be kept of a file whose first [`START`] bytes are `start`.
    fn may_keep(&self, start: &[u8]) -> bool;

    /// What is worth keeping of a regular file; `None` where nothing is.
    fn glance(&self, metadata: &Metadata, data: &dyn ReadAt) -> Option<Facts>;
}

/// Is told what a scan meets.
pub trait Scan {
    /// A name, with the path of its directory without the leading slash, and what it is.
    fn name(&mut self, directory: &[u8], name: &[u8], kind: Kind);

    /// A regular file of which something was kept.
    fn file(&mut self, path: TargetPath, metadata: Metadata, facts: Facts);

    /// What cannot be listed or read.
    fn problem(&mut self, path: TargetPath, errno: Errno);
}

/// `name` in the directory `path`, neither with a leading slash.
pub(super) fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    match path {
        b"" => name.to_vec(),
        _ => [path, b"/", name].concat(),
    }
}

/// [`Filesystem::scan`] on this thread alone. It keeps its own stack: a directory of
/// the host can be deeper than ours.
pub(super) fn scan_below<F: Filesystem + ?Sized>(
    filesystem: &F,
    glance: &dyn Glance,
    scan: &mut dyn Scan,
) {
    let mut open = match filesystem.names(filesystem.root()) {
        Ok(names) => vec![(filesystem.root(), Vec::new(), names.into_iter())],
        Err(errno) => return scan.problem(TargetPath::root(), errno),
    };
    while let Some((directory, path, names)) = open.last_mut() {
        let Some(name) = names.next() else {
            open.pop();
            continue;
        };
        let below = joined(path, &name);
        let target = TargetPath::root().join(&below);
        let node = match filesystem.child(*directory, &name) {
            Ok(Some(node)) => node,
            Ok(None) => continue,
            Err(errno) => {
                scan.problem(target, errno);
                continue;
            }
        };
        let metadata = filesystem.metadata(node);
        scan.name(path, &name, metadata.kind);
        match metadata.kind {
            Kind::Directory => match filesystem.names(node) {
                Ok(names) => open.push((node, below, names.into_iter())),
                Err(errno) => scan.problem(target, errno),
            },
            Kind::File if glance.wants(target.as_bytes()) => {
                let glanced = filesystem
                    .open(node)
                    .map(|data| glance.glance(&metadata, &*data));
                match glanced {
                    Ok(Some(facts)) => scan.file(target, metadata, facts),
                    Ok(None) => {}
                    Err(error) => unreadable(target, &metadata, Errno::from(&error), scan),
                }
            }
            Kind::File | Kind::Symlink | Kind::Other => {}
        }
    }
}

/// A file that cannot be opened matters where somebody may execute it; of others there
/// are many that only their owners may read.
pub(crate) fn unreadable(path: TargetPath, metadata: &Metadata, errno: Errno, scan: &mut dyn Scan) {
    if metadata.mode & 0o111 != 0 {
        scan.problem(path, errno);
    }
}
