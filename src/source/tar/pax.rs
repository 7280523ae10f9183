//! The records of an extended header.
//!
//! Follows `reader.go` (`parsePAX`, `mergePAX`) and `strconv.go`
//! (`parsePAXRecord`, `validPAXRecord`, `parsePAXTime`).

use std::ops::Range;

use super::error::Malformed;
use super::number::decimal;

/// The records that matter to us or that Go verifies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Path,
    LinkPath,
    Size,
    Uid,
    Gid,
    Mtime,
    Atime,
    Ctime,
    Capability,
    SparseMajor,
    SparseMinor,
    SparseName,
    SparseSize,
    SparseRealSize,
    SparseCount,
    SparseMap,
}

const KEYS: [(&str, Key); 16] = [
    ("path", Key::Path),
    ("linkpath", Key::LinkPath),
    ("size", Key::Size),
    ("uid", Key::Uid),
    ("gid", Key::Gid),
    ("mtime", Key::Mtime),
    ("atime", Key::Atime),
    ("ctime", Key::Ctime),
    ("SCHILY.xattr.security.capability", Key::Capability),
    ("GNU.sparse.major", Key::SparseMajor),
    ("GNU.sparse.minor", Key::SparseMinor),
    ("GNU.sparse.name", Key::SparseName),
    ("GNU.sparse.size", Key::SparseSize),
    ("GNU.sparse.realsize", Key::SparseRealSize),
    ("GNU.sparse.numblocks", Key::SparseCount),
    ("GNU.sparse.map", Key::SparseMap),
];

impl Key {
    pub(super) fn name(self) -> &'static str {
        KEYS[self as usize].0
    }

    fn of(name: &[u8]) -> Option<Key> {
        let found = KEYS.iter().find(|(text, _)| text.as_bytes() == name);
        found.map(|&(_, key)| key)
    }
}

/// The records of one extended header. Where one is given twice the last one
/// counts, and an empty value leaves what the header says.
#[derive(Debug)]
pub(super) struct Records {
    body: Vec<u8>,
    /// Where in the archive the body stands.
    body_at: u64,
    values: [Option<Range<usize>>; KEYS.len()],
    /// The map of a sparse file of version 0.0, written as that of 0.1.
    joined_map: Option<Vec<u8>>,
    /// What was given more than once.
    pub(super) duplicates: Vec<Key>,
}

/// What is wrong with a record, and where in the archive.
pub(super) struct Fault {
    pub(super) at: u64,
    pub(super) what: Malformed,
}

impl Records {
    /// Reads the body of an extended header that stands at `body_at`.
    pub(super) fn read(body: Vec<u8>, body_at: u64) -> Result<Self, Fault> {
        let mut records = Records {
            values: Default::default(),
            joined_map: None,
            duplicates: Vec::new(),
            body_at,
            body,
        };
        let mut map = Map::default();
        let mut at = 0;
        while at < records.body.len() {
            let record = Record::read(&records.body, at).map_err(|why| Fault {
                at: body_at + at as u64,
                what: Malformed::Record { why },
            })?;
            let name = &records.body[record.key];
            if let Some(key) = Key::of(name) {
                let value = &mut records.values[key as usize];
                if value.is_some() && !records.duplicates.contains(&key) {
                    records.duplicates.push(key);
                }
                *value = Some(record.value);
            } else {
                map.add(name, &records.body[record.value])
                    .map_err(|why| Fault {
                        at: body_at + at as u64,
                        what: Malformed::Record { why },
                    })?;
            }
            at = record.end;
        }
        records.joined_map = map.joined();
        Ok(records)
    }

    /// The value of a record; empty where there is none.
    pub(super) fn get(&self, key: Key) -> &[u8] {
        if let (Key::SparseMap, Some(map)) = (key, &self.joined_map) {
            return map;
        }
        let range = self.values[key as usize].clone();
        range.map_or(&[], |range| &self.body[range])
    }

