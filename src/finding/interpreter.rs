//! Findings about the dynamic loader that a program names.

use super::mend::Known;
use super::{Case, Code, Draft, bringing, install, lost, near, quote, quoted, reach};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::errno::Errno;
use crate::graph::LoaderFile;
use crate::kernel::{InterpreterRefusal, Program};
use crate::loader::{LinkMap, LoaderKind};
use crate::package::Manager;
use crate::platform::{Abi, abi};
use crate::report::{Finding, Libc, Severity};
use crate::target::PresentLoader;

/// What is worth telling of a loader that the kernel takes.
pub(super) fn starts(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((LoaderFile::Known(kind), _)) = case.graph else {
        return;
    };
    let Some(program) = &case.exec.program else {
        return;
    };
    let Some(interpreter) = &program.interpreter else {
        return;
    };
    let name = quoted(&interpreter.path);
    if !interpreter.path.starts_with(b"/") {
        let message = format!(
            "{name}, the loader of `{}`, is a relative path",
            program.path
        );
        let finding = Draft::new(case, Code::CwdDependent, &interpreter.path, message)
            .evidence("relative interpreter path: depends on the working directory")
            .fix(None, "name the loader by its whole path", None);
        found.push(finding.done());
    }
    match kind {
        LoaderKind::NotALoader => {
            let message = format!(
                "{name}, which `{}` names as its loader, is none",
                program.path
            );
            let finding = Draft::new(case, Code::LoaderUnusable, &interpreter.path, message)
                .evidence("it is started in the program's place and crashes")
                .fix(None, "put the real loader there", None);
            found.push(finding.done());
        }
        LoaderKind::Unknown => {
            let message = format!("{name} is neither glibc's loader nor musl's");
            let finding = Draft::new(case, Code::UnknownLoader, &interpreter.path, message)
                .evidence("the order in which it searches is a guess")
                .severity(Severity::Warning);
            found.push(finding.done());
        }
        LoaderKind::Glibc(_) | LoaderKind::Musl(_) | LoaderKind::Gcompat => {}
    }
}

/// What the kernel's refusal of the loader comes from.
pub(super) fn refused(case: &Case<'_>, refusal: &InterpreterRefusal) -> Finding {
    let Some(program) = &case.exec.program else {
        unreachable_program(case)
    };
    let path = program
        .interpreter
        .as_ref()
        .map(|i| i.path.clone())
        .unwrap_or_default();
    let draft = match refusal {
        InterpreterRefusal::Lookup(Errno::NOENT | Errno::NOTDIR) => missing(case, program, &path),
        InterpreterRefusal::Lookup(Errno::ACCES) => reach::loader(case, &path, &program.path)
            .unwrap_or_else(|| unusable(case, program, &path, refusal)),
        InterpreterRefusal::Lookup(Errno::LOOP) => {
            let message = format!("the loader of `{}` leads round in a circle", program.path);
            let draft = Draft::new(case, Code::InterpreterLoop, &path, message);
            (case.hops)(&path)
                .into_iter()
                .take(6)
                .fold(draft, Draft::evidence)
                .fix(
                    None,
                    "copy the file that the link should lead to",
                    Some(&from_build(&path)),
                )
        }
        other => unusable(case, program, &path, other),
    };
    let draft = draft.seen(case);
    consequences(case, draft).done()
}

fn unreachable_program(case: &Case<'_>) -> ! {
    unreachable!(
        "an interpreter is refused only after its program was read: {}",
        case.path
    )
}

