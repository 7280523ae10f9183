//! Links that lead to nothing: where they may lead instead, and what else is to be copied.

use super::{Case, Draft, quote, script};
use crate::path::{file_name, parent};
use crate::report::Fix;

/// Adds what mends the link at `path`, a program.
pub(super) fn mend(case: &Case<'_>, draft: Draft, path: &[u8]) -> Draft {
    let relinked = relinked(case, path);
    let text = match relinked {
        Some(_) => "or copy the file that the link leads to as well",
        None => "copy the file that the link leads to as well",
    };
    let end = (case.leads_to)(path);
    let copied = end.map(|end| copied(end.as_bytes()));
    draft.remedy(relinked).fix(None, text, copied.as_deref())
}

/// The fix that leads the link at `path` to a file of the same name that is there.
pub(super) fn relinked(case: &Case<'_>, path: &[u8]) -> Option<Fix> {
    // The link may be a directory on the way, and then nothing can be made in it.
    if parent(path).len() > 1 && !(case.has)(parent(path)) {
        return None;
    }
    let end = (case.leads_to)(path)?;
    let there = script::elsewhere(case, end.as_bytes())?;
    let words = [there.as_bytes(), path].map(quote::word).join(" ");
    let snippet = match file_name(there.as_bytes()) {
        _ if case.can_run() => Some(format!("RUN ln -sf {words}")),
        // It is its own `ln`, and needs no shell.
        b"busybox" => {
            let words = [there.as_bytes(), b"ln", b"-sf", there.as_bytes(), path];
            let words: Vec<String> = words.into_iter().map(quote::json).collect();
            Some(format!("RUN [{}]", words.join(", ")))
        }
        _ => None,
    };
    Some(Fix {
        when: None,
        text: format!("let the link lead to {there}"),
        snippet,
    })
}

/// The line that copies the file at `end`. Programs of npm need what is beside them.
pub(super) fn copied(end: &[u8]) -> String {
    const MODULES: &[u8] = b"/node_modules/";
    let end = match memchr::memmem::find(end, MODULES) {
        Some(at) => &end[..at + MODULES.len() - 1],
        None => end,
    };
    format!("COPY --from=build {}", quote::copied(&[end, end]))
}
