//! What is offered against a library that is not where it is looked for, word for word.
//! Lines for a shell were typed in Debian where they could be; instructions for a build and
//! bases are only compared.

use super::Scene;
use crate::support::text::lines;

/// The findings with this code about what is started: the message, then `help:` and what is
/// to be done, with what is to be typed, a line each.
fn told(scene: &Scene, code: &str) -> String {
    let report = scene.report();
    let subjects = report["subjects"].as_array().unwrap().iter();
    let findings = subjects.flat_map(|subject| subject["findings"].as_array().unwrap());
    let mut told = String::new();
    for finding in findings.filter(|finding| finding["code"] == code) {
        told += &format!("{}\n", finding["message"].as_str().unwrap());
        for fix in finding["fixes"].as_array().unwrap() {
            let when = fix["when"].as_str().map(|when| format!("{when}? "));
            let text = fix["text"].as_str().unwrap();
            let snippet = fix["snippet"].as_str().unwrap_or("-");
            told += &format!("help: {}{text}: {snippet}\n", when.unwrap_or_default());
        }
    }
    told
}

/// Compares what is told of `code` in a scene, a message and its fixes a line each.
fn check(scene: &str, code: &str, expected: &str) {
    let told = told(&Scene::parse(scene), code);
    let told: Vec<&str> = lines(&told).map(str::trim).collect();
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert!(
        told == expected,
        "seen\n{}\nexpected\n{}\nin\n{scene}",
        told.join("\n"),
        expected.join("\n")
    );
}

#[test]
fn what_is_dead_is_taken_out_of_a_list_and_the_rest_stays() {
    check(
        "
        run /app/bin/exe
        /app/bin/exe              elf needed=liba.so runpath=/home/ci/build/lib:$ORIGIN/../lib::/opt/vendor/lib
        /opt/vendor/lib/liba.so   elf
        ",
        "runpath-dead",
        "
        `/app/bin/exe` looks for libraries in the working directory
        help: take them out of the list: patchelf --set-rpath '$ORIGIN/../lib:/opt/vendor/lib' /app/bin/exe
        ",
    );
}

#[test]
fn a_list_of_nothing_but_what_is_dead_goes() {
    check(
        "
        run /app/bin/exe
        /app/bin/exe      elf needed=liba.so runpath=/home/ci/build/lib/:/builds/x
        /usr/lib/liba.so  elf
        ",
        "runpath-dead",
        "
        `/app/bin/exe` looks for libraries where a build machine had them
        help: take them out of the list: patchelf --remove-rpath /app/bin/exe
        help: CMake? install it, which takes the build's own runpath out: cmake --install build
        ",
    );
}

/// What patchelf writes is a runpath otherwise, which libraries do not inherit.
#[test]
fn an_rpath_stays_one() {
    check(
        "
        /app/exe             elf needed=liba.so rpath=/opt/lib:/nix/store/x/lib
        /opt/lib/liba.so     elf needed=libb.so
        /opt/lib/libb.so     elf
        ",
        "runpath-dead",
        "
        `/app/exe` looks for libraries where a build machine had them
        help: take it out of the list: patchelf --force-rpath --set-rpath /opt/lib /app/exe
        ",
    );
}

#[test]
fn what_a_library_comes_by_is_not_taken_out() {
    check(
        "
        /app/exe         elf needed=liba.so runpath=/tmp/x
        /tmp/x/liba.so   elf
        ",
        "runpath-dead",
        "
        `/app/exe` looks for libraries where anyone may put them
        help: move the libraries to where root alone may write, and name that directory: -
        ",
    );
    check(
        "
        Entrypoint /app/exe
        WorkingDir /app
        /app/exe           elf needed=liba.so runpath=lib
        /app/lib/liba.so   elf
        ",
        "runpath-dead",
        "
        `/app/exe` looks for libraries in the working directory
        help: name the directory by its whole path, or by $ORIGIN: -
        ",
    );
}

/// Two lines that set one list would undo one another.
#[test]
fn a_list_that_lacks_a_directory_is_mended_first() {
    check(
        "
        /app/exe         elf needed=liba.so runpath=/home/ci/lib
        /opt/x/liba.so   elf
        ",
        "runpath-dead",
        "
        `/app/exe` looks for libraries where a build machine had them
        help: when that is found, take what is told here out of the list: -
        help: CMake? install it, which takes the build's own runpath out: cmake --install build
        ",
    );
}

