//! Fixes for scripts whose interpreter is not there.

use super::{Case, Draft, dangling, near};
use crate::bytes::{Shown, lossy};
use crate::kernel::{Script, Shebang};
use crate::package::Manager;
use crate::path::{TargetPath, file_name, parent};
use crate::report::{Fix, Libc};

/// Interpreters, and the packages that have them where they are called so by every
/// distribution.
const PACKAGED: [&str; 6] = ["bash", "dash", "zsh", "python3", "perl", "ruby"];

/// Shells whose scripts may run under any of them, if they keep to what POSIX says.
const BOURNE: [&str; 10] = [
    "sh", "bash", "rbash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "yash",
];

/// Where programs are that everyone uses.
const USUAL: [&[u8]; 3] = [b"/usr/bin", b"/usr/local/bin", b"/bin"];

/// What files are called by what interprets them.
const ENDINGS: [(&[u8], &str); 13] = [
    (b"sh", "sh"),
    (b"bash", "bash"),
    (b"zsh", "zsh"),
    (b"py", "python3"),
    (b"js", "node"),
    (b"mjs", "node"),
    (b"cjs", "node"),
    (b"rb", "ruby"),
    (b"pl", "perl"),
    (b"php", "php"),
    (b"lua", "lua"),
    (b"tcl", "tclsh"),
    (b"R", "Rscript"),
];

/// An image that has an interpreter.
struct Image {
    /// The interpreter, without the release that may end its name.
    interpreter: &'static str,
    /// With glibc, and with musl; `{}` stands for the release, or for `usual` where the
    /// name tells none.
    glibc: &'static str,
    musl: Option<&'static str>,
    usual: &'static str,
    /// It has the interpreter under names with a release, too.
    names_release: bool,
    /// Where the interpreter is in it.
    directories: &'static [&'static [u8]],
}

const LOCAL: &[&[u8]] = &[b"/usr/local/bin"];
const SYSTEM: &[&[u8]] = &[b"/bin", b"/usr/bin"];
/// perl is a part of the system that the image is made from, too.
const BOTH: &[&[u8]] = &[b"/usr/local/bin", b"/bin", b"/usr/bin"];

const fn image(
    interpreter: &'static str,
    glibc: &'static str,
    musl: Option<&'static str>,
    usual: &'static str,
    directories: &'static [&'static [u8]],
) -> Image {
    Image {
        interpreter,
        glibc,
        musl,
        usual,
        names_release: false,
        directories,
    }
}

const IMAGES: [Image; 8] = [
    Image {
        names_release: true,
        ..image(
            "python",
            "python:{}-slim",
            Some("python:{}-alpine"),
            "3",
            LOCAL,
        )
    },
    image("node", "node:{}-slim", Some("node:{}-alpine"), "lts", LOCAL),
    image("ruby", "ruby:{}-slim", Some("ruby:{}-alpine"), "3", LOCAL),
    image("perl", "perl:{}-slim", None, "5", BOTH),
    image("php", "php:{}-cli", Some("php:{}-cli-alpine"), "8", LOCAL),
    image("bash", "debian:12-slim", None, "", SYSTEM),
    image("dash", "debian:12-slim", None, "", SYSTEM),
    image("sh", "debian:12-slim", Some("alpine:3"), "", SYSTEM),
];

/// Adds the fixes for a script that names `interpreter`, which is not there: by its path,
/// or, to `env`, by its name.
pub(super) fn mend(case: &Case<'_>, draft: Draft, interpreter: &[u8]) -> Draft {
    let name = lossy(file_name(interpreter));
    let has_shell = (case.starts)(b"/bin/sh");
    let relinked = match draft.finding.fixes.is_empty() {
        true => dangling::relinked(case, interpreter),
        false => None,
    };
    let draft = by_its_place(case, draft.remedy(relinked), interpreter);
    let is_elsewhere = !draft.finding.fixes.is_empty();
    let draft = match is_elsewhere {
        true => draft,
        false => by_another_name(case, draft, interpreter),
    };
    let draft = match BOURNE.contains(&&*name) && has_shell && !is_elsewhere && name != "sh" {
        true => draft.fix(
            Some("the script needs no more than a plain shell"),
            "name that one",
            Some("#!/bin/sh"),
        ),
        false => draft,
    };
    if let Some((text, command)) = installed(case, interpreter) {
        return or(draft, &text, Some(&command));
    }
    if is_elsewhere {
        return draft;
    }
    let (text, snippet) = base_with(interpreter, case.target.libc);
    let draft = or(draft, &text, snippet.as_deref());
    let mut draft = match case.loaders.is_empty() && !has_shell {
        true => or(
            draft,
            "start a program instead of a script: this target has no shell",
            Some("ENTRYPOINT [\"/app/server\"]"),
        ),
        false => or(draft, "name an interpreter that the target has", None),
    };
    draft.finding.fixes.truncate(3);
    draft
}

