//! Identification, ELF header and program header table.

use super::forge::Forge;
use super::scene::Scene;

const PROGRAM: &str = "needed=libgood.so runpath=/good";

#[test]
fn an_empty_file_is_no_program_and_no_library() {
    Scene::program(b"")
        .ask()
        .fails("exec: ENOEXEC", "`/app/exe` is empty");
    Scene::library(b"").ask().stops_saying("file too short");
}

#[test]
fn a_header_that_lacks_its_last_byte_is_told_with_both_lengths() {
    let cut = Forge::new(PROGRAM).cut(63);
    Scene::program(&cut)
        .ask()
        .fails("exec: ENOEXEC", "truncated ELF header: 63 of 64 bytes");
    Scene::library(&cut).ask().stops_saying("file too short");
}

#[test]
fn program_headers_outside_the_file_are_refused_by_kernel_and_loader() {
    for at in [1 << 40, i64::MAX as u64 - 7, u64::MAX, u64::MAX - 55] {
        let bytes = Forge::new(PROGRAM).header("phoff", at).bytes;
        Scene::program(&bytes).ask().fails(
            "exec: ENOEXEC",
            &format!("program headers at {at:#x} lie outside the file"),
        );
        Scene::library(&bytes)
            .ask()
            .stops_saying("cannot read file data");
    }
}

#[test]
fn a_wrong_size_of_program_headers_is_told_with_the_right_one() {
    for size in [0, 1, 65535] {
        let bytes = Forge::new(PROGRAM).header("phentsize", size).bytes;
        Scene::program(&bytes).ask().fails(
            "exec: ENOEXEC",
            &format!("program header size {size}, expected 56"),
        );
        Scene::library(&bytes)
            .ask()
            .stops_saying("ELF file's phentsize not the expected size");
    }
}

#[test]
fn a_count_that_stands_in_section_0_is_one_that_neither_kernel_nor_loader_reads() {
    for sections in [0, 0xffff_ffff_ffff_ffff] {
        let bytes = Forge::new(PROGRAM)
            .header("phnum", 0xffff)
            .header("shoff", sections)
            .bytes;
        Scene::program(&bytes)
            .ask()
            .fails("exec: ENOEXEC", "more than 64 KiB of them");
        Scene::library(&bytes)
            .ask()
            .stops_saying("cannot read file data");
    }
}

#[test]
fn the_kernel_never_looks_at_class_data_and_version() {
    for (field, values) in [
        ("class", [0, 1, 3]),
        ("data", [0, 2, 3]),
        ("ident-version", [0, 9, 255]),
    ] {
        for value in values {
            let bytes = Forge::new(PROGRAM).header(field, value).bytes;
            let answer = Scene::program(&bytes).ask();
            answer.starts();
            assert_eq!(answer.libraries(), ["libgood.so => /good/libgood.so"]);
        }
    }
}

#[test]
fn the_loader_looks_at_class_data_and_version() {
    for (field, value, says) in [
        ("class", 0, "wrong ELF class: ELFCLASS32"),
        ("class", 3, "wrong ELF class: ELFCLASS32"),
        ("data", 0, "ELF file data encoding not little-endian"),
        ("data", 3, "ELF file data encoding not little-endian"),
        (
            "ident-version",
            9,
            "ELF file version ident does not match current one",
        ),
    ] {
        let bytes = Forge::new("library").header(field, value).bytes;
        Scene::library(&bytes).ask().stops_saying(says);
    }
}

#[test]
fn a_machine_of_another_class_is_read_as_its_kernel_would() {
    // The handler for i386 finds no program headers of its own size there.
    let bytes = Forge::new(PROGRAM).header("machine", 3).bytes;
    let answer = Scene::program(&bytes).ask();
    assert_eq!(answer.outcome(), "exec: ENOEXEC", "{}", answer.text);
    assert_eq!(answer.code, 1);
    Scene::library(&bytes).ask().stops_saying("libx.so");
}

#[test]
fn a_script_a_linker_script_and_a_text_are_no_libraries() {
    for (text, says) in [
        (&b"#!/bin/sh\n"[..], "file too short"),
        (
            b"/* GNU ld script */ OUTPUT_FORMAT(elf64-x86-64) GROUP ( /lib/libc.so.6 )\n",
            "invalid ELF header",
        ),
    ] {
        Scene::library(text).ask().stops_saying(says);
    }
}

#[test]
fn types_that_cannot_be_loaded_are_refused() {
    for kind in [0, 1, 4, 0xffff] {
        let bytes = Forge::new(PROGRAM).header("type", kind).bytes;
        Scene::program(&bytes)
            .ask()
            .fails("exec: ENOEXEC", "its type is neither program nor library");
        Scene::library(&bytes)
            .ask()
            .stops_saying("only ET_DYN and ET_EXEC can be loaded");
    }
}

#[test]
fn a_library_for_a_machine_without_known_loaders_is_undecided() {
    let bytes = Forge::new("library soname=libodd.so needed=libgood.so")
        .header("machine", 0x1234)
        .bytes;
    let answer = Scene::new("")
        .with("/lib/libodd.so", &bytes)
        .ask_about(&["/lib/libodd.so"], &[]);
    // What exec would do is known; what a loader would, is not.
    assert_eq!(answer.subject()["verdict"], "unknown", "\n{}", answer.text);
    assert_eq!(answer.code, 2, "\n{}{}", answer.text, answer.stderr);
    let told = "is for machine 4660, whose loaders are not known";
    assert!(answer.stderr.contains(told), "\n{}", answer.stderr);
}
