//! A directory, read as every kind of source, is the same directory.

use std::fs;

use imgldd::rootfs::Filesystem;
use imgldd::source::Directory;
use imgldd::source::image::Opened;

use serde_json::Value;

use super::{open, tree};
use crate::support::fixture::Fixture;
use crate::support::image::entry::{Entry, Kind};
use crate::support::image::pack::gzip;
use crate::support::image::tree::entries;
use crate::support::image::{Config, Image, Layer, Packing, oci, sources, split, tape};
use crate::support::imgldd::{binary, fed};
use crate::support::realise::{Root, Synthetic};

/// Everything that a layer can say of a file.
const FIXTURE: &str = "
    /app/exe            elf needed=liba.so
    /app/liba.so        elf
    /app/again          hardlink /app/exe
    /app/z/last         hardlink /app/liba.so
    /lib                link usr/lib
    /usr/lib/x          text 'two words'
    /empty              text ''
    /private            dir mode=0700
    /entry.sh           script '#!/bin/sh\\n' mode=4711
    /dangling           link ../../nowhere
    '/caf\\xe9'         text 'a name in Latin-1'
";

/// All that is seen of a filesystem but its root's own attributes, of which layers decide
/// nothing.
fn look(filesystem: &dyn Filesystem) -> (String, Vec<String>) {
    let mut attributes = tree::attributes(filesystem);
    attributes.remove(0);
    (tree::print(filesystem), attributes)
}

#[test]
fn every_source_has_the_same_files() {
    let root = Root::new(&Fixture::parse(FIXTURE), &Synthetic).unwrap();
    let directory = Directory::open(root.path()).unwrap();
    let expected = look(&directory);
    let arm = Config::for_platform("linux", "arm64");
    for config in [None, Some(arm)] {
        let scratch = tempfile::tempdir().unwrap();
        let sources = match &config {
            None => sources::every_source(root.path(), scratch.path()),
            Some(config) => sources::every_source_with(root.path(), scratch.path(), config),
        };
        assert!(sources.len() > 50, "{} sources", sources.len());
        for (what, arguments, stdin) in sources {
            let [option, value] = arguments.as_slice() else {
                panic!("{what}: {arguments:?}")
            };
            if option == "--root" {
                assert_eq!(value, root.path());
                continue;
            }
            // Standard input is this process' own; a packed file goes the same way.
            let path = scratch.path().join("stdin");
            let value = match stdin {
                Some(bytes) => {
                    fs::write(&path, gzip_unless_packed(&bytes)).unwrap();
                    path.as_os_str()
                }
                None => value,
            };
            let opened = open::open(value, None).unwrap_or_else(|error| panic!("{what}: {error}"));
            let found = match opened {
                Opened::Image(image) => {
                    assert_eq!(open::issues(&image), [""; 0], "{what}");
                    look(&image.filesystem)
                }
                Opened::Directory(path) => look(&Directory::open(&path).unwrap()),
            };
            assert_eq!(found, expected, "{what}");
        }
    }
}

/// The program's answer does not depend on what the files came in, nor on whether they
/// come once: only the layers differ, which a directory does not have.
#[test]
fn every_source_has_the_same_answer() {
    let root = Root::new(&Fixture::parse(FIXTURE), &Synthetic).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut answers = Vec::new();
    for (what, arguments, stdin) in sources::every_source(root.path(), scratch.path()) {
        let mut command = binary();
        command.args(arguments);
        command.args(["-o", "json", "/app/exe", "/entry.sh", "/app/z/last"]);
        let output = fed(&mut command, stdin.unwrap_or_default());
        let said = String::from_utf8_lossy(&output.stderr);
        let mut report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{what}: {error}: {said}"));
        without_layers(&mut report["subjects"]);
        let answer = (output.status.code(), report["subjects"].take());
        assert_eq!(answer.1.as_array().map(Vec::len), Some(3), "{what}: {said}");
        answers.push((what, answer));
    }
    let (_, expected) = &answers[0];
    for (what, answer) in &answers {
        assert_eq!(answer, expected, "{what}");
    }
}

fn without_layers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("layer");
            fields.values_mut().for_each(without_layers);
        }
        Value::Array(all) => all.iter_mut().for_each(without_layers),
        _ => {}
    }
}

/// Where a layer ends changes nothing but what engines say of hard links that lead
/// to a lower one.
#[test]
fn every_cut_into_two_layers_comes_to_the_same() {
    let root = Root::new(&Fixture::parse(FIXTURE), &Synthetic).unwrap();
    let directory = Directory::open(root.path()).unwrap();
    let expected = look(&directory);
    let entries = entries(root.path());
    let mut apart = 0;
    for (at, layers) in split::split(&entries).enumerate() {
        let targets_below: Vec<&Entry> = layers[1]
            .iter()
            .filter(|entry| match &entry.kind {
                Kind::Hardlink(target) => layers[0].iter().any(|lower| lower.name == *target),
                _ => false,
            })
            .collect();
        apart += targets_below.len();
        let layers = layers.iter().zip([Packing::Raw, Packing::Zstd]);
        let layers = layers.map(|(part, packing)| Layer::new(tape::archive(part), packing));
        let image = Image::new(layers.collect());
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), oci::layout(&[image]).archive()).unwrap();
        let opened = open::open_image(file.path().as_os_str()).unwrap();
        assert_eq!(look(&opened.filesystem), expected, "cut at {at}");
        let wanted: Vec<String> = targets_below
            .iter()
            .map(|entry| format!("engines-disagree {}", String::from_utf8_lossy(&entry.name)))
            .collect();
        assert_eq!(open::issues(&opened), wanted, "cut at {at}");
    }
    assert!(apart > 1, "some cut parts a link from its target");
}

fn gzip_unless_packed(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [0x1f, 0x8b, ..] => bytes.to_vec(),
        _ => gzip(bytes),
    }
}
