//! Descriptions: nested without end, fields that come twice, digests that are paths.

use serde_json::{Value, json};

use super::super::open::{forms, open_image, refuses};
use crate::support::image::oci::{self, BLOBS};
use crate::support::image::{Image, Members, digest, docker, hex};
use imgldd::source::image::Obstacle;

fn image() -> Image {
    Image::parse("layer\n x text")
}

fn layout() -> Members {
    oci::layout(&[image()])
}

/// An OCI layout whose manifest says something else of its layer.
fn with_layer(change: impl Fn(&mut Value)) -> Members {
    oci::layout_with(&[image()], |manifest| change(&mut manifest["layers"][0]))
}

#[test]
fn json_is_read_to_a_depth_of_64() {
    for (name, mut members) in [
        ("manifest.json", docker::save_20(&[image()])),
        ("index.json", layout()),
    ] {
        members.set(name, "[".repeat(100_000));
        refuses(&members, Obstacle::Limit, "JSON nested deeper than 64");
        members.set(name, "{\"a\":".repeat(65) + "1" + &"}".repeat(65));
        refuses(&members, Obstacle::Limit, "JSON nested deeper than 64");
    }
    let mut members = layout();
    let deep: Value = serde_json::from_str(&("[".repeat(60) + &"]".repeat(60))).unwrap();
    members.edit("index.json", |index| index["annotations"] = deep);
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(&members) {
        let path = scratch.path().join("image.tar");
        std::fs::write(&path, bytes).unwrap();
        assert!(open_image(path.as_os_str()).is_ok(), "{what}");
    }
}

#[test]
fn an_index_of_20_000_manifests_is_too_long() {
    let mut members = layout();
    let entry = |number: usize| {
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest(&number.to_le_bytes()),
            "size": 2,
            "platform": { "os": "linux", "architecture": "amd64" },
        })
    };
    let all: Vec<Value> = (0..20_000).map(entry).collect();
    members.edit("index.json", |index| index["manifests"] = all.into());
    refuses(&members, Obstacle::Limit, "more than 1024 manifests");
}

#[test]
fn a_list_of_20_000_images_is_too_long() {
    let mut members = docker::save_20(&[image()]);
    let mut list: Vec<Value> = serde_json::from_slice(members.get("manifest.json")).unwrap();
    let first = list[0].clone();
    let named = |number: usize| {
        let mut image = first.clone();
        image["RepoTags"] = json!([format!("x:{number}")]);
        image
    };
    list.extend((0..20_000).map(named));
    members.set("manifest.json", serde_json::to_vec(&list).unwrap());
    refuses(&members, Obstacle::Limit, "20001 images, more than 1024");
}

#[test]
fn a_byte_order_mark_is_no_json() {
    for (name, mut members) in [
        ("manifest.json", docker::save_20(&[image()])),
        ("index.json", layout()),
    ] {
        let marked = [b"\xef\xbb\xbf", members.get(name)].concat();
        members.set(name, marked);
        refuses(&members, Obstacle::Malformed, name);
    }
}

