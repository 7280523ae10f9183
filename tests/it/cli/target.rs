//! The target: where it is, and how programs are started in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Ran, SMALL, inside, root, run, subjects};
use crate::support::imgldd::{binary, fed};

/// What a search that was cut off did not find may be there.
#[test]
fn where_the_limit_of_places_is_reached_nothing_is_said_to_be_missing() {
    let root =
        root("/app/exe elf needed=liba.so,libb.so\n/usr/lib/liba.so elf\n/usr/lib/libb.so elf");
    inside(&root, &["/app/exe"]).exits(0);
    let ran = inside(&root, &["-o", "json", "--max-probes", "1", "/app/exe"]).exits(2);
    let report = ran.json();
    assert_eq!(report["subjects"][0]["verdict"], "unknown");
    assert_eq!(report["subjects"][0]["findings"], serde_json::json!([]));
}

#[test]
fn a_tree_ends_where_the_program_is_needed_by_its_own_library() {
    let root = root(
        "
        /app/exe      elf library needed=liba.so runpath=/app
        /app/liba.so  elf needed=exe runpath=/app
        ",
    );
    inside(&root, &["-o", "tree", "/app/exe"])
        .prints("└── liba.so => /app/liba.so [runpath]\n    └── exe => /app/exe [runpath]\n")
        .prints_not("        └──");
}

/// A gate with a mistyped pattern must not pass.
#[test]
fn nothing_that_is_selected_is_exit_2() {
    let root = root(SMALL);
    let none = ["--all", "--include", "nothing*"];
    let ran = inside(&root, &none).exits(2);
    let ran = ran.complains("no program, library or script is left by --include");
    ran.prints("unknown: 0 checked");
    inside(&root, &["--all", "--exclude", "*"]).exits(2);
    inside(&root, &["--all", "--include", "good"]).exits(0);
}

/// Nor must what has nothing to check at all.
#[test]
fn a_target_without_a_program_is_exit_2() {
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("x"), "no program").unwrap();
    let all = |words: &[&OsStr]| run(&[&[OsStr::new("--all")], words].concat());
    for option in ["--root", "--image"] {
        let ran = all(&[OsStr::new(option), empty.path().as_os_str()]).exits(2);
        ran.complains("there is no program, library or script in it")
            .prints("unknown: 0 checked");
    }
    all(&[OsStr::new("--image"), OsStr::new("scratch")]).exits(2);
    // What is named is checked.
    let named = [
        OsStr::new("--root"),
        empty.path().as_os_str(),
        OsStr::new("/x"),
    ];
    all(&named).exits(1).prints("broken: 1 checked");
}

#[test]
fn a_working_directory_that_is_a_file_is_exit_2() {
    let root = root(SMALL);
    inside(&root, &["--workdir", "/app/good", "/app/good"])
        .exits(2)
        .complains("`/app/good`: the working directory is no directory in the target");
    inside(&root, &["--workdir", "/app", "./good"]).exits(0);
}

/// As an engine asks `/etc/passwd` and `/etc/group`; a group that is named is the only one.
#[test]
fn the_targets_files_tell_the_groups_of_a_user() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: owners need root");
        return;
    }
    let root = root(
        "
        /etc/passwd  text 'u:x:4711:4712::/:/bin/sh\\n'
        /etc/group   text 'a:x:4713:u\\n'
        /own         dir mode=0710 owner=0:4712
        /own/app     elf static
        /more        dir mode=0710 owner=0:4713
        /more/app    elf static
        ",
    );
    for path in ["/own/app", "/more/app"] {
        inside(&root, &["--user", "4711", path]).exits(0);
        inside(&root, &["--user", "4711:1", path]).exits(1);
    }
}

#[test]
fn what_a_list_of_libraries_does_not_tell_is_told_beside_it() {
    let root = root(SMALL);
    for format in ["ldd", "list"] {
        let ran = inside(&root, &["-o", format, "/app/nosuch"]).exits(1);
        let ran = ran.complains("error[entrypoint-missing]: `/app/nosuch` is not in this target");
        assert_eq!(ran.stdout, "");
    }
    let silent: [&[&str]; 3] = [
        &["-o", "table", "/app/nosuch"],
        &["-q", "-o", "ldd", "/app/nosuch"],
        &["-q", "-o", "list", "/app/bad"],
    ];
    for words in silent {
        assert_eq!(inside(&root, words).exits(1).stderr, "", "{words:?}");
    }
    // ldd's lines have the libraries that are missing.
    let ran = inside(&root, &["-o", "ldd", "/app/bad"]).exits(1);
    assert_eq!(ran.prints("libq.so => not found").stderr, "");
    inside(&root, &["-o", "list", "/app/bad"]).complains("error[needed-missing]");
}

