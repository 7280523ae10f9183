//! JSON: the whole report, or one object a line as things become known.
//!
//! What JSON lets stand in a string and a terminal does not (DEL, C1 controls,
//! bidirectional formatting) is escaped too, so that names from a target cannot
//! drive the terminal that the report is shown on.

use std::io::{self, Write};

use serde::Serialize;

use super::Renderer;
use crate::bytes::misleads;
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
        serde_json::to_writer_pretty(Escaping(out), &report)?;
        writeln!(out)
    }
}

/// Passes JSON on with everything that misleads as `\u` escapes. Such characters
/// stand in strings alone, and each comes whole in one write.
pub(super) struct Escaping<'a>(pub(super) &'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(json).map_err(io::Error::other)?;
        let mut rest = text;
        // Line breaks between the members are the writer's own.
        while let Some(at) = rest.find(|c| misleads(c) && c != '\n') {
            let (before, from) = rest.split_at(at);
            self.0.write_all(before.as_bytes())?;
            let mut after = from.chars();
            let odd = after.next().map_or(0, u32::from);
            write!(self.0, "\\u{odd:04x}")?;
            rest = after.as_str();
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
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
        Escaping(out),
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
