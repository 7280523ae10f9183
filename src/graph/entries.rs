//! The list of libraries as the loader would tell it: an entry for each name that was asked
//! for, in load order.

use std::rc::Rc;

use super::order::SearchList;
use super::resolve::{Request, Resolver};
use super::search::{Search, Stopped};
use super::{Attempts, Library, Status};
use crate::bytes::same;
use crate::elf::NeedKind;
use crate::few::Few;
use crate::loader::{Loaded, ObjectId, Role, Rule, StopText};

impl Resolver<'_> {
    /// Adds an entry about the name that was asked for.
    pub(super) fn enter(
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

    pub(super) fn already_loaded(
        &mut self,
        object: ObjectId,
        request: &Request<'_>,
        attempts: Attempts,
    ) {
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

    pub(super) fn missing(
        &mut self,
        request: &Request<'_>,
        search: Search,
        impossible: Option<&StopText>,
    ) {
        if request.kind == NeedKind::Auxiliary {
            self.passed_over(request, search);
            return;
        }
        let text = impossible
            .cloned()
            .unwrap_or_else(|| search.absence(self.errno));
        self.lacking(request, search, &text);
    }

    /// Nothing is found, and the loader goes on.
    pub(super) fn passed_over(&mut self, request: &Request<'_>, search: Search) {
        let path = search.stopped.as_ref().map(|stopped| stopped.path.clone());
        let name = Rc::from(request.written);
        self.enter(name, request, Status::Optional, path, None, search.attempts);
    }

    /// Nothing is found, and the loader gives up with these words.
    pub(super) fn lacking(&mut self, request: &Request<'_>, search: Search, text: &StopText) {
        let path = search.stopped.as_ref().map(|stopped| stopped.path.clone());
        let name = Rc::from(request.written);
        self.give_up(request, None, text);
        self.enter(name, request, Status::Missing, path, None, search.attempts);
    }

    pub(super) fn unusable(&mut self, request: &Request<'_>, stopped: Stopped, attempts: Attempts) {
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

    pub(super) fn depth_of(&self, object: ObjectId) -> u32 {
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
    pub(super) fn move_before(&mut self, from: usize, filter: ObjectId) {
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
    pub(super) fn place_loader(&mut self, list: &SearchList, lists_itself: bool) {
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
