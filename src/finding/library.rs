//! Findings about libraries that are missing or cannot be used.

use std::collections::HashSet;

use super::{Case, Code, Draft, bringing, by_path, loaded, lost, near, quoted, reach, secure};
use crate::bytes::{Shown, same};
use crate::elf::NeedKind;
use crate::graph::{Attempt, Graph, Library, Limit, LoaderFile, Status};
use crate::loader::{LinkMap, LoaderKind, Rule, TryOutcome};
use crate::report::{Finding, Fix};

pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((file, graph)) = case.graph else {
        return;
    };
    loaded::damaged(case, graph, found);
    // Behind a loader that is not there, what is missing is its consequence, and
    // said with it.
    let loader_is_there = matches!(file, LoaderFile::Known(_)) || case.is_library;
    let first = found.len();
    // Where the last search was cut off, what it looked for may well be there.
    let cut_off = match graph.limit {
        Some(Limit::Probes(_)) => graph.libraries.last(),
        _ => None,
    };
    // Nothing is kept from root, so it is we who may not look.
    let kept_from_us = |library: &Library| {
        let mut attempts = library.attempts.iter();
        case.user.is_root() && attempts.any(|tried| tried.outcome == TryOutcome::Unreadable)
    };
    for library in &graph.libraries {
        let finding = match &library.status {
            Status::Missing if kept_from_us(library) => continue,
            Status::Missing if cut_off.is_some_and(|cut| std::ptr::eq(cut, library)) => continue,
            Status::Missing if loader_is_there => missing(case, file, graph, library),
            // That a layer took it is a cause of its own.
            Status::Missing => match taken(case, graph, library) {
                Some(finding) => finding,
                None => continue,
            },
            Status::Unusable(why) => unusable(case, graph, library, why),
            Status::Optional if library.rule == Some(Rule::Preload) => {
                preload(case, graph, library)
            }
            _ => continue,
        };
        merge(found, first, finding, &requesters(graph, library));
    }
    let mut absent: Vec<&mut Finding> = found[first..]
        .iter_mut()
        .filter(|finding| may_be_installed(&finding.code))
        .collect();
    bringing::packages(case, &mut absent);
    for finding in absent.into_iter().filter(|f| f.fixes.is_empty()) {
        finding.fixes.push(Fix {
            when: None,
            text: "install the package that has it, or copy it in".to_owned(),
            snippet: None,
        });
    }
    loaded::chances(case, graph, found);
    if let LoaderFile::Known(LoaderKind::Musl(_) | LoaderKind::Gcompat) = file {
        loaded::foreign_machines(case, graph, found);
    }
}

/// Whether a finding is about a library that is nowhere, so that a package may bring it.
fn may_be_installed(code: &str) -> bool {
    [
        Code::NeededMissing,
        Code::SonameBumped,
        Code::SonameDiffersByDistro,
        Code::RuntimeLibRemoved,
    ]
    .iter()
    .any(|known| known.word() == code)
}

/// A name that several objects miss is one finding; `by` are those of `finding`.
fn merge(found: &mut Vec<Finding>, first: usize, finding: Finding, by: &str) {
    let same = |known: &&mut Finding| known.fingerprint == finding.fingerprint;
    match found[first..].iter_mut().find(same) {
        Some(known) => {
            known.evidence.push(format!("{by} needs it too"));
            for line in finding.evidence {
                if !known.evidence.contains(&line) {
                    known.evidence.push(line);
                }
            }
        }
        None => found.push(finding),
    }
}

fn requesters(graph: &Graph, library: &Library) -> String {
    let names: Vec<String> = library
        .requesters
        .iter()
        .map(|id| quoted(&graph.map.get(*id).path))
        .collect();
    names.join(", ")
}

