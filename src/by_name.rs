//! Maps by names and paths.
//!
//! A map of the standard library compares keys by calling a function; most names are so
//! short that this takes longer than comparing them does.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;

use crate::bytes::same;

/// Values by names, which are kept as `K`.
#[derive(Clone, Debug)]
pub(crate) struct ByName<K, V>(HashMap<Key<K>, V, RandomState>);

impl<K: AsRef<[u8]>, V> ByName<K, V> {
    /// Room for `count` names.
    pub(crate) fn with_room(count: usize) -> Self {
        let random = RandomState::default();
        ByName(HashMap::with_capacity_and_hasher(count, random))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&V> {
        let wanted: &dyn Bytes = &Wanted(name);
        self.0.get(wanted)
    }

    /// The name as it is kept, if it is.
    pub(crate) fn key(&self, name: &[u8]) -> Option<&K> {
        let wanted: &dyn Bytes = &Wanted(name);
        self.0.get_key_value(wanted).map(|(Key(key), _)| key)
    }

    /// Puts `value` in the place of what `name` had.
    pub(crate) fn insert(&mut self, name: K, value: V) {
        self.0.insert(Key(name), value);
    }

    /// What `name` has, or else `value`, which it has from now on.
    pub(crate) fn or_insert(&mut self, name: K, value: V) -> &mut V {
        self.0.entry(Key(name)).or_insert(value)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K, V> Default for ByName<K, V> {
    fn default() -> Self {
        ByName(HashMap::default())
    }
}

/// A name in a map.
#[derive(Clone, Debug)]
struct Key<K>(K);

/// A name that is looked up.
struct Wanted<'w>(&'w [u8]);

/// What both have: a map is asked for a key by what the key can be borrowed as.
trait Bytes {
    fn bytes(&self) -> &[u8];
}

impl<K: AsRef<[u8]>> Bytes for Key<K> {
    fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl Bytes for Wanted<'_> {
    fn bytes(&self) -> &[u8] {
        self.0
    }
}

impl<'k, K: AsRef<[u8]> + 'k> Borrow<dyn Bytes + 'k> for Key<K> {
    fn borrow(&self) -> &(dyn Bytes + 'k) {
        self
    }
}

impl Hash for dyn Bytes + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes());
    }
}

impl PartialEq for dyn Bytes + '_ {
    fn eq(&self, other: &Self) -> bool {
        same(self.bytes(), other.bytes())
    }
}

impl Eq for dyn Bytes + '_ {}

impl<K: AsRef<[u8]>> Hash for Key<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes());
    }
}

impl<K: AsRef<[u8]>> PartialEq for Key<K> {
    fn eq(&self, other: &Self) -> bool {
        same(self.bytes(), other.bytes())
    }
}

impl<K: AsRef<[u8]>> Eq for Key<K> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_are_told_apart() {
        let mut map: ByName<Box<[u8]>, usize> = ByName::default();
        // Of each length one without a mark, and one for each place of it.
        let mut names = Vec::new();
        for length in 0..80 {
            let plain = vec![b'a'; length];
            names.push(plain.clone());
            for at in 0..length {
                let mut name = plain.clone();
                name[at] = b'b';
                names.push(name);
            }
        }
        for (number, name) in names.iter().enumerate() {
            assert_eq!(map.get(name), None);
            assert_eq!(*map.or_insert(name.as_slice().into(), number), number);
        }
        for (number, name) in names.iter().enumerate() {
            assert_eq!(map.get(name), Some(&number));
            assert_eq!(*map.or_insert(name.as_slice().into(), 0), number);
        }
        assert_eq!(map.len(), names.len());
    }
}
