//! What is near a missing name: each case is a fixture, and the findings about
//! `/app/exe` in it. What was searched, who needs it and the loader's own words
//! are left out here; other tests have them.

use std::fmt::Write as _;

use imgldd::inspect::{Inspector, Settings};
use imgldd::nearby::Extent;
use imgldd::platform::Platform;
use imgldd::report::{Finding, Role};
use imgldd::rootfs::{Credentials, Filesystem as _, Kind, Overlay, Rootfs};
use imgldd::source::Directory;

use crate::support::alike;
use crate::support::fixture::Fixture;
use crate::support::realise::{Root, Synthetic};
use crate::support::text::lines;

fn check(fixture: &str, expected: &str) {
    check_with(fixture, Extent::Whole, expected);
}

fn check_with(fixture: &str, extent: Extent, expected: &str) {
    let fixture = Fixture::parse(fixture);
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let inspect = |filesystem| {
        let rootfs = Rootfs::new(filesystem, Credentials::root(), false);
        let settings = Settings {
            platform: Platform::parse("linux/amd64"),
            nearby: extent,
            ..Settings::default()
        };
        Inspector::new(&rootfs, settings).inspect(b"/app/exe", Role::Argument)
    };
    alike::check(root.path(), false, &|filesystem| {
        alike::answer(&[inspect(filesystem)])
    });
    let inspection = inspect(Box::new(Directory::open(root.path()).unwrap()));
    assert!(inspection.errors.is_empty(), "{:?}", inspection.errors);
    let mut seen = String::new();
    for finding in &inspection.subject.findings {
        describe(finding, &mut seen);
    }
    let seen: Vec<&str> = lines(&seen).map(str::trim).collect();
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert!(
        seen == expected,
        "seen\n{}\nexpected\n{}",
        seen.join("\n"),
        expected.join("\n")
    );
}

fn describe(finding: &Finding, out: &mut String) {
    let _ = writeln!(out, "{}: {}", finding.code, finding.message);
    let known = ["searched:", "needed by", "at run time"];
    for line in &finding.evidence {
        if !known.iter().any(|known| line.starts_with(known)) {
            let _ = writeln!(out, "= {line}");
        }
    }
    for fix in &finding.fixes {
        let snippet = fix.snippet.as_deref().unwrap_or("-");
        let _ = writeln!(out, "help: {}: {snippet}", fix.text);
    }
}

#[test]
fn the_donor_gives_a_library_with_what_it_needs() {
    check_donor(
        "
        /app/exe             elf needed=liba.so.1,libc.so.6
        /usr/lib/libc.so.6   elf
        ",
        "
        /usr/lib/x86_64-linux-gnu/liba.so.1       link liba.so.1.2
        /usr/lib/x86_64-linux-gnu/liba.so.1.2     elf needed=libb.so.1,libc.so.6
        /usr/lib/x86_64-linux-gnu/libb.so.1       elf
        /usr/lib/x86_64-linux-gnu/libc.so.6       elf
        ",
        "COPY --from=build /usr/lib/x86_64-linux-gnu/liba.so.1 /usr/lib/x86_64-linux-gnu/libb.so.1 /usr/lib/x86_64-linux-gnu/",
    );
}

#[test]
fn a_donor_without_it_or_for_another_machine_gives_nothing() {
    check_donor(
        "/app/exe elf needed=liba.so.1",
        "
        /usr/lib/liba.so.1   elf aarch64
        /usr/lib/liba.so.2   elf
        ",
        "",
    );
}

#[test]
fn where_the_target_does_not_search_the_copy_goes_elsewhere() {
    check_donor(
        "
        loader musl
        /app/exe   elf needed=liba.so.1
        ",
        "
        loader musl
        /etc/ld-musl-x86_64.path   text '/opt/lib\\n'
        /opt/lib/liba.so.1         elf
        ",
        "COPY --from=build /opt/lib/liba.so.1 /lib/",
    );
}

#[test]
fn the_donor_gives_the_loader_too() {
    check_donor(
        "
        loader none
        /app/exe   elf interp=/lib64/ld-linux-x86-64.so.2 needed=libc.so.6
        ",
        "/lib/x86_64-linux-gnu/libc.so.6 elf",
        "
        COPY --from=build /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/
        COPY --from=build /lib64/ld-linux-x86-64.so.2 /lib64/
        ",
    );
}

