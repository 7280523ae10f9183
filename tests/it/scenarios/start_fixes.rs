//! What is offered for programs, scripts and images that do not start, word for word.
//! Lines for a shell were typed in Debian where they could be; instructions for a build and
//! bases are only compared.

use super::scene::{Scene, is_beyond_us};
use crate::support::text::lines;

/// Compares the fixes of all errors with lines: the text, and behind ` | ` what is to be
/// written.
#[track_caller]
fn check(scene: &str, expected: &str) {
    if is_beyond_us(scene) {
        return;
    }
    let report = Scene::parse(scene).report();
    let subjects = ["targets", "subjects"]
        .iter()
        .flat_map(|part| report[part].as_array().unwrap());
    let findings = subjects.flat_map(|one| one["findings"].as_array().unwrap());
    let errors = findings.filter(|finding| finding["severity"] == "error");
    let mut seen = Vec::new();
    for finding in errors {
        seen.push(finding["code"].as_str().unwrap().to_owned());
        for fix in finding["fixes"].as_array().unwrap() {
            let text = fix["text"].as_str().unwrap();
            let when = fix["when"].as_str().map(|when| format!("if {when}: "));
            let when = when.unwrap_or_default();
            seen.push(match fix["snippet"].as_str() {
                Some(snippet) => format!("{when}{text} | {snippet}"),
                None => format!("{when}{text}"),
            });
        }
    }
    let expected: Vec<&str> = lines(expected).map(str::trim).collect();
    assert!(
        seen == expected,
        "for\n{scene}\nseen\n{}\nexpected\n{}",
        seen.join("\n"),
        expected.join("\n")
    );
}

/// Debian 12's python3-venv: `--clear` takes the packages, and without it links and
/// scripts that are there stay. `sed -i` on all of `bin` would make copies of its links.
#[test]
fn an_environment_that_was_moved_is_not_made_again_over_itself() {
    let moved = "
        run /opt/venv/bin/tool
        /opt/venv/pyvenv.cfg   text 'home = /usr/bin\\n'
        /opt/venv/bin/tool     script '#!/build/venv/bin/python3\\n'
        /opt/venv/bin/python3  link /usr/bin/python3
        /usr/bin/python3       elf static
    ";
    let build = "or make it, with its packages, in the build stage at the path where it is used";
    check(
        moved,
        &format!(
            "shebang-interp-missing
            let its scripts name it where it is | #!/opt/venv/bin/python3
            {build}"
        ),
    );
    let tools = "
        /bin/sh         elf static
        /usr/bin/grep   elf static
        /usr/bin/sed    elf static
        /usr/bin/xargs  elf static
    ";
    check(
        &format!("{moved}{tools}"),
        &format!(
            "shebang-interp-missing
            let its scripts name it where it is | RUN grep -rl '^#!/build/venv/bin/python' /opt/venv/bin | while IFS= read -r f; do sed -i '1s|^#!/build/venv/bin/python|#!/opt/venv/bin/python|' \"$f\"; done
            {build}"
        ),
    );
    // Others of its scripts may name what is in /usr still.
    let of_usr = "
        run /app/.venv/bin/tool
        /app/.venv/pyvenv.cfg   text 'home = /usr/bin\\n'
        /app/.venv/bin/tool     script '#!/usr/bin/python3\\n'
        /app/.venv/bin/python3  elf static
    ";
    check(
        &format!("{of_usr}{tools}"),
        &format!(
            "shebang-interp-missing
            let its scripts name it where it is | RUN grep -rl '^#!/usr/bin/python' /app/.venv/bin | while IFS= read -r f; do sed -i '1s|^#!/usr/bin/python|#!/app/.venv/bin/python|' \"$f\"; done
            {build}"
        ),
    );
    // There is no Python here.
    check(
        &moved.replace("/usr/bin/python3       elf static", ""),
        "shebang-interp-missing
        make it, with its packages, in the build stage at the path where it is used",
    );
}

