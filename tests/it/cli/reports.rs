//! Reports: formats, and where they go.

use std::fs;

use serde_json::Value;

use super::{SMALL, inside, root};

#[test]
fn quiet_prints_nothing_about_what_is_well() {
    let root = root(SMALL);
    let ran = inside(&root, &["-q", "/app/good"]).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    inside(&root, &["-q", "/app/bad"]).exits(1);
}

#[test]
fn verbose_prints_every_place_that_was_tried() {
    let root = root(SMALL);
    inside(&root, &["-v", "/app/bad"])
        .exits(1)
        .prints("/lib/x86_64-linux-gnu/libq.so")
        .prints("/usr/lib/libq.so");
    inside(&root, &["/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn depth_cuts_the_tree_and_nothing_else() {
    let root = root(SMALL);
    inside(&root, &["-d", "1", "-o", "tree", "/app/bad"])
        .exits(1)
        .prints("libb.so => /x/libb.so [runpath]")
        .prints_not("libq.so");
    inside(&root, &["-d", "2", "-o", "tree", "/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn ascii_keeps_to_ascii() {
    let ran = inside(&root(SMALL), &["--ascii", "/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
    assert!(ran.stdout.is_ascii(), "{}", ran.stdout);
}

#[test]
fn colour_comes_only_where_it_is_asked_for() {
    let root = root(SMALL);
    inside(&root, &["/app/bad"]).prints_not("\x1b[");
    inside(&root, &["--color", "never", "/app/bad"]).prints_not("\x1b[");
    inside(&root, &["--color", "always", "/app/bad"]).prints("\x1b[");
}

#[test]
fn the_tree_alone_and_the_text_with_findings_and_summary() {
    let root = root(SMALL);
    inside(&root, &["-o", "tree", "/app/bad"])
        .exits(1)
        .prints_not("error[")
        .prints_not("broken:");
    inside(&root, &["/app/bad"])
        .exits(1)
        .prints("error[needed-missing]")
        .prints("broken:");
}

#[test]
fn ldd_format_has_ldds_lines() {
    let ran = inside(&root(SMALL), &["-o", "ldd", "/app/bad"]).exits(1);
    let line = |start: &str| ran.stdout.lines().any(|line| line.starts_with(start));
    assert!(line("\tlibb.so => /x/libb.so"), "{}", ran.stdout);
    assert!(line("\tlibq.so => not found"), "{}", ran.stdout);
}

#[test]
fn list_format_has_one_path_a_line() {
    let ran = inside(&root(SMALL), &["-o", "list", "/app/good"]).exits(0);
    assert!(
        ran.stdout.lines().all(|line| line.starts_with('/')),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.lines().any(|line| line == "/x/liba.so"),
        "{}",
        ran.stdout
    );
}

#[test]
fn table_format_names_the_cause() {
    inside(&root(SMALL), &["-o", "table", "/etc", "/bin/sh"])
        .exits(1)
        .prints("/etc: broken  ")
        .prints("/bin/sh: ok\n");
}

#[test]
fn table_format_has_a_row_for_each_library() {
    inside(&root(SMALL), &["-o", "table", "/app/good"])
        .exits(0)
        .prints("liba.so")
        .prints("/x/liba.so");
}

#[test]
fn json_has_the_documented_shape() {
    let ran = inside(&root(SMALL), &["--json", "/app/bad"]).exits(1);
    let report = ran.json();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["tool"]["name"], "imgldd");
    assert_eq!(report["targets"][0]["kind"], "directory");
    assert_eq!(report["targets"][0]["libc"], "glibc");
    assert_eq!(report["targets"][0]["verdict"], "broken");
    let subject = &report["subjects"][0];
    assert_eq!(subject["kind"], "elf");
    assert_eq!(subject["elf"]["machine"], "x86_64");
    assert_eq!(
        subject["elf"]["interpreter"]["path"],
        "/lib64/ld-linux-x86-64.so.2"
    );
    assert_eq!(subject["elf"]["interpreter"]["status"], "ok");
    assert_eq!(subject["elf"]["runpath"][0], "/x");
    assert_eq!(subject["libraries"][0]["name"], "libb.so");
    assert_eq!(subject["libraries"][0]["found_by"], "runpath");
    assert_eq!(subject["libraries"][0]["needed_by"][0], "/app/bad");
    assert_eq!(subject["libraries"][1]["status"], "missing");
    assert_eq!(subject["libraries"][1]["depth"], 2);
    let attempts = subject["libraries"][1]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4, "{attempts:#?}");
    assert_eq!(attempts[0]["path"], "/lib/x86_64-linux-gnu/libq.so");
    assert_eq!(attempts[0]["rule"], "default_dir");
    assert_eq!(attempts[0]["outcome"], "absent");
    assert_eq!(subject["findings"][0]["severity"], "error");
    assert_eq!(subject["outcome"]["stage"], "loader");
    assert_eq!(report["summary"]["subjects"]["broken"], 1);
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(0));
}

#[test]
fn json_names_no_path_of_the_host_but_the_one_that_was_typed() {
    let root = root(SMALL);
    let ran = inside(&root, &["--json", "/app/bad"]).exits(1);
    let mut report = ran.json();
    report["targets"][0]["input"].take();
    assert!(!report.to_string().contains(root.path().to_str().unwrap()));
}

#[test]
fn json_lines_are_objects_of_a_named_type() {
    let ran = inside(&root(SMALL), &["-o", "json-lines", "/app/good", "/app/bad"]).exits(1);
    let mut types: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["type"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    // A target's verdict is known when all of its subjects are.
    assert_eq!(types.last().map(String::as_str), Some("summary"));
    types.sort();
    assert_eq!(types, ["subject", "subject", "summary", "target"]);
}

#[test]
fn several_reports_come_from_one_run() {
    let root = root(SMALL);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let words = [
        "-o",
        "tree",
        "-o",
        &format!("json={}", file.display()),
        "/app/good",
    ];
    inside(&root, &words)
        .exits(0)
        .prints("liba.so => /x/liba.so [runpath]");
    let report: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(report["summary"]["verdict"], "ok");
}

#[test]
fn the_same_question_gets_the_same_bytes() {
    let root = root(SMALL);
    for format in ["text", "json", "table", "ldd"] {
        let words = ["--all", "-v", "-o", format];
        assert_eq!(
            inside(&root, &words).stdout,
            inside(&root, &words).stdout,
            "{format}"
        );
    }
}

#[test]
fn names_that_would_drive_a_terminal_are_shown_escaped() {
    let root = root(r"/app/exe elf 'needed=lib\x1b[31m.so'");
    for format in ["text", "tree", "table", "ldd", "list"] {
        inside(&root, &["-o", format, "/app/exe"])
            .exits(1)
            .prints_not("\x1b");
    }
}
