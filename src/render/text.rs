//! The default: trees, findings as compilers print them, and a summary.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Renderer;
use super::paint::{Paint, Style};
use super::tree::Tree;
use crate::bytes::escape;
use crate::report::{
    Finding, Libc, ReportError, Role, Severity, Subject, Summary, Target, TargetKind, Verdict,
};

/// Writes for people.
pub struct Text {
    tree: Tree,
    /// Show subjects that are fine though they were not asked for by name.
    everything: bool,
    begun: bool,
    codes: BTreeSet<String>,
}

impl Text {
    /// Writes trees as `tree` does. `everything` shows what a scan found to be
    /// fine too.
    #[must_use]
    pub fn new(tree: Tree, everything: bool) -> Self {
        Text {
            tree,
            everything,
            begun: false,
            codes: BTreeSet::new(),
        }
    }

    fn style(&self) -> Style {
        self.tree.style
    }

    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let style = self.style();
        self.codes.insert(finding.code.clone());
        let (word, paint) = match finding.severity {
            Severity::Error => ("error", Paint::Bad),
            Severity::Warning => ("warning", Paint::Warn),
            Severity::Note => ("note", Paint::Note),
        };
        let waived = if finding.waived { " (waived)" } else { "" };
        let head = style.paint(paint, &format!("{word}[{}]{waived}", finding.code));
        writeln!(
            out,
            "{head}: {}",
            style.paint(Paint::Strong, &escape(&finding.message))
        )?;
        for line in &finding.evidence {
            writeln!(out, "   = {}", escape(line))?;
        }
        for line in &finding.consequences {
            writeln!(out, "   = also: {}", escape(line))?;
        }
        let wide = finding
            .fixes
            .iter()
            .map(|fix| fix_text(fix).chars().count())
            .max()
            .unwrap_or(0);
        for fix in &finding.fixes {
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

fn fix_text(fix: &crate::report::Fix) -> String {
    match &fix.when {
        Some(when) => format!("{when}? {}", fix.text),
        None => fix.text.clone(),
    }
}

/// The line about a target: what it is, as far as it is known.
fn target_line(target: &Target) -> String {
    let mut parts = vec![escape(&target.input).into_owned()];
    parts.extend(target.reference.as_deref().map(|r| escape(r).into_owned()));
    if let Some(platform) = &target.platform {
        parts.push(format!("{}/{}", platform.os, platform.architecture));
    }
    let libc = match target.libc {
        Libc::Glibc => "glibc",
        Libc::Musl => "musl",
        Libc::Uclibc => "uclibc",
        Libc::Bionic => "bionic",
        Libc::None => "no libc",
        Libc::Unknown => "libc unknown",
    };
    match &target.distro {
        Some(distro) => {
            let version = distro.version_id.as_deref().unwrap_or_default();
            let name = format!("{} {version}", distro.id);
            parts.push(format!("{} ({libc})", escape(name.trim_end())));
        }
        None => parts.push(format!("({libc})")),
    }
    if !target.layers.is_empty() {
        parts.push(format!("{} layers", target.layers.len()));
    }
    parts.join("  ")
}

impl Renderer for Text {
    fn subject(
        &mut self,
        out: &mut dyn Write,
        target: &Target,
        subject: Subject,
    ) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            if target.kind != TargetKind::Host {
                writeln!(out, "{}", target_line(target))?;
            }
        }
        let is_fine = subject.verdict == Verdict::Ok && subject.findings.is_empty();
        if subject.role == Role::Scanned && is_fine && !self.everything {
            return Ok(());
        }
        self.tree.write(out, &subject)?;
        for finding in &subject.findings {
            writeln!(out)?;
            self.finding(out, finding)?;
        }
        if !subject.findings.is_empty() {
            writeln!(out)?;
        }
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        _: &[Target],
        summary: &Summary,
        _: &[ReportError],
    ) -> io::Result<()> {
        let (word, paint) = match summary.verdict {
            Verdict::Ok => ("ok", Paint::Good),
            Verdict::Warning => ("warning", Paint::Warn),
            Verdict::Broken => ("broken", Paint::Bad),
            Verdict::Unknown => ("unknown", Paint::Warn),
        };
        let subjects = &summary.subjects;
        let mut parts = vec![format!("{} checked", subjects.total)];
        let counts = [
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
                plural(summary.findings.note, "note", "notes"),
            ),
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
            format!("   (docs/findings.md: {})", codes.join(", "))
        };
        writeln!(
            out,
            "{}: {}{see}",
            self.style().paint(paint, word),
            parts.join(", ")
        )
    }
}

fn plural(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
