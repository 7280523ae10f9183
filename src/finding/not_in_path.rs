//! A bare name that PATH does not lead to a program by.

use super::near::MAX_TOLD;
use super::reach::{Barrier, Use};
use super::{Code, Draft, dangling, quote, quoted};
use crate::bytes::Shown;
use crate::path::TargetPath;
use crate::report::{Finding, Outcome};
use crate::rootfs::{Credentials, Metadata};
use crate::runtime::{Lookup, Refused};

/// What keeps a name that is in a directory of PATH from being found there.
pub struct InPath {
    /// Where it is.
    pub path: TargetPath,
    /// What is the matter with it.
    pub why: NotFound,
}

/// Why a file in a directory of PATH is not found.
pub enum NotFound {
    /// The user may not execute it.
    NotExecutable(Metadata),
    /// It is a link to nothing: the hops, and the end.
    Dangling(Vec<String>, TargetPath),
    /// A directory on the way is closed to the user.
    Closed(Barrier),
}

/// Where a bare name was looked up.
pub struct Searched<'a> {
    /// PATH.
    pub path: &'a [u8],
    /// Who looked.
    pub user: &'a Credentials,
    /// What is in PATH by that name.
    pub met: Option<InPath>,
    /// Programs of that name elsewhere, which would start.
    pub elsewhere: &'a [String],
    /// There is a shell.
    pub has_shell: bool,
}

/// The finding about a bare name that leads runc to nothing in PATH.
#[must_use]
pub fn not_in_path(lookup: &Lookup, searched: &Searched<'_>, outcome: &Outcome) -> Finding {
    let name = &lookup.name[..];
    let is_trap = lookup
        .runc
        .as_ref()
        .is_err_and(|refusal| refusal.why == Refused::WorkingDirectory);
    let shown = quoted(name);
    let (message, fix) = if is_trap {
        (
            format!("PATH leads to {shown} by way of the working directory, which runc refuses"),
            "name it by its whole path, or put only absolute directories into PATH",
        )
    } else if name.is_empty() {
        (
            "the name of the program is empty".to_owned(),
            "name a program",
        )
    } else if let Some(met) = &searched.met {
        let why = match &met.why {
            NotFound::NotExecutable(metadata) if metadata.mode & 0o111 == 0 => {
                "which has no execute permission".to_owned()
            }
            NotFound::NotExecutable(_) => {
                format!("which user {} may not execute", searched.user.uid)
            }
            NotFound::Dangling(..) => "a link that leads to nothing".to_owned(),
            NotFound::Closed(_) => format!("which user {} cannot reach", searched.user.uid),
        };
        (
            format!("{shown} is in PATH as `{}`, {why}", met.path),
            "or name another by its whole path, or put its directory into PATH",
        )
    } else {
        (
            format!("{shown} is in no directory of PATH"),
            "name it by its whole path, or put its directory into PATH",
        )
    };
    let draft = Draft::about(name, Code::NotInPath, name, message)
        .evidence(format!("PATH={}", Shown(searched.path)));
    let met = searched.met.as_ref().filter(|_| !is_trap);
    let draft = match met {
        Some(met) => mend_in_path(met, searched, draft),
        None => draft,
    };
    let elsewhere = searched.elsewhere.iter().take(MAX_TOLD);
    let draft = elsewhere
        .fold(draft, |draft, path| {
            draft.evidence(format!("a program of that name: {path}"))
        })
        .seen_in(outcome)
        .also(
            lookup
                .crun
                .as_ref()
                .ok()
                .map(|found| format!("crun, podman's usual runtime, starts {}", Shown(found))),
        );
    match (met, searched.elsewhere.first()) {
        (Some(_), None) => draft,
        (_, first) => draft.fix(None, fix, into_path(first).as_deref()),
    }
    .done()
}

/// Adds what is wrong with the file in PATH, and what mends it.
fn mend_in_path(met: &InPath, searched: &Searched<'_>, draft: Draft) -> Draft {
    let path = &met.path;
    let name = path.as_bytes();
    match &met.why {
        NotFound::NotExecutable(Metadata { mode, uid, gid, .. }) => {
            let draft = draft.evidence(format!("{path}: mode {mode:04o}, owner {uid}:{gid}"));
            let copied = quote::copied(&["…".as_bytes(), name]);
            match (searched.has_shell, searched.user.is_root()) {
                (true, true) => draft.fix(
                    None,
                    "give it the permission",
                    Some(&format!("RUN chmod 755 {}", quote::word(name))),
                ),
                (true, false) => draft.fix(
                    None,
                    "give it the permission, in a line before `USER`",
                    Some(&format!("RUN chmod 755 {}", quote::word(name))),
                ),
                (false, _) => draft.fix(
                    None,
                    "bring it with the permission",
                    Some(&format!("COPY --chmod=755 {copied}")),
                ),
            }
        }
        NotFound::Dangling(hops, end) => {
            let draft = hops.iter().cloned().fold(draft, Draft::evidence);
            draft.fix(
                None,
                "copy what the link leads to as well",
                Some(&dangling::copied(end.as_bytes())),
            )
        }
        NotFound::Closed(barrier) => {
            barrier.tell_to(Use::Start, searched.user, searched.has_shell, draft)
        }
    }
}

/// The line that puts the directory of a program into PATH.
fn into_path(program: Option<&String>) -> Option<String> {
    let directory = crate::path::parent(program?.as_bytes());
    Some(format!("ENV PATH={}", quote::value(directory, ":$PATH")))
}
