//! Case 117: what the loaders call the program in their messages.

use crate::support::case::{case, given};

/// What glibc's loader says of the program that it calls so.
fn lacking(program: &str) -> String {
    format!(
        "exit 127: {program}: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory"
    )
}

/// What musl's says.
fn needed_by(program: &str) -> String {
    format!(
        "exit 127: Error loading shared library liba.so: No such file or directory (needed by {program})"
    )
}

/// A program that lacks a library, and scripts that it interprets.
const SCRIPTS: &str = "
    /app/exe     elf needed=liba.so
    /app/s       script '#!/app/exe\\n'
    /app/odd     script '#! /app/../app/exe -x\\n'
    /relative    script '#!app/exe\\n'
    /second      script '#!app/s\\n'
    ";

case!(
    case_117_glibc_calls_the_program_by_its_first_argument,
    given("/app/exe elf needed=liba.so")
        .run("/app/exe", lacking("/app/exe"))
        .run("/app/../app/exe", lacking("/app/../app/exe"))
        .run("app/exe", lacking("app/exe"))
        .run("workdir=/app ./exe", lacking("./exe")),
    given(SCRIPTS)
        .run("/app/s", lacking("/app/exe"))
        .run("/app/odd", lacking("/app/../app/exe"))
        .run("/relative", lacking("app/exe"))
        .run("/second", lacking("/app/exe")),
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V2
        /x/libv.so  elf soname=libv.so verdef=V1
        /s          script '#!app/exe\\n'
        "
    )
    .run(
        "workdir=/app ./exe",
        "exit 1: ./exe: /x/libv.so: version `V2' not found (required by ./exe)"
    )
    .run(
        "/s",
        "exit 1: app/exe: /x/libv.so: version `V2' not found (required by app/exe)"
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x wants=f flags_1=now
        /x/liba.so  elf
        "
    )
    .run(
        "workdir=/app symbols ./exe",
        "exit 127: ./exe: symbol lookup error: ./exe: undefined symbol: f"
    ),
    given("/app/exe elf isa=0x1f").run(
        "cpu=x86-64 workdir=/app ./exe",
        "exit 127: ./exe: CPU ISA level is lower than required"
    ),
);

case!(
    case_117b_musl_calls_the_program_by_the_path_that_was_executed,
    given("loader musl\n/app/exe elf needed=liba.so")
        .run("app/exe", needed_by("app/exe"))
        .run("workdir=/app ./exe", needed_by("./exe")),
    given(format!("loader musl\n{SCRIPTS}"))
        .run("/app/s", needed_by("/app/s"))
        .run("/app/odd", needed_by("/app/odd"))
        .run("/relative", needed_by("/relative"))
        .run("workdir=/app ../second", "exec: ENOENT")
        .run("/second", needed_by("/second")),
    given(
        "
        loader musl
        /app/exe    elf needed=liba.so runpath=/x wants=f
        /x/liba.so  elf
        /s          script '#!/app/exe\\n'
        "
    )
    .run("/s", "exit 127: Error relocating /s: f: symbol not found"),
);