fn missing(case: &Case<'_>, program: &Program, path: &[u8]) -> Draft {
    let whose = format!("; it is the loader of `{}`", program.path);
    if let Some(draft) = lost::draft(case, path, std::iter::once(path), &whose) {
        return draft.evidence(format!("PT_INTERP  {}  not found", Shown(path)));
    }
    let object = &program.object;
    let hops = (case.hops)(path);
    let own = abi(
        object.header.machine,
        object.header.layout,
        object.header.flags,
    );
    let built_for = built_for(object);
    let code = if hops.is_empty() {
        missing_code(case, path, object, own, built_for)
    } else {
        Code::BrokenSymlink
    };
    let message = format!(
        "`{}` cannot start: its interpreter is not in this target",
        program.path
    );
    let mut draft = Draft::new(case, code, path, message)
        .evidence(format!("PT_INTERP  {}  not found", Shown(path)));
    for hop in hops {
        draft = draft.evidence(hop);
    }
    for loader in case.loaders.iter() {
        draft = draft.evidence(format!(
            "this target has  {}  ({}, {})",
            loader.path,
            libc_name(&(case.kind_of)(loader)),
            loader.abi.words()
        ));
    }
    if case.loaders.is_empty() {
        draft = draft.evidence("this target has no dynamic loader at any standard path");
    }
    let elsewhere = near::loaders(case, path, object);
    for path in &elsewhere {
        draft = draft.evidence(format!("a loader of that name: {path}"));
    }
    if let (Some(there), Code::DynamicInScratch | Code::InterpreterMissing) =
        (elsewhere.first(), code)
    {
        let directory = quote::word(crate::path::parent(path));
        let word = quote::word(path);
        let there = quote::word(there.as_bytes());
        draft = match case.can_run() {
            false => draft.fix(
                None,
                "copy the loader to where it is looked for",
                Some(&from_build(path)),
            ),
            true => draft.fix(
                None,
                "put the loader where it is looked for",
                Some(&format!("RUN mkdir -p {directory} && ln -s {there} {word}")),
            ),
        };
    }
    let draft = explain(draft, case, code, program, own);
    match draft.finding.fixes.is_empty() {
        true => draft.fix(
            None,
            "bring the loader and the libraries from where it was linked",
            Some(&from_build(path)),
        ),
        false => draft,
    }
}

fn libc_name(kind: &LoaderKind) -> &'static str {
    match kind {
        LoaderKind::Glibc(_) => "glibc",
        LoaderKind::Musl(_) => "musl",
        LoaderKind::Gcompat => "gcompat",
        LoaderKind::Unknown | LoaderKind::NotALoader => "unknown",
    }
}

/// The C library that a program was linked with, by what it names.
pub(crate) fn built_for(object: &Object) -> Libc {
    let interp = object
        .interp
        .as_ref()
        .map(|interp| interp.path())
        .unwrap_or_default();
    let name = crate::path::file_name(interp);
    let needs = |wanted: fn(&[u8]) -> bool| object.dynamic.needed().any(wanted);
    if name.starts_with(b"ld-musl-") || needs(|n| n.starts_with(b"libc.musl-")) {
        Libc::Musl
    } else if name.starts_with(b"ld-uClibc") || name.starts_with(b"ld64-uClibc") {
        Libc::Uclibc
    } else if interp.ends_with(b"/bin/linker") || interp.ends_with(b"/bin/linker64") {
        Libc::Bionic
    } else if name.starts_with(b"ld-linux")
        || name.starts_with(b"ld64.so")
        || name == b"ld.so.1"
        || needs(|n| n == b"libc.so.6")
    {
        Libc::Glibc
    } else if object.interp.is_none() && object.dynamic.needs.is_empty() {
        Libc::None
    } else {
        Libc::Unknown
    }
}

fn missing_code(
    case: &Case<'_>,
    path: &[u8],
    object: &Object,
    own: Option<&'static Abi>,
    built_for: Libc,
) -> Code {
    let standard = own.is_some_and(|abi| {
        let musl = format!("/lib/ld-musl-{}.so.1", abi.musl);
        abi.glibc_loaders.iter().any(|p| p.as_bytes() == path) || musl.as_bytes() == path
    });
    let flags = object.header.flags;
    let same_machine = |l: &&PresentLoader| own.is_some_and(|abi| abi.goes_with(flags, l.abi));
    let here = || case.loaders.iter().filter(same_machine);
    let is_musl = |l: &PresentLoader| matches!((case.kind_of)(l), LoaderKind::Musl(_));
    let is_glibc = |l: &PresentLoader| matches!((case.kind_of)(l), LoaderKind::Glibc(_));
    if case.loaders.is_empty() && !has_libc(case) {
        Code::DynamicInScratch
    } else if !standard {
        Code::ForeignInterpPath
    } else if case.loaders.is_empty() {
        Code::InterpreterMissing
    } else if here().next().is_none() {
        Code::NoMultilib
    } else if built_for == Libc::Glibc && here().all(is_musl) {
        Code::GlibcOnMusl
    } else if built_for == Libc::Musl && here().all(is_glibc) {
        Code::MuslOnGlibc
    } else {
        Code::InterpreterMissing
    }
}

