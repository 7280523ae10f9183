//! Cases 20–32: which lists are searched, in which order, for whom.

use crate::support::case::{Given, case, given};

case!(
    case_20_rpath_of_the_program_reaches_a_grandchild,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libb.so => /x/libb.so [rpath of /app/exe]
        starts
        "
    ),
);

case!(
    case_21_runpath_is_not_inherited,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => not found
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_22_rpath_beside_a_runpath_is_ignored,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x runpath=/y
        /x/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => not found
        exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_23_an_object_with_a_runpath_does_not_use_the_programs_rpath,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libb.so runpath=/y
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libb.so => not found
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_24_the_rpath_chain_passes_through_an_object_with_a_runpath,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libm1.so runpath=/y
        /y/libm1.so elf needed=libb.so
        /x/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libm1.so => /y/libm1.so [runpath]
                └── libb.so => /x/libb.so [rpath of /app/exe]
        starts
        "
    ),
);

case!(
    case_25_rpath_beside_a_runpath_is_not_inherited_either,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libm1.so rpath=/r runpath=/y
        /y/libm1.so elf needed=libb.so
        /r/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libm1.so => /y/libm1.so [runpath]
                └── libb.so => not found
        exit 127: /app/exe: error while loading shared libraries: libb.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_26_rpath_of_a_library_reaches_its_grandchildren,
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf needed=libb.so rpath=/y
        /y/libb.so  elf needed=libc1.so
        /y/libc1.so elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => /y/libb.so [rpath]
                └── libc1.so => /y/libc1.so [rpath of /x/liba.so]
        starts
        "
    ),
);

case!(
    case_27_library_path_stands_between_rpath_and_runpath,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/r
        /r/liba.so  elf
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        "
        /app/exe
        └── liba.so => /r/liba.so [rpath]
        starts
        "
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/u
        /u/liba.so  elf
        /e/liba.so  elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        "
        /app/exe
        └── liba.so => /e/liba.so [LD_LIBRARY_PATH]
        starts
        "
    ),
);

/// `/app/exe` with that search path, started in `/z`, where its library is.
fn in_z(path: &str) -> String {
    format!("/app/exe elf needed=liba.so {path}\n/z/liba.so elf")
}

const HERE: &str = "
    /app/exe
    └── liba.so => liba.so [LABEL]
    starts
    ";

const NOWHERE: &str = "
    /app/exe
    └── liba.so => not found
    exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
    ";

case!(
    case_28_an_empty_list_is_ignored_but_an_empty_element_is_the_working_directory,
    given(in_z("rpath=")).run("workdir=/z /app/exe", NOWHERE),
    given(in_z("runpath=")).run("workdir=/z /app/exe", NOWHERE),
    given(in_z("")).run("LD_LIBRARY_PATH= workdir=/z /app/exe", NOWHERE),
    given(in_z("rpath=:")).run("workdir=/z /app/exe", HERE.replace("LABEL", "rpath")),
    given(in_z("rpath=/q:")).run("workdir=/z /app/exe", HERE.replace("LABEL", "rpath")),
    given(in_z("rpath=/p::/q")).run("workdir=/z /app/exe", HERE.replace("LABEL", "rpath")),
    given(in_z("runpath=:")).run("workdir=/z /app/exe", HERE.replace("LABEL", "runpath")),
    given(in_z("runpath=/q:")).run("workdir=/z /app/exe", HERE.replace("LABEL", "runpath")),
    given(in_z("")).run(
        "LD_LIBRARY_PATH=: workdir=/z /app/exe",
        HERE.replace("LABEL", "LD_LIBRARY_PATH")
    ),
    given(in_z("")).run(
        "LD_LIBRARY_PATH=/p::/q workdir=/z /app/exe",
        HERE.replace("LABEL", "LD_LIBRARY_PATH")
    ),
);

