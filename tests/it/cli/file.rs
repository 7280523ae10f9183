//! What FILE means.

use std::fs;

use super::{Ran, SMALL, inside, root, subjects};
use crate::support::imgldd::{binary, fed};

#[test]
fn check_is_the_default_command() {
    let root = root(SMALL);
    let plain = inside(&root, &["/app/good"]).exits(0);
    let named = Ran::of(
        &binary()
            .arg("check")
            .arg("--root")
            .arg(root.path())
            .arg("/app/good")
            .output()
            .unwrap(),
    );
    assert_eq!(plain.stdout, named.exits(0).stdout);
}

#[test]
fn a_bare_name_is_looked_up_in_the_targets_path() {
    let root = root(SMALL);
    let ran = inside(&root, &["-o", "json", "sh"]).exits(0);
    assert_eq!(ran.json()["subjects"][0]["real_path"], "/bin/sh");
    let ran = inside(&root, &["--env", "PATH=/app", "-o", "json", "good"]).exits(0);
    assert_eq!(ran.json()["subjects"][0]["real_path"], "/app/good");
}

#[test]
fn a_relative_path_starts_at_the_working_directory() {
    let root = root(SMALL);
    let ran = inside(&root, &["--workdir", "/app", "-o", "json", "./good"]).exits(0);
    assert_eq!(ran.json()["subjects"][0]["real_path"], "/app/good");
}

#[test]
fn a_path_that_begins_with_the_root_is_understood() {
    let root = root(SMALL);
    let typed = root.host(b"/app/good");
    let ran = inside(&root, &["-o", "json", typed.to_str().unwrap()]).exits(0);
    assert_eq!(ran.json()["subjects"][0]["real_path"], "/app/good");
}

#[test]
fn a_file_of_the_host_is_no_file_of_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("only-on-the-host");
    fs::write(&file, "x").unwrap();
    inside(&root(SMALL), &[file.to_str().unwrap()]).exits(1);
}

#[test]
fn the_hosts_environment_does_not_reach_the_target() {
    let root = root("/app/exe elf needed=liba.so\n/e/liba.so elf");
    let mut command = binary();
    command
        .env("LD_LIBRARY_PATH", "/e")
        .arg("--root")
        .arg(root.path())
        .arg("/app/exe");
    Ran::of(&command.output().unwrap())
        .exits(1)
        .prints("liba.so => not found");
}

#[test]
fn files_from_reads_a_list_from_a_file_and_from_standard_input() {
    let root = root(SMALL);
    let list = root.host(b"/list");
    fs::write(&list, "/app/good\n/bin/sh\n").unwrap();
    let ran = inside(
        &root,
        &["-o", "json", "--files-from", list.to_str().unwrap()],
    )
    .exits(0);
    assert_eq!(subjects(&ran), ["/app/good", "/bin/sh"]);

    let piped = |words: &[&str], input: &[u8]| {
        let mut command = binary();
        command.arg("--root").arg(root.path()).args(words);
        Ran::of(&fed(&mut command, input.to_vec()))
    };
    let ran = piped(
        &["-o", "json", "--files-from", "-"],
        b"/bin/sh\n/app/static\n",
    )
    .exits(0);
    assert_eq!(subjects(&ran), ["/bin/sh", "/app/static"]);
    // What `find -print0` writes.
    piped(&["--files-from", "-"], b"/bin/sh\0/app/good\0")
        .exits(2)
        .complains("`-`: the names in it end in NUL; give -0");
    let ran = piped(
        &["-o", "json", "-0", "--files-from", "-"],
        b"/bin/sh\0/app/good\0",
    )
    .exits(0);
    assert_eq!(subjects(&ran), ["/bin/sh", "/app/good"]);
}

#[test]
fn a_file_list_that_is_not_there_is_exit_2() {
    inside(&root(SMALL), &["--files-from", "/no/such/list"])
        .exits(2)
        .complains("/no/such/list");
}

#[test]
fn an_empty_file_list_and_an_empty_name_are_exit_2() {
    let root = root(SMALL);
    let list = root.host(b"/list");
    fs::write(&list, "\n").unwrap();
    inside(&root, &["--files-from", list.to_str().unwrap()])
        .exits(2)
        .complains("there is no name in this list of files");
    inside(&root, &[""])
        .exits(2)
        .complains("an empty FILE names nothing");
}

/// What one may not read is named, and nothing is said to be fine of a root with such
/// a place.
#[test]
fn what_cannot_be_read_is_named_and_leaves_the_verdict_open() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let root = root(SMALL);
    let set = |path: std::path::PathBuf, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    };
    set(root.path().to_owned(), 0o755).unwrap();
    set(root.host(b"/app"), 0).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    let as_nobody = |words: &[&str]| {
        let mut command = binary();
        command.arg("--root").arg(root.path()).args(words);
        if is_root {
            command.uid(65534).gid(65534);
        }
        command.output()
    };
    let all = as_nobody(&["--all", "--exclude", "/x/*"]);
    if is_root && all.is_err() {
        eprintln!("skipped: nobody may not execute what is tested");
    } else {
        Ran::of(&all.unwrap())
            .exits(2)
            .complains("imgldd: /app: cannot read it")
            .prints("\nunknown: ");
        Ran::of(&as_nobody(&["/app/good"]).unwrap())
            .exits(2)
            .complains("imgldd: /app/good: cannot read it")
            .prints("/app/good  not looked at\n");
    }
    set(root.host(b"/app"), 0o755).unwrap();
}

#[test]
fn a_level_that_no_cpu_has_is_exit_2() {
    for level in ["native", "x86-64-v5", "x86-64-v", ""] {
        inside(&root(SMALL), &["--cpu", level, "/app/good"])
            .exits(2)
            .complains("no such level of a CPU");
    }
    for level in ["x86-64", "x86-64-v1", "x86-64-v4", "power10", "z16"] {
        inside(&root(SMALL), &["--cpu", level, "/app/good"]).exits(0);
    }
}

/// A shell completes names of the host, in whatever way the root was typed.
#[test]
fn a_path_into_the_root_is_one_inside_it_however_it_is_spelled() {
    let root = root(SMALL);
    let (parent, name) = (root.path().parent().unwrap(), root.path().file_name());
    let name = name.unwrap().to_str().unwrap();
    let link = tempfile::tempdir().unwrap();
    let link = link.path().join("root");
    std::os::unix::fs::symlink(root.path(), &link).unwrap();
    let whole = root.path().join("app/good");
    let cases = [
        (format!("./{name}"), format!("{name}/app/good")),
        (name.to_owned(), format!("./{name}/app/good")),
        (name.to_owned(), whole.to_str().unwrap().to_owned()),
        (
            link.to_str().unwrap().to_owned(),
            whole.to_str().unwrap().to_owned(),
        ),
    ];
    for (root, file) in cases {
        let mut command = binary();
        command.current_dir(parent).args(["--root", &root, &file]);
        Ran::of(&command.output().unwrap()).exits(0);
    }
}
