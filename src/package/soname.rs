//! Which package brings a library.
//!
//! Releases of the tables get their own names. Another release of Debian or Ubuntu gets a
//! name only where all of these agree about it, since one name that apt does not know
//! keeps it from installing the others; another distribution gets none.

use super::Manager;
use super::table::{ARCH, OLDER, OLDER_RELEASES, SINCE, TABLE};
use crate::report::Distro;

/// What a package of rpm that has the library `soname` provides, by which dnf and zypper
/// install it whatever its name (rpm `tools/elfdeps.c`): `libz.so.1()(64bit)`. `None`
/// for a name that rpm would write otherwise.
#[must_use]
pub fn capability(soname: &[u8], is_64: bool) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    let is_name = soname.iter().all(is_plain) && memchr::memmem::find(soname, b".so").is_some();
    let name = std::str::from_utf8(soname).ok().filter(|_| is_name)?;
    Some(match is_64 {
        true => format!("'{name}()(64bit)'"),
        false => name.to_owned(),
    })
}

/// A package that brings a library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Provider {
    /// Its name.
    pub package: &'static str,
    /// What installs it, the likelier one first.
    pub managers: &'static [Manager],
    /// It was looked up in the archive, and not taken from use.
    pub is_certain: bool,
}

/// The package of `distro` that brings the library `soname`; `None` where that is
/// not known.
#[must_use]
pub fn provider(distro: &Distro, soname: &[u8]) -> Option<Provider> {
    const DEBIAN_12: usize = 1;
    const UBUNTU_24: usize = 3;
    const ALPINE: usize = 4;
    const FEDORA: usize = 5;
    if distro.id == "arch" {
        let package = of_arch(soname)?;
        return Some(Provider {
            package,
            managers: &[Manager::Pacman],
            is_certain: false,
        });
    }
    let version = distro.version_id.as_deref().unwrap_or_default();
    if let Some(column) = OLDER_RELEASES
        .iter()
        .position(|older| *older == (&*distro.id, version))
    {
        let package = of_older(soname, column)?;
        return Some(Provider {
            package,
            managers: &[Manager::Apt],
            is_certain: false,
        });
    }
    if lacks(distro, soname) {
        return None;
    }
    let columns = columns(soname)?;
    let (column, managers, is_certain): (usize, &[Manager], bool) =
        match (distro.id.as_str(), version) {
            ("debian", "12") => (DEBIAN_12, &[Manager::Apt], true),
            ("debian", "13") => (DEBIAN_12 + 1, &[Manager::Apt], true),
            ("ubuntu", "24.04") => (UBUNTU_24, &[Manager::Apt], true),
            ("debian" | "ubuntu", _) => {
                let first = columns[DEBIAN_12];
                let agree = columns[DEBIAN_12..=UBUNTU_24].iter().all(|c| *c == first);
                let older = 0..OLDER_RELEASES.len();
                let agree = agree
                    && older
                        .map(|at| of_older(soname, at))
                        .all(|c| c == Some(first));
                (agree.then_some(DEBIAN_12)?, &[Manager::Apt], false)
            }
            ("alpine", _) => (ALPINE, &[Manager::Apk], false),
            // Its own package only where the newer one is the usual.
            ("rhel" | "centos" | "rocky" | "almalinux" | "ol" | "amzn", _)
                if soname == b"libcrypt.so.1" && lacks(distro, b"libcrypt.so.2") =>
            {
                return None;
            }
            ("fedora" | "amzn" | "centos" | "rocky" | "almalinux" | "ol", _) => (
                FEDORA,
                &[Manager::Dnf, Manager::Microdnf, Manager::Yum],
                false,
            ),
            ("rhel", _) => (
                FEDORA,
                &[Manager::Microdnf, Manager::Dnf, Manager::Yum],
                false,
            ),
            _ => return None,
        };
    let package = columns[column];
    (package != "-").then_some(Provider {
        package,
        managers,
        is_certain,
    })
}

/// Whether no package of this release of `distro` has the library: what is there is older.
/// Of others than Red Hat's family nothing is known.
#[must_use]
pub fn lacks(distro: &Distro, soname: &[u8]) -> bool {
    let column = match distro.id.as_str() {
        "rhel" | "centos" | "rocky" | "almalinux" | "ol" => 0,
        "fedora" => 1,
        "amzn" => 2,
        _ => return false,
    };
    let version = distro.version_id.as_deref().unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    let Ok(major) = major.parse::<u32>() else {
        return false;
    };
    let mut rows = SINCE.lines().map(|row| row.split('|'));
    let row = rows.find_map(|mut row| {
        let name = row.next()?;
        (name.as_bytes() == soname).then_some(row)
    });
    let first = row.and_then(|mut cells| cells.nth(column));
    // What is no number is `-`.
    first.is_some_and(|first| first.parse().map_or(true, |first: u32| major < first))
}

/// The package in the release of this column of [`OLDER`].
fn of_older(soname: &[u8], column: usize) -> Option<&'static str> {
    let mut rows = OLDER.lines().map(|row| row.split('|'));
    let row = rows.find_map(|mut row| {
        let name = row.next()?;
        (name.as_bytes() == soname).then_some(row)
    });
    let package = match row {
        Some(mut cells) => cells.nth(column)?,
        None => columns(soname)?[1],
    };
    (package != "-").then_some(package)
}

fn of_arch(soname: &[u8]) -> Option<&'static str> {
    let rows = ARCH.lines().filter_map(|row| row.split_once('|'));
    let mut own = rows.filter(|(name, _)| name.as_bytes() == soname);
    own.next().map(|(_, package)| package)
}

