//! Memory that is to be written and executed, which some systems refuse.

use super::{Case, Code, Draft, quote, quoted};
use crate::elf::Object;
use crate::elf::consts::{EM_MIPS, PF_W, PF_X};
use crate::report::Finding;

/// What each of the files that are loaded asks for.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    for (path, object) in case.objects() {
        executable_stack(case, path, object, found);
        text_relocations(case, path, object, found);
        found.extend(writable_code(case, path, object));
    }
}

fn executable_stack(case: &Case<'_>, path: &[u8], object: &Object, found: &mut Vec<Finding>) {
    // MIPS toolchains ask for one as a rule, since branch delay slots of emulated
    // instructions were put there.
    if object.executable_stack != Some(true) || object.header.machine == EM_MIPS {
        return;
    }
    let message = format!("{} asks for an executable stack", quoted(path));
    let name = quote::word(path);
    let finding = Draft::new(case, Code::ExecstackRefused, path, message)
        .evidence("PT_GNU_STACK has PF_X")
        .evidence(
            "SELinux and hardened kernels refuse it; glibc 2.41 and later where it comes by dlopen",
        )
        .fix(
            None,
            "mark it as one that needs none",
            Some(&format!(
                "patchelf --clear-execstack {name}   (0.18 or later)"
            )),
        )
        .fix(None, "or link it again", Some("-z noexecstack"));
    found.push(finding.done());
}

/// A segment that is mapped to be written and executed at once: SELinux asks for
/// `execmem` (`security/selinux/hooks.c:file_map_prot_check`), and a seccomp filter
/// such as systemd's `MemoryDenyWriteExecute=` refuses the `mmap`.
fn writable_code(case: &Case<'_>, path: &[u8], object: &Object) -> Option<Finding> {
    let both = |load: &&crate::elf::Segment| load.flags & (PF_W | PF_X) == PF_W | PF_X;
    let load = object.loads.iter().find(both)?;
    let message = format!("{} has code that can be written", quoted(path));
    let finding = Draft::new(case, Code::WritableCode, path, message)
        .evidence(format!("PT_LOAD at {:#x}: PF_R PF_W PF_X", load.address))
        .evidence("SELinux without `execmem` and systemd's MemoryDenyWriteExecute= refuse it")
        .evidence(
            "at run time, there: failed to map segment from shared object, or killed at the start",
        )
        .fix(
            None,
            "link it again, with a linker script that keeps code and data apart",
            Some("-Wl,-z,separate-code   (and not -N, --omagic)"),
        );
    Some(finding.done())
}

fn text_relocations(case: &Case<'_>, path: &[u8], object: &Object, found: &mut Vec<Finding>) {
    if !object.dynamic.text_relocations {
        return;
    }
    let message = format!("{} changes its own code when it is loaded", quoted(path));
    let finding = Draft::new(case, Code::Textrel, path, message)
        .evidence("DT_TEXTREL: it was not compiled as position-independent code")
        .evidence("SELinux and hardened kernels refuse it: cannot restore segment prot after reloc")
        .fix(None, "compile it again", Some("-fPIC"));
    found.push(finding.done());
}
