//! Findings about what `execve` refuses.

use super::interpreter;
use super::mend::Known;
use super::{
    Case, Code, Draft, carriage_return, dangling, ecosystem, format, lost, near, quote, quoted,
    reach, script,
};
use crate::elf::Header;
use crate::elf::consts::ET_REL;
use crate::errno::Errno;
use crate::kernel::{ElfRefusal, End, InterpreterRefusal, Refusal, Script, ShebangError};
use crate::path::TargetPath;
use crate::platform::{self, Abi, Platform, machine_name};
use crate::report::Finding;
use crate::rootfs::Metadata;

pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    carriage_return::findings(case, found);
    match &case.exec.end {
        End::Starts => interpreter::starts(case, found),
        End::Unreadable(_) => {}
        End::Killed { why, .. } => found.push(match cut_interpreter(case) {
            Some(refusal) => interpreter::refused(case, refusal),
            None => killed(case, why),
        }),
        // The carriage return is the cause of the refusal, and said already.
        End::Refused {
            why: Refusal::Lookup(_),
            ..
        } if carriage_return::is_the_cause(case) => {}
        End::Refused { errno, why } => found.push(refused(case, *errno, why)),
    }
}

fn refused(case: &Case<'_>, errno: Errno, why: &Refusal) -> Finding {
    match why {
        Refusal::Lookup(path) => lookup(case, path, errno),
        Refusal::Directory(path) => directory(case, path),
        Refusal::Special(path) => special(case, path),
        Refusal::NotExecutable { path, metadata } => not_executable(case, path, metadata),
        Refusal::Shebang(path, error) => shebang(case, path, *error),
        Refusal::TooManyScripts => too_many_scripts(case),
        Refusal::Format(path, what) => format::finding(case, path, what),
        Refusal::Elf(path, ElfRefusal::Machine) => machine(case, path),
        Refusal::Elf(path, refusal) => elf(case, path, *refusal),
        Refusal::Interpreter(refusal) => interpreter::refused(case, refusal),
    }
}

/// The script whose `#!` line led to `path`, if a script did.
fn by_script<'c>(case: &Case<'c>, path: &TargetPath) -> Option<&'c Script> {
    let last = case.exec.scripts.last()?;
    (path != case.path).then_some(last)
}

fn lookup(case: &Case<'_>, path: &TargetPath, errno: Errno) -> Finding {
    let hops = (case.hops)(path.as_bytes());
    let object = path.as_bytes();
    let elsewhere = match errno {
        Errno::NOENT | Errno::NOTDIR if hops.is_empty() => {
            case.without_scripts(near::programs(&(case.near)(path.file_name()), object))
        }
        _ => Vec::new(),
    };
    let script = by_script(case, path);
    let draft = if errno == Errno::ACCES {
        reach::program(case, path, script)
    } else if let Some(script) = script {
        let name = quoted(&script.shebang.interpreter);
        if let Some(draft) = lost_script(case, script, object) {
            return draft.seen(case).done();
        }
        let why = match errno {
            Errno::LOOP => "which leads round in a circle",
            _ => "which is not in this target",
        };
        let message = format!("`{}` names {name}, {why}", script.path);
        let draft = Draft::new(case, Code::ShebangInterpMissing, object, message)
            .evidence(format!(
                "{}:1: {}",
                script.path,
                crate::bytes::Shown(&script.shebang.line)
            ))
            .evidence(format!("{path}: {errno}"));
        ecosystem::environment(case, script, draft)
            .fixed_for(case, script.shebang.interpreter.as_ref())
    } else if let Some(draft) = lost::draft(case, object, std::iter::once(object), "") {
        draft.evidence(format!("{path}: {errno}"))
    } else if !hops.is_empty() {
        let is_circle = errno == Errno::LOOP;
        let whither = match is_circle {
            true => "leads round in a circle",
            false => "leads to nothing",
        };
        let message = format!("`{path}` is a link that {whither}");
        let draft = Draft::new(case, Code::BrokenSymlink, object, message);
        match is_circle {
            true => draft.fix(
                None,
                "put the file there that the link was to lead to, or correct the link",
                None,
            ),
            false => dangling::mend(case, draft, object),
        }
    } else {
        let message = format!("`{path}` is not in this target");
        Draft::new(case, Code::EntrypointMissing, object, message)
            .evidence(format!("{path}: {errno}"))
            .fix(
                None,
                "correct the path, or the COPY that was to put it there",
                elsewhere
                    .iter()
                    .find(|path| (case.starts)(path.as_bytes()))
                    .map(String::as_str),
            )
    };
    let elsewhere = elsewhere.iter().take(near::MAX_TOLD);
    let draft = elsewhere.fold(draft, |draft, path| {
        draft.evidence(format!("a program of that name: {path}"))
    });
    hops.into_iter()
        .fold(draft, Draft::evidence)
        .seen(case)
        .done()
}