/// Whether the C library that the program needs is where its loader would look, as a
/// file of its own.
fn has_libc(case: &Case<'_>) -> bool {
    use crate::graph::{Library, Status};
    use crate::loader::Rule;
    let found = |library: &Library| {
        let is_file = library.status == Status::Found && library.rule != Some(Rule::LoaderItself);
        is_file && library.name.starts_with(b"libc.")
    };
    case.graph
        .is_some_and(|(_, graph)| graph.libraries.iter().any(found))
}

fn explain(
    draft: Draft,
    case: &Case<'_>,
    code: Code,
    program: &Program,
    own: Option<&'static Abi>,
) -> Draft {
    let known = Known::of(case, program);
    match code {
        Code::GlibcOnMusl => known.mend(draft.evidence(format!(
            "why: built for glibc{}, the target is musl",
            known.because()
        ))),
        Code::MuslOnGlibc => known.mend(draft.evidence(format!(
            "why: built for musl{}, the target is glibc",
            known.because()
        ))),
        Code::DynamicInScratch => {
            known.mend(draft.evidence(format!("why: it is linked dynamically{}", known.because())))
        }
        Code::NoMultilib => {
            let name = own.map_or("another ABI", |abi| abi.name);
            let words = own.map_or_else(|| name.to_owned(), Abi::words);
            draft
                .evidence(format!(
                    "why: it is for {words}, and the target has no loader for that"
                ))
                .fix(None, "get the build for the target's own ABI", None)
                .fix(
                    None,
                    "or bring that ABI's C library",
                    libc_of(case, program).as_deref(),
                )
        }
        Code::ForeignInterpPath => foreign(draft, case, &known, own),
        Code::BrokenSymlink => {
            draft.fix(None, "copy the file that the link leads to as well", None)
        }
        _ if draft.finding.fixes.is_empty() => {
            let path = program.interpreter.as_ref().map(|i| from_build(&i.path));
            draft.fix(
                None,
                "bring the loader from where it was linked, of the same release",
                path.as_deref(),
            )
        }
        _ => draft,
    }
}

/// The loader is one of another system, and this target has loaders.
fn foreign(draft: Draft, case: &Case<'_>, known: &Known<'_>, own: Option<&'static Abi>) -> Draft {
    let standard = known.standard_loader();
    let is_here = |path: &str| case.loaders.iter().any(|loader| loader.path == path);
    let draft = draft.evidence("why: the path belongs to the system that it was built on");
    let draft = match &standard {
        Some(path) => {
            let there = if is_here(path) {
                "there"
            } else {
                "not there either"
            };
            draft.evidence(format!("the standard path is {path}: {there}"))
        }
        None => draft,
    };
    if let Some(path) = standard.filter(|path| is_here(path)) {
        let snippet = known.pointed_at(&path);
        let draft = draft.fix(None, "point it at the standard loader", Some(&snippet));
        return known.with_its_store(draft);
    }
    let has_own_abi = |loader: &PresentLoader| own.is_some_and(|abi| abi.name == loader.abi.name);
    if case.loaders.iter().any(has_own_abi) {
        // Of the other libc, then.
        return known.mend(draft.also(known.of_other_libc()));
    }
    let name = own.map_or("another ABI", |abi| abi.name);
    let draft = draft
        .evidence(format!(
            "it is for {name}, and the target has no loader for that"
        ))
        .fix(None, "get the build for the target's own ABI", None);
    known.with_its_store(draft)
}

/// A line that works where nothing can be run.
fn from_build(path: &[u8]) -> String {
    format!("COPY --from=build {}", quote::copied(&[path, path]))
}

