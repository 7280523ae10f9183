//! The dynamic section (gABI chapter 5, "Dynamic Section").

use std::io;

use object::Endianness;
use object::elf::{Dyn32, Dyn64};
use object::pod::slice_from_all_bytes;
use object::read::elf::Dyn;

use super::anomaly::Anomaly;
use super::consts::{
    DF_1_NODEFLIB, DF_1_NOW, DF_1_PIE, DF_BIND_NOW, DF_STATIC_TLS, DF_TEXTREL, DT_AUDIT,
    DT_AUXILIARY, DT_BIND_NOW, DT_DEPAUDIT, DT_FILTER, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH,
    DT_JMPREL, DT_NEEDED, DT_NULL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELASZ, DT_RELR,
    DT_RELRSZ, DT_RELSZ, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, DT_SYMTAB,
    DT_TEXTREL, DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM,
};
use super::header::{Class, Layout};
use super::limits::{MAX_NAME, MAX_NAMES, MAX_NEEDED};
use super::name::Name;
use super::segment::{Segment, offset_of};
use super::window::{Unended, Window};
use crate::few::Few;

/// The most of a dynamic section that is looked at: room for the limit of needs
/// several times over.
const MAX_SECTION: u64 = 4 << 20;

/// Strings that lie closer together than this are fetched in one read.
const ONE_READ: usize = 32 << 10;

/// Tables that lie closer together than this are fetched in one read.
const VERSIONS_IN_ONE_READ: u64 = 64 << 10;
/// What the names of versions are likely to fit in.
const VERSION_NAMES: u64 = 1024;
/// What the records of the last table are likely to fit in.
const VERSION_RECORDS: u64 = 1024;

/// What the last name is likely to fit in.
const USUAL_NAME: u64 = 128;

/// Which tag named a needed object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NeedKind {
    /// `DT_NEEDED`
    Needed,
    /// `DT_AUXILIARY`: taken if it is there.
    Auxiliary,
    /// `DT_FILTER`: must be there.
    Filter,
}

/// One needed object, as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// The tag.
    pub kind: NeedKind,
    /// The string, tokens and all.
    pub name: Name,
}

/// What the dynamic section says to a loader that is looking for objects.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Dynamic {
    /// Needed objects, auxiliaries and filtees, in the order of their tags.
    pub needs: Vec<Need>,
    /// `DT_SONAME`
    pub soname: Option<Name>,
    /// `DT_RPATH`, the last one where there are several, as written.
    pub rpath: Option<Box<[u8]>>,
    /// `DT_RUNPATH`, the last one where there are several, as written.
    pub runpath: Option<Box<[u8]>>,
    /// `DT_AUDIT` and, behind a colon, `DT_DEPAUDIT`, the last one of each, as written.
    pub auditors: Option<Box<[u8]>>,
    /// `DT_FLAGS`
    pub flags: u64,
    /// `DT_FLAGS_1`
    pub flags_1: u64,
    /// `DT_TEXTREL` or `DF_TEXTREL`
    pub text_relocations: bool,
    /// `DT_BIND_NOW`, `DF_BIND_NOW` or `DF_1_NOW`
    pub binds_now: bool,
    /// `DT_RELR`
    pub relr: bool,
    /// `DT_VERSYM`
    pub has_symbol_versions: bool,
    /// There is something to relocate.
    pub has_relocations: bool,
    /// Where the symbols are.
    pub symbols: SymbolTables,
    /// Where the relocations are.
    pub relocations: RelocationTables,
}

/// Addresses of the tables that symbols are found by.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct SymbolTables {
    /// `DT_SYMTAB`
    pub table: Option<u64>,
    /// `DT_STRTAB`
    pub strings: Option<u64>,
    /// `DT_HASH`
    pub hash: Option<u64>,
    /// `DT_GNU_HASH`
    pub gnu_hash: Option<u64>,
    /// `DT_VERSYM`
    pub versions: Option<u64>,
    /// `DT_STRSZ`
    pub strings_size: Option<u64>,
}

/// Addresses and sizes in bytes of the relocations that can name symbols;
/// those of `DT_RELR` never do.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct RelocationTables {
    /// `DT_JMPREL`, `DT_PLTRELSZ`
    pub plt: RelocationTable,
    /// `DT_PLTREL` says that those have addends.
    pub plt_has_addends: bool,
    /// `DT_REL`, `DT_RELSZ`
    pub rel: RelocationTable,
    /// `DT_RELA`, `DT_RELASZ`
    pub rela: RelocationTable,
}

