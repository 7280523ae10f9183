//! What a layer's tree and the merged one are made of.

use std::ops::{Index, IndexMut};

use super::names::Names;

/// The nodes of a tree, by their numbers, and the names that lead to them.
#[derive(Default)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    pub(super) names: Names,
}

impl Nodes {
    /// How many there are, those included that no name leads to any more.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node without a name.
    pub(super) fn add(&mut self, node: Node) -> u32 {
        let id = u32::try_from(self.nodes.len()).expect("entries are limited to fewer");
        self.nodes.push(node);
        id
    }

    /// Gives back the room for more.
    pub(super) fn finish(&mut self) {
        self.nodes.shrink_to_fit();
        self.names.finish();
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.iter_mut()
    }
}

impl Index<u32> for Nodes {
    type Output = Node;

    fn index(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }
}

impl IndexMut<u32> for Nodes {
    fn index_mut(&mut self, node: u32) -> &mut Node {
        &mut self.nodes[node as usize]
    }
}

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
    Directory,
    /// A regular file: the layer and number of its bytes.
    File {
        layer: u16,
        file: u32,
        size: u64,
    },
    Symlink(Text),
    /// A device, fifo or socket.
    Other,
    /// A character device 0:0: in a layer's own tree alone.
    Whiteout,
    /// A hard link to a path that this layer does not have.
    HardLink(Text),
}

/// Where a link leads. Most nodes are no links: it takes one word of them, not two.
pub(super) type Text = Box<Box<[u8]>>;

impl Node {
    /// A directory that no entry names.
    pub(super) fn implied_directory() -> Node {
        Node {
            kind: NodeKind::Directory,
            mode: 0o755,
            uid: 0,
            gid: 0,
            layer: 0,
            implied: true,
            opaque: false,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.kind, NodeKind::Directory)
    }
}

/// Where the components of a path lead in a tree of nodes, links followed inside
/// it but for the last component.
pub(super) fn find(nodes: &Nodes, root: u32, components: &[&[u8]]) -> Result<u32, Obstacle> {
    let (last, above) = components.split_last().ok_or(Obstacle::Absent)?;
    let mut walk = Follow::new(root, above);
    while let Some(name) = walk.rest.pop() {
        walk.step(nodes, &name)?;
    }
    nodes.names.get(walk.here(), last).ok_or(Obstacle::Absent)
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
    pub(super) fn step(&mut self, nodes: &Nodes, name: &[u8]) -> Result<(), Obstacle> {
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
        let child = nodes.names.get(self.here(), name);
        let child = child.ok_or(Obstacle::Absent)?;
        match &nodes[child].kind {
            NodeKind::Directory if self.is_at_bottom() => return Err(Obstacle::TooDeep),
            NodeKind::Directory => self.at.push(child),
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
