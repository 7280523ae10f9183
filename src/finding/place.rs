//! How a library that lies where nothing looks is made known to the loader.
//!
//! Several libraries may lack their directories, and each says what mends it: so a line
//! adds to what is there, or names the directories of all of them.

use super::{Case, quote};
use crate::elf::Object;
use crate::graph::{Graph, Library, LoaderFile};
use crate::loader::{LinkMap, LoaderKind, ObjectId, Rule};
use crate::nearby::{NearFile, What};
use crate::path::{file_name, parent};
use crate::report::Fix;

/// The most files that are named in one line.
const MAX_FILES: usize = 16;
/// The most needs that are followed from one library.
const MAX_NEEDS: usize = 256;

/// What follows the directories in LD_LIBRARY_PATH: the list that there is. It may be one
/// of the command line alone, and where the image has none nothing may follow: an empty
/// element is the working directory (`elf/dl-load.c:fillin_rpath`).
pub(super) fn rest_of_list(case: &Case<'_>) -> &'static str {
    let has_list = (case.variable)(b"LD_LIBRARY_PATH").is_some_and(|list| !list.is_empty());
    match has_list {
        true => "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}",
        false => "",
    }
}

/// The instruction that puts directories before others in LD_LIBRARY_PATH; none where a
/// name cannot stand there, or the variable does not count.
pub(super) fn environment(case: &Case<'_>, directories: &[&[u8]]) -> Option<String> {
    let fits = |directory: &&[u8]| {
        let mut bytes = directory.iter();
        is_text(directory) && !bytes.any(|byte| b":;$".contains(byte))
    };
    let is_it = !directories.is_empty() && directories.iter().all(fits);
    let list = directories.join(&b':');
    let value = || quote::value(&list, rest_of_list(case));
    (is_it && !case.rights.secure).then(|| format!("ENV LD_LIBRARY_PATH={}", value()))
}

/// The instruction that lets `ldconfig` know directories; none where the target cannot run
/// it, or would not read the name (`elf/ldconfig.c:parse_conf`, `add_dir`).
pub(super) fn cache(case: &Case<'_>, directories: &[&[u8]]) -> Option<String> {
    let fits = |directory: &&[u8]| {
        let mut bytes = directory.iter();
        let is_trimmed = directory.trim_ascii().len() == directory.len();
        is_text(directory) && is_trimmed && !bytes.any(|byte| b"#=".contains(byte))
    };
    if directories.is_empty() || !directories.iter().all(fits) || !runs_ldconfig(case) {
        return None;
    }
    let words: Vec<String> = directories.iter().map(|name| quote::word(name)).collect();
    let says = match words.as_slice() {
        // Some shells' `echo` has a meaning for backslashes.
        [one] if !one.contains('\\') => format!("echo {one}"),
        all => format!(r"printf '%s\n' {}", all.join(" ")),
    };
    Some(format!("RUN {says} >> {} && ldconfig", (case.conf)()))
}

/// Whether the target can run its own ldconfig.
pub(super) fn runs_ldconfig(case: &Case<'_>) -> bool {
    case.can_run() && ((case.has)(b"/sbin/ldconfig") || (case.has)(b"/usr/sbin/ldconfig"))
}

/// Whether ldconfig puts a library into the cache under `name`: it takes files that are
/// called as libraries are, by their soname (`elf/ldconfig.c:search_dir`).
pub(super) fn is_cached_as(name: &[u8], file: &NearFile) -> bool {
    let is_library = name.starts_with(b"lib") || name.starts_with(b"ld-");
    let soname = object(file).and_then(|object| object.dynamic.soname.as_deref());
    let is_it = soname.is_none_or(|soname| soname == name);
    is_library && is_it && memchr::memmem::find(name, b".so").is_some()
}

/// The command that adds `directory` to the list of each of these objects, and of the files
/// `more`.
pub(super) fn runpath(
    case: &Case<'_>,
    graph: &Graph,
    objects: &[ObjectId],
    more: &[&[u8]],
    directory: &[u8],
    is_inherited: bool,
) -> Option<String> {
    if !is_text(directory) || directory.contains(&b':') {
        return None;
    }
    let option = adding(graph, objects, is_inherited);
    let paths = objects.iter().map(|id| &*graph.map.get(*id).path);
    let files: Vec<&[u8]> = paths.chain(more.iter().copied()).collect();
    let files = match files.len() {
        1..=MAX_FILES if option.is_some() && files.iter().all(|path| is_text(path)) => {
            let words: Vec<String> = files.iter().map(|path| quote::word(path)).collect();
            words.join(" ")
        }
        _ => "FILE".to_owned(),
    };
    let option = option.unwrap_or("--add-rpath");
    let command = format!("patchelf {option} {} {files}", quote::word(directory));
    Some(match objects.contains(&LinkMap::MAIN) {
        true => with_rights(case, command),
        false => command,
    })
}

/// By which option patchelf adds to the list of these objects; none where one would need
/// another than the next. What an object has of its own keeps it from the DT_RPATH of those
/// that asked for it only as DT_RUNPATH (`elf/dl-load.c:_dl_map_object`), and patchelf
/// writes that: so it is to be a DT_RPATH where there is one, and where what is found needs
/// others from there.
fn adding(graph: &Graph, objects: &[ObjectId], is_inherited: bool) -> Option<&'static str> {
    let is_forced = |&id: &ObjectId| {
        let has_own = graph.map.get(id).expanded.runpath.is_some();
        let mut chain = graph.map.chain(id);
        let has_rpath = chain.any(|id| graph.map.get(id).expanded.rpath.is_some());
        is_inherited || (!has_own && has_rpath)
    };
    match (objects.iter().any(is_forced), objects.iter().all(is_forced)) {
        (true, true) => Some("--force-rpath --add-rpath"),
        (false, _) => Some("--add-rpath"),
        (true, false) => None,
    }
}

