//! What findings about versions say: who pulls a version in, and where else it is.

use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// Code, message, evidence and fixes of the first finding about `/app/exe`.
fn first(fixture: &str, options: &[&str]) -> Vec<String> {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let output = binary()
        .arg("--root")
        .arg(root.path())
        .args(["--json", "/app/exe"])
        .args(options)
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["subjects"][0]["findings"][0];
    let mut lines = vec![
        finding["code"].as_str().unwrap().to_owned(),
        finding["message"].as_str().unwrap().to_owned(),
    ];
    let evidence = finding["evidence"].as_array().unwrap();
    lines.extend(
        evidence
            .iter()
            .map(|line| line.as_str().unwrap().to_owned()),
    );
    let fixes = finding["fixes"].as_array().unwrap();
    let snippets = fixes.iter().filter_map(|fix| fix["snippet"].as_str());
    lines.extend(snippets.map(str::to_owned));
    lines
}

#[test]
fn the_symbols_that_pull_a_version_in_are_named() {
    let lines = first(
        "
        /app/exe                         elf needed=libc.so.6 verneed=libc.so.6:GLIBC_2.37,GLIBC_2.38 calls=strlcpy@GLIBC_2.38,a@GLIBC_2.37,b@GLIBC_2.37,c@GLIBC_2.37,d@GLIBC_2.37
        /lib/x86_64-linux-gnu/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.36 defines=a,b,c,d
        ",
        &[],
    );
    assert_eq!(lines[0], "glibc-too-old");
    assert_eq!(
        lines[2],
        "`/app/exe` needs GLIBC_2.37 (a, b, c and 1 more), GLIBC_2.38 (strlcpy)"
    );
    let bases = "the first releases that have it: Debian 13 (trixie), Ubuntu 24.04, RHEL 10";
    assert!(lines.iter().any(|line| line == bases), "{lines:?}");
}

#[test]
fn another_copy_that_has_the_version_is_named_and_what_kept_it_from_being_found() {
    let fixture = "
        /app/exe                              elf needed=libstdc++.so.6 verneed=libstdc++.so.6:GLIBCXX_3.4.32
        /usr/lib/libstdc++.so.6               elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4.30
        /old/libstdc++.so.6                   elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4.19
        /usr/local/lib64/libstdc++.so.6       elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4.30,GLIBCXX_3.4.32
        ";
    let copy = "`/usr/local/lib64/libstdc++.so.6` has GLIBCXX_3.4.32; ";
    let rules = [
        (&[][..], "a default directory comes before it", ""),
        // The list stays, behind it.
        (
            &["--library-path", "/old"][..],
            "LD_LIBRARY_PATH comes before it",
            "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}",
        ),
    ];
    for (options, rule, rest) in rules {
        let lines = first(fixture, options);
        assert_eq!(lines[0], "libstdcxx-too-old");
        assert!(lines.contains(&format!("{copy}{rule}")), "{lines:?}");
        let fix = format!("ENV LD_LIBRARY_PATH=/usr/local/lib64{rest}");
        assert!(lines.contains(&fix), "{lines:?}");
    }
}

#[test]
fn a_loader_that_lacks_what_its_c_library_wants_is_another_release_s() {
    let lines = first(
        "
        loader glibc 2.31
        /app/exe                         elf needed=libc.so.6
        /lib/x86_64-linux-gnu/libc.so.6  elf soname=libc.so.6 needed=ld-linux-x86-64.so.2 verdef=GLIBC_2.36 verneed=ld-linux-x86-64.so.2:GLIBC_2.35
        ",
        &[],
    );
    assert_eq!(lines[0], "mixed-libc");
    assert_eq!(
        lines[1],
        "`/lib/x86_64-linux-gnu/libc.so.6` is of glibc 2.36 or later and its loader `/lib64/ld-linux-x86-64.so.2` of 2.31"
    );
}

/// So ends every program on Debian 11 whose loader was replaced by the one of Debian 12 or
/// 13, with status 127.
#[test]
fn a_c_library_from_before_it_was_initialised_by_the_loader_stops_a_newer_one() {
    const STOP: &str = "at run time: Inconsistency detected by ld.so: dl-call-libc-early-init.c: 37: _dl_call_libc_early_init: Assertion `sym != NULL' failed!";
    let seen = |minor: u32| {
        let fixture = format!(
            "
            loader glibc 2.36
            /app/exe                         elf needed=libc.so.6
            /lib/x86_64-linux-gnu/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.{minor}
            "
        );
        let lines = first(&fixture, &[]);
        assert_eq!(lines[0], "mixed-libc");
        let mut seen = lines
            .into_iter()
            .filter(|line| line.starts_with("at run time"));
        seen.next().unwrap()
    };
    assert_eq!(seen(31), STOP);
    assert_eq!(
        seen(32),
        "at run time: it crashes, or says `stack smashing detected`"
    );
    let output = binary().args(["explain", &STOP[13..]]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("mixed-libc"), "{text}");
}
