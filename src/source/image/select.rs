//! Which image of an archive is meant, and what it consists of.

use super::config::ImageConfig;
use super::error::ImageError;
use crate::bytes::escape;
use crate::platform::Platform;
use crate::source::stream::Digest;

/// The most images of an archive, or manifests below its index, that are looked at.
pub(super) const MAX_MANIFESTS: usize = 1024;

/// What the user asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// The image's name.
    pub(super) name: Option<&'a str>,
    /// Its platform.
    pub(super) platform: Option<&'a Platform>,
}

/// An image, described.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) reference: Option<String>,
    pub(super) manifest_digest: Option<Digest>,
    pub(super) config_digest: Digest,
    pub(super) config: ImageConfig,
    pub(super) layers: Vec<LayerPart>,
}

/// Where a layer is, and what it must be.
#[derive(Clone, Debug)]
pub(super) struct LayerPart {
    /// The member with its bytes.
    pub(super) member: Vec<u8>,
    /// The digest of the member as it is stored.
    pub(super) digest: Option<Digest>,
    /// The length of the member as it is stored.
    pub(super) size: Option<u64>,
}

/// The most layers of an image.
pub(super) const MAX_LAYERS: usize = 1024;

/// Checks that there are as many layers as the configuration lists.
pub(super) fn check_layers(
    part: &[u8],
    layers: usize,
    config: &ImageConfig,
) -> Result<(), ImageError> {
    if layers > MAX_LAYERS {
        let message = format!("{layers} layers, more than {MAX_LAYERS}");
        return Err(ImageError::limit(part, message));
    }
    let listed = config.diff_ids.len();
    if listed != layers {
        let message = format!("{layers} layers, and the configuration lists {listed}");
        return Err(ImageError::malformed(part, message));
    }
    Ok(())
}

/// Whether an image known as `known` is meant by `wanted`, as Docker reads names
/// (distribution/reference: a missing registry, `library/` or tag is filled in).
pub(super) fn is_named(known: &str, wanted: &str) -> bool {
    let short = |name: &str| {
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("localhost/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        let last = name.rsplit('/').next().unwrap_or(name);
        match last.contains([':', '@']) {
            true => name.to_owned(),
            false => format!("{name}:latest"),
        }
    };
    known == wanted || short(known) == short(wanted)
}

/// Several images are there, and nothing says which is meant.
pub(super) fn ambiguous(names: impl Iterator<Item = String>) -> ImageError {
    ImageError::usage(format!(
        "there are several images; name one as FILE@NAME:\n{}",
        listing(names)
    ))
}

/// None of the images has the name that is wanted.
pub(super) fn no_such_name(wanted: &str, names: impl Iterator<Item = String>) -> ImageError {
    ImageError::usage(format!(
        "no image is named `{}`; there are:\n{}",
        escape(wanted),
        listing(names)
    ))
}

/// None of the images, or several, have the platform that is wanted.
pub(super) fn platforms(
    wanted: Option<&Platform>,
    found: impl Iterator<Item = String>,
) -> ImageError {
    let found = listing(found);
    ImageError::usage(match wanted {
        Some(wanted) => format!("no image is for {wanted}; there are:\n{found}"),
        None => {
            format!("the image is there for several platforms; choose with --platform:\n{found}")
        }
    })
}

/// Names, one a line; a long list is cut.
fn listing(names: impl Iterator<Item = String>) -> String {
    /// The most lines.
    const MOST: usize = 20;
    let names: Vec<String> = names.collect();
    let mut lines: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("  {}", escape(name)))
        .collect();
    if names.len() > MOST {
        lines.push(format!("  and {} more", names.len() - MOST));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::is_named;

    #[test]
    fn names_are_filled_in_as_docker_does() {
        assert!(is_named("docker.io/library/alpine:3.20", "alpine:3.20"));
        assert!(is_named("localhost/shop/api:latest", "shop/api"));
        assert!(is_named("shop/api:1.4", "shop/api:1.4"));
        assert!(!is_named("shop/api:1.4", "shop/api"));
        assert!(!is_named("quay.io/shop/api:1.4", "shop/api:1.4"));
    }
}
