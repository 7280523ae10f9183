//! What a missing library's near misses tell: which code it is, and what mends it.

use super::{Case, Code, Draft, install, owned, quote, quoted};
use crate::bytes::Shown;
use crate::elf::{Class, NotElf, Object};
use crate::graph::{Graph, Library};
use crate::loader::{Directory, LinkMap, Rule, TryOutcome};
use crate::nearby::{Near, NearFile, What};
use crate::package::{Manager, Provider, capability};
use crate::path::{file_name, parent};
use crate::platform::{abi, machine_name};
use crate::report::{Finding, Fix, Libc};

/// The most near files that are told.
const MAX_TOLD: usize = 4;

/// Libraries that a compiler's own packages bring, and that go with them.
const COMPILER_RUNTIMES: [&[u8]; 6] = [
    b"libstdc++.so.6",
    b"libgcc_s.so.1",
    b"libgomp.so.1",
    b"libgfortran.so.5",
    b"libatomic.so.1",
    b"libquadmath.so.0",
];

/// One library under the sonames of several distributions.
const ALIASES: [&[&[u8]]; 6] = [
    &[b"libbz2.so.1.0", b"libbz2.so.1"],
    &[b"libpcap.so.0.8", b"libpcap.so.1"],
    &[b"libcurl-gnutls.so.4", b"libcurl.so.4"],
    &[b"libhdf5_serial.so.103", b"libhdf5.so.103"],
    &[b"libjpeg.so.62", b"libjpeg.so.8"],
    &[b"libaio.so.1", b"libaio.so.1t64"],
];

/// A library that none of the places has where it was looked for.
pub(super) struct Lacking<'a> {
    pub(super) graph: &'a Graph,
    pub(super) library: &'a Library,
    /// Who needs it, in words.
    pub(super) by: &'a str,
    /// The rules are musl's.
    pub(super) musl: bool,
}

/// What is the matter, begun as a finding: its code and first sentence, and of
/// what is near what can be told.
pub(super) fn draft(case: &Case<'_>, lacking: &Lacking<'_>) -> Draft {
    let name = &*lacking.library.name;
    let by = lacking.by;
    // What the image has of that name is for linking, or for the toolkit to choose.
    if let Some(draft) = super::host::draft(case, name) {
        return draft;
    }
    let main = lacking.graph.map.get(LinkMap::MAIN).object.as_deref();
    let near = (case.near)(name);
    let fits = |file: &&NearFile| object(file).is_some_and(|object| fits(object, main));
    // Where the loader was, something else is the matter: no permission, a circle
    // of links before it.
    let attempts = &lacking.library.attempts;
    let was_met = |file: &&NearFile| {
        attempts
            .iter()
            .any(|attempt| *attempt.path == *file.path.as_bytes())
    };
    let ended = attempts.iter().any(|attempt| {
        matches!(
            attempt.outcome,
            TryOutcome::LinkLoop | TryOutcome::Unreadable | TryOutcome::IoError
        )
    });
    let usable: Vec<&NearFile> = near
        .same
        .iter()
        .filter(fits)
        .filter(|file| !ended && !was_met(file))
        .collect();
    let draft = |code, message| Draft::new(case, code, name, message);
    let draft = if let Some(first) = usable.first() {
        misplaced(case, lacking, first, &usable)
    } else if let Some(other) = near.versions.iter().find(fits) {
        let message = format!(
            "{} is not found; {by} needs it, and this target has another version, {}",
            quoted(name),
            quoted(file_name(other.path.as_bytes()))
        );
        draft(Code::SonameBumped, message)
            .evidence(format!(
                "another version: {}",
                owned(case, other.path.as_bytes())
            ))
            .fix(None, "build it on the release that it is to run on", None)
    } else if let Some(other) = alias(case, name, main) {
        let message = format!(
            "{} is not found; {by} needs it, and this target calls that library {}",
            quoted(name),
            quoted(file_name(other.as_bytes()))
        );
        draft(Code::SonameDiffersByDistro, message)
            .evidence(format!("here it is {}", owned(case, other.as_bytes())))
            .fix(
                None,
                "build it on the distribution that it is to run on",
                None,
            )
    } else if COMPILER_RUNTIMES.contains(&name) {
        let message = format!(
            "{}, of the compiler's runtime, is not found; {by} needs it",
            quoted(name)
        );
        draft(Code::RuntimeLibRemoved, message)
    } else {
        let message = format!("{} is not found; {by} needs it", quoted(name));
        draft(Code::NeededMissing, message)
    };
    let told = near
        .same
        .iter()
        .filter(|file| !fits(file) && !was_met(file));
    let told = told.take(MAX_TOLD);
    let draft = told.fold(draft, |draft, file| draft.evidence(line(file)));
    let is_nowhere = near.is_complete && near.same.is_empty();
    draft.also(is_nowhere.then(|| "no file of that name is anywhere in this target".to_owned()))
}