/// Where nobody follows any more the end may be good or bad: `/bin/s10` asks for a program
/// that is not there.
#[test]
fn a_long_way_through_env_is_exit_2() {
    let mut fixture = "/usr/bin/env elf static\n".to_owned();
    for number in 0..11 {
        let next = number + 1;
        fixture += &format!("/bin/s{number} script '#!/usr/bin/env s{next}\\n'\n");
    }
    let root = root(&fixture);
    inside(&root, &["/bin/s0"])
        .exits(2)
        .complains("whether it starts is not known");
    inside(&root, &["/bin/s5"]).exits(1);
    // What was asked for before makes no difference.
    inside(&root, &["/bin/s5", "/bin/s0"]).exits(2);
}

#[test]
fn the_text_of_a_login_shell_is_no_option() {
    run(&["explain", "-bash: ./app: No such file or directory"])
        .exits(0)
        .prints("No such file or directory");
    run(&["explain", "-x"]).exits(2);
}

#[test]
fn a_circle_of_links_and_a_byte_order_mark_are_called_so() {
    let root = root("/app/loop link loop\n/app/bom script '\\xef\\xbb\\xbf#!/bin/sh\\n'");
    inside(&root, &["/app/loop"])
        .exits(1)
        .prints("`/app/loop` is a link that leads round in a circle\n")
        .prints("= /app/loop: too many levels of symbolic links\n");
    inside(&root, &["/app/bom"])
        .exits(1)
        .prints("a byte order mark stands before it\n")
        .prints("sed -i '1s/^\\xef\\xbb\\xbf//' bom\n");
}

/// A fix keeps what the environment has already.
#[test]
fn a_directory_is_put_before_those_of_the_list_that_is_there() {
    let root = root("/app/exe elf needed=liba.so.1\n/opt/x/liba.so.1 elf");
    inside(&root, &["--env", "LD_LIBRARY_PATH=/opt/y", "/app/exe"])
        .exits(1)
        .prints("ENV LD_LIBRARY_PATH=/opt/x${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n");
    inside(&root, &["/app/exe"])
        .exits(1)
        .prints("ENV LD_LIBRARY_PATH=/opt/x\n")
        .prints("patchelf --add-rpath /opt/x /app/exe\n");
}

#[test]
fn a_file_as_root_is_told_to_be_one() {
    let root = root(SMALL);
    let file = root.host(b"/app/good");
    run(&["--root", file.to_str().unwrap(), "/app/good"])
        .exits(2)
        .complains("--root wants a directory");
}

#[test]
fn what_is_wrong_with_an_image_names_the_image() {
    let root = root(SMALL);
    let text = root.host(b"/text");
    let text = text.to_str().unwrap();
    fs::write(text, "FROM scratch\n".repeat(100)).unwrap();
    let wanted = format!("imgldd: `{text}`: not a tar archive");
    run(&["-i", text]).exits(2).complains(&wanted);
    fs::write(text, "FROM scratch\n").unwrap();
    run(&["-i", text]).exits(2).complains(&wanted);
    run(&["-i", "scratch", "--layer", "5", "/app"])
        .exits(2)
        .complains("`scratch`: there is no layer 5");
    run(&["--donor", text, "-i", "scratch", "/app"])
        .exits(2)
        .complains(&wanted);
    fs::write(text, b"\xfd7zXZ\0\0").unwrap();
    run(&[text]).exits(2).complains("compressed with xz");
    let gone = root.host(b"/gone.tar");
    let gone = gone.to_str().unwrap();
    run(&["-i", gone, "-i", "scratch", "/app"])
        .exits(2)
        .complains(&format!("imgldd: `{gone}`: no such file"));
}

#[test]
fn copied_programs_are_checked_as_the_target_would_start_them() {
    let build = root("/out/app elf needed=libc.so.6");
    let image = root("loader musl\n/bin/sh elf static");
    let app = build.host(b"/out/app");
    let ran = inside(&image, &["--copy", app.to_str().unwrap(), "-o", "json"]).exits(1);
    let report = ran.json();
    let subject = &report["subjects"][0];
    assert_eq!(subject["path"], "/app");
    assert_eq!(subject["role"], "copied");
    assert_eq!(subject["outcome"]["errno"], "ENOENT");
    assert!(
        subject["findings"][0]["code"].as_str().is_some_and(|code| [
            "glibc-on-musl",
            "interpreter-missing"
        ]
        .contains(&code)),
        "{subject:#}"
    );
    assert!(
        !image.host(b"/app").exists(),
        "the target is never written to"
    );
}

