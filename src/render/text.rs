//! The default: trees, findings as compilers print them, and a summary.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Renderer;
use super::heading::target_line;
use super::paint::{Paint, Style};
use super::tree::Tree;
use super::version;
use crate::bytes::escape;
use crate::report::{
    Finding, ReportError, Role, Severity, Subject, Summary, Target, TargetKind, Verdict,
};

/// Writes for people.
pub struct Text {
    tree: Tree,
    /// Show subjects that are fine though they were not asked for by name.
    everything: bool,
    /// The target whose line was written last.
    begun: Option<usize>,
    /// An empty line was written last.
    after_blank: bool,
    codes: BTreeSet<String>,
    /// How many findings were waived.
    waived: usize,
    /// How many notes about what a scan met were left out.
    untold: usize,
    answers: Vec<Answer>,
}

/// What came of a subject, for comparing targets.
struct Answer {
    target: usize,
    path: String,
    verdict: Verdict,
    code: Option<String>,
}

impl Text {
    /// Writes trees as `tree` does. `everything` shows what a scan found to be
    /// fine too.
    #[must_use]
    pub fn new(tree: Tree, everything: bool) -> Self {
        Text {
            tree,
            everything,
            begun: None,
            after_blank: false,
            codes: BTreeSet::new(),
            waived: 0,
            untold: 0,
            answers: Vec::new(),
        }
    }

    /// Writes the line about a target before the first thing about it.
    fn begin(&mut self, out: &mut dyn Write, number: usize, target: &Target) -> io::Result<()> {
        if self.begun == Some(number) {
            return Ok(());
        }
        if self.begun.replace(number).is_some() && !self.after_blank {
            writeln!(out)?;
        }
        match target.kind {
            TargetKind::Host => Ok(()),
            _ => writeln!(out, "{}", target_line(target)),
        }
    }

    /// One verdict for each target, or for each subject in each target.
    fn matrix(&self, out: &mut dyn Write, targets: &[Target]) -> io::Result<()> {
        let name = |target: &Target| escape(&target.input).into_owned();
        let wide = targets.iter().map(|target| name(target).chars().count());
        let wide = wide.max().unwrap_or(0);
        if !self.after_blank {
            writeln!(out)?;
        }
        for (number, target) in targets.iter().enumerate() {
            let own = self.answers.iter().filter(|answer| answer.target == number);
            for answer in own {
                let (word, paint) = word(answer.verdict);
                let word = self.style().paint(paint, &format!("{word:7}"));
                let code = answer.code.as_deref().unwrap_or_default();
                let line = format!(
                    "{:wide$}  {word}  {}  {code}",
                    name(target),
                    escape(&answer.path)
                );
                writeln!(out, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }

    fn style(&self) -> Style {
        self.tree.style
    }

    /// Findings of one kind: what they share is written once. `place` says whose they are,
    /// where that is not plain.
    fn findings(
        &mut self,
        out: &mut dyn Write,
        findings: &[Finding],
        place: Option<&str>,
    ) -> io::Result<()> {
        let style = self.style();
        for finding in findings {
            self.codes.insert(finding.code.clone());
            self.waived += usize::from(finding.waived);
            let (word, paint) = match finding.severity {
                Severity::Error => ("error", Paint::Bad),
                Severity::Warning => ("warning", Paint::Warn),
                Severity::Note => ("note", Paint::Note),
            };
            let waived = if finding.waived { " (waived)" } else { "" };
            let head = style.paint(paint, &format!("{word}[{}]{waived}", finding.code));
            let message = escape(&finding.message);
            writeln!(out, "{head}: {}", style.paint(Paint::Strong, &message))?;
        }
        if let Some(place) = place {
            writeln!(out, "  --> {place}")?;
        }
        for line in once(findings.iter().flat_map(|finding| &finding.evidence)) {
            writeln!(out, "   = {}", escape(line))?;
        }
        for line in once(findings.iter().flat_map(|finding| &finding.consequences)) {
            writeln!(out, "   = also: {}", escape(line))?;
        }
        let fixes = once(findings.iter().flat_map(|finding| &finding.fixes));
        let wide = fixes.iter().map(|fix| fix_text(fix).chars().count()).max();
        let wide = wide.unwrap_or(0);
        for fix in fixes {
            let text = fix_text(fix);
            let help = style.paint(Paint::Good, "help");
            match &fix.snippet {
                Some(snippet) => writeln!(out, "{help}: {text:wide$}   {}", escape(snippet))?,
                None => writeln!(out, "{help}: {text}")?,
            }
        }
        Ok(())
    }
}

/// Each of `all` where it first comes.
fn once<'a, T: PartialEq + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    all.fold(Vec::new(), |mut known, one| {
        if !known.contains(&one) {
            known.push(one);
        }
        known
    })
}

/// Whether two findings, one after the other, are of one kind and mended by one line, so
/// that they are told together.
fn belong_together(one: &Finding, next: &Finding) -> bool {
    let command = |finding: &Finding| finding.fixes.last().and_then(|fix| fix.snippet.clone());
    one.code == next.code
        && one.severity == next.severity
        && command(one).is_some()
        && command(one) == command(next)
}

