//! What the real kernel and the real loader do with a program in a root.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::case::Run;
use super::expected::{Library, Outcome};
use super::fixture::Fixture;
use super::loaders::Loader;

/// The end of one process.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) stdout: String,
}

/// Starts the program as the run says.
pub(crate) fn start(root: &Path, run: &Run) -> Ended {
    launch(root, run, &run.path, std::slice::from_ref(&run.path), &[])
}

/// What the loader lists, in load order; `None` where it stops before it lists anything.
pub(crate) fn trace(root: &Path, run: &Run, fixture: &Fixture) -> Option<Vec<Library>> {
    match fixture.loader {
        Some(Loader::Musl) => list_of_musl(root, run),
        // It lists nothing by itself.
        Some(Loader::Gcompat) => None,
        _ => trace_of_glibc(root, run),
    }
}

fn trace_of_glibc(root: &Path, run: &Run) -> Option<Vec<Library>> {
    let argv = std::slice::from_ref(&run.path);
    let ended = launch(
        root,
        run,
        &run.path,
        argv,
        &[("LD_TRACE_LOADED_OBJECTS", "1")],
    );
    // Of a program that needs nothing the loader says so, and lists not even preloads.
    let listed = ended.outcome.starts() && !ended.stdout.contains("statically linked");
    listed.then(|| {
        libraries(&ended.stdout)
            .filter(|library| library.name != "linux-vdso.so.1")
            .collect()
    })
}

/// `ld-linux --list FILE`, as `ldd` asks.
pub(crate) fn list_of_glibc(root: &Path, run: &Run, fixture: &Fixture) -> Vec<Library> {
    let interp = fixture.loader.as_ref().map_or("", Loader::interp);
    let argv = [interp, "--list", &run.path].map(str::to_owned);
    let ended = launch(root, run, interp, &argv, &[]);
    libraries(&ended.stdout).collect()
}

/// `ld-musl --list FILE`: it names what it finds and says nothing more about what it does not.
fn list_of_musl(root: &Path, run: &Run) -> Option<Vec<Library>> {
    // Started by hand the loader gains no rights from the file.
    if run.no_proc || gains_rights(root, run) || is_script(root, run) {
        return None;
    }
    // Started by hand the loader has only the name it was given for `$ORIGIN`.
    let real = imgldd_real_path(root, &run.path)?;
    let interp = run
        .musl_interp
        .as_deref()
        .unwrap_or("/lib/ld-musl-x86_64.so.1");
    let argv = [interp.to_owned(), "--list".to_owned(), real];
    let ended = launch(root, run, interp, &argv, &[]);
    if ended.outcome.signal.is_some() || ended.outcome.errno.is_some() {
        return None;
    }
    let own = |library: &Library| library.path.as_deref() == Some(interp) || library.name == interp;
    Some(
        libraries(&ended.stdout)
            .filter(|library| !own(library))
            .collect(),
    )
}

/// Whether the kernel starts another file for it.
fn is_script(root: &Path, run: &Run) -> bool {
    let path = root.join(run.path.trim_start_matches('/'));
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}

/// Whether the program's file has capabilities or a bit that changes the user.
fn gains_rights(root: &Path, run: &Run) -> bool {
    let path = root.join(run.path.trim_start_matches('/'));
    let mut value = [0; 64];
    let has_attribute = rustix::fs::getxattr(&path, "security.capability", &mut value).is_ok();
    has_attribute && run.user.0 != 0
}

/// Follows the links of the last component, inside the root.
fn imgldd_real_path(root: &Path, path: &str) -> Option<String> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let host = root.join(path.trim_start_matches('/'));
        let Ok(target) = std::fs::read_link(&host) else {
            return Some(path);
        };
        let folder = Path::new(&path).parent()?;
        path = folder.join(target).to_str()?.to_owned();
    }
    None
}

fn libraries(listing: &str) -> impl Iterator<Item = Library> {
    listing.lines().filter_map(|line| {
        let line = line.strip_prefix('\t')?;
        if let Some(name) = line.strip_suffix(" => not found") {
            return Some(Library {
                name: name.to_owned(),
                path: None,
            });
        }
        let line = line.rsplit_once(" (0x")?.0;
        let (name, path) = line.split_once(" => ").unwrap_or((line, line));
        Some(Library {
            name: name.to_owned(),
            path: Some(path.to_owned()),
        })
    })
}

fn launch(root: &Path, run: &Run, path: &str, argv: &[String], extra: &[(&str, &str)]) -> Ended {
    let mut env: serde_json::Map<String, Value> = run
        .env
        .iter()
        .map(|(key, value)| (key.clone(), value.clone().into()))
        .collect();
    let level = run.cpu.as_deref().and_then(super::cpu::hidden_features);
    if let (Some(features), false) = (level, env.contains_key("GLIBC_TUNABLES")) {
        env.insert(
            "GLIBC_TUNABLES".to_owned(),
            format!("glibc.cpu.hwcaps={features}").into(),
        );
    }
    env.extend(
        extra
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into())),
    );
    let request = json!({
        "root": root, "path": path, "argv": argv, "env": env, "cwd": run.workdir,
        "uid": run.user.0, "gid": run.user.1, "proc": !run.no_proc,
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/launch.py");
    let mut child = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "--",
            python(),
            "-I",
            script,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the launcher failed: {text}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |key: &str| answer[key].as_str().map(str::to_owned);
    Ended {
        outcome: Outcome {
            unknown: false,
            errno: word("errno"),
            exit_status: answer["status"].as_i64().filter(|&status| status != 0),
            signal: word("signal"),
            message: word("stderr").unwrap().trim_end_matches('\n').to_owned(),
        },
        stdout: word("stdout").unwrap(),
    }
}

/// The system's own, where there is one: a version manager's stand-in takes longer than the rest.
fn python() -> &'static str {
    let own = "/usr/bin/python3";
    if Path::new(own).exists() {
        own
    } else {
        "python3"
    }
}