/// The library is there, and not where the loader looks.
fn misplaced(
    case: &Case<'_>,
    lacking: &Lacking<'_>,
    first: &NearFile,
    usable: &[&NearFile],
) -> Draft {
    let name = &*lacking.library.name;
    let by = lacking.by;
    let place = parent(first.path.as_bytes());
    let directory = Shown(place);
    let in_words = |why: String| {
        let message = format!("{} is in {directory}, {why}; {by} needs it", quoted(name));
        move |code| Draft::new(case, code, name, message)
    };
    let stale = lacking.library.attempts.iter().find(|attempt| {
        let gone = matches!(
            attempt.outcome,
            TryOutcome::Absent | TryOutcome::BrokenLink | TryOutcome::NotADirectory
        );
        attempt.rule == Rule::Cache && gone
    });
    let listed = usable.iter().find_map(|file| file.listed_by.as_deref());
    let draft = if let Some(owner) = ancestor_with_runpath(lacking, usable) {
        let why = format!(
            "which only the runpath of {} names, and a runpath is not inherited",
            quoted(owner)
        );
        in_words(why)(Code::RunpathNotTransitive)
            .fix(
                None,
                "give each library that needs another a runpath of its own",
                Some("patchelf --set-rpath '$ORIGIN' LIBRARY"),
            )
            .fix(
                None,
                "or link the program with DT_RPATH, which is inherited",
                Some("-Wl,--disable-new-dtags"),
            )
    } else if let Some(attempt) = stale.filter(|_| !lacking.musl) {
        let why = format!("and ld.so.cache says {}", Shown(&attempt.path));
        ldconfig(case, in_words(why)(Code::LdcacheStale))
    } else if let Some(listed) = listed.filter(|_| !lacking.musl) {
        let why = format!("which {listed} lists, and ld.so.cache does not have it");
        ldconfig(case, in_words(why)(Code::LdcacheStale))
    } else if let Some(level) = level(first.path.as_bytes()) {
        let why = format!("where only a CPU of level {} looks", Shown(level));
        in_words(why)(Code::LibNotOnSearchPath).fix(
            None,
            "put the build for the baseline beside its directory too",
            None,
        )
    } else {
        let draft = in_words("which is not searched".to_owned())(Code::LibNotOnSearchPath);
        let has_list = (case.variable)(b"LD_LIBRARY_PATH").is_some_and(|list| !list.is_empty());
        let others = if has_list { ":$LD_LIBRARY_PATH" } else { "" };
        let snippet = format!("ENV LD_LIBRARY_PATH={}", quote::value(place, others));
        let draft = draft.fix(None, "name the directory to the loader", Some(&snippet));
        let directory = quote::word(place);
        let configure = format!("RUN echo {directory} > /etc/ld.so.conf.d/local.conf && ldconfig");
        let draft = match lacking.musl || !runs_ldconfig(case) {
            true => draft,
            false => draft.fix(None, "or put it into the cache", Some(&configure)),
        };
        let file = match *lacking.library.requesters {
            [one] => quote::word(&lacking.graph.map.get(one).path),
            _ => "FILE".to_owned(),
        };
        let runpath = format!("patchelf --add-rpath {directory} {file}");
        draft.fix(
            None,
            "or give what needs it a runpath",
            Some(runpath.as_str()),
        )
    };
    let told = usable.iter().take(MAX_TOLD);
    told.fold(draft, |draft, file| {
        draft.evidence(format!("it is here: {}", owned(case, file.path.as_bytes())))
    })
}

/// The level of CPUs for which a file is, by its directory.
fn level(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path.split(|&byte| byte == b'/');
    parts.find(|part| *part == b"glibc-hwcaps")?;
    parts.next()
}

