//! The dynamic symbols of an object as a whole: what it defines for others, and
//! what it wants of them. The second stage, on demand.
//!
//! What is kept is small: of definitions a hash of the name and what loaders
//! compare, in place of the name; of the symbols that are wanted those that a
//! relocation names, since loaders look for no others. The tables are found from
//! the dynamic section alone, and the hash tables say how many symbols there are
//! (glibc `elf/dl-lookup.c:do_lookup_x`, musl `ldso/dynlink.c:find_sym`).

mod digest;
mod hashed;

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;

use super::name::Name;

/// The most symbols of one object that are looked at.
const MAX_SYMBOLS: u64 = 1 << 20;
/// `VERSYM_HIDDEN`: only who asks for this very version gets the symbol.
const HIDDEN: u16 = 0x8000;

/// Stands for a name in comparisons. Two names of one hash are taken for one
/// name: with 64 bits that happens to nobody by accident.
#[must_use]
pub fn hash_of(name: &[u8]) -> u64 {
    FixedState::with_seed(0x1d5).hash_one(name)
}

/// How a symbol is bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// `STB_GLOBAL`, `STB_GNU_UNIQUE`, and what else is not weak.
    Strong,
    /// `STB_WEAK`
    Weak,
}

/// A symbol that an object has for others: sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Definition {
    /// [`hash_of`] its name.
    pub name: u64,
    /// Its entry in `DT_VERSYM`; 1 where there is none.
    pub version: u16,
    /// `STT_…`
    pub kind: u8,
    flags: u8,
    /// `st_size`, as far as it fits.
    pub size: u32,
}

const UNDEFINED: u8 = 1;
const ABSOLUTE_ZERO: u8 = 2;
const NOT_EXPORTED: u8 = 4;
const ODD_BINDING: u8 = 8;

impl Definition {
    /// It has an address and no section: a program's entry for a function of a
    /// library, which stands for it wherever its address is taken.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        self.flags & UNDEFINED != 0
    }

    /// It is absolute and 0: a definition for glibc, none for musl.
    #[must_use]
    pub fn is_absolute_zero(&self) -> bool {
        self.flags & ABSOLUTE_ZERO != 0
    }

    /// `STV_HIDDEN` or `STV_INTERNAL`, which musl does not look at.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.flags & NOT_EXPORTED != 0
    }

    /// It is bound neither globally nor weakly nor uniquely.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.flags & ODD_BINDING != 0
    }

    /// The number of its version.
    #[must_use]
    pub fn version_index(&self) -> u16 {
        self.version & !HIDDEN
    }

    /// Only those who ask for this very version get it.
    #[must_use]
    pub fn needs_version(&self) -> bool {
        self.version & HIDDEN != 0
    }
}

/// A symbol that a relocation names and that has to be looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undefined {
    /// Its name.
    pub name: Name,
    /// [`hash_of`] it.
    pub hash: u64,
    /// The number of the version that is wanted; 0 and 1 mean none.
    pub version: u16,
    /// How it is bound.
    pub binding: Binding,
    /// It stands in a section of the object: a copy of a library's variable.
    pub is_here: bool,
    /// `st_size`, as far as it fits.
    pub size: u32,
}

/// One relocation of an object, as far as it can fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Its symbol, among [`Symbols::undefined`]; `None` where it names none, or
    /// one that the object itself has.
    pub undefined: Option<u32>,
    /// Its type.
    pub number: u32,
    /// It stands in `DT_JMPREL`.
    pub in_plt: bool,
}

/// One version as others refer to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// Its name.
    pub name: Name,
    /// [`hash_of`] it.
    pub hash: u64,
    /// The file that it is wanted of; `None` for one that is defined.
    pub file: Option<Name>,
    /// Symbols without a version do not satisfy it.
    pub hidden: bool,
}

/// The dynamic symbols of one object.
#[derive(Clone, Default, Debug)]
pub struct Symbols {
    /// Sorted by name, those of one name in their order.
    definitions: Box<[Definition]>,
    /// Where the definitions begin whose names' hashes begin with this number.
    starts: Box<[u32]>,
    /// What has to be looked for.
    pub undefined: Vec<Undefined>,
    /// The relocations in the order of musl: `DT_JMPREL`, `DT_REL`, `DT_RELA`.
    pub references: Vec<Reference>,
    /// The versions by their numbers.
    pub versions: BTreeMap<u16, Version>,
    /// There is a `DT_VERSYM`.
    pub has_versions: bool,
    /// Why the references are not all.
    pub incomplete: Option<&'static str>,
    /// Why the definitions are not all.
    pub unsearchable: Option<&'static str>,
}

impl Symbols {
    /// The definitions of the name with this hash.
    #[must_use]
    pub fn find(&self, name: u64) -> &[Definition] {
        let Some(shift) = shift(self.starts.len()) else {
            return &[];
        };
        let bucket = usize::try_from(name >> shift).unwrap_or(0);
        let range = match (self.starts.get(bucket), self.starts.get(bucket + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => return &[],
        };
        let bucket = self.definitions.get(range).unwrap_or_default();
        let first = bucket.iter().take_while(|d| d.name < name).count();
        let count = bucket[first..].iter().take_while(|d| d.name == name);
        &bucket[first..first + count.count()]
    }

    /// How many definitions there are.
    #[must_use]
    pub fn defined(&self) -> usize {
        self.definitions.len()
    }

    /// About how many bytes this takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let names: usize = self.undefined.iter().map(|u| u.name.len()).sum();
        self.definitions.len() * size_of::<Definition>()
            + self.starts.len() * 4
            + self.undefined.len() * size_of::<Undefined>()
            + names
            + self.references.len() * size_of::<Reference>()
    }

    fn index(&mut self, mut definitions: Vec<Definition>) {
        definitions.sort_by_key(|definition| definition.name);
        let buckets = definitions.len().max(2).next_power_of_two();
        let mut starts = Vec::with_capacity(buckets + 1);
        if let Some(shift) = shift(buckets + 1) {
            let mut at = 0;
            for bucket in 0..buckets as u64 {
                starts.push(u32::try_from(at).unwrap_or(u32::MAX));
                at += definitions[at..]
                    .iter()
                    .take_while(|definition| definition.name >> shift == bucket)
                    .count();
            }
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.starts = starts.into();
        self.definitions = definitions.into();
    }
}

/// How far a hash is shifted to give a bucket, where there are `starts - 1`.
fn shift(starts: usize) -> Option<u32> {
    let buckets = starts.checked_sub(1).filter(|&n| n >= 2)?;
    Some(64 - buckets.trailing_zeros())
}
