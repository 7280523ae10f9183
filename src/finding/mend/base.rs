//! Images: those that a program runs on as it is, and the target's own system as one.
//!
//! Tags are those that the images' makers give (hub.docker.com, gcr.io/distroless).

use super::{Known, Line, Origin, release_of};
use crate::finding::builder::{self, Builder, Toolchain};
use crate::finding::built_for;
use crate::report::Libc;

/// The glibc of Debian 12, on which distroless images stand.
const DISTROLESS: (u32, u32) = (2, 36);
/// The glibc of Debian 13.
const NEWER: (u32, u32) = (2, 41);

impl Known<'_> {
    /// The image to build in for the target's own libc; none for what a package manager
    /// brings.
    pub(super) fn build_image(&self) -> Option<Builder> {
        let toolchain = self.toolchain()?;
        if self.case.target.libc != Libc::Musl {
            return builder::of(self.case, toolchain);
        }
        let (image, adds) = match self.origin() {
            Origin::Go(go) => {
                let release = go.release().unwrap_or_else(|| "1".to_owned());
                let adds = "apk add gcc musl-dev".to_owned();
                (format!("golang:{release}-alpine"), Some(adds))
            }
            // What the file says of itself may be anything: only a number of it is written.
            Origin::Rust(_) => {
                let version = match toolchain {
                    Toolchain::Rust(Some(minor)) => format!("1.{minor}"),
                    _ => "1".to_owned(),
                };
                (format!("rust:{version}-alpine"), None)
            }
            _ => {
                let version = self.alpine().map_or_else(String::new, |v| format!(":{v}"));
                let adds = "apk add build-base".to_owned();
                (format!("alpine{version}"), Some(adds))
            }
        };
        Some(Builder {
            image,
            adds,
            is_own: true,
        })
    }

    /// The program as it is, on a base that has what it needs: its loader among that, or
    /// the program is pointed at the one that is there.
    pub(super) fn another_base(&self) -> Option<Line> {
        let base = match built_for(self.object) {
            Libc::Glibc => self.glibc_base()?,
            Libc::Musl if self.is_of_platform() => "alpine".to_owned(),
            _ => return None,
        };
        let line = |text, snippet| Line {
            when: None,
            text,
            snippet,
        };
        if self.foreign_loader().is_none() {
            let text = "keep the binary and change the base";
            return Some(line(text, format!("FROM {base}")));
        }
        let patched = self.pointed_at(&self.standard_loader()?);
        // One pair of brackets is enough.
        let snippet = match base.strip_suffix(')') {
            Some(base) => format!("FROM {base}, {patched})"),
            None => format!("FROM {base}   ({patched})"),
        };
        let text = "change the base, and point the binary at its loader";
        Some(line(text, snippet))
    }

    /// Whether images for the target's platform have the program's loader: those of its own
    /// machine do; where no platform is known, x86_64 is not taken to be i386.
    fn is_of_platform(&self) -> bool {
        let platform = self.case.target.platform.as_ref();
        self.abi().is_some_and(|abi| match platform {
            Some(platform) => platform.architecture == abi.oci.0,
            None => abi.name != "i386",
        })
    }

    /// The least base with glibc that has the libraries by name and the versions; none
    /// where it needs a newer glibc than is known here.
    fn glibc_base(&self) -> Option<String> {
        const BASE: [&str; 8] = [
            "libc.",
            "libm.",
            "libpthread.",
            "libdl.",
            "librt.",
            "libresolv.",
            "libutil.",
            "ld-",
        ];
        const CC: [&str; 3] = ["libgcc_s.", "libstdc++.", "libgomp."];
        // Machines for which there are distroless images, and those that Debian 12 is for
        // beside them, as images name them.
        const DISTROLESS_HAS: [&str; 5] = ["amd64", "arm64", "arm", "ppc64le", "s390x"];
        const DEBIAN_HAS: [&str; 2] = ["386", "mips64le"];
        let all_in = |parts: &[&str]| {
            let known = |name: &[u8]| parts.iter().any(|part| name.starts_with(part.as_bytes()));
            self.object.dynamic.needed().all(known)
        };
        let both: Vec<&str> = BASE.into_iter().chain(CC).collect();
        let newest = (self.case.newest_glibc)();
        let debian = match newest {
            newest if newest > Some(NEWER) => return None,
            newest if newest > Some(DISTROLESS) => "debian:13-slim",
            _ => "debian:12-slim",
        };
        let (machine, variant) = self.abi()?.oci;
        if machine == "386" && !self.is_of_platform() {
            // A system for x86_64 takes the other ABI's packages beside its own.
            let added = format!("{debian}   (dpkg --add-architecture i386, libc6:i386)");
            return all_in(&BASE).then_some(added);
        }
        let has_distroless = DISTROLESS_HAS.contains(&machine) && variant != Some("v5");
        let has_debian = has_distroless || DEBIAN_HAS.contains(&machine) || machine == "arm";
        if !self.is_of_platform() || !has_debian {
            return None;
        }
        let base = match debian {
            "debian:12-slim" if has_distroless && all_in(&BASE) => {
                "gcr.io/distroless/base-debian12"
            }
            "debian:12-slim" if has_distroless && all_in(&both) => "gcr.io/distroless/cc-debian12",
            "debian:12-slim" if !all_in(&BASE) => {
                "debian:12-slim   (and the packages of its libraries)"
            }
            debian => debian,
        };
        Some(base.to_owned())
    }

    /// Alpine's branch, such as `3.20`.
    fn alpine(&self) -> Option<String> {
        let distro = self.case.target.distro.as_ref()?;
        let version = distro
            .version_id
            .as_deref()
            .filter(|_| distro.id == "alpine")?;
        let release = release_of(version);
        let plain = |c: char| c.is_ascii_digit() || c == '.';
        release.chars().all(plain).then_some(release)
    }
}