/// Whether the target can run its own ldconfig.
fn runs_ldconfig(case: &Case<'_>) -> bool {
    case.can_run() && ((case.has)(b"/sbin/ldconfig") || (case.has)(b"/usr/sbin/ldconfig"))
}

/// How a cache is made that knows what there is.
fn ldconfig(case: &Case<'_>, draft: Draft) -> Draft {
    let text = "make the cache again after the last change";
    match runs_ldconfig(case) {
        true => draft.fix(None, text, Some("RUN ldconfig")),
        // From outside, on an unpacked root.
        false => draft.fix(None, text, Some("ldconfig -r ROOTFS")),
    }
}

/// An object on the way to who asks, but not that one, whose runpath leads to a
/// usable file. glibc looks into the runpath of the object that asks and of no
/// other; musl goes up the chain, so there is none for it.
fn ancestor_with_runpath<'g>(lacking: &'g Lacking<'_>, usable: &[&NearFile]) -> Option<&'g [u8]> {
    let map = &lacking.graph.map;
    let asks = *lacking.library.requesters.first()?;
    let leads_there = |directory: &Directory| match directory {
        Directory::Search(text) => usable.iter().any(|file| {
            let text = text.strip_suffix(b"/").unwrap_or(text);
            parent(file.path.as_bytes()) == text
        }),
        Directory::Dropped(..) | Directory::Beyond => false,
    };
    let owner = map.chain(asks).skip(1).find(|id| {
        let runpath = &map.get(*id).expanded.runpath;
        runpath
            .iter()
            .any(|directories| directories.iter().any(leads_there))
    })?;
    Some(&map.get(owner).path)
}

/// Adds to each of `findings`, which are about libraries that are nowhere, the fix that
/// installs the packages of all: one line mends them together.
pub(super) fn packages(case: &Case<'_>, findings: &mut [&mut Finding]) {
    let objects = findings.iter().filter_map(|finding| finding.object.clone());
    let objects: Vec<String> = objects.collect();
    let names: Vec<&[u8]> = objects.iter().map(String::as_bytes).collect();
    let (known, others): (Vec<&[u8]>, Vec<&[u8]>) = names
        .iter()
        .partition(|name| provider(case, name).is_some());
    let fixes = [installing(case, &known), by_capabilities(case, &others)];
    for finding in findings {
        let name = finding.object.as_deref().unwrap_or_default();
        let [of_known, of_others] = &fixes;
        let fix = match provider(case, name.as_bytes()) {
            Some(_) => of_known,
            None => of_others,
        };
        finding.fixes.extend(fix.clone());
    }
}

/// The fix that installs whatever packages of rpm have the libraries `wanted`, where
/// nothing more is known of them.
fn by_capabilities(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let program = case.exec.program.as_ref();
    let is_64 = program.is_none_or(|program| program.object.class() == Class::Elf64);
    let manager = install::manager(case);
    let manager = manager.filter(|manager| matches!(manager, Manager::Dnf | Manager::Zypper))?;
    let capabilities: Option<Vec<String>> =
        wanted.iter().map(|name| capability(name, is_64)).collect();
    let capabilities = capabilities.filter(|all| !all.is_empty())?;
    let text = match capabilities.len() {
        1 => "install the package that has it, by what it provides",
        _ => "install the packages that have them, by what they provide",
    };
    Some(Fix {
        when: None,
        text: text.to_owned(),
        snippet: Some(manager.command(&capabilities.join(" "))),
    })
}

fn provider(case: &Case<'_>, name: &[u8]) -> Option<Provider> {
    crate::package::provider(case.target.distro.as_ref()?, name)
}

