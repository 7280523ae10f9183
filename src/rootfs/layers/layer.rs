//! One layer's own tree, built in the order of its archive.
//!
//! Overlay engines unpack each layer into an empty directory of its own, so a
//! path goes through links of this layer alone (containerd
//! `pkg/archive/tar.go:applyNaive`, moby `pkg/archive/diff.go:UnpackLayer`).
//! The last component is never followed, directories that no entry names are
//! made, and nothing leaves the root.

mod hard_link;

use std::collections::HashMap;

use self::hard_link::Pending;
use super::issue::{Issue, IssueKind, Issues};
use super::name::{self, Clean, Meaning};
use super::node::{Follow, MAX_DEPTH, Node, NodeKind, Nodes, Obstacle};
use super::recent::Recent;
use crate::rootfs::Capabilities;

/// The kinds of entries that a layer can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of a file.
    HardLink,
    /// A device or fifo.
    Other,
    /// A character device 0:0. Engines make it as any other, and the kernel's overlay
    /// takes it for a whiteout (`fs/overlayfs/util.c:ovl_is_whiteout`); in the lowest
    /// layer too.
    Whiteout,
}

/// An entry of a layer's archive, without its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Its name as it stands there.
    pub name: &'a [u8],
    /// Where a link leads.
    pub link: &'a [u8],
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits: the low 12.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// What the file grants who executes it.
    pub capabilities: Option<Capabilities>,
}

/// A path of more than 1024 components, by itself or by the links on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("path has {found} components, more than {MAX_DEPTH}")]
pub struct TooDeep {
    /// How many it has.
    pub found: usize,
}

/// A set of changes.
pub struct Layer {
    pub(super) nodes: Nodes,
    /// What each directory hides of lower layers.
    pub(super) hides: HashMap<u32, Vec<Hidden>>,
    pub(super) issues: Issues,
    files: u32,
    /// What files grant, by their numbers; few do.
    pub(super) capabilities: HashMap<u32, Capabilities>,
    /// Further names of files that came under another, and the nodes of those: one file
    /// has one mode and one owner.
    shares: HashMap<u32, u32>,
    /// Hard links whose target was not there yet.
    pub(super) pending: Vec<Pending>,
    /// The way to the directory of the entry before.
    recent: Recent,
    /// Whether there is or was a [`NodeKind::Whiteout`].
    pub(super) has_whiteouts: bool,
}

/// A name that lower layers lose.
pub(super) struct Hidden {
    pub(super) name: Box<[u8]>,
    /// The layer had an entry of that name already.
    pub(super) after_entry: bool,
}

/// Why an entry has no place.
enum Refusal {
    Odd(IssueKind),
    TooDeep(TooDeep),
}

/// The root of a layer's tree.
pub(super) const ROOT: u32 = 0;
/// The root of what AUFS hid, which is reached by hard links alone.
const AUFS: u32 = 1;

impl Default for Layer {
    fn default() -> Self {
        let mut nodes = Nodes::default();
        for _ in [ROOT, AUFS] {
            nodes.add(Node::implied_directory());
        }
        Layer {
            nodes,
            hides: HashMap::new(),
            issues: Issues::default(),
            files: 0,
            capabilities: HashMap::new(),
            shares: HashMap::new(),
            pending: Vec::new(),
            recent: Recent::default(),
            has_whiteouts: false,
        }
    }
}

impl Layer {
    /// How many regular files were added.
    #[must_use]
    pub fn files(&self) -> u32 {
        self.files
    }

    /// Notes that the entry `name` is odd.
    pub fn note(&mut self, name: &[u8], kind: IssueKind) {
        self.issues.push(Issue {
            kind,
            layer: 0,
            name: name.to_vec(),
        });
    }

    /// The bytes are known to be all there: an archive without an end is whole.
    pub fn is_whole(&mut self) {
        self.issues.forget(|kind| *kind == IssueKind::Unterminated);
    }

    /// Adds the next entry. For a regular file the number of its bytes is
    /// returned, which count from 0 in the order of the entries; nothing where
    /// the entry has none, or has no place.
    ///
    /// # Errors
    /// Where its name is too deep.
    pub fn add(&mut self, header: Header<'_>) -> Result<Option<u32>, TooDeep> {
        // Archives go from directory to directory: most entries have the place of
        // the one before, or one near it.
        let (way, last) = name::split(header.name);
        let is_plain = !matches!(last, b"" | b"." | b"..");
        if is_plain && let Some(directory) = self.recent.go(&self.nodes, way) {
            return Ok(self.enter(directory, last, header));
        }
        let Clean {
            components,
            left_root,
        } = name::clean(header.name);
        if components.len() > MAX_DEPTH {
            return Err(TooDeep {
                found: components.len(),
            });
        }
        if left_root {
            self.note(header.name, IssueKind::LeavesRoot);
        }
        let Some((last, above)) = components.split_last() else {
            self.add_root(header);
            return Ok(None);
        };
        if name::is_stargz(&components) {
            return Ok(None);
        }
        if name::is_aufs_link(&components) {
            return Ok(self.place(AUFS, last, header));
        }
        let directory = match self.directory(above, header.name) {
            Ok(directory) => directory,
            Err(Refusal::TooDeep(error)) => return Err(error),
            Err(Refusal::Odd(kind)) => {
                self.note(header.name, kind);
                return Ok(None);
            }
        };
        // Names in the root are few, and some of them mean something else.
        if is_plain && directory != ROOT && !left_root {
            self.recent.is_at(way, directory);
        }
        Ok(self.enter(directory, last, header))
    }

