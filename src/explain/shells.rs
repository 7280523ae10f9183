//! What shells and other programs say of `execve` that start programs inside a container.

use super::pattern::{Cause, NO_FORMAT, NO_INTERPRETER, Pattern, Phase};
use super::runtimes::{NO_INTERPRETER_OR_PROGRAM, NOT_ALLOWED, ODD_INTERPRETER};

const ASK: &[&str] = &["imgldd -i IMAGE {path}"];

const READ_AS_SCRIPT: &[Cause] = &[
    ("arch-mismatch", "a program for another CPU"),
    ("malformed-elf", "an ELF file that is damaged"),
    ("not-a-program", "an ELF file that is no program"),
    (
        "not-an-executable",
        "compressed data, or a program of another system",
    ),
];

/// What a shell's `not found` can be.
const SHELL_NOT_FOUND: &[Cause] = &[
    ("glibc-on-musl", "built for glibc, and the target has musl"),
    ("shebang-crlf", "a script with Windows line ends"),
    ("entrypoint-missing", "the program itself is not there"),
    ("not-in-path", "a bare name, and PATH lacks its directory"),
    (
        "dynamic-in-scratch",
        "a dynamic program, and the target has no loader at all",
    ),
    (
        "shebang-interp-missing",
        "the interpreter that the `#!` line names is not there",
    ),
    ("musl-on-glibc", "built for musl, and the target has glibc"),
    (
        "interpreter-missing",
        "the right libc, and its loader is gone",
    ),
    (
        "foreign-interp-path",
        "the loader's path is one of a builder or of another system",
    ),
    ("no-multilib", "a 32-bit program, and only a 64-bit loader"),
    (
        "broken-symlink",
        "a link on the way to the program or its interpreter leads to nothing",
    ),
    (
        "exec-form-malformed",
        "a whole command line stands in one element",
    ),
    (
        "shell-form-no-shell",
        "it is a shell, and the image has none",
    ),
    (
        "cwd-dependent",
        "the interpreter is named by a relative path",
    ),
    (
        "usrmerge-clobbered",
        "a layer made a directory of the link `/lib` or `/lib64`",
    ),
    (
        "deleted-by-layer",
        "a layer deleted the program or the interpreter",
    ),
];

