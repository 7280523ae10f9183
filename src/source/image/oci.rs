//! OCI layouts: `index.json` leads, through nested indexes, to manifests, each
//! with a configuration and layers, all in blobs that are named by their digest
//! (OCI image-spec `image-layout.md`).

use super::config::{ImageConfig, digest};
use super::error::ImageError;
use super::go_json::Whole;
use super::json;
use super::manifest::{
    Config, Descriptor, IMAGE_NAME, Index, Manifest, REF_NAME, REFERENCE_TYPE, Version,
};
use super::parts::Parts;
use super::select::{
    LayerPart, Selected, Wanted, ambiguous, check_layers, is_named, no_such_name, platforms,
};
use crate::platform::Platform;
use crate::source::stream::{Algorithm, Digest, digest_of};

/// The member that marks a layout.
const LAYOUT: &[u8] = b"oci-layout";
/// The member where it begins.
pub(super) const INDEX: &[u8] = b"index.json";
/// The manifest of what skopeo calls `dir:`.
const FLAT: &[u8] = b"manifest.json";
/// The deepest nesting of indexes.
const MAX_NESTING: usize = 4;
/// The most manifests that are looked at.
const MAX_MANIFESTS: usize = 1024;

/// Where blobs are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Naming {
    /// `blobs/sha256/HEX`
    Layout,
    /// `HEX`, as skopeo's `dir:` has it.
    Flat,
}

impl Naming {
    fn member(self, digest: &Digest) -> Vec<u8> {
        match self {
            Naming::Layout => {
                format!("blobs/{}/{}", digest.algorithm().name(), digest.hex()).into_bytes()
            }
            Naming::Flat => digest.hex().into_bytes(),
        }
    }
}

/// An image manifest that an index leads to.
struct Candidate {
    descriptor: Descriptor,
    digest: Digest,
    /// The indexes that lead to it.
    indexes: Vec<Digest>,
    names: Vec<String>,
    platform: Option<Platform>,
    present: bool,
    /// None of its layers is an archive, as in signatures.
    is_other: bool,
}

/// Whether there is a layout.
pub(super) fn is_layout(parts: &dyn Parts) -> bool {
    parts.has(LAYOUT) && parts.has(INDEX)
}

/// Whether there is a layout that lacks its mark: an index that lists a blob which is
/// there. skopeo and podman read one.
pub(super) fn is_unmarked(parts: &dyn Parts) -> bool {
    let index = parts.document(INDEX).ok().flatten();
    let index = index.and_then(|text| json::parse::<Index>(INDEX, &text).ok());
    let listed = index.map(|index| index.manifests).unwrap_or_default();
    listed.iter().any(|descriptor| {
        let digest: Option<Digest> = descriptor.digest.parse().ok();
        digest.is_some_and(|digest| parts.has(&Naming::Layout.member(&digest)))
    })
}

/// Whether there is what skopeo writes, without its `version`: a manifest whose
/// configuration is there.
pub(super) fn is_unmarked_flat(parts: &dyn Parts) -> bool {
    let text = parts.document(FLAT).ok().flatten();
    let manifest = text.and_then(|text| json::parse::<Manifest>(FLAT, &text).ok());
    manifest.is_some_and(|manifest| {
        let digest: Option<Digest> = manifest.config.digest.parse().ok();
        digest.is_some_and(|digest| parts.has(&Naming::Flat.member(&digest)))
    })
}

/// The image of a layout that is wanted.
pub(super) fn select(parts: &dyn Parts, wanted: Wanted<'_>) -> Result<Selected, ImageError> {
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
    if search.found.iter().any(|candidate| !candidate.is_other) {
        search.found.retain(|candidate| !candidate.is_other);
    }
    let candidate = choose(search.found, wanted)?;
    let naming = Naming::Layout;
    let member = naming.member(&candidate.digest);
    let text = blob(parts, &member, &candidate.descriptor, &candidate.digest)?;
    let name = wanted.name.and_then(|name| {
        let mut names = candidate.names.iter();
        let exact = names.clone().find(|known| *known == name);
        exact
            .or_else(|| names.find(|known| is_named(known, name)))
            .cloned()
    });
    let reference = name.or_else(|| candidate.names.first().cloned());
    manifest(
        parts,
        naming,
        &member,
        &text,
        reference,
        Some(candidate.digest),
    )
}

