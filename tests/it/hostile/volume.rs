//! Too much of something: every test here is held to the memory and the CPU time
//! that [`Scene`] allows for one run.

use std::fs::OpenOptions;

use imgldd::elf::Object;

use super::forge::{DT_RPATH, DT_STRSZ, DT_STRTAB, Forge, PT_DYNAMIC, PT_LOAD, PT_NOTE, SPARE};
use super::scene::Scene;
use crate::support::elf_spec::ElfSpec;

fn numbered(prefix: &str, count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| format!("{prefix}{number}").into_bytes())
        .collect()
}

fn program(change: impl FnOnce(&mut ElfSpec)) -> Vec<u8> {
    let mut spec = ElfSpec::parse(b"/app/exe", &[], None);
    change(&mut spec);
    Forge::of(&spec, 0).bytes
}

/// A program whose `DT_NEEDED` entries point to these offsets of `strings`.
fn needing(offsets: &[u64], strings: &[u8]) -> Vec<u8> {
    let mut spec = ElfSpec::parse(b"/app/exe", &[], None);
    spec.needed = vec![b"n".to_vec(); offsets.len()];
    spec.rodata = strings.to_vec();
    let forge = Forge::of(&spec, strings.len());
    let table = forge.rodata();
    let mut forge = forge
        .dynamic(DT_STRTAB, 0, table)
        .dynamic(DT_STRSZ, 0, strings.len() as u64);
    let start = forge.read(PT_DYNAMIC, 0, "offset") as usize;
    for (number, offset) in offsets.iter().enumerate() {
        forge = forge.put(start + number * 16 + 8, 8, *offset);
    }
    forge.bytes
}

#[test]
fn a_hundred_thousand_needs_of_one_name_are_a_limit() {
    let bytes = program(|spec| spec.needed = vec![b"libgood.so".to_vec(); 100_000]);
    Scene::program(&bytes)
        .ask()
        .is_undecided("limit", "more than 4096 DT_NEEDED entries");
}

#[test]
fn sixty_thousand_needs_that_share_one_string_are_a_limit() {
    let mut strings = vec![b'a'; 65_536];
    strings.push(0);
    let bytes = needing(&(0..60_000).collect::<Vec<_>>(), &strings);
    Scene::program(&bytes)
        .ask()
        .is_undecided("limit", "more than 4096 DT_NEEDED entries");
    // Short enough each, too long together.
    let mut strings = vec![b'a'; 4_000];
    strings.push(0);
    let bytes = needing(&(0..4_000).collect::<Vec<_>>(), &strings);
    Scene::program(&bytes)
        .ask()
        .is_undecided("limit", "names exceed 1 MiB in total");
}

#[test]
fn a_name_of_five_thousand_bytes_is_too_long() {
    let bytes = program(|spec| spec.needed = vec![vec![b'l'; 5_000]]);
    Scene::program(&bytes)
        .ask()
        .is_undecided("malformed", "name longer than 4096 bytes");
}

#[test]
fn names_without_end_cost_what_they_weigh() {
    let strings = vec![b'a'; 1 << 20];
    let bytes = needing(&(0..4_000).map(|n| n * 200).collect::<Vec<_>>(), &strings);
    Scene::program(&bytes)
        .ask()
        .is_undecided("malformed", "name longer than 4096 bytes");
}

/// Only the last `DT_RPATH` counts, so the others need not be read.
#[test]
fn two_hundred_thousand_rpaths_without_end_cost_what_they_weigh() {
    let mut spec = ElfSpec::parse(b"/app/exe", &[], None);
    spec.auxiliary = vec![b"n".to_vec(); 200_000];
    let mut forge = Forge::of(&spec, 0);
    let start = forge.read(PT_DYNAMIC, 0, "offset") as usize;
    assert_eq!(forge.value(SPARE, 199_999), forge.value(SPARE, 0));
    for number in 0..200_000 {
        forge = forge.put(start + number * 16, 8, DT_RPATH);
        forge = forge.put(start + number * 16 + 8, 8, number as u64);
    }
    // The string table is the segment with the code and 2 MiB behind it, without a NUL.
    let at = forge.bytes.len();
    forge.bytes.extend(std::iter::repeat_n(b'a', 2 << 20));
    let bytes = forge
        .segment(PT_LOAD, 1, "offset", at as u64)
        .segment(PT_LOAD, 1, "filesz", 2 << 20)
        .segment(PT_LOAD, 1, "memsz", 2 << 20)
        .segment(PT_LOAD, 1, "vaddr", 0x4000_0000)
        .dynamic(DT_STRTAB, 0, 0x4000_0000)
        .dynamic(DT_STRSZ, 0, 2 << 20)
        .bytes;
    Scene::program(&bytes).ask();
}

