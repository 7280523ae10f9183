//! What is worth telling.

use schemars::JsonSchema;
use serde::Serialize;

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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Fix {
    /// The condition under which it does.
    pub when: Option<String>,
    /// What to do.
    pub text: String,
    /// What to type.
    pub snippet: Option<String>,
}
