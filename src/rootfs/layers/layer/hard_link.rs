//! Hard links of one layer: a further name of what their target is at that moment, or,
//! where it is not there yet, once every entry is known.

use std::collections::HashMap;

use super::{AUFS, Header, Layer, ROOT};
use crate::rootfs::layers::issue::IssueKind;
use crate::rootfs::layers::name::{self, Clean};
use crate::rootfs::layers::node::{Node, NodeKind, Obstacle, find};

/// A hard link whose target was not there yet.
pub(in super::super) struct Pending {
    pub(in super::super) node: u32,
    name: Vec<u8>,
}

/// Whether a hard link's target is known.
enum Settled {
    Now,
    /// As soon as that of this other hard link is.
    After(u32),
    /// It is not in this layer.
    Never,
}

impl Layer {
    /// Settles the links that could not be settled before every entry was known.
    pub(super) fn settle_links(&mut self) {
        for (name, first) in std::mem::take(&mut self.shares) {
            let Node { mode, uid, gid, .. } = self.nodes[first];
            let shared = &mut self.nodes[name];
            (shared.mode, shared.uid, shared.gid) = (mode, uid, gid);
        }
        let pending = std::mem::take(&mut self.pending);
        let mut is_settled = vec![false; pending.len()];
        // A hard link may lead to another that comes later still, or through one: it
        // waits for that one, so that each is tried a few times at most.
        let mut waiting: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut ready: Vec<usize> = (0..pending.len()).rev().collect();
        while let Some(at) = ready.pop() {
            let node = pending[at].node;
            match self.settle(node) {
                Settled::Now => {
                    is_settled[at] = true;
                    ready.extend(waiting.remove(&node).into_iter().flatten());
                }
                Settled::After(other) => waiting.entry(other).or_default().push(at),
                Settled::Never => {}
            }
        }
        for (pending, is_settled) in pending.into_iter().zip(is_settled) {
            match is_settled {
                true => self.note(&pending.name, IssueKind::HardLinkForward),
                false => self.pending.push(pending),
            }
        }
    }

    /// Whether there are hard links that lead to nothing of this layer.
    pub(in super::super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives a hard link what its target is, if that is an entry of this layer.
    fn settle(&mut self, node: u32) -> Settled {
        let NodeKind::HardLink(target) = &self.nodes[node].kind else {
            return Settled::Never;
        };
        let found = match self.target(target) {
            Ok(found) => found,
            Err(Obstacle::HardLink(other)) => return Settled::After(other),
            Err(_) => return Settled::Never,
        };
        let shared = &self.nodes[found];
        match shared.kind {
            NodeKind::HardLink(_) => Settled::After(found),
            NodeKind::Directory => Settled::Never,
            _ => {
                self.nodes[node] = shared.clone();
                Settled::Now
            }
        }
    }

    /// A hard link shares what its target is now, whatever comes in the
    /// target's place later.
    pub(super) fn place_hard_link(
        &mut self,
        directory: u32,
        name: &[u8],
        header: Header<'_>,
    ) -> Option<u32> {
        let found = self.target(header.link);
        match found.map(|found| (found, &self.nodes[found])) {
            Ok((_, node)) if node.is_directory() => {
                let kind = IssueKind::HardLinkToDirectory(header.link.to_vec());
                self.note(header.name, kind);
            }
            Ok((found, node)) if !matches!(node.kind, NodeKind::HardLink(_)) => {
                let node = node.clone();
                let link = self.insert(directory, name, node);
                self.share(link, found, header);
            }
            _ => {
                let link = Node {
                    kind: NodeKind::HardLink(Box::new(header.link.into())),
                    mode: 0,
                    uid: 0,
                    gid: 0,
                    layer: 0,
                    implied: false,
                    opaque: false,
                };
                let node = self.insert(directory, name, link);
                self.pending.push(Pending {
                    node,
                    name: header.name.to_vec(),
                });
            }
        }
        None
    }

    /// Gives a file what the header of a further name says of it. Engines chown, set
    /// attributes and chmod after `link(2)` as after any entry (`createTarFile` of moby
    /// go-archive and containers/storage `archive.go`, containerd `tar.go`), and `chown(2)`
    /// takes the capabilities of a file away. The mode of a symbolic link cannot be
    /// changed.
    fn share(&mut self, link: u32, target: u32, header: Header<'_>) {
        if name::is_aufs_link(&name::clean(header.link).components) {
            // Those that know of AUFS make it anew, by the target's header.
            return;
        }
        let first = self.shares.get(&target).copied().unwrap_or(target);
        self.shares.insert(link, first);
        let node = &mut self.nodes[first];
        let before = (node.mode, node.uid, node.gid);
        if !matches!(node.kind, NodeKind::Symlink(_)) {
            node.mode = header.mode;
        }
        (node.uid, node.gid) = (header.uid, header.gid);
        let after = (node.mode, node.uid, node.gid);
        let (granted, grants) = match &node.kind {
            NodeKind::File { file, .. } => match header.capabilities {
                Some(new) => (self.capabilities.insert(*file, new), Some(new)),
                None => (self.capabilities.remove(file), None),
            },
            _ => (None, None),
        };
        if before != after || granted != grants {
            let kind = IssueKind::HardLinkDiffers {
                target: header.link.to_vec(),
                before,
                after,
            };
            self.note(header.name, kind);
        }
    }

    /// The node that a hard link's target names in this layer.
    pub(in super::super) fn target(&self, link: &[u8]) -> Result<u32, Obstacle> {
        let Clean { components, .. } = name::clean(link);
        if name::is_aufs_link(&components) {
            let found = components.last();
            let found = found.and_then(|last| self.nodes.names.get(AUFS, last));
            return found.ok_or(Obstacle::Absent);
        }
        find(&self.nodes, ROOT, &components)
    }
}