/// The row of a soname, its `=` resolved.
fn columns(soname: &[u8]) -> Option<[&'static str; 6]> {
    let row = TABLE.lines().find(|row| {
        row.split('|')
            .next()
            .is_some_and(|n| n.as_bytes() == soname)
    })?;
    let mut columns = ["-"; 6];
    let mut left = "-";
    for (column, cell) in columns.iter_mut().zip(row.split('|')) {
        left = if cell == "=" { left } else { cell };
        *column = left;
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(id: &str, version: &str, soname: &str) -> Option<&'static str> {
        let distro = Distro {
            id: id.to_owned(),
            version_id: (!version.is_empty()).then(|| version.to_owned()),
        };
        provider(&distro, soname.as_bytes()).map(|provider| provider.package)
    }

    #[test]
    fn each_release_has_its_own_names() {
        assert_eq!(package("debian", "12", "libssl.so.3"), Some("libssl3"));
        assert_eq!(package("debian", "13", "libssl.so.3"), Some("libssl3t64"));
        assert_eq!(
            package("ubuntu", "24.04", "libssl.so.3"),
            Some("libssl3t64")
        );
        assert_eq!(
            package("alpine", "3.20.3", "libcrypto.so.3"),
            Some("libcrypto3")
        );
        assert_eq!(package("rhel", "9.4", "libssl.so.3"), Some("openssl-libs"));
    }

    #[test]
    fn a_release_that_is_not_known_gets_what_the_known_ones_agree_about() {
        assert_eq!(package("ubuntu", "25.04", "libssl.so.3"), None);
        assert_eq!(package("ubuntu", "25.04", "libgomp.so.1"), Some("libgomp1"));
        assert_eq!(package("debian", "", "libz.so.1"), Some("zlib1g"));
        // The tables of Debian 12 and later have one name for it, those before none.
        assert_eq!(package("debian", "10", "libtiff.so.6"), None);
        assert_eq!(package("debian", "", "libffi.so.8"), None);
    }

    #[test]
    fn older_releases_have_the_sonames_of_their_time() {
        let of = |soname: &str| OLDER_RELEASES.map(|(id, version)| package(id, version, soname));
        assert_eq!(of("libtiff.so.6"), [None, None, None]);
        assert_eq!(of("libtiff.so.5"), [Some("libtiff5"); 3]);
        assert_eq!(of("libffi.so.8"), [None, None, Some("libffi8")]);
        assert_eq!(of("libssl.so.3"), [None, None, Some("libssl3")]);
        assert_eq!(of("libcurl.so.4"), [Some("libcurl4"); 3]);
        assert_eq!(of("libmine.so.1"), [None; 3]);
        for (id, version) in [("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")] {
            assert_eq!(package(id, version, "libtiff.so.5"), None);
            assert_eq!(package(id, version, "libssl.so.1.1"), None);
        }
    }

    #[test]
    fn a_release_before_a_library_has_no_package_for_it() {
        let usual = Some("openssl-libs");
        for id in ["rhel", "rocky", "almalinux", "ol", "centos"] {
            assert_eq!(package(id, "8.9", "libssl.so.3"), None, "{id}");
            assert_eq!(package(id, "9", "libssl.so.3"), usual, "{id}");
        }
        assert_eq!(package("amzn", "2", "libssl.so.3"), None);
        assert_eq!(package("amzn", "2023", "libssl.so.3"), usual);
        assert_eq!(package("rhel", "9.4", "libtiff.so.6"), None);
        assert_eq!(package("rhel", "10.0", "libtiff.so.6"), Some("libtiff"));
        assert_eq!(package("fedora", "41", "libtiff.so.6"), Some("libtiff"));
        assert_eq!(package("amzn", "2023", "libtiff.so.6"), None);
        // libxcrypt itself has it there.
        assert_eq!(package("rhel", "8.9", "libcrypt.so.1"), None);
        assert_eq!(
            package("rhel", "9.4", "libcrypt.so.1"),
            Some("libxcrypt-compat")
        );
        for row in SINCE.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 4, "{row}");
            assert!(columns(cells[0].as_bytes()).is_some(), "{row}");
        }
    }

    #[test]
    fn what_a_distribution_lacks_has_no_package() {
        assert_eq!(package("alpine", "3.20.3", "libc.so.6"), None);
        assert_eq!(package("debian", "13", "libaio.so.1"), None);
        assert_eq!(package("arch", "", "libz.so.1"), Some("zlib"));
        assert_eq!(package("arch", "", "libaio.so.1"), None);
        assert_eq!(package("debian", "12", "libmine.so.1"), None);
    }

    #[test]
    fn rpm_says_of_a_package_what_it_provides() {
        let of = |name: &str, is_64| capability(name.as_bytes(), is_64);
        assert_eq!(
            of("libz.so.1", true).as_deref(),
            Some("'libz.so.1()(64bit)'")
        );
        assert_eq!(of("libz.so.1", false).as_deref(), Some("libz.so.1"));
        assert_eq!(of("lib'z.so", true), None);
        assert_eq!(of("/x/libz.so", true), None);
    }

    #[test]
    fn every_row_is_whole_and_there_once() {
        let mut names = Vec::new();
        for row in TABLE.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 6, "{row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
            assert_ne!(cells[1], "=", "{row}");
            assert_ne!(cells[5], "=", "{row}");
            names.push(cells[0]);
        }
        let mut older: Vec<&str> = Vec::new();
        for row in OLDER.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!(cells.len(), 1 + OLDER_RELEASES.len(), "{row}");
            assert!(
                cells.iter().all(|cell| !cell.is_empty() && *cell != "="),
                "{row}"
            );
            older.push(cells[0]);
        }
        let count = older.len();
        older.sort_unstable();
        older.dedup();
        assert_eq!(older.len(), count);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
