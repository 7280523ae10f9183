//! For which programs a kernel has a handler (`elf_check_arch` and
//! `compat_elf_check_arch` in `arch/*/include/asm/elf.h`).
//!
//! A kernel reads `e_machine` in its own byte order, so a program of the other one is for
//! a machine that nobody knows. `EI_DATA` is never looked at.

use crate::elf::Class;
use crate::elf::Header;
use crate::elf::consts::{
    EF_MIPS_ABI2, EF_MIPS_NAN2008, EM_LOONGARCH, EM_MIPS, EM_RISCV, EM_S390, EM_X86_64,
};
use crate::platform::{self, Platform};

/// Whether a kernel of this platform takes a program with this header; without one, any
/// is taken for the kernel's own.
pub(super) fn takes(platform: Option<&Platform>, header: &Header) -> bool {
    // No distribution's kernel runs x32 unless it is told to.
    if header.machine == EM_X86_64 && header.layout.class == Class::Elf32 {
        return false;
    }
    let Some(platform) = platform else {
        return true;
    };
    let abi = platform::abi(header.machine, header.layout, header.flags);
    abi.is_some_and(|abi| platform.runs(abi)) && class_is_good(header)
}

/// Whether the handler that took `program` takes its interpreter too.
pub(super) fn takes_with(program: &Header, interpreter: &Header) -> bool {
    let differ = program.flags ^ interpreter.flags;
    let flags_agree = match program.machine {
        // The second one is `arch/mips/kernel/elf.c:arch_check_elf`.
        EM_MIPS => differ & (EF_MIPS_ABI2 | EF_MIPS_NAN2008) == 0,
        _ => true,
    };
    platform::handled_as(program.machine) == platform::handled_as(interpreter.machine)
        && program.layout == interpreter.layout
        && flags_agree
        && class_is_good(interpreter)
}

/// Some kernels compare `EI_CLASS`, as it is written.
fn class_is_good(header: &Header) -> bool {
    let looks = [EM_MIPS, EM_S390, EM_RISCV, EM_LOONGARCH].contains(&header.machine);
    !looks || header.ident.class() == header.layout.class.ident()
}
