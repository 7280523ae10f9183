//! The merged layers as a filesystem.

use std::io;

use super::Loss;
use super::issue::Issues;
use super::layer::Layer;
use super::merge::Merged;
use super::node::NodeKind;
use crate::errno::Errno;
use crate::read_at::ReadAt;
use crate::rootfs::{Capabilities, Filesystem, Identity, Kind, Metadata, NodeId};

/// Where the bytes of layers are.
pub trait Store: Send {
    /// The bytes of regular file number `file` of `layer`, which counts from 1.
    ///
    /// # Errors
    /// Where they can be had no more, or not at all.
    fn open(&self, layer: u32, file: u32) -> io::Result<Box<dyn ReadAt>>;
}

/// The device that directories, links and the like are on; files are on a device
/// for each layer, which counts from 1.
const DEVICE: u64 = u64::MAX - 1;

/// Layers, merged from the bottom.
#[derive(Default)]
pub struct Tree {
    merged: Merged,
    store: Option<Box<dyn Store>>,
}

impl Tree {
    /// Lays `layer` over what is there.
    pub fn apply(&mut self, layer: &Layer) {
        self.merged.apply(layer);
    }

    /// As [`apply`](Tree::apply), for a layer that is not needed afterwards.
    pub fn adopt(&mut self, layer: Layer) {
        self.merged.adopt(layer);
    }

    /// Says where the bytes of all layers are.
    pub fn set_store(&mut self, store: Box<dyn Store>) {
        self.store = Some(store);
    }

    /// What is odd about the layers, once they are all applied.
    #[must_use]
    pub fn take_issues(&mut self) -> Issues {
        std::mem::take(&mut self.merged.issues)
    }

    /// How many files, directories and links are remembered, those that a layer took
    /// included.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.merged.nodes.count()
    }

    fn kind(&self, node: NodeId) -> &NodeKind {
        &self.merged.nodes[node.0].kind
    }
}

impl Filesystem for Tree {
    fn root(&self) -> NodeId {
        NodeId(super::layer::ROOT)
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno> {
        match self.kind(directory) {
            NodeKind::Directory => Ok(self.merged.nodes.names.get(directory.0, name).map(NodeId)),
            _ => Err(Errno::NOTDIR),
        }
    }

    fn metadata(&self, node: NodeId) -> Metadata {
        let found = &self.merged.nodes[node.0];
        let own = Identity {
            device: DEVICE,
            inode: node.0.into(),
        };
        let (kind, size, identity) = match &found.kind {
            NodeKind::Directory => (Kind::Directory, 0, own),
            NodeKind::File { layer, file, size } => {
                let identity = Identity {
                    device: (*layer).into(),
                    inode: (*file).into(),
                };
                (Kind::File, *size, identity)
            }
            NodeKind::Symlink(target) => (Kind::Symlink, target.len() as u64, own),
            NodeKind::Other | NodeKind::Whiteout | NodeKind::HardLink(_) => (Kind::Other, 0, own),
        };
        Metadata {
            kind,
            mode: found.mode.into(),
            uid: found.uid,
            gid: found.gid,
            size,
            identity,
        }
    }

    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno> {
        match self.kind(link) {
            NodeKind::Symlink(target) => Ok(target.to_vec()),
            _ => Err(Errno::INVAL),
        }
    }

    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>> {
        match (self.kind(file), &self.store) {
            (NodeKind::File { layer, file, .. }, Some(store)) => store.open((*layer).into(), *file),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno> {
        match self.kind(directory) {
            NodeKind::Directory => {
                let list = self.merged.nodes.names.list(directory.0).into_iter();
                Ok(list.map(|(name, _)| name.to_vec()).collect())
            }
            _ => Err(Errno::NOTDIR),
        }
    }

    fn capabilities(&self, file: NodeId) -> Option<Capabilities> {
        match self.kind(file) {
            NodeKind::File { layer, file, .. } => {
                self.merged.capabilities.get(&(*layer, *file)).copied()
            }
            _ => None,
        }
    }

    fn is_layered(&self) -> bool {
        true
    }

    fn layer(&self, node: NodeId) -> Option<u32> {
        let layer = self.merged.nodes[node.0].layer;
        (layer > 0).then_some(layer.into())
    }

    fn lost(&self, directory: NodeId, name: &[u8]) -> Option<Loss> {
        self.merged.lost.get(&directory.0)?.get(name).copied()
    }

    fn former(&self, directory: NodeId) -> Option<Loss> {
        self.merged.instead.get(&directory.0).copied()
    }
}
