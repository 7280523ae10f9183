//! What a subject is, what could not be looked at, and the verdict.

use crate::errno::Errno;
use crate::graph::{Cause, Graph};
use crate::kernel::{self, End, Exec};
use crate::path::TargetPath;
use crate::report::{ErrorKind, Finding, ReportError, Role, Severity, SubjectKind, Verdict};

/// What the subject itself is, as far as `execve` had to find out.
pub(super) fn kind(exec: &Exec, path: &TargetPath) -> SubjectKind {
    let lookup_of_subject = |of: &TargetPath| of == path && exec.scripts.is_empty();
    match &exec.end {
        _ if !exec.scripts.is_empty() => SubjectKind::Script,
        _ if exec.program.is_some() => SubjectKind::Elf,
        End::Refused {
            why: kernel::Refusal::Shebang(..),
            ..
        } => SubjectKind::Script,
        End::Refused {
            errno,
            why: kernel::Refusal::Lookup(of),
        } if lookup_of_subject(of) && *errno != Errno::ACCES => SubjectKind::Absent,
        _ => SubjectKind::Other,
    }
}

/// A library that was named or met is judged by its needs: nobody starts it.
pub(super) fn is_library(exec: &Exec, role: Role) -> bool {
    let asked = matches!(role, Role::Argument | Role::Scanned | Role::Copied);
    let program = exec.program.as_ref().filter(|_| exec.scripts.is_empty());
    let forbidden = matches!(
        exec.end,
        End::Refused {
            why: kernel::Refusal::NotExecutable { .. },
            ..
        }
    );
    asked
        && program.is_some_and(|program| {
            let object = &program.object;
            // Some libraries can be started too and print what they are; without
            // the permission they are libraries alone.
            let is_shared = object.linkage() == crate::elf::Linkage::SharedObject
                || (forbidden && object.dynamic.soname.is_some());
            is_shared && !object.dynamic.is_pie()
        })
}

pub(super) fn obstacles(
    subject: &TargetPath,
    exec: &Exec,
    graph: Option<&Graph>,
    is_library: bool,
) -> Vec<ReportError> {
    let mut errors = Vec::new();
    let mut add = |kind, path: &[u8], message: String, offset| {
        let path = Some(crate::bytes::lossy(path));
        errors.push(ReportError {
            kind,
            target: Some(0),
            path,
            message,
            offset,
        });
    };
    if let End::Unreadable(errno) = exec.end {
        let path = exec.scripts.last().map(|script| &script.path);
        add(
            ErrorKind::Io,
            path.unwrap_or(subject).as_bytes(),
            format!("cannot read it: {errno}"),
            None,
        );
    }
    let unresolved = exec.program.as_ref().filter(|program| {
        let wants_loader = program.interpreter.is_some() && exec.end == End::Starts;
        graph.is_none() && (wants_loader || is_library)
    });
    if let Some(program) = unresolved {
        let header = &program.object.header;
        let machine = crate::platform::machine_name(header.machine, header.layout, header.flags);
        let message = format!("is for {machine}, whose loaders are not known");
        add(ErrorKind::Limit, program.path.as_bytes(), message, None);
    }
    let Some(graph) = graph else { return errors };
    if let Some(limit) = &graph.limit {
        let main = &graph.map.get(crate::loader::LinkMap::MAIN).path;
        add(ErrorKind::Limit, main, limit.to_string(), None);
    }
    if let Some((path, errno)) = &graph.unreadable {
        add(
            ErrorKind::Io,
            path,
            format!("cannot read it: {errno}"),
            None,
        );
    }
    let undecided = graph.bound.as_ref().and_then(|b| b.undecided.as_ref());
    if let Some(of) = undecided {
        let kind = match of.cause {
            Cause::Damage => ErrorKind::Malformed,
            Cause::Unread => ErrorKind::Io,
            Cause::Machine => ErrorKind::Limit,
        };
        add(kind, &of.path, of.why.clone(), None);
    }
    for (_, loaded) in graph.map.iter() {
        // What a file that is cut short does is known: it kills the process.
        let decided = loaded.object.iter().filter(|object| !object.is_cut_short());
        let anomalies = decided.flat_map(|object| &object.anomalies);
        for anomaly in anomalies.filter(|anomaly| anomaly.hides_needs()) {
            let kind = if anomaly.is_limit() {
                ErrorKind::Limit
            } else {
                ErrorKind::Malformed
            };
            add(kind, &loaded.path, anomaly.to_string(), anomaly.offset());
        }
    }
    errors
}

/// The verdict about what starts, or not, as far as that is known.
pub(super) fn verdict(
    starts: Option<bool>,
    findings: &[Finding],
    errors: &[ReportError],
) -> Verdict {
    let worst = findings.iter().map(|finding| finding.severity).max();
    match (starts, worst) {
        _ if !errors.is_empty() => Verdict::Unknown,
        (Some(false), _) | (_, Some(Severity::Error)) => Verdict::Broken,
        (None, _) => Verdict::Unknown,
        (Some(true), Some(Severity::Warning)) => Verdict::Warning,
        (Some(true), _) => Verdict::Ok,
    }
}
