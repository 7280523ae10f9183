//! Which releases would do, and what else mends it.

use crate::finding::mend::Known;
use crate::finding::release::{self, Level};
use crate::finding::{Case, Code, Draft};

/// What the target is, with its glibc where that is what is too old.
pub(super) fn target_is(case: &Case<'_>, code: Code) -> Option<String> {
    let distro = case.target.distro.as_ref()?;
    let version = distro.version_id.as_deref().unwrap_or_default();
    let name = match release::named(&distro.id, version) {
        Some(release) if code == Code::GlibcTooOld => {
            format!("{}, which has glibc 2.{}", release.name, release.glibc())
        }
        Some(release) => release.name.to_owned(),
        None => format!("{} {version}", distro.id),
    };
    Some(format!("the target is {}", name.trim_end()))
}

/// The first releases of each distribution that have it.
pub(super) fn would_do(level: Level) -> Option<String> {
    let releases = release::first_with(level);
    let names: Vec<&str> = releases.iter().map(|release| release.name).collect();
    (!names.is_empty()).then(|| format!("the first releases that have it: {}", names.join(", ")))
}

/// The base to change to: of the target's own distribution where it has one.
fn base(case: &Case<'_>, level: Option<Level>) -> Option<String> {
    let releases = release::first_with(level?);
    let id = case.target.distro.as_ref().map(|distro| &*distro.id);
    let own = releases.iter().find(|release| Some(release.id) == id);
    let release = own.or_else(|| releases.first())?;
    Some(format!("FROM {}", release.image))
}

pub(super) fn glibc_fixes(
    draft: Draft,
    case: &Case<'_>,
    known: Option<&Known<'_>>,
    level: Option<Level>,
) -> Draft {
    let draft = draft.evidence("a newer libc.so.6, copied in by itself, breaks what is here");
    let distro = case.target.distro.as_ref();
    let own = distro.and_then(|distro| release::named(&distro.id, distro.version_id.as_deref()?));
    let builder = match (known.and_then(Known::builder), own) {
        (Some(builder), _) => Some(builder),
        (None, Some(own)) => Some(format!("FROM {} AS build", own.image)),
        (None, None) => None,
    };
    let text = "build on the release that it runs on";
    let draft = draft.fix(None, text, builder.as_deref());
    let base = base(case, level);
    let draft = match &base {
        Some(base) => draft.fix(None, "or run on a release that has it", Some(base)),
        None => draft,
    };
    let older = own.map_or(17, release::Release::glibc);
    match known {
        Some(known) => known.against_older(draft, older),
        None => draft,
    }
}

pub(super) fn relr_fixes(draft: Draft, level: Option<Level>) -> Draft {
    let base = level.and_then(|level| release::first_with(level).first().copied());
    let base = base.map(|release| format!("FROM {}", release.image));
    draft
        .fix(None, "run on glibc 2.36 or later", base.as_deref())
        .fix(
            None,
            "or link without packed relocations",
            Some("-Wl,-z,nopack-relative-relocs"),
        )
}

pub(super) fn libstdcxx_fixes(draft: Draft, level: Option<Level>) -> Draft {
    let base = level.and_then(|level| release::first_with(level).first().copied());
    let base = base.map(|release| format!("FROM {}", release.image));
    draft
        .fix(None, "run on a release that has it", base.as_deref())
        .fix(
            None,
            "or link the C++ library in",
            Some("-static-libstdc++ -static-libgcc"),
        )
        .fix(
            Some("the program was built in a `gcc` image"),
            "copy that image's /usr/local/lib64 and let it be found",
            Some("ENV LD_LIBRARY_PATH=/usr/local/lib64"),
        )
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
