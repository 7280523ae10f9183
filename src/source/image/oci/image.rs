//! From a manifest to the image that it describes: every document verified, and every
//! layer a filesystem (OCI image-spec `manifest.md`).

use super::Naming;
use crate::source::image::config::{ImageConfig, digest};
use crate::source::image::error::ImageError;
use crate::source::image::go_json::Whole;
use crate::source::image::json;
use crate::source::image::manifest::{Config, Descriptor, Manifest, Version};
use crate::source::image::parts::Parts;
use crate::source::image::select::{LayerPart, Selected, check_layers};
use crate::source::stream::{Digest, digest_of};

/// A document that a descriptor refers to, verified.
pub(super) fn blob(
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
pub(super) fn image(
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
