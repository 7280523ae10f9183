//! Memory that is to be written and executed, which some systems refuse.

use super::{Case, Code, Draft, quoted};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::report::Finding;

/// What each of the files that are loaded asks for.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    for (path, object) in case.objects() {
        executable_stack(case, &path, object, found);
        text_relocations(case, &path, object, found);
    }
}

fn executable_stack(case: &Case<'_>, path: &[u8], object: &Object, found: &mut Vec<Finding>) {
    if object.executable_stack != Some(true) {
        return;
    }
    let message = format!("{} asks for an executable stack", quoted(path));
    let name = Shown(path).to_string();
    let finding = Draft::new(case, Code::ExecstackRefused, path, message)
        .evidence("PT_GNU_STACK has PF_X")
        .evidence(
            "SELinux and hardened kernels refuse it; glibc 2.41 and later where it comes by dlopen",
        )
        .fix(
            None,
            "mark it as one that needs none",
            Some(&format!("patchelf --clear-execstack {name}")),
        )
        .fix(None, "or link it again", Some("-z noexecstack"));
    found.push(finding.done());
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