fn fix_text(fix: &crate::report::Fix) -> String {
    match &fix.when {
        Some(when) => format!("{when}? {}", fix.text),
        None => fix.text.clone(),
    }
}

impl Renderer for Text {
    fn subject(
        &mut self,
        out: &mut dyn Write,
        target: &Target,
        subject: Subject,
    ) -> io::Result<()> {
        self.begin(out, subject.target, target)?;
        let in_short = subject.role == Role::Scanned && !self.everything;
        if in_short && subject.verdict == Verdict::Ok {
            self.untold += subject.findings.len();
            return Ok(());
        }
        // Where nothing is missing the libraries are not what is to be said.
        let tree = Tree {
            depth: match subject.verdict {
                Verdict::Warning if in_short => Some(0),
                _ => self.tree.depth,
            },
            ..self.tree
        };
        tree.write(out, &subject)?;
        if self.tree.verbose && version::any(&subject) {
            writeln!(out, "\nVersion information:")?;
            version::write(out, &subject, ["", "  "])?;
        }
        for findings in subject.findings.chunk_by(belong_together) {
            writeln!(out)?;
            self.findings(out, findings, place(target, &subject).as_deref())?;
        }
        self.after_blank = !subject.findings.is_empty();
        if self.after_blank {
            writeln!(out)?;
        }
        self.answers.push(Answer {
            target: subject.target,
            path: subject.path,
            verdict: subject.verdict,
            code: first_code(&subject.findings),
        });
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        targets: &[Target],
        summary: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()> {
        for (number, target) in targets.iter().enumerate() {
            if !target.findings.is_empty() {
                self.begin(out, number, target)?;
                for finding in &target.findings {
                    self.findings(out, std::slice::from_ref(finding), None)?;
                }
                writeln!(out)?;
                self.after_blank = true;
            }
        }
        if targets.len() > 1 {
            self.matrix(out, targets)?;
        }
        let (word, paint) = word(summary.verdict);
        let subjects = &summary.subjects;
        let mut parts = vec![format!("{} checked", subjects.total)];
        let unread = errors.iter().filter(|error| error.target.is_none()).count();
        let counts = [
            (
                unread,
                plural(unread, "target not read", "targets not read"),
            ),
            (subjects.broken, "broken"),
            (subjects.unknown, "unknown"),
            (
                summary.findings.error,
                plural(summary.findings.error, "error", "errors"),
            ),
            (
                summary.findings.warning,
                plural(summary.findings.warning, "warning", "warnings"),
            ),
            (
                summary.findings.note,
                match (summary.findings.note, self.untold) {
                    (1, 1..) => "note (-v tells it)",
                    (_, 1..) => "notes (-v tells them)",
                    (count, 0) => plural(count, "note", "notes"),
                },
            ),
            (self.waived, "waived"),
        ];
        for (count, what) in counts {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let codes: Vec<&str> = self.codes.iter().map(String::as_str).take(4).collect();
        let see = if codes.is_empty() {
            String::new()
        } else {
            format!("   (imgldd explain {})", codes.join(", "))
        };
        writeln!(
            out,
            "{}: {}{see}",
            self.style().paint(paint, word),
            parts.join(", ")
        )
    }
}

/// A verdict's word and colour.
fn word(verdict: Verdict) -> (&'static str, Paint) {
    match verdict {
        Verdict::Ok => ("ok", Paint::Good),
        Verdict::Warning => ("warning", Paint::Warn),
        Verdict::Broken => ("broken", Paint::Bad),
        Verdict::Unknown => ("unknown", Paint::Warn),
    }
}

/// The subject and the layer that brought it, where there are layers.
fn place(target: &Target, subject: &Subject) -> Option<String> {
    let number = subject.layer?;
    let layer = target.layers.iter().find(|layer| layer.number == number)?;
    let created_by = layer.created_by.as_deref().unwrap_or("(no history)");
    Some(format!(
        "{}  layer {number}/{}: {}",
        escape(&subject.path),
        target.layers.len(),
        escape(&short(created_by))
    ))
}

/// An instruction with its digests cut short.
fn short(instruction: &str) -> String {
    /// Hexadecimal digits of a sha256.
    const DIGITS: usize = 64;
    /// As many as Docker shows.
    const SHOWN: usize = 12;
    let words = instruction.split(' ').map(|word| {
        let at = word.rfind(':').map_or(0, |colon| colon + 1);
        let digits = &word[at..];
        let is_digest = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match is_digest {
            true => &word[..at + SHOWN],
            false => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The first cause that is not waived.
pub(super) fn first_code(findings: &[Finding]) -> Option<String> {
    let worst = findings.iter().filter(|finding| !finding.waived);
    let worst = worst.min_by_key(|finding| std::cmp::Reverse(finding.severity));
    worst.map(|finding| finding.code.clone())
}

pub(super) fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