/// The `COPY` lines that mend `/app/exe`, where `donor` has what it lacks.
fn check_donor(fixture: &str, donor: &str, expected: &str) {
    let roots = [fixture, donor].map(|text| Root::new(&Fixture::parse(text), &Synthetic).unwrap());
    let [target, donor] = roots.each_ref().map(|root| {
        let directory = Box::new(Directory::open(root.path()).unwrap());
        Rootfs::new(directory, Credentials::root(), false)
    });
    let settings = Settings {
        platform: Platform::parse("linux/amd64"),
        ..Settings::default()
    };
    let inspector = Inspector::new(&target, settings).with_donor(&donor);
    let subject = inspector.inspect(b"/app/exe", Role::Argument).subject;
    let fixes = subject.findings.iter().flat_map(|finding| &finding.fixes);
    let copies: Vec<&str> = fixes
        .filter_map(|fix| fix.snippet.as_deref())
        .filter(|snippet| snippet.starts_with("COPY --from=build"))
        .collect();
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert_eq!(copies, expected, "{:#?}", subject.findings);
}

/// The packages of what `/app/exe` needs.
fn check_packages(fixture: &str, expected: &[(&str, Option<&str>)]) {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let directory = Box::new(Directory::open(root.path()).unwrap());
    let rootfs = Rootfs::new(directory, Credentials::root(), false);
    let subject = Inspector::new(&rootfs, Settings::default())
        .inspect(b"/app/exe", Role::Argument)
        .subject;
    let libraries = subject.libraries.iter();
    let seen: Vec<(&str, Option<&str>)> = libraries
        .map(|library| (&*library.name, library.package.as_deref()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_owner_of_a_library_is_what_dpkg_lists() {
    check_packages(
        "
        /app/exe                            elf needed=liba.so.1,libb.so.1,libc.so.6
        /lib                                link usr/lib
        /usr/lib/x86_64-linux-gnu/liba.so.1 link liba.so.1.2
        /usr/lib/x86_64-linux-gnu/liba.so.1.2 elf
        /usr/lib/x86_64-linux-gnu/libb.so.1 elf
        /usr/lib/x86_64-linux-gnu/libc.so.6 elf
        /var/lib/dpkg/info/liba1:amd64.list text '/.\\n/usr/lib/x86_64-linux-gnu/liba.so.1.2\\n'
        /var/lib/dpkg/info/libc6.list       text '/lib/x86_64-linux-gnu/libc.so.6\\n'
        ",
        &[
            ("liba.so.1", Some("liba1")),
            ("libb.so.1", None),
            ("libc.so.6", Some("libc6")),
        ],
    );
}

#[test]
fn distroless_and_alpine_list_it_their_own_way() {
    check_packages(
        "
        /app/exe                             elf needed=liba.so.1
        /usr/lib/liba.so.1                   elf
        /var/lib/dpkg/status.d/liba1         text 'Package: liba1\\n'
        /var/lib/dpkg/status.d/liba1.md5sums text '0123  usr/lib/liba.so.1\\n'
        ",
        &[("liba.so.1", Some("liba1"))],
    );
    check_packages(
        "
        loader musl
        /app/exe                elf needed=liba.so.1,libb.so.1
        /usr/lib/liba.so.1      elf
        /lib/libb.so.1          elf
        /lib/apk/db/installed   text 'C:Q1\\nP:a-libs\\nF:usr/lib\\nR:liba.so.1\\na:0:0:755\\n\\nP:b-libs\\nF:lib\\nR:libb.so.1\\n'
        ",
        &[("liba.so.1", Some("a-libs")), ("libb.so.1", Some("b-libs"))],
    );
}

#[test]
fn pacman_lists_it_in_a_directory_of_the_package() {
    check_packages(
        "
        /app/exe           elf needed=liba.so.1
        /usr/lib/liba.so.1 elf
        /var/lib/pacman/local/a-libs-1.2.3-1/files  text '%FILES%\\nusr/\\nusr/lib/liba.so.1\\n\\n%BACKUP%\\netc/liba.so\\n'
        ",
        &[("liba.so.1", Some("a-libs"))],
    );
}

#[test]
fn a_package_of_rpm_is_installed_by_what_it_provides() {
    check(
        "
        /etc/os-release   text 'ID=opensuse-leap\\nVERSION_ID=\"15.6\"\\n'
        /usr/bin/zypper   elf
        /app/exe          elf needed=liba.so.1
        ",
        "
        needed-missing: `liba.so.1` is not found; `/app/exe` needs it
        = no file of that name is anywhere in this target
        help: install the package that has it, by what it provides: RUN zypper --non-interactive install 'liba.so.1()(64bit)'
        ",
    );
}

/// Debian with its package manager.
const DEBIAN: &str = "
    /etc/os-release   text 'ID=debian\\nVERSION_ID=\"12\"\\n'
    /usr/bin/apt-get  elf
";

#[test]
fn a_library_in_a_directory_that_is_not_searched() {
    check(
        "
        /bin/sh         elf static
        /sbin/ldconfig  elf static
        /app/exe          elf needed=liba.so.1
        /opt/x/liba.so.1  elf
        ",
        "
        lib-not-on-search-path: `liba.so.1` is in /opt/x, which is not searched; `/app/exe` needs it
        = it is here: /opt/x/liba.so.1
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/x
        help: or put it into the cache: RUN echo /opt/x >> /etc/ld.so.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/x /app/exe
        ",
    );
}

#[test]
fn musl_has_no_cache_to_put_it_into() {
    check(
        "
        loader musl
        /app/exe              elf needed=liba.so.1
        /etc/ld.so.conf       text '/opt/x\\n'
        /opt/x/liba.so.1      elf
        ",
        "
        lib-not-on-search-path: `liba.so.1` is in /opt/x, which is not searched; `/app/exe` needs it
        = it is here: /opt/x/liba.so.1
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/x
        help: or give what needs it a runpath: patchelf --add-rpath /opt/x /app/exe
        ",
    );
}

#[test]
fn a_directory_that_ld_so_conf_lists_wants_ldconfig() {
    check(
        "
        /bin/sh         elf static
        /sbin/ldconfig  elf static
        /app/exe                     elf needed=liba.so.1
        /etc/ld.so.conf              text 'include /etc/ld.so.conf.d/*.conf\\n'
        /etc/ld.so.conf.d/libc.conf  text '# local\\n/usr/local/lib # here\\n'
        /etc/ld.so.conf.d/old.bak    text '/nowhere\\n'
        /usr/local/lib/liba.so.1     elf
        ",
        "
        ldcache-stale: `liba.so.1` is in /usr/local/lib, which /etc/ld.so.conf.d/libc.conf lists, and ld.so.cache does not have it; `/app/exe` needs it
        = it is here: /usr/local/lib/liba.so.1
        help: make the cache again after the last change: RUN ldconfig
        ",
    );
}

#[test]
fn a_cache_that_names_a_file_which_moved() {
    check(
        "
        /app/exe           elf needed=liba.so.1
        /etc/ld.so.conf    text '/new\\n'
        /etc/ld.so.cache   cache liba.so.1=>/old/liba.so.1
        /new/liba.so.1     elf
        ",
        "
        ldcache-stale: `liba.so.1` is in /new, and ld.so.cache says /old/liba.so.1; `/app/exe` needs it
        = it is here: /new/liba.so.1
        help: make the cache again after the last change: ldconfig -r ROOTFS
        ",
    );
}

#[test]
fn the_runpath_of_the_program_is_not_that_of_its_libraries() {
    check(
        "
        /app/exe           elf needed=liba.so runpath=$ORIGIN/lib
        /app/lib/liba.so   elf needed=libb.so
        /app/lib/libb.so   elf
        ",
        "
        runpath-not-transitive: `libb.so` is in /app/lib, which only the runpath of `/app/exe` names, and a runpath is not inherited; `/app/lib/liba.so` needs it
        = it is here: /app/lib/libb.so
        help: give each library that needs another a runpath of its own: patchelf --add-rpath '$ORIGIN' /app/lib/liba.so
        help: or link the program with DT_RPATH, which is inherited: -Wl,--disable-new-dtags
        ",
    );
}

#[test]
fn another_version_of_it() {
    check(
        "
        /app/exe                elf needed=libssl.so.1.1
        /usr/lib/libssl.so.3    elf
        /usr/lib/libssl.so      link libssl.so.3
        /usr/lib/libsslx.so.1   elf
        ",
        "
        soname-bumped: `libssl.so.1.1` is not found; `/app/exe` needs it, and this target has another version, `libssl.so.3`
        = another version: /usr/lib/libssl.so.3
        = no file of that name is anywhere in this target
        help: build it on the release that it is to run on: -
        ",
    );
}

#[test]
fn a_version_for_another_machine_is_none() {
    check(
        "
        /app/exe              elf needed=libmine.so.1
        /usr/lib/libmine.so.2 elf aarch64
        ",
        "
        needed-missing: `libmine.so.1` is not found; `/app/exe` needs it
        = no file of that name is anywhere in this target
        help: install the package that has it, or copy it in: -
        ",
    );
}

#[test]
fn the_other_soname_of_the_same_library() {
    check(
        "
        /app/exe                 elf needed=libpcap.so.1
        /usr/lib/libpcap.so.0.8  elf
        ",
        "
        soname-differs-by-distro: `libpcap.so.1` is not found; `/app/exe` needs it, and this target calls that library `libpcap.so.0.8`
        = here it is /usr/lib/libpcap.so.0.8
        = no file of that name is anywhere in this target
        help: build it on the distribution that it is to run on: -
        ",
    );
    check(
        "
        /app/exe                      elf needed=libcurl-gnutls.so.4
        /usr/lib/libcurl.so.4         elf
        ",
        "
        soname-differs-by-distro: `libcurl-gnutls.so.4` is not found; `/app/exe` needs it, and this target calls that library `libcurl.so.4`
        = here it is /usr/lib/libcurl.so.4
        = no file of that name is anywhere in this target
        help: build it on the distribution that it is to run on: -
        ",
    );
}

#[test]
fn files_of_that_name_that_are_something_else() {
    check(
        "
        /app/exe         elf needed=liba.so
        /b/liba.so       elf aarch64
        /c/liba.so       text 'version https://git-lfs.github.com/spec/v1\\n'
        /d/liba.so       text '/* GNU ld script */ GROUP ( /lib/liba.so.1 )'
        /e/liba.so       text ''
        ",
        "
        needed-missing: `liba.so` is not found; `/app/exe` needs it
        = not usable: /b/liba.so: aarch64
        = not usable: /c/liba.so: a Git LFS pointer
        = not usable: /d/liba.so: a linker's script, for linking and not for loading
        = not usable: /e/liba.so: an empty file
        help: install the package that has it, or copy it in: -
        ",
    );
    check(
        "
        /app/exe        elf needed=liba.so
        /b/liba.so      link liba.so.1.2
        /c/liba.so      dir
        ",
        "
        needed-missing: `liba.so` is not found; `/app/exe` needs it
        = not usable: a link to nothing: /b/liba.so -> liba.so.1.2; /b/liba.so.1.2: no such file or directory
        help: install the package that has it, or copy it in: -
        ",
    );
}

#[test]
fn the_package_is_named_where_the_distribution_is_known() {
    check(
        &format!("{DEBIAN} /app/exe elf needed=libpq.so.5"),
        "
        needed-missing: `libpq.so.5` is not found; `/app/exe` needs it
        = no file of that name is anywhere in this target
        help: install `libpq5`, the package that has it: RUN apt-get update && apt-get install -y --no-install-recommends libpq5
        ",
    );
    check(
        "
        loader musl
        /etc/os-release  text 'ID=alpine\\nVERSION_ID=3.20.3\\n'
        /sbin/apk        elf
        /app/exe         elf needed=libstdc++.so.6
        ",
        "
        runtime-lib-removed: `libstdc++.so.6`, of the compiler's runtime, is not found; `/app/exe` needs it
        = no file of that name is anywhere in this target
        help: install `libstdc++`, the package that usually has it: RUN apk add --no-cache libstdc++
        ",
    );
}

#[test]
fn no_package_manager_no_command() {
    check(
        "
        /etc/os-release  text 'ID=debian\\nVERSION_ID=\"12\"\\n'
        /app/exe         elf needed=libpq.so.5
        ",
        "
        needed-missing: `libpq.so.5` is not found; `/app/exe` needs it
        = no file of that name is anywhere in this target
        help: install `libpq5`, the package that has it, in another stage, and copy the files: this target has no package manager: -
        ",
    );
}

#[test]
fn the_driver_comes_from_the_host() {
    check(
        "/app/exe elf needed=libcuda.so.1",
        "
        host-injected: `/app/exe` starts only with the host's `libcuda.so.1` mounted in
        = it belongs to the host's NVIDIA driver; no image has it
        = NVIDIA_VISIBLE_DEVICES is not in its environment
        help: let the container toolkit mount it: docker run --gpus all …
        ",
    );
}

#[test]
fn a_missing_program_that_lies_elsewhere() {
    check(
        "
        /usr/local/bin/exe    elf
        /usr/share/doc/exe    text 'about exe'
        ",
        "
        entrypoint-missing: `/app/exe` is not in this target
        = /app/exe: no such file or directory
        = a program of that name: /usr/local/bin/exe
        help: correct the path, or the COPY that was to put it there: /usr/local/bin/exe
        ",
    );
}

#[test]
fn a_bare_name_that_no_directory_of_path_has() {
    let fixture = Fixture::parse("/opt/tool/bin/tool elf\n/opt/doc/tool text 'no program'");
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let directory = Box::new(Directory::open(root.path()).unwrap());
    let rootfs = Rootfs::new(directory, Credentials::root(), false);
    let inspector = Inspector::new(&rootfs, Settings::default());
    let subject = inspector.inspect(b"tool", Role::Argument).subject;
    let evidence = &subject.findings[0].evidence;
    let told: Vec<&String> = evidence.iter().filter(|l| l.contains("/opt/")).collect();
    assert_eq!(told, ["a program of that name: /opt/tool/bin/tool"]);
}

#[test]
fn a_loader_that_lies_elsewhere() {
    let fixture = "
        loader none
        /opt/app/lib/ld-linux-x86-64.so.2  loader glibc 2.36
        /old/ld-linux-x86-64.so.2          elf aarch64
        /app/exe   elf interp=/lib64/ld-linux-x86-64.so.2
        ";
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let ran = imgldd(&["--root", root.path().to_str().unwrap(), "/app/exe"]);
    assert!(
        ran.contains("a loader of that name: /opt/app/lib/ld-linux-x86-64.so.2"),
        "{ran}"
    );
    assert!(
        ran.contains("COPY --from=build /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2"),
        "{ran}"
    );
    assert!(!ran.contains("/old/"), "{ran}");
}

#[test]
fn a_donor_may_be_a_directory_or_an_archive() {
    let target = Root::new(&Fixture::parse("/app/exe elf needed=liba.so.1"), &Synthetic).unwrap();
    let donor = Root::new(&Fixture::parse("/usr/lib/liba.so.1 elf"), &Synthetic).unwrap();
    let archive = target.path().join("donor.tar");
    let tar = std::process::Command::new("tar")
        .arg("-cf")
        .arg(&archive)
        .arg("-C")
        .arg(donor.path())
        .arg(".")
        .status()
        .unwrap();
    assert!(tar.success());
    for donor in [donor.path(), &archive] {
        let ran = imgldd(&[
            "--root",
            target.path().to_str().unwrap(),
            "--donor",
            donor.to_str().unwrap(),
            "/app/exe",
        ]);
        assert!(
            ran.contains("COPY --from=build /usr/lib/liba.so.1 /usr/lib/"),
            "{ran}"
        );
    }
    let root = target.path().to_str().unwrap();
    let ran = imgldd(&["--root", root, "--donor", "/no/such", "/app/exe"]);
    assert!(ran.contains("/no/such"), "{ran}");
}

/// Everything that the binary says.
fn imgldd(words: &[&str]) -> String {
    let output = crate::support::imgldd::binary()
        .args(words)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_library_where_the_loader_was_lies_nowhere_else() {
    check(
        "
        loader musl
        /app/exe      elf needed=liba.so runpath=/x
        /x/liba.so    link liba.so
        /lib/liba.so  elf
        ",
        "
        needed-missing: `liba.so` is not found; `/app/exe` needs it
        = /x/liba.so: links that lead round in a circle
        help: install the package that has it, or copy it in: -
        ",
    );
}

#[test]
fn what_is_fine_has_nothing_near() {
    check(
        "
        /app/exe             elf needed=liba.so.1
        /usr/lib/liba.so.1   elf
        /usr/lib/liba.so.2   elf
        /opt/x/liba.so.1     elf
        ",
        "",
    );
}

#[test]
fn a_search_that_is_not_whole_does_not_say_nowhere() {
    check_with(
        "
        /app/exe           elf needed=liba.so.1,libb.so.1
        /srv/x/liba.so.1   elf
        /opt/x/libb.so.1   elf
        ",
        Extent::Installed,
        "
        needed-missing: `liba.so.1` is not found; `/app/exe` needs it
        help: install the package that has it, or copy it in: -
        lib-not-on-search-path: `libb.so.1` is in /opt/x, which is not searched; `/app/exe` needs it
        = it is here: /opt/x/libb.so.1
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/x
        help: or give what needs it a runpath: patchelf --add-rpath /opt/x /app/exe
        ",
    );
}

#[test]
fn an_overlay_is_walked_with_what_is_below() {
    let fixture = Fixture::parse("/opt/x/liba.so.1 elf\n/opt/y/skipped elf");
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let directory = Directory::open(root.path()).unwrap();
    let mut overlay = Overlay::new(Box::new(directory));
    let path = imgldd::path::TargetPath::new(&b"/opt/z/libb.so.1"[..]).unwrap();
    let open = || Err(std::io::ErrorKind::Unsupported.into());
    overlay.add_file(&path, 0o644, 0, open).unwrap();
    let mut seen = Vec::new();
    overlay.walk_names(&mut |directory, name, kind| {
        let path = [directory, name].join(&b'/');
        if kind == Kind::File && path.starts_with(b"opt") {
            seen.push(String::from_utf8(path).unwrap());
        }
        name != b"y"
    });
    assert_eq!(seen, ["opt/x/liba.so.1", "opt/z/libb.so.1"]);
}
