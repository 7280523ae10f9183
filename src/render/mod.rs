//! Reports as people and programs read them: a report in, text out.
//!
//! A [`Renderer`] is told of each subject as it comes, so that a whole system
//! can be shown without being held in memory, and of the rest at the end.

mod explain;
mod heading;
mod json;
mod ldd;
mod list;
mod paint;
mod table;
mod text;
mod tree;
mod version;
mod why;

use std::io::{self, Write};

pub use explain::Explain;
pub use heading::Headings;
pub use json::{Json, JsonLines};
pub use ldd::Ldd;
pub use list::List;
pub use paint::Style;
pub use table::Table;
pub use text::Text;
pub use tree::Tree;
pub use why::{WhyText, document, empty_why, why_json};

use crate::report::{ReportError, Subject, Summary, Target};

/// What a report is written with.
pub trait Renderer {
    /// Writes a subject.
    ///
    /// # Errors
    /// Whatever writing reports.
    fn subject(&mut self, out: &mut dyn Write, target: &Target, subject: Subject)
    -> io::Result<()>;

    /// Writes what comes after the subjects.
    ///
    /// # Errors
    /// Whatever writing reports.
    fn finish(
        &mut self,
        out: &mut dyn Write,
        targets: &[Target],
        summary: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()>;
}
