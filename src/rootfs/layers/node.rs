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
/// it but for the last component; `None` where something is not there, or links
/// go round in a circle.
pub(super) fn find(nodes: &[Node], root: u32, components: &[&[u8]]) -> Option<u32> {
    let (last, above) = components.split_last()?;
    let mut walk = Follow::new(root, above);
    while let Some(name) = walk.rest.pop() {
        walk.step(nodes, &name).ok()?;
    }
    let directory = &nodes[walk.here() as usize];
    directory.children()?.get(*last).copied()
}

/// What stands in the way of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Obstacle {
    /// Nothing of that name.
    Absent,
    /// Something that is neither directory nor link.
    NotADirectory,
    /// Too many links.
    Loop,
}

/// `MAXSYMLINKS`
const MAX_LINKS: usize = 40;

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
            NodeKind::Directory(_) => self.at.push(child),
            NodeKind::Symlink(target) => {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(Obstacle::Loop);
                }
                if target.starts_with(b"/") {
                    self.at.truncate(1);
                }
                let components = target.split(|&b| b == b'/').rev();
                self.rest.extend(components.map(Box::from));
            }
            _ => return Err(Obstacle::NotADirectory),
        }
        Ok(())
    }
}
