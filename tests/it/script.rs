//! Scripts that cannot start and files that are no programs: what is said first, and what
//! mends it.

use crate::support::findings::findings;

/// The only finding about `/app/exe`, as its code and its fixes, and the lines about it.
fn check(fixture: &str, expected: &str, line: &str) {
    let found = findings(fixture, "/app/exe");
    let [finding] = found.as_slice() else {
        panic!("{found:#?}");
    };
    let mut lines = vec![finding.code.clone()];
    for fix in &finding.fixes {
        let snippet = fix.snippet.as_deref().unwrap_or_default();
        lines.push(format!("{}   {snippet}", fix.text).trim_end().to_owned());
    }
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(lines, expected, "{finding:#?}");
    let mut all = finding.evidence.iter().chain(&finding.consequences);
    assert!(all.any(|one| one == line), "no `{line}`\n{finding:#?}");
}

#[test]
fn a_target_without_a_shell_takes_a_base_that_has_the_interpreter() {
    check(
        "
        loader none
        /app/exe  script '#!/usr/bin/python3.11\\n'
        ",
        r#"shebang-interp-missing
        take a base that has `python3.11`   FROM python:3.11-slim   (#!/usr/bin/env python3.11)
        or start a program instead of a script: this target has no shell   ENTRYPOINT ["/app/server"]"#,
        "/usr/bin/python3.11: no such file or directory",
    );
    // A name that is like one that is known, and another.
    check(
        "
        /app/exe  script '#!/usr/bin/rubyx\\n'
        /bin/sh   elf static
        ",
        "shebang-interp-missing
        take a base that has `rubyx`
        or name an interpreter that the target has",
        "/usr/bin/rubyx: no such file or directory",
    );
}

#[test]
fn what_the_package_manager_has_is_installed() {
    check(
        "
        /app/exe          script '#!/usr/bin/perl\\n'
        /bin/sh           elf static
        /usr/bin/apt-get  elf static
        ",
        "shebang-interp-missing
        install `perl`   RUN apt-get update && apt-get install -y --no-install-recommends perl",
        "/usr/bin/perl: no such file or directory",
    );
}

#[test]
fn a_carriage_return_may_hide_that_there_is_no_interpreter() {
    let both = r"shebang-crlf
        remove the carriage returns   sed -i 's/\r$//' exe
        and keep them out   echo 'exe text eol=lf' >> .gitattributes";
    check(
        "
        /app/exe  script '#!/bin/sh\\r\\n'
        /bin/sh   elf static
        ",
        both,
        r"/bin/sh is there; the kernel looks for /bin/sh\r",
    );
    check(
        "/app/exe script '#!/bin/sh\\r\\n'",
        &format!("{both}\n and take a base that has `sh`   FROM debian:12-slim"),
        r"the kernel looks for /bin/sh\r; /bin/sh is not there either",
    );
}

#[test]
fn the_permission_alone_makes_no_program_of_a_text_file() {
    check(
        "/app/exe script 'hello world\\n' mode=0644",
        "no-exec-bit
        begin it with a `#!` line, and bring what that names
        and bring it with the permission   COPY --chmod=755 … /app/exe",
        "it is no program either: `/app/exe` is a text file without a `#!` line",
    );
    check(
        "/app/exe script 'PK\\x03\\x04' mode=0644",
        "no-exec-bit
        unpack it first
        and bring it with the permission   COPY --chmod=755 … /app/exe",
        "it is no program either: `/app/exe` is a zip archive, not a program for Linux",
    );
    check(
        "/app/exe script '#!/bin/sh\\n' mode=0644",
        "no-exec-bit
        take a base that has `sh`   FROM debian:12-slim
        and bring it with the permission   COPY --chmod=755 … /app/exe",
        "at run time: exec: \"/app/exe\": permission denied",
    );
}

#[test]
fn a_byte_order_mark_is_shown_as_tools_have_it() {
    check(
        "/app/exe script '\\xef\\xbb\\xbf#!/bin/sh\\n'",
        r"shebang-malformed
        remove the byte order mark   sed -i '1s/^\xef\xbb\xbf//' exe",
        r"it begins with `\xef\xbb\xbf#!/bin/sh\n`",
    );
}

/// What is found about `/app/exe`: each finding's severity, code and message, and below it
/// the evidence that begins with one of the `marks`.
fn told(fixture: &str, marks: &[&str]) -> String {
    let mut lines = Vec::new();
    for finding in findings(fixture, "/app/exe") {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        lines.push(format!("{severity} {}: {}", finding.code, finding.message));
        let is_marked = |line: &&String| marks.iter().any(|mark| line.contains(mark));
        let evidence = finding.evidence.iter().filter(is_marked);
        lines.extend(evidence.map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

fn check_told(fixture: &str, marks: &[&str], expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let told = told(fixture, marks);
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    let expected: Vec<&str> = expected
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines, expected, "{fixture}");
}

/// A script whose line is `#!/usr/bin/env` and `argument`, with coreutils' env, and what is
/// said of it; `rest` is the rest of the target.
fn check_env(argument: &str, rest: &str, expected: &str) {
    let fixture =
        format!("/app/exe script '#!/usr/bin/env {argument}\\n'\n/usr/bin/env elf static\n{rest}");
    check_told(&fixture, &["asks env for", "at run time"], expected);
}

#[test]
fn what_env_executes_is_looked_at_as_well() {
    check_env(
        "tool",
        "/usr/bin/tool elf interp=/lib/ld-musl-x86_64.so.1 needed=libc.musl-x86_64.so.1",
        "error musl-on-glibc: `/usr/bin/tool` cannot start: its interpreter is not in this target
           `/app/exe` asks env for `tool`: /usr/bin/tool
           at run time: /usr/bin/env: 'tool': No such file or directory",
    );
    // glibc's loader names the program as env does.
    check_env(
        "tool",
        "/usr/bin/tool elf needed=libq.so",
        "error needed-missing: `libq.so` is not found; `/usr/bin/tool` needs it
           `/app/exe` asks env for `tool`: /usr/bin/tool
           at run time: tool: error while loading shared libraries: libq.so: cannot open shared object file: No such file or directory",
    );
    check_env(
        "tool",
        "/usr/bin/tool script '#!/nope\\n'",
        "error shebang-interp-missing: `/usr/bin/tool` names `/nope`, which is not in this target
           `/app/exe` asks env for `tool`: /usr/bin/tool
           at run time: /usr/bin/env: 'tool': No such file or directory",
    );
    check_env(
        "/opt/tool",
        "/opt/tool elf static mode=0644",
        "error no-exec-bit: `/opt/tool` has no execute permission
           `/app/exe` asks env for `/opt/tool`: /opt/tool
           at run time: /usr/bin/env: '/opt/tool': Permission denied",
    );
    check_env(
        "-S tool -x",
        "/usr/bin/tool link /gone",
        "error broken-symlink: `/usr/bin/tool` is a link that leads to nothing
           `/app/exe` asks env for `tool`: /usr/bin/tool
           at run time: /usr/bin/env: 'tool': No such file or directory",
    );
    // By way of another script that asks env.
    check_env(
        "tool",
        "/usr/bin/tool script '#!/usr/bin/env other\\n'\n/usr/bin/other elf needed=libq.so",
        "error needed-missing: `libq.so` is not found; `/usr/bin/other` needs it
           `/app/exe` asks env for `tool`: /usr/bin/tool
           `/usr/bin/tool` asks env for `other`: /usr/bin/other
           at run time: other: error while loading shared libraries: libq.so: cannot open shared object file: No such file or directory",
    );
    check_env("tool", "/usr/bin/tool elf", "");
}

/// glibc `posix/execvpe.c`, held against it: what is absent and what may not be executed is
/// passed by, and what is no program is handed to a shell.
#[test]
fn env_passes_by_what_it_cannot_execute() {
    let better = "/usr/bin/tool elf static";
    for worse in [
        "/usr/local/bin/tool elf static mode=0644",
        "/usr/local/bin/tool script '#!/nope\\n'",
        "/usr/local/bin/tool elf interp=/lib/ld-musl-x86_64.so.1",
        "/usr/local/bin/tool link /gone",
        "/usr/local/bin/tool dir",
    ] {
        check_env("tool", &format!("{worse}\n{better}"), "");
    }
    // It is the permission that is remembered.
    check_env(
        "tool",
        "/usr/local/bin/tool elf static mode=0644\n/usr/bin/tool script '#!/nope\\n'",
        "error no-exec-bit: `/usr/local/bin/tool` has no execute permission
           `/app/exe` asks env for `tool`: /usr/local/bin/tool
           at run time: /usr/bin/env: 'tool': Permission denied",
    );
    for text in ["echo hello\\n", "", "#!\\n"] {
        check_env("tool", &format!("/usr/bin/tool script '{text}'"), "");
    }
    check_env(
        "tool",
        "/usr/bin/tool script 'PK\\x03\\x04'",
        "error not-an-executable: `/usr/bin/tool` is a zip archive, not a program for Linux
           `/app/exe` asks env for `tool`: /usr/bin/tool",
    );
}

#[test]
fn env_that_leads_back_never_ends() {
    check_env(
        "tool",
        "/usr/bin/tool link /app/exe",
        "error script-chain-too-long: `/app/exe` asks env for a program that leads back to it: /usr/bin/tool",
    );
    check_env(
        "a",
        "/usr/bin/a script '#!/usr/bin/env b\\n'\n/usr/bin/b script '#!/usr/bin/env a\\n'",
        "error script-chain-too-long: `/usr/bin/b` asks env for a program that leads back to it: /usr/bin/a
           `/app/exe` asks env for `a`: /usr/bin/a
           `/usr/bin/a` asks env for `b`: /usr/bin/b",
    );
    // A long way is followed as far as it is worth it, and ends.
    let step = |number: usize| {
        let next = number + 1;
        format!("/usr/bin/s{number} script '#!/usr/bin/env s{next}\\n'\n")
    };
    let way: String = (1..30).map(step).collect();
    check_env("s1", &way, "");
}

/// Each line was held against coreutils 9.1 in a root of Debian 12.
#[test]
fn what_env_is_told_is_what_it_is_asked_for() {
    let nope = |asked: &str, which: &str| {
        format!(
            "error shebang-interp-missing: `/app/exe` asks env for `{asked}`, which {which}
               at run time: /usr/bin/env: '{asked}': No such file or directory"
        )
    };
    let in_path = "is in no directory of PATH";
    let not_here = "is not in this target";
    for (argument, asked, which) in [
        ("nope", "nope", in_path),
        ("/usr/bin/nope", "/usr/bin/nope", not_here),
        ("-S /usr/bin/nope -x", "/usr/bin/nope", not_here),
        ("-S FOO=1 nope", "nope", in_path),
        ("-S -u FOO nope", "nope", in_path),
        ("-vS nope", "nope", in_path),
        ("-S nope -x\\r", "nope", in_path),
        (
            "-S PATH=/x tool",
            "tool",
            "is in no directory of the PATH `/x`",
        ),
        (
            "-S -i tool",
            "tool",
            "is in no directory of `/usr/local/bin:/bin:/usr/bin`, where env may look without a PATH",
        ),
    ] {
        check_env(argument, "/sbin/tool elf static", &nope(asked, which));
    }
    for fine in [
        "tool",
        "-S tool -x",
        "-S FOO=1 tool",
        "-S tool\\r",
        "-S PATH=/sbin tool",
    ] {
        check_env(fine, "/sbin/tool elf static", "");
    }
    check_env(
        "-i tool",
        "/sbin/tool elf static",
        "error shebang-malformed: `/app/exe` hands env `-i tool` as one argument, which is no option that env has
           at run time: /usr/bin/env: invalid option -- ' '",
    );
    // coreutils 9.1: `invalid option -- '-'`.
    check_env(
        "-i-",
        "/sbin/tool elf static",
        "error shebang-malformed: `/app/exe` hands env the option --, which env does not have
           at run time: /usr/bin/env: invalid option -- '-'",
    );
    check_env(
        "-S -x tool",
        "/sbin/tool elf static",
        "error shebang-malformed: `/app/exe` hands env the option -x, which env does not have
           at run time: /usr/bin/env: invalid option -- 'x'",
    );
    for again in ["-i", "FOO=1", "FOO=1 tool"] {
        check_env(
            again,
            "/sbin/tool elf static",
            "error shebang-malformed: `/app/exe` names no program for env, which then starts the script again and again",
        );
    }
}

/// glibc's env without a PATH, which its interpreter tells.
#[test]
fn env_of_glibc_has_a_path_of_its_own() {
    let check = |place: &str, expected: &str| {
        let fixture = format!(
            "/app/exe script '#!/usr/bin/env -S -i tool\\n'\n/usr/bin/env elf\n{place}/tool elf static"
        );
        check_told(&fixture, &[], expected);
    };
    check("/bin", "");
    check(
        "/usr/local/bin",
        "error shebang-interp-missing: `/app/exe` asks env for `tool`, which is in no directory of `/bin:/usr/bin`, where env looks without a PATH",
    );
}

/// A static env may be of either libc: what both come to is said.
#[test]
fn env_of_an_unknown_libc_is_judged_where_all_agree() {
    let program = "elf needed=libq.so";
    let check = |rest: &str, expected: &str| check_env("-S -i tool", rest, expected);
    check(&format!("/usr/local/bin/tool {program}"), "");
    let both = format!("/usr/local/bin/tool {program}\n/bin/tool elf static");
    check(&both, "");
    check(
        &format!("/usr/bin/tool {program}"),
        "error needed-missing: `libq.so` is not found; `/usr/bin/tool` needs it
           `/app/exe` asks env for `tool`: /usr/bin/tool
           at run time: tool: error while loading shared libraries: libq.so: cannot open shared object file: No such file or directory",
    );
}

#[test]
fn env_of_busybox_has_fewer_options_and_other_words() {
    for (env, why) in [
        (
            "/usr/bin/env link /bin/busybox",
            "/usr/bin/env leads to /bin/busybox",
        ),
        (
            "/usr/bin/env hardlink /bin/busybox",
            "/usr/bin/env is the same file as /bin/busybox",
        ),
    ] {
        let check = |argument: &str, expected: &str| {
            let fixture = format!(
                "/app/exe script '#!/usr/bin/env {argument}\\n'\n/bin/busybox elf static\n{env}"
            );
            check_told(&fixture, &["at run time", "/bin/busybox"], expected);
        };
        check(
            "nope",
            "error shebang-interp-missing: `/app/exe` asks env for `nope`, which is in no directory of PATH
               at run time: env: can't execute 'nope': No such file or directory",
        );
        check(
            "-S busybox sh",
            &format!(
                "error shebang-malformed: `/app/exe` hands env the option -S, which busybox's env does not have\n{why}"
            ),
        );
        check("busybox", "");
    }
}

#[test]
fn a_carriage_return_behind_an_argument_is_for_the_interpreter_to_judge() {
    let check = |line: &str, expected: &str| {
        let fixture = format!(
            "/app/exe script '#!{line}\\r\\n'
             /usr/bin/perl elf static
             /bin/bash elf static
             /usr/bin/tool elf static
             /usr/bin/env elf static"
        );
        check_told(&fixture, &["at run time", "looks for"], expected);
    };
    check("/usr/bin/perl -w", "");
    check("/usr/bin/env -S perl -w", "");
    check("/usr/bin/env -S perl", "");
    check(
        "/bin/bash -e",
        "error shebang-crlf: `/app/exe` has Windows line endings, so its interpreter gets a wrong argument",
    );
    // It is not known what that makes of it.
    check(
        "/usr/bin/tool -x",
        "warning shebang-crlf: `/app/exe` has Windows line endings, so the carriage return is a part of what its interpreter is given",
    );
    check(
        "/usr/bin/env perl",
        r"error shebang-crlf: `/app/exe` has Windows line endings, so its interpreter gets a wrong argument
            perl is there; env looks for perl\r
            at run time: /usr/bin/env: 'perl\r': No such file or directory",
    );
    check(
        "/usr/bin/env node",
        r"error shebang-crlf: `/app/exe` has Windows line endings, so its interpreter gets a wrong argument
            env looks for node\r; node is not there either
            at run time: /usr/bin/env: 'node\r': No such file or directory",
    );
}

#[test]
fn a_carriage_return_behind_an_argument_hides_no_missing_interpreter() {
    check_told(
        r"/app/exe script '#!/usr/bin/env python3\r\n'",
        &["looks for", "/usr/bin/env: no"],
        r"error shebang-crlf: `/app/exe` has Windows line endings, so its interpreter gets a wrong argument
            env looks for python3\r; python3 is not there either
          error shebang-interp-missing: `/app/exe` names `/usr/bin/env`, which is not in this target
            /usr/bin/env: no such file or directory",
    );
    // Behind a name it is the cause, and the only one.
    check_told(
        r"/app/exe script '#!/bin/sh\r\n'",
        &[],
        "error shebang-crlf: `/app/exe` has Windows line endings, so its interpreter does not exist",
    );
}

#[test]
fn an_interpreter_that_is_elsewhere_is_named_there() {
    let debian = "
        /usr/bin/apt-get  elf static
        /usr/bin/python3  elf static
        /bin              link /usr/bin
        /usr/bin/env      elf static
        /usr/bin/sh       elf static
        ";
    let check = |line: &str, expected: &str| {
        let fixture = format!("/app/exe script '#!{line}\\n'\n{debian}");
        check(
            &fixture,
            &format!("shebang-interp-missing\n{expected}"),
            &format!("/app/exe:1: #!{line}"),
        );
    };
    let apt = "RUN apt-get update && apt-get install -y --no-install-recommends";
    check(
        "/usr/local/bin/python3 -u",
        "name it where it is   #!/usr/bin/python3 -u",
    );
    // A package puts it at that very path, or it does not help.
    check(
        "/bin/bash",
        &format!("name that one   #!/bin/sh\nor install `bash`   {apt} bash"),
    );
    check(
        "/usr/local/bin/perl",
        &format!("install `perl`, and begin with `#!/usr/bin/perl`   {apt} perl"),
    );
    check("/usr/bin/env ruby", &format!("install `ruby`   {apt} ruby"));
    // No shells of Bourne's kind.
    for other in ["tclsh", "pwsh", "csh", "fish"] {
        check(
            &format!("/usr/bin/{other}"),
            &format!("take a base that has `{other}`\nor name an interpreter that the target has"),
        );
    }
}

/// A package puts it where this script's env does not look, or where it is.
#[test]
fn nothing_is_installed_that_is_there_or_that_env_does_not_look_for() {
    let check = |program: &str, expected: &str| {
        let fixture = format!(
            "/app/exe          script '#!/usr/bin/env -S PATH=/x bash\\n'
             /usr/bin/env      elf static
             /usr/bin/apt-get  elf static
             /bin              link /usr/bin
             {program}         elf static"
        );
        let expected = format!("shebang-interp-missing\n{expected}");
        check(
            &fixture,
            &expected,
            "/app/exe:1: #!/usr/bin/env -S PATH=/x bash",
        );
    };
    check("/usr/bin/bash", "name it by its path   /usr/bin/bash");
    check(
        "/usr/bin/x",
        "take a base that has `bash`   FROM debian:12-slim\nor name an interpreter that the target has",
    );
}

#[test]
fn a_package_puts_an_interpreter_where_its_distribution_has_it() {
    let fixes = |line: &str| {
        let fixture = format!(
            "/app/exe script '#!{line}\\n'
             /sbin/apk elf static
             /bin/busybox elf static
             /usr/bin/x elf static"
        );
        let found = findings(&fixture, "/app/exe");
        let fixes = found.into_iter().flat_map(|finding| finding.fixes);
        let texts: Vec<String> = fixes.map(|fix| fix.text).collect();
        texts.contains(&format!("install `{}`", line.rsplit('/').next().unwrap()))
    };
    assert!(fixes("/bin/bash"));
    assert!(!fixes("/usr/bin/bash"));
    assert!(fixes("/usr/bin/python3"));
    assert!(!fixes("/bin/python3"));
}

#[test]
fn a_program_that_only_lacks_in_path_is_put_there() {
    check(
        "
        /app/exe           script '#!/usr/bin/env tool\\n'
        /usr/bin/env       elf static
        /opt/tool/bin/tool elf static
        ",
        "shebang-interp-missing
        put its directory into PATH   ENV PATH=/opt/tool/bin:$PATH",
        "a program of that name: /opt/tool/bin/tool",
    );
}

#[test]
fn a_script_is_no_stand_in_for_its_own_interpreter() {
    let found = findings("/app/bash script '#!/bin/bash\\n'", "/app/bash");
    let evidence = &found[0].evidence;
    assert!(
        !evidence.iter().any(|line| line.contains("of that name")),
        "{evidence:?}"
    );
}

#[test]
fn an_interpreter_that_is_a_directory_is_told_of_the_script() {
    check_told(
        "/app/exe script '#!/app\\n'",
        &[],
        "error no-exec-bit: `/app/exe` names `/app`, which is a directory",
    );
    check_told(
        "/app/exe script '#!'",
        &["the file ends"],
        "error no-exec-bit: the `#!` line of `/app/exe` names no interpreter
           the file ends before a name, so the kernel opens the working directory instead",
    );
}
