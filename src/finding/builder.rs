//! Images to build in, so that what is built is content with the target's glibc.
//!
//! Which images of Go and of Rust there were for which release of Debian is in the history
//! of docker-library/golang (`1.N/CODENAME/Dockerfile`) and of rust-lang/docker-rust.

use super::release::{self, Level, Wanted};
use super::{Case, Draft};
use crate::loader::LoaderKind;

/// What a program is built by, with the minor number of its release where that is known.
#[derive(Clone, Copy)]
pub(super) enum Toolchain {
    Go(Option<u32>),
    Rust(Option<u32>),
    /// Anything that is installed in the image.
    Other,
}

impl Toolchain {
    /// What has to be brought where no image has it.
    fn name(self) -> Option<String> {
        let (name, minor) = match self {
            Toolchain::Go(minor) => ("Go", minor),
            Toolchain::Rust(minor) => ("Rust", minor),
            Toolchain::Other => return None,
        };
        let release = minor.map_or_else(String::new, |minor| format!(" 1.{minor}"));
        Some(format!("and {name}{release}"))
    }
}

/// A release of Debian as images of toolchains are tagged by it.
struct Debian {
    name: &'static str,
    image: &'static str,
    /// The minor number of its glibc.
    glibc: u32,
    /// The first and the last 1.N of Go that have an image of it; there is no last one
    /// while images are still made.
    go: (u32, Option<u32>),
    /// The same for Rust.
    rust: (u32, Option<u32>),
}

/// The newest first.
const DEBIAN: [Debian; 4] = [
    Debian {
        name: "trixie",
        image: "debian:13",
        glibc: 41,
        go: (24, None),
        rust: (89, None),
    },
    Debian {
        name: "bookworm",
        image: "debian:12",
        glibc: 36,
        go: (19, None),
        rust: (66, None),
    },
    Debian {
        name: "bullseye",
        image: "debian:11",
        glibc: 31,
        go: (16, Some(24)),
        rust: (51, None),
    },
    Debian {
        name: "buster",
        image: "debian:10",
        glibc: 28,
        go: (12, Some(20)),
        rust: (36, Some(79)),
    },
];

/// An image to build in.
pub(super) struct Builder {
    pub(super) image: String,
    /// It is the target's own release.
    pub(super) is_own: bool,
    /// What is to be added to it.
    pub(super) adds: Option<String>,
}

impl Builder {
    /// The instruction that begins with it, as a stage of several or the only one.
    pub(super) fn line(&self, is_stage: bool) -> String {
        let stage = if is_stage { " AS build" } else { "" };
        let adds = self.adds.as_ref().map(|adds| format!("   ({adds})"));
        format!("FROM {}{stage}{}", self.image, adds.unwrap_or_default())
    }
}

/// Adds where a program is built so that the target's glibc is new enough for it.
pub(super) fn on_no_newer(draft: Draft, case: &Case<'_>, toolchain: Toolchain) -> Draft {
    let (Some(glibc), Some(builder)) = (glibc(case), of(case, toolchain)) else {
        return draft.fix(None, "build on the release that it runs on", None);
    };
    let text = match builder.is_own {
        true => "build on the release that it runs on".to_owned(),
        false => format!("build where glibc is 2.{glibc} or older"),
    };
    draft.fix(None, &text, Some(&builder.line(true)))
}

/// The minor number of the target's glibc, as its loader and its release have it: the
/// lesser where they differ, as what is content with that is content with both.
pub(super) fn glibc(case: &Case<'_>) -> Option<u32> {
    let of_loaders = case.loaders.iter().filter_map(|loader| {
        let LoaderKind::Glibc(traits) = (case.kind_of)(loader) else {
            return None;
        };
        let (major, minor) = traits.version?;
        (major == 2).then_some(minor)
    });
    let graph = case.graph.map(|(_, graph)| graph);
    let mixed = graph.and_then(|graph| graph.mixed.as_ref());
    let of_libc = mixed.map(|mixed| mixed.newest.1);
    let distro = case.target.distro.as_ref();
    let of_release = distro.and_then(release::akin).map(release::Release::glibc);
    of_loaders.chain(of_libc).chain(of_release).min()
}

