//! Cases 40–47 and 70: names that search, names that are paths, names that are loaded already.

use crate::support::case::{Given, case, given};

case!(
    case_40_a_needed_path_is_opened_and_never_searched,
    given(
        "
        /app/exe    elf needed=/d/liba.so
        /d/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── /d/liba.so => /d/liba.so [path]
        starts
        "
    ),
    given(
        "
        /app/exe      elf needed=/d/liba.so rpath=/x
        /x/liba.so    elf
        /x/d/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── /d/liba.so => not found
        exit 127: /app/exe: error while loading shared libraries: /d/liba.so: cannot open shared object file: No such file or directory
        "
    ),
    given(
        "
        /app/exe        elf needed=d/liba.so
        /app/d/liba.so  elf
        "
    )
    .run(
        "workdir=/app /app/exe",
        "
        /app/exe
        └── d/liba.so => d/liba.so [path]
        starts
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── d/liba.so => not found
        exit 127: /app/exe: error while loading shared libraries: d/liba.so: cannot open shared object file: No such file or directory
        "
    ),
    given(
        "
        /app/exe        elf needed=$ORIGIN/d/liba.so
        /app/d/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── $ORIGIN/d/liba.so => /app/d/liba.so [path]
        starts
        "
    ),
    given("/app/exe elf needed=$ORIGIN/d/liba.so").run(
        "/app/exe",
        "
        /app/exe
        └── $ORIGIN/d/liba.so => not found
        exit 127: /app/exe: error while loading shared libraries: /app/d/liba.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_41_a_second_name_of_a_loaded_file_is_not_loaded_again,
    given(
        "
        /app/exe    elf needed=liba.so,libb.so rpath=/x
        /x/liba.so  elf
        /x/libb.so  hardlink /x/liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [rpath]
        └── libb.so => /x/liba.so [already loaded]
        starts
        "
    ),
    given(
        "
        /app/exe    elf needed=liba.so,libb.so rpath=/x
        /x/liba.so  elf
        /x/libb.so  link liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [rpath]
        └── libb.so => /x/liba.so [already loaded]
        starts
        "
    ),
);

case!(
    case_42_the_first_load_of_a_name_wins_and_breadth_comes_first,
    given(
        "
        /app/exe    elf needed=liba.so,libb.so runpath=/x
        /x/liba.so  elf needed=libb.so runpath=/y
        /x/libb.so  elf
        /y/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [runpath]
        │   └── libb.so => /x/libb.so [runpath]
        └── libb.so => /x/libb.so [runpath]
        starts
        "
    ),
);

case!(
    case_43_a_soname_loaded_earlier_satisfies_a_name_that_no_file_has,
    given(
        "
        /app/exe    elf needed=liba.so,libz.so rpath=/x
        /x/liba.so  elf soname=libz.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [rpath]
        └── libz.so => /x/liba.so [already loaded]
        starts
        "
    ),
);

case!(
    case_44_a_soname_loaded_later_satisfies_nothing,
    given(
        "
        /app/exe    elf needed=libz.so,liba.so rpath=/x
        /x/liba.so  elf soname=libz.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── libz.so => not found
        └── liba.so => /x/liba.so [rpath]
        exit 127: /app/exe: error while loading shared libraries: libz.so: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_45_a_preload_comes_first_and_its_absence_only_warns,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf
        /p/libq.so  elf soname=liba.so
        "
    )
    .run(
        "LD_PRELOAD=/p/libq.so /app/exe",
        "
        /app/exe
        ├── /p/libq.so => /p/libq.so [preload]
        └── liba.so => /p/libq.so [already loaded]
        starts
        "
    )
    .run(
        "LD_PRELOAD=/nope.so /app/exe",
        "starts, saying ERROR: ld.so: object '/nope.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored."
    )
    .run(
        "LD_AUDIT=/nope.so /app/exe",
        "starts, saying ERROR: ld.so: object '/nope.so' cannot be loaded as audit interface: cannot open shared object file; ignored."
    ),
    given(
        r"
        /app/exe            elf needed=liba.so rpath=/x
        /x/liba.so          elf
        /p/libq.so          elf soname=liba.so
        /etc/ld.so.preload  text '# first of all\n/p/libq.so\n'
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── /p/libq.so => /p/libq.so [preload]
        └── liba.so => /p/libq.so [already loaded]
        starts
        "
    ),
    given(
        r"
        /app/exe            elf
        /etc/ld.so.preload  text '/nope.so\n'
        "
    )
    .run(
        "/app/exe",
        "starts, saying ERROR: ld.so: object '/nope.so' from /etc/ld.so.preload cannot be preloaded (cannot open shared object file): ignored."
    ),
    // A bare name is searched for as the program would search.
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf
        /x/libq.so  elf
        "
    )
    .run(
        "LD_PRELOAD=libq.so /app/exe",
        "
        /app/exe
        ├── libq.so => /x/libq.so [preload]
        └── liba.so => /x/liba.so [rpath]
        starts
        "
    ),
);

case!(
    case_46_the_empty_name_is_the_program_and_the_loader_is_loaded_already,
    given("/app/exe elf needed=").run("/app/exe", "starts"),
    given(
        "
        /app/exe            elf needed=libc.so.6,ld-linux-x86-64.so.2
        /usr/lib/libc.so.6  libc
        "
    )
    .run("/app/exe", "starts"),
    given(
        "
        /app/exe            elf needed=libc.so.6
        /usr/lib/libc.so.6  libc
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── libc.so.6 => /usr/lib/libc.so.6 [default]
            └── ld-linux-x86-64.so.2 => /lib64/ld-linux-x86-64.so.2 [loader]
        starts
        "
    ),
);

