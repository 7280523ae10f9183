//! A carriage return at the end of a `#!` line, which the kernel takes for a part of what
//! stands there.

use super::{Case, Code, Draft, quote, script};
use crate::bytes::{Shown, lossy};
use crate::errno::Errno;
use crate::kernel::{End, Script, Shebang};
use crate::path::file_name;
use crate::report::{Finding, Severity};

/// What an interpreter makes of a carriage return at the end of its argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    /// It passes it by.
    Takes,
    /// It does not start.
    Refuses,
    /// It was not tried.
    Unknown,
}

/// Interpreters that were tried with options and a carriage return behind them, and do not
/// start: `bash: -\r: invalid option`, `Unknown option: -\r`, `couldn't open file \r`.
const REFUSE: [&str; 15] = [
    "sh", "bash", "dash", "ash", "ksh", "fish", "busybox", "python", "mawk", "sed", "node", "lua",
    "php", "make", "expect",
];

/// The letters of ruby's options that do not take what follows them for a name. Ruby warns:
/// `shebang line ending with \r may cause problems`.
const RUBY: &[u8] = b"acdhilnpsvwFKSUW";

/// A carriage return at the end of any `#!` line on the way.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let scripts = case.exec.scripts.iter();
    for script in scripts.filter(|script| script.shebang.ends_in_cr()) {
        let shebang = &script.shebang;
        let name = lossy(script.path.file_name());
        let manner = manner(case, script);
        if manner == Manner::Takes {
            continue;
        }
        let what = match (&shebang.argument, manner) {
            (None, _) => "so its interpreter does not exist",
            (Some(_), Manner::Refuses) => "so its interpreter gets a wrong argument",
            (Some(_), _) => "so the carriage return is a part of what its interpreter is given",
        };
        let message = format!("`{}` has Windows line endings, {what}", script.path);
        let draft = Draft::new(case, Code::ShebangCrlf, script.path.as_bytes(), message)
            .evidence(format!("{}:1: {}", script.path, Shown(&shebang.line)))
            .also(evidence(case, shebang));
        let draft = match (&shebang.argument, manner) {
            (Some(_), Manner::Unknown) => draft.severity(Severity::Warning),
            (Some(name), _) if is_env(shebang) => {
                let starts = matches!(case.exec.end, End::Starts);
                let env = case.env.filter(|_| starts && is_last(case, script));
                let words = env.and_then(|env| env.words(shebang, name, Errno::NOENT));
                draft.also(words.filter(|_| wanted(shebang).is_some()))
            }
            // Where `execve` fails then, it is for another reason.
            (Some(_), _) => draft,
            (None, _) => draft.seen(case),
        };
        let draft = draft
            .fix(
                None,
                "remove the carriage returns",
                Some(&format!(
                    "sed -i 's/\\r$//' {}",
                    quote::file(script.path.as_bytes())
                )),
            )
            .fix(
                None,
                "and keep them out",
                Some(&kept_out(script.path.file_name())),
            );
        // The next thing that would be said.
        let draft = match missing(case, shebang) {
            Some(interpreter) => {
                let (text, snippet) = script::bringing(case, interpreter);
                draft.fix(None, &format!("and {text}"), snippet.as_deref())
            }
            None if shebang.argument.is_none() => draft.consequence(format!(
                "a shell that is given the file, as in `sh {name}`, may run it; the kernel does not"
            )),
            None => draft,
        };
        found.push(draft.done());
    }
}

/// What keeps git from putting carriage returns into the file called `name`: by its ending,
/// or by its own name (gitattributes(5), gitignore(5)).
fn kept_out(name: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+".contains(byte);
    let is_shells = name.len() > 3 && name.ends_with(b".sh");
    let pattern = match name {
        _ if is_shells => "*.sh".to_owned(),
        name if name.iter().all(is_plain) => lossy(name),
        // Nothing else means what it says.
        name => {
            let any = |byte: &u8| match is_plain(byte) {
                true => char::from(*byte),
                false => '?',
            };
            name.iter().map(any).collect()
        }
    };
    format!("echo '{pattern} text eol=lf' >> .gitattributes")
}

/// Whether the refusal of `execve` follows from a carriage return that was told.
pub(super) fn is_the_cause(case: &Case<'_>) -> bool {
    let last = case.exec.scripts.last().map(|script| &script.shebang);
    last.is_some_and(|shebang| shebang.ends_in_cr() && shebang.argument.is_none())
}

fn is_last(case: &Case<'_>, script: &Script) -> bool {
    let last = case.exec.scripts.last();
    last.is_some_and(|last| last.path == script.path)
}

fn is_env(shebang: &Shebang) -> bool {
    file_name(&shebang.interpreter) == b"env"
}

