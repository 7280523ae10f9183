//! A small root with one intact program, and questions about the others.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::expected::Outcome;
use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// The most address space that one run may have, in KiB: more than what it may
/// have resident, so holding it holds the other too.
const MEMORY: u32 = 64 << 10;
/// The most CPU time of one run in seconds; an unoptimised binary gets more.
const SECONDS: u32 = if cfg!(debug_assertions) { 20 } else { 2 };

/// What every root has beside the test's own files.
const INTACT: &str = "
    /app/good             elf needed=libgood.so runpath=/good
    /good/libgood.so      elf
    ";
const GOOD: &str = "/app/good";

pub(super) struct Scene {
    root: Root,
}

impl Scene {
    /// The fixture and the intact program.
    pub(super) fn new(fixture: &str) -> Self {
        let fixture = Fixture::parse(&format!("{fixture}\n{INTACT}"));
        Self {
            root: Root::new(&fixture, &Synthetic).unwrap(),
        }
    }

    /// A program that is these bytes, `/app/exe`.
    pub(super) fn program(bytes: &[u8]) -> Self {
        Self::new("").with("/app/exe", bytes)
    }

    /// A program that needs `libx.so`, which is these bytes.
    pub(super) fn library(bytes: &[u8]) -> Self {
        Self::new("/app/exe elf needed=libx.so runpath=/x").with("/x/libx.so", bytes)
    }

    /// The same for musl.
    pub(super) fn musl_library(bytes: &[u8]) -> Self {
        Self::new("loader musl\n/app/exe elf needed=libx.so runpath=/x").with("/x/libx.so", bytes)
    }

    /// Puts a file of mode 0755 there.
    pub(super) fn with(self, path: &str, bytes: &[u8]) -> Self {
        let host = self.host(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        fs::write(&host, bytes).unwrap();
        fs::set_permissions(&host, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The host's path of a path inside.
    pub(super) fn host(&self, path: &str) -> PathBuf {
        self.root.host(path.as_bytes())
    }

    /// Asks about `/app/exe`.
    #[track_caller]
    pub(super) fn ask(&self) -> Answer {
        self.ask_about(&["/app/exe"], &[])
    }

    /// Asks about `paths`, the intact program last, once as JSON and once as text,
    /// and checks what must hold of all answers.
    #[track_caller]
    pub(super) fn ask_about(&self, paths: &[&str], options: &[&str]) -> Answer {
        let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_bytes()).collect();
        self.ask_about_bytes(&paths, options)
    }

    /// As [`Scene::ask_about`], for names that are not UTF-8.
    #[track_caller]
    pub(super) fn ask_about_bytes(&self, paths: &[&[u8]], options: &[&str]) -> Answer {
        let json = self.run("json", options, paths);
        let report: Value = serde_json::from_slice(&json.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error})\n{}", shown(&json)));
        let good = report["subjects"].as_array().and_then(|all| all.last());
        assert_eq!(
            good.map(|good| (&good["path"], &good["verdict"])),
            Some((&Value::from(GOOD), &Value::from("ok"))),
            "the intact program should still be answered\n{}",
            shown(&json)
        );
        let code = json.status.code().unwrap();
        let text = self.run("text", options, paths);
        assert_eq!(text.status.code(), Some(code), "{}", shown(&text));
        Answer {
            code,
            report,
            text: String::from_utf8(text.stdout).unwrap(),
            stderr: String::from_utf8(text.stderr).unwrap(),
        }
    }

    /// The other formats, of which only the exit code and the raw bytes are looked at.
    #[track_caller]
    pub(super) fn ask_in_other_formats(&self, paths: &[&[u8]], code: i32) {
        for format in ["tree", "table", "ldd", "list", "json-lines"] {
            let other = self.run(format, &[], paths);
            assert_eq!(
                other.status.code(),
                Some(code),
                "the format {format} changes the exit code\n{}",
                shown(&other)
            );
        }
    }

    /// One run within its limits; checks that nothing crashed and nothing raw came out.
    #[track_caller]
    fn run(&self, format: &str, options: &[&str], paths: &[&[u8]]) -> Output {
        let binary = binary();
        let script = format!("ulimit -v {MEMORY} && ulimit -t {SECONDS} && exec \"$@\"");
        let mut command = Command::new("sh");
        for (name, value) in binary.get_envs() {
            if value.is_none() {
                command.env_remove(name);
            }
        }
        command
            .args(["-c", &script, "sh"])
            .arg(binary.get_program());
        command.arg("--root").arg(self.root.path());
        command.args(["-o", format]).args(options).arg("--");
        let paths = paths.iter().copied().chain([GOOD.as_bytes()]);
        command.args(paths.map(|path| OsString::from(OsStr::from_bytes(path))));
        let output = command.output().unwrap();
        assert!(
            matches!(output.status.code(), Some(0..=2)),
            "format {format}: {}",
            shown(&output)
        );
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if let Some(raw) = raw(bytes) {
                panic!(
                    "format {format}: {raw} is raw on {stream}\n{}",
                    shown(&output)
                );
            }
        }
        output
    }
}

