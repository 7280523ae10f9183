//! Directories in rpath and runpath that belong to the machine that built a file, or
//! to whoever is there first.

use super::{Case, Code, Draft, place, quote, quoted};
use crate::bytes::Shown;
use crate::graph::{Graph, Library};
use crate::loader::{Directory, Loaded, Role};
use crate::report::Finding;

/// Directories that everyone may make things in.
const OPEN: [&[u8]; 3] = [b"/tmp/", b"/var/tmp/", b"/dev/shm/"];
/// Where builds take place.
const BUILD: [&[u8]; 14] = [
    b"/home/",
    b"/root/",
    b"/Users/",
    b"/build/",
    b"/builds/",
    b"/buildroot/",
    b"/workspace/",
    b"/workspaces/",
    b"/github/",
    b"/__w/",
    b"/usr/src/",
    b"/src/",
    b"/nix/store/",
    b"/var/lib/jenkins/",
];

/// What each of the files that are loaded says of itself.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph else {
        return;
    };
    for (_, loaded) in graph.map.iter() {
        if loaded.role != Role::Loader {
            found.extend(dead(case, graph, loaded));
        }
    }
}

/// A directory without the slashes behind it, of which the search keeps one.
fn without_slashes(directory: &[u8]) -> &[u8] {
    match directory.strip_suffix(b"/") {
        Some(rest) if !rest.is_empty() => without_slashes(rest),
        _ => directory,
    }
}

/// Why a directory is worth a word.
enum Fault {
    /// Anyone can put a library there.
    Open,
    /// It is looked for where the process happens to be.
    Relative,
    /// A build machine had it, and the target does not.
    Gone,
}

fn dead(case: &Case<'_>, graph: &Graph, loaded: &Loaded) -> Option<Finding> {
    let (tag, list) = match (&loaded.expanded.rpath, &loaded.expanded.runpath) {
        (_, Some(list)) => ("DT_RUNPATH", list),
        (Some(list), None) => ("DT_RPATH", list),
        (None, None) => return None,
    };
    let directories = list.iter().filter_map(|directory| match directory {
        Directory::Search(path) => Some((&**path, fault(case, loaded, path)?)),
        Directory::Dropped(..) | Directory::Beyond => None,
    });
    let faults: Vec<(&[u8], Fault)> = directories.collect();
    let (_, worst) = faults.first()?;
    let path = &*loaded.path;
    let what = match worst {
        _ if faults.iter().any(|(_, fault)| matches!(fault, Fault::Open)) => {
            "looks for libraries where anyone may put them"
        }
        _ if faults
            .iter()
            .any(|(_, fault)| matches!(fault, Fault::Relative)) =>
        {
            "looks for libraries in the working directory"
        }
        _ => "looks for libraries where a build machine had them",
    };
    let message = format!("{} {what}", quoted(path));
    let mut draft = Draft::new(case, Code::RunpathDead, path, message);
    for (directory, fault) in &faults {
        let shown = match *directory {
            b"" => "an empty element".to_owned(),
            directory => Shown(without_slashes(directory)).to_string(),
        };
        let why = match fault {
            Fault::Open => "everyone may write there",
            Fault::Relative => "relative to the working directory",
            Fault::Gone => "is not in the target",
        };
        draft = draft.evidence(format!("{tag}: {shown}: {why}"));
    }
    let lacks = |library: &&Library| {
        let is_missing = library.status == crate::graph::Status::Missing;
        is_missing
            && library
                .requesters
                .iter()
                .any(|&id| std::ptr::eq(graph.map.get(id), loaded))
    };
    let lacking = graph.libraries.iter().find(lacks);
    draft = draft.also(
        lacking.map(|library| format!("it needs {}, which is not found", quoted(&library.name))),
    );
    draft = match lacking {
        // Its own finding says where it is, and adds to this very list.
        Some(_) => draft.fix(
            None,
            "when that is found, take what is told here out of the list",
            None,
        ),
        None => without(case, draft, graph, loaded, tag, &faults),
    };
    let is_of_build = |(directory, fault): &(&[u8], Fault)| {
        matches!(fault, Fault::Gone) && !directory.starts_with(b"/nix/")
    };
    if faults.iter().all(is_of_build) {
        draft = draft.fix(
            Some("CMake"),
            "install it, which takes the build's own runpath out",
            Some("cmake --install build"),
        );
    }
    Some(draft.done())
}

