//! JSON: the whole report, or one object a line as things become known.

use std::io::{self, Write};

use serde::Serialize;

use super::Renderer;
use crate::report::{Report, ReportError, SCHEMA_VERSION, Subject, Summary, Target, Tool};

/// Writes one document.
#[derive(Default)]
pub struct Json {
    subjects: Vec<Subject>,
}

impl Renderer for Json {
    fn subject(&mut self, _: &mut dyn Write, _: &Target, subject: Subject) -> io::Result<()> {
        self.subjects.push(subject);
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        targets: &[Target],
        summary: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()> {
        let report = Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool::default(),
            targets: targets.to_vec(),
            subjects: std::mem::take(&mut self.subjects),
            summary: summary.clone(),
            errors: errors.to_vec(),
        };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)
    }
}

/// Writes an object a line: subjects first, each when it is known, then
/// targets with their verdicts, errors and the summary.
#[derive(Default)]
pub struct JsonLines;

#[derive(Serialize)]
struct Line<'a, T> {
    r#type: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

fn line<T: Serialize>(out: &mut dyn Write, kind: &str, content: &T) -> io::Result<()> {
    serde_json::to_writer(
        &mut *out,
        &Line {
            r#type: kind,
            content,
        },
    )?;
    writeln!(out)
}

impl Renderer for JsonLines {
    fn subject(&mut self, out: &mut dyn Write, _: &Target, subject: Subject) -> io::Result<()> {
        line(out, "subject", &subject)
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        targets: &[Target],
        summary: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()> {
        for target in targets {
            line(out, "target", target)?;
        }
        for error in errors {
            line(out, "error", error)?;
        }
        line(out, "summary", summary)
    }
}
