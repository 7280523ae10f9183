//! What program headers point to: the interpreter, the dynamic section, the rest.

use super::forge::{
    DT_NEEDED, DT_STRSZ, DT_STRTAB, Forge, PT_DYNAMIC, PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_NOTE,
};
use super::scene::Scene;

const PROGRAM: &str = "needed=libgood.so runpath=/good";
const RESOLVED: [&str; 1] = ["libgood.so => /good/libgood.so"];

#[test]
fn an_interpreter_path_of_a_wrong_size_is_refused_by_the_kernel() {
    for size in [0, 1, 4097, 1 << 63, u64::MAX] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_INTERP, 0, "filesz", size)
            .bytes;
        Scene::program(&bytes)
            .ask()
            .fails("exec: ENOEXEC", "fewer than 2 or more than 4096 bytes");
    }
}

#[test]
fn an_interpreter_path_without_end_is_refused_by_the_kernel() {
    let bytes = Forge::new("interp-bytes=/lib64/ld-linux-x86-64.so.2").bytes;
    Scene::program(&bytes)
        .ask()
        .fails("exec: ENOEXEC", "does not end in NUL");
}

#[test]
fn an_interpreter_path_outside_the_file_cannot_be_read() {
    for at in [1 << 40, u64::MAX - 3] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_INTERP, 0, "offset", at)
            .bytes;
        let answer = Scene::program(&bytes).ask();
        answer.says("outside the file");
        assert!(
            answer.outcome().starts_with("exec: E"),
            "{}",
            answer.outcome()
        );
        assert_eq!(answer.code, 1);
    }
}

#[test]
fn a_relative_interpreter_is_looked_up_from_the_working_directory_and_stays_inside() {
    let scene = Scene::new(
        "
        /ld.so        loader glibc 2.36
        /a/b/ld.so    loader glibc 2.36
        /app/exe      elf interp=../../ld.so needed=libgood.so runpath=/good
        /app/below    elf interp=ld.so needed=libgood.so runpath=/good
        ",
    );
    for workdir in ["/", "/a", "/a/b", "/good"] {
        scene
            .ask_about(&["/app/exe"], &["--workdir", workdir])
            .starts();
    }
    scene
        .ask_about(&["/app/below"], &["--workdir", "/a/b"])
        .starts();
    scene
        .ask_about(&["/app/below"], &["--workdir", "/a"])
        .fails("exec: ENOENT", "ld.so");
}

#[test]
fn of_two_interpreters_the_first_counts() {
    let at = |forge: &Forge| forge.read(PT_INTERP, 0, "offset");
    let forge = Forge::with_rodata(PROGRAM, b"/nowhere/ld.so\0");
    let (first, second) = (at(&forge), forge.rodata());
    let two = forge
        .segment(PT_GNU_STACK, 0, "type", PT_INTERP)
        .segment(PT_INTERP, 1, "offset", second)
        .segment(PT_INTERP, 1, "filesz", 15);
    let answer = Scene::program(&two.bytes).ask();
    answer.starts();
    assert_eq!(answer.libraries(), RESOLVED);
    let other_way = two
        .segment(PT_INTERP, 0, "offset", second)
        .segment(PT_INTERP, 0, "filesz", 15)
        .segment(PT_INTERP, 1, "offset", first);
    Scene::program(&other_way.bytes)
        .ask()
        .fails("exec: ENOENT", "/nowhere/ld.so");
}

#[test]
fn of_two_dynamic_sections_the_last_counts() {
    let forge = Forge::new(PROGRAM);
    let (from, length) = (
        forge.read(PT_DYNAMIC, 0, "offset"),
        forge.read(PT_DYNAMIC, 0, "filesz"),
    );
    // The second one begins behind DT_NEEDED, so it needs nothing.
    let two = forge
        .segment(PT_GNU_STACK, 0, "type", PT_DYNAMIC)
        .segment(PT_DYNAMIC, 1, "offset", from + 16)
        .segment(PT_DYNAMIC, 1, "vaddr", from + 16)
        .segment(PT_DYNAMIC, 1, "filesz", length - 16);
    let answer = Scene::program(&two.bytes).ask();
    answer.starts();
    assert_eq!(answer.needed(), [""; 0]);
    let other_way = two
        .segment(PT_DYNAMIC, 0, "offset", from + 16)
        .segment(PT_DYNAMIC, 0, "vaddr", from + 16)
        .segment(PT_DYNAMIC, 1, "offset", from)
        .segment(PT_DYNAMIC, 1, "vaddr", from);
    let answer = Scene::program(&other_way.bytes).ask();
    answer.starts();
    assert_eq!(answer.libraries(), RESOLVED);
}

#[test]
fn a_dynamic_section_without_end_is_read_to_the_end_of_its_segment() {
    let forge = Forge::new(PROGRAM);
    let length = forge.read(PT_DYNAMIC, 0, "filesz");
    let bytes = forge.segment(PT_DYNAMIC, 0, "filesz", length - 16).bytes;
    let answer = Scene::program(&bytes).ask();
    answer.starts();
    assert_eq!(answer.libraries(), RESOLVED);
}

