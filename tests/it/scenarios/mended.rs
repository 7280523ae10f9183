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

const DEBIAN_12: &str = r"/etc/os-release  text 'ID=debian\nVERSION_ID=12\n'
        /usr/bin/apt-get  elf static";

const APT: &str = "apt-get update && apt-get install -y --no-install-recommends";

#[test]
fn packages_are_of_the_programs_own_architecture() {
    // The library that is there is for x86_64.
    let scene = |root: &str| {
        format!(
            "
            {root}
            /app/exe                       elf i386 needed=libexpat.so.1
            /lib/ld-linux.so.2             loader glibc 2.36 i386
            /usr/lib/x86_64-linux-gnu/libexpat.so.1  elf
            "
        )
    };
    let line = format!("RUN dpkg --add-architecture i386 && {APT} libexpat1:i386");
    let help = format!("install `libexpat1:i386`, the package that has it: {line}");
    check("needed-missing", &scene(DEBIAN_12), &[&help]);
    let fedora = r"/etc/os-release  text 'ID=fedora\nVERSION_ID=41\n'
        /usr/bin/dnf  elf static";
    check(
        "needed-missing",
        &scene(fedora),
        &["install `expat.i686`, the package that usually has it: RUN dnf install -y expat.i686"],
    );
    let only = "
        /app/exe                       elf i386 needed=libexpat.so.1
        /lib/ld-linux.so.2             loader glibc 2.36 i386
        /usr/lib/libexpat.so.1         elf
        ";
    check("wrong-arch-lib", &format!("{DEBIAN_12}{only}"), &[&help]);
    // Arch has other names for these.
    let arch = r"/etc/os-release  text 'ID=arch\n'
        /usr/bin/pacman  elf static";
    check(
        "needed-missing",
        &scene(arch),
        &["install the package that has it, or copy it in: -"],
    );
}

#[test]
fn a_package_that_is_listed_is_installed_again() {
    let scene = |listed: &str| {
        format!(
            r"
            {DEBIAN_12}
            /app/exe  elf needed=libgomp.so.1
            /var/lib/dpkg/info/{listed}.list  text '/.\n/usr/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu/libgomp.so.1\n'
            "
        )
    };
    let again = format!(
        "install `libgomp1` again: it is listed as installed, and its file is gone: RUN {APT} --reinstall libgomp1"
    );
    let once = format!("install `libgomp1`, the package that has it: RUN {APT} libgomp1");
    check("runtime-lib-removed", &scene("libgomp1:amd64"), &[&again]);
    // The file is in no directory that is searched.
    let elsewhere = scene("other").replace("/usr/lib/x86_64-linux-gnu/libgomp", "/opt/libgomp");
    check("runtime-lib-removed", &elsewhere, &[&once]);
    // apt would have to start without it.
    let of_apt = scene("libstdc++6:amd64").replace("libgomp.so.1", "libstdc++.so.6");
    check(
        "runtime-lib-removed",
        &of_apt,
        &[
            "copy the file from the image of the same release: `libstdc++6` is listed as installed, and apt itself does not start without it: -",
        ],
    );
    let link = format!(
        "{}/usr/lib/x86_64-linux-gnu/libgomp.so.1  link libgomp.so.1.0.0",
        scene("libgomp1:amd64")
    );
    let copy = "or copy what the link leads to as well: -";
    check("broken-symlink", &link, &[&again, copy]);
    let apk = r"
        loader musl
        /etc/os-release        text 'ID=alpine\nVERSION_ID=3.20.3\n'
        /sbin/apk              elf static
        /app/exe               elf needed=libgomp.so.1
        /lib/apk/db/installed  text 'P:libgomp\nF:usr/lib\nR:libgomp.so.1\n'
        ";
    // apk would have to start without it.
    let of_apk = apk.replace("libgomp.so.1", "libz.so.1");
    check(
        "needed-missing",
        &of_apk.replace("libgomp", "zlib"),
        &[
            "copy the file from the image of the same release: `zlib` is listed as installed, and apk itself does not start without it: -",
        ],
    );
    check(
        "runtime-lib-removed",
        apk,
        &[
            "install `libgomp` again: it is listed as installed, and its file is gone: RUN apk fix --no-cache libgomp",
        ],
    );
}

#[test]
fn time_zones_that_are_listed_are_installed_again() {
    let scene = format!(
        "
        run --env TZ=Europe/Berlin /app/exe
        {DEBIAN_12}
        /var/lib/dpkg/info/tzdata.list  text '/usr/share/zoneinfo'
        /app/exe   elf needed=libc.so.6 wants=tzset
        /usr/lib/libc.so.6  libc
        "
    );
    let again = "install `tzdata` again: it is listed as installed, and its files are gone";
    check(
        "no-tzdata",
        &scene,
        &[&format!("{again}: RUN {APT} --reinstall tzdata")],
    );
}