/// What a Debian has to make its cache with.
const LDCONFIG: &str = "
        /bin/sh                      elf static
        /sbin/ldconfig               elf static
        /etc/ld.so.conf              text 'include /etc/ld.so.conf.d/*.conf\\n'
        /etc/ld.so.conf.d/libc.conf  text '/usr/local/lib\\n'
";

/// `check` where there is an ldconfig.
fn check_debian(scene: &str, code: &str, expected: &str) {
    check(&format!("{LDCONFIG}{scene}"), code, expected);
}

#[test]
fn what_several_libraries_lack_is_one_line() {
    check_debian(
        "
        /app/exe         elf needed=liba.so,libb.so
        /opt/a/liba.so   elf
        /opt/b/libb.so   elf
        ",
        "lib-not-on-search-path",
        r"
        `liba.so` is in /opt/a, which is not searched; `/app/exe` needs it
        help: name the directories of all missing libraries to the loader: ENV LD_LIBRARY_PATH=/opt/a:/opt/b
        help: or put these directories into ld.so.cache: RUN printf '%s\n' /opt/a /opt/b >> /etc/ld.so.conf.d/local.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/a /app/exe
        `libb.so` is in /opt/b, which is not searched; `/app/exe` needs it
        help: name the directories of all missing libraries to the loader: ENV LD_LIBRARY_PATH=/opt/a:/opt/b
        help: or put these directories into ld.so.cache: RUN printf '%s\n' /opt/a /opt/b >> /etc/ld.so.conf.d/local.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/b /app/exe
        ",
    );
}

/// With it in any list every program would get another C library than its loader's.
#[test]
fn a_directory_with_another_c_library_is_not_searched() {
    check_debian(
        "
        /app/exe                              elf needed=liba.so,libc.so.6
        /usr/lib/x86_64-linux-gnu/libc.so.6   libc 2.36
        /opt/libs/libc.so.6                   libc 2.41
        /opt/libs/liba.so                     elf needed=libb.so,libc.so.6
        /opt/libs/libb.so                     elf needed=libc.so.6
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/libs, which is not searched; `/app/exe` needs it
        help: copy that library, and what it needs, to where the loader looks: RUN cp /opt/libs/liba.so /opt/libs/libb.so /usr/lib/x86_64-linux-gnu/
        ",
    );
    check(
        "
        /app/exe                              elf needed=liba.so,libc.so.6
        /usr/lib/x86_64-linux-gnu/libc.so.6   libc 2.36
        /opt/libs/libc.so.6                   libc 2.41
        /opt/libs/liba.so                     elf needed=libc.so.6
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/libs, which is not searched; `/app/exe` needs it
        help: copy that library alone to where the loader looks: COPY --from=build /opt/libs/liba.so /usr/lib/x86_64-linux-gnu/
        ",
    );
}

/// patchelf makes a runpath of it otherwise, and what was inherited is not any more.
#[test]
fn a_directory_is_added_to_an_rpath_as_to_one() {
    check(
        "
        /app/exe           elf needed=libc.so,liba.so rpath=/opt/r
        /opt/r/libc.so     elf needed=libd.so
        /opt/r/libd.so     elf
        /opt/a/liba.so     elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/a
        help: or give what needs it a runpath: patchelf --force-rpath --add-rpath /opt/a /app/exe
        ",
    );
    // What is found there needs another from there.
    check(
        "
        /app/exe           elf needed=liba.so
        /opt/a/liba.so     elf needed=libd.so
        /opt/a/libd.so     elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/a
        help: or give what needs it a runpath: patchelf --force-rpath --add-rpath /opt/a /app/exe
        ",
    );
}