/// A script's interpreter that a layer took.
fn lost_script(case: &Case<'_>, script: &Script, path: &[u8]) -> Option<Draft> {
    let whose = format!("; `{}` names it", script.path);
    let draft = lost::draft(case, path, std::iter::once(path), &whose)?;
    let line = crate::bytes::Shown(&script.shebang.line);
    Some(draft.evidence(format!("{}:1: {line}", script.path)))
}

fn user(case: &Case<'_>) -> String {
    case.user.uid.to_string()
}

fn directory(case: &Case<'_>, path: &TargetPath) -> Finding {
    if let Some(script) = by_script(case, path) {
        return interpreted_by_directory(case, script, path);
    }
    let message = format!("`{path}` is a directory and cannot be started");
    Draft::new(case, Code::NoExecBit, path.as_bytes(), message)
        .fix(None, "name the file in it", None)
        .seen(case)
        .done()
}

/// A script whose interpreter is a directory: the working directory, where it names none
/// before its file ends.
fn interpreted_by_directory(case: &Case<'_>, script: &Script, path: &TargetPath) -> Finding {
    let line = format!(
        "{}:1: {}",
        script.path,
        crate::bytes::Shown(&script.shebang.line)
    );
    let name = &*script.shebang.interpreter;
    let draft =
        |message| Draft::new(case, Code::NoExecBit, path.as_bytes(), message).evidence(line);
    let draft = match name.is_empty() {
        true => draft(format!(
            "the `#!` line of `{}` names no interpreter",
            script.path
        ))
        .evidence("the file ends before a name, so the kernel opens the working directory instead")
        .remedy(Some(script::beginning(case, &script.path))),
        false => draft(format!(
            "`{}` names {}, which is a directory",
            script.path,
            quoted(name)
        ))
        .fix(None, "name a file in it", None),
    };
    draft.seen(case).done()
}

fn special(case: &Case<'_>, path: &TargetPath) -> Finding {
    let message = format!("`{path}` is a device, fifo or socket and cannot be started");
    Draft::new(case, Code::NotAnExecutable, path.as_bytes(), message)
        .fix(None, "put the real program there", None)
        .seen(case)
        .done()
}