pub(super) const ROWS: &[Pattern] = &[
    Pattern {
        id: "bash-required-file",
        texts: &["{path}: cannot execute: required file not found"],
        who: "bash 5.2 or later, of execve",
        phase: Phase::Exec,
        proves: "`{path}` is there. What is not there is what starts it, its ELF interpreter or that of its `#!` line.",
        open: "Which of the two.",
        causes: NO_INTERPRETER,
        ask: ASK,
        source: "bash execute_cmd.c:shell_execve",
    },
    Pattern {
        id: "bad-interpreter",
        texts: &[
            "{path}: bad interpreter: {text}",
            "bad interpreter: No such file or directory",
        ],
        who: "bash or zsh, which read the `#!` line after execve had failed",
        phase: Phase::Exec,
        proves: "A script's `#!` line names an interpreter that cannot be started. `^M` at its end is a carriage return: Windows line ends.",
        open: "",
        causes: &[
            (
                "shebang-crlf",
                "the name ends in a carriage return, shown as `^M`",
            ),
            (
                "shebang-interp-missing",
                "no such interpreter in the target",
            ),
            (
                "glibc-on-musl",
                "the interpreter is a program for glibc itself",
            ),
        ],
        ask: &["imgldd -i IMAGE"],
        source: "bash execute_cmd.c:shell_execve",
    },
    Pattern {
        id: "binary-file",
        texts: &[
            "{path}: cannot execute binary file",
            "cannot execute binary file: Exec format error",
        ],
        who: "bash, of execve",
        phase: Phase::Exec,
        proves: "The kernel takes the file for nothing that it knows, and it is no text that bash could read.",
        open: "",
        causes: NO_FORMAT,
        ask: ASK,
        source: "bash execute_cmd.c:shell_execve",
    },
    Pattern {
        id: "env-carriage-return",
        texts: &[
            "env: '{name}\\r': No such file or directory",
            "env: can't execute '{name}\\r'",
        ],
        who: "env, which a `#!` line names",
        phase: Phase::Exec,
        proves: "The `#!` line ends in a carriage return: the script has Windows line ends.",
        open: "",
        causes: &[("shebang-crlf", "Windows line ends")],
        ask: &["imgldd -i IMAGE"],
        source: "coreutils src/env.c:main; measured",
    },
    Pattern {
        id: "env-not-found",
        texts: &[
            "env: '{text}': No such file or directory",
            "env: can't execute '{text}': No such file or directory",
        ],
        who: "env, which a `#!` line names, or a command line",
        phase: Phase::Exec,
        proves: "No directory of PATH has a program `{text}` that can be started. With a blank in the name, the `#!` line has several words after env, which are one argument.",
        open: "Whether the program is missing or its own interpreter.",
        causes: &[
            ("shebang-interp-missing", "it is not installed"),
            (
                "shebang-malformed",
                "several words after env: that takes `env -S`",
            ),
            ("not-in-path", "PATH lacks its directory"),
            ("shebang-crlf", "the name ends in a carriage return"),
        ],
        ask: &["imgldd -i IMAGE '{text}'"],
        source: "coreutils src/env.c:main; busybox libbb/executable.c:BB_EXECVP_or_die",
    },
    Pattern {
        id: "carriage-return-inside",
        texts: &[
            "$'\\r': command not found",
            "Illegal option -\\r",
            "invalid option name: pipefail\\r",
            "illegal option -\r",
        ],
        who: "a shell that reads a script",
        phase: Phase::Running,
        proves: "The script has Windows line ends: the shell takes the carriage return for a part of a word.",
        open: "",
        causes: &[("shebang-crlf", "Windows line ends")],
        ask: &["imgldd -i IMAGE"],
        source: "measured",
    },
    Pattern {
        id: "lfs-pointer",
        texts: &[
            "line 1: version: command not found",
            "version: not found",
            "version: command not found",
        ],
        who: "a shell that reads a Git LFS pointer as a script",
        phase: Phase::Running,
        proves: "The file begins with the word `version`, as a Git LFS pointer does: what it points to was not fetched.",
        open: "",
        causes: &[("not-an-executable", "a Git LFS pointer")],
        ask: &["imgldd -i IMAGE"],
        source: "measured",
    },
    Pattern {
        id: "elf-read-by-a-shell",
        texts: &[
            "\\x7fELF",
            "\u{7f}ELF",
            "line 1: ELF",
            ": 1: ELF",
            "syntax error: unexpected \"(\"",
            "syntax error: unexpected \")\"",
            "syntax error: \"(\" unexpected",
            "syntax error: \")\" unexpected",
            "syntax error: word unexpected",
            "syntax error near unexpected token '('",
            "syntax error: unterminated quoted string",
        ],
        who: "a shell that reads an ELF file as a script, after execve had said ENOEXEC, or because of `sh PROGRAM`",
        phase: Phase::Running,
        proves: "Where the file is a program and no script: the kernel does not take it, and the shell tried to read it.",
        open: "Whether it is a program: a script with a mistake in it makes a shell say the same.",
        causes: READ_AS_SCRIPT,
        ask: &["imgldd -i IMAGE"],
        source: "measured",
    },
    Pattern {
        id: "exec-form-in-a-shell",
        texts: &[
            ": 1: [{path}: not found",
            ": [{path}: not found",
            ": [{path}: command not found",
        ],
        who: "the shell of a shell form",
        phase: Phase::Running,
        proves: "An exec form that is no JSON (single quotes, no commas) was taken for a shell's line, brackets and all.",
        open: "",
        causes: &[
            (
                "exec-form-malformed",
                "single quotes instead of double ones",
            ),
            (
                "entrypoint-missing",
                "a program whose name begins with a bracket",
            ),
            ("not-in-path", "a program whose name begins with a bracket"),
        ],
        ask: &["imgldd -i IMAGE"],
        source: "dash error.c:errmsg; seen in issues",
    },
    Pattern {
        id: "tool-enoent",
        texts: &[
            "failed to run command '{path}': No such file or directory",
            "can't execute '{path}': No such file or directory",
            "Failed to execute {path}: No such file or directory",
            "Failed at step EXEC spawning {path}: No such file or directory",
            "bash: {path}: No such file or directory",
            ": 0: cannot open {path}: No such file",
            "can't open '{path}': No such file or directory",
        ],
        who: "chroot, systemd, busybox, or bash before 5.2",
        phase: Phase::Exec,
        proves: "execve of `{path}` said ENOENT.",
        open: "Whether `{path}` or what starts it is missing.",
        causes: NO_INTERPRETER_OR_PROGRAM,
        ask: ASK,
        source: "coreutils src/chroot.c:main; systemd src/core/exec-invoke.c; measured",
    },
    Pattern {
        id: "tool-noexec",
        texts: &[
            "failed to run command '{path}': Exec format error",
            "can't execute '{path}': Exec format error",
            "Failed to execute {path}: Exec format error",
            "Failed at step EXEC spawning {path}: Exec format error",
        ],
        who: "chroot, systemd or busybox",
        phase: Phase::Exec,
        proves: "`{path}` is there, and the kernel takes it for nothing that it knows.",
        open: "",
        causes: NO_FORMAT,
        ask: ASK,
        source: "coreutils src/chroot.c:main; systemd src/core/exec-invoke.c",
    },
    Pattern {
        id: "tool-access",
        texts: &[
            "can't open '{path}': Permission denied",
            "failed to run command '{path}': Permission denied",
            "can't execute '{path}': Permission denied",
            "Failed to execute {path}: Permission denied",
            "Failed at step EXEC spawning {path}: Permission denied",
        ],
        who: "a shell that is to read a script, chroot, systemd or busybox",
        phase: Phase::Exec,
        proves: "`{path}` may not be opened or executed by the user.",
        open: "",
        causes: NOT_ALLOWED,
        ask: ASK,
        source: "coreutils src/chroot.c:main; busybox shell/ash.c; seen in issues",
    },
    Pattern {
        id: "shell-eperm",
        texts: &["/bin/sh: Operation not permitted"],
        who: "make or another program that starts a shell",
        phase: Phase::Exec,
        proves: "A system call that the image's libc makes was answered with EPERM.",
        open: "By whom: most often an old host's seccomp filter.",
        causes: &[(
            "seccomp-too-old",
            "faccessat2 or clone3, and Docker before 20.10",
        )],
        ask: &["imgldd -i IMAGE"],
        source: "seen in issues",
    },
];

