//! Libraries that are loaded by name when the program runs.

use super::library::searched;
use super::{Case, Code, Draft, bringing, quoted};
use crate::beyond::Missing;
use crate::bytes::escape;
use crate::elf::{Feature, Priority};
use crate::graph::Graph;
use crate::loader::{LinkMap, ObjectId};
use crate::report::{Finding, Severity};

/// What is told of features: the objects' own notes (`.note.dlopen`), and glibc's need
/// when a thread ends.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph else {
        return;
    };
    let mut rest = &case.beyond.features[..];
    while let Some(first) = rest.first() {
        let own = rest
            .iter()
            .take_while(|missing| missing.object == first.object);
        let (of_one, others) = rest.split_at(own.count());
        found.push(of_object(case, graph, first.object, of_one));
        rest = others;
    }
    found.extend(end_of_thread(case));
}

/// What one object does not find.
fn of_object(case: &Case<'_>, graph: &Graph, id: ObjectId, missing: &[Missing]) -> Finding {
    let path = &graph.map.get(id).path;
    let names = missing.iter().flat_map(|missing| &missing.feature.sonames);
    let names: Vec<String> = names.map(|name| quoted(name.as_bytes())).collect();
    let (them, are) = match names.len() {
        1 => ("a library", "is"),
        _ => ("libraries", "are"),
    };
    let message = format!(
        "{} loads {them} by name when it runs, which {are} not found: {}",
        quoted(path),
        names.join(", ")
    );
    let severities = missing.iter().map(|missing| {
        // What a library does without is less than what the program does without.
        match (missing.feature.priority, id == LinkMap::MAIN) {
            (Priority::Required, _) | (Priority::Recommended, true) => Severity::Warning,
            _ => Severity::Note,
        }
    });
    let severity = severities.max().unwrap_or(Severity::Note);
    let draft = Draft::new(case, Code::DlopenMissing, path, message).severity(severity);
    let draft = missing.iter().fold(draft, |draft, missing| {
        draft.evidence(line(&missing.feature))
    });
    let tried = missing.first().and_then(|missing| missing.tried.first());
    let draft = match tried {
        Some(later) => searched(case, draft, &later.attempts),
        None => draft,
    };
    let first = missing
        .iter()
        .filter_map(|missing| missing.feature.sonames.first());
    let first: Vec<&[u8]> = first.map(|name| name.as_bytes()).collect();
    let draft = draft.remedy(bringing::installing(case, &first));
    match draft.finding.fixes.is_empty() {
        true => draft.fix(None, "install the package that has it, or copy it in", None),
        false => draft,
    }
    .done()
}

/// What the note says of a feature.
fn line(feature: &Feature) -> String {
    let name = feature.name.as_deref().unwrap_or("a feature");
    let names = feature.sonames.join(", ");
    let what = feature.description.as_deref();
    let what = what.map_or_else(String::new, |what| format!(": {}", escape(what)));
    format!(
        ".note.dlopen: {} ({}) wants {}{what}",
        escape(name),
        feature.priority.word(),
        escape(&names)
    )
}

/// glibc ends the process where it cannot load what unwinds a thread's stack
/// (`misc/unwind-link.c`, `nptl/pthread_cancel.c`, `nptl/pthread_exit.c`).
fn end_of_thread(case: &Case<'_>) -> Option<Finding> {
    let (by, later) = case.beyond.end_of_thread.as_ref()?;
    let name = crate::bytes::lossy(&later.name);
    let message = format!(
        "glibc loads {} when a thread ends by {by}, and it is not found; `{}` imports that",
        quoted(&later.name),
        case.path
    );
    let function = match *by {
        "pthread_cancel" => "pthread_cancel",
        _ => "pthread_exit",
    };
    let draft = Draft::new(case, Code::DlopenMissing, &later.name, message)
        .evidence(format!("it is in no DT_NEEDED entry; imported: {by}"))
        .evidence(format!(
            "at run time, then: {name} must be installed for {function} to work"
        ));
    let draft = searched(case, draft, &later.attempts);
    let draft = draft.remedy(bringing::bringing(case, &later.name, &later.attempts));
    let is_known = !draft.finding.fixes.is_empty();
    let draft = draft.fix(
        None,
        match is_known {
            true => "or link it into the program's needs, so that every listing shows it",
            false => {
                "copy it in, or link it into the program's needs, so that every listing shows it"
            }
        },
        Some("gcc … -Wl,--no-as-needed -lgcc_s"),
    );
    Some(draft.done())
}
