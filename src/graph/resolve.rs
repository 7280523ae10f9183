//! The resolution itself: names to objects, breadth first.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::order::SearchList;
use super::search::{Hit, Search};
use super::start::{Loaders, Start};
use super::{Attempts, Graph, Library, Limit, Status, VersionCheck, cpu, mixed, twice, version};
use crate::bytes::same;
use crate::content::{FileRecord, Files};
use crate::elf::NeedKind;
use crate::errno::Errno;
use crate::few::Few;
use crate::loader::{
    Expanded, LinkMap, Loaded, Loader, ObjectId, Plan, Role, Rule, StopText, TryOutcome, Unusable,
};
use crate::path::TargetPath;

/// What the loader says of an auditor that is none.
const NO_AUDITOR: &str = "undefined symbol: la_version";

/// What bounds a search.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Candidates tried, for one program.
    pub probes: usize,
    /// Objects loaded, for one program.
    pub objects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            probes: 1_000_000,
            objects: 65_536,
        }
    }
}

/// Loads everything that the program in `start` needs, as its loader would.
#[must_use]
pub fn resolve(
    files: &Files<'_>,
    loaders: &Loaders,
    start: Start,
    workdir: &TargetPath,
    limits: Limits,
) -> Graph {
    let lists_itself = start.lists_itself;
    let mut resolver = Resolver::new(files, start.loader, start.map, workdir, limits);
    resolver.graph.unreadable = start.unreadable;
    let list = resolver.run(&start.audits, &start.preloads, lists_itself);
    resolver.graph.twice = twice::check(files, &start.file, &resolver.graph, &list);
    resolver.graph.versions = version::check(files, &resolver.loader, &resolver.graph);
    resolver.graph.cpu = cpu::check(&resolver.loader, &resolver.graph);
    resolver.graph.mixed = mixed::check(files, loaders, &resolver.loader, &resolver.graph, workdir);
    resolver.graph.assumed = resolver.assumed.keys().copied().collect();
    resolver.graph
}

pub(super) struct Resolver<'r> {
    pub(super) files: &'r Files<'r>,
    pub(super) loader: Rc<Loader>,
    pub(super) workdir: &'r TargetPath,
    pub(super) limits: Limits,
    pub(super) probes: usize,
    pub(super) kept: usize,
    /// Room for paths that are put together.
    pub(super) scratch: Vec<u8>,
    /// The loader's `errno`, which its messages are made from.
    pub(super) errno: Errno,
    /// A preload or an auditor is looked for.
    pub(super) comes_first: bool,
    /// Its cache, or its path file, was read.
    pub(super) own_file_read: bool,
    /// Where the entry of each object is among the libraries.
    pub(super) places: HashMap<ObjectId, usize, RandomState>,
    /// Directories that are known not to be there.
    pub(super) absent: HashSet<Rc<[u8]>, RandomState>,
    /// Objects that are loaded only as if a failure had been mended: behind a
    /// file at which the real loader gives up, and what those need. `None` for
    /// the latter.
    pub(super) assumed: HashMap<ObjectId, Option<StopText>, RandomState>,
    pub(super) graph: Graph,
}

/// One name that an object asks for.
pub(super) struct Request<'a> {
    /// Who asks; `None` for musl's preloads.
    pub(super) requester: Option<ObjectId>,
    /// The name as it is written.
    pub(super) written: &'a [u8],
    /// The name that the loader works with: tokens are replaced.
    pub(super) name: Cow<'a, [u8]>,
    pub(super) kind: NeedKind,
    pub(super) depth: u32,
}

impl Request<'_> {
    pub(super) fn by(&self) -> ObjectId {
        self.requester.unwrap_or(LinkMap::MAIN)
    }
}

impl<'r> Resolver<'r> {
    /// Nothing looked for yet.
    pub(super) fn new(
        files: &'r Files<'r>,
        loader: Rc<Loader>,
        map: LinkMap,
        workdir: &'r TargetPath,
        limits: Limits,
    ) -> Self {
        Resolver {
            files,
            loader: loader.clone(),
            workdir,
            limits,
            probes: 0,
            kept: 0,
            scratch: Vec::new(),
            errno: Errno::NONE,
            comes_first: false,
            own_file_read: false,
            places: HashMap::default(),
            absent: HashSet::default(),
            assumed: HashMap::default(),
            graph: Graph {
                loader,
                map,
                libraries: Vec::new(),
                stop: None,
                warnings: Vec::new(),
                said: Vec::new(),
                versions: VersionCheck::default(),
                cpu: None,
                mixed: None,
                twice: None,
                vdso: None,
                trips_over_vdso: false,
                limit: None,
                unreadable: None,
                assumed: HashSet::new(),
                bound: None,
            },
        }
    }
}