/// The image of a directory that skopeo wrote: `manifest.json` is the manifest
/// itself.
pub(super) fn select_flat(parts: &dyn Parts) -> Result<Selected, ImageError> {
    let text = parts
        .document(FLAT)?
        .ok_or_else(|| ImageError::malformed(FLAT, "it is missing"))?;
    let digest = digest_of(Algorithm::Sha256, &text);
    manifest(parts, Naming::Flat, FLAT, &text, None, Some(digest))
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

/// The one candidate that is meant: by name, then by platform. What is there comes
/// before what is only listed.
fn choose(found: Vec<Candidate>, wanted: Wanted<'_>) -> Result<Candidate, ImageError> {
    if found.is_empty() {
        return Err(ImageError::malformed(INDEX, "it lists no image"));
    }
    let mut left = match wanted.name {
        Some(name) => named(found, name)?,
        None => found,
    };
    if let Some(wanted) = wanted.platform {
        if left
            .iter()
            .all(|candidate| distance(candidate, wanted).is_none())
        {
            return Err(platforms(Some(wanted), left.iter().map(shown_platform)));
        }
        left.retain(|candidate| distance(candidate, wanted).is_some());
    }
    if left.iter().any(|candidate| candidate.present) {
        left.retain(|candidate| candidate.present);
    }
    // A platform chooses among those of one image, not among images: one has a name
    // that all of its platforms share, or there is no name at all.
    let is_shared = |name: &String| left.iter().all(|candidate| candidate.names.contains(name));
    let is_one = left.iter().all(|candidate| candidate.names.is_empty())
        || left
            .iter()
            .any(|candidate| candidate.names.iter().any(is_shared));
    if !is_one {
        return Err(ambiguous(several(&left)));
    }
    if let Some(wanted) = wanted.platform {
        let nearest = left
            .iter()
            .map(|candidate| distance(candidate, wanted))
            .min();
        left.retain(|candidate| Some(distance(candidate, wanted)) == nearest);
    }
    match left.len() {
        1 => there(left.swap_remove(0)),
        _ if wanted.platform.is_none() && are_told_apart(&left) => {
            Err(platforms(None, left.iter().map(shown_platform)))
        }
        _ => Err(ambiguous(several(&left))),
    }
}

/// Those that `name` means: a digest, a name to the letter, one that is filled in,
/// or a bare tag, in this order.
fn named(found: Vec<Candidate>, name: &str) -> Result<Vec<Candidate>, ImageError> {
    let tag = name.rsplit(':').next();
    let digest: Option<Digest> = name.parse().ok();
    let has = |candidate: &Candidate, is_meant: &dyn Fn(&str) -> bool| {
        candidate.names.iter().any(|name| is_meant(name))
    };
    let ways: [&dyn Fn(&Candidate) -> bool; 4] = [
        &|candidate| {
            digest.is_some_and(|digest| {
                candidate.digest == digest || candidate.indexes.contains(&digest)
            })
        },
        &|candidate| has(candidate, &|known| known == name),
        &|candidate| has(candidate, &|known| is_named(known, name)),
        // A bare tag is a name within its file, unless another has the full name.
        &|candidate| has(candidate, &|known| Some(known) == tag),
    ];
    let Some(is_meant) = ways.into_iter().find(|way| found.iter().any(way)) else {
        return Err(no_such_name(name, several(&found)));
    };
    Ok(found
        .into_iter()
        .filter(|candidate| is_meant(candidate))
        .collect())
}

/// What the user may write after the `@` for each, and what that is.
fn several(found: &[Candidate]) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = Vec::new();
    for candidate in found {
        let own = |name: &&String| {
            let mut others = found
                .iter()
                .filter(|other| other.digest != candidate.digest);
            !others.any(|other| other.names.contains(name) && other.names != candidate.names)
        };
        let twins = found.iter().filter(|other| other.names == candidate.names);
        let is_told_apart = are_told_apart(twins);
        let line = match candidate.names.iter().find(own) {
            // Its platforms are chosen from in a second step.
            Some(_) if is_told_apart => candidate.names.join(", "),
            _ => {
                let platform = shown_platform(candidate);
                let note = candidate.names.iter().chain([&platform]);
                let note: Vec<&str> = note.map(String::as_str).collect();
                format!("{}  {}", candidate.digest, note.join("  "))
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.into_iter()
}

/// Whether each states a platform of its own.
fn are_told_apart<'a>(candidates: impl IntoIterator<Item = &'a Candidate>) -> bool {
    let mut known: Vec<&Platform> = Vec::new();
    candidates
        .into_iter()
        .all(|candidate| match &candidate.platform {
            Some(platform) => {
                let is_new = known
                    .iter()
                    .all(|known| known.distance(platform) != Some(0));
                known.push(platform);
                is_new
            }
            None => known.is_empty(),
        })
}

/// How far a candidate is from the platform that is wanted. Of one that does not
/// state its own that is not known, and it comes after all others.
fn distance(candidate: &Candidate, wanted: &Platform) -> Option<u32> {
    match &candidate.platform {
        Some(own) => wanted.distance(own),
        None => Some(u32::MAX),
    }
}

fn shown_platform(candidate: &Candidate) -> String {
    match &candidate.platform {
        Some(platform) => platform.to_string(),
        None => "(platform not stated)".to_owned(),
    }
}

fn there(candidate: Candidate) -> Result<Candidate, ImageError> {
    if candidate.present {
        return Ok(candidate);
    }
    let platform = candidate
        .platform
        .map(|platform| format!(" for {platform}"));
    let platform = platform.unwrap_or_default();
    let message =
        format!("blob missing: the index lists an image{platform}, and it is not in the archive");
    Err(ImageError::malformed(candidate.digest.to_string(), message))
}

/// A document that a descriptor refers to, verified.
fn blob(
    parts: &dyn Parts,
    member: &[u8],
    descriptor: &Descriptor,
    digest: &Digest,
) -> Result<Vec<u8>, ImageError> {
    let text = parts
        .document(member)?
        .ok_or_else(|| ImageError::malformed(member, "blob missing"))?;
    if let Some(size) = descriptor.size.0
        && u64::try_from(size).ok() != Some(text.len() as u64)
    {
        let found = text.len();
        let message = format!("size mismatch: {found} bytes, the descriptor says {size}");
        return Err(ImageError::malformed(member, message));
    }
    let found = digest_of(digest.algorithm(), &text);
    if found != *digest {
        let message = format!("digest mismatch: its bytes have {found}");
        return Err(ImageError::malformed(member, message));
    }
    Ok(text)
}

/// The image that the manifest `text` describes.
fn manifest(
    parts: &dyn Parts,
    naming: Naming,
    part: &[u8],
    text: &[u8],
    reference: Option<String>,
    manifest_digest: Option<Digest>,
) -> Result<Selected, ImageError> {
    refuse_first_schema(part, text)?;
    let manifest: Manifest = json::parse(part, text)?;
    let unsupported = |text: &str| {
        ImageError::malformed(
            part,
            format!("digest `{text}`: its algorithm is not supported"),
        )
    };
    if manifest.config.digest.is_empty() {
        return Err(ImageError::malformed(part, "it names no configuration"));
    }
    let config_digest = digest(part, &manifest.config.digest)?
        .ok_or_else(|| unsupported(&manifest.config.digest))?;
    let member = naming.member(&config_digest);
    let text = blob(parts, &member, &manifest.config, &config_digest)?;
    let parsed: Config = json::parse(&member, &text)?;
    let config = ImageConfig::new(&member, parsed)?;
    let descriptors = manifest.layers.into_vec();
    check_layers(part, descriptors.len(), &config)?;
    let layers = descriptors
        .into_iter()
        .map(|descriptor| {
            is_filesystem(part, &descriptor)?;
            let digest =
                digest(part, &descriptor.digest)?.ok_or_else(|| unsupported(&descriptor.digest))?;
            Ok(LayerPart {
                member: naming.member(&digest),
                digest: Some(digest),
                size: size(part, &descriptor)?,
            })
        })
        .collect::<Result<_, ImageError>>()?;
    Ok(Selected {
        reference,
        manifest_digest,
        config_digest,
        config,
        layers,
    })
}

/// Refuses Docker's manifests of before 2016, which have neither configuration nor
/// digests that could be verified.
fn refuse_first_schema(part: &[u8], text: &[u8]) -> Result<(), ImageError> {
    let version: Version = json::parse(part, text)?;
    if version.schema_version != Whole(Some(1)) {
        return Ok(());
    }
    let message = "a manifest of Docker's schema 1, which is not read; \
        `skopeo copy --format v2s2` makes a newer one";
    Err(ImageError::malformed(part, message))
}

/// Refuses layers of another kind. What they are compressed with, their bytes
/// tell.
fn is_filesystem(part: &[u8], layer: &Descriptor) -> Result<(), ImageError> {
    let media_type = &layer.media_type;
    match media_type.is_empty() || media_type.contains("tar") {
        true => Ok(()),
        false => Err(ImageError::malformed(
            part,
            format!("a layer is `{media_type}`, not a filesystem"),
        )),
    }
}

/// The length that a layer has, where it is stated.
fn size(part: &[u8], layer: &Descriptor) -> Result<Option<u64>, ImageError> {
    let checked = layer.size.0.map(u64::try_from).transpose();
    checked.map_err(|_| ImageError::malformed(part, "the size of a layer is negative"))
}
