//! What is said of a cause and offered against it, where the first thought would mislead.

use std::fmt::Write as _;

use imgldd::report::Finding;
use imgldd::rootfs::Credentials;

use crate::support::findings::{findings, findings_for};
use crate::support::text::lines;

/// Compares what is found with lines: a code and its message, `=` and evidence, `help:`
/// and a fix. What was searched, and what is seen at run time, is left out.
fn check(findings: &[Finding], expected: &str) {
    let mut seen = String::new();
    for finding in findings {
        let _ = writeln!(seen, "{}: {}", finding.code, finding.message);
        for line in &finding.evidence {
            let _ = writeln!(seen, "= {line}");
        }
        for line in &finding.consequences {
            let _ = writeln!(seen, "= also: {line}");
        }
        for fix in &finding.fixes {
            let snippet = fix.snippet.as_deref().unwrap_or("-");
            let _ = writeln!(seen, "help: {}: {snippet}", fix.text);
        }
    }
    let told = |line: &&str| {
        !["= searched", "= at run time"]
            .iter()
            .any(|s| line.starts_with(s))
    };
    let seen: Vec<&str> = lines(&seen).map(str::trim).filter(told).collect();
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert!(
        seen == expected,
        "seen\n{}\nexpected\n{}",
        seen.join("\n"),
        expected.join("\n")
    );
}

fn user() -> Credentials {
    Credentials {
        uid: 12345,
        gid: 12345,
        groups: Vec::new(),
    }
}

/// Owner and group of what a fixture lays out: whoever runs the tests.
fn owner() -> String {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    format!("{}:{}", uid.as_raw(), gid.as_raw())
}

#[test]
fn a_library_that_the_user_may_not_read_is_not_another_version_of_itself() {
    let findings = findings_for(
        &user(),
        "
        /app/exe              elf needed=libz.so.1
        /bin/sh               elf static
        /usr/lib/libz.so.1    link libz.so.1.2.13
        /usr/lib/libz.so.1.2.13  elf soname=libz.so.1 mode=0600
        ",
        "/app/exe",
    );
    let owner = owner();
    check(
        &findings,
        &format!(
            "
            user-cannot-reach: `libz.so.1` may not be read by user 12345; `/app/exe` needs it
            = /usr/lib/libz.so.1.2.13: mode 0600, owner {owner}
            = /usr/lib/libz.so.1: permission denied
            help: let every user read it, in a line before `USER`: RUN chmod a+r /usr/lib/libz.so.1.2.13
            help: or copy it with that permission: COPY --chmod=644 --from=build /usr/lib/libz.so.1.2.13 /usr/lib/libz.so.1.2.13
            "
        ),
    );
}

#[test]
fn a_closed_directory_is_named_and_not_the_package_of_what_is_in_it() {
    let findings = findings_for(
        &user(),
        "
        /app/exe              elf needed=liba.so 'runpath=/opt/my lib'
        '/opt/my lib'          dir mode=0700
        '/opt/my lib/liba.so'  elf
        ",
        "/app/exe",
    );
    let owner = owner();
    check(
        &findings,
        &format!(
            r#"
            user-cannot-reach: `liba.so` cannot be reached by user 12345; `/app/exe` needs it
            = /opt/my lib: mode 0700, owner {owner}; user 12345 may not search it
            = /opt/my lib/liba.so: permission denied
            help: copy it so that every user may come to it: -
            "#
        ),
    );
}

#[test]
fn a_loader_behind_a_closed_directory_is_there() {
    let findings = findings_for(
        &user(),
        "
        loader none
        /lib64                       link closed
        /closed                      dir mode=0700
        /closed/ld-linux-x86-64.so.2 loader glibc 2.36
        /closed/libc.so.6            libc
        /bin/sh                      elf static
        /app/exe                     elf needed=libc.so.6,libx.so
        ",
        "/app/exe",
    );
    let owner = owner();
    check(
        &findings,
        &format!(
            "
            user-cannot-reach: the loader of `/app/exe` cannot be reached by user 12345
            = PT_INTERP  /lib64/ld-linux-x86-64.so.2
            = /closed: mode 0700, owner {owner}; user 12345 may not search it
            = also: libc.so.6 cannot be reached or read either
            = also: libx.so is not here either
            help: let every user search the directory, in a line before `USER`: RUN chmod a+x /closed
            "
        ),
    );
}

const STORE: &str = "/nix/store/0-glibc-2.38/lib/ld-linux-x86-64.so.2";

