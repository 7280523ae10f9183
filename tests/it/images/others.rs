//! What is in a layout beside images, what only looks like an image, and forms that
//! few tools write.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::open::{forms, issues, open, open_image, refuses, refuses_blobs, verified};
use super::tree;
use crate::support::image::oci::{self, BLOBS};
use crate::support::image::{
    Config, Image, Layer, Members, Packing, digest, docker, entry, hex, tape,
};
use imgldd::source::image::{ImageKind, Obstacle, Opened};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn image() -> Image {
    Image::parse("layer\n x text")
}

/// Wants every form of `members` to be the image with the file `x`.
fn is_the_image(members: &Members) {
    comes_to(members, "", None, "x:f(1)");
}

fn comes_to(members: &Members, name: &str, platform: Option<&str>, expected: &str) {
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(members) {
        let path = scratch.path().join("image.tar");
        std::fs::write(&path, bytes).unwrap();
        let mut reference = path.into_os_string();
        reference.push(name);
        match open(&reference, platform).unwrap_or_else(|error| panic!("{what}: {error}")) {
            Opened::Image(image) => assert_eq!(tree::print(&image.filesystem), expected, "{what}"),
            Opened::Directory(_) => panic!("{what} is no rootfs"),
        }
    }
}

/// A layout of an image, and of a manifest that `change` made something else.
fn beside(change: impl Fn(&mut Value, &mut Value)) -> Members {
    let mut members = Members::default();
    let first = oci::put_image(&mut members, &image(), &|_| {});
    let blob = oci::put(&mut members, "application/octet-stream", b"something else");
    let config = json!({ "architecture": "", "os": "", "rootfs": { "diff_ids": [digest(b"")] } });
    let media_type = "application/vnd.oci.image.config.v1+json";
    let config = oci::put(
        &mut members,
        media_type,
        &serde_json::to_vec(&config).unwrap(),
    );
    let mut manifest = json!({ "schemaVersion": 2, "config": config, "layers": [blob] });
    let mut announced = json!({});
    change(&mut manifest, &mut announced);
    let mut second = oci::put(
        &mut members,
        MANIFEST,
        &serde_json::to_vec(&manifest).unwrap(),
    );
    for (key, value) in announced.as_object().unwrap() {
        second[key] = value.clone();
    }
    oci::finish(&mut members, &[first, second]);
    members
}

