//! Constants of the specifications, as plain numbers, under their own names.

use object::elf;

macro_rules! plain {
    ($($name:ident: $kind:ty;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`")]
            pub const $name: $kind = elf::$name.0;
        )*
    };
}

plain! {
    ELFCLASS32: u8;
    ELFCLASS64: u8;
    ELFDATA2LSB: u8;
    ELFDATA2MSB: u8;
    ELFOSABI_SYSV: u8;
    ELFOSABI_GNU: u8;
    ET_REL: u16;
    ET_EXEC: u16;
    ET_DYN: u16;
    EM_386: u16;
    EM_AARCH64: u16;
    EM_ARM: u16;
    EM_LOONGARCH: u16;
    EM_MIPS: u16;
    EM_NONE: u16;
    EM_PPC: u16;
    EM_PPC64: u16;
    EM_RISCV: u16;
    EM_S390: u16;
    EM_X86_64: u16;
    PT_LOAD: u32;
    PT_DYNAMIC: u32;
    PT_INTERP: u32;
    PT_NOTE: u32;
    PT_GNU_STACK: u32;
    PT_GNU_PROPERTY: u32;
    PT_GNU_RELRO: u32;
    PF_X: u32;
    PF_W: u32;
    DT_NULL: i64;
    DT_NEEDED: i64;
    DT_STRTAB: i64;
    DT_STRSZ: i64;
    DT_SYMTAB: i64;
    DT_HASH: i64;
    DT_GNU_HASH: i64;
    DT_SONAME: i64;
    DT_RPATH: i64;
    DT_RUNPATH: i64;
    DT_FLAGS: i64;
    DT_FLAGS_1: i64;
    DT_TEXTREL: i64;
    DT_BIND_NOW: i64;
    DT_RELR: i64;
    DT_RELASZ: i64;
    DT_RELSZ: i64;
    DT_RELRSZ: i64;
    DT_PLTRELSZ: i64;
    DT_VERSYM: i64;
    DT_JMPREL: i64;
    DT_PLTREL: i64;
    DT_REL: i64;
    DT_RELA: i64;
    DT_VERNEED: i64;
    DT_VERNEEDNUM: i64;
    DT_VERDEF: i64;
    DT_VERDEFNUM: i64;
    DT_AUXILIARY: i64;
    DT_FILTER: i64;
    DT_AUDIT: i64;
    DT_DEPAUDIT: i64;
    DF_TEXTREL: u64;
    DF_BIND_NOW: u64;
    DF_STATIC_TLS: u64;
    DF_1_NOW: u64;
    DF_1_NODEFLIB: u64;
    DF_1_PIE: u64;
    NT_GNU_ABI_TAG: u32;
    NT_GNU_PROPERTY_TYPE_0: u32;
    VER_FLG_BASE: u16;
    VER_FLG_WEAK: u16;
    GNU_PROPERTY_X86_ISA_1_NEEDED: u32;
    SHN_UNDEF: u16;
    SHN_ABS: u16;
    STB_LOCAL: u8;
    STB_GLOBAL: u8;
    STB_WEAK: u8;
    STB_GNU_UNIQUE: u8;
    STT_NOTYPE: u8;
    STT_OBJECT: u8;
    STT_FUNC: u8;
    STT_COMMON: u8;
    STT_TLS: u8;
    STT_GNU_IFUNC: u8;
    STV_HIDDEN: u8;
    STV_INTERNAL: u8;
}

/// `EI_CLASS`
pub const EI_CLASS: usize = 4;
/// `EI_DATA`
pub const EI_DATA: usize = 5;
/// `EI_VERSION`
pub const EI_VERSION: usize = 6;
/// `EI_OSABI`
pub const EI_OSABI: usize = 7;
/// `EI_ABIVERSION`
pub const EI_ABIVERSION: usize = 8;
/// `EM_486`: what Linux takes for another `EM_386`. Others have the number for `EM_IAMCU`.
pub const EM_486: u16 = 6;
/// `EF_RISCV_FLOAT_ABI`
pub const EF_RISCV_FLOAT_ABI: u32 = 0x6;
/// `EF_MIPS_ABI2`
pub const EF_MIPS_ABI2: u32 = 0x20;
/// `EF_MIPS_FP64`
pub const EF_MIPS_FP64: u32 = 0x200;
/// `EF_MIPS_NAN2008`
pub const EF_MIPS_NAN2008: u32 = 0x400;
/// `EF_PPC64_ABI`
pub const EF_PPC64_ABI: u32 = 0x3;
/// `EF_ARM_EABIMASK`
pub const EF_ARM_EABIMASK: u32 = 0xff00_0000;
/// `EF_ARM_EABI_VER5`
pub const EF_ARM_EABI_VER5: u32 = 0x0500_0000;
/// `EF_ARM_ABI_FLOAT_HARD`
pub const EF_ARM_ABI_FLOAT_HARD: u32 = 0x400;
/// `EF_ARM_ABI_FLOAT_SOFT`
pub const EF_ARM_ABI_FLOAT_SOFT: u32 = 0x200;
/// `ELFOSABI_ARM_AEABI`
pub const ELFOSABI_ARM_AEABI: u8 = 64;
