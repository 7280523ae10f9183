//! Builds an `ld.so.cache`, in either format, well-formed or not.
//!
//! Follows glibc `sysdeps/generic/dl-cache.h` for the layout and the order
//! that its binary search expects: names descending, digit runs by value.

use std::cmp::Ordering;

use super::text::{key_value, number, utf8};

/// What a `cache` line says.
#[derive(Debug, Clone)]
pub(crate) struct CacheSpec {
    entries: Vec<Entry>,
    format: Format,
    /// The byte that says which encoding the table has.
    endian: u8,
    truncate: Option<usize>,
    garbage: bool,
    /// The real builder leaves the writing to `ldconfig -r`.
    pub(crate) by_ldconfig: bool,
    /// It makes no links.
    pub(crate) no_links: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    New,
    Old,
    /// The old table with the new one inside its strings.
    Compat,
}

/// `SONAME=>PATH`, then any of `@x86-64-v3`, `@flags:0x0303`, `@legacy:0x8000`.
#[derive(Debug, Clone)]
struct Entry {
    soname: Vec<u8>,
    path: Vec<u8>,
    flags: u32,
    hwcaps: Option<Vec<u8>>,
    legacy: u64,
}

impl CacheSpec {
    /// Reads the words after `PATH cache`.
    pub(crate) fn parse(words: &[Vec<u8>]) -> Self {
        let mut spec = Self {
            entries: Vec::new(),
            format: Format::New,
            endian: 2,
            truncate: None,
            garbage: false,
            by_ldconfig: false,
            no_links: false,
        };
        for word in words {
            if let Some(arrow) = word.windows(2).position(|two| two == b"=>") {
                spec.entries
                    .push(Entry::parse(&word[..arrow], &word[arrow + 2..]));
                continue;
            }
            match key_value(word) {
                Some(("endian", value)) => {
                    spec.endian = match value {
                        b"unset" => 0,
                        b"invalid" => 1,
                        b"little" => 2,
                        b"big" => 3,
                        _ => panic!("endian: unset, invalid, little or big"),
                    }
                }
                Some(("truncate", value)) => {
                    spec.truncate = Some(usize::try_from(number(value)).unwrap())
                }
                Some((key, _)) => panic!("`{key}` is no word of a cache line"),
                None => match utf8(word) {
                    "old" => spec.format = Format::Old,
                    "compat" => spec.format = Format::Compat,
                    "garbage" => spec.garbage = true,
                    "ldconfig" => spec.by_ldconfig = true,
                    "-X" => spec.no_links = true,
                    other => panic!("`{other}` is no word of a cache line"),
                },
            }
        }
        spec
    }

    /// The soname and path pairs, for a check against what `ldconfig` wrote.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries
            .iter()
            .map(|entry| (entry.soname.as_slice(), entry.path.as_slice()))
    }

    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        if self.garbage {
            return b"these are not the bytes of a cache, but there are more than forty-eight of them\n".to_vec();
        }
        let mut entries = self.entries.clone();
        entries.sort_by(Entry::table_order);
        let mut file = match self.format {
            Format::New => new_table(&entries, self.endian),
            Format::Old => old_table(&entries, &[]),
            Format::Compat => old_table(&entries, &new_table(&entries, self.endian)),
        };
        if let Some(length) = self.truncate {
            file.truncate(length);
        }
        file
    }
}

impl Entry {
    fn parse(soname: &[u8], rest: &[u8]) -> Self {
        let mut parts = rest.split(|&byte| byte == b'@');
        let path = parts.next().unwrap().to_vec();
        let mut entry = Self {
            soname: soname.to_vec(),
            path,
            flags: 0x0303,
            hwcaps: None,
            legacy: 0,
        };
        for part in parts {
            if let Some(flags) = part.strip_prefix(b"flags:") {
                entry.flags = u32::try_from(number(flags)).unwrap();
            } else if let Some(bits) = part.strip_prefix(b"legacy:") {
                entry.legacy = number(bits);
            } else {
                entry.hwcaps = Some(part.to_vec());
            }
        }
        entry
    }

    /// Names descending; of one name, entries for better processors first.
    fn table_order(&self, other: &Self) -> Ordering {
        compare_names(&other.soname, &self.soname)
            .then(other.flags.cmp(&self.flags))
            .then(other.hwcaps.is_some().cmp(&self.hwcaps.is_some()))
            .then(other.legacy.cmp(&self.legacy))
            .then(self.hwcaps.cmp(&other.hwcaps))
    }
}