fn manner(case: &Case<'_>, script: &Script) -> Manner {
    let Some(argument) = script.shebang.argument.as_deref() else {
        // A file of that very name would make it work.
        return match case.exec.end {
            End::Starts => Manner::Takes,
            _ => Manner::Refuses,
        };
    };
    if let Some(env) = case.env.filter(|_| is_last(case, script)) {
        return match env.minds_carriage_return() {
            true => Manner::Refuses,
            false => Manner::Takes,
        };
    }
    // There are several of that name.
    let name = match (file_name(&script.shebang.interpreter), &case.exec.program) {
        (b"awk", Some(awk)) if is_last(case, script) => file_name(awk.real_path.as_bytes()),
        (name, _) => name,
    };
    manner_of(name, argument)
}

/// What the interpreter called `name` makes of `argument`, which ends in a carriage return.
fn manner_of(name: &[u8], argument: &[u8]) -> Manner {
    let name = lossy(name);
    // `python3.11`, `lua5.4`, `php8.2`
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let text = argument.strip_suffix(b"\r").unwrap_or(argument);
    let letters = text.strip_prefix(b"-").filter(|rest| !rest.is_empty());
    match (base, letters) {
        ("perl", _) if text.starts_with(b"-") => Manner::Takes,
        ("gawk", Some(b"f" | b"E")) => Manner::Takes,
        ("ruby", Some(b"-")) => Manner::Takes,
        ("ruby", Some(letters)) => {
            let is_known = |letter: &u8| RUBY.contains(letter) || letter.is_ascii_digit();
            match letters.iter().all(is_known) {
                true => Manner::Takes,
                false => Manner::Unknown,
            }
        }
        ("zsh", Some(letters)) if letters.iter().all(u8::is_ascii_alphabetic) => Manner::Takes,
        // Filters of warnings, of which it says no more than that it does not know them.
        ("python", Some([b'W' | b'X', ..])) => Manner::Unknown,
        // A file of that name.
        ("perl" | "ruby" | "zsh", None) if !text.starts_with(b"-") => Manner::Refuses,
        (base, _) if REFUSE.contains(&base) => Manner::Refuses,
        _ => Manner::Unknown,
    }
}

/// What `env` or the kernel would look for without the carriage return.
fn wanted(shebang: &Shebang) -> Option<&[u8]> {
    let Some(argument) = &shebang.argument else {
        return shebang.interpreter.strip_suffix(b"\r");
    };
    let name = argument.strip_suffix(b"\r")?;
    let is_name = !name.is_empty()
        && !name.starts_with(b"-")
        && !name.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'='));
    (is_env(shebang) && is_name).then_some(name)
}

fn is_there(case: &Case<'_>, name: &[u8]) -> bool {
    match name.contains(&b'/') {
        true => (case.has)(name),
        false => (case.in_path)(name),
    }
}

/// What is not there either.
fn missing<'s>(case: &Case<'_>, shebang: &'s Shebang) -> Option<&'s [u8]> {
    wanted(shebang).filter(|name| !is_there(case, name))
}

/// What the carriage return is a part of, and what is there instead.
fn evidence(case: &Case<'_>, shebang: &Shebang) -> Option<String> {
    let Some(name) = wanted(shebang) else {
        return Some("the carriage return is the end of what the interpreter is given".to_owned());
    };
    let who = match shebang.argument {
        Some(_) => "env",
        None => "the kernel",
    };
    let shown = Shown(name);
    Some(match is_there(case, name) {
        true => format!("{shown} is there; {who} looks for {shown}\\r"),
        false => format!("{who} looks for {shown}\\r; {shown} is not there either"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was tried: perl 5.36, ruby 3.1, zsh 5.9, bash 5.2, dash 0.5.12, ksh 93u+m,
    /// python 3.11, mawk 1.3, gawk 5.2,
    /// sed 4.9, lua 5.4, php 8.2, make 4.3, node, and env of coreutils.
    #[test]
    fn some_interpreters_take_a_carriage_return_behind_an_option() {
        let check = |line: &str, expected: Manner| {
            let (name, argument) = line.split_once(' ').expect("has an argument");
            let argument = format!("{argument}\r");
            assert_eq!(
                manner_of(name.as_bytes(), argument.as_bytes()),
                expected,
                "{line}"
            );
        };
        for line in [
            "perl -w",
            "perl -w -T",
            "perl --",
            "perl -",
            "gawk -f",
            "perl5.36 -CSD",
            "ruby -w",
            "ruby -W0",
            "ruby --",
            "zsh -e",
            "zsh -eu",
        ] {
            check(line, Manner::Takes);
        }
        for line in [
            "perl x",
            "perl ",
            "ruby ",
            "bash -e",
            "bash ",
            "sh -e",
            "sh -",
            "dash --",
            "ksh -e",
            "python3 -u",
            "python3.11 -I",
            "mawk -f",
            "busybox sh",
            "sed -nf",
            "lua5.4 -W",
            "node --x",
            "zsh foo",
        ] {
            check(line, Manner::Refuses);
        }
        for line in [
            "ruby -rset",
            "zsh --errexit",
            "tool -x",
            "tool x",
            "awk -f",
            "python3 -Wi",
        ] {
            check(line, Manner::Unknown);
        }
    }
}
