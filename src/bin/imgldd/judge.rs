//! What the user wants findings to count for.

use globset::GlobMatcher;
use imgldd::report::{Finding, Severity, Subject, Target, Verdict};

use crate::args::FailOn;
use crate::exit;
use crate::request::UsageError;

/// `--ignore`, `--warn`, `--error` and `--fail-on`.
pub(crate) struct Judge {
    ignored: Vec<(String, Option<GlobMatcher>)>,
    warnings: Vec<String>,
    errors: Vec<String>,
    fail_on: FailOn,
    failed: bool,
    undecided: bool,
}

impl Judge {
    pub(crate) fn new(
        ignore: &[String],
        warn: &[String],
        error: &[String],
        fail_on: FailOn,
    ) -> Result<Self, UsageError> {
        let known = |code: &str| {
            imgldd::finding::CODES
                .iter()
                .any(|known| known.word() == code)
        };
        let check = |code: &str| {
            if known(code) {
                Ok(())
            } else {
                let near = imgldd::explain::nearest(code);
                let near = near
                    .first()
                    .map(|near| format!("; did you mean `{}`?", near.word()));
                Err(UsageError::UnknownCode(
                    code.to_owned(),
                    near.unwrap_or_default(),
                ))
            }
        };
        let mut ignored = Vec::new();
        for text in ignore {
            let (code, glob) = text
                .split_once(':')
                .map_or((&**text, None), |(c, g)| (c, Some(g)));
            check(code)?;
            if glob == Some("") {
                return Err(UsageError::EmptyGlob(text.clone()));
            }
            let glob = glob.map(crate::selection::glob).transpose()?;
            ignored.push((code.to_owned(), glob.map(|glob| glob.compile_matcher())));
        }
        warn.iter().chain(error).try_for_each(|code| check(code))?;
        let (warnings, errors) = (warn.to_vec(), error.to_vec());
        Ok(Judge {
            ignored,
            warnings,
            errors,
            fail_on,
            failed: false,
            undecided: false,
        })
    }

    /// Changes severities as asked. A glob takes what a finding is about, or the path of
    /// the `subject` that it was found for.
    fn change(&self, subject: Option<&str>, findings: &mut [Finding]) {
        for finding in findings {
            if self.warnings.contains(&finding.code) {
                finding.severity = Severity::Warning;
            }
            if self.errors.contains(&finding.code) {
                finding.severity = Severity::Error;
            }
            let object = finding.object.as_deref().unwrap_or_default();
            let takes = |glob: &GlobMatcher| {
                glob.is_match(object) || subject.is_some_and(|path| glob.is_match(path))
            };
            finding.waived |= self
                .ignored
                .iter()
                .any(|(code, glob)| *code == finding.code && glob.as_ref().is_none_or(takes));
        }
    }

    /// Whether one of `findings` is as bad as `--fail-on` says.
    fn fails(&self, findings: &[Finding]) -> bool {
        let least = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
            FailOn::Never => return false,
        };
        findings
            .iter()
            .any(|finding| !finding.waived && finding.severity >= least)
    }

    /// As [`Judge::weigh`], for what is odd about a target itself.
    pub(crate) fn weigh_target(&mut self, target: &mut Target) {
        self.change(None, &mut target.findings);
        let worst = target.findings.iter().map(|finding| finding.severity).max();
        target.verdict = match worst {
            Some(Severity::Error) => Verdict::Broken,
            Some(Severity::Warning) => Verdict::Warning,
            Some(Severity::Note) | None => Verdict::Ok,
        };
        self.failed |= self.fails(&target.findings);
    }

    /// Changes severities as asked, and takes note of what the exit status
    /// depends on.
    pub(crate) fn weigh(&mut self, subject: &mut Subject) {
        self.change(Some(&subject.path), &mut subject.findings);
        if subject.verdict == Verdict::Ok || subject.verdict == Verdict::Warning {
            subject.verdict = match subject.findings.iter().map(|f| f.severity).max() {
                Some(Severity::Error) => Verdict::Broken,
                Some(Severity::Warning) => Verdict::Warning,
                _ => Verdict::Ok,
            };
        }
        self.undecided |= subject.verdict == Verdict::Unknown;
        // A program that cannot start fails even if no finding says why.
        let unexplained = subject.verdict == Verdict::Broken && subject.findings.is_empty();
        let counts = self.fail_on != FailOn::Never;
        self.failed |= self.fails(&subject.findings) || (unexplained && counts);
    }

    /// The exit status, where `errors` obstacles were met.
    pub(crate) fn status(&self, errors: usize) -> u8 {
        if self.undecided || errors > 0 {
            exit::UNDECIDED
        } else if self.failed {
            exit::BROKEN
        } else {
            exit::FINE
        }
    }
}
