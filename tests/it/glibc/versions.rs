//! Cases 48–50 and 53: symbol versions, and what looks like a fault of theirs and is none.

use crate::support::case::{Given, case, given};

/// The words before the path of the provider.
const PROGRAM: &str = "/app/exe: ";

case!(
    case_48_a_version_that_is_missing_ends_the_start_with_status_1,
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1,V2
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        format!("/app/exe\n└── libv.so => /x/libv.so [runpath]\nexit 1: {PROGRAM}/x/libv.so: version `V2' not found (required by /app/exe)")
    ),
    // All of them are said, of libraries too, in load order.
    given(
        "
        /app/exe    elf needed=liba.so,libv.so rpath=/x verneed=libv.so:V1,V2,V3
        /x/liba.so  elf soname=liba.so needed=libv.so verneed=libv.so:V4
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        format!(
            "exit 1: {PROGRAM}/x/libv.so: version `V2' not found (required by /app/exe)\n\
             | {PROGRAM}/x/libv.so: version `V3' not found (required by /app/exe)\n\
             | {PROGRAM}/x/libv.so: version `V4' not found (required by /x/liba.so)"
        )
    ),
    // Hashes are compared as the files have them, before names (`elf/dl-version.c:match_symbol`).
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1 damage=version-hash:V1
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        format!("exit 1: {PROGRAM}/x/libv.so: version `V1' not found (required by /app/exe)")
    ),
    // A library that is missing comes first, and is all that is said.
    given(
        "
        /app/exe    elf needed=libv.so,libw.so runpath=/x verneed=libv.so:V2
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        "exit 127: /app/exe: error while loading shared libraries: libw.so: cannot open shared object file: No such file or directory"
    ),
    // A preload of the same soname is the one that is asked.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V2
        /x/libv.so  elf soname=libv.so verdef=V1,V2
        /y/pre.so   elf soname=libv.so verdef=V1
        "
    )
    .run("/app/exe", "starts")
    .run(
        "LD_PRELOAD=/y/pre.so /app/exe",
        format!("exit 1: {PROGRAM}/y/pre.so: version `V2' not found (required by /app/exe)")
    ),
);

case!(
    case_48b_a_version_that_is_there_is_no_fault,
    given(
        "
        /app/exe    elf needed=libv.so,liba.so rpath=/x verneed=libv.so:V1,V2
        /x/liba.so  elf soname=liba.so needed=libv.so verneed=libv.so:V2
        /x/libv.so  elf soname=libv.so verdef=V1,V2,V3
        "
    )
    .run("/app/exe", "starts"),
    // Under a link, and by a path.
    given(
        "
        /app/exe        elf needed=libv.so.1 runpath=/x verneed=libv.so.1:V1
        /x/libv.so.1    link libv.so.1.2.3
        /x/libv.so.1.2.3 elf soname=libv.so.1 verdef=V1
        "
    )
    .run("/app/exe", "starts"),
    // A library of another file name, whose soname was asked for and had.
    given(
        "
        /app/exe    elf needed=/x/other.so,libv.so verneed=libv.so:V1
        /x/other.so elf soname=libv.so verdef=V1
        "
    )
    .run("/app/exe", "starts"),
    // The soname differs from the name that was asked for: the name counts.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1
        /x/libv.so  elf soname=libelse.so verdef=V1
        "
    )
    .run("/app/exe", "starts"),
);

case!(
    case_48c_versions_of_a_file_that_nobody_asked_for_fail_an_assertion,
    given(
        "
        loader glibc 2.36
        /app/exe    elf needed=libw.so runpath=/x verneed=libv.so:V1
        /x/libw.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        "exit 127: Inconsistency detected by ld.so: dl-version.c: 204: _dl_check_map_versions: Assertion `needed != NULL' failed!"
    ),
    // Each release has it on a line of its own.
    given(
        "
        loader glibc 2.31
        /app/exe    elf needed=libw.so runpath=/x verneed=libv.so:V1
        /x/libw.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        "exit 127: Inconsistency detected by ld.so: dl-version.c: 205: _dl_check_map_versions: Assertion `needed != NULL' failed!"
    ),
);

case!(
    case_48d_versions_come_before_symbols,
    // Every imported symbol has an entry in the table of versions, and is of none.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1 wants=f weak=w calls=g
        /x/libv.so  elf soname=libv.so verdef=V1 defines=f,g
        "
    )
    .run("/app/exe", "starts")
    .run("symbols /app/exe", "starts"),
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1 wants=f
        /x/libv.so  elf soname=libv.so verdef=V1 defines=g
        "
    )
    .run(
        "symbols /app/exe",
        "exit 127: /app/exe: symbol lookup error: /app/exe: undefined symbol: f"
    ),
    // Of both faults only the version is said.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1,V2 wants=f
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "symbols /app/exe",
        format!("exit 1: {PROGRAM}/x/libv.so: version `V2' not found (required by /app/exe)")
    ),
    // A library that both needs and defines versions, and wants what another has.
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x verneed=liba.so:A1 wants=f
        /x/liba.so  elf soname=liba.so needed=libv.so verdef=A1 verneed=libv.so:V1 defines=f wants=p
        /x/libv.so  elf soname=libv.so verdef=V1 defines=q
        "
    )
    .run(
        "symbols /app/exe",
        "exit 127: /app/exe: symbol lookup error: /x/liba.so: undefined symbol: p"
    ),
);