/// Rows with little in their texts; the others come first.
pub(super) const LATE: &[Pattern] = &[
    Pattern {
        id: "shell-enoent",
        texts: &[
            ": 1: {path}: not found",
            "{path}: not found",
            "{path}: command not found",
        ],
        who: "a shell (dash, busybox ash), of execve or of its search in PATH",
        phase: Phase::Exec,
        proves: "execve of `{path}` said ENOENT, or a bare name is in no directory of PATH. Exit status 127.",
        open: "Whether `{path}` is there: these shells say the same of a missing program and of a missing interpreter.",
        causes: SHELL_NOT_FOUND,
        ask: ASK,
        source: "dash error.c:errmsg; busybox shell/ash.c:errmsg",
    },
    Pattern {
        id: "shell-errno",
        texts: &[
            ": 1: {path}: Permission denied",
            "/bin/sh: {path}: Permission denied",
            "sh: {path}: Permission denied",
            "bash: {path}: Permission denied",
        ],
        who: "a shell, of execve",
        phase: Phase::Exec,
        proves: "`{path}` is there, and it, its interpreter, or a directory above it is not for the user. Exit status 126.",
        open: "Which of them.",
        causes: NOT_ALLOWED,
        ask: ASK,
        source: "dash error.c:errmsg; bash execute_cmd.c:shell_execve",
    },
    Pattern {
        id: "shell-odd-errno",
        texts: &[
            ": 1: {path}: Too many levels of symbolic links",
            ": 1: {path}: Accessing a corrupted shared library",
            ": 1: {path}: Input/output error",
            ": 1: {path}: Is a directory",
            ": 1: {path}: File name too long",
            ": 1: {path}: Invalid argument",
            "{path}: Accessing a corrupted shared library",
            "{path}: Too many levels of symbolic links",
        ],
        who: "a shell, of execve",
        phase: Phase::Exec,
        proves: "The path, or what the file names as its interpreter, cannot be reached or used.",
        open: "Which of them.",
        causes: ODD_INTERPRETER,
        ask: ASK,
        source: "dash error.c:errmsg; bash execute_cmd.c:shell_execve",
    },
];