case!(
    case_47_a_name_of_an_older_release_needs_its_file,
    given(
        "
        /app/exe                         elf needed=libpthread.so.0,libc.so.6
        /lib/x86_64-linux-gnu/libc.so.6  elf soname=libc.so.6
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── libpthread.so.0 => not found
        └── libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 [default]
        exit 127: /app/exe: error while loading shared libraries: libpthread.so.0: cannot open shared object file: No such file or directory
        "
    ),
);

case!(
    case_70_an_absent_auxiliary_is_ignored_an_absent_filter_is_fatal_and_circles_are_fine,
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf auxiliary=libaux.so
        "
    )
    .run("/app/exe", "starts"),
    given(
        "
        /app/exe      elf needed=liba.so rpath=/x
        /x/liba.so    elf auxiliary=libaux.so
        /x/libaux.so  elf
        "
    )
    .run("/app/exe", "starts"),
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf filter=libfil.so
        "
    )
    .run(
        "/app/exe",
        "exit 127: /app/exe: error while loading shared libraries: libfil.so: cannot open shared object file: No such file or directory"
    ),
    given(
        "
        /app/exe      elf needed=liba.so rpath=/x
        /x/liba.so    elf filter=libfil.so
        /x/libfil.so  elf
        "
    )
    .run("/app/exe", "starts"),
    given(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf needed=liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [rpath]
            └── libb.so => /x/libb.so [rpath of /app/exe]
                └── liba.so => /x/liba.so [rpath]
        starts
        "
    ),
);

// The loader is never compared by its file (`elf/dl-load.c:_dl_map_new_object`): under a
// name that is neither PT_INTERP nor its soname it is mapped again.
case!(
    case_47b_the_loader_under_another_name_is_loaded_twice,
    given(
        "
        /app/exe                     elf needed=ld-lsb-x86-64.so.3,libc.so.6
        /lib/libc.so.6               libc
        /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
        /lib/ld-lsb-x86-64.so.3      link /lib64/ld-linux-x86-64.so.2
        "
    )
    .run("/app/exe", "signal SIGFPE"),
    given(
        "
        /app/exe                     elf needed=libc.so.6
        /lib/libc.so.6               libc
        /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
        /lib/ld-lsb-x86-64.so.3      link /lib64/ld-linux-x86-64.so.2
        "
    )
    .run("LD_PRELOAD=/lib/ld-lsb-x86-64.so.3 /app/exe", "signal SIGFPE")
    .run("LD_PRELOAD=/lib64/ld-linux-x86-64.so.2 /app/exe", "starts"),
    // The text of PT_INTERP is a name of its, a link too.
    given(
        "
        /app/exe                     elf needed=/lib/ld-lsb-x86-64.so.3,libc.so.6 interp=/lib/ld-lsb-x86-64.so.3
        /lib/libc.so.6               libc
        /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
        /lib/ld-lsb-x86-64.so.3      link /lib64/ld-linux-x86-64.so.2
        "
    )
    .run("/app/exe", "starts"),
    // Behind the loader the copy is asked for nothing.
    given(
        "
        /app/exe                     elf needed=libc.so.6,liba.so
        /lib/liba.so                 elf needed=ld-lsb-x86-64.so.3
        /lib/libc.so.6               libc
        /lib64/ld-linux-x86-64.so.2  loader glibc 2.36
        /lib/ld-lsb-x86-64.so.3      link /lib64/ld-linux-x86-64.so.2
        "
    )
    .run("/app/exe", "starts"),
);

/// A program that needs these, with its C library.
fn needs(names: &str) -> Given {
    given(format!(
        "
        /app/exe        elf needed={names}
        /lib/libn.so    elf
        /lib/libc.so.6  libc
        "
    ))
}

/// What the loader says where it is not where it should be.
const TRIPS: &str = "exit 127: Inconsistency detected by ld.so: rtld.c: 2060: dl_main: Assertion `GL(dl_rtld_map).l_prev->l_next == GL(dl_rtld_map).l_next' failed!";

// The kernel's own object is in the link map under its soname (`elf/setup-vdso.h:setup_vdso`),
// between the program and the rest; `elf/rtld.c:dl_main` counts on that.
case!(
    case_43b_the_kernels_own_object_is_there_and_must_not_stand_beside_the_loader,
    needs("linux-vdso.so.1,libc.so.6").run("/app/exe", "starts"),
    needs("libn.so,linux-vdso.so.1,libc.so.6").run("/app/exe", "starts"),
    needs("libc.so.6,linux-vdso.so.1").run("/app/exe", TRIPS),
    needs("libn.so,linux-vdso.so.1,ld-linux-x86-64.so.2,libc.so.6").run("/app/exe", TRIPS),
    needs("libn.so,ld-linux-x86-64.so.2,linux-vdso.so.1,libc.so.6").run("/app/exe", TRIPS),
    needs("linux-vdso.so.1,ld-linux-x86-64.so.2,libc.so.6").run("/app/exe", "starts"),
    needs("ld-linux-x86-64.so.2,linux-vdso.so.1,libc.so.6").run("/app/exe", "starts"),
    needs("libn.so,ld-linux-x86-64.so.2,libc.so.6,linux-vdso.so.1").run("/app/exe", "starts"),
    needs("libc.so.6").run("LD_PRELOAD=linux-vdso.so.1 /app/exe", "starts"),
);
