//! Findings about symbol versions: an object wants more of a library than the
//! file that is loaded has.
//!
//! A file that is too old is one finding, whoever wants how many versions of it,
//! and the files of one glibc are one file in this.

mod mend;
mod offer;

use self::offer::{better_copy, chosen_by, chosen_rule, numbers, offer};
use super::mend::Known;
use super::release::Level;
use super::{Case, Code, Draft, mixed, place, quoted};
use crate::bytes::{Shown, lossy};
use crate::elf::{Symbols, Undefined};
use crate::graph::{Graph, LoaderFile, VersionFault, VersionProblem};
use crate::loader::{LinkMap, ObjectId};
use crate::path::{TargetPath, file_name};
use crate::report::{Finding, Severity};

/// The most symbols that are named of one version.
const MAX_SYMBOLS: usize = 3;
/// The most fixes of one finding.
const MAX_FIXES: usize = 3;
/// The most names in one line of evidence.
const MAX_SHOWN: usize = 8;

/// What is wanted of libraries in versions that they do not have.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((file, graph)) = case.graph else {
        return;
    };
    // Without its loader a program does not come so far.
    if *file == LoaderFile::Assumed && !case.is_library {
        return;
    }
    let mut groups: Vec<Group> = Vec::new();
    for (index, problem) in graph.versions.problems.iter().enumerate() {
        // Said with its cause.
        if mixed::is_its(graph, problem) {
            continue;
        }
        let provider = problem.provider.map(|id| name(graph, id));
        let family = match provider {
            Some(name) if is_glibc(name) => Family::Glibc,
            _ => Family::Of(problem.provider, problem.requester),
        };
        let known = groups.iter_mut().find(|group| {
            let first = &graph.versions.problems[group.problems[0]];
            group.family.is(family) && first.fault == problem.fault
        });
        match known {
            Some(group) => group.problems.push(index),
            None => groups.push(Group {
                family,
                problems: vec![index],
            }),
        }
    }
    for group in &groups {
        found.push(group.finding(case, graph));
    }
}

/// What one replacement mends.
#[derive(Clone, Copy)]
enum Family {
    /// Any file of glibc.
    Glibc,
    /// This provider, or, where there is none, this requester.
    Of(Option<ObjectId>, ObjectId),
}

impl Family {
    fn is(self, other: Family) -> bool {
        match (self, other) {
            (Family::Glibc, Family::Glibc) => true,
            (Family::Of(None, own), Family::Of(None, other)) => own == other,
            (Family::Of(own, _), Family::Of(other, _)) => own.is_some() && own == other,
            _ => false,
        }
    }
}

/// Problems of one fault that have one cause, by their place in the check.
struct Group {
    family: Family,
    problems: Vec<usize>,
}

impl Group {
    fn finding(&self, case: &Case<'_>, graph: &Graph) -> Finding {
        let first = self.first(graph);
        match first.fault {
            VersionFault::Missing | VersionFault::MissingWeak => self.missing(case, graph),
            VersionFault::NoInformation => self.unversioned(case, graph),
            VersionFault::NoProvider => self.stale(case, graph),
            VersionFault::UnmarkedRelr => self.unmarked(case, graph),
        }
    }

