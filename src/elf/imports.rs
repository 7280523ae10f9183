//! The names that an object leaves for others to define: a second stage, for what
//! they tell of a build.

use std::io;

use super::comment::number;
use super::header::Class;
use super::object::Object;
use super::segment::offset_of;
use super::window::Window;

/// The most symbols that are looked at.
const MAX_SYMBOLS: u64 = 4096;
/// `STB_WEAK`
const WEAK: u8 = 2;

/// A name that is used and not defined.
pub(super) struct Import {
    pub(super) name: Box<[u8]>,
    /// It may stay undefined.
    pub(super) weak: bool,
}

/// The names that `object` does not define, in the order of its symbol table.
pub(super) fn read(object: &Object, window: &mut Window<'_>) -> io::Result<Vec<Import>> {
    let mut found = Vec::new();
    let tables = object.dynamic.symbols;
    let (Some(table), Some(strings)) = (tables.table, object.tables.strings) else {
        return Ok(found);
    };
    let encoding = object.header.layout.encoding;
    // Where `st_shndx` stands; `st_info` is two bytes before it in both classes.
    let (entry, section_at) = match object.class() {
        Class::Elf32 => (16, 14),
        Class::Elf64 => (24, 6),
    };
    // Of GNU's table the second word is the first symbol that it has: those before
    // it are not defined here. The other table counts them all.
    let hash = tables.hash.or(tables.gnu_hash);
    let count_at = hash.and_then(|at| offset_of(&object.loads, at.checked_add(4)?));
    let (Some((count_at, _)), Some((table_at, room))) = (count_at, offset_of(&object.loads, table))
    else {
        return Ok(found);
    };
    let count = window.bytes(count_at, 4)?;
    let count = count.and_then(|bytes| number(bytes, 0, 4, encoding));
    let count = count.unwrap_or(0).min(MAX_SYMBOLS).min(room / entry as u64);
    let length = usize::try_from(count).unwrap_or(0) * entry;
    let Some(symbols) = window.bytes(table_at, length)?.map(<[u8]>::to_vec) else {
        return Ok(found);
    };
    for symbol in symbols.chunks_exact(entry).skip(1) {
        let is_defined = number(symbol, section_at, 2, encoding) != Some(0);
        let Some(name_at) = number(symbol, 0, 4, encoding).filter(|_| !is_defined) else {
            continue;
        };
        let weak = symbol[section_at - 2] >> 4 == WEAK;
        if let Ok(name) = strings.get(window, name_at)? {
            let name = name.into();
            found.push(Import { name, weak });
        }
    }
    Ok(found)
}
