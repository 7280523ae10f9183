//! The architecture table: what ELF machine, class, byte order, OCI platform
//! and the loaders call one and the same ABI.
//!
//! Sources: glibc `shlib-versions` and `sysdeps/**/{shlib-versions,Makefile}`
//! for interpreters and library directories, `sysdeps/**/dl-cache.h` for the
//! cache's flags; musl `configure` and `arch/*/reloc.h` for its names; the OCI
//! image specification and Go's `GOARCH` for platforms.

mod oci;

pub use oci::Platform;

use crate::elf::consts::{
    EF_ARM_ABI_FLOAT_HARD, EF_ARM_ABI_FLOAT_SOFT, EF_MIPS_ABI2, EM_386, EM_486, EM_AARCH64, EM_ARM,
    EM_LOONGARCH, EM_MIPS, EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64,
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
    /// `AT_PLATFORM` of an ordinary kernel and CPU, for `$PLATFORM`; `None` where the
    /// kernel says nothing (`ELF_PLATFORM` in `arch/*/include/asm/elf.h`; of MIPS only
    /// Octeon and Loongson have one).
    pub platform: Option<&'static str>,
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
        platform: Some("x86_64"),
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
        platform: Some("x86_64"),
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
        platform: Some("i686"),
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
        platform: Some("aarch64"),
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
        platform: Some("v7l"),
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
        platform: Some("v7l"),
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
        platform: None,
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
        platform: Some("power9"),
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
        platform: Some("power8"),
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
        platform: Some("powerpc"),
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
        platform: Some("z14"),
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
        platform: Some("z14"),
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
        platform: None,
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
        platform: None,
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
        platform: None,
    },
    Abi {
        name: "mipsn32",
        machine: EM_MIPS,
        class: Class::Elf32,
        encoding: Encoding::Big,
        flags: Some((EF_MIPS_ABI2, EF_MIPS_ABI2)),
        oci: ("mips64p32", None),
        glibc_loaders: &["/lib32/ld.so.1"],
        musl: "mipsn32",
        triplet: "mips64-linux-gnuabin32",
        directories: &["/lib32/", "/usr/lib32/"],
        cache_flags: &[0x603],
        platform: None,
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
        platform: None,
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
        platform: None,
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
        platform: Some("loongarch"),
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
        platform: None,
    },
];

impl Abi {
    /// What a person calls it: of Arm's two, which share a name, the one that it is.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.machine, self.flags) {
            (EM_ARM, Some(_)) => format!("{}, soft-float ABI", self.name),
            (EM_ARM, None) => format!("{}, hard-float ABI", self.name),
            _ => self.name.to_owned(),
        }
    }

    /// Whether what is of this ABI, with these `e_flags`, goes with what is of `other`. Of
    /// Arm a file that names neither float ABI goes with both.
    #[must_use]
    pub fn goes_with(&self, flags: u32, other: &Abi) -> bool {
        let says_float = flags & (EF_ARM_ABI_FLOAT_SOFT | EF_ARM_ABI_FLOAT_HARD) != 0;
        let is_told_apart = self.machine == EM_ARM && says_float;
        self.name == other.name && (!is_told_apart || self.triplet == other.triplet)
    }
}

/// Every ABI that is known.
#[must_use]
pub fn abis() -> &'static [Abi] {
    ABIS
}

/// The ABI of an object with these header fields.
#[must_use]
pub fn abi(machine: u16, layout: Layout, flags: u32) -> Option<&'static Abi> {
    let machine = handled_as(machine);
    ABIS.iter().find(|abi| {
        abi.machine == machine
            && abi.class == layout.class
            && abi.encoding == layout.encoding
            && abi.flags.is_none_or(|(mask, value)| flags & mask == value)
    })
}

/// The machine that kernels take `machine` for (`elf_check_arch_ia32` in
/// `arch/x86/include/asm/elf.h`). glibc's loaders do not.
#[must_use]
pub fn handled_as(machine: u16) -> u16 {
    match machine {
        EM_486 => EM_386,
        other => other,
    }
}

/// Whether files for `machine` can have this layout.
#[must_use]
pub fn machine_has(machine: u16, layout: Layout) -> bool {
    let machine = handled_as(machine);
    ABIS.iter().any(|abi| {
        abi.machine == machine && abi.class == layout.class && abi.encoding == layout.encoding
    })
}

/// What reports call the machine of an object, known or not.
#[must_use]
pub fn machine_name(machine: u16, layout: Layout, flags: u32) -> String {
    if let Some(abi) = abi(machine, layout, flags) {
        return abi.name.to_owned();
    }
    let other = |abi: &&Abi| abi.machine == machine && abi.class == layout.class;
    match ABIS.iter().find(other) {
        Some(abi) => format!("{}, {}", abi.name, layout.encoding.words()),
        None => format!("machine {machine}"),
    }
}
