//! Findings about symbols that nothing defines, and needs that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Code, Draft, built_for, is_about_absence, quoted};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::graph::{Bound, Culprit, Graph, LoaderFile, Status, Unbound, When};
use crate::loader::{LinkMap, LoaderKind, ObjectId};
use crate::report::{Finding, Libc, Severity};

/// How many symbols of one object are named.
const NAMED: usize = 6;

pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph else {
        return;
    };
    let Some(bound) = &graph.bound else {
        return;
    };
    let absent: BTreeSet<&[u8]> = graph
        .libraries
        .iter()
        .filter(|library| matches!(library.status, Status::Missing | Status::Unusable(_)))
        .map(|library| &*library.name)
        .collect();
    let mut by_object: BTreeMap<ObjectId, Vec<&Unbound>> = BTreeMap::new();
    let mut consequences = Vec::new();
    for unbound in &bound.unbound {
        // A plugin gets symbols of whatever loads it, but not glibc's own.
        let may_be_given = case.is_library && !bound.is_asked && unbound.version().is_none();
        let version = unbound.version();
        let is_private = version.is_some_and(|version| *version.name == *b"GLIBC_PRIVATE");
        // Said with its cause.
        let is_mixed = graph.mixed.is_some() && is_private;
        let is_of_version = matches!(unbound.culprit, Culprit::Unversioned(..));
        if may_be_given || is_mixed || is_of_version || is_foreign(graph, unbound.object) {
            continue;
        }
        match comes_of(unbound, &absent) {
            true => consequences.push(unbound),
            false => by_object.entry(unbound.object).or_default().push(unbound),
        }
    }
    let of_absence = found
        .iter_mut()
        .find(|finding| is_about_absence(&finding.code));
    match of_absence {
        Some(finding) => {
            let line = consequence(graph, &consequences);
            finding.consequences.extend(line);
        }
        // What is missing was said in other words, if at all.
        None => {
            for unbound in consequences {
                by_object.entry(unbound.object).or_default().push(unbound);
            }
        }
    }
    for (object, unbound) in &by_object {
        found.extend(missing(case, graph, bound, *object, unbound));
    }
    for &object in &bound.unused {
        found.push(unused(case, graph, object));
    }
}

/// Whether a symbol is missing because a library is.
fn comes_of(unbound: &Unbound, absent: &BTreeSet<&[u8]>) -> bool {
    let file = unbound
        .version()
        .and_then(|version| version.file.as_deref());
    match file {
        Some(file) => absent.contains(file),
        None => !absent.is_empty() && unbound.symbol().is_some(),
    }
}

/// musl does not tell libraries for other machines apart; that is one finding,
/// and not one for each relocation.
fn is_foreign(graph: &Graph, object: ObjectId) -> bool {
    let machine = |id| {
        let object = graph.map.get(id).object.as_ref();
        object.map(|object: &std::sync::Arc<Object>| object.header.machine)
    };
    machine(object) != machine(LinkMap::MAIN)
}

fn consequence(graph: &Graph, unbound: &[&Unbound]) -> Option<String> {
    let first = unbound.first()?;
    let names = distinct(unbound);
    let path = &graph.map.get(first.object).path;
    Some(match names.len() {
        1 => format!("{} that would come from there: {}", "1 symbol", names[0]),
        count => format!(
            "{count} symbols that would come from there, such as {} for {}",
            names[0],
            quoted(path)
        ),
    })
}

/// The symbols, each once, in order, with their versions.
fn distinct(unbound: &[&Unbound]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut names = Vec::new();
    for unbound in unbound {
        let Some(symbol) = unbound.symbol() else {
            continue;
        };
        if known.insert((symbol.hash, symbol.version)) {
            let version = unbound.version();
            names.push(match version {
                Some(version) => format!("{} ({})", quoted(&symbol.name), Shown(&version.name)),
                None => quoted(&symbol.name),
            });
        }
    }
    names
}

