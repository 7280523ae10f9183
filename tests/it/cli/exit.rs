//! Exit codes.

use std::fs;
use std::path::Path;

use super::{Ran, SMALL, inside, root, run};
use crate::support::imgldd::binary;

#[test]
fn a_program_that_starts_is_exit_0() {
    inside(&root(SMALL), &["/app/good"])
        .exits(0)
        .prints("liba.so => /x/liba.so [runpath]");
}

#[test]
fn a_program_that_cannot_start_is_exit_1_in_every_format() {
    let root = root(SMALL);
    for format in ["text", "tree", "table", "ldd", "list", "json", "json-lines"] {
        inside(&root, &["-o", format, "/app/bad"]).exits(1);
        inside(&root, &["-o", format, "/app/good"]).exits(0);
    }
}

#[test]
fn one_broken_program_among_good_ones_is_exit_1() {
    inside(&root(SMALL), &["/app/good", "/app/bad", "/app/static"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn an_absent_file_is_a_finding() {
    inside(&root(SMALL), &["/nope"]).exits(1).prints("/nope");
}

#[test]
fn a_text_file_is_a_finding() {
    inside(&root(SMALL), &["/app/readme.txt"]).exits(1);
}

#[test]
fn a_root_that_is_not_there_is_exit_2() {
    run(&["--root", "/no/such/folder", "/bin/sh"])
        .exits(2)
        .complains("/no/such/folder");
}

#[test]
fn no_file_is_exit_2_and_says_what_to_type() {
    inside(&root(SMALL), &[]).exits(2).complains("FILE");
}

#[test]
fn an_unknown_option_is_exit_2() {
    run(&["--no-such-option"])
        .exits(2)
        .complains("--no-such-option");
}

#[test]
fn an_unknown_format_is_exit_2_and_lists_the_formats() {
    inside(&root(SMALL), &["-o", "xml", "/app/good"])
        .exits(2)
        .complains("json-lines");
}

#[test]
fn root_and_image_together_are_exit_2() {
    inside(&root(SMALL), &["--image", "app.tar", "/app/good"]).exits(2);
}

#[test]
fn an_odd_user_is_exit_2() {
    inside(&root(SMALL), &["--user", "nobody at all", "/app/good"]).exits(2);
}

#[test]
fn an_output_that_cannot_be_written_is_exit_2() {
    if Path::new("/dev/full").exists() {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let root = root(SMALL);
        let mut command = binary();
        let output = command
            .arg("--root")
            .arg(root.path())
            .arg("/app/good")
            .stdout(full)
            .output()
            .unwrap();
        Ran::of(&output).exits(2);
    }
}

#[test]
fn a_closed_pipe_is_quiet_and_141() {
    let root = root(SMALL);
    // Nobody reads, from before the first write on.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = binary();
    command.arg("--root").arg(root.path()).arg("/app/good");
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(13);
    assert!(
        output.status.code() == Some(141) || by_signal,
        "{:?}",
        output.status
    );
}

#[test]
fn help_and_version_are_exit_0() {
    run(&["--help"]).exits(0).prints("--root");
    run(&["--version"])
        .exits(0)
        .prints(env!("CARGO_PKG_VERSION"));
}
