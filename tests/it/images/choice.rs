//! Which image of several is meant, and what stands in for what is not there.

use std::fs;

use imgldd::source::image::{ImageError, Obstacle, Opened};

use super::open::{forms, open, open_image};
use super::tree;
use crate::support::image::config::History;
use crate::support::image::{Config, Image, Members, docker, oci};

fn image(name: &str, platform: (&str, &str, Option<&str>), file: &str) -> Image {
    let mut image = Image::parse(&format!("layer\n {file} text"));
    image.name = Some(name.to_owned());
    image.config = Config::for_platform(platform.0, platform.1);
    image.config.variant = platform.2.map(str::to_owned);
    image
}

/// Opens every form of `members`, as `@name` where one is given.
fn in_every_form(
    members: &Members,
    name: &str,
    platform: Option<&str>,
    look: impl Fn(&str, Result<Opened, ImageError>),
) {
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(members) {
        let path = scratch.path().join("image.tar");
        fs::write(&path, bytes).unwrap();
        let mut reference = path.into_os_string();
        reference.push(name);
        look(what, open(&reference, platform));
    }
}

/// Wants the tree of the one image that is meant.
fn chosen(members: &Members, name: &str, platform: Option<&str>, expected: &str) {
    in_every_form(members, name, platform, |what, opened| {
        match opened.unwrap_or_else(|error| panic!("{what}: {error}")) {
            Opened::Image(image) => assert_eq!(tree::print(&image.filesystem), expected, "{what}"),
            Opened::Directory(_) => panic!("{what} is no rootfs"),
        }
    });
}

/// Wants an error that lists what there is.
fn undecided(members: &Members, name: &str, platform: Option<&str>, expected: &[&str]) {
    in_every_form(members, name, platform, |what, opened| {
        let error = opened.map(drop).expect_err(what);
        assert_eq!(error.obstacle, Obstacle::Usage, "{what}: {error}");
        for text in expected {
            assert!(error.to_string().contains(text), "{what}: {error}");
        }
    });
}

const AMD64: (&str, &str, Option<&str>) = ("linux", "amd64", None);
const ARM64: (&str, &str, Option<&str>) = ("linux", "arm64", Some("v8"));

#[test]
fn one_of_several_images_is_chosen_by_name() {
    let images = [
        image("shop/api:1", AMD64, "api"),
        image("shop/web:2", AMD64, "web"),
    ];
    for members in [
        docker::save_20(&images),
        docker::save_podman(&images),
        docker::save_25(&images),
    ] {
        chosen(&members, "@shop/web:2", None, "web:f(1)");
        undecided(&members, "", None, &["shop/api:1", "shop/web:2"]);
        undecided(
            &members,
            "@shop/gone:3",
            None,
            &["shop/api:1", "shop/web:2"],
        );
    }
}

#[test]
fn one_of_several_platforms_is_chosen_through_a_nested_index() {
    let images = [
        image("shop/api:1", AMD64, "amd"),
        image("shop/api:1", ARM64, "arm"),
    ];
    let members = oci::nested(&images);
    chosen(&members, "", Some("linux/arm64"), "arm:f(1)");
    chosen(&members, "", Some("linux/amd64"), "amd:f(1)");
    undecided(
        &members,
        "",
        None,
        &["linux/amd64", "linux/arm64/v8", "--platform"],
    );
    undecided(
        &members,
        "",
        Some("linux/s390x"),
        &["linux/amd64", "linux/arm64/v8"],
    );
}

#[test]
fn an_attestation_is_no_image() {
    let members = oci::nested(&[image("shop/api:1", ARM64, "arm")]);
    chosen(&members, "", None, "arm:f(1)");
}

#[test]
fn a_platform_that_was_not_fetched_is_named() {
    let images = [
        image("shop/api:1", AMD64, "amd"),
        image("shop/api:1", ARM64, "arm"),
    ];
    let mut members = oci::nested(&images);
    oci::without(&mut members, &images[1], &images[..1]);
    chosen(&members, "", None, "amd:f(1)");
    in_every_form(&members, "", Some("linux/arm64"), |what, opened| {
        let error = opened.map(drop).expect_err(what);
        assert_eq!(error.obstacle, Obstacle::Malformed, "{what}: {error}");
        assert!(error.to_string().contains("linux/arm64"), "{what}: {error}");
    });
}

/// Docker's newer archives have both forms; the index leads.
#[test]
fn an_index_comes_before_a_manifest() {
    let mut members = docker::save_25(&[image("shop/api:1", AMD64, "api")]);
    let other = docker::save_20(&[image("shop/api:1", AMD64, "other")]);
    members.set("manifest.json", other.get("manifest.json"));
    members.0.extend(
        other
            .0
            .into_iter()
            .filter(|(name, _)| name.contains(".json") && name.len() > 20),
    );
    chosen(&members, "", None, "api:f(1)");
}

