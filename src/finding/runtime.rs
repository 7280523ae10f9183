//! Findings about what an image's configuration asks a container runtime to do.

use super::command_line::{Asks, elements, split};
use super::reach::{Barrier, Use};
use super::{Code, Draft, dangling, quote, quoted};
use crate::bytes::Shown;
use crate::errno::Errno;
use crate::outcome;
use crate::path::TargetPath;
use crate::report::{Finding, Outcome, Reported, Role, Severity};
use crate::rootfs::{Credentials, Metadata};
use crate::runtime::{BadFile, BadVariable, Lookup, Plan, Problem, Refused, Start, UserProblem};

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

/// Whether a name leads runtimes to a program, and whether that starts.
type IsThere<'a> = &'a dyn Fn(&[u8]) -> Option<bool>;

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

/// What keeps a name that is in a directory of PATH from being found there.
pub struct InPath {
    /// Where it is.
    pub path: TargetPath,
    /// What is the matter with it.
    pub why: NotFound,
}

/// Why a file in a directory of PATH is not found.
pub enum NotFound {
    /// The user may not execute it.
    NotExecutable(Metadata),
    /// It is a link to nothing: the hops, and the end.
    Dangling(Vec<String>, TargetPath),
    /// A directory on the way is closed to the user.
    Closed(Barrier),
}

/// Where a bare name was looked up.
pub struct Searched<'a> {
    /// PATH.
    pub path: &'a [u8],
    /// Who looked.
    pub user: &'a Credentials,
    /// What is in PATH by that name.
    pub met: Option<InPath>,
    /// Programs of that name elsewhere, which would start.
    pub elsewhere: &'a [String],
    /// There is a shell.
    pub has_shell: bool,
}

/// The finding about a bare name that leads runc to nothing in PATH.
#[must_use]
pub fn not_in_path(lookup: &Lookup, searched: &Searched<'_>, outcome: &Outcome) -> Finding {
    let name = &lookup.name[..];
    let is_trap = lookup
        .runc
        .as_ref()
        .is_err_and(|refusal| refusal.why == Refused::WorkingDirectory);
    let shown = quoted(name);
    let (message, fix) = if is_trap {
        (
            format!("PATH leads to {shown} by way of the working directory, which runc refuses"),
            "name it by its whole path, or put only absolute directories into PATH",
        )
    } else if name.is_empty() {
        (
            "the name of the program is empty".to_owned(),
            "name a program",
        )
    } else if let Some(met) = &searched.met {
        let why = match &met.why {
            NotFound::NotExecutable(metadata) if metadata.mode & 0o111 == 0 => {
                "which has no execute permission".to_owned()
            }
            NotFound::NotExecutable(_) => {
                format!("which user {} may not execute", searched.user.uid)
            }
            NotFound::Dangling(..) => "a link that leads to nothing".to_owned(),
            NotFound::Closed(_) => format!("which user {} cannot reach", searched.user.uid),
        };
        (
            format!("{shown} is in PATH as `{}`, {why}", met.path),
            "or name another by its whole path, or put its directory into PATH",
        )
    } else {
        (
            format!("{shown} is in no directory of PATH"),
            "name it by its whole path, or put its directory into PATH",
        )
    };
    let draft = Draft::about(name, Code::NotInPath, name, message)
        .evidence(format!("PATH={}", Shown(searched.path)));
    let met = searched.met.as_ref().filter(|_| !is_trap);
    let draft = match met {
        Some(met) => mend_in_path(met, searched, draft),
        None => draft,
    };
    let elsewhere = searched.elsewhere.iter();
    let draft = elsewhere
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
        );
    match (met, searched.elsewhere.first()) {
        (Some(_), None) => draft,
        (_, first) => draft.fix(None, fix, into_path(first).as_deref()),
    }
    .done()
}

/// Adds what is wrong with the file in PATH, and what mends it.
fn mend_in_path(met: &InPath, searched: &Searched<'_>, draft: Draft) -> Draft {
    let path = &met.path;
    let name = path.as_bytes();
    match &met.why {
        NotFound::NotExecutable(Metadata { mode, uid, gid, .. }) => {
            let draft = draft.evidence(format!("{path}: mode {mode:04o}, owner {uid}:{gid}"));
            let copied = quote::copied(&["…".as_bytes(), name]);
            match (searched.has_shell, searched.user.is_root()) {
                (true, true) => draft.fix(
                    None,
                    "give it the permission",
                    Some(&format!("RUN chmod 755 {}", quote::word(name))),
                ),
                (true, false) => draft.fix(
                    None,
                    "give it the permission, in a line before `USER`",
                    Some(&format!("RUN chmod 755 {}", quote::word(name))),
                ),
                (false, _) => draft.fix(
                    None,
                    "bring it with the permission",
                    Some(&format!("COPY --chmod=755 {copied}")),
                ),
            }
        }
        NotFound::Dangling(hops, end) => {
            let draft = hops.iter().cloned().fold(draft, Draft::evidence);
            draft.fix(
                None,
                "copy what the link leads to as well",
                Some(&dangling::copied(end.as_bytes())),
            )
        }
        NotFound::Closed(barrier) => {
            barrier.tell_to(Use::Start, searched.user, searched.has_shell, draft)
        }
    }
}

/// The line that puts the directory of a program into PATH.
fn into_path(program: Option<&String>) -> Option<String> {
    let directory = crate::path::parent(program?.as_bytes());
    Some(format!("ENV PATH={}", quote::value(directory, ":$PATH")))
}

/// What a program that is not there owes to the way in which the command was written.
fn written(start: &Start, reported: &[Reported], is_there: IsThere<'_>) -> Option<Finding> {
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
    let Some(words) = elements(list) else {
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
fn malformed_line(start: &Start, is_there: IsThere<'_>) -> Option<Finding> {
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

/// The field of the configuration that a start comes from.
fn field(role: Role) -> &'static str {
    match role {
        Role::Cmd => "Cmd",
        Role::Healthcheck => "Healthcheck",
        _ => "Entrypoint",
    }
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
