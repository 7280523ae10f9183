//! The JSON report as a contract: its schema, its bytes, names that are no text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// Roots that between them fill every field that can be filled, and the subjects.
const ROOTS: &[(&str, &[&str])] = &[
    (
        r"
        /app/exe          elf needed=liba.so,libgone.so,libbad.so,/x/liba.so rpath=/x:$ORIGIN/lib flags_1=now
        /app/foreign      elf aarch64
        /app/nointerp     elf interp=/lib/gone.so needed=libc.so.6
        /app/text         text 'no program'
        /app/run.sh       script '#!/bin/sh -eu\r\n'
        /app/env.sh       script '#!/app/static one argument\n'
        /app/static       elf static
        /app/damaged      elf needed=liba.so damage=phentsize
        /x/liba.so        elf soname=liba.so.1 needed=libb.so runpath=/y
        /x/libbad.so      text 'too short'
        /y/libb.so        link /nowhere
        /etc/os-release   text 'ID=debian\nVERSION_ID=12\n'
        ",
        &[
            "/app/exe",
            "/app/foreign",
            "/app/nointerp",
            "/app/text",
            "/app/run.sh",
            "/app/env.sh",
            "/app/static",
            "/app/damaged",
            "/x/liba.so",
            "/app/absent",
            "absent",
        ],
    ),
    (
        r"
        loader musl
        /app/exe      elf needed=liba.so,libgone.so
        /lib/liba.so  elf needed=libc.so
        ",
        &["/app/exe", "/lib/liba.so"],
    ),
    (
        r"
        '/app/\xff\xfe'          elf needed='lib\xff.so','lib\x80gone.so' runpath='/d\xfe'
        '/d\xfe/lib\xff.so'      elf soname='s\xff'
        '/app/interp'            elf interp='/lib/\xffld.so'
        ",
        &["/app/interp"],
    ),
];

fn root(fixture: &str) -> Root {
    Root::new(&Fixture::parse(fixture), &Synthetic).unwrap()
}

/// The standard output of one run.
fn ask(root: &Root, format: &str, subjects: &[&std::ffi::OsStr]) -> Vec<u8> {
    let mut command = binary();
    command.arg("--root").arg(root.path());
    command.args(["-o", format, "--"]).args(subjects);
    command.output().unwrap().stdout
}

fn os<'a>(names: &[&'a str]) -> Vec<&'a std::ffi::OsStr> {
    names.iter().copied().map(std::ffi::OsStr::new).collect()
}

fn schema() -> Value {
    let output = binary().arg("schema").output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Checks a value against the part of JSON Schema that ours uses. A keyword that is
/// not known here fails the test, and so does a member that no schema describes: both
/// would otherwise pass unseen.
struct Validator {
    document: Value,
}

impl Validator {
    fn check(&self, value: &Value, schema: &Value, at: &str) -> Result<(), String> {
        let Some(schema) = schema.as_object() else {
            return Err(format!("{at}: the schema is {schema}"));
        };
        for (keyword, rule) in schema {
            self.keyword(value, keyword, rule, at)?;
        }
        if let (Some(object), Some(known)) = (value.as_object(), schema.get("properties")) {
            for name in object.keys() {
                if known.get(name).is_none() {
                    return Err(format!("{at}: `{name}` is in no schema"));
                }
            }
        }
        Ok(())
    }

    fn keyword(&self, value: &Value, keyword: &str, rule: &Value, at: &str) -> Result<(), String> {
        let wrong = || Err(format!("{at}: {value} is not {keyword} {rule}"));
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "format" => Ok(()),
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                self.check(value, &self.document["$defs"][name], at)
            }
            "type" => {
                let names: Vec<&str> = match rule {
                    Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                let is = |name: &&str| match *name {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("type `{other}`"),
                };
                if names.iter().any(is) {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "const" if value == rule => Ok(()),
            "enum" if rule.as_array().unwrap().contains(value) => Ok(()),
            "minimum" if value.is_null() || value.as_i64() >= rule.as_i64() => Ok(()),
            "maximum" if value.is_null() || value.as_i64() <= rule.as_i64() => Ok(()),
            "const" | "enum" | "minimum" | "maximum" => wrong(),
            "oneOf" | "anyOf" => {
                let all = rule.as_array().unwrap();
                let fits = all.iter().filter(|one| self.check(value, one, at).is_ok());
                match (keyword, fits.count()) {
                    (_, 1) => Ok(()),
                    ("anyOf", count) if count > 0 => Ok(()),
                    _ => wrong(),
                }
            }
            "required" => {
                let missing = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                match missing.into_iter().find(|name| value.get(name).is_none()) {
                    Some(name) => Err(format!("{at}: no `{name}`")),
                    None => Ok(()),
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        self.check(member, schema, &format!("{at}/{name}"))?;
                    }
                }
                Ok(())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(item, rule, &format!("{at}/{index}"))?;
                }
                Ok(())
            }
            other => panic!("the schema uses `{other}`, which this validator does not know"),
        }
    }
}

