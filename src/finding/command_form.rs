//! The form in which an image's command was written: a shell's line, a list of words, or
//! a list that is none.

use super::command_line::{Asks, elements, split};
use super::{Code, Draft, quote, quoted};
use crate::bytes::Shown;
use crate::path::TargetPath;
use crate::report::{Finding, Reported, Role};
use crate::runtime::Start;

/// Whether a name leads runtimes to a program, and whether that starts.
pub(super) type IsThere<'a> = &'a dyn Fn(&[u8]) -> Option<bool>;

/// What a program that is not there owes to the way in which the command was written.
pub(super) fn written(
    start: &Start,
    reported: &[Reported],
    is_there: IsThere<'_>,
) -> Option<Finding> {
    let program = start.argv.first()?;
    let about = start.program.path.as_ref();
    let subject = about.map_or(&program[..], TargetPath::as_bytes);
    let field = field(start.role);
    let draft = if let Some(line) = start.shell_line() {
        let message = format!(
            "{field} is in shell form, and {} is not here",
            quoted(program)
        );
        let draft = Draft::about(subject, Code::ShellFormNoShell, program, message)
            .evidence(format!("{field} runs {}", Shown(line)));
        let as_list = is_list(line).then(|| elements(line)).flatten();
        let words = as_list.or_else(|| plain_words(line));
        // A script, as a rule, which needs the shell itself.
        let fails = |words: &Vec<Vec<u8>>| {
            let program = words.first();
            program.is_some_and(|program| is_there(program) == Some(false))
        };
        match words.filter(|words| !fails(words)) {
            Some(words) => {
                let text =
                    also_brought("use the exec form, which needs no shell", &words, is_there);
                draft.fix(None, &text, Some(&instruction(start.role, &words)))
            }
            None => draft
                .fix(
                    None,
                    "take a base that has a shell, which the line needs",
                    None,
                )
                .fix(
                    None,
                    "or start a program alone, in exec form, which expands nothing",
                    None,
                ),
        }
    } else if program.iter().any(u8::is_ascii_whitespace) {
        let message = format!("{field} has a whole command line in one argument");
        let draft = Draft::about(subject, Code::ExecFormMalformed, program, message).evidence(
            format!("{} is taken for the name of one file", quoted(program)),
        );
        let text = "write one list element for each word";
        match words_of_command(program) {
            Some(words) => {
                let text = also_brought(text, &words, is_there);
                draft.fix(None, &text, Some(&instruction(start.role, &words)))
            }
            // What is to be expanded takes a shell.
            None => draft.fix(
                None,
                "leave out the brackets, so that a shell runs it, which the line needs",
                None,
            ),
        }
    } else if program.starts_with(b"[") && program.len() > 1 {
        let message = format!(
            "{field} begins with {}: a list that was not read as JSON",
            quoted(program)
        );
        let draft = Draft::about(subject, Code::ExecFormMalformed, program, message).evidence(
            format!("{} is taken for the name of a program", quoted(program)),
        );
        as_json(draft, start, &start.argv.join(&b' '), is_there)
    } else {
        return None;
    };
    Some(draft.seen_as(reported).done())
}

/// Adds the fix that writes `list` as JSON.
fn as_json(draft: Draft, start: &Start, list: &[u8], is_there: IsThere<'_>) -> Draft {
    let text = "use double quotes, and commas between the elements";
    let words = elements(list).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return draft.fix(None, text, None);
    };
    let mut text = also_brought(text, &words, is_there);
    let is_for_shell = is_shells(&words);
    if !is_for_shell && words.iter().any(|word| word.contains(&b'$')) {
        text.push_str("; no variable is expanded then");
    }
    draft.fix(None, &text, Some(&instruction(start.role, &words)))
}

/// `text`, and that the program is to be brought, where it is not there.
fn also_brought(text: &str, words: &[Vec<u8>], is_there: IsThere<'_>) -> String {
    match words.first() {
        Some(program) if is_there(program).is_none() => {
            format!("{text}, and bring {}, which is not here", quoted(program))
        }
        _ => text.to_owned(),
    }
}

/// The words of a shell's line where it starts one program and expands nothing.
fn plain_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"exec ").unwrap_or(line);
    let line = split(line)?;
    (line.asks == Asks::Nothing && !line.words.is_empty()).then_some(line.words)
}

/// The words of a command line in one element. What a shell that it starts is to expand
/// stays for that one.
fn words_of_command(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line = split(line)?;
    let is_plain = match line.asks {
        Asks::Nothing => true,
        Asks::Quoted => is_shells(&line.words),
        Asks::Bare => false,
    };
    is_plain.then_some(line.words)
}

/// Whether it is a shell that is given a line to run.
fn is_shells(words: &[Vec<u8>]) -> bool {
    let [shell, option, ..] = words else {
        return false;
    };
    let is_shell = crate::path::file_name(shell).ends_with(b"sh");
    is_shell && option.starts_with(b"-") && option.ends_with(b"c")
}

/// Whether a shell's line begins with a bracket that is none of the shell's.
fn is_list(line: &[u8]) -> bool {
    let [b'[', next, ..] = line.trim_ascii() else {
        return false;
    };
    !next.is_ascii_whitespace() && *next != b'['
}

/// An exec form that Docker could not read as JSON became a shell's line.
pub(super) fn malformed_line(start: &Start, is_there: IsThere<'_>) -> Option<Finding> {
    let line = start.shell_line()?.trim_ascii();
    if !is_list(line) {
        return None;
    }
    let subject = start.program.path.as_ref();
    let subject = subject.map_or(&b""[..], TargetPath::as_bytes);
    let field = field(start.role);
    let message = format!("{field} looks like an exec form and is no JSON, so a shell runs it");
    let first = match split(line) {
        Some(line) => line.words.into_iter().next(),
        None => line
            .split(u8::is_ascii_whitespace)
            .next()
            .map(<[u8]>::to_vec),
    };
    let draft = Draft::about(subject, Code::ExecFormMalformed, line, message)
        .evidence(format!("the shell runs {}", Shown(line)))
        .evidence(format!(
            "and looks for a program called {}",
            quoted(&first.unwrap_or_default())
        ));
    Some(as_json(draft, start, line, is_there).done())
}

/// A Dockerfile's line in exec form.
fn instruction(role: Role, words: &[Vec<u8>]) -> String {
    let word = match role {
        Role::Cmd => "CMD",
        Role::Healthcheck => "HEALTHCHECK CMD",
        _ => "ENTRYPOINT",
    };
    let quoted: Vec<String> = words.iter().map(|word| quote::json(word)).collect();
    format!("{word} [{}]", quoted.join(", "))
}

/// The field of the configuration that a start comes from.
pub(super) fn field(role: Role) -> &'static str {
    match role {
        Role::Cmd => "Cmd",
        Role::Healthcheck => "Healthcheck",
        _ => "Entrypoint",
    }
}
