//! Which release of a distribution has which glibc and which libstdc++.
//!
//! From the distributions' own package lists: Debian's and Ubuntu's `libc6` and
//! `libstdc++6`, the `glibc` and `libstdc++` packages of RHEL (the same in UBI,
//! Rocky and Alma) and Amazon Linux. Which GCC brought which version is in
//! libstdc++'s manual, "ABI Policy and Guidelines".

use crate::report::Distro;

/// One release.
#[derive(Debug)]
pub(super) struct Release {
    /// `ID` in os-release.
    pub(super) id: &'static str,
    /// `VERSION_ID` in os-release.
    version: &'static str,
    /// As people call it.
    pub(super) name: &'static str,
    /// A small image of it.
    pub(super) image: &'static str,
    /// The minor number of its glibc.
    glibc: u32,
    /// N in the highest `GLIBCXX_3.4.N` of its libstdc++.
    glibcxx: u32,
}

const fn release(
    (id, version): (&'static str, &'static str),
    name: &'static str,
    image: &'static str,
    glibc: u32,
    glibcxx: u32,
) -> Release {
    Release {
        id,
        version,
        name,
        image,
        glibc,
        glibcxx,
    }
}

/// Of each distribution the oldest first.
#[rustfmt::skip]
const RELEASES: &[Release] = &[
    release(("debian", "10"), "Debian 10 (buster)", "debian:10-slim", 28, 25),
    release(("debian", "11"), "Debian 11 (bullseye)", "debian:11-slim", 31, 28),
    release(("debian", "12"), "Debian 12 (bookworm)", "debian:12-slim", 36, 30),
    release(("debian", "13"), "Debian 13 (trixie)", "debian:13-slim", 41, 33),
    release(("ubuntu", "18.04"), "Ubuntu 18.04", "ubuntu:18.04", 27, 25),
    release(("ubuntu", "20.04"), "Ubuntu 20.04", "ubuntu:20.04", 31, 28),
    release(("ubuntu", "22.04"), "Ubuntu 22.04", "ubuntu:22.04", 35, 30),
    release(("ubuntu", "24.04"), "Ubuntu 24.04", "ubuntu:24.04", 39, 33),
    release(("rhel", "7"), "RHEL 7", "registry.access.redhat.com/ubi7/ubi-minimal", 17, 19),
    release(("rhel", "8"), "RHEL 8", "registry.access.redhat.com/ubi8/ubi-minimal", 28, 25),
    release(("rhel", "9"), "RHEL 9", "registry.access.redhat.com/ubi9/ubi-minimal", 34, 29),
    release(("rhel", "10"), "RHEL 10", "registry.access.redhat.com/ubi10/ubi-minimal", 39, 33),
    release(("amzn", "2"), "Amazon Linux 2", "amazonlinux:2", 26, 24),
    release(("amzn", "2023"), "Amazon Linux 2023", "amazonlinux:2023", 34, 29),
];

/// N of the `GLIBCXX_3.4.N` that came with, or first after, each `CXXABI_1.3.M`.
const CXXABI: &[(u32, u32)] = &[
    (7, 18),
    (8, 20),
    (9, 21),
    (10, 22),
    (11, 23),
    (12, 26),
    (13, 29),
    (14, 31),
    (15, 33),
];

/// What a version asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    /// `GLIBC_2.N`, as N.
    Glibc(u32),
    /// `GLIBCXX_3.4.N`, or a `CXXABI` of its time, as N.
    Glibcxx(u32),
}

impl Level {
    /// What `version` asks for, if the table can tell. The marks that glibc gives
    /// for single abilities came with a release, and with later updates of others.
    pub(super) fn of(version: &[u8]) -> Option<Level> {
        let text = std::str::from_utf8(version).ok()?;
        // 2.2.5 is one of 2.2.
        let first = |rest: &str| rest.split('.').next()?.parse().ok();
        if text == "GLIBC_ABI_DT_RELR" {
            Some(Level::Glibc(36))
        } else if let Some(rest) = text.strip_prefix("GLIBC_2.") {
            first(rest).map(Level::Glibc)
        } else if let Some(rest) = text.strip_prefix("GLIBCXX_3.4") {
            match rest.strip_prefix('.') {
                Some(number) => first(number).map(Level::Glibcxx),
                None => Some(Level::Glibcxx(0)),
            }
        } else {
            let number: u32 = first(text.strip_prefix("CXXABI_1.3.")?)?;
            let (_, level) = CXXABI.iter().find(|(abi, _)| *abi >= number)?;
            Some(Level::Glibcxx(*level))
        }
    }
}

impl Release {
    /// The minor number of its glibc.
    pub(super) fn glibc(&self) -> u32 {
        self.glibc
    }

    fn has(&self, level: Level) -> bool {
        match level {
            Level::Glibc(wanted) => self.glibc >= wanted,
            Level::Glibcxx(wanted) => self.glibcxx >= wanted,
        }
    }
}

/// Of each distribution the first release that has `level`.
pub(super) fn first_with(level: Level) -> Vec<&'static Release> {
    let mut found: Vec<&Release> = Vec::new();
    for release in RELEASES {
        if release.has(level) && found.last().is_none_or(|last| last.id != release.id) {
            found.push(release);
        }
    }
    found
}

