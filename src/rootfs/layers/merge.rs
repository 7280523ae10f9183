//! Laying a layer over those below it, as the kernel's overlay filesystem shows
//! them (`fs/overlayfs`): a directory over a directory merges, anything else
//! hides what is below, and whiteouts act on lower layers alone, wherever they
//! stand in their archive.

use std::collections::{HashMap, HashSet};

use super::issue::{Issue, IssueKind, Issues};
use super::layer::{Layer, ROOT};
use super::node::{Node, NodeKind, Nodes, find};
use super::{Loss, Taken, name};
use crate::rootfs::{Capabilities, NodeId};

/// The links that distributions with a merged `/usr` have in their root.
const USR_MERGE: [&[u8]; 6] = [b"bin", b"sbin", b"lib", b"lib32", b"lib64", b"libx32"];

/// Names, and what last became of them.
type Lost = HashMap<Box<[u8]>, Loss>;

/// Layers merged so far.
pub(super) struct Merged {
    pub(super) nodes: Nodes,
    /// What each directory has lost, by name.
    pub(super) lost: HashMap<u32, Lost>,
    /// Directories that a layer deleted and made anew, and what they were.
    pub(super) instead: HashMap<u32, Loss>,
    pub(super) issues: Issues,
    /// What files grant, by layer and number.
    pub(super) capabilities: HashMap<(u16, u32), Capabilities>,
    layers: u16,
}

impl Default for Merged {
    fn default() -> Self {
        let mut nodes = Nodes::default();
        nodes.add(Node::implied_directory());
        Merged {
            nodes,
            lost: HashMap::new(),
            instead: HashMap::new(),
            issues: Issues::default(),
            capabilities: HashMap::new(),
            layers: 0,
        }
    }
}

impl Merged {
    /// Lays `layer` over what is there.
    pub(super) fn apply(&mut self, layer: &Layer) {
        self.layers += 1;
        self.issues.take(&layer.issues, self.layers.into());
        self.note_capabilities(layer);
        let links = self.links_to_lower(layer);
        let mut step = Step {
            merged: self,
            layer,
            links,
            path: Vec::new(),
        };
        step.merge(ROOT, ROOT);
    }

    /// As [`apply`](Merged::apply), for a layer that nobody needs afterwards: the
    /// lowest one, which as a rule is the largest, becomes the tree.
    pub(super) fn adopt(&mut self, mut layer: Layer) {
        let has_questions = !layer.hides.is_empty() || layer.has_pending() || layer.has_whiteouts;
        if self.layers > 0 || has_questions {
            return self.apply(&layer);
        }
        self.layers = 1;
        self.issues.take(&layer.issues, 1);
        self.note_capabilities(&layer);
        self.nodes = std::mem::take(&mut layer.nodes);
        for node in self.nodes.iter_mut() {
            node.layer = 1;
            if let NodeKind::File { layer, .. } = &mut node.kind {
                *layer = 1;
            }
        }
    }

    fn note_capabilities(&mut self, layer: &Layer) {
        let number = self.layers;
        let of_layer = layer.capabilities.iter();
        let numbered = of_layer.map(|(&file, &granted)| ((number, file), granted));
        self.capabilities.extend(numbered);
    }

    /// Where hard links lead that the layer itself cannot resolve: to what lay
    /// below before the layer deleted anything. Some go by others of them.
    fn links_to_lower(&self, layer: &Layer) -> HashMap<u32, Node> {
        let mut known: HashMap<u32, Option<Node>> = HashMap::new();
        for pending in &layer.pending {
            // The links on the way; none of a circle comes twice.
            let (mut chain, mut in_chain) = (Vec::new(), HashSet::new());
            let mut link = pending.node;
            while !known.contains_key(&link)
                && in_chain.insert(link)
                && let NodeKind::HardLink(target) = &layer.nodes[link].kind
            {
                chain.push((link, target));
                match layer.target(target) {
                    Ok(next) => link = next,
                    Err(_) => break,
                }
            }
            let mut shared = known.get(&link).cloned().flatten();
            for (link, target) in chain.into_iter().rev() {
                shared = shared.or_else(|| self.lower(target));
                known.insert(link, shared.clone());
            }
        }
        let found = |(link, shared): (u32, Option<Node>)| Some((link, shared?));
        known.into_iter().filter_map(found).collect()
    }

