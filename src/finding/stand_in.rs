//! Programs for glibc that another C library starts.

use super::{Case, Code, Draft, quoted};
use crate::bytes::Shown;
use crate::graph::LoaderFile;
use crate::loader::LoaderKind;
use crate::report::{Finding, Libc};

/// A program that is started by what stands in for its loader, and gets by.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((LoaderFile::Known(kind), _)) = case.graph.filter(|_| !case.is_library) else {
        return;
    };
    let Some(program) = &case.exec.program else {
        return;
    };
    let stands_in = match kind {
        LoaderKind::Musl(_) => "musl's loader",
        LoaderKind::Gcompat => "gcompat's stub, which starts musl's loader",
        _ => return,
    };
    let starts = case.outcome.starts == Some(true);
    if !starts || super::built_for(&program.object) != Libc::Glibc {
        return;
    }
    let interp = program.interpreter.as_ref();
    let interp = interp.map(|interp| &interp.path[..]).unwrap_or_default();
    let message = format!(
        "`{}` is made for glibc; {} is {stands_in}",
        case.path,
        quoted(interp)
    );
    let mut draft = Draft::new(case, Code::WorksByAccident, interp, message)
        .evidence(format!("PT_INTERP: {}", Shown(interp)));
    let is_glibcs = |name: &&[u8]| name.starts_with(b"libc.so.6") || name.starts_with(b"ld-linux");
    if let Some(needed) = program.object.dynamic.needed().find(is_glibcs) {
        draft = draft.evidence(format!("it needs {}", quoted(needed)));
    }
    let draft = draft
        .evidence("all its symbols are found; locales, NSS and what it loads later may differ")
        .fix(None, "build it on the libc that it runs with", None)
        .fix(
            None,
            "or keep it and change the base",
            super::builder::debian_base(case).as_deref(),
        );
    found.push(draft.done());
}