#[test]
fn a_loader_of_a_store_is_not_replaced_by_one_that_musl_lacks() {
    let fixture = format!("loader musl\n/app/exe elf interp={STORE} needed=libc.so.6");
    check(
        &findings(&fixture, "/app/exe"),
        &format!(
            "
            foreign-interp-path: `/app/exe` cannot start: its interpreter is not in this target
            = PT_INTERP  {STORE}  not found
            = this target has  /lib/ld-musl-x86_64.so.1  (musl, x86_64)
            = why: the path belongs to the system that it was built on
            = the standard path is /lib64/ld-linux-x86-64.so.2: not there either
            = and it is built for glibc (needs libc.so.6), the target is musl
            = also: libc.so.6 is not here either
            help: build on the same libc: FROM alpine AS build   (apk add build-base)
            help: or change the base, and point the binary at its loader: FROM gcr.io/distroless/base-debian12   (patchelf --set-interpreter /lib64/ld-linux-x86-64.so.2 /app/exe)
            help: or bring what it needs of the store with it: COPY --from=build /nix/store /nix/store   (what `nix-store -qR FILE` lists)
            "
        ),
    );
    // Where the standard loader is there, it is enough.
    let fixture = "/app/exe elf interp=/opt/brew/lib/ld.so needed=libc.so.6\n/lib64/libc.so.6 libc";
    let found = findings(fixture, "/app/exe");
    let snippets = found[0].fixes.iter().map(|fix| fix.snippet.as_deref());
    assert_eq!(
        snippets.collect::<Vec<_>>(),
        [Some(
            "patchelf --set-interpreter /lib64/ld-linux-x86-64.so.2 /app/exe"
        )]
    );
}

/// The fix that changes the base, of a program in a target without anything.
fn base(program: &str) -> Option<String> {
    let fixture = format!("loader none\n/app/exe {program}");
    let found = findings(&fixture, "/app/exe");
    assert_eq!(found[0].code, "dynamic-in-scratch");
    let fixes = found.into_iter().next().unwrap().fixes.into_iter();
    let mut snippets = fixes.filter_map(|fix| fix.snippet);
    snippets.find(|snippet| snippet.starts_with("FROM"))
}

#[test]
fn a_base_is_offered_where_the_program_would_start_on_it() {
    let usual = "FROM gcr.io/distroless/base-debian12";
    let none = || base("elf needed=libc.so.6");
    assert_eq!(none().as_deref(), Some(usual));
    let store = base(&format!("elf interp={STORE} needed=libc.so.6"));
    let pointed = "   (patchelf --set-interpreter /lib64/ld-linux-x86-64.so.2 /app/exe)";
    assert_eq!(store, Some(format!("{usual}{pointed}")));
    assert_eq!(
        base("elf i386 needed=libc.so.6").as_deref(),
        Some("FROM debian:12-slim   (dpkg --add-architecture i386, libc6:i386)")
    );
    assert_eq!(
        base("elf needed=libc.so interp=/lib/ld-musl-x86_64.so.1").as_deref(),
        Some("FROM alpine")
    );
}

#[test]
fn gcompat_is_not_offered_to_what_it_runs() {
    let fixture = |loader: &str| {
        format!(
            "
            {loader}
            /app/exe  elf needed=libc.so.6 calls=__nobody_has_it interp=/lib64/ld-linux-x86-64.so.2
            "
        )
    };
    let with = "
        loader gcompat
        /lib/ld-musl-x86_64.so.1  loader musl
        /lib/libgcompat.so.0      elf soname=libgcompat.so.0";
    let without = "
        loader none
        /lib/ld-musl-x86_64.so.1     loader musl
        /lib64/ld-linux-x86-64.so.2  link /lib/ld-musl-x86_64.so.1";
    for (root, expected) in [(with, false), (without, true)] {
        let found = findings(&fixture(root), "/app/exe");
        let of_symbols = found.iter().find(|f| f.code == "glibc-symbols-on-musl");
        let fixes = &of_symbols.unwrap().fixes;
        let mut snippets = fixes.iter().filter_map(|fix| fix.snippet.as_deref());
        assert_eq!(snippets.any(|s| s == "apk add gcompat"), expected, "{root}");
    }
}

#[test]
fn a_download_gone_wrong_is_no_script() {
    for (text, what) in [
        ("404: Not Found", "a server's error message"),
        ("<!doctype html>", "an HTML page"),
        ("<?xml version=\"1.0\"?>", "an XML document"),
        ("{\"message\": \"Not Found\"}", "a JSON document"),
    ] {
        let found = findings(&format!("/app/exe script '{text}'"), "/app/exe");
        check_first(&found, "not-an-executable", what, "curl -fL -o …");
        assert!(found[0].consequences.is_empty(), "{found:#?}");
    }
}

#[test]
fn what_java_starts_is_given_to_java() {
    let found = findings("/app/my.jar script 'PK\\x03\\x04'", "/app/my.jar");
    let line = r#"ENTRYPOINT ["java", "-jar", "/app/my.jar"]"#;
    check_first(&found, "not-an-executable", "a Java archive", line);
}