#[test]
fn artifacts_are_passed_over_however_they_say_what_they_are() {
    // The descriptor says so.
    is_the_image(&beside(|_, announced| {
        announced["artifactType"] = "application/vnd.example.sbom".into();
    }));
    is_the_image(&beside(|_, announced| {
        announced["mediaType"] = "application/vnd.oci.artifact.manifest.v1+json".into();
    }));
    // The manifest does.
    is_the_image(&beside(|manifest, _| {
        manifest["artifactType"] = "application/vnd.example.sbom".into();
    }));
    is_the_image(&beside(|manifest, _| {
        manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into();
    }));
    // Only its layers do, as in signatures.
    is_the_image(&beside(|manifest, _| {
        manifest["layers"][0]["mediaType"] =
            "application/vnd.dev.cosign.simplesigning.v1+json".into();
    }));
    // BuildKit's attestations are for no platform, or are annotated.
    is_the_image(&beside(|_, announced| {
        announced["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    }));
    is_the_image(&beside(|_, announced| {
        announced["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    }));
}

fn arm(variant: Option<&str>, file: &str) -> Image {
    let mut image = Image::parse(&format!("layer\n {file} text"));
    image.config = Config {
        variant: variant.map(str::to_owned),
        ..Config::for_platform("linux", "arm")
    };
    image
}

#[test]
fn of_several_versions_of_arm_the_one_that_was_asked_for_or_the_next_lower_is_taken() {
    let images = [
        arm(Some("v5"), "five"),
        arm(Some("v6"), "six"),
        arm(Some("v7"), "seven"),
    ];
    let members = oci::nested(&images);
    comes_to(&members, "", Some("linux/arm/v5"), "five:f(1)");
    comes_to(&members, "", Some("linux/arm/v6"), "six:f(1)");
    comes_to(&members, "", Some("linux/arm/v7"), "seven:f(1)");
    comes_to(&members, "", Some("linux/arm/v8"), "seven:f(1)");
    comes_to(&members, "", Some("linux/arm"), "seven:f(1)");
    let members = oci::nested(&images[1..]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), members.archive()).unwrap();
    let error = open(file.path().as_os_str(), Some("linux/arm/v5")).map(drop);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("no image is for linux/arm/v5"), "{error}");
}

/// An image whose layer is known by another algorithm's digest.
fn with_sha512(blob: &[u8], packing: Packing) -> Members {
    let layer = Layer::new(tape::archive(&[entry::file("x", "x")]), packing);
    let digits = Sha512::digest(&layer.blob);
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    let size = layer.blob.len();
    let image = Image::new(vec![layer.clone()]);
    let mut members = oci::layout_with(&[image], |manifest| {
        let layer = &mut manifest["layers"][0];
        layer["digest"] = format!("sha512:{digits}").into();
        layer["size"] = size.into();
    });
    members.remove(&format!("{BLOBS}{}", hex(&layer.blob)));
    let blob = match blob {
        b"" => layer.blob,
        other => other.to_vec(),
    };
    members.file(format!("blobs/sha512/{digits}"), blob);
    members
}

#[test]
fn a_layer_may_be_known_by_its_sha512() {
    for packing in [Packing::Raw, Packing::Gzip, Packing::Zstd] {
        let members = with_sha512(b"", packing);
        is_the_image(&members);
        for opened in verified(&members.archive()) {
            let opened = opened.unwrap();
            assert_eq!(tree::print(&opened.filesystem), "x:f(1)");
            assert_eq!(issues(&opened), [""; 0]);
        }
    }
}

#[test]
fn a_layer_that_has_another_sha512_is_refused() {
    let mut bad = Layer::new(tape::archive(&[entry::file("x", "x")]), Packing::Raw).blob;
    bad[512] = b'y';
    let members = with_sha512(&bad, Packing::Raw);
    for opened in verified(&members.archive()) {
        let error = opened.map(drop).unwrap_err().to_string();
        assert!(
            error.contains("digest mismatch") && error.contains("sha512:"),
            "{error}"
        );
    }
}

#[test]
fn verifying_hashes_what_comes_on_standard_input_too() {
    let mut lying = image();
    let other = tape::archive(&[entry::file("x", "y")]);
    lying.layers[0].blob = Packing::Gzip.pack(&other);
    for opened in verified(&oci::layout(&[lying]).archive()) {
        assert_eq!(issues(&opened.unwrap()), ["digest-mismatch"]);
    }
    // A raw layer in Docker's archive is known by its diff ID alone.
    let mut members = docker::save_20(&[image()]);
    let name = members
        .0
        .iter()
        .find(|(name, _)| name.ends_with("/layer.tar"));
    let name = name.unwrap().0.clone();
    members.set(&name, other);
    for opened in verified(&members.archive()) {
        let error = opened.map(drop).unwrap_err();
        assert_eq!(error.obstacle, Obstacle::Malformed);
        assert!(error.to_string().contains("digest mismatch"), "{error}");
    }
}

/// Blobs may be links into a store of their own.
#[test]
fn a_raw_blob_behind_a_link_is_hashed_when_that_is_asked_for() {
    let image = Image::parse("layer raw\n x text");
    let good = image.layers[0].blob.clone();
    let mut bad = good.clone();
    bad[512] = b'y';
    for (blob, is_fine) in [(good, true), (bad, false)] {
        let mut members = oci::layout(std::slice::from_ref(&image));
        let name = format!("{BLOBS}{}", hex(&image.layers[0].blob));
        members.remove(&name);
        members.link(name, "../../store/1");
        members.file("store/1", blob);
        let directory = tempfile::tempdir().unwrap();
        members.write_dir(&directory.path().join("layout"));
        let mut command = crate::support::imgldd::binary();
        command.arg("-i").arg(directory.path().join("layout"));
        let output = command.args(["--verify", "x"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(!said.contains("digest mismatch"), is_fine, "{said}");
        for opened in verified(&members.archive()) {
            assert_eq!(opened.is_ok(), is_fine);
        }
    }
}

/// Every index leads to the next two hundred times: what was gone through is not
/// gone through again.
#[test]
fn indexes_that_share_what_they_lead_to_are_gone_through_once() {
    let mut members = Members::default();
    let mut inner = oci::put_image(&mut members, &image(), &|_| {});
    for _ in 0..4 {
        let index = json!({ "schemaVersion": 2, "manifests": vec![inner; 200] });
        inner = oci::put(&mut members, INDEX, &serde_json::to_vec(&index).unwrap());
    }
    oci::finish(&mut members, &[inner]);
    is_the_image(&members);
}

#[test]
fn a_web_application_in_the_root_is_no_image() {
    let manifest = r#"{ "name": "Shop", "start_url": "/", "icons": [] }"#;
    let mut members = Members::default();
    members.file("index.json", r#"{ "page": 1 }"#);
    members.file("manifest.json", manifest);
    members.file("index.html", "<!doctype html>");
    members.dir("usr/");
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(&members) {
        let path = scratch.path().join("rootfs.tar");
        std::fs::write(&path, bytes).unwrap();
        let image = open_image(path.as_os_str()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(image.kind, ImageKind::Layer, "{what}");
        let found = tree::print(&image.filesystem);
        assert!(
            found.contains("manifest.json:f") && found.contains("index.html:f"),
            "{found}"
        );
    }
}

#[test]
fn a_full_name_is_meant_before_a_tag_that_only_ends_alike() {
    let named = |name: &str, file: &str| {
        let mut image = Image::parse(&format!("layer\n {file} text"));
        image.name = Some(name.to_owned());
        image
    };
    let mut members = oci::layout(&[named("shop/api:1", "api"), named("shop/web:1", "web")]);
    members.edit("index.json", |index| {
        let name = "org.opencontainers.image.ref.name";
        index["manifests"][1]["annotations"][name] = "docker.io/shop/web:1".into();
    });
    comes_to(&members, "@shop/web:1", None, "web:f(1)");
    // Where no name is the whole of it, a bare tag is.
    comes_to(&members, "@shop/api:1", None, "api:f(1)");
}

#[test]
fn one_word_without_a_list_is_a_command() {
    let mut members = docker::save_20(&[image()]);
    let manifest: Value = serde_json::from_slice(members.get("manifest.json")).unwrap();
    let name = manifest[0]["Config"].as_str().unwrap().to_owned();
    members.edit(&name, |config| {
        config["config"]["Entrypoint"] = "/app/exe".into();
        config["config"]["Cmd"] = "--listen :80".into();
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), members.archive()).unwrap();
    let process = open_image(file.path().as_os_str()).unwrap().config.process;
    assert_eq!(process.entrypoint, [b"/app/exe".to_vec()]);
    assert_eq!(process.cmd, [b"--listen :80".to_vec()]);
}

#[test]
fn a_manifest_of_the_first_schema_is_named() {
    let members = oci::layout_with(&[image()], |manifest| {
        *manifest = json!({
            "schemaVersion": 1,
            "name": "shop/api",
            "fsLayers": [{ "blobSum": digest(b"") }],
            "history": [{ "v1Compatibility": "{}" }],
        });
    });
    refuses(
        &members,
        Obstacle::Malformed,
        "a manifest of Docker's schema 1",
    );
}

#[test]
fn a_layer_that_is_compressed_in_another_way_is_named() {
    let beginnings: [(&[u8], &str); 3] = [
        (b"BZh91AY&SY\x94\x1f", "bzip2"),
        (b"\xfd7zXZ\0\0\x04", "xz"),
        (b"\x04\x22\x4d\x18\x64", "lz4"),
    ];
    for (beginning, name) in beginnings {
        let mut blob = beginning.to_vec();
        blob.resize(2000, 0xa5);
        let layer = Layer::new(tape::archive(&[]), Packing::Gzip).with_blob(blob);
        let expected = format!("compressed with {name}; gzip and zstd are read");
        refuses_blobs(&Image::new(vec![layer]), &expected);
    }
}

/// Layers under plain names, as some builders have them, are told by content.
#[test]
fn a_layer_needs_no_name_that_tells() {
    for packing in [Packing::Raw, Packing::Gzip, Packing::Zstd] {
        for name in ["first", "layers/first", "deep/er/than/that/lay", "lay/.er"] {
            let mut members = docker::save_20(&[image()]);
            let is_layer = |(name, _): &&(String, _)| name.ends_with("/layer.tar");
            let old = members.0.iter().find(is_layer).unwrap().0.clone();
            members.remove(&old);
            members.file(name, packing.pack(&image().layers[0].archive));
            members.edit("manifest.json", |manifest| {
                manifest[0]["Layers"] = json!([name])
            });
            is_the_image(&members);
        }
    }
}

/// An archive of the old format has no magic; its checksum tells.
#[test]
fn a_layer_of_the_old_format_needs_no_name_that_tells() {
    let mut members = docker::save_20(&[image()]);
    let mut archive = image().layers[0].archive.clone();
    archive[257..265].fill(0);
    let mut header = archive[..512].to_vec();
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let is_layer = |(name, _): &&(String, _)| name.ends_with("/layer.tar");
    let old = members.0.iter().find(is_layer).unwrap().0.clone();
    let config = members
        .0
        .iter()
        .find(|(name, _)| name.len() == 64 + ".json".len() && name.ends_with(".json"));
    let config = config.unwrap().0.clone();
    let text = members.get(&config).to_vec();
    let text = String::from_utf8(text).unwrap();
    let text = text.replace(&digest(&image().layers[0].archive), &digest(&archive));
    for name in [&old, &config] {
        members.remove(name);
    }
    members.file("layer1", archive);
    members.file("deep/er/config", text);
    members.edit("manifest.json", |manifest| {
        manifest[0]["Layers"] = json!(["layer1"]);
        manifest[0]["Config"] = "deep/er/config".into();
    });
    is_the_image(&members);
}

/// Go's `encoding/json` does not tell `Cmd` from `cmd`, and so no engine does.
#[test]
fn keys_are_taken_in_any_case() {
    fn other_case(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (key, mut value) in std::mem::take(object) {
                    other_case(&mut value);
                    let key = match key.chars().any(char::is_uppercase) {
                        true => key.to_lowercase(),
                        false => key.to_uppercase(),
                    };
                    object.insert(key, value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(other_case),
            _ => {}
        }
    }
    let mut members = docker::save_20(&[image()]);
    let manifest: Value = serde_json::from_slice(members.get("manifest.json")).unwrap();
    let name = manifest[0]["Config"].as_str().unwrap().to_owned();
    members.edit(&name, |config| {
        config["config"]["Cmd"] = json!(["/x", null]);
        config["config"]["Healthcheck"] = json!({ "Test": ["CMD", "/x"] });
        other_case(config);
    });
    members.edit("manifest.json", other_case);
    is_the_image(&members);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), members.archive()).unwrap();
    let process = open_image(file.path().as_os_str()).unwrap().config.process;
    assert_eq!(process.cmd, [b"/x".to_vec(), Vec::new()]);
    assert_eq!(process.healthcheck.unwrap().test.len(), 2);
    let mut members = oci::layout(&[image()]);
    members.edit("index.json", |index| {
        // The names of annotations are no fields.
        index["ManifestS"] = index["manifests"].take();
        index.as_object_mut().unwrap().remove("manifests");
    });
    is_the_image(&members);
}

/// Wants every form of `members`, and not `layer:`, to be refused with `expected`.
fn is_no_layer(members: &Members, expected: &str) {
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(members) {
        let path = scratch.path().join("x.tar");
        std::fs::write(&path, &bytes).unwrap();
        let error = open(path.as_os_str(), None).map(drop).expect_err(what);
        assert!(error.to_string().contains(expected), "{what}: {error}");
        let mut strict = std::ffi::OsString::from("layer:");
        strict.push(&path);
        open_image(&strict).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

fn in_folder(folder: &str, members: Members) -> Members {
    let into = |(name, member)| (format!("{folder}/{name}"), member);
    Members(members.0.into_iter().map(into).collect())
}

/// The forms that are images by themselves, with what they are called in a folder.
fn images_in_folders() -> [(Members, &'static str); 5] {
    let mut unmarked = oci::layout(&[image()]);
    unmarked.remove("oci-layout");
    let mut bare = docker::save_20(&[image()]);
    bare.remove("repositories");
    [
        (oci::layout(&[image()]), "an OCI layout"),
        (unmarked, "an OCI layout"),
        (docker::save_20(&[image()]), "`docker save`"),
        (bare, "`docker save`"),
        (docker::save_podman(&[image()]), "`docker save`"),
    ]
}

#[test]
fn an_image_in_a_folder_of_an_archive_is_no_layer() {
    for (members, what) in images_in_folders() {
        let wrapped = in_folder("img", members.clone());
        is_no_layer(&wrapped, what);
        is_no_layer(&wrapped, "x.tar && imgldd -i img");
        let mut deeper = in_folder("a/my img", members.clone());
        deeper.file("a/README", "what this is");
        is_no_layer(&deeper, "x.tar && imgldd -i 'a/my img'");
        let mut two = in_folder("one", members.clone());
        two.0.extend(in_folder("two", members).0);
        is_no_layer(&two, "x.tar && imgldd -i one");
    }
    is_no_layer(&Members::default(), "there is no file in it");
    let mut members = Members::default();
    members.file("img.tar", docker::save_20(&[image()]).archive());
    is_no_layer(&members, "x.tar && imgldd -i img.tar");
    let mut members = Members::default();
    members.file(format!("blobs/sha256/{}", "ab".repeat(32)), "x");
    is_no_layer(&members, "the blobs of an image");
}

#[test]
fn a_folder_of_an_application_makes_a_layer() {
    let is_layer = |members: &Members| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), members.archive()).unwrap();
        let opened = open_image(file.path().as_os_str()).unwrap();
        assert_eq!(opened.kind, ImageKind::Layer);
    };
    let mut members = Members::default();
    members.file("app/index.json", "{}");
    members.file("app/manifest.json", "{}");
    is_layer(&members);
    // What a program has beside it is its own business, and so is what a root has.
    let mut members = in_folder("app/image", oci::layout(&[image()]));
    members.file("app/etc/x", "x");
    is_layer(&members);
    let mut members = in_folder("image", oci::layout(&[image()]));
    members.file("libx.so.1", "x");
    is_layer(&members);
    let mut members = Members::default();
    members.file("app/data.tar", "x");
    members.file("app/data", "x");
    is_layer(&members);
    let mut members = in_folder("usr/share/image", docker::save_20(&[image()]));
    members.file("usr/x", "x");
    is_layer(&members);
}

#[test]
fn a_directory_with_an_image_in_it_is_no_rootfs() {
    let refused = |members: &Members, expected: &str| {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("my dir");
        members.write_dir(&root);
        let error = open(root.as_os_str(), None).map(drop).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
        let mut strict = std::ffi::OsString::from("dir:");
        strict.push(&root);
        assert!(matches!(open(&strict, None), Ok(Opened::Directory(_))));
    };
    for (members, what) in images_in_folders() {
        let wrapped = in_folder("img", members);
        refused(&wrapped, what);
        refused(&wrapped, "/my dir/img'");
    }
    let mut members = docker::save_20(&[image()]);
    let manifest: Value = serde_json::from_slice(members.get("manifest.json")).unwrap();
    members.remove(manifest[0]["Config"].as_str().unwrap());
    refused(&members, "whose configuration is not there");
    members.remove("manifest.json");
    refused(&members, "before 1.10");
    let mut members = Members::default();
    members.file("img.tar", docker::save_20(&[image()]).archive());
    refused(&members, "/my dir/img.tar'");
}

#[test]
fn an_image_of_the_first_format_is_named() {
    let mut members = docker::save_20(&[image()]);
    members.remove("manifest.json");
    is_no_layer(&members, "before 1.10");
    members.remove("repositories");
    is_no_layer(&members, "before 1.10");
}

#[test]
fn a_layout_without_its_mark_is_one() {
    let mut members = oci::layout(&[image()]);
    members.remove("oci-layout");
    is_the_image(&members);
    let directory = tempfile::tempdir().unwrap();
    members.write_dir(directory.path());
    assert_eq!(
        open_image(directory.path().as_os_str()).unwrap().kind,
        ImageKind::OciDir
    );
    // An archive of Docker's that was unpacked.
    let directory = tempfile::tempdir().unwrap();
    docker::save_20(&[image()]).write_dir(directory.path());
    let opened = open_image(directory.path().as_os_str()).unwrap();
    assert_eq!(tree::print(&opened.filesystem), "x:f(1)");
}

#[test]
fn a_list_that_is_not_of_images_gets_the_line_to_type() {
    let mut members = Members::default();
    members.file("manifest.json", r#"["a.js", "b.js"]"#);
    members.file("usr/x", "x");
    is_no_layer(&members, "name it `layer:FILE`");
}