/// What writes a program's file takes its capabilities: they are given again
/// (`security/commoncap.c:cap_inode_need_killpriv`).
pub(super) fn with_rights(case: &Case<'_>, command: String) -> String {
    if case.is_library {
        return command;
    }
    let Some(granted) = (case.rights.granted)() else {
        return command;
    };
    let sets = [granted.permitted, granted.inheritable];
    let is_one = sets[0] == sets[1] || sets.contains(&0);
    let capabilities = match is_one {
        true => granted.to_string(),
        false => "…".to_owned(),
    };
    let program = quote::word(case.path.as_bytes());
    format!("{command} && setcap {capabilities} {program}")
}

/// Whether `directory` has another C library than the one that is loaded: a list with it
/// would give that one to every program.
pub(super) fn has_other_libc(case: &Case<'_>, graph: &Graph, directory: &[u8]) -> bool {
    const LIBC: &[u8] = b"libc.so.6";
    if !is_glibc(case) {
        return false;
    }
    let Some(own) = graph.map.named(LIBC) else {
        return false;
    };
    let own = (case.real)(&graph.map.get(own).path);
    let other = (case.real)(&[directory, b"/", LIBC].concat());
    other.is_some_and(|other| own != Some(other))
}

/// Whether the loader is glibc's.
pub(super) fn is_glibc(case: &Case<'_>) -> bool {
    let file = case.graph.map(|(file, _)| file);
    matches!(file, Some(LoaderFile::Known(LoaderKind::Glibc(_))))
}

