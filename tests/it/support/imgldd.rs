//! Runs the binary and reads its answers.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use imgldd::inspect::{Inspector, Settings};
use imgldd::path::TargetPath;
use imgldd::platform::Platform;
use imgldd::report::Role;
use imgldd::rootfs::{Credentials, Filesystem, Rootfs};
use imgldd::runtime::{self, ProcessConfig};
use serde_json::Value;

use super::case::Run;
use super::expected::{Library, Outcome};
use super::{alike, explained};

/// The binary, with nothing of this process' environment that it listens to.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_imgldd"));
    for (name, _) in std::env::vars_os() {
        let listened = ["LD_", "IMGLDD_", "CLICOLOR", "NO_COLOR", "COLUMNS"];
        if listened
            .iter()
            .any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` with `input` on its standard input, which it may leave unread.
pub(crate) fn fed(command: &mut Command, input: Vec<u8>) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // Who stops reading closes it.
    drop(writer.join().unwrap());
    output
}

/// What it says about one run.
pub(crate) struct Prediction {
    pub(crate) outcome: Outcome,
    /// In load order; what was loaded already or is unusable left out.
    pub(crate) libraries: Vec<Library>,
    /// Whether the loader would stop at one of them.
    pub(crate) has_unusable: bool,
    /// A file that others load, and that nobody wants to start.
    pub(crate) is_library: bool,
    /// Of a script: what its interpreter is started with.
    pub(crate) argv: Option<String>,
    pub(crate) reported: Vec<(String, String)>,
    pub(crate) exit_code: Option<i32>,
    /// What `explain` does not know of the texts above; empty where it knows all.
    pub(crate) unexplained: String,
}

/// Asks for the report of one run; an answer that is no report is the error.
pub(crate) fn predict(root: &Path, run: &Run) -> Result<Prediction, String> {
    let output = ask(root, run, "json");
    let report: Value =
        serde_json::from_slice(&output.stdout).map_err(|_| describe("no JSON", &output))?;
    let subject = &report["subjects"][0];
    if subject.is_null() {
        return Err(describe("no subject", &output));
    }
    let outcome = &subject["outcome"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let libraries = subject["libraries"].as_array().cloned().unwrap_or_default();
    let reported = outcome["as_reported"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    Ok(Prediction {
        outcome: Outcome {
            unknown: outcome["starts"].is_null(),
            errno: text(&outcome["errno"]),
            exit_status: outcome["exit_status"].as_i64(),
            signal: text(&outcome["signal"]),
            message: text(&outcome["message"]).unwrap_or_default(),
        },
        libraries: libraries.iter().filter_map(library).collect(),
        has_unusable: libraries.iter().any(|entry| entry["status"] == "unusable"),
        is_library: subject["elf"]["linkage"] == "shared_object",
        argv: argv_of_script(subject),
        reported: reported
            .iter()
            .filter_map(|one| Some((text(&one["by"])?, text(&one["text"])?)))
            .collect(),
        exit_code: output.status.code(),
        unexplained: explained::gaps(subject),
    })
}

/// The tree, its first line reduced to the path.
pub(crate) fn tree(root: &Path, run: &Run) -> Result<Vec<String>, String> {
    let output = ask(root, run, "tree");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.retain(|line| !line.is_empty());
    for line in &mut lines {
        if let Some((before, _)) = line.split_once(" unusable: ") {
            *line = format!("{before} unusable");
        }
    }
    let first = lines
        .first_mut()
        .ok_or_else(|| describe("no tree", &output))?;
    if let Some((path, _)) = first.split_once("  ") {
        *first = path.to_owned();
    }
    Ok(lines)
}

/// The answers about `runs` in a filesystem, without a process of their own.
pub(crate) fn ask_in_process(mut filesystem: Box<dyn Filesystem>, runs: &[Run]) -> Value {
    let mut inspections = Vec::new();
    for run in runs {
        let (uid, gid) = run.user;
        let groups = Vec::new();
        let rootfs = Rootfs::new(filesystem, Credentials { uid, gid, groups }, false);
        let inspector = Inspector::new(&rootfs, settings(run));
        inspections.push(inspector.inspect(run.path.as_bytes(), Role::Argument));
        drop(inspector);
        filesystem = rootfs.into_filesystem();
    }
    alike::answer(&inspections)
}

fn settings(run: &Run) -> Settings {
    let variable = |(key, value): &(String, String)| format!("{key}={value}").into_bytes();
    let process = ProcessConfig {
        env: run.env.iter().map(variable).collect(),
        ..ProcessConfig::default()
    };
    Settings {
        workdir: TargetPath::root().join(run.workdir.as_bytes()),
        variables: runtime::variables(&process),
        has_proc: !run.no_proc,
        cpu: run.cpu.clone(),
        platform: Platform::parse(&run.platform),
        symbols: run.symbols,
        ..Settings::default()
    }
}

fn ask(root: &Path, run: &Run, format: &str) -> Output {
    let mut command = binary();
    command.arg("--root").arg(root).args([
        "-o",
        format,
        "--platform",
        &run.platform,
        "--workdir",
        &run.workdir,
    ]);
    command.args(["--user", &format!("{}:{}", run.user.0, run.user.1)]);
    if let Some(cpu) = &run.cpu {
        command.args(["--cpu", cpu]);
    }
    if run.no_proc {
        command.arg("--no-proc");
    }
    if run.symbols {
        command.arg("--symbols");
    }
    for (key, value) in &run.env {
        command.arg("--env").arg(format!("{key}={value}"));
    }
    command
        .arg("--")
        .arg(OsStr::new(&run.path))
        .output()
        .unwrap()
}

fn library(entry: &Value) -> Option<Library> {
    let name = entry["name"].as_str()?.to_owned();
    match entry["status"].as_str()? {
        "found" => Some(Library {
            name,
            path: Some(entry["path"].as_str()?.to_owned()),
        }),
        "missing" => Some(Library { name, path: None }),
        _ => None,
    }
}

fn argv_of_script(subject: &Value) -> Option<String> {
    let script = subject["script"].as_object()?;
    let argument = script["argument"]
        .as_str()
        .map_or(String::new(), |argument| format!("[{argument}]"));
    Some(format!(
        "[{}]{argument}[{}]",
        script["interpreter"].as_str()?,
        subject["path"].as_str()?
    ))
}

fn describe(what: &str, output: &Output) -> String {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "imgldd gave {what}: {}\n{}{}",
        output.status,
        shown(&output.stdout),
        shown(&output.stderr)
    )
}
