//! The dynamic symbols of an object as a whole: what it defines for others, and
//! what it wants of them. The second stage, on demand.
//!
//! What is kept is small: of definitions a hash of the name and what loaders
//! compare, in place of the name; of the symbols that are wanted those that a
//! relocation names, since loaders look for no others. The tables are found from
//! the dynamic section alone, and the hash tables say how many symbols there are
//! (glibc `elf/dl-lookup.c:do_lookup_x`, musl `ldso/dynlink.c:find_sym`).

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;
use std::io;

use foldhash::fast::RandomState;
use foldhash::quality::FixedState;
use object::Endianness;
use object::elf::{Sym32, Sym64};
use object::pod::{Pod, slice_from_all_bytes};
use object::read::elf::Sym;

use super::consts::{
    EM_MIPS, SHN_ABS, SHN_UNDEF, STB_GLOBAL, STB_GNU_UNIQUE, STB_LOCAL, STB_WEAK, STT_TLS,
    STV_HIDDEN, STV_INTERNAL,
};
use super::header::{Class, Encoding};
use super::name::Name;
use super::object::Object;
use super::relocation::{Relocation, RelocationKind, musl_relocates, read_piece, relocation_kind};
use super::segment::offset_of;
use super::symbol::{gnu_hash, sysv_hash};
use super::version::Versions;
use crate::read_at::ReadAt;

/// The most symbols of one object that are looked at.
const MAX_SYMBOLS: u64 = 1 << 20;
/// The most of a string table that is read.
const MAX_STRINGS: u64 = 64 << 20;
/// The most references that are kept.
const MAX_REFERENCES: usize = 1 << 20;
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

impl Object {
    /// Reads the dynamic symbols from `source`, the file that this was read from,
    /// whose `versions` are known. Relocations are what they are to a loader for
    /// `machine`.
    ///
    /// # Errors
    /// Whatever reading `source` reports.
    pub fn symbols(
        &self,
        source: &dyn ReadAt,
        versions: &Versions,
        machine: u16,
    ) -> io::Result<Symbols> {
        let mut symbols = Symbols {
            versions: by_number(versions),
            ..Symbols::default()
        };
        let tables = self.dynamic.symbols;
        let (Some(table), Some(strings)) = (tables.table, tables.strings) else {
            if self.dynamic.has_relocations && self.has_dynamic {
                symbols.incomplete = Some("it has no symbol table");
            }
            return Ok(symbols);
        };
        let relocations = self.all_relocations(source, machine, &mut symbols)?;
        let hashed = self.hashed(source, &mut symbols)?;
        let named = relocations
            .iter()
            .map(|(r, _)| u64::from(r.symbol) + 1)
            .max();
        let count = hashed.end().max(named.unwrap_or(0));
        if count > MAX_SYMBOLS {
            symbols.unsearchable = Some("it has more than 1,048,576 symbols");
        }
        let count = count.min(MAX_SYMBOLS);
        let strings_size = tables.strings_size.unwrap_or(u64::MAX).min(MAX_STRINGS);
        let raw = Raw {
            strings: self.range(source, strings, strings_size)?,
            versions: match tables.versions {
                Some(at) => self.range(source, at, count * 2)?,
                None => Vec::new(),
            },
            encoding: self.header.layout.encoding,
        };
        symbols.has_versions = tables.versions.is_some();
        let size = match self.class() {
            Class::Elf32 => 16,
            Class::Elf64 => 24,
        };
        let bytes = self.range(source, table, count * size)?;
        if (bytes.len() as u64) < count * size {
            symbols.unsearchable = Some("its symbol table ends outside the file");
            if named.unwrap_or(0) * size > bytes.len() as u64 {
                symbols.incomplete = symbols.unsearchable;
            }
        }
        let relocations = Relocations {
            machine,
            all: &relocations,
        };
        match self.class() {
            Class::Elf32 => {
                self.digest::<Sym32<Endianness>>(&bytes, &raw, &hashed, &relocations, &mut symbols);
            }
            Class::Elf64 => {
                self.digest::<Sym64<Endianness>>(&bytes, &raw, &hashed, &relocations, &mut symbols);
            }
        }
        Ok(symbols)
    }

