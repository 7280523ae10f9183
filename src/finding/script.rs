//! Fixes for scripts whose interpreter is not there.

use super::{Case, Draft, near};
use crate::bytes::{Shown, lossy};
use crate::package::Manager;
use crate::path::{file_name, parent};

/// Interpreters, and the packages that have them where they are called so by every
/// distribution.
const PACKAGED: [&str; 6] = ["bash", "dash", "zsh", "python3", "perl", "ruby"];

/// Shells whose scripts may run under any of them, if they keep to what POSIX says.
const BOURNE: [&str; 10] = [
    "sh", "bash", "rbash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "yash",
];

/// Where programs are that everyone uses.
const USUAL: [&[u8]; 3] = [b"/usr/bin", b"/usr/local/bin", b"/bin"];

/// An image that has an interpreter.
struct Image {
    /// The interpreter, without the release that may end its name.
    interpreter: &'static str,
    /// `{}` stands for the release, or for `usual` where the name tells none.
    image: &'static str,
    usual: &'static str,
    /// Where the interpreter is in it.
    directories: &'static [&'static [u8]],
}

const LOCAL: &[&[u8]] = &[b"/usr/local/bin"];
const SYSTEM: &[&[u8]] = &[b"/bin", b"/usr/bin"];
/// perl is a part of the system that the image is made from, too.
const BOTH: &[&[u8]] = &[b"/usr/local/bin", b"/bin", b"/usr/bin"];

const fn image(
    interpreter: &'static str,
    image: &'static str,
    usual: &'static str,
    directories: &'static [&'static [u8]],
) -> Image {
    Image {
        interpreter,
        image,
        usual,
        directories,
    }
}

const IMAGES: [Image; 8] = [
    image("python", "python:{}-slim", "3", LOCAL),
    image("node", "node:{}-slim", "lts", LOCAL),
    image("ruby", "ruby:{}-slim", "3", LOCAL),
    image("perl", "perl:{}-slim", "5", BOTH),
    image("php", "php:{}-cli", "8", LOCAL),
    image("bash", "debian:12-slim", "", SYSTEM),
    image("dash", "debian:12-slim", "", SYSTEM),
    image("sh", "debian:12-slim", "", SYSTEM),
];

