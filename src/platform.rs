//! The architecture table: what ELF machine, class, byte order, OCI platform
//! and the loaders call one and the same ABI.
//!
//! Sources: glibc `shlib-versions` and `sysdeps/**/{shlib-versions,Makefile}`
//! for interpreters and library directories, `sysdeps/**/dl-cache.h` for the
//! cache's flags; musl `configure` and `arch/*/reloc.h` for its names; the OCI
//! image specification and Go's `GOARCH` for platforms.

use crate::elf::consts::{
    EF_ARM_ABI_FLOAT_SOFT, EF_MIPS_ABI2, EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_MIPS, EM_PPC,
    EM_PPC64, EM_RISCV, EM_S390, EM_X86_64,
};
use crate::elf::{Class, Encoding, Layout};

/// One ABI: what programs and libraries of one kind have in common.
#[derive(Debug)]
pub struct Abi {
    /// What reports call the machine.
    pub name: &'static str,
    /// `e_machine`
    pub machine: u16,
    /// `EI_CLASS`
    pub class: Class,
    /// `EI_DATA`
    pub encoding: Encoding,
    /// `e_flags`, under a mask, where other ABIs share the three above.
    flags: Option<(u32, u32)>,
    /// The OCI architecture, and the variant where there are several.
    pub oci: (&'static str, Option<&'static str>),
    /// glibc's standard interpreters, the usual one first.
    pub glibc_loaders: &'static [&'static str],
    /// `ARCH` in musl's `/lib/ld-musl-ARCH.so.1`.
    pub musl: &'static str,
    /// Debian's multiarch triplet.
    pub triplet: &'static str,
    /// glibc's own library directories: slibdir, libdir.
    pub directories: &'static [&'static str],
    /// The `flags` that the loader takes from `ld.so.cache`; the first is the
    /// ABI's own.
    pub cache_flags: &'static [u32],
    /// `AT_PLATFORM` of an ordinary kernel and CPU, for `$PLATFORM`.
    pub platform: &'static str,
}

const LIB: &[&str] = &["/lib/", "/usr/lib/"];
const LIB64: &[&str] = &["/lib64/", "/usr/lib64/"];
const NO_CACHE: &[u32] = &[];

