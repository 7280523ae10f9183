//! A directory as every kind of source that the command line takes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::entry::{Entry, Kind, dir, file, whiteout};
use super::pack::gzip;
use super::{Config, Image, Layer, Members, Packing, docker, oci, skopeo, split, tape, tree};

/// A source: what it is, the arguments that name it, and what stands on standard
/// input.
pub(crate) type Source = (String, Vec<OsString>, Option<Vec<u8>>);

/// `directory` as every kind of source; what they need is written to `scratch`. The
/// images do not say what platform they are for.
pub(crate) fn every_source(directory: &Path, scratch: &Path) -> Vec<Source> {
    every_source_with(directory, scratch, &Config::default())
}

/// The same, the images with `config`.
pub(crate) fn every_source_with(directory: &Path, scratch: &Path, config: &Config) -> Vec<Source> {
    let entries = tree::entries(directory);
    let mut sources = Sources {
        scratch,
        all: Vec::new(),
    };
    sources.add("root", ["--root".into(), directory.into()], None);
    sources.image("directory", &prefixed("dir:", directory));
    let archive = tape::archive(&entries);
    for packing in Packing::ALL {
        let what = format!("{} layer", packing.word());
        let path = sources.file(&what, packing.suffix(), &packing.pack(&archive));
        sources.image(&what, path.as_os_str());
        sources.image(&format!("{what}, by prefix"), &prefixed("layer:", &path));
    }
    sources.stdin("raw layer", &archive);
    sources.stdin("gzip layer", &gzip(&archive));
    for (what, layers) in layerings(&entries) {
        let mut image = Image::new(layers);
        image.config = config.clone();
        containers(&mut sources, what, &image);
    }
    sources.all
}

/// The ways in which entries become layers.
fn layerings(entries: &[Entry]) -> Vec<(&'static str, Vec<Layer>)> {
    let layer = |entries: &[Entry], packing| Layer::new(tape::archive(entries), packing);
    let whole = vec![layer(entries, Packing::Gzip)];
    let parts = split::in_parts(entries, Packing::ALL.len());
    let mixed = parts.iter().zip(Packing::ALL);
    let mixed = mixed.map(|(part, packing)| layer(part, packing)).collect();
    let (before, after) = history(entries);
    let changed = vec![
        layer(&before, Packing::Raw),
        // A layer that changes nothing is legal, and twice the same as well.
        layer(&[], Packing::Gzip),
        layer(&after, Packing::Zstd),
        layer(&[], Packing::Gzip),
    ];
    vec![
        ("one layer", whole),
        ("a layer for each part", mixed),
        ("other files before", changed),
    ]
}

/// Layers that come to the same: everything is another file first, beside
/// something that is deleted.
fn history(entries: &[Entry]) -> (Vec<Entry>, Vec<Entry>) {
    let stale = |entry: &Entry| match &entry.kind {
        Kind::Dir => Some(entry.clone()),
        Kind::File(_) => Some(file(&entry.name, "what was here before")),
        _ => None,
    };
    let mut before: Vec<Entry> = entries.iter().filter_map(stale).collect();
    before.push(dir("to-be-deleted/"));
    before.push(file("to-be-deleted/file", "x"));
    let mut after = vec![whiteout("to-be-deleted")];
    after.extend_from_slice(entries);
    (before, after)
}

