//! Who the program is, in `/etc/passwd`.

use super::{Case, Code, Draft};
use crate::report::Finding;

/// A user without a line.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(by) = case.beyond.user else {
        return;
    };
    let (uid, gid) = (case.user.uid, case.user.gid);
    let message = format!(
        "`{}` asks for the name and home of its user, and /etc/passwd has no line about the user {uid}",
        case.path
    );
    let is_there = (case.has)(b"/etc/passwd");
    let draft = Draft::new(case, Code::NoPasswdHome, b"/etc/passwd", message)
        .evidence(format!("it imports {by}"));
    let draft = match is_there {
        true => draft,
        false => draft.evidence("there is no /etc/passwd"),
    };
    let draft = match case.has_home {
        true => draft,
        // Engines take `/` then, which belongs to root.
        false => draft.evidence("HOME is not set, or `/`"),
    };
    let draft = draft.evidence(
        "at run time, where it insists on an answer: getpwuid(): uid not found; I have no name!",
    );
    let line = format!("app:x:{uid}:{gid}::/app:/sbin/nologin");
    let draft = match (case.has)(b"/bin/sh") {
        true => draft.fix(
            None,
            "add a line",
            Some(&format!("RUN echo '{line}' >> /etc/passwd")),
        ),
        false => draft.fix(
            None,
            "bring a file with a line about it",
            Some("COPY --from=build /etc/passwd /etc/group /etc/"),
        ),
    };
    let draft = match case.has_home {
        true => draft,
        false => draft.fix(None, "or tell where its home is", Some("ENV HOME=/app")),
    };
    found.push(draft.done());
}