#[test]
fn a_copy_may_name_its_destination() {
    let build = root("/out/app elf needed=libq.so runpath=$ORIGIN\n/out/lib/libq.so elf");
    let image = root("/bin/sh elf static");
    let copy = |destination: &str| format!("{}:{destination}", build.host(b"/out/app").display());
    let ran = inside(&image, &["--copy", &copy("/srv/"), "-o", "json"]).exits(1);
    assert_eq!(subjects(&ran), ["/srv/app"]);
    let ran = inside(
        &image,
        &["--copy", &copy("/srv/name"), "-o", "json", "/srv/name"],
    )
    .exits(1);
    assert_eq!(subjects(&ran), ["/srv/name"]);
    let library = format!("{}:/usr/lib/", build.host(b"/out/lib").display());
    inside(
        &image,
        &["--copy", &copy("/srv/"), "--copy", &library, "/srv/app"],
    )
    .exits(0)
    .prints("libq.so => /usr/lib/libq.so [default]");
}

#[test]
fn of_what_is_copied_to_one_place_the_last_is_checked_once() {
    let build = root("/out/a elf static\n/out/b elf needed=libq.so\n/out/c elf static");
    let image = root("/bin/sh elf static\n/sbin link bin");
    let copy = |name: &str, destination: &str| {
        let source = build.host(&[b"/out/", name.as_bytes()].concat());
        format!("{}:{destination}", source.display())
    };
    let (a, b, c) = (copy("a", "/x"), copy("b", "/x"), copy("c", "/y"));
    let copies = ["--copy", &*a, "--copy", &*c, "--copy", &*b, "-o", "json"];
    let ran = inside(&image, &copies).exits(1);
    assert_eq!(subjects(&ran), ["/y", "/x"]);
    // By another way to the same place, too.
    let (a, b) = (copy("a", "/bin/x"), copy("b", "/sbin/x"));
    let ran = inside(&image, &["--copy", &*a, "--copy", &*b, "-o", "json"]).exits(1);
    assert_eq!(subjects(&ran), ["/sbin/x"]);
}

#[test]
fn tables_and_trees_of_several_images_say_whose_they_are() {
    let build = root("/out/app elf static");
    let app = build.host(b"/out/app");
    for format in ["table", "tree"] {
        let copy = ["--copy", app.to_str().unwrap(), "-o", format];
        let heading = "scratch  linux/amd64  (no libc)\n";
        let platform = ["--platform", "linux/amd64", "-i", "scratch"];
        let one = run(&[&platform[..], &copy].concat()).exits(0);
        assert!(!one.stdout.contains(heading), "{}", one.stdout);
        let two = run(&[&platform[..], &["-i", "scratch"], &copy].concat()).exits(0);
        let own = format!("{heading}{}", one.stdout);
        assert_eq!(two.stdout, format!("{own}\n{own}"));
    }
}

#[test]
fn a_source_that_is_not_there_is_exit_2() {
    inside(&root(SMALL), &["--copy", "/no/such/source"])
        .exits(2)
        .complains("/no/such/source");
}

#[test]
fn library_path_stands_before_the_targets_own() {
    let root = root("/app/exe elf needed=liba.so\n/e/liba.so elf\n/f/liba.so elf");
    inside(&root, &["--env", "LD_LIBRARY_PATH=/e", "/app/exe"])
        .exits(0)
        .prints("liba.so => /e/liba.so [LD_LIBRARY_PATH]");
    inside(
        &root,
        &["--env", "LD_LIBRARY_PATH=/e", "-L", "/f", "/app/exe"],
    )
    .exits(0)
    .prints("liba.so => /f/liba.so [LD_LIBRARY_PATH]");
    inside(&root, &["--library-path", "/nope:/e", "/app/exe"])
        .exits(0)
        .prints("liba.so => /e/liba.so [LD_LIBRARY_PATH]");
}

