//! What programs tell of their build, and what is said because of it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::image::sources;
use crate::support::imgldd::{binary, fed};
use crate::support::programs::{compile, root};

/// A file of `testdata/elf`.
fn real(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf");
    fs::read(root.join(name)).unwrap()
}

/// The subjects of the report about `files` in what `arguments` name.
fn subjects(
    arguments: &[std::ffi::OsString],
    stdin: Option<Vec<u8>>,
    files: &[&str],
) -> Vec<Value> {
    let mut command = binary();
    command.args(arguments).args(["-o", "json"]).args(files);
    let output = fed(&mut command, stdin.unwrap_or_default());
    let said = String::from_utf8_lossy(&output.stderr);
    let mut report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"));
    serde_json::from_value(report["subjects"].take()).unwrap()
}

/// The subject of the report about `file` in `root`.
fn subject(root: &tempfile::TempDir, file: &str) -> Value {
    let arguments = ["--root".into(), root.path().into()];
    subjects(&arguments, None, &[file]).remove(0)
}

#[test]
fn go_programs_tell_their_version_and_settings() {
    let root = root(&[("with", &real("cgo/app")), ("without", &real("nocgo/app"))]);
    for (name, cgo) in [("/with", "1"), ("/without", "0")] {
        let build = subject(&root, name)["elf"]["build"].take();
        assert_eq!(build["language"], "go");
        let version = build["go"]["version"].as_str().unwrap();
        assert!(version.starts_with("go1."), "{version}");
        assert_eq!(build["go"]["settings"]["CGO_ENABLED"], cgo, "{build}");
        assert_eq!(build["go"]["settings"]["GOARCH"], "amd64");
    }
}

/// The blob with the strings behind it is rewritten as Go before 1.18 left it: the
/// addresses of two strings that stand elsewhere.
#[test]
fn go_before_1_18_left_addresses() {
    let mut file = real("nocgo/app");
    let at = memchr::memmem::rfind(&file, b"\xff Go buildinf:").unwrap();
    let find = |what: &[u8]| memchr::memmem::find(&file[at..], what).unwrap() + at;
    let (version, module) = (find(b"go1."), find(b"path\t") - 16);
    let length = |from: usize, end: &[u8]| memchr::memmem::find(&file[from..], end).unwrap();
    let settings_end = find(b"build\tGOOS=linux\n") + b"build\tGOOS=linux\n".len();
    let version_length = length(version, b"\x30").min(8);
    // Data begins at a page, and its address is known from the program headers.
    let address = |offset: usize| (offset - at) as u64 + address_of(&file, at);
    let strings = [
        (address(version), version_length as u64),
        (address(module), (settings_end - module) as u64),
    ];
    let headers_at = at + 16 * 1024;
    let mut header = b"\xff Go buildinf:\x08\x00".to_vec();
    for index in 0..2 {
        header.extend((address(headers_at) + index * 16).to_le_bytes());
    }
    file[at..at + 32].copy_from_slice(&header);
    let words = strings.iter().flat_map(|(text, length)| [*text, *length]);
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    file[headers_at..headers_at + 32].copy_from_slice(&bytes);

    let small = root(&[("app", &file)]);
    let build = subject(&small, "/app")["elf"]["build"].take();
    assert_eq!(build["go"]["settings"]["CGO_ENABLED"], "0", "{build}");
    let version = build["go"]["version"].as_str().unwrap();
    assert!(version.starts_with("go1."), "{version}");

    // In a large file the addresses are not followed.
    file.resize(5 << 20, 0);
    let large = root(&[("app", &file)]);
    let build = subject(&large, "/app")["elf"]["build"].take();
    assert_eq!(build["language"], "go");
    assert_eq!(build["go"]["version"], Value::Null);
    assert_eq!(build["go"]["settings"], json!({}));
}

/// The address of the byte at `offset`, by the program headers of a 64-bit file.
fn address_of(file: &[u8], offset: usize) -> u64 {
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    let count = usize::from(file[56]);
    (0..count)
        .map(|index| 64 + index * 56)
        .filter(|&at| file[at] == 1)
        .find_map(|at| {
            let inside = (offset as u64).checked_sub(word(at + 8))?;
            (inside < word(at + 32)).then(|| word(at + 16) + inside)
        })
        .unwrap()
}

#[test]
fn a_magic_that_is_nothing_more_is_no_build() {
    for damage in ["cut", "shifted"] {
        let mut file = real("nocgo/app");
        let at = memchr::memmem::rfind(&file, b"\xff Go buildinf:").unwrap();
        match damage {
            "cut" => file[at..at + 14].fill(0),
            _ => file.copy_within(at..at + 64, at + 8),
        }
        if damage == "shifted" {
            file[at..at + 8].fill(0);
        }
        let root = root(&[("app", &file)]);
        let build = subject(&root, "/app")["elf"]["build"].take();
        assert_eq!(build["go"], Value::Null, "{damage}");
    }
}

