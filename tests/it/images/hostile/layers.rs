//! Layers: names that lead out, links to nothing, archives that do not end.

use super::super::open::{merges, merges_and, refuses, refuses_blobs};
use crate::support::image::entry::{Entry, blocks, dir, file, opaque};
use crate::support::image::pack::{Packing, gzip};
use crate::support::image::tape::{self, BLOCK};
use crate::support::image::{Image, Layer, Members, docker, oci};
use imgldd::rootfs::{Filesystem, Kind};
use imgldd::source::image::Obstacle;

#[test]
fn a_link_cannot_take_the_place_of_the_root() {
    merges(
        "
        layer
            .    link /etc
            /    link /etc
            ./.  link /etc
            x    text
        ",
        "x:f(1)",
        &["entry-odd .", "entry-odd /", "entry-odd ./."],
    );
}

#[test]
fn names_and_links_stay_inside_whatever_they_say() {
    merges(
        "
        layer
            /../../etc/x          text
            out                   link ../../../..
            out/../etc/y          text
            deep/../../../out2    link /..
            out2/proc/self/root/z text
        ",
        "
        etc/x:f(1) etc/y:f(1) etc:d out2:l->/.. out:l->../../../..
        proc/self/root/z:f(1) proc/self/root:d proc/self:d proc:d
        ",
        &["entry-odd /../../etc/x", "entry-odd deep/../../../out2"],
    );
}

#[test]
fn whiteouts_of_nothing_are_left_out() {
    merges(
        "
        layer
            d/      dir
            d/x     text
            ...     text
        layer
            .wh.    text ''
            .wh..   text ''
            .wh...  text ''
            d/.wh.. text ''
            .wh.... text ''
        ",
        "d/x:f(1) d:d",
        &[
            "whiteout-odd .wh.",
            "whiteout-odd .wh..",
            "whiteout-odd .wh...",
            "whiteout-odd d/.wh..",
        ],
    );
}

#[test]
fn a_whiteout_cannot_reach_out_of_its_directory_by_another_way_than_its_name() {
    merges(
        "
        layer
            a    text
            d/   dir
            d/a  text
        layer
            d/../../.wh.a  text ''
        ",
        "d/a:f(1) d:d",
        &["entry-odd d/../../.wh.a"],
    );
}

/// What an opaque whiteout says holds for lower layers alone, wherever it stands.
#[test]
fn an_opaque_whiteout_spares_its_own_layer() {
    merges(
        "
        layer
            d/old  text
        layer
            d/new  text
            d      opaque
            d/last text
        ",
        "d/last:f(1) d/new:f(1) d:d",
        &[],
    );
}

#[test]
fn hard_links_lead_to_files_of_the_image_or_nowhere() {
    merges(
        "
        layer
            d/       dir
            outside  hardlink ../../etc/passwd
            itself   hardlink itself
            one      hardlink two
            two      hardlink one
            folder   hardlink d
            file     text
            chain    hardlink chained
            chained  hardlink file
        ",
        "chain:f(1) chained:f(1)=chain d:d file:f(1)=chain",
        &[
            "entry-odd folder",
            "engines-disagree chain",
            "entry-odd itself",
            "entry-odd one",
            "entry-odd outside",
            "entry-odd two",
        ],
    );
}

#[test]
fn of_a_name_that_comes_as_file_directory_and_link_the_last_counts() {
    merges(
        "
        layer
            x    text
            x/   dir
            x/y  text
            x    link y
        ",
        "x:l->y",
        &["engines-disagree x/", "engines-disagree x"],
    );
}

#[test]
fn something_below_a_file_makes_it_a_directory() {
    merges(
        "
        layer
            x    text
            x/y  text
        ",
        "x/y:f(1) x:d",
        &["engines-disagree x/y"],
    );
}

fn one_layer(archive: Vec<u8>) -> Image {
    Image::new(vec![Layer::new(archive, Packing::Gzip)])
}

#[test]
fn what_follows_the_end_of_an_archive_is_not_read() {
    let mut archive = tape::archive(&[file("x", "x")]);
    archive.extend(tape::archive(&[file("hidden", "x")]));
    merges_and(&one_layer(archive), "x:f(1)", &["entry-odd"], |_, _| {});
}

/// Go calls it an invalid header.
#[test]
fn one_block_of_zeros_ends_nothing() {
    let zeros = blocks(vec![0; BLOCK]);
    let archive = tape::archive(&[file("x", "x"), zeros, file("y", "y")]);
    refuses_blobs(&one_layer(archive), "a header after a block of zeros");
}

#[test]
fn an_archive_that_ends_within_a_file_is_refused() {
    let archive = tape::archive(&[file("x", [b'x'; 2000])]);
    let cut = archive[..3 * BLOCK].to_vec();
    refuses_blobs(&one_layer(cut), "archive ends within");
}