/// Compares names as the loader's search does: runs of digits count as numbers.
fn compare_names(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (Some((&l, left_rest)), Some((&r, right_rest))) =
            (left.split_first(), right.split_first())
        else {
            return left.len().cmp(&right.len());
        };
        match (l.is_ascii_digit(), r.is_ascii_digit()) {
            (true, true) => {
                let ordering = leading_number(&mut left).cmp(&leading_number(&mut right));
                if ordering.is_ne() {
                    return ordering;
                }
            }
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) if l != r => return l.cmp(&r),
            (false, false) => (left, right) = (left_rest, right_rest),
        }
    }
}

fn leading_number(text: &mut &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    *text = rest;
    utf8(number).parse().unwrap()
}

fn put_u32(file: &mut Vec<u8>, value: usize) {
    file.extend_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
}

/// Appends a name and its NUL; returns where it starts.
fn put_name(file: &mut Vec<u8>, name: &[u8]) -> usize {
    let at = file.len();
    file.extend_from_slice(name);
    file.push(0);
    at
}

fn new_table(entries: &[Entry], endian: u8) -> Vec<u8> {
    let mut levels: Vec<&[u8]> = entries
        .iter()
        .filter_map(|entry| entry.hwcaps.as_deref())
        .collect();
    levels.sort_unstable();
    levels.dedup();

    let strings_at = 48 + entries.len() * 24;
    let mut strings = Vec::new();
    let mut table = Vec::new();
    for entry in entries {
        let key = strings_at + put_name(&mut strings, &entry.soname);
        let value = strings_at + put_name(&mut strings, &entry.path);
        let hwcap = match &entry.hwcaps {
            Some(level) => {
                let index = levels.iter().position(|known| known == level).unwrap();
                1 << 62 | u64::try_from(index).unwrap()
            }
            None => entry.legacy,
        };
        table.extend_from_slice(&entry.flags.to_le_bytes());
        put_u32(&mut table, key);
        put_u32(&mut table, value);
        put_u32(&mut table, 0);
        table.extend_from_slice(&hwcap.to_le_bytes());
    }
    let level_names: Vec<usize> = levels
        .iter()
        .map(|level| strings_at + put_name(&mut strings, level))
        .collect();
    let extension_at = (strings_at + strings.len()).next_multiple_of(4);

    let mut file = b"glibc-ld.so.cache1.1".to_vec();
    put_u32(&mut file, entries.len());
    put_u32(&mut file, strings.len());
    file.extend_from_slice(&[endian, 0, 0, 0]);
    put_u32(&mut file, if levels.is_empty() { 0 } else { extension_at });
    file.resize(48, 0);
    file.extend(table);
    file.extend(strings);
    if !levels.is_empty() {
        file.resize(extension_at, 0);
        put_u32(&mut file, 0xEAA4_2174);
        put_u32(&mut file, 1);
        for word in [1, 0, extension_at + 24, level_names.len() * 4] {
            put_u32(&mut file, word);
        }
        for name in level_names {
            put_u32(&mut file, name);
        }
    }
    file
}

fn old_table(entries: &[Entry], embedded: &[u8]) -> Vec<u8> {
    let entries: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.hwcaps.is_none())
        .collect();
    let table_end = 16 + entries.len() * 12;
    // Offsets count from the end of the table; an embedded one comes first, aligned to 8.
    let embedded_at = table_end.next_multiple_of(8) - table_end;
    let strings_at = if embedded.is_empty() {
        0
    } else {
        embedded_at + embedded.len()
    };
    let mut strings = Vec::new();
    let mut file = b"ld.so-1.7.0\0".to_vec();
    put_u32(&mut file, entries.len());
    for entry in entries {
        file.extend_from_slice(&entry.flags.to_le_bytes());
        let key = strings_at + put_name(&mut strings, &entry.soname);
        put_u32(&mut file, key);
        let value = strings_at + put_name(&mut strings, &entry.path);
        put_u32(&mut file, value);
    }
    if !embedded.is_empty() {
        file.resize(table_end + embedded_at, 0);
        file.extend_from_slice(embedded);
    }
    file.extend(strings);
    file
}

#[test]
fn digit_runs_of_cache_names_compare_as_numbers() {
    assert_eq!(
        compare_names(b"liba.so.10", b"liba.so.9"),
        Ordering::Greater
    );
    assert_eq!(compare_names(b"liba.so.01", b"liba.so.1"), Ordering::Equal);
    assert_eq!(compare_names(b"liba.so", b"liba.so.1"), Ordering::Less);
}