/// A layer that several images, or one image twice, are made of stands in an
/// archive once.
#[test]
fn a_layer_can_be_used_twice() {
    let mut image = Image::parse("layer\n a text 1\nlayer\n a whiteout");
    image.layers.push(image.layers[0].clone());
    let images = [image];
    for members in [
        docker::save_20(&images),
        docker::save_podman(&images),
        docker::save_25(&images),
        oci::layout(&images),
    ] {
        chosen(&members, "", None, "a:f(1)");
    }
}

/// Nothing in an archive of zeros looks like a layer, and it is one.
#[test]
fn a_layer_can_be_empty() {
    let images = [Image::parse("layer raw\nlayer raw\n a text\nlayer raw")];
    for members in [
        docker::save_20(&images),
        docker::save_podman(&images),
        docker::save_25(&images),
        oci::layout(&images),
    ] {
        chosen(&members, "", None, "a:f(1)");
    }
}

#[test]
fn the_configuration_is_read_as_it_was_written() {
    let mut image = Image::parse("layer\n a text\nlayer\n b text");
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    image.config = Config {
        variant: Some("v7".to_owned()),
        entrypoint: words("/app"),
        cmd: words("--listen :80"),
        env: words("PATH=/usr/bin"),
        workdir: Some("/srv".to_owned()),
        user: Some("1000:1000".to_owned()),
        healthcheck: words("CMD /app ping"),
        history: vec![
            History::layer("/bin/sh -c #(nop) ADD rootfs.tar.xz / "),
            History::empty("/bin/sh -c #(nop)  WORKDIR /srv"),
            History::layer("COPY app /app # buildkit"),
        ],
        ..Config::for_platform("linux", "arm")
    };
    let scratch = tempfile::tempdir().unwrap();
    for (what, members) in [
        (
            "Docker 20.10",
            docker::save_20(std::slice::from_ref(&image)),
        ),
        ("OCI", oci::layout(std::slice::from_ref(&image))),
    ] {
        let path = scratch.path().join("image.tar");
        fs::write(&path, members.archive()).unwrap();
        let opened = open_image(path.as_os_str()).unwrap();
        let process = &opened.config.process;
        assert_eq!(process.entrypoint, [b"/app".to_vec()], "{what}");
        assert_eq!(
            process.cmd,
            [b"--listen".to_vec(), b":80".to_vec()],
            "{what}"
        );
        assert_eq!(process.env, [b"PATH=/usr/bin".to_vec()], "{what}");
        assert_eq!(process.working_dir, b"/srv", "{what}");
        assert_eq!(process.user, b"1000:1000", "{what}");
        let check = process.healthcheck.as_ref().unwrap();
        assert_eq!(
            check.test,
            [b"CMD".to_vec(), b"/app".to_vec(), b"ping".to_vec()],
            "{what}"
        );
        let made_by: Vec<_> = opened
            .layers
            .iter()
            .map(|layer| layer.created_by.clone())
            .collect();
        let instructions = ["ADD rootfs.tar.xz /", "COPY app /app"];
        assert_eq!(
            made_by,
            instructions.map(|text| Some(text.to_owned())),
            "{what}"
        );
        let platform = opened.config.platform.unwrap();
        assert_eq!(platform.to_string(), "linux/arm/v7", "{what}");
    }
}

/// A layout whose index leads to each image by itself, under the names as they are
/// here and with the platform in its configuration alone: `skopeo copy` to a tag that
/// was there leaves the old manifest behind without one.
fn side_by_side(images: &[(Image, Option<&str>)]) -> Members {
    let mut members = Members::default();
    let mut manifests = Vec::new();
    for (image, tag) in images {
        let mut descriptor = oci::put_image(&mut members, image, &|_| {});
        if let Some(tag) = tag {
            let annotation = "org.opencontainers.image.ref.name";
            descriptor["annotations"] = serde_json::json!({ annotation: tag });
        }
        manifests.push(descriptor);
    }
    oci::finish(&mut members, &manifests);
    members
}

