//! Cases 33–39 and 69: which files are taken, passed over, or the end of it.

use crate::support::case::{Given, case, given};

/// The words before the reason.
const FATAL: &str = "exit 127: /app/exe: error while loading shared libraries: ";

/// A library at `/x` that glibc stops at, though a good one follows in `/y`.
fn stops_at(library: &str, reason: &str) -> Given {
    let tree = "
/app/exe
├── liba.so => /x/liba.so unusable
└── liba.so => /y/liba.so [runpath]
";
    given(format!(
        "/app/exe elf needed=liba.so runpath=/x:/y\n/x/liba.so {library}\n/y/liba.so elf"
    ))
    .run("/app/exe", format!("{tree}{FATAL}{reason}"))
}

case!(
    case_33_a_folder_of_the_librarys_name_is_fatal,
    stops_at("dir", "/x/liba.so: cannot read file data: Error 21"),
    given("/app/exe elf needed=liba.so runpath=/x\n/x/liba.so dir").run(
        "/app/exe",
        format!("/app/exe\n└── liba.so => /x/liba.so unusable\n{FATAL}/x/liba.so: cannot read file data: Error 21")
    ),
);

case!(
    case_34_a_library_of_another_machine_is_passed_over,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf aarch64
        /y/liba.so  elf
        "
    )
    .run("/app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    // Debian's loader looks at the machine before the encoding.
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf s390x
        /y/liba.so  elf
        "
    )
    .run("/app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    given(
        "
        loader glibc 2.31
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf s390x
        /y/liba.so  elf
        "
    )
    .run("/app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    // It reads the machine in its own byte order.
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf damage=data:2,machine:0x3e00
        /y/liba.so  elf
        "
    )
    .run("/app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    given(
        "
        loader glibc 2.36 ppc64le
        /app/exe    elf ppc64le needed=liba.so runpath=/x:/y
        /x/liba.so  elf ppc64
        /y/liba.so  elf ppc64le
        "
    )
    .run("platform=linux/ppc64le /app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf aarch64
        "
    )
    .run(
        "/app/exe",
        format!("/app/exe\n└── liba.so => not found\n{FATAL}liba.so: cannot open shared object file: No such file or directory")
    ),
);

case!(
    case_35_a_library_of_the_other_class_is_passed_over_and_remembered,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf i386
        /y/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf i386
        "
    )
    .run(
        "/app/exe",
        format!("/app/exe\n└── liba.so => not found\n{FATAL}liba.so: wrong ELF class: ELFCLASS32")
    ),
);

case!(
    case_36_a_damaged_header_is_fatal_each_in_its_words,
    stops_at(
        "elf damage=data",
        "/x/liba.so: ELF file data encoding not little-endian"
    ),
    stops_at(
        "elf damage=ident-version",
        "/x/liba.so: ELF file version ident does not match current one"
    ),
    stops_at("elf damage=osabi:9", "/x/liba.so: ELF file OS ABI invalid"),
    stops_at(
        "elf damage=abiversion:1",
        "/x/liba.so: ELF file ABI version invalid"
    ),
    stops_at(
        "elf damage=padding",
        "/x/liba.so: nonzero padding in e_ident"
    ),
    stops_at(
        "elf damage=e_type:1",
        "/x/liba.so: only ET_DYN and ET_EXEC can be loaded"
    ),
    stops_at(
        "elf type=rel",
        "/x/liba.so: only ET_DYN and ET_EXEC can be loaded"
    ),
    stops_at(
        "elf damage=phentsize",
        "/x/liba.so: ELF file's phentsize not the expected size"
    ),
    stops_at(
        "elf damage=e_version",
        "/x/liba.so: ELF file version does not match current one"
    ),
    stops_at("elf damage=magic", "/x/liba.so: invalid ELF header"),
    stops_at("elf damage=empty", "/x/liba.so: file too short"),
    stops_at("elf damage=truncate:63", "/x/liba.so: file too short"),
);

