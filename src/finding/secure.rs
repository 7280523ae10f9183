//! Programs that gain rights when they are started: the loader then takes nothing
//! from the environment, and `$ORIGIN` only where it is trusted
//! (`AT_SECURE`; glibc `elf/dl-load.c:fillin_rpath`, `_dl_dst_substitute`; musl
//! `ldso/dynlink.c:fixup_rpath`).

use super::{Case, Code, Draft, place, quote, quoted};
use crate::bytes::Shown;
use crate::graph::{Attempt, Graph, Library, Status};
use crate::loader::{Detail, LinkMap, ObjectId, Rule, Secure};
use crate::path::{TargetPath, file_name, parent};
use crate::report::{Finding, Severity};
use crate::rootfs::Capabilities;

/// What the file of a program does to the rights of who starts it.
#[derive(Clone, Copy)]
pub struct Rights<'a> {
    /// The process is one that gained rights.
    pub secure: bool,
    /// What the program's file grants; asked for only where it can matter.
    pub granted: &'a dyn Fn() -> Option<Capabilities>,
}

/// What of the rules for a process that gained rights kept the loader from a place.
fn withheld_by(attempt: &Attempt) -> Option<Secure> {
    attempt.detail.as_ref().and_then(Detail::secure)
}

/// The finding about a library that is there, where nothing is taken from any more.
pub(super) fn withheld(case: &Case<'_>, graph: &Graph, library: &Library) -> Option<Draft> {
    if !case.rights.secure || case.is_library {
        return None;
    }
    let attempts = library.attempts.iter();
    let dropped = attempts.filter(|attempt| withheld_by(attempt).is_some());
    let there = dropped
        .flat_map(|attempt| {
            let origin = attempt.owner.and_then(|owner| origin(case, graph, owner));
            let places = attempt.path.split(|b| b":;".contains(b));
            let places: Vec<Vec<u8>> = places
                .filter_map(|place| expanded(place, origin.as_deref()))
                .collect();
            places.into_iter().map(move |place| (attempt, place))
        })
        .map(|(attempt, place)| (attempt, [&place[..], b"/", &library.name].concat()))
        .find(|(_, path)| (case.has)(path));
    let (attempt, path) = there?;
    let name = &library.name;
    let by = match attempt.rule {
        Rule::LibraryPath => "LD_LIBRARY_PATH".to_owned(),
        _ => format!("`{}`", Shown(&attempt.path)),
    };
    let message = format!(
        "{} is not found, because {} gains rights: {by} does not count then",
        quoted(name),
        quoted(case.path.as_bytes()),
    );
    let draft = Draft::new(case, Code::SecureExec, name, message)
        .evidence(format!("{}: what would have been taken", Shown(&path)))
        .also(gains(case));
    Some(mended(case, graph, library, draft, &path))
}

/// The finding about a name with a token, which is not even looked for
/// (`elf/dl-deps.c:expand_dst`).
pub(super) fn forbidden(case: &Case<'_>, graph: &Graph, library: &Library) -> Option<Draft> {
    if !case.rights.secure || case.is_library {
        return None;
    }
    let is_it = |attempt: &&Attempt| withheld_by(attempt) == Some(Secure::TokenInName);
    library.attempts.iter().find(is_it)?;
    let name = &library.name;
    let message = format!(
        "{} is not looked for, because {} gains rights: the loader then takes no name with a token",
        quoted(name),
        quoted(case.path.as_bytes()),
    );
    let asks = *library.requesters.first()?;
    let requester = graph.map.get(asks);
    let object = requester.object.as_ref()?;
    let is_needed = object.dynamic.needed().any(|need| *need == **name);
    let origin = origin(case, graph, asks);
    let directory = expanded(parent(name), origin.as_deref());
    let directory = directory.filter(|directory| {
        let path = [directory, &b"/"[..], file_name(name)].concat();
        is_needed && !directory.contains(&b'$') && (case.has)(&path)
    });
    // Of one command that did both, patchelf up to 0.14 mixes up the arguments.
    let snippet = directory.and_then(|directory| {
        let (old, new) = (quote::name(name), quote::name(file_name(name)));
        let of = quote::word(&requester.path);
        let added = place::runpath(case, graph, &[asks], &[], &directory, false)?;
        Some(format!(
            "patchelf --replace-needed {old} {new} {of} && {added}"
        ))
    });
    let draft = Draft::new(case, Code::SecureExec, name, message).also(gains(case));
    Some(draft.fix(
        None,
        "name the library without its directory, and the directory by an absolute runpath",
        snippet.as_deref(),
    ))
}

/// The finding about a preload that is there, and not taken where rights are gained: it
/// would have to be set-user-ID, and below a directory that is searched without the cache
/// (`elf/dl-load.c:open_path`, `_dl_map_new_object`).
pub(super) fn preload(case: &Case<'_>, library: &Library) -> Option<Draft> {
    if !case.rights.secure || case.is_library {
        return None;
    }
    let is_withheld = |attempt: &&Attempt| {
        let by = withheld_by(attempt);
        matches!(by, Some(Secure::NotSetUserId | Secure::CacheEntry)) && (case.has)(&attempt.path)
    };
    let attempt = library.attempts.iter().find(is_withheld)?;
    let message = format!(
        "{} is not preloaded, because {} gains rights: only a set-user-ID library in a directory that is searched counts then",
        quoted(&library.name),
        quoted(case.path.as_bytes()),
    );
    // Of the others the list of what was tried tells.
    let detail = attempt.detail.as_ref();
    let in_cache = detail.filter(|_| attempt.rule == Rule::Cache);
    let in_cache = in_cache.map(|why| format!("{}: {why}", Shown(&attempt.path)));
    let draft = Draft::new(case, Code::PreloadMissing, &library.name, message)
        .also(gains(case))
        .also(in_cache);
    Some(draft.fix(
        None,
        "preload it where no rights are gained, or take it out of LD_PRELOAD and /etc/ld.so.preload",
        None,
    ))
}