#[test]
fn ldconfig_is_told_where_it_reads_and_of_what_it_reads() {
    let without_include = "
        /bin/sh               elf static
        /sbin/ldconfig        elf static
        /etc/ld.so.conf.d     dir
        /app/exe              elf needed=liba.so
        /opt/a/liba.so        elf
    ";
    check(
        without_include,
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/a
        help: or put it into the cache: RUN echo /opt/a >> /etc/ld.so.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/a /app/exe
        ",
    );
    // `=` begins a type, and a name that is no library's does not come into the cache.
    check_debian(
        "
        /app/exe          elf needed=liba.so
        /opt/a=b/liba.so  elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a=b, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/a=b
        help: or give what needs it a runpath: patchelf --add-rpath /opt/a=b /app/exe
        ",
    );
    check_debian(
        "
        /app/exe                elf needed=plugin.so
        /usr/local/lib/plugin.so  elf
        ",
        "lib-not-on-search-path",
        "
        `plugin.so` is in /usr/local/lib, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/usr/local/lib
        help: or give what needs it a runpath: patchelf --add-rpath /usr/local/lib /app/exe
        ",
    );
    check_debian(
        "
        /app/exe          elf needed=liba.so
        /opt/a:b/liba.so  elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a:b, which is not searched; `/app/exe` needs it
        help: put it into the cache: RUN echo /opt/a:b >> /etc/ld.so.conf.d/local.conf && ldconfig
        ",
    );
}

/// A new cache has what is listed.
#[test]
fn a_file_that_moved_to_where_nothing_leads_is_not_for_the_cache() {
    check_debian(
        "
        /app/exe          elf needed=liba.so
        /etc/ld.so.cache  cache liba.so=>/usr/local/lib/liba.so
        /opt/z/liba.so    elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/z, which is not searched; `/app/exe` needs it
        help: name the directory to the loader: ENV LD_LIBRARY_PATH=/opt/z
        help: or put it into the cache: RUN echo /opt/z >> /etc/ld.so.conf.d/local.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/z /app/exe
        ",
    );
    check_debian(
        "
        /app/exe                elf needed=liba.so
        /etc/ld.so.cache        cache liba.so=>/opt/z/liba.so
        /usr/local/lib/liba.so  elf
        ",
        "ldcache-stale",
        "
        `liba.so` is in /usr/local/lib, and ld.so.cache says /opt/z/liba.so; `/app/exe` needs it
        help: make the cache again after the last change: RUN ldconfig
        ",
    );
}

#[test]
fn a_runpath_that_goes_up_and_down_is_one() {
    check(
        "
        run /opt/y/bin/exe
        /opt/y/bin/exe      elf needed=liba.so runpath=$ORIGIN/../lib
        /opt/y/lib/liba.so  elf needed=libb.so
        /opt/y/lib/libb.so  elf needed=libc.so
        /opt/y/lib/libc.so  elf
        ",
        "runpath-not-transitive",
        "
        `libb.so` is in /opt/y/lib, which only the runpath of `/opt/y/bin/exe` names, and a runpath is not inherited; `/opt/y/bin/../lib/liba.so` needs it
        help: give each library that needs another a runpath of its own: patchelf --add-rpath '$ORIGIN' /opt/y/bin/../lib/liba.so /opt/y/lib/libb.so
        help: or link the program with DT_RPATH, which is inherited: -Wl,--disable-new-dtags
        ",
    );
}

/// What asks is not beside it, and another copy is nearer to the root.
#[test]
fn a_runpath_of_its_own_names_where_the_library_is() {
    check(
        "
        run /opt/y/bin/exe
        /opt/x/lib/libb.so   elf
        /opt/y/bin/exe       elf needed=liba.so runpath=/opt/y/plug:/opt/y/lib
        /opt/y/plug/liba.so  elf needed=libb.so runpath=/opt/y/more
        /opt/y/lib/libb.so   elf
        ",
        "runpath-not-transitive",
        "
        `libb.so` is in /opt/y/lib, which only the runpath of `/opt/y/bin/exe` names, and a runpath is not inherited; `/opt/y/plug/liba.so` needs it
        help: give each library that needs another a runpath of its own: patchelf --add-rpath /opt/y/lib /opt/y/plug/liba.so
        ",
    );
}

