//! Putting a subject together for the report.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::{Settings, facts};
use crate::by_name::ByName;
use crate::bytes::{exact, lossy, same, shared};
use crate::content::{self, Files};
use crate::elf::Build;
use crate::errno::Errno;
use crate::graph::{self, Graph, LoaderFile, Status};
use crate::kernel::{Exec, InterpreterRefusal, Program};
use crate::loader::{LinkMap, LoaderKind, ObjectId, TryOutcome};
use crate::package::Owners;
use crate::path::TargetPath;
use crate::report::{
    Attempt, AttemptOutcome, Finding, Interpreter, InterpreterStatus, Library, LibraryStatus,
    Outcome, Reported, Role, Rule, Script, Subject, SubjectKind, Verdict, VersionEntry,
    VersionNeed,
};

/// Everything that a subject of the report is made from.
pub(super) struct Draft<'a> {
    pub(super) files: &'a Files<'a>,
    pub(super) settings: &'a Settings,
    pub(super) owners: &'a OnceLock<Owners>,
    pub(super) path: &'a TargetPath,
    pub(super) role: Role,
    pub(super) exec: &'a Exec,
    pub(super) graph: Option<(&'a LoaderFile, &'a Graph)>,
    pub(super) kind: SubjectKind,
    pub(super) verdict: Verdict,
    /// Without how others word it.
    pub(super) outcome: Outcome,
    pub(super) reported: &'a dyn Deref<Target = Vec<Reported>>,
    pub(super) findings: Vec<Finding>,
    /// What its program tells of its build, where that was read.
    pub(super) build: Option<&'a Build>,
}

