//! Case 71 further: rights from file capabilities; cases 72 and 74: what files ask of
//! CPU and system.

use crate::support::case::{case, given};

const NOT_FOUND: &str = "
    /app/exe
    └── liba.so => not found
    exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
    ";

/// The tree of a program that finds its one library there.
fn found(path: &str, label: &str) -> String {
    format!("/app/exe\n└── liba.so => {path} [{label}]\nstarts")
}

case!(
    case_71b_file_capabilities_make_every_user_but_root_one_who_gains_rights,
    given(
        "
        /app/exe          elf needed=liba.so runpath=$ORIGIN/lib caps=ep
        /app/lib/liba.so  elf
        "
    )
    .run("user=12345:12345 /app/exe", NOT_FOUND)
    .run("/app/exe", found("/app/lib/liba.so", "runpath")),
    given(
        "
        /app/exe    elf needed=liba.so caps=ep
        /e/liba.so  elf
        "
    )
    .run("LD_LIBRARY_PATH=/e user=12345:12345 /app/exe", NOT_FOUND)
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        found("/e/liba.so", "LD_LIBRARY_PATH")
    ),
    // Permitted and not in force: rights grew all the same.
    given(
        "
        /app/exe    elf needed=liba.so caps=p
        /e/liba.so  elf
        "
    )
    .run("LD_LIBRARY_PATH=/e user=12345:12345 /app/exe", NOT_FOUND),
    // What only may be inherited is not given to who has nothing to hand on.
    given(
        "
        /app/exe    elf needed=liba.so caps=i
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e user=12345:12345 /app/exe",
        found("/e/liba.so", "LD_LIBRARY_PATH")
    ),
    // The attribute of a script has no say, that of its interpreter does.
    given(
        "
        /s          script '#!/app/exe\\n' caps=ep
        /app/exe    elf needed=liba.so
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e user=12345:12345 /s",
        "/s\n└── liba.so => /e/liba.so [LD_LIBRARY_PATH]\nstarts as [/app/exe][/s]"
    ),
    // The link's target counts.
    given(
        "
        /app/exe    link /real/exe
        /real/exe   elf needed=liba.so caps=ep
        /e/liba.so  elf
        "
    )
    .run("LD_LIBRARY_PATH=/e user=12345:12345 /app/exe", NOT_FOUND),
    given(
        "
        loader musl
        /app/exe    elf needed=liba.so caps=ep
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e user=12345:12345 /app/exe",
        "exit 127: Error loading shared library liba.so: No such file or directory (needed by /app/exe)"
    ),
);

case!(
    case_72_a_file_for_a_better_cpu_is_refused_at_the_end,
    // No CPU has all bits.
    given("/app/exe elf isa=0x1f").run(
        "cpu=x86-64 /app/exe",
        "exit 127: /app/exe: CPU ISA level is lower than required"
    ),
    given(
        "
        /app/exe    elf needed=liba.so,libb.so runpath=/x
        /x/liba.so  elf isa=0x1f
        /x/libb.so  elf isa=0x1f
        "
    )
    .run(
        "cpu=x86-64 /app/exe",
        "exit 127: /x/libb.so: CPU ISA level is lower than required"
    ),
    // What is needed comes before what needs it.
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x isa=0x1f
        /x/liba.so  elf isa=0x1f
        "
    )
    .run(
        "cpu=x86-64 /app/exe",
        "exit 127: /x/liba.so: CPU ISA level is lower than required"
    ),
    // Versions are looked at before.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V2 isa=0x1f
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "cpu=x86-64 /app/exe",
        "exit 1: /app/exe: /x/libv.so: version `V2' not found (required by /app/exe)"
    ),
    given("/app/exe elf isa=7")
        .run("cpu=x86-64-v3 /app/exe", "starts")
        .run(
            "cpu=x86-64-v2 unreal='the features that a tunable hides are counted before' /app/exe",
            "exit 127: /app/exe: CPU ISA level is lower than required"
        ),
    given("loader glibc 2.31\n/app/exe elf isa=0x1f").run("cpu=x86-64 /app/exe", "starts"),
    given("loader glibc 2.36 baseline\n/app/exe elf needed=libq.so").run(
        "cpu=x86-64 /app/exe",
        "exit 127: Fatal glibc error: CPU does not support x86-64-v2"
    ),
);

case!(
    case_74_up_to_2_35_a_library_for_another_system_is_passed_by,
    given(
        "
        loader glibc 2.31
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf abi-tag=3:1.0.0
        /y/liba.so  elf abi-tag=0:2.6.32
        "
    )
    .run(
        "/app/exe",
        "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"
    ),
    given(
        "
        loader glibc 2.31
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf abi-tag=1:1.0.0
        "
    )
    .run("/app/exe", NOT_FOUND),
    given(
        "
        loader glibc 2.36
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf abi-tag=3:1.0.0
        "
    )
    .run("/app/exe", found("/x/liba.so", "runpath")),
    // Of the program's own tag nobody takes notice.
    given("loader glibc 2.31\n/app/exe elf abi-tag=3:99.0.0").run("/app/exe", "starts"),
);

case!(
    case_73_a_c_library_of_another_release_lacks_symbols_of_its_loader,
    given(
        "
        loader glibc 2.36
        /app/exe                         elf needed=libc.so.6
        /lib/x86_64-linux-gnu/libc.so.6  libc 2.41
        "
    )
    .run(
        "/app/exe",
        "exit 127: /app/exe: symbol lookup error: /lib/x86_64-linux-gnu/libc.so.6: undefined symbol: __tunable_is_initialized, version GLIBC_PRIVATE"
    ),
);
