//! What an error text proves: the words of engines, runtimes, shells, loaders and language
//! runtimes, as they are met in logs.

use std::process::Output;

use imgldd::explain::{NOT_CHECKED, code, patterns, recognise};
use imgldd::finding::CODES;

use crate::support::imgldd::{binary, fed};

/// `text` is recognised as rows `ids`, in this order; the first cause of the first is `cause`.
#[track_caller]
fn check(text: &str, ids: &[&str], cause: &str) {
    let found = recognise(text);
    let seen: Vec<&str> = found.iter().map(|one| one.pattern.id).collect();
    assert_eq!(seen, ids, "{text}");
    let first = found[0].causes().next().map(|(word, ..)| word);
    assert_eq!(first, Some(cause), "{text}");
}

/// What is to be typed first about `text`.
#[track_caller]
fn asks(text: &str, line: &str) {
    let found = recognise(text);
    let first = found.first().and_then(|one| one.ask().first().cloned());
    assert_eq!(first.as_deref(), Some(line), "{text}");
}

#[test]
fn what_runc_says_before_execve() {
    check(
        r#"exec: "/x": stat /x: no such file or directory"#,
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        r#"exec: "/hello --flag": stat /hello --flag: no such file or directory"#,
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        r#"exec: "nope": executable file not found in $PATH"#,
        &["go-not-in-path"],
        "not-in-path",
    );
    check(
        r#"exec: "/x": permission denied"#,
        &["runc-not-executable"],
        "no-exec-bit",
    );
    check(
        r#"exec: "/x": stat /x: permission denied"#,
        &["runc-stat-access"],
        "user-cannot-reach",
    );
    check(
        "unable to find user nobody: no matching entries in passwd file",
        &["unknown-user"],
        "user-unknown",
    );
}

#[test]
fn what_runc_says_of_a_place_that_it_cannot_mount_over() {
    check(
        r#"error mounting "proc" to rootfs at "/proc": filesystem "proc" must be mounted on ordinary directory"#,
        &["runc-mount-point"],
        "mount-hides",
    );
}

/// bash 5.2 and dash 0.5 on `#!/bin/bash -e\r`, as logs and terminals show it.
#[test]
fn what_shells_say_of_a_carriage_return_behind_an_option() {
    for text in [
        "bash: -\\r: invalid option",
        "/bin/bash: -\r: invalid option",
        "/bin/bash: -^M: invalid option",
        "/bin/dash: 0: Illegal option -^M",
    ] {
        check(text, &["carriage-return-inside"], "shebang-crlf");
    }
}

#[test]
fn what_runc_says_after_execve() {
    check(
        "exec /x: no such file or directory",
        &["runc-exec-noent"],
        "glibc-on-musl",
    );
    check(
        "exec /x: exec format error",
        &["runc-exec-noexec"],
        "arch-mismatch",
    );
    check(
        "exec /x: permission denied",
        &["runc-exec-access"],
        "user-cannot-reach",
    );
    check(
        "exec /x: input/output error",
        &["runc-exec-other"],
        "loader-unusable",
    );
    check(
        "exec /x: accessing a corrupted shared library",
        &["runc-exec-other"],
        "loader-unusable",
    );
}

#[test]
fn what_runc_said_before_1_1() {
    for number in [178, 187, 190, 195, 207, 211] {
        let text = format!(
            "standard_init_linux.go:{number}: exec user process caused \"no such file or directory\""
        );
        check(&text, &["runc-old-noent"], "glibc-on-musl");
    }
    for number in [219, 228] {
        let text =
            format!("standard_init_linux.go:{number}: exec user process caused: exec format error");
        check(&text, &["runc-old-noexec"], "arch-mismatch");
    }
    check(
        "docker: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: \
         exec: \"bash\": executable file not found in $PATH: unknown.",
        &["go-not-in-path"],
        "not-in-path",
    );
}

