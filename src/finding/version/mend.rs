//! Which releases would do, and what else mends it.

use crate::finding::builder::{self, Toolchain};
use crate::finding::mend::Known;
use crate::finding::release::{self, Level, Wanted};
use crate::finding::{Case, Code, Draft};
use crate::graph::{Graph, VersionFault, VersionProblem};

/// The minor number of a glibc that every target has which is still about.
const OLDEST: u32 = 17;

/// What the target is, with its glibc where that is what is too old.
pub(super) fn target_is(case: &Case<'_>, code: Code) -> Option<String> {
    let distro = case.target.distro.as_ref()?;
    let version = distro.version_id.as_deref().unwrap_or_default();
    let name = match release::named(&distro.id, version) {
        Some(release) => release.name.to_owned(),
        None => format!("{} {version}", distro.id),
    };
    let akin = release::akin(distro).filter(|_| code == Code::GlibcTooOld);
    let has = akin.map_or_else(String::new, |release| {
        format!(", which has glibc 2.{}", release.glibc())
    });
    Some(format!("the target is {}{has}", name.trim_end()))
}

/// The first releases of each distribution that have it.
pub(super) fn would_do(level: Level) -> Option<String> {
    let releases = release::first_with(level);
    let names: Vec<&str> = releases.iter().map(|release| release.name).collect();
    (!names.is_empty()).then(|| format!("the first releases that have it: {}", names.join(", ")))
}

/// The base to change to: one that has what is asked of every library, and a glibc that is
/// no older than the target's, with which the rest runs.
fn base(case: &Case<'_>, graph: &Graph) -> Option<String> {
    let lacks =
        |p: &&VersionProblem| matches!(p.fault, VersionFault::Missing | VersionFault::MissingWeak);
    let problems = graph.versions.problems.iter().filter(lacks);
    let levels = problems.map(|problem| Level::of(&problem.version));
    let levels: Option<Vec<Level>> = levels.collect();
    let wanted = levels?.into_iter().fold(Wanted::default(), Wanted::and);
    let of_program = match (case.newest_glibc)() {
        Some((2, minor)) => Some(minor),
        _ => None,
    };
    let least = [of_program, builder::glibc(case)].into_iter().flatten();
    let wanted = least.map(Level::Glibc).fold(wanted, Wanted::and);
    let base = release::base(case.target.distro.as_ref(), wanted)?;
    Some(format!("FROM {base}"))
}

pub(super) fn glibc_fixes(
    draft: Draft,
    case: &Case<'_>,
    graph: &Graph,
    known: Option<&Known<'_>>,
) -> Draft {
    let draft = draft.evidence("a newer libc.so.6, copied in by itself, breaks what is here");
    let draft = match known {
        Some(known) => known.on_no_newer(draft),
        None => builder::on_no_newer(draft, case, Toolchain::Other),
    };
    let base = base(case, graph);
    let draft = match &base {
        Some(base) => draft.fix(None, "or run on a release that has it", Some(base)),
        None => draft,
    };
    let older = builder::glibc(case).unwrap_or(OLDEST);
    match known {
        Some(known) => known.against_older(draft, older),
        None => draft,
    }
}

pub(super) fn relr_fixes(draft: Draft, case: &Case<'_>, graph: &Graph) -> Draft {
    let base = base(case, graph);
    draft
        .fix(None, "run on glibc 2.36 or later", base.as_deref())
        .fix(
            None,
            "or link without packed relocations",
            Some("-Wl,-z,nopack-relative-relocs"),
        )
}

pub(super) fn libstdcxx_fixes(draft: Draft, case: &Case<'_>, graph: &Graph) -> Draft {
    let base = base(case, graph);
    let draft = match &base {
        Some(base) => draft.fix(None, "run on a release that has it", Some(base)),
        None => draft,
    };
    let text = match draft.finding.fixes.is_empty() {
        true => "link the C++ library in",
        false => "or link the C++ library in",
    };
    let draft = draft.fix(None, text, Some("-static-libstdc++ -static-libgcc"));
    match draft.finding.fixes.len() {
        0..3 => draft.fix(
            Some("the program was built in a `gcc` image"),
            "copy that image's /usr/local/lib64 and let it be found",
            Some("ENV LD_LIBRARY_PATH=/usr/local/lib64"),
        ),
        _ => draft,
    }
}

pub(super) fn other_fixes(draft: Draft) -> Draft {
    draft
        .fix(None, "upgrade that library", None)
        .fix(
            None,
            "or build against the library that the target has",
            None,
        )
        .fix(
            Some("the file is a link made by hand to another release"),
            "remove it and install the right package",
            None,
        )
}
