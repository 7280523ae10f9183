//! Another system that has what the target lacks.
//!
//! The program's needs are resolved in the donor by the loader's own rules, as if
//! the program stood there at the same path; what is missing in the target, and
//! whatever that needs in turn, is what has to be copied.

use std::collections::{BTreeMap, HashSet};

use super::Inspector;
use crate::content::Files;
use crate::finding::Gift;
use crate::graph::{self, Graph, Loaders, Program, Status};
use crate::loader::{Environment, LinkMap, ObjectId, Role, Rule, TryOutcome};
use crate::path::{TargetPath, parent};
use crate::report::Libc;
use crate::rootfs::Rootfs;

/// A donor, and what was looked at in it.
pub(super) struct Donor<'t> {
    files: Files<'t>,
    loaders: Loaders,
}

impl<'t> Donor<'t> {
    pub(super) fn new(rootfs: &'t Rootfs) -> Self {
        Donor {
            files: Files::new(rootfs),
            loaders: Loaders::default(),
        }
    }
}

impl Inspector<'_> {
    /// What the donor has of what `program` lacks by `lacking`. `usable` says that
    /// the target has the loader.
    pub(super) fn gifts(
        &self,
        program: &Program<'_>,
        environment: &Environment,
        lacking: &Graph,
        usable: bool,
    ) -> Vec<Gift> {
        let Some(donor) = &self.donor else {
            return Vec::new();
        };
        let missing = |library: &&graph::Library| library.status == Status::Missing;
        let mut missing = lacking.libraries.iter().filter(missing).peekable();
        if missing.peek().is_none() && usable {
            return Vec::new();
        }
        let files = &donor.files;
        let interp = environment.workdir.join(program.interp);
        let has_loader = files.open(interp.as_bytes()).is_ok();
        let start = graph::start(files, &donor.loaders, program, has_loader, environment);
        let full = graph::resolve(
            files,
            &donor.loaders,
            start,
            &environment.workdir,
            self.settings.limits,
        );
        let mut gifts = Vec::new();
        if !usable && has_loader {
            let everything = full.map.iter().map(|(id, _)| id).collect();
            let mut copies = self.copies(&full, &everything, lacking);
            if let Some(directory) = slashed(interp.as_bytes()) {
                let files: &mut Vec<TargetPath> = copies.entry(directory).or_default();
                files.insert(0, interp.clone());
                files.dedup();
            }
            let object = program.interp.into();
            gifts.push(Gift { object, copies });
        }
        for library in missing.filter(|_| usable) {
            let same = full.libraries.iter().find(|l| l.name == library.name);
            let found = same.filter(|l| l.status == Status::Found);
            let Some(object) = found.and_then(|library| library.object) else {
                continue;
            };
            if other_libc(&full, object) {
                continue;
            }
            let copies = self.copies(&full, &below(&full, object), lacking);
            let object = library.name.as_ref().into();
            gifts.push(Gift { object, copies });
        }
        gifts.retain(|gift| !gift.copies.is_empty());
        gifts
    }

    /// The files of `objects` that the target has not, by the directory to which
    /// they have to be copied. A link in the last place is followed by `COPY`, and
    /// the name is kept.
    fn copies(
        &self,
        full: &Graph,
        objects: &HashSet<ObjectId>,
        lacking: &Graph,
    ) -> BTreeMap<Vec<u8>, Vec<TargetPath>> {
        let mut copies: BTreeMap<Vec<u8>, Vec<TargetPath>> = BTreeMap::new();
        let of_objects = full.map.iter().filter(|(id, _)| objects.contains(id));
        for (_, loaded) in of_objects.filter(|(_, loaded)| loaded.role == Role::Library) {
            let path = self.settings.workdir.join(&loaded.path);
            let known = lacking
                .libraries
                .iter()
                .find(|library| loaded.names.iter().any(|name| **name == *library.name));
            let is_there = match known {
                Some(library) => library.status != Status::Missing,
                None => self.files.open_once(path.as_bytes()).is_ok(),
            };
            if is_there {
                continue;
            }
            let own = slashed(path.as_bytes());
            let directory = known
                .and_then(|library| place(library, own.as_deref()))
                .or(own);
            let files = copies.entry(directory.unwrap_or_default()).or_default();
            if !files.contains(&path) {
                files.push(path);
            }
        }
        copies.remove(&b""[..]);
        copies
    }
}

/// The directory of a path, with a slash at its end.
fn slashed(path: &[u8]) -> Option<Vec<u8>> {
    let directory = parent(path);
    match directory {
        b"" => None,
        b"/" => Some(b"/".to_vec()),
        _ => Some([directory, b"/"].concat()),
    }
}

/// Where the target looks for `library`: in `own`, the donor's directory, if it
/// does, else in the first directory that its loader has by itself.
fn place(library: &graph::Library, own: Option<&[u8]>) -> Option<Vec<u8>> {
    let absent = |attempt: &&graph::Attempt| {
        matches!(
            attempt.outcome,
            TryOutcome::Absent | TryOutcome::NotADirectory | TryOutcome::BrokenLink
        )
    };
    let mut searched = library.attempts.iter().filter(absent);
    if searched.clone().any(|a| slashed(&a.path).as_deref() == own) {
        return own.map(<[u8]>::to_vec);
    }
    let default = searched.find(|attempt| attempt.rule == Rule::DefaultDirectory)?;
    slashed(&default.path)
}

/// `object` and everything that is needed because of it.
fn below(graph: &Graph, object: ObjectId) -> HashSet<ObjectId> {
    let mut set = HashSet::from([object]);
    loop {
        let before = set.len();
        for library in &graph.libraries {
            if library.requesters.iter().any(|id| set.contains(id)) {
                set.extend(library.object);
            }
        }
        if set.len() == before {
            return set;
        }
    }
}

/// Whether a library is built for another libc than the program.
fn other_libc(graph: &Graph, object: ObjectId) -> bool {
    let libc = |id| {
        let object = graph.map.get(id).object.as_deref()?;
        Some(crate::finding::built_for(object))
    };
    matches!(
        (libc(object), libc(LinkMap::MAIN)),
        (Some(Libc::Glibc), Some(Libc::Musl)) | (Some(Libc::Musl), Some(Libc::Glibc))
    )
}