case!(
    case_29_a_semicolon_separates_in_library_path_alone,
    given(
        "
        /app/exe         elf needed=liba.so
        /z/liba.so       elf
        /app/lib/liba.so elf
        "
    )
    .run(
        "LD_LIBRARY_PATH=/q;/z /app/exe",
        "
        /app/exe
        └── liba.so => /z/liba.so [LD_LIBRARY_PATH]
        starts
        "
    )
    .run(
        "LD_LIBRARY_PATH=$ORIGIN/lib /app/exe",
        "
        /app/exe
        └── liba.so => /app/lib/liba.so [LD_LIBRARY_PATH]
        starts
        "
    )
    .run(
        "LD_LIBRARY_PATH=lib workdir=/app /app/exe",
        "
        /app/exe
        └── liba.so => lib/liba.so [LD_LIBRARY_PATH]
        starts
        "
    ),
    given(in_z("'runpath=/q;/z'")).run("/app/exe", NOWHERE),
    given(in_z("runpath=z")).run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => z/liba.so [runpath]
        starts
        "
    ),
);

case!(
    case_30_a_file_among_the_directories_is_passed_over,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/f:/x
        /f          text 'not a folder'
        /x/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
        starts
        "
    ),
);

/// A program of that release whose library is behind a file among the directories.
fn behind_a_file(minor: u32, words: &str) -> Given {
    given(format!(
        "
        loader glibc 2.{minor}
        /app/exe    elf needed=liba.so {words}
        /f          text 'not a folder'
        /x/liba.so  link /f/liba.so
        /y/liba.so  elf
        "
    ))
}

/// The library behind it is found.
fn in_y(label: &str) -> String {
    format!("/app/exe\n└── liba.so => /y/liba.so [{label}]\nstarts")
}

case!(
    case_30b_up_to_2_38_a_file_on_the_way_ends_the_list,
    behind_a_file(31, "runpath=f:/y").run("/app/exe", NOWHERE),
    behind_a_file(36, "runpath=f:/y").run("/app/exe", NOWHERE),
    behind_a_file(41, "runpath=f:/y").run("/app/exe", in_y("runpath")),
    behind_a_file(36, "rpath=f:/y").run("/app/exe", NOWHERE),
    behind_a_file(41, "rpath=f:/y").run("/app/exe", in_y("rpath")),
    behind_a_file(36, "")
        .run("LD_LIBRARY_PATH=f:/y /app/exe", NOWHERE)
        .run("LD_LIBRARY_PATH=/f:/y /app/exe", in_y("LD_LIBRARY_PATH")),
    behind_a_file(36, "runpath=/x:/y").run("/app/exe", NOWHERE),
    behind_a_file(41, "runpath=/x:/y").run("/app/exe", in_y("runpath")),
    // What is no directory at all is never asked about a second time.
    behind_a_file(31, "runpath=/f:/y").run("/app/exe", in_y("runpath")),
    behind_a_file(36, "runpath=/f/g:/y").run("/app/exe", in_y("runpath")),
);

case!(
    case_31_a_dangling_link_is_passed_over_and_an_absolute_one_stays_inside,
    given(
        "
        /app/exe       elf needed=liba.so,libb.so runpath=/x:/y
        /x/liba.so     link /gone/liba.so
        /y/liba.so     elf
        /x/libb.so     link /real/libb.so
        /real/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /y/liba.so [runpath]
        └── libb.so => /x/libb.so [runpath]
        starts
        "
    ),
);

case!(
    case_32_a_link_loop_ends_its_list_and_not_the_search,
    given(
        "
        /app/exe          elf needed=liba.so runpath=/x:/y
        /x/liba.so        link liba.so
        /y/liba.so        elf
        /usr/lib/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /usr/lib/liba.so [default]
        starts
        "
    ),
    given(
        "
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  link liba.so
        /y/liba.so  elf
        "
    )
    .run("/app/exe", NOWHERE),
);
