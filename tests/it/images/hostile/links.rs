//! Links: deeper and longer than a filesystem allows, and in chains.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::open::{merges, merges_and, open_image, refuses};
use super::super::tree::{self, read};
use crate::support::image::entry::{Entry, file, hardlink, symlink};
use crate::support::image::pack::Packing;
use crate::support::image::{Image, Layer, oci, tape};
use imgldd::content::Candidates;
use imgldd::errno::Errno;
use imgldd::path::TargetPath;
use imgldd::read_at::Facts;
use imgldd::rootfs::{Credentials, Filesystem, Follow, Kind, Metadata, Rootfs, Scan};
use imgldd::source::image::{self, Obstacle};

fn one_layer(entries: &[Entry]) -> Image {
    Image::new(vec![Layer::new(tape::archive(entries), Packing::Gzip)])
}

/// The image in one container alone, where it is large.
fn opened(images: &Image) -> image::Image {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("image.tar");
    let layout = oci::layout(std::slice::from_ref(images));
    fs::write(&path, layout.archive()).unwrap();
    open_image(path.as_os_str()).unwrap()
}

/// What a walk along `path` ends with.
fn walk_error(image: &image::Image, path: &[u8]) -> Errno {
    let walk = Rootfs::walk_in(&image.filesystem, &Credentials::root(), path, Follow::Last);
    walk.end.unwrap_err()
}

#[test]
fn links_make_no_path_deeper_than_names_can() {
    let one = vec![symlink("s", "a/".repeat(2000)), file("s/f", "x")];
    let two = vec![
        symlink("s", "a/".repeat(600)),
        symlink("s/t", "b/".repeat(600)),
        file("s/t/f", "x"),
    ];
    // The directories are there already.
    let known = vec![
        file("d/".repeat(600) + "x", "x"),
        symlink("s", "d/".repeat(600)),
        symlink("d/".repeat(600) + "t", "e/".repeat(600)),
        file("s/t/f", "x"),
    ];
    for entries in [one, two, known] {
        let members = oci::layout(&[one_layer(&entries)]);
        refuses(&members, Obstacle::Limit, "more than 1024");
    }
}

/// Wants none of the files that a scan meets.
struct Files;

impl Scan for Files {
    fn name(&mut self, _: &[u8], _: &[u8], _: Kind) {}

    fn file(&mut self, path: TargetPath, _: Metadata, _: Facts) {
        panic!("{path} is neither ELF nor a script");
    }

    fn problem(&mut self, path: TargetPath, errno: Errno) {
        panic!("{path}: {errno}");
    }
}

#[test]
fn a_link_can_lead_as_deep_as_a_name() {
    let image = one_layer(&[symlink("s", "a/".repeat(1023)), file("s/f", "x")]);
    let image = opened(&image);
    let deep = "a/".repeat(1023) + "f";
    assert_eq!(read(&image.filesystem, &deep, 0, 9).unwrap(), b"x");
    let filesystem: &dyn Filesystem = &image.filesystem;
    let count = AtomicUsize::new(0);
    let takes = |_: &[u8]| {
        count.fetch_add(1, Ordering::Relaxed);
        true
    };
    filesystem.scan(1, &Candidates { takes: &takes }, &mut Files);
    assert_eq!(count.into_inner(), 1);
}

/// `symlink` refuses what is longer than a path, and so do engines.
#[test]
fn a_link_of_more_than_4095_bytes_leads_nowhere() {
    for target in [
        "a/".repeat(200_000),
        "s/".to_owned() + &"x/".repeat(500_000),
    ] {
        let image = one_layer(&[symlink("s", &target), file("s/f", "x"), file("g", "x")]);
        let tree = format!("g:f(1) s:l->{target}");
        merges_and(&image, &tree, &["entry-odd s/f"], |_, image| {
            assert_eq!(walk_error(image, b"/s/f"), Errno::NAMETOOLONG);
        });
    }
}

#[test]
fn a_circle_of_links_that_grow_leads_nowhere() {
    let target = "l/".to_owned() + &"x/".repeat(2000);
    let image = one_layer(&[symlink("l", &target), file("l/f", "x")]);
    let tree = format!("l:l->{target}");
    merges_and(&image, &tree, &["entry-odd l/f"], |_, image| {
        assert_eq!(walk_error(image, b"/l/f"), Errno::LOOP);
    });
}

/// Each waits for the next one. It ends, whichever way round they stand.
#[test]
fn a_long_chain_of_hard_links_is_settled() {
    const LINKS: usize = 20_000;
    let link = |at: usize| hardlink(format!("h{at}"), format!("h{}", at + 1));
    let last = file(format!("h{LINKS}"), "x");
    let forward = (0..LINKS).map(link).chain([last.clone()]);
    let backward = (0..LINKS).rev().map(link).chain([last]);
    for entries in [forward.collect::<Vec<_>>(), backward.collect()] {
        let image = opened(&one_layer(&entries));
        let filesystem = &image.filesystem;
        let identity = |path: &str| {
            let node = tree::node(filesystem, path);
            filesystem.metadata(node).identity
        };
        let file = identity(&format!("h{LINKS}"));
        assert!((0..LINKS).all(|at| identity(&format!("h{at}")) == file));
        let issues = &image.issues;
        assert_eq!(issues.kept().len() + issues.left_out(), LINKS);
    }
}

#[test]
fn hard_links_through_links_that_come_later() {
    merges(
        "
        layer
            one    hardlink h/y
            h      hardlink s
            two    hardlink g/x
            s      link d
            d/y    hardlink d/x
            g      hardlink h
            d/x    text
        ",
        "d/x:f(1) d/y:f(1)=d/x d:d g:l->d h:l->d one:f(1)=d/x s:l->d two:f(1)=d/x",
        &[
            "engines-disagree one",
            "engines-disagree h",
            "engines-disagree two",
            "engines-disagree d/y",
            "engines-disagree g",
        ],
    );
}
