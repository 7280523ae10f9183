//! What a layer's tree and the merged one are made of.

use std::collections::BTreeMap;

/// The entries of a directory: names and numbers of nodes.
pub(super) type Children = BTreeMap<Box<[u8]>, u32>;

/// A file, directory or link.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// The low 12 bits.
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The layer that brought it, from 1; 0 in a layer's own tree.
    pub(super) layer: u16,
    /// A directory that no entry names: it had to be there for others.
    pub(super) implied: bool,
    /// A directory that hides everything below.
    pub(super) opaque: bool,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Directory(Children),
    /// A regular file: the layer and number of its bytes.
    File {
        layer: u16,
        file: u32,
        size: u64,
    },
    Symlink(Box<[u8]>),
    /// A device, fifo or socket.
    Other,
    /// A hard link to a path that this layer does not have.
    HardLink(Box<[u8]>),
}

impl Node {
    /// A directory that no entry names.
    pub(super) fn implied_directory() -> Node {
        Node {
            kind: NodeKind::Directory(Children::new()),
            mode: 0o755,
            uid: 0,
            gid: 0,
            layer: 0,
            implied: true,
            opaque: false,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.kind, NodeKind::Directory(_))
    }

    /// The entries, where it is a directory.
    pub(super) fn children(&self) -> Option<&Children> {
        match &self.kind {
            NodeKind::Directory(children) => Some(children),
            _ => None,
        }
    }
}

/// Where the components of a path lead in a tree of nodes, links followed inside
/// it but for the last component.
pub(super) fn find(nodes: &[Node], root: u32, components: &[&[u8]]) -> Result<u32, Obstacle> {
    let (last, above) = components.split_last().ok_or(Obstacle::Absent)?;
    let mut walk = Follow::new(root, above);
    while let Some(name) = walk.rest.pop() {
        walk.step(nodes, &name)?;
    }
    let children = nodes[walk.here() as usize].children();
    let found = children.and_then(|children| children.get(*last));
    found.copied().ok_or(Obstacle::Absent)
}

/// What stands in the way of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Obstacle {
    /// Nothing of that name.
    Absent,
    /// Something that is neither directory nor link.
    NotADirectory,
    /// This hard link, whose target is not known yet: it may be a link.
    HardLink(u32),
    /// Too many links.
    Loop,
    /// A link that is longer than a path can be, or links that add up to more.
    TooLong,
    /// More directories in one another than a layer may have.
    TooDeep,
}

/// `MAXSYMLINKS`
const MAX_LINKS: usize = 40;
/// `PATH_MAX`: with its NUL.
const MAX_PATH: usize = 4096;
/// The most components that links may leave to be walked.
const MAX_REST: usize = 4096;
/// The deepest path: what goes through the tree by recursion needs an end to it.
pub(super) const MAX_DEPTH: usize = 1024;

/// A walk from directory to directory.
pub(super) struct Follow {
    /// The directories from the root to where we are.
    at: Vec<u32>,
    /// The components that are left, the next one last.
    pub(super) rest: Vec<Box<[u8]>>,
    links: usize,
}

impl Follow {
    pub(super) fn new(root: u32, components: &[&[u8]]) -> Follow {
        Follow {
            at: vec![root],
            rest: components.iter().rev().map(|&c| c.into()).collect(),
            links: 0,
        }
    }

    /// The directory that was reached.
    pub(super) fn here(&self) -> u32 {
        self.at[self.at.len() - 1]
    }

    /// How many components lead to an entry behind all that is left.
    pub(super) fn depth(&self) -> usize {
        self.at.len() + self.rest.len()
    }

    /// Whether a directory in the one that was reached would be too deep for
    /// having entries.
    pub(super) fn is_at_bottom(&self) -> bool {
        self.at.len() >= MAX_DEPTH
    }

    /// Goes into a directory that was made for this walk.
    pub(super) fn enter(&mut self, directory: u32) {
        self.at.push(directory);
    }

    /// Goes on by one component, which may be a link.
    pub(super) fn step(&mut self, nodes: &[Node], name: &[u8]) -> Result<(), Obstacle> {
        match name {
            b"" | b"." => return Ok(()),
            b".." => {
                // The root is its own parent.
                if self.at.len() > 1 {
                    self.at.pop();
                }
                return Ok(());
            }
            _ => {}
        }
        let directory = &nodes[self.here() as usize];
        let children = directory.children().ok_or(Obstacle::NotADirectory)?;
        let &child = children.get(name).ok_or(Obstacle::Absent)?;
        match &nodes[child as usize].kind {
            NodeKind::Directory(_) if self.is_at_bottom() => return Err(Obstacle::TooDeep),
            NodeKind::Directory(_) => self.at.push(child),
            NodeKind::Symlink(target) => {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(Obstacle::Loop);
                }
                // No system call makes such a link.
                if target.len() >= MAX_PATH {
                    return Err(Obstacle::TooLong);
                }
                if target.starts_with(b"/") {
                    self.at.truncate(1);
                }
                let components = target.split(|&b| b == b'/').rev();
                self.rest.extend(components.map(Box::from));
                if self.rest.len() > MAX_REST {
                    return Err(Obstacle::TooLong);
                }
            }
            NodeKind::HardLink(_) => return Err(Obstacle::HardLink(child)),
            _ => return Err(Obstacle::NotADirectory),
        }
        Ok(())
    }
}
