//! `ld.so.cache` (`sysdeps/generic/dl-cache.h`; `elf/dl-cache.c`:
//! `_dl_load_cache_lookup`, `search_cache`).
//!
//! Both formats, and the old one with the new one inside it. What is damaged is
//! taken for absent, silently, as the loader does.

use std::cell::RefCell;
use std::rc::Rc;

use crate::by_name::ByName;
use crate::elf::Encoding;
use crate::platform::Abi;

use super::hwcaps::{LegacyBits, isa_bits};

const MAGIC_NEW: &[u8] = b"glibc-ld.so.cache1.1";
const MAGIC_OLD: &[u8] = b"ld.so-1.7.0";
const HEADER_NEW: usize = 48;
const HEADER_OLD: usize = 16;
const ENTRY_NEW: usize = 24;
const ENTRY_OLD: usize = 12;
const EXTENSION_MAGIC: u32 = 0xeaa4_2174;
const TAG_HWCAPS: u32 = 1;
/// Bit 62 of an entry's hwcap, of which bits 42 to 63 must be this alone.
const HWCAPS_ENTRY: u64 = 1 << 62;
const HWCAPS_ENTRY_MASK: u64 = 0xffff_fc00_0000_0000;

/// The most names whose paths are remembered, and the longest of them.
const MAX_KNOWN: usize = 16 << 10;
const MAX_NAME: usize = 255;

/// A cache that can be searched.
#[derive(Debug)]
pub(super) struct Cache {
    bytes: Rc<[u8]>,
    encoding: Encoding,
    flags: &'static [u32],
    /// Where the entries begin.
    entries: usize,
    count: usize,
    entry_size: usize,
    /// Where offsets of strings count from.
    strings: usize,
    /// For each of the cache's hwcaps names its rank on this CPU, the best 0.
    ranks: Vec<Option<usize>>,
    isa_bits: u32,
    /// Up to 2.36, what entries of the old kind may ask for.
    legacy: Option<LegacyBits>,
    /// What was found for names that were asked for.
    known: RefCell<Known>,
}

/// Paths by name; `None` where there is none.
type Known = ByName<Box<[u8]>, Option<Rc<[u8]>>>;

impl Cache {
    /// The cache in `bytes`, if the loader of `abi` would take it. `levels` are
    /// the hwcaps levels that the CPU has, best first; `legacy` what the loader takes of
    /// the mechanism before them.
    pub(super) fn parse(
        bytes: Rc<[u8]>,
        abi: &Abi,
        levels: &[String],
        legacy: Option<LegacyBits>,
    ) -> Option<Cache> {
        let mut cache = Cache {
            bytes,
            encoding: abi.encoding,
            flags: abi.cache_flags,
            entries: 0,
            count: 0,
            entry_size: 0,
            strings: 0,
            ranks: Vec::new(),
            isa_bits: isa_bits(levels),
            legacy,
            known: RefCell::default(),
        };
        if cache.bytes.starts_with(MAGIC_NEW) {
            cache.open_new(0, levels)?;
        } else if cache.bytes.starts_with(MAGIC_OLD) {
            cache.open_old(levels)?;
        } else {
            return None;
        }
        Some(cache)
    }

    fn open_new(&mut self, at: usize, levels: &[String]) -> Option<()> {
        let room = self
            .bytes
            .len()
            .checked_sub(at)?
            .checked_sub(HEADER_NEW)
            .filter(|r| *r > 0)?;
        let count = self.word(at + 20)? as usize;
        // The low bits tell the byte order; caches from before 2.33 leave it out.
        let order = self.bytes.get(at + 28)? & 3;
        let own = if self.encoding == Encoding::Little {
            2
        } else {
            3
        };
        if room / ENTRY_NEW < count || (order != 0 && order != own) {
            return None;
        }
        (self.entries, self.count, self.entry_size) = (at + HEADER_NEW, count, ENTRY_NEW);
        self.strings = at;
        let extension = self.word(at + 32)? as usize;
        self.ranks = self.read_ranks(extension, levels).unwrap_or_default();
        Some(())
    }

