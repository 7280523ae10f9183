//! How container engines, their runtimes and a shell word a failure to start.
//!
//! runc since 1.2 (`libcontainer/standard_init_linux.go`, `internal/linux`, with Go's
//! `os/exec.Error`, `io/fs.PathError` and `syscall.Errno.Error`), crun since 1.22
//! (`src/libcrun/utils.c:find_executable`, `container.c`), Docker 29 (`daemon`), podman 5
//! (`libpod`), dash for `sh`. What they put before it (`unable to start container
//! process: `, `Error: crun: `) and after it is left out.

use crate::bytes::Shown;
use crate::errno::Errno;
use crate::report::Reported;
use crate::runtime::env::Flavour;
use crate::runtime::{BadVariable, Lookup, Plan, Problem, Refusal, Refused};

pub(super) fn by(by: &str, text: String) -> Reported {
    Reported {
        by: by.to_owned(),
        text,
    }
}

/// A program that `execve` refuses with `errno`, if a runtime comes so far.
pub(super) fn reported(lookup: &Lookup, errno: Errno) -> Vec<Reported> {
    let mut reported = vec![by("runc", runc(lookup, errno))];
    // crun may find what runc does not; what becomes of that is not asked here.
    if lookup.path.is_some() || lookup.crun.is_err() {
        reported.push(by("crun", crun(lookup, errno)));
    }
    reported.extend(shell(&lookup.name, errno).map(|text| by("sh", text)));
    reported
}

fn runc(lookup: &Lookup, errno: Errno) -> String {
    let Refusal { name, why } = match &lookup.runc {
        Ok(name) => return format!("exec {}: {}", Shown(name), errno.go_words()),
        Err(refusal) => refusal,
    };
    let why = match why {
        Refused::Lookup(errno) => format!("stat {}: {}", Shown(name), errno.go_words()),
        Refused::NotExecutable => Errno::ACCES.go_words(),
        Refused::NotRegular => Errno::ISDIR.go_words(),
        Refused::NotInPath | Refused::OnlyForRoot => {
            "executable file not found in $PATH".to_owned()
        }
        Refused::WorkingDirectory => {
            "cannot run executable found relative to current directory".to_owned()
        }
    };
    format!("exec: {}: {why}", go_quoted(name))
}

pub(super) fn crun(lookup: &Lookup, errno: Errno) -> String {
    let Refusal { name, why } = match &lookup.crun {
        Ok(name) => {
            let name = Shown(name);
            let guess = if errno == Errno::NOENT {
                " (missing dynamic library?)"
            } else {
                ""
            };
            return format!("exec container process{guess} `{name}`: {}", errno.words());
        }
        Err(refusal) => refusal,
    };
    let is_empty = name.is_empty();
    let name = Shown(name);
    let (what, errno) = match why {
        _ if is_empty => ("cannot find `` in $PATH".to_owned(), Errno::NOENT),
        Refused::NotInPath | Refused::WorkingDirectory => (
            format!("executable file `{name}` not found in $PATH"),
            Errno::NOENT,
        ),
        Refused::Lookup(Errno::NOENT) => {
            (format!("executable file `{name}` not found"), Errno::NOENT)
        }
        Refused::Lookup(errno) => (format!("open `{name}`"), *errno),
        Refused::NotExecutable => (
            format!("the path `{name}` exists but it is not executable"),
            Errno::PERM,
        ),
        Refused::OnlyForRoot => (format!("exec container process `{name}`"), Errno::ACCES),
        Refused::NotRegular => (
            format!("the path `{name}` is not a regular file"),
            Errno::PERM,
        ),
    };
    format!("{what}: {}", errno.words())
}

/// dash (`error.c:errmsg`). It makes something else of `ENOEXEC`: it runs the file
/// as a script.
fn shell(name: &[u8], errno: Errno) -> Option<String> {
    let words = match errno {
        Errno::NOEXEC => return None,
        Errno::NOENT | Errno::NOTDIR => "not found",
        errno => errno.words(),
    };
    Some(format!("sh: 1: {}: {words}", Shown(name)))
}