/// The first thing in a stream that could drive a terminal or mislead a reader.
pub(super) fn raw(bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some("a byte that is not UTF-8".to_owned());
    };
    let is_raw = |&c: &char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
    };
    // ldd's lines begin with a tab.
    let text = text.replace("\n\t", "\n");
    let text = text.strip_prefix('\t').unwrap_or(&text);
    text.chars().find(is_raw).map(|c| format!("{c:?}"))
}

fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.chars().take(4000).collect::<String>()
    };
    format!(
        "{}\n{}\n{}",
        output.status,
        text(&output.stderr),
        text(&output.stdout)
    )
}

/// What was said about the first path.
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) report: Value,
    pub(super) text: String,
    pub(super) stderr: String,
}

impl Answer {
    pub(super) fn subject(&self) -> &Value {
        &self.report["subjects"][0]
    }

    /// As expectations of the fixtures word it.
    pub(super) fn outcome(&self) -> String {
        let outcome = &self.subject()["outcome"];
        let text = |key: &str| outcome[key].as_str().map(str::to_owned);
        Outcome {
            unknown: outcome["starts"].is_null(),
            errno: text("errno"),
            exit_status: outcome["exit_status"].as_i64(),
            signal: text("signal"),
            message: text("message").unwrap_or_default(),
        }
        .to_string()
    }

    /// It will not start, in these words, and `says` is among what is told about it.
    #[track_caller]
    pub(super) fn fails(&self, outcome: &str, says: &str) -> &Self {
        assert_eq!(self.outcome(), outcome, "\n{}", self.text);
        assert_eq!(self.subject()["verdict"], "broken", "\n{}", self.text);
        assert_eq!(self.code, 1, "\n{}{}", self.text, self.stderr);
        self.says(says)
    }

    /// It will not start, and the loader's text contains `text`.
    #[track_caller]
    pub(super) fn stops_saying(&self, text: &str) -> &Self {
        let outcome = self.outcome();
        assert!(
            outcome.starts_with("exit 127: ") && outcome.contains(text),
            "no `{text}` in `{outcome}`\n{}",
            self.text
        );
        assert_eq!(self.code, 1, "\n{}{}", self.text, self.stderr);
        self
    }

    /// It starts.
    #[track_caller]
    pub(super) fn starts(&self) -> &Self {
        assert_eq!(self.outcome(), "starts", "\n{}{}", self.text, self.stderr);
        assert_eq!(self.code, 0, "\n{}{}", self.text, self.stderr);
        self
    }

    /// No rule decides; an error of that kind says why.
    #[track_caller]
    pub(super) fn is_undecided(&self, kind: &str, message: &str) -> &Self {
        assert_eq!(self.outcome(), "unknown", "\n{}", self.text);
        assert_eq!(self.subject()["verdict"], "unknown", "\n{}", self.text);
        assert_eq!(self.code, 2, "\n{}{}", self.text, self.stderr);
        let errors = self.report["errors"].as_array().unwrap();
        let matches = |error: &&Value| {
            error["kind"] == kind
                && error["path"].is_string()
                && error["message"].as_str().unwrap().contains(message)
        };
        let error = errors
            .iter()
            .find(matches)
            .unwrap_or_else(|| panic!("no {kind} error with `{message}` among {errors:#?}"));
        let told = error["message"].as_str().unwrap();
        assert!(
            self.stderr.contains(told),
            "`{told}` is not on stderr:\n{}",
            self.stderr
        );
        self
    }

    /// `text` is in the report for people.
    #[track_caller]
    pub(super) fn says(&self, text: &str) -> &Self {
        assert!(
            self.text.contains(text),
            "no `{text}` in:\n{}{}",
            self.text,
            self.stderr
        );
        self
    }

    /// What it needs, in its own words.
    pub(super) fn needed(&self) -> Vec<&str> {
        let needed = self.subject()["elf"]["needed"].as_array().unwrap();
        needed.iter().map(|name| name.as_str().unwrap()).collect()
    }

    /// `NAME => PATH` or `NAME => STATUS` of every library but the loader.
    pub(super) fn libraries(&self) -> Vec<String> {
        let libraries = self.subject()["libraries"].as_array().unwrap();
        libraries
            .iter()
            .filter(|library| library["found_by"] != "loader_itself")
            .map(|library| {
                let end = if library["status"] == "found" {
                    &library["path"]
                } else {
                    &library["status"]
                };
                format!(
                    "{} => {}",
                    library["name"].as_str().unwrap(),
                    end.as_str().unwrap()
                )
            })
            .collect()
    }
}
