//! What starts and may fail later, or on another machine.

use super::{Case, Code, Draft, quoted};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::kernel::{End, Script};
use crate::loader::LoaderKind;
use crate::report::{Finding, Severity};

/// What can be told of the subject and of what it loads.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    static_with_nss(case, found);
    for (path, object) in objects(case) {
        isa_level(case, &path, object, found);
        executable_stack(case, &path, object, found);
        text_relocations(case, &path, object, found);
    }
}

/// The program and its libraries, each once.
fn objects<'c>(case: &Case<'c>) -> Vec<(Vec<u8>, &'c Object)> {
    if let Some((_, graph)) = case.graph {
        let loaded = graph.map.iter();
        return loaded
            .filter_map(|(_, loaded)| Some((loaded.path.to_vec(), loaded.object.as_deref()?)))
            .collect();
    }
    let program = case.exec.program.iter();
    program
        .map(|program| (program.path.as_bytes().to_vec(), &*program.object))
        .collect()
}

/// Static code of glibc looks names up through modules that it loads: they, and the C
/// library that they need, must be of the release that it was linked with
/// (`nss/nss_module.c`; the linker warns of it).
fn static_with_nss(case: &Case<'_>, found: &mut Vec<Finding>) {
    let loads_nss = case.build.is_some_and(|build| build.loads_nss);
    let is_glibc = |kind: &LoaderKind| matches!(kind, LoaderKind::Glibc(_));
    let has_glibc = case
        .target
        .loaders
        .iter()
        .any(|loader| is_glibc(&loader.kind));
    if !loads_nss || has_glibc || case.exec.end != End::Starts {
        return;
    }
    let message = format!(
        "`{}` is static, and loads glibc's NSS modules at run time, which are not here",
        case.path
    );
    let finding = Draft::new(case, Code::StaticGlibcNss, case.path.as_bytes(), message)
        .evidence("it has the strings `libnss_%s.so` and `/etc/nsswitch.conf`, and no interpreter")
        .evidence("at run time: look-ups of hosts, users or groups may fail, where it makes any");
    let go = case.build.and_then(|build| build.go.as_ref());
    let finding = match go {
        Some(_) => finding.fix(
            None,
            "use Go's own resolver and user database",
            Some("go build -tags netgo,osusergo"),
        ),
        None => finding.fix(None, "link it with musl", Some("musl-gcc -static")),
    };
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
    let severity = match given {
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

/// What `env` makes of what a `#!` line hands it: the kernel is content with `env`.
pub(super) fn env(case: &Case<'_>, found: &mut Vec<Finding>) {
    let script = case.exec.scripts.last();
    let Some(script) = script.filter(|_| case.exec.end == End::Starts) else {
        return;
    };
    let Some(asked) = asked_of_env(script) else {
        return;
    };
    let line = format!("{}:1: {}", script.path, Shown(&script.shebang.line));
    match asked {
        Asked::Several(words) => {
            let message = format!(
                "`{}` asks env for a program called {}",
                script.path,
                quoted(words)
            );
            let fixed = format!(
                "#!{} -S {}",
                Shown(&script.shebang.interpreter),
                Shown(words)
            );
            let finding = Draft::new(
                case,
                Code::ShebangMalformed,
                script.path.as_bytes(),
                message,
            )
            .evidence(line)
            .evidence("all that follows the interpreter is one argument")
            .evidence(format!(
                "at run time: env: '{}': No such file or directory",
                Shown(words)
            ))
            .fix(None, "let env split it", Some(&fixed));
            found.push(finding.done());
        }
        Asked::One(name) if !(case.in_path)(name) => {
            let message = format!(
                "`{}` asks env for {}, which is in no directory of PATH",
                script.path,
                quoted(name)
            );
            let finding = Draft::new(case, Code::ShebangInterpMissing, name, message)
                .evidence(line)
                .evidence(format!(
                    "at run time: env: '{}': No such file or directory",
                    Shown(name)
                ))
                .fix(
                    None,
                    "name an interpreter that the target has, or install this one",
                    None,
                );
            found.push(finding.done());
        }
        Asked::One(_) => {}
    }
}

/// What a script wants of env.
enum Asked<'s> {
    /// A program.
    One(&'s [u8]),
    /// Words that were meant to be several, and are one name.
    Several(&'s [u8]),
}

/// Follows coreutils' `env`, and busybox's as far as both agree: an option other than
/// `-S` and assignments are left alone. A carriage return is said elsewhere.
fn asked_of_env(script: &Script) -> Option<Asked<'_>> {
    let shebang = &script.shebang;
    if crate::path::file_name(&shebang.interpreter) != b"env" || shebang.ends_in_cr() {
        return None;
    }
    let argument = shebang.argument.as_deref()?;
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    if let Some(rest) = argument.strip_prefix(b"-S") {
        let first = rest.split(blank).find(|word| !word.is_empty())?;
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
        let is_name = first.iter().all(is_plain) && !first.starts_with(b"-");
        return is_name.then_some(Asked::One(first));
    }
    if argument.starts_with(b"-") || argument.contains(&b'=') || argument.contains(&b'/') {
        return None;
    }
    Some(match argument.iter().any(blank) {
        true => Asked::Several(argument),
        false => Asked::One(argument),
    })
}
