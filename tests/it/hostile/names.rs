//! Names that would drive a terminal, forge a line or leave the root.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scene::Scene;

/// Each in the fixture's own quoting. [`Scene`] checks that none comes out raw.
const NAMES: &[&str] = &[
    r"'\x1b]0;owned\x07.so'",
    r"'\x1b[2J\x1b[1;31mred.so'",
    r"'lib\x08\x08\x08back.so'",
    r"'libx.so\rlibforged.so => /lib/libforged.so'",
    r"'libx.so\n\tlibforged.so => /lib/libforged.so (0x0000700000000000)'",
    r"'libx.so\nlibforged.so => /lib/libforged.so [default]'",
    r"'lib\xc2\x9b31mc1.so'",
    r"'lib\x7fdel.so'",
    r"'lib\xe2\x80\xaeso.bidi\xe2\x80\xac'",
    r"'lib\xe2\x81\xa6isolate\xe2\x81\xa9.so'",
    r"'lib\xff\xfe\x80bad.so'",
    r"'lib\xe2\x80\xa8line.so'",
];

/// The bytes that a name of [`NAMES`] stands for.
fn bytes(name: &str) -> Vec<u8> {
    crate::support::text::words(name).remove(0)
}

#[track_caller]
fn forges_no_line(answer: &super::scene::Answer) {
    let forged = answer
        .text
        .lines()
        .chain(answer.stderr.lines())
        .find(|line| line.trim_start().starts_with("libforged.so"));
    assert_eq!(forged, None, "\n{}", answer.text);
}

#[test]
fn needed_names_are_shown_escaped_wherever_they_appear() {
    for name in NAMES {
        let scene = Scene::new(&format!("/app/exe elf needed={name} runpath=/x"));
        let answer = scene.ask();
        assert_eq!(answer.code, 1, "{}", answer.text);
        assert!(
            answer.outcome().starts_with("exit 127: "),
            "{}",
            answer.outcome()
        );
        forges_no_line(&answer);
        scene.ask_in_other_formats(&[b"/app/exe"], 1);
        let library = &answer.subject()["libraries"][0];
        assert_eq!(library["status"], "missing");
        let exact = match library["name_b64"].as_str() {
            Some(exact) => STANDARD.decode(exact).unwrap(),
            None => library["name"].as_str().unwrap().as_bytes().to_vec(),
        };
        assert_eq!(exact, bytes(name));
    }
}

#[test]
fn found_files_sonames_directories_and_interpreters_are_shown_escaped_too() {
    for name in NAMES {
        let plain = String::from_utf8_lossy(&bytes(name)).into_owned();
        if plain.contains('/') {
            continue;
        }
        let inner = name.trim_matches('\'');
        let scene = Scene::new(&format!(
            "
            /app/exe           elf needed={name},liba.so runpath='/x:/{inner}'
            '/x/{inner}'       elf library soname={name}
            '/{inner}/liba.so' elf needed=libgone.so
            "
        ));
        scene.ask_in_other_formats(&[b"/app/exe"], 1);
        let answer = scene.ask();
        assert_eq!(answer.code, 1, "{}", answer.text);
        forges_no_line(&answer);
        let answer = Scene::new(&format!("/app/exe elf interp='/lib/{inner}'")).ask();
        assert_eq!(answer.outcome(), "exec: ENOENT");
        forges_no_line(&answer);
        let answer = Scene::new(&format!("/app/exe script '#!/bin/{inner}'")).ask();
        assert_eq!(answer.code, 1, "{}", answer.text);
        forges_no_line(&answer);
    }
}

#[test]
fn subjects_with_such_names_are_shown_escaped() {
    for name in NAMES {
        let bytes = bytes(name);
        if bytes.contains(&b'/') {
            continue;
        }
        let inner = name.trim_matches('\'');
        let scene = Scene::new(&format!("'/{inner}' elf needed=libgone.so"));
        let path = [b"/", bytes.as_slice()].concat();
        let answer = scene.ask_about_bytes(&[&path], &[]);
        assert_eq!(answer.code, 1, "{}", answer.text);
        scene.ask_in_other_formats(&[&path], 1);
        let subject = answer.subject();
        let exact = subject["path_b64"].as_str();
        let exact = exact.map(|exact| STANDARD.decode(exact).unwrap());
        let exact = exact.unwrap_or_else(|| subject["path"].as_str().unwrap().into());
        assert_eq!(exact, path);
        // Asked for though it is not there.
        fs::remove_file(scene.host("/").join(std::ffi::OsStr::from_bytes(&bytes))).unwrap();
        scene.ask_about_bytes(&[&path], &[]);
    }
}

#[test]
fn names_that_are_directories_stop_the_loader() {
    for (name, text) in [
        (".", "/x/.: cannot read file data: Error 21"),
        ("..", "/x/..: cannot read file data: Error 21"),
        ("/", "/: cannot read file data: Error 21"),
        ("./", "./: cannot read file data: Error 21"),
        (
            "libc.so.6/",
            "libc.so.6/: cannot open shared object file: No such file or directory",
        ),
    ] {
        let scene = Scene::new(&format!(
            "
            /app/exe  elf needed={name} runpath=/x
            /x        dir
            "
        ));
        scene.ask().stops_saying(text);
    }
}

#[test]
fn the_empty_name_is_the_program_for_glibc_and_an_error_for_musl() {
    Scene::new("/app/exe elf needed=").ask().starts();
    let answer = Scene::new("loader musl\n/app/exe elf needed=").ask();
    assert!(
        answer.outcome().starts_with("exit 127: "),
        "{}",
        answer.outcome()
    );
    assert_eq!(answer.code, 1);
}

#[test]
fn a_name_that_climbs_is_held_at_the_root() {
    let climbs = "../../../../../../etc/passwd";
    let missing = Scene::new(&format!("/app/exe elf needed={climbs}"));
    missing
        .ask()
        .stops_saying("cannot open shared object file: No such file or directory");
    let there = Scene::new(&format!(
        "
        /app/exe     elf needed={climbs}
        /etc/passwd  text 'root:x:0:0:root:/root:/bin/sh'
        "
    ));
    there.ask().stops_saying("file too short");
}

#[test]
fn directories_that_climb_or_go_through_proc_stay_inside() {
    let host = Scene::new("/app/exe elf");
    let outside = host.host("/good");
    let outside = outside.to_str().unwrap();
    for runpath in [
        format!("$ORIGIN/../../../../../..{outside}"),
        format!("/proc/self/root{outside}"),
        format!("/proc/self/cwd/../..{outside}"),
        outside.to_owned(),
        "$ORIGIN/../../../../../etc".to_owned(),
    ] {
        Scene::new(&format!("/app/exe elf needed=libgood.so runpath={runpath}"))
            .ask()
            .stops_saying("libgood.so: cannot open shared object file");
    }
}
