//! Cases 54–61 and 71: tokens, processor directories, default directories, secure mode.

use crate::support::case::{Given, case, given};

const NOT_FOUND: &str = "
    /app/exe
    └── liba.so => not found
    exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
    ";

/// The tree of a program that finds its one library there.
fn found(path: &str, label: &str) -> String {
    format!("/app/exe\n└── liba.so => {path} [{label}]\nstarts")
}

/// `/app/exe` with that RUNPATH, started in `/`, and its library at that path.
fn literal(runpath: &str, library: &str) -> Given {
    given(format!(
        "/app/exe elf needed=liba.so runpath={runpath}\n/{library} elf"
    ))
    .run("/app/exe", found(library, "runpath"))
}

case!(
    case_54_origin_of_a_program_is_its_real_folder_and_nothing_without_proc,
    given(
        "
        /usr/bin/link         link /opt/app/exe
        /opt/app/exe          elf needed=liba.so runpath=$ORIGIN/lib
        /opt/app/lib/liba.so  elf
        /usr/bin/lib/liba.so  elf
        "
    )
    .run(
        "/usr/bin/link",
        "
        /usr/bin/link
        └── liba.so => /opt/app/lib/liba.so [runpath]
        starts
        "
    )
    .run(
        "no-proc /opt/app/exe",
        "
        /opt/app/exe
        └── liba.so => not found
        exit 127: /opt/app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_56_origin_of_a_library_is_the_folder_of_the_name_it_was_found_by,
    given(
        "
        /app/exe       elf needed=liba.so runpath=/x
        /x/liba.so     link /real/liba.so
        /real/liba.so  elf needed=libb.so runpath=$ORIGIN
        /x/libb.so     elf
        /real/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => /x/libb.so [runpath]
        starts
        "
    ),
    given(
        "
        /app/exe          elf needed=liba.so runpath=/lnk
        /lnk              link /deep/er
        /deep/er/liba.so  elf needed=libb.so runpath=$ORIGIN/../p
        /deep/p/libb.so   elf
        /p/libb.so        elf
        /p/libc1.so       elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /lnk/liba.so [runpath]
            └── libb.so => /lnk/../p/libb.so [runpath]
        starts
        "
    ),
    // Only the folder that `..` does not physically lead to has the library.
    given(
        "
        /app/exe          elf needed=liba.so runpath=/lnk
        /lnk              link /deep/er
        /deep/er/liba.so  elf needed=libb.so runpath=$ORIGIN/../p
        /p/libb.so        elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /lnk/liba.so [runpath]
            └── libb.so => not found
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_57_what_is_no_token_stays_as_it_is_written,
    literal("$ORIGINAL/w", "$ORIGINAL/w/liba.so"),
    literal("${ORIGIN/w", "${ORIGIN/w/liba.so"),
    literal("$FOO/w", "$FOO/w/liba.so"),
    literal("$ORIGIN_/w", "$ORIGIN_/w/liba.so"),
    given(
        "
        /app/exe          elf needed=liba.so runpath=/q$ORIGIN/w
        /q/app/w/liba.so  elf
        "
    )
    .run("/app/exe", found("/q/app/w/liba.so", "runpath")),
    given(
        "
        /app/exe          elf needed=liba.so runpath=${ORIGIN}/w
        /app/w/liba.so  elf
        "
    )
    .run("/app/exe", found("/app/w/liba.so", "runpath")),
);

case!(
    case_58_lib_is_the_loaders_own_folder_and_platform_the_kernels_word,
    given(
        "
        /app/exe                         elf needed=liba.so runpath=/x/$LIB
        /x/lib/x86_64-linux-gnu/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        found("/x/lib/x86_64-linux-gnu/liba.so", "runpath")
    ),
    given(
        "
        /app/exe           elf needed=liba.so runpath=/x/$PLATFORM
        /x/x86_64/liba.so  elf
        "
    )
    .run(
        "unreal='$PLATFORM is haswell on processors of one maker' /app/exe",
        found("/x/x86_64/liba.so", "runpath")
    ),
);

const LEVELS: &str = "
    /app/exe                             elf needed=liba.so rpath=/x
    /x/liba.so                           elf
    /x/glibc-hwcaps/x86-64-v2/liba.so    elf
    /x/glibc-hwcaps/x86-64-v3/liba.so    elf
    /x/glibc-hwcaps/x86-64-v4/liba.so    elf
    ";

case!(
    case_59_the_processors_level_chooses_among_glibc_hwcaps,
    given(LEVELS)
        .run(
            "cpu=x86-64-v4 /app/exe",
            found("/x/glibc-hwcaps/x86-64-v4/liba.so", "rpath")
        )
        .run(
            "cpu=x86-64-v3 /app/exe",
            found("/x/glibc-hwcaps/x86-64-v3/liba.so", "rpath")
        )
        .run(
            "cpu=x86-64-v2 /app/exe",
            found("/x/glibc-hwcaps/x86-64-v2/liba.so", "rpath")
        )
        .run(
            "unreal='the level that is assumed where none is given' /app/exe",
            found("/x/glibc-hwcaps/x86-64-v3/liba.so", "rpath")
        ),
    // An earlier plain folder beats a later one for better processors.
    given(
        "
        /app/exe                           elf needed=liba.so rpath=/a:/x
        /a/liba.so                         elf
        /x/glibc-hwcaps/x86-64-v2/liba.so  elf
        "
    )
    .run("/app/exe", found("/a/liba.so", "rpath")),
    given(
        "
        /app/exe                                        elf needed=liba.so
        /usr/lib/glibc-hwcaps/x86-64-v2/liba.so         elf
        /usr/lib/liba.so                                elf
        "
    )
    .run(
        "/app/exe",
        found("/usr/lib/glibc-hwcaps/x86-64-v2/liba.so", "default")
    ),
    given(format!("loader glibc 2.31\n{LEVELS}")).run("/app/exe", found("/x/liba.so", "rpath")),
);

const LEGACY: &str = "
    /app/exe                  elf needed=liba.so,libb.so,libd.so,libe.so rpath=/x
    /x/tls/x86_64/liba.so     elf
    /x/tls/liba.so            elf
    /x/x86_64/liba.so         elf
    /x/liba.so                elf
    /x/tls/libb.so            elf
    /x/x86_64/libb.so         elf
    /x/x86_64/libd.so         elf
    /x/libd.so                elf
    /x/libe.so                elf
    ";

const LEGACY_FOUND: &str = "
    /app/exe
    ├── liba.so => /x/tls/x86_64/liba.so [rpath]
    ├── libb.so => /x/tls/libb.so [rpath]
    ├── libd.so => /x/x86_64/libd.so [rpath]
    └── libe.so => /x/libe.so [rpath]
    starts
    ";

case!(
    case_60_legacy_folders_end_with_2_36,
    given(LEGACY).run("/app/exe", LEGACY_FOUND),
    given(format!("loader glibc 2.31\n{LEGACY}")).run("/app/exe", LEGACY_FOUND),
    given(format!("loader glibc 2.41\n{LEGACY}")).run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [rpath]
        ├── libb.so => not found
        ├── libd.so => /x/libd.so [rpath]
        └── libe.so => /x/libe.so [rpath]
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_60b_those_of_i386_are_the_platform_and_sse2,
    given(
        "
        loader glibc 2.36 i386
        /app/exe                   elf i386 needed=liba.so,libb.so,libd.so,libe.so rpath=/x
        /x/tls/sse2/liba.so        elf i386
        /x/i686/sse2/liba.so       elf i386
        /x/i686/sse2/libb.so       elf i386
        /x/i686/libb.so            elf i386
        /x/sse2/libd.so            elf i386
        /x/libd.so                 elf i386
        /x/libe.so                 elf i386
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/tls/sse2/liba.so [rpath]
        ├── libb.so => /x/i686/sse2/libb.so [rpath]
        ├── libd.so => /x/sse2/libd.so [rpath]
        └── libe.so => /x/libe.so [rpath]
        starts
        "
    ),
);

/// A program that looks only where every program looks.
fn default_directory(library: &str) -> Given {
    given(format!(
        "/app/exe elf needed=liba.so\n{library}/liba.so elf"
    ))
}

case!(
    case_61_the_default_directories_are_those_of_the_loader,
    given(
        "
        /app/exe                            elf needed=liba.so,libb.so,libd.so,libe.so
        /lib/x86_64-linux-gnu/liba.so       elf
        /usr/lib/x86_64-linux-gnu/liba.so   elf
        /usr/lib/x86_64-linux-gnu/libb.so   elf
        /lib/libb.so                        elf
        /lib/libd.so                        elf
        /usr/lib/libd.so                    elf
        /usr/lib/libe.so                    elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /lib/x86_64-linux-gnu/liba.so [default]
        ├── libb.so => /usr/lib/x86_64-linux-gnu/libb.so [default]
        ├── libd.so => /lib/libd.so [default]
        └── libe.so => /usr/lib/libe.so [default]
        starts
        "
    ),
    default_directory("/lib64").run("/app/exe", NOT_FOUND),
    default_directory("/usr/lib64").run("/app/exe", NOT_FOUND),
    default_directory("/usr/local/lib").run("/app/exe", NOT_FOUND),
);

case!(
    case_71_secure_mode_ignores_the_environment_and_an_untrusted_origin,
    given(
        "
        /app/exe    elf needed=liba.so mode=4755
        /e/liba.so  elf
        "
    )
    .run("LD_LIBRARY_PATH=/e user=12345:12345 /app/exe", NOT_FOUND),
    given(
        "
        /app/exe          elf needed=liba.so runpath=$ORIGIN/lib mode=4755
        /app/lib/liba.so  elf
        "
    )
    .run("user=12345:12345 /app/exe", NOT_FOUND),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x mode=4755
        /x/liba.so  elf
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e user=12345:12345 /app/exe",
        found("/x/liba.so", "runpath")
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x mode=4755 owner=0:0
        /x/liba.so  elf
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        found("/e/liba.so", "LD_LIBRARY_PATH")
    ),
);
