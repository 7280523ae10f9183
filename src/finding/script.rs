//! Fixes for scripts whose interpreter is not there.

use super::{Case, Draft};
use crate::package::Manager;

/// Interpreters, and the packages that have them where they are called so by every
/// distribution.
const PACKAGED: [&str; 6] = ["bash", "dash", "zsh", "python3", "perl", "ruby"];

/// Interpreters, without the release that may end their names, and images that have them:
/// `{}` stands for the release, or for the last word where the name tells none.
const IMAGES: [(&str, &str, &str); 8] = [
    ("python", "python:{}-slim", "3"),
    ("node", "node:{}-slim", "lts"),
    ("ruby", "ruby:{}-slim", "3"),
    ("perl", "perl:{}-slim", "5"),
    ("php", "php:{}-cli", "8"),
    ("bash", "debian:{}-slim", "12"),
    ("dash", "debian:{}-slim", "12"),
    ("sh", "debian:{}-slim", "12"),
];

/// Adds the fixes for a script that names `interpreter`, which is not there.
pub(super) fn mend(case: &Case<'_>, draft: Draft, interpreter: &[u8]) -> Draft {
    let name = crate::bytes::lossy(crate::path::file_name(interpreter));
    let has_shell = (case.has)(b"/bin/sh");
    let draft = match name.ends_with("sh") && has_shell {
        true => draft.fix(
            Some("the script needs no more than a plain shell"),
            "name that one",
            Some("#!/bin/sh"),
        ),
        false => draft,
    };
    let managers = [Manager::Apt, Manager::Apk, Manager::Microdnf, Manager::Dnf];
    let is_here = |manager: &&Manager| manager.programs().iter().any(|p| (case.has)(p.as_bytes()));
    let manager = managers.iter().find(is_here);
    if let Some(manager) = manager.filter(|_| PACKAGED.contains(&&*name)) {
        let install = format!("install `{name}`");
        return draft.fix(None, &install, Some(&manager.command(&name)));
    }
    let (text, snippet) = base_with(interpreter);
    let draft = or(draft, &text, snippet.as_deref());
    match case.loaders.is_empty() && !has_shell {
        true => or(
            draft,
            "start a program instead of a script: this target has no shell",
            Some("ENTRYPOINT [\"/app/server\"]"),
        ),
        false => or(draft, "name an interpreter that the target has", None),
    }
}

/// Adds a fix that stands for itself, or is one of several.
fn or(draft: Draft, text: &str, snippet: Option<&str>) -> Draft {
    let text = match draft.finding.fixes.is_empty() {
        true => text.to_owned(),
        false => format!("or {text}"),
    };
    draft.fix(None, &text, snippet)
}

/// What to do and what to write for a base that has `interpreter`.
pub(super) fn base_with(interpreter: &[u8]) -> (String, Option<String>) {
    let name = crate::path::file_name(interpreter);
    let text = format!("take a base that has {}", super::quoted(name));
    (
        text,
        image(&crate::bytes::lossy(name)).map(|image| format!("FROM {image}")),
    )
}

/// An image that has the interpreter called `name`.
fn image(name: &str) -> Option<String> {
    let is_release = |c: char| c.is_ascii_digit() || c == '.';
    IMAGES.iter().find_map(|(interpreter, image, usual)| {
        let release = name.strip_prefix(interpreter)?;
        let fits = release.chars().all(is_release) && !release.starts_with('.');
        let release = if release.is_empty() { usual } else { release };
        fits.then(|| image.replace("{}", release))
    })
}
