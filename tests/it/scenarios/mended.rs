//! What is offered, word for word, where releases, packages and bases decide.

use super::scene::Scene;

/// Compares the fixes of the first finding with `code` with lines: `when? text: snippet`.
fn check(code: &str, scene: &str, expected: &[&str]) {
    let report = Scene::parse(scene).report();
    let subjects = report["subjects"].as_array().unwrap().iter();
    let mut findings = subjects.flat_map(|subject| subject["findings"].as_array().unwrap());
    let finding = findings
        .find(|finding| finding["code"] == code)
        .unwrap_or_else(|| panic!("no {code} in {scene}\n{report:#}"));
    let fixes = finding["fixes"].as_array().unwrap().iter();
    let seen: Vec<String> = fixes
        .map(|fix| {
            let when = fix["when"].as_str().map(|when| format!("{when}? "));
            let text = fix["text"].as_str().unwrap();
            let snippet = fix["snippet"].as_str().unwrap_or("-");
            format!("{}{text}: {snippet}", when.unwrap_or_default())
        })
        .collect();
    assert!(seen.len() <= 3, "{seen:#?}");
    assert_eq!(seen, expected, "{code} in {scene}");
}

/// A program in C that was built on Debian 12 (its libraries have their versions), in a
/// target of this release with this loader.
fn too_new(release: &str, minor: u32) -> String {
    format!(
        "
        loader glibc 2.{minor}
        /etc/os-release      text '{release}'
        /app/exe             elf needed=libc.so.6 verneed=libc.so.6:GLIBC_2.34
        /usr/lib/libc.so.6   elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.{minor}
        "
    )
}

#[test]
fn a_builder_has_no_newer_glibc_than_the_target() {
    const OWN: &str = "build on the release that it runs on";
    // os-release, its glibc, and: builder, base, the glibc to build against.
    let cases = [
        (
            r"ID=rhel\nVERSION_ID=8.9\n",
            28,
            format!("{OWN}: FROM registry.access.redhat.com/ubi8/ubi AS build"),
            "registry.access.redhat.com/ubi9/ubi-minimal",
        ),
        (
            r"ID=rocky\nVERSION_ID=8.9\n",
            28,
            format!("{OWN}: FROM rockylinux/rockylinux:8 AS build"),
            "rockylinux/rockylinux:9",
        ),
        (
            r"ID=ol\nVERSION_ID=8.9\n",
            28,
            format!("{OWN}: FROM oraclelinux:8 AS build"),
            "oraclelinux:9",
        ),
        (
            r"ID=amzn\nVERSION_ID=2\n",
            26,
            format!("{OWN}: FROM amazonlinux:2 AS build"),
            "amazonlinux:2023",
        ),
        (
            r"ID=opensuse-leap\nVERSION_ID=15.5\n",
            31,
            format!("{OWN}: FROM opensuse/leap:15.5 AS build"),
            "debian:12-slim",
        ),
        (
            r"ID=linuxmint\nVERSION_ID=20.3\n",
            31,
            format!("{OWN}: FROM ubuntu:20.04 AS build"),
            "ubuntu:22.04",
        ),
        // No images that stay as they are: the newest Debian that is old enough.
        (
            r"ID=void\n",
            32,
            "build where glibc is 2.32 or older: FROM debian:11 AS build".to_owned(),
            "debian:12-slim",
        ),
        // Debian's name on an older C library.
        (
            r"ID=debian\nVERSION_ID=12\n",
            31,
            "build where glibc is 2.31 or older: FROM debian:11 AS build".to_owned(),
            "-",
        ),
    ];
    for (release, minor, builder, base) in cases {
        let base = format!("or run on a release that has it: FROM {base}");
        let older =
            format!("or build against an older glibc: zig cc -target x86_64-linux-gnu.2.{minor}");
        let lines = [&*builder, &*base, &*older];
        let lines: Vec<&str> = lines
            .into_iter()
            .filter(|l| !l.ends_with("FROM -"))
            .collect();
        check("glibc-too-old", &too_new(release, minor), &lines);
    }
}

#[test]
fn a_base_has_all_that_is_wanted_and_is_no_step_back() {
    let scene = |release: &str, minor: u32| {
        format!(
            "
            loader glibc 2.{minor}
            /etc/os-release          text '{release}'
            /app/exe                 elf needed=libstdc++.so.6,libc.so.6 verneed=libstdc++.so.6:GLIBCXX_3.4.29 verneed=libc.so.6:GLIBC_2.34
            /usr/lib/libc.so.6       elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.{minor}
            /usr/lib/libstdc++.so.6  elf soname=libstdc++.so.6 verdef=GLIBCXX_3.4,GLIBCXX_3.4.28
            "
        )
    };
    let linked = "link the C++ library in: -static-libstdc++ -static-libgcc";
    let or_linked = format!("or {linked}");
    let copied = "the program was built in a `gcc` image? copy that image's /usr/local/lib64 and let it be found: ENV LD_LIBRARY_PATH=/usr/local/lib64";
    let based = |image: &str| format!("run on a release that has it: FROM {image}");
    // One base for both findings of one report.
    let focal = scene(r"ID=ubuntu\nVERSION_ID=20.04\n", 31);
    let base = based("ubuntu:22.04");
    check("libstdcxx-too-old", &focal, &[&base, &or_linked, copied]);
    // The release has it; another copy came first.
    let trixie = scene(r"ID=debian\nVERSION_ID=13\n", 41);
    check("libstdcxx-too-old", &trixie, &[linked, copied]);
    // The rest of a rolling system would not run on what is older.
    let base = based("debian:13-slim");
    let arch = scene(r"ID=arch\n", 40);
    check("libstdcxx-too-old", &arch, &[&base, &or_linked, copied]);
}

#[test]
fn a_base_for_packed_relocations_is_of_the_targets_own_distribution() {
    let scene = r"
        loader glibc 2.31
        /etc/os-release     text 'ID=ubuntu\nVERSION_ID=20.04\n'
        /app/exe            elf relr needed=libc.so.6 verneed=libc.so.6:GLIBC_ABI_DT_RELR
        /usr/lib/libc.so.6  elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.31
        ";
    check(
        "relr-unsupported",
        scene,
        &[
            "run on glibc 2.36 or later: FROM ubuntu:24.04",
            "or link without packed relocations: -Wl,-z,nopack-relative-relocs",
        ],
    );
}
