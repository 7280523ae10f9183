//! Time zones.

use super::{Case, Code, Draft, install, quoted};
use crate::beyond::Places;
use crate::report::Finding;

const COPY: &str = "COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo";

/// A zone that the program would not find.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(zone) = &case.beyond.zone else {
        return;
    };
    let message = match &zone.named {
        Some(name) => format!(
            "TZ names the time zone {}, which is not here; `{}` would take UTC for it",
            quoted(name),
            case.path
        ),
        None => format!(
            "`{}` looks time zones up by name, and there are none",
            case.path
        ),
    };
    let draft = Draft::new(case, Code::NoTzdata, case.path.as_bytes(), message);
    let draft = match zone.is_go {
        true => draft.evidence(format!(
            "it has Go's function {}, and not the zones of time/tzdata",
            zone.by
        )),
        false => draft.evidence(format!("it imports {}", zone.by)),
    };
    let draft = draft.evidence(format!("looked for in {}", Places::of_zones().join(", ")));
    let draft = match zone.named {
        Some(_) => draft,
        None => draft.evidence("at run time: unknown time zone …"),
    };
    let draft = install::or_copy(case, draft, "tzdata", COPY);
    let draft = match zone.is_go {
        true => draft.fix(
            None,
            "or put the zones into the program",
            Some("go build -tags timetzdata"),
        ),
        false => draft,
    };
    found.push(draft.done());
}