/// What `env` writes of a program that it cannot execute, where that is known: coreutils
/// (`src/env.c:main`), busybox (`libbb/executable.c:BB_EXECVP_or_die`). `own` is the path
/// that it was started by, `name` what it was asked for.
pub(crate) fn env(flavour: Flavour, own: &[u8], name: &[u8], errno: Errno) -> Option<String> {
    let (own, name, why) = (Shown(own), Shown(name), errno.words());
    match (flavour, errno) {
        // glibc hands it to a shell then.
        (_, Errno::NOEXEC) => None,
        (Flavour::Coreutils, _) => Some(format!("{own}: '{name}': {why}")),
        (Flavour::Busybox, _) => Some(format!("env: can't execute '{name}': {why}")),
        (Flavour::Other, _) => None,
    }
}

/// Go's `strconv.Quote`, as far as names go that can be shown.
fn go_quoted(name: &[u8]) -> String {
    let mut escaped = Vec::with_capacity(name.len());
    for &byte in name {
        if matches!(byte, b'"' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    format!("\"{}\"", Shown(&escaped))
}

/// Why nothing of `plan` is started, in the order in which the engines look:
/// the command when a container is created, the directory, the user and the
/// environment when it is started.
pub(super) fn refused(plan: &Plan) -> Option<Vec<Reported>> {
    let fatal = || plan.problems.iter().filter(|problem| problem.is_fatal());
    if fatal().any(|problem| *problem == Problem::NoCommand) {
        return Some(vec![
            by("docker", "no command specified".to_owned()),
            by(
                "crun",
                "cannot find `` in $PATH: No such file or directory".to_owned(),
            ),
        ]);
    }
    if let Some(reported) = fatal().find_map(directory) {
        return Some(reported);
    }
    if let Err(problem) = &plan.user
        && problem.is_ours().is_none()
    {
        let text = problem.to_string();
        return Some(vec![by("docker", text.clone()), by("podman", text)]);
    }
    fatal().find_map(variable)
}

fn directory(problem: &Problem) -> Option<Vec<Reported>> {
    match problem {
        Problem::MountPoint { path, is_link } => {
            let kind = match *path {
                "/proc" => "proc",
                "/sys" => "sysfs",
                _ => "tmpfs",
            };
            let why = match kind {
                // What comes before these words are numbers.
                "tmpfs" if !is_link => "not a directory".to_owned(),
                _ => format!(
                    "error mounting \"{kind}\" to rootfs at \"{path}\": \
                     filesystem \"{kind}\" must be mounted on ordinary directory"
                ),
            };
            Some(vec![by("runc", why)])
        }
        Problem::VolumeOfRoot => {
            let text =
                "error reopening /dev/null inside container: open /dev/null: permission denied";
            Some(vec![by("runc", text.to_owned())])
        }
        Problem::WorkdirRelative(_) => {
            let text = "Cwd must be an absolute path";
            Some(vec![by("runc", text.to_owned())])
        }
        Problem::WorkdirUnusable {
            path,
            obstacle,
            errno,
        } => {
            let is_file = *errno == Errno::NOTDIR;
            // A link that leads nowhere is in the way of a directory by that name.
            let runc = if is_file {
                "not a directory"
            } else {
                "file exists"
            };
            let docker = (is_file && path == obstacle)
                .then(|| by("docker", format!("Cannot mkdir: {path} is not a directory")));
            let runtimes = [
                by("runc", format!("mkdir {obstacle}: {runc}")),
                by("crun", format!("chdir to `{path}`: {}", errno.words())),
            ];
            Some(docker.into_iter().chain(runtimes).collect())
        }
        _ => None,
    }
}

fn variable(problem: &Problem) -> Option<Vec<Reported>> {
    let Problem::BadVariable { entry, why } = problem else {
        return None;
    };
    let why = match why {
        BadVariable::NoValue => "invalid environment variable: missing '='".to_owned(),
        BadVariable::NoName => "invalid environment variable: name cannot be empty".to_owned(),
        BadVariable::Nul => {
            let name = entry.split(|&b| b == b'=').next().unwrap_or_default();
            let name = go_quoted(name);
            format!("invalid environment variable {name}: contains nul byte (\\x00)")
        }
    };
    Some(vec![by("runc", why)])
}
