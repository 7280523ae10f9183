//! The result: public, versioned, serialisable.
//!
//! Everything that is shown comes from here, and so does the JSON, schema 1,
//! which `docs/json.md` describes field by field. Names of files are text with
//! U+FFFD for what is not UTF-8; the exact bytes then stand beside it in base64,
//! in a field whose name ends in `_b64`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

/// The version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that was asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Grows when a field changes its meaning or goes.
    pub schema_version: u32,
    /// Which program wrote it.
    pub tool: Tool,
    /// The systems that were examined.
    pub targets: Vec<Target>,
    /// The files that were asked about, in order.
    pub subjects: Vec<Subject>,
    /// Counts, and the worst verdict.
    pub summary: Summary,
    /// What could not be looked at.
    pub errors: Vec<ReportError>,
}

/// A name and a version.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `imgldd`
    pub name: String,
    /// A semantic version.
    pub version: String,
}

impl Default for Tool {
    fn default() -> Self {
        Tool {
            name: "imgldd".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// A system that was examined.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Target {
    /// What kind of thing it came from.
    pub kind: TargetKind,
    /// What was typed.
    pub input: String,
    /// The image's name.
    pub reference: Option<String>,
    /// The digest of the manifest.
    pub manifest_digest: Option<String>,
    /// The digest of the configuration.
    pub config_digest: Option<String>,
    /// What its kernel must be.
    pub platform: Option<Platform>,
    /// The C library that its programs use.
    pub libc: Libc,
    /// Its `os-release`.
    pub distro: Option<Distro>,
    /// The worst verdict of its subjects.
    pub verdict: Verdict,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
}

/// What kind of thing a target came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The running system.
    Host,
    /// A directory.
    Directory,
    /// `docker save`
    DockerArchive,
    /// An OCI layout in a tar.
    OciArchive,
    /// An OCI layout.
    OciDir,
    /// What skopeo calls `dir:`.
    SkopeoDir,
    /// One layer or rootfs tarball.
    Layer,
    /// The empty image.
    Scratch,
    /// The client's own `save`.
    Docker,
    /// The client's own `save`.
    Podman,
}

/// A platform as the OCI image specification has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Platform {
    /// Such as `linux`.
    pub os: String,
    /// Such as `amd64`.
    pub architecture: String,
    /// Such as `v7`.
    pub variant: Option<String>,
}

/// Which C library.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Libc {
    /// The GNU C Library.
    Glibc,
    /// musl
    Musl,
    /// uClibc or uClibc-ng.
    Uclibc,
    /// Android's.
    Bionic,
    /// None at all.
    None,
    /// Not known.
    Unknown,
}

/// Two fields of `os-release`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Distro {
    /// `ID`
    pub id: String,
    /// `VERSION_ID`
    pub version_id: Option<String>,
}

/// A layer of an image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Layer {
    /// From 1.
    pub number: u32,
    /// Of the blob.
    pub digest: Option<String>,
    /// The instruction that made it.
    pub created_by: Option<String>,
}

/// Would it start?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Ok,
    /// Yes, and there is something to say.
    Warning,
    /// No rule decides, or a limit stopped us.
    Unknown,
    /// No, or it has a finding of severity error.
    Broken,
}

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
    /// `runc`, `crun` or `sh`.
    pub by: String,
    /// The words.
    pub text: String,
}

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
    pub needed: Vec<String>,
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
    /// Such as `go`.
    pub language: Option<String>,
    /// `.comment`
    pub comment: Vec<String>,
}

/// A `#!` line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Script {
    /// The interpreter that it names.
    pub interpreter: Option<String>,
    /// Its one argument.
    pub argument: Option<String>,
    /// The line.
    pub line: String,
    /// A carriage return is its last byte.
    pub ends_in_cr: bool,
    /// What is executed one after the other.
    pub chain: Vec<String>,
}

/// One needed name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Library {
    /// The name.
    pub name: String,
    /// The exact bytes of `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_b64: Option<String>,
    /// What came of it.
    pub status: LibraryStatus,
    /// The path as opened.
    pub path: Option<String>,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// The file without links.
    pub real_path: Option<String>,
    /// `DT_SONAME`
    pub soname: Option<String>,
    /// The layer that brought it.
    pub layer: Option<u32>,
    /// The package that owns it.
    pub package: Option<String>,
    /// The rule that found it.
    pub found_by: Option<Rule>,
    /// Whose rpath or runpath that was.
    pub rule_object: Option<String>,
    /// What it needs itself.
    pub needed: Vec<String>,
    /// Who needs it.
    pub needed_by: Vec<Arc<str>>,
    /// Steps from the subject.
    pub depth: u32,
    /// Everything that was tried.
    pub attempts: Vec<Attempt>,
}

/// What came of a needed name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LibraryStatus {
    /// It was found and loaded.
    Found,
    /// Nothing was found.
    Missing,
    /// The loader stops at a file that it cannot use.
    Unusable,
    /// A loaded object satisfies it.
    AlreadyLoaded,
    /// Nothing was found, and nothing has to be.
    AllowedMissing,
}

