//! Findings about what an image's configuration asks a container runtime to do.

use super::command_form::{IsThere, malformed_line, written};
use super::{Code, Draft, quote, quoted};
use crate::bytes::Shown;
use crate::errno::Errno;
use crate::outcome;
use crate::report::{Finding, Outcome, Reported, Severity};
use crate::runtime::{BadFile, BadVariable, Lookup, Plan, Problem, Start, UserProblem};

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
/// program comes to; `is_there` says whether a name leads to a program, and that it
/// starts.
#[must_use]
pub fn command_findings(
    start: &Start,
    findings: Vec<Finding>,
    reported: &[Reported],
    is_there: IsThere<'_>,
) -> Vec<Finding> {
    let absent = [Code::EntrypointMissing, Code::NotInPath];
    let is_absent = |finding: &Finding| absent.iter().any(|code| code.word() == finding.code);
    let mut out: Vec<Finding> = findings
        .into_iter()
        .map(|finding| match is_absent(&finding) {
            true => written(start, reported, is_there).unwrap_or(finding),
            false => finding,
        })
        .collect();
    out.extend(malformed_line(start, is_there));
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
    let draft = Draft::about(object, Code::UserUnknown, object, message).seen_in(outcome);
    let (text, snippet) = match problem {
        UserProblem::Passwd { why, .. } | UserProblem::Group { why, .. } => (
            // It is read for numbers as well.
            match (why, problem) {
                (BadFile::LongLine, UserProblem::Passwd { .. }) => {
                    "shorten its longest line to less than 64 KiB"
                }
                (BadFile::LongLine, _) => "shorten its longest line to less than 1 MiB",
                (BadFile::TooLarge, _) => "make it smaller than 10 MiB",
                (BadFile::Unreadable(_), _) => "put a file there that can be read",
            },
            None,
        ),
        UserProblem::OutOfRange => ("give numbers in that range", Some("USER 65532:65532")),
        UserProblem::NoUser(_) | UserProblem::NoGroup(_) => (
            "give numbers, which need no entry",
            Some("USER 65532:65532"),
        ),
    };
    let draft = draft.fix(None, text, snippet);
    match problem {
        UserProblem::OutOfRange => draft,
        _ => draft.fix(
            None,
            "or bring the files",
            Some("COPY --from=build /etc/passwd /etc/group /etc/"),
        ),
    }
    .done()
}
