//! The order of a breadth-first search that lets filtees in
//! (`elf/dl-deps.c:_dl_map_object_deps`).

use crate::loader::ObjectId;

/// As many objects as an ordinary program has.
const ROOM: usize = 16;

/// Objects in search order, each to be looked at once.
pub(super) struct SearchList {
    entries: Vec<Entry>,
    /// Which objects are in it, by number.
    members: Vec<bool>,
    at: usize,
}

struct Entry {
    object: ObjectId,
    done: bool,
}

impl SearchList {
    /// A list that begins with `objects`.
    pub(super) fn new(objects: impl IntoIterator<Item = ObjectId>) -> Self {
        let mut list = SearchList {
            entries: Vec::with_capacity(ROOM),
            members: Vec::with_capacity(ROOM),
            at: 0,
        };
        for object in objects {
            list.append(object);
        }
        list
    }

    /// The next object whose needs are to be loaded.
    pub(super) fn next(&mut self) -> Option<ObjectId> {
        while self.entries.get(self.at).is_some_and(|entry| entry.done) {
            self.at += 1;
        }
        let entry = self.entries.get_mut(self.at)?;
        entry.done = true;
        Some(entry.object)
    }

    /// Puts a needed object at the end, unless it is in the list.
    pub(super) fn append(&mut self, object: ObjectId) {
        if self.enter(object) {
            self.entries.push(Entry {
                object,
                done: false,
            });
        }
    }

    /// Puts a filtee in front of `of`, moving it there if it is behind. Returns
    /// whether it now stands directly in front of `of`.
    pub(super) fn insert_before(&mut self, object: ObjectId, of: ObjectId) -> bool {
        let Some(place) = self.position(of) else {
            return false;
        };
        match self.position(object) {
            Some(known) if known <= place => return false,
            Some(known) => {
                self.entries.remove(known);
            }
            None => {}
        }
        self.enter(object);
        self.entries.insert(
            place,
            Entry {
                object,
                done: false,
            },
        );
        true
    }

    /// Notes that `object` is in the list; whether it was not.
    fn enter(&mut self, object: ObjectId) -> bool {
        let number = object.0 as usize;
        if self.members.len() <= number {
            self.members.resize(number + 1, false);
        }
        !std::mem::replace(&mut self.members[number], true)
    }

    /// What stands before `object`.
    pub(super) fn before(&self, object: ObjectId) -> Option<ObjectId> {
        let place = self.position(object)?.checked_sub(1)?;
        Some(self.entries[place].object)
    }

    /// Whether `object` is in the list, and `other` is not in front of it.
    pub(super) fn is_before(&self, object: ObjectId, other: ObjectId) -> bool {
        let first = self
            .entries
            .iter()
            .find(|entry| entry.object == object || entry.object == other);
        first.is_some_and(|entry| entry.object == object)
    }

    /// The last object.
    pub(super) fn last(&self) -> Option<ObjectId> {
        self.entries.last().map(|entry| entry.object)
    }

    /// Where an object is in the list; the program is at 0.
    pub(super) fn position(&self, object: ObjectId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.object == object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filtee_comes_before_its_filter_and_is_looked_at_next() {
        let [main, filter, other, filtee] = [0, 1, 2, 3].map(ObjectId);
        let mut list = SearchList::new([main]);
        assert_eq!(list.next(), Some(main));
        list.append(filter);
        list.append(other);
        assert_eq!(list.next(), Some(filter));
        assert!(list.insert_before(filtee, filter));
        assert!(!list.insert_before(main, filter));
        assert_eq!(list.next(), Some(filtee));
        assert_eq!(list.next(), Some(other));
        assert_eq!(list.next(), None);
        assert_eq!(list.before(filter), Some(filtee));
    }
}
