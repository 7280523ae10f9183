//! Whether the loaded objects have the versions that they need of one another.
//!
//! glibc checks that before it relocates anything (`elf/dl-version.c`:
//! `_dl_check_all_versions`, `_dl_check_map_versions`, `match_symbol`), over all
//! objects in load order, and complains of each fault before it gives up. The
//! versions alone are compared; whether a symbol is there is seen later. musl
//! looks at none of this.

use std::sync::Arc;

use super::{Graph, Status};
use crate::bytes::{lossy, same};
use crate::content::Files;
use crate::elf::{Name, VersionNeed, VersionNeedEntry, Versions};
use crate::loader::glibc::Release;
use crate::loader::{LinkMap, Loaded, Loader, ObjectId, Role};

/// What the loader exits with for want of a version.
const MISSING: u8 = 1;
/// What it exits with where it cannot even look.
const GIVES_UP: u8 = 127;
/// The version by which an object says that its loader must know `DT_RELR`.
const RELR: &[u8] = b"GLIBC_ABI_DT_RELR";

/// What a check came to.
#[derive(Clone, Default, Debug)]
pub struct VersionCheck {
    /// Versions were looked at: the loader is one that does.
    pub looked: bool,
    /// What is wrong, in the order in which the loader meets it.
    pub problems: Vec<VersionProblem>,
    /// What the loader writes about that, a line for each.
    pub lines: Vec<String>,
    /// What the providers among them define.
    pub offers: Vec<(ObjectId, Arc<Versions>)>,
    /// What the loader exits with; `None` where it goes on.
    pub exit_status: Option<u8>,
}

/// A version that is needed and not there, or cannot be looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionProblem {
    /// The object that needs it.
    pub requester: ObjectId,
    /// The object that should have it.
    pub provider: Option<ObjectId>,
    /// `vn_file`: the name of that object, as the requester has it.
    pub file: Name,
    /// The version; empty where a requester as a whole is at fault.
    pub version: Box<[u8]>,
    /// What is wrong.
    pub fault: VersionFault,
}

/// What is wrong with a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VersionFault {
    /// The provider does not define it.
    Missing,
    /// The same, and the need is weak: it is only said.
    MissingWeak,
    /// The provider defines no versions at all: it is only said.
    NoInformation,
    /// No loaded object goes by the name: an assertion of the loader fails.
    NoProvider,
    /// An object has `DT_RELR` and does not say so among its versions.
    UnmarkedRelr,
}

/// Checks the objects of `graph`, which `loader` loaded.
pub(super) fn check(files: &Files<'_>, loader: &Loader, graph: &Graph) -> VersionCheck {
    let Some(release) = loader.glibc_release() else {
        return VersionCheck::default();
    };
    let mut checker = Checker {
        tables: tables(files, graph),
        graph,
        release,
        check: VersionCheck {
            looked: true,
            ..VersionCheck::default()
        },
    };
    for (id, loaded) in graph.map.iter() {
        if !checker.object(id, loaded) {
            break;
        }
    }
    checker.check
}

/// The version tables of each object of the link map.
fn tables(files: &Files<'_>, graph: &Graph) -> Vec<Option<Arc<Versions>>> {
    let of = |loaded: &Loaded| match loaded.role {
        // Its file was executed, and need not be readable.
        Role::Main => {
            let path = loaded.real_path.as_deref()?;
            files.versions(files.open_as_root(path).ok()?)
        }
        Role::Library | Role::Loader => files.versions(loaded.file?),
    };
    graph.map.iter().map(|(_, loaded)| of(loaded)).collect()
}

struct Checker<'a> {
    graph: &'a Graph,
    release: Release,
    tables: Vec<Option<Arc<Versions>>>,
    check: VersionCheck,
}

