//! The versions that each object needs, as `ldd -v` lists them.

use std::io::{self, Write};

use crate::bytes::escape;
use crate::report::{Subject, VersionNeed};

/// Whether there is anything to list.
pub(super) fn any(subject: &Subject) -> bool {
    of(subject).next().is_some()
}

/// Writes the objects in load order, each with its needs below it; `indents` come
/// before the one and the other.
pub(super) fn write(out: &mut dyn Write, subject: &Subject, indents: [&str; 2]) -> io::Result<()> {
    for (path, needs) in of(subject) {
        writeln!(out, "{}{}:", indents[0], escape(path))?;
        for need in needs {
            for version in &need.versions {
                let weak = if version.weak { "[WEAK] " } else { "" };
                let path = need.path.as_deref().filter(|_| version.found == Some(true));
                let path = path.map_or("not found".into(), escape);
                writeln!(
                    out,
                    "{}{} ({}) {weak}=> {path}",
                    indents[1],
                    escape(&need.file),
                    escape(&version.name),
                )?;
            }
        }
    }
    Ok(())
}

/// The objects that need versions. Where nobody looks for these, there is nothing
/// to say of them.
fn of(subject: &Subject) -> impl Iterator<Item = (&str, &[VersionNeed])> {
    let program = subject.elf.iter();
    let program = program.map(|elf| (&*subject.path, &*elf.version_needs));
    let libraries = subject
        .libraries
        .iter()
        .filter_map(|library| Some((library.path.as_deref()?, library.version_needs.as_deref()?)));
    let is_looked_for = |needs: &[VersionNeed]| {
        let mut versions = needs.iter().flat_map(|need| &need.versions);
        needs.iter().any(|need| need.path.is_some()) || versions.any(|v| v.found.is_some())
    };
    program
        .chain(libraries)
        .filter(move |(_, needs)| is_looked_for(needs))
}
