//! Blobs that are not what they should be.

use super::super::open::{forms, open_image, refuses, refuses_blobs};
use crate::support::image::oci::{self, BLOBS};
use crate::support::image::pack::gzip;
use crate::support::image::{Image, Members, hex};
use imgldd::source::image::Obstacle;

/// An image whose upper layer's blob was changed, and is what the manifest means.
fn with_upper_blob(change: impl FnOnce(&mut Vec<u8>)) -> Image {
    let text = "layer\n usr/lib/a.so text\n lib link usr/lib\nlayer\n lib/b.so text";
    let mut image = Image::parse(text);
    let upper = image.layers.pop().unwrap();
    let mut blob = upper.blob.clone();
    change(&mut blob);
    image.layers.push(upper.with_blob(blob));
    image
}

#[test]
fn gz_truncated() {
    let image = with_upper_blob(|blob| blob.truncate(blob.len() - 20));
    refuses_blobs(&image, "gzip data is truncated");
}

#[test]
fn gz_trailing_garbage() {
    let image = with_upper_blob(|blob| blob.extend(b"garbage!"));
    refuses_blobs(&image, "8 bytes after the last gzip member");
}

/// The blob of an image's upper layer, and a layout in which it is another.
fn with_false_blob(blob: impl FnOnce(&[u8]) -> Vec<u8>) -> Members {
    let image = with_upper_blob(|_| {});
    let upper = &image.layers[1];
    let mut members = oci::layout(std::slice::from_ref(&image));
    let name = format!("{BLOBS}{}", hex(&upper.blob));
    members.set(&name, blob(&upper.archive));
    members
}

#[test]
fn digest_mismatch() {
    let members = with_false_blob(|archive| {
        // Behind the end of the archive, where nobody looks.
        gzip(&[archive, b"z"].concat())
    });
    refuses(&members, Obstacle::Malformed, "mismatch");
}

/// A blob of the same length and another content.
#[test]
fn digest_mismatch_of_the_same_size() {
    let members = with_false_blob(|archive| {
        let mut packed = gzip(archive);
        // The operating system's field of the header, which nothing depends on.
        packed[9] ^= 1;
        packed
    });
    refuses(&members, Obstacle::Malformed, "digest mismatch");
}

#[test]
fn an_intact_image_is_refused_by_nobody() {
    let image = with_upper_blob(|_| {});
    let members = oci::layout(std::slice::from_ref(&image));
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(&members) {
        let path = scratch.path().join("image.tar");
        std::fs::write(&path, bytes).unwrap();
        let opened = open_image(path.as_os_str());
        assert!(opened.is_ok(), "{what}: {:?}", opened.err());
    }
}