/// One table of relocations.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct RelocationTable {
    /// Its address.
    pub address: u64,
    /// Its size in bytes; 0 where there is none.
    pub size: u64,
}

impl Dynamic {
    /// `DF_1_NODEFLIB`
    #[must_use]
    pub fn no_default_libraries(&self) -> bool {
        self.flags_1 & DF_1_NODEFLIB != 0
    }

    /// `DF_1_PIE`
    #[must_use]
    pub fn is_pie(&self) -> bool {
        self.flags_1 & DF_1_PIE != 0
    }

    /// `DF_STATIC_TLS`
    #[must_use]
    pub fn static_tls(&self) -> bool {
        self.flags & DF_STATIC_TLS != 0
    }

    /// The names with the tag `DT_NEEDED`, in order.
    pub fn needed(&self) -> impl Iterator<Item = &[u8]> {
        self.needs
            .iter()
            .filter(|n| n.kind == NeedKind::Needed)
            .map(|n| &*n.name)
    }
}

/// Where the tables are that the dynamic section points to.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Tables {
    pub(super) strings: Option<Strings>,
    pub(super) version_needs: Option<(u64, u64)>,
    pub(super) version_definitions: Option<(u64, u64)>,
}

/// The string table: where it starts in the file, and how long it says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Strings {
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Strings {
    /// The string at `at`, bounded by the table and by [`MAX_NAME`].
    pub(super) fn get<'w>(
        self,
        window: &'w mut Window<'_>,
        at: u64,
    ) -> io::Result<Result<&'w [u8], Unended>> {
        if at >= self.size {
            return Ok(Err(Unended::File));
        }
        match self.offset.checked_add(at) {
            Some(offset) => window.string(offset, MAX_NAME),
            None => Ok(Err(Unended::File)),
        }
    }
}

/// A tag whose value is a string, before the string is read.
struct Named {
    tag: i64,
    at: u64,
}