impl Draft<'_> {
    pub(super) fn build(self) -> Subject {
        let program = self.exec.program.as_ref();
        let mut versions = self.versions();
        let elf = program.filter(|_| self.is_told()).map(|program| {
            let needs = match versions.remove(&LinkMap::MAIN) {
                Some(needs) => needs,
                None => self.unchecked_versions(program),
            };
            facts::elf(
                &program.object,
                needs,
                self.build,
                self.interpreter(program),
            )
        });
        Subject {
            target: 0,
            path: lossy(self.path.as_bytes()),
            path_b64: exact(self.path.as_bytes()),
            real_path: self.real_path(self.path.as_bytes()),
            layer: self.layer(self.path.as_bytes()),
            script: self.is_told().then(|| self.script()).flatten(),
            libraries: self.libraries(versions),
            elf,
            role: self.role,
            kind: self.kind,
            verdict: self.verdict,
            outcome: Outcome {
                as_reported: match self.is_told() {
                    true => self.reported.deref().clone(),
                    false => Vec::new(),
                },
                ..self.outcome
            },
            findings: self.findings,
        }
    }

    /// Whether more is told of it than that it is fine.
    fn is_told(&self) -> bool {
        let is_fine = self.verdict == Verdict::Ok && self.findings.is_empty();
        !is_fine || self.role != Role::Scanned || self.settings.lists_fine
    }

    /// The versions that each object needs, where they are shown and a loader
    /// looks at them.
    fn versions(&self) -> HashMap<ObjectId, Vec<VersionNeed>> {
        let shown = self.settings.in_full;
        let Some((_, graph)) = self.graph.filter(|_| shown) else {
            return HashMap::new();
        };
        let path = |id: ObjectId| lossy(&graph.map.get(id).path);
        let need = |need: graph::CheckedNeed| VersionNeed {
            file: lossy(&need.file),
            path: need.provider.map(path),
            versions: need
                .versions
                .iter()
                .map(|version| VersionEntry {
                    name: lossy(&version.name),
                    weak: version.weak,
                    found: version.found,
                })
                .collect(),
        };
        graph::list(self.files, graph)
            .into_iter()
            .map(|(id, needs)| (id, needs.into_iter().map(need).collect()))
            .collect()
    }

    /// The versions that the program needs, which nobody looks for; read only
    /// where they are shown.
    fn unchecked_versions(&self, program: &Program) -> Vec<VersionNeed> {
        if !self.settings.in_full {
            return Vec::new();
        }
        let file = self.files.known(program.metadata.identity);
        let Some(versions) = file.and_then(|file| self.files.versions(file)) else {
            return Vec::new();
        };
        let need = |need: &crate::elf::VersionNeed| VersionNeed {
            file: lossy(&need.file),
            path: None,
            versions: versions
                .of(need)
                .iter()
                .map(|version| VersionEntry {
                    name: lossy(&version.name),
                    weak: version.weak,
                    found: None,
                })
                .collect(),
        };
        versions.needs.iter().map(need).collect()
    }

    fn real_path(&self, path: &[u8]) -> Option<String> {
        if !self.settings.in_full {
            return None;
        }
        let path = self.settings.workdir.seen_by_process(path);
        Some(lossy(self.files.rootfs().real_path(&path)?.as_bytes()))
    }

    /// The package that owns a library: by the path it was opened by, or by that
    /// without links.
    fn package(&self, real_path: Option<&str>, path: Option<&[u8]>) -> Option<String> {
        let real_path = real_path?;
        let owners = self
            .owners
            .get_or_init(|| Owners::read(self.files.rootfs()));
        let of_path = path.and_then(|path| owners.of(path));
        let owner = owners.of(real_path.as_bytes()).or(of_path);
        owner.map(str::to_owned)
    }

    /// The layer that brought what `path` leads to.
    fn layer(&self, path: &[u8]) -> Option<u32> {
        if !self.files.rootfs().filesystem().is_layered() {
            return None;
        }
        let path = self.settings.workdir.join(path);
        self.files.rootfs().layer(path.as_bytes())
    }

    fn script(&self) -> Option<Script> {
        let first = self.exec.scripts.first()?;
        let shebang = &first.shebang;
        let last = self.exec.scripts.last()?;
        let end = self.settings.workdir.join(&last.shebang.interpreter);
        let chain = self
            .exec
            .scripts
            .iter()
            .map(|script| lossy(script.path.as_bytes()));
        Some(Script {
            interpreter: Some(lossy(&shebang.interpreter)),
            interpreter_b64: exact(&shebang.interpreter),
            argument: shebang.argument.as_deref().map(lossy),
            argument_b64: shebang.argument.as_deref().and_then(exact),
            line: lossy(&shebang.line),
            line_b64: exact(&shebang.line),
            ends_in_cr: shebang.ends_in_cr(),
            chain: chain.chain([lossy(end.as_bytes())]).collect(),
        })
    }

    fn interpreter(&self, program: &Program) -> Option<Interpreter> {
        let Some(interpreter) = &program.interpreter else {
            // The kernel did not get as far as opening it.
            let interp = program.object.interp.as_ref()?;
            return Some(Interpreter {
                path: lossy(interp.path()),
                path_b64: exact(interp.path()),
                status: InterpreterStatus::Malformed,
                real_path: None,
                layer: None,
            });
        };
        Some(Interpreter {
            path: lossy(&interpreter.path),
            path_b64: exact(&interpreter.path),
            status: self.interpreter_status(&interpreter.file, &interpreter.path),
            real_path: interpreter
                .file
                .is_ok()
                .then(|| self.real_path(&interpreter.path))
                .flatten(),
            layer: self.layer(&interpreter.path),
        })
    }

    fn interpreter_status(
        &self,
        file: &Result<content::FileId, InterpreterRefusal>,
        path: &[u8],
    ) -> InterpreterStatus {
        match file {
            Ok(_) => match self.graph {
                Some((LoaderFile::Known(LoaderKind::NotALoader), _)) => {
                    InterpreterStatus::NotALoader
                }
                _ => InterpreterStatus::Ok,
            },
            Err(InterpreterRefusal::Lookup(Errno::NOENT)) if self.is_link(path) => {
                InterpreterStatus::BrokenLink
            }
            Err(refusal) => refusal_status(refusal),
        }
    }

    fn is_link(&self, path: &[u8]) -> bool {
        let rootfs = self.files.rootfs();
        let path = self.settings.workdir.join(path);
        let end = rootfs
            .walk(path.as_bytes(), crate::rootfs::Follow::NotLast)
            .end;
        end.is_ok_and(|node| {
            rootfs.filesystem().metadata(node).kind == crate::rootfs::Kind::Symlink
        })
    }

    fn libraries(&self, mut versions: HashMap<ObjectId, Vec<VersionNeed>>) -> Vec<Library> {
        let Some((file, graph)) = self.graph else {
            return Vec::new();
        };
        if !self.is_told() {
            return Vec::new();
        }
        let assumed = *file == LoaderFile::Assumed;
        // A scan would say the same of the same libraries over and over.
        let shows_versions = self.settings.in_full && self.role != Role::Scanned;
        let names = Names::of(graph);
        graph
            .libraries
            .iter()
            .map(|library| {
                let object = library.object.filter(|_| library.status == Status::Found);
                let needs = object.and_then(|id| versions.remove(&id));
                Library {
                    version_needs: shows_versions.then(|| needs.unwrap_or_default()),
                    ..self.library(graph, library, assumed, &names)
                }
            })
            .collect()
    }

    fn library(
        &self,
        graph: &Graph,
        library: &graph::Library,
        assumed: bool,
        names: &Names<'_>,
    ) -> Library {
        let object = library.object.map(|id| graph.map.get(id));
        let facts = object.and_then(|loaded| loaded.object.as_ref());
        let is_itself = matches!(library.status, Status::Found);
        let needed = facts.filter(|_| is_itself);
        let needed = needed.map(|facts| {
            let needed = facts.dynamic.needed();
            needed.map(|name| names.library(name)).collect()
        });
        let real_path = library
            .path
            .as_deref()
            .filter(|_| library.status != Status::Missing)
            .and_then(|path| self.real_path(path));
        let package = self.package(real_path.as_deref(), library.path.as_deref());
        Library {
            name: names.library(&library.name),
            name_b64: exact(&library.name),
            status: match library.status {
                Status::Found => LibraryStatus::Found,
                Status::Missing if (self.settings.allow_missing)(&library.name) => {
                    LibraryStatus::AllowedMissing
                }
                Status::Missing => LibraryStatus::Missing,
                Status::Unusable(_) => LibraryStatus::Unusable,
                Status::AlreadyLoaded => LibraryStatus::AlreadyLoaded,
                Status::Optional => LibraryStatus::AllowedMissing,
            },
            path: names.path(graph, library),
            path_b64: library.path.as_deref().and_then(exact),
            real_path,
            soname: facts
                .and_then(|facts| facts.dynamic.soname.as_deref())
                .map(|soname| names.library(soname)),
            layer: library.path.as_deref().and_then(|path| self.layer(path)),
            package,
            found_by: library.rule.map(rule),
            rule_object: name_of(graph, library.owner),
            needed: needed.unwrap_or_default(),
            version_needs: None,
            needed_by: names.requesters(library),
            depth: library.depth,
            attempts: self.attempts(graph, library, assumed),
        }
    }

    fn attempts(&self, graph: &Graph, library: &graph::Library, assumed: bool) -> Vec<Attempt> {
        let wanted = self.settings.in_full
            || !matches!(library.status, Status::Found | Status::AlreadyLoaded);
        if !wanted {
            return Vec::new();
        }
        let attempt = |attempt: &graph::Attempt| Attempt {
            path: lossy(&attempt.path),
            path_b64: exact(&attempt.path),
            rule: rule(attempt.rule),
            rule_object: name_of(graph, attempt.owner),
            assumed,
            outcome: attempt_outcome(attempt.outcome),
            detail: attempt.detail.as_ref().map(ToString::to_string),
        };
        library.attempts.iter().map(attempt).collect()
    }
}

