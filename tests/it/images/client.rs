//! `docker:NAME` and `podman:NAME`: what the client's own `save` writes, and whose
//! words are said when that fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::support::image::{Image, docker};
use crate::support::imgldd::binary;

/// Asks about `docker:shop/api`, where `docker` is this script; `$ARCHIVE` is an
/// image.
fn ask(script: &str, options: &[&str]) -> Output {
    let scratch = tempfile::tempdir().unwrap();
    let client = scratch.path().join("docker");
    fs::write(&client, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let archive = scratch.path().join("archive");
    let image = Image::parse("layer\n usr/ dir\n usr/x text");
    fs::write(&archive, docker::save_20(&[image]).archive()).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    binary()
        .args(["-i", "docker:shop/api"])
        .args(options)
        .env("PATH", format!("{}:{path}", scratch.path().display()))
        .env("ARCHIVE", &archive)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_client_is_asked_to_save_and_read_from() {
    let script = "[ \"$1 $2\" = 'save shop/api' ] && cat \"$ARCHIVE\"";
    let output = ask(script, &["-o", "json", "/usr/x"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["targets"][0]["kind"], "docker", "{}", said(&output));
    assert_eq!(report["subjects"][0]["path"], "/usr/x");
}

#[test]
fn a_client_that_fails_is_named_and_has_said_why() {
    let output = ask("echo 'no such image' >&2; exit 1", &["/usr/x"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("no such image"), "{said}");
    assert!(said.contains("`docker save shop/api` failed"), "{said}");
    // What it had written by then is no reason of its own.
    let output = ask("head -c 2000 \"$ARCHIVE\"; exit 3", &["/usr/x"]);
    let said = self::said(&output);
    assert!(said.contains("`docker save shop/api` failed"), "{said}");
}

/// A client whose pipe is closed fails as well; that we closed it is what counts.
#[test]
fn what_we_stop_at_is_said_and_not_that_the_client_failed_then() {
    let script = "trap '' PIPE; cat \"$ARCHIVE\" \"$ARCHIVE\" /dev/zero";
    let output = ask(script, &["--max-entries", "2", "/usr/x"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("more than 2 entries"), "{said}");
    assert!(!said.contains("failed"), "{said}");
}
