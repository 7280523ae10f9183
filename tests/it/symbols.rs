//! Cases 51, 52, 85 and 86, and what must not be taken for them: symbols that nothing defines.

use crate::support::case::{case, given};

/// A musl program that has a pointer to `f` and calls `g`, with these libraries.
fn musl(libraries: &str) -> crate::support::case::Given {
    given(format!(
        "loader musl\n/app/exe elf needed=liba.so,libb.so runpath=/x wants=f calls=g\n{libraries}"
    ))
}

case!(
    case_85_undefined_functions_fail_at_the_start_under_musl,
    musl("/x/liba.so elf defines=f\n/x/libb.so elf defines=h").run(
        "/app/exe",
        "exit 127: Error relocating /app/exe: g: symbol not found"
    ),
    // Libraries first, the program last; in each the linkage table first.
    musl("/x/liba.so elf calls=k,m wants=n\n/x/libb.so elf wants=k").run(
        "/app/exe",
        "
        exit 127: Error relocating /x/liba.so: k: symbol not found
        | Error relocating /x/liba.so: m: symbol not found
        | Error relocating /x/liba.so: n: symbol not found
        | Error relocating /x/libb.so: k: symbol not found
        | Error relocating /app/exe: g: symbol not found
        | Error relocating /app/exe: f: symbol not found
        "
    ),
    // A library that is missing says so first; what would come from it follows.
    musl("/x/liba.so elf defines=f").run(
        "/app/exe",
        "
        exit 127: Error loading shared library libb.so: No such file or directory (needed by /app/exe)
        | Error relocating /app/exe: g: symbol not found
        "
    ),
);

case!(
    case_85_what_a_later_library_a_preload_or_nobody_has_may_be_found_there,
    musl("/x/liba.so elf\n/x/libb.so elf defines=f,g").run("/app/exe", "starts"),
    musl("/x/liba.so elf defines=f wants=main_has\n/x/libb.so elf defines=g,main_has")
        .run("/app/exe", "starts"),
    musl("/x/liba.so elf defines=f\n/x/libb.so elf\n/p/libp.so elf defines=g")
        .run("LD_PRELOAD=/p/libp.so /app/exe", "starts")
        .run(
            "/app/exe",
            "exit 127: Error relocating /app/exe: g: symbol not found"
        ),
    musl("/x/liba.so elf defines=f,g weak=nobody_has\n/x/libb.so elf").run("/app/exe", "starts"),
);

case!(
    case_52_glibc_binds_functions_when_they_are_called,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x calls=g weak=w
        /x/liba.so  elf calls=k
        "
    )
    .run("/app/exe", "starts"),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x wants=f
        /x/liba.so  elf defines=f
        "
    )
    .run("/app/exe", "starts"),
);