#[test]
fn a_dynamic_section_is_taken_from_its_address_as_the_loader_takes_it() {
    for (field, value) in [
        ("filesz", 1 << 63),
        ("filesz", u64::MAX),
        ("offset", 1 << 40),
    ] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_DYNAMIC, 0, field, value)
            .bytes;
        let answer = Scene::program(&bytes).ask();
        answer.starts();
        assert_eq!(answer.libraries(), RESOLVED);
    }
}

#[test]
fn a_dynamic_section_in_no_segment_and_not_in_the_file_leaves_the_verdict_open() {
    for (offset, address) in [
        (1 << 40, 1 << 40),
        (u64::MAX, u64::MAX),
        (u64::MAX - 7, 1 << 63),
    ] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_DYNAMIC, 0, "offset", offset)
            .segment(PT_DYNAMIC, 0, "vaddr", address)
            .bytes;
        Scene::program(&bytes)
            .ask()
            .is_undecided("malformed", "outside the file");
    }
}

#[test]
fn a_string_table_in_no_segment_leaves_the_verdict_open() {
    for address in [0x7000_0000, 1 << 63, u64::MAX] {
        let bytes = Forge::new(PROGRAM).dynamic(DT_STRTAB, 0, address).bytes;
        let says = format!("string table address {address:#x} is in no loaded segment");
        Scene::program(&bytes)
            .ask()
            .is_undecided("malformed", &says);
        let bytes = Forge::new("library needed=libgood.so")
            .dynamic(DT_STRTAB, 0, address)
            .bytes;
        Scene::library(&bytes)
            .ask()
            .is_undecided("malformed", &says);
    }
}

#[test]
fn the_loader_does_not_need_the_size_of_the_string_table() {
    let bytes = Forge::new(PROGRAM).dynamic(DT_STRSZ, 0, u64::MAX).bytes;
    let answer = Scene::program(&bytes).ask();
    answer.starts();
    assert_eq!(answer.libraries(), RESOLVED);
}

#[test]
fn a_name_outside_the_string_table_is_told_with_its_number_and_offset() {
    for at in [1 << 20, 1 << 63, u64::MAX] {
        let bytes = Forge::new("needed=libgood.so,libother.so runpath=/good")
            .dynamic(DT_NEEDED, 1, at)
            .bytes;
        let answer = Scene::program(&bytes).ask();
        answer.is_undecided(
            "malformed",
            &format!("DT_NEEDED #2: string offset {at:#x} past the string table"),
        );
        assert_eq!(
            answer.libraries(),
            RESOLVED,
            "the other is still looked for"
        );
    }
}

#[test]
fn the_same_file_without_section_headers_or_with_false_ones_gets_the_same_answer() {
    let intact = Forge::new(PROGRAM);
    let answer = Scene::program(&intact.bytes).ask();
    for at in [0, 8, u64::MAX] {
        let bytes = intact
            .clone()
            .header("shoff", at)
            .header("shnum", 0xffff)
            .bytes;
        let other = Scene::program(&bytes).ask();
        assert_eq!(other.starts().subject(), answer.subject());
    }
}

#[test]
fn segments_that_cannot_be_mapped_kill_the_program() {
    for (nth, field, value) in [
        (1, "memsz", 0),
        (2, "memsz", 1),
        (0, "filesz", u64::MAX),
        (1, "filesz", 1 << 63),
        (1, "vaddr", u64::MAX - 0xfff),
        (1, "offset", 0x123),
    ] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_LOAD, nth, field, value)
            .bytes;
        Scene::program(&bytes)
            .ask()
            .fails("signal SIGSEGV", "a segment of it cannot be mapped");
    }
}

#[test]
fn an_odd_alignment_does_not_keep_a_program_from_starting() {
    for value in [0, 1, 3, 1 << 40] {
        let bytes = Forge::new(PROGRAM)
            .segment(PT_LOAD, 1, "align", value)
            .bytes;
        Scene::program(&bytes).ask().starts();
    }
}

#[test]
fn odd_segments_of_a_library_do_not_stop_the_answers() {
    for (nth, field, value) in [
        (1, "memsz", 0),
        (1, "vaddr", u64::MAX - 0xfff),
        (0, "filesz", u64::MAX),
        (1, "align", 3),
        (1, "vaddr", 0),
    ] {
        let bytes = Forge::new("library needed=libgood.so runpath=/good")
            .segment(PT_LOAD, nth, field, value)
            .bytes;
        Scene::library(&bytes).ask();
    }
}

#[test]
fn notes_that_lie_about_their_sizes_are_passed_over() {
    let lies = [
        [u32::MAX, u32::MAX, 1, 0],
        [4, u32::MAX, 5, 0x0055_4e47],
        [0x7fff_ffff, 4, 1, 0],
        [4, 8, 5, 0x0055_4e47],
    ];
    for lie in lies {
        let note = super::forge::words32(lie);
        let forge = Forge::with_rodata(PROGRAM, &note);
        let at = forge.rodata();
        let bytes = forge
            .segment(PT_GNU_STACK, 0, "type", PT_NOTE)
            .segment(PT_NOTE, 0, "offset", at)
            .segment(PT_NOTE, 0, "filesz", 16)
            .bytes;
        Scene::program(&bytes).ask().starts();
        Scene::library(&bytes).ask();
    }
}