#[test]
fn compilers_leave_their_names() {
    let Ok(compiled) = compile("int main(void) { return 0; }", &[]) else {
        return;
    };
    let root = root(&[("app", &compiled)]);
    let build = subject(&root, "/app")["elf"]["build"].take();
    assert_eq!(build["language"], Value::Null);
    let comment = build["comment"][0].as_str().unwrap();
    assert!(
        comment.contains("GCC") || comment.contains("clang"),
        "{comment}"
    );
}

/// Build, findings and fixes are the same from a directory, a tarball, a stream. The
/// files are large, so not every packing is tried, but every kind.
#[test]
fn every_source_tells_the_same_build() {
    let mut large = real("cgo/app");
    large.resize(5 << 20, 0);
    let root = root(&[("small", &real("cgo/app")), ("large", &large)]);
    let scratch = tempfile::tempdir().unwrap();
    let every = sources::every_source(root.path(), scratch.path());
    let mut expected: Option<Vec<Value>> = None;
    for (what, arguments, stdin) in every.into_iter().step_by(19) {
        let mut found = subjects(&arguments, stdin, &["/small", "/large"]);
        let told: Vec<Value> = found
            .iter_mut()
            .map(|subject| json!([subject["elf"]["build"].take(), subject["findings"].take()]))
            .collect();
        assert_eq!(told[0][0]["language"], "go", "{what}");
        let expected = expected.get_or_insert_with(|| told.clone());
        assert_eq!(&told, expected, "{what}");
    }
}

/// The first finding about `program`, brought into `root`.
fn finding(root: &str, program: &Path) -> Value {
    let root_at = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let copy = format!("{}:/srv/server", program.display());
    let target = match root {
        "scratch" => ["-i".into(), "scratch".into()],
        _ => ["--root".into(), root_at.into_os_string()],
    };
    let [option, value] = target;
    let arguments = [option, value, "--copy".into(), copy.into()];
    subjects(&arguments, None, &[]).remove(0)["findings"][0].take()
}

/// The snippets of its fixes.
fn snippets(finding: &Value) -> Vec<&str> {
    let fixes = finding["fixes"].as_array().unwrap();
    fixes
        .iter()
        .map(|fix| fix["snippet"].as_str().unwrap())
        .collect()
}

fn why(finding: &Value) -> &str {
    let lines = finding["evidence"].as_array().unwrap();
    let mut lines = lines.iter().map(|line| line.as_str().unwrap());
    lines.find(|line| line.starts_with("why: ")).unwrap()
}

fn testdata(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/elf")
        .join(name)
}

#[test]
fn a_go_program_is_mended_with_its_own_toolchain() {
    let found = finding("testdata/rootfs/musl", &testdata("cgo/app"));
    assert_eq!(found["code"], "glibc-on-musl");
    assert_eq!(
        why(&found),
        "why: built for glibc (Go 1.19.8, CGO_ENABLED=1, os/user), the target is musl"
    );
    assert_eq!(
        snippets(&found),
        [
            "CGO_ENABLED=0 go build",
            "FROM golang:1.19-alpine   (apk add gcc musl-dev)",
            "FROM gcr.io/distroless/base-debian12",
        ]
    );
}

