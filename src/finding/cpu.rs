//! What a file asks of the processor.

use super::{Case, Code, Draft, quoted};
use crate::elf::Object;
use crate::graph::CpuRefusal;
use crate::loader::Role;
use crate::report::{Finding, Severity};

/// What each of the files that are loaded asks.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    baseline(case, found);
    for (path, object) in case.objects() {
        isa_level(case, path, object, found);
    }
}

/// A loader that was built for a better CPU than the one that was given. Without one
/// nothing is said: every program of such a system would have it.
fn baseline(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((_, graph)) = case.graph.filter(|_| !case.is_library) else {
        return;
    };
    let Some(refusal) = graph.cpu.filter(|cpu| *cpu == CpuRefusal::Loader) else {
        return;
    };
    let loader = graph
        .map
        .iter()
        .find(|(_, loaded)| loaded.role == Role::Loader);
    let path: &[u8] = loader.map_or(b"", |(_, loaded)| &loaded.path);
    let given = case.cpu.unwrap_or_default();
    let message = format!("{} is built for CPUs better than {given}", quoted(path));
    let finding = Draft::new(case, Code::LibcBaseline, path, message)
        .evidence("it has the string `CPU does not support x86-64-v`")
        .evidence(format!("at run time: {}", refusal.line(graph)))
        .fix(
            None,
            "give the virtual machine a better CPU",
            Some("qemu: -cpu host, or x86-64-v2-AES"),
        )
        .fix(
            None,
            "or take a base that is built for all",
            super::builder::debian_base(case).as_deref(),
        );
    found.push(finding.done());
}

/// `GNU_PROPERTY_X86_ISA_1_NEEDED`: glibc since 2.33 refuses what the CPU does not have
/// (`sysdeps/x86/dl-cet.c`, `dl_isa_level_check`).
fn isa_level(case: &Case<'_>, path: &[u8], object: &Object, found: &mut Vec<Finding>) {
    let Some(bits) = object.notes.x86_isa_needed else {
        return;
    };
    let needed = (1..=3).rev().find(|bit| bits >> bit & 1 == 1);
    let Some(needed) = needed.map(|bit| bit + 1) else {
        return;
    };
    let given = case.cpu.and_then(|cpu| match cpu {
        "x86-64" => Some(1),
        other => other.strip_prefix("x86-64-v")?.parse().ok(),
    });
    if given.is_some_and(|given: u32| given >= needed) {
        return;
    }
    let is_refused = case.graph.is_some_and(|(_, graph)| graph.cpu.is_some());
    let severity = match given {
        Some(_) if is_refused && !case.is_library => Severity::Error,
        Some(_) => Severity::Warning,
        None => Severity::Note,
    };
    let message = format!("{} needs a CPU of level x86-64-v{needed}", quoted(path));
    let finding = Draft::new(case, Code::IsaProperty, path, message)
        .severity(severity)
        .evidence(format!("GNU_PROPERTY_X86_ISA_1_NEEDED: {bits:#x}"))
        .evidence("at run time, on a lesser CPU: CPU ISA level is lower than required")
        .fix(
            None,
            "build for the baseline",
            Some("without -march=native, -march=x86-64-v… and -z x86-64-v…"),
        );
    found.push(finding.done());
}
