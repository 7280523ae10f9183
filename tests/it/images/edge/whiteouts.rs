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
