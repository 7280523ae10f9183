//! What skopeo calls `dir:`: one manifest of Docker's second schema, and blobs
//! named by bare digests (containers/image `directory/directory_dest.go`).

use serde_json::{Value, json};

use super::{Image, Members, digest};

/// The members of such a directory.
pub(crate) fn directory(image: &Image) -> Members {
    let mut members = Members::default();
    let layers: Vec<Value> = image
        .layers
        .iter()
        .map(|layer| {
            let media_type = layer
                .media_type
                .replace("oci.image.layer.v1.tar", "docker.image.rootfs.diff.tar")
                .replace("tar+gzip", "tar.gzip")
                .replace("tar+zstd", "tar.zstd");
            put(&mut members, &media_type, &layer.blob)
        })
        .collect();
    let config = "application/vnd.docker.container.image.v1+json";
    let config = put(&mut members, config, &image.config_json());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": config,
        "layers": layers,
    });
    members.json("manifest.json", &manifest);
    members.file("version", "Directory Transport Version: 1.1\n");
    members
}

fn put(members: &mut Members, media_type: &str, content: &[u8]) -> Value {
    members.blob("", content);
    json!({ "mediaType": media_type, "size": content.len(), "digest": digest(content) })
}