/// What `file` and what it needs want from its own directory, and would not get elsewhere.
pub(super) fn beside(
    case: &Case<'_>,
    graph: &Graph,
    library: &Library,
    file: &NearFile,
) -> Vec<Vec<u8>> {
    let place = parent(file.path.as_bytes());
    let defaults = default_directories(library);
    let in_directory = |directory: &[u8], name: &[u8]| [directory, b"/", name].concat();
    let mut found: Vec<Vec<u8>> = Vec::new();
    let needs =
        |object: &Object| -> Vec<Vec<u8>> { object.dynamic.needed().map(<[u8]>::to_vec).collect() };
    let mut wanted = object(file).map(needs).unwrap_or_default();
    for _ in 0..MAX_NEEDS {
        let Some(name) = wanted.pop() else { break };
        let path = in_directory(place, &name);
        let mut defaults = defaults.iter();
        let is_elsewhere = graph.map.named(&name).is_some()
            || defaults.any(|directory| (case.has)(&in_directory(directory, &name)));
        let is_own = *name == *library.name || name.contains(&b'/');
        if is_own || is_elsewhere || found.contains(&path) || !(case.has)(&path) {
            continue;
        }
        let near = (case.near)(&name);
        let mut same = near.same.iter();
        let of_it = same
            .find(|file| file.path.as_bytes() == path)
            .and_then(object);
        wanted.extend(of_it.map(needs).unwrap_or_default());
        found.push(path);
        if found.len() >= MAX_FILES {
            break;
        }
    }
    found.sort();
    found
}

/// The fix that copies `file`, and what it needs from its directory, to where the loader
/// looks by itself.
pub(super) fn copy(case: &Case<'_>, graph: &Graph, library: &Library, file: &NearFile) -> Fix {
    let others = beside(case, graph, library, file);
    let text = match others.is_empty() {
        true => "copy that library alone to where the loader looks",
        false => "copy that library, and what it needs, to where the loader looks",
    };
    let defaults = default_directories(library);
    let libc = graph.map.named(b"libc.so.6");
    let of_libc = libc.map(|id| parent(&graph.map.get(id).path));
    let is_there = |directory: &&&[u8]| (case.has)(directory);
    let of_libc = defaults
        .iter()
        .find(|directory| Some(**directory) == of_libc);
    let directory = of_libc.or_else(|| defaults.iter().find(is_there));
    let name = [parent(file.path.as_bytes()), b"/", &library.name].concat();
    let snippet = directory.and_then(|directory| {
        let directory = [directory, &b"/"[..]].concat();
        let mut names = vec![&*name];
        names.extend(others.iter().map(|path| &**path));
        names.push(&directory);
        if !names.iter().all(|name| is_text(name)) {
            return None;
        }
        Some(match case.can_run() {
            true => {
                let words: Vec<String> = names.iter().map(|name| quote::word(name)).collect();
                format!("RUN cp {}", words.join(" "))
            }
            false => format!("COPY --from=build {}", quote::copied(&names)),
        })
    });
    Fix {
        when: None,
        text: text.to_owned(),
        snippet,
    }
}

/// The loader's own directories in which `library` was looked for.
fn default_directories(library: &Library) -> Vec<&[u8]> {
    let of_loader = library.attempts.iter().filter(|attempt| {
        let is_default = attempt.rule == Rule::DefaultDirectory;
        is_default && file_name(&attempt.path) == &*library.name
    });
    let mut directories: Vec<&[u8]> = Vec::new();
    for attempt in of_loader {
        let directory = parent(&attempt.path);
        let is_levels = memchr::memmem::find(directory, b"/glibc-hwcaps/").is_some();
        if !is_levels && !directories.contains(&directory) {
            directories.push(directory);
        }
    }
    directories
}

/// The program, or the library by its name.
pub(super) fn named(graph: &Graph, id: ObjectId) -> String {
    match id {
        LinkMap::MAIN => "the program".to_owned(),
        _ => super::quoted(&graph.map.get(id).path),
    }
}

/// Whether a name can be typed as it is: another would stand in a line as it is shown,
/// which is a name of something else.
pub(super) fn is_text(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control))
}

pub(super) fn object(file: &NearFile) -> Option<&Object> {
    match &file.what {
        What::Object(object) => Some(object),
        What::Other { .. } | What::Dangling(_) => None,
    }
}
