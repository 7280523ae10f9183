//! Docker's archives: three generations of `save` (moby `image/tarexport/save.go`;
//! containers/image `docker/internal/tarfile/writer.go`).

use serde_json::{Map, Value, json};

use super::oci::{self, BLOBS};
use super::{Image, Layer, Members, hex};

/// As Docker wrote them up to version 24: a directory for each layer, with the
/// raw archive in it. A layer that was written before is a link to it.
pub(crate) fn save_20(images: &[Image]) -> Members {
    let mut members = Members::default();
    let mut manifest = Vec::new();
    for image in images {
        let mut layers = Vec::new();
        for (id, layer) in with_ids(image) {
            let path = format!("{id}/layer.tar");
            layers.push(path.clone());
            if members.has(&path) {
                continue;
            }
            let known = same_layer(&members, layer);
            members.dir(format!("{id}/"));
            members.file(format!("{id}/VERSION"), "1.0");
            members.json(format!("{id}/json"), &json!({ "id": id }));
            match known {
                Some(known) => members.link(path, format!("../{known}")),
                None => members.file(path, layer.archive.clone()),
            }
        }
        manifest.push(entry(&mut members, image, &layers));
    }
    finish(members, images, manifest)
}

/// As podman and skopeo write them: raw layers named after their diff IDs, and
/// links where Docker's readers of old looked for them.
pub(crate) fn save_podman(images: &[Image]) -> Members {
    let mut members = Members::default();
    let mut manifest = Vec::new();
    for image in images {
        let mut layers = Vec::new();
        for (id, layer) in with_ids(image) {
            let path = format!("{}.tar", hex(&layer.archive));
            layers.push(path.clone());
            if !members.has(&path) {
                members.file(path.clone(), layer.archive.clone());
            }
            let link = format!("{id}/layer.tar");
            if !members.has(&link) {
                members.link(link, format!("../{path}"));
                members.file(format!("{id}/VERSION"), "1.0");
                members.json(format!("{id}/json"), &json!({ "id": id }));
            }
        }
        manifest.push(entry(&mut members, image, &layers));
    }
    finish(members, images, manifest)
}

/// As Docker writes them from version 25 on: an OCI layout, with `manifest.json`
/// and `repositories` beside its index. Blobs are as the image has them:
/// uncompressed in Docker's own store, compressed in containerd's.
pub(crate) fn save_25(images: &[Image]) -> Members {
    let mut members = oci::layout(images);
    let mut manifest = Vec::new();
    for image in images {
        let blob = |content: &[u8]| format!("{BLOBS}{}", hex(content));
        let layers: Vec<String> = image.layers.iter().map(|layer| blob(&layer.blob)).collect();
        let config = blob(&image.config_json());
        manifest.push(json!({ "Config": config, "RepoTags": image.name.as_ref().map(|name| [name]), "Layers": layers }));
    }
    members.edit("index.json", |index| {
        for (image, descriptor) in images
            .iter()
            .zip(index["manifests"].as_array_mut().unwrap())
        {
            if let Some(name) = &image.name {
                descriptor["annotations"]["io.containerd.image.name"] =
                    format!("docker.io/{name}").into();
            }
        }
    });
    finish(members, images, manifest).sorted()
}

/// Each layer with the name that version 1 of the format gives it: it depends on
/// what is below.
fn with_ids(image: &Image) -> impl Iterator<Item = (String, &Layer)> {
    image.layers.iter().scan(String::new(), |below, layer| {
        *below = hex(format!("{below} {}", layer.diff_id()).as_bytes());
        Some((below.clone(), layer))
    })
}

fn same_layer(members: &Members, layer: &Layer) -> Option<String> {
    let is_same = |(name, member): &&(String, super::members::Member)| {
        name.ends_with("/layer.tar")
            && *member == super::members::Member::File(layer.archive.clone())
    };
    members.0.iter().find(is_same).map(|(name, _)| name.clone())
}

/// The configuration as a member, and the image's entry of `manifest.json`.
fn entry(members: &mut Members, image: &Image, layers: &[String]) -> Value {
    let content = image.config_json();
    let config = format!("{}.json", hex(&content));
    if !members.has(&config) {
        members.file(config.clone(), content);
    }
    json!({ "Config": config, "RepoTags": image.name.as_ref().map(|name| [name]), "Layers": layers })
}

fn finish(mut members: Members, images: &[Image], manifest: Vec<Value>) -> Members {
    let mut repositories = Map::new();
    for image in images {
        if let Some((repository, tag)) = image.repository() {
            let id = with_ids(image)
                .last()
                .map_or_else(String::new, |(id, _)| id);
            let tags = repositories.entry(repository).or_insert_with(|| json!({}));
            tags[tag] = id.into();
        }
    }
    members.json("manifest.json", &Value::Array(manifest));
    members.json("repositories", &Value::Object(repositories));
    members
}
