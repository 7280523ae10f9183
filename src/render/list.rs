//! The paths of what was found, one a line, for other programs to read.

use std::collections::HashSet;
use std::io::{self, Write};

use super::Renderer;
use crate::bytes::{escape, restore};
use crate::report::{InterpreterStatus, LibraryStatus, ReportError, Subject, Summary, Target};

/// Writes each path once.
#[derive(Default)]
pub struct List {
    /// Write the exact bytes, each name ended by NUL.
    pub null: bool,
    written: HashSet<Vec<u8>>,
}

impl List {
    /// Writes lines, or names ended by NUL.
    #[must_use]
    pub fn new(null: bool) -> Self {
        List {
            null,
            written: HashSet::new(),
        }
    }

    fn path(&mut self, out: &mut dyn Write, text: &str, exact: Option<&str>) -> io::Result<()> {
        let bytes = restore(text, exact);
        if !self.written.insert(bytes.clone()) {
            return Ok(());
        }
        if self.null {
            out.write_all(&bytes)?;
            out.write_all(b"\0")
        } else {
            writeln!(out, "{}", escape(text))
        }
    }
}

impl Renderer for List {
    fn subject(&mut self, out: &mut dyn Write, _: &Target, subject: Subject) -> io::Result<()> {
        let interpreter = subject
            .elf
            .as_ref()
            .and_then(|elf| elf.interpreter.as_ref());
        if let Some(interpreter) = interpreter.filter(|i| i.status == InterpreterStatus::Ok) {
            self.path(out, &interpreter.path, interpreter.path_b64.as_deref())?;
        }
        for library in subject
            .libraries
            .iter()
            .filter(|l| l.status == LibraryStatus::Found)
        {
            if let Some(path) = &library.path {
                self.path(out, path, library.path_b64.as_deref())?;
            }
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