fn missing(case: &Case<'_>, file: &LoaderFile, graph: &Graph, library: &Library) -> Finding {
    let name = &library.name;
    let by = requesters(graph, library);
    let outcome = |wanted: TryOutcome| library.attempts.iter().find(|a| a.outcome == wanted);
    let kind = library.requesters.first().and_then(|id| {
        let object = graph.map.get(*id).object.as_ref()?;
        object
            .dynamic
            .needs
            .iter()
            .find(|need| *need.name == **name)
            .map(|need| need.kind)
    });
    if let Some(finding) = taken(case, graph, library) {
        return finding;
    }
    let withheld = || secure::withheld(case, graph, library);
    if let Some(draft) = secure::forbidden(case, graph, library).or_else(withheld) {
        let draft = draft.evidence(format!("needed by {by}"));
        return runtime_words(case, draft, library).done();
    }
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    if let Some(draft) = reach::draft(case, library, &by, main) {
        let draft = searched(case, draft, &library.attempts);
        return runtime_words(case, draft, library).done();
    }
    let foreign = outcome(TryOutcome::WrongMachine).or_else(|| outcome(TryOutcome::WrongClass));
    let named = if let Some(attempt) = foreign {
        let what = attempt.detail.as_ref().map(ToString::to_string);
        let what = what.unwrap_or_else(|| "another machine".to_owned());
        let message = format!(
            "{} is here only for another CPU, {what}; {by} needs it",
            quoted(name)
        );
        Some((Code::WrongArchLib, message))
    } else if kind == Some(NeedKind::Filter) {
        let message = format!("{} is not found; {by} is a filter on it", quoted(name));
        Some((Code::FilterMissing, message))
    } else if name.contains(&b'/') {
        let message = match outcome(TryOutcome::Dropped) {
            Some(_) => format!(
                "{} has a token without a value; {by} names it",
                quoted(name)
            ),
            None => format!("{} is not there; {by} needs it by this path", quoted(name)),
        };
        Some((Code::NeededAbsolute, message))
    } else if outcome(TryOutcome::BrokenLink).is_some() {
        let message = format!(
            "{} is a link that leads to nothing; {by} needs it",
            quoted(name)
        );
        Some((Code::BrokenSymlink, message))
    } else {
        None
    };
    let Some((code, message)) = named else {
        return not_found(case, file, graph, library);
    };
    let draft = Draft::new(case, code, name, message);
    let draft = searched(case, draft, &library.attempts);
    let draft = runtime_words(case, draft, library);
    let draft = match code {
        Code::WrongArchLib => match bringing::bringing(case, name, &library.attempts) {
            Some(fix) => draft.remedy(Some(fix)),
            None => draft.fix(None, "install the library for this architecture", None),
        },
        Code::NeededAbsolute => by_path::named(case, graph, library, draft),
        Code::BrokenSymlink => match bringing::restoring(case, &library.attempts) {
            Some(fix) => {
                let text = "or copy what the link leads to as well";
                draft.remedy(Some(fix)).fix(None, text, None)
            }
            None => draft.fix(None, "copy what the link leads to as well", None),
        },
        _ => draft.fix(None, "install the package that has it, or copy it in", None),
    };
    draft.done()
}

/// The finding about a library that was there until a layer took it.
fn taken(case: &Case<'_>, graph: &Graph, library: &Library) -> Option<Finding> {
    let by = requesters(graph, library);
    let absent = library.attempts.iter().filter(|attempt| {
        matches!(
            attempt.outcome,
            TryOutcome::Absent | TryOutcome::NotADirectory | TryOutcome::BrokenLink
        )
    });
    let paths = absent.map(|attempt| &*attempt.path);
    let draft = lost::draft(case, &library.name, paths, &format!("; {by} needs it"))?;
    let draft = searched(case, draft, &library.attempts);
    Some(runtime_words(case, draft, library).done())
}

/// None of the places has a file of the name: what is near tells more.
fn not_found(case: &Case<'_>, file: &LoaderFile, graph: &Graph, library: &Library) -> Finding {
    let by = requesters(graph, library);
    let lacking = near::Lacking {
        graph,
        library,
        by: &by,
        musl: matches!(
            file,
            LoaderFile::Known(LoaderKind::Musl(_) | LoaderKind::Gcompat)
        ),
    };
    let draft = near::draft(case, &lacking);
    let draft = match draft.finding.code == Code::HostInjected.word() {
        true => draft,
        false => searched(case, draft, &library.attempts),
    };
    headless(case, library, runtime_words(case, draft, library)).done()
}

/// The smaller wheel of OpenCV needs no windows, and none of the libraries for them.
fn headless(case: &Case<'_>, library: &Library, draft: Draft) -> Draft {
    const FOR_WINDOWS: [&[u8]; 4] = [
        b"libGL.so.1",
        b"libgthread-2.0.so.0",
        b"libSM.so.6",
        b"libXext.so.6",
    ];
    let path = case.path.as_bytes();
    let is_opencv = memchr::memmem::find(path, b"-packages/cv2/").is_some();
    match is_opencv && FOR_WINDOWS.contains(&&*library.name) {
        true => draft.fix(
            Some("no windows needed"),
            "use the smaller wheel",
            Some("pip install opencv-python-headless"),
        ),
        false => draft,
    }
}