#[test]
fn another_abi_gets_its_own_c_library_and_what_else_is_missing() {
    const OWN: &str = "get the build for the target's own ABI: -";
    let bring = |packages: &str| {
        format!(
            "or bring that ABI's C library: RUN dpkg --add-architecture i386 && {APT} {packages}"
        )
    };
    let of_glibc = format!("{DEBIAN_12}\n/app/exe elf i386 needed=libexpat.so.1,libc.so.6");
    let help = bring("libc6:i386 libexpat1:i386");
    check("no-multilib", &of_glibc, &[OWN, &help]);
    let of_musl = |needed: &str| {
        format!("{DEBIAN_12}\n/app/exe elf i386 interp=/lib/ld-musl-i386.so.1 needed={needed}")
    };
    let help = bring("musl:i386");
    check("no-multilib", &of_musl("libc.so"), &[OWN, &help]);
    // Debian has no libz for musl.
    let help = "or bring that ABI's C library: -";
    check("no-multilib", &of_musl("libz.so.1,libc.so"), &[OWN, help]);
    let armhf = format!(
        "
        Architecture arm64
        run /app/exe
        loader none
        {DEBIAN_12}
        /lib/ld-linux-aarch64.so.1  loader glibc 2.36 aarch64
        /app/exe  elf arm needed=libc.so.6
        "
    );
    let help = format!(
        "or bring that ABI's C library: RUN dpkg --add-architecture armhf && {APT} libc6:armhf"
    );
    check("no-multilib", &armhf, &[OWN, &help]);
}

#[test]
fn musl_is_installed_beside_glibc() {
    let scene = |needed: &str| {
        format!("{DEBIAN_12}\n/app/exe elf interp=/lib/ld-musl-x86_64.so.1 needed={needed}")
    };
    let install = format!("install musl beside the target's own libc: RUN {APT} musl");
    let build = "build on the same libc: FROM debian:12 AS build";
    let or_build = format!("or {build}");
    check(
        "musl-on-glibc",
        &scene("libc.musl-x86_64.so.1"),
        &[
            &install,
            &or_build,
            "or link it statically, with musl: musl-gcc -static",
        ],
    );
    check(
        "musl-on-glibc",
        &scene("libz.so.1,libc.so"),
        &[build, "or keep the binary and change the base: FROM alpine"],
    );
}

#[test]
fn older_systems_of_red_hats_family_have_yum_and_not_every_library() {
    let scene = |release: &str, program: &str, library: &str| {
        format!(
            "/etc/os-release text '{release}'\n{program} elf static\n/app/exe elf needed={library}"
        )
    };
    let centos = r"ID=centos\nVERSION_ID=7\n";
    check(
        "needed-missing",
        &scene(centos, "/usr/bin/yum", "libexpat.so.1"),
        &["install `expat`, the package that usually has it: RUN yum install -y expat"],
    );
    check(
        "needed-missing",
        &scene(centos, "/usr/bin/yum", "libmine.so.1"),
        &[
            "install the package that has it, by what it provides: RUN yum install -y 'libmine.so.1()(64bit)'",
        ],
    );
    let rhel = r"ID=rhel\nVERSION_ID=8.9\n";
    check(
        "needed-missing",
        &scene(rhel, "/usr/bin/dnf", "libssl.so.3"),
        &["build it on the release that it runs on: no package of that release has it: -"],
    );
    check(
        "needed-missing",
        &scene(rhel, "/usr/bin/dnf", "libcrypt.so.1"),
        &[
            "install the package that has it, by what it provides: RUN dnf install -y 'libcrypt.so.1()(64bit)'",
        ],
    );
}

#[test]
fn where_tdnf_installs_packages_none_are_copied() {
    let scene = r"
        run --env TZ=Europe/Berlin /app/exe
        /etc/os-release     text 'ID=photon\nVERSION_ID=5.0\n'
        /usr/bin/tdnf       elf static
        /app/exe            elf needed=libc.so.6 wants=tzset
        /usr/lib/libc.so.6  libc
        ";
    check(
        "no-tzdata",
        scene,
        &["install the package `tzdata`: RUN tdnf install -y tzdata"],
    );
}

/// `--clear-execstack` came after 0.17.2 (patchelf's `version` at that change): Debian 12's
/// takes it for a file's name.
#[test]
fn a_patchelf_that_knows_of_the_stack_is_asked_for() {
    check(
        "execstack-refused",
        "
        /app/exe            elf needed=liba.so.1
        /usr/lib/liba.so.1  elf damage=execstack
        ",
        &[
            "mark it as one that needs none: patchelf --clear-execstack /usr/lib/liba.so.1   (0.18 or later)",
            "or link it again: -z noexecstack",
        ],
    );
}

#[test]
fn a_base_for_a_program_of_glibc_has_the_versions_that_it_needs() {
    let scene = |version: &str| {
        format!(
            "
            loader none
            /app/exe                     elf needed=libc.so.6 verneed=libc.so.6:{version} interp=/lib64/ld-linux-x86-64.so.2
            /lib/ld-musl-x86_64.so.1     loader musl
            /lib64/ld-linux-x86-64.so.2  link /lib/ld-musl-x86_64.so.1
            "
        )
    };
    let build = "build it on the libc that it runs with: -";
    for (version, base) in [
        ("GLIBC_2.2.5", "FROM debian:12-slim"),
        ("GLIBC_2.38", "FROM debian:13-slim"),
        ("GLIBC_2.99", "-"),
    ] {
        let base = format!("or keep it and change the base: {base}");
        check("works-by-accident", &scene(version), &[build, &base]);
    }
}