/// Every ABI that is known. Where several share machine, class and byte order,
/// those with flags come first.
static ABIS: &[Abi] = &[
    Abi {
        name: "x86_64",
        machine: EM_X86_64,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("amd64", None),
        glibc_loaders: &["/lib64/ld-linux-x86-64.so.2"],
        musl: "x86_64",
        triplet: "x86_64-linux-gnu",
        directories: LIB64,
        cache_flags: &[0x303],
        platform: "x86_64",
    },
    Abi {
        name: "x32",
        machine: EM_X86_64,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: None,
        oci: ("amd64p32", None),
        glibc_loaders: &["/libx32/ld-linux-x32.so.2"],
        musl: "x32",
        triplet: "x86_64-linux-gnux32",
        directories: &["/libx32/", "/usr/libx32/"],
        cache_flags: &[0x803],
        platform: "x86_64",
    },
    Abi {
        name: "i386",
        machine: EM_386,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: None,
        oci: ("386", None),
        glibc_loaders: &["/lib/ld-linux.so.2"],
        musl: "i386",
        triplet: "i386-linux-gnu",
        directories: LIB,
        cache_flags: &[0x003, 0x001],
        platform: "i686",
    },
    Abi {
        name: "aarch64",
        machine: EM_AARCH64,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("arm64", Some("v8")),
        glibc_loaders: &["/lib/ld-linux-aarch64.so.1"],
        musl: "aarch64",
        triplet: "aarch64-linux-gnu",
        directories: LIB64,
        cache_flags: &[0xa03],
        platform: "aarch64",
    },
    Abi {
        name: "arm",
        machine: EM_ARM,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: Some((EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_SOFT)),
        oci: ("arm", Some("v5")),
        glibc_loaders: &["/lib/ld-linux.so.3"],
        musl: "arm",
        triplet: "arm-linux-gnueabi",
        directories: LIB,
        cache_flags: &[0xb03, 0x003],
        platform: "v7l",
    },
    Abi {
        name: "arm",
        machine: EM_ARM,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: None,
        oci: ("arm", Some("v7")),
        glibc_loaders: &["/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.3"],
        musl: "armhf",
        triplet: "arm-linux-gnueabihf",
        directories: LIB,
        cache_flags: &[0x903, 0x003],
        platform: "v7l",
    },
    Abi {
        name: "riscv64",
        machine: EM_RISCV,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("riscv64", None),
        glibc_loaders: &[
            "/lib/ld-linux-riscv64-lp64d.so.1",
            "/lib/ld-linux-riscv64-lp64.so.1",
        ],
        musl: "riscv64",
        triplet: "riscv64-linux-gnu",
        directories: &["/lib64/lp64d/", "/usr/lib64/lp64d/"],
        cache_flags: &[0x1003, 0x0f03],
        platform: "riscv64",
    },
    Abi {
        name: "ppc64le",
        machine: EM_PPC64,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("ppc64le", None),
        glibc_loaders: &["/lib64/ld64.so.2"],
        musl: "powerpc64le",
        triplet: "powerpc64le-linux-gnu",
        directories: LIB64,
        cache_flags: &[0x503],
        platform: "power9",
    },
    Abi {
        name: "ppc64",
        machine: EM_PPC64,
        class: Class::Elf64,
        encoding: Encoding::Big,
        flags: None,
        oci: ("ppc64", None),
        glibc_loaders: &["/lib64/ld64.so.1"],
        musl: "powerpc64",
        triplet: "powerpc64-linux-gnu",
        directories: LIB64,
        cache_flags: &[0x503],
        platform: "power8",
    },
    Abi {
        name: "ppc",
        machine: EM_PPC,
        class: Class::Elf32,
        encoding: Encoding::Big,
        flags: None,
        oci: ("ppc", None),
        glibc_loaders: &["/lib/ld.so.1"],
        musl: "powerpc",
        triplet: "powerpc-linux-gnu",
        directories: LIB,
        cache_flags: &[0x003, 0x001],
        platform: "powerpc",
    },
    Abi {
        name: "s390x",
        machine: EM_S390,
        class: Class::Elf64,
        encoding: Encoding::Big,
        flags: None,
        oci: ("s390x", None),
        glibc_loaders: &["/lib/ld64.so.1"],
        musl: "s390x",
        triplet: "s390x-linux-gnu",
        directories: LIB64,
        cache_flags: &[0x403],
        platform: "z14",
    },
    Abi {
        name: "s390",
        machine: EM_S390,
        class: Class::Elf32,
        encoding: Encoding::Big,
        flags: None,
        oci: ("s390", None),
        glibc_loaders: &["/lib/ld.so.1"],
        musl: "s390",
        triplet: "s390-linux-gnu",
        directories: LIB,
        cache_flags: &[0x003, 0x001],
        platform: "z14",
    },
    Abi {
        name: "mips64el",
        machine: EM_MIPS,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("mips64le", None),
        glibc_loaders: &["/lib64/ld.so.1"],
        musl: "mips64el",
        triplet: "mips64el-linux-gnuabi64",
        directories: LIB64,
        cache_flags: &[0x703],
        platform: "mips64r2",
    },
    Abi {
        name: "mips64",
        machine: EM_MIPS,
        class: Class::Elf64,
        encoding: Encoding::Big,
        flags: None,
        oci: ("mips64", None),
        glibc_loaders: &["/lib64/ld.so.1"],
        musl: "mips64",
        triplet: "mips64-linux-gnuabi64",
        directories: LIB64,
        cache_flags: &[0x703],
        platform: "mips64r2",
    },
    Abi {
        name: "mipsn32el",
        machine: EM_MIPS,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: Some((EF_MIPS_ABI2, EF_MIPS_ABI2)),
        oci: ("mips64p32le", None),
        glibc_loaders: &["/lib32/ld.so.1"],
        musl: "mipsn32el",
        triplet: "mips64el-linux-gnuabin32",
        directories: &["/lib32/", "/usr/lib32/"],
        cache_flags: &[0x603],
        platform: "mips64r2",
    },
    Abi {
        name: "mipsel",
        machine: EM_MIPS,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: None,
        oci: ("mipsle", None),
        glibc_loaders: &["/lib/ld.so.1"],
        musl: "mipsel",
        triplet: "mipsel-linux-gnu",
        directories: LIB,
        cache_flags: &[0x003, 0x001],
        platform: "mips32r2",
    },
    Abi {
        name: "mips",
        machine: EM_MIPS,
        class: Class::Elf32,
        encoding: Encoding::Big,
        flags: None,
        oci: ("mips", None),
        glibc_loaders: &["/lib/ld.so.1"],
        musl: "mips",
        triplet: "mips-linux-gnu",
        directories: LIB,
        cache_flags: &[0x003, 0x001],
        platform: "mips32r2",
    },
    Abi {
        name: "loongarch64",
        machine: EM_LOONGARCH,
        class: Class::Elf64,
        encoding: Encoding::Little,
        flags: None,
        oci: ("loong64", None),
        glibc_loaders: &["/lib64/ld-linux-loongarch-lp64d.so.1"],
        musl: "loongarch64",
        triplet: "loongarch64-linux-gnu",
        directories: LIB64,
        cache_flags: &[0x1203, 0x1103],
        platform: "loongarch64",
    },
    Abi {
        name: "riscv32",
        machine: EM_RISCV,
        class: Class::Elf32,
        encoding: Encoding::Little,
        flags: None,
        oci: ("riscv", None),
        glibc_loaders: &["/lib/ld-linux-riscv32-ilp32d.so.1"],
        musl: "riscv32",
        triplet: "riscv32-linux-gnu",
        directories: &["/lib32/ilp32d/", "/usr/lib32/ilp32d/"],
        cache_flags: NO_CACHE,
        platform: "riscv32",
    },
];