/// A rule by which a place is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// `LD_PRELOAD` or `/etc/ld.so.preload`.
    Preload,
    /// `DT_RPATH` of the requester.
    Rpath,
    /// `DT_RPATH` of an object above it.
    RpathInherited,
    /// `LD_LIBRARY_PATH`
    LibraryPath,
    /// `DT_RUNPATH` of the requester.
    Runpath,
    /// `DT_RUNPATH` of an object above it.
    RunpathInherited,
    /// `ld.so.cache`
    Cache,
    /// musl's path file.
    MuslPathFile,
    /// The loader's own directories.
    DefaultDir,
    /// The name is a path.
    Direct,
    /// A loaded object satisfies it.
    AlreadyLoaded,
    /// The loader satisfies it.
    LoaderItself,
    /// Another root.
    Donor,
}

/// One place that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attempt {
    /// The path, as the loader would open it.
    pub path: String,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// The rule that put it there.
    pub rule: Rule,
    /// Whose rpath or runpath it was.
    pub rule_object: Option<String>,
    /// The loader that would look there is not there itself.
    pub assumed: bool,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// More about that.
    pub detail: Option<String>,
}

/// How it went with a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was taken.
    Found,
    /// It is not there.
    Absent,
    /// Something on the way is no directory.
    NotADirectory,
    /// A link leads to nothing.
    BrokenLink,
    /// Links lead round in a circle.
    LinkLoop,
    /// The path or a component is too long.
    NameTooLong,
    /// The user may not read it.
    Unreadable,
    /// Reading failed.
    IoError,
    /// A directory has the name.
    Directory,
    /// It ends before an ELF header would.
    TooShort,
    /// It is no ELF file.
    NotElf,
    /// Its class is another.
    WrongClass,
    /// Its byte order is another.
    WrongData,
    /// Its machine is another.
    WrongMachine,
    /// It cannot be loaded as a library.
    NotLoadable,
    /// It was left out.
    Dropped,
    /// It was passed by.
    NotTried,
}

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth saying.
    Note,
    /// It may fail.
    Warning,
    /// It fails.
    Error,
}

/// Something worth telling.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Its word: `docs/findings.md` has a page for each.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// `--ignore` names it.
    pub waived: bool,
    /// What it is about.
    pub object: Option<String>,
    /// One line.
    pub message: String,
    /// What proves it.
    pub evidence: Vec<String>,
    /// What follows from it.
    pub consequences: Vec<String>,
    /// What mends it, the best first.
    pub fixes: Vec<Fix>,
    /// The same for the same code, subject and object.
    pub fingerprint: String,
}

/// Something that mends a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Fix {
    /// The condition under which it does.
    pub when: Option<String>,
    /// What to do.
    pub text: String,
    /// What to type.
    pub snippet: Option<String>,
}

/// Counts, and the worst verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// The worst verdict.
    pub verdict: Verdict,
    /// Subjects by verdict.
    pub subjects: SubjectCounts,
    /// Findings by severity, waived ones left out.
    pub findings: FindingCounts,
}

/// Subjects by verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct SubjectCounts {
    /// All.
    pub total: usize,
    /// Fine.
    pub ok: usize,
    /// With warnings.
    pub warning: usize,
    /// Broken.
    pub broken: usize,
    /// Undecided.
    pub unknown: usize,
}

/// Findings by severity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct FindingCounts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Notes.
    pub note: usize,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReportError {
    /// What kind of obstacle.
    pub kind: ErrorKind,
    /// An index into `targets`.
    pub target: Option<usize>,
    /// The file.
    pub path: Option<String>,
    /// What is wrong, with found and wanted.
    pub message: String,
    /// Where in the file.
    pub offset: Option<u64>,
}

/// What kind of obstacle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// What was asked for makes no sense.
    Usage,
    /// Reading failed.
    Io,
    /// The bytes make no sense.
    Malformed,
    /// A limit stopped us.
    Limit,
}

impl Summary {
    /// A summary of nothing.
    #[must_use]
    pub fn new() -> Self {
        Summary {
            verdict: Verdict::Ok,
            subjects: SubjectCounts::default(),
            findings: FindingCounts::default(),
        }
    }

    /// Counts `subject` in.
    pub fn add(&mut self, subject: &Subject) {
        self.verdict = self.verdict.max(subject.verdict);
        self.subjects.total += 1;
        match subject.verdict {
            Verdict::Ok => self.subjects.ok += 1,
            Verdict::Warning => self.subjects.warning += 1,
            Verdict::Broken => self.subjects.broken += 1,
            Verdict::Unknown => self.subjects.unknown += 1,
        }
        for finding in subject.findings.iter().filter(|finding| !finding.waived) {
            match finding.severity {
                Severity::Error => self.findings.error += 1,
                Severity::Warning => self.findings.warning += 1,
                Severity::Note => self.findings.note += 1,
            }
        }
    }
}

impl Default for Summary {
    fn default() -> Self {
        Summary::new()
    }
}

/// The JSON Schema of [`Report`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