#[test]
fn a_library_of_another_soname_is_no_other_version() {
    check_debian(
        "
        /app/exe                                     elf needed=libaio.so.1
        /usr/lib/x86_64-linux-gnu/libaio.so.1t64     link libaio.so.1t64.0.2
        /usr/lib/x86_64-linux-gnu/libaio.so.1t64.0.2 elf soname=libaio.so.1t64
        ",
        "soname-differs-by-distro",
        "
        `libaio.so.1` is not found; `/app/exe` needs it, and this target calls that library `libaio.so.1t64`
        help: make a link: it is the same library: RUN ln -s libaio.so.1t64 /usr/lib/x86_64-linux-gnu/libaio.so.1
        help: or build it on the distribution that it is to run on: -
        ",
    );
    // A link beside it would not be found either.
    check_debian(
        "
        /app/exe                  elf needed=libaio.so.1
        /opt/app/libaio.so.1t64   elf soname=libaio.so.1t64
        ",
        "soname-differs-by-distro",
        "
        `libaio.so.1` is not found; `/app/exe` needs it, and this target calls that library `libaio.so.1t64`
        help: build it on the distribution that it is to run on: -
        ",
    );
    // Of one name, and of another ABI.
    check_debian(
        "
        /app/exe                elf needed=libjpeg.so.8
        /usr/lib/libjpeg.so.62  elf soname=libjpeg.so.62
        ",
        "soname-differs-by-distro",
        "
        `libjpeg.so.8` is not found; `/app/exe` needs it, and this target calls that library `libjpeg.so.62`
        help: build it on the distribution that it is to run on: -
        ",
    );
    // A program is no version of a library.
    check_debian(
        "
        /app/exe                 elf needed=libssl.so.1.1
        /usr/bin/libssl.so.9-tool  elf program
        ",
        "needed-missing",
        "
        `libssl.so.1.1` is not found; `/app/exe` needs it
        help: install the package that has it, or copy it in: -
        ",
    );
}

/// The list that there is stays behind it.
#[test]
fn a_copy_that_has_the_version_comes_before_the_list() {
    let scene = |by: &str| {
        format!(
            "
            run {by} /app/exe
            /app/exe                              elf needed=libz.so.1,liba.so verneed=libz.so.1:V2 {}
            /opt/conda/lib/libz.so.1              elf verdef=V1
            /opt/conda/lib/liba.so                elf
            /usr/lib/x86_64-linux-gnu/libz.so.1   elf verdef=V1,V2
            ",
            match by {
                "" => "rpath=/opt/conda/lib",
                _ => "",
            }
        )
    };
    check(
        &scene("--env LD_LIBRARY_PATH=/opt/conda/lib"),
        "other-version-missing",
        "
        `/app/exe` needs a newer `libz.so.1` than the one that is loaded: V2
        help: let the copy be found that has it: ENV LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        help: upgrade that library: -
        help: or build against the library that the target has: -
        ",
    );
    // A DT_RPATH comes before the variable.
    check(
        &scene(""),
        "other-version-missing",
        "
        `/app/exe` needs a newer `libz.so.1` than the one that is loaded: V2
        help: upgrade that library: -
        help: or build against the library that the target has: -
        help: the file is a link made by hand to another release? remove it and install the right package: -
        ",
    );
}

/// patchelf up to 0.14 mixes up what two options of one command are given.
#[test]
fn a_program_that_gains_rights_is_given_them_again() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give a file capabilities");
        return;
    }
    check_debian(
        "
        run --user 1000:1000 --env LD_LIBRARY_PATH=/opt/b /app/exe
        /app/exe          elf needed=liba.so,libb.so,$ORIGIN/libc.so runpath=$ORIGIN/lib caps=ep
        /app/lib/liba.so  elf
        /app/libc.so      elf
        /opt/b/libb.so    elf
        ",
        "secure-exec",
        "
        `liba.so` is not found, because `/app/exe` gains rights: `$ORIGIN/lib` does not count then
        help: name the directory by an absolute runpath: patchelf --add-rpath /app/lib /app/exe && setcap cap_net_bind_service=ep /app/exe
        help: or let ldconfig know the directory (in a line before `USER`): RUN echo /app/lib >> /etc/ld.so.conf.d/local.conf && ldconfig
        `libb.so` is not found, because `/app/exe` gains rights: LD_LIBRARY_PATH does not count then
        help: name the directory by an absolute runpath: patchelf --add-rpath /opt/b /app/exe && setcap cap_net_bind_service=ep /app/exe
        help: or let ldconfig know the directory (in a line before `USER`): RUN echo /opt/b >> /etc/ld.so.conf.d/local.conf && ldconfig
        `$ORIGIN/libc.so` is not looked for, because `/app/exe` gains rights: the loader then takes no name with a token
        help: name the library without its directory, and the directory by an absolute runpath: patchelf --replace-needed '$ORIGIN/libc.so' libc.so /app/exe && patchelf --add-rpath /app /app/exe && setcap cap_net_bind_service=ep /app/exe
        ",
    );
    // Nothing of the environment counts for it.
    check_debian(
        "
        run --user 1000:1000 /app/exe
        /app/exe          elf needed=liba.so mode=4755 owner=0:0
        /opt/a/liba.so    elf
        ",
        "lib-not-on-search-path",
        "
        `liba.so` is in /opt/a, which is not searched; `/app/exe` needs it
        help: put it into the cache (in a line before `USER`): RUN echo /opt/a >> /etc/ld.so.conf.d/local.conf && ldconfig
        help: or give what needs it a runpath: patchelf --add-rpath /opt/a /app/exe
        ",
    );
}