    fn open_old(&mut self, levels: &[String]) -> Option<()> {
        let room = self.bytes.len().checked_sub(HEADER_OLD)?;
        let count = self.word(12)? as usize;
        if room / ENTRY_OLD < count {
            return None;
        }
        let end = HEADER_OLD + count * ENTRY_OLD;
        let inside = end.next_multiple_of(8);
        if self
            .bytes
            .get(inside..)
            .is_some_and(|rest| rest.starts_with(MAGIC_NEW))
        {
            return self.open_new(inside, levels);
        }
        (self.entries, self.count, self.entry_size) = (HEADER_OLD, count, ENTRY_OLD);
        self.strings = end;
        Some(())
    }

    /// The extension's list of hwcaps names, as ranks.
    fn read_ranks(&self, extension: usize, levels: &[String]) -> Option<Vec<Option<usize>>> {
        if extension == 0 || self.word(extension)? != EXTENSION_MAGIC {
            return None;
        }
        let sections = self.word(extension + 4)? as usize;
        let section = (0..sections.min(64))
            .map(|index| extension + 8 + index * 16)
            .find(|&at| self.word(at) == Some(TAG_HWCAPS))?;
        let (offset, size) = (
            self.word(section + 8)? as usize,
            self.word(section + 12)? as usize,
        );
        let rank = |index: usize| {
            let name = self.string_at(self.word(offset + index * 4)? as usize)?;
            levels.iter().position(|level| level.as_bytes() == name)
        };
        Some((0..(size / 4).min(1024)).map(rank).collect())
    }

    /// The path that the cache has for `name`: one, or none.
    pub(super) fn lookup(&self, name: &[u8]) -> Option<Rc<[u8]>> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let found = self.search(name).map(Rc::from);
        let mut known = self.known.borrow_mut();
        if known.len() < MAX_KNOWN && name.len() <= MAX_NAME {
            known.insert(name.into(), found.clone());
        }
        found
    }

    fn search(&self, name: &[u8]) -> Option<&[u8]> {
        let (mut left, mut right) = (0_usize, self.count.checked_sub(1)?);
        let first = loop {
            let middle = left.midpoint(right);
            match compare(name, self.key(middle)?) {
                std::cmp::Ordering::Equal => break self.first_equal(middle, name),
                // The table descends.
                std::cmp::Ordering::Less => left = middle + 1,
                std::cmp::Ordering::Greater => right = middle.checked_sub(1)?,
            }
            if left > right {
                return None;
            }
        };
        let mut best: Option<(usize, &[u8])> = None;
        for index in first..self.count {
            if index > first && self.key(index).is_none_or(|key| compare(name, key).is_ne()) {
                break;
            }
            let flags = self.word(self.entry(index))?;
            let Some(path) = self.value(index).filter(|_| self.flags.contains(&flags)) else {
                continue;
            };
            match self.hwcap(index) {
                Hwcap::Unusable => {}
                Hwcap::Ranked(rank) => {
                    if best.is_none_or(|(known, _)| rank < known) {
                        best = Some((rank, path));
                    }
                }
                Hwcap::Plain if best.is_some_and(|(rank, _)| rank != usize::MAX) => break,
                Hwcap::Plain => {
                    best = Some((usize::MAX, path));
                    if self.flags.first() == Some(&flags) {
                        break;
                    }
                }
            }
        }
        best.map(|(_, path)| path)
    }

    fn first_equal(&self, mut index: usize, name: &[u8]) -> usize {
        while index > 0
            && self
                .key(index - 1)
                .is_some_and(|key| compare(name, key).is_eq())
        {
            index -= 1;
        }
        index
    }

    fn hwcap(&self, index: usize) -> Hwcap {
        if self.entry_size < ENTRY_NEW {
            return Hwcap::Plain;
        }
        let at = self.entry(index) + 16;
        let (first, second) = (self.word(at), self.word(at + 4));
        let (Some(first), Some(second)) = (first, second) else {
            return Hwcap::Unusable;
        };
        let (low, high) = match self.encoding {
            Encoding::Little => (first, second),
            Encoding::Big => (second, first),
        };
        let value = u64::from(high) << 32 | u64::from(low);
        if value == 0 {
            return Hwcap::Plain;
        }
        // Other entries are of a mechanism that is gone since 2.37. Before, the first
        // one that the CPU is good for is as good as one that asks for nothing.
        if value & HWCAPS_ENTRY_MASK != HWCAPS_ENTRY {
            return match self.legacy {
                Some(legacy) if legacy.take(value) => Hwcap::Plain,
                _ => Hwcap::Unusable,
            };
        }
        let isa_needed = high & 0x3ff;
        let rank = self.ranks.get(low as usize).copied().flatten();
        match rank {
            Some(rank) if isa_needed & self.isa_bits == isa_needed => Hwcap::Ranked(rank),
            _ => Hwcap::Unusable,
        }
    }

    fn entry(&self, index: usize) -> usize {
        self.entries + index * self.entry_size
    }

    fn key(&self, index: usize) -> Option<&[u8]> {
        self.string_at(self.strings + self.word(self.entry(index) + 4)? as usize)
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        self.string_at(self.strings + self.word(self.entry(index) + 8)? as usize)
    }

    fn string_at(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(at..)?.split(|&b| b == 0).next()
    }

    fn word(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self.encoding {
            Encoding::Little => u32::from_le_bytes(bytes),
            Encoding::Big => u32::from_be_bytes(bytes),
        })
    }
}

