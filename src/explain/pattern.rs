//! What is known of an error text: who says it, where, and what follows from it.
//!
//! The rows are in `runtimes`, `kernel`, `shells`, `loaders`, `programs`. The first row that fits
//! a piece of text has it, so the more particular come first.

/// How far a start had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// An engine or its runtime, before `execve`.
    Runtime,
    /// `execve` itself.
    Exec,
    /// The loader, looking for libraries.
    Loader,
    /// The loader, checking versions and binding symbols.
    Relocation,
    /// The program runs, or a shell reads what is no program.
    Running,
}

impl Phase {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Phase::Runtime => "before execve, in the container runtime",
            Phase::Exec => "in execve",
            Phase::Loader => "after execve, in the dynamic loader",
            Phase::Relocation => "after execve, when the loader binds versions and symbols",
            Phase::Running => "after the start",
        }
    }
}

/// A cause and what speaks for it: the word of a finding, and a line.
pub type Cause = (&'static str, &'static str);

/// One thing that somebody says when a program does not start.
#[derive(Debug)]
pub struct Pattern {
    /// A word for the row.
    pub id: &'static str,
    /// Templates of the text; `src/explain/template.rs` has their language.
    pub texts: &'static [&'static str],
    /// Who says it.
    pub who: &'static str,
    /// How far the start had come.
    pub phase: Phase,
    /// What is certain; may have holes of the templates.
    pub proves: &'static str,
    /// What stays open, or misleads; empty where nothing does.
    pub open: &'static str,
    /// What it can be, the most likely first.
    pub causes: &'static [Cause],
    /// What to type; left out where a hole of it is empty.
    pub ask: &'static [&'static str],
    /// Where the text is written: file and function, or `measured`.
    pub source: &'static str,
}

/// Causes of the catalogue that no finding tells yet: they are named, and said not to be
/// checked for.
pub const NOT_CHECKED: &[Cause] = &[
    ("symbol-missing", "a symbol that no loaded library defines"),
    ("glibc-symbols-on-musl", "a library for glibc under musl"),
    ("glibc-loader-under-musl", "glibc itself, loaded by musl"),
    (
        "execstack-refused",
        "a library that asks for an executable stack",
    ),
    ("page-size", "a kernel with larger pages"),
    ("isa-property", "a program for a newer CPU"),
    ("libc-baseline", "a libc for a newer CPU"),
    ("static-tls", "thread-local storage that no longer fits"),
    (
        "textrel",
        "relocations in code, and a system that forbids them",
    ),
    ("kernel-too-old", "a libc for a newer kernel"),
    ("seccomp-too-old", "a seccomp filter older than the libc"),
    (
        "host-injected",
        "a library that the host brings, as a GPU's",
    ),
    (
        "secure-exec",
        "setuid or file capabilities drop LD_LIBRARY_PATH and $ORIGIN",
    ),
    (
        "static-glibc-nss",
        "a static glibc program that loads NSS modules",
    ),
];

/// The reasons for which an interpreter is not there, the most frequent first.
pub(super) const NO_INTERPRETER: &[Cause] = &[
    ("glibc-on-musl", "built for glibc, and the target has musl"),
    ("shebang-crlf", "a script with Windows line ends"),
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
        "a link on the way to the interpreter leads to nothing",
    ),
    (
        "cwd-dependent",
        "the interpreter is named by a relative path",
    ),
    (
        "usrmerge-clobbered",
        "a layer made a directory of the link `/lib` or `/lib64`",
    ),
    ("deleted-by-layer", "a layer deleted the interpreter"),
];

/// The reasons for which a path is not there.
pub(super) const NO_PROGRAM: &[Cause] = &[
    (
        "entrypoint-missing",
        "it was copied to another place, or not at all",
    ),
    ("broken-symlink", "it is a link that leads to nothing"),
    (
        "shell-form-no-shell",
        "it is the shell of a shell form, and the image has none",
    ),
    (
        "exec-form-malformed",
        "a whole command line stands in one element",
    ),
    (
        "workdir-missing",
        "a relative name, and the working directory is not in the image",
    ),
    ("deleted-by-layer", "a layer deleted it"),
    (
        "usrmerge-clobbered",
        "a layer made a directory of the link `/bin` or `/lib`",
    ),
];

/// The reasons for which the kernel takes a file for nothing that it knows.
pub(super) const NO_FORMAT: &[Cause] = &[
    ("arch-mismatch", "a program for another CPU"),
    (
        "shebang-malformed",
        "a script without `#!`, or with something before it",
    ),
    (
        "not-an-executable",
        "empty, an LFS pointer, an HTML page, a program of another system",
    ),
    ("not-a-program", "an object file, or cut short"),
    ("malformed-elf", "ELF headers that are damaged"),
];
