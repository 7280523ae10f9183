//! A file that was asked about, and what would be seen.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Elf, Finding, Library, Verdict};

/// A file that was asked about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Subject {
    /// An index into `targets`.
    pub target: usize,
    /// The path in the target.
    pub path: String,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// The path without links.
    pub real_path: Option<String>,
    /// Why it was looked at.
    pub role: Role,
    /// The layer that brought it.
    pub layer: Option<u32>,
    /// What it is.
    pub kind: SubjectKind,
    /// Would it start?
    pub verdict: Verdict,
    /// What would be seen.
    pub outcome: Outcome,
    /// Facts of the ELF file: of the subject itself, or of the one at the end of
    /// its `#!` lines.
    pub elf: Option<Elf>,
    /// Its `#!` line.
    pub script: Option<Script>,
    /// What it needs, in load order.
    pub libraries: Vec<Library>,
    /// What is worth telling.
    pub findings: Vec<Finding>,
}

impl Subject {
    /// The path of the ELF program: of a script, what its chain of interpreters ends in.
    #[must_use]
    pub fn program(&self) -> &str {
        let script = self.script.as_ref();
        let end = script.and_then(|script| script.chain.last());
        end.unwrap_or(&self.path)
    }
}

/// Why a file was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It was named.
    Argument,
    /// The image's `Entrypoint`.
    Entrypoint,
    /// The image's `Cmd`.
    Cmd,
    /// The image's `Healthcheck`.
    Healthcheck,
    /// It was copied in.
    Copied,
    /// `--all` met it.
    Scanned,
}

/// What a subject is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An ELF file.
    Elf,
    /// A file that begins with `#!`.
    Script,
    /// Another file, or no regular file.
    Other,
    /// Nothing.
    Absent,
}

/// What would be seen at exec.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Outcome {
    /// `null` where it is not known.
    pub starts: Option<bool>,
    /// Where it ends; `null` where it starts.
    pub stage: Option<Stage>,
    /// What `execve` fails with, such as `ENOENT`.
    pub errno: Option<String>,
    /// What the loader exits with.
    pub exit_status: Option<u8>,
    /// What kills it, such as `SIGSEGV`.
    pub signal: Option<String>,
    /// All that the loader writes to stderr.
    pub message: Option<String>,
    /// How others word it.
    pub as_reported: Vec<Reported>,
}

/// Where a start ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The container runtime refuses.
    Runtime,
    /// `execve` fails, or the process dies in it.
    Exec,
    /// The loader gives up.
    Loader,
    /// The loader gives up when it binds symbols.
    Relocation,
}

/// One party's words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Reported {
    /// `docker`, `podman`, `runc`, `crun` or `sh`.
    pub by: String,
    /// The words.
    pub text: String,
}

/// A `#!` line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Script {
    /// The interpreter that it names.
    pub interpreter: Option<String>,
    /// The exact bytes of `interpreter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter_b64: Option<String>,
    /// Its one argument.
    pub argument: Option<String>,
    /// The exact bytes of `argument`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument_b64: Option<String>,
    /// The line.
    pub line: String,
    /// The exact bytes of `line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_b64: Option<String>,
    /// A carriage return is its last byte.
    pub ends_in_cr: bool,
    /// What is executed one after the other.
    pub chain: Vec<String>,
}
