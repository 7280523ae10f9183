//! Who needs a library: chains, rules, what was tried, and the exit codes.

use std::process::Output;

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

const DIAMOND: &str = r"
    /app/exe      elf needed=liba.so needed=libb.so rpath=/x
    /x/liba.so    elf needed=libc1.so.3
    /x/libb.so    elf needed=liba.so needed=libgone.so
    /x/libc1.so.3 elf soname=libc1.so.3
    /app/other    elf needed=liba.so rpath=/x
    ";

fn why(fixture: &str, words: &[&str]) -> Output {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let mut command = binary();
    command.args(["why", "--root"]).arg(root.path()).args(words);
    command.output().unwrap()
}

#[track_caller]
fn check(words: &[&str], code: i32, expected: &str) {
    let output = why(DIAMOND, words);
    let text = String::from_utf8(output.stdout).unwrap();
    let trimmed = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(trimmed(&text), trimmed(expected), "{text}");
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn every_chain_is_told_the_shortest_first() {
    check(
        &["libc1.so.3", "/app/exe"],
        0,
        "
        libc1.so.3 => /x/libc1.so.3
          /app/exe
          └── liba.so => /x/liba.so [rpath]
              └── libc1.so.3 => /x/libc1.so.3 [rpath of /app/exe]
          /app/exe
          └── libb.so => /x/libb.so [rpath]
              └── liba.so => /x/liba.so [rpath]
                  └── libc1.so.3 => /x/libc1.so.3 [rpath of /app/exe]
        ",
    );
}

#[test]
fn a_missing_library_is_shown_with_every_place() {
    let output = why(DIAMOND, &["libgone", "/app/exe"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("libgone.so => not found\n"), "{text}");
    assert!(
        text.contains("tried /x/libgone.so: absent [rpath of /app/exe]"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_library_is_named_by_need_path_stem_or_glob() {
    for name in ["libc1.so.3", "/x/libc1.so.3", "libc1", "libc1*"] {
        let output = why(DIAMOND, &[name, "/app/other"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.starts_with("libc1.so.3 => /x/libc1.so.3\n"),
            "{name}: {text}"
        );
    }
}

#[test]
fn a_library_in_no_graph_is_exit_1() {
    check(
        &["libz.so.1", "/app/exe"],
        1,
        "`libz.so.1`: nothing that was looked at needs it",
    );
    // Part of a name is no stem.
    check(
        &["libc", "/app/exe"],
        1,
        "`libc`: nothing that was looked at needs it",
    );
}

#[test]
fn a_stem_of_several_libraries_is_exit_2_and_lists_them() {
    let fixture = r"
        /app/exe   elf needed=libx.so.1 needed=libx.so.2 rpath=/x
        /x/libx.so.1 elf
        /x/libx.so.2 elf
    ";
    let output = why(fixture, &["libx", "/app/exe"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("libx.so.1, libx.so.2"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn without_a_library_or_in_another_format_it_is_exit_2() {
    let output = binary().arg("why").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = why(DIAMOND, &["liba.so", "/app/exe", "-o", "table"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn all_asks_every_program() {
    let output = why(DIAMOND, &["libc1", "--all", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let answers = report["answers"].as_array().unwrap();
    let subjects: Vec<&str> = answers
        .iter()
        .filter_map(|one| one["subject"].as_str())
        .collect();
    assert!(
        subjects.contains(&"/app/exe") && subjects.contains(&"/app/other"),
        "{subjects:?}"
    );
}

#[test]
fn many_chains_are_bounded_and_the_rest_is_counted() {
    // Four levels of four libraries, each of which needs all of the next: 256 chains.
    let mut fixture = String::from("/app/exe elf rpath=/x");
    let level = |number: usize| (0..4).map(move |one| format!("lib{number}{one}.so"));
    let needs = |number: usize| {
        level(number)
            .map(|name| format!(" needed={name}"))
            .collect::<String>()
    };
    fixture.push_str(&needs(0));
    for number in 0..4 {
        for name in level(number) {
            let below = if number == 3 {
                " needed=libend.so".to_owned()
            } else {
                needs(number + 1)
            };
            fixture.push_str(&format!("\n/x/{name} elf{below}"));
        }
    }
    fixture.push_str("\n/x/libend.so elf\n");
    let output = why(&fixture, &["libend", "/app/exe", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let answer = &report["answers"][0];
    assert_eq!(answer["chains"].as_array().unwrap().len(), 10);
    assert_eq!(answer["more_chains"], 246);
    assert_eq!(answer["uncounted"], false);
}

#[test]
fn libraries_that_need_one_another_end() {
    let fixture = r"
        /app/exe   elf needed=liba.so rpath=/x
        /x/liba.so elf needed=libb.so
        /x/libb.so elf needed=liba.so
    ";
    let output = why(fixture, &["libb.so", "/app/exe", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["answers"][0]["chains"].as_array().unwrap().len(), 1);
}

/// glibc does not know that the program, which the kernel loaded, is that file.
#[test]
fn a_program_that_its_own_library_needs_is_the_top_of_the_chain() {
    let fixture = r"
        /app/exe   elf library needed=liba.so,libc.so.6 runpath=/app
        /app/liba.so elf needed=exe runpath=/app
        /app/libc.so.6 elf
    ";
    let output = why(fixture, &["libc.so.6", "/app/exe", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let chains = report["answers"][0]["chains"].as_array().unwrap();
    assert_eq!(chains.len(), 1, "{chains:#?}");
    assert_eq!(chains[0].as_array().unwrap().len(), 1, "{chains:#?}");
    let output = why(fixture, &["exe", "/app/exe", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let chains = report["answers"][0]["chains"].as_array().unwrap();
    assert_eq!(chains.len(), 1, "{chains:#?}");
    assert_eq!(chains[0].as_array().unwrap().len(), 2, "{chains:#?}");
}

#[test]
fn the_document_has_the_members_that_the_schema_says() {
    let schema = binary().arg("schema").output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let output = why(DIAMOND, &["liba.so", "/app/exe", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let members =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let said = |name: &str| members(&schema["$defs"][name]["properties"]);
    assert_eq!(members(&report), said("WhyReport"));
    let mut answer = said("Answer");
    answer.retain(|name| name != "subject_b64");
    assert_eq!(members(&report["answers"][0]), answer);
    assert_eq!(members(&report["answers"][0]["chains"][0][0]), said("Step"));
}

#[test]
fn nothing_is_said_and_the_exit_status_tells() {
    for (words, code) in [
        (&["-q", "libc1.so.3", "/app/exe"][..], 0),
        (&["-q", "libnone", "/app/exe"], 1),
        (&["-q", "libc1.so.3", "/no/such", "/app/exe"], 2),
    ] {
        let output = why(DIAMOND, words);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        assert_eq!(output.stdout, b"", "{words:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let output = why(DIAMOND, &["libc1.so.3", "/no/such", "/app/exe"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "imgldd: /no/such: not found\n");
}
