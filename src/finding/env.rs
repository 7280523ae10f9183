//! What `env` makes of what a `#!` line hands it: the kernel is content with `env`.

use super::{Case, Code, Draft, quoted};
use crate::bytes::Shown;
use crate::kernel::{End, Script};
use crate::report::Finding;

/// A program that `env` would not find.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let script = case.exec.scripts.last();
    let Some(script) = script.filter(|_| case.exec.end == End::Starts) else {
        return;
    };
    let Some(asked) = asked_of_env(script) else {
        return;
    };
    let line = format!("{}:1: {}", script.path, Shown(&script.shebang.line));
    match asked {
        Asked::Several(words) => {
            let message = format!(
                "`{}` asks env for a program called {}",
                script.path,
                quoted(words)
            );
            let fixed = format!(
                "#!{} -S {}",
                Shown(&script.shebang.interpreter),
                Shown(words)
            );
            let finding = Draft::new(
                case,
                Code::ShebangMalformed,
                script.path.as_bytes(),
                message,
            )
            .evidence(line)
            .evidence("all that follows the interpreter is one argument")
            .evidence(format!(
                "at run time: env: '{}': No such file or directory",
                Shown(words)
            ))
            .fix(None, "let env split it", Some(&fixed));
            found.push(finding.done());
        }
        Asked::One(name) if !(case.in_path)(name) => {
            let message = format!(
                "`{}` asks env for {}, which is in no directory of PATH",
                script.path,
                quoted(name)
            );
            let finding = Draft::new(case, Code::ShebangInterpMissing, name, message)
                .evidence(line)
                .evidence(format!(
                    "at run time: env: '{}': No such file or directory",
                    Shown(name)
                ))
                .fixed_for(case, name);
            found.push(finding.done());
        }
        Asked::One(_) => {}
    }
}

/// What a script wants of env.
enum Asked<'s> {
    /// A program.
    One(&'s [u8]),
    /// Words that were meant to be several, and are one name.
    Several(&'s [u8]),
}

/// Follows coreutils' `env`, and busybox's as far as both agree: an option other than
/// `-S` and assignments are left alone. A carriage return is said elsewhere.
fn asked_of_env(script: &Script) -> Option<Asked<'_>> {
    let shebang = &script.shebang;
    if crate::path::file_name(&shebang.interpreter) != b"env" || shebang.ends_in_cr() {
        return None;
    }
    let argument = shebang.argument.as_deref()?;
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    if let Some(rest) = argument.strip_prefix(b"-S") {
        let first = rest.split(blank).find(|word| !word.is_empty())?;
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
        let is_name = first.iter().all(is_plain) && !first.starts_with(b"-");
        return is_name.then_some(Asked::One(first));
    }
    if argument.starts_with(b"-") || argument.contains(&b'=') || argument.contains(&b'/') {
        return None;
    }
    Some(match argument.iter().any(blank) {
        true => Asked::Several(argument),
        false => Asked::One(argument),
    })
}
