//! What layers take away.

use super::super::open::merges;

#[test]
fn wh_basic() {
    merges(
        "
        layer
            file1    text
            a/       dir
            a/file2  text
            b/       dir
            b/x      text
            c/       dir
            c/file3  text
        layer
            file1    whiteout
            a/file2  whiteout
            b        whiteout
            file4    text
        ",
        "a:d c/file3:f(1) c:d file4:f(1)",
        &[],
    );
}

/// Engines with overlay refuse it, Docker without deletes the new file, umoci
/// keeps it as the specification wants.
#[test]
fn wh_same_after() {
    merges(
        "
        layer
            foo  text low
        layer
            foo  text up
            foo  whiteout
        ",
        "foo:f(2)",
        &["engines-disagree foo"],
    );
}

/// All six engines agree here.
#[test]
fn wh_same_before() {
    merges(
        "
        layer
            foo  text low
        layer
            foo  whiteout
            foo  text up
        ",
        "foo:f(2)",
        &[],
    );
}

/// With overlay `d/old` comes back, which the specification does not want and
/// engines without overlay do not show.
#[test]
fn wh_dir_recreate_before() {
    merges(
        "
        layer
            d/     dir
            d/old  text
        layer
            d      whiteout
            d/     dir
            d/new  text
        ",
        "d/new:f(1) d:d",
        &["engines-disagree d"],
    );
}

#[test]
fn wh_dir_recreate_after() {
    merges(
        "
        layer
            d/     dir
            d/old  text
        layer
            d/     dir
            d/new  text
            d      whiteout
        ",
        "d/new:f(1) d:d",
        &["engines-disagree d"],
    );
}

#[test]
fn opq_before() {
    merges(
        "
        layer
            a/       dir
            a/b/     dir
            a/b/bar  text
            a/z      text
        layer
            a/       dir
            a        opaque
            a/b/     dir
            a/b/foo  text
        ",
        "a/b/foo:f(1) a/b:d a:d",
        &[],
    );
}

#[test]
fn opq_after() {
    merges(
        "
        layer
            a/       dir
            a/b/     dir
            a/b/bar  text
            a/z      text
        layer
            a/       dir
            a/b/     dir
            a/b/foo  text
            a        opaque
        ",
        "a/b/foo:f(1) a/b:d a:d",
        &[],
    );
}

#[test]
fn dir_to_file() {
    merges(
        "
        layer
            d/     dir
            d/old  text
        layer
            d      text file
        ",
        "d:f(4)",
        &[],
    );
}

#[test]
fn dir_to_symlink() {
    merges(
        "
        layer
            d/     dir
            d/old  text
            t/     dir
            t/t1   text
        layer
            d      link t
        ",
        "d:l->t t/t1:f(1) t:d",
        &[],
    );
}

#[test]
fn file_to_dir() {
    merges(
        "
        layer
            d      text file
        layer
            d/     dir
            d/new  text
        ",
        "d/new:f(1) d:d",
        &[],
    );
}

/// The name is empty: all six engines refuse the layer.
#[test]
fn emptywh() {
    merges(
        "
        layer
            x     text
            .wh.  text ''
        ",
        "x:f(1)",
        &["whiteout-odd .wh."],
    );
}

/// AUFS kept the targets of hard links in a directory of its own; no engine of
/// today makes use of it but those that apply layers in sequence.
#[test]
fn aufs_plnk() {
    merges(
        "
        layer
            .wh..wh.plnk/     dir
            .wh..wh.plnk/1.2  text PL
            x                 hardlink .wh..wh.plnk/1.2
        ",
        "x:f(2)",
        &[],
    );
}

/// The kernel's overlay takes the device for a whiteout, whatever made it; umoci and
/// engines without overlay make a device.
#[test]
fn device_0_0_over_a_file_and_a_directory() {
    merges(
        "
        layer
            foo      text
            d/       dir
            d/x      text
            d/y      text
        layer
            foo      device 0:0
            d/x      device 0:0
            e/none   device 0:0
            tty      device 5:0
        layer
            d        device 0:0
        ",
        "e:d tty:o",
        &[
            "engines-disagree d/x",
            "engines-disagree e/none",
            "engines-disagree foo",
            "engines-disagree d",
        ],
    );
}

#[test]
fn device_0_0_in_the_lowest_layer() {
    merges(
        "
        layer
            a        text
            d/null   device 0:0
            d/again  hardlink d/null
            zero     device 1:5
        ",
        "a:f(1) d:d zero:o",
        &["engines-disagree d/again", "engines-disagree d/null"],
    );
}

/// Docker and podman refuse a name that comes twice; for containerd the last one counts.
#[test]
fn device_0_0_and_an_entry_of_the_same_name() {
    merges(
        "
        layer
            foo  text low
            bar  text low
        layer
            foo  device 0:0
            foo  text new
            bar  text new
            bar  device 0:0
        ",
        "foo:f(3)",
        &[
            "engines-disagree foo",
            "engines-disagree bar",
            "engines-disagree bar",
        ],
    );
}

/// The kernel asks no layer's root for the mark; umoci and the specification hide `low`.
#[test]
fn opaque_root() {
    merges(
        "
        layer
            .wh..wh..opq  text
            low           text
        layer
            .wh..wh..opq  text
            new           text
        ",
        "low:f(1) new:f(1)",
        &["engines-disagree"],
    );
}
