//! What is offered against a library that is not where it is looked for: each line was
//! typed in a Debian where the same is wrong, and mended it.

use super::Scene;
use crate::support::text::lines;

/// Compares what is told of `code` in a scene, a message and its fixes a line each.
fn check(scene: &str, code: &str, expected: &str) {
    let told = Scene::parse(scene).told(code);
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
