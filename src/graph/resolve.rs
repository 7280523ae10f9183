//! The resolution itself: names to objects, breadth first.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::order::SearchList;
use super::search::{Hit, Search, Stopped};
use super::start::{Loaders, Start};
use super::{Attempts, Graph, Library, Limit, Status, VersionCheck, cpu, mixed, version};
use crate::bytes::same;
use crate::content::{FileRecord, Files};
use crate::elf::NeedKind;
use crate::errno::Errno;
use crate::few::Few;
use crate::loader::{Expanded, LinkMap, Loaded, Loader, ObjectId, Plan, Role, Rule, StopText};
use crate::path::TargetPath;

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
    resolver.run(&start.audits, &start.preloads, lists_itself);
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
    /// Its cache, or its path file, was read.
    pub(super) own_file_read: bool,
    /// Where the entry of each object is among the libraries.
    places: HashMap<ObjectId, usize, RandomState>,
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
    written: &'a [u8],
    /// The name that the loader works with: tokens are replaced.
    pub(super) name: Cow<'a, [u8]>,
    kind: NeedKind,
    depth: u32,
}

impl Request<'_> {
    fn by(&self) -> ObjectId {
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
                versions: VersionCheck::default(),
                cpu: None,
                mixed: None,
                limit: None,
                unreadable: None,
                assumed: HashSet::new(),
                bound: None,
            },
        }
    }
}