/// Adds the line that names the same interpreter as it is called here: of another release,
/// or of none.
fn by_another_name(case: &Case<'_>, draft: Draft, interpreter: &[u8]) -> Draft {
    let Some(script) = case.exec.scripts.last() else {
        return draft;
    };
    let name = lossy(file_name(interpreter));
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let (others, when): (&[&str], _) = match base {
        "python" if name == "python" => (&["python3"], "it is written for Python 3"),
        "python" => (&["python3"], "it runs under the release that is here"),
        "node" | "nodejs" => (
            &["node", "nodejs"],
            "it runs under the release that is here",
        ),
        "php" | "ruby" | "perl" | "lua" => (&[], "it runs under the release that is here"),
        _ => return draft,
    };
    let mut others = others.iter().copied().chain([base]);
    let line = others.find_map(|other| {
        let is_other = other != name && !is_python_2(&name);
        let there = elsewhere(case, other.as_bytes()).filter(|_| is_other)?;
        named(case, script, interpreter, &there)
    });
    if let Some(line) = line {
        return draft.fix(Some(when), "name it as it is called here", Some(&line));
    }
    // No package has it under the name that Python 2 had.
    let python = match &*name {
        "python" => direct(case, b"python3", None),
        _ => None,
    };
    match python {
        Some((line, Some(command))) => {
            let text = format!("install `python3`, and begin with `{line}`");
            draft.fix(Some(when), &text, Some(&command))
        }
        _ => draft,
    }
}

fn is_python_2(name: &str) -> bool {
    name.starts_with("python2")
}

/// The line of `script` with the program at `path` in the place of `interpreter`, which the
/// script names itself or asks env for.
fn named(case: &Case<'_>, script: &Script, interpreter: &[u8], path: &str) -> Option<String> {
    let shebang = &script.shebang;
    if *shebang.interpreter == *interpreter {
        return line(path, shebang.argument.as_deref());
    }
    let is_all = shebang.argument.as_deref() == Some(interpreter);
    let name = file_name(path.as_bytes());
    let is_found = is_all && (case.in_path)(name);
    let interpreter = Shown(&shebang.interpreter).to_string();
    is_found.then(|| line(&interpreter, Some(name)))?
}

/// How the interpreter is installed, and the command: where its package does not put it at
/// that path, the script is to name it where it is put.
fn installed(case: &Case<'_>, interpreter: &[u8]) -> Option<(String, String)> {
    let name = lossy(file_name(interpreter));
    let manager = manager(case).filter(|_| PACKAGED.contains(&&*name))?;
    let put = place(case, &name, manager);
    let text = match parent(interpreter) {
        // It is there already where env does not look.
        b"" if (case.has)(&[put, b"/", name.as_bytes()].concat()) => return None,
        b"" => {
            let looks_in = |directory: &[u8]| case.env.is_some_and(|env| env.looks_in(directory));
            let both: [&[u8]; 2] = [b"/bin", b"/usr/bin"];
            let is_seen = looks_in(put) || (is_merged(case) && both.into_iter().any(looks_in));
            is_seen.then(|| format!("install `{name}`"))?
        }
        b"/bin" | b"/usr/bin" if is_merged(case) => format!("install `{name}`"),
        directory if directory == put => format!("install `{name}`"),
        _ => {
            let shebang = &case.exec.scripts.last()?.shebang;
            let argument = shebang.argument.as_deref();
            let is_named = *shebang.interpreter == *interpreter;
            let path = format!("{}/{name}", lossy(put));
            let is_new = is_named && !(case.has)(path.as_bytes());
            let line = is_new.then(|| line(&path, argument))??;
            format!("install `{name}`, and begin with `{line}`")
        }
    };
    Some((text, manager.command(&name)))
}

/// How a script comes by `interpreter`, which is not there and which it is to go on naming:
/// what to do, and what to write.
pub(super) fn bringing(case: &Case<'_>, interpreter: &[u8]) -> (String, Option<String>) {
    match installed(case, interpreter) {
        Some((text, command)) => (text, Some(command)),
        None => base_with(interpreter, case.target.libc),
    }
}

/// The interpreter that the script at `path` names, itself or to env, and that does not
/// start here.
pub(super) fn lacking(case: &Case<'_>, path: &TargetPath) -> Option<Vec<u8>> {
    let mut scripts = case.exec.scripts.iter();
    let known = scripts.find(|script| script.path == *path);
    let shebang = match known {
        Some(script) => script.shebang.clone(),
        None => Shebang::parse(case.head)?.ok()?,
    };
    // That is said by itself.
    if shebang.ends_in_cr() {
        return None;
    }
    let interpreter = &shebang.interpreter;
    if !(case.starts)(interpreter) {
        return Some(interpreter.clone());
    }
    let name = shebang
        .argument
        .filter(|_| file_name(interpreter) == b"env")?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+".contains(byte);
    let is_plain = !name.starts_with(b"-") && name.iter().all(is_name);
    (is_plain && !(case.in_path)(&name)).then_some(name)
}

