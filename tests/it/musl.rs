//! Cases 76–88: musl's loader, which looks for libraries its own way and checks almost nothing.

use crate::support::case::{Given, Run, case, given};
use crate::support::fixture::Fixture;
use crate::support::imgldd;
use crate::support::realise::{Root, Synthetic};

/// A fixture whose loader is musl's.
fn musl(fixture: &str) -> Given {
    given(format!("loader musl\n{fixture}"))
}

/// The tree of a program that finds its one library there.
fn found(path: &str, label: &str) -> String {
    format!("/app/exe\n└── liba.so => {path} [{label}]\nstarts")
}

/// The tree of a program that does not, and why.
fn not_found(reason: &str) -> String {
    format!(
        "/app/exe\n└── liba.so => not found\nexit 127: Error loading shared library liba.so: {reason} (needed by /app/exe)"
    )
}

case!(
    case_76_rpath_and_runpath_reach_grandchildren_and_library_path_beats_both,
    musl(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        /e/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => /x/libb.so [runpath of /app/exe]
        starts
        "
    )
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => /e/libb.so [LD_LIBRARY_PATH]
        starts
        "
    ),
    musl(
        "
        /app/exe    elf needed=liba.so rpath=/x
        /x/liba.so  elf needed=libb.so
        /x/libb.so  elf
        /e/liba.so  elf needed=libb.so
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
    )
    .run(
        "LD_LIBRARY_PATH=/e /app/exe",
        "
        /app/exe
        └── liba.so => /e/liba.so [LD_LIBRARY_PATH]
            └── libb.so => /x/libb.so [rpath of /app/exe]
        starts
        "
    ),
);

/// A program whose library is in `/lib`, in `/y`, and that has this `.path` line.
fn with_path_file(line: &str) -> Given {
    musl(&format!(
        "/app/exe elf needed=liba.so\n/lib/liba.so elf\n/y/liba.so elf\n/etc/ld-musl-x86_64.path {line}"
    ))
}

case!(
    case_77_the_path_file_replaces_the_default_directories,
    musl(
        "
        /app/exe                elf needed=liba.so,libb.so,libd.so
        /lib/liba.so            elf
        /usr/local/lib/liba.so  elf
        /usr/lib/liba.so        elf
        /usr/local/lib/libb.so  elf
        /usr/lib/libb.so        elf
        /usr/lib/libd.so        elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /lib/liba.so [default]
        ├── libb.so => /usr/local/lib/libb.so [default]
        └── libd.so => /usr/lib/libd.so [default]
        starts
        "
    ),
    with_path_file(r"text '/y\n'").run("/app/exe", found("/y/liba.so", "path file")),
    with_path_file(r"text '/q:/y'").run("/app/exe", found("/y/liba.so", "path file")),
    with_path_file(r"text '/q\n/y\n'").run("/app/exe", found("/y/liba.so", "path file")),
    with_path_file(r"text '/q\n'").run("/app/exe", not_found("No such file or directory")),
    with_path_file(r"text ' /y\n'").run("/app/exe", not_found("No such file or directory")),
    with_path_file("text ''").run("/app/exe", not_found("No error information")),
    with_path_file("dir").run("/app/exe", not_found("Is a directory")),
    with_path_file("text '/y' mode=0600")
        .run("user=12345:12345 /app/exe", not_found("Permission denied"))
        .run("/app/exe", found("/y/liba.so", "path file")),
    with_path_file("link /gone").run("/app/exe", found("/lib/liba.so", "default")),
);

case!(
    case_78_the_path_file_belongs_to_the_loaders_prefix,
    musl(
        r"
        /app/exe                           elf needed=liba.so interp=/opt/m/lib/ld-musl-x86_64.so.1
        /opt/m/lib/ld-musl-x86_64.so.1     loader musl
        /opt/m/etc/ld-musl-x86_64.path     text '/y\n'
        /etc/ld-musl-x86_64.path           text '/z\n'
        /y/liba.so                         elf
        /z/liba.so                         elf
        "
    )
    .run(
        "interp=/opt/m/lib/ld-musl-x86_64.so.1 /app/exe",
        found("/y/liba.so", "path file")
    ),
);