fn not_executable(case: &Case<'_>, path: &TargetPath, metadata: &Metadata) -> Finding {
    let mode = format!(
        "mode {:04o}, owner {}:{}",
        metadata.mode, metadata.uid, metadata.gid
    );
    let none_at_all = metadata.mode & 0o111 == 0;
    let (code, message) = if none_at_all {
        (
            Code::NoExecBit,
            format!("`{path}` has no execute permission"),
        )
    } else {
        (
            Code::UserCannotReach,
            format!("`{path}` may not be executed by user {}", user(case)),
        )
    };
    let name = path.as_bytes();
    let draft = Draft::new(case, code, name, message)
        .evidence(format!("{path}: {mode}"))
        .seen(case);
    // The permission alone would not start what is no program.
    let (draft, bring) = match format::stranger(case, path) {
        // Of a whole one more would be known.
        None if case.head.starts_with(b"\x7fELF") && case.exec.program.is_none() => (
            draft
                .consequence("it is no whole ELF file either: it is cut short")
                .fix(None, "fetch or build the file again", None),
            "and bring it with the permission",
        ),
        None => match script::lacking(case, path) {
            // What is said once it has the permission.
            Some(interpreter) => {
                let draft = draft.consequence(format!(
                    "it names {}, which does not start here either",
                    quoted(&interpreter)
                ));
                let (text, snippet) = script::bringing(case, &interpreter);
                (
                    draft.fix(None, &text, snippet.as_deref()),
                    "and bring it with the permission",
                )
            }
            None => (draft, "bring it with the permission"),
        },
        Some(stranger) => {
            let draft = draft.consequence(format!("it is no program either: {}", stranger.message));
            (stranger.fixed(draft), "and bring it with the permission")
        }
    };
    let draft = draft.fix(
        None,
        bring,
        Some(&format!(
            "COPY --chmod=755 {}",
            quote::copied(&["…".as_bytes(), name])
        )),
    );
    // Only its owner and root may.
    let give = match case.user.is_root() {
        true => "or give it the permission",
        false => "or give it the permission, in a line before `USER`",
    };
    match case.can_run() {
        true => draft.fix(
            None,
            give,
            Some(&format!("RUN chmod 755 {}", quote::word(name))),
        ),
        false => draft,
    }
    .done()
}

fn shebang(case: &Case<'_>, path: &TargetPath, error: ShebangError) -> Finding {
    let why = match error {
        ShebangError::NoInterpreter => "names no interpreter",
        ShebangError::TooLong => "is longer than the 255 bytes that the kernel reads",
    };
    let message = format!("the `#!` line of `{path}` {why}");
    Draft::new(case, Code::ShebangMalformed, path.as_bytes(), message)
        .remedy(Some(script::beginning(case, path)))
        .seen(case)
        .done()
}

fn too_many_scripts(case: &Case<'_>) -> Finding {
    let chain: Vec<String> = case
        .exec
        .scripts
        .iter()
        .map(|s| s.path.to_string())
        .collect();
    let message = format!(
        "`{}` is interpreted by more than five scripts in a row",
        case.path
    );
    Draft::new(
        case,
        Code::ScriptChainTooLong,
        case.path.as_bytes(),
        message,
    )
    .evidence(chain.join(" -> "))
    .fix(None, "let the first script name a program", None)
    .seen(case)
    .done()
}

fn machine(case: &Case<'_>, path: &TargetPath) -> Finding {
    let header = case
        .exec
        .program
        .as_ref()
        .map(|program| &program.object.header);
    let of_file = header.map_or_else(String::new, |h| machine_name(h.machine, h.layout, h.flags));
    let of_target = case
        .target
        .platform
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let message = format!("`{path}` is for {of_file}, the target is {of_target}");
    let draft = Draft::new(case, Code::ArchMismatch, path.as_bytes(), message)
        .also(header.map(|header| format!("e_machine = {} ({of_file})", header.machine)))
        .also(header.and_then(|header| other_layout(case, header)))
        .also(
            case.loaders
                .first()
                .map(|loader| format!("this target has  {}  ({})", loader.path, loader.abi.name)),
        )
        .consequence(who_runs(case, header, &of_file))
        .seen(case);
    match &case.exec.program {
        Some(program) => Known::of(case, program).for_platform(draft).done(),
        None => draft.done(),
    }
}

/// What tells a file from the target's own, where both are for one machine.
fn other_layout(case: &Case<'_>, header: &Header) -> Option<String> {
    let platform = case.target.platform.as_ref()?;
    let is_alike = |abi: &&Abi| abi.machine == header.machine && platform.runs(abi);
    let own = platform::abis().iter().find(is_alike)?;
    let (data, class) = (header.layout.encoding, header.layout.class);
    if data != own.encoding {
        let swapped = header.machine.swap_bytes();
        let words = data.words();
        return Some(format!(
            "it is {words}: a kernel of the target reads e_machine as {swapped:#06x}"
        ));
    }
    (class != own.class).then(|| format!("EI_CLASS = {} ({} bit)", class.ident(), class.bits()))
}

