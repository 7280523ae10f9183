//! A library that is there, and where no loader looks for it: why, and what names its
//! directory.

use super::near::{Lacking, MAX_TOLD, fits};
use super::place::{self, object};
use super::{Case, Code, Draft, owned, quoted};
use crate::bytes::Shown;
use crate::graph::{Attempt, Graph, Library, Status};
use crate::loader::{Directory, LinkMap, ObjectId, Rule, TryOutcome};
use crate::nearby::{Near, NearFile};
use crate::path::{file_name, parent};

/// The most libraries whose directories stand in one line.
const MAX_LACKING: usize = 16;

/// Whether the search for `library` came by this file. That one is not elsewhere, whatever
/// kept the loader from taking it.
pub(super) fn was_met(library: &Library, file: &NearFile) -> bool {
    let mut attempts = library.attempts.iter();
    attempts.any(|attempt| *attempt.path == *file.path.as_bytes())
}

/// Files that the loader would take for `library`, where it does not look. Where its search
/// ended at something else, no file elsewhere mends that.
pub(super) fn usable<'n>(graph: &Graph, library: &Library, near: &'n Near) -> Vec<&'n NearFile> {
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    let has_ended = library.attempts.iter().any(|attempt| {
        matches!(
            attempt.outcome,
            TryOutcome::LinkLoop | TryOutcome::Unreadable | TryOutcome::IoError
        )
    });
    let fits = |file: &&NearFile| object(file).is_some_and(|object| fits(object, main));
    let usable = near.same.iter().filter(fits);
    usable
        .filter(|file| !has_ended && !was_met(library, file))
        .collect()
}

