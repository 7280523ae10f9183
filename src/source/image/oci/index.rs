//! What an index leads to, through nested ones: every image manifest, and nothing else
//! (OCI image-spec `image-index.md`).

use super::image::blob;
use super::{INDEX, Naming};
use crate::platform::Platform;
use crate::source::image::config::{ImageConfig, digest};
use crate::source::image::error::ImageError;
use crate::source::image::json;
use crate::source::image::manifest::{
    Config, Descriptor, IMAGE_NAME, Index, Manifest, REF_NAME, REFERENCE_TYPE,
};
use crate::source::image::parts::Parts;
use crate::source::image::select::MAX_MANIFESTS;
use crate::source::stream::Digest;

/// The deepest nesting of indexes.
const MAX_NESTING: usize = 4;

/// An image manifest that an index leads to.
pub(super) struct Candidate {
    pub(super) descriptor: Descriptor,
    pub(super) digest: Digest,
    /// The indexes that lead to it.
    pub(super) indexes: Vec<Digest>,
    pub(super) names: Vec<String>,
    pub(super) platform: Option<Platform>,
    pub(super) present: bool,
    /// None of its layers is an archive, as in signatures.
    pub(super) is_other: bool,
}

/// Every image that the index of a layout leads to. Those of which no layer is an archive
/// are among them where there is nothing else.
pub(super) fn candidates(parts: &dyn Parts) -> Result<Vec<Candidate>, ImageError> {
    let mut search = Search {
        parts,
        found: Vec::new(),
        above: Vec::new(),
        indexes: Vec::new(),
        looked: 0,
    };
    let text = parts
        .document(INDEX)?
        .ok_or_else(|| ImageError::malformed(INDEX, "it is missing"))?;
    let index: Index = json::parse(INDEX, &text)?;
    search.index(INDEX, index, &[])?;
    let mut found = search.found;
    if found.iter().any(|candidate| !candidate.is_other) {
        found.retain(|candidate| !candidate.is_other);
    }
    Ok(found)
}

struct Search<'a> {
    parts: &'a dyn Parts,
    found: Vec<Candidate>,
    /// The indexes that led here.
    above: Vec<Digest>,
    /// Every index that was gone through, and under which names.
    indexes: Vec<(Digest, Vec<String>)>,
    /// How many entries were looked at.
    looked: usize,
}