/// Reads the dynamic section that `segment` describes; nothing where it is not there.
pub(super) fn read(
    window: &mut Window<'_>,
    layout: Layout,
    segment: &Segment,
    loads: &[Segment],
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<(Dynamic, Tables)> {
    // The loaders take the section from memory, at p_vaddr; that is p_offset
    // unless somebody made it otherwise.
    let (offset, room) =
        offset_of(loads, segment.address).unwrap_or((segment.offset, segment.file_size));
    let length = room.min(segment.file_size).min(MAX_SECTION);
    let entry = 2 * layout.class.word_size();
    let length = length - length % entry;
    let outside = Anomaly::DynamicOutside {
        offset,
        length: segment.file_size,
    };
    let section = match usize::try_from(length) {
        Ok(length) => window.bytes(offset, length)?,
        Err(_) => None,
    };
    let Some(section) = section else {
        anomalies.push(outside);
        return Ok(Default::default());
    };
    let mut entries = Entries::new();
    match layout.class {
        Class::Elf32 => add_entries::<Dyn32<Endianness>>(section, layout, &mut entries),
        Class::Elf64 => add_entries::<Dyn64<Endianness>>(section, layout, &mut entries),
    }
    if entries.len() as u64 * entry == length {
        anomalies.push(Anomaly::DynamicUnterminated);
    }
    interpret(window, &entries, loads, anomalies)
}

/// Tags and values: those of nearly every object without memory of their own.
type Entries = Few<(i64, u64), 36>;

/// Adds the entries up to `DT_NULL`.
fn add_entries<D: Dyn<Endian = Endianness>>(section: &[u8], layout: Layout, to: &mut Entries) {
    let endian = layout.encoding.endian();
    let all = slice_from_all_bytes::<D>(section).unwrap_or_default();
    let ends = |entry: &D| entry.d_tag(endian).0 == DT_NULL;
    let end = all.iter().position(ends).unwrap_or(all.len());
    let until = all[..end].iter();
    to.extend(until.map(|entry| (entry.d_tag(endian).0, entry.d_val(endian).into())));
}

fn interpret(
    window: &mut Window<'_>,
    entries: &[(i64, u64)],
    loads: &[Segment],
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<(Dynamic, Tables)> {
    let mut dynamic = Dynamic::default();
    let mut named: Few<Named, 24> = Few::new();
    let (mut string_table, mut string_size) = (None, None);
    let (mut needs_at, mut needs_count) = (None, 0);
    let (mut definitions_at, mut definitions_count) = (None, 0);
    for &(tag, value) in entries {
        match tag {
            DT_NEEDED | DT_AUXILIARY | DT_FILTER | DT_SONAME | DT_RPATH | DT_RUNPATH | DT_AUDIT
            | DT_DEPAUDIT => {
                named.push(Named { tag, at: value });
            }
            DT_STRTAB => string_table = Some(value),
            DT_STRSZ => string_size = Some(value),
            DT_FLAGS => dynamic.flags = value,
            DT_FLAGS_1 => dynamic.flags_1 = value,
            DT_TEXTREL => dynamic.text_relocations = true,
            DT_BIND_NOW => dynamic.binds_now = true,
            DT_RELR => dynamic.relr = true,
            DT_VERSYM => {
                dynamic.has_symbol_versions = true;
                dynamic.symbols.versions = Some(value);
            }
            DT_RELASZ | DT_RELSZ | DT_RELRSZ | DT_PLTRELSZ => {
                dynamic.has_relocations |= value > 0;
                match tag {
                    DT_RELASZ => dynamic.relocations.rela.size = value,
                    DT_RELSZ => dynamic.relocations.rel.size = value,
                    DT_PLTRELSZ => dynamic.relocations.plt.size = value,
                    _ => {}
                }
            }
            DT_RELA => dynamic.relocations.rela.address = value,
            DT_REL => dynamic.relocations.rel.address = value,
            DT_JMPREL => dynamic.relocations.plt.address = value,
            DT_PLTREL => {
                dynamic.relocations.plt_has_addends = i64::try_from(value) == Ok(DT_RELA);
            }
            DT_SYMTAB => dynamic.symbols.table = Some(value),
            DT_HASH => dynamic.symbols.hash = Some(value),
            DT_GNU_HASH => dynamic.symbols.gnu_hash = Some(value),
            DT_VERNEED => needs_at = Some(value),
            DT_VERNEEDNUM => needs_count = value,
            DT_VERDEF => definitions_at = Some(value),
            DT_VERDEFNUM => definitions_count = value,
            _ => {}
        }
    }
    dynamic.text_relocations |= dynamic.flags & DF_TEXTREL != 0;
    dynamic.binds_now |= dynamic.flags & DF_BIND_NOW != 0 || dynamic.flags_1 & DF_1_NOW != 0;

    dynamic.symbols.strings = string_table;
    dynamic.symbols.strings_size = string_size;
    let strings = string_table.and_then(|address| {
        let (offset, room) = offset_of(loads, address)?;
        Some(Strings {
            offset,
            size: string_size.unwrap_or(room).min(room),
        })
    });
    let table = |at: Option<u64>, count| Some((offset_of(loads, at?)?.0, count));
    let tables = Tables {
        strings,
        version_needs: table(needs_at, needs_count),
        version_definitions: table(definitions_at, definitions_count),
    };
    if let Some(strings) = strings {
        prefetch(window, &named, strings, &tables)?;
        read_names(window, &named, strings, &mut dynamic, anomalies)?;
    } else if !named.is_empty() {
        anomalies.push(Anomaly::StringTableUnmapped(string_table.unwrap_or(0)));
    }
    Ok((dynamic, tables))
}

/// From where to where in the file the tables and the names of versions are likely to lie:
/// linkers put those names at the end of the strings, and the tables soon after.
pub(super) fn version_extent(tables: &Tables, strings: Strings) -> Option<(u64, u64)> {
    let places = [tables.version_needs, tables.version_definitions];
    let places = places.into_iter().flatten().map(|(offset, _)| offset);
    let (first, last) = (places.clone().min()?, places.max()?);
    let end_of_strings = strings.offset.saturating_add(strings.size);
    let names = end_of_strings
        .saturating_sub(VERSION_NAMES)
        .max(strings.offset);
    let end = last.saturating_add(VERSION_RECORDS);
    let is_near = |start: &u64| {
        end.checked_sub(*start)
            .is_some_and(|size| size <= VERSIONS_IN_ONE_READ)
    };
    let start = [names.min(first), first].into_iter().find(is_near)?;
    Some((start, end))
}

/// Fetches the names in one read where they lie close together, and with them the version
/// tables where they follow soon: linkers put those behind the strings.
fn prefetch(
    window: &mut Window<'_>,
    named: &[Named],
    strings: Strings,
    tables: &Tables,
) -> io::Result<()> {
    let size = window.size();
    let places = named
        .iter()
        .filter_map(|named| strings.offset.checked_add(named.at))
        .filter(|&place| place < size);
    let (Some(first), Some(last)) = (places.clone().min(), places.max()) else {
        return Ok(());
    };
    let names = (first, last + USUAL_NAME);
    let all = version_extent(tables, strings).map(|(start, end)| (start.min(first), end));
    let near = [all, Some(names)]
        .into_iter()
        .flatten()
        .find_map(|(start, end)| {
            let length = usize::try_from(end.min(size).checked_sub(start)?).ok()?;
            (end > last && length <= ONE_READ).then_some((start, length))
        });
    match near {
        Some((start, length)) => window.fetch(start, length),
        None => Ok(()),
    }
}

fn read_names(
    window: &mut Window<'_>,
    named: &[Named],
    strings: Strings,
    dynamic: &mut Dynamic,
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<()> {
    let mut total = 0;
    let mut needed = 0;
    let mut numbers = [0_usize; 8];
    let last_of = |tag| named.iter().rposition(|named| named.tag == tag);
    let last = LAST_WINS.map(last_of);
    let is_need = |named: &&Named| matches!(named.tag, DT_NEEDED | DT_AUXILIARY | DT_FILTER);
    let needs = named.iter().filter(is_need).count();
    dynamic.needs.reserve_exact(needs.min(MAX_NEEDED));
    for (index, &Named { tag, at }) in named.iter().enumerate() {
        let (slot, name) = describe(tag);
        numbers[slot] += 1;
        let number = numbers[slot];
        // Of these the last one wins, and the others are never looked at.
        if LAST_WINS.contains(&tag) && !last.contains(&Some(index)) {
            continue;
        }
        if matches!(tag, DT_NEEDED | DT_AUXILIARY | DT_FILTER) {
            needed += 1;
            if needed > MAX_NEEDED {
                anomalies.push(Anomaly::TooManyNeeded);
                break;
            }
        }
        let text: Name = match strings.get(window, at)? {
            Ok(text) => text.into(),
            Err(Unended::File) => {
                anomalies.push(Anomaly::StringOutside {
                    tag: name,
                    number,
                    offset: at,
                });
                continue;
            }
            Err(Unended::Limit) if LAST_WINS[1..].contains(&tag) => {
                match long_string(window, strings, at)? {
                    Some(text) => text,
                    None => {
                        anomalies.push(Anomaly::StringTooLong { tag: name, number });
                        continue;
                    }
                }
            }
            Err(Unended::Limit) => {
                anomalies.push(Anomaly::StringTooLong { tag: name, number });
                continue;
            }
        };
        total += text.len();
        if total > MAX_NAMES {
            anomalies.push(Anomaly::NamesTooLong);
            break;
        }
        let mut need = |kind, name| dynamic.needs.push(Need { kind, name });
        match tag {
            DT_NEEDED => need(NeedKind::Needed, text),
            DT_AUXILIARY => need(NeedKind::Auxiliary, text),
            DT_FILTER => need(NeedKind::Filter, text),
            DT_SONAME => dynamic.soname = Some(text),
            DT_RPATH => dynamic.rpath = Some((*text).into()),
            DT_AUDIT | DT_DEPAUDIT => {
                let known = dynamic.auditors.take().unwrap_or_default();
                let both = match tag {
                    DT_AUDIT => [&*text, &*known],
                    _ => [&*known, &*text],
                };
                dynamic.auditors = Some(both.join(&b':').into());
            }
            _ => dynamic.runpath = Some((*text).into()),
        }
    }
    Ok(())
}

/// Tags of which the last one wins; all but the first are lists.
const LAST_WINS: [i64; 5] = [DT_SONAME, DT_RPATH, DT_RUNPATH, DT_AUDIT, DT_DEPAUDIT];

/// A list of directories may be longer than one name, up to the limit for all.
fn long_string(window: &mut Window<'_>, strings: Strings, at: u64) -> io::Result<Option<Name>> {
    let Some(offset) = strings.offset.checked_add(at) else {
        return Ok(None);
    };
    Ok(window.string(offset, MAX_NAMES)?.ok().map(Into::into))
}

fn describe(tag: i64) -> (usize, &'static str) {
    match tag {
        DT_NEEDED => (0, "DT_NEEDED"),
        DT_AUXILIARY => (1, "DT_AUXILIARY"),
        DT_FILTER => (2, "DT_FILTER"),
        DT_SONAME => (3, "DT_SONAME"),
        DT_RPATH => (4, "DT_RPATH"),
        DT_AUDIT => (6, "DT_AUDIT"),
        DT_DEPAUDIT => (7, "DT_DEPAUDIT"),
        _ => (5, "DT_RUNPATH"),
    }
}