/// Adds the fixes for a script that names `interpreter`, which is not there: by its path,
/// or, to `env`, by its name.
pub(super) fn mend(case: &Case<'_>, draft: Draft, interpreter: &[u8]) -> Draft {
    let name = lossy(file_name(interpreter));
    let has_shell = (case.has)(b"/bin/sh");
    let draft = by_its_place(case, draft, interpreter);
    let is_elsewhere = !draft.finding.fixes.is_empty();
    let draft = match BOURNE.contains(&&*name) && has_shell && !is_elsewhere {
        true => draft.fix(
            Some("the script needs no more than a plain shell"),
            "name that one",
            Some("#!/bin/sh"),
        ),
        false => draft,
    };
    if let Some(manager) = packager(case, interpreter) {
        let install = match is_elsewhere {
            true => format!("or install `{name}`"),
            false => format!("install `{name}`"),
        };
        return draft.fix(None, &install, Some(&manager.command(&name)));
    }
    if is_elsewhere {
        return draft;
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

/// Adds the line that names the interpreter where the target has it. A script of an
/// environment that is to be made again names the environment's own.
fn by_its_place(case: &Case<'_>, draft: Draft, interpreter: &[u8]) -> Draft {
    let script = case.exec.scripts.last();
    let Some(script) = script.filter(|_| interpreter.contains(&b'/')) else {
        return draft;
    };
    if !draft.finding.fixes.is_empty() {
        return draft;
    }
    let Some(there) = elsewhere(case, interpreter) else {
        return draft;
    };
    let is_named = *script.shebang.interpreter == *interpreter;
    let argument = script.shebang.argument.as_deref().filter(|_| is_named);
    let line = line(&there, argument);
    draft.fix(None, "name it where it is", Some(&line))
}

/// A program of the same name as `interpreter` at another path that the user may start.
pub(super) fn elsewhere(case: &Case<'_>, interpreter: &[u8]) -> Option<String> {
    let there = near::programs(&(case.near)(file_name(interpreter)), interpreter);
    let there = case.without_scripts(there).into_iter();
    let mut there: Vec<String> = there
        .filter(|path| !is_of_environment(case, path.as_bytes()))
        .filter(|path| (case.starts)(path.as_bytes()))
        .collect();
    // Those that everyone knows come first.
    there.sort_by_key(|path| !USUAL.contains(&parent(path.as_bytes())));
    there.into_iter().next()
}

/// Whether the file at `path` is in a virtual environment of Python, which has packages of
/// its own.
pub(super) fn is_of_environment(case: &Case<'_>, path: &[u8]) -> bool {
    (case.has)(&[parent(parent(path)), b"/pyvenv.cfg"].concat())
}

/// A `#!` line.
pub(super) fn line(interpreter: &str, argument: Option<&[u8]>) -> String {
    match argument {
        Some(argument) => format!("#!{interpreter} {}", Shown(argument)),
        None => format!("#!{interpreter}"),
    }
}

/// What installs the interpreter where it is looked for.
fn packager(case: &Case<'_>, interpreter: &[u8]) -> Option<Manager> {
    let name = lossy(file_name(interpreter));
    let managers = [Manager::Apt, Manager::Apk, Manager::Microdnf, Manager::Dnf];
    let is_here = |manager: &Manager| manager.programs().iter().any(|p| (case.has)(p.as_bytes()));
    let manager = managers.into_iter().find(is_here)?;
    let directory = directory_of(&name, manager);
    let is_put_there = || match parent(interpreter) {
        // It is there already where env does not look.
        b"" if (case.has)(&[directory, b"/", name.as_bytes()].concat()) => false,
        b"" => {
            let looks_in = |directory: &[u8]| case.env.is_some_and(|env| env.looks_in(directory));
            let both: [&[u8]; 2] = [b"/bin", b"/usr/bin"];
            looks_in(directory) || (is_merged(case) && both.into_iter().any(looks_in))
        }
        b"/bin" | b"/usr/bin" if is_merged(case) => true,
        named => named == directory,
    };
    (PACKAGED.contains(&&*name) && is_put_there()).then_some(manager)
}

/// Whether `/bin` is `/usr/bin`: then `/bin/..` is `/usr`.
fn is_merged(case: &Case<'_>) -> bool {
    let has = |path: &[u8]| (case.has)(path);
    has(b"/bin") && has(b"/usr/bin") && !has(b"/bin/../usr")
}

/// Where a package puts an interpreter in a target whose `/bin` is a directory: Debian's
/// until 12, and Alpine's.
fn directory_of(name: &str, manager: Manager) -> &'static [u8] {
    match (name, manager) {
        ("bash" | "zsh", _) | ("dash", Manager::Apt) => b"/bin",
        _ => b"/usr/bin",
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

/// What to do and what to write for a base that has `interpreter`. Where the base has it at
/// another path, `env` finds it.
pub(super) fn base_with(interpreter: &[u8]) -> (String, Option<String>) {
    let name = file_name(interpreter);
    let text = format!("take a base that has {}", super::quoted(name));
    let image = image_with(&lossy(name)).map(|(image, directories)| {
        let directory = parent(interpreter);
        match directory.is_empty() || directories.contains(&directory) {
            true => format!("FROM {image}"),
            false => format!("FROM {image}   (#!/usr/bin/env {})", Shown(name)),
        }
    });
    (text, image)
}

/// An image that has the interpreter called `name`, and where.
fn image_with(name: &str) -> Option<(String, &'static [&'static [u8]])> {
    let is_release = |c: char| c.is_ascii_digit() || c == '.';
    IMAGES.iter().find_map(|image| {
        let release = name.strip_prefix(image.interpreter)?;
        let fits = release.chars().all(is_release) && !release.starts_with('.');
        let release = if release.is_empty() {
            image.usual
        } else {
            release
        };
        fits.then(|| (image.image.replace("{}", release), image.directories))
    })
}