#[test]
fn what_crun_and_podman_say() {
    check(
        "exec container process (missing dynamic library?) `/x`: No such file or directory",
        &["crun-noent"],
        "glibc-on-musl",
    );
    check(
        "executable file `/x` not found in $PATH: No such file or directory",
        &["crun-not-found"],
        "entrypoint-missing",
    );
    check(
        "executable file `/x` not found: No such file or directory",
        &["crun-not-found"],
        "entrypoint-missing",
    );
    check(
        "exec container process `/x`: Exec format error",
        &["crun-noexec"],
        "arch-mismatch",
    );
    check(
        "open executable: Operation not permitted",
        &["crun-not-executable"],
        "no-exec-bit",
    );
    check(
        "the path `/x` exists but it is not executable: Operation not permitted",
        &["crun-not-executable"],
        "no-exec-bit",
    );
    check(
        "Error: crun: executable file `nope` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
        &["crun-not-found"],
        "entrypoint-missing",
    );
    check(
        "{\"msg\":\"exec container process `/bin/sh`: Exec format error\",\"level\":\"error\"}",
        &["crun-noexec"],
        "arch-mismatch",
    );
}

#[test]
fn what_shells_say() {
    check("sh: ./x: not found", &["shell-enoent"], "glibc-on-musl");
    check(
        "/bin/sh: 1: ./x: not found",
        &["shell-enoent"],
        "glibc-on-musl",
    );
    check(
        "bash: ./x: cannot execute: required file not found",
        &["bash-required-file"],
        "glibc-on-musl",
    );
    check(
        "bash: ./x: No such file or directory",
        &["tool-enoent"],
        "glibc-on-musl",
    );
    check(
        "-bash: ./e.sh: /bin/bash^M: bad interpreter: No such file or directory",
        &["bad-interpreter"],
        "shebang-crlf",
    );
    check(
        "/x: line 1: \u{7f}ELF\u{2}\u{1}: not found",
        &["elf-read-by-a-shell"],
        "arch-mismatch",
    );
    check(
        "./x: line 1: syntax error: unexpected \"(\"",
        &["elf-read-by-a-shell"],
        "arch-mismatch",
    );
    check(
        "./x: 1: version: not found",
        &["lfs-pointer"],
        "not-an-executable",
    );
    check(
        "/bin/sh: [./gateway]: not found",
        &["exec-form-in-a-shell"],
        "exec-form-malformed",
    );
    check(
        "/bin/sh: 1: [/run.sh]: not found",
        &["exec-form-in-a-shell"],
        "exec-form-malformed",
    );
    check(
        "/usr/bin/env: 'bash\\r': No such file or directory",
        &["env-carriage-return"],
        "shebang-crlf",
    );
    check(
        "/usr/bin/env: \u{2018}bash -e\u{2019}: No such file or directory",
        &["env-not-found"],
        "shebang-interp-missing",
    );
    check(
        "/bin/sh: can't open '/root/entrypoint.sh': Permission denied",
        &["tool-access"],
        "user-cannot-reach",
    );
    check(
        "make: /bin/sh: Operation not permitted",
        &["shell-eperm"],
        "seccomp-too-old",
    );
}

#[test]
fn what_language_runtimes_say() {
    check(
        "FileNotFoundError: [Errno 2] No such file or directory: './x'",
        &["language-noent"],
        "glibc-on-musl",
    );
    check(
        "OSError: [Errno 8] Exec format error: './x'",
        &["language-noexec"],
        "arch-mismatch",
    );
    check(
        "Error: spawn ./x ENOENT",
        &["language-noent"],
        "glibc-on-musl",
    );
    check(
        "fork/exec /var/task/bootstrap: no such file or directory",
        &["go-fork-exec-noent"],
        "glibc-on-musl",
    );
    check(
        "System.ComponentModel.Win32Exception (2): An error occurred trying to start process './x' with working directory '/app'. No such file or directory",
        &["language-noent"],
        "glibc-on-musl",
    );
    check(
        "java.io.IOException: Cannot run program \"./x\": error=2, No such file or directory",
        &["language-noent"],
        "glibc-on-musl",
    );
    check(
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
        &["glibc-not-found"],
        "needed-missing",
    );
    check(
        "java.lang.UnsatisfiedLinkError: /tmp/libsnappy.so: Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /tmp/libsnappy.so)",
        &["dlopen-by-name", "musl-not-found"],
        "dlopen-missing",
    );
}

