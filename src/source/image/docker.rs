//! Docker's own archive: `manifest.json` lists images, each with the members
//! that are its configuration and its layers (moby `image/tarexport`).

use super::config::ImageConfig;
use super::error::ImageError;
use super::json;
use super::manifest::{Config, DockerImage};
use super::parts::Parts;
use super::select::{
    LayerPart, Selected, Wanted, ambiguous, check_layers, is_named, no_such_name, platforms,
};
use crate::source::stream::{Algorithm, Digest, digest_of};

/// The member that lists the images.
pub(super) const MANIFEST: &[u8] = b"manifest.json";

/// The image of the archive that is wanted.
pub(super) fn select(parts: &dyn Parts, wanted: Wanted<'_>) -> Result<Selected, ImageError> {
    let text = parts
        .document(MANIFEST)?
        .ok_or_else(|| ImageError::malformed(MANIFEST, "it is missing"))?;
    let images: Vec<DockerImage> = json::parse(MANIFEST, &text)?;
    let image = choose(&images, wanted)?;
    let part = image.config.as_bytes();
    let text = parts
        .document(part)?
        .ok_or_else(|| ImageError::malformed(part, "the configuration is missing"))?;
    let parsed: Config = json::parse(part, &text)?;
    let config = ImageConfig::new(part, parsed)?;
    if let (Some(platform), Some(found)) = (wanted.platform, &config.platform)
        && !platform.selects(found)
    {
        return Err(platforms(Some(platform), [found.to_string()].into_iter()));
    }
    let members = image.layers.as_deref().unwrap_or_default();
    check_layers(MANIFEST, members.len(), &config)?;
    let layers = members
        .iter()
        .map(|member| LayerPart {
            digest: blob_digest(member),
            member: member.clone().into_bytes(),
            size: None,
        })
        .collect();
    let tags = image.repo_tags.as_deref().unwrap_or_default();
    let named = wanted.name.and_then(|name| {
        let found = tags.iter().find(|tag| is_named(tag, name));
        found.cloned()
    });
    Ok(Selected {
        reference: named.or_else(|| tags.first().cloned()),
        manifest_digest: None,
        config_digest: digest_of(Algorithm::Sha256, &text),
        config,
        layers,
    })
}

/// Members of newer archives are named after what is in them.
fn blob_digest(member: &str) -> Option<Digest> {
    let hex = member.strip_prefix("blobs/sha256/")?;
    format!("sha256:{hex}").parse().ok()
}

fn choose<'a>(
    images: &'a [DockerImage],
    wanted: Wanted<'_>,
) -> Result<&'a DockerImage, ImageError> {
    let tags = |image: &'a DockerImage| image.repo_tags.as_deref().unwrap_or_default();
    let names = || {
        images.iter().map(|image| match tags(image) {
            [] => format!("(no name) {}", image.config),
            tags => tags.join(", "),
        })
    };
    match (wanted.name, images) {
        (_, []) => Err(ImageError::malformed(MANIFEST, "it lists no image")),
        (None, [image]) => Ok(image),
        (None, _) => Err(ambiguous(names())),
        (Some(name), _) => images
            .iter()
            .find(|image| tags(image).iter().any(|tag| is_named(tag, name)))
            .ok_or_else(|| no_such_name(name, names())),
    }
}
