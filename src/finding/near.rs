//! What a missing library's near misses tell: which code it is, and what mends it.

use super::misplaced::{cause, misplaced, usable, was_met};
use super::place::object;
use super::{Case, Code, Draft, owned, quote, quoted};
use crate::elf::{Class, Linkage, NotElf, Object};
use crate::graph::{Graph, Library};
use crate::loader::LinkMap;
use crate::nearby::{Near, NearFile, What};
use crate::path::{file_name, parent};
use crate::platform::{abi, machine_name};
use crate::report::Libc;

/// The most near files that are told.
pub(super) const MAX_TOLD: usize = 4;

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
        // A link is found where the loader looks, and nowhere else.
        let directory = (case.real)(parent(other.as_bytes()));
        let mut attempts = lacking.library.attempts.iter();
        let is_searched = directory.is_some()
            && attempts.any(|attempt| (case.real)(parent(&attempt.path)) == directory);
        let draft = match kin {
            Kin::Same if is_64 && is_searched && case.can_run() => {
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
/// elsewhere in the target. Who tells them leaves out what cannot be meant, and then tells
/// no more than [`MAX_TOLD`].
pub(crate) fn programs(near: &Near, path: &[u8]) -> Vec<String> {
    let may_start = |file: &&NearFile| match &file.what {
        What::Object(object) => object.is_loadable_type(),
        What::Other { may_execute, .. } => *may_execute,
        What::Dangling(_) => false,
    };
    let elsewhere = near.same.iter().filter(may_start);
    let paths = elsewhere.filter(|file| file.path.as_bytes() != path);
    paths.map(|file| file.path.to_string()).collect()
}
