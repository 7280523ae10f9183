//! `.comment`: what compilers and linkers left of their names and versions.
//!
//! The only place where section headers are read (gABI chapter 4, "Sections"):
//! the section is in no segment. They may be stripped or false, so what they say
//! is shown and decides nothing.

use std::io;

use super::header::{Class, Encoding, Layout};
use super::window::Window;

/// The most section headers that are looked at.
const MAX_SECTIONS: u16 = 4096;
/// The most bytes of `.comment`.
const MAX_COMMENT: u64 = 16 << 10;
/// The most strings that are kept, and the most bytes of each.
const MAX_STRINGS: usize = 16;
const MAX_STRING: usize = 256;

/// Where the fields of both headers are, by class.
struct Places {
    sections_at: usize,
    section_size: usize,
    address_width: usize,
    offset: usize,
    size: usize,
    header: u16,
}

fn places(class: Class) -> Places {
    match class {
        Class::Elf32 => Places {
            sections_at: 0x20,
            section_size: 0x2e,
            address_width: 4,
            offset: 16,
            size: 20,
            header: 40,
        },
        Class::Elf64 => Places {
            sections_at: 0x28,
            section_size: 0x3a,
            address_width: 8,
            offset: 24,
            size: 32,
            header: 64,
        },
    }
}

/// The strings of `.comment`, each once, in order.
pub(super) fn read(window: &mut Window<'_>, layout: Layout) -> io::Result<Vec<Box<[u8]>>> {
    let found = section(window, layout)?;
    let Some((offset, size)) = found else {
        return Ok(Vec::new());
    };
    let length = usize::try_from(size.min(MAX_COMMENT)).unwrap_or(0);
    let bytes = window.bytes(offset, length)?.unwrap_or_default();
    let mut strings: Vec<Box<[u8]>> = Vec::new();
    for string in bytes.split(|&b| b == 0).filter(|string| !string.is_empty()) {
        let string = &string[..string.len().min(MAX_STRING)];
        if strings.len() < MAX_STRINGS && !strings.iter().any(|known| **known == *string) {
            strings.push(string.into());
        }
    }
    Ok(strings)
}

/// Offset and size of the section with that name.
fn section(window: &mut Window<'_>, layout: Layout) -> io::Result<Option<(u64, u64)>> {
    let at = places(layout.class);
    let head = window.head();
    let fields = (
        number(head, at.sections_at, at.address_width, layout.encoding),
        number(head, at.section_size, 2, layout.encoding),
        number(head, at.section_size + 2, 2, layout.encoding),
        number(head, at.section_size + 4, 2, layout.encoding),
    );
    let (Some(table_at), Some(entry), Some(count), Some(names)) = fields else {
        return Ok(None);
    };
    let is_odd = entry != u64::from(at.header) || count > u64::from(MAX_SECTIONS);
    if table_at == 0 || is_odd || names >= count {
        return Ok(None);
    }
    let entry = usize::from(at.header);
    let length = usize::try_from(count).unwrap_or(0) * entry;
    let Some(table) = window.bytes(table_at, length)?.map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    let part = |header: &[u8]| {
        let offset = number(header, at.offset, at.address_width, layout.encoding)?;
        let size = number(header, at.size, at.address_width, layout.encoding)?;
        Some((offset, size))
    };
    let headers = || table.chunks_exact(entry);
    let names = usize::try_from(names).unwrap_or(usize::MAX);
    let Some((names_at, names_size)) = headers().nth(names).and_then(part) else {
        return Ok(None);
    };
    const WANTED: &[u8] = b".comment\0";
    for header in headers() {
        let Some(name) = number(header, 0, 4, layout.encoding) else {
            continue;
        };
        let end = name.saturating_add(WANTED.len() as u64);
        let Some(name_at) = names_at.checked_add(name).filter(|_| end <= names_size) else {
            continue;
        };
        if window.bytes(name_at, WANTED.len())? == Some(WANTED) {
            return Ok(part(header));
        }
    }
    Ok(None)
}

/// The number of `width` bytes at `at`.
pub(super) fn number(bytes: &[u8], at: usize, width: usize, encoding: Encoding) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(match encoding {
        Encoding::Little => bytes.iter().rev().fold(0, add),
        Encoding::Big => bytes.iter().fold(0, add),
    })
}