case!(
    case_37_the_gnu_osabi_is_accepted,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf damage=osabi:3
        "
    )
    .run(
        "/app/exe",
        "/app/exe\n└── liba.so => /x/liba.so [runpath]\nstarts"
    ),
);

case!(
    case_38_a_linker_script_is_too_short_or_has_no_header,
    stops_at("text 'INPUT(libq.so)\\n'", "/x/liba.so: file too short"),
    stops_at(
        &format!(
            "text '/* GNU ld script */\\n{}\\n'",
            "GROUP ( /lib/libq.so.1 ) ".repeat(4)
        ),
        "/x/liba.so: invalid ELF header"
    ),
);

case!(
    case_39_an_unreadable_library_is_passed_over_and_the_x_bit_does_not_matter,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf mode=0600
        /y/liba.so  elf mode=0444
        "
    )
    .run("/app/exe", "/app/exe\n└── liba.so => /x/liba.so [runpath]\nstarts")
    .run("user=12345:12345 /app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf mode=0600
        /usr/lib    dir
        "
    )
    .run(
        "user=12345:12345 /app/exe",
        format!("/app/exe\n└── liba.so => not found\n{FATAL}liba.so: cannot open shared object file: No such file or directory")
    ),
    // The last try of all decides the words.
    given(
        "
        /app/exe          elf needed=liba.so
        /usr/lib/liba.so  elf mode=0600
        "
    )
    .run(
        "user=12345:12345 /app/exe",
        format!("/app/exe\n└── liba.so => not found\n{FATAL}liba.so: cannot open shared object file: Permission denied")
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x          dir mode=0700
        /x/liba.so  elf
        /y/liba.so  elf
        "
    )
    .run("user=12345:12345 /app/exe", "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"),
);

case!(
    case_69_a_program_a_debug_file_and_a_cut_file_are_no_libraries,
    stops_at(
        "elf program",
        "liba.so: cannot dynamically load position-independent executable"
    ),
    stops_at("elf static", "liba.so: cannot dynamically load executable"),
    stops_at("elf debug", "liba.so: object file has no dynamic section"),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf damage=truncate:4096
        "
    )
    .run("/app/exe", "signal SIGBUS"),
);

/// A library whose program headers were changed.
fn changed(release: &str, damage: &str) -> Given {
    given(format!(
        "
        loader glibc {release}
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf damage={damage}
        "
    ))
}

/// What the loader says of it.
fn refused(text: &str) -> String {
    format!("exit 127: /app/exe: error while loading shared libraries: liba.so: {text}")
}

// Up to 2.34 the alignment must be whole pages, and address and offset agree in as much as
// it says; since 2.35 they must agree in a page (`elf/dl-load.c:_dl_map_object_from_fd`).
case!(
    case_25b_what_a_segments_alignment_may_be,
    changed("2.36", "load-align:0").run("/app/exe", "starts"),
    changed("2.36", "load-align:16").run("/app/exe", "starts"),
    changed("2.36", "load-align:0xfff").run("/app/exe", "starts"),
    changed("2.36", "load-align:0x200000").run("/app/exe", "starts"),
    changed("2.41", "load-align:0x200000").run("/app/exe", "starts"),
    changed("2.36", "load-align:16,load-offset:16").run(
        "/app/exe",
        refused("ELF load command address/offset not page-aligned")
    ),
    changed("2.31", "load-align:16").run(
        "/app/exe",
        refused("ELF load command alignment not page-aligned")
    ),
    changed("2.31", "load-align:0xfff").run(
        "/app/exe",
        refused("ELF load command alignment not page-aligned")
    ),
    changed("2.31", "load-offset:16").run(
        "/app/exe",
        refused("ELF load command address/offset not properly aligned")
    ),
    // All bits count.
    changed("2.31", "load-align:0,load-offset:4096").run(
        "/app/exe",
        refused("ELF load command address/offset not properly aligned")
    ),
    changed("2.31", "load-align:0x200000,load-offset:4096").run(
        "/app/exe",
        refused("ELF load command address/offset not properly aligned")
    ),
);