/// The release that os-release names.
pub(super) fn named(id: &str, version: &str) -> Option<&'static Release> {
    RELEASES.iter().find(|release| {
        let minor = version.strip_prefix(release.version);
        release.id == id && minor.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The release that `distro` is, or is built from: RHEL's for its clones, Ubuntu's for
/// Mint. Its glibc and its libstdc++ are the same.
pub(super) fn akin(distro: &Distro) -> Option<&'static Release> {
    /// Mint's releases, by their first number, and Ubuntu's.
    const MINT: [(&str, &str); 4] = [
        ("19", "18.04"),
        ("20", "20.04"),
        ("21", "22.04"),
        ("22", "24.04"),
    ];
    let version = distro.version_id.as_deref()?;
    match distro.id.as_str() {
        "rocky" | "almalinux" | "ol" | "centos" => named("rhel", version),
        "linuxmint" => {
            let (_, own) = MINT.iter().find(|(mint, _)| *mint == first(version))?;
            named("ubuntu", own)
        }
        id => named(id, version),
    }
}

/// The whole image of `distro`, to build in; of those that are rolled forward none, as it
/// may be newer.
pub(super) fn image(distro: &Distro) -> Option<String> {
    let version = distro.version_id.as_deref()?;
    let is_plain = |c: char| c.is_ascii_digit() || c == '.';
    if version.is_empty() || !version.chars().all(is_plain) {
        return None;
    }
    let major = first(version);
    Some(match distro.id.as_str() {
        "debian" | "fedora" | "almalinux" => format!("{}:{major}", distro.id),
        "ubuntu" => format!("ubuntu:{version}"),
        "linuxmint" => akin(distro)?.image.to_owned(),
        "rhel" => format!("registry.access.redhat.com/ubi{major}/ubi"),
        "centos" if major == "7" => "centos:7".to_owned(),
        "centos" => format!("quay.io/centos/centos:stream{major}"),
        "rocky" => format!("rockylinux/rockylinux:{major}"),
        "ol" => format!("oraclelinux:{major}"),
        "amzn" => format!("amazonlinux:{major}"),
        "opensuse-leap" => format!("opensuse/leap:{version}"),
        "sles" => format!("registry.suse.com/bci/bci-base:{version}"),
        _ => return None,
    })
}

/// The first number of a version.
fn first(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// What a base must have at least: minor numbers as in [`Release`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) glibc: u32,
    pub(super) glibcxx: u32,
}

impl Wanted {
    /// The same, with `level` too.
    pub(super) fn and(mut self, level: Level) -> Wanted {
        match level {
            Level::Glibc(minor) => self.glibc = self.glibc.max(minor),
            Level::Glibcxx(number) => self.glibcxx = self.glibcxx.max(number),
        }
        self
    }

    fn is_in(self, release: &Release) -> bool {
        release.has(Level::Glibc(self.glibc)) && release.has(Level::Glibcxx(self.glibcxx))
    }
}

/// The image of the first release that has all that is `wanted`: of the distribution of
/// `own` where it has one. `None` if `own` has it already, which then is not at fault.
pub(super) fn base(own: Option<&Distro>, wanted: Wanted) -> Option<String> {
    let akin = own.and_then(akin);
    if akin.is_some_and(|release| wanted.is_in(release)) {
        return None;
    }
    let fits = |release: &&Release| wanted.is_in(release);
    let of_own = RELEASES
        .iter()
        .filter(|release| akin.is_some_and(|akin| akin.id == release.id))
        .find(fits);
    if let (Some(release), Some(distro)) = (of_own, own) {
        // A clone's release of the same number.
        let of_clone = Distro {
            id: distro.id.clone(),
            version_id: Some(release.version.to_owned()),
        };
        let is_clone = distro.id != release.id && distro.id != "linuxmint";
        return match is_clone {
            true => image(&of_clone),
            false => Some(release.image.to_owned()),
        };
    }
    let release = RELEASES.iter().find(fits)?;
    Some(release.image.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_names_the_first_release_that_has_it() {
        let names = |version: &[u8]| {
            let level = Level::of(version).expect("a version of the table");
            let releases = first_with(level).into_iter();
            releases.map(|release| release.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(b"GLIBC_2.34"),
            [
                "Debian 12 (bookworm)",
                "Ubuntu 22.04",
                "RHEL 9",
                "Amazon Linux 2023"
            ]
        );
        assert_eq!(
            names(b"GLIBC_2.38"),
            ["Debian 13 (trixie)", "Ubuntu 24.04", "RHEL 10"]
        );
        assert_eq!(names(b"GLIBC_2.2.5").first(), Some(&"Debian 10 (buster)"));
        assert_eq!(
            names(b"GLIBCXX_3.4.30"),
            names(b"GLIBC_2.35")[..2]
                .iter()
                .copied()
                .chain(["RHEL 10"])
                .collect::<Vec<_>>()
        );
        assert_eq!(names(b"CXXABI_1.3.15"), names(b"GLIBC_2.38"));
        assert!(names(b"GLIBC_2.99").is_empty());
        assert_eq!(Level::of(b"OPENSSL_3.2.0"), None);
        assert_eq!(Level::of(b"GLIBC_PRIVATE"), None);
    }

    #[test]
    fn releases_rise_within_a_distribution() {
        for pair in RELEASES.windows(2).filter(|pair| pair[0].id == pair[1].id) {
            assert!(pair[0].glibc <= pair[1].glibc && pair[0].glibcxx <= pair[1].glibcxx);
        }
        assert_eq!(named("debian", "12").map(|r| r.glibc), Some(36));
        assert_eq!(named("rhel", "9.4").map(|r| r.glibc), Some(34));
        assert!(named("debian", "120").is_none());
    }
}
