//! The command line: what is typed, what comes out, and with which exit code.

mod all;
mod exit;
mod file;
mod host;
mod ldd;
mod reports;
mod target;

use std::ffi::OsStr;
use std::process::Output;

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// A program that starts, one that lacks a library of its library, a static one, a script.
const SMALL: &str = r"
    /app/good         elf needed=liba.so runpath=/x
    /app/bad          elf needed=libb.so runpath=/x
    /app/static       elf static
    /app/run.sh       script '#!/bin/sh\n'
    /app/readme.txt   text 'not a program'
    /bin/sh           elf needed=liba.so rpath=/x
    /x/liba.so        elf
    /x/libb.so        elf needed=libq.so
    ";

fn root(fixture: &str) -> Root {
    Root::new(&Fixture::parse(fixture), &Synthetic).unwrap()
}

/// What one run of the binary left.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn prints(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no `{text}` in:\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    fn prints_not(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "`{text}` in:\n{}", self.stdout);
        self
    }

    #[track_caller]
    fn complains(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` on stderr:\n{}\n{}",
            self.stderr,
            self.stdout
        );
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("no JSON:\n{}\n{}", self.stdout, self.stderr))
    }
}

fn run<S: AsRef<OsStr>>(words: &[S]) -> Ran {
    Ran::of(&binary().args(words).output().unwrap())
}

/// The same with `--root` in front.
fn inside(root: &Root, words: &[&str]) -> Ran {
    Ran::of(
        &binary()
            .arg("--root")
            .arg(root.path())
            .args(words)
            .output()
            .unwrap(),
    )
}

/// Paths of the subjects, in the order of the report.
fn subjects(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let all = report["subjects"].as_array().unwrap().iter();
    all.map(|subject| subject["path"].as_str().unwrap().to_owned())
        .collect()
}