    /// Takes in an entry of a directory of this layer.
    fn enter(&mut self, directory: u32, last: &[u8], header: Header<'_>) -> Option<u32> {
        match name::meaning(last) {
            Meaning::Entry => return self.place(directory, last, header),
            Meaning::OddWhiteout => self.note(header.name, IssueKind::OddWhiteout),
            Meaning::Opaque => self.nodes[directory].opaque = true,
            Meaning::Whiteout(hidden) => {
                let after_entry = self.nodes.names.get(directory, hidden).is_some();
                let hides = self.hides.entry(directory).or_default();
                hides.push(Hidden {
                    name: hidden.into(),
                    after_entry,
                });
            }
        }
        None
    }

    /// Settles what can only be settled once every entry is known.
    pub fn finish(&mut self) {
        self.settle_links();
        self.recent.forget();
        self.nodes.finish();
    }

    fn add_root(&mut self, header: Header<'_>) {
        if header.kind != EntryKind::Directory {
            return self.note(header.name, IssueKind::ReplacesRoot);
        }
        // Engines with overlay pass over the entry (moby go-archive `archive.go:Unpack`,
        // containers/storage the same; containerd `tar.go:applyNaive`: "resolved to root").
        let mode = header.mode;
        if mode & 0o111 != 0o111 {
            self.note(header.name, IssueKind::RootRestricted { mode });
        }
    }

    /// The directory that components lead to; what is missing is made.
    fn directory(&mut self, components: &[&[u8]], name: &[u8]) -> Result<u32, Refusal> {
        if components.is_empty() {
            return Ok(ROOT);
        }
        let mut walk = Follow::new(ROOT, components);
        let mut own_left = components.len();
        let mut is_noted = false;
        while let Some(component) = walk.rest.pop() {
            // What is left beyond the entry's own components is a link's.
            let is_of_link = walk.rest.len() >= own_left;
            own_left = own_left.min(walk.rest.len());
            match walk.step(&self.nodes, &component) {
                Ok(()) => {}
                Err(Obstacle::Loop) => return Err(Refusal::Odd(IssueKind::LinkLoop)),
                Err(Obstacle::TooLong) => return Err(Refusal::Odd(IssueKind::LinkTooLong)),
                Err(obstacle) => {
                    if obstacle == Obstacle::TooDeep || walk.is_at_bottom() {
                        let found = walk.depth() + 1;
                        return Err(Refusal::TooDeep(TooDeep { found }));
                    }
                    if obstacle != Obstacle::Absent {
                        self.note(name, IssueKind::BelowFile);
                    } else if is_of_link && !is_noted {
                        is_noted = true;
                        self.note(name, IssueKind::BelowDanglingLink);
                    }
                    let made = self.insert(walk.here(), &component, Node::implied_directory());
                    walk.enter(made);
                }
            }
        }
        Ok(walk.here())
    }

    /// Puts an entry into a directory of this layer.
    fn place(&mut self, directory: u32, name: &[u8], header: Header<'_>) -> Option<u32> {
        if let Some(known) = self.nodes.names.get(directory, name) {
            let node = &mut self.nodes[known];
            if header.kind == EntryKind::Directory && node.is_directory() {
                node.mode = header.mode;
                node.uid = header.uid;
                node.gid = header.gid;
                let was_implied = std::mem::replace(&mut node.implied, false);
                if !was_implied {
                    self.note(header.name, IssueKind::Duplicate);
                }
                return None;
            }
            self.note(header.name, IssueKind::Duplicate);
        }
        let mut file = None;
        let kind = match header.kind {
            EntryKind::Directory => NodeKind::Directory,
            EntryKind::Symlink => NodeKind::Symlink(Box::new(header.link.into())),
            EntryKind::Other => NodeKind::Other,
            EntryKind::Whiteout => {
                self.has_whiteouts = true;
                NodeKind::Whiteout
            }
            EntryKind::File => {
                file = Some(self.files);
                if let Some(capabilities) = header.capabilities {
                    self.capabilities.insert(self.files, capabilities);
                }
                self.files += 1;
                NodeKind::File {
                    layer: 0,
                    file: self.files - 1,
                    size: header.size,
                }
            }
            EntryKind::HardLink => return self.place_hard_link(directory, name, header),
        };
        let node = Node {
            kind,
            mode: header.mode,
            uid: header.uid,
            gid: header.gid,
            layer: 0,
            implied: false,
            opaque: false,
        };
        self.insert(directory, name, node);
        file
    }

    fn insert(&mut self, directory: u32, name: &[u8], node: Node) -> u32 {
        let id = self.nodes.add(node);
        if self.nodes.names.insert(directory, name, id).is_some() {
            // What was reached through the old entry is reached no more.
            self.recent.forget();
        }
        id
    }
}