/// Why a library is not found that is there.
pub(super) enum Why<'a> {
    /// The runpath of this object leads to it, and it is another that asks.
    Runpath(ObjectId),
    /// The cache has it at a path where it was; this file lists where it is.
    Moved(&'a Attempt),
    /// This file lists its directory, and the cache does not have it.
    Listed(&'a str),
    /// It is for CPUs of this level.
    Level(&'a [u8]),
    /// Nothing leads to its directory.
    Unsearched,
}

/// Why the library is not found, and which of the usable files should have been.
pub(super) fn cause<'a>(
    case: &Case<'_>,
    lacking: &'a Lacking<'_>,
    usable: &[&'a NearFile],
) -> Option<(Why<'a>, &'a NearFile)> {
    let library = lacking.library;
    if let Some((owner, file)) = ancestor_with_runpath(case, lacking, usable) {
        return Some((Why::Runpath(owner), file));
    }
    let stale = library.attempts.iter().find(|attempt| {
        let gone = matches!(
            attempt.outcome,
            TryOutcome::Absent | TryOutcome::BrokenLink | TryOutcome::NotADirectory
        );
        attempt.rule == Rule::Cache && gone
    });
    let listed = usable.iter().filter(|_| !lacking.musl).find_map(|file| {
        let listed = file.listed_by.as_deref();
        let listed = listed.filter(|_| place::is_cached_as(&library.name, file));
        listed.map(|listed| (listed, *file))
    });
    match (stale, listed) {
        (Some(attempt), Some((_, file))) => return Some((Why::Moved(attempt), file)),
        (None, Some((listed, file))) => return Some((Why::Listed(listed), file)),
        (_, None) => {}
    }
    let first = *usable.first()?;
    if let Some(level) = level(first.path.as_bytes()) {
        return Some((Why::Level(level), first));
    }
    let is_clean = |file: &&&NearFile| {
        let place = parent(file.path.as_bytes());
        level(file.path.as_bytes()).is_none() && !place::has_other_libc(case, lacking.graph, place)
    };
    let file = usable.iter().find(is_clean).copied().unwrap_or(first);
    Some((Why::Unsearched, file))
}

/// The library is there, and not where the loader looks.
pub(super) fn misplaced(
    case: &Case<'_>,
    lacking: &Lacking<'_>,
    why: &Why<'_>,
    file: &NearFile,
    usable: &[&NearFile],
) -> Draft {
    let name = &*lacking.library.name;
    let by = lacking.by;
    let directory = Shown(parent(file.path.as_bytes()));
    let in_words = |code, why: String| {
        let message = format!("{} is in {directory}, {why}; {by} needs it", quoted(name));
        Draft::new(case, code, name, message)
    };
    let draft = match *why {
        Why::Runpath(owner) => {
            let why = format!(
                "which only the runpath of {} names, and a runpath is not inherited",
                quoted(&lacking.graph.map.get(owner).path)
            );
            inherited(
                case,
                lacking,
                owner,
                file,
                in_words(Code::RunpathNotTransitive, why),
            )
        }
        Why::Moved(attempt) => {
            let why = format!("and ld.so.cache says {}", Shown(&attempt.path));
            ldconfig(case, in_words(Code::LdcacheStale, why))
        }
        Why::Listed(listed) => {
            let why = format!("which {listed} lists, and ld.so.cache does not have it");
            ldconfig(case, in_words(Code::LdcacheStale, why))
        }
        Why::Level(level) => {
            let why = format!("where only a CPU of level {} looks", Shown(level));
            in_words(Code::LibNotOnSearchPath, why).fix(
                None,
                "put the build for the baseline beside its directory too",
                None,
            )
        }
        Why::Unsearched => {
            let why = "which is not searched".to_owned();
            unsearched(case, lacking, file, in_words(Code::LibNotOnSearchPath, why))
        }
    };
    let told = usable.iter().take(MAX_TOLD);
    told.fold(draft, |draft, file| {
        draft.evidence(format!("it is here: {}", owned(case, file.path.as_bytes())))
    })
}

/// What lets a library find another by a runpath that is not its own.
fn inherited(
    case: &Case<'_>,
    lacking: &Lacking<'_>,
    owner: ObjectId,
    file: &NearFile,
    draft: Draft,
) -> Draft {
    let (graph, library) = (lacking.graph, lacking.library);
    let path = |id: &ObjectId| &*graph.map.get(*id).path;
    let real = |path: &[u8]| Some(parent((case.real)(path)?.as_bytes()).to_vec());
    let directory = real(file.path.as_bytes());
    let directory = directory.unwrap_or_else(|| parent(file.path.as_bytes()).to_vec());
    // What the library needs from there it finds by no other's runpath either.
    let others = place::beside(case, graph, library, file);
    let asks_more = |path: &&[u8]| {
        let near = (case.near)(file_name(path));
        let mut same = near.same.iter();
        same.find(|file| file.path.as_bytes() == *path)
            .is_some_and(|file| !place::beside(case, graph, library, file).is_empty())
    };
    let found = [file.path.as_bytes()].into_iter();
    let found = found.chain(others.iter().map(|path| &**path));
    let more: Vec<&[u8]> = found.filter(asks_more).collect();
    let mut requesters = library.requesters.iter();
    let is_beside = requesters.all(|id| real(path(id)).as_ref() == Some(&directory));
    let directory = match is_beside && !case.rights.secure {
        true => b"$ORIGIN".to_vec(),
        false => directory,
    };
    let command = place::runpath(case, graph, &library.requesters, &more, &directory, false);
    let draft = draft.fix(
        None,
        "give each library that needs another a runpath of its own",
        command.as_deref(),
    );
    // Who has a runpath inherits nothing.
    let has_own = |id: &ObjectId| graph.map.get(*id).expanded.runpath.is_some();
    if library.requesters.iter().any(has_own) {
        return draft;
    }
    let of = place::named(graph, owner);
    draft.fix(
        None,
        &format!("or link {of} with DT_RPATH, which is inherited"),
        Some("-Wl,--disable-new-dtags"),
    )
}

/// What lets a library be found in a directory that nothing leads to.
fn unsearched(case: &Case<'_>, lacking: &Lacking<'_>, file: &NearFile, draft: Draft) -> Draft {
    let (graph, library) = (lacking.graph, lacking.library);
    let place = parent(file.path.as_bytes());
    if place::has_other_libc(case, graph, place) {
        let libc = Shown(place);
        let draft = draft.evidence(format!(
            "{libc}/libc.so.6: another C library, which every program would get from there"
        ));
        return draft.remedy(Some(place::copy(case, graph, library, file)));
    }
    let places = places(case, lacking);
    let all: Vec<&[u8]> = places.iter().map(|place| &**place).collect();
    let is_for_cache = place::is_cached_as(&library.name, file) && !lacking.musl;
    // What is found by a runpath finds its own needs by none.
    let has_own = object(file).is_some_and(|object| object.dynamic.runpath.is_some());
    let is_inherited =
        !lacking.musl && !has_own && !place::beside(case, graph, library, file).is_empty();
    let lines = [
        (
            match all.as_slice() {
                [_] => "name the directory to the loader",
                _ => "name the directories of all missing libraries to the loader",
            },
            place::environment(case, &all),
        ),
        (
            match all.as_slice() {
                [_] => "put it into the cache",
                _ => "put these directories into ld.so.cache",
            },
            place::cache(case, &all).filter(|_| is_for_cache),
        ),
        (
            "give what needs it a runpath",
            place::runpath(case, graph, &library.requesters, &[], place, is_inherited),
        ),
    ];
    let lines = lines
        .into_iter()
        .filter_map(|(text, line)| Some((text, line?)));
    let mut draft = draft;
    for (number, (text, line)) in lines.enumerate() {
        let text = match number {
            0 => text.to_owned(),
            _ => format!("or {text}"),
        };
        draft = draft.fix(None, &text, Some(&line));
    }
    match draft.finding.fixes.is_empty() {
        true => draft.remedy(Some(place::copy(case, graph, library, file))),
        false => draft,
    }
}

/// The directories of all libraries that lie where nothing leads to, each once: a line that
/// names one alone would be undone by the line about another.
fn places(case: &Case<'_>, lacking: &Lacking<'_>) -> Vec<Vec<u8>> {
    let graph = lacking.graph;
    let mut places: Vec<Vec<u8>> = Vec::new();
    let is_absent = |library: &&Library| {
        let mut attempts = library.attempts.iter();
        let is_one = std::ptr::eq(*library, lacking.library);
        library.status == Status::Missing
            && !library.name.contains(&b'/')
            && (is_one
                || attempts.all(|attempt| {
                    matches!(
                        attempt.outcome,
                        TryOutcome::Absent | TryOutcome::NotADirectory
                    )
                }))
    };
    let mut absent: Vec<&Library> = graph
        .libraries
        .iter()
        .filter(is_absent)
        .take(MAX_LACKING + 1)
        .collect();
    // So many are not put right by a list of directories.
    if absent.len() > MAX_LACKING {
        absent = vec![lacking.library];
    }
    for library in absent {
        let of_one = Lacking {
            library,
            ..*lacking
        };
        let near = (case.near)(&library.name);
        let usable = usable(graph, library, &near);
        if let Some((Why::Unsearched, file)) = cause(case, &of_one, &usable) {
            let place = parent(file.path.as_bytes());
            let is_known = places.iter().any(|known| known == place);
            if !is_known && !place::has_other_libc(case, graph, place) {
                places.push(place.to_vec());
            }
        }
    }
    places
}

/// The level of CPUs for which a file is, by its directory.
fn level(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path.split(|&byte| byte == b'/');
    parts.find(|part| *part == b"glibc-hwcaps")?;
    parts.next()
}

/// How a cache is made that knows what there is.
fn ldconfig(case: &Case<'_>, draft: Draft) -> Draft {
    let text = "make the cache again after the last change";
    match place::runs_ldconfig(case) {
        true => draft.fix(None, text, Some("RUN ldconfig")),
        // From outside, on an unpacked root.
        false => draft.fix(None, text, Some("ldconfig -r ROOTFS")),
    }
}

/// An object on the way to who asks, but not that one, whose runpath leads to a
/// usable file, and the file. glibc looks into the runpath of the object that asks and of
/// no other; musl goes up the chain, so there is none for it.
fn ancestor_with_runpath<'n>(
    case: &Case<'_>,
    lacking: &Lacking<'_>,
    usable: &[&'n NearFile],
) -> Option<(ObjectId, &'n NearFile)> {
    let map = &lacking.graph.map;
    let asks = *lacking.library.requesters.first()?;
    let leads_to = |directory: &Directory| match directory {
        Directory::Search(text) if text.starts_with(b"/") => {
            // As it is written, it may go by way of links and `..`.
            let path = [text, &*lacking.library.name].concat();
            let file = (case.real)(&path)?;
            let is_it =
                |near: &&&NearFile| (case.real)(near.path.as_bytes()).as_ref() == Some(&file);
            usable.iter().find(is_it).copied()
        }
        Directory::Search(_) | Directory::Dropped(..) | Directory::Beyond => None,
    };
    map.chain(asks).skip(1).find_map(|id| {
        let runpath = map.get(id).expanded.runpath.as_ref()?;
        Some((id, runpath.iter().find_map(leads_to)?))
    })
}
