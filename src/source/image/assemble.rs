//! From the parts of an image to the image: layers scanned, then merged.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::allowance::Allowance;
use super::config::ImageConfig;
use super::contents::Files;
use super::error::ImageError;
use super::parts::Bytes;
use super::scan::{Scanned, scan_bytes};
use super::select::{LayerPart, Selected};
use super::stack::Stack;
use super::verify::verify;
use super::{Image, ImageKind, ImageLayer, Options};
use crate::rootfs::layers::Tree;
use crate::source::stream::{Algorithm, Digest};

/// The layers that are wanted: all, or the lowest few.
pub(super) fn wanted_layers<'s>(selected: &'s Selected, options: &Options<'_>) -> &'s [LayerPart] {
    let all = selected.layers.len();
    &selected.layers[..options.layers.map_or(all, |wanted| wanted.min(all))]
}

/// Opens a member of an image.
pub(super) type Open<'a> = dyn Fn(&[u8]) -> Result<Option<Bytes>, ImageError> + 'a;

/// An image whose layers can be opened in any order: scanned several at once,
/// the largest first.
pub(super) fn from_parts(
    kind: ImageKind,
    selected: Selected,
    open: &Open<'_>,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let wanted = wanted_layers(&selected, options);
    let members: Vec<Vec<u8>> = wanted.iter().map(|layer| layer.member.clone()).collect();
    let mut jobs: Vec<Job> = Vec::new();
    for layer in wanted {
        if jobs.iter().any(|job| job.member == layer.member) {
            continue;
        }
        let bytes = open(&layer.member)?
            .ok_or_else(|| ImageError::malformed(&layer.member, "blob missing"))?;
        options.progress.expect(bytes.size());
        let algorithm = layer.digest.map_or(Algorithm::Sha256, |d| d.algorithm());
        jobs.push(Job {
            member: layer.member.clone(),
            bytes,
            algorithm,
        });
    }
    let stack = scan_all(&jobs, wanted, &members, &selected, allowance, options)?;
    Ok(image(kind, selected, stack, options))
}

struct Job {
    member: Vec<u8>,
    bytes: Bytes,
    algorithm: Algorithm,
}

/// Scans layers on as many threads as are wanted, and lays them over one another as they
/// come.
fn scan_all<'m>(
    jobs: &[Job],
    wanted: &[LayerPart],
    members: &'m [Vec<u8>],
    selected: &Selected,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Stack<'m>, ImageError> {
    let order = order(jobs, options.jobs);
    let next = AtomicUsize::new(0);
    let scanned: Mutex<Vec<(usize, Result<Scanned, ImageError>)>> = Mutex::default();
    let stacking = Mutex::new(Stacking {
        stack: Stack::new(members, options.entries),
        first: None,
        over: None,
    });
    let take = |stacking: &mut Stacking<'m>| {
        let come = scanned
            .lock()
            .map(|mut scanned| std::mem::take(&mut *scanned));
        for (at, result) in come.unwrap_or_default() {
            let result = result.and_then(|scanned| {
                checked(scanned, &jobs[at].member, wanted, &selected.config.diff_ids)
            });
            stacking.take(at, &jobs[at].member, result);
        }
    };
    let work = || {
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let job = &jobs[at];
            let part = &job.member;
            let result = scan_bytes(&job.bytes, part, job.algorithm, allowance, options);
            if let Ok(mut scanned) = scanned.lock() {
                scanned.push((at, result));
            }
            // Whoever is at it takes this one too, or the next who comes by does.
            if let Ok(mut stacking) = stacking.try_lock() {
                take(&mut stacking);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.jobs.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    let unscanned = || ImageError::malformed(b"", "the layer was not scanned");
    let mut stacking = stacking.into_inner().map_err(|_| unscanned())?;
    take(&mut stacking);
    stacking.done()
}

/// The order in which layers are scanned. The largest set the time and come first; the
/// others come from the bottom, so that few wait for those below them.
fn order(jobs: &[Job], threads: usize) -> Vec<usize> {
    /// What the last one that is scanned may take of a thread's time.
    const SHARE: u64 = 16;
    let all: u64 = jobs.iter().map(|job| job.bytes.size()).sum();
    let large = all / SHARE / u64::try_from(threads.max(1)).unwrap_or(1);
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&at| {
        let size = jobs[at].bytes.size();
        std::cmp::Reverse(if size > large { size } else { 0 })
    });
    order
}