/// What installs the C library for another ABI, and what else the program lacks, where the
/// target's package manager has it.
fn libc_of(case: &Case<'_>, program: &Program) -> Option<String> {
    let manager = install::manager(case)?;
    let libc = match (built_for(&program.object), manager) {
        (Libc::Glibc, Manager::Apt) => "libc6",
        (Libc::Glibc, Manager::Dnf | Manager::Yum) => "glibc",
        // Debian has no other libraries for musl.
        (Libc::Musl, Manager::Apt) if needs_libc_alone(&program.object) => "musl",
        _ => return None,
    };
    let graph = case.graph.map(|(_, graph)| graph);
    let missing = graph.into_iter().flat_map(|graph| &graph.libraries);
    let missing = missing.filter(|library| library.status == crate::graph::Status::Missing);
    let mut packages = vec![libc];
    for library in missing.filter(|_| libc != "musl") {
        let package = bringing::package(case, &library.name);
        packages.extend(package.filter(|package| !packages.contains(package)));
    }
    install::command(case, manager, &packages)
}

/// Whether the C library has all that a program for musl needs, whatever it calls it
/// (musl `ldso/dynlink.c`, `load_library`).
fn needs_libc_alone(object: &Object) -> bool {
    object
        .dynamic
        .needed()
        .all(|name| name == b"libc.so" || name.starts_with(b"libc.musl-"))
}

/// The fix that brings musl beside the target's own C library.
pub(super) fn musl(case: &Case<'_>, object: &Object) -> Option<String> {
    let manager = install::manager(case).filter(|manager| *manager == Manager::Apt)?;
    let is_whole = built_for(object) == Libc::Musl && needs_libc_alone(object);
    is_whole.then(|| install::command(case, manager, &["musl"]))?
}

fn unusable(
    case: &Case<'_>,
    program: &Program,
    path: &[u8],
    refusal: &InterpreterRefusal,
) -> Draft {
    let why = match refusal {
        InterpreterRefusal::EmptyName => "its name is empty".to_owned(),
        InterpreterRefusal::Lookup(errno) => errno.to_string(),
        InterpreterRefusal::Directory => "it is a directory".to_owned(),
        InterpreterRefusal::Special => "it is no regular file".to_owned(),
        InterpreterRefusal::NotExecutable => {
            format!("user {} may not execute it", case.user.uid)
        }
        InterpreterRefusal::TooShort => "it is empty or cut short".to_owned(),
        InterpreterRefusal::NotElf => "it is no ELF file".to_owned(),
        InterpreterRefusal::WrongMachine => "it is for another machine".to_owned(),
        InterpreterRefusal::Malformed => "its program headers are damaged".to_owned(),
        InterpreterRefusal::WrongType => "its type is neither program nor library".to_owned(),
        InterpreterRefusal::CutShort { .. } => "it ends before its segments do".to_owned(),
        InterpreterRefusal::Unreadable(errno) => errno.to_string(),
    };
    let message = format!("the loader of `{}` cannot be used: {why}", program.path);
    let draft = Draft::new(case, Code::LoaderUnusable, path, message)
        .evidence(format!("PT_INTERP  {}", Shown(path)));
    match refusal {
        InterpreterRefusal::NotExecutable => {
            let paths = quote::copied(&[path, path]);
            let snippet = format!("COPY --chmod=755 --from=build {paths}");
            draft.fix(None, "bring it with the permission", Some(&snippet))
        }
        _ => draft.fix(
            None,
            "bring the C library again, the loader with it",
            Some(&from_build(path)),
        ),
    }
}

/// What would be missing behind the loader too.
fn consequences(case: &Case<'_>, draft: Draft) -> Draft {
    let Some((_, graph)) = case.graph else {
        return draft;
    };
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    let missing = graph
        .libraries
        .iter()
        .filter(|library| library.status == crate::graph::Status::Missing);
    let (closed, missing): (Vec<_>, Vec<_>) =
        missing.partition(|library| reach::barrier(case, &library.attempts, main).is_some());
    // The verb stands before `what` for one of them alone.
    let told = |draft: Draft, of: &[&crate::graph::Library], verb: &str, what: &str| {
        let names: Vec<String> = of.iter().map(|l| Shown(&l.name).to_string()).collect();
        match names.as_slice() {
            [] => draft,
            [one] => draft.consequence(format!("{one} {verb}{what} either")),
            several => draft.consequence(format!("{what} either: {}", several.join(", "))),
        }
    };
    let draft = told(draft, &closed, "", "cannot be reached or read");
    told(draft, &missing, "is ", "not here")
}