case!(
    case_79_empty_elements_are_passed_over_and_a_semicolon_separates_nothing,
    musl(
        "
        /app/exe         elf needed=liba.so rpath=:/q::
        /z/liba.so       elf
        "
    )
    .run(
        "workdir=/z /app/exe",
        not_found("No such file or directory")
    )
    .run(
        "LD_LIBRARY_PATH=: workdir=/z /app/exe",
        not_found("No such file or directory")
    )
    .run(
        "LD_LIBRARY_PATH=/q;/z /app/exe",
        not_found("No such file or directory")
    )
    .run(
        "LD_LIBRARY_PATH=/q:/z /app/exe",
        found("/z/liba.so", "LD_LIBRARY_PATH")
    )
    .run(
        "LD_LIBRARY_PATH=z /app/exe",
        found("z/liba.so", "LD_LIBRARY_PATH")
    ),
    musl(
        "
        /app/exe         elf needed=liba.so rpath=lib
        /app/lib/liba.so elf
        "
    )
    .run("workdir=/app /app/exe", found("lib/liba.so", "rpath"))
    .run("/app/exe", not_found("No such file or directory")),
);

/// A program that needs this name, and a file of that name where it would look.
fn reserved(name: &str) -> Given {
    musl(&format!(
        "/app/exe elf needed={name} rpath=/x\n/x/{name} elf"
    ))
}

/// The tree of a program that needs this name, found there.
fn needs(name: &str, path: &str, label: &str) -> String {
    format!("/app/exe\n└── {name} => {path} [{label}]\nstarts")
}