fn missing(
    case: &Case<'_>,
    graph: &Graph,
    bound: &Bound,
    id: ObjectId,
    unbound: &[&Unbound],
) -> Option<Finding> {
    let loaded = graph.map.get(id);
    let object = loaded.object.as_deref()?;
    let at_start = unbound.iter().any(|unbound| unbound.when == When::Start);
    let names = distinct(unbound);
    let path = quoted(&loaded.path);
    let line = run_time_line(case, graph, bound, unbound);
    if names.is_empty() {
        return Some(relocations(case, &loaded.path, line));
    }
    let is_for_musl = bound.is_musl && built_for(object) == Libc::Glibc;
    let (code, message) = if is_for_musl {
        let message = format!(
            "{path} is made for glibc and wants {} that musl does not have",
            count(&names)
        );
        (Code::GlibcSymbolsOnMusl, message)
    } else {
        let message = format!("{path} wants {} that nothing defines", count(&names));
        (Code::SymbolMissing, message)
    };
    let severity = match at_start && !case.is_library {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let mut draft = Draft::new(case, code, &loaded.path, message).severity(severity);
    draft = draft.evidence(list(&names));
    for unbound in unbound.iter().take(NAMED) {
        draft = draft.also(near(graph, unbound)).also(home(unbound));
    }
    draft.finding.evidence.dedup();
    draft = draft.also(line);
    if !at_start {
        draft = draft.evidence("bound when first called: the program starts, and ends there");
    }
    let draft = match code {
        Code::GlibcSymbolsOnMusl => {
            let draft = draft
                .fix(
                    None,
                    "build it on the libc that it runs with",
                    Some("FROM alpine"),
                )
                .fix(
                    Some("the binary cannot be built again"),
                    "use a base image with glibc",
                    Some("FROM debian:stable-slim"),
                );
            match has_gcompat(case) {
                true => draft.evidence("gcompat is here, and has none of them"),
                false => draft.fix(
                    Some("only functions of the C library are missing"),
                    "gcompat has some of them",
                    Some("apk add gcompat"),
                ),
            }
        }
        _ => draft
            .fix(
                None,
                "put the release of the library there that it was linked with",
                None,
            )
            .fix(
                Some("another copy of the library is found first"),
                "take its directory out of LD_LIBRARY_PATH, rpath or runpath",
                None,
            ),
    };
    Some(draft.done())
}

/// Whether what musl lacks was looked for in gcompat already: its stub is the loader, or
/// its library is loaded.
fn has_gcompat(case: &Case<'_>) -> bool {
    let Some((file, graph)) = case.graph else {
        return false;
    };
    let is_it = |library: &crate::graph::Library| {
        library.status == Status::Found && library.name.starts_with(b"libgcompat.so")
    };
    matches!(file, LoaderFile::Known(LoaderKind::Gcompat)) || graph.libraries.iter().any(is_it)
}

/// An object with relocations that musl does not know.
fn relocations(case: &Case<'_>, path: &[u8], line: Option<String>) -> Finding {
    let message = format!("{} has relocations that musl does not know", quoted(path));
    let draft = Draft::new(case, Code::GlibcLoaderUnderMusl, path, message);
    draft
        .also(line)
        .fix(
            None,
            "remove what brought glibc here, or use a base image with glibc",
            None,
        )
        .done()
}

fn count(names: &[String]) -> String {
    match names {
        [only] => only.clone(),
        _ => format!("{} symbols", names.len()),
    }
}

fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().checked_sub(NAMED).filter(|&more| more > 0) {
        Some(more) => format!("not found: {shown} and {more} more"),
        None => format!("not found: {shown}"),
    }
}

/// What has a symbol of the name, and why it will not do.
fn near(graph: &Graph, unbound: &Unbound) -> Option<String> {
    let near = unbound.near.as_ref()?;
    let symbol = unbound.symbol()?;
    let path = quoted(&graph.map.get(near.object).path);
    Some(match &near.version {
        Some(version) => format!(
            "{path} has {} in version {}",
            quoted(&symbol.name),
            Shown(version)
        ),
        None => format!("{path} has a {} that will not do", quoted(&symbol.name)),
    })
}

/// The file that a version was linked from, or the library that usually has
/// symbols of such a name.
fn home(unbound: &Unbound) -> Option<String> {
    let symbol = unbound.symbol()?;
    if let Some(file) = unbound
        .version()
        .and_then(|version| version.file.as_deref())
    {
        return Some(format!("it was linked with a {} that has it", quoted(file)));
    }
    let usual = USUAL
        .iter()
        .find(|(start, _)| symbol.name.starts_with(start.as_bytes()))?;
    Some(format!(
        "{} usually comes from {}",
        quoted(&symbol.name),
        usual.1
    ))
}

/// Beginnings of names, and where such symbols come from; longer ones first.
const USUAL: &[(&str, &str)] = &[
    ("_ZNSt", "libstdc++"),
    ("_ZNKSt", "libstdc++"),
    ("_ZSt", "libstdc++"),
    ("_ZTVN10__cxxabiv1", "libstdc++"),
    ("__cxa_", "libstdc++"),
    ("__gxx_", "libstdc++"),
    ("_Unwind_", "libgcc_s"),
    ("GOMP_", "libgomp"),
    ("PyInit_", "an extension module of Python"),
    ("Py", "the Python interpreter that loads it"),
    ("_Py", "the Python interpreter that loads it"),
    ("napi_", "the Node.js that loads it"),
    ("JNI_", "the Java machine that loads it"),
    ("SSL_", "libssl of OpenSSL"),
    ("EVP_", "libcrypto of OpenSSL"),
    ("inflate", "libz"),
    ("deflate", "libz"),
    ("crypt", "libcrypt"),
    ("__res_", "libresolv of glibc"),
    ("dlopen", "libdl"),
    ("pthread_", "libpthread"),
];

/// What the loader writes of it, if it does.
fn run_time_line(
    case: &Case<'_>,
    graph: &Graph,
    bound: &Bound,
    unbound: &[&Unbound],
) -> Option<String> {
    let mut lines = unbound.iter().map(|one| bound.line(one, &graph.map));
    lines.find_map(|line| case.said(&line))
}

fn unused(case: &Case<'_>, graph: &Graph, object: ObjectId) -> Finding {
    let library = graph
        .libraries
        .iter()
        .find(|library| library.object == Some(object));
    let path = &graph.map.get(object).path;
    let name = library.map_or(path, |library| &library.name);
    let message = format!("{} is needed, and no symbol of it is used", quoted(name));
    Draft::new(case, Code::UnusedNeeded, name, message)
        .evidence(format!("found as {}", quoted(path)))
        .evidence("what it does when it is loaded may still be wanted")
        .fix(None, "leave it out when linking", Some("-Wl,--as-needed"))
        .done()
}
