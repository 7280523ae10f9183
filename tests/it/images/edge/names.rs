//! Names that are written in odd ways, come twice, or are long.

use super::super::open::{merges, merges_and};
use super::super::tree::read;
use crate::support::image::entry::{Entry, file, symlink};
use crate::support::image::tape::{self, LongNames};
use crate::support::image::{Image, Layer, Packing};

/// Docker and podman refuse it; for umoci and containerd the last entry counts.
#[test]
fn dup_names() {
    let image = Image::parse(
        "
        layer
            foo  text one
            foo  text two
        ",
    );
    merges_and(&image, "foo:f(3)", &["engines-disagree foo"], |_, image| {
        assert_eq!(read(&image.filesystem, "foo", 0, 9).unwrap(), b"two");
    });
}

#[test]
fn dotslash() {
    merges(
        "
        layer
            ./       dir
            ./usr/   dir
            ./usr/x  text
        ",
        "usr/x:f(1) usr:d",
        &[],
    );
}

#[test]
fn absolute() {
    merges(
        "
        layer
            /usr/   dir
            /usr/x  text
        ",
        "usr/x:f(1) usr:d",
        &[],
    );
}

#[test]
fn dotdot() {
    merges(
        "
        layer
            usr/           dir
            usr/../../esc  text
            ../esc2        text
        ",
        "esc2:f(1) esc:f(1) usr:d",
        &["entry-odd usr/../../esc", "entry-odd ../esc2"],
    );
}

/// What such a name leads to is not what stands before its last slash.
#[test]
fn a_name_that_ends_in_dots_does_not_mislead_those_after_it() {
    merges(
        "
        layer
            a/d/./      dir
            a/d/x       text
            b/c/e/../   dir
            b/c/e/y     text
        ",
        "a/d/x:f(1) a/d:d a:d b/c/e/y:f(1) b/c/e:d b/c:d b:d",
        &[],
    );
}

#[test]
fn noparents() {
    merges(
        "
        layer
            usr/lib/deep/x  text
        ",
        "usr/lib/deep/x:f(1) usr/lib/deep:d usr/lib:d usr:d",
        &[],
    );
}

/// Engines without overlay refuse it, the others pass over the entry.
#[test]
fn root_entry_file() {
    merges(
        "
        layer
            x  text
            .  text oops
        ",
        "x:f(1)",
        &["entry-odd ."],
    );
}

fn directory() -> String {
    format!("{}/{}", "d".repeat(90), "e".repeat(120))
}

/// A long name, and a link that leads to it.
fn long_names() -> Vec<Entry> {
    let long = format!("{}/libq.so", directory());
    vec![file(&long, "x"), symlink("s", &long)]
}

fn check_long(entries: &[Entry], long: LongNames, more: &str) {
    let archive = tape::archive_with(entries, long);
    let image = Image::new(vec![Layer::new(archive, Packing::Gzip)]);
    let (d, de) = ("d".repeat(90), directory());
    let expected = format!("{d}:d {de}:d {de}/libq.so:f(1) s:l->{de}/libq.so {more}");
    merges_and(&image, &expected, &[], |_, _| {});
}

#[test]
fn pax_long() {
    let mut entries = long_names();
    entries.push(file("usr/héé.so", "x"));
    check_long(&entries, LongNames::Pax, "usr/héé.so:f(1) usr:d");
}

#[test]
fn gnu_long() {
    check_long(&long_names(), LongNames::Gnu, "");
}
