//! The names of a tree: which directory has each, and which node it leads to.
//!
//! Archives bring names by the ten thousand, and most of them nobody ever asks
//! for. So all directories share one hash table, the letters of all names stand in
//! one piece of memory, and a directory's names are sorted when it is listed.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;

/// Names of directories, which are known by the numbers of their nodes.
#[derive(Default)]
pub(super) struct Names {
    letters: Vec<u8>,
    names: Vec<Name>,
    /// A power of two of places, or none; a name stands in the first place from
    /// that of its hash on that was free when it came.
    table: Vec<Place>,
    /// The last name of each directory that was ever given one.
    last: Vec<u32>,
    hashing: RandomState,
}

/// A name that a directory has or had. It is never forgotten, so that a place in the
/// table never becomes free again.
struct Name {
    start: usize,
    length: u32,
    directory: u32,
    /// The name that the directory was given before this one.
    before: u32,
    /// [`NONE`] where it was taken away.
    node: u32,
}

#[derive(Clone, Copy, Default)]
struct Place {
    hash: u32,
    /// The number of a name, from 1; 0 where the place is free.
    name: u32,
}

/// No name, no node.
const NONE: u32 = u32::MAX;

impl Names {
    /// The node that `name` leads to.
    pub(super) fn get(&self, directory: u32, name: &[u8]) -> Option<u32> {
        let found = self
            .find(directory, name, self.hash(directory, name))
            .ok()?;
        let node = self.names[found].node;
        (node != NONE).then_some(node)
    }

    /// Lets `name` lead to `node`, and says where it led before.
    pub(super) fn insert(&mut self, directory: u32, name: &[u8], node: u32) -> Option<u32> {
        if self.names.len() * 4 >= self.table.len() * 3 {
            self.grow();
        }
        let hash = self.hash(directory, name);
        match self.find(directory, name, hash) {
            Ok(found) => {
                let before = std::mem::replace(&mut self.names[found].node, node);
                (before != NONE).then_some(before)
            }
            Err(free) => {
                let number = u32::try_from(self.names.len()).expect("entries are limited to fewer");
                let before = std::mem::replace(self.last_of(directory), number);
                self.names.push(Name {
                    start: self.letters.len(),
                    length: u32::try_from(name.len()).expect("names are limited to 1 MiB"),
                    directory,
                    before,
                    node,
                });
                self.letters.extend_from_slice(name);
                self.table[free] = Place {
                    hash,
                    name: number + 1,
                };
                None
            }
        }
    }

    /// Takes `name` away, and says where it led.
    pub(super) fn remove(&mut self, directory: u32, name: &[u8]) -> Option<u32> {
        let found = self
            .find(directory, name, self.hash(directory, name))
            .ok()?;
        let before = std::mem::replace(&mut self.names[found].node, NONE);
        (before != NONE).then_some(before)
    }

    /// The names of a directory with their nodes, sorted.
    pub(super) fn list(&self, directory: u32) -> Vec<(&[u8], u32)> {
        let mut next = self.last.get(directory as usize).copied();
        let names = std::iter::from_fn(|| {
            let name = self.names.get(next? as usize)?;
            next = Some(name.before);
            Some(name)
        });
        let there = names.filter(|name| name.node != NONE);
        let mut list: Vec<_> = there.map(|name| (self.letters(name), name.node)).collect();
        list.sort_unstable_by_key(|&(name, _)| name);
        list
    }

    /// Whether a directory has names.
    pub(super) fn has_any(&self, directory: u32) -> bool {
        !self.list(directory).is_empty()
    }

    /// Takes all names of a directory away; they are given back as
    /// [`list`](Names::list) gives them.
    pub(super) fn empty(&mut self, directory: u32) -> Vec<(Box<[u8]>, u32)> {
        let list = self.list(directory).into_iter();
        let list: Vec<_> = list.map(|(name, node)| (Box::from(name), node)).collect();
        for (name, _) in &list {
            self.remove(directory, name);
        }
        list
    }