impl Search<'_> {
    /// Every image manifest below an index.
    fn index(&mut self, part: &[u8], index: Index, names: &[String]) -> Result<(), ImageError> {
        for descriptor in index.manifests.into_vec() {
            self.entry(part, descriptor, names)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        part: &[u8],
        descriptor: Descriptor,
        names: &[String],
    ) -> Result<(), ImageError> {
        self.looked += 1;
        if self.looked > MAX_MANIFESTS {
            let message = format!("more than {MAX_MANIFESTS} manifests");
            return Err(ImageError::limit(part, message));
        }
        if is_no_image(&descriptor) {
            return Ok(());
        }
        let Some(digest) = digest(part, &descriptor.digest)? else {
            return Ok(());
        };
        if self.above.contains(&digest) {
            return Err(ImageError::malformed(part, "index refers to itself"));
        }
        let mut names = names.to_vec();
        for name in own_names(&descriptor) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let member = Naming::Layout.member(&digest);
        let present = self.parts.has(&member);
        if present && may_be_index(&descriptor) {
            let text = blob(self.parts, &member, &descriptor, &digest)?;
            let index: Index = json::parse(&member, &text)?;
            if index.manifests.is_there() {
                let way = (digest, names);
                if self.indexes.contains(&way) {
                    return Ok(());
                }
                self.indexes.push(way.clone());
                let (_, names) = way;
                if self.above.len() >= MAX_NESTING {
                    let message = format!("indexes nested deeper than {MAX_NESTING}");
                    return Err(ImageError::limit(&member, message));
                }
                self.above.push(digest);
                self.index(&member, index, &names)?;
                self.above.pop();
                return Ok(());
            }
        }
        // One image under several names is one image.
        if let Some(known) = self.found.iter_mut().find(|known| known.digest == digest) {
            for name in names {
                if !known.names.contains(&name) {
                    known.names.push(name);
                }
            }
            known.indexes.extend(&self.above);
            return Ok(());
        }
        let manifest = match present {
            true => self.manifest(&member, &descriptor, &digest)?,
            false => None,
        };
        if manifest.as_ref().is_some_and(is_artifact) {
            return Ok(());
        }
        let is_other = manifest.as_ref().is_some_and(has_no_archive);
        let platform = match &descriptor.platform {
            Some(field) => {
                let variant = Some(&*field.variant);
                Some(Platform::new(&field.os, &field.architecture, variant))
            }
            None => manifest.and_then(|manifest| self.platform_of(&manifest)),
        };
        self.found.push(Candidate {
            descriptor,
            digest,
            indexes: self.above.clone(),
            names,
            platform,
            present,
            is_other,
        });
        Ok(())
    }

    /// The manifest of a candidate; `None` where it is not one, which is said if
    /// it is chosen.
    fn manifest(
        &self,
        member: &[u8],
        descriptor: &Descriptor,
        digest: &Digest,
    ) -> Result<Option<Manifest>, ImageError> {
        let text = blob(self.parts, member, descriptor, digest)?;
        Ok(json::parse(member, &text).ok())
    }

    /// The platform that an image's configuration names.
    fn platform_of(&self, manifest: &Manifest) -> Option<Platform> {
        let digest: Digest = manifest.config.digest.parse().ok()?;
        let member = Naming::Layout.member(&digest);
        let text = self.parts.document(&member).ok()??;
        let config: Config = json::parse(&member, &text).ok()?;
        ImageConfig::new(&member, config).ok()?.platform
    }
}

/// Whether there are layers, and none of them is an archive.
fn has_no_archive(manifest: &Manifest) -> bool {
    let layers = &manifest.layers;
    let is_other =
        |layer: &Descriptor| !layer.media_type.is_empty() && !layer.media_type.contains("tar");
    !layers.is_empty() && layers.iter().all(is_other)
}

/// Whether a manifest says that it is of something else than an image: by its own
/// words, or by the kind of its configuration.
fn is_artifact(manifest: &Manifest) -> bool {
    let config = &manifest.config.media_type;
    let is_config =
        config.is_empty() || config.contains("image.config") || config.contains("container.image");
    !manifest.artifact_type.is_empty() || !is_config
}

/// Attestations, signatures and other artifacts.
fn is_no_image(descriptor: &Descriptor) -> bool {
    let kind = descriptor.annotations.get(REFERENCE_TYPE);
    let is_attestation = kind.is_some_and(|kind| kind == "attestation-manifest");
    let is_unknown = descriptor
        .platform
        .as_ref()
        .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown");
    // Other kinds are to be passed over (OCI image-spec `image-index.md`).
    let media_type = &descriptor.media_type;
    let is_foreign = !media_type.is_empty()
        && !["image.manifest", "image.index", "distribution.manifest"]
            .iter()
            .any(|kind| media_type.contains(kind));
    is_attestation || is_unknown || is_foreign || !descriptor.artifact_type.is_empty()
}

/// Whether the media type allows an index; where it says nothing, the body does.
fn may_be_index(descriptor: &Descriptor) -> bool {
    let media_type = &descriptor.media_type;
    media_type.is_empty() || media_type.contains("index") || media_type.contains("manifest.list")
}

fn own_names(descriptor: &Descriptor) -> Vec<String> {
    let annotations = &descriptor.annotations;
    // A full name makes the bare tag beside it redundant.
    let name = annotations
        .get(IMAGE_NAME)
        .or_else(|| annotations.get(REF_NAME));
    name.into_iter().cloned().collect()
}