/// A program of which Go notes that C was left out, and one that is position-independent:
/// what it was built with may be in GOFLAGS, and would be again.
#[test]
fn go_that_names_a_loader_without_c_is_told_not_to_be_position_independent() {
    const EXE: &str = "CGO_ENABLED=0 go build -buildmode=exe";
    let told = |change: fn(&mut Vec<u8>)| {
        let mut file = real("cgo/app");
        change(&mut file);
        let root = root(&[("app", &file)]);
        let found = finding("scratch", &root.path().join("app"));
        snippets(&found)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let without_c = told(|file| {
        let text = b"CGO_ENABLED=1";
        let places: Vec<usize> = memchr::memmem::find_iter(&*file, text).collect();
        assert!(!places.is_empty());
        for at in places {
            file[at + text.len() - 1] = b'0';
        }
    });
    assert_eq!(without_c[0], EXE);
    // ET_EXEC to ET_DYN.
    let with_c = told(|file| file[16] = 3);
    assert_eq!(with_c[0], EXE);
    assert_eq!(
        with_c[1],
        "FROM golang:1.19-alpine   (apk add gcc musl-dev, go build -ldflags '-linkmode external -extldflags -static')"
    );
}

/// A symbol of the program is renamed to one that is C's business: what it asks of C is
/// then no longer what Go does by itself.
#[test]
fn a_go_program_with_c_in_it_is_not_told_to_leave_c_out() {
    let mut file = real("cgo/app");
    let at = memchr::memmem::find(&file, b"\0getpwuid_r\0").unwrap();
    file[at + 1..at + 11].copy_from_slice(b"sqlite3_op");
    let root = root(&[("app", &file)]);
    let found = finding("testdata/rootfs/musl", &root.path().join("app"));
    assert!(why(&found).contains("C: sqlite3_op"), "{}", why(&found));
    assert!(
        snippets(&found)
            .iter()
            .all(|snippet| !snippet.contains("CGO_ENABLED=0"))
    );
}

#[test]
fn a_program_in_c_is_linked_statically_only_where_libc_is_all_it_needs() {
    let found = finding("scratch", &testdata("missing-library/app"));
    assert_eq!(found["code"], "dynamic-in-scratch");
    assert_eq!(snippets(&found), ["FROM alpine"]);
    let Ok(file) = compile("int main(void) { return 0; }", &[]) else {
        return;
    };
    let root = root(&[("app", &file)]);
    let found = finding("scratch", &root.path().join("app"));
    assert_eq!(
        snippets(&found),
        ["musl-gcc -static", "FROM gcr.io/distroless/base-debian12"]
    );
}

#[test]
fn rust_is_known_by_what_it_asks_for() {
    let scratch = tempfile::tempdir().unwrap();
    let (source, program) = (scratch.path().join("main.rs"), scratch.path().join("app"));
    fs::write(&source, "fn main() { println!() }").unwrap();
    let compiled = std::process::Command::new("rustc")
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .stderr(Stdio::null())
        .status();
    let mut file = match compiled {
        Ok(status) if status.success() => fs::read(&program).unwrap(),
        _ => return,
    };
    if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
        return;
    }
    // So large that `.comment` is not read.
    let length = file.len().max(5 << 20);
    file.resize(length, 0);
    let root = root(&[("app", &file)]);
    let build = subject(&root, "/app")["elf"]["build"].take();
    assert_eq!(build["language"], "rust");
    assert_eq!(build["comment"], json!([]));
    let found = finding("testdata/rootfs/musl", &root.path().join("app"));
    let wanted = [
        "FROM rust:1-alpine",
        "rustup target add x86_64-unknown-linux-musl && cargo build --release --target x86_64-unknown-linux-musl",
        "FROM gcr.io/distroless/cc-debian12",
    ];
    assert_eq!(snippets(&found), wanted);
}

#[test]
fn c_that_asks_for_the_same_at_all_costs_is_no_rust() {
    let text = "extern int statx(void);
        extern int _Unwind_Backtrace(void);
        int main(void) { return statx() + _Unwind_Backtrace(); }";
    let Ok(file) = compile(text, &["-shared-libgcc", "-Wl,--no-as-needed"]) else {
        return;
    };
    let root = root(&[("app", &file)]);
    assert_eq!(
        subject(&root, "/app")["elf"]["build"]["language"],
        Value::Null
    );
}

/// A Go program and one in C, in a target for another CPU.
#[test]
fn another_platform_is_built_for_as_the_toolchain_can() {
    let root = root(&[("go", &real("nocgo/app")), ("c", &real("aarch64/app"))]);
    let check = |platform: &str, file: &str, wanted: &[&str]| {
        let mut arguments: Vec<std::ffi::OsString> = vec!["--root".into(), root.path().into()];
        arguments.extend(["--platform".into(), platform.into()]);
        let subject = subjects(&arguments, None, &[file]).remove(0);
        let finding = &subject["findings"][0];
        assert_eq!(finding["code"], "arch-mismatch");
        assert_eq!(snippets(finding), wanted);
    };
    let whole = "docker buildx build --platform linux/arm64 .";
    check(
        "linux/arm64",
        "/go",
        &["GOOS=linux GOARCH=arm64 go build", whole],
    );
    check(
        "linux/amd64",
        "/c",
        &["docker buildx build --platform linux/amd64 ."],
    );
}

/// Every byte of the header, of the section headers and around Go's blob, made another:
/// nothing is told, or something else, and nothing breaks.
#[test]
fn damage_is_silence() {
    use imgldd::elf::Object;
    let Ok(compiled) = compile("int main(void) { return 0; }", &[]) else {
        return;
    };
    let go = real("cgo/app");
    let blob = memchr::memmem::rfind(&go, b"\xff Go buildinf:").unwrap();
    let sections = usize::from_le_bytes(compiled[0x28..0x30].try_into().unwrap());
    let places = [
        (&go, blob..blob + 64),
        (&go, 0x28..0x40),
        (&compiled, 0x28..0x40),
        (&compiled, sections..compiled.len()),
    ];
    for (file, place) in places {
        let mut damaged = file.clone();
        let mut told = 0;
        for at in place.clone() {
            for value in [0, 0x7f, 0xff] {
                damaged[at] = value;
                if let Ok(object) = Object::read(&damaged) {
                    let build = object.build(&damaged).unwrap();
                    assert!(build.comment.len() <= 16);
                    told += usize::from(!build.is_empty());
                }
            }
            damaged[at] = file[at];
        }
        assert!(told > 0 && told < 3 * place.len(), "{told} of {place:?}");
    }
}
