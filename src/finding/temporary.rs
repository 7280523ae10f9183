//! A directory for temporary files.

use super::{Case, Code, Draft};
use crate::beyond::{Place, Temporary};
use crate::report::{Finding, Severity};

/// Temporary files that cannot be made.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(missing) = &case.beyond.temporary else {
        return;
    };
    let what = match missing.what {
        Temporary::Absent => "there is no /tmp",
        Temporary::NotADirectory => "/tmp is no directory",
        Temporary::NotWritable(_) => "its user may not make files in /tmp",
    };
    let by = missing.by;
    let message = format!("`{}` makes temporary files, and {what}", case.path);
    let draft = Draft::new(case, Code::NoTmp, b"/tmp", message);
    let draft = match by.contains('.') {
        true => draft.evidence(format!("it has Go's function {by}")),
        false => draft.evidence(format!("it imports {by}")),
    };
    let draft = match missing.to {
        Place::Tmp => draft.evidence("that makes them in /tmp, whatever TMPDIR says"),
        Place::Variable => draft.evidence("that goes to TMPDIR, or to /tmp where it is not set"),
        Place::Unknown => draft
            .evidence("where it makes them is not known; /tmp is usual")
            .severity(Severity::Note),
    };
    let draft = match missing.what {
        Temporary::NotWritable(mode) => draft
            .evidence(format!("/tmp: mode {mode:04o}, user {}", case.user.uid))
            .fix(
                None,
                "let everyone write there",
                Some("RUN chmod 1777 /tmp"),
            ),
        Temporary::NotADirectory => draft.fix(None, "put a directory there", None),
        Temporary::Absent if (case.has)(b"/bin/sh") => draft.fix(
            None,
            "make it, for everyone",
            Some("RUN mkdir -p -m 1777 /tmp"),
        ),
        // WORKDIR makes what is not there, as root's.
        Temporary::Absent if case.user.is_root() => {
            draft.fix(None, "let the builder make it", Some("WORKDIR /tmp"))
        }
        Temporary::Absent => draft.fix(
            None,
            "copy an empty one",
            Some("COPY --from=build --chmod=1777 /empty /tmp"),
        ),
    };
    let draft = draft.fix(
        None,
        "or mount one when it is run",
        Some("docker run --tmpfs /tmp …"),
    );
    found.push(draft.done());
}
