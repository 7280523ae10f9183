//! Findings about what an image's configuration asks a container runtime to do.

use super::{Code, Draft, quote, quoted};
use crate::bytes::Shown;
use crate::errno::Errno;
use crate::outcome;
use crate::path::TargetPath;
use crate::report::{Finding, Outcome, Reported, Role, Severity};
use crate::runtime::{BadVariable, Lookup, Plan, Problem, Refused, Start, UserProblem};

/// What is wrong with `plan` whatever is started, what keeps everything from
/// starting first. The findings belong to the image's command.
#[must_use]
pub fn runtime_findings(plan: &Plan) -> Vec<Finding> {
    let outcome = outcome::refusal(plan).unwrap_or_default();
    let user = plan.user.as_ref().err();
    let mut findings: Vec<Finding> = plan
        .problems
        .iter()
        .map(|problem| problem_finding(problem, &outcome))
        .chain(
            user.filter(|problem| problem.is_ours().is_none())
                .map(|problem| user_finding(problem, &outcome)),
        )
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// `findings` about the program that `start` names, with those of them replaced
/// that come from how the command was written. `reported` is how others word what the
/// program comes to.
#[must_use]
pub fn command_findings(
    start: &Start,
    findings: Vec<Finding>,
    reported: &[Reported],
) -> Vec<Finding> {
    let absent = [Code::EntrypointMissing, Code::NotInPath];
    let is_absent = |finding: &Finding| absent.iter().any(|code| code.word() == finding.code);
    let mut out: Vec<Finding> = findings
        .into_iter()
        .map(|finding| match is_absent(&finding) {
            true => written(start, reported).unwrap_or(finding),
            false => finding,
        })
        .collect();
    out.extend(malformed_line(start));
    out.extend(disagreement(&start.program));
    out
}

/// The finding about a name by which runc and crun start different files, or only
/// runc any.
fn disagreement(lookup: &Lookup) -> Option<Finding> {
    let (Ok(runc), false) = (&lookup.runc, lookup.agrees) else {
        return None;
    };
    let name = quoted(&lookup.name);
    let (message, seen) = match &lookup.crun {
        Ok(crun) => (
            format!("{name} is not the same program for crun"),
            format!("crun starts {}", Shown(crun)),
        ),
        Err(_) => (
            format!("{name} is not started by crun"),
            outcome::crun_words(lookup),
        ),
    };
    // A relative path differs where the user may not go to the working directory.
    let fix = match lookup.name.contains(&b'/') {
        true => "let the user search every directory above the working directory",
        false => "name it by its whole path",
    };
    let finding = Draft::about(&lookup.name, Code::RuntimesDisagree, runc, message)
        .evidence(format!("runc starts {}", Shown(runc)))
        .evidence(seen)
        .fix(None, fix, None)
        .done();
    Some(finding)
}

/// The finding about a bare name that leads runc to nothing in `path`.
#[must_use]
pub fn not_in_path(
    lookup: &Lookup,
    path: &[u8],
    outcome: &Outcome,
    elsewhere: &[String],
) -> Finding {
    let name = &lookup.name[..];
    let is_trap = lookup
        .runc
        .as_ref()
        .is_err_and(|refusal| refusal.why == Refused::WorkingDirectory);
    let (message, fix) = if is_trap {
        let name = quoted(name);
        (
            format!("PATH leads to {name} by way of the working directory, which runc refuses"),
            "name it by its whole path, or put only absolute directories into PATH",
        )
    } else if name.is_empty() {
        (
            "the name of the program is empty".to_owned(),
            "name a program",
        )
    } else {
        (
            format!("{} is in no directory of PATH", quoted(name)),
            "name it by its whole path, or put its directory into PATH",
        )
    };
    let draft = Draft::about(name, Code::NotInPath, name, message)
        .evidence(format!("PATH={}", Shown(path)));
    let first = elsewhere.first();
    let elsewhere = elsewhere.iter();
    elsewhere
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
        )
        .fix(None, fix, into_path(&first).as_deref())
        .done()
}

/// The line that puts the directory of a program into PATH.
fn into_path(program: &Option<&String>) -> Option<String> {
    let directory = crate::path::parent(program.as_ref()?.as_bytes());
    Some(format!("ENV PATH={}", quote::value(directory, ":$PATH")))
}

