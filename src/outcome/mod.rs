//! What would be seen: stage, errno, the loader's text, and how Docker, podman,
//! runc, crun and a shell word it.
//!
//! A prediction that can be wrong, so it is held against the real kernel,
//! loaders and runtimes.

mod wording;

pub(crate) use self::wording::env as env_words;

use crate::errno::Errno;
use crate::graph::{CPU_STATUS, CpuRefusal, Graph, LoaderFile};
use crate::kernel::{End, Exec};
use crate::loader::{LoaderKind, Role};
use crate::report::{Outcome, Reported, Stage};
use crate::runtime::env::Flavour;
use crate::runtime::{Lookup, Plan};

/// What an exec comes to, without how others word it. `graph` is what its loader would
/// load, where the program gets that far or would if it were mended.
#[must_use]
pub fn outcome(exec: &Exec, graph: Option<(&LoaderFile, &Graph)>) -> Outcome {
    match &exec.end {
        End::Refused { errno, .. } => refused(*errno),
        End::Killed { signal, .. } => killed(Stage::Exec, signal),
        End::Unreadable(_) => Outcome::default(),
        End::Starts => match graph {
            // It names a loader of which nothing is known.
            None if names_loader(exec) => Outcome::default(),
            None => starts(),
            Some((LoaderFile::Known(LoaderKind::NotALoader), _)) => killed(Stage::Exec, "SIGSEGV"),
            Some((file, graph)) => loaded(file, graph),
        },
    }
}

fn names_loader(exec: &Exec) -> bool {
    let program = exec.program.as_ref();
    program.is_some_and(|program| program.interpreter.is_some())
}

fn starts() -> Outcome {
    Outcome {
        starts: Some(true),
        ..Outcome::default()
    }
}

fn killed(stage: Stage, signal: &str) -> Outcome {
    Outcome {
        starts: Some(false),
        stage: Some(stage),
        signal: Some(signal.to_owned()),
        ..Outcome::default()
    }
}

fn refused(errno: Errno) -> Outcome {
    Outcome {
        starts: Some(false),
        stage: Some(Stage::Exec),
        errno: Some(errno.name().to_owned()),
        ..Outcome::default()
    }
}

/// How others word what an exec comes to. `lookup` says by which names the runtimes call
/// it; it is asked only where `execve` fails.
#[must_use]
pub fn reported(lookup: impl FnOnce() -> Lookup, exec: &Exec) -> Vec<Reported> {
    match &exec.end {
        End::Refused { errno, .. } => wording::reported(&lookup(), *errno),
        _ => Vec::new(),
    }
}

/// How `env` words what an exec comes to that it asks for; nothing where that is not known.
/// The rest is as in [`env_words`].
pub(crate) fn reported_by_env(
    flavour: Flavour,
    own: &[u8],
    name: &[u8],
    exec: &Exec,
) -> Vec<Reported> {
    let text = match &exec.end {
        End::Refused { errno, .. } => env_words(flavour, own, name, *errno),
        _ => None,
    };
    text.map(|text| wording::by("env", text))
        .into_iter()
        .collect()
}

/// What a name comes to that leads runc to no file.
#[must_use]
pub fn not_found(lookup: &Lookup) -> Outcome {
    let errno = Errno::NOENT;
    Outcome {
        starts: Some(false),
        stage: Some(Stage::Runtime),
        errno: Some(errno.name().to_owned()),
        as_reported: wording::reported(lookup, errno),
        ..Outcome::default()
    }
}

/// What crun says of a name that leads it to no file.
#[must_use]
pub fn crun_words(lookup: &Lookup) -> String {
    wording::crun(lookup, Errno::NOENT)
}

/// What a container comes to that an engine or runtime refuses to start, for the
/// first reason that it meets; `None` where `plan` has no such reason.
#[must_use]
pub fn refusal(plan: &Plan) -> Option<Outcome> {
    let as_reported = wording::refused(plan)?;
    Some(Outcome {
        starts: Some(false),
        stage: Some(Stage::Runtime),
        as_reported,
        ..Outcome::default()
    })
}

