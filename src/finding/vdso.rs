//! The kernel's own object, needed where the loader does not expect it.

use super::{Case, Code, Draft, quote, quoted};
use crate::graph::StopCause;
use crate::report::Finding;

/// What is said where the loader gives up over it.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph.filter(|(_, graph)| graph.trips_over_vdso) else {
        return;
    };
    let Some(library) = graph
        .libraries
        .iter()
        .find(|library| library.object.is_some() && library.object == graph.vdso)
    else {
        return;
    };
    let by = library.requesters.first().map(|&id| graph.map.get(id));
    let by: &[u8] = by.map_or(b"", |by| &by.path);
    let message = format!(
        "{} needs {}, the kernel's own object, which comes right beside the loader",
        quoted(by),
        quoted(&library.name)
    );
    let stop = graph.stop.as_ref();
    let stop = stop.filter(|stop| stop.cause == StopCause::Vdso);
    let snippet = format!(
        "patchelf --remove-needed {} {}",
        quote::name(&library.name),
        quote::word(by)
    );
    let draft = Draft::new(case, Code::VdsoNeeded, &library.name, message)
        .evidence("each process has it, and no directory: the loader finds it without a search")
        .evidence("the loader expects itself behind libraries alone, and gives up")
        .also(stop.map(|stop| format!("at run time: {}", crate::bytes::escape(&stop.text))))
        .fix(
            None,
            "take it out of what is needed: the C library uses it without that",
            Some(&snippet),
        );
    found.push(draft.done());
}