/// A program that starts because root starts it.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph.filter(|_| !case.is_library) else {
        return;
    };
    if case.rights.secure || !case.user.is_root() {
        return;
    }
    let relies = graph
        .libraries
        .iter()
        .find(|library| library.status == Status::Found && is_for_root_alone(case, graph, library));
    let Some(library) = relies else { return };
    let Some(granted) = (case.rights.granted)().filter(Capabilities::secures) else {
        return;
    };
    let path = library.path.as_deref().unwrap_or_default();
    let how = match library.rule {
        Some(Rule::LibraryPath) => "by LD_LIBRARY_PATH",
        _ => "by $ORIGIN",
    };
    let message = format!(
        "`{}` has file capabilities and finds {} {how}: it starts for root alone",
        case.path,
        quoted(&library.name)
    );
    let draft = Draft::new(case, Code::SecureExec, &library.name, message)
        .severity(Severity::Warning)
        .evidence(format!("security.capability: {granted}"))
        .evidence(format!("{}: found {how}", Shown(path)))
        .evidence("whoever else starts it gains rights, and then neither counts");
    found.push(mended(case, graph, library, draft, path).done());
}

/// Whether a library was found in a way that does not count where rights are gained.
fn is_for_root_alone(case: &Case<'_>, graph: &Graph, library: &Library) -> bool {
    let found_by = (library.rule, library.owner);
    if matches!(found_by, (Some(Rule::LibraryPath), _)) {
        return true;
    }
    // A library's own origin is as good as the place it was found in.
    let (Some(Rule::Rpath | Rule::RpathInherited | Rule::Runpath), Some(LinkMap::MAIN)) = found_by
    else {
        return false;
    };
    let main = graph.map.get(LinkMap::MAIN).object.as_ref();
    let dynamic = main.map(|object| &object.dynamic);
    let list = dynamic.and_then(|dynamic| dynamic.runpath.as_deref().or(dynamic.rpath.as_deref()));
    let origin = origin(case, graph, LinkMap::MAIN);
    let path = library.path.as_deref().unwrap_or_default();
    let mut leading = list
        .unwrap_or_default()
        .split(|&b| b == b':')
        .filter(|element| {
            let directory = expanded(element, origin.as_deref());
            let below = directory.and_then(|directory| path.strip_prefix(&directory[..]));
            below.is_some_and(|rest| rest.starts_with(b"/"))
        })
        .peekable();
    leading.peek().is_some() && leading.all(|element| origin_tail(element).is_some())
}

/// What makes the process one that gained rights.
fn gains(case: &Case<'_>) -> Option<String> {
    let program = case.exec.program.as_ref()?;
    let metadata = &program.metadata;
    let path = &program.path;
    if let Some(granted) = (case.rights.granted)().filter(Capabilities::secures) {
        return Some(format!("{path}: security.capability: {granted}"));
    }
    let mode = metadata.mode & 0o7777;
    let (uid, gid) = (metadata.uid, metadata.gid);
    Some(format!(
        "{path}: mode {mode:04o}, owner {uid}:{gid}; user {} starts it",
        case.user.uid
    ))
}

/// Ways by which the library at `path` is found for everyone.
fn mended(case: &Case<'_>, graph: &Graph, library: &Library, draft: Draft, path: &[u8]) -> Draft {
    let directory = match parent(path) {
        b"" => b"/",
        directory => directory,
    };
    let near = (case.near)(&library.name);
    let file = near.same.iter().find(|file| file.path.as_bytes() == path);
    // What it needs from there it finds by no runpath but its own.
    let is_inherited = file.is_some_and(|file| {
        let has_own = place::object(file).is_some_and(|object| object.dynamic.runpath.is_some());
        place::is_glibc(case) && !has_own && !place::beside(case, graph, library, file).is_empty()
    });
    let requesters = &library.requesters;
    let command = place::runpath(case, graph, requesters, &[], directory, is_inherited);
    let draft = draft.fix(
        None,
        "name the directory by an absolute runpath",
        command.as_deref(),
    );
    let is_cached = file.is_none_or(|file| place::is_cached_as(&library.name, file));
    let has_other = place::has_other_libc(case, graph, directory);
    let is_for_cache = place::is_glibc(case) && is_cached && !has_other;
    match place::cache(case, &[directory]).filter(|_| is_for_cache) {
        Some(line) => draft.fix(None, "or let ldconfig know the directory", Some(&line)),
        None => draft,
    }
}

/// `$ORIGIN` of an object.
fn origin(case: &Case<'_>, graph: &Graph, owner: ObjectId) -> Option<Vec<u8>> {
    let file = match owner {
        LinkMap::MAIN => case.exec.program.as_ref()?.real_path.clone(),
        _ => TargetPath::root().join(&graph.map.get(owner).path),
    };
    Some(file.parent().as_bytes().to_vec())
}

/// A directory as it would be without secure mode; `None` where it is none.
fn expanded(element: &[u8], origin: Option<&[u8]>) -> Option<Vec<u8>> {
    match origin_tail(element) {
        Some(tail) => Some([origin?, tail].concat()),
        None => element.starts_with(b"/").then(|| element.to_vec()),
    }
}

/// What follows a leading `$ORIGIN`.
fn origin_tail(element: &[u8]) -> Option<&[u8]> {
    let tail = element
        .strip_prefix(b"${ORIGIN}")
        .or_else(|| element.strip_prefix(b"$ORIGIN"))?;
    matches!(tail.first(), None | Some(b'/')).then_some(tail)
}