case!(
    case_80_the_names_of_libc_are_musl_itself,
    reserved("libc.so.6").run(
        "/app/exe",
        needs("libc.so.6", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libpthread.so.0").run(
        "/app/exe",
        needs("libpthread.so.0", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libm.so.6").run(
        "/app/exe",
        needs("libm.so.6", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libdl.so.2").run(
        "/app/exe",
        needs("libdl.so.2", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("librt.so.1").run(
        "/app/exe",
        needs("librt.so.1", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libutil.so.1").run(
        "/app/exe",
        needs("libutil.so.1", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libxnet.so").run(
        "/app/exe",
        needs("libxnet.so", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
    reserved("libc.musl-x86_64.so.1").run(
        "/app/exe",
        needs(
            "libc.musl-x86_64.so.1",
            "/lib/ld-musl-x86_64.so.1",
            "loader"
        )
    ),
    reserved("libcrypt.so.1").run(
        "/app/exe",
        needs("libcrypt.so.1", "/x/libcrypt.so.1", "rpath")
    ),
    reserved("libresolv.so.2").run(
        "/app/exe",
        needs("libresolv.so.2", "/x/libresolv.so.2", "rpath")
    ),
    reserved("libcx.so").run("/app/exe", needs("libcx.so", "/x/libcx.so", "rpath")),
    reserved("libm-2.so").run("/app/exe", needs("libm-2.so", "/x/libm-2.so", "rpath")),
    musl("/app/exe elf needed=libc.so.6,libm.so.6,libpthread.so.0,libdl.so.2")
        .run("/app/exe", "starts"),
);

case!(
    case_81_a_dollar_that_is_not_origin_voids_the_whole_rpath,
    musl(
        "
        /app/exe    elf needed=liba.so rpath=/x:$LIB/y
        /x/liba.so  elf
        "
    )
    .run("/app/exe", not_found("No such file or directory")),
    musl(
        "
        /app/exe        elf needed=$ORIGIN/d/liba.so
        /app/d/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── $ORIGIN/d/liba.so => not found
        exit 127: Error loading shared library $ORIGIN/d/liba.so: No such file or directory (needed by /app/exe)
        "
    ),
);

case!(
    case_82_origin_is_the_programs_real_folder_and_the_librarys_found_one,
    musl(
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
        exit 127: Error loading shared library liba.so: No such file or directory (needed by /opt/app/exe)
        "
    ),
    musl(
        "
        /app/exe       elf needed=liba.so runpath=/x
        /x/liba.so     link /real/liba.so
        /real/liba.so  elf needed=libb.so runpath=${ORIGIN}/.
        /x/libb.so     elf
        /real/libb.so  elf
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── liba.so => /x/liba.so [runpath]
            └── libb.so => /x/./libb.so [runpath]
        starts
        "
    ),
);

/// A library at `/x` of this kind, and a good one in `/y` that musl never comes to.
fn first_file(library: &str) -> Given {
    musl(&format!(
        "/app/exe elf needed=liba.so runpath=/x:/y\n/x/liba.so {library}\n/y/liba.so elf"
    ))
}

/// What musl says of a library that it opened and could not map.
fn unusable(reason: &str) -> String {
    format!(
        "/app/exe\n├── liba.so => /x/liba.so unusable\n└── liba.so => /y/liba.so [runpath]\n\
         exit 127: Error loading shared library liba.so: {reason} (needed by /app/exe)"
    )
}

case!(
    case_83_the_first_file_that_opens_is_final_and_hardly_looked_at,
    first_file("elf damage=magic").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf damage=class:1").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf damage=data").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf damage=machine:aarch64").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf damage=osabi").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf aarch64").run("/app/exe", found("/x/liba.so", "runpath")),
    first_file("elf debug").run("/app/exe", "signal SIGSEGV"),
    first_file("elf i386").run("/app/exe", unusable("Exec format error")),
    first_file("elf type=rel").run("/app/exe", unusable("Exec format error")),
    first_file("text 'INPUT(libq.so)\\n'").run("/app/exe", unusable("Exec format error")),
    first_file("text ''").run("/app/exe", unusable("Exec format error")),
    // What the report shows behind such a file is not what musl says: to it the name
    // is not loaded, and fails again for whoever asks next.
    musl(
        r"
        /app/exe    elf needed=liba.so,libb.so runpath=/x:/y
        /x/liba.so  text 'INPUT(libq.so)\n'
        /y/liba.so  elf needed=libq.so
        /x/libb.so  elf needed=liba.so
        "
    )
    .run(
        "/app/exe",
        "
        exit 127: Error loading shared library liba.so: Exec format error (needed by /app/exe)
        | Error loading shared library liba.so: Exec format error (needed by /x/libb.so)
        "
    ),
);

case!(
    case_84_a_folder_is_fatal_a_loop_ends_the_search_and_the_rest_is_passed_over,
    first_file("dir").run("/app/exe", unusable("Is a directory")),
    first_file("link /gone").run("/app/exe", found("/y/liba.so", "runpath")),
    musl(
        "
        /app/exe      elf needed=liba.so runpath=/x:/y
        /x/liba.so    link liba.so
        /y/liba.so    elf
        /lib/liba.so  elf
        "
    )
    .run("/app/exe", not_found("Symbolic link loop")),
    first_file("elf mode=0600")
        .run("user=12345:12345 /app/exe", found("/y/liba.so", "runpath"))
        .run("/app/exe", found("/x/liba.so", "runpath")),
);

case!(
    case_85_sonames_mean_nothing_files_are_known_by_inode_and_all_missing_are_listed,
    musl(
        "
        /app/exe    elf needed=liba.so,libz.so runpath=/x
        /x/liba.so  elf soname=libz.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [runpath]
        └── libz.so => not found
        exit 127: Error loading shared library libz.so: No such file or directory (needed by /app/exe)
        "
    ),
    musl(
        "
        /app/exe    elf needed=liba.so,libb.so,libd.so runpath=/x
        /x/liba.so  elf
        /x/libb.so  hardlink /x/liba.so
        /x/libd.so  link liba.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── liba.so => /x/liba.so [runpath]
        ├── libb.so => /x/liba.so [already loaded]
        └── libd.so => /x/liba.so [already loaded]
        starts
        "
    ),
    musl(
        "
        /app/exe    elf needed=libq1.so,liba.so,libq2.so runpath=/x
        /x/liba.so  elf needed=libq3.so
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        ├── libq1.so => not found
        ├── liba.so => /x/liba.so [runpath]
        │   └── libq3.so => not found
        └── libq2.so => not found
        exit 127: Error loading shared library libq1.so: No such file or directory (needed by /app/exe)
        | Error loading shared library libq2.so: No such file or directory (needed by /app/exe)
        | Error loading shared library libq3.so: No such file or directory (needed by /x/liba.so)
        "
    ),
);

case!(
    case_87_another_libc_is_dropped_for_musl_itself,
    musl(
        "
        /app/exe                         elf needed=/lib/x86_64-linux-gnu/libc.so.6
        /lib/x86_64-linux-gnu/libc.so.6  elf soname=libc.so.6 defines=__libc_start_main,stdin
        "
    )
    .run(
        "/app/exe",
        "
        /app/exe
        └── /lib/x86_64-linux-gnu/libc.so.6 => /lib/ld-musl-x86_64.so.1 [loader]
        starts
        "
    ),
    musl(
        "
        /app/exe        elf needed=librenamed.so runpath=/x
        /x/librenamed.so  elf soname=libc.so.6 defines=__libc_start_main,stdin
        "
    )
    .run(
        "/app/exe",
        needs("librenamed.so", "/lib/ld-musl-x86_64.so.1", "loader")
    ),
);

case!(
    case_88_an_absent_preload_is_silent_a_cut_library_is_sigbus_a_program_is_a_library,
    musl(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf
        "
    )
    .run("LD_PRELOAD=/nope.so /app/exe", "starts"),
    musl(
        "
        /app/exe    elf needed=liba.so runpath=/x
        /x/liba.so  elf
        /p/libq.so  elf
        "
    )
    .run(
        "LD_PRELOAD=/p/libq.so /app/exe",
        "
        /app/exe
        ├── /p/libq.so => /p/libq.so [preload]
        └── liba.so => /x/liba.so [runpath]
        starts
        "
    ),
    first_file("elf damage=truncate:4096").run("/app/exe", "signal SIGBUS"),
    first_file("elf program").run("/app/exe", found("/x/liba.so", "runpath")),
);

case!(
    case_84b_what_musl_does_on_mips_is_told_without_its_symbols,
    given(
        r"
        /app/exe    elf mipsel needed=liba.so runpath=/x interp=/lib/ld-musl-mipsel.so.1
        /x/liba.so  elf mipsel
        /lib/ld-musl-mipsel.so.1  elf mipsel mode=0755 strings='musl libc (mipsel)\x00Dynamic Program Loader\x00/etc/ld-musl-mipsel.path\x00'
        "
    )
    .run(
        "unreal='no such machine here' platform=linux/mipsle /app/exe",
        found("/x/liba.so", "runpath")
    )
    // Asked for them it does not know: there are relocations without entries.
    .run(
        "unreal='no such machine here' platform=linux/mipsle symbols /app/exe",
        "/app/exe\n└── liba.so => /x/liba.so [runpath]\nunknown"
    ),
);

#[test]
fn a_preload_that_stands_for_musl_itself_comes_before_what_is_needed() {
    let fixture = Fixture::parse(
        "
        loader musl
        /app/exe      elf needed=liba.so,libc.so
        /lib/liba.so  elf
        ",
    );
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let order = |run: &str| {
        let prediction = imgldd::predict(root.path(), &Run::parse(run)).unwrap();
        let names = prediction.libraries.iter().map(|library| &*library.name);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("/app/exe"), "liba.so libc.so");
    assert_eq!(order("LD_PRELOAD=libc.so /app/exe"), "libc.so liba.so");
    // As `ld-musl-x86_64.so.1 --list` has it, which lists each of its names.
    assert_eq!(
        order("LD_PRELOAD=liba.so:libm.so /app/exe"),
        "liba.so libm.so"
    );
}
