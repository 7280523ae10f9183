//! Libraries and loaders that are there, and that the user may not read or come to.

use super::{Case, Code, Draft, near, place, quote, quoted, script};
use crate::bytes::{Shown, lossy};
use crate::elf::Object;
use crate::graph::{Attempt, Library};
use crate::kernel::Script;
use crate::loader::TryOutcome;
use crate::path::TargetPath;
use crate::rootfs::{Access, Credentials, Kind, Metadata};
use std::sync::Arc;

/// What keeps a user from a file: the file itself, which they may not read, or a directory
/// on the way, which they may not search.
#[derive(Debug)]
pub struct Barrier {
    /// Where it is, without links.
    pub path: TargetPath,
    /// Its mode and owner.
    pub metadata: Metadata,
    /// All directories on the way that the user may not search.
    pub(crate) directories: Vec<TargetPath>,
    /// The file behind it, without links.
    pub(crate) file: TargetPath,
    /// The mode and owner of that file.
    pub(crate) file_metadata: Metadata,
    /// The file, if it is an ELF file.
    pub(crate) object: Option<Arc<Object>>,
}

/// What the user is to do with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is read.
    Read,
    /// `execve` is given it.
    Start,
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
    fn line(&self, user: &Credentials) -> String {
        let Metadata { mode, uid, gid, .. } = self.metadata;
        let what = match self.is_directory() {
            true => format!("; user {} may not search it", user.uid),
            false => String::new(),
        };
        let path = Shown(self.path.as_bytes());
        format!("{path}: mode {mode:04o}, owner {uid}:{gid}{what}")
    }

    /// Whether the file itself is closed as well.
    fn closes_file(&self, user: &Credentials, to: Use) -> bool {
        let may = |access| user.may(access, &self.file_metadata);
        !may(Access::Read) || (to == Use::Start && !may(Access::Execute))
    }

    /// Adds what it is and how it is opened for who reads it.
    pub(super) fn tell(&self, case: &Case<'_>, draft: Draft) -> Draft {
        let has_shell = (case.has)(b"/bin/sh");
        self.tell_to(Use::Read, case.user, has_shell, draft)
    }

    /// Adds what it is and how it is opened, in a target with a shell or without.
    pub(super) fn tell_to(
        &self,
        to: Use,
        user: &Credentials,
        has_shell: bool,
        draft: Draft,
    ) -> Draft {
        let draft = draft.evidence(self.line(user));
        // Who builds the image is root, to whom the loader is not closed.
        if !has_shell {
            let text = "copy it so that every user may come to it";
            return match self.copied(to) {
                Some(copy) => draft.fix(None, text, Some(&copy)),
                None => draft.fix(None, text, None),
            };
        }
        let what = match (self.directories.len(), self.closes_file(user, to)) {
            (0, _) if to == Use::Start => "read and execute it",
            (0, _) => "read it",
            (1, false) => "search the directory",
            (_, false) => "search the directories",
            (1, true) => "search the directory and read the file",
            (_, true) => "search the directories and read the file",
        };
        let text = format!("let every user {what}, in a line before `USER`");
        let draft = draft.fix(None, &text, self.chmod(user, to).as_deref());
        match self.copied(to) {
            Some(copy) => draft.fix(None, "or copy it with that permission", Some(&copy)),
            None => draft,
        }
    }

    /// The line that opens all that is closed; none where a name cannot be typed.
    fn chmod(&self, user: &Credentials, to: Use) -> Option<String> {
        let mut all = self.directories.iter().chain([&self.file]);
        if !all.all(|path| place::is_text(path.as_bytes())) {
            return None;
        }
        let mut commands = Vec::new();
        if !self.directories.is_empty() {
            let directories = self.directories.iter();
            let words: Vec<String> = directories.map(|d| quote::word(d.as_bytes())).collect();
            commands.push(format!("chmod a+x {}", words.join(" ")));
        }
        if self.closes_file(user, to) {
            let bits = match to {
                Use::Read => "a+r",
                Use::Start => "a+rx",
            };
            let file = quote::word(self.file.as_bytes());
            commands.push(format!("chmod {bits} {file}"));
        }
        Some(format!("RUN {}", commands.join(" && ")))
    }

    /// The line that copies it; none where a directory is closed, as `--chmod` would open
    /// every file below it.
    fn copied(&self, to: Use) -> Option<String> {
        let bits = match to {
            Use::Start => "755",
            Use::Read => "644",
        };
        let path = self.file.as_bytes();
        let copied = quote::copied(&[path, path]);
        let is_alone = self.directories.is_empty() && place::is_text(path);
        is_alone.then(|| format!("COPY --chmod={bits} --from=build {copied}"))
    }
}

/// The finding about a program that the user cannot come to: the subject, or what the
/// `#!` line of `script` names.
pub(super) fn program(case: &Case<'_>, path: &TargetPath, script: Option<&Script>) -> Draft {
    let name = path.as_bytes();
    let uid = case.user.uid;
    let message = match script {
        Some(script) => format!(
            "`{}` names {}, which cannot be reached by user {uid}",
            script.path,
            quoted(&script.shebang.interpreter)
        ),
        None => format!("`{path}` cannot be reached by user {uid}"),
    };
    let draft = Draft::new(case, Code::UserCannotReach, name, message);
    let draft = draft.also(script.map(|script| {
        let line = Shown(&script.shebang.line);
        format!("{}:1: {line}", script.path)
    }));
    let barrier = (case.barrier)(name).filter(Barrier::is_directory);
    let draft = match &barrier {
        Some(barrier) => barrier.tell_to(Use::Start, case.user, (case.has)(b"/bin/sh"), draft),
        None => {
            draft
                .evidence(unseen(case, name))
                .fix(None, "put it where every user may go", None)
        }
    };
    let Some(script) = script else { return draft };
    // Another Python has other packages than an environment.
    let interpreter = &script.shebang.interpreter;
    let other = match script::is_of_environment(case, script.path.as_bytes()) {
        true => None,
        false => script::elsewhere(case, interpreter),
    };
    let line = other.and_then(|other| script::line(&other, script.shebang.argument.as_deref()));
    let draft = match line {
        Some(line) => draft.fix(None, "or name one that the user may start", Some(&line)),
        None => draft,
    };
    let is_uvs = |barrier: Barrier| lossy(barrier.file.as_bytes()).contains("/uv/python/");
    let mut draft = match barrier.is_some_and(is_uvs) {
        true => draft.fix(
            None,
            "or let uv put it where every user may go, before it makes the environment",
            Some("ENV UV_PYTHON_INSTALL_DIR=/opt/python"),
        ),
        false => draft,
    };
    draft.finding.fixes.truncate(3);
    draft
}

/// The last directory on the way to `path` that is seen, where nothing is known of what is
/// behind it.
fn unseen(case: &Case<'_>, path: &[u8]) -> String {
    let above = std::iter::successors(Some(path), |path| match crate::path::parent(path) {
        parent if parent.len() < path.len() => Some(parent),
        _ => None,
    });
    let mut seen = above.skip(1).filter(|path| (case.has)(path));
    match seen.next() {
        Some(path) => format!("{} may not be searched by this user", quoted(path)),
        None => "a directory above it may not be searched by this user".to_owned(),
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
    Some(barrier.tell_to(Use::Start, case.user, (case.has)(b"/bin/sh"), draft))
}