/// Every ABI that is known.
#[must_use]
pub fn abis() -> &'static [Abi] {
    ABIS
}

/// The ABI of an object with these header fields.
#[must_use]
pub fn abi(machine: u16, layout: Layout, flags: u32) -> Option<&'static Abi> {
    ABIS.iter().find(|abi| {
        abi.machine == machine
            && abi.class == layout.class
            && abi.encoding == layout.encoding
            && abi.flags.is_none_or(|(mask, value)| flags & mask == value)
    })
}

/// Whether files for `machine` can have this layout.
#[must_use]
pub fn machine_has(machine: u16, layout: Layout) -> bool {
    ABIS.iter().any(|abi| {
        abi.machine == machine && abi.class == layout.class && abi.encoding == layout.encoding
    })
}

/// What reports call the machine of an object, known or not.
#[must_use]
pub fn machine_name(machine: u16, layout: Layout, flags: u32) -> String {
    match abi(machine, layout, flags) {
        Some(abi) => abi.name.to_owned(),
        None => format!("machine {machine}"),
    }
}

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

    /// Whether a Linux kernel of this platform has a handler for the machine in
    /// an ELF header, as far as the machine alone decides. 32-bit programs run on
    /// the 64-bit kernels whose distributions enable that.
    #[must_use]
    pub fn runs(&self, machine: u16) -> bool {
        let machines: &[u16] = match self.architecture.as_str() {
            "amd64" => &[EM_X86_64, EM_386],
            "arm64" => &[EM_AARCH64, EM_ARM],
            other => {
                return ABIS
                    .iter()
                    .any(|abi| abi.oci.0 == other && abi.machine == machine);
            }
        };
        machines.contains(&machine)
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
        ABIS.iter().any(|abi| abi.oci.0 == self.architecture)
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
