//! The images in `testdata/images`, as real tools wrote them.

use std::path::{Path, PathBuf};

use imgldd::source::image::{Image, ImageKind, Obstacle, Opened};

use super::{open, tree};

fn path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("testdata/images").join(name)
}

fn open_real(name: &str, platform: Option<&str>) -> Image {
    match open::open(path(name).as_os_str(), platform) {
        Ok(Opened::Image(image)) => *image,
        Ok(Opened::Directory(_)) => panic!("`{name}` is no rootfs"),
        Err(error) => panic!("`{name}`: {error}"),
    }
}

/// Wants this of an image: its files, and what made each layer, up to a colon.
fn check(image: &Image, files: &str, made_by: &[&str]) {
    let files: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(tree::print(&image.filesystem), files.join(" "));
    let instructions = image.layers.iter().map(|layer| layer.created_by.as_deref());
    let found: Vec<&str> = instructions
        .map(|text| text.unwrap_or("?"))
        .map(|text| text.split_once(':').map_or(text, |(before, _)| before))
        .collect();
    assert_eq!(found, made_by);
    assert_eq!(image.config.process.entrypoint, [b"/app".to_vec()]);
}

const MUSL: &str = "
    bin/sh:f(6056) bin:d etc/os-release:f(94) etc/passwd:f(67) etc:d
    lib/ld-musl-x86_64.so.1:f(702960) lib/libc.musl-x86_64.so.1:l->ld-musl-x86_64.so.1 lib:d
    usr/share/doc/musl/copyright:f(10801) usr/share/doc/musl:d usr/share/doc:d usr/share:d usr:d
";

#[test]
fn a_program_on_a_base() {
    for (name, reference, size) in [
        ("app.tar.gz", "docker.io/shop/api:1.4", 1_261_568),
        ("fixed.tar.gz", "docker.io/shop/api:1.5", 1_286_144),
    ] {
        let image = open_real(name, None);
        assert_eq!(image.kind, ImageKind::DockerArchive);
        assert_eq!(image.reference.as_deref(), Some(reference));
        let files = format!("app:f({size}) {MUSL}");
        check(&image, &files, &["ADD dir", "COPY file"]);
        assert_eq!(open::issues(&image), [""; 0]);
    }
}

#[test]
fn a_program_on_nothing() {
    let image = open_real("scratch.tar", None);
    assert_eq!(image.kind, ImageKind::OciArchive);
    check(&image, "app:f(1261568)", &["COPY file"]);
    assert_eq!(open::issues(&image), [""; 0]);
}

/// umoci 0.4.7 ends its archives with the last entry's last byte: no padding, no
/// blocks of zeros. Engines read them, and their digests say that they are whole.
#[test]
fn a_library_that_a_layer_deletes() {
    let made_by = [
        "COPY app /app",
        "COPY libgreet.so.1 /lib/libgreet.so.1",
        "RUN rm /lib/libgreet.so.1",
    ];
    for name in ["deleted.tar", "zstd.tar"] {
        let image = open_real(name, None);
        check(&image, "app:f(5840) lib:d", &made_by);
        assert_eq!(open::issues(&image), [""; 0]);
    }
}

#[test]
fn an_index_in_an_index() {
    for (platform, size) in [("linux/amd64", 5840), ("linux/arm64", 736)] {
        let image = open_real("platforms.tar", Some(platform));
        check(&image, &format!("app:f({size})"), &["COPY file"]);
        assert_eq!(open::issues(&image), [""; 0]);
    }
    let undecided = open::open(path("platforms.tar").as_os_str(), None);
    let error = undecided.map(drop).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Usage);
    assert!(error.to_string().contains("linux/arm64/v8"), "{error}");
}
