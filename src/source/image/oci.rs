//! OCI layouts: `index.json` leads, through nested indexes, to manifests, each
//! with a configuration and layers, all in blobs that are named by their digest
//! (OCI image-spec `image-layout.md`).

mod choice;
mod image;
mod index;

use self::choice::choose;
use self::image::{blob, image};
use self::index::candidates;
use super::error::ImageError;
use super::json;
use super::manifest::{Index, Manifest};
use super::parts::Parts;
use super::select::{Selected, Wanted, is_named};
use crate::source::stream::{Algorithm, Digest, digest_of};

/// The member that marks a layout.
const LAYOUT: &[u8] = b"oci-layout";
/// The member where it begins.
pub(super) const INDEX: &[u8] = b"index.json";
/// The manifest of what skopeo calls `dir:`.
const FLAT: &[u8] = b"manifest.json";

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
    let candidate = choose(candidates(parts)?, wanted)?;
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
    image(
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
    image(parts, Naming::Flat, FLAT, &text, None, Some(digest))
}
