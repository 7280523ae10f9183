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
use super::verify::verify;
use super::{Image, ImageKind, ImageLayer, Options};
use crate::rootfs::layers::Tree;
use crate::source::stream::Algorithm;

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
    let results = scan_all(&jobs, allowance, options);
    let mut scanned = HashMap::new();
    for (job, result) in jobs.into_iter().zip(results) {
        scanned.insert(job.member, result?);
    }
    for (layer, diff_id) in wanted.iter().zip(&selected.config.diff_ids) {
        if let Some(scanned) = scanned.get_mut(&layer.member) {
            verify(layer, *diff_id, scanned)?;
        }
    }
    merge(kind, selected, scanned, &members, options)
}

struct Job {
    member: Vec<u8>,
    bytes: Bytes,
    algorithm: Algorithm,
}

/// Scans layers on as many threads as are wanted; the results are in the order
/// of the layers.
fn scan_all(
    jobs: &[Job],
    allowance: &Allowance,
    options: &Options<'_>,
) -> Vec<Result<Scanned, ImageError>> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    // The largest sets the time.
    order.sort_by_key(|&at| std::cmp::Reverse(jobs[at].bytes.size()));
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<Scanned, ImageError>>>> =
        jobs.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let job = &jobs[at];
            let part = &job.member;
            let result = scan_bytes(&job.bytes, part, job.algorithm, allowance, options);
            if let Ok(mut place) = results[at].lock() {
                *place = Some(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.jobs.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    results
        .into_iter()
        .map(|place| match place.into_inner() {
            Ok(Some(result)) => result,
            _ => Err(ImageError::malformed(b"", "the layer was not scanned")),
        })
        .collect()
}

/// Lays the layers over one another.
pub(super) fn merge(
    kind: ImageKind,
    selected: Selected,
    scanned: HashMap<Vec<u8>, Scanned>,
    members: &[Vec<u8>],
    options: &Options<'_>,
) -> Result<Image, ImageError> {
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
    let mut parts = HashMap::new();
    for (name, scanned) in scanned {
        parts.insert(name, (scanned.layer, Arc::new(scanned.contents)));
    }
    let mut tree = Tree::default();
    let mut files = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let is_used_again = members[at + 1..].contains(member);
        if let Some((layer, contents)) = parts.get_mut(member) {
            files.push(contents.clone());
            match is_used_again {
                true => tree.apply(layer),
                false => tree.adopt(std::mem::take(layer)),
            }
            if tree.nodes() as u64 > options.entries {
                let limit = options.entries;
                let message = format!(
                    "more than {limit} entries in all layers; --max-entries sets the limit"
                );
                return Err(ImageError::limit(member, message));
            }
        }
    }
    let issues = tree.take_issues();
    tree.set_store(Box::new(Files(files)));
    Ok(Image {
        kind,
        reference: selected.reference,
        manifest_digest: selected.manifest_digest,
        config_digest: Some(selected.config_digest),
        config: selected.config,
        layers,
        filesystem: tree,
        issues,
    })
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
