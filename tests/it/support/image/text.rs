//! The language for layers: one line for each entry.

use super::super::text::{key_value, lines, octal, utf8, words};
use super::entry::{self, Entry};
use super::pack::Packing;
use super::{Layer, tape};

/// The layers that a text describes; a mistake in it is a mistake in the test,
/// and panics.
pub(crate) fn layers(text: &str) -> Vec<Layer> {
    let mut layers: Vec<(Packing, Vec<Entry>)> = Vec::new();
    for line in lines(text) {
        let words = words(line);
        match words.as_slice() {
            [first] if first == b"layer" => layers.push((Packing::Gzip, Vec::new())),
            [first, packing] if first == b"layer" => {
                layers.push((Packing::parse(utf8(packing)), Vec::new()));
            }
            _ => {
                let (_, entries) = layers.last_mut().expect("a text begins with `layer`");
                entries.push(parse(line, words));
            }
        }
    }
    let write =
        |(packing, entries): (Packing, Vec<Entry>)| Layer::new(tape::archive(&entries), packing);
    layers.into_iter().map(write).collect()
}

/// One line, and its words.
pub(crate) fn parse(line: &str, mut words: Vec<Vec<u8>>) -> Entry {
    let (mut mode, mut owner) = (None, None);
    words.retain(|word| match key_value(word) {
        Some(("mode", value)) => {
            mode = Some(octal(value));
            false
        }
        Some(("owner", value)) => {
            let (uid, gid) = utf8(value).split_once(':').expect("owner=UID:GID");
            owner = Some((uid.parse().unwrap(), gid.parse().unwrap()));
            false
        }
        _ => true,
    });
    let [name, kind, rest @ ..] = words.as_slice() else {
        panic!("`{line}`: a name and a kind")
    };
    let value = rest.first();
    let target = || value.unwrap_or_else(|| panic!("`{line}` ends too soon"));
    let content = value.map_or(&b"x"[..], Vec::as_slice);
    let mut entry = match utf8(kind) {
        "dir" => entry::dir(name),
        "text" => entry::file(name, content),
        "script" => entry::executable(name, content),
        "link" => entry::symlink(name, target()),
        "hardlink" => entry::hardlink(name, target()),
        "fifo" => entry::fifo(name),
        "device" => {
            let numbers = utf8(target()).split_once(':').expect("device MAJOR:MINOR");
            entry::device(name, numbers.0.parse().unwrap(), numbers.1.parse().unwrap())
        }
        "whiteout" => entry::whiteout(name),
        "opaque" => entry::opaque(name),
        other => panic!("`{line}`: `{other}` is no kind of entry"),
    };
    if let Some(mode) = mode {
        entry = entry.mode(mode);
    }
    if let Some((uid, gid)) = owner {
        entry = entry.owner(uid, gid);
    }
    entry
}
