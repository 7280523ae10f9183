//! What is missing, and which layer took it.

use std::fs;

use imgldd::rootfs::{Credentials, Filesystem, Lost, Rootfs, Taken, mounted};

use super::super::open::open_image;
use crate::support::image::{Image, docker};

/// The layers that `text` describes.
fn filesystem(text: &str) -> Box<dyn Filesystem> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("image.tar");
    let members = docker::save_20(&[Image::parse(text)]);
    fs::write(&path, members.archive()).unwrap();
    Box::new(open_image(path.as_os_str()).unwrap().filesystem)
}

/// The layers that `text` describes, as root sees them.
fn rootfs(text: &str) -> Rootfs {
    Rootfs::new(filesystem(text), Credentials::root(), false)
}

/// `PATH by LAYER, HOW by LAYER`, with `a link` where it was one.
fn shown(lost: Lost) -> String {
    let Lost {
        path,
        loss,
        was_link,
    } = lost;
    let how = match loss.how {
        Taken::Whiteout => "deleted",
        Taken::Opaque => "hidden",
        Taken::Replaced => "replaced",
        Taken::Mounted(_) => "mounted over",
    };
    let what = if was_link { " a link" } else { "" };
    let layer = |layer: Option<u32>| layer.map_or("none".to_owned(), |layer| layer.to_string());
    let (brought_by, taken_by) = (layer(loss.brought_by), layer(loss.taken_by));
    format!("{path}{what} by {brought_by}, {how} by {taken_by}")
}

/// Wants this to be known of each path.
fn check(text: &str, expected: &[(&str, Option<&str>)]) {
    let rootfs = rootfs(text);
    for (path, expected) in expected {
        let found = rootfs.lost(path.as_bytes()).map(shown);
        assert_eq!(found.as_deref(), *expected, "{path}");
    }
}

#[test]
fn a_directory_replaces_a_link() {
    check(
        "
        layer
            usr/lib/a.so      text
            usr/lib/deep/b.so text
            lib               link usr/lib
            abs               link /usr/lib
            to/up             link ../usr/lib
        layer
            lib/new.so        text
            lib/deep/new.so   text
            abs/new.so        text
            to/up/            dir
        ",
        &[
            ("/lib/a.so", Some("/lib a link by 1, replaced by 2")),
            ("/lib/deep/b.so", Some("/lib a link by 1, replaced by 2")),
            ("/abs/a.so", Some("/abs a link by 1, replaced by 2")),
            ("/to/up/a.so", Some("/to/up a link by 1, replaced by 2")),
            // It was not behind the link either.
            ("/lib/none.so", None),
            ("/lib/deep/none.so", None),
            ("/lib/new.so", None),
        ],
    );
}

#[test]
fn a_directory_that_comes_back_with_a_later_layer() {
    check(
        "
        layer
            lib/a.so        text
            lib/deep/b.so   text
        layer
            lib             whiteout
        layer
            lib/deep/new.so text
        layer
            lib             whiteout
        layer
            lib/deep/       dir
        ",
        &[
            ("/lib/a.so", Some("/lib/a.so by 1, deleted by 2")),
            ("/lib/deep/b.so", Some("/lib/deep/b.so by 1, deleted by 2")),
            (
                "/lib/deep/new.so",
                Some("/lib/deep/new.so by 3, deleted by 4"),
            ),
            ("/lib/none.so", None),
        ],
    );
}

#[test]
fn a_directory_that_comes_back_with_the_same_layer() {
    check(
        "
        layer
            usr/lib/a.so    text
            opt/lib/deep/b  text
        layer
            usr             whiteout
            usr/lib/x       text
            opt             opaque
            opt/lib/deep/x  text
        ",
        &[
            // One layer with a whiteout and an entry of the same directory.
            ("/usr/lib/a.so", Some("/usr/lib/a.so by 1, deleted by 2")),
            ("/opt/lib/deep/b", Some("/opt/lib/deep/b by 1, hidden by 2")),
            ("/opt/none/b", None),
        ],
    );
}

#[test]
fn a_link_or_a_file_replaces_a_directory() {
    check(
        "
        layer
            usr/lib/a.so       text
            usr/lib/a          link a.so
            opt/lib/deep/b.so  text
            lib                link opt/lib
        layer
            usr/lib            link ../new
            new/c.so           text
        layer
            opt                text
        ",
        &[
            ("/usr/lib/a.so", Some("/usr/lib/a.so by 1, replaced by 2")),
            ("/usr/lib/a", Some("/usr/lib/a by 1, replaced by 2")),
            (
                "/usr/./lib//a.so",
                Some("/usr/lib/a.so by 1, replaced by 2"),
            ),
            ("/usr/lib/none.so", None),
            ("/usr/lib/c.so", None),
            (
                "/opt/lib/deep/b.so",
                Some("/opt/lib/deep/b.so by 1, replaced by 3"),
            ),
            (
                "/lib/deep/b.so",
                Some("/opt/lib/deep/b.so by 1, replaced by 3"),
            ),
            ("/opt/lib/none.so", None),
        ],
    );
}

#[test]
fn a_device_0_0_takes_what_a_whiteout_would() {
    check(
        "
        layer
            usr/lib/a.so  text
            opt/b.so      text
        layer
            usr/lib/a.so  device 0:0
            opt           device 0:0
        ",
        &[
            ("/usr/lib/a.so", Some("/usr/lib/a.so by 1, deleted by 2")),
            ("/opt/b.so", Some("/opt/b.so by 1, deleted by 2")),
        ],
    );
}

/// The latest answer is the right one.
#[test]
fn a_file_that_is_taken_twice() {
    check(
        "
        layer
            lib/a.so  text
        layer
            lib/a.so  whiteout
        layer
            lib/a.so  text
        layer
            lib       opaque
        ",
        &[("/lib/a.so", Some("/lib/a.so by 3, hidden by 4"))],
    );
}

#[test]
fn no_layer_takes_what_a_mount_hides() {
    let image = filesystem("layer\n a text\nlayer\n dev/x/y text");
    let rootfs = Rootfs::new(mounted(image), Credentials::root(), false);
    let lost = rootfs.lost(b"/dev/x/y").map(shown);
    assert_eq!(lost.as_deref(), Some("/dev/x/y by 2, mounted over by none"));
}
