//! Looking up single symbols: the second stage, on demand.
//!
//! By the hash tables that the loaders use (gABI chapter 5, "Hash Table"; GNU's
//! as in glibc `elf/dl-lookup.c:do_lookup_x`), from addresses in the dynamic
//! section alone.

use std::io;

use super::header::{Class, Encoding};
use super::object::Object;
use super::segment::offset_of;
use super::window::Window;
use crate::read_at::ReadAt;

/// The most entries of one hash chain that are followed; real ones have tens.
const MAX_CHAIN: usize = 1 << 16;

impl Object {
    /// Whether the object defines every one of `names` for others to use.
    ///
    /// # Errors
    /// Whatever reading `source`, the file that this was read from, reports.
    pub fn defines(&self, source: &dyn ReadAt, names: &[&[u8]]) -> io::Result<bool> {
        let mut symbols = Symbols {
            object: self,
            window: Window::open(source)?,
        };
        for name in names {
            if !symbols.defines(name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The hash of GNU's table.
pub(super) fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash, &byte| {
        hash.wrapping_mul(33).wrapping_add(byte.into())
    })
}

/// The hash of gABI's table.
pub(super) fn sysv_hash(name: &[u8]) -> u32 {
    name.iter().fold(0, |hash, &byte| {
        let hash = (hash << 4).wrapping_add(byte.into());
        (hash ^ (hash >> 24 & 0xf0)) & 0x0fff_ffff
    })
}

struct Symbols<'a> {
    object: &'a Object,
    window: Window<'a>,
}

impl Symbols<'_> {
    fn defines(&mut self, name: &[u8]) -> io::Result<bool> {
        let tables = self.object.dynamic.symbols;
        let found = match (tables.gnu_hash, tables.hash) {
            (Some(table), _) => self.by_gnu_hash(table, name)?,
            (None, Some(table)) => self.by_hash(table, name)?,
            (None, None) => None,
        };
        Ok(found.is_some())
    }

    fn by_gnu_hash(&mut self, table: u64, name: &[u8]) -> io::Result<Option<u32>> {
        let hash = gnu_hash(name);
        let (Some(buckets), Some(first), Some(bloom)) = (
            self.word(table)?,
            self.word(table.saturating_add(4))?,
            self.word(table.saturating_add(8))?,
        ) else {
            return Ok(None);
        };
        if buckets == 0 {
            return Ok(None);
        }
        let words = self.object.class().word_size();
        let bucket_at = table.saturating_add(16 + u64::from(bloom) * words);
        let bucket = bucket_at.saturating_add(u64::from(hash % buckets) * 4);
        let chain_at = bucket_at.saturating_add(u64::from(buckets) * 4);
        let Some(mut index) = self.word(bucket)? else {
            return Ok(None);
        };
        if index < first {
            return Ok(None);
        }
        for _ in 0..MAX_CHAIN {
            let at = chain_at.saturating_add(u64::from(index - first) * 4);
            let Some(entry) = self.word(at)? else { break };
            if (entry ^ hash) >> 1 == 0 && self.is_definition(index, name)? {
                return Ok(Some(index));
            }
            if entry & 1 == 1 {
                break;
            }
            index = index.saturating_add(1);
        }
        Ok(None)
    }

    fn by_hash(&mut self, table: u64, name: &[u8]) -> io::Result<Option<u32>> {
        let hash = sysv_hash(name);
        let Some(buckets) = self.word(table)?.filter(|&n| n > 0) else {
            return Ok(None);
        };
        let chain_at = table.saturating_add(8 + u64::from(buckets) * 4);
        let bucket = table.saturating_add(8 + u64::from(hash % buckets) * 4);
        let mut next = self.word(bucket)?;
        for _ in 0..MAX_CHAIN {
            let Some(index) = next.filter(|&index| index != 0) else {
                break;
            };
            if self.is_definition(index, name)? {
                return Ok(Some(index));
            }
            next = self.word(chain_at.saturating_add(u64::from(index) * 4))?;
        }
        Ok(None)
    }

    /// Whether symbol `index` is called `name` and defined here.
    fn is_definition(&mut self, index: u32, name: &[u8]) -> io::Result<bool> {
        let tables = self.object.dynamic.symbols;
        let (Some(table), Some(strings)) = (tables.table, tables.strings) else {
            return Ok(false);
        };
        // st_name comes first; st_shndx stands where the class puts it.
        let (size, section_at) = match self.object.class() {
            Class::Elf32 => (16, 14),
            Class::Elf64 => (24, 6),
        };
        let at = table.saturating_add(u64::from(index) * size);
        let section_at = at.saturating_add(section_at);
        let (Some(name_at), Some(section)) = (self.word(at)?, self.half(section_at)?) else {
            return Ok(false);
        };
        let Some((offset, _)) =
            offset_of(&self.object.loads, strings.saturating_add(name_at.into()))
        else {
            return Ok(false);
        };
        let found = self.window.bytes(offset, name.len() + 1)?;
        let same = found.is_some_and(|f| f.ends_with(b"\0") && f.starts_with(name));
        Ok(section != 0 && same)
    }

    fn word(&mut self, address: u64) -> io::Result<Option<u32>> {
        let encoding = self.object.header.layout.encoding;
        Ok(self
            .at(address, 4)?
            .and_then(|b| b.try_into().ok())
            .map(|b| match encoding {
                Encoding::Little => u32::from_le_bytes(b),
                Encoding::Big => u32::from_be_bytes(b),
            }))
    }

    fn half(&mut self, address: u64) -> io::Result<Option<u16>> {
        let encoding = self.object.header.layout.encoding;
        Ok(self
            .at(address, 2)?
            .and_then(|b| b.try_into().ok())
            .map(|b| match encoding {
                Encoding::Little => u16::from_le_bytes(b),
                Encoding::Big => u16::from_be_bytes(b),
            }))
    }

    fn at(&mut self, address: u64, length: usize) -> io::Result<Option<&[u8]>> {
        match offset_of(&self.object.loads, address) {
            Some((offset, _)) => self.window.bytes(offset, length),
            None => Ok(None),
        }
    }
}
