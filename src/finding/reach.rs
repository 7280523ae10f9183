//! Libraries and loaders that are there, and that the user may not read or come to.

use super::{Case, Code, Draft, near, quote, quoted};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::graph::{Attempt, Library};
use crate::loader::TryOutcome;
use crate::path::TargetPath;
use crate::rootfs::{Kind, Metadata};
use std::sync::Arc;

/// What keeps a user from a file: the file itself, which they may not read, or a directory
/// on the way, which they may not search.
#[derive(Debug)]
pub struct Barrier {
    /// Where it is, without links.
    pub path: TargetPath,
    /// Its mode and owner.
    pub metadata: Metadata,
    /// The file behind it, if it is an ELF file.
    pub(crate) object: Option<Arc<Object>>,
}

impl Barrier {
    fn is_directory(&self) -> bool {
        self.metadata.kind == Kind::Directory
    }

    /// What one may not do, for a sentence.
    fn may_not(&self) -> &'static str {
        match self.is_directory() {
            true => "cannot be reached",
            false => "may not be read",
        }
    }

    /// What it is, with its mode and owner.
    fn line(&self, case: &Case<'_>) -> String {
        let Metadata { mode, uid, gid, .. } = self.metadata;
        let what = match self.is_directory() {
            true => format!("; user {} may not search it", case.user.uid),
            false => String::new(),
        };
        let path = Shown(self.path.as_bytes());
        format!("{path}: mode {mode:04o}, owner {uid}:{gid}{what}")
    }

    /// Adds what it is and how it is opened.
    pub(super) fn tell(&self, case: &Case<'_>, draft: Draft) -> Draft {
        let draft = draft.evidence(self.line(case));
        let path = self.path.as_bytes();
        let (text, bits, chmod) = match self.is_directory() {
            true => ("let every user search the directory", "755", "a+x"),
            false => ("let every user read it", "644", "a+r"),
        };
        let chmod = format!("RUN chmod {chmod} {}", quote::word(path));
        let copy = quote::copied(&[path, path]);
        let copy = format!("COPY --chmod={bits} --from=build {copy}");
        // Who builds the image is root, to whom the loader is not closed.
        match (case.has)(b"/bin/sh") {
            true => draft.fix(None, text, Some(&chmod)).fix(
                None,
                "or copy it with that permission",
                Some(&copy),
            ),
            false => draft.fix(
                None,
                "copy it so that every user may come to it",
                Some(&copy),
            ),
        }
    }
}

/// What keeps the user from the library that `attempts` were to find; nothing where the
/// file is none that `main`'s loader would take.
pub(super) fn barrier(
    case: &Case<'_>,
    attempts: &[Attempt],
    main: Option<&Object>,
) -> Option<Barrier> {
    let mut closed = attempts
        .iter()
        .filter(|attempt| attempt.outcome == TryOutcome::Unreadable);
    closed.find_map(|attempt| {
        let barrier = (case.barrier)(&attempt.path)?;
        let object = barrier.object.as_deref()?;
        near::fits(object, main).then_some(barrier)
    })
}

/// The directory that the user may not search on the way to the file at `path`, with its
/// mode and owner.
pub(super) fn closed_directory(case: &Case<'_>, path: &[u8]) -> Option<String> {
    let barrier = (case.barrier)(path).filter(Barrier::is_directory)?;
    Some(barrier.line(case))
}

/// The finding about a library that is there, where it is looked for, and that the user
/// may not read.
pub(super) fn draft(
    case: &Case<'_>,
    library: &Library,
    by: &str,
    main: Option<&Object>,
) -> Option<Draft> {
    let barrier = barrier(case, &library.attempts, main)?;
    let name = &*library.name;
    let message = format!(
        "{} {} by user {}; {by} needs it",
        quoted(name),
        barrier.may_not(),
        case.user.uid
    );
    let draft = Draft::new(case, Code::UserCannotReach, name, message);
    Some(barrier.tell(case, draft))
}

/// The finding about a loader that is there, and that the user cannot come to.
pub(super) fn loader(case: &Case<'_>, path: &[u8], program: &TargetPath) -> Option<Draft> {
    let barrier = (case.barrier)(path)?;
    let message = format!(
        "the loader of `{program}` {} by user {}",
        barrier.may_not(),
        case.user.uid
    );
    let draft = Draft::new(case, Code::UserCannotReach, path, message)
        .evidence(format!("PT_INTERP  {}", Shown(path)));
    Some(barrier.tell(case, draft))
}