impl Resolver<'_> {
    /// Loads everything; the objects in the order in which they are asked for symbols.
    fn run(
        &mut self,
        audits: &[Vec<u8>],
        preloads: &[(Vec<u8>, &'static str)],
        lists_itself: bool,
    ) -> SearchList {
        for name in audits {
            self.audit(name);
        }
        let mut list = SearchList::new([LinkMap::MAIN]);
        for (name, origin) in preloads {
            if let Some(object) = self.preload(name, origin) {
                list.append(object);
            }
        }
        if !self.loader.is_musl() {
            self.errno = Errno::NONE;
        }
        while let Some(object) = list.next() {
            if self.graph.limit.is_some() {
                break;
            }
            self.needs_of(object, &mut list);
        }
        if !self.loader.is_musl() {
            self.place_loader(&list, lists_itself);
            self.place_vdso(&list);
        }
        list
    }

    /// Looks for a library that is to watch the loader. It gets a link map of its
    /// own, so all that is seen here is its absence, and that it is none
    /// (`elf/rtld.c:load_audit_module`).
    fn audit(&mut self, name: &[u8]) {
        let plan = self.loader.plan_audit(&self.graph.map, name);
        let (search, impossible) = self.first(plan, name);
        let why = search
            .failure(impossible.as_ref())
            .or_else(|| self.is_no_auditor(&search).then(|| NO_AUDITOR.to_owned()));
        if let Some(why) = why {
            let name = crate::bytes::lossy(name);
            self.graph.warnings.push(format!(
                "ERROR: ld.so: object '{name}' cannot be loaded as audit interface: {why}; ignored."
            ));
        }
    }

    /// Whether the file that was found does not define what every auditor does. One of the
    /// libraries that it needs could define it in its place; those are not looked at.
    fn is_no_auditor(&self, search: &Search) -> bool {
        let Some(hit) = &search.found else {
            return false;
        };
        self.defines(&hit.path, &hit.record, &[b"la_version"]) == Some(false)
    }

    /// Loads one object that is to come before all others. That it cannot be
    /// loaded is no failure.
    fn preload(&mut self, written: &[u8], origin: &str) -> Option<ObjectId> {
        let is_musl = self.loader.is_musl();
        let request = Request {
            requester: (!is_musl).then_some(LinkMap::MAIN),
            written,
            name: Cow::Borrowed(written),
            kind: NeedKind::Auxiliary,
            depth: 1,
        };
        if self.is_vdso(written) {
            return None;
        }
        if let Some(object) = self.loader.loaded(&self.graph.map, written) {
            // glibc takes no notice of it.
            if !is_musl {
                return None;
            }
            self.already_loaded(object, &request, Attempts::new());
            return Some(object);
        }
        let plan = self.loader.plan_preload(&self.graph.map, written);
        let (search, impossible) = self.first(plan, written);
        let Some(why) = search.failure(impossible.as_ref()) else {
            return self.take(search, &request, Some(Rule::Preload));
        };
        if !is_musl {
            let name = crate::bytes::lossy(written);
            let line = format!(
                "ERROR: ld.so: object '{name}' from {origin} cannot be preloaded ({why}): ignored."
            );
            self.says(written, &line);
            self.graph.warnings.push(line);
        }
        let path = search.stopped.map(|stopped| stopped.path);
        self.enter(
            Rc::from(written),
            &request,
            Status::Optional,
            path,
            Some(Rule::Preload),
            search.attempts,
        );
        None
    }

    /// Loads what `object` needs.
    fn needs_of(&mut self, object: ObjectId, list: &mut SearchList) {
        let loaded = self.graph.map.get(object);
        let Some(facts) = loaded
            .object
            .clone()
            .filter(|_| loaded.role != Role::Loader)
        else {
            return;
        };
        for need in &facts.dynamic.needs {
            if self.graph.limit.is_some() {
                return;
            }
            // musl knows neither auxiliaries nor filters.
            if need.kind != NeedKind::Needed && self.loader.is_musl() {
                continue;
            }
            let known = self.graph.libraries.len();
            let found = self.request(object, &need.name, need.kind);
            match found {
                Some(needed) if need.kind == NeedKind::Needed => list.append(needed),
                Some(filtee) if list.insert_before(filtee, object) => {
                    let of_filtee = |library: &Library| library.object == Some(filtee);
                    if let Some(from) = self.graph.libraries.iter().position(of_filtee) {
                        self.move_before(from, object);
                    }
                }
                None if need.kind != NeedKind::Needed && self.graph.libraries.len() > known => {
                    self.move_before(known, object);
                }
                _ => {}
            }
        }
    }

    /// Resolves one name for `requester`.
    fn request(&mut self, requester: ObjectId, written: &[u8], kind: NeedKind) -> Option<ObjectId> {
        let depth = self.depth_of(requester) + 1;
        let name = (self.loader).expand_name(&self.graph.map, requester, written, kind);
        let requester = Some(requester);
        let (name, unusable) = match name {
            Ok(name) => (name, None),
            Err(unusable) => (Cow::Borrowed(written), Some(unusable)),
        };
        let request = Request {
            requester,
            written,
            name,
            kind,
            depth,
        };
        if let Some(Unusable { why, stop }) = unusable {
            let mut search = Search::default();
            let path = written;
            let outcome = TryOutcome::Dropped;
            self.note(&mut search, Rule::Direct, None, path, why.into(), outcome);
            match stop {
                Some(text) => self.lacking(&request, search, &text),
                None => self.passed_over(&request, search),
            }
            return None;
        }
        if self.is_vdso(&request.name) {
            let object = self.vdso(&request);
            self.already_loaded(object, &request, Attempts::new());
            return Some(object);
        }
        if let Some(object) = self.loader.loaded(&self.graph.map, &request.name) {
            // Where the real loader gave up on the name before, it does so again.
            if let Some(Some(text)) = self.assumed.get(&object).cloned() {
                self.give_up(&request, None, &text);
            }
            self.already_loaded(object, &request, Attempts::new());
            return Some(object);
        }
        let (search, impossible) = self.find(requester, &request.name);
        if let Some(text) = impossible {
            self.missing(&request, search, Some(&text));
            return None;
        }
        match search.stopped.clone() {
            Some(_) if kind == NeedKind::Auxiliary => {
                self.missing(&request, search, None);
                return None;
            }
            Some(stopped) => self.unusable(&request, stopped, search.attempts.clone()),
            None if search.found.is_none() => {
                self.missing(&request, search, None);
                return None;
            }
            None => {}
        }
        self.take(search, &request, None)
    }

    /// Plans a search and makes it.
    pub(super) fn find(
        &mut self,
        requester: Option<ObjectId>,
        name: &[u8],
    ) -> (Search, Option<StopText>) {
        let plan = self.loader.plan(&self.graph.map, requester, name);
        self.search_by(plan, name)
    }

    /// Makes the search for what comes before all that is needed.
    fn first(&mut self, plan: Plan, name: &[u8]) -> (Search, Option<StopText>) {
        self.comes_first = true;
        let found = self.search_by(plan, name);
        self.comes_first = false;
        found
    }

    fn search_by(&mut self, plan: Plan, name: &[u8]) -> (Search, Option<StopText>) {
        match plan {
            Plan::Impossible(stop) => (Search::default(), Some(stop)),
            Plan::Search(steps) => (self.search(&steps, name), None),
        }
    }

    /// Takes the file that a search found into the link map.
    fn take(
        &mut self,
        search: Search,
        request: &Request<'_>,
        preload: Option<Rule>,
    ) -> Option<ObjectId> {
        let Search {
            attempts,
            found,
            stopped,
            ..
        } = search;
        let Hit {
            file,
            record,
            path,
            rule,
            owner,
        } = found?;
        if !self.loader.is_musl() {
            self.errno = Errno::NONE;
        }
        let identity = record.metadata.identity;
        let known = self.graph.map.with_identity(identity);
        if let Some(object) = known {
            self.graph.map.add_name(object, &request.name);
            self.graph.map.get_mut(object).searched |= rule != Rule::Direct;
            self.already_loaded(object, request, attempts);
            return Some(object);
        }
        if self.is_another_libc(&path, &record) {
            let object = self.loader.loaded(&self.graph.map, b"libc.so")?;
            self.already_loaded(object, request, attempts);
            return Some(object);
        }
        if self.graph.map.len() >= self.limits.objects {
            self.graph.limit = Some(Limit::Objects(self.limits.objects));
            return None;
        }
        let name = self.files.name(&request.name);
        let written = match same(&name, request.written) {
            true => name.clone(),
            false => Rc::from(request.written),
        };
        let mut loaded = Loaded {
            role: Role::Library,
            path: path.clone(),
            called: None,
            names: Few::from(name),
            searched: rule != Rule::Direct,
            real_path: None,
            object: record
                .content
                .ok()
                .and_then(|content| content.elf().cloned()),
            file: Some(file),
            identity: Some(identity),
            requester: request.requester,
            expanded: Expanded::default(),
        };
        loaded.expanded = self.loader.expand(&loaded);
        let object = self.graph.map.push(loaded);
        let behind_another = self.assumed.contains_key(&request.by());
        if stopped.is_some() || behind_another {
            self.assumed
                .insert(object, stopped.map(|stopped| stopped.text));
        }
        self.places.insert(object, self.graph.libraries.len());
        let rule = Some(preload.unwrap_or(rule));
        let library = self.enter(written, request, Status::Found, Some(path), rule, attempts);
        library.object = Some(object);
        library.owner = owner;
        Some(object)
    }

    /// musl takes any file that defines these two for a libc, and itself instead
    /// (`ldso/dynlink.c:load_library`).
    fn is_another_libc(&self, path: &[u8], record: &FileRecord) -> bool {
        let names: [&[u8]; 2] = [b"__libc_start_main", b"stdin"];
        self.loader.is_musl() && self.defines(path, record, &names) == Some(true)
    }

    /// Whether the file at `path` defines all of these; `None` where it cannot be read.
    fn defines(&self, path: &[u8], record: &FileRecord, names: &[&[u8]]) -> Option<bool> {
        let object = record.content.as_ref().ok()?.elf()?;
        let opened = self.files.rootfs().open(self.workdir.sees(path).way());
        let data = opened.ok()?.data?;
        object.defines(&*data, names).ok()
    }
}
