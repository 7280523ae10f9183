//! `imgldd why`, for people and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::json::Escaping;
use super::paint::{Paint, Style};
use super::tree::label;
use crate::bytes::escape;
use crate::report::{LibraryStatus, SCHEMA_VERSION, Tool};
use crate::why::{Answer, Step, WhyReport};

/// Writes for people.
#[derive(Clone, Copy, Debug, Default)]
pub struct WhyText {
    /// How it looks.
    pub style: Style,
}

impl WhyText {
    /// Writes the chains of each answer, and where a missing library was looked for.
    ///
    /// # Errors
    /// Whatever writing reports.
    pub fn write(&self, out: &mut dyn Write, report: &WhyReport) -> io::Result<()> {
        for (number, answer) in report.answers.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            if report.targets.len() > 1
                && let Some(target) = report.targets.get(answer.target)
            {
                writeln!(out, "{}", escape(&target.input))?;
            }
            self.answer(out, answer)?;
        }
        if report.answers.is_empty() {
            writeln!(
                out,
                "`{}`: nothing that was looked at needs it",
                escape(&report.library)
            )?;
        }
        Ok(())
    }

    fn answer(&self, out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
        let library = &answer.library;
        let name = self.style.paint(Paint::Strong, &escape(&library.name));
        let is_there = matches!(
            library.status,
            LibraryStatus::Found | LibraryStatus::AlreadyLoaded
        );
        match &library.path {
            Some(path) if is_there => writeln!(out, "{name} => {}", escape(path))?,
            _ => writeln!(
                out,
                "{name} => {}",
                self.style.paint(Paint::Bad, status(library.status))
            )?,
        }
        for chain in &answer.chains {
            self.chain(out, chain)?;
        }
        if answer.more_chains > 0 || answer.uncounted {
            let least = if answer.uncounted { "at least " } else { "" };
            writeln!(out, "  and {least}{} longer chains", answer.more_chains)?;
        }
        if !is_there {
            for attempt in &library.attempts {
                let rule = label(attempt.rule, attempt.rule_object.as_deref());
                let how = serde_json::to_value(attempt.outcome).map_err(io::Error::other)?;
                let how = how.as_str().unwrap_or_default().replace('_', " ");
                let detail = attempt
                    .detail
                    .iter()
                    .map(|detail| format!(": {}", escape(detail)));
                let detail: String = detail.collect();
                let line = format!("  tried {}: {how}{detail} [{rule}]", escape(&attempt.path));
                writeln!(out, "{}", self.style.paint(Paint::Dim, &line))?;
            }
        }
        Ok(())
    }

    fn chain(&self, out: &mut dyn Write, chain: &[Step]) -> io::Result<()> {
        let (_, below) = self.style.branch(true);
        let (corner, _) = self.style.branch(true);
        for (depth, step) in chain.iter().enumerate() {
            if depth == 0 {
                writeln!(out, "  {}", escape(&step.object))?;
            }
            let indent = below.repeat(depth);
            let rule = match step.found_by {
                Some(rule) => format!(" [{}]", label(rule, step.rule_object.as_deref())),
                None => String::new(),
            };
            let path = step.path.as_deref().unwrap_or("not found");
            writeln!(
                out,
                "  {indent}{corner}{} => {}{rule}",
                escape(&step.needs),
                escape(path)
            )?;
        }
        Ok(())
    }
}

fn status(status: LibraryStatus) -> &'static str {
    match status {
        LibraryStatus::Unusable => "unusable",
        LibraryStatus::AllowedMissing => "not found (allowed)",
        _ => "not found",
    }
}

/// Writes the document.
///
/// # Errors
/// Whatever writing reports.
pub fn why_json(out: &mut dyn Write, report: &WhyReport) -> io::Result<()> {
    document(out, report)
}

/// Writes a document of a command's own.
///
/// # Errors
/// Whatever writing reports.
pub fn document(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(out), document)?;
    writeln!(out)
}

/// A report without answers.
#[must_use]
pub fn empty_why(library: String) -> WhyReport {
    WhyReport {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        library,
        targets: Vec::new(),
        answers: Vec::new(),
        errors: Vec::new(),
    }
}