    /// A record that must be a number, where it is there and not empty.
    pub(super) fn number(&self, key: Key) -> Result<Option<i64>, Fault> {
        match self.get(key) {
            b"" => Ok(None),
            text => decimal(text).map(Some).ok_or_else(|| self.bad(key)),
        }
    }

    /// Verifies the times, which are not kept: Go refuses an entry for them.
    pub(super) fn verify_times(&self) -> Result<(), Fault> {
        for key in [Key::Mtime, Key::Atime, Key::Ctime] {
            let value = self.get(key);
            if !value.is_empty() && !is_time(value) {
                return Err(self.bad(key));
            }
        }
        Ok(())
    }

    /// That the value of a record is not what it must be.
    pub(super) fn bad(&self, key: Key) -> Fault {
        /// How much of a value is worth showing.
        const SHOWN: usize = 64;
        let value = self.get(key);
        let at = self.values[key as usize]
            .as_ref()
            .map_or(0, |range| range.start);
        Fault {
            at: self.body_at + at as u64,
            what: Malformed::Value {
                key: key.name(),
                value: value[..value.len().min(SHOWN)].to_vec(),
            },
        }
    }
}

/// Where the parts of one record stand in the body.
struct Record {
    key: Range<usize>,
    value: Range<usize>,
    end: usize,
}

impl Record {
    /// Reads `LENGTH KEY=VALUE\n` at `at`. The length counts all of it, so a
    /// value may have newlines and NULs in it.
    fn read(body: &[u8], at: usize) -> Result<Self, &'static str> {
        let rest = &body[at..];
        let space = memchr::memchr(b' ', rest).ok_or("no length")?;
        let length = decimal(&rest[..space]).ok_or("its length is not a number")?;
        let length = usize::try_from(length).unwrap_or(0);
        if length < 5 || length <= space + 1 {
            return Err("its length is too small");
        }
        if length > rest.len() {
            return Err("it is longer than the header");
        }
        if rest[length - 1] != b'\n' {
            return Err("no newline at its end");
        }
        let text = &rest[space + 1..length - 1];
        let equals = memchr::memchr(b'=', text).ok_or("no equals sign")?;
        let (key, value) = (&text[..equals], &text[equals + 1..]);
        if key.is_empty() {
            return Err("no name");
        }
        let is_text = matches!(key, b"path" | b"linkpath" | b"uname" | b"gname");
        if memchr::memchr(0, if is_text { value } else { key }).is_some() {
            return Err("a NUL in a name");
        }
        let start = at + space + 1;
        Ok(Record {
            key: start..start + equals,
            value: start + equals + 1..at + length - 1,
            end: at + length,
        })
    }
}

/// The map of a sparse file of version 0.0: a pair of records for each extent.
/// They repeat a name, which PAX does not allow, so version 0.1 writes them as
/// one; Go turns the former into the latter.
#[derive(Default)]
struct Map {
    joined: Vec<u8>,
    numbers: usize,
}

impl Map {
    fn add(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let is_due = match name {
            b"GNU.sparse.offset" => self.numbers.is_multiple_of(2),
            b"GNU.sparse.numbytes" => !self.numbers.is_multiple_of(2),
            _ => return Ok(()),
        };
        if !is_due {
            return Err("offsets and lengths of a sparse map do not alternate");
        }
        if value.contains(&b',') {
            return Err("a comma in a number of a sparse map");
        }
        if self.numbers > 0 {
            self.joined.push(b',');
        }
        self.joined.extend_from_slice(value);
        self.numbers += 1;
        Ok(())
    }

    fn joined(self) -> Option<Vec<u8>> {
        (self.numbers > 0).then_some(self.joined)
    }
}

/// Whether a value is seconds, perhaps with a fraction.
fn is_time(value: &[u8]) -> bool {
    let point = memchr::memchr(b'.', value);
    let (seconds, fraction) = point.map_or((value, &[][..]), |at| (&value[..at], &value[at + 1..]));
    decimal(seconds).is_some() && fraction.iter().all(u8::is_ascii_digit)
}