/// The line for a base with glibc of Debian, 12 or later, that has what the program needs of
/// it and is no older than the target's.
pub(super) fn debian_base(case: &Case<'_>) -> Option<String> {
    const LEAST: u32 = 36;
    let of_program = match (case.newest_glibc)() {
        Some((2, minor)) => Some(minor),
        _ => None,
    };
    let least = [of_program, glibc(case)].into_iter().flatten();
    let least = least.map(Level::Glibc).fold(Wanted::default(), Wanted::and);
    let base = release::base(None, least.and(Level::Glibc(LEAST)))?;
    Some(format!("FROM {base}"))
}

/// What to build in: the target's own release, or, where the toolchain has images of its
/// own, the newest of these whose glibc is no newer than the target's.
pub(super) fn of(case: &Case<'_>, toolchain: Toolchain) -> Option<Builder> {
    let glibc = glibc(case)?;
    let own = own(case, glibc);
    let fits = |debian: &&Debian| debian.glibc <= glibc;
    let tagged = match toolchain {
        Toolchain::Go(minor) => tagged("golang", minor, |debian| debian.go, fits),
        Toolchain::Rust(minor) => tagged("rust", minor, |debian| debian.rust, fits),
        Toolchain::Other => None,
    };
    if let Some((image, debian)) = tagged {
        return Some(Builder {
            is_own: own.as_deref() == Some(debian.image),
            image,
            adds: None,
        });
    }
    let is_own = own.is_some();
    let debian = || {
        DEBIAN
            .iter()
            .find(fits)
            .map(|debian| debian.image.to_owned())
    };
    Some(Builder {
        image: own.or_else(debian)?,
        is_own,
        adds: toolchain.name(),
    })
}

/// The newest image of a toolchain among those of Debian's releases that fit.
fn tagged(
    toolchain: &str,
    minor: Option<u32>,
    span: fn(&Debian) -> (u32, Option<u32>),
    fits: impl Fn(&&Debian) -> bool,
) -> Option<(String, &'static Debian)> {
    let has = |debian: &&Debian| match (span(debian), minor) {
        ((first, last), Some(minor)) => minor >= first && last.is_none_or(|last| minor <= last),
        ((_, last), None) => last.is_none(),
    };
    let debian = DEBIAN.iter().filter(fits).find(has)?;
    let release = minor.map_or_else(|| "1".to_owned(), |minor| format!("1.{minor}"));
    Some((format!("{toolchain}:{release}-{}", debian.name), debian))
}

/// The image of the target's own release, unless its glibc is newer than the target's.
fn own(case: &Case<'_>, glibc: u32) -> Option<String> {
    let distro = case.target.distro.as_ref()?;
    let release = release::akin(distro);
    if release.is_some_and(|release| release.glibc() > glibc) {
        return None;
    }
    release::image(distro)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_that_there_is() {
        let go = |minor, glibc| {
            let fits = |debian: &&Debian| debian.glibc <= glibc;
            tagged("golang", minor, |debian| debian.go, fits).map(|(image, _)| image)
        };
        assert_eq!(go(Some(19), 31).as_deref(), Some("golang:1.19-bullseye"));
        // Debian 11 is newer than this, Debian 10 is not.
        assert_eq!(go(Some(19), 30).as_deref(), Some("golang:1.19-buster"));
        assert_eq!(go(Some(19), 26), None);
        // From 1.25 on there is nothing older than Debian 12.
        assert_eq!(go(Some(25), 31), None);
        assert_eq!(go(Some(25), 40).as_deref(), Some("golang:1.25-bookworm"));
        assert_eq!(go(Some(15), 41).as_deref(), Some("golang:1.15-buster"));
        // Which release it was is not known: only what has images today.
        assert_eq!(go(None, 31), None);
        assert_eq!(go(None, 41).as_deref(), Some("golang:1-trixie"));
        let rust = |minor, glibc| {
            let fits = |debian: &&Debian| debian.glibc <= glibc;
            tagged("rust", minor, |debian| debian.rust, fits).map(|(image, _)| image)
        };
        assert_eq!(rust(Some(74), 36).as_deref(), Some("rust:1.74-bookworm"));
        assert_eq!(rust(Some(74), 35).as_deref(), Some("rust:1.74-bullseye"));
        assert_eq!(rust(Some(65), 36).as_deref(), Some("rust:1.65-bullseye"));
        assert_eq!(rust(Some(80), 28), None);
    }
}