    fn problems<'g>(&self, graph: &'g Graph) -> impl Iterator<Item = &'g VersionProblem> {
        self.problems
            .iter()
            .map(|&index| &graph.versions.problems[index])
    }

    fn first<'g>(&self, graph: &'g Graph) -> &'g VersionProblem {
        &graph.versions.problems[self.problems[0]]
    }

    fn missing(&self, case: &Case<'_>, graph: &Graph) -> Finding {
        let first = self.first(graph);
        let code = self.code(graph);
        let requesters = self.requesters(graph);
        let provider = first.provider.map(|id| path(graph, id)).unwrap_or_default();
        let worst = self.worst(graph);
        let more = match requesters.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let by = format!("{}{more}", quoted(path(graph, first.requester)));
        let wanted = Shown(&worst.version);
        let weak = match first.fault {
            VersionFault::MissingWeak => "; it can do without",
            _ => "",
        };
        let message = match code {
            Code::GlibcTooOld => {
                format!("{by} needs a newer glibc than this target has: {wanted}{weak}")
            }
            _ => format!(
                "{by} needs a newer {} than the one that is loaded: {wanted}{weak}",
                quoted(file_name(provider))
            ),
        };
        let object = name(graph, first.provider.unwrap_or(first.requester));
        let mut draft = Draft::new(case, code, object, message);
        if first.fault == VersionFault::MissingWeak {
            draft = draft.severity(Severity::Warning);
        }
        // Of one version without symbols the message tells.
        let several = requesters.len() > 1 || requesters.iter().any(|(_, all)| all.len() > 1);
        for (requester, versions) in &requesters {
            let by = quoted(path(graph, *requester));
            let symbols = (case.symbols)(*requester);
            if several || symbols.is_some() {
                let versions = with_symbols(symbols.as_deref(), versions);
                draft = draft.evidence(format!("{by} needs {versions}"));
            }
        }
        for provider in self.providers(graph) {
            draft = draft.also(offer(case, graph, provider, &worst.version));
        }
        let better = match code {
            Code::GlibcTooOld | Code::RelrUnsupported => None,
            _ => better_copy(case, graph, first.provider, &worst.version),
        };
        draft = match &better {
            Some(better) => draft.evidence(format!(
                "`{better}` has {wanted}; {} comes before it",
                chosen_rule(graph, first.provider)
            )),
            None => draft.also(chosen_by(graph, first.provider)),
        };
        let level = self.problems(graph).filter_map(|p| Level::of(&p.version));
        let level = level.max();
        let is_program = first.requester == LinkMap::MAIN && !case.is_library;
        let program = case.exec.program.as_ref().filter(|_| is_program);
        let known = program.map(|program| Known::of(case, program));
        let because = known.as_ref().map(Known::because).unwrap_or_default();
        draft = draft.also((!because.is_empty()).then(|| {
            let newer = "why: it was linked on a system with a newer one";
            format!("{newer}{because}")
        }));
        draft = draft.also(mend::target_is(case, code));
        draft = draft.also(level.and_then(mend::would_do));
        draft = self.seen(case, graph, draft);
        let directory = better.as_ref().map(TargetPath::parent).filter(|directory| {
            offer::comes_after_environment(graph, first.provider)
                && !place::has_other_libc(case, graph, directory.as_bytes())
        });
        let line = directory.and_then(|place| place::environment(case, &[place.as_bytes()]));
        if let Some(line) = line {
            draft = draft.fix(None, "let the copy be found that has it", Some(&line));
        }
        match code {
            Code::GlibcTooOld => mend::glibc_fixes(draft, case, graph, known.as_ref()),
            Code::RelrUnsupported => mend::relr_fixes(draft, case, graph),
            Code::LibstdcxxTooOld => mend::libstdcxx_fixes(draft, case, graph),
            _ => mend::other_fixes(draft),
        }
        .at_most(MAX_FIXES)
        .done()
    }

    /// By what the versions are called: glibc's files have only its own.
    fn code(&self, graph: &Graph) -> Code {
        let all = |wanted: fn(&[u8]) -> bool| self.problems(graph).all(|p| wanted(&p.version));
        match self.family {
            Family::Glibc if all(|version| version == b"GLIBC_ABI_DT_RELR") => {
                Code::RelrUnsupported
            }
            Family::Glibc => Code::GlibcTooOld,
            Family::Of(..) if all(is_gcc) => Code::LibstdcxxTooOld,
            Family::Of(..) => Code::OtherVersionMissing,
        }
    }

    /// The problem whose version came last.
    fn worst<'g>(&self, graph: &'g Graph) -> &'g VersionProblem {
        let by_level = self.problems(graph);
        let last = by_level.max_by(|a, b| {
            let level = |p: &VersionProblem| Level::of(&p.version);
            let number = |p: &VersionProblem| numbers(&p.version);
            level(a).cmp(&level(b)).then(number(a).cmp(&number(b)))
        });
        last.unwrap_or_else(|| self.first(graph))
    }

    /// Who needs what, in load order.
    fn requesters<'g>(&self, graph: &'g Graph) -> Vec<(ObjectId, Vec<&'g [u8]>)> {
        let mut all: Vec<(ObjectId, Vec<&[u8]>)> = Vec::new();
        for problem in self.problems(graph) {
            let known = all.iter_mut().find(|(id, _)| *id == problem.requester);
            match known {
                Some((_, versions)) => {
                    if !versions.contains(&&*problem.version) {
                        versions.push(&problem.version);
                    }
                }
                None => all.push((problem.requester, vec![&problem.version])),
            }
        }
        all
    }

    fn providers(&self, graph: &Graph) -> Vec<ObjectId> {
        let mut all = Vec::new();
        for provider in self.problems(graph).filter_map(|p| p.provider) {
            if !all.contains(&provider) {
                all.push(provider);
            }
        }
        all
    }

    /// The loader's first line about this, if it comes to write it.
    fn seen(&self, case: &Case<'_>, graph: &Graph, draft: Draft) -> Draft {
        let mut lines = self.problems.iter().map(|&i| &*graph.versions.lines[i]);
        draft.also(lines.find_map(|line| case.said(line)))
    }

    fn unversioned(&self, case: &Case<'_>, graph: &Graph) -> Finding {
        let first = self.first(graph);
        let id = first.provider.unwrap_or(first.requester);
        let message = format!(
            "{} defines no versions; {} was linked with a file that does",
            quoted(path(graph, id)),
            quoted(path(graph, first.requester)),
        );
        let mut draft = Draft::new(case, Code::UnversionedProvider, name(graph, id), message);
        for (requester, versions) in self.requesters(graph) {
            let by = quoted(path(graph, requester));
            draft = draft.evidence(format!("{by} needs {}", listed(&versions)));
        }
        let object = graph.map.get(id).object.as_ref();
        let has_none = object.is_some_and(|object| !object.dynamic.has_symbol_versions);
        draft = draft.also(has_none.then(|| {
            "it has no DT_VERSYM either: up to glibc 2.40 the loader stops where it binds such a symbol to it"
                .to_owned()
        }));
        if graph
            .bound
            .as_ref()
            .is_some_and(|bound| bound.gives_up_at(id))
        {
            draft = draft.severity(Severity::Error);
        }
        draft = draft.also(chosen_by(graph, first.provider));
        self.seen(case, graph, draft)
            .fix(
                None,
                "use the distribution's own build of the library",
                None,
            )
            .done()
    }

    fn stale(&self, case: &Case<'_>, graph: &Graph) -> Finding {
        let first = self.first(graph);
        let by = path(graph, first.requester);
        let file = quoted(&first.file);
        let message = format!(
            "{} needs versions of {file}, and nothing is loaded by that name",
            quoted(by)
        );
        let draft = Draft::new(case, Code::VersionNeedStale, by, message).evidence(
            "its DT_NEEDED and its DT_VERNEED name different files; the loader takes that for impossible",
        );
        self.seen(case, graph, draft)
            .fix(
                None,
                "name the library as it was linked, or link again",
                None,
            )
            .done()
    }

    fn unmarked(&self, case: &Case<'_>, graph: &Graph) -> Finding {
        let by = path(graph, self.first(graph).requester);
        let message = format!(
            "{} has DT_RELR and does not need GLIBC_ABI_DT_RELR; glibc since 2.36 refuses it",
            quoted(by)
        );
        let draft = Draft::new(case, Code::RelrUnsupported, by, message);
        self.seen(case, graph, draft)
            .fix(
                None,
                "link with the option that leaves the mark",
                Some("-Wl,-z,pack-relative-relocs"),
            )
            .fix(
                None,
                "or without packed relocations",
                Some("-Wl,-z,nopack-relative-relocs"),
            )
            .done()
    }
}