#[test]
fn a_layer_that_is_packed_twice_is_refused() {
    let layer = Layer::new(tape::archive(&[file("x", "x")]), Packing::Raw);
    let twice = gzip(&gzip(&layer.archive));
    let image = Image::new(vec![layer.with_blob(twice)]);
    refuses_blobs(&image, "layer is compressed twice");
}

fn deep(components: usize) -> Entry {
    file("d/".repeat(components - 1) + "x", "x")
}

#[test]
fn a_path_can_be_deep_but_not_without_end() {
    let archive = |components| tape::archive(&[deep(components)]);
    let fine = one_layer(archive(1024));
    super::super::open::in_every_container(&fine, false, |what, opened| {
        assert!(opened.is_ok(), "{what}");
    });
    let members = oci::layout(&[one_layer(archive(1025))]);
    refuses(&members, Obstacle::Limit, "more than 1024");
}

/// One image, described in Docker's way, with other paths for its layers.
fn with_layers(layers: &[&str]) -> Members {
    let image = Image::parse("layer\n x text");
    let mut members = docker::save_20(std::slice::from_ref(&image));
    let config = members.0.iter().find(|(name, _)| name.ends_with(".json"));
    let config = config.map(|(name, _)| name.clone()).unwrap();
    members.edit(&config, |config| {
        config["rootfs"]["diff_ids"] = vec![image.layers[0].diff_id(); layers.len()].into();
    });
    members.edit("manifest.json", |manifest| {
        manifest[0]["Layers"] = layers.into()
    });
    members
}

#[test]
fn a_layer_path_that_leaves_the_archive_is_refused() {
    for path in ["../../etc/passwd", "x/../../y", "/../etc/passwd"] {
        let expected = format!("path leaves the archive: `{path}`");
        refuses(&with_layers(&[path]), Obstacle::Malformed, &expected);
    }
}

#[test]
fn a_layer_that_is_a_link_out_of_the_archive_is_refused() {
    let mut members = with_layers(&["layer.tar"]);
    members.link("layer.tar", "../../etc/passwd");
    refuses(&members, Obstacle::Malformed, "path leaves the archive");
    let mut members = with_layers(&["layer.tar"]);
    members.link("layer.tar", "other.tar");
    members.link("other.tar", "layer.tar");
    refuses(&members, Obstacle::Malformed, "links of the archive");
    let mut members = with_layers(&["layer.tar"]);
    members.link("layer.tar", "/etc/passwd");
    refuses(&members, Obstacle::Malformed, "blob missing");
}

#[test]
fn there_is_an_end_to_layers() {
    let members = with_layers(&vec!["layer.tar"; 10_000]);
    refuses(&members, Obstacle::Limit, "10000 layers, more than 1024");
}

/// What was lost is found by name, however much of it there is.
#[test]
fn a_large_directory_can_be_made_anew() {
    const ENTRIES: usize = 20_000;
    let below = |at: usize| format!("d/{at}");
    let lower = (0..ENTRIES).map(|at| file(below(at), ""));
    let upper = (0..ENTRIES).map(|at| dir(below(at)));
    let lower: Vec<Entry> = lower.collect();
    let upper: Vec<Entry> = [opaque("d")].into_iter().chain(upper).collect();
    let layer = |entries: &[Entry]| Layer::new(tape::archive(entries), Packing::Gzip);
    let image = Image::new(vec![layer(&lower), layer(&upper)]);
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("image.tar");
    std::fs::write(&path, oci::layout(&[image]).archive()).unwrap();
    let image = super::super::open::open_image(path.as_os_str()).unwrap();
    let filesystem = &image.filesystem;
    let directory = filesystem.child(filesystem.root(), b"d").unwrap().unwrap();
    for at in 0..ENTRIES {
        let name = at.to_string();
        let made = filesystem.child(directory, name.as_bytes()).unwrap();
        let former = filesystem.former(made.unwrap()).unwrap();
        assert_eq!(filesystem.lost(directory, name.as_bytes()), Some(former));
        assert_eq!(filesystem.metadata(former.node).kind, Kind::File);
    }
}

/// The same layer again takes no room, and is the one that counts.
#[test]
fn many_layers_with_the_same_files_are_as_large_as_one() {
    let opened = |layers: usize| {
        let text = "layer\n d/a text\n d/b text\n d/s link a\n d/h hardlink a\n e text";
        let mut image = Image::parse(text);
        image.layers = vec![image.layers[0].clone(); layers];
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("image.tar");
        std::fs::write(&path, oci::layout(&[image]).archive()).unwrap();
        super::super::open::open_image(path.as_os_str()).unwrap()
    };
    let many = opened(300);
    // The lowest layer may be laid over an empty root or become the tree.
    assert!(many.filesystem.nodes() <= opened(1).filesystem.nodes() + 1);
    for path in ["d", "e"] {
        let node = many
            .filesystem
            .child(many.filesystem.root(), path.as_bytes());
        let node = node.unwrap().unwrap();
        let is_file = many.filesystem.metadata(node).kind == Kind::File;
        assert_eq!(
            many.filesystem.layer(node),
            Some(if is_file { 300 } else { 1 })
        );
    }
}
