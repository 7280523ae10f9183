//! Platforms as container images name them, and which of several is meant.
//!
//! The names are those of the OCI image specification, which are Go's; the order of choice
//! is that of containerd/platforms.

use super::Abi;

/// A platform in the sense of the OCI image specification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Platform {
    /// `os`
    pub os: String,
    /// `architecture`
    pub architecture: String,
    /// `variant`
    pub variant: Option<String>,
}

impl Platform {
    /// A platform under the names that Go has for it: `x86_64` is `amd64`, `armhf`
    /// is `arm/v7` (containerd/platforms `database.go:normalizeArch`). A variant
    /// that goes without saying is kept as it is written; an empty one is none.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Platform {
        let os = match os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            os => os.to_owned(),
        };
        let variant = variant.filter(|variant| !variant.is_empty());
        let variant = variant.map(str::to_ascii_lowercase);
        let architecture = architecture.to_ascii_lowercase();
        let (architecture, variant) = match architecture.as_str() {
            "i386" => ("386", None),
            "x86_64" | "x86-64" => ("amd64", variant),
            "aarch64" => ("arm64", variant),
            "armhf" => ("arm", Some("v7".to_owned())),
            "armel" => ("arm", Some("v6".to_owned())),
            other => (other, variant),
        };
        // ARM's versions may go without their letter.
        let variant = variant.map(|variant| match variant.as_str() {
            "5" | "6" | "7" | "8" if architecture.starts_with("arm") => format!("v{variant}"),
            _ => variant,
        });
        Platform {
            os,
            architecture: architecture.to_owned(),
            variant,
        }
    }

    /// Reads `OS/ARCH[/VARIANT]`, or an architecture of the table by itself, which
    /// is Linux's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Platform> {
        let parts: Vec<&str> = text.splitn(4, '/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        match parts[..] {
            [architecture] => {
                let platform = Platform::new("linux", architecture, None);
                platform.is_known().then_some(platform)
            }
            [os, architecture] => Some(Platform::new(os, architecture, None)),
            [os, architecture, variant] => Some(Platform::new(os, architecture, Some(variant))),
            _ => None,
        }
    }

    /// The platform that runs programs of `abi` natively.
    #[must_use]
    pub fn of(abi: &Abi) -> Platform {
        Platform {
            os: "linux".to_owned(),
            architecture: abi.oci.0.to_owned(),
            variant: None,
        }
    }

    /// Whether a Linux kernel of this platform has a handler for programs of `abi`.
    /// 32-bit programs run on the 64-bit kernels whose distributions enable that.
    #[must_use]
    pub fn runs(&self, abi: &Abi) -> bool {
        let also: &[&str] = match self.architecture.as_str() {
            "amd64" => &["386"],
            "arm64" => &["arm"],
            "mips64" => &["mips64p32", "mips"],
            "mips64le" => &["mips64p32le", "mipsle"],
            "ppc64" => &["ppc"],
            "riscv64" => &["riscv"],
            "s390x" => &["s390"],
            _ => &[],
        };
        abi.oci.0 == self.architecture || also.contains(&abi.oci.0)
    }

    /// Whether this platform, as a choice, means `image`.
    #[must_use]
    pub fn selects(&self, image: &Platform) -> bool {
        self.distance(image).is_some()
    }

    /// How far `image` is from what this platform, as a choice, means; `None` where
    /// it is something else. The nearest is the one that is meant.
    ///
    /// The order is that of containerd/platforms (`compare.go:platformVector`): an
    /// earlier version of the architecture fits where its own is not there, a later
    /// one never; without a variant `amd64` is `v1`, `arm64` is `v8`, `arm` is `v7`.
    /// What containerd has and this has not: 32-bit images for 64-bit platforms, as
    /// podman and skopeo (containers/image `pkg/platform`) take none either. Theirs
    /// is that an image without a variant comes last.
    #[must_use]
    pub fn distance(&self, image: &Platform) -> Option<u32> {
        const UNSAID: u32 = 1000;
        if self.os != image.os || self.architecture != image.architecture {
            return None;
        }
        let (wanted, found) = (self.variant.as_deref(), image.variant.as_deref());
        let by_version = match (
            version(&self.architecture, wanted),
            version(&image.architecture, found),
        ) {
            (Some(wanted), Some(found)) => wanted.down_to(found),
            _ => (wanted == found).then_some(0),
        };
        by_version.or(found.is_none().then_some(UNSAID))
    }

    /// Whether its kernel is Linux.
    #[must_use]
    pub fn is_linux(&self) -> bool {
        self.os == "linux"
    }

    /// Whether the architecture is one of the table.
    #[must_use]
    pub fn is_known(&self) -> bool {
        super::abis()
            .iter()
            .any(|abi| abi.oci.0 == self.architecture)
    }
}

