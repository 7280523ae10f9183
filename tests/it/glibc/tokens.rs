//! Cases 110–112: tokens in names, and where the loader does not know where the program is.

use crate::support::case::{case, given};

/// The tree of a program that finds its one library there.
fn found(name: &str, path: &str, label: &str) -> String {
    format!("/app/exe\n└── {name} => {path} [{label}]\nstarts")
}

case!(
    case_110_no_token_may_stand_in_a_name_where_rights_grew,
    given(
        "
        /app/exe          elf needed=$ORIGIN/../lib/liba.so mode=4755 owner=0:0
        /lib/liba.so      elf
        /usr/lib/liba.so  elf
        "
    )
    .run(
        "user=12345:12345 /app/exe",
        "exit 127: /app/exe: error while loading shared libraries: $ORIGIN/../lib/liba.so: DST not allowed in SUID/SGID programs"
    )
    .run("/app/exe", "starts"),
    given("/app/exe elf needed=/$LIB/liba.so mode=4755 owner=0:0\n/lib/x86_64-linux-gnu/liba.so elf").run(
        "user=12345:12345 /app/exe",
        "exit 127: /app/exe: error while loading shared libraries: /$LIB/liba.so: DST not allowed in SUID/SGID programs"
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x mode=4755 owner=0:0
        /x/liba.so  elf needed=libb.so auxiliary=$PLATFORM/libq.so
        /usr/lib/libb.so  elf
        "
    )
    .run(
        "user=12345:12345 /app/exe",
        "exit 127: /app/exe: error while loading shared libraries: $PLATFORM/libq.so: DST not allowed in SUID/SGID programs"
    ),
    given(
        "
        /app/exe     elf needed=liba.so runpath=/x mode=4755 owner=0:0
        /x/liba.so   elf filter=$ORIGIN/libq.so
        /x/libq.so   elf
        ",
    )
    .run(
        "user=12345:12345 /app/exe",
        "exit 127: /app/exe: error while loading shared libraries: $ORIGIN/libq.so: DST not allowed in SUID/SGID programs"
    ),
    // No token, so nothing to forbid.
    given("/app/exe elf needed=/x/$ORIGINAL/liba.so mode=4755 owner=0:0\n/x/$ORIGINAL/liba.so elf").run(
        "user=12345:12345 /app/exe",
        found("/x/$ORIGINAL/liba.so", "/x/$ORIGINAL/liba.so", "path")
    ),
);

case!(
    case_111_a_name_whose_token_has_no_value_is_passed_over_unless_it_is_an_auxiliary,
    given("/app/exe elf needed=$ORIGIN/liba.so,libb.so runpath=/x\n/app/liba.so elf\n/x/libb.so elf")
        .run("no-proc /app/exe", "starts")
        .run("/app/exe", "starts")
        .run("no-proc LD_ORIGIN_PATH=/app /app/exe", "starts"),
    given("/app/exe elf auxiliary=$ORIGIN/libq.so\n/app/libq.so elf")
        .run(
            "no-proc /app/exe",
            "exit 127: /app/exe: error while loading shared libraries: $ORIGIN/libq.so: empty dynamic string token substitution"
        )
        .run("/app/exe", "starts"),
    // A library knows where it was found.
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf needed=$ORIGIN/libb.so
        /x/libb.so  elf
        "
    )
    .run("no-proc /app/exe", "starts"),
);

case!(
    case_111b_ld_origin_path_tells_where_the_program_is_where_proc_does_not,
    given("/app/exe elf needed=liba.so runpath=$ORIGIN/lib\n/o/lib/liba.so elf")
        .run(
            "no-proc LD_ORIGIN_PATH=/o// /app/exe",
            found("liba.so", "/o/lib/liba.so", "runpath")
        )
        .run(
            "LD_ORIGIN_PATH=/o /app/exe",
            "exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory"
        ),
    given("/app/exe elf needed=liba.so\n/o/lib/liba.so elf").run(
        "no-proc LD_ORIGIN_PATH=/o LD_LIBRARY_PATH=$ORIGIN/lib /app/exe",
        found("liba.so", "/o/lib/liba.so", "LD_LIBRARY_PATH")
    ),
    given("/app/exe elf needed=liba.so runpath=$ORIGIN mode=4755 owner=0:0\n/lib/liba.so elf\n/usr/liba.so elf")
        .run(
            "no-proc LD_ORIGIN_PATH=/usr user=12345:12345 /app/exe",
            found("liba.so", "/lib/liba.so", "default")
        ),
);

case!(
    case_112_origin_of_a_library_that_was_found_relatively_is_below_the_real_working_directory,
    given(
        "
        /wd               link /real
        /app/exe          elf needed=liba.so runpath=lib
        /real/lib/liba.so elf needed=libb.so runpath=$ORIGIN/../q
        /real/q/libb.so   elf
        "
    )
    .run(
        "workdir=/wd /app/exe",
        "
        /app/exe
        └── liba.so => lib/liba.so [runpath]
            └── libb.so => /real/lib/../q/libb.so [runpath]
        starts
        "
    ),
);