fn check_first(found: &[Finding], code: &str, what: &str, snippet: &str) {
    assert_eq!(found[0].code, code);
    assert!(found[0].message.contains(what), "{found:#?}");
    let fixes = found[0].fixes.iter();
    let snippets: Vec<_> = fixes.filter_map(|fix| fix.snippet.as_deref()).collect();
    assert_eq!(snippets, [snippet]);
}

#[test]
fn names_with_blanks_and_quotes_are_quoted_in_what_is_to_be_typed() {
    let snippets = |fixture: &str, path: &str| -> Vec<String> {
        let fixes = findings(fixture, path).into_iter().flat_map(|f| f.fixes);
        fixes.filter_map(|fix| fix.snippet).collect()
    };
    assert_eq!(
        snippets(
            "'/app/a b' elf static mode=0644\n/bin/sh elf static",
            "/app/a b"
        ),
        [
            r#"COPY --chmod=755 ["…", "/app/a b"]"#,
            "RUN chmod 755 '/app/a b'",
        ]
    );
    let crlf = snippets(
        "'/app/it\\x27s.sh' script '#!/bin/sh\\r\\n'\n/bin/sh elf static",
        "/app/it's.sh",
    );
    assert_eq!(crlf[0], r"sed -i 's/\r$//' 'it'\''s.sh'");
    let there = snippets(
        "'/app/a b' elf needed=liba.so\n'/opt/my lib/liba.so' elf",
        "/app/a b",
    );
    assert_eq!(there[0], r#"ENV LD_LIBRARY_PATH="/opt/my lib""#);
    assert!(
        there.contains(&"patchelf --add-rpath '/opt/my lib' '/app/a b'".to_owned()),
        "{there:#?}"
    );
}

/// The same of names in the lines for patchelf: a library's name, and the path of who needs
/// it.
#[test]
fn names_are_quoted_for_patchelf() {
    let snippets = |findings: Vec<Finding>, code: &str| -> Vec<String> {
        let of_code = findings.into_iter().filter(|f| f.code == code);
        let fixes = of_code.flat_map(|finding| finding.fixes);
        fixes.filter_map(|fix| fix.snippet).collect()
    };
    let twice = "
        '/app/a b'                   elf 'needed=ld $x.so,libc.so.6'
        /lib/libc.so.6               libc
        /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
        '/lib/ld $x.so'              link /lib64/ld-linux-x86-64.so.2
        ";
    assert_eq!(
        snippets(findings(twice, "/app/a b"), "loader-twice"),
        ["patchelf --replace-needed 'ld $x.so' ld-linux-x86-64.so.2 '/app/a b'"]
    );
    let vdso = "
        '/app/a $b'     elf needed=libc.so.6,linux-vdso.so.1
        /lib/libc.so.6  libc
        ";
    assert_eq!(
        snippets(findings(vdso, "/app/a $b"), "vdso-needed"),
        ["patchelf --remove-needed linux-vdso.so.1 '/app/a $b'"]
    );
    let token = "
        '/app/a b'           elf 'needed=$ORIGIN/lib/lib a.so' mode=4755
        '/app/lib/lib a.so'  elf
        ";
    let user = Credentials {
        uid: 54321,
        gid: 54321,
        groups: Vec::new(),
    };
    assert_eq!(
        snippets(findings_for(&user, token, "/app/a b"), "secure-exec"),
        [
            "patchelf --replace-needed '$ORIGIN/lib/lib a.so' 'lib a.so' '/app/a b' && patchelf --add-rpath /app/lib '/app/a b'"
        ]
    );
}

/// The loader gives up over the first; that the name of the second is a part of the first's
/// says nothing.
#[test]
fn what_the_loader_writes_of_one_library_is_not_said_of_another() {
    let findings = findings("/app/exe elf needed=liba.so.1,liba.so", "/app/exe");
    let said = |finding: &Finding| {
        let mut lines = finding.evidence.iter();
        lines.any(|line| line.starts_with("at run time: "))
    };
    let told: Vec<(&str, bool)> = findings
        .iter()
        .map(|finding| (finding.object.as_deref().unwrap(), said(finding)))
        .collect();
    assert_eq!(told, [("liba.so.1", true), ("liba.so", false)]);
}

/// What npm brings is brought again, and is no image.
#[test]
fn a_program_of_a_package_manager_is_brought_again_for_an_older_glibc() {
    let findings = findings(
        "
        /app/node_modules/x/bin/x  elf needed=libc.so.6 verneed=libc.so.6:GLIBC_2.38
        /lib/libc.so.6             libc 2.36
        /etc/os-release            text 'ID=debian\\nVERSION_ID=12\\n'
        ",
        "/app/node_modules/x/bin/x",
    );
    let fixes = findings.iter().flat_map(|finding| &finding.fixes);
    let first = fixes.filter_map(|fix| fix.snippet.as_deref()).next();
    assert_eq!(first, Some("RUN npm ci"));
}
