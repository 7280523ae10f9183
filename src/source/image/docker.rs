//! Docker's own archive: `manifest.json` lists images, each with the members
//! that are its configuration and its layers (moby `image/tarexport`).

use super::config::ImageConfig;
use super::error::ImageError;
use super::go_json::List;
use super::json;
use super::manifest::{Config, DockerImage};
use super::parts::Parts;
use super::select::{
    LayerPart, MAX_MANIFESTS, Selected, Wanted, ambiguous, check_layers, is_named, no_such_name,
    platforms,
};
use crate::source::stream::{Algorithm, Digest, digest_of};

/// The member that lists the images.
pub(super) const MANIFEST: &[u8] = b"manifest.json";

/// The images that the archive lists.
///
/// # Errors
/// Where `manifest.json` is missing, another list, an empty one or too long.
pub(super) fn images(parts: &dyn Parts) -> Result<Vec<DockerImage>, ImageError> {
    let text = parts
        .document(MANIFEST)?
        .ok_or_else(|| ImageError::malformed(MANIFEST, "it is missing"))?;
    let images: List<DockerImage> = json::parse(MANIFEST, &text)?;
    if images.is_empty() {
        return Err(ImageError::malformed(MANIFEST, "it lists no image"));
    }
    if images.len() > MAX_MANIFESTS {
        let message = format!(
            "it lists {} images, more than {MAX_MANIFESTS}",
            images.len()
        );
        return Err(ImageError::limit(MANIFEST, message));
    }
    if images.iter().any(|image| image.config.is_empty()) {
        let message = "an image that it lists has no `Config`";
        return Err(ImageError::malformed(MANIFEST, message));
    }
    Ok(images.into_vec())
}

/// Whether there is an image that `manifest.json` lists: an archive that was unpacked.
pub(super) fn is_there(parts: &dyn Parts) -> bool {
    images(parts).is_ok_and(|images| {
        let mut images = images.iter();
        images.any(|image| parts.has(image.config.as_bytes()))
    })
}

/// The image of the archive that is wanted.
pub(super) fn select(parts: &dyn Parts, wanted: Wanted<'_>) -> Result<Selected, ImageError> {
    let images = images(parts)?;
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
    let members = &image.layers;
    check_layers(MANIFEST, members.len(), &config)?;
    let layers = members
        .iter()
        .map(|member| LayerPart {
            digest: blob_digest(member),
            member: member.clone().into_bytes(),
            size: None,
        })
        .collect();
    let tags = &image.repo_tags;
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

/// The one image that is meant: by the path or the digest of its configuration, by a
/// name to the letter, or by one that is filled in.
fn choose<'a>(
    images: &'a [DockerImage],
    wanted: Wanted<'_>,
) -> Result<&'a DockerImage, ImageError> {
    let tags = |image: &'a DockerImage| -> &'a [String] { &image.repo_tags };
    let has_name = |image: &'a DockerImage, is_meant: &dyn Fn(&str) -> bool| {
        tags(image).iter().any(|tag| is_meant(tag))
    };
    // One image may be listed more than once, for each of its names.
    let is_same = |one: &DockerImage, other: &DockerImage| {
        one.config == other.config && *one.layers == *other.layers
    };
    let names = |images: &[&'a DockerImage]| {
        let lines = images.iter().map(|image| {
            let own = tags(image).iter().find(|tag| {
                let others = images.iter().filter(|other| !is_same(other, image));
                !others.into_iter().any(|other| tags(other).contains(tag))
            });
            match (own, tags(image)) {
                (Some(_), tags) => tags.join(", "),
                (None, []) => format!("{}  (no name)", image.config),
                (None, tags) => format!("{}  {}", image.config, tags.join(", ")),
            }
        });
        lines.collect::<Vec<String>>().into_iter()
    };
    let all: Vec<&DockerImage> = images.iter().collect();
    let left = match wanted.name {
        None => all,
        Some(name) => {
            let is_config = |image: &&DockerImage| {
                let hex = crate::path::file_name(image.config.as_bytes());
                let hex = hex.strip_suffix(b".json").unwrap_or(hex);
                let wanted = name.strip_prefix("sha256:").unwrap_or(name);
                image.config == name || (!wanted.is_empty() && hex == wanted.as_bytes())
            };
            let ways: [&dyn Fn(&&'a DockerImage) -> bool; 3] = [
                &is_config,
                &|image| has_name(image, &|tag| tag == name),
                &|image| has_name(image, &|tag| is_named(tag, name)),
            ];
            match ways.into_iter().find(|way| all.iter().any(way)) {
                Some(is_meant) => all.into_iter().filter(is_meant).collect(),
                None => return Err(no_such_name(name, names(&all))),
            }
        }
    };
    match left[..] {
        [] => Err(ImageError::malformed(MANIFEST, "it lists no image")),
        [first, ref others @ ..] if others.iter().all(|other| is_same(first, other)) => Ok(first),
        _ => Err(ambiguous(names(&left))),
    }
}
