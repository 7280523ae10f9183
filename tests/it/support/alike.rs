//! One filesystem as every kind of source, and the same question asked of each.
//!
//! A fixture that is held against an expectation as a directory must give the same
//! answer as an image, whatever that image is in and wherever its layers end: what
//! is said of programs is the same but for the numbers of layers. Every kind is
//! opened at least once, and the layers are cut at every point at least once; which
//! kind gets which cut goes round from fixture to fixture, so that in time all
//! kinds get all sorts of cuts.
//!
//! What cannot be put into an image: nothing that the language of
//! [`fixture`](super::fixture) has. Only root can read what its owner may not read,
//! so without root such a fixture is passed over.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::slice::from_ref;

use imgldd::content::Keep;
use imgldd::inspect::Inspection;
use imgldd::rootfs::Filesystem;
use imgldd::source::image::{self, Opened, Options, Progress, Reference};
use imgldd::source::{Directory, stream};
use serde_json::{Value, json};

use super::image::entry::{Entry, Kind};
use super::image::pack::gzip;
use super::image::{Image, Layer, Members, Packing, docker, oci, skopeo, split, tape, tree};

/// Puts a filesystem to the question.
pub(crate) type Ask<'a> = &'a dyn Fn(Box<dyn Filesystem>) -> Value;