/// The fix that leaves the rest of the list as it is written, and nothing out that a
/// library comes by.
fn without(
    case: &Case<'_>,
    draft: Draft,
    graph: &Graph,
    loaded: &Loaded,
    tag: &str,
    faults: &[(&[u8], Fault)],
) -> Draft {
    let is_by = |library: &Library, directory: &[u8]| {
        let owner = library.owner.map(|id| graph.map.get(id));
        let path = library.path.as_deref().unwrap_or_default();
        let is_below = match directory {
            b"" => !path.starts_with(b"/"),
            directory => {
                let rest = path.strip_prefix(without_slashes(directory));
                rest.is_some_and(|rest| directory == b"/" || rest.starts_with(b"/"))
            }
        };
        is_below && owner.is_some_and(|owner| std::ptr::eq(owner, loaded))
    };
    let in_use = faults.iter().find(|(directory, _)| {
        let mut libraries = graph.libraries.iter();
        libraries.any(|library| is_by(library, directory))
    });
    match in_use {
        Some((_, Fault::Relative)) => {
            let text = "name the directory by its whole path, or by $ORIGIN";
            return draft.fix(None, text, None);
        }
        Some(_) => {
            let text = "move the libraries to where root alone may write, and name that directory";
            return draft.fix(None, text, None);
        }
        None => {}
    }
    let dynamic = loaded.object.as_ref().map(|object| &object.dynamic);
    let list = dynamic.and_then(|dynamic| dynamic.runpath.as_deref().or(dynamic.rpath.as_deref()));
    let elements = list.unwrap_or_default().split(|&byte| byte == b':');
    let is_faulty = |element: &[u8]| {
        let mut faults = faults.iter();
        faults.any(|(directory, _)| without_slashes(directory) == without_slashes(element))
    };
    let (out, kept): (Vec<&[u8]>, Vec<&[u8]>) = elements.partition(|element| is_faulty(element));
    let text = match faults {
        [_] => "take it out of the list",
        _ => "take them out of the list",
    };
    // One with a token would have to be told by what it stands for, and what is no text
    // cannot be written as it is.
    let mut written = kept.iter().copied().chain([&*loaded.path]);
    if out.len() < faults.len() || !written.all(place::is_text) {
        return draft.fix(None, text, None);
    }
    let file = quote::word(&loaded.path);
    let command = match kept.as_slice() {
        [] => format!("patchelf --remove-rpath {file}"),
        kept => {
            let set = match tag {
                "DT_RPATH" => "--force-rpath --set-rpath",
                _ => "--set-rpath",
            };
            format!("patchelf {set} {} {file}", quote::word(&kept.join(&b':')))
        }
    };
    let command = match loaded.role {
        Role::Main => place::with_rights(case, command),
        Role::Library | Role::Loader => command,
    };
    draft.fix(None, text, Some(&command))
}

fn fault(case: &Case<'_>, loaded: &Loaded, directory: &[u8]) -> Option<Fault> {
    if !directory.starts_with(b"/") {
        return Some(Fault::Relative);
    }
    // What lies there itself is at home there.
    let own = crate::path::parent(&loaded.path);
    let top = |path: &[u8]| -> Option<usize> {
        path.iter()
            .skip(1)
            .position(|&b| b == b'/')
            .map(|at| at + 2)
    };
    let shares_top = top(directory).is_some_and(|end| own.starts_with(&directory[..end]));
    if shares_top {
        return None;
    }
    if OPEN.iter().any(|open| directory.starts_with(open)) {
        return Some(Fault::Open);
    }
    let is_builds = BUILD.iter().any(|part| directory.starts_with(part));
    (is_builds && !(case.has)(directory)).then_some(Fault::Gone)
}
