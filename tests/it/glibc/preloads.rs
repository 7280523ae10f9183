//! Cases 113–116: preloads and auditors.

use crate::support::case::{case, given};

case!(
    case_113_where_rights_grew_a_bare_preload_must_be_setuid_and_the_cache_is_not_asked,
    given(
        "
        /app/exe         elf mode=4755 owner=0:0
        /lib/libp.so     elf
        /lib/libs.so     elf mode=4755 owner=0:0
        "
    )
    .run(
        "LD_PRELOAD=libp.so user=12345:12345 /app/exe",
        "starts, saying ERROR: ld.so: object 'libp.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
    )
    .run("LD_PRELOAD=libs.so user=12345:12345 /app/exe", "/app/exe\n└── libs.so => /lib/libs.so [preload]\nstarts")
    .run("LD_PRELOAD=/lib/libp.so user=12345:12345 /app/exe", "starts")
    .run("LD_PRELOAD=libp.so /app/exe", "starts"),
    given(
        "
        /app/exe          elf mode=4755 owner=0:0
        /c/libs.so        elf mode=4755 owner=0:0
        /etc/ld.so.cache  cache libs.so=>/c/libs.so
        "
    )
    .run(
        "LD_PRELOAD=libs.so user=12345:12345 /app/exe",
        "starts, saying ERROR: ld.so: object 'libs.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
    )
    .run("LD_PRELOAD=libs.so /app/exe", "starts"),
    // The lists of the program count, and so does the bit there.
    given(
        "
        /app/exe    elf mode=4755 owner=0:0 rpath=/x
        /x/libs.so  elf mode=4755 owner=0:0
        /x/libp.so  elf
        "
    )
    .run(
        "LD_PRELOAD=libs.so:libp.so user=12345:12345 /app/exe",
        "starts, saying ERROR: ld.so: object 'libp.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
    ),
    // The file may name paths.
    given(
        "
        /app/exe            elf mode=4755 owner=0:0
        /lib/libp.so        elf
        /etc/ld.so.preload  text '/lib/libp.so\\n'
        "
    )
    .run("user=12345:12345 /app/exe", "/app/exe\n└── /lib/libp.so => /lib/libp.so [preload]\nstarts"),
    given(
        "
        /app/exe            elf mode=4755 owner=0:0
        /lib/libp.so        elf
        /etc/ld.so.preload  text 'libp.so\\n'
        "
    )
    .run(
        "user=12345:12345 /app/exe",
        "starts, saying ERROR: ld.so: object 'libp.so' from /etc/ld.so.preload cannot be preloaded (cannot open shared object file): ignored."
    ),
);

/// A name of so many bytes, as the value of `variable` and in what the loader says of it.
fn long(variable: &str, length: usize) -> (String, String) {
    let name = "p".repeat(length);
    let said = format!(
        "starts, saying ERROR: ld.so: object '{name}' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
    );
    (format!("{variable}={name}"), said)
}

case!(
    case_113b_a_preload_of_too_long_a_name_is_passed_over_without_a_word,
    given("/app/exe elf mode=4755 owner=0:0")
        .run(
            format!("{} user=12345:12345 /app/exe", long("LD_PRELOAD", 254).0),
            long("", 254).1
        )
        .run(
            format!("{} user=12345:12345 /app/exe", long("LD_PRELOAD", 255).0),
            "starts"
        )
        .run(
            format!("{} /app/exe", long("LD_PRELOAD", 4095).0),
            long("", 4095).1
        )
        .run(format!("{} /app/exe", long("LD_PRELOAD", 4096).0), "starts")
        .run(format!("{} /app/exe", long("LD_AUDIT", 255).0), "starts"),
);

case!(
    case_114_a_preload_whose_token_has_no_value_cannot_be_opened,
    given("/app/exe elf\n/app/libp.so elf")
        .run(
            "no-proc LD_PRELOAD=$ORIGIN/libp.so /app/exe",
            "starts, saying ERROR: ld.so: object '$ORIGIN/libp.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
        )
        .run("LD_PRELOAD=$ORIGIN/libp.so /app/exe", "starts")
        .run("no-proc LD_ORIGIN_PATH=/app LD_PRELOAD=$ORIGIN/libp.so /app/exe", "starts"),
);

case!(
    case_115_of_two_comments_in_the_file_of_preloads_the_second_may_be_none,
    given(
        "
        /app/exe            elf
        /lib/libp.so        elf
        /etc/ld.so.preload  text '#c1\\n/lib/libp.so #c2\\n'
        "
    )
    .run(
        "/app/exe",
        "starts, saying ERROR: ld.so: object 'c2' from /etc/ld.so.preload cannot be preloaded (cannot open shared object file): ignored."
    ),
    given(
        "
        /app/exe            elf
        /lib/libp.so        elf
        /etc/ld.so.preload  text '/lib/libp.so #c1\\n'
        "
    )
    .run("/app/exe", "starts"),
);

case!(
    case_116_what_is_no_auditor_is_ignored_with_a_word,
    given("/app/exe elf runpath=/x\n/x/libp.so elf\n/x/liba.so elf defines=la_version")
        .run(
            "LD_AUDIT=/x/libp.so /app/exe",
            "starts, saying ERROR: ld.so: object '/x/libp.so' cannot be loaded as audit interface: undefined symbol: la_version; ignored."
        )
        .run(
            "LD_AUDIT=libp.so:gone.so /app/exe",
            "
            starts, saying ERROR: ld.so: object 'libp.so' cannot be loaded as audit interface: undefined symbol: la_version; ignored.
            | ERROR: ld.so: object 'gone.so' cannot be loaded as audit interface: cannot open shared object file; ignored.
            "
        ),
    // The runpath of the program counts from 2.35.
    given("loader glibc 2.31\n/app/exe elf runpath=/x\n/x/libp.so elf").run(
        "LD_AUDIT=libp.so /app/exe",
        "starts, saying ERROR: ld.so: object 'libp.so' cannot be loaded as audit interface: cannot open shared object file; ignored."
    ),
);

case!(
    case_116b_auditors_of_the_program_count_from_2_32,
    given("/app/exe elf audit=gone.so depaudit=/gone/too.so:x.so").run(
        "LD_AUDIT=first.so /app/exe",
        "
        starts, saying ERROR: ld.so: object 'first.so' cannot be loaded as audit interface: cannot open shared object file; ignored.
        | ERROR: ld.so: object 'gone.so' cannot be loaded as audit interface: cannot open shared object file; ignored.
        | ERROR: ld.so: object '/gone/too.so' cannot be loaded as audit interface: cannot open shared object file; ignored.
        | ERROR: ld.so: object 'x.so' cannot be loaded as audit interface: cannot open shared object file; ignored.
        "
    ),
    given("loader glibc 2.41\n/app/exe elf depaudit=gone.so").run(
        "/app/exe",
        "starts, saying ERROR: ld.so: object 'gone.so' cannot be loaded as audit interface: cannot open shared object file; ignored."
    ),
    given("loader glibc 2.31\n/app/exe elf audit=gone.so depaudit=too.so").run("/app/exe", "starts"),
    // Only the program's count.
    given("/app/exe elf needed=liba.so runpath=/x\n/x/liba.so elf audit=gone.so")
        .run("/app/exe", "starts"),
);
