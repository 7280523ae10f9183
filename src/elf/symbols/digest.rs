//! Reading the tables: symbols, their names and versions, and the relocations that name them.

use std::collections::{BTreeMap, HashMap};
use std::io;

use foldhash::fast::RandomState;
use object::Endianness;
use object::elf::{Sym32, Sym64};
use object::pod::{Pod, slice_from_all_bytes};
use object::read::elf::Sym;

use super::super::consts::{
    SHN_ABS, SHN_UNDEF, STB_GLOBAL, STB_GNU_UNIQUE, STB_LOCAL, STB_WEAK, STT_TLS, STV_HIDDEN,
    STV_INTERNAL,
};
use super::super::header::{Class, Encoding};
use super::super::name::Name;
use super::super::object::Object;
use super::super::relocation::{
    Relocation, RelocationKind, knows_relocations, musl_relocates, read_piece, relocation_kind,
};
use super::super::segment::offset_of;
use super::super::version::Versions;
use super::hashed::Hashed;
use super::{
    ABSOLUTE_ZERO, Binding, Definition, HIDDEN, MAX_SYMBOLS, NOT_EXPORTED, ODD_BINDING, Reference,
    Symbols, UNDEFINED, Undefined, Version, hash_of,
};
use crate::read_at::ReadAt;

/// The most of a string table that is read.
const MAX_STRINGS: u64 = 64 << 20;
/// The most references that are kept.
const MAX_REFERENCES: usize = 1 << 20;

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
        let mut complete = knows_relocations(machine);
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

    /// Up to `length` bytes at an address, as many as its segment has.
    pub(super) fn range(
        &self,
        source: &dyn ReadAt,
        address: u64,
        length: u64,
    ) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some((offset, room)) = offset_of(&self.loads, address) {
            let length = usize::try_from(length.min(room)).unwrap_or(0);
            read_piece(source, offset, length, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// Up to `count` words at an address.
    pub(super) fn words(
        &self,
        source: &dyn ReadAt,
        address: u64,
        count: u64,
    ) -> io::Result<Vec<u32>> {
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
        for entry in versions.of(need) {
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