    /// What a hard link's target names in what lies below.
    fn lower(&self, target: &[u8]) -> Option<Node> {
        let clean = name::clean(target);
        let found = find(&self.nodes, ROOT, &clean.components).ok()?;
        Some(self.nodes[found].clone())
    }
}

/// One layer being laid over.
struct Step<'a> {
    merged: &'a mut Merged,
    layer: &'a Layer,
    /// What the layer's hard links to lower layers share.
    links: HashMap<u32, Node>,
    /// Where we are, without a leading slash.
    path: Vec<u8>,
}

impl Step<'_> {
    fn note(&mut self, kind: IssueKind) {
        self.merged.issues.push(Issue {
            kind,
            layer: self.merged.layers.into(),
            name: self.path.clone(),
        });
    }

    /// Runs `act` one level deeper.
    fn below<T>(&mut self, name: &[u8], act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        let result = act(self);
        self.path.truncate(length);
        result
    }

    /// The layer's directory `from` over the directory `into`.
    fn merge(&mut self, into: u32, from: u32) {
        let layer = self.layer;
        let upper = &layer.nodes[from];
        if !upper.implied {
            let number = self.merged.layers;
            let lower = &mut self.merged.nodes[into];
            lower.mode = upper.mode;
            lower.uid = upper.uid;
            lower.gid = upper.gid;
            lower.layer = number;
        } else if from != ROOT {
            self.note_implied(into);
        }
        if upper.opaque && from == ROOT {
            // The kernel does not look for the mark on a layer's own root.
            if self.merged.nodes.names.has_any(into) {
                self.note(IssueKind::OpaqueRoot);
            }
        } else if upper.opaque {
            for (name, child) in self.merged.nodes.names.empty(into) {
                self.lose(into, &name, child, Taken::Opaque);
            }
        }
        for hidden in layer.hides.get(&from).into_iter().flatten() {
            if let Some(child) = self.merged.nodes.names.remove(into, &hidden.name) {
                self.lose(into, &hidden.name, child, Taken::Whiteout);
            }
        }
        self.note_whiteouts(from);
        for (name, child) in layer.nodes.names.list(from) {
            self.below(name, |step| step.put(into, name, child));
        }
    }

    /// The layer's node `child` as an entry of `into`.
    fn put(&mut self, into: u32, name: &[u8], child: u32) {
        if matches!(self.layer.nodes[child].kind, NodeKind::Whiteout) {
            self.note(IssueKind::DeviceIsWhiteout);
            if let Some(hidden) = self.merged.nodes.names.remove(into, name) {
                self.lose(into, name, hidden, Taken::Whiteout);
            }
            return;
        }
        let upper_is_directory = self.layer.nodes[child].is_directory();
        let lower = self.merged.nodes.names.get(into, name);
        if let Some(lower) = lower {
            let lower_is_directory = self.merged.nodes[lower].is_directory();
            if lower_is_directory && upper_is_directory {
                return self.merge(lower, child);
            }
            if upper_is_directory {
                self.shadow(lower, child);
            }
            if !lower_is_directory && !upper_is_directory {
                // Nothing else leads to the old one: many layers with the same files
                // take no more room than one.
                if let Some(node) = self.copy(child) {
                    self.merged.nodes[lower] = node;
                }
                return;
            }
            self.lose(into, name, lower, Taken::Replaced);
        }
        let Some(node) = self.graft(child) else {
            return;
        };
        self.merged.nodes.names.insert(into, name, node);
        if upper_is_directory {
            // Whatever layer took it: this is a new one, and nothing of the old.
            let lost = self.merged.lost.get(&into);
            if let Some(&loss) = lost.and_then(|lost| lost.get(name)) {
                self.merged.instead.insert(node, loss);
            }
        }
    }

    /// Says so where a directory takes the place of a link to one.
    fn shadow(&mut self, lower: u32, upper: u32) {
        let node = &self.merged.nodes[lower];
        let NodeKind::Symlink(target) = &node.kind else {
            return;
        };
        let explicit = !self.layer.nodes[upper].implied;
        // A layer that names the directory meant to replace the link, unless it
        // is one of those that a whole system hangs on.
        if explicit && !USR_MERGE.contains(&&*self.path) {
            return;
        }
        let kind = IssueKind::LinkShadowed {
            target: target.to_vec(),
            brought_by: node.layer.into(),
            explicit,
        };
        self.note(kind);
    }

    /// A copy of the layer's node and of what is below it.
    fn graft(&mut self, from: u32) -> Option<u32> {
        let layer = self.layer;
        let node = self.copy(from)?;
        let node = self.merged.nodes.add(node);
        if layer.nodes[from].is_directory() {
            self.note_whiteouts(from);
            for (name, child) in layer.nodes.names.list(from) {
                let grafted = self.below(name, |step| step.graft(child));
                if let Some(grafted) = grafted {
                    self.merged.nodes.names.insert(node, name, grafted);
                }
            }
        }
        Some(node)
    }

    /// A copy of the layer's node; a directory is empty.
    fn copy(&mut self, from: u32) -> Option<Node> {
        let layer = self.layer;
        let upper = &layer.nodes[from];
        let number = self.merged.layers;
        let kind = match &upper.kind {
            NodeKind::File { file, size, .. } => NodeKind::File {
                layer: number,
                file: *file,
                size: *size,
            },
            NodeKind::HardLink(target) => return self.copy_link(from, target),
            NodeKind::Whiteout => {
                self.note(IssueKind::DeviceIsWhiteout);
                return None;
            }
            NodeKind::Directory | NodeKind::Symlink(_) | NodeKind::Other => upper.kind.clone(),
        };
        Some(Node {
            kind,
            layer: number,
            opaque: false,
            ..*upper
        })
    }

    /// A hard link to something of a lower layer.
    fn copy_link(&mut self, from: u32, target: &[u8]) -> Option<Node> {
        let Some(shared) = self.links.remove(&from) else {
            self.note(IssueKind::HardLinkToNothing(target.to_vec()));
            return None;
        };
        if shared.is_directory() {
            self.note(IssueKind::HardLinkToDirectory(target.to_vec()));
            return None;
        }
        self.note(IssueKind::HardLinkToLower);
        let layer = self.merged.layers;
        Some(Node { layer, ..shared })
    }

    fn lose(&mut self, directory: u32, name: &[u8], child: u32, how: Taken) {
        let loss = Loss {
            node: NodeId(child),
            brought_by: Some(self.merged.nodes[child].layer.into()),
            taken_by: Some(self.merged.layers.into()),
            how,
        };
        let lost = self.merged.lost.entry(directory).or_default();
        lost.insert(name.into(), loss);
    }

    /// Says where a directory that the layer has no entry for has another mode below
    /// than Docker and podman give it (moby go-archive and containers/storage
    /// `archive.go`: 0755 and root's). containerd copies that of the lower one
    /// (`tar.go:mkparent`). Only what decides about a start is worth a word: who may go
    /// through, and who may write.
    fn note_implied(&mut self, into: u32) {
        let mode = self.merged.nodes[into].mode;
        if mode & 0o111 != 0o111 || mode & 0o002 != 0 {
            self.note(IssueKind::ImpliedDirectory { mode });
        }
    }

    /// Says where a whiteout and an entry of the same name meet.
    fn note_whiteouts(&mut self, from: u32) {
        let layer = self.layer;
        let Some(hides) = layer.hides.get(&from) else {
            return;
        };
        for hidden in hides {
            let Some(child) = layer.nodes.names.get(from, &hidden.name) else {
                continue;
            };
            let kind = match layer.nodes[child].is_directory() {
                true => IssueKind::WhiteoutAndDirectory,
                false if hidden.after_entry => IssueKind::WhiteoutAndEntry,
                // All agree on the new one.
                false => continue,
            };
            self.below(&hidden.name, |step| step.note(kind));
        }
    }
}