    /// The relocations that can fail: with a symbol, or of a type that musl may
    /// not know; and whether each stands in `DT_JMPREL`.
    fn all_relocations(
        &self,
        source: &dyn ReadAt,
        machine: u16,
        symbols: &mut Symbols,
    ) -> io::Result<Vec<(Relocation, bool)>> {
        let tables = self.dynamic.relocations;
        let mut all = Vec::new();
        let mut complete = machine != EM_MIPS && relocation_kind(machine, 0).is_some();
        let in_order = [
            (tables.plt, tables.plt_has_addends, true),
            (tables.rel, false, false),
            (tables.rela, true, false),
        ];
        for (table, has_addends, in_plt) in in_order {
            complete &= self.relocations(source, table, has_addends, &mut |relocation| {
                let is_plain = relocation.symbol == 0
                    && musl_relocates(machine, relocation.number) != Some(false);
                let does_nothing = relocation.number == 0;
                if !is_plain && !does_nothing && all.len() <= MAX_REFERENCES {
                    all.push((relocation, in_plt));
                }
            })?;
        }
        if !complete || all.len() > MAX_REFERENCES {
            symbols.incomplete = Some("its relocations could not all be read");
        }
        Ok(all)
    }

    /// The symbols that can be found by hash.
    fn hashed(&self, source: &dyn ReadAt, symbols: &mut Symbols) -> io::Result<Hashed> {
        let tables = self.dynamic.symbols;
        let hashed = match (tables.gnu_hash, tables.hash) {
            (Some(at), _) => self.gnu_hashed(source, at)?,
            (None, Some(at)) => self.sysv_hashed(source, at)?,
            (None, None) => Some(Hashed::default()),
        };
        if hashed.is_none() {
            symbols.unsearchable = Some("its symbol hash table is malformed");
        }
        Ok(hashed.unwrap_or_default())
    }

    /// gABI: the numbers of buckets and symbols, the buckets, the chains.
    fn sysv_hashed(&self, source: &dyn ReadAt, at: u64) -> io::Result<Option<Hashed>> {
        let head = self.words(source, at, 2)?;
        let &[buckets, count] = &head[..] else {
            return Ok(None);
        };
        let (wanted, count) = (u64::from(buckets), u64::from(count).min(MAX_SYMBOLS));
        let table = self.words(source, at.saturating_add(8), wanted.min(MAX_SYMBOLS))?;
        let chains_at = at.saturating_add(8 + wanted * 4);
        let chains = self.words(source, chains_at, count)?;
        if table.is_empty() || (table.len() as u64) < wanted || (chains.len() as u64) < count {
            return Ok(None);
        }
        let mut entries = vec![NO_BUCKET; chains.len()];
        for (bucket, &first) in (0..).zip(&table) {
            let mut next = first as usize;
            // What was met before has a bucket; so chains in a circle end.
            while let Some(entry) = entries.get_mut(next).filter(|e| **e == NO_BUCKET) {
                if next == 0 {
                    break;
                }
                *entry = bucket;
                next = chains[next] as usize;
            }
        }
        Ok(Some(Hashed {
            first: 0,
            entries,
            buckets: Some(buckets),
        }))
    }

    /// From the first hashed symbol to the end of the last chain.
    fn gnu_hashed(&self, source: &dyn ReadAt, at: u64) -> io::Result<Option<Hashed>> {
        let head = self.words(source, at, 3)?;
        let &[buckets, first, bloom] = &head[..] else {
            return Ok(None);
        };
        let (buckets, first) = (u64::from(buckets), u64::from(first));
        let buckets_at = at.saturating_add(16 + u64::from(bloom) * self.class().word_size());
        let table = self.words(source, buckets_at, buckets.min(MAX_SYMBOLS))?;
        if table.is_empty() || (table.len() as u64) < buckets {
            return Ok(None);
        }
        let mut hashed = Hashed {
            first,
            ..Hashed::default()
        };
        let Some(last) = table.iter().copied().max().filter(|&n| n > 0) else {
            return Ok(Some(hashed));
        };
        let Some(before) = u64::from(last)
            .checked_sub(first)
            .filter(|&n| n < MAX_SYMBOLS)
        else {
            return Ok(None);
        };
        let chains_at = buckets_at.saturating_add(buckets * 4);
        hashed.entries = self.words(source, chains_at, before)?;
        if (hashed.entries.len() as u64) < before {
            return Ok(None);
        }
        // Chains are short: the last one ends within a few entries.
        while (hashed.entries.len() as u64) < MAX_SYMBOLS {
            let next = chains_at.saturating_add(hashed.entries.len() as u64 * 4);
            let chain = self.words(source, next, 256)?;
            if chain.is_empty() {
                return Ok(None);
            }
            for entry in chain {
                hashed.entries.push(entry);
                if entry & 1 == 1 {
                    return Ok(Some(hashed));
                }
            }
        }
        Ok(None)
    }

