//! The command line: what is typed, what comes out, and with which exit code.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::imgldd::{binary, fed};
use crate::support::realise::{Root, Synthetic};

/// A program that starts, one that lacks a library of its library, a static one, a script.
const SMALL: &str = r"
    /app/good         elf needed=liba.so runpath=/x
    /app/bad          elf needed=libb.so runpath=/x
    /app/static       elf static
    /app/run.sh       script '#!/bin/sh\n'
    /app/readme.txt   text 'not a program'
    /bin/sh           elf needed=liba.so rpath=/x
    /x/liba.so        elf
    /x/libb.so        elf needed=libq.so
    ";

fn root(fixture: &str) -> Root {
    Root::new(&Fixture::parse(fixture), &Synthetic).unwrap()
}

/// What one run of the binary left.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn prints(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no `{text}` in:\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    fn prints_not(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "`{text}` in:\n{}", self.stdout);
        self
    }

    #[track_caller]
    fn complains(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` on stderr:\n{}\n{}",
            self.stderr,
            self.stdout
        );
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("no JSON:\n{}\n{}", self.stdout, self.stderr))
    }
}

fn run<S: AsRef<OsStr>>(words: &[S]) -> Ran {
    Ran::of(&binary().args(words).output().unwrap())
}

/// The same with `--root` in front.
fn inside(root: &Root, words: &[&str]) -> Ran {
    Ran::of(
        &binary()
            .arg("--root")
            .arg(root.path())
            .args(words)
            .output()
            .unwrap(),
    )
}

/// Paths of the subjects, in the order of the report.
fn subjects(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let all = report["subjects"].as_array().unwrap().iter();
    all.map(|subject| subject["path"].as_str().unwrap().to_owned())
        .collect()
}

// ---- exit codes ----

#[test]
fn a_program_that_starts_is_exit_0() {
    inside(&root(SMALL), &["/app/good"])
        .exits(0)
        .prints("liba.so => /x/liba.so [runpath]");
}

#[test]
fn a_program_that_cannot_start_is_exit_1_in_every_format() {
    let root = root(SMALL);
    for format in ["text", "tree", "table", "ldd", "list", "json", "json-lines"] {
        inside(&root, &["-o", format, "/app/bad"]).exits(1);
        inside(&root, &["-o", format, "/app/good"]).exits(0);
    }
}

#[test]
fn one_broken_program_among_good_ones_is_exit_1() {
    inside(&root(SMALL), &["/app/good", "/app/bad", "/app/static"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn an_absent_file_is_a_finding() {
    inside(&root(SMALL), &["/nope"]).exits(1).prints("/nope");
}

#[test]
fn a_text_file_is_a_finding() {
    inside(&root(SMALL), &["/app/readme.txt"]).exits(1);
}

#[test]
fn a_root_that_is_not_there_is_exit_2() {
    run(&["--root", "/no/such/folder", "/bin/sh"])
        .exits(2)
        .complains("/no/such/folder");
}

#[test]
fn no_file_is_exit_2_and_says_what_to_type() {
    inside(&root(SMALL), &[]).exits(2).complains("FILE");
}

#[test]
fn an_unknown_option_is_exit_2() {
    run(&["--no-such-option"])
        .exits(2)
        .complains("--no-such-option");
}

#[test]
fn an_unknown_format_is_exit_2_and_lists_the_formats() {
    inside(&root(SMALL), &["-o", "xml", "/app/good"])
        .exits(2)
        .complains("json-lines");
}

#[test]
fn root_and_image_together_are_exit_2() {
    inside(&root(SMALL), &["--image", "app.tar", "/app/good"]).exits(2);
}

#[test]
fn an_odd_user_is_exit_2() {
    inside(&root(SMALL), &["--user", "nobody at all", "/app/good"]).exits(2);
}

#[test]
fn an_output_that_cannot_be_written_is_exit_2() {
    if Path::new("/dev/full").exists() {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let root = root(SMALL);
        let mut command = binary();
        let output = command
            .arg("--root")
            .arg(root.path())
            .arg("/app/good")
            .stdout(full)
            .output()
            .unwrap();
        Ran::of(&output).exits(2);
    }
}

#[test]
fn a_closed_pipe_is_quiet_and_141() {
    let root = root(SMALL);
    // Nobody reads, from before the first write on.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = binary();
    command.arg("--root").arg(root.path()).arg("/app/good");
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(13);
    assert!(
        output.status.code() == Some(141) || by_signal,
        "{:?}",
        output.status
    );
}

#[test]
fn help_and_version_are_exit_0() {
    run(&["--help"]).exits(0).prints("--root");
    run(&["--version"])
        .exits(0)
        .prints(env!("CARGO_PKG_VERSION"));
}

// ---- what FILE means ----

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

// ---- the target ----

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
        .prints("ENV LD_LIBRARY_PATH=/opt/x:$LD_LIBRARY_PATH\n");
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

// ---- --all ----

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

// ---- reports ----

#[test]
fn quiet_prints_nothing_about_what_is_well() {
    let root = root(SMALL);
    let ran = inside(&root, &["-q", "/app/good"]).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    inside(&root, &["-q", "/app/bad"]).exits(1);
}

#[test]
fn verbose_prints_every_place_that_was_tried() {
    let root = root(SMALL);
    inside(&root, &["-v", "/app/bad"])
        .exits(1)
        .prints("/lib/x86_64-linux-gnu/libq.so")
        .prints("/usr/lib/libq.so");
    inside(&root, &["/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn depth_cuts_the_tree_and_nothing_else() {
    let root = root(SMALL);
    inside(&root, &["-d", "1", "-o", "tree", "/app/bad"])
        .exits(1)
        .prints("libb.so => /x/libb.so [runpath]")
        .prints_not("libq.so");
    inside(&root, &["-d", "2", "-o", "tree", "/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
}

#[test]
fn ascii_keeps_to_ascii() {
    let ran = inside(&root(SMALL), &["--ascii", "/app/bad"])
        .exits(1)
        .prints("libq.so => not found");
    assert!(ran.stdout.is_ascii(), "{}", ran.stdout);
}

#[test]
fn colour_comes_only_where_it_is_asked_for() {
    let root = root(SMALL);
    inside(&root, &["/app/bad"]).prints_not("\x1b[");
    inside(&root, &["--color", "never", "/app/bad"]).prints_not("\x1b[");
    inside(&root, &["--color", "always", "/app/bad"]).prints("\x1b[");
}

#[test]
fn the_tree_alone_and_the_text_with_findings_and_summary() {
    let root = root(SMALL);
    inside(&root, &["-o", "tree", "/app/bad"])
        .exits(1)
        .prints_not("error[")
        .prints_not("broken:");
    inside(&root, &["/app/bad"])
        .exits(1)
        .prints("error[needed-missing]")
        .prints("broken:");
}

#[test]
fn ldd_format_has_ldds_lines() {
    let ran = inside(&root(SMALL), &["-o", "ldd", "/app/bad"]).exits(1);
    let line = |start: &str| ran.stdout.lines().any(|line| line.starts_with(start));
    assert!(line("\tlibb.so => /x/libb.so"), "{}", ran.stdout);
    assert!(line("\tlibq.so => not found"), "{}", ran.stdout);
}

#[test]
fn list_format_has_one_path_a_line() {
    let ran = inside(&root(SMALL), &["-o", "list", "/app/good"]).exits(0);
    assert!(
        ran.stdout.lines().all(|line| line.starts_with('/')),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.lines().any(|line| line == "/x/liba.so"),
        "{}",
        ran.stdout
    );
}

#[test]
fn table_format_names_the_cause() {
    inside(&root(SMALL), &["-o", "table", "/etc", "/bin/sh"])
        .exits(1)
        .prints("/etc: broken  ")
        .prints("/bin/sh: ok\n");
}

#[test]
fn table_format_has_a_row_for_each_library() {
    inside(&root(SMALL), &["-o", "table", "/app/good"])
        .exits(0)
        .prints("liba.so")
        .prints("/x/liba.so");
}

#[test]
fn json_has_the_documented_shape() {
    let ran = inside(&root(SMALL), &["--json", "/app/bad"]).exits(1);
    let report = ran.json();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["tool"]["name"], "imgldd");
    assert_eq!(report["targets"][0]["kind"], "directory");
    assert_eq!(report["targets"][0]["libc"], "glibc");
    assert_eq!(report["targets"][0]["verdict"], "broken");
    let subject = &report["subjects"][0];
    assert_eq!(subject["kind"], "elf");
    assert_eq!(subject["elf"]["machine"], "x86_64");
    assert_eq!(
        subject["elf"]["interpreter"]["path"],
        "/lib64/ld-linux-x86-64.so.2"
    );
    assert_eq!(subject["elf"]["interpreter"]["status"], "ok");
    assert_eq!(subject["elf"]["runpath"][0], "/x");
    assert_eq!(subject["libraries"][0]["name"], "libb.so");
    assert_eq!(subject["libraries"][0]["found_by"], "runpath");
    assert_eq!(subject["libraries"][0]["needed_by"][0], "/app/bad");
    assert_eq!(subject["libraries"][1]["status"], "missing");
    assert_eq!(subject["libraries"][1]["depth"], 2);
    let attempts = subject["libraries"][1]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4, "{attempts:#?}");
    assert_eq!(attempts[0]["path"], "/lib/x86_64-linux-gnu/libq.so");
    assert_eq!(attempts[0]["rule"], "default_dir");
    assert_eq!(attempts[0]["outcome"], "absent");
    assert_eq!(subject["findings"][0]["severity"], "error");
    assert_eq!(subject["outcome"]["stage"], "loader");
    assert_eq!(report["summary"]["subjects"]["broken"], 1);
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(0));
}

#[test]
fn json_names_no_path_of_the_host_but_the_one_that_was_typed() {
    let root = root(SMALL);
    let ran = inside(&root, &["--json", "/app/bad"]).exits(1);
    let mut report = ran.json();
    report["targets"][0]["input"].take();
    assert!(!report.to_string().contains(root.path().to_str().unwrap()));
}

#[test]
fn json_lines_are_objects_of_a_named_type() {
    let ran = inside(&root(SMALL), &["-o", "json-lines", "/app/good", "/app/bad"]).exits(1);
    let mut types: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["type"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    // A target's verdict is known when all of its subjects are.
    assert_eq!(types.last().map(String::as_str), Some("summary"));
    types.sort();
    assert_eq!(types, ["subject", "subject", "summary", "target"]);
}

#[test]
fn several_reports_come_from_one_run() {
    let root = root(SMALL);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let words = [
        "-o",
        "tree",
        "-o",
        &format!("json={}", file.display()),
        "/app/good",
    ];
    inside(&root, &words)
        .exits(0)
        .prints("liba.so => /x/liba.so [runpath]");
    let report: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(report["summary"]["verdict"], "ok");
}

#[test]
fn the_same_question_gets_the_same_bytes() {
    let root = root(SMALL);
    for format in ["text", "json", "table", "ldd"] {
        let words = ["--all", "-v", "-o", format];
        assert_eq!(
            inside(&root, &words).stdout,
            inside(&root, &words).stdout,
            "{format}"
        );
    }
}

#[test]
fn names_that_would_drive_a_terminal_are_shown_escaped() {
    let root = root(r"/app/exe elf 'needed=lib\x1b[31m.so'");
    for format in ["text", "tree", "table", "ldd", "list"] {
        inside(&root, &["-o", format, "/app/exe"])
            .exits(1)
            .prints_not("\x1b");
    }
}

// ---- called as ldd ----

/// The binary under another name.
fn named(name: &str) -> (tempfile::TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(name);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_imgldd"), &link).unwrap();
    (folder, Command::new(link))
}

#[test]
fn called_as_ldd_it_speaks_as_ldd() {
    for name in ["ldd", "x86_64-linux-gnu-ldd"] {
        let (folder, mut command) = named(name);
        Ran::of(&command.arg("/no/such/file").output().unwrap())
            .exits(1)
            .complains("/no/such/file: No such file or directory");

        let (_other, mut command) = named(name);
        let text = folder.path().join("text");
        fs::write(&text, "not a program\n").unwrap();
        Ran::of(&command.arg(&text).output().unwrap())
            .exits(1)
            .prints_or_complains("not a dynamic executable");

        // Itself: a dynamic program of this machine, or a static one.
        let (_other, mut command) = named(name);
        let ran = Ran::of(&command.arg(env!("CARGO_BIN_EXE_imgldd")).output().unwrap());
        let dynamic = ran
            .stdout
            .lines()
            .any(|line| line.starts_with('\t') && line.contains("/ld-"));
        assert!(
            dynamic || ran.stdout.contains("statically linked") || ran.code == 1,
            "{}",
            ran.stdout
        );
    }
}

impl Ran {
    #[track_caller]
    fn prints_or_complains(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "no `{text}` in:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

// ---- the host ----

#[test]
fn without_a_target_the_host_is_asked() {
    let own = env!("CARGO_BIN_EXE_imgldd");
    let ran = Ran::of(&binary().args(["-o", "json", own]).output().unwrap()).exits(0);
    let report = ran.json();
    assert_eq!(report["targets"][0]["kind"], "host");
    assert_eq!(report["subjects"][0]["outcome"]["starts"], true);
}

/// What a client that failed leaves is no empty image.
#[test]
fn nothing_on_standard_input_is_no_image() {
    let output = Command::new(env!("CARGO_BIN_EXE_imgldd"))
        .args(["-i", "-", "/app"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("there is nothing in it"), "{text}");
}