enum Hwcap {
    Plain,
    Ranked(usize),
    Unusable,
}

/// `_dl_cache_libcmp`: runs of digits compare as numbers and are greater than
/// anything else.
fn compare(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let (mut left, mut right) = (left, right);
    loop {
        match (left.first(), right.first()) {
            (None, None) => return Ordering::Equal,
            (None, Some(r)) if r.is_ascii_digit() => return Ordering::Less,
            (None, Some(_)) => return Ordering::Less,
            (Some(l), Some(r)) if l.is_ascii_digit() && r.is_ascii_digit() => {
                let (l, l_rest) = number(left);
                let (r, r_rest) = number(right);
                if l != r {
                    return l.cmp(&r);
                }
                (left, right) = (l_rest, r_rest);
            }
            (Some(l), _) if l.is_ascii_digit() => return Ordering::Greater,
            (Some(_), Some(r)) if r.is_ascii_digit() => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) if l != r => return l.cmp(r),
            (Some(_), Some(_)) => (left, right) = (&left[1..], &right[1..]),
        }
    }
}

/// The number at the start, wrapping as the loader's `int` does.
fn number(text: &[u8]) -> (i32, &[u8]) {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let value = text[..end].iter().fold(0_i32, |value, &digit| {
        value.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'))
    });
    (value, &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    #[test]
    fn digits_compare_as_numbers() {
        assert_eq!(compare(b"liba.so.10", b"liba.so.9"), Ordering::Greater);
        assert_eq!(compare(b"lib01.so", b"lib1.so"), Ordering::Equal);
        assert_eq!(compare(b"lib1.so", b"liba.so"), Ordering::Greater);
        assert_eq!(compare(b"liba.so", b"liba.so.1"), Ordering::Less);
    }

    #[test]
    fn damage_is_absence() {
        let abi = &crate::platform::abis()[0];
        for bytes in [
            &b""[..],
            b"glibc-ld.so.cache1.1",
            b"ld.so-1.7.0\0\xff\xff\xff\xff",
            b"junk",
        ] {
            assert!(Cache::parse(Rc::from(bytes), abi, &[], None).is_none());
        }
    }
}
