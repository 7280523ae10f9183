//! A table of the libraries of each subject.

use std::io::{self, Write};

use tabled::builder::Builder;
use tabled::settings::Style as Border;

use super::Renderer;
use super::heading::Headings;
use super::paint::Style;
use super::text::first_code;
use super::tree::label;
use crate::bytes::escape;
use crate::report::{Library, LibraryStatus, ReportError, Subject, Summary, Target, Verdict};

/// Writes tables.
pub struct Table {
    /// How they look.
    pub style: Style,
    /// Of several targets, whose the tables are.
    pub headings: Headings,
}

fn row(library: &Library) -> [String; 4] {
    let path = library
        .path
        .as_deref()
        .map(|path| escape(path).into_owned());
    let what = match library.status {
        LibraryStatus::Missing => "not found".to_owned(),
        LibraryStatus::AllowedMissing => "not found (may be missing)".to_owned(),
        LibraryStatus::Unusable => format!("{} (unusable)", path.unwrap_or_default()),
        LibraryStatus::Found | LibraryStatus::AlreadyLoaded => path.unwrap_or_default(),
    };
    let rule = library
        .found_by
        .map(|rule| label(rule, library.rule_object.as_deref()));
    let needed_by: Vec<_> = library.needed_by.iter().map(|by| escape(by)).collect();
    let needed_by = match needed_by.as_slice() {
        [] => String::new(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    [
        escape(&library.name).into_owned(),
        what,
        rule.unwrap_or_default().into_owned(),
        needed_by,
    ]
}

impl Renderer for Table {
    fn subject(
        &mut self,
        out: &mut dyn Write,
        target: &Target,
        subject: Subject,
    ) -> io::Result<()> {
        self.headings.begin(out, target, subject.target)?;
        let verdict = match subject.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Unknown => "unknown",
            Verdict::Broken => "broken",
        };
        // No row of the table says what else is wrong.
        let code = first_code(&subject.findings).map(|code| format!("  {code}"));
        let code = code.unwrap_or_default();
        writeln!(out, "{}: {verdict}{code}", escape(&subject.path))?;
        if subject.libraries.is_empty() {
            return Ok(());
        }
        let mut table = Builder::default();
        table.push_record(["library", "file", "found by", "needed by"]);
        for library in &subject.libraries {
            table.push_record(row(library));
        }
        let mut table = table.build();
        if self.style.ascii {
            table.with(Border::ascii());
        } else {
            table.with(Border::sharp());
        }
        writeln!(out, "{table}")
    }

    fn finish(
        &mut self,
        _: &mut dyn Write,
        _: &[Target],
        _: &Summary,
        _: &[ReportError],
    ) -> io::Result<()> {
        Ok(())
    }
}