/// A version of an architecture: its number, and the part of it after the point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Version {
    major: u32,
    minor: u32,
}

/// The version that a variant names, where the architecture has versions that
/// include the earlier ones.
fn version(architecture: &str, variant: Option<&str>) -> Option<Version> {
    let unsaid = match architecture {
        "amd64" => "v1",
        "arm" => "v7",
        "arm64" => "v8",
        _ => return None,
    };
    let text = variant.unwrap_or(unsaid).strip_prefix('v')?;
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let version = Version {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
    };
    let is_known = match architecture {
        "amd64" => (1..=4).contains(&version.major) && version.minor == 0,
        "arm" => (5..=8).contains(&version.major) && version.minor == 0,
        _ => (8..=9).contains(&version.major) && version.minor < 10,
    };
    is_known.then_some(version)
}

impl Version {
    /// How many versions lie between, if `found` is this one or an earlier one.
    fn down_to(self, found: Version) -> Option<u32> {
        if self.major == found.major {
            return self.minor.checked_sub(found.minor);
        }
        let majors = self.major.checked_sub(found.major)?;
        // Only ARM has minor ones; v9.0 has what v8.5 has.
        let (common, first) = match self.major {
            9 => (self.minor + 5, self.minor + 1),
            _ => (0, majors),
        };
        Some(first + common.checked_sub(found.minor)?)
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .as_ref()
            .map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn an_architecture_has_several_names() {
        let shown = |text| Platform::parse(text).map(|platform| platform.to_string());
        for (text, expected) in [
            ("linux/aarch64", "linux/arm64"),
            ("Linux/x86_64", "linux/amd64"),
            ("linux/x86-64/v3", "linux/amd64/v3"),
            ("arm64", "linux/arm64"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        // Which architecture is meant, only the host would know.
        for text in ["linux", "", "linux/", "linux/arm/v7/x", "vax"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    /// As containerd's `platformVector` has them, from the nearest on.
    #[test]
    fn earlier_versions_stand_in_for_the_one_that_is_wanted() {
        let vectors = [
            ("amd64/v3", "amd64/v3 amd64/v2 amd64/v1"),
            ("amd64", "amd64/v1"),
            ("arm/v7", "arm/v7 arm/v6 arm/v5 "),
            ("arm", "arm/v7 arm/v6 arm/v5"),
            ("arm/v8", "arm/v8 arm/v7 arm/v6 arm/v5"),
            ("arm64", "arm64/v8"),
            ("arm64/v8.2", "arm64/v8.2 arm64/v8.1 arm64/v8"),
            (
                "arm64/v9.1",
                "arm64/v9.1 arm64/v9 arm64/v8.6 arm64/v8.5 arm64/v8.4 arm64/v8.3 arm64/v8.2 arm64/v8.1 arm64/v8",
            ),
            ("riscv64/x", "riscv64/x"),
        ];
        let platform = |text: &str| Platform::parse(&format!("linux/{text}")).unwrap();
        for (wanted, vector) in vectors {
            let wanted = platform(wanted);
            let all = vectors.iter().flat_map(|(_, all)| all.split_whitespace());
            let mut found: Vec<(u32, &str)> = all
                .filter_map(|text| Some((wanted.distance(&platform(text))?, text)))
                .collect();
            found.sort_unstable();
            found.dedup();
            let found: Vec<&str> = found.into_iter().map(|(_, text)| text).collect();
            let expected: Vec<&str> = vector.split_whitespace().collect();
            assert_eq!(found, expected, "{wanted}");
        }
        let no = |wanted, found| platform(wanted).distance(&platform(found)).is_none();
        assert!(no("amd64", "amd64/v3") && no("arm64", "arm/v7") && no("amd64", "386"));
        // What says nothing fits, and fits least.
        assert!(platform("arm/v6").selects(&platform("arm")));
    }
}