/// Texts of a graph that stand in several places of the report.
struct Names<'g> {
    /// The path of each object of the link map.
    objects: Vec<Arc<str>>,
    /// The names that were asked for.
    libraries: ByName<&'g [u8], Arc<str>>,
}

impl<'g> Names<'g> {
    fn of(graph: &'g Graph) -> Self {
        let objects = graph.map.iter();
        let mut libraries = ByName::with_room(graph.libraries.len());
        for library in &graph.libraries {
            libraries.insert(&*library.name, shared(&library.name));
        }
        Names {
            objects: objects.map(|(_, loaded)| shared(&loaded.path)).collect(),
            libraries,
        }
    }

    /// The paths of those that ask for a library. A program that one of its libraries needs
    /// is loaded once more and asks again, under the same path.
    fn requesters(&self, library: &graph::Library) -> Vec<Arc<str>> {
        let mut paths: Vec<Arc<str>> = Vec::with_capacity(library.requesters.len());
        let program = self.objects.first();
        for id in library.requesters.iter() {
            let path = &self.objects[id.0 as usize];
            let is_again = !paths.is_empty() && Some(path) == program && paths.contains(path);
            if !is_again {
                paths.push(path.clone());
            }
        }
        paths
    }

    /// A name that somebody asks for.
    fn library(&self, name: &[u8]) -> Arc<str> {
        let known = self.libraries.get(name);
        known.map_or_else(|| shared(name), Arc::clone)
    }