#[test]
fn an_environment_without_its_python_is_led_to_one_of_its_release() {
    let scene = "
        run /opt/venv/bin/tool
        /opt/venv/pyvenv.cfg        text 'home = /usr/local/bin\\n'
        /opt/venv/bin/tool          script '#!/opt/venv/bin/python3\\n'
        /opt/venv/bin/python3       link /usr/local/bin/python3.11
        /opt/venv/lib/python3.11/x  text ''
        /bin/sh                     elf static
    ";
    check(
        scene,
        "shebang-interp-missing
        take the base in which the environment was made, with its Python at that path | FROM python:3.11-slim",
    );
    check(
        &format!("{scene}/usr/bin/python3.11 elf static"),
        "shebang-interp-missing
        let it lead to the Python of that release: /usr/bin/python3.11 | RUN ln -sf /usr/bin/python3.11 /opt/venv/bin/python3
        or take the base in which the environment was made, with its Python at that path | FROM python:3.11-slim",
    );
    // Another release has other packages.
    check(
        &format!("{scene}/usr/bin/python3.12 elf static"),
        "shebang-interp-missing
        take the base in which the environment was made, with its Python at that path | FROM python:3.11-slim",
    );
}

#[test]
fn an_interpreter_that_is_closed_is_opened_on_the_whole_way() {
    let uv = "
        run --user 1000 /app/.venv/bin/tool
        /app/.venv/pyvenv.cfg   text 'home = /root\\n'
        /app/.venv/bin/tool     script '#!/app/.venv/bin/python3\\n'
        /app/.venv/bin/python3  link /root/.local/share/uv/python/p/bin/python3.11
        /root/                  dir mode=0700 owner=0:0
        /root/.local/           dir mode=0700 owner=0:0
        /root/.local/share/uv/python/p/bin/python3.11  elf static
        /bin/sh                 elf static
    ";
    let opened = "user-cannot-reach
        let every user search the directories, in a line before `USER` | RUN chmod a+x /root /root/.local";
    let of_uv = "or let uv put it where every user may go, before it makes the environment | ENV UV_PYTHON_INSTALL_DIR=/opt/python";
    check(uv, &format!("{opened}\n{of_uv}"));
    // Of two others one is closed as well.
    check(
        "
        run --user 1000 /app/exe
        /app/exe                script '#!/root/bin/python3 -u\\n'
        /app/.venv/bin/python3  link /root/bin/python3
        /root/                  dir mode=0700 owner=0:0
        /root/bin/python3       elf static mode=0700 owner=0:0
        /usr/bin/python3        elf static
        /bin/sh                 elf static
        ",
        "user-cannot-reach
        let every user search the directory and read the file, in a line before `USER` | RUN chmod a+x /root && chmod a+rx /root/bin/python3
        or name one that the user may start | #!/usr/bin/python3 -u",
    );
}

#[test]
fn a_program_behind_a_closed_directory_is_opened_where_it_is() {
    let scene = "
        run --user 1000 /app/exe
        /app/     dir mode=0700 owner=0:0
        /app/exe  elf static
    ";
    check(
        scene,
        "user-cannot-reach
        copy it so that every user may come to it",
    );
    check(
        &format!("{scene}/bin/sh elf static"),
        "user-cannot-reach
        let every user search the directory, in a line before `USER` | RUN chmod a+x /app",
    );
}

/// With Docker's rules for JSON and a shell's for words. What a shell would do besides is
/// not done by anyone then.
#[test]
fn a_line_for_a_shell_becomes_an_exec_form_where_it_is_no_more_than_words() {
    let shell_form = |line: &str, expected: &str| {
        let scene = format!("Cmd /bin/sh -c '{line}'\n/app/exe elf static");
        check(&scene, &format!("shell-form-no-shell\n{expected}"));
    };
    shell_form(
        "exec /app/exe --flag \"a b\" \\'$x\\'",
        r#"use the exec form, which needs no shell | CMD ["/app/exe", "--flag", "a b", "$x"]"#,
    );
    shell_form(
        "exe -x",
        r#"use the exec form, which needs no shell, and bring `exe`, which is not here | CMD ["exe", "-x"]"#,
    );
    for line in [
        "cd /app && ./exe",
        "/app/exe $PORT",
        "/app/exe ${PORT:-80}",
        "A=b /app/exe",
        "/app/exe *.conf",
        "/app/exe \"$PORT\"",
    ] {
        shell_form(
            line,
            "take a base that has a shell, which the line needs
            or start a program alone, in exec form, which expands nothing",
        );
    }
    // The exec form of a script needs the shell as well.
    check(
        "Cmd /bin/sh -c /app/run.sh\n/app/run.sh script '#!/bin/sh\\n'",
        "shell-form-no-shell
        take a base that has a shell, which the line needs
        or start a program alone, in exec form, which expands nothing",
    );
}