impl Checker<'_> {
    /// Checks one object; whether the loader comes to the next.
    fn object(&mut self, id: ObjectId, loaded: &Loaded) -> bool {
        let Some(versions) = self.tables[id.0 as usize].clone() else {
            return true;
        };
        let mut marks_relr = false;
        for need in &versions.needs {
            let provider = match provider(self.graph, &need.file) {
                Provider::Is(provider) => provider,
                Provider::NotLoaded => continue,
                Provider::Unknown => {
                    self.note(id, None, &need.file, b"", VersionFault::NoProvider);
                    return false;
                }
            };
            for version in versions.of(need) {
                marks_relr |= *version.name == *RELR;
                if let Some(fault) = self.fault(provider, version) {
                    self.note(id, Some(provider), &need.file, &version.name, fault);
                }
            }
        }
        let dynamic = loaded.object.as_ref().map(|object| &object.dynamic);
        let needs_mark = dynamic.is_some_and(|dynamic| {
            let needs_libc = |name: &[u8]| name.starts_with(b"libc.so.");
            dynamic.relr && dynamic.needed().any(needs_libc)
        });
        let insists = self.release.insists_on_relr();
        if insists && needs_mark && !marks_relr && !versions.needs.is_empty() {
            self.note(id, None, b"", RELR, VersionFault::UnmarkedRelr);
            return false;
        }
        true
    }

    fn fault(&self, provider: ObjectId, version: &VersionNeedEntry) -> Option<VersionFault> {
        // A loader that is only assumed, or a table out of reach, says nothing.
        let object = self.graph.map.get(provider).object.as_ref()?;
        if !object.defines_versions() {
            return Some(VersionFault::NoInformation);
        }
        let versions = self.tables[provider.0 as usize].as_ref()?;
        match (versions.define(version.hash, &version.name), version.weak) {
            (true, _) => None,
            (false, true) => Some(VersionFault::MissingWeak),
            (false, false) => Some(VersionFault::Missing),
        }
    }

    fn note(
        &mut self,
        requester: ObjectId,
        provider: Option<ObjectId>,
        file: &[u8],
        version: &[u8],
        fault: VersionFault,
    ) {
        let path = |id: ObjectId| lossy(self.graph.map.get(id).called());
        let program = path(LinkMap::MAIN);
        let by = path(requester);
        let of = provider.map(path).unwrap_or_default();
        let name = lossy(version);
        let (line, exit_status) = match fault {
            VersionFault::Missing => (
                format!("{program}: {of}: version `{name}' not found (required by {by})"),
                Some(MISSING),
            ),
            VersionFault::MissingWeak => (
                format!("{program}: {of}: weak version `{name}' not found (required by {by})"),
                None,
            ),
            VersionFault::NoInformation => (
                format!("{program}: {of}: no version information available (required by {by})"),
                None,
            ),
            VersionFault::NoProvider => (self.release.no_provider(), Some(GIVES_UP)),
            VersionFault::UnmarkedRelr => (
                format!(
                    "{program}: error while loading shared libraries: {by}: \
                     DT_RELR without GLIBC_ABI_DT_RELR dependency"
                ),
                Some(GIVES_UP),
            ),
        };
        if let Some(provider) = provider
            && !self
                .check
                .offers
                .iter()
                .any(|(known, _)| *known == provider)
            && let Some(versions) = &self.tables[provider.0 as usize]
        {
            self.check.offers.push((provider, versions.clone()));
        }
        self.check.lines.push(line);
        self.check.exit_status = self.check.exit_status.max(exit_status);
        self.check.problems.push(VersionProblem {
            requester,
            provider,
            file: file.into(),
            version: version.into(),
            fault,
        });
    }
}

enum Provider {
    Is(ObjectId),
    /// The name was asked for in vain; the loader would not have come here.
    NotLoaded,
    /// Nobody ever asked for the name.
    Unknown,
}

/// The object that a need means (`find_needed`, `_dl_name_match_p`): the first
/// one that was opened by this path or asked for by this name. A soname counts
/// where it was asked for, and always for the loader.
fn provider(graph: &Graph, file: &[u8]) -> Provider {
    let asked = |id: Option<ObjectId>| {
        let of_name = |library: &super::Library| library.object == id && same(&library.name, file);
        graph.libraries.iter().any(of_name)
    };
    if let Some(id) = graph.map.named(file) {
        let loaded = graph.map.get(id);
        let is_named = loaded.names.iter().any(|name| same(name, file)) || same(&loaded.path, file);
        if is_named || loaded.role == Role::Loader || asked(Some(id)) {
            return Provider::Is(id);
        }
    }
    let is_lost = |library: &super::Library| {
        let lost = matches!(
            library.status,
            Status::Missing | Status::Unusable(_) | Status::Optional
        );
        lost && same(&library.name, file)
    };
    match graph.limit.is_some() || graph.libraries.iter().any(is_lost) {
        true => Provider::NotLoaded,
        false => Provider::Unknown,
    }
}

/// What one object needs of another, each version with what became of it.
#[derive(Clone, Debug)]
pub struct CheckedNeed {
    /// `vn_file`
    pub file: Name,
    /// The object that this means, if it is loaded.
    pub provider: Option<ObjectId>,
    /// The versions, in order.
    pub versions: Vec<Versioned>,
}

/// One version that is needed.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// Its name.
    pub name: Name,
    /// `VER_FLG_WEAK`
    pub weak: bool,
    /// Whether the provider defines it; `None` where nobody looks.
    pub found: Option<bool>,
}

/// What each object of `graph` needs, in load order: what `ldd -v` lists. Empty
/// for a loader that does not look at versions.
#[must_use]
pub fn list(files: &Files<'_>, graph: &Graph) -> Vec<(ObjectId, Vec<CheckedNeed>)> {
    if !graph.versions.looked {
        return Vec::new();
    }
    let tables = tables(files, graph);
    let found = |provider: ObjectId, version: &VersionNeedEntry| {
        let versions = tables[provider.0 as usize].as_ref()?;
        let object = graph.map.get(provider).object.as_ref()?;
        let defines = || versions.define(version.hash, &version.name);
        object.defines_versions().then(defines)
    };
    let of_need = |(versions, need): (&Versions, &VersionNeed)| {
        let provider = match provider(graph, &need.file) {
            Provider::Is(provider) => Some(provider),
            Provider::NotLoaded | Provider::Unknown => None,
        };
        let versions = versions.of(need).iter().map(|version| Versioned {
            name: version.name.clone(),
            weak: version.weak,
            found: provider.and_then(|provider| found(provider, version)),
        });
        CheckedNeed {
            file: need.file.clone(),
            provider,
            versions: versions.collect(),
        }
    };
    let objects = graph.map.iter();
    objects
        .filter_map(|(id, _)| {
            let versions = tables[id.0 as usize].as_ref()?;
            let needs = versions.needs.iter().map(|need| (&**versions, need));
            let needs: Vec<CheckedNeed> = needs.map(of_need).collect();
            (!needs.is_empty()).then_some((id, needs))
        })
        .collect()
}