/// Says where was looked, in order, and what was met on the way.
pub(super) fn searched(case: &Case<'_>, mut draft: Draft, attempts: &[Attempt]) -> Draft {
    let mut absent = Vec::new();
    let mut known = HashSet::new();
    // A name that the cache does not have leaves no attempt.
    let is_direct = attempts.iter().any(|attempt| attempt.rule == Rule::Direct);
    let mut cache = !is_direct
        && matches!(
            case.graph,
            Some((LoaderFile::Known(LoaderKind::Glibc(_)), _))
        )
        && attempts.iter().all(|attempt| attempt.rule != Rule::Cache)
        && (case.has)(b"/etc/ld.so.cache");
    for attempt in attempts {
        let path = Shown(&attempt.path).to_string();
        match attempt.outcome {
            TryOutcome::Absent if attempt.rule == Rule::Direct => {
                draft = draft.evidence(format!("{path}: absent"));
            }
            TryOutcome::Absent | TryOutcome::NotADirectory => {
                let directory = crate::path::parent(&attempt.path);
                let directory = if directory.is_empty() {
                    b".".as_slice()
                } else {
                    directory
                };
                if cache && attempt.rule == Rule::DefaultDirectory {
                    cache = false;
                    absent.push("/etc/ld.so.cache".to_owned());
                }
                if known.insert(directory) {
                    absent.push(match named_by(attempt.rule) {
                        Some(by) => format!("{} ({by})", Shown(directory)),
                        None => Shown(directory).to_string(),
                    });
                }
            }
            _ => {
                let detail = attempt.detail.as_ref().map(ToString::to_string);
                let detail = detail.unwrap_or_else(|| word(attempt.outcome));
                draft = draft.evidence(format!("{path}: {detail}"));
            }
        }
    }
    if absent.is_empty() {
        draft
    } else {
        draft.evidence(format!("searched: {}", absent.join(", ")))
    }
}

/// What names a directory that is not searched by default.
fn named_by(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::Rpath | Rule::RpathInherited => Some("rpath"),
        Rule::Runpath | Rule::RunpathInherited => Some("runpath"),
        Rule::LibraryPath => Some("LD_LIBRARY_PATH"),
        Rule::Cache => Some("ld.so.cache"),
        Rule::MuslPathFile => Some("musl's path file"),
        Rule::Preload
        | Rule::DefaultDirectory
        | Rule::Direct
        | Rule::AlreadyLoaded
        | Rule::LoaderItself => None,
    }
}

fn word(outcome: TryOutcome) -> String {
    match outcome {
        TryOutcome::BrokenLink => "a link that leads to nothing",
        TryOutcome::LinkLoop => "links that lead round in a circle",
        TryOutcome::NameTooLong => "too long",
        TryOutcome::Unreadable => "permission denied",
        TryOutcome::IoError => "cannot be read",
        TryOutcome::Directory => "a directory",
        TryOutcome::TooShort => "too short for an ELF file",
        TryOutcome::NotElf => "not an ELF file",
        TryOutcome::WrongClass => "another ELF class",
        TryOutcome::WrongData => "another byte order",
        TryOutcome::WrongMachine => "another machine",
        TryOutcome::NotLoadable => "cannot be loaded",
        TryOutcome::Dropped => "left out",
        TryOutcome::NotTried => "not tried",
        TryOutcome::Found => "found",
        TryOutcome::Absent => "absent",
        TryOutcome::NotADirectory => "something on the way is no directory",
    }
    .to_owned()
}

/// What the loader writes of `library`, if it comes to that.
fn runtime_words(case: &Case<'_>, draft: Draft, library: &Library) -> Draft {
    let graph = case.graph.map(|(_, graph)| graph);
    let said = graph.into_iter().flat_map(|graph| &graph.said);
    let mut about = said.filter(|said| same(&said.name, &library.name));
    let place = match draft.finding.code == Code::HostInjected.word() {
        true => "at run time, without it",
        false => "at run time",
    };
    let line = about.find_map(|said| case.said_where(place, &said.line));
    draft.also(line)
}

fn unusable(case: &Case<'_>, graph: &Graph, library: &Library, why: &str) -> Finding {
    let path = library.path.clone().unwrap_or_else(|| library.name.clone());
    let by = requesters(graph, library);
    let message = format!("{} cannot be loaded: {why}; {by} needs it", quoted(&path));
    let draft = Draft::new(case, Code::LibNotElf, &library.name, message);
    let draft = runtime_words(case, draft, library);
    by_path::instead(case, draft, &path).done()
}

fn preload(case: &Case<'_>, graph: &Graph, library: &Library) -> Finding {
    if let Some(draft) = secure::preload(case, library) {
        let draft = searched(case, draft, &library.attempts);
        return runtime_words(case, draft, library).done();
    }
    let message = format!(
        "{} is to be preloaded and cannot be loaded",
        quoted(&library.name)
    );
    let draft = Draft::new(case, Code::PreloadMissing, &library.name, message);
    let draft = searched(case, draft, &library.attempts);
    let draft = runtime_words(case, draft, library);
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    if let Some(barrier) = reach::barrier(case, &library.attempts, main) {
        return barrier.tell(case, draft).done();
    }
    draft
        .fix(
            None,
            "install it, or remove it from LD_PRELOAD or /etc/ld.so.preload",
            None,
        )
        .done()
}
