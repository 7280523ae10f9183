//! The search itself: names to objects, breadth first.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::order::SearchList;
use super::search::{Hit, Search, Stopped};
use super::start::Start;
use super::{Attempt, Graph, Library, Limit, Status, Stop};
use crate::content::{FileRecord, Files};
use crate::elf::NeedKind;
use crate::errno::Errno;
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
/// `allow_missing` tells the names whose absence is taken for no failure.
#[must_use]
pub fn resolve(
    files: &Files<'_>,
    start: Start,
    workdir: &TargetPath,
    limits: Limits,
    allow_missing: &dyn Fn(&[u8]) -> bool,
) -> Graph {
    let lists_itself = start.lists_itself;
    let mut resolver = Resolver {
        files,
        loader: start.loader,
        workdir,
        limits,
        allow_missing,
        probes: 0,
        kept: 0,
        errno: Errno::NONE,
        own_file_read: false,
        places: HashMap::default(),
        graph: Graph {
            map: start.map,
            libraries: Vec::new(),
            stop: None,
            warnings: Vec::new(),
            limit: None,
            unreadable: None,
        },
    };
    resolver.run(&start.audits, &start.preloads, lists_itself);
    resolver.graph
}

pub(super) struct Resolver<'r> {
    pub(super) files: &'r Files<'r>,
    pub(super) loader: Loader,
    pub(super) workdir: &'r TargetPath,
    pub(super) limits: Limits,
    pub(super) allow_missing: &'r dyn Fn(&[u8]) -> bool,
    pub(super) probes: usize,
    pub(super) kept: usize,
    /// The loader's `errno`, which its messages are made from.
    pub(super) errno: Errno,
    /// Its cache, or its path file, was read.
    pub(super) own_file_read: bool,
    /// Where the entry of each object is among the libraries.
    places: HashMap<ObjectId, usize, RandomState>,
    pub(super) graph: Graph,
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
        self.errno = Errno::NONE;
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
        let (search, text) = self.find(Some(LinkMap::MAIN), name);
        if let Some(why) = failure(&search, text.as_ref()) {
            let name = crate::bytes::lossy(name);
            self.graph.warnings.push(format!(
                "ERROR: ld.so: object '{name}' cannot be loaded as audit interface: {why}; ignored."
            ));
        }
    }

    /// Plans a search and makes it.
    fn find(&mut self, requester: Option<ObjectId>, name: &[u8]) -> (Search, Option<StopText>) {
        match self.loader.plan(&self.graph.map, requester, name) {
            Plan::Impossible(stop) => (Search::default(), Some(stop)),
            Plan::Search(steps) => (self.search(&steps, name), None),
        }
    }

    /// Loads one object that is to come before all others. That it cannot be
    /// loaded is no failure.
    fn preload(&mut self, name: &[u8], origin: &str) -> Option<ObjectId> {
        let requester = (!self.loader.is_musl()).then_some(LinkMap::MAIN);
        if let Some(object) = self.loader.loaded(&self.graph.map, name) {
            return self.loader.is_musl().then_some(object);
        }
        let (search, text) = self.find(requester, name);
        let Some(why) = failure(&search, text.as_ref()) else {
            return self.take(search, requester, name, Some(Rule::Preload), 1);
        };
        if !self.loader.is_musl() {
            let name = crate::bytes::lossy(name);
            self.graph.warnings.push(format!(
                "ERROR: ld.so: object '{name}' from {origin} cannot be preloaded ({why}): ignored."
            ));
        }
        let library = Library {
            name: Rc::from(name),
            status: Status::Optional,
            object: None,
            path: search.stopped.map(|stopped| stopped.path),
            requesters: vec![LinkMap::MAIN],
            rule: Some(Rule::Preload),
            owner: None,
            depth: 1,
            attempts: search.attempts,
        };
        self.graph.libraries.push(library);
        None
    }

    /// Loads what `object` needs.
    fn needs_of(&mut self, object: ObjectId, list: &mut SearchList) {
        let Some(facts) = self.graph.map.get(object).object.clone() else {
            return;
        };
        if self.graph.map.get(object).role == Role::Loader {
            return;
        }
        for need in &facts.dynamic.needs {
            if self.graph.limit.is_some() {
                return;
            }
            match need.kind {
                NeedKind::Needed => {
                    if let Some(needed) = self.request(object, &need.name, need.kind) {
                        list.append(needed);
                    }
                }
                // musl knows neither.
                _ if self.loader.is_musl() => {}
                NeedKind::Auxiliary | NeedKind::Filter => {
                    let known = self.graph.libraries.len();
                    match self.request(object, &need.name, need.kind) {
                        Some(filtee) if list.insert_before(filtee, object) => {
                            let of_filtee = |l: &Library| l.object == Some(filtee);
                            if let Some(from) = self.graph.libraries.iter().position(of_filtee) {
                                self.move_before(from, object);
                            }
                        }
                        Some(_) => {}
                        None if self.graph.libraries.len() > known => {
                            self.move_before(known, object);
                        }
                        None => {}
                    }
                }
            }
        }
    }

    /// Resolves one name for `requester`.
    fn request(&mut self, requester: ObjectId, name: &[u8], kind: NeedKind) -> Option<ObjectId> {
        let depth = self.depth_of(requester) + 1;
        if let Some(object) = self.loader.loaded(&self.graph.map, name) {
            self.already_loaded(object, requester, name, depth, Vec::new());
            return Some(object);
        }
        let (search, impossible) = self.find(Some(requester), name);
        if let Some(text) = impossible {
            self.missing(requester, name, kind, depth, search, Some(&text));
            return None;
        }
        if let Some(stopped) = search.stopped.clone() {
            if kind == NeedKind::Auxiliary {
                self.missing(requester, name, kind, depth, search, None);
                return None;
            }
            self.unusable(requester, name, stopped, depth, &search.attempts);
        } else if search.found.is_none() {
            self.missing(requester, name, kind, depth, search, None);
            return None;
        }
        search.found.as_ref()?;
        self.take(search, Some(requester), name, None, depth)
    }

    /// Takes the file that a search found into the link map.
    fn take(
        &mut self,
        search: Search,
        requester: Option<ObjectId>,
        name: &[u8],
        preload: Option<Rule>,
        depth: u32,
    ) -> Option<ObjectId> {
        let Search {
            attempts, found, ..
        } = search;
        let Hit {
            file,
            record,
            path,
            rule,
            owner,
        } = found?;
        self.errno = Errno::NONE;
        let asked_by = requester.unwrap_or(LinkMap::MAIN);
        let identity = record.metadata.identity;
        let same = |loaded: &Loaded| loaded.identity == Some(identity);
        let known = self
            .graph
            .map
            .iter()
            .find(|(_, loaded)| same(loaded))
            .map(|(id, _)| id);
        if let Some(object) = known {
            self.graph.map.add_name(object, name);
            self.graph.map.get_mut(object).searched |= rule != Rule::Direct;
            self.already_loaded(object, asked_by, name, depth, attempts);
            return Some(object);
        }
        if self.is_another_libc(&path, &record) {
            let object = self.loader.loaded(&self.graph.map, b"libc.so")?;
            self.already_loaded(object, asked_by, name, depth, attempts);
            return Some(object);
        }
        if self.graph.map.len() >= self.limits.objects {
            self.graph.limit = Some(Limit::Objects(self.limits.objects));
            return None;
        }
        let mut loaded = Loaded {
            role: Role::Library,
            path: path.clone(),
            names: vec![Rc::from(name)],
            searched: rule != Rule::Direct,
            real_path: None,
            object: record
                .content
                .ok()
                .and_then(|content| content.elf().cloned()),
            file: Some(file),
            identity: Some(identity),
            requester,
            expanded: Expanded::default(),
        };
        loaded.expanded = self.loader.expand(&loaded);
        let object = self.graph.map.push(loaded);
        self.places.insert(object, self.graph.libraries.len());
        self.graph.libraries.push(Library {
            name: Rc::from(name),
            status: Status::Found,
            object: Some(object),
            path: Some(path),
            requesters: vec![asked_by],
            rule: Some(preload.unwrap_or(rule)),
            owner,
            depth,
            attempts,
        });
        Some(object)
    }

    /// musl takes any file that defines these two for a libc, and itself instead
    /// (`ldso/dynlink.c:load_library`).
    fn is_another_libc(&self, path: &[u8], record: &FileRecord) -> bool {
        let Some(object) = record
            .content
            .as_ref()
            .ok()
            .and_then(|content| content.elf())
        else {
            return false;
        };
        if !self.loader.is_musl() {
            return false;
        }
        let opened = self.files.rootfs().open(self.workdir.join(path).as_bytes());
        let Some(data) = opened.ok().and_then(|opened| opened.data) else {
            return false;
        };
        object
            .defines(&*data, &[b"__libc_start_main", b"stdin"])
            .unwrap_or(false)
    }

    fn already_loaded(
        &mut self,
        object: ObjectId,
        requester: ObjectId,
        name: &[u8],
        depth: u32,
        attempts: Vec<Attempt>,
    ) {
        let is_loader = self.graph.map.get(object).role == Role::Loader;
        let is_program = self.graph.map.get(object).role == Role::Main;
        // glibc's loader is one entry however it is called; musl prints each of
        // its names.
        let one_entry = is_loader && !self.loader.is_musl();
        let is_it = |library: &Library| {
            library.object == Some(object) && (one_entry || *library.name == *name)
        };
        let usual = self.places.get(&object).copied();
        let usual = usual.filter(|&place| self.graph.libraries.get(place).is_some_and(is_it));
        let known = usual.or_else(|| self.graph.libraries.iter().position(is_it));
        if let Some(place) = known {
            let library = &mut self.graph.libraries[place];
            if library.requesters.last() != Some(&requester)
                && !library.requesters.contains(&requester)
            {
                library.requesters.push(requester);
            }
            return;
        }
        let first = is_loader
            && !self
                .graph
                .libraries
                .iter()
                .any(|library| library.object == Some(object));
        let loaded = self.graph.map.get(object);
        let rule = if is_loader {
            Rule::LoaderItself
        } else {
            Rule::AlreadyLoaded
        };
        self.places
            .entry(object)
            .or_insert(self.graph.libraries.len());
        self.graph.libraries.push(Library {
            name: Rc::from(name),
            status: if first {
                Status::Found
            } else {
                Status::AlreadyLoaded
            },
            object: Some(object),
            path: (!is_program).then(|| loaded.path.clone()),
            requesters: vec![requester],
            rule: Some(rule),
            owner: None,
            depth,
            attempts,
        });
    }

    fn missing(
        &mut self,
        requester: ObjectId,
        name: &[u8],
        kind: NeedKind,
        depth: u32,
        search: Search,
        impossible: Option<&StopText>,
    ) {
        let optional = kind == NeedKind::Auxiliary || (self.allow_missing)(name);
        if !optional {
            let text = match (impossible, search.wrong_class) {
                (Some(text), _) => text.clone(),
                (None, Some(class)) => StopText {
                    text: format!("wrong ELF class: {class}"),
                    names_path: false,
                    errno: Errno::NONE,
                },
                (None, None) => StopText {
                    text: "cannot open shared object file".to_owned(),
                    names_path: false,
                    errno: self.errno,
                },
            };
            self.give_up(requester, name, name, &text);
        }
        self.graph.libraries.push(Library {
            name: Rc::from(name),
            status: if optional {
                Status::Optional
            } else {
                Status::Missing
            },
            object: None,
            path: search.stopped.map(|stopped| stopped.path),
            requesters: vec![requester],
            rule: None,
            owner: None,
            depth,
            attempts: search.attempts,
        });
    }

    fn unusable(
        &mut self,
        requester: ObjectId,
        name: &[u8],
        stopped: Stopped,
        depth: u32,
        attempts: &[Attempt],
    ) {
        self.give_up(requester, name, &stopped.path, &stopped.text);
        self.graph.libraries.push(Library {
            name: Rc::from(name),
            status: Status::Unusable(stopped.text.text),
            object: None,
            path: Some(stopped.path),
            requesters: vec![requester],
            rule: Some(stopped.rule),
            owner: stopped.owner,
            depth,
            attempts: attempts.to_vec(),
        });
    }

    /// What the loader says when it gives up on `name`: glibc stops at the first
    /// such name, musl says so of each and stops in the end.
    fn give_up(&mut self, requester: ObjectId, name: &[u8], path: &[u8], text: &StopText) {
        let program = crate::bytes::lossy(&self.graph.map.get(LinkMap::MAIN).path);
        if self.loader.is_musl() {
            let errno = if text.errno == Errno::NONE {
                self.errno
            } else {
                text.errno
            };
            let line = format!(
                "Error loading shared library {}: {} (needed by {})",
                crate::bytes::lossy(name),
                errno.musl_words(),
                crate::bytes::lossy(&self.graph.map.get(requester).path),
            );
            match &mut self.graph.stop {
                Some(stop) => {
                    stop.text.push('\n');
                    stop.text.push_str(&line);
                }
                none => {
                    *none = Some(Stop {
                        text: line,
                        exit_status: 127,
                    })
                }
            }
            return;
        }
        if self.graph.stop.is_some() {
            return;
        }
        let subject = crate::bytes::lossy(if text.names_path { path } else { name });
        let mut line = format!(
            "{program}: error while loading shared libraries: {subject}: {}",
            text.text
        );
        if text.errno != Errno::NONE {
            line.push_str(": ");
            line.push_str(&text.errno.loader_words());
        }
        self.graph.stop = Some(Stop {
            text: line,
            exit_status: 127,
        });
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
        let is_loader = |loaded: &Loaded| loaded.role == Role::Loader;
        let Some(loader) = self
            .graph
            .map
            .iter()
            .find(|(_, loaded)| is_loader(loaded))
            .map(|(id, _)| id)
        else {
            return;
        };
        let libraries = &mut self.graph.libraries;
        let at = libraries
            .iter()
            .position(|library| library.object == Some(loader));
        let entry = match at {
            Some(at) => libraries.remove(at),
            None if lists_itself => {
                let path = self.graph.map.get(loader).path.clone();
                Library {
                    name: path.clone(),
                    status: Status::Found,
                    object: Some(loader),
                    path: Some(path),
                    requesters: Vec::new(),
                    rule: Some(Rule::LoaderItself),
                    owner: None,
                    depth: 1,
                    attempts: Vec::new(),
                }
            }
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

/// Why a search for something that need not be there failed, in glibc's words.
fn failure(search: &Search, impossible: Option<&StopText>) -> Option<String> {
    let stopped = search.stopped.as_ref().map(|stopped| &stopped.text);
    let stopped = stopped.or(impossible);
    match (stopped, &search.found, &search.wrong_class) {
        (Some(stop), ..) => Some(stop.text.clone()),
        (None, Some(_), _) => None,
        (None, None, Some(class)) => Some(format!("wrong ELF class: {class}")),
        (None, None, None) => Some("cannot open shared object file".to_owned()),
    }
}