impl Resolver<'_> {
    fn run(
        &mut self,
        audits: &[Vec<u8>],
        preloads: &[(Vec<u8>, &'static str)],
        lists_itself: bool,
    ) {
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
        }
    }

    /// Looks for a library that is to watch the loader. It gets a link map of its
    /// own, so all that is seen here is its absence.
    fn audit(&mut self, name: &[u8]) {
        let (search, impossible) = self.find(Some(LinkMap::MAIN), name);
        if let Some(why) = search.failure(impossible.as_ref()) {
            let name = crate::bytes::lossy(name);
            self.graph.warnings.push(format!(
                "ERROR: ld.so: object '{name}' cannot be loaded as audit interface: {why}; ignored."
            ));
        }
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
        if let Some(object) = self.loader.loaded(&self.graph.map, written) {
            return is_musl.then_some(object);
        }
        let (search, impossible) = self.find(request.requester, written);
        let Some(why) = search.failure(impossible.as_ref()) else {
            return self.take(search, &request, Some(Rule::Preload));
        };
        if !is_musl {
            let name = crate::bytes::lossy(written);
            self.graph.warnings.push(format!(
                "ERROR: ld.so: object '{name}' from {origin} cannot be preloaded ({why}): ignored."
            ));
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
        let name = self.loader.expand_name(&self.graph.map, requester, written);
        let requester = Some(requester);
        let name = match name {
            Ok(name) => name,
            Err(text) => {
                let name = Cow::Borrowed(written);
                let request = Request {
                    requester,
                    written,
                    name,
                    kind,
                    depth,
                };
                self.missing(&request, Search::default(), Some(&text));
                return None;
            }
        };
        let request = Request {
            requester,
            written,
            name,
            kind,
            depth,
        };
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
        match self.loader.plan(&self.graph.map, requester, name) {
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
        let content = record
            .content
            .as_ref()
            .ok()
            .filter(|_| self.loader.is_musl());
        let Some(object) = content.and_then(|content| content.elf()) else {
            return false;
        };
        let opened = self.files.rootfs().open(self.workdir.sees(path).way());
        let Some(data) = opened.ok().and_then(|opened| opened.data) else {
            return false;
        };
        object
            .defines(&*data, &[b"__libc_start_main", b"stdin"])
            .unwrap_or(false)
    }

    /// Adds an entry about the name that was asked for.
    fn enter(
        &mut self,
        name: Rc<[u8]>,
        request: &Request<'_>,
        status: Status,
        path: Option<Rc<[u8]>>,
        rule: Option<Rule>,
        attempts: Attempts,
    ) -> &mut Library {
        let place = self.graph.libraries.len();
        self.graph.libraries.push(Library {
            name,
            status,
            object: None,
            path,
            requesters: Few::from(request.by()),
            rule,
            owner: None,
            depth: request.depth,
            attempts,
        });
        &mut self.graph.libraries[place]
    }

    fn already_loaded(&mut self, object: ObjectId, request: &Request<'_>, attempts: Attempts) {
        let requester = request.by();
        let is_loader = self.graph.map.get(object).role == Role::Loader;
        let is_program = self.graph.map.get(object).role == Role::Main;
        // glibc's loader is one entry however it is called; musl prints each of
        // its names.
        let one_entry = is_loader && !self.loader.is_musl();
        let is_it = |library: &Library| {
            library.object == Some(object) && (one_entry || same(&library.name, request.written))
        };
        let usual = self.places.get(&object).copied();
        let usual = usual.filter(|&place| self.graph.libraries.get(place).is_some_and(is_it));
        let known = usual.or_else(|| self.graph.libraries.iter().position(is_it));
        if let Some(place) = known {
            let requesters = &mut self.graph.libraries[place].requesters;
            if !requesters.contains(&requester) {
                requesters.push(requester);
            }
            return;
        }
        let first = is_loader && !self.places.contains_key(&object);
        let status = if first {
            Status::Found
        } else {
            Status::AlreadyLoaded
        };
        let rule = if is_loader {
            Rule::LoaderItself
        } else {
            Rule::AlreadyLoaded
        };
        let path = (!is_program).then(|| self.graph.map.get(object).path.clone());
        self.places
            .entry(object)
            .or_insert(self.graph.libraries.len());
        let name = Rc::from(request.written);
        let library = self.enter(name, request, status, path, Some(rule), attempts);
        library.object = Some(object);
    }

    fn missing(&mut self, request: &Request<'_>, search: Search, impossible: Option<&StopText>) {
        let optional = request.kind == NeedKind::Auxiliary;
        let path = search.stopped.as_ref().map(|stopped| stopped.path.clone());
        let name = Rc::from(request.written);
        if optional {
            self.enter(name, request, Status::Optional, path, None, search.attempts);
            return;
        }
        let text = impossible
            .cloned()
            .unwrap_or_else(|| search.absence(self.errno));
        self.give_up(request, None, &text);
        self.enter(name, request, Status::Missing, path, None, search.attempts);
    }

    fn unusable(&mut self, request: &Request<'_>, stopped: Stopped, attempts: Attempts) {
        self.give_up(request, Some(&stopped.path), &stopped.text);
        let status = Status::Unusable(stopped.text.text);
        let library = self.enter(
            Rc::from(request.written),
            request,
            status,
            Some(stopped.path),
            Some(stopped.rule),
            attempts,
        );
        library.owner = stopped.owner;
    }

    fn depth_of(&self, object: ObjectId) -> u32 {
        let place = self.places.get(&object);
        place
            .and_then(|&place| self.graph.libraries.get(place))
            .map_or(0, |library| library.depth)
    }

    /// Notes where each object's own entry is, after entries were moved.
    fn find_places(&mut self) {
        self.places.clear();
        for (place, library) in self.graph.libraries.iter().enumerate() {
            if let Some(object) = library.object {
                self.places.entry(object).or_insert(place);
            }
        }
    }

    /// Moves the entry at `from`, of a filtee, in front of that of its filter.
    fn move_before(&mut self, from: usize, filter: ObjectId) {
        let libraries = &mut self.graph.libraries;
        let entry = libraries.remove(from);
        let to = libraries
            .iter()
            .position(|library| library.object == Some(filter));
        libraries.insert(to.unwrap_or(0), entry);
        self.find_places();
    }

    /// Puts the loader's entry where glibc lists itself: behind what stands
    /// before it in the search list.
    fn place_loader(&mut self, list: &SearchList, lists_itself: bool) {
        let is_loader = |(_, loaded): &(ObjectId, &Loaded)| loaded.role == Role::Loader;
        let Some((loader, loaded)) = self.graph.map.iter().find(is_loader) else {
            return;
        };
        let path = loaded.path.clone();
        let libraries = &mut self.graph.libraries;
        let at = libraries
            .iter()
            .position(|library| library.object == Some(loader));
        let entry = match at {
            Some(at) => libraries.remove(at),
            None if lists_itself => Library {
                name: path.clone(),
                status: Status::Found,
                object: Some(loader),
                path: Some(path),
                requesters: Few::new(),
                rule: Some(Rule::LoaderItself),
                owner: None,
                depth: 1,
                attempts: Attempts::new(),
            },
            None => return,
        };
        let before = list.before(loader).or_else(|| list.last());
        let place = before.and_then(|before| {
            libraries
                .iter()
                .position(|l| l.object == Some(before) && l.status == Status::Found)
        });
        libraries.insert(place.map_or(0, |place| place + 1), entry);
    }
}