/// How one comes by `name`, a program, for a script that begins with its path and
/// `argument`: the line, and what installs it where it is not there.
pub(super) fn direct(
    case: &Case<'_>,
    name: &[u8],
    argument: Option<&[u8]>,
) -> Option<(String, Option<String>)> {
    if let Some(there) = elsewhere(case, name) {
        return Some((line(&there, argument)?, None));
    }
    let name = lossy(name);
    let manager = manager(case).filter(|_| PACKAGED.contains(&&*name))?;
    let path = format!("{}/{name}", lossy(place(case, &name, manager)));
    Some((line(&path, argument)?, Some(manager.command(&name))))
}

/// The fix that gives the script at `path` a `#!` line: for what its name says that it is,
/// or, if that says nothing, for a shell.
pub(super) fn beginning(case: &Case<'_>, path: &TargetPath) -> Fix {
    let name = path.file_name();
    let ending = name.rsplit(|&byte| byte == b'.').next();
    let ending = ending.filter(|ending| ending.len() < name.len());
    let known = ENDINGS.iter().find(|(known, _)| ending == Some(known));
    let interpreter = known.map_or("sh", |(_, interpreter)| interpreter);
    let is_in_path = || (case.in_path)(interpreter.as_bytes()) && (case.starts)(b"/usr/bin/env");
    let line = match interpreter {
        "sh" => (case.starts)(b"/bin/sh").then(|| "#!/bin/sh".to_owned()),
        _ if is_in_path() => Some(format!("#!/usr/bin/env {interpreter}")),
        _ => elsewhere(case, interpreter.as_bytes()).and_then(|there| line(&there, None)),
    };
    let text = match (&line, known) {
        (Some(_), _) => "begin it with a `#!` line".to_owned(),
        (None, Some(_)) => format!(
            "begin it with a `#!` line for `{interpreter}`, and bring that, which is not here"
        ),
        (None, None) => "begin it with a `#!` line, and bring what that names".to_owned(),
    };
    let is_guess = known.is_none() && line.is_some();
    Fix {
        when: is_guess.then(|| "it is a shell's script".to_owned()),
        text,
        snippet: line,
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
    match line(&there, argument) {
        Some(line) => draft.fix(None, "name it where it is", Some(&line)),
        None => draft,
    }
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

/// A `#!` line; none where the kernel would take another name from it: that ends at a
/// blank, and the line is to end within the 256 bytes that are read
/// (`fs/binfmt_script.c:load_script`).
pub(super) fn line(interpreter: &str, argument: Option<&[u8]>) -> Option<String> {
    const MAX: usize = 255;
    let line = match argument {
        Some(argument) => format!("#!{interpreter} {}", Shown(argument)),
        None => format!("#!{interpreter}"),
    };
    let is_one_word = !interpreter.contains([' ', '\t']);
    (is_one_word && line.len() <= MAX).then_some(line)
}

/// What installs packages that have interpreters under the names they are called by.
fn manager(case: &Case<'_>) -> Option<Manager> {
    let managers = [Manager::Apt, Manager::Apk, Manager::Microdnf, Manager::Dnf];
    let is_here = |manager: &Manager| manager.programs().iter().any(|p| (case.has)(p.as_bytes()));
    managers.into_iter().find(is_here)
}

/// Where its package puts the interpreter called `name`.
fn place(case: &Case<'_>, name: &str, manager: Manager) -> &'static [u8] {
    match is_merged(case) {
        true => b"/usr/bin",
        false => directory_of(name, manager),
    }
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

/// What to do and what to write for a base with `libc` that has `interpreter`. Where the
/// base has it at another path, or under another name, `env` finds it.
fn base_with(interpreter: &[u8], libc: Libc) -> (String, Option<String>) {
    let name = file_name(interpreter);
    let text = format!("take a base that has {}", super::quoted(name));
    let base = image_with(&lossy(name), libc).map(|(image, from)| {
        let directory = parent(interpreter);
        let called = match image.names_release {
            true => lossy(name),
            false => image.interpreter.to_owned(),
        };
        let is_there = directory.is_empty() || image.directories.contains(&directory);
        match is_there && called.as_bytes() == name {
            true => format!("FROM {from}"),
            false => format!("FROM {from}   (#!/usr/bin/env {called})"),
        }
    });
    (text, base)
}

/// An image with `libc` that has the interpreter called `name`, and its own name.
fn image_with(name: &str, libc: Libc) -> Option<(&'static Image, String)> {
    let is_release = |c: char| c.is_ascii_digit() || c == '.';
    IMAGES.iter().find_map(|image| {
        let release = name.strip_prefix(image.interpreter)?;
        let fits = release.chars().all(is_release) && !release.starts_with('.');
        let release = if release.is_empty() {
            image.usual
        } else {
            release
        };
        let from = match libc {
            Libc::Musl => image.musl?,
            _ => image.glibc,
        };
        fits.then(|| (image, from.replace("{}", release)))
    })
}