#[test]
fn thousands_of_directories_times_thousands_of_needs_are_a_limit() {
    let directories = |count| numbered("/d", count).join(&b':');
    let bytes = program(|spec| {
        spec.needed = numbered("n", 5_000);
        spec.runpath = Some(directories(5_000));
    });
    Scene::program(&bytes)
        .ask()
        .is_undecided("limit", "more than");
    let bytes = program(|spec| {
        spec.needed = numbered("n", 4_000);
        spec.runpath = Some(directories(1_000));
    });
    let scene = Scene::program(&bytes);
    scene
        .ask_about(&["/app/exe"], &["--max-probes", "20000"])
        .is_undecided("limit", "more than 20000 places to look at")
        .is_undecided("limit", "--max-probes");
    // The default limit is a million, which takes an unoptimised binary its time.
    if !cfg!(debug_assertions) {
        scene
            .ask()
            .is_undecided("limit", "more than 1000000 places to look at");
    }
}

/// What stands behind the last directory that we look at is no reason to say that
/// the program is broken: its loader does look there.
#[test]
fn more_directories_than_the_limit_leave_the_verdict_open() {
    for loader in ["glibc 2.36", "musl"] {
        let runpath = numbered("/d", 1_100).join(&b':');
        let runpath = String::from_utf8(runpath).unwrap();
        let found_late = format!(
            "
            loader {loader}
            /app/exe        elf needed=liba.so runpath={runpath}
            /d1090/liba.so  elf
            "
        );
        Scene::new(&found_late).ask().is_undecided("limit", "1024");
        let found_soon = found_late.replace("/d1090/", "/d9/");
        let answer = Scene::new(&found_soon).ask();
        answer.starts();
        assert_eq!(answer.libraries(), ["liba.so => /d9/liba.so"]);
    }
}

#[test]
fn sixty_five_thousand_colons_are_one_working_directory() {
    let bytes = program(|spec| {
        spec.needed = vec![b"libgood.so".to_vec()];
        spec.rpath = Some(vec![b':'; 65_536]);
    });
    let scene = Scene::program(&bytes);
    scene
        .ask_about(&["/app/exe"], &["--workdir", "/good"])
        .starts();
    scene.ask().stops_saying("libgood.so");
}

#[test]
fn tokens_that_expand_without_end_are_dropped_and_unclosed_ones_are_literal() {
    let needs = |runpath: Vec<u8>| {
        program(|spec| {
            spec.needed = vec![b"libgood.so".to_vec()];
            spec.runpath = Some(runpath);
        })
    };
    let bytes = needs(b"$ORIGIN".repeat(8_000));
    let deep = format!("/{}/exe", "d".repeat(200));
    let scene = Scene::program(&bytes).with(&deep, &bytes);
    scene.ask().stops_saying("libgood.so");
    let answer = scene.ask_about(&[&deep], &[]);
    answer.stops_saying("libgood.so");
    // Directories behind it are still looked at.
    let bytes = needs([b"$ORIGIN".repeat(8_000), b":/good".to_vec()].concat());
    Scene::program(&bytes).ask().starts();

    let bytes = needs(b"${ORIGIN/w".to_vec());
    let scene = Scene::new("'/${ORIGIN/w/libgood.so' elf").with("/app/exe", &bytes);
    scene.ask().starts();
}

