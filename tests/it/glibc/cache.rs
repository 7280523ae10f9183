//! Cases 62–68: `ld.so.cache` and `ld.so.conf`.

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

/// A library that only the cache leads to, with that cache line.
fn only_cached(cache: &str) -> Given {
    given(format!(
        "/app/exe elf needed=liba.so\n/z/liba.so elf\n/etc/ld.so.cache cache {cache}"
    ))
}

case!(
    case_62_the_loader_reads_the_cache_and_never_the_conf,
    given(
        r"
        /app/exe         elf needed=liba.so
        /z/liba.so       elf
        /etc/ld.so.conf  text '/z\n'
        "
    )
    .run("/app/exe", NOT_FOUND),
    given(
        r"
        /app/exe          elf needed=liba.so
        /z/liba.so        elf
        /etc/ld.so.conf   text '/z\n'
        /etc/ld.so.cache  cache ldconfig liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    given(
        r"
        /app/exe                       elf needed=liba.so
        /z/liba.so                     elf
        /lib/x86_64-linux-gnu/liba.so  elf
        /etc/ld.so.conf                text '/z\n'
        /etc/ld.so.cache               cache ldconfig liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    // Among many names the search must find the right one, digits compared as numbers.
    given(
        r"
        /app/exe          elf needed=liba.so.9,liba.so.10,lib7.so,libz.so.1
        /z/liba.so.9      elf soname=liba.so.9
        /z/liba.so.10     elf soname=liba.so.10
        /z/lib7.so        elf
        /z/libz.so.1      elf soname=libz.so.1
        /z/libunused.so   elf
        /etc/ld.so.conf   text '/z\n'
        /etc/ld.so.cache  cache ldconfig liba.so.9=>/z/liba.so.9 liba.so.10=>/z/liba.so.10 lib7.so=>/z/lib7.so libz.so.1=>/z/libz.so.1 libunused.so=>/z/libunused.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so.9 => /z/liba.so.9 [ld.so.cache]
        ├── liba.so.10 => /z/liba.so.10 [ld.so.cache]
        ├── lib7.so => /z/lib7.so [ld.so.cache]
        └── libz.so.1 => /z/libz.so.1 [ld.so.cache]
        starts
        "
    ),
    given(
        r"
        /app/exe                           elf needed=liba.so
        /z/liba.so                         elf
        /z/glibc-hwcaps/x86-64-v2/liba.so  elf
        /etc/ld.so.conf                    text '/z\n'
        /etc/ld.so.cache                   cache ldconfig liba.so=>/z/glibc-hwcaps/x86-64-v2/liba.so@x86-64-v2 liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/z/glibc-hwcaps/x86-64-v2/liba.so", "ld.so.cache")),
);

case!(
    case_63_a_stale_entry_leads_on_to_the_default_directories,
    given(
        "
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf
        /etc/ld.so.cache  cache liba.so=>/gone/liba.so
        "
    )
    .run("/app/exe", found("/usr/lib/liba.so", "default")),
    given(
        "
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf
        /z/liba.so        elf aarch64
        /etc/ld.so.cache  cache liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/usr/lib/liba.so", "default")),
    given(
        r"
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf
        /z/liba.so        text 'junk'
        /etc/ld.so.cache  cache liba.so=>/z/liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /z/liba.so unusable
        └── liba.so => /usr/lib/liba.so [default]
        exit 127: /app/exe: error while loading shared libraries: /z/liba.so: file too short
        "
    ),
    // Once chosen, the entry for better processors is not given up for the plain one.
    given(
        "
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf
        /z/liba.so        elf
        /etc/ld.so.cache  cache liba.so=>/z/glibc-hwcaps/x86-64-v2/liba.so@x86-64-v2 liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/usr/lib/liba.so", "default")),
    given(
        "
        /app/exe          elf needed=liba.so
        /z/liba.so        elf
        /etc/ld.so.cache  cache liba.so=>/z/liba.so@flags:0x0a03
        "
    )
    .run("/app/exe", NOT_FOUND),
);

case!(
    case_64_a_damaged_cache_is_no_cache,
    only_cached("truncate=60 liba.so=>/z/liba.so").run("/app/exe", NOT_FOUND),
    only_cached("truncate=20 liba.so=>/z/liba.so").run("/app/exe", NOT_FOUND),
    only_cached("truncate=0 liba.so=>/z/liba.so").run("/app/exe", NOT_FOUND),
    only_cached("garbage").run("/app/exe", NOT_FOUND),
    only_cached("endian=big liba.so=>/z/liba.so").run("/app/exe", NOT_FOUND),
    only_cached("endian=invalid liba.so=>/z/liba.so").run("/app/exe", NOT_FOUND),
    only_cached("endian=unset liba.so=>/z/liba.so")
        .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    only_cached("old liba.so=>/z/liba.so").run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    only_cached("compat liba.so=>/z/liba.so").run("/app/exe", found("/z/liba.so", "ld.so.cache")),
);

case!(
    case_65_nodeflib_refuses_the_default_directories_in_the_cache_too,
    given(
        "
        /app/exe          elf needed=liba.so flags_1=nodeflib
        /usr/lib/liba.so  elf
        /etc/ld.so.cache  cache liba.so=>/usr/lib/liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => not found
        exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file
        "
    ),
    // Without a cache the last thing that failed is the opening of the cache itself.
    given(
        "
        /app/exe          elf needed=liba.so flags_1=nodeflib
        /usr/lib/liba.so  elf
        "
    )
    .run("/app/exe", NOT_FOUND),
    given(
        "
        /app/exe          elf needed=liba.so flags_1=nodeflib
        /z/liba.so        elf
        /etc/ld.so.cache  cache liba.so=>/z/liba.so
        "
    )
    .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
);

case!(
    case_68_a_library_put_into_a_default_directory_later_is_found,
    given(
        "
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf
        /z/libb.so        elf
        /etc/ld.so.cache  cache libb.so=>/z/libb.so
        "
    )
    .run("/app/exe", found("/usr/lib/liba.so", "default")),
);

/// A program whose library lies where only an entry of the old kind leads.
fn cached_as(release: &str, folder: &str, bits: &str) -> Given {
    given(format!(
        "
        loader glibc {release}
        /app/exe          elf needed=liba.so
        /z/{folder}/liba.so  elf
        /z/liba.so        elf
        /etc/ld.so.cache  cache liba.so=>/z/{folder}/liba.so@legacy:{bits} liba.so=>/z/liba.so
        "
    ))
}

// Up to 2.36 entries may have bits of the kernel's capabilities, of platforms and of `tls`
// (`elf/dl-cache.c:search_cache`).
case!(
    case_65b_entries_with_old_capabilities_count_up_to_2_36,
    cached_as("2.36", "tls", "0x8000000000000000")
        .run("/app/exe", found("/z/tls/liba.so", "ld.so.cache")),
    cached_as("2.31", "tls", "0x8000000000000000")
        .run("/app/exe", found("/z/tls/liba.so", "ld.so.cache")),
    cached_as("2.31", "tls/x86_64", "0x8000000000000002")
        .run("/app/exe", found("/z/tls/x86_64/liba.so", "ld.so.cache")),
    cached_as("2.36", "x86_64", "0x2").run("/app/exe", found("/z/x86_64/liba.so", "ld.so.cache")),
    // A platform that no ordinary machine has, and a capability of another machine.
    cached_as("2.36", "xeon_phi", "0x8000000000000")
        .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    cached_as("2.36", "sse2", "0x1").run("/app/exe", found("/z/liba.so", "ld.so.cache")),
    cached_as("2.41", "tls", "0x8000000000000000")
        .run("/app/exe", found("/z/liba.so", "ld.so.cache")),
);
