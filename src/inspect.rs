//! From a path in a target to a subject of the report: the layers, in order.

mod barrier;
mod beyond;
mod binding;
mod by_loader;
mod called;
mod donor;
mod each;
mod env;
mod evidence;
mod facts;
mod not_found;
mod resolve;
mod rights;
mod scan;
mod settings;
mod start;
mod subject;
mod verdict;

use std::cell::LazyCell;
use std::slice;
use std::sync::{Arc, OnceLock};

pub use self::binding::SymbolLines;
use self::called::{Called, is_path};
use self::donor::Donor;
pub use self::scan::Scanned;
pub use self::settings::{AllowMissing, Settings};
use self::verdict::{is_library, kind, obstacles, verdict};
use crate::beyond::Places;
use crate::content::{self, Content, Files};
use crate::elf::VersionDefinition;
use crate::finding::{self, Case, OfEnv};
use crate::graph::{self, Graph, LoaderFile, Loaders, Started};
use crate::loader::ObjectId;
use crate::nearby::Nearby;
use crate::outcome;
use crate::package::Owners;
use crate::path::TargetPath;
use crate::report::{Finding, Outcome, ReportError, Role, Subject, SubjectKind};
use crate::rootfs::Rootfs;
use crate::runtime::{self, Lookup, Place};
use crate::target::TargetFacts;

/// Answers questions about one target.
pub struct Inspector<'t> {
    files: Files<'t>,
    loaders: Loaders,
    symbols: graph::SymbolCache,
    target: TargetFacts,
    settings: Arc<Settings>,
    nearby: Nearby,
    owners: Arc<OnceLock<Owners>>,
    places: Places,
    donor: Option<Donor<'t>>,
    asking: env::Asking,
}

/// What a program's loader would load.
struct Resolved {
    file: LoaderFile,
    graph: Graph,
    /// The process gained rights.
    secure: bool,
    /// What the donor has of what is missing.
    gifts: Vec<finding::Gift>,
}

/// A subject, and what could not be looked at on the way.
pub struct Inspection {
    /// The subject.
    pub subject: Subject,
    /// The obstacles.
    pub errors: Vec<ReportError>,
    /// What `ldd -r` and `ldd -u` would add, where that was asked for.
    pub symbols: SymbolLines,
    /// A library that the host mounts in is all that keeps the program from starting.
    lacks_host_alone: bool,
}

impl<'t> Inspector<'t> {
    /// Looks `rootfs` over.
    #[must_use]
    pub fn new(rootfs: &'t Rootfs, settings: Settings) -> Self {
        let files = Files::new(rootfs);
        let loaders = Loaders::default();
        let target = TargetFacts::look(&files, &loaders, settings.platform.clone());
        let nearby = Nearby::new(settings.nearby);
        Inspector {
            files,
            loaders,
            symbols: graph::SymbolCache::default(),
            target,
            settings: Arc::new(settings),
            nearby,
            owners: Arc::default(),
            places: Places::default(),
            donor: None,
            asking: env::Asking::default(),
        }
    }

    /// Where else to look for what is missing.
    #[must_use]
    pub fn with_donor(mut self, donor: &'t Rootfs) -> Self {
        self.donor = Some(Donor::new(donor));
        self
    }

    /// What is known of the target as a whole.
    #[must_use]
    pub fn target(&self) -> &TargetFacts {
        &self.target
    }