/// The digest of the manifest that an index lists in this place.
fn listed(members: &Members, at: usize) -> String {
    let index: serde_json::Value = serde_json::from_slice(members.get("index.json")).unwrap();
    index["manifests"][at]["digest"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_platform_does_not_choose_among_images() {
    let [old, new] = ["old", "new"].map(|file| image("x:v1", AMD64, file));
    let amd64 = Some("linux/amd64");
    // Of one name and one that lost it, of two names, of two without one, of one
    // name for both.
    for tags in [
        [None, Some("v1")],
        [Some("v1"), Some("v2")],
        [None, None],
        [Some("v1"), Some("v1")],
    ] {
        let members = side_by_side(&[(old.clone(), tags[0]), (new.clone(), tags[1])]);
        let digests = [listed(&members, 0), listed(&members, 1)];
        let names = |at: usize| match (tags[at], tags[0] == tags[1]) {
            (Some(tag), false) => tag,
            _ => &digests[at],
        };
        for platform in [None, amd64] {
            undecided(&members, "", platform, &[names(0), names(1)]);
        }
        // Each can be named as it is listed.
        chosen(&members, &format!("@{}", names(0)), amd64, "old:f(1)");
        chosen(&members, &format!("@{}", names(1)), None, "new:f(1)");
        undecided(&members, "", Some("linux/s390x"), &["linux/amd64"]);
    }
    // One image for several platforms, and two for one of them.
    let other = image("x:v1", ARM64, "arm");
    let members = side_by_side(&[(old, Some("v1")), (new, Some("v1")), (other, Some("v1"))]);
    chosen(&members, "", Some("linux/arm64"), "arm:f(1)");
    undecided(&members, "", None, &[&listed(&members, 2)]);
    undecided(
        &members,
        "",
        amd64,
        &[&listed(&members, 0), &listed(&members, 1)],
    );
}

/// One of the platforms may have a name of its own as well.
#[test]
fn the_platforms_of_an_image_share_a_name() {
    let (amd, arm) = (image("x:1", AMD64, "amd"), image("x:1", ARM64, "arm"));
    let members = side_by_side(&[
        (amd.clone(), Some("1")),
        (amd, Some("1-amd")),
        (arm, Some("1")),
    ]);
    for name in ["", "@1"] {
        chosen(&members, name, Some("linux/amd64"), "amd:f(1)");
        chosen(&members, name, Some("linux/arm64"), "arm:f(1)");
        undecided(&members, name, None, &["linux/arm64", "--platform"]);
    }
    chosen(&members, "@1-amd", None, "amd:f(1)");
}

/// The digest of an index means what it leads to.
#[test]
fn an_index_has_a_digest_and_all_its_names() {
    let mut members = oci::nested(&[
        image("shop/api:1", AMD64, "amd"),
        image("shop/api:1", ARM64, "arm"),
    ]);
    members.edit("index.json", |index| {
        let mut again = index["manifests"][0].clone();
        again["annotations"]["org.opencontainers.image.ref.name"] = "2".into();
        index["manifests"].as_array_mut().unwrap().push(again);
    });
    let digest = format!("@{}", listed(&members, 0));
    for name in ["", "@1", "@2", &digest] {
        chosen(&members, name, Some("linux/arm64"), "arm:f(1)");
        undecided(&members, name, None, &["linux/amd64", "linux/arm64/v8"]);
    }
}

#[test]
fn two_of_dockers_images_with_one_name_or_none_have_their_configurations() {
    let [mut one, mut two] = ["one", "two"].map(|file| image("shop/api:1", AMD64, file));
    for name in [Some("shop/api:1".to_owned()), None] {
        (one.name, two.name) = (name.clone(), name);
        let members = docker::save_20(&[one.clone(), two.clone()]);
        let manifest: serde_json::Value =
            serde_json::from_slice(members.get("manifest.json")).unwrap();
        let config = manifest[1]["Config"].as_str().unwrap();
        undecided(&members, "", None, &[config]);
        chosen(&members, &format!("@{config}"), None, "two:f(1)");
        let hex = config.strip_suffix(".json").unwrap();
        chosen(&members, &format!("@sha256:{hex}"), None, "two:f(1)");
        if one.name.is_some() {
            undecided(&members, "@shop/api:1", None, &[config]);
        }
    }
}

#[test]
fn an_architecture_may_go_by_another_name() {
    for name in ["x86_64", "x86-64", "AMD64"] {
        let odd = image("shop/api:1", ("linux", name, None), "amd");
        let images = [odd, image("shop/api:1", ("linux", "aarch64", None), "arm")];
        let members = oci::nested(&images);
        for platform in ["linux/amd64", "x86_64", "linux/amd64/v3", "amd64"] {
            chosen(&members, "", Some(platform), "amd:f(1)");
        }
        chosen(&members, "", Some("linux/arm64/v8"), "arm:f(1)");
    }
}

#[test]
fn the_nearest_earlier_version_of_an_architecture_is_taken() {
    let versions = [None, Some("v2"), Some("v3")];
    let images = versions.map(|variant| {
        let file = variant.unwrap_or("v1");
        image("shop/api:1", ("linux", "amd64", variant), file)
    });
    let members = oci::nested(&images);
    for (platform, file) in [
        ("linux/amd64", "v1:f(1)"),
        ("linux/amd64/v1", "v1:f(1)"),
        ("linux/amd64/v2", "v2:f(1)"),
        ("linux/amd64/v4", "v3:f(1)"),
    ] {
        chosen(&members, "", Some(platform), file);
    }
    let later = oci::nested(&images[1..]);
    undecided(&later, "", Some("linux/amd64"), &["linux/amd64/v2"]);
}
