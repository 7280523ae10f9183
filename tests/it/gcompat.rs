//! Case 89: gcompat's stub in the place of glibc's loader; it starts musl's.
//!
//! The real stub is run where `IMGLDD_GCOMPAT` names the folder that it was built in.

use crate::support::case::{Given, case, given};

/// The stub, musl, the library that the stub has preloaded, and more.
fn root(more: &str) -> Given {
    given(format!(
        "
        loader gcompat
        /lib/ld-musl-x86_64.so.1  loader musl
        /lib/libgcompat.so.0      elf soname=libgcompat.so.0 defines=__printf_chk
        {more}
        "
    ))
}

case!(
    case_89_gcompat_has_musl_start_the_program_with_a_library_before_all_others,
    root("/app/exe elf needed=libc.so.6 calls=__printf_chk").run(
        "/app/exe",
        "
        /app/exe
        ├── /lib/libgcompat.so.0 => /lib/libgcompat.so.0 [preload]
        └── libc.so.6 => /lib64/ld-linux-x86-64.so.2 [loader]
        starts
        "
    ),
    // The stub is no library, and musl does not look for what it is called itself.
    root("/app/exe elf needed=libc.so.6,ld-linux-x86-64.so.2").run("/app/exe", "starts"),
    root("/app/exe elf needed=libc.so.6 calls=__nobody_has_it").run(
        "/app/exe",
        "exit 127: Error relocating /app/exe: __nobody_has_it: symbol not found"
    ),
    // The program is known by its path without links, here and in `$ORIGIN`.
    root(
        "
        /app/exe           link /real/exe
        /real/exe          elf needed=liba.so,libq.so runpath=$ORIGIN/lib
        /real/lib/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "exit 127: Error loading shared library libq.so: No such file or directory (needed by /real/exe)"
    ),
    root(
        "
        /app/exe  elf needed=libc.so.6 calls=f
        /p.so     elf defines=f
        "
    )
    .run("LD_PRELOAD=/p.so /app/exe", "starts")
    .run(
        "/app/exe",
        "exit 127: Error relocating /app/exe: f: symbol not found"
    ),
);
