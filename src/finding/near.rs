//! What a missing library's near misses tell: which code it is, and what mends it.

use super::place::{self, object};
use super::{Case, Code, Draft, install, owned, quote, quoted};
use crate::bytes::Shown;
use crate::elf::{Class, Linkage, NotElf, Object};
use crate::graph::{Attempt, Graph, Library, Status};
use crate::loader::{Directory, LinkMap, ObjectId, Rule, TryOutcome};
use crate::nearby::{Near, NearFile, What};
use crate::package::{Manager, Provider, capability, lacks};
use crate::path::{file_name, parent};
use crate::platform::{abi, machine_name};
use crate::report::{Finding, Fix, Libc};

/// The most near files that are told.
const MAX_TOLD: usize = 4;

/// The most libraries whose directories stand in one line.
const MAX_LACKING: usize = 16;

/// Libraries that a compiler's own packages bring, and that go with them.
const COMPILER_RUNTIMES: [&[u8]; 6] = [
    b"libstdc++.so.6",
    b"libgcc_s.so.1",
    b"libgomp.so.1",
    b"libgfortran.so.5",
    b"libatomic.so.1",
    b"libquadmath.so.0",
];

/// How far two libraries of different sonames are one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kin {
    /// One ABI: distributions have made up the name. Of libaio that holds for 64 bits, where
    /// times always had as many.
    Same,
    /// Built in another way.
    Other,
}

/// One library under the sonames of several distributions.
const ALIASES: [(&[&[u8]], Kin); 6] = [
    (&[b"libbz2.so.1.0", b"libbz2.so.1"], Kin::Same),
    (&[b"libpcap.so.0.8", b"libpcap.so.1"], Kin::Same),
    (&[b"libcurl-gnutls.so.4", b"libcurl.so.4"], Kin::Other),
    (&[b"libhdf5_serial.so.103", b"libhdf5.so.103"], Kin::Other),
    (&[b"libjpeg.so.62", b"libjpeg.so.8"], Kin::Other),
    (&[b"libaio.so.1", b"libaio.so.1t64"], Kin::Same),
];

/// A library that none of the places has where it was looked for.
#[derive(Clone, Copy)]
pub(super) struct Lacking<'a> {
    pub(super) graph: &'a Graph,
    pub(super) library: &'a Library,
    /// Who needs it, in words.
    pub(super) by: &'a str,
    /// The rules are musl's.
    pub(super) musl: bool,
}

/// What is the matter, begun as a finding: its code and first sentence, and of
/// what is near what can be told.
pub(super) fn draft(case: &Case<'_>, lacking: &Lacking<'_>) -> Draft {
    let name = &*lacking.library.name;
    let by = lacking.by;
    // What the image has of that name is for linking, or for the toolkit to choose.
    if let Some(draft) = super::host::draft(case, name) {
        return draft;
    }
    let main = lacking.graph.map.get(LinkMap::MAIN).object.as_deref();
    let near = (case.near)(name);
    let fits = |file: &&NearFile| object(file).is_some_and(|object| fits(object, main));
    let was_met = |file: &&NearFile| was_met(lacking.library, file);
    let usable = usable(lacking.graph, lacking.library, &near);
    let draft = |code, message| Draft::new(case, code, name, message);
    let draft = if let Some((why, file)) = cause(case, lacking, &usable) {
        misplaced(case, lacking, &why, file, &usable)
    } else if let Some((other, kin)) = alias(case, name, main) {
        let message = format!(
            "{} is not found; {by} needs it, and this target calls that library {}",
            quoted(name),
            quoted(file_name(other.as_bytes()))
        );
        let draft = draft(Code::SonameDiffersByDistro, message)
            .evidence(format!("here it is {}", owned(case, other.as_bytes())));
        let is_64 = main.is_some_and(|main| main.class() == Class::Elf64);
        let link = || {
            let new = [parent(other.as_bytes()), b"/", name].concat();
            let (old, new) = (quote::word(other.file_name()), quote::word(&new));
            format!("RUN ln -s {old} {new}")
        };
        let draft = match kin {
            Kin::Same if is_64 && case.can_run() => {
                draft.fix(None, "make a link: it is the same library", Some(&link()))
            }
            Kin::Same | Kin::Other => draft,
        };
        let text = match draft.finding.fixes.is_empty() {
            true => "build it on the distribution that it is to run on",
            false => "or build it on the distribution that it is to run on",
        };
        draft.fix(None, text, None)
    } else if let Some(other) = near.versions.iter().filter(is_library).find(fits) {
        let message = format!(
            "{} is not found; {by} needs it, and this target has another version, {}",
            quoted(name),
            quoted(file_name(other.path.as_bytes()))
        );
        draft(Code::SonameBumped, message)
            .evidence(format!(
                "another version: {}",
                owned(case, other.path.as_bytes())
            ))
            .fix(None, "build it on the release that it is to run on", None)
    } else if COMPILER_RUNTIMES.contains(&name) {
        let message = format!(
            "{}, of the compiler's runtime, is not found; {by} needs it",
            quoted(name)
        );
        draft(Code::RuntimeLibRemoved, message)
    } else {
        let message = format!("{} is not found; {by} needs it", quoted(name));
        draft(Code::NeededMissing, message)
    };
    let told = near
        .same
        .iter()
        .filter(|file| !fits(file) && !was_met(file));
    let told = told.take(MAX_TOLD);
    let draft = told.fold(draft, |draft, file| draft.evidence(line(file)));
    let is_nowhere = near.is_complete && near.same.is_empty();
    draft.also(is_nowhere.then(|| "no file of that name is anywhere in this target".to_owned()))
}

