//! What the kernel's overlay does with layers that are unpacked as engines unpack them.

use std::process::Command;

use super::open::merges_and;
use super::tree::print;
use crate::support::image::Image;

const LAYERS: &str = "
    layer
        foo           text
        d/x           text
        d/y           text
        own           device 0:0
        zero          device 1:5
    layer
        foo           device 0:0
        d/x           device 0:0
        none          device 0:0
        .wh..wh..opq  text
        new           text
";

/// The same by hand: a device is a device, the mark of an opaque directory an attribute.
const BY_HAND: &str = "
    set -e
    mount -t tmpfs none .
    cd \"$PWD\"
    mkdir -p low/d up/d merged
    for file in low/foo low/d/x low/d/y up/new; do printf x >$file; done
    mknod low/own c 0 0
    mknod low/zero c 1 5
    mknod up/foo c 0 0
    mknod up/d/x c 0 0
    mknod up/none c 0 0
    python3 -c 'import os; os.setxattr(\"up\", \"trusted.overlay.opaque\", b\"y\")'
    mount -t overlay none -o lowerdir=up:low merged
    cd merged
    find . -mindepth 1 -printf '%P\\n'
";

/// Their names.
const MERGED: [&str; 4] = ["d", "d/y", "new", "zero"];

#[test]
fn devices_0_0_and_an_opaque_root() {
    let issues = [
        "engines-disagree own",
        "engines-disagree",
        "engines-disagree d/x",
        "engines-disagree foo",
        "engines-disagree none",
    ];
    let tree = "d/y:f(1) d:d new:f(1) zero:o";
    merges_and(&Image::parse(LAYERS), tree, &issues, |what, image| {
        let printed = print(&image.filesystem);
        let mut names: Vec<&str> = printed
            .split(' ')
            .filter_map(|word| Some(word.split_once(':')?.0))
            .collect();
        names.sort_unstable();
        assert_eq!(names, MERGED, "{what}");
    });
}

#[test]
#[ignore = "needs root, the right to mount, and python3"]
fn real_overlay_takes_devices_0_0_for_whiteouts_and_no_root_for_opaque() {
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", BY_HAND])
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<&str> = listed.lines().collect();
    names.sort_unstable();
    assert_eq!(names, MERGED);
}