/// What a program that is not there owes to the way in which the command was written.
fn written(start: &Start, reported: &[Reported]) -> Option<Finding> {
    let program = start.argv.first()?;
    let about = start.program.path.as_ref();
    let subject = about.map_or(&program[..], TargetPath::as_bytes);
    let field = field(start.role);
    let draft = if let Some(line) = start.shell_line() {
        let message = format!(
            "{field} is in shell form, and {} is not here",
            quoted(program)
        );
        Draft::about(subject, Code::ShellFormNoShell, program, message)
            .evidence(format!("{field} runs {}", Shown(line)))
            .fix(
                None,
                "use the exec form, which needs no shell",
                Some(&exec_form(start.role, line)),
            )
    } else if program.iter().any(u8::is_ascii_whitespace) {
        let message = format!("{field} has a whole command line in one argument");
        let words: Vec<&[u8]> = words(program);
        Draft::about(subject, Code::ExecFormMalformed, program, message)
            .evidence(format!(
                "{} is taken for the name of one file",
                quoted(program)
            ))
            .fix(
                None,
                "write one list element for each word",
                Some(&instruction(start.role, &words)),
            )
    } else if program.starts_with(b"[") && program.len() > 1 {
        let message = format!(
            "{field} begins with {}: a list that was not read as JSON",
            quoted(program)
        );
        let line = unbracketed(&start.argv.join(&b' '));
        Draft::about(subject, Code::ExecFormMalformed, program, message)
            .evidence(format!(
                "{} is taken for the name of a program",
                quoted(program)
            ))
            .fix(
                None,
                "use double quotes, and commas between the elements",
                Some(&instruction(start.role, &words(&line))),
            )
    } else {
        return None;
    };
    Some(draft.seen_as(reported).done())
}

/// An exec form that Docker could not read as JSON became a shell's line: it
/// begins with a bracket that is none of the shell's.
fn malformed_line(start: &Start) -> Option<Finding> {
    let line = start.shell_line()?.trim_ascii();
    let [b'[', next, ..] = line else { return None };
    if next.is_ascii_whitespace() || *next == b'[' {
        return None;
    }
    let subject = start.program.path.as_ref();
    let subject = subject.map_or(&b""[..], TargetPath::as_bytes);
    let field = field(start.role);
    let message = format!("{field} looks like an exec form and is no JSON, so a shell runs it");
    let first = words(line).first().copied().unwrap_or_default();
    let bare = unbracketed(line);
    let finding = Draft::about(subject, Code::ExecFormMalformed, line, message)
        .evidence(format!("the shell runs {}", Shown(line)))
        .evidence(format!("and looks for a program called {}", quoted(first)))
        .fix(
            None,
            "use double quotes, and commas between the elements",
            Some(&instruction(start.role, &words(&bare))),
        );
    Some(finding.done())
}

fn problem_finding(problem: &Problem, outcome: &Outcome) -> Finding {
    match problem {
        Problem::NoCommand => {
            let message = "the image has neither Entrypoint nor Cmd".to_owned();
            Draft::about(b"", Code::EntrypointEmpty, b"", message)
                .seen_in(outcome)
                .fix(
                    None,
                    "say what it runs",
                    Some("ENTRYPOINT [\"/app/server\"]"),
                )
                .done()
        }
        Problem::WorkdirMissing(path) => {
            let message = format!("the working directory `{path}` is not in the image");
            Draft::about(
                path.as_bytes(),
                Code::WorkdirMissing,
                path.as_bytes(),
                message,
            )
            .evidence("it is made when a container starts, and is empty then")
            .done()
        }
        Problem::WorkdirDangling { path, link } => {
            let message = format!("the working directory `{path}` is behind a link to nothing");
            Draft::about(
                path.as_bytes(),
                Code::WorkdirMissing,
                path.as_bytes(),
                message,
            )
            .severity(Severity::Warning)
            .evidence(format!("{link} leads to nothing"))
            .evidence("Docker makes what it leads to; podman starts nothing")
            .fix(None, "make the directory in the image", None)
            .done()
        }
        Problem::WorkdirUnusable {
            path,
            obstacle,
            errno,
        } => {
            let why = match *errno {
                Errno::NOTDIR if path == obstacle => "is no directory",
                Errno::NOTDIR => "lies below something that is no directory",
                Errno::LOOP => "leads round in a circle",
                _ => "cannot be reached",
            };
            let message = format!("the working directory `{path}` {why}");
            workdir(path.as_bytes(), message)
                .evidence(format!("{obstacle}: {errno}"))
                .seen_in(outcome)
                .fix(
                    None,
                    "name a directory, or remove what is in its place",
                    None,
                )
                .done()
        }
        Problem::WorkdirRelative(path) => {
            let message = format!("the working directory {} is not absolute", quoted(path));
            let absolute = format!("WORKDIR {}", quote::value(&[b"/", &path[..]].concat(), ""));
            workdir(path, message)
                .seen_in(outcome)
                .fix(None, "begin it with a slash", Some(&absolute))
                .done()
        }
        Problem::MountPoint { path, is_link } => {
            let what = if *is_link { "a link" } else { "a file" };
            let message = format!("`{path}` is {what}, and every engine mounts something there");
            Draft::about(path.as_bytes(), Code::MountHides, path.as_bytes(), message)
                .severity(Severity::Error)
                .seen_in(outcome)
                .fix(None, "make it a directory, or leave it out", None)
                .done()
        }
        Problem::VolumeOfRoot => {
            let message = "the volume `/` hides the whole image".to_owned();
            Draft::about(b"/", Code::MountHides, b"/", message)
                .severity(Severity::Error)
                .evidence("the image's Volumes has /")
                .seen_in(outcome)
                .fix(None, "take it out of `VOLUME`", None)
                .done()
        }
        Problem::BadVariable { entry, why } => variable(entry, *why, outcome),
        Problem::HealthcheckEmpty => health("the health check has no command".to_owned()),
        Problem::HealthcheckUnknown(kind) => health(format!(
            "the health check is of a kind that is not known: {}",
            quoted(kind)
        )),
        Problem::HealthcheckShell(shell) => health_shell(shell),
    }
}

