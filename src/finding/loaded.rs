//! Findings about files that are loaded: damaged, odd, for another machine, or found by a
//! chance.

use super::{Case, Code, Draft, quoted};
use crate::bytes::Shown;
use crate::elf::{Anomaly, Object};
use crate::graph::{Graph, Status};
use crate::loader::{Loaded, Role, Rule};
use crate::report::{Finding, Severity};

/// Files that are found here and might not be elsewhere: by a relative path, or
/// because the CPU is good enough.
pub(super) fn chances(case: &Case<'_>, graph: &Graph, found: &mut Vec<Finding>) {
    for library in graph
        .libraries
        .iter()
        .filter(|library| library.status == Status::Found)
    {
        let Some(path) = library.path.as_deref() else {
            continue;
        };
        let is_loader = library.rule == Some(Rule::LoaderItself);
        if !path.starts_with(b"/") && !is_loader {
            let message = format!(
                "{} is found as {}, from the working directory",
                quoted(&library.name),
                quoted(path)
            );
            let draft = Draft::new(case, Code::CwdDependent, &library.name, message)
                .evidence("started from another directory, the program gets another file or none")
                .fix(
                    None,
                    "use absolute paths, or $ORIGIN, in rpath, runpath and names",
                    None,
                );
            found.push(draft.done());
        }
        let level = path
            .split(|&b| b == b'/')
            .skip_while(|part| *part != b"glibc-hwcaps")
            .nth(1);
        if let Some(level) = level {
            let message = format!(
                "{} is the file for CPUs of level {}",
                quoted(path),
                Shown(level)
            );
            let draft = Draft::new(case, Code::CpuDependent, &library.name, message)
                .evidence("a CPU below that level gets another file; --cpu sets the level");
            found.push(draft.done());
        }
    }
}

/// Objects whose own list of needs cannot be read.
pub(super) fn damaged(case: &Case<'_>, graph: &Graph, found: &mut Vec<Finding>) {
    for (_, loaded) in graph
        .map
        .iter()
        .filter(|(_, loaded)| loaded.role != Role::Loader)
    {
        let Some(object) = &loaded.object else {
            continue;
        };
        if object.is_cut_short() || object.has_empty_dynamic {
            // Of a program itself, and of its interpreter, the kernel's end tells.
            let is_own = case.is_library && object.was_cut();
            let is_told = is_interpreter(case, &loaded.path);
            if (loaded.role == Role::Library && !is_told) || is_own {
                let message = format!(
                    "{} lacks bytes; loading it kills the process",
                    quoted(&loaded.path)
                );
                let draft = Draft::new(case, Code::LibNotElf, &loaded.path, message);
                let draft = object
                    .anomalies
                    .iter()
                    .fold(draft, |draft, a| draft.evidence(a.to_string()));
                found.push(draft.fix(None, "copy the whole file again", None).done());
            }
            continue;
        }
        let damage: Vec<&Anomaly> = object
            .anomalies
            .iter()
            .filter(|anomaly| anomaly.hides_needs())
            .collect();
        let Some(first) = damage.first() else {
            odd(case, loaded, object, found);
            continue;
        };
        let message = format!("{} is damaged: {first}", quoted(&loaded.path));
        let draft = Draft::new(case, Code::MalformedElf, &loaded.path, message);
        let draft = damage
            .iter()
            .fold(draft, |draft, anomaly| draft.evidence(anomaly.to_string()));
        found.push(draft.done());
    }
}

/// Whether `path` leads to what the program names as its interpreter, and could not start.
fn is_interpreter(case: &Case<'_>, path: &[u8]) -> bool {
    let program = case.exec.program.as_ref();
    let interpreter = program.and_then(|program| program.interpreter.as_ref());
    let interpreter = interpreter.filter(|interpreter| interpreter.file.is_err());
    interpreter.is_some_and(|i| crate::path::file_name(&i.path) == crate::path::file_name(path))
}

/// What is not as the specification has it, though the loaders make do with it.
fn odd(case: &Case<'_>, loaded: &Loaded, object: &Object, found: &mut Vec<Finding>) {
    let mut anomalies = object
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.is_tolerated());
    let Some(first) = anomalies.next() else {
        return;
    };
    let message = format!("{} is odd: {first}", quoted(&loaded.path));
    let draft =
        Draft::new(case, Code::MalformedElf, &loaded.path, message).severity(Severity::Warning);
    let draft = anomalies.fold(draft, |draft, anomaly| draft.evidence(anomaly.to_string()));
    found.push(draft.done());
}

/// musl takes a library for another machine and fails at its relocations.
pub(super) fn foreign_machines(case: &Case<'_>, graph: &Graph, found: &mut Vec<Finding>) {
    let machine = |object: &Object| crate::platform::handled_as(object.header.machine);
    let mut objects = graph.map.iter();
    let Some(own) = objects
        .next()
        .and_then(|(_, main)| main.object.as_ref())
        .map(|o| machine(o))
    else {
        return;
    };
    for (_, loaded) in objects {
        let Some(object) = &loaded.object else {
            continue;
        };
        if machine(object) != own && object.dynamic.has_relocations {
            let header = &object.header;
            let name = crate::platform::machine_name(header.machine, header.layout, header.flags);
            let message = format!(
                "{} is for {name}; musl loads it and fails",
                quoted(&loaded.path)
            );
            let draft = Draft::new(case, Code::WrongArchLib, &loaded.path, message).fix(
                None,
                "install the library for this architecture",
                None,
            );
            found.push(draft.done());
        }
    }
}