fn path(graph: &Graph, id: ObjectId) -> &[u8] {
    &graph.map.get(id).path
}

/// The soname of an object, or what its file is called.
fn name(graph: &Graph, id: ObjectId) -> &[u8] {
    let loaded = graph.map.get(id);
    loaded.soname().unwrap_or_else(|| file_name(&loaded.path))
}

fn is_glibc(name: &[u8]) -> bool {
    const PARTS: [&[u8]; 15] = [
        b"libc.so.6",
        b"libc.so.6.1",
        b"libm.so.6",
        b"libm.so.6.1",
        b"libmvec.so.1",
        b"libpthread.so.0",
        b"libdl.so.2",
        b"librt.so.1",
        b"libutil.so.1",
        b"libresolv.so.2",
        b"libanl.so.1",
        b"libBrokenLocale.so.1",
        b"libnss_files.so.2",
        b"libnss_dns.so.2",
        b"libthread_db.so.1",
    ];
    PARTS.contains(&name) || (name.starts_with(b"ld") && !name.starts_with(b"ldb"))
}

fn is_gcc(version: &[u8]) -> bool {
    let prefixes: [&[u8]; 3] = [b"GLIBCXX_", b"CXXABI_", b"GCC_"];
    prefixes.iter().any(|prefix| version.starts_with(prefix))
}

fn listed(versions: &[&[u8]]) -> String {
    let shown = versions.iter().take(MAX_SHOWN);
    let mut text = shown.map(|v| lossy(v)).collect::<Vec<_>>().join(", ");
    if let Some(more) = versions.len().checked_sub(MAX_SHOWN).filter(|&n| n > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// As [`listed`], each with the symbols that pull it in.
fn with_symbols(symbols: Option<&Symbols>, versions: &[&[u8]]) -> String {
    let Some(symbols) = symbols else {
        return listed(versions);
    };
    let of = |version: &[u8]| -> Vec<&[u8]> {
        let is_of = |undefined: &&Undefined| {
            let wanted = symbols.versions.get(&undefined.version);
            wanted.is_some_and(|wanted| wanted.file.is_some() && *wanted.name == *version)
        };
        let wanted = symbols.undefined.iter().filter(is_of);
        wanted.map(|undefined| &*undefined.name).collect()
    };
    let shown = versions.iter().take(MAX_SHOWN).map(|version| {
        let names = of(version);
        let version = lossy(version);
        let named: Vec<String> = names
            .iter()
            .take(MAX_SYMBOLS)
            .map(|name| Shown(name).to_string())
            .collect();
        match names.len().saturating_sub(MAX_SYMBOLS) {
            _ if named.is_empty() => version,
            0 => format!("{version} ({})", named.join(", ")),
            more => format!("{version} ({} and {more} more)", named.join(", ")),
        }
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if let Some(more) = versions.len().checked_sub(MAX_SHOWN).filter(|&n| n > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
