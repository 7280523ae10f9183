//! Layers laid over one another while others are still being scanned: what is known
//! of a layer beside its files' places goes as soon as it is part of the tree.

use std::collections::HashMap;
use std::sync::Arc;

use super::contents::{Contents, Files};
use super::error::ImageError;
use super::scan::Scanned;
use crate::rootfs::layers::{Issues, Layer, Tree};

/// The layers of an image, as far as they are there.
pub(super) struct Stack<'m> {
    /// Which layers the image has, the lowest first; one may come several times.
    members: &'m [Vec<u8>],
    /// Layers that wait for those below them, or come again.
    parts: HashMap<Vec<u8>, (Layer, Arc<Contents>)>,
    tree: Tree,
    /// The files of those that are laid.
    files: Vec<Arc<Contents>>,
    /// How many entries the tree may have.
    limit: u64,
}

impl<'m> Stack<'m> {
    /// Nothing yet of the layers `members`.
    pub(super) fn new(members: &'m [Vec<u8>], limit: u64) -> Stack<'m> {
        Stack {
            members,
            parts: HashMap::new(),
            tree: Tree::default(),
            files: Vec::new(),
            limit,
        }
    }

    /// Takes in a layer that was scanned.
    pub(super) fn add(&mut self, member: Vec<u8>, scanned: Scanned) {
        let part = (scanned.layer, Arc::new(scanned.contents));
        self.parts.insert(member, part);
    }

    /// Lays every layer that nothing below is missing of.
    ///
    /// # Errors
    /// Where the tree has more entries than it may have; then nothing more is laid.
    pub(super) fn settle(&mut self) -> Result<(), ImageError> {
        while let Some(member) = self.members.get(self.files.len()) {
            self.check(self.files.len().saturating_sub(1))?;
            let is_used_again = self.members[self.files.len() + 1..].contains(member);
            match is_used_again {
                true => {
                    let Some((layer, contents)) = self.parts.get(member) else {
                        break;
                    };
                    self.tree.apply(layer);
                    self.files.push(contents.clone());
                }
                false => {
                    let Some((layer, contents)) = self.parts.remove(member) else {
                        break;
                    };
                    self.tree.adopt(layer);
                    self.files.push(contents);
                }
            }
        }
        self.check(self.files.len().saturating_sub(1))
    }

    /// Whether the tree is small enough with the layer that was laid last.
    fn check(&self, last: usize) -> Result<(), ImageError> {
        let limit = self.limit;
        if self.tree.nodes() as u64 <= limit {
            return Ok(());
        }
        let message =
            format!("more than {limit} entries in all layers; --max-entries sets the limit");
        let member = self.members.get(last).map_or(&b""[..], Vec::as_slice);
        Err(ImageError::limit(member, message))
    }

    /// The filesystem, and what is odd about its layers.
    pub(super) fn into_tree(mut self) -> (Tree, Issues) {
        let issues = self.tree.take_issues();
        self.tree.set_store(Box::new(Files(self.files)));
        (self.tree, issues)
    }
}
