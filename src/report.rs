//! The result: public, versioned, serialisable.
//!
//! Everything that is shown comes from here, and so does the JSON, schema 1,
//! which `docs/json.md` describes field by field. Names of files are text with
//! U+FFFD for what is not UTF-8; the exact bytes then stand beside it in base64,
//! in a field whose name ends in `_b64`.

mod elf;
mod finding;
mod library;
mod subject;

use schemars::JsonSchema;
use serde::Serialize;

pub use elf::{
    Build, Data, Elf, GoBuild, Interpreter, InterpreterStatus, Linkage, VersionEntry, VersionNeed,
};
pub use finding::{Finding, Fix, Severity};
pub use library::{Attempt, AttemptOutcome, Library, LibraryStatus, Rule};
pub use subject::{Outcome, Reported, Role, Script, Stage, Subject, SubjectKind};

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
    /// What is odd in the layers themselves, whatever is started.
    pub findings: Vec<Finding>,
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
        self.add_findings(&subject.findings);
    }

    /// Counts findings in.
    pub fn add_findings(&mut self, findings: &[Finding]) {
        for finding in findings.iter().filter(|finding| !finding.waived) {
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