/// Every container for one image.
fn containers(sources: &mut Sources<'_>, layering: &str, image: &Image) {
    let images = std::slice::from_ref(image);
    let layout = oci::layout(images);
    let say = |what: &str| format!("{what}, {layering}");
    sources.directory(&say("OCI layout"), "oci-dir:", &layout);
    sources.directory(&say("skopeo directory"), "", &skopeo::directory(image));
    for (what, members) in [
        ("OCI archive", layout.clone().sorted()),
        (
            "OCI archive, documents first",
            layout.clone().documents_first(),
        ),
        ("docker-archive of 20.10", docker::save_20(images)),
        (
            "docker-archive, documents first",
            docker::save_20(images).documents_first(),
        ),
        ("docker-archive of podman", docker::save_podman(images)),
        ("docker-archive of 25", docker::save_25(images)),
    ] {
        sources.archive(&say(what), &members.archive());
    }
    sources.archive(&say("OCI archive with ./"), &layout.dotted_archive());
    let path = sources.file(
        &say("packed OCI archive"),
        ".zst",
        &Packing::Zstd.pack(&layout.archive()),
    );
    sources.image(&say("packed OCI archive"), path.as_os_str());

    // The same layers under a type that is not theirs, as skopeo writes them with
    // --dest-oci-accept-uncompressed-layers.
    let mut lying = image.clone();
    for layer in &mut lying.layers {
        layer.media_type = Packing::Gzip.media_type().to_owned();
    }
    let lying = oci::layout(std::slice::from_ref(&lying));
    sources.directory(&say("OCI layout with types that lie"), "oci:", &lying);

    let mut other = Image::parse("layer\n other text");
    other.name = Some("shop/other:1".to_owned());
    let both = [other.clone(), image.clone()];
    for (what, members) in [
        ("docker-archive of two", docker::save_20(&both)),
        ("OCI archive of two", oci::layout(&both).documents_last()),
    ] {
        let path = sources.file(&say(what), "", &members.archive());
        let named = joined(path.as_os_str(), "@shop/api:latest");
        sources.image(&say(what), &named);
    }

    // Of two platforms one was never fetched.
    other.config = Config::for_platform("windows", "amd64");
    let both = [image.clone(), other.clone()];
    let mut nested = oci::nested(&both);
    oci::without(&mut nested, &other, images);
    sources.directory(&say("nested index with an absent platform"), "", &nested);
}

struct Sources<'a> {
    scratch: &'a Path,
    all: Vec<Source>,
}

impl Sources<'_> {
    fn add<const N: usize>(
        &mut self,
        what: &str,
        arguments: [OsString; N],
        stdin: Option<Vec<u8>>,
    ) {
        self.all.push((what.to_owned(), arguments.into(), stdin));
    }

    fn image(&mut self, what: &str, reference: &OsStr) {
        self.add(what, ["-i".into(), reference.to_owned()], None);
    }

    fn stdin(&mut self, what: &str, bytes: &[u8]) {
        let what = format!("{what}, standard input");
        self.add(&what, ["-i".into(), "-".into()], Some(bytes.to_vec()));
    }

    /// An archive as a file, and through a pipe.
    fn archive(&mut self, what: &str, bytes: &[u8]) {
        let path = self.file(what, "", bytes);
        self.image(what, path.as_os_str());
        self.stdin(what, bytes);
        self.stdin(&format!("{what}, packed"), &gzip(bytes));
    }

    fn directory(&mut self, what: &str, prefix: &str, members: &Members) {
        let path = self.fresh("");
        members.write_dir(&path);
        self.image(what, &prefixed(prefix, &path));
    }

    fn file(&mut self, what: &str, suffix: &str, bytes: &[u8]) -> PathBuf {
        let path = self.fresh(&format!(".tar{suffix}"));
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        path
    }

    /// A path that nothing has yet. Its name says nothing, so that nothing can be
    /// guessed from it.
    fn fresh(&self, suffix: &str) -> PathBuf {
        let mut number = self.all.len();
        loop {
            let path = self.scratch.join(format!("source-{number}{suffix}"));
            if !path.exists() {
                return path;
            }
            number += 1;
        }
    }
}

fn prefixed(prefix: &str, path: &Path) -> OsString {
    joined(prefix.as_ref(), path)
}

fn joined(first: &OsStr, second: impl AsRef<OsStr>) -> OsString {
    let mut joined = first.to_owned();
    joined.push(second);
    joined
}