    /// The files looked at so far.
    #[must_use]
    pub fn files(&self) -> &Files<'t> {
        &self.files
    }

    /// Whether `path` leads to a program: something to start, not to load.
    #[must_use]
    pub fn is_program(&self, path: &TargetPath) -> bool {
        match self.content(path) {
            Some(Content::Elf(object)) => object.linkage() != crate::elf::Linkage::SharedObject,
            Some(content) => content.is_script(),
            None => false,
        }
    }

    /// Whether `path` leads to a shared library.
    #[must_use]
    pub fn is_shared_library(&self, path: &TargetPath) -> bool {
        let content = self.content(path);
        let elf = content.as_ref().and_then(Content::elf);
        elf.is_some_and(|object| object.linkage() == crate::elf::Linkage::SharedObject)
    }

    /// What the file at `path` is, whoever may read it.
    fn content(&self, path: &TargetPath) -> Option<Content> {
        let opened = self.files.rootfs().open_as_root(path.as_bytes()).ok()?;
        self.files.record(self.files.keep(&opened)).content.ok()
    }

    /// The path that `name` means in the target: a bare name is looked up in
    /// PATH as runc would, anything else starts at the working directory.
    ///
    /// # Errors
    /// Where a bare name is in no directory of PATH.
    pub fn locate(&self, name: &[u8]) -> Result<TargetPath, Lookup> {
        let workdir = &self.settings.workdir;
        if is_path(name) {
            return Ok(workdir.seen_by_process(name));
        }
        let lookup = self.lookup(name);
        lookup.path.clone().ok_or(lookup)
    }

    /// What runtimes make of `name`.
    fn lookup(&self, name: &[u8]) -> Lookup {
        let rootfs = self.files.rootfs();
        let place = Place {
            filesystem: rootfs.filesystem(),
            workdir: &self.settings.workdir,
            user: rootfs.user(),
            path: self.path(),
            known: self
                .files
                .met(name)
                .map(|file| self.files.record(file).metadata),
        };
        runtime::lookup(name, place)
    }

    fn path(&self) -> &[u8] {
        let variable = self.settings.variables.get(&b"PATH"[..]);
        variable.map_or(runtime::DEFAULT_PATH, Vec::as_slice)
    }

    /// Would what `name` means start? `role` says why it is asked.
    #[must_use]
    pub fn inspect(&self, name: &[u8], role: Role) -> Inspection {
        if is_path(name) {
            let path = self.settings.workdir.seen_by_process(name);
            return self.inspect_path(&path, role, Called::by(name));
        }
        let lookup = self.lookup(name);
        match &lookup.path {
            Some(path) => self.inspect_path(path, role, Called::found(&lookup)),
            None => self.not_in_path(&lookup, role),
        }
    }

    fn inspect_path(&self, path: &TargetPath, role: Role, called: Called<'_>) -> Inspection {
        let exec = self.started(path, called.loader);
        let is_library = is_library(&exec, role);
        let script = exec.scripts.last();
        let started = Started {
            argv0: script.map_or(called.name, |script| &script.shebang.interpreter),
            execfn: called.path(),
        };
        let mut resolved = self.resolve(&exec, started, is_library, called.loader);
        let beyond = self.beyond(&exec, resolved.as_mut(), is_library);
        let graph = resolved.as_ref().map(|found| (&found.file, &found.graph));
        let outcome = outcome::outcome(&exec, graph.filter(|_| !is_library));
        let lookup = || {
            called
                .lookup
                .map_or_else(|| self.lookup(path.as_bytes()), Lookup::clone)
        };
        let reported = LazyCell::new(|| match called.env {
            Some((flavour, own)) => outcome::reported_by_env(flavour, own, called.name, &exec),
            None => outcome::reported(lookup, &exec),
        });
        let head = self.head(&exec);
        let hops = |of: &[u8]| self.hops(of);
        let lost = |of: &[u8]| {
            let path = self.settings.workdir.join(of);
            self.files.rootfs().lost(path.as_bytes())
        };
        let build = LazyCell::new(|| self.build(&exec));
        let loaders = LazyCell::new(|| self.target.loaders(&self.files).to_vec());
        let near = |name: &[u8]| self.nearby.near(&self.files, name);
        let owner = |path: &[u8]| {
            let owners = self
                .owners
                .get_or_init(|| Owners::read(self.files.rootfs()));
            let real = self.files.rootfs().real_path(path);
            let of_real = real.and_then(|real| owners.of(real.as_bytes()));
            of_real.or_else(|| owners.of(path)).map(str::to_owned)
        };
        let has = |path: &[u8]| self.files.node(path).is_ok();
        let symbols = |of: ObjectId| {
            let (_, graph) = graph?;
            let loaded = graph.map.get(of);
            let path = loaded.real_path.as_ref().unwrap_or(&loaded.path);
            let path = self.settings.workdir.join(path);
            let data = self
                .files
                .rootfs()
                .open_as_root(path.as_bytes())
                .ok()?
                .data?;
            let object = loaded.object.as_ref()?;
            content::symbols(object, &*data, object.header.machine).ok()
        };
        let defines = |path: &TargetPath, version: &[u8]| {
            let file = self.files.open(path.as_bytes()).ok();
            let versions = file.and_then(|file| self.files.versions(file));
            let is_it = |definition: &VersionDefinition| *definition.name == *version;
            versions.is_some_and(|versions| versions.definitions.iter().any(is_it))
        };
        let granted = || self.granted(exec.program.as_ref()?);
        let env = self.of_env(&exec, path);
        let mut findings = finding::findings(&Case {
            path,
            exec: &exec,
            graph,
            target: &self.target,
            outcome: &outcome,
            reported: &reported,
            user: self.files.rootfs().user(),
            has_home: self.has_home(),
            head: &head,
            build: &build,
            newest_glibc: &|| self.newest_glibc(&exec),
            loaders: &loaders,
            kind_of: &|loader| loader.kind(&self.files, &self.loaders).clone(),
            is_library,
            rights: finding::Rights {
                secure: resolved.as_ref().is_some_and(|resolved| resolved.secure),
                granted: &granted,
            },
            beyond: &beyond,
            cpu: self.settings.cpu.as_deref(),
            variable: &|name| self.settings.variables.get(name).cloned(),
            in_path: &|name| self.lookup(name).path.is_some(),
            env: env.as_ref(),
            hops: &hops,
            leads_to: &|of| self.leads_to(&self.settings.workdir.seen_by_process(of)),
            barrier: &|of| self.barrier(of),
            near: &near,
            owner: &owner,
            has: &has,
            starts: &|of| self.would_start(of),
            real: &|of| self.files.rootfs().real_path(of),
            conf: &|| self.nearby.conf(&self.files),
            symbols: &symbols,
            defines: &defines,
            layers: finding::Layers {
                all: &self.settings.layers,
                lost: &lost,
            },
        });
        if let Some(resolved) = &resolved {
            finding::give(&mut findings, &resolved.gifts);
        }
        for finding in &mut findings {
            let object = finding.object.as_deref().unwrap_or_default();
            finding.waived |= finding::is_about_absence(&finding.code)
                && (self.settings.allow_missing)(object.as_bytes());
        }
        let mut errors = obstacles(path, &exec, graph.map(|(_, graph)| graph), is_library);
        errors.extend(env.iter().flat_map(|env| env.errors().iter().cloned()));
        let outcome = match env.as_ref().and_then(OfEnv::end) {
            Some(end) => end.clone(),
            None => outcome,
        };
        // What the host mounts in is no fault of the target.
        let lacks_host_alone =
            graph.is_some_and(|(_, graph)| finding::is_all_that_lacks(&findings, graph, &outcome));
        let starts = match is_library || lacks_host_alone {
            true => Some(true),
            false => outcome.starts,
        };
        let verdict = verdict(starts, &findings, &errors);
        let symbols = SymbolLines::of(resolved.as_ref().map(|resolved| &resolved.graph));
        let subject = subject::Draft {
            files: &self.files,
            settings: &self.settings,
            owners: &self.owners,
            path,
            role,
            exec: &exec,
            graph,
            kind: kind(&exec, path),
            verdict,
            outcome,
            reported: &reported,
            findings,
            build: match self.settings.in_full {
                true => build.as_ref(),
                false => None,
            },
        };
        Inspection {
            subject: subject.build(),
            errors,
            symbols,
            lacks_host_alone,
        }
    }

    /// A bare name that is in no directory of PATH.
    fn not_in_path(&self, lookup: &Lookup, role: Role) -> Inspection {
        if let Some(error) = self.barred_to_us(&lookup.name) {
            return undecided(&lookup.name, role, error);
        }
        let outcome = outcome::not_found(lookup);
        let elsewhere: Vec<String> = match lookup.name.is_empty() {
            true => Vec::new(),
            false => {
                let near = self.nearby.near(&self.files, &lookup.name);
                let programs = finding::near::programs(&near, b"").into_iter();
                let starts = |path: &String| self.would_start(path.as_bytes());
                programs.filter(starts).collect()
            }
        };
        let searched = finding::Searched {
            path: self.path(),
            user: self.files.rootfs().user(),
            met: self.met_in_path(&lookup.name),
            elsewhere: &elsewhere,
            has_shell: self.files.node(b"/bin/sh").is_ok(),
        };
        let findings = vec![finding::not_in_path(lookup, &searched, &outcome)];
        absent(&lookup.name, role, outcome, findings)
    }
}

/// A subject that is no file, as far as anybody knows.
fn undecided(name: &[u8], role: Role, error: ReportError) -> Inspection {
    let mut inspection = absent(name, role, Outcome::default(), Vec::new());
    inspection.subject.verdict = verdict(None, &[], slice::from_ref(&error));
    inspection.errors.push(error);
    inspection
}

/// A subject that is no file.
fn absent(name: &[u8], role: Role, outcome: Outcome, findings: Vec<Finding>) -> Inspection {
    let errors = Vec::new();
    let subject = Subject {
        target: 0,
        path: crate::bytes::lossy(name),
        path_b64: crate::bytes::exact(name),
        real_path: None,
        role,
        layer: None,
        kind: SubjectKind::Absent,
        verdict: verdict(outcome.starts, &findings, &errors),
        outcome,
        elf: None,
        script: None,
        libraries: Vec::new(),
        findings,
    };
    Inspection {
        subject,
        errors,
        symbols: SymbolLines::default(),
        lacks_host_alone: false,
    }
}