fn is_read(members: &Members) {
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(members) {
        let path = scratch.path().join("image.tar");
        std::fs::write(&path, bytes).unwrap();
        open_image(path.as_os_str()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

/// As Go's `encoding/json`, and so every engine, reads it.
#[test]
fn of_a_key_that_comes_twice_the_last_counts() {
    let again = |members: &mut Members, name: &str, key: &str, before: &str, after: &str| {
        let text = String::from_utf8(members.get(name).to_vec()).unwrap();
        let at = text.find(&format!("\"{key}\"")).unwrap();
        let end = text.rfind('}').unwrap();
        let text = format!(
            "{}{before}{}{after}{}",
            &text[..at],
            &text[at..end],
            &text[end..]
        );
        members.set(name, text);
    };
    let mut members = docker::save_20(&[image()]);
    again(
        &mut members,
        "manifest.json",
        "Config",
        r#""Config":"gone","#,
        "",
    );
    is_read(&members);
    again(
        &mut members,
        "manifest.json",
        "Config",
        "",
        r#","CONFIG":"gone""#,
    );
    refuses(&members, Obstacle::Malformed, "gone");
    let mut members = layout();
    again(
        &mut members,
        "index.json",
        "manifests",
        r#""manifests":[],"#,
        "",
    );
    is_read(&members);
    again(
        &mut members,
        "index.json",
        "manifests",
        "",
        r#","Manifests":null"#,
    );
    refuses(&members, Obstacle::Malformed, "it lists no image");
}

#[test]
fn two_documents_of_one_name_are_refused() {
    for (name, mut members) in [
        ("manifest.json", docker::save_20(&[image()])),
        ("index.json", layout()),
    ] {
        members.file(name, "[]");
        refuses(&members, Obstacle::Malformed, "there are two of that name");
    }
}

#[test]
fn a_digest_is_checked_before_it_becomes_a_path() {
    for text in [
        "sha256:../../etc/passwd",
        "sha256:",
        "sha256",
        "",
        "SHA256:00",
        "../sha256:00",
        "sha256:0g",
        "sha256:\u{1b}[31m",
    ] {
        let mut members = layout();
        members.edit("index.json", |index| {
            index["manifests"][0]["digest"] = text.into()
        });
        refuses(&members, Obstacle::Malformed, "invalid digest");
        let members = with_layer(|layer| layer["digest"] = text.into());
        refuses(&members, Obstacle::Malformed, "invalid digest");
    }
}

#[test]
fn a_layer_that_cannot_be_verified_is_refused() {
    let members = with_layer(|layer| layer["digest"] = "md5:00".into());
    refuses(&members, Obstacle::Malformed, "md5:00");
}

#[test]
fn a_length_that_differs_is_refused() {
    let members = with_layer(|layer| layer["size"] = 7.into());
    refuses(&members, Obstacle::Malformed, "size mismatch");
    let mut members = layout();
    members.edit("index.json", |index| {
        index["manifests"][0]["size"] = 7.into()
    });
    refuses(&members, Obstacle::Malformed, "size mismatch");
}

#[test]
fn a_document_that_differs_is_refused() {
    let image = image();
    for document in [image.config_json(), {
        let layout = layout();
        let index: Value = serde_json::from_slice(layout.get("index.json")).unwrap();
        let digest = index["manifests"][0]["digest"].as_str().unwrap();
        let name = digest.replace("sha256:", BLOBS);
        layout.get(&name).to_vec()
    }] {
        let mut members = layout();
        let changed = String::from_utf8(document.clone()).unwrap();
        // As long as before.
        let changed = changed.replacen("application", "applicatiom", 1);
        let changed = changed.replacen("linux", "linuy", 1);
        assert_ne!(changed.as_bytes(), document);
        members.set(&format!("{BLOBS}{}", hex(&document)), changed);
        refuses(&members, Obstacle::Malformed, "digest mismatch");
    }
}

#[test]
fn a_blob_that_is_not_there_is_named() {
    let image = image();
    for blob in [&image.layers[0].blob, &image.config_json()] {
        let mut members = layout();
        members.remove(&format!("{BLOBS}{}", hex(blob)));
        refuses(&members, Obstacle::Malformed, "blob missing");
    }
}

/// An index can only refer to itself under a digest that is not its own, and no
/// digest is taken on trust.
#[test]
fn an_index_that_names_itself_ends() {
    let name = "ab".repeat(32);
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": format!("sha256:{name}"),
        }],
    });
    let mut members = layout();
    members.json(format!("{BLOBS}{name}"), &index);
    members.edit("index.json", |whole| *whole = index.clone());
    refuses(&members, Obstacle::Malformed, "digest mismatch");
}

#[test]
fn indexes_are_nested_to_a_depth_of_four() {
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    for (depth, is_fine) in [(4, true), (5, false)] {
        let mut members = Members::default();
        let mut inner = oci::put_image(&mut members, &image(), &|_| {});
        for _ in 0..depth {
            let index = json!({ "schemaVersion": 2, "manifests": [inner] });
            inner = oci::put(&mut members, INDEX, &serde_json::to_vec(&index).unwrap());
        }
        oci::finish(&mut members, &[inner]);
        if is_fine {
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), members.archive()).unwrap();
            assert!(open_image(path.path().as_os_str()).is_ok());
        } else {
            refuses(&members, Obstacle::Limit, "nested deeper than 4");
        }
    }
}

#[test]
fn a_layer_that_is_no_filesystem_is_refused_and_shown_escaped() {
    let members = with_layer(|layer| layer["mediaType"] = "\u{1b}[2Jevil\n: found".into());
    refuses(&members, Obstacle::Malformed, r"\x1b[2Jevil");
}

#[test]
fn layers_and_configuration_must_be_as_many() {
    let members = oci::layout_with(&[image()], |manifest| {
        let layer = manifest["layers"][0].clone();
        manifest["layers"].as_array_mut().unwrap().push(layer);
    });
    let expected = "2 layers, and the configuration lists 1";
    refuses(&members, Obstacle::Malformed, expected);
}