/// Whether the search for `library` came by this file. That one is not elsewhere, whatever
/// kept the loader from taking it.
fn was_met(library: &Library, file: &NearFile) -> bool {
    let mut attempts = library.attempts.iter();
    attempts.any(|attempt| *attempt.path == *file.path.as_bytes())
}

/// Files that the loader would take for `library`, where it does not look. Where its search
/// ended at something else, no file elsewhere mends that.
fn usable<'n>(graph: &Graph, library: &Library, near: &'n Near) -> Vec<&'n NearFile> {
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
enum Why<'a> {
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
fn cause<'a>(
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
fn misplaced(
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
                _ => "name the directories to the loader, of all that is not found",
            },
            place::environment(case, &all),
        ),
        (
            match all.as_slice() {
                [_] => "put it into the cache",
                _ => "put all of them into the cache",
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

/// Adds to each of `findings`, which are about libraries that are nowhere, the fix that
/// installs the packages of all: one line mends them together.
pub(super) fn packages(case: &Case<'_>, findings: &mut [&mut Finding]) {
    let objects = findings.iter().filter_map(|finding| finding.object.clone());
    let objects: Vec<String> = objects.collect();
    let names: Vec<&[u8]> = objects.iter().map(String::as_bytes).collect();
    let libraries = case.graph.map_or(&[][..], |(_, graph)| &graph.libraries);
    let listed = |name: &[u8]| {
        let mut own = libraries.iter().filter(|library| *library.name == *name);
        own.find_map(|library| listed(case, &library.attempts))
    };
    let gone: Vec<String> = names.iter().filter_map(|name| listed(name)).collect();
    let restored = install::restoring(case, &gone);
    let is_restored = |name: &[u8]| restored.is_some() && listed(name).is_some();
    let rest = names.into_iter().filter(|name| !is_restored(name));
    let (known, others): (Vec<&[u8]>, Vec<&[u8]>) =
        rest.partition(|name| provider(case, name).is_some());
    let fixes = [installing(case, &known), by_capabilities(case, &others)];
    let older = Some(Fix {
        when: None,
        text: "build it on the release that it runs on: no package of that has the library"
            .to_owned(),
        snippet: None,
    });
    let distro = case.target.distro.as_ref();
    for finding in findings {
        let name = finding.object.as_deref().unwrap_or_default().as_bytes();
        let [of_known, of_others] = &fixes;
        let fix = match provider(case, name) {
            _ if is_restored(name) => &restored,
            _ if distro.is_some_and(|distro| lacks(distro, name)) => match finding.fixes.len() {
                0 => &older,
                _ => continue,
            },
            Some(_) => of_known,
            None => of_others,
        };
        finding.fixes.extend(fix.clone());
    }
}

/// The package of which the target's package manager lists one of the files that were looked
/// for, though it is not there, or a link to nothing.
fn listed(case: &Case<'_>, attempts: &[Attempt]) -> Option<String> {
    let gone = attempts
        .iter()
        .filter(|attempt| matches!(attempt.outcome, TryOutcome::Absent | TryOutcome::BrokenLink));
    let mut packages = gone.filter_map(|attempt| (case.owner)(&attempt.path));
    packages.next()
}

/// The fix that puts back a library that is listed as installed, looked for by these
/// `attempts`.
pub(super) fn restoring(case: &Case<'_>, attempts: &[Attempt]) -> Option<Fix> {
    install::restoring(case, &[listed(case, attempts)?])
}

/// The fix that brings one library, looked for by these `attempts`.
pub(super) fn bringing(case: &Case<'_>, name: &[u8], attempts: &[Attempt]) -> Option<Fix> {
    restoring(case, attempts).or_else(|| installing(case, &[name]))
}

/// The fix that installs whatever packages of rpm have the libraries `wanted`, where
/// nothing more is known of them.
fn by_capabilities(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let program = case.exec.program.as_ref();
    let is_64 = program.is_none_or(|program| program.object.class() == Class::Elf64);
    let manager = install::manager(case);
    let manager = manager
        .filter(|manager| matches!(manager, Manager::Dnf | Manager::Yum | Manager::Zypper))?;
    let distro = case.target.distro.as_ref();
    let may_have = |name: &&&[u8]| !distro.is_some_and(|distro| lacks(distro, name));
    let wanted = wanted.iter().filter(may_have);
    let capabilities: Option<Vec<String>> = wanted.map(|name| capability(name, is_64)).collect();
    let capabilities = capabilities.filter(|all| !all.is_empty())?;
    let text = match capabilities.len() {
        1 => "install the package that has it, by what it provides",
        _ => "install the packages that have them, by what they provide",
    };
    Some(Fix {
        when: None,
        text: text.to_owned(),
        snippet: Some(manager.command(&capabilities.join(" "))),
    })
}

fn provider(case: &Case<'_>, name: &[u8]) -> Option<Provider> {
    crate::package::provider(case.target.distro.as_ref()?, name)
}

/// The package of the target's distribution that brings the library `name`.
pub(super) fn package(case: &Case<'_>, name: &[u8]) -> Option<&'static str> {
    Some(provider(case, name)?.package)
}

/// The fix that installs the packages which bring the libraries `wanted`, as far as they are
/// known.
pub(super) fn installing(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let mut packages: Vec<&'static str> = Vec::new();
    let (mut managers, mut is_certain): (&[Manager], bool) = (&[], true);
    for provider in wanted.iter().filter_map(|name| provider(case, name)) {
        is_certain &= provider.is_certain;
        managers = provider.managers;
        for name in provider.package.split(' ') {
            if !packages.contains(&name) {
                packages.push(name);
            }
        }
    }
    let here = |manager: &&Manager| install::is_here(case, **manager);
    let manager = managers.iter().find(here).copied();
    let names = install::names(case, manager.or(managers.first().copied())?, &packages)?;
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let has = if is_certain { "" } else { "usually " };
    let what = match quoted.as_slice() {
        [] => return None,
        [one] => format!("install {one}, the package that {has}has it"),
        several => format!(
            "install {}, the packages that {has}have them",
            several.join(", ")
        ),
    };
    let text = match manager {
        Some(_) => what,
        None => format!(
            "{what}, in another stage, and copy the files: this target has no package manager"
        ),
    };
    let snippet = manager.and_then(|manager| install::command(case, manager, &packages));
    Some(Fix {
        when: None,
        text,
        snippet,
    })
}

/// A library of the target that has another soname elsewhere.
fn alias(
    case: &Case<'_>,
    name: &[u8],
    main: Option<&Object>,
) -> Option<(crate::path::TargetPath, Kin)> {
    let (others, kin) = ALIASES.iter().find(|(names, _)| names.contains(&name))?;
    let others = others.iter().filter(|other| **other != name);
    others.into_iter().find_map(|other| {
        let near: std::rc::Rc<Near> = (case.near)(other);
        let fits = |file: &&NearFile| object(file).is_some_and(|o| fits(o, main));
        let file = near.same.iter().find(fits)?;
        Some((file.path.clone(), *kin))
    })
}

/// Whether a file is a library, and not a program that is called after one.
fn is_library(file: &&NearFile) -> bool {
    object(file).is_some_and(|object| {
        object.dynamic.soname.is_some() || object.linkage() == Linkage::SharedObject
    })
}

/// Whether `main`'s loader would take `object`, and it is no library of another
/// libc.
pub(super) fn fits(object: &Object, main: Option<&Object>) -> bool {
    let abi_of = |object: &Object| {
        let header = &object.header;
        abi(header.machine, header.layout, header.flags).map(|abi| abi.name)
    };
    let libc_of = |object: &Object| match super::built_for(object) {
        libc @ (Libc::Glibc | Libc::Musl) => Some(libc),
        _ => None,
    };
    let Some(main) = main else { return false };
    let same_libc = match (libc_of(object), libc_of(main)) {
        (Some(own), Some(wanted)) => own == wanted,
        _ => true,
    };
    object.is_loadable_type() && abi_of(object) == abi_of(main) && same_libc
}

/// What a near file is that cannot be used.
fn line(file: &NearFile) -> String {
    let path = &file.path;
    match &file.what {
        What::Object(object) => {
            let header = &object.header;
            let machine = machine_name(header.machine, header.layout, header.flags);
            match super::built_for(object) {
                Libc::Musl => format!("not usable: {path}: {machine}, for musl"),
                Libc::Glibc => format!("not usable: {path}: {machine}, for glibc"),
                _ => format!("not usable: {path}: {machine}"),
            }
        }
        What::Other { why, head, .. } => format!("not usable: {path}: {}", other(why, head)),
        What::Dangling(hops) => format!("not usable: a link to nothing: {}", hops.join("; ")),
    }
}

/// What a file is that has a library's name and is no ELF file.
pub(super) fn other(why: &NotElf, head: &[u8]) -> String {
    if let Some(looks) = super::looks::looks_like(head) {
        return looks.words().to_owned();
    }
    match why {
        NotElf::Empty => "an empty file".to_owned(),
        _ if is_linkers(head) => "a linker's script, for linking and not for loading".to_owned(),
        _ => why.to_string(),
    }
}

/// Whether a file that begins so is a linker's script.
pub(super) fn is_linkers(head: &[u8]) -> bool {
    [&b"GROUP"[..], b"INPUT", b"OUTPUT_FORMAT", b"GNU ld script"]
        .iter()
        .any(|word| memchr::memmem::find(head, word).is_some())
}

/// Files that could be the loader `path`, elsewhere in the target.
pub(super) fn loaders(case: &Case<'_>, path: &[u8], program: &Object) -> Vec<String> {
    let near = (case.near)(file_name(path));
    let fitting = near
        .same
        .iter()
        .filter(|file| object(file).is_some_and(|object| fits(object, Some(program))));
    let paths = fitting.filter(|file| file.path.as_bytes() != path);
    paths
        .take(MAX_TOLD)
        .map(|file| file.path.to_string())
        .collect()
}

/// What could be meant by `path`: programs of its name, which `near` is about,
/// elsewhere in the target.
pub(crate) fn programs(near: &Near, path: &[u8]) -> Vec<String> {
    let may_start = |file: &&NearFile| match &file.what {
        What::Object(object) => object.is_loadable_type(),
        What::Other { may_execute, .. } => *may_execute,
        What::Dangling(_) => false,
    };
    let elsewhere = near.same.iter().filter(may_start);
    let paths = elsewhere.filter(|file| file.path.as_bytes() != path);
    paths
        .take(MAX_TOLD)
        .map(|file| file.path.to_string())
        .collect()
}
