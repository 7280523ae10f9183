//! Files that were cut short, as by a full disk or a copy that was broken off.

use serde_json::Value;

use crate::support::imgldd::binary;
use crate::support::programs::{compile, root};

/// The signal, and the codes of the findings about `/app`, of which only half is left.
fn half(mut app: Vec<u8>) -> (Option<String>, Vec<String>) {
    app.truncate(app.len() / 2);
    let root = root(&[("app", &app)]);
    let output = binary()
        .arg("--root")
        .arg(root.path())
        .args(["-o", "json", "/app"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let subject = &report["subjects"][0];
    assert_eq!(output.status.code(), Some(1), "{subject:#}");
    let findings = subject["findings"].as_array().unwrap();
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    let signal = subject["outcome"]["signal"].as_str().map(str::to_owned);
    (signal, findings.iter().map(code).collect())
}

/// The kernel clears the page in which the data end (`fs/binfmt_elf.c:padzero`).
#[test]
fn a_program_with_data_and_zeros_behind_them_dies_of_sigsegv() {
    let source = "char zeros[100000]; int data = 5; int main(void) { return data + zeros[5]; }";
    let Ok(app) = compile(source, &["-static"]) else {
        eprintln!("skipped: no compiler with a static C library");
        return;
    };
    let (signal, codes) = half(app);
    assert_eq!(signal.as_deref(), Some("SIGSEGV"));
    assert_eq!(codes, ["not-a-program"]);
}

/// Nobody starts it, and whoever loads it dies.
#[test]
fn a_library_lacks_bytes_by_itself_too() {
    let source = "char zeros[100000]; int data = 5; int f(void) { return data + zeros[5]; }";
    let Ok(library) = compile(source, &["-shared", "-fPIC", "-nostdlib"]) else {
        eprintln!("skipped: no compiler");
        return;
    };
    let (_, codes) = half(library);
    assert_eq!(codes, ["lib-not-elf"]);
}