    /// Up to `length` bytes at an address, as many as its segment has.
    fn range(&self, source: &dyn ReadAt, address: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some((offset, room)) = offset_of(&self.loads, address) {
            let length = usize::try_from(length.min(room)).unwrap_or(0);
            read_piece(source, offset, length, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// Up to `count` words at an address.
    fn words(&self, source: &dyn ReadAt, address: u64, count: u64) -> io::Result<Vec<u32>> {
        let bytes = self.range(source, address, count * 4)?;
        let encoding = self.header.layout.encoding;
        let words = bytes.chunks_exact(4).filter_map(|b| b.try_into().ok());
        Ok(words
            .map(|word| match encoding {
                Encoding::Little => u32::from_le_bytes(word),
                Encoding::Big => u32::from_be_bytes(word),
            })
            .collect())
    }

    fn digest<S: Sym<Endian = Endianness> + Pod>(
        &self,
        table: &[u8],
        raw: &Raw,
        hashed: &Hashed,
        relocations: &Relocations<'_>,
        symbols: &mut Symbols,
    ) {
        let endian = self.header.layout.encoding.endian();
        let table = slice_from_all_bytes::<S>(table).unwrap_or_default();
        let definitions = (hashed.first..hashed.end()).filter_map(|index| {
            let index = usize::try_from(index).ok()?;
            let entry = table.get(index)?;
            let name = raw.name(entry.st_name(endian));
            let definition = define(entry, name, raw.version(index), endian)?;
            hashed.leads_to(index, name).then_some(definition)
        });
        symbols.index(definitions.collect());
        let machine = relocations.machine;
        let mut known: HashMap<u32, Option<u32>, RandomState> = HashMap::default();
        for &(relocation, in_plt) in relocations.all {
            let is_copy = relocation_kind(machine, relocation.number) == Some(RelocationKind::Copy);
            let undefined = *known.entry(relocation.symbol).or_insert_with(|| {
                let index = usize::try_from(relocation.symbol).ok()?;
                let entry = table.get(index).filter(|_| index > 0)?;
                let wanted = want(entry, raw.version(index), raw, endian)?;
                if wanted.is_here && !is_copy && hashed.leads_to(index, &wanted.name) {
                    return None;
                }
                symbols.undefined.push(wanted);
                u32::try_from(symbols.undefined.len() - 1).ok()
            });
            // What the object has itself is found at the latest there.
            if undefined.is_some() || musl_relocates(machine, relocation.number) == Some(false) {
                symbols.references.push(Reference {
                    undefined,
                    number: relocation.number,
                    in_plt,
                });
            }
        }
    }
}

/// A symbol that is in no bucket.
const NO_BUCKET: u32 = u32::MAX;

/// What a hash table leads to.
#[derive(Default)]
struct Hashed {
    /// The index of the first symbol.
    first: u64,
    /// Of each symbol from there on its hash, without the last bit, or the bucket
    /// that it is in.
    entries: Vec<u32>,
    /// How many buckets there are, where entries are buckets.
    buckets: Option<u32>,
}

impl Hashed {
    fn end(&self) -> u64 {
        self.first.saturating_add(self.entries.len() as u64)
    }

    /// Whether who looks for `name` comes to the symbol with this index.
    fn leads_to(&self, index: usize, name: &[u8]) -> bool {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let entry = index.checked_sub(first).and_then(|at| self.entries.get(at));
        let Some(&entry) = entry else {
            return false;
        };
        match self.buckets {
            Some(buckets) => sysv_hash(name).checked_rem(buckets) == Some(entry),
            None => (gnu_hash(name) ^ entry) >> 1 == 0,
        }
    }
}

/// Relocations, and the machine that they are taken for.
struct Relocations<'r> {
    machine: u16,
    all: &'r [(Relocation, bool)],
}

/// The tables that stand beside the symbols.
struct Raw {
    strings: Vec<u8>,
    versions: Vec<u8>,
    encoding: Encoding,
}

impl Raw {
    fn name(&self, at: u32) -> &[u8] {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = self.strings.get(start..).unwrap_or_default();
        let end = memchr::memchr(0, rest).unwrap_or(rest.len());
        &rest[..end]
    }

    fn version(&self, index: usize) -> u16 {
        let at = index.saturating_mul(2);
        let bytes = self.versions.get(at..at.saturating_add(2));
        bytes
            .and_then(|b| b.try_into().ok())
            .map_or(1, |b| match self.encoding {
                Encoding::Little => u16::from_le_bytes(b),
                Encoding::Big => u16::from_be_bytes(b),
            })
    }
}

/// What others may find of a symbol; `None` where nobody does.
fn define<S: Sym<Endian = Endianness>>(
    symbol: &S,
    name: &[u8],
    version: u16,
    endian: Endianness,
) -> Option<Definition> {
    let section = symbol.st_shndx(endian).0;
    let value: u64 = symbol.st_value(endian).into();
    let kind = symbol.st_type().0;
    let binding = symbol.st_bind().0;
    if value == 0 && section != SHN_ABS && kind != STT_TLS {
        return None;
    }
    let visibility = symbol.st_visibility().0;
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let odd = ![STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE].contains(&binding);
    Some(Definition {
        name: hash_of(name),
        version,
        kind,
        flags: flag(section == SHN_UNDEF, UNDEFINED)
            | flag(
                value == 0 && section == SHN_ABS && kind != STT_TLS,
                ABSOLUTE_ZERO,
            )
            | flag(
                [STV_HIDDEN, STV_INTERNAL].contains(&visibility),
                NOT_EXPORTED,
            )
            | flag(odd, ODD_BINDING),
        size: clamp(symbol.st_size(endian).into()),
    })
}

/// What has to be looked for where a relocation names this symbol; `None` where
/// it is the object's own matter.
fn want<S: Sym<Endian = Endianness>>(
    symbol: &S,
    version: u16,
    raw: &Raw,
    endian: Endianness,
) -> Option<Undefined> {
    let binding = symbol.st_bind().0;
    if binding == STB_LOCAL {
        return None;
    }
    let name: Name = raw.name(symbol.st_name(endian)).into();
    Some(Undefined {
        hash: hash_of(&name),
        name,
        version: version & !HIDDEN,
        binding: match binding {
            STB_WEAK => Binding::Weak,
            _ => Binding::Strong,
        },
        is_here: symbol.st_shndx(endian).0 != SHN_UNDEF,
        size: clamp(symbol.st_size(endian).into()),
    })
}

fn clamp(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// The versions by the numbers that symbols refer to them by. The name of the
/// base definition matches no symbol (glibc `elf/dl-version.c`).
fn by_number(versions: &Versions) -> BTreeMap<u16, Version> {
    let mut all = BTreeMap::new();
    for need in &versions.needs {
        for entry in &need.versions {
            let version = Version {
                name: entry.name.clone(),
                hash: hash_of(&entry.name),
                file: Some(need.file.clone()),
                hidden: entry.index & HIDDEN != 0,
            };
            all.insert(entry.index & !HIDDEN, version);
        }
    }
    for definition in versions.definitions.iter().filter(|d| !d.base) {
        let version = Version {
            name: definition.name.clone(),
            hash: hash_of(&definition.name),
            file: None,
            hidden: false,
        };
        all.insert(definition.index & !HIDDEN, version);
    }
    all
}