#[test]
fn reports_are_as_the_schema_says() {
    let document = schema();
    let validator = Validator {
        document: document.clone(),
    };
    for (fixture, subjects) in ROOTS {
        let root = root(fixture);
        for subjects in [os(subjects), os(&["--all"])] {
            let report: Value = serde_json::from_slice(&ask_all(&root, &subjects)).unwrap();
            let checked = validator.check(&report, &document, "");
            assert_eq!(checked, Ok(()));
        }
    }
}

/// As [`ask`], where `--all` stands for every subject.
fn ask_all(root: &Root, subjects: &[&std::ffi::OsStr]) -> Vec<u8> {
    if subjects != ["--all"] {
        return ask(root, "json", subjects);
    }
    let mut command = binary();
    command.arg("--root").arg(root.path());
    command
        .args(["-o", "json", "--all"])
        .output()
        .unwrap()
        .stdout
}

#[test]
fn the_validator_is_not_content_with_everything() {
    let document = schema();
    let validator = Validator {
        document: document.clone(),
    };
    let root = root(ROOTS[0].0);
    let report: Value = serde_json::from_slice(&ask(&root, "json", &os(ROOTS[0].1))).unwrap();
    type Change = fn(&mut Value);
    let changes: [Change; 7] = [
        |report| report["schema_version"] = "1".into(),
        |report| report["subjects"][0]["verdict"] = "fine".into(),
        |report| report["subjects"][0]["libraries"][0]["depth"] = (-1).into(),
        |report| report["targets"][0]["distro"] = 7.into(),
        |report| report["extra"] = true.into(),
        |report| report["errors"] = Value::Null,
        |report| {
            report.as_object_mut().unwrap().remove("summary");
        },
    ];
    for change in changes {
        let mut changed = report.clone();
        change(&mut changed);
        assert!(validator.check(&changed, &document, "").is_err());
    }
}

/// Arrays are always there and what is unknown is `null`: an object has all members
/// that its schema has, but for the exact bytes of a name that is text.
#[test]
fn no_member_is_left_out() {
    fn walk(value: &Value, schema: &Value, document: &Value, at: &str) {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.strip_prefix("#/$defs/").unwrap();
            return walk(value, &document["$defs"][name], document, at);
        }
        if let (Some(options), false) = (schema.get("anyOf"), value.is_null()) {
            let options = options.as_array().unwrap();
            let other = options.iter().find(|one| one["type"] != "null").unwrap();
            return walk(value, other, document, at);
        }
        if let (Some(object), Some(properties)) = (value.as_object(), schema.get("properties")) {
            for (name, schema) in properties.as_object().unwrap() {
                match object.get(name) {
                    Some(member) => walk(member, schema, document, &format!("{at}/{name}")),
                    None => assert!(name.ends_with("_b64"), "{at} has no `{name}`"),
                }
            }
        }
        for item in value.as_array().into_iter().flatten() {
            walk(item, &schema["items"], document, at);
        }
    }
    let document = schema();
    for (fixture, subjects) in ROOTS {
        let report = ask(&root(fixture), "json", &os(subjects));
        let report: Value = serde_json::from_slice(&report).unwrap();
        walk(&report, &document, &document, "");
    }
}

#[test]
fn the_schema_changes_only_when_it_is_announced() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schema.json");
    let output = binary().arg("schema").output().unwrap();
    let now = String::from_utf8(output.stdout).unwrap();
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        now == known,
        "the JSON schema changed. A field that is new is announced in CHANGELOG.md; one that \
         goes or changes its meaning makes `schema_version` grow. Then renew the copy:\n\
         cargo run --quiet -- schema > tests/it/schema.json\n{}",
        first_difference(&known, &now)
    );
}

fn first_difference(known: &str, now: &str) -> String {
    let lines = known.lines().zip(now.lines()).enumerate();
    let odd = lines.into_iter().find(|(_, (a, b))| a != b);
    match odd {
        Some((number, (a, b))) => format!("line {}:\n- {a}\n+ {b}", number + 1),
        None => "one is longer than the other".to_owned(),
    }
}