#[test]
fn the_user_decides_what_can_be_read() {
    let root = root("/app/exe elf static mode=0700\n/app/open elf static");
    inside(&root, &["--user", "12345", "/app/open"]).exits(0);
    let ran = inside(&root, &["--user", "12345:12345", "-o", "json", "/app/exe"]).exits(1);
    assert_eq!(ran.json()["subjects"][0]["outcome"]["errno"], "EACCES");
}

#[test]
fn allow_missing_forgives_a_name_and_says_so() {
    let root = root(SMALL);
    let ran = inside(
        &root,
        &["--allow-missing", "libq.*", "-o", "json", "/app/bad"],
    )
    .exits(0);
    let report = ran.json();
    let libraries = report["subjects"][0]["libraries"]
        .as_array()
        .unwrap()
        .clone();
    let forgiven = libraries
        .iter()
        .find(|library| library["name"] == "libq.so")
        .unwrap();
    assert_eq!(forgiven["status"], "allowed_missing");
    inside(&root, &["--allow-missing", "libz*", "/app/bad"]).exits(1);
}

/// A layer with nothing but one static program.
fn layer() -> Vec<u8> {
    let root = root("/app/static elf static\n");
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all(".", root.path()).unwrap();
    archive.into_inner().unwrap()
}

/// What a shell makes of `<(docker save app)`, and what it makes of `| imgldd -`.
#[test]
fn an_image_comes_through_any_pipe() {
    for words in [
        &["-i", "/dev/stdin", "/app/static"][..],
        &["-i", "-", "/app/static"],
        &["--all", "-i", "/proc/self/fd/0"],
    ] {
        Ran::of(&fed(binary().args(words), layer())).exits(0);
    }
    // It does not say what it runs.
    Ran::of(&fed(binary().arg("-"), layer()))
        .exits(2)
        .complains("a layer by itself does not say what it runs");
    Ran::of(&fed(binary().args(["-i", "/dev/stdin", "/x"]), Vec::new()))
        .exits(2)
        .complains("there is nothing in it");
}

#[test]
fn systems_but_linux_are_exit_2() {
    inside(&root(SMALL), &["--platform", "windows/amd64", "/app/good"])
        .exits(2)
        .complains("`windows`: only Linux is known");
}

/// As `export IMGLDD_ROOT=` and what CI systems make of a variable without a value.
#[test]
fn a_root_of_the_environment_stands_behind_the_options_and_empty_it_is_none() {
    let root = root(SMALL);
    let with = |value: &OsStr, words: &[&str]| {
        Ran::of(
            &binary()
                .env("IMGLDD_ROOT", value)
                .args(words)
                .output()
                .unwrap(),
        )
    };
    with(root.path().as_os_str(), &["/app/good"]).exits(0);
    with(root.path().as_os_str(), &["-i", "scratch", "/app/good"]).exits(1);
    with(
        OsStr::new("/no/such"),
        &["--root", root.path().to_str().unwrap(), "/app/good"],
    )
    .exits(0);
    with(OsStr::new(""), &["explain", "arch-mismatch"]).exits(0);
    with(OsStr::new(""), &["-i", "scratch", "/app/good"]).exits(1);
}

#[test]
fn schema_takes_no_more_words() {
    run(&["schema", "v1"])
        .exits(2)
        .complains("takes no more words");
}

/// The target's root may read what we may not. CI runs the tests as nobody, too.
#[test]
fn what_is_kept_from_us_leaves_the_verdict_open() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: nothing is kept from root");
        return;
    }
    let scene = "
        /app/exe      elf needed=liba.so
        /lib/liba.so  elf
        /etc/ld.so.cache text 'none'
        /etc/ld.so.preload text ''
        /bin/tool     elf static
        ";
    let cases = [
        ("/lib/liba.so", "/app/exe"),
        ("/etc/ld.so.cache", "/app/exe"),
        ("/etc/ld.so.preload", "/app/exe"),
        ("/bin", "tool"),
    ];
    for (kept, file) in cases {
        let root = root(scene);
        let nobody = fs::Permissions::from_mode(0o000);
        let path = root.host(kept.as_bytes());
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, nobody).unwrap();
        let ran = inside(
            &root,
            &["--user", "0", "--env", "PATH=/bin", file, "-o", "json"],
        );
        fs::set_permissions(&path, before).unwrap();
        let report = ran.exits(2).complains("permission denied").json();
        assert_eq!(report["subjects"][0]["verdict"], "unknown", "{kept}");
        assert_eq!(
            report["subjects"][0]["findings"],
            serde_json::json!([]),
            "{kept}"
        );
    }
}
