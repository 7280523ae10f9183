//! Random damage, the same on every run.

use std::fs;

use imgldd::elf::{Class, Encoding, Layout, Object};
use imgldd::inspect::{Inspector, Settings};
use imgldd::report::{Role, Verdict};
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::source::Directory;

use super::scene::Scene;
use super::truncation::{seeds, shipped};

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Bytes that matter stand at the beginning and in the dynamic section.
fn place(random: &mut Random, bytes: &[u8], dynamic: (usize, usize)) -> usize {
    let near = match random.below(8) {
        0..=2 => random.below(64),
        3..=4 => 64 + random.below(56 * 8),
        5..=6 => dynamic.0 + random.below(dynamic.1),
        _ => random.below(bytes.len()),
    };
    near.min(bytes.len().saturating_sub(1))
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>, dynamic: (usize, usize)) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = place(random, bytes, dynamic);
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            _ => {
                let width = [1, 2, 4, 8][random.below(4)];
                let at = at - at % width;
                let value = match random.below(6) {
                    0 => 0,
                    1 => u64::MAX,
                    2 => u64::MAX >> 1,
                    3 => 1,
                    4 => bytes.len() as u64,
                    _ => random.next(),
                };
                let value = &value.to_le_bytes()[..width];
                if let Some(field) = bytes.get_mut(at..at + width) {
                    field.copy_from_slice(value);
                }
            }
        }
    }
}

/// Where the dynamic section is, roughly; the whole file where there is none.
fn dynamic_of(bytes: &[u8]) -> (usize, usize) {
    let goblin = goblin::elf::Elf::parse(bytes);
    let header = goblin.ok().and_then(|elf| {
        let header = elf.program_headers.iter().find(|h| h.p_type == 2)?;
        Some((header.p_offset as usize, header.p_filesz as usize))
    });
    header.unwrap_or((0, bytes.len()))
}

/// Everything that the library offers about one file.
#[expect(clippy::ptr_arg, reason = "a slice is not `dyn ReadAt`, a vector is")]
fn exercise(bytes: &Vec<u8>) {
    let names: [&[u8]; 2] = [b"__libc_start_main", b"stdin"];
    let check = |object: &Object| {
        assert!(object.dynamic.needs.len() <= 4096);
        let names: usize = object.dynamic.needs.iter().map(|n| n.name.len()).sum();
        assert!(names <= 1 << 20);
        let _ = (object.linkage(), object.is_cut_short(), object.class());
        for anomaly in &object.anomalies {
            assert!(!anomaly.to_string().is_empty());
        }
    };
    if let Ok(object) = Object::read(bytes) {
        check(&object);
        object.defines(bytes, &names).unwrap();
        object.versions(bytes).unwrap();
    }
    for class in [Class::Elf32, Class::Elf64] {
        for encoding in [Encoding::Little, Encoding::Big] {
            if let Ok(object) = Object::read_as(bytes, Layout { class, encoding }) {
                check(&object);
                object.defines(bytes, &names).unwrap();
                object.versions(bytes).unwrap();
            }
        }
    }
}

#[test]
fn twenty_thousand_damaged_files_are_read_without_a_crash() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut seeds: Vec<Vec<u8>> = seeds().into_iter().map(|(_, bytes)| bytes).collect();
    // Go's programs are large and have nothing that the others lack.
    seeds.retain(|bytes| bytes.len() < 256 << 10);
    let places: Vec<(usize, usize)> = seeds.iter().map(|seed| dynamic_of(seed)).collect();
    for round in 0..20_000 {
        let seed = round % seeds.len();
        let mut bytes = seeds[seed].clone();
        damage(&mut random, &mut bytes, places[seed]);
        exercise(&bytes);
    }
}

/// The whole way to a report, in this process: program, library and loader damaged.
#[test]
fn three_thousand_damaged_roots_are_answered_without_a_crash() {
    for (fixture, files) in [
        (
            "
            /app/exe    elf needed=liba.so,libb.so runpath=/x:$ORIGIN/lib
            /x/liba.so  elf needed=libb.so soname=liba.so.1 defines=f rpath=/y
            /y/libb.so  elf
            ",
            ["/app/exe", "/x/liba.so", "/lib64/ld-linux-x86-64.so.2"],
        ),
        (
            "
            loader musl
            /app/exe    elf needed=liba.so,libb.so runpath=/x:$ORIGIN/lib
            /x/liba.so  elf needed=libb.so soname=liba.so.1 defines=f rpath=/y
            /x/libb.so  elf
            ",
            ["/app/exe", "/x/liba.so", "/lib/ld-musl-x86_64.so.1"],
        ),
    ] {
        let scene = Scene::new(fixture);
        let mut random = Random(0x0dd0_5eed);
        for round in 0..1_500 {
            let path = files[round % files.len()];
            let host = scene.host(path);
            let intact = fs::read(&host).unwrap();
            let mut bytes = intact.clone();
            damage(&mut random, &mut bytes, dynamic_of(&intact));
            fs::write(&host, &bytes).unwrap();
            let directory = Directory::open(&scene.host("/")).unwrap();
            let rootfs = Rootfs::new(Box::new(directory), Credentials::root(), false);
            let inspector = Inspector::new(&rootfs, Settings::default());
            let inspection = inspector.inspect(b"/app/exe", Role::Argument);
            let subject = &inspection.subject;
            let starts = subject.outcome.starts;
            assert!(
                subject.verdict != Verdict::Ok || starts == Some(true) || subject.elf.is_some(),
                "fine though it cannot start: {subject:?}"
            );
            assert!(
                starts != Some(false)
                    || subject.verdict != Verdict::Ok
                    || subject.kind_is_library(),
                "{subject:?}"
            );
            fs::write(&host, &intact).unwrap();
        }
    }
}

trait KindIsLibrary {
    fn kind_is_library(&self) -> bool;
}

impl KindIsLibrary for imgldd::report::Subject {
    fn kind_is_library(&self) -> bool {
        self.elf
            .as_ref()
            .is_some_and(|elf| elf.linkage == imgldd::report::Linkage::SharedObject)
    }
}

/// Each was found by a fuzzer or by one of the tests here, and broke something.
#[test]
fn files_that_once_broke_something_are_answered_in_every_role() {
    let files = shipped();
    let is_elf = |path: &&String| path.contains("/hostile/") && path.ends_with(".so");
    for path in files.iter().filter(is_elf) {
        let bytes = fs::read(path).unwrap();
        exercise(&bytes);
        Scene::program(&bytes).ask();
        Scene::library(&bytes).ask();
        Scene::musl_library(&bytes).ask();
    }
}
