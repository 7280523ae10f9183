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
        take a base that has `python3.11`   FROM python:3.11-slim
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
        and keep them out   echo '*.sh text eol=lf' >> .gitattributes";
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
        let its first two bytes be `#!`   #!/bin/sh
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
        bring it with the permission   COPY --chmod=755 … /app/exe",
        "/app/exe: mode 0644, owner 0:0",
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