/// Layers on their way into the tree.
struct Stacking<'m> {
    stack: Stack<'m>,
    /// The first layer that could not be read, and why.
    first: Option<(usize, ImageError)>,
    /// The tree is too large.
    over: Option<ImageError>,
}

impl<'m> Stacking<'m> {
    fn take(&mut self, at: usize, member: &[u8], result: Result<Scanned, ImageError>) {
        match result {
            Ok(scanned) if self.over.is_none() && self.first.is_none() => {
                self.stack.add(member.to_vec(), scanned);
                self.over = self.stack.settle().err();
            }
            Ok(_) => {}
            Err(error) => {
                if self.first.as_ref().is_none_or(|(first, _)| at < *first) {
                    self.first = Some((at, error));
                }
            }
        }
    }

    /// The answer does not depend on which layer was scanned first.
    fn done(self) -> Result<Stack<'m>, ImageError> {
        match self.first.map(|(_, error)| error).or(self.over) {
            Some(error) => Err(error),
            None => Ok(self.stack),
        }
    }
}

/// A layer, held against everything that is said of it.
fn checked(
    mut scanned: Scanned,
    member: &[u8],
    wanted: &[LayerPart],
    diff_ids: &[Option<Digest>],
) -> Result<Scanned, ImageError> {
    for (layer, diff_id) in wanted.iter().zip(diff_ids) {
        if layer.member == member {
            verify(layer, *diff_id, &mut scanned)?;
        }
    }
    Ok(scanned)
}

/// Lays the layers over one another.
pub(super) fn merge(
    kind: ImageKind,
    selected: Selected,
    scanned: HashMap<Vec<u8>, Scanned>,
    members: &[Vec<u8>],
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let mut stack = Stack::new(members, options.entries);
    for (member, scanned) in scanned {
        stack.add(member, scanned);
    }
    stack.settle()?;
    Ok(image(kind, selected, stack, options))
}

/// The image whose layers are laid.
fn image(kind: ImageKind, selected: Selected, stack: Stack<'_>, options: &Options<'_>) -> Image {
    let layers = wanted_layers(&selected, options)
        .iter()
        .zip(
            selected
                .config
                .diff_ids
                .iter()
                .zip(&selected.config.instructions),
        )
        .map(|(layer, (diff_id, created_by))| ImageLayer {
            digest: layer.digest.or(*diff_id),
            created_by: created_by.clone(),
        })
        .collect();
    let (filesystem, issues) = stack.into_tree();
    Image {
        kind,
        reference: selected.reference,
        manifest_digest: selected.manifest_digest,
        config_digest: Some(selected.config_digest),
        config: selected.config,
        layers,
        filesystem,
        issues,
    }
}

/// One layer by itself.
pub(super) fn from_layer(scanned: Scanned) -> Image {
    let mut tree = Tree::default();
    tree.adopt(scanned.layer);
    let issues = tree.take_issues();
    let digest = scanned.stored.map(|(digest, _)| digest);
    tree.set_store(Box::new(Files(vec![Arc::new(scanned.contents)])));
    Image {
        kind: ImageKind::Layer,
        reference: None,
        manifest_digest: None,
        config_digest: None,
        config: ImageConfig::default(),
        layers: vec![ImageLayer {
            digest,
            created_by: None,
        }],
        filesystem: tree,
        issues,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Job, order};
    use crate::source::stream::Algorithm;

    #[test]
    fn large_layers_come_first_and_the_others_from_the_bottom() {
        let ordered = |sizes: &[usize], threads| {
            let job = |&size: &usize| Job {
                member: Vec::new(),
                bytes: Arc::new(vec![0_u8; size]),
                algorithm: Algorithm::Sha256,
            };
            order(&sizes.iter().map(job).collect::<Vec<_>>(), threads)
        };
        assert_eq!(ordered(&[1, 2, 500, 3, 900], 2), [4, 2, 0, 1, 3]);
        let mut same = vec![10; 100];
        same[50] = 11;
        assert_eq!(ordered(&same, 2), (0..100).collect::<Vec<_>>());
        assert_eq!(ordered(&[7, 8, 9], 2), [2, 1, 0]);
        assert_eq!(ordered(&[0, 0], 1), [0, 1]);
        assert!(ordered(&[], 2).is_empty());
    }
}