#[test]
fn what_glibc_says() {
    check(
        "/app: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory",
        &["glibc-not-found"],
        "needed-missing",
    );
    check(
        "/app: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /app)",
        &["glibc-version-too-old"],
        "glibc-too-old",
    );
    check(
        "/lib/libstdc++.so.6: version 'GLIBCXX_3.4.30' not found (required by /app)",
        &["glibc-version-libstdcxx"],
        "libstdcxx-too-old",
    );
    check(
        "/lib/libssl.so.3: version `OPENSSL_3.2.0' not found (required by /app)",
        &["glibc-version-other"],
        "other-version-missing",
    );
    check(
        "/app: /lib/libc.so.6: version `GLIBC_ABI_DT_RELR' not found (required by /lib/libx.so)",
        &["glibc-version-glibc"],
        "relr-unsupported",
    );
    check(
        "/app: error while loading shared libraries: liba.so: wrong ELF class: ELFCLASS32",
        &["glibc-class"],
        "wrong-arch-lib",
    );
    check(
        "/app: error while loading shared libraries: /lib/liba.so: invalid ELF header",
        &["glibc-bad-file"],
        "lib-not-elf",
    );
    check(
        "/app: error while loading shared libraries: /lib/liba.so: file too short",
        &["glibc-bad-file"],
        "lib-not-elf",
    );
    check(
        "/app: symbol lookup error: /lib/liba.so: undefined symbol: f, version V2",
        &["glibc-symbol"],
        "symbol-missing",
    );
    check(
        "ERROR: ld.so: object '/x.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
        &["glibc-preload"],
        "preload-missing",
    );
    check(
        "Fatal glibc error: CPU does not support x86-64-v2",
        &["glibc-baseline"],
        "libc-baseline",
    );
    check(
        "libgomp.so.1: cannot allocate memory in static TLS block",
        &["static-tls"],
        "static-tls",
    );
    check(
        "/app: /lib/libasound.so.2: no version information available (required by /app)",
        &["glibc-no-version-information"],
        "unversioned-provider",
    );
    check("FATAL: kernel too old", &["glibc-kernel"], "kernel-too-old");
}

#[test]
fn what_musl_says() {
    check(
        "Error loading shared library libz.so.1: No such file or directory (needed by /app)",
        &["musl-not-found"],
        "needed-missing",
    );
    check(
        "Error loading shared library libz.so.1: Exec format error (needed by /app)",
        &["musl-bad-file"],
        "lib-not-elf",
    );
    check(
        "Error relocating /app: __memcpy_chk: symbol not found",
        &["musl-symbol"],
        "glibc-symbols-on-musl",
    );
    check(
        "Error relocating /usr/lib/ld-linux-x86-64.so.2: unsupported relocation type 37",
        &["musl-irelative"],
        "wrong-arch-lib",
    );
}

#[test]
fn what_emulators_say() {
    check(
        "qemu-x86_64: Could not open '/lib64/ld-linux-x86-64.so.2': No such file or directory",
        &["qemu-interpreter"],
        "arch-mismatch",
    );
    check(
        "rosetta error: failed to open elf at /lib64/ld-linux-x86-64.so.2",
        &["rosetta-interpreter"],
        "arch-mismatch",
    );
}

#[test]
fn of_muslc_lines_only_the_first_cause_counts() {
    let text = "Error loading shared library libstdc++.so.6: No such file or directory (needed by /app)\n\
                Error relocating /app: _ZNSt6localeC1Ev: symbol not found\n\
                Error relocating /app: _ZNSt6localeD1Ev: symbol not found\n";
    check(text, &["musl-not-found"], "needed-missing");
}

