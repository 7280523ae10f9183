//! What engines and runtimes make of an image's configuration, before `execve`.
//!
//! Each case is a fixture, a configuration (a field and its words a line), and what
//! comes of it: the user and the directory, then each subject with its verdict,
//! the words of whoever refuses it, and the findings.

use std::fmt::Write as _;

use imgldd::inspect::{Inspection, Inspector, Settings};
use imgldd::platform::Platform;
use imgldd::report::Subject;
use imgldd::rootfs::{Credentials, Filesystem, Rootfs};
use imgldd::runtime::{self, Healthcheck, Plan, ProcessConfig};
use imgldd::source::Directory;

use crate::support::alike;
use crate::support::explained;
use crate::support::fixture::Fixture;
use crate::support::realise::{Root, Synthetic};
use crate::support::text::{lines, words};

/// What the image's own plan comes to.
fn check(fixture: &str, config: &str, expected: &str) {
    check_by(fixture, config, expected, &|inspector, plan| {
        inspector.starts(plan)
    });
}

/// What a file that is named instead comes to.
fn check_named(name: &str, fixture: &str, config: &str, expected: &str) {
    check_by(fixture, config, expected, &|inspector, plan| {
        vec![inspector.instead(name.as_bytes(), plan)]
    });
}

type Ask<'a> = &'a dyn Fn(&Inspector<'_>, &Plan) -> Vec<Inspection>;

fn check_by(fixture: &str, config: &str, expected: &str, ask: Ask<'_>) {
    let fixture = Fixture::parse(fixture);
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let inspect = |filesystem: Box<dyn Filesystem>| {
        let plan = runtime::plan(&configuration(config), &*filesystem);
        let user = plan.user.clone().unwrap_or_else(|_| Credentials::root());
        let rootfs = Rootfs::new(filesystem, user, false);
        let settings = Settings {
            workdir: plan.workdir.clone(),
            variables: plan.variables.clone(),
            platform: Platform::parse("linux/amd64"),
            ..Settings::default()
        };
        let inspections = ask(&Inspector::new(&rootfs, settings), &plan);
        (plan, inspections)
    };
    alike::check(root.path(), false, &|filesystem| {
        let (plan, inspections) = inspect(filesystem);
        serde_json::json!([head(&plan), alike::answer(&inspections)])
    });
    let (plan, inspections) = inspect(Box::new(Directory::open(root.path()).unwrap()));
    let mut seen = head(&plan);
    for inspection in inspections {
        assert!(inspection.errors.is_empty(), "{:?}", inspection.errors);
        let gaps = explained::gaps(&serde_json::to_value(&inspection.subject).unwrap());
        assert!(gaps.is_empty(), "for\n{config}\n{gaps}");
        describe(&inspection.subject, &mut seen);
    }
    let seen: Vec<&str> = lines(&seen).map(str::trim).collect();
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert!(
        seen == expected,
        "for\n{config}\nseen\n{}\nexpected\n{}",
        seen.join("\n"),
        expected.join("\n")
    );
}

fn configuration(text: &str) -> ProcessConfig {
    let mut config = ProcessConfig::default();
    for line in lines(text) {
        let mut words = words(line);
        let field = words.remove(0);
        let first = words.first().cloned().unwrap_or_default();
        match &field[..] {
            b"Entrypoint" => config.entrypoint = words,
            b"Cmd" => config.cmd = words,
            b"Env" => config.env = words,
            b"WorkingDir" => config.working_dir = first,
            b"User" => config.user = first,
            b"Shell" => config.shell = words,
            b"Healthcheck" => config.healthcheck = Some(Healthcheck { test: words }),
            _ => panic!("`{line}` is no field"),
        }
    }
    config
}

fn head(plan: &Plan) -> String {
    let home = String::from_utf8_lossy(&plan.variables[&b"HOME"[..]]).into_owned();
    let workdir = &plan.workdir;
    let user = match &plan.user {
        Ok(user) => format!("{}:{} {:?}", user.uid, user.gid, user.groups),
        Err(problem) => format!("nobody: {problem}"),
    };
    format!("{user} in {workdir}, home {home}\n")
}

fn describe(subject: &Subject, out: &mut String) {
    let role = serde_json::to_value(subject.role).unwrap();
    let verdict = serde_json::to_value(subject.verdict).unwrap();
    let (role, verdict) = (role.as_str().unwrap(), verdict.as_str().unwrap());
    writeln!(out, "{role} {} {verdict}", subject.path).unwrap();
    for reported in &subject.outcome.as_reported {
        writeln!(out, "{}: {}", reported.by, reported.text).unwrap();
    }
    if let Some(message) = &subject.outcome.message {
        writeln!(out, "loader: {message}").unwrap();
    }
    for finding in &subject.findings {
        let severity = serde_json::to_value(finding.severity).unwrap();
        let severity = severity.as_str().unwrap();
        writeln!(out, "{severity}[{}] {}", finding.code, finding.message).unwrap();
    }
}

const USERS: &str = r"
    /app         elf static
    /etc/passwd  text 'root:x:0:0:root:/root:/bin/sh\nu:x:1000:100:U:/home/u:/bin/sh\n'
    /etc/group   text '# staff:x:7:u\nusers:x:100:\nstaff:x:50:v,u\nwheel:x:10:root\n'
";

#[test]
fn an_image_without_user_runs_as_the_root_of_its_passwd_file() {
    check(USERS, "Cmd /app", "0:0 [10] in /, home /root\ncmd /app ok");
    check(
        "/app elf static",
        "Cmd /app",
        "0:0 [] in /, home /\ncmd /app ok",
    );
}

#[test]
fn a_user_is_a_name_or_a_number_with_or_without_a_group() {
    let user = |spec: &str, expected: &str| {
        let config = format!("Cmd /app\nUser {spec}");
        check(USERS, &config, &format!("{expected}\ncmd /app ok"));
    };
    user("u", "1000:100 [50] in /, home /home/u");
    user("1000", "1000:100 [50] in /, home /home/u");
    user("u:staff", "1000:50 [] in /, home /home/u");
    user("u:9", "1000:9 [] in /, home /home/u");
    user("u:", "1000:100 [50] in /, home /home/u");
    user(":staff", "0:50 [] in /, home /root");
    user("77", "77:0 [] in /, home /");
    user("77:staff", "77:50 [] in /, home /");
}

#[test]
fn an_unknown_user_keeps_everything_from_starting() {
    let text = "unable to find user app: no matching entries in passwd file";
    check(
        "/app elf static",
        "Cmd /app\nUser app",
        &format!(
            "
            nobody: {text} in /, home /
            cmd /app broken
            docker: {text}
            podman: {text}
            error[user-unknown] the user `app` is not in `/etc/passwd`
            "
        ),
    );
    let text = "unable to find group wheels: no matching entries in group file";
    check(
        USERS,
        "Cmd /app\nUser u:wheels",
        &format!(
            "
            nobody: {text} in /, home /
            cmd /app broken
            docker: {text}
            podman: {text}
            error[user-unknown] the group `wheels` is not in `/etc/group`
            "
        ),
    );
}

#[test]
fn a_user_out_of_range_is_refused() {
    let text = "uids and gids must be in range 0-2147483647";
    check(
        USERS,
        "Cmd /app\nUser 2147483648",
        &format!(
            "
            nobody: {text} in /, home /
            cmd /app broken
            docker: {text}
            podman: {text}
            error[user-unknown] the user or group number is not in 0 to 2147483647
            "
        ),
    );
}

#[test]
fn the_passwd_file_is_found_through_links_inside_the_image() {
    check(
        r"
        /app            elf static
        /etc/passwd     link /data/passwd
        /data/passwd    text 'u:x:7:8::/h:/bin/sh\n'
        ",
        "Cmd /app\nUser u",
        "7:8 [] in /, home /h\ncmd /app ok",
    );
}

#[test]
fn lines_that_are_cut_short_count_as_zero() {
    check(
        "/app elf static\n/etc/passwd text 'u\\n'",
        "Cmd /app\nUser u",
        "0:0 [] in /, home \ncmd /app ok",
    );
}

#[test]
fn arguments_of_cmd_follow_those_of_entrypoint() {
    check(
        "/app elf static",
        "Entrypoint /app\nCmd /nope",
        "0:0 [] in /, home /\nentrypoint /app ok",
    );
}

#[test]
fn an_image_without_a_command_starts_nothing() {
    let expected = "
        0:0 [] in /, home /
        cmd  broken
        docker: no command specified
        crun: cannot find `` in $PATH: No such file or directory
        error[entrypoint-empty] the image has neither Entrypoint nor Cmd
        ";
    check("/app elf static", "", expected);
    check("/app elf static", "Entrypoint ''", expected);
}

#[test]
fn an_entrypoint_of_one_empty_word_is_none() {
    check(
        "/app elf static",
        "Entrypoint ''\nCmd /app",
        "0:0 [] in /, home /\ncmd /app ok",
    );
}

#[test]
fn a_relative_name_starts_at_the_working_directory() {
    check(
        "/srv/app elf static",
        "Cmd ./app\nWorkingDir /srv",
        "0:0 [] in /srv, home /\ncmd /srv/app ok",
    );
    check(
        "/srv dir",
        "Cmd ./app\nWorkingDir /srv",
        r#"
        0:0 [] in /srv, home /
        cmd /srv/app broken
        runc: exec: "./app": stat ./app: no such file or directory
        crun: executable file `/srv/./app` not found: No such file or directory
        sh: sh: 1: ./app: not found
        error[entrypoint-missing] `/srv/app` is not in this target
        "#,
    );
}

/// runc enters the directory as root; `tests/oracle/runtimes.py` has both runtimes do
/// this.
#[test]
fn a_relative_name_needs_no_way_to_the_working_directory() {
    let fixture = "
        /root/w/app      elf needed=./liba.so
        /root/w/liba.so  elf
        /root/w/run      script '#!./app\\n'
        /root            dir mode=0700
        ";
    let differs = "
        warning[cwd-dependent] `./liba.so` is found as `./liba.so`, from the working directory
        warning[runtimes-disagree] `./NAME` is not started by crun
        ";
    for name in ["app", "run"] {
        check(
            fixture,
            &format!("Cmd ./{name}\nWorkingDir /root/w\nUser 7:7"),
            &format!(
                "7:7 [] in /root/w, home /\ncmd /root/w/{name} warning\n{}",
                differs.replace("NAME", name).trim()
            ),
        );
    }
    // The whole name is another way.
    check(
        fixture,
        "Cmd /root/w/app\nWorkingDir /root/w\nUser 7:7",
        r#"
        7:7 [] in /root/w, home /
        cmd /root/w/app broken
        runc: exec: "/root/w/app": stat /root/w/app: permission denied
        crun: exec container process `/root/w/app`: Permission denied
        sh: sh: 1: /root/w/app: Permission denied
        error[user-cannot-reach] `/root/w/app` cannot be reached by user 7
        "#,
    );
    // And what is closed itself is closed to who is in it.
    check(
        "/root/app elf static\n/root dir mode=0700",
        "Cmd ./app\nWorkingDir /root\nUser 7:7",
        r#"
        7:7 [] in /root, home /
        cmd /root/app broken
        runc: exec: "./app": stat ./app: permission denied
        crun: exec container process `/root/./app`: Permission denied
        sh: sh: 1: ./app: Permission denied
        error[user-cannot-reach] `/root/app` cannot be reached by user 7
        "#,
    );
}

#[test]
fn path_is_searched_with_the_default_of_the_engines() {
    let found = "0:0 [] in /, home /\ncmd /usr/local/bin/app ok";
    check("/usr/local/bin/app elf static", "Cmd app", found);
    check("/usr/local/bin/app elf static", "Cmd app\nEnv A=B", found);
    check(
        "/usr/local/bin/app elf static",
        "Cmd app\nEnv PATH=/bin PATH=/sbin",
        r#"
        0:0 [] in /, home /
        cmd app broken
        runc: exec: "app": executable file not found in $PATH
        crun: executable file `app` not found in $PATH: No such file or directory
        sh: sh: 1: app: not found
        error[not-in-path] `app` is in no directory of PATH
        "#,
    );
}

#[test]
fn a_variable_without_a_value_takes_the_default_path_away() {
    check(
        "/usr/bin/app elf static",
        "Cmd app\nEnv PATH",
        r#"
        0:0 [] in /, home /
        cmd app broken
        runc: exec: "app": executable file not found in $PATH
        crun: executable file `app` not found in $PATH: No such file or directory
        sh: sh: 1: app: not found
        warning[variable-malformed] the environment entry `PATH` has no `=`
        error[not-in-path] `app` is in no directory of PATH
        "#,
    );
}

#[test]
fn runc_does_not_start_what_path_leads_to_by_way_of_the_working_directory() {
    check(
        "/srv/app elf static",
        "Cmd app\nEnv PATH=/bin:\nWorkingDir /srv",
        r#"
        0:0 [] in /srv, home /
        cmd app broken
        runc: exec: "app": cannot run executable found relative to current directory
        sh: sh: 1: app: not found
        error[not-in-path] PATH leads to `app` by way of the working directory, which runc refuses
        "#,
    );
}

#[test]
fn a_file_that_the_user_may_not_execute_is_passed_by_in_path() {
    check(
        "
        /usr/local/bin/app  elf static mode=0700
        /usr/bin/app        elf static
        ",
        "Cmd app\nUser 4242",
        "
        4242:0 [] in /, home /
        cmd /usr/bin/app warning
        warning[runtimes-disagree] `app` is not started by crun
        ",
    );
}

#[test]
fn a_directory_is_no_program() {
    check(
        "/app dir",
        "Cmd /app",
        r#"
        0:0 [] in /, home /
        cmd /app broken
        runc: exec: "/app": is a directory
        crun: the path `/app` is not a regular file: Operation not permitted
        sh: sh: 1: /app: Permission denied
        error[no-exec-bit] `/app` is a directory and cannot be started
        "#,
    );
}

#[test]
fn the_x_bit_is_looked_for_before_execve() {
    check(
        "/app elf static mode=0744",
        "Cmd /app\nUser 4242",
        r#"
        4242:0 [] in /, home /
        cmd /app broken
        runc: exec: "/app": permission denied
        crun: exec container process `/app`: Permission denied
        sh: sh: 1: /app: Permission denied
        error[user-cannot-reach] `/app` may not be executed by user 4242
        "#,
    );
    check(
        "/app elf static mode=0644",
        "Cmd /app\nUser 4242",
        r#"
        4242:0 [] in /, home /
        cmd /app broken
        runc: exec: "/app": permission denied
        crun: the path `/app` exists but it is not executable: Operation not permitted
        sh: sh: 1: /app: Permission denied
        error[no-exec-bit] `/app` has no execute permission
        "#,
    );
}

#[test]
fn a_shell_that_is_missing_is_owed_to_the_shell_form() {
    check(
        "/app elf static",
        "Entrypoint /bin/sh -c '/app --flag'",
        r#"
        0:0 [] in /, home /
        entrypoint /bin/sh broken
        runc: exec: "/bin/sh": stat /bin/sh: no such file or directory
        crun: executable file `/bin/sh` not found: No such file or directory
        sh: sh: 1: /bin/sh: not found
        error[shell-form-no-shell] Entrypoint is in shell form, and `/bin/sh` is not here
        "#,
    );
}

#[test]
fn a_command_line_in_one_word_is_the_name_of_no_file() {
    check(
        "/app elf static",
        "Entrypoint '/app --flag'",
        r#"
        0:0 [] in /, home /
        entrypoint /app --flag broken
        runc: exec: "/app --flag": stat /app --flag: no such file or directory
        crun: executable file `/app --flag` not found: No such file or directory
        sh: sh: 1: /app --flag: not found
        error[exec-form-malformed] Entrypoint has a whole command line in one argument
        "#,
    );
}

#[test]
fn an_exec_form_in_single_quotes_is_run_by_a_shell() {
    let shell = "/bin/sh elf static";
    check(
        shell,
        r"Cmd /bin/sh -c '[\'/app\', \'--flag\']'",
        "
        0:0 [] in /, home /
        cmd /bin/sh broken
        error[exec-form-malformed] Cmd looks like an exec form and is no JSON, so a shell runs it
        ",
    );
    let fine = "0:0 [] in /, home /\ncmd /bin/sh ok";
    check(shell, "Cmd /bin/sh -c '[ -f /x ] && /app'", fine);
    check(shell, "Cmd /bin/sh -c '[[ -f /x ]] && /app'", fine);
}

#[test]
fn a_working_directory_that_is_missing_is_made() {
    check(
        "/app elf static",
        "Cmd /app\nWorkingDir /srv/x",
        "
        0:0 [] in /srv/x, home /
        cmd /app ok
        note[workdir-missing] the working directory `/srv/x` is not in the image
        ",
    );
    check(
        "/app elf static\n/srv link /gone",
        "Cmd /app\nWorkingDir /srv/x",
        "
        0:0 [] in /srv/x, home /
        cmd /app warning
        warning[workdir-missing] the working directory `/srv/x` is behind a link to nothing
        ",
    );
}

/// It starts in the same container, and is the image's command no more.
#[test]
fn what_is_named_instead_starts_as_the_image_has_it() {
    check_named(
        "/app",
        "/app elf static",
        "Cmd /gone\nWorkingDir /app",
        "
        0:0 [] in /app, home /
        argument /app broken
        docker: Cannot mkdir: /app is not a directory
        runc: mkdir /app: not a directory
        crun: chdir to `/app`: Not a directory
        error[workdir-unusable] the working directory `/app` is no directory
        ",
    );
    check_named(
        "/app",
        "/app elf static",
        "",
        "0:0 [] in /, home /\nargument /app ok",
    );
}

#[test]
fn a_working_directory_that_is_a_file_keeps_everything_from_starting() {
    check(
        "/app elf static",
        "Cmd /app\nWorkingDir /app",
        "
        0:0 [] in /app, home /
        cmd /app broken
        docker: Cannot mkdir: /app is not a directory
        runc: mkdir /app: not a directory
        crun: chdir to `/app`: Not a directory
        error[workdir-unusable] the working directory `/app` is no directory
        ",
    );
    check(
        "/app elf static\n/w link w",
        "Cmd /app\nWorkingDir /w",
        "
        0:0 [] in /w, home /
        cmd /app broken
        runc: mkdir /w: file exists
        crun: chdir to `/w`: Too many levels of symbolic links
        error[workdir-unusable] the working directory `/w` leads round in a circle
        ",
    );
    check(
        "/app elf static\n/w dir",
        "Cmd /app\nWorkingDir w",
        "
        0:0 [] in /w, home /
        cmd /app broken
        runc: Cwd must be an absolute path
        error[workdir-unusable] the working directory `w` is not absolute
        ",
    );
}

#[test]
fn what_else_is_wrong_is_said_beside_a_refusal() {
    check(
        "/app elf mode=0755 interp=/lib/none\nloader none",
        "Cmd /app\nUser app",
        "
        nobody: unable to find user app: no matching entries in passwd file in /, home /
        cmd /app broken
        docker: unable to find user app: no matching entries in passwd file
        podman: unable to find user app: no matching entries in passwd file
        error[user-unknown] the user `app` is not in `/etc/passwd`
        error[dynamic-in-scratch] `/app` cannot start: its interpreter is not in this target
        ",
    );
}

#[test]
fn an_environment_entry_without_a_name_is_refused_by_runc() {
    check(
        "/app elf static",
        "Cmd /app\nEnv =x",
        "
        0:0 [] in /, home /
        cmd /app broken
        runc: invalid environment variable: name cannot be empty
        error[variable-malformed] the environment entry `=x` has no name before its `=`
        ",
    );
}

#[test]
fn a_health_check_in_exec_form_is_a_subject() {
    check(
        "/app elf static",
        "Cmd /app\nHealthcheck CMD curl -f http://localhost/",
        r#"
        0:0 [] in /, home /
        cmd /app ok
        healthcheck curl broken
        runc: exec: "curl": executable file not found in $PATH
        crun: executable file `curl` not found in $PATH: No such file or directory
        sh: sh: 1: curl: not found
        error[not-in-path] `curl` is in no directory of PATH
        "#,
    );
    let alone = "0:0 [] in /, home /\ncmd /app ok";
    check("/app elf static", "Cmd /app\nHealthcheck NONE", alone);
    check("/app elf static", "Cmd /app\nHealthcheck", alone);
}

#[test]
fn a_health_check_in_shell_form_wants_its_shell() {
    let config = "Cmd /app\nHealthcheck CMD-SHELL 'curl x'";
    check(
        "/app elf static",
        config,
        "
        0:0 [] in /, home /
        cmd /app warning
        warning[shell-form-no-shell] the health check is in shell form, and `/bin/sh` is not here
        ",
    );
    let fine = "0:0 [] in /, home /\ncmd /app ok";
    check("/app elf static\n/bin/sh elf static", config, fine);
    check(
        "/app elf static\n/bin/bash elf static",
        &format!("{config}\nShell /bin/bash -c"),
        fine,
    );
}

#[test]
fn a_health_check_that_checks_nothing_is_a_warning() {
    check(
        "/app elf static",
        "Cmd /app\nHealthcheck CMD",
        "
        0:0 [] in /, home /
        cmd /app warning
        warning[healthcheck-malformed] the health check has no command
        ",
    );
    check(
        "/app elf static",
        "Cmd /app\nHealthcheck curl x",
        "
        0:0 [] in /, home /
        cmd /app warning
        warning[healthcheck-malformed] the health check is of a kind that is not known: `curl`
        ",
    );
}

/// What is said of a program in `/app` that lacks a library: the loader calls it `called`.
fn lacking(start: &str, subject: &str, called: &str) {
    let config = format!("{start}\nEnv PATH=/bin:/app\nWorkingDir /app");
    let fixture = "/app/exe elf needed=liba.so\n/app/s script '#!/app/exe\\n'";
    let message = "error while loading shared libraries: liba.so: \
        cannot open shared object file: No such file or directory";
    let program = match subject.split_once(' ') {
        Some((_, path)) if path.ends_with("exe") => path,
        _ => "/app/exe",
    };
    let expected = format!(
        "
        0:0 [] in /app, home /
        {subject} broken
        loader: {called}: {message}
        error[needed-missing] `liba.so` is not found; `{program}` needs it
        "
    );
    check(fixture, &config, &expected);
}

#[test]
fn a_loader_calls_a_program_as_the_image_does() {
    lacking("Entrypoint exe", "entrypoint /app/exe", "exe");
    lacking("Entrypoint ./exe", "entrypoint /app/exe", "./exe");
    lacking(
        "Cmd /app/../app/exe",
        "cmd /app/../app/exe",
        "/app/../app/exe",
    );
    lacking("Entrypoint s", "entrypoint /app/s", "/app/exe");
}

/// The bundles that bring their own loader: its path is the command, and the program an
/// argument. Real: `chroot ROOT /app/lib/ld.so --library-path /app/lib /app/exe`, with the
/// library and without it.
#[test]
fn a_loader_as_the_command_starts_the_program_that_it_is_given() {
    let bundle = "
        loader none
        /app/lib/ld.so    loader glibc 2.36
        /app/lib/liba.so  elf
        /app/exe          elf needed=liba.so
        ";
    check(
        bundle,
        "Entrypoint /app/lib/ld.so --library-path /app/lib /app/exe -v",
        "0:0 [] in /, home /\nentrypoint /app/exe ok",
    );
    check(
        bundle,
        "Entrypoint /app/lib/ld.so --library-path /app --argv0 it /app/exe",
        "
        0:0 [] in /, home /
        entrypoint /app/exe broken
        loader: it: error while loading shared libraries: liba.so: cannot open shared object file: No such file or directory
        error[lib-not-on-search-path] `liba.so` is in /app/lib, which is not searched; `/app/exe` needs it
        ",
    );
    check(
        "loader musl\n/app/exe elf needed=liba.so",
        "Entrypoint /lib/ld-musl-x86_64.so.1 -- /app/exe",
        "
        0:0 [] in /, home /
        entrypoint /app/exe broken
        loader: Error loading shared library liba.so: No such file or directory (needed by /app/exe)
        error[needed-missing] `liba.so` is not found; `/app/exe` needs it
        ",
    );
}

/// What a loader does with other arguments is not followed, and not guessed.
#[test]
fn a_loader_that_is_told_something_else_leaves_the_verdict_open() {
    let fixture = "/lib/ld.so loader glibc 2.36\n/app/exe elf\n/app/small elf i386";
    let fixture = Fixture::parse(fixture);
    let root = Root::new(&fixture, &Synthetic).unwrap();
    for command in ["--list /app/exe", "/no/such", "exe", "/app/small", ""] {
        let filesystem = Box::new(Directory::open(root.path()).unwrap());
        let config = configuration(&format!("Entrypoint /lib/ld.so {command}"));
        let plan = runtime::plan(&config, &*filesystem);
        let rootfs = Rootfs::new(filesystem, Credentials::root(), false);
        let inspections = Inspector::new(&rootfs, Settings::default()).starts(&plan);
        let verdict = serde_json::to_value(inspections[0].subject.verdict).unwrap();
        assert_eq!(verdict, "unknown", "{command}");
        assert!(inspections[0].errors[0].message.contains("is a loader"));
    }
}
