//! The running system.

use std::process::{Command, Stdio};

use super::Ran;
use crate::support::imgldd::binary;

#[test]
fn without_a_target_the_host_is_asked() {
    let own = env!("CARGO_BIN_EXE_imgldd");
    let ran = Ran::of(&binary().args(["-o", "json", own]).output().unwrap()).exits(0);
    let report = ran.json();
    assert_eq!(report["targets"][0]["kind"], "host");
    assert_eq!(report["subjects"][0]["outcome"]["starts"], true);
}

/// What a client that failed leaves is no empty image.
#[test]
fn nothing_on_standard_input_is_no_image() {
    let output = Command::new(env!("CARGO_BIN_EXE_imgldd"))
        .args(["-i", "-", "/app"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("there is nothing in it"), "{text}");
}
