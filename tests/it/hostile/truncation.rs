//! Files that end too soon: a reader may say less, never less in silence.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

use imgldd::elf::Object;
use imgldd::read_at::ReadAt;

use super::forge::{Forge, PT_DYNAMIC};
use super::scene::Scene;

/// Files of every class, encoding and kind, and the real ones of `testdata`.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let written = [
        "needed=liba.so,libb.so soname=x rpath=/r:/s runpath=$ORIGIN/lib flags_1=nodeflib,now",
        "library soname=libx.so.1 needed=liba.so defines=f,g,h filter=libf.so auxiliary=liba.so",
        "i386 needed=liba.so,libb.so runpath=/x",
        "aarch64 needed=liba.so rpath=$LIB",
        "s390x needed=liba.so,libb.so soname=s runpath=/x",
        "mips library needed=liba.so defines=f",
        "type=exec needed=liba.so",
        "static",
        "static-pie",
        "debug",
        "type=rel",
    ];
    let mut seeds: Vec<(String, Vec<u8>)> = written
        .iter()
        .map(|text| ((*text).to_owned(), Forge::new(text).bytes))
        .collect();
    for path in shipped() {
        let bytes = fs::read(&path).unwrap();
        if bytes.starts_with(b"\x7fELF") && !path.contains("/hostile/") {
            seeds.push((path, bytes));
        }
    }
    seeds
}

/// Every file below `testdata`.
pub(crate) fn shipped() -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            } else if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Every length of a small file; of a larger one those around each page.
fn cuts(length: usize) -> Vec<usize> {
    if length <= 64 << 10 {
        return (0..length).collect();
    }
    let around = (0..length).step_by(4096).skip(1);
    let around = around.flat_map(|page| [page - 1, page, page + 1]);
    (0..4096)
        .chain(around)
        .filter(|&cut| cut < length)
        .collect()
}

#[test]
fn a_file_cut_at_any_byte_never_loses_a_name_in_silence() {
    for (name, bytes) in seeds() {
        let whole = Object::read(&bytes).unwrap();
        assert!(whole.anomalies.is_empty(), "{name}: {:?}", whole.anomalies);
        let (all_versions, odd) = whole.versions(&bytes).unwrap();
        assert!(odd.is_empty(), "{name}: {odd:?}");
        for cut in cuts(bytes.len()) {
            let rest = bytes[..cut].to_vec();
            let Ok(object) = Object::read(&rest) else {
                assert!(cut < 64, "{name}: a header of {cut} bytes is whole");
                continue;
            };
            let (versions, odd) = object.versions(&rest).unwrap();
            let same = object.dynamic == whole.dynamic
                && object.interp == whole.interp
                && (versions == all_versions || !odd.is_empty())
                && object.loads == whole.loads
                && object.header == whole.header;
            assert!(
                same || !object.anomalies.is_empty(),
                "{name}: cut to {cut} bytes, it says less and nothing is said of that"
            );
        }
    }
}

/// One root with a program cut in many places: no verdict is `ok` unless all that
/// the loader maps is there.
#[test]
fn a_program_that_lacks_what_is_mapped_is_never_fine() {
    let forge = Forge::new("needed=libgood.so runpath=/good");
    let mapped = forge.read(PT_DYNAMIC, 0, "offset") + forge.read(PT_DYNAMIC, 0, "filesz");
    let bytes = &forge.bytes;
    let mut scene = Scene::new("");
    let steps = (0..bytes.len()).step_by(97);
    let lengths: Vec<usize> = (0..80)
        .step_by(9)
        .chain(steps)
        .chain([bytes.len()])
        .collect();
    for &length in &lengths {
        scene = scene.with(&format!("/cut/{length}"), &bytes[..length]);
    }
    let paths: Vec<String> = lengths.iter().map(|n| format!("/cut/{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let answer = scene.ask_about(&paths, &[]);
    for (length, subject) in lengths
        .iter()
        .zip(answer.report["subjects"].as_array().unwrap())
    {
        let fine = subject["verdict"] == "ok" || subject["verdict"] == "warning";
        assert_eq!(
            fine,
            *length as u64 >= mapped,
            "cut to {length} of {} bytes, {mapped} of them mapped: {subject:#}",
            bytes.len()
        );
    }
}

/// A file of which less can be read each time.
struct Shrinking {
    bytes: Vec<u8>,
    left: Cell<usize>,
    by: usize,
}

impl ReadAt for Shrinking {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(self.by));
        self.bytes[..left].read_at(offset, buffer)
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_says_less_and_says_so() {
    for (name, bytes) in seeds() {
        let whole = Object::read(&bytes).unwrap();
        for by in [1, 1_000, 4_096, 8_000, 1 << 20] {
            let shrinking = Shrinking {
                left: Cell::new(bytes.len()),
                bytes: bytes.clone(),
                by,
            };
            let Ok(object) = Object::read(&shrinking) else {
                continue;
            };
            assert!(
                object.dynamic == whole.dynamic || !object.anomalies.is_empty(),
                "{name}, shrinking by {by}"
            );
        }
    }
}

/// A file that cannot be read from some offset on.
struct Broken<'a> {
    bytes: &'a [u8],
    good: u64,
}

impl ReadAt for Broken<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset + buffer.len() as u64 > self.good && offset + 1 > self.good {
            return Err(io::Error::from_raw_os_error(5));
        }
        let length = buffer.len().min((self.good - offset) as usize);
        self.bytes.read_at(offset, &mut buffer[..length])
    }
}

#[test]
fn a_read_error_is_an_error_and_not_a_shorter_answer() {
    for (name, bytes) in seeds() {
        let whole = Object::read(&bytes).unwrap();
        for good in (0..bytes.len() as u64).step_by(512) {
            let broken = Broken {
                bytes: &bytes,
                good,
            };
            if let Ok(object) = Object::read(&broken) {
                assert_eq!(object, whole, "{name}: readable up to {good}");
            }
        }
    }
}
