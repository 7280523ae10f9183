//! The loader, needed under a name by which it does not know itself.

use super::{Case, Code, Draft, quote, quoted};
use crate::bytes::Shown;
use crate::loader::Rule;
use crate::report::Finding;

/// What is said where the loader is mapped a second time.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph else {
        return;
    };
    let Some(twice) = &graph.twice else { return };
    let loader = graph.map.get(twice.loader);
    let copy = graph.map.get(twice.copy);
    let Some(library) = graph
        .libraries
        .iter()
        .find(|library| library.object == Some(twice.copy))
    else {
        return;
    };
    let by = library.requesters.first().map(|&id| graph.map.get(id));
    let by: &[u8] = by.map_or(b"", |by| &by.path);
    let is_preload = library.rule == Some(Rule::Preload);
    let asks = match is_preload {
        true => "a preload".to_owned(),
        false => quoted(by),
    };
    let message = format!(
        "{asks} names the loader {}, which is none of its names: it is loaded a second time",
        quoted(&library.name)
    );
    let soname = loader.soname();
    let and_soname = soname.map_or_else(String::new, |soname| {
        format!(" and {} (DT_SONAME)", quoted(soname))
    });
    let draft = Draft::new(case, Code::LoaderTwice, &library.name, message)
        .evidence(format!(
            "{} is the same file as {}",
            Shown(&copy.path),
            Shown(&loader.path)
        ))
        .evidence(format!(
            "the loader knows itself by name alone: {} (PT_INTERP){and_soname}",
            quoted(&loader.path)
        ))
        .evidence("the C library takes the data of the copy, which nobody filled in")
        .evidence(match twice.signal {
            Some(signal) => format!("at run time: {signal}, before the program runs"),
            None => "at run time: it crashes, at the latest where it loads a module".to_owned(),
        });
    let draft = match (is_preload, soname) {
        (true, _) => draft.fix(None, "take it out of the preloads", None),
        (false, None) => draft.fix(None, "link it without the loader", None),
        (false, Some(soname)) => {
            let snippet = format!(
                "patchelf --replace-needed {} {} {}",
                quote::name(&library.name),
                quote::name(soname),
                quote::word(by)
            );
            draft.fix(
                None,
                "name the loader by its soname, or not at all",
                Some(&snippet),
            )
        }
    };
    found.push(draft.done());
}