#[test]
fn a_list_that_is_no_json_keeps_its_elements() {
    let check = |config: &str, expected: &str| {
        let scene = format!("{config}\n/app/exe elf static\n/bin/sh elf static");
        check(&scene, &format!("exec-form-malformed\n{expected}"));
    };
    let quotes = "use double quotes, and commas between the elements";
    check(
        r"Cmd /bin/sh -c '[\'/app/exe\', \'a, b\']'",
        &format!(r#"{quotes} | CMD ["/app/exe", "a, b"]"#),
    );
    check(
        r"Cmd /bin/sh -c '[\'/app/exe\', \'$PORT\']'",
        &format!(r#"{quotes}; no variable is expanded then | CMD ["/app/exe", "$PORT"]"#),
    );
    check(
        "Entrypoint 'sh -c \"echo $HOME\"'",
        r#"write one list element for each word | ENTRYPOINT ["sh", "-c", "echo $HOME"]"#,
    );
    check(
        "Entrypoint '/app/exe --port $PORT'",
        "leave out the brackets, so that a shell runs it, which the line needs",
    );
}

#[test]
fn what_is_in_path_and_not_found_is_mended_there() {
    check(
        "
        run npm
        /usr/local/bin/npm  link ../lib/node_modules/npm/bin/npm-cli.js
        ",
        "not-in-path
        copy what the link leads to as well | COPY --from=build /usr/local/lib/node_modules /usr/local/lib/node_modules",
    );
    let closed = "
        run --user 1000 exe
        /bin/exe      elf static mode=0700 owner=0:0
        /opt/bin/exe  elf static
        /bin/sh       elf static
    ";
    check(
        closed,
        "not-in-path
        give it the permission, in a line before `USER` | RUN chmod 755 /bin/exe
        or name another by its whole path, or put its directory into PATH | ENV PATH=/opt/bin:$PATH",
    );
    check(
        "
        run exe
        /bin/exe  elf static mode=0644
        ",
        "not-in-path
        bring it with the permission | COPY --chmod=755 … /bin/exe",
    );
    check(
        "
        run --user 1000 exe
        /usr/local/bin/     dir mode=0700 owner=0:0
        /usr/local/bin/exe  elf static
        /bin/sh             elf static
        ",
        "not-in-path
        let every user search the directory, in a line before `USER` | RUN chmod a+x /usr/local/bin",
    );
    check(
        "
        run exe
        /opt/bin/exe  elf static
        ",
        "not-in-path
        name it by its whole path, or put its directory into PATH | ENV PATH=/opt/bin:$PATH",
    );
}

/// moby/sys `user.GetExecUser` reads the file for numbers too.
#[test]
fn a_file_of_users_that_cannot_be_read_is_not_helped_by_numbers() {
    let passwd = format!("root:x:0:0::/:/bin/sh\\n{}\\n", "x".repeat(70_000));
    for user in ["nobody", "65532:65532"] {
        let scene =
            format!("Cmd /app/exe\nUser {user}\n/app/exe elf static\n/etc/passwd text '{passwd}'");
        check(
            &scene,
            "user-unknown
            shorten its longest line to less than 64 KiB
            or bring the files | COPY --from=build /etc/passwd /etc/group /etc/",
        );
    }
    check(
        "Cmd /app/exe\nUser 3000000000\n/app/exe elf static",
        "user-unknown
        give numbers in that range | USER 65532:65532",
    );
}

/// `import: not found`, said dash of a Python script that began with `#!/bin/sh`.
#[test]
fn a_text_without_a_line_gets_the_one_for_what_it_is() {
    let check = |name: &str, content: &str, rest: &str, expected: &str| {
        let scene =
            format!("run /app/{name}\n/app/{name} script '{content}'\n/bin/sh elf static\n{rest}");
        check(&scene, &format!("shebang-malformed\n{expected}"));
    };
    check(
        "x.py",
        "import os\\n",
        "/usr/bin/env elf static\n/usr/bin/python3 elf static",
        "begin it with a `#!` line | #!/usr/bin/env python3",
    );
    check(
        "x.js",
        "import os\\n",
        "/opt/node/bin/node elf static",
        "begin it with a `#!` line | #!/opt/node/bin/node",
    );
    check(
        "x.rb",
        "puts 1\\n",
        "",
        "begin it with a `#!` line for `ruby`, and bring that, which is not here",
    );
    check(
        "x.sh",
        "echo\\n",
        "",
        "begin it with a `#!` line | #!/bin/sh",
    );
    check(
        "x",
        "echo\\n",
        "",
        "if it is a shell's script: begin it with a `#!` line | #!/bin/sh",
    );
    check(
        "x",
        "\\n#!/usr/bin/perl -w\\n",
        "",
        "let its first two bytes be `#!` | #!/usr/bin/perl -w",
    );
}

#[test]
fn the_permission_alone_makes_no_program_of_what_is_cut_short() {
    check(
        "/app/exe text '\\x7fELF' mode=0644",
        "no-exec-bit
        fetch or build the file again
        and bring it with the permission | COPY --chmod=755 … /app/exe",
    );
    check(
        "/app/exe script 'error code: 1010'",
        "not-an-executable
        download it again, and fail where that fails | curl -fL -o …",
    );
}

#[test]
fn the_permission_alone_brings_no_interpreter() {
    let check = |line: &str, expected: &str| {
        let scene = format!(
            "/app/exe text '#!{line}\\n' mode=0644\n/usr/bin/env elf static\n/bin/sh elf static
             /usr/bin/apt-get elf static\n/bin link /usr/bin"
        )
        .replace("/bin/sh elf", "/usr/bin/sh elf");
        check(
            &scene,
            &format!(
                "no-exec-bit
                {expected}
                and bring it with the permission | COPY --chmod=755 … /app/exe
                or give it the permission | RUN chmod 755 /app/exe"
            ),
        );
    };
    let apt = "RUN apt-get update && apt-get install -y --no-install-recommends";
    check("/usr/bin/perl", &format!("install `perl` | {apt} perl"));
    check(
        "/usr/bin/env node",
        "take a base that has `node` | FROM node:lts-slim",
    );
}

/// As `git check-attr eol` has it.
#[test]
fn git_is_told_of_the_file_by_its_own_name() {
    for (name, pattern) in [
        ("run.sh", "*.sh"),
        ("gradlew", "gradlew"),
        ("manage.py", "manage.py"),
        ("'my entry'", "my?entry"),
    ] {
        let path = match name.strip_prefix('\'') {
            Some(rest) => format!("'/app/{rest}"),
            None => format!("/app/{name}"),
        };
        let word = name.trim_matches('\'');
        let quoted = if word.contains(' ') { name } else { word };
        check(
            &format!("run {path}\n{path} script '#!/bin/sh\\r\\n'\n/bin/sh elf static"),
            &format!(
                r"shebang-crlf
                remove the carriage returns | sed -i 's/\r$//' {quoted}
                and keep them out | echo '{pattern} text eol=lf' >> .gitattributes"
            ),
        );
    }
}

#[test]
fn a_link_to_nothing_is_led_to_the_same_program() {
    let sh = "
        /app/exe      script '#!/bin/sh\\n'
        /bin/sh       link /usr/bin/busybox
        /bin/busybox  elf static
        /usr/         dir
    ";
    let busybox = r#"let the link lead to /bin/busybox | RUN ["/bin/busybox", "ln", "-sf", "/bin/busybox", "/bin/sh"]"#;
    check(sh, &format!("shebang-interp-missing\n{busybox}"));
    let copied = "or copy the file that the link leads to as well | COPY --from=build /usr/bin/busybox /usr/bin/busybox";
    check(
        &format!("run /bin/sh\n{sh}"),
        &format!("broken-symlink\n{busybox}\n{copied}"),
    );
    check(
        &format!(
            "run /app/by\n/app/by script '#!/usr/bin/env sh\\n'\n/usr/bin/env elf static\n{sh}"
        ),
        &format!("broken-symlink\n{busybox}\n{copied}"),
    );
    // It is a directory that is the link.
    check(
        "
        run /app/exe
        /app/exe          script '#!/opt/current/bin/tool\\n'
        /opt/current      link /opt/v1
        /opt/v2/bin/tool  elf static
        /bin/sh           elf static
        ",
        "shebang-interp-missing
        name it where it is | #!/opt/v2/bin/tool",
    );
    check(
        "
        run /usr/bin/tool
        /usr/bin/tool  link /etc/alternatives/tool
        /etc/alternatives/tool  link /opt/a/tool
        /opt/b/tool  elf static
        /bin/sh      elf static
        ",
        "broken-symlink
        let the link lead to /opt/b/tool | RUN ln -sf /opt/b/tool /usr/bin/tool
        or copy the file that the link leads to as well | COPY --from=build /opt/a/tool /opt/a/tool",
    );
}

/// The images of php and ruby have no names with a release; Alpine's bash is in `/bin`.
#[test]
fn an_interpreter_is_called_as_the_target_or_the_image_calls_it() {
    let check = |line: &str, rest: &str, expected: &str| {
        let scene = format!("/app/exe script '#!{line}\\n'\n{rest}");
        check(&scene, &format!("shebang-interp-missing\n{expected}"));
    };
    let glibc = "/bin/sh elf static\n/usr/bin/env elf static";
    let other = "or name an interpreter that the target has";
    check(
        "/usr/bin/php8.2",
        glibc,
        &format!(
            "take a base that has `php8.2` | FROM php:8.2-cli   (#!/usr/bin/env php)\n{other}"
        ),
    );
    check(
        "/usr/bin/env ruby2.7",
        glibc,
        &format!(
            "take a base that has `ruby2.7` | FROM ruby:2.7-slim   (#!/usr/bin/env ruby)\n{other}"
        ),
    );
    check(
        "/usr/bin/env python",
        &format!("{glibc}\n/usr/bin/python3 elf static"),
        &format!(
            "if it is written for Python 3: name it as it is called here | #!/usr/bin/env python3
            or take a base that has `python` | FROM python:3-slim\n{other}"
        ),
    );
    check(
        "/usr/bin/env python",
        &format!("{glibc}\n/usr/bin/apt-get elf static"),
        &format!(
            "if it is written for Python 3: install `python3`, and begin with `#!/usr/bin/python3` | RUN apt-get update && apt-get install -y --no-install-recommends python3
            or take a base that has `python` | FROM python:3-slim\n{other}"
        ),
    );
    check(
        "/usr/local/bin/python3.11 -u",
        &format!("{glibc}\n/usr/bin/python3 elf static"),
        &format!(
            "if it runs under the release that is here: name it as it is called here | #!/usr/bin/python3 -u
            or take a base that has `python3.11` | FROM python:3.11-slim\n{other}"
        ),
    );
    let alpine = "
        loader musl
        /bin/busybox  elf static
        /bin/sh       link busybox
        /sbin/apk     elf static
        /usr/bin/env  link /bin/busybox
    ";
    check(
        "/usr/bin/bash -e",
        alpine,
        "if the script needs no more than a plain shell: name that one | #!/bin/sh
        or install `bash`, and begin with `#!/bin/bash -e` | RUN apk add --no-cache bash",
    );
    check(
        "/usr/bin/node",
        alpine,
        &format!(
            "take a base that has `node` | FROM node:lts-alpine   (#!/usr/bin/env node)\n{other}"
        ),
    );
}

#[test]
fn busyboxs_env_is_left_out_for_the_interpreters_own_path() {
    let check = |line: &str, rest: &str, expected: &str| {
        let scene = format!(
            "
            loader musl
            /app/exe      script '#!/usr/bin/env {line}\\n'
            /bin/busybox  elf static
            /bin/sh       link busybox
            /sbin/apk     elf static
            /usr/bin/env  link /bin/busybox
            {rest}"
        );
        check(&scene, &format!("shebang-malformed\n{expected}"));
    };
    let bash = "/bin/bash elf static";
    let coreutils = "or install the env of coreutils | RUN apk add --no-cache coreutils";
    check(
        "-S bash -e",
        bash,
        &format!("name the interpreter itself | #!/bin/bash -e\n{coreutils}"),
    );
    check(
        "bash -e",
        bash,
        "name the interpreter itself | #!/bin/bash -e",
    );
    check(
        "-S bash -e",
        "",
        "install the interpreter, and begin with `#!/bin/bash -e` | RUN apk add --no-cache bash",
    );
    check(
        "-S A=b bash -e -u",
        bash,
        &format!("name the interpreter itself by its path, with one argument at most\n{coreutils}"),
    );
}