/// Where the program would start.
fn who_runs(case: &Case<'_>, header: Option<&Header>, of_file: &str) -> String {
    let abi = header.and_then(|h| platform::abi(h.machine, h.layout, h.flags));
    if abi.is_some_and(|abi| abi.name == "x32") {
        return "a kernel with CONFIG_X86_X32_ABI would run it".to_owned();
    }
    // A 64-bit kernel often runs the target's programs and this one.
    let own = case.target.platform.as_ref();
    let both = abi.map(Platform::of).filter(|larger| {
        let runs = |abi: &Abi| own.is_some_and(|own| own.runs(abi)) && larger.runs(abi);
        platform::abis().iter().any(runs)
    });
    match both {
        Some(larger) => format!("a host of {larger} would run it, as it runs the target's own"),
        None => format!("a host with binfmt_misc and qemu for {of_file} would run it"),
    }
}

fn elf(case: &Case<'_>, path: &TargetPath, refusal: ElfRefusal) -> Finding {
    let (code, why) = match refusal {
        ElfRefusal::Type => (Code::NotAProgram, "its type is neither program nor library"),
        ElfRefusal::ProgramHeaderSize => {
            (Code::MalformedElf, "its program headers have a wrong size")
        }
        ElfRefusal::ProgramHeaderCount => (
            Code::MalformedElf,
            "it has no program headers, or more than 64 KiB of them",
        ),
        ElfRefusal::ProgramHeadersOutside => (
            Code::MalformedElf,
            "its program headers lie outside the file",
        ),
        ElfRefusal::InterpSize => (
            Code::MalformedElf,
            "its PT_INTERP has fewer than 2 or more than 4096 bytes",
        ),
        ElfRefusal::InterpOutside => (Code::MalformedElf, "its PT_INTERP lies outside the file"),
        ElfRefusal::InterpUnterminated => (Code::MalformedElf, "its PT_INTERP does not end in NUL"),
        ElfRefusal::Machine => (Code::ArchMismatch, "its machine is another"),
    };
    let message = format!("the kernel does not take `{path}`: {why}");
    let objects = || case.exec.program.iter().map(|program| &program.object);
    let is_linkable = objects().any(|object| object.header.object_type == ET_REL);
    let fix = match is_linkable {
        true => "link it: it is an object file",
        false => "fetch or build the file again",
    };
    let anomalies = objects().flat_map(|object| &object.anomalies);
    let draft = Draft::new(case, code, path.as_bytes(), message);
    anomalies
        .fold(draft, |draft, anomaly| draft.evidence(anomaly.to_string()))
        .seen(case)
        .fix(None, fix, None)
        .done()
}

/// The refusal of an interpreter that is cut short, where its program is not.
fn cut_interpreter<'c>(case: &Case<'c>) -> Option<&'c InterpreterRefusal> {
    let program = case.exec.program.as_ref()?;
    let interpreter = program.interpreter.as_ref()?;
    let refusal = interpreter.file.as_ref().err()?;
    let is_it = matches!(refusal, InterpreterRefusal::CutShort { .. });
    (is_it && !program.object.is_cut_short()).then_some(refusal)
}

fn killed(case: &Case<'_>, why: &str) -> Finding {
    let message = format!("`{}` starts and dies at once: {why}", case.path);
    let signal = case.outcome.signal.clone().unwrap_or_default();
    Draft::new(case, Code::NotAProgram, case.path.as_bytes(), message)
        .evidence(format!("at run time: killed by {signal}"))
        .fix(
            None,
            "name a program, or build this one as a whole again",
            None,
        )
        .done()
}
