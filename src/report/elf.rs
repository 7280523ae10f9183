//! Facts of an ELF file.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::Libc;

/// Facts of an ELF file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Elf {
    /// 32 or 64.
    pub class: u8,
    /// Byte order.
    pub data: Data,
    /// Such as `x86_64`.
    pub machine: String,
    /// Such as `sysv`.
    pub osabi: String,
    /// `e_type`.
    #[serde(rename = "type")]
    pub object_type: String,
    /// How it is linked.
    pub linkage: Linkage,
    /// The C library that it was linked with.
    pub libc: Libc,
    /// `DT_SONAME`
    pub soname: Option<String>,
    /// What `PT_INTERP` names.
    pub interpreter: Option<Interpreter>,
    /// `DT_RPATH`, split.
    pub rpath: Vec<String>,
    /// `DT_RUNPATH`, split.
    pub runpath: Vec<String>,
    /// Flags that matter to a loader.
    pub flags: Vec<String>,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<Arc<str>>,
    /// `DT_VERNEED`
    pub version_needs: Vec<VersionNeed>,
    /// What it was built with.
    pub build: Option<Build>,
}

/// Byte order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// Little-endian.
    Little,
    /// Big-endian.
    Big,
}

/// How an ELF file is linked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    /// It names an interpreter.
    Dynamic,
    /// It needs nothing.
    Static,
    /// It relocates itself.
    StaticPie,
    /// It is made to be loaded by others.
    SharedObject,
}

/// What `PT_INTERP` names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Interpreter {
    /// The path as written.
    pub path: String,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// What is there.
    pub status: InterpreterStatus,
    /// The file without links.
    pub real_path: Option<String>,
    /// The layer that brought it.
    pub layer: Option<u32>,
}

/// What is at the interpreter's path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterpreterStatus {
    /// A loader.
    Ok,
    /// Nothing.
    Missing,
    /// A link that leads to nothing.
    BrokenLink,
    /// Links that lead round in a circle.
    LinkLoop,
    /// Something on the way is no directory.
    NotADirectory,
    /// A directory.
    Directory,
    /// The user may not get there.
    Unreachable,
    /// A file without execute bit, or none for this user.
    NotExecutable,
    /// A file that ends before an ELF header would.
    TooShort,
    /// No ELF file.
    NotElf,
    /// An ELF file for another machine.
    WrongMachine,
    /// An ELF file of a type that cannot run.
    WrongType,
    /// An ELF file with bad program headers, or a bad `PT_INTERP`.
    Malformed,
    /// An ELF file that is no loader.
    NotALoader,
}

/// The versions wanted of one file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VersionNeed {
    /// A needed name.
    pub file: String,
    /// The loaded object that it means; `null` where there is none, or where the
    /// loader does not look at versions.
    pub path: Option<String>,
    /// The versions.
    pub versions: Vec<VersionEntry>,
}

/// One version that is wanted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VersionEntry {
    /// Such as `GLIBC_2.34`.
    pub name: String,
    /// Its absence is only warned of.
    pub weak: bool,
    /// Whether the file that is loaded defines it; `null` where it was not
    /// looked up.
    pub found: Option<bool>,
}

/// What a file was built with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Build {
    /// `go` or `rust`; `null` where nothing sure tells.
    pub language: Option<String>,
    /// What Go's linker left.
    pub go: Option<GoBuild>,
    /// The strings of `.comment`; none of files larger than 4 MiB.
    pub comment: Vec<String>,
}

/// What a Go program tells of its build.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GoBuild {
    /// Such as `go1.22.1`; `null` where it was not read: Go before 1.18 left it where
    /// files larger than 4 MiB are not looked at.
    pub version: Option<String>,
    /// The import path of the main package.
    pub path: Option<String>,
    /// What was set for the build, such as `CGO_ENABLED`.
    pub settings: BTreeMap<String, String>,
}