/// Wants `ask` to give the same answer of `root` and of everything that it can be
/// put into. `symbols` says that the question needs them.
pub(crate) fn check(root: &Path, symbols: bool, ask: Ask<'_>) {
    let differences = differences(root, symbols, ask);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// How answers differ from that of the directory.
pub(crate) fn differences(root: &Path, symbols: bool, ask: Ask<'_>) -> Vec<String> {
    if closed_to_us(root) {
        return Vec::new();
    }
    let directory = Directory::open(root).unwrap();
    let expected = without_layers(ask(Box::new(directory)));
    let keep = Keep { symbols };
    let mut differences = Vec::new();
    each(&tree::entries(root), &mut |what, given| {
        let filesystem = match open(given, &keep) {
            Ok(filesystem) => filesystem,
            Err(error) => return differences.push(format!("{what}: {error}")),
        };
        let found = without_layers(ask(filesystem));
        if found != expected {
            let at = first_difference(&expected, &found, "");
            differences.push(format!("{what}: differs from the directory at {at}"));
        }
    });
    differences
}

/// An answer about programs.
pub(crate) fn answer(inspections: &[Inspection]) -> Value {
    let one = |inspection: &Inspection| json!([inspection.subject, inspection.errors]);
    inspections.iter().map(one).collect()
}

/// Whether there is a file that we may not read, as its owner may not either.
fn closed_to_us(root: &Path) -> bool {
    let mut found = walkdir::WalkDir::new(root).into_iter();
    let is_closed = |entry: walkdir::Result<walkdir::DirEntry>| match entry {
        Ok(entry) if entry.file_type().is_file() => fs::File::open(entry.path()).is_err(),
        Ok(_) => false,
        Err(_) => true,
    };
    !rustix::process::geteuid().is_root() && found.any(is_closed)
}

/// What an image is given as.
enum Given {
    /// A prefix, a file's content and what follows its name.
    File(&'static str, Vec<u8>, &'static str),
    /// A prefix and the files of a directory.
    Directory(&'static str, Members),
    /// Bytes that come once.
    Stream(Vec<u8>),
}

/// A kind of source for an image of several layers.
type Container = (&'static str, fn(&Image) -> Given);

const CONTAINERS: &[Container] = &[
    ("OCI layout", |image| {
        Given::Directory("oci-dir:", oci::layout(from_ref(image)))
    }),
    ("OCI archive", |image| {
        Given::File("", oci::layout(from_ref(image)).archive(), "")
    }),
    ("OCI archive, standard input", |image| {
        Given::Stream(oci::layout(from_ref(image)).sorted().archive())
    }),
    ("OCI archive, as a whole in zstd", |image| {
        let archive = oci::layout(from_ref(image)).archive();
        Given::File("oci-archive:", Packing::Zstd.pack(&archive), "")
    }),
    ("OCI archive of two", |image| {
        let mut other = Image::parse("layer\n other text");
        other.name = Some("shop/other:1".to_owned());
        let archive = oci::layout(&[other, image.clone()]).archive();
        Given::File("", archive, "@shop/api:latest")
    }),
    ("docker save up to 24", |image| {
        Given::File("", docker::save_20(from_ref(image)).archive(), "")
    }),
    ("docker save up to 24, standard input", |image| {
        Given::Stream(docker::save_20(from_ref(image)).archive())
    }),
    ("podman save", |image| {
        let archive = docker::save_podman(from_ref(image)).dotted_archive();
        Given::File("docker-archive:", archive, "")
    }),
    ("podman save, gzip on standard input", |image| {
        Given::Stream(gzip(&docker::save_podman(from_ref(image)).archive()))
    }),
    ("docker save from 25 on", |image| {
        Given::File("", docker::save_25(from_ref(image)).archive(), "")
    }),
    ("docker save from 25 on, standard input", |image| {
        Given::Stream(docker::save_25(from_ref(image)).archive())
    }),
    ("skopeo directory", |image| {
        Given::Directory("", skopeo::directory(image))
    }),
];

/// Gives every source of `entries` to `take`.
fn each(entries: &[Entry], take: &mut dyn FnMut(&str, Given)) {
    let whole = tape::archive(entries);
    for packing in Packing::ALL {
        let what = format!("{} layer", packing.word());
        take(&what, Given::File("", packing.pack(&whole), ""));
    }
    take("raw layer, standard input", Given::Stream(whole.clone()));
    take("gzip layer, standard input", Given::Stream(gzip(&whole)));
    let turn = turn_of(entries);
    let cuts: Vec<_> = split::split(entries).collect();
    for at in 0..cuts.len().max(CONTAINERS.len()) {
        let cut = at % cuts.len();
        let what = format!("cut at {cut} of {}", cuts.len() - 1);
        in_container(at + turn, &what, &cuts[cut], take);
    }
    let every: Vec<Vec<Entry>> = entries.iter().map(|entry| vec![entry.clone()]).collect();
    in_container(turn, "a layer for each entry", &every, take);
    in_container(turn + 1, "replaced by layers", &history(entries), take);
}

/// Layers in the container whose turn it is, packed as it comes.
fn in_container(turn: usize, what: &str, layers: &[Vec<Entry>], take: &mut dyn FnMut(&str, Given)) {
    let (name, make) = CONTAINERS[turn % CONTAINERS.len()];
    let packed = layers.iter().zip(turn / CONTAINERS.len()..);
    let packed = packed.map(|(layer, turn)| {
        let packing = Packing::ALL[turn % Packing::ALL.len()];
        Layer::new(tape::archive(layer), packing)
    });
    let image = Image::new(packed.collect());
    take(&format!("{name}, {what}"), make(&image));
}

/// Three layers that come to the same: other bytes first, then nothing at all, then
/// what counts.
fn history(entries: &[Entry]) -> [Vec<Entry>; 3] {
    let stale = |entry: &Entry| match &entry.kind {
        Kind::Dir => Some(entry.clone()),
        Kind::File(_) => Some(Entry {
            kind: Kind::File(b"what was here before".to_vec()),
            ..entry.clone()
        }),
        _ => None,
    };
    [
        entries.iter().filter_map(stale).collect(),
        Vec::new(),
        entries.to_vec(),
    ]
}

/// A number that differs from fixture to fixture, and not from run to run (FNV-1a).
fn turn_of(entries: &[Entry]) -> usize {
    let bytes = entries.iter().flat_map(|entry| &entry.name);
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash % 997) as usize
}

/// The files of what is given.
fn open(given: Given, keep: &Keep) -> Result<Box<dyn Filesystem>, String> {
    let progress = Progress::default();
    let options = Options {
        probe: keep,
        platform: None,
        layers: None,
        verify: false,
        jobs: 1,
        limits: stream::Limits::default(),
        entries: 100_000,
        kept: 64 << 20,
        progress: &progress,
    };
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("image");
    let (prefix, name) = match given {
        Given::Stream(bytes) => {
            let image = image::read_image(&bytes[..], None, &options);
            let image = image.map_err(|error| error.to_string())?;
            return Ok(Box::new(image.filesystem));
        }
        Given::File(prefix, bytes, name) => {
            fs::write(&path, bytes).unwrap();
            (prefix, name)
        }
        Given::Directory(prefix, members) => {
            members.write_dir(&path);
            (prefix, "")
        }
    };
    let mut reference = OsString::from(prefix);
    reference.push(&path);
    reference.push(name);
    let opened = Reference::parse(&reference, |path| path.exists())
        .and_then(|reference| image::open_image(&reference, &options));
    match opened.map_err(|error| error.to_string())? {
        Opened::Image(image) => Ok(Box::new(image.filesystem)),
        Opened::Directory(_) => Err("taken for a rootfs".to_owned()),
    }
}

/// A directory has no layers.
fn without_layers(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("layer");
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

/// Where two answers first part, and what each has there.
fn first_difference(expected: &Value, found: &Value, at: &str) -> String {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .find(|(key, value)| found.get(*key) != Some(value))
            .map_or_else(
                || format!("{at}: more keys"),
                |(key, value)| {
                    let other = found.get(key).unwrap_or(&Value::Null);
                    first_difference(value, other, &format!("{at}/{key}"))
                },
            ),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            let mut different = pairs.filter(|(_, (one, other))| one != other);
            let (index, (one, other)) = different.next().expect("they differ");
            first_difference(one, other, &format!("{at}/{index}"))
        }
        _ => format!("{at}:\n  {expected}\n  {found}"),
    }
}