#[test]
fn a_path_that_is_needed_is_changed_to_where_the_library_is() {
    check(
        "
        /app/exe       elf needed=/build/liba.so
        /opt/q/liba.so elf
        ",
        "needed-absolute",
        "
        `/build/liba.so` is not there; `/app/exe` needs it by this path
        help: name it where it is: patchelf --replace-needed /build/liba.so /opt/q/liba.so /app/exe
        help: or give the library a soname and link again: -Wl,-soname,liba.so
        ",
    );
    check(
        "
        /app/exe       elf needed=/build/liba.so
        ",
        "needed-absolute",
        "
        `/build/liba.so` is not there; `/app/exe` needs it by this path
        help: give the library a soname and link again: -Wl,-soname,liba.so
        help: or put it at that path: COPY --from=build /build/liba.so /build/liba.so
        ",
    );
}

#[test]
fn what_stands_in_a_library_s_place_says_how_one_comes_by_it() {
    let of = |file: &str| format!("/app/exe  elf needed=liba.so\n/usr/lib/liba.so  {file}");
    check(
        &of(
            "text 'version https://git-lfs.github.com/spec/v1\\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\\nsize 12345\\n'",
        ),
        "lib-not-elf",
        "
        `/usr/lib/liba.so` cannot be loaded: invalid ELF header; `/app/exe` needs it
        help: fetch the file that it stands for: git lfs pull
        ",
    );
    check(
        &of(
            "text '/* GNU ld script */\\nINPUT ( liba.so.1 AS_NEEDED ( libb.so.1 ) ) and so on and so forth\\n'",
        ),
        "lib-not-elf",
        "
        `/usr/lib/liba.so` cannot be loaded: invalid ELF header; `/app/exe` needs it
        help: link against a library that has a soname: the program then needs that name, not this file: -
        ",
    );
    check(
        &of("elf type=rel"),
        "lib-not-elf",
        "
        `/usr/lib/liba.so` cannot be loaded: only ET_DYN and ET_EXEC can be loaded; `/app/exe` needs it
        help: link it: it is an object file: cc -shared -o liba.so …
        ",
    );
}

/// What glibc brings is not to be taken out, least of all with DNS.
#[test]
fn each_service_is_mended_by_who_brings_its_module() {
    check(
        "
        loader glibc 2.31
        /app/exe                   elf needed=libc.so.6 calls=getaddrinfo
        /usr/lib/libc.so.6         libc
        /usr/lib/libnss_files.so.2 elf
        /etc/nsswitch.conf         text 'hosts: files mdns4_minimal [NOTFOUND=return] dns\\n'
        ",
        "nss-modules",
        "
        `/app/exe` looks hosts up, and the NSS modules `libnss_mdns4_minimal.so.2`, `libnss_dns.so.2` are not found
        help: copy glibc's modules with it, of the same release: COPY --from=build /usr/lib/libnss_* /usr/lib/
        help: and install the package that has the module of mdns4_minimal: -
        help: or take mdns4_minimal out of /etc/nsswitch.conf: -
        ",
    );
}