/// The fix that installs the packages which bring the libraries `wanted`, as far as they are
/// known.
pub(super) fn installing(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let mut names: Vec<&'static str> = Vec::new();
    let (mut managers, mut is_certain): (&[Manager], bool) = (&[], true);
    for provider in wanted.iter().filter_map(|name| provider(case, name)) {
        is_certain &= provider.is_certain;
        managers = provider.managers;
        for name in provider.package.split(' ') {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let has = if is_certain { "" } else { "usually " };
    let what = match quoted.as_slice() {
        [] => return None,
        [one] => format!("install {one}, the package that {has}has it"),
        several => format!(
            "install {}, the packages that {has}have them",
            several.join(", ")
        ),
    };
    let here = |manager: &&Manager| manager.programs().iter().any(|p| (case.has)(p.as_bytes()));
    let manager = managers.iter().find(here);
    let text = match manager {
        Some(_) => what,
        None => format!(
            "{what}, in another stage, and copy the files: this target has no package manager"
        ),
    };
    let snippet = manager.map(|manager| manager.command(&names.join(" ")));
    Some(Fix {
        when: None,
        text,
        snippet,
    })
}

/// A library of the target that has another soname elsewhere.
fn alias(case: &Case<'_>, name: &[u8], main: Option<&Object>) -> Option<crate::path::TargetPath> {
    let others = ALIASES.iter().find(|names| names.contains(&name))?;
    others
        .iter()
        .filter(|other| **other != name)
        .find_map(|other| {
            let near: std::rc::Rc<Near> = (case.near)(other);
            let file = near
                .same
                .iter()
                .find(|file| object(file).is_some_and(|o| fits(o, main)));
            file.map(|file| file.path.clone())
        })
}

fn object(file: &NearFile) -> Option<&Object> {
    match &file.what {
        What::Object(object) => Some(object),
        What::Other { .. } | What::Dangling(_) => None,
    }
}

/// Whether `main`'s loader would take `object`, and it is no library of another
/// libc.
pub(super) fn fits(object: &Object, main: Option<&Object>) -> bool {
    let abi_of = |object: &Object| {
        let header = &object.header;
        abi(header.machine, header.layout, header.flags).map(|abi| abi.name)
    };
    let libc_of = |object: &Object| match super::built_for(object) {
        libc @ (Libc::Glibc | Libc::Musl) => Some(libc),
        _ => None,
    };
    let Some(main) = main else { return false };
    let same_libc = match (libc_of(object), libc_of(main)) {
        (Some(own), Some(wanted)) => own == wanted,
        _ => true,
    };
    object.is_loadable_type() && abi_of(object) == abi_of(main) && same_libc
}

/// What a near file is that cannot be used.
fn line(file: &NearFile) -> String {
    let path = &file.path;
    match &file.what {
        What::Object(object) => {
            let header = &object.header;
            let machine = machine_name(header.machine, header.layout, header.flags);
            match super::built_for(object) {
                Libc::Musl => format!("not usable: {path}: {machine}, for musl"),
                Libc::Glibc => format!("not usable: {path}: {machine}, for glibc"),
                _ => format!("not usable: {path}: {machine}"),
            }
        }
        What::Other { why, head, .. } => format!("not usable: {path}: {}", other(why, head)),
        What::Dangling(hops) => format!("not usable: a link to nothing: {}", hops.join("; ")),
    }
}

/// What a file is that has a library's name and is no ELF file.
fn other(why: &NotElf, head: &[u8]) -> String {
    if let Some(looks) = super::looks::looks_like(head) {
        return looks.words().to_owned();
    }
    let is_script = [&b"GROUP"[..], b"INPUT", b"OUTPUT_FORMAT", b"GNU ld script"]
        .iter()
        .any(|word| memchr::memmem::find(head, word).is_some());
    match why {
        NotElf::Empty => "an empty file".to_owned(),
        _ if is_script => "a linker's script, for linking and not for loading".to_owned(),
        _ => why.to_string(),
    }
}

/// Files that could be the loader `path`, elsewhere in the target.
pub(super) fn loaders(case: &Case<'_>, path: &[u8], program: &Object) -> Vec<String> {
    let near = (case.near)(file_name(path));
    let fitting = near
        .same
        .iter()
        .filter(|file| object(file).is_some_and(|object| fits(object, Some(program))));
    let paths = fitting.filter(|file| file.path.as_bytes() != path);
    paths
        .take(MAX_TOLD)
        .map(|file| file.path.to_string())
        .collect()
}

/// What could be meant by `path`: programs of its name, which `near` is about,
/// elsewhere in the target.
pub(crate) fn programs(near: &Near, path: &[u8]) -> Vec<String> {
    let may_start = |file: &&NearFile| match &file.what {
        What::Object(object) => object.is_loadable_type(),
        What::Other { may_execute, .. } => *may_execute,
        What::Dangling(_) => false,
    };
    let elsewhere = near.same.iter().filter(may_start);
    let paths = elsewhere.filter(|file| file.path.as_bytes() != path);
    paths
        .take(MAX_TOLD)
        .map(|file| file.path.to_string())
        .collect()
}
