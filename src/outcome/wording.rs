//! How container runtimes and a shell word what `execve` says.
//!
//! runc since 1.1 (`libcontainer/standard_init_linux.go`, Go's
//! `os/exec.LookPath` and `syscall.Errno.Error`), crun since 1.9
//! (`src/libcrun/utils.c:find_executable`, `container.c`), dash for `sh`.

use crate::errno::Errno;
use crate::kernel::Refusal;
use crate::path::TargetPath;
use crate::report::Reported;
use crate::rootfs::Metadata;

/// A bare name that is in no directory of PATH.
#[must_use]
pub fn not_in_path(name: &str) -> Vec<Reported> {
    let name = crate::bytes::escape(name);
    let by = |by: &str, text: String| Reported {
        by: by.to_owned(),
        text,
    };
    vec![
        by(
            "runc",
            format!("exec: \"{name}\": executable file not found in $PATH"),
        ),
        by(
            "crun",
            format!("executable file `{name}` not found in $PATH: No such file or directory"),
        ),
        by("sh", format!("sh: 1: {name}: not found")),
    ]
}

pub(super) fn reported(path: &TargetPath, errno: Errno, why: &Refusal) -> Vec<Reported> {
    let is_subject = |of: &TargetPath| of == path;
    let mut reported = Vec::new();
    let mut say = |by: &str, text: String| {
        reported.push(Reported {
            by: by.to_owned(),
            text,
        });
    };
    match why {
        Refusal::Lookup(of) if is_subject(of) => {
            say(
                "runc",
                format!("exec: \"{path}\": stat {path}: {}", errno.go_words()),
            );
            say(
                "crun",
                format!("executable file `{path}` not found: {}", errno.words()),
            );
        }
        Refusal::Directory(of) | Refusal::Special(of) if is_subject(of) => {
            say("runc", format!("exec: \"{path}\": permission denied"));
            say(
                "crun",
                format!("the path `{path}` is not a regular file: Operation not permitted"),
            );
        }
        Refusal::NotExecutable { path: of, metadata } if is_subject(of) => {
            let text = if has_any_execute_bit(metadata) {
                format!("exec {path}: permission denied")
            } else {
                format!("exec: \"{path}\": permission denied")
            };
            say("runc", text);
            say(
                "crun",
                format!(
                    "the path `{path}` exists but it is not executable: Operation not permitted"
                ),
            );
        }
        _ => {
            say("runc", format!("exec {path}: {}", errno.go_words()));
            let guess = if errno == Errno::NOENT {
                " (missing dynamic library?)"
            } else {
                ""
            };
            say(
                "crun",
                format!("exec container process{guess} `{path}`: {}", errno.words()),
            );
        }
    }
    // A shell makes something else of ENOEXEC: it runs the file as a script.
    match errno {
        Errno::NOEXEC => {}
        Errno::NOENT => say("sh", format!("sh: 1: {path}: not found")),
        errno => say("sh", format!("sh: 1: {path}: {}", errno.words())),
    }
    reported
}

fn has_any_execute_bit(metadata: &Metadata) -> bool {
    metadata.mode & 0o111 != 0
}