#[test]
fn circles_and_diamonds_load_each_object_once() {
    let answer = Scene::new(
        "
        /app/exe     elf needed=liba.so rpath=/x
        /x/liba.so   elf needed=libb.so,liba.so
        /x/libb.so   elf needed=libc.so
        /x/libc.so   elf needed=liba.so,libc.so
        ",
    )
    .ask();
    answer.starts();
    assert_eq!(
        answer.libraries(),
        [
            "liba.so => /x/liba.so",
            "libb.so => /x/libb.so",
            "libc.so => /x/libc.so"
        ]
    );

    let mut fixture = String::from("/app/exe elf needed=l0a,l0b,l0a rpath=/x\n");
    for level in 0..24 {
        for side in ["a", "b"] {
            let below = level + 1;
            fixture += &format!(
                "/x/l{level}{side} elf library needed=l{below}a,l{below}b,l{below}a,l{below}b\n"
            );
        }
    }
    fixture += "/x/l24a elf library\n/x/l24b elf library\n";
    let answer = Scene::new(&fixture).ask();
    answer.starts();
    assert_eq!(answer.libraries().len(), 50);
}

#[test]
fn a_chain_deeper_than_any_stack_frame_budget_is_followed() {
    let mut fixture = String::from("/app/exe elf needed=l0 rpath=/x\n");
    for level in 0..600 {
        fixture += &format!("/x/l{level} elf library needed=l{}\n", level + 1);
    }
    fixture += "/x/l600 elf library\n";
    let answer = Scene::new(&fixture).ask();
    answer.starts();
    assert_eq!(answer.libraries().len(), 601);
}

#[test]
fn sixty_thousand_segments_are_too_many_for_the_kernel_and_no_burden_to_us() {
    let plain = Forge::new("needed=libgood.so runpath=/good");
    let end = plain.bytes.len() as u64;
    let loads = plain
        .clone()
        .more_segments(60_000, |n| [PT_LOAD, 0, 0x1000_0000 + n * 0x1000, end]);
    let notes = plain.more_segments(60_000, |n| [PT_NOTE, n, n, 16 << 10]);
    // Room for notes that each begin elsewhere.
    let mut notes = notes.bytes;
    notes.resize(2 << 20, 4);
    for bytes in [&loads.bytes, &notes] {
        Scene::program(bytes)
            .ask()
            .fails("exec: ENOEXEC", "more than 64 KiB of them");
        let answer = Scene::library(bytes).ask();
        assert_eq!(answer.subject()["libraries"][0]["name"], "libx.so");
        Scene::musl_library(bytes).ask();
    }
}

#[test]
fn as_many_segments_as_the_kernel_takes_are_taken() {
    let plain = Forge::new("needed=libgood.so runpath=/good");
    let own = 7;
    for (count, outcome) in [(1_170, "starts"), (1_171, "exec: ENOEXEC")] {
        let bytes = plain
            .clone()
            .more_segments(count - own, |_| [0, 0, 0, 0])
            .bytes;
        let answer = Scene::program(&bytes).ask();
        assert_eq!(answer.outcome(), outcome, "{}", answer.text);
    }
}

#[test]
fn of_an_enormous_sparse_file_only_the_headers_are_read() {
    let bytes = Forge::new("needed=libgood.so runpath=/good").bytes;
    let scene = Scene::program(&bytes);
    let file = OpenOptions::new()
        .write(true)
        .open(scene.host("/app/exe"))
        .unwrap();
    // As much as this filesystem allows.
    let sizes = [(16 << 40) - 4096, 1_u64 << 40, 1 << 34];
    let size = sizes.into_iter().find(|&size| file.set_len(size).is_ok());
    assert!(size.is_some(), "no sparse files here");
    scene.ask().starts();
}

#[test]
fn reading_keeps_no_more_of_a_file_than_its_facts() {
    let strings = b"lib.so\0".repeat(100_000);
    let bytes = needing(
        &(0..4_000).map(|n| n * 7 * 25).collect::<Vec<_>>(),
        &strings,
    );
    let object = Object::read(&bytes).unwrap();
    assert_eq!(object.dynamic.needed().count(), 4_000);
    assert!(object.anomalies.is_empty());
}
