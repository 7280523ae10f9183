//! Path walking (`fs/namei.c`: `link_path_walk`, `step_into`, `pick_link`).
//!
//! The rules that are easy to get wrong: permission to search a directory comes
//! before the entry's absence; a component is looked up only in a directory, so
//! `file/x` and `file/` are ENOTDIR; the 41st link followed in one walk is
//! ELOOP, wherever it stands; `..` leaves the directory that was really
//! reached; the root is its own parent.

use super::{Access, Credentials, Filesystem, Kind, NodeId};
use crate::errno::Errno;
use crate::path::{TargetPath, Way};

/// `MAXSYMLINKS`
const MAX_LINKS: usize = 40;
/// `PATH_MAX`: with its NUL.
const MAX_PATH: usize = 4096;
/// `NAME_MAX`
const MAX_NAME: usize = 255;

/// Whether a link that is the last component is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    /// As `stat` and `open` do.
    Last,
    /// As `lstat` and `readlink` do.
    NotLast,
}

/// One link that was followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The link, with no link above it.
    pub link: TargetPath,
    /// What it points to.
    pub target: Vec<u8>,
}

/// What a walk came to.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The links that were followed, in order.
    pub hops: Vec<Hop>,
    /// Where it ended, without links: the file itself, or the entry that was
    /// not there.
    pub real_path: TargetPath,
    /// The node, or why there is none.
    pub end: Result<NodeId, Errno>,
    /// The components after the one that was not there.
    pub rest: Vec<Vec<u8>>,
}

struct Walker<'a> {
    filesystem: &'a dyn Filesystem,
    user: &'a Credentials,
    /// The directories from the root to where we are, and the name of each.
    at: Vec<(NodeId, Vec<u8>)>,
    /// What is left of the paths that were begun, innermost last, each reversed
    /// so that the next component is its last.
    rest: Vec<Vec<u8>>,
    hops: Vec<Hop>,
    /// The links that were followed on the path that was begun.
    links: usize,
    /// A trailing slash somewhere demands a directory at the end.
    wants_directory: bool,
}

pub(super) fn walk(
    filesystem: &dyn Filesystem,
    user: &Credentials,
    way: Way<'_>,
    follow: Follow,
) -> Walk {
    let root = Credentials::root();
    let Way { path, entered } = way;
    let (before, path) = path.split_at(entered.min(path.len()));
    let mut walker = Walker {
        filesystem,
        user: &root,
        at: vec![(filesystem.root(), Vec::new())],
        rest: Vec::new(),
        hops: Vec::new(),
        links: 0,
        wants_directory: false,
    };
    let entered = match before {
        b"" => Ok(filesystem.root()),
        before => walker.run(before, Follow::Last),
    };
    walker.user = user;
    // Links are counted for each path by itself.
    walker.links = 0;
    walker.wants_directory = false;
    let end = entered.and_then(|_| match path {
        b"" => Err(Errno::NOENT),
        path if path.len() >= MAX_PATH => Err(Errno::NAMETOOLONG),
        path => walker.run(path, follow),
    });
    Walk {
        real_path: walker.real_path(),
        hops: walker.hops,
        end,
        rest: walker.rest.into_iter().rev().collect(),
    }
}

impl Walker<'_> {
    fn run(&mut self, path: &[u8], follow: Follow) -> Result<NodeId, Errno> {
        self.begin(path);
        while let Some(name) = self.rest.pop() {
            let last = self.rest.is_empty();
            self.step(&name, last, follow)?;
        }
        let node = self.here();
        if self.wants_directory && self.filesystem.metadata(node).kind != Kind::Directory {
            return Err(Errno::NOTDIR);
        }
        Ok(node)
    }

    /// Puts the components of `path` in front of what is left.
    fn begin(&mut self, path: &[u8]) {
        if path.ends_with(b"/") && self.rest.is_empty() {
            self.wants_directory = true;
        }
        let components = path.split(|&b| b == b'/').filter(|c| !c.is_empty());
        let start = self.rest.len();
        self.rest.extend(components.map(<[u8]>::to_vec));
        self.rest[start..].reverse();
    }

    fn here(&self) -> NodeId {
        self.at
            .last()
            .map_or_else(|| self.filesystem.root(), |(node, _)| *node)
    }

    fn real_path(&self) -> TargetPath {
        let names = || self.at.iter().skip(1).map(|(_, name)| &**name);
        let mut path = Vec::with_capacity(names().map(|name| name.len() + 1).sum());
        for name in names() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        TargetPath::new(path).unwrap_or_else(TargetPath::root)
    }

    fn step(&mut self, name: &[u8], last: bool, follow: Follow) -> Result<(), Errno> {
        let directory = self.here();
        let metadata = self.filesystem.metadata(directory);
        if metadata.kind != Kind::Directory {
            return Err(Errno::NOTDIR);
        }
        if !self.user.may(Access::Execute, &metadata) {
            return Err(Errno::ACCES);
        }
        match name {
            b"." => return Ok(()),
            b".." => {
                if self.at.len() > 1 {
                    self.at.pop();
                }
                return Ok(());
            }
            name if name.len() > MAX_NAME => {
                self.at.push((directory, name.to_vec()));
                return Err(Errno::NAMETOOLONG);
            }
            _ => {}
        }
        let child = self.filesystem.child(directory, name);
        let Ok(Some(node)) = child else {
            self.at.push((directory, name.to_vec()));
            return Err(child.err().unwrap_or(Errno::NOENT));
        };
        let kind = self.filesystem.metadata(node).kind;
        let follows = !last || follow == Follow::Last || self.wants_directory;
        if kind == Kind::Symlink && follows {
            self.at.push((node, name.to_vec()));
            let link = self.real_path();
            self.at.pop();
            return self.follow(node, link);
        }
        self.at.push((node, name.to_vec()));
        Ok(())
    }

    fn follow(&mut self, node: NodeId, link: TargetPath) -> Result<(), Errno> {
        if self.links >= MAX_LINKS {
            return Err(Errno::LOOP);
        }
        self.links += 1;
        let target = self.filesystem.link_target(node)?;
        if target.is_empty() {
            return Err(Errno::NOENT);
        }
        // No system call makes such a link, but an archive can hold one. Together with
        // the number of links this bounds what is left of the paths.
        if target.len() >= MAX_PATH {
            return Err(Errno::NAMETOOLONG);
        }
        if target.starts_with(b"/") {
            self.at.truncate(1);
        }
        self.hops.push(Hop {
            link,
            target: target.clone(),
        });
        self.begin(&target);
        Ok(())
    }
}
