//! Case 75: flags in the ELF header that tell ABIs of one machine apart.

use crate::support::case::{Given, case, given};

const FATAL: &str = "exit 127: /app/exe: error while loading shared libraries: ";

/// A program and its library with those flags at `/x`; another with the program's own
/// at `/y`.
fn pair(machine: &str, program: &str, library: &str) -> Given {
    given(format!(
        "
        loader glibc 2.36 {machine}
        /app/exe    elf {machine} needed=liba.so runpath=/x:/y e_flags={program}
        /x/liba.so  elf {machine} e_flags={library}
        /y/liba.so  elf {machine} e_flags={program}
        "
    ))
}

fn taken(platform: &str, machine: &str, program: &str, library: &str) -> Given {
    pair(machine, program, library).run(
        format!("platform={platform} /app/exe"),
        "/app/exe\n└── liba.so => /x/liba.so [runpath]\nstarts",
    )
}

fn passed_by(platform: &str, machine: &str, program: &str, library: &str) -> Given {
    pair(machine, program, library).run(
        format!("platform={platform} /app/exe"),
        "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts",
    )
}

case!(
    case_75_the_float_abi_of_riscv_is_part_of_the_machine,
    passed_by("linux/riscv64", "riscv64", "0x4", "0x0"),
    passed_by("linux/riscv64", "riscv64", "0x4", "0x2"),
    // That instructions are compressed is not.
    taken("linux/riscv64", "riscv64", "0x4", "0x5"),
);

case!(
    case_75b_the_abi_of_ppc64_is_part_of_the_machine_where_a_file_says_it,
    passed_by("linux/ppc64le", "ppc64le", "0x2", "0x1"),
    taken("linux/ppc64le", "ppc64le", "0x2", "0x0"),
    taken("linux/ppc64le", "ppc64le", "0x2", "0x2"),
);

case!(
    case_75c_mips_keeps_abis_and_nans_apart,
    // n32
    passed_by("linux/mips", "mips", "0x1000", "0x1020"),
    // NaN2008
    passed_by("linux/mips", "mips", "0x1000", "0x1400"),
    // What became of o32 with 64-bit registers, in the end.
    passed_by("linux/mips", "mips", "0x1000", "0x1200"),
    // Code for another CPU of the family.
    taken("linux/mips", "mips", "0x1000", "0x2000"),
);

case!(
    case_75d_the_other_float_abi_of_arm_is_passed_by_by_debians_builds,
    passed_by("linux/arm/v7", "arm", "0x5000400", "0x5000200"),
    // Files that say neither go with both, and so do those of older ABIs.
    taken("linux/arm/v7", "arm", "0x5000400", "0x5000000"),
    taken("linux/arm/v7", "arm", "0x5000400", "0x4000200"),
    // As the real 2.31 and 2.36 say it, whichever is the other.
    given(
        "
        /app/exe                 elf arm needed=liba.so runpath=/x e_flags=0x5000200 interp=/lib/ld-linux.so.3
        /lib/ld-linux.so.3       loader glibc 2.31 arm
        /x/liba.so               elf arm e_flags=0x5000400
        "
    )
    .run(
        "platform=linux/arm/v5 /app/exe",
        format!("/app/exe\n└── liba.so => not found\n{FATAL}liba.so: cannot open shared object file: No such file or directory")
    ),
);

case!(
    case_75e_upstream_has_no_words_for_the_other_float_abi_of_arm,
    given(
        "
        loader glibc 2.36 upstream arm
        /app/exe    elf arm needed=liba.so runpath=/x:/y e_flags=0x5000400
        /x/liba.so  elf arm e_flags=0x5000200
        /y/liba.so  elf arm e_flags=0x5000400
        "
    )
    .run(
        "platform=linux/arm/v7 /app/exe",
        format!(
            "/app/exe\n├── liba.so => /x/liba.so unusable\n└── liba.so => /y/liba.so [runpath]\n\
             {FATAL}/x/liba.so: internal error"
        )
    ),
    given(
        "
        loader glibc 2.36 upstream
        /app/exe    elf needed=liba.so runpath=/x:/y
        /x/liba.so  elf s390x
        /y/liba.so  elf
        "
    )
    .run(
        "/app/exe",
        format!(
            "/app/exe\n├── liba.so => /x/liba.so unusable\n└── liba.so => /y/liba.so [runpath]\n\
             {FATAL}/x/liba.so: ELF file data encoding not little-endian"
        )
    ),
);

