//! A loader and a C library of different releases of glibc.
//!
//! The two share data whose layout changes with each release (`rtld_global`), and
//! symbols of the version `GLIBC_PRIVATE` that come and go.

use super::{Case, Code, Draft, quoted};
use crate::graph::{Graph, LoaderFile, Mixed, VersionProblem};
use crate::loader::{LinkMap, LoaderKind};
use crate::report::Finding;

/// What is said where the two do not belong together.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((LoaderFile::Known(LoaderKind::Glibc(_)), graph)) = case.graph else {
        return;
    };
    let Some(mixed) = &graph.mixed else { return };
    let libc = &graph.map.get(mixed.libc).path;
    let loader = graph.map.iter().find_map(|(_, loaded)| {
        (loaded.role == crate::loader::Role::Loader).then_some(&loaded.path)
    });
    let loader: &[u8] = loader.map_or(b"", |path| path);
    let own = mixed.loader.map_or_else(|| "another".to_owned(), release);
    let other = mixed.words();
    let message = format!(
        "{} is of glibc {other} and its loader {} of {own}",
        quoted(libc),
        quoted(loader)
    );
    let mut draft = Draft::new(case, Code::MixedLibc, libc, message)
        .also(
            mixed
                .loader
                .map(|_| format!("{}: glibc {own}", crate::bytes::Shown(loader))),
        )
        .evidence(format!("{}: glibc {other}", crate::bytes::Shown(libc)))
        .evidence("the two use data of one another whose layout differs between releases");
    let said = case.outcome.message.as_deref().unwrap_or_default();
    let first = said.lines().last().filter(|line| !line.is_empty());
    draft = match first {
        Some(line) => draft.evidence(format!("at run time: {}", crate::bytes::escape(line))),
        None => draft.evidence("at run time: it crashes, or says `stack smashing detected`"),
    };
    let lacking = graph.versions.problems.iter().filter(|p| is_its(graph, p));
    for problem in lacking {
        draft = draft.consequence(format!(
            "{} needs {} of the loader",
            quoted(&graph.map.get(problem.requester).path),
            crate::bytes::Shown(&problem.version)
        ));
    }
    let draft = draft
        .fix(
            None,
            "take both from one package, and leave the target's own where they are",
            None,
        )
        .fix(
            Some("a program needs a newer glibc"),
            "run it on a base that has it, instead of copying the library",
            None,
        );
    found.push(draft.done());
}

/// Whether a problem with versions is one between the two.
pub(super) fn is_its(graph: &Graph, problem: &VersionProblem) -> bool {
    let Some(mixed) = &graph.mixed else {
        return false;
    };
    let of_loader = problem.provider.is_some_and(|id| {
        id != LinkMap::MAIN && graph.map.get(id).role == crate::loader::Role::Loader
    });
    of_loader && problem.requester == mixed.libc
}

fn release((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

impl Mixed {
    /// The C library's release in words.
    fn words(&self) -> String {
        match self.release {
            Some(known) => release(known),
            None => format!("{} or later", release(self.newest)),
        }
    }
}