/// The values of an enum that the schema defines under that name.
fn values(document: &Value, name: &str) -> BTreeSet<String> {
    let schema = &document["$defs"][name];
    let listed = |all: &Value| -> Vec<String> {
        let all = all.as_array().into_iter().flatten();
        all.filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    let mut values = listed(&schema["enum"]);
    for option in schema["oneOf"].as_array().into_iter().flatten() {
        values.extend(listed(&option["enum"]));
        values.extend(option["const"].as_str().map(str::to_owned));
    }
    values.into_iter().collect()
}

#[test]
fn enums_have_the_values_that_are_documented_and_no_others() {
    let document = schema();
    for (name, wanted) in [
        (
            "TargetKind",
            "host directory docker_archive oci_archive oci_dir skopeo_dir layer scratch docker podman",
        ),
        ("Verdict", "ok warning broken unknown"),
        ("Severity", "error warning note"),
        ("Libc", "glibc musl uclibc bionic none unknown"),
        ("Role", "argument entrypoint cmd healthcheck copied scanned"),
        ("SubjectKind", "elf script other absent"),
        ("Linkage", "dynamic static static_pie shared_object"),
        ("Stage", "runtime exec loader relocation"),
        (
            "InterpreterStatus",
            "ok missing broken_link link_loop not_a_directory directory unreachable not_executable \
             too_short not_elf wrong_machine wrong_type malformed not_a_loader",
        ),
        (
            "LibraryStatus",
            "found missing unusable already_loaded allowed_missing",
        ),
        (
            "Rule",
            "preload rpath rpath_inherited library_path runpath runpath_inherited cache \
             musl_path_file default_dir direct already_loaded loader_itself donor",
        ),
        (
            "AttemptOutcome",
            "found absent not_a_directory broken_link link_loop name_too_long unreadable io_error \
             directory too_short not_elf wrong_class wrong_data wrong_machine not_loadable dropped \
             not_tried",
        ),
        ("ErrorKind", "usage io malformed limit"),
    ] {
        let wanted: BTreeSet<String> = wanted.split_whitespace().map(str::to_owned).collect();
        assert_eq!(values(&document, name), wanted, "{name}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for (fixture, subjects) in ROOTS {
        let root = root(fixture);
        for format in ["json", "json-lines"] {
            let first = ask(&root, format, &os(subjects));
            assert!(!first.is_empty());
            assert_eq!(first, ask(&root, format, &os(subjects)), "{format}");
        }
        let all = ask_all(&root, &os(&["--all"]));
        assert_eq!(all, ask_all(&root, &os(&["--all"])));
    }
}

/// The exact bytes of a name: those beside it, else its own.
fn exact(of: &Value, field: &str) -> Vec<u8> {
    match of[format!("{field}_b64")].as_str() {
        Some(exact) => STANDARD.decode(exact).unwrap(),
        None => of[field].as_str().unwrap().as_bytes().to_vec(),
    }
}

#[test]
fn names_that_are_not_utf_8_come_back_whole() {
    use std::os::unix::ffi::OsStrExt;
    let root = root(ROOTS[2].0);
    let subject = std::ffi::OsStr::from_bytes(b"/app/\xff\xfe");
    let report = ask(&root, "json", &[subject, "/app/interp".as_ref()]);
    let report: Value = serde_json::from_slice(&report).unwrap();
    let subject = &report["subjects"][0];
    assert_eq!(exact(subject, "path"), b"/app/\xff\xfe");
    assert_eq!(subject["path"], "/app/\u{fffd}\u{fffd}");
    let found = &subject["libraries"][0];
    assert_eq!(exact(found, "name"), b"lib\xff.so");
    assert_eq!(exact(found, "path"), b"/d\xfe/lib\xff.so");
    let missing = subject["libraries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|library| library["status"] == "missing")
        .unwrap();
    assert_eq!(exact(missing, "name"), b"lib\x80gone.so");
    assert_eq!(
        exact(&missing["attempts"][0], "path"),
        b"/d\xfe/lib\x80gone.so"
    );
    let interpreter = &report["subjects"][1]["elf"]["interpreter"];
    assert_eq!(exact(interpreter, "path"), b"/lib/\xffld.so");
    // Where the text is the name there is nothing to add.
    assert!(report["subjects"][1].get("path_b64").is_none());
}

#[test]
fn a_line_that_is_not_utf_8_comes_back_whole() {
    let root = root(r"/app/exe script '#!/bin/b\xff\xfe -\xfd\n'");
    let report = ask(&root, "json", &os(&["/app/exe"]));
    let report: Value = serde_json::from_slice(&report).unwrap();
    let script = &report["subjects"][0]["script"];
    assert_eq!(exact(script, "interpreter"), b"/bin/b\xff\xfe");
    assert_eq!(exact(script, "argument"), b"-\xfd");
    assert_eq!(exact(script, "line"), b"#!/bin/b\xff\xfe -\xfd");
    assert_eq!(script["interpreter"], "/bin/b\u{fffd}\u{fffd}");
}