/// A program and a library with that ABI version, and OS ABI.
fn abi_version(release: &str, machine: &str, osabi: u8, version: u8) -> Given {
    given(format!(
        "
        loader glibc {release} {machine}
        /app/exe    elf {machine} needed=liba.so runpath=/x
        /x/liba.so  elf {machine} damage=osabi:{osabi},abiversion:{version}
        "
    ))
}

fn takes_version(release: &str, machine: &str, osabi: u8, version: u8) -> Given {
    abi_version(release, machine, osabi, version).run(
        format!("platform=linux/{machine} /app/exe"),
        "/app/exe\n└── liba.so => /x/liba.so [runpath]\nstarts",
    )
}

fn refuses_version(release: &str, machine: &str, osabi: u8, version: u8) -> Given {
    abi_version(release, machine, osabi, version).run(
        format!("platform=linux/{machine} /app/exe"),
        format!(
            "/app/exe\n└── liba.so => /x/liba.so unusable\n\
             {FATAL}/x/liba.so: ELF file ABI version invalid"
        ),
    )
}

// As the real loaders of Debian 11 to 13 take 0 to 6, under qemu-user.
case!(
    case_75f_which_abi_versions_are_taken_is_the_machines_and_the_releases,
    takes_version("2.36", "mips", 0, 5),
    takes_version("2.36", "mips", 3, 5),
    refuses_version("2.36", "mips", 0, 6),
    refuses_version("2.36", "mips", 3, 6),
    takes_version("2.30", "mips", 0, 3),
    refuses_version("2.30", "mips", 0, 4),
    takes_version("2.30", "mips", 3, 4),
    takes_version("2.36", "s390x", 3, 2),
    refuses_version("2.36", "s390x", 3, 3),
    refuses_version("2.36", "s390x", 0, 1),
    takes_version("2.36", "riscv64", 3, 3),
    refuses_version("2.31", "riscv64", 3, 3),
);

case!(
    case_75g_a_header_of_64_bits_in_60_bytes_is_of_another_class_all_the_same,
    given(
        "
        loader glibc 2.36 i386
        /app/exe    elf i386 needed=liba.so runpath=/x:/y
        /x/liba.so  elf damage=truncate:60
        /y/liba.so  elf i386
        "
    )
    .run(
        "/app/exe",
        "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts"
    ),
    given(
        "
        loader glibc 2.36 i386
        /app/exe    elf i386 needed=liba.so runpath=/x
        /x/liba.so  elf damage=truncate:51
        "
    )
    .run(
        "/app/exe",
        format!("/app/exe\n└── liba.so => /x/liba.so unusable\n{FATAL}/x/liba.so: file too short")
    ),
);

case!(
    case_75h_the_folders_for_better_cpus_of_old_are_the_machines,
    given(
        "
        loader glibc 2.31 arm
        /app/exe             elf arm needed=liba.so,libb.so runpath=/x:/y
        /x/neon/vfp/liba.so  elf arm
        /x/vfp/neon/libb.so  elf arm
        /y/liba.so           elf arm
        /y/libb.so           elf arm
        "
    )
    .run(
        "platform=linux/arm/v7 /app/exe",
        "/app/exe\n├── liba.so => /x/neon/vfp/liba.so [runpath]\n└── libb.so => /y/libb.so [runpath]\nstarts",
    ),
    given(
        "
        loader glibc 2.31 s390x
        /app/exe               elf s390x needed=liba.so runpath=/x
        /x/tls/vxe/vx/liba.so  elf s390x
        "
    )
    .run(
        "platform=linux/s390x /app/exe",
        "/app/exe\n└── liba.so => /x/tls/vxe/vx/liba.so [runpath]\nstarts",
    ),
);

case!(
    case_75i_no_kernel_of_riscv_names_a_platform,
    given(
        "
        loader glibc 2.36 riscv64
        /app/exe            elf riscv64 needed=liba.so runpath=/x/$PLATFORM:/y
        /x/riscv64/liba.so  elf riscv64
        /y/liba.so          elf riscv64
        "
    )
    .run(
        "platform=linux/riscv64 /app/exe",
        "/app/exe\n└── liba.so => /y/liba.so [runpath]\nstarts",
    ),
);