#[test]
fn prefixes_escapes_colours_and_wrapping_do_not_hide_the_words() {
    let long = "docker: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create \
                failed: runc create failed: unable to start container process: error during container init: exec: \"/app\": stat /app: \
                no such file or directory: unknown.";
    check(long, &["runc-stat-noent"], "entrypoint-missing");
    check(
        &long.replace('"', "\\\""),
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        &long.replace('"', "\\\\\\\""),
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        &long.replace("stat /app: ", "stat /app:\n"),
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        &format!("\u{1b}[31m{long}\u{1b}[0m"),
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
    check(
        &long.replace("such", "\u{1b}[1msuch\u{1b}[m"),
        &["runc-stat-noent"],
        "entrypoint-missing",
    );
}

#[test]
fn names_from_the_text_are_in_what_to_type() {
    asks(
        "exec /app/server: no such file or directory",
        "imgldd -i IMAGE /app/server",
    );
}

#[test]
fn what_to_type_is_quoted_and_no_option() {
    asks(
        "exec /a b: no such file or directory",
        "imgldd -i IMAGE '/a b'",
    );
    asks(
        "exec $(reboot): no such file or directory",
        "imgldd -i IMAGE '$(reboot)'",
    );
    asks("spawn --all ENOENT", "imgldd -i IMAGE ./--all");
    asks(
        "/app: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory",
        "imgldd why libz.so.1 -i IMAGE /app",
    );
    asks(
        "ImportError: libGL.so.1: cannot open shared object file: x",
        "imgldd why libGL.so.1 -i IMAGE",
    );
}

#[test]
fn bare_words_of_the_kernel_count_only_alone() {
    check("exec format error", &["errno-noexec"], "arch-mismatch");
    check(
        "ls: cannot access '/x': No such file or directory",
        &["errno-noent"],
        "glibc-on-musl",
    );
    check(
        "Segmentation fault (core dumped)",
        &["sigsegv"],
        "not-a-program",
    );
    check(
        "exec /x: exec format error\nSegmentation fault",
        &["runc-exec-noexec"],
        "arch-mismatch",
    );
}

#[test]
fn other_texts_are_not_recognised() {
    for text in [
        "",
        " ",
        "hello world",
        "listening on port 8080",
        "error: exec",
        "GET /x 404",
        "\u{1b}[",
        "\\",
        "``",
    ] {
        assert!(recognise(text).is_empty(), "{text}");
    }
}

#[test]
fn long_lines_are_read_in_time() {
    let texts = [
        "exec ".repeat(60_000),
        "exec: \"".repeat(40_000),
        "a: ".repeat(90_000),
        "error while loading shared libraries: ".repeat(7_000),
        "'".repeat(300_000),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        let _ = recognise(&text);
        assert!(start.elapsed().as_secs() < 20, "{}", &text[..20]);
    }
}

/// Fills the holes of a template with names that fit them.
fn filled(template: &str) -> String {
    let mut text = template.to_owned();
    for (hole, name) in [
        ("{number}", "211"),
        ("{path}", "/app/server"),
        ("{program}", "/app/server"),
        ("{library}", "/lib/libx.so.1"),
        ("{requester}", "/app/server"),
        ("{version}", "9.9"),
        ("{symbol}", "f_x"),
        ("{user}", "app"),
        ("{name}", "tool"),
        ("{text}", "something"),
    ] {
        text = text.replace(hole, name);
    }
    assert!(!text.contains('{'), "{text}");
    text
}

#[test]
fn every_template_is_reached() {
    for pattern in patterns() {
        for template in pattern.texts {
            let found = recognise(&filled(template));
            let ids: Vec<&str> = found.iter().map(|one| one.pattern.id).collect();
            assert_eq!(ids, [pattern.id], "{template}");
        }
    }
}

#[test]
fn every_row_is_whole() {
    let mut ids: Vec<&str> = patterns().map(|pattern| pattern.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for pattern in patterns() {
        assert!(!pattern.causes.is_empty(), "{}", pattern.id);
        for field in [pattern.who, pattern.proves, pattern.source] {
            assert!(!field.is_empty(), "{}", pattern.id);
        }
        for (word, why) in pattern.causes {
            let is_known =
                code(word).is_some() || NOT_CHECKED.iter().any(|(known, _)| known == word);
            assert!(is_known && !why.is_empty(), "{}: {word}", pattern.id);
        }
    }
}

/// Codes about the image alone, which nothing says at run time.
const SILENT: &[&str] = &[
    "engines-disagree",
    "whiteout-odd",
    "entry-odd",
    "digest-mismatch",
    "healthcheck-malformed",
    "unknown-loader",
    "unused-needed",
    "resolver-config",
];

#[test]
fn every_code_that_is_met_at_run_time_is_some_texts_cause() {
    for code in CODES {
        let is_named =
            patterns().any(|row| row.causes.iter().any(|(word, _)| *word == code.word()));
        assert_ne!(is_named, SILENT.contains(&code.word()), "{}", code.word());
    }
}

fn run(words: &[&str], input: &str) -> Output {
    fed(binary().args(words), input.as_bytes().to_vec())
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn without_an_argument_every_code_is_listed() {
    let output = run(&["explain"], "");
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    for code in CODES {
        assert!(text.contains(code.word()), "{}", code.word());
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn every_page_is_plain_text_in_lines() {
    for code in CODES {
        let output = run(&["explain", code.word()], "");
        assert_eq!(output.status.code(), Some(0));
        let text = stdout(&output);
        assert!(text.starts_with(code.word()));
        // crun's own words for a name of no letters.
        let text = text.replace("cannot find `` in $PATH", "");
        for noise in ["``", "**", "##", "](", "*its*"] {
            assert!(!text.contains(noise), "{noise} in {text}");
        }
    }
}

#[test]
fn a_page_has_colour_where_it_is_asked_for() {
    let output = run(&["explain", "glibc-on-musl", "--color", "always"], "");
    let text = stdout(&output);
    assert!(
        text.contains("\u{1b}[1mCGO_ENABLED=0\u{1b}[0m") && !text.contains('`'),
        "{text}"
    );
}

#[test]
fn a_text_is_known_or_the_status_is_1() {
    let known = run(&["explain", "exec /x: no such file or directory"], "");
    assert_eq!(known.status.code(), Some(0));
    let words = run(
        &[
            "explain",
            "exec",
            "/x:",
            "no",
            "such",
            "file",
            "or",
            "directory",
        ],
        "",
    );
    assert_eq!(stdout(&known), stdout(&words));
    let piped = run(&["explain", "-"], "exec /x: no such file or directory\n");
    assert_eq!(stdout(&known), stdout(&piped));
    let unknown = run(&["explain", "the dog ate it"], "");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stdout(&unknown).contains("looked for"));
}

#[test]
fn a_misspelt_code_is_asked_back() {
    let output = run(&["explain", "glibc-on-mussel"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("did you mean `glibc-on-musl`?"));
}

#[test]
fn a_paste_cannot_drive_the_terminal() {
    let output = run(
        &["explain", "-"],
        "exec /a\u{202e}\u{7}\rb: no such file or directory\n",
    );
    let text = stdout(&output);
    assert!(text.contains("/a\\u{202e}\\x07\\rb"), "{text}");
}

#[test]
fn a_document_says_the_same() {
    let document = |words: &[&str]| {
        let words = [&["explain", "-o", "json"], words].concat();
        let output = run(&words, "");
        let text = stdout(&output);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["schema_version"], 1);
        (output.status.code(), document)
    };
    let (status, all) = document(&[]);
    assert_eq!((status, &all["asked"]), (Some(0), &serde_json::Value::Null));
    let codes = all["codes"].as_array().unwrap();
    assert_eq!(codes.len(), CODES.len());
    for (page, code) in codes.iter().zip(CODES) {
        assert_eq!(page["code"], code.word());
        assert!(page["page"].as_array().unwrap().len() > 1);
    }

    let (status, one) = document(&["shebang-crlf"]);
    assert_eq!((status, &one["asked"]), (Some(0), &"shebang-crlf".into()));
    let page = one["codes"][0]["page"].as_array().unwrap();
    assert!(
        page.iter()
            .any(|text| text.as_str().unwrap().contains("`sed -i "))
    );

    let text = "docker: Error response from daemon: exec /app: no such file or directory";
    let (status, known) = document(&[text]);
    assert_eq!((status, &known["asked"]), (Some(0), &text.into()));
    let proof = &known["recognised"][0];
    assert_eq!(proof["said"], "exec /app: no such file or directory");
    assert_eq!(proof["causes"][0]["code"], "glibc-on-musl");
    assert_eq!(proof["causes"][0]["is_checked"], true);
    assert_eq!(known["passed_on_by"][0], "Docker");

    let (status, unknown) = document(&["glibc-on-mussel"]);
    assert_eq!(
        (status, &unknown["near"][0]),
        (Some(1), &"glibc-on-musl".into())
    );
    assert_eq!(unknown["recognised"], serde_json::json!([]));

    let refused = run(&["explain", "-o", "table"], "");
    assert_eq!(refused.status.code(), Some(2));
}
