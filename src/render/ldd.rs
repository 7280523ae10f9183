//! What `ldd` would print. Addresses are zeros: nothing is loaded.

use std::io::{self, Write};

use super::{Renderer, version};
use crate::bytes::escape;
use crate::report::{
    LibraryStatus, Linkage, ReportError, Rule, Subject, SubjectKind, Summary, Target,
};

/// Writes in ldd's grammar.
pub struct Ldd {
    /// Put the file's name above its lines, as ldd does for several files.
    pub headings: bool,
    /// List what versions each object needs, as `ldd -v` does.
    pub versions: bool,
}

impl Ldd {
    /// Whether ldd would call the subject a dynamic executable.
    #[must_use]
    pub fn is_dynamic(subject: &Subject) -> bool {
        let linkage = subject.elf.as_ref().map(|elf| elf.linkage);
        subject.kind == SubjectKind::Elf
            && matches!(
                linkage,
                Some(Linkage::Dynamic | Linkage::SharedObject | Linkage::StaticPie)
            )
    }
}

impl Renderer for Ldd {
    fn subject(&mut self, out: &mut dyn Write, _: &Target, subject: Subject) -> io::Result<()> {
        if self.headings {
            writeln!(out, "{}:", escape(&subject.path))?;
        }
        if subject.kind == SubjectKind::Absent {
            return Ok(());
        }
        if !Ldd::is_dynamic(&subject) {
            return writeln!(out, "\tnot a dynamic executable");
        }
        if subject
            .elf
            .as_ref()
            .is_some_and(|elf| elf.needed.is_empty())
        {
            return writeln!(out, "\tstatically linked");
        }
        let wide = subject
            .elf
            .as_ref()
            .map_or(16, |elf| usize::from(elf.class) / 4);
        let address = format!("(0x{:0wide$x})", 0);
        for library in &subject.libraries {
            let name = escape(&library.name);
            let path = library.path.as_deref().map(escape).unwrap_or_default();
            let is_loader = library.found_by == Some(Rule::LoaderItself);
            match library.status {
                LibraryStatus::Missing | LibraryStatus::Unusable => {
                    writeln!(out, "\t{name} => not found")?;
                }
                LibraryStatus::Found if is_loader || name == path => {
                    writeln!(out, "\t{path} {address}")?;
                }
                LibraryStatus::Found => writeln!(out, "\t{name} => {path} {address}")?,
                LibraryStatus::AlreadyLoaded | LibraryStatus::AllowedMissing => {}
            }
        }
        if self.versions {
            writeln!(out, "\n\tVersion information:")?;
            version::write(out, &subject, ["\t", "\t\t"])?;
        }
        Ok(())
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