/// What the loader does with what it finds.
fn loaded(file: &LoaderFile, graph: &Graph) -> Outcome {
    if graph.cpu == Some(CpuRefusal::Loader) {
        return too_good(&[], CpuRefusal::Loader, graph);
    }
    let mut lines = graph.warnings.clone();
    // A file that is cut short kills the process when it is mapped, which is
    // before anything that would be looked for after it.
    if let Some(signal) = deadly(graph) {
        return Outcome {
            message: message(&lines),
            ..killed(Stage::Loader, signal)
        };
    }
    let undecided = graph.limit.is_some() || graph.unreadable.is_some() || has_hidden_needs(graph);
    if undecided || matches!(file, LoaderFile::Known(LoaderKind::Unknown)) {
        return Outcome::default();
    }
    if let Some(stop) = &graph.stop {
        lines.push(stop.text.clone());
        // musl goes on and says what else it misses.
        lines.extend(relocation_lines(graph));
        return Outcome {
            starts: Some(false),
            stage: Some(Stage::Loader),
            exit_status: Some(stop.exit_status),
            message: message(&lines),
            ..Outcome::default()
        };
    }
    // Versions are looked at when everything is loaded, and every fault is said.
    lines.extend(graph.versions.lines.iter().cloned());
    if let Some(exit_status) = graph.versions.exit_status {
        return Outcome {
            starts: Some(false),
            stage: Some(Stage::Loader),
            exit_status: Some(exit_status),
            message: message(&lines),
            ..Outcome::default()
        };
    }
    if let Some(refusal) = graph.cpu {
        return too_good(&lines, refusal, graph);
    }
    if is_for_another_machine(graph) {
        return Outcome {
            starts: Some(false),
            stage: Some(Stage::Relocation),
            exit_status: Some(127),
            message: message(&relocation_lines(graph)),
            ..Outcome::default()
        };
    }
    if let Some(bound) = &graph.bound {
        if bound.undecided.is_some() {
            return Outcome::default();
        }
        lines.extend_from_slice(&bound.warnings);
        let failures = bound.messages(&graph.map);
        if !failures.is_empty() {
            lines.extend(failures);
            return Outcome {
                starts: Some(false),
                stage: Some(Stage::Relocation),
                exit_status: Some(127),
                message: message(&lines),
                ..Outcome::default()
            };
        }
    }
    let mixed = graph.mixed.as_ref();
    if let Some(line) = mixed.and_then(|mixed| mixed.stop.as_ref()) {
        lines.push(line.clone());
        return Outcome {
            starts: Some(false),
            stage: Some(Stage::Loader),
            exit_status: Some(127),
            message: message(&lines),
            ..Outcome::default()
        };
    }
    if let Some(signal) = graph.twice.and_then(|twice| twice.signal) {
        return Outcome {
            message: message(&lines),
            ..killed(Stage::Loader, signal)
        };
    }
    // They crash, or do not, by what of the loader's data has moved or is not there.
    if graph.mixed.is_some() || graph.twice.is_some() {
        return Outcome {
            message: message(&lines),
            ..Outcome::default()
        };
    }
    Outcome {
        message: message(&lines),
        ..starts()
    }
}

/// The end of a program that is for a better CPU.
fn too_good(before: &[String], refusal: CpuRefusal, graph: &Graph) -> Outcome {
    let mut lines = before.to_vec();
    lines.push(refusal.line(graph));
    Outcome {
        starts: Some(false),
        stage: Some(Stage::Loader),
        exit_status: Some(CPU_STATUS),
        message: message(&lines),
        ..Outcome::default()
    }
}

/// What musl writes of symbols beside what else is wrong, where that is known.
fn relocation_lines(graph: &Graph) -> Vec<String> {
    let bound = graph.bound.as_ref();
    let known = bound.filter(|b| b.is_musl && !b.garbled && b.undecided.is_none());
    known.map_or_else(Vec::new, |bound| bound.messages(&graph.map))
}

fn message(lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn has_hidden_needs(graph: &Graph) -> bool {
    let objects = graph
        .map
        .iter()
        .filter_map(|(_, loaded)| loaded.object.as_ref());
    objects
        .flat_map(|object| &object.anomalies)
        .any(crate::elf::Anomaly::hides_needs)
}

/// The signal of an object whose mere loading kills the process, if one is
/// loaded before the loader gives up.
fn deadly(graph: &Graph) -> Option<&'static str> {
    let before_stop = graph
        .libraries
        .iter()
        .take_while(|library| library.object.is_some() || graph.stop.is_none());
    before_stop
        .filter_map(|library| library.object)
        .map(|object| graph.map.get(object))
        .filter(|loaded| loaded.role == Role::Library)
        .filter_map(|loaded| loaded.object.as_ref())
        .find_map(
            |object| match (object.is_cut_short(), object.has_empty_dynamic) {
                (true, _) => Some("SIGBUS"),
                // Only musl gets as far as reading a dynamic section without bytes.
                (false, true) => Some("SIGSEGV"),
                (false, false) => None,
            },
        )
}

/// Whether musl took a library for another machine, whose relocations it then
/// does not know (glibc passes such files by).
fn is_for_another_machine(graph: &Graph) -> bool {
    let machine = |object: &crate::elf::Object| crate::platform::handled_as(object.header.machine);
    let mut objects = graph
        .map
        .iter()
        .filter_map(|(_, loaded)| loaded.object.as_ref());
    let Some(own) = objects.next().map(|main| machine(main)) else {
        return false;
    };
    objects.any(|object| machine(object) != own && object.dynamic.has_relocations)
}