    /// The path that was opened for a name.
    fn path(&self, graph: &Graph, library: &graph::Library) -> Option<Arc<str>> {
        let path = library.path.as_deref()?;
        let object = library.object;
        let known = object.filter(|&object| same(&graph.map.get(object).path, path));
        Some(match known {
            Some(object) => self.objects[object.0 as usize].clone(),
            None => shared(path),
        })
    }
}

fn name_of(graph: &Graph, object: Option<ObjectId>) -> Option<String> {
    object.map(|id| lossy(&graph.map.get(id).path))
}

fn refusal_status(refusal: &InterpreterRefusal) -> InterpreterStatus {
    match refusal {
        InterpreterRefusal::EmptyName | InterpreterRefusal::Directory => {
            InterpreterStatus::Directory
        }
        InterpreterRefusal::Lookup(Errno::LOOP) => InterpreterStatus::LinkLoop,
        InterpreterRefusal::Lookup(Errno::NOTDIR) => InterpreterStatus::NotADirectory,
        InterpreterRefusal::Lookup(Errno::ACCES) | InterpreterRefusal::Unreadable(_) => {
            InterpreterStatus::Unreachable
        }
        InterpreterRefusal::Lookup(_) => InterpreterStatus::Missing,
        InterpreterRefusal::NotExecutable => InterpreterStatus::NotExecutable,
        InterpreterRefusal::TooShort => InterpreterStatus::TooShort,
        InterpreterRefusal::Special | InterpreterRefusal::NotElf => InterpreterStatus::NotElf,
        InterpreterRefusal::WrongMachine => InterpreterStatus::WrongMachine,
        InterpreterRefusal::Malformed => InterpreterStatus::Malformed,
        InterpreterRefusal::WrongType => InterpreterStatus::WrongType,
        InterpreterRefusal::CutShort { .. } => InterpreterStatus::Malformed,
    }
}

fn rule(rule: crate::loader::Rule) -> Rule {
    use crate::loader::Rule as From;
    match rule {
        From::Preload => Rule::Preload,
        From::Rpath => Rule::Rpath,
        From::RpathInherited => Rule::RpathInherited,
        From::LibraryPath => Rule::LibraryPath,
        From::Runpath => Rule::Runpath,
        From::RunpathInherited => Rule::RunpathInherited,
        From::Cache => Rule::Cache,
        From::MuslPathFile => Rule::MuslPathFile,
        From::DefaultDirectory => Rule::DefaultDir,
        From::Direct => Rule::Direct,
        From::AlreadyLoaded => Rule::AlreadyLoaded,
        From::LoaderItself => Rule::LoaderItself,
    }
}

fn attempt_outcome(outcome: TryOutcome) -> AttemptOutcome {
    match outcome {
        TryOutcome::Found => AttemptOutcome::Found,
        TryOutcome::Absent => AttemptOutcome::Absent,
        TryOutcome::NotADirectory => AttemptOutcome::NotADirectory,
        TryOutcome::BrokenLink => AttemptOutcome::BrokenLink,
        TryOutcome::LinkLoop => AttemptOutcome::LinkLoop,
        TryOutcome::NameTooLong => AttemptOutcome::NameTooLong,
        TryOutcome::Unreadable => AttemptOutcome::Unreadable,
        TryOutcome::IoError => AttemptOutcome::IoError,
        TryOutcome::Directory => AttemptOutcome::Directory,
        TryOutcome::TooShort => AttemptOutcome::TooShort,
        TryOutcome::NotElf => AttemptOutcome::NotElf,
        TryOutcome::WrongClass => AttemptOutcome::WrongClass,
        TryOutcome::WrongData => AttemptOutcome::WrongData,
        TryOutcome::WrongMachine => AttemptOutcome::WrongMachine,
        TryOutcome::NotLoadable => AttemptOutcome::NotLoadable,
        TryOutcome::Dropped => AttemptOutcome::Dropped,
        TryOutcome::NotTried => AttemptOutcome::NotTried,
    }
}