fn variable(entry: &[u8], why: BadVariable, outcome: &Outcome) -> Finding {
    let what = match why {
        BadVariable::NoValue => "has no `=`",
        BadVariable::NoName => "has no name before its `=`",
        BadVariable::Nul => "has a NUL in it",
    };
    let message = format!("the environment entry {} {what}", quoted(entry));
    let draft = Draft::about(entry, Code::VariableMalformed, entry, message);
    let draft = if why == BadVariable::NoValue {
        draft
            .severity(Severity::Warning)
            .evidence("Docker passes it by; where it is handed to runc, nothing starts")
    } else {
        draft.seen_in(outcome)
    };
    draft
        .fix(None, "correct or remove the entry of `Env`", None)
        .done()
}

fn workdir(path: &[u8], message: String) -> Draft {
    Draft::about(path, Code::WorkdirUnusable, path, message)
}

fn health(message: String) -> Finding {
    Draft::about(b"", Code::HealthcheckMalformed, b"", message)
        .evidence("nothing checks the health of its containers")
        .fix(
            None,
            "name a program, or none at all",
            Some("HEALTHCHECK CMD [\"/app/server\", \"-health\"]"),
        )
        .done()
}

fn health_shell(shell: &Lookup) -> Finding {
    let name = &shell.name[..];
    let message = format!(
        "the health check is in shell form, and {} is not here",
        quoted(name)
    );
    Draft::about(name, Code::ShellFormNoShell, name, message)
        .severity(Severity::Warning)
        .evidence("every health check fails")
        .seen_in(&outcome::not_found(shell))
        .fix(
            None,
            "let the program check itself, without a shell",
            Some("HEALTHCHECK CMD [\"/app/server\", \"-health\"]"),
        )
        .done()
}

fn user_finding(problem: &UserProblem, outcome: &Outcome) -> Finding {
    let (object, message) = match problem {
        UserProblem::NoUser(name) => (
            &name[..],
            format!("the user {} is not in `/etc/passwd`", quoted(name)),
        ),
        UserProblem::NoGroup(name) => (
            &name[..],
            format!("the group {} is not in `/etc/group`", quoted(name)),
        ),
        UserProblem::OutOfRange => (
            &b""[..],
            "the user or group number is not in 0 to 2147483647".to_owned(),
        ),
        UserProblem::Passwd { why, .. } => (
            &b"/etc/passwd"[..],
            format!("`/etc/passwd` cannot be read to its end: {why}"),
        ),
        UserProblem::Group { why, .. } => (
            &b"/etc/group"[..],
            format!("`/etc/group` cannot be read to its end: {why}"),
        ),
    };
    Draft::about(object, Code::UserUnknown, object, message)
        .seen_in(outcome)
        .fix(
            None,
            "give numbers, which need no entry",
            Some("USER 65532:65532"),
        )
        .fix(
            None,
            "or bring the files",
            Some("COPY --from=build /etc/passwd /etc/group /etc/"),
        )
        .done()
}

/// The field of the configuration that a start comes from.
fn field(role: Role) -> &'static str {
    match role {
        Role::Cmd => "Cmd",
        Role::Healthcheck => "Healthcheck",
        _ => "Entrypoint",
    }
}

/// A Dockerfile's line for a shell's line, where that is a plain list of words.
fn exec_form(role: Role, line: &[u8]) -> String {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"exec ").unwrap_or(line);
    instruction(role, &words(line))
}

/// A Dockerfile's line in exec form.
fn instruction(role: Role, words: &[&[u8]]) -> String {
    let word = match role {
        Role::Cmd => "CMD",
        Role::Healthcheck => "HEALTHCHECK CMD",
        _ => "ENTRYPOINT",
    };
    let words: Vec<String> = words.iter().map(|word| quote::json(word)).collect();
    format!("{word} [{}]", words.join(", "))
}

fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect()
}

/// The words of a list without what holds them together.
fn unbracketed(line: &[u8]) -> Vec<u8> {
    let blank = |&byte: &u8| match byte {
        b'[' | b']' | b'\'' | b'"' | b',' => b' ',
        byte => byte,
    };
    line.iter().map(blank).collect()
}