case!(
    case_49_a_library_without_versions_is_only_complained_of,
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1,V2
        /x/libv.so  elf soname=libv.so
        "
    )
    .run(
        "/app/exe",
        format!(
            "starts, saying {PROGRAM}/x/libv.so: no version information available (required by /app/exe)\n\
             | {PROGRAM}/x/libv.so: no version information available (required by /app/exe)"
        )
    ),
);

case!(
    case_50_a_weak_need_is_only_complained_of,
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1,V2?
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        format!(
            "starts, saying {PROGRAM}/x/libv.so: weak version `V2' not found (required by /app/exe)"
        )
    ),
    // Both kinds at once: the weak one is said in its place and ends nothing.
    given(
        "
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V2?,V3
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "/app/exe",
        format!(
            "exit 1: {PROGRAM}/x/libv.so: weak version `V2' not found (required by /app/exe)\n\
             | {PROGRAM}/x/libv.so: version `V3' not found (required by /app/exe)"
        )
    ),
);

case!(
    case_53_packed_relocations_want_their_mark,
    // What a libc before 2.36 lacks.
    given(
        "
        /app/exe       elf needed=libc.so.6 runpath=/x relr verneed=libc.so.6:GLIBC_2.2.5,GLIBC_ABI_DT_RELR
        /x/libc.so.6   elf soname=libc.so.6 verdef=GLIBC_2.2.5,GLIBC_2.31
        "
    )
    .run(
        "/app/exe",
        format!("exit 1: {PROGRAM}/x/libc.so.6: version `GLIBC_ABI_DT_RELR' not found (required by /app/exe)")
    ),
    // What a loader since 2.36 refuses.
    given(
        "
        loader glibc 2.36
        /app/exe       elf needed=libc.so.6 runpath=/x relr verneed=libc.so.6:GLIBC_2.2.5
        /x/libc.so.6   elf soname=libc.so.6 verdef=GLIBC_2.2.5
        "
    )
    .run(
        "/app/exe",
        "exit 127: /app/exe: error while loading shared libraries: /app/exe: DT_RELR without GLIBC_ABI_DT_RELR dependency"
    ),
);

#[test]
fn musl_looks_at_no_versions() {
    let case = crate::support::case::Case {
        name: "musl_looks_at_no_versions",
        givens: vec![
            given(
                "
                loader musl
                /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V2
                /x/libv.so  elf soname=libv.so verdef=V1
                ",
            )
            .run("/app/exe", "starts"),
        ],
    };
    case.predicted();
}

/// A program that wants a symbol of the file that should define its version, and does not.
fn without_versions(release: &str, word: &str) -> Given {
    given(format!(
        "
        loader glibc {release}
        /app/exe    elf needed=libv.so runpath=/x verneed=libv.so:V1 {word}=f@V1
        /x/libv.so  elf soname=libv.so defines=f
        "
    ))
}

/// What the loader says of it first, and then.
fn assertion(line: u32) -> String {
    format!(
        "exit 127: {PROGRAM}/x/libv.so: no version information available (required by /app/exe)\n\
         | Inconsistency detected by ld.so: dl-lookup.c: {line}: check_match: Assertion `version->filename == NULL || ! _dl_name_match_p (version->filename, map)' failed!"
    )
}

/// It says so and goes on.
fn on() -> String {
    format!(
        "starts, saying {PROGRAM}/x/libv.so: no version information available (required by /app/exe)"
    )
}

// `elf/dl-lookup.c:check_match`, up to commit bdaf500353; seen with real files of gcc under
// 2.31, 2.36 and 2.41.
case!(
    case_50b_a_versioned_symbol_of_a_file_without_versions_fails_an_assertion_before_2_41,
    without_versions("2.36", "wants").run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        assertion(107)
    ),
    without_versions("2.31", "wants").run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        assertion(111)
    ),
    without_versions("2.36", "weak").run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        assertion(107)
    ),
    // When it is first called, which it may never be.
    without_versions("2.36", "calls").run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        on()
    ),
    without_versions("2.41", "wants").run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        on()
    ),
    // It is of another file than the one that the version names.
    given(
        "
        /app/exe    elf needed=libn.so,libv.so runpath=/x verneed=libv.so:V1 wants=f@V1
        /x/libn.so  elf soname=libn.so defines=f
        /x/libv.so  elf soname=libv.so verdef=V1
        "
    )
    .run(
        "symbols unreal='gcc is not asked for versions' /app/exe",
        "starts"
    ),
);