    /// Gives back the room for more, but for that of the table.
    pub(super) fn finish(&mut self) {
        self.letters.shrink_to_fit();
        self.names.shrink_to_fit();
        self.last.shrink_to_fit();
    }

    fn letters(&self, name: &Name) -> &[u8] {
        &self.letters[name.start..name.start + name.length as usize]
    }

    /// Which name a directory was given last; `NONE` where it has none yet.
    fn last_of(&mut self, directory: u32) -> &mut u32 {
        let directory = directory as usize;
        if self.last.len() <= directory {
            self.last.resize(directory + 1, NONE);
        }
        &mut self.last[directory]
    }

    /// The name, or the free place in the table where it belongs.
    fn find(&self, directory: u32, name: &[u8], hash: u32) -> Result<usize, usize> {
        let mut at = self.home(hash);
        loop {
            let Some(place) = self.table.get(at) else {
                return Err(0);
            };
            let Some(number) = place.name.checked_sub(1) else {
                return Err(at);
            };
            if place.hash == hash {
                let known = &self.names[number as usize];
                if known.directory == directory && self.letters(known) == name {
                    return Ok(number as usize);
                }
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// The place in the table at which looking for a hash begins.
    fn home(&self, hash: u32) -> usize {
        hash as usize & self.table.len().wrapping_sub(1)
    }

    /// Half of a hash is enough: it is not for more than 2^32 names.
    fn hash(&self, directory: u32, name: &[u8]) -> u32 {
        let mut hasher = self.hashing.build_hasher();
        hasher.write_u32(directory);
        hasher.write(name);
        u32::try_from(hasher.finish() >> 32).unwrap_or_default()
    }

    fn grow(&mut self) {
        /// Places of the first table.
        const FIRST: usize = 64;
        let length = FIRST.max(self.table.len() * 2);
        let before = std::mem::replace(&mut self.table, vec![Place::default(); length]);
        for place in before.into_iter().filter(|place| place.name > 0) {
            let mut at = self.home(place.hash);
            while self.table[at].name > 0 {
                at = (at + 1) & (length - 1);
            }
            self.table[at] = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Names;

    /// The same random numbers each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u32) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            u32::try_from((self.0 >> 33) % u64::from(end)).unwrap()
        }
    }

    #[test]
    fn names_are_those_that_a_map_would_have() {
        let mut random = Random(1);
        let (mut names, mut map) = (Names::default(), BTreeMap::new());
        for step in 0..20_000 {
            let directory = random.below(20);
            let name = format!("name{}", random.below(500)).into_bytes();
            let key = (directory, name.clone());
            match random.below(10) {
                0..5 => assert_eq!(names.insert(directory, &name, step), map.insert(key, step),),
                5..7 => assert_eq!(names.remove(directory, &name), map.remove(&key)),
                _ => assert_eq!(names.get(directory, &name), map.get(&key).copied()),
            }
            if step % 1000 == 0 {
                let emptied = names.empty(directory);
                let of_it = map.iter().filter(|((of, _), _)| *of == directory);
                let wanted = of_it.map(|((_, name), &node)| (Box::from(&**name), node));
                assert_eq!(emptied, wanted.collect::<Vec<(Box<[u8]>, u32)>>());
                map.retain(|(of, _), _| *of != directory);
            }
        }
        assert!(map.len() > 1000);
        for directory in 0..20 {
            let of_it = map.iter().filter(|((of, _), _)| *of == directory);
            let wanted: Vec<_> = of_it.map(|((_, name), &node)| (&**name, node)).collect();
            assert_eq!(names.list(directory), wanted);
        }
    }

    #[test]
    fn a_directory_that_was_given_nothing_has_nothing() {
        let mut names = Names::default();
        assert_eq!(names.get(0, b"a"), None);
        assert_eq!(names.remove(0, b"a"), None);
        assert_eq!(names.insert(7, b"", 1), None);
        assert_eq!(names.get(7, b""), Some(1));
        assert!(names.list(0).is_empty() && names.list(8).is_empty());
        assert!(names.empty(9).is_empty());
    }
}
