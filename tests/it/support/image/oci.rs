//! OCI layouts (image-spec `image-layout.md`, `image-index.md`, `manifest.md`).

use serde_json::{Value, json};

use super::{Image, Members, digest, json as bytes};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Where blobs stand.
pub(crate) const BLOBS: &str = "blobs/sha256/";

/// A layout with these images, each under the tag of its name, as skopeo and
/// umoci write it.
pub(crate) fn layout(images: &[Image]) -> Members {
    layout_with(images, |_| {})
}

/// The same; `change` may alter each manifest before its digest is taken.
pub(crate) fn layout_with(images: &[Image], change: impl Fn(&mut Value)) -> Members {
    let mut members = Members::default();
    let mut manifests = Vec::new();
    for image in images {
        let mut descriptor = put_image(&mut members, image, &change);
        if let Some((_, tag)) = image.repository() {
            descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        }
        manifests.push(descriptor);
    }
    finish(&mut members, &manifests);
    members
}

/// A layout whose `index.json` leads to another index, which has a manifest for
/// each platform and BuildKit's attestation beside each: podman's `manifest push
/// --all`, BuildKit's `--provenance`.
pub(crate) fn nested(images: &[Image]) -> Members {
    let mut members = Members::default();
    let mut manifests = Vec::new();
    for image in images {
        let mut descriptor = put_image(&mut members, image, &|_| {});
        if image.config.architecture.is_some() {
            descriptor["platform"] = image.config.platform();
        }
        let attestation = put_attestation(&mut members, &descriptor["digest"]);
        manifests.push(descriptor);
        manifests.push(attestation);
    }
    let inner = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    let mut descriptor = put(&mut members, INDEX, &bytes(&inner));
    let tag = images.first().and_then(|image| image.repository());
    if let Some((_, tag)) = tag {
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    }
    finish(&mut members, &[descriptor]);
    members
}

/// Takes away all blobs of `image` that `others` do not share: Docker's
/// containerd store lists platforms that it never fetched.
pub(crate) fn without(members: &mut Members, image: &Image, others: &[Image]) {
    let blobs = |image: &Image| {
        let mut scratch = Members::default();
        put_image(&mut scratch, image, &|_| {});
        scratch.0
    };
    let kept: Vec<String> = others
        .iter()
        .flat_map(blobs)
        .map(|(name, _)| name)
        .collect();
    for (name, _) in blobs(image) {
        if !kept.contains(&name) {
            members.remove(&name);
        }
    }
}

/// A blob, and the descriptor that leads to it.
pub(crate) fn put(members: &mut Members, media_type: &str, content: &[u8]) -> Value {
    members.blob(BLOBS, content);
    json!({ "mediaType": media_type, "digest": digest(content), "size": content.len() })
}

/// Layers, configuration and manifest of an image.
pub(crate) fn put_image(
    members: &mut Members,
    image: &Image,
    change: &impl Fn(&mut Value),
) -> Value {
    let layers: Vec<Value> = image
        .layers
        .iter()
        .map(|layer| put(members, &layer.media_type, &layer.blob))
        .collect();
    let config = put(members, CONFIG, &image.config_json());
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": layers,
    });
    change(&mut manifest);
    put(members, MANIFEST, &bytes(&manifest))
}

/// What BuildKit puts beside an image: a statement in the shape of an image for no
/// platform.
fn put_attestation(members: &mut Members, about: &Value) -> Value {
    let statement = br#"{"_type":"https://in-toto.io/Statement/v0.1"}"#;
    let mut layer = put(members, "application/vnd.in-toto+json", statement);
    layer["annotations"] =
        json!({ "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" });
    let config = json!({
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [digest(statement)] },
    });
    let config = put(members, CONFIG, &bytes(&config));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": [layer],
    });
    let mut descriptor = put(members, MANIFEST, &bytes(&manifest));
    descriptor["annotations"] = json!({
        "vnd.docker.reference.digest": about,
        "vnd.docker.reference.type": "attestation-manifest",
    });
    descriptor["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
    descriptor
}

/// The two files where a layout begins.
pub(crate) fn finish(members: &mut Members, manifests: &[Value]) {
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
    members.json("index.json", &index);
    members.json("oci-layout", &json!({ "imageLayoutVersion": "1.0.0" }));
}
