//! `--all`: what it takes, and what it passes over.

use super::{SMALL, inside, root, subjects};

#[test]
fn all_means_every_elf_file_and_every_executable_script() {
    let root = root(SMALL);
    let ran = inside(&root, &["--all", "-o", "json"]).exits(1);
    let mut found = subjects(&ran);
    found.sort();
    let wanted = [
        "/app/bad",
        "/app/good",
        "/app/run.sh",
        "/app/static",
        "/bin/sh",
        "/lib64/ld-linux-x86-64.so.2",
        "/x/liba.so",
        "/x/libb.so",
    ];
    assert_eq!(found, wanted);
}

/// Guile's compiled modules and separate debug information are ELF files in shape alone:
/// only Guile, only debuggers read them.
#[test]
fn data_in_the_shape_of_elf_files_is_nothing_to_start_or_load() {
    let root = root(&format!(
        "{SMALL}
        /guile/libboot.so         elf damage=machine:0
        /app/odd                  elf damage=machine:0
        /app/good.debug           elf damage=debug-only
        /x/.debug/liba.so         elf damage=debug-only
        /usr/lib/debug/good.debug elf needed=libnone.so
        /usr/lib/debug/tool       elf needed=libnone.so
        "
    ));
    let ran = inside(&root, &["--all", "-o", "json"]).exits(1);
    let data = ["/guile/libboot.so", "/app/good.debug", "/x/.debug/liba.so"];
    let found = subjects(&ran);
    for path in data.into_iter().chain(["/usr/lib/debug/good.debug"]) {
        assert!(!found.iter().any(|found| found == path), "{path}");
    }
    // A program for no machine is none that starts, and a directory alone says nothing.
    for path in ["/app/odd", "/usr/lib/debug/tool"] {
        assert!(found.iter().any(|found| found == path), "{path}");
    }
}

#[test]
fn include_and_exclude_choose_among_all() {
    let root = root(SMALL);
    let ran = inside(
        &root,
        &[
            "--all",
            "--include",
            "/app/*",
            "--exclude",
            "/app/bad",
            "-o",
            "json",
        ],
    )
    .exits(0);
    let mut found = subjects(&ran);
    found.sort();
    assert_eq!(found, ["/app/good", "/app/run.sh", "/app/static"]);
}

/// More than one thread takes at once, in folders of all sizes; some are broken, some
/// need what others brought.
#[test]
fn all_says_the_same_on_any_number_of_threads() {
    let mut fixture = SMALL.to_owned();
    for folder in 0..40 {
        for file in 0..=folder % 7 {
            fixture += &match (folder + file) % 5 {
                0 => format!("/f/{folder}/sub/p{file} elf needed=libb.so runpath=/x\n"),
                1 => format!("/f/{folder}/p{file} elf needed=lib{folder}.so\n"),
                2 => format!("/f/{folder}/p{file}.d/s script '#!/bin/{folder}\\n'\n"),
                3 => format!("/f/{folder}/libp{file}.so elf needed=liba.so rpath=$ORIGIN\n"),
                _ => format!("/f/{folder}/p{file}.txt text 'no program'\n"),
            };
        }
    }
    let root = root(&fixture);
    for format in ["text", "json", "list"] {
        let on = |jobs: &str| inside(&root, &["--all", "-o", format, "--jobs", jobs]).exits(1);
        let (one, many) = (on("1"), on("4"));
        assert_eq!(one.stdout, many.stdout, "{format}");
        assert_eq!(one.stderr, many.stderr, "{format}");
        if format == "json" {
            let paths = subjects(&one);
            assert!(paths.len() > 128, "{}", paths.len());
            assert!(paths.is_sorted_by_key(|path| path.replace('/', "\0")));
        }
    }
}
