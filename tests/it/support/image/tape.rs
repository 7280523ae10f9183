//! Tar archives, block by block: nothing is checked and nothing mended, so that
//! what engines stumble over can be written down.
//!
//! POSIX `pax` and GNU tar's `tar.h` have the fields.

use super::entry::{Entry, Kind};

/// The size of a block.
pub(crate) const BLOCK: usize = 512;
/// When everything was modified: no run differs from another.
const MTIME: u64 = 1_700_000_000;
/// What fits into a name's field.
const SHORT: usize = 100;

/// How names are written that their field has no room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LongNames {
    /// In a PAX record before the entry.
    Pax,
    /// In an entry of their own before the entry (types `L` and `K`).
    Gnu,
}

/// Entries as an archive, with two blocks of zeros at its end.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    archive_with(entries, LongNames::Pax)
}

/// The same, with a choice for long names.
pub(crate) fn archive_with(entries: &[Entry], long: LongNames) -> Vec<u8> {
    let mut archive = Vec::new();
    for entry in entries {
        put(&mut archive, entry, long);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

fn put(archive: &mut Vec<u8>, entry: &Entry, long: LongNames) {
    let none: &[u8] = b"";
    let (flag, link, data) = match &entry.kind {
        Kind::Blocks(blocks) => return archive.extend_from_slice(blocks),
        Kind::File(content) => (b'0', none, content.as_slice()),
        Kind::Hardlink(target) => (b'1', target.as_slice(), none),
        Kind::Symlink(target) => (b'2', target.as_slice(), none),
        Kind::Dir => (b'5', none, none),
        Kind::Fifo => (b'6', none, none),
        Kind::Device(..) => (b'3', none, none),
    };
    let mut header = Header::new(&entry.name, flag, data.len() as u64);
    header.link(link);
    header.number(100, 8, entry.mode.into());
    header.number(108, 8, entry.uid.into());
    header.number(116, 8, entry.gid.into());
    if let Kind::Device(major, minor) = entry.kind {
        header.number(329, 8, major.into());
        header.number(337, 8, minor.into());
    }
    match long {
        LongNames::Pax => {
            let mut records = Vec::new();
            for (key, value) in [("path", &*entry.name), ("linkpath", link)] {
                // Text beyond ASCII is PAX's business as well.
                let is_text = !value.is_ascii() && std::str::from_utf8(value).is_ok();
                if value.len() > SHORT || is_text {
                    records.extend(record(key, value));
                }
            }
            if let Some(value) = &entry.capability {
                records.extend(record("SCHILY.xattr.security.capability", value));
            }
            if !records.is_empty() {
                extend(archive, Header::new(b"PaxHeaders.0/x", b'x', 0), &records);
            }
        }
        LongNames::Gnu => {
            header.bytes(257, b"ustar  \0");
            for (flag, value) in [(b'K', link), (b'L', &*entry.name)] {
                if value.len() > SHORT {
                    let ended = [value, b"\0"].concat();
                    extend(archive, Header::new(b"././@LongLink", flag, 0), &ended);
                }
            }
        }
    }
    archive.extend_from_slice(&header.finish());
    padded(archive, data);
}

/// `header` with `data` behind it.
pub(crate) fn extend(archive: &mut Vec<u8>, mut header: Header, data: &[u8]) {
    header.number(124, 12, data.len() as u64);
    archive.extend_from_slice(&header.finish());
    padded(archive, data);
}

fn padded(archive: &mut Vec<u8>, data: &[u8]) {
    archive.extend_from_slice(data);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

/// One PAX record: its length counts itself.
pub(crate) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// A header block in the making.
#[derive(Clone)]
pub(crate) struct Header {
    block: [u8; BLOCK],
}

impl Header {
    /// A header of type `flag`, of a name that is cut to its field.
    pub(crate) fn new(name: &[u8], flag: u8, size: u64) -> Self {
        let mut header = Header { block: [0; BLOCK] };
        header.bytes(0, &name[..name.len().min(SHORT)]);
        header.number(100, 8, 0o644);
        header.number(108, 8, 0);
        header.number(116, 8, 0);
        header.number(124, 12, size);
        header.number(136, 12, MTIME);
        header.bytes(156, &[flag]);
        header.bytes(257, b"ustar\x0000");
        header
    }

    /// Where a link leads; what is too long is cut.
    pub(crate) fn link(&mut self, target: &[u8]) {
        self.bytes(157, &target[..target.len().min(SHORT)]);
    }

    /// Writes bytes at a place.
    pub(crate) fn bytes(&mut self, at: usize, bytes: &[u8]) {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes a number in octal digits that end in a NUL.
    pub(crate) fn number(&mut self, at: usize, width: usize, value: u64) {
        let digits = format!("{value:0width$o}\0", width = width - 1);
        assert_eq!(digits.len(), width, "{value} fits its field");
        self.bytes(at, digits.as_bytes());
    }

    /// The block with its checksum.
    pub(crate) fn finish(mut self) -> [u8; BLOCK] {
        self.bytes(148, b"        ");
        let sum: u64 = self.block.iter().map(|&byte| u64::from(byte)).sum();
        self.bytes(148, format!("{sum:06o}\0 ").as_bytes());
        self.block
    }
}

#[test]
fn a_record_counts_its_own_length() {
    assert_eq!(record("size", b"700"), b"12 size=700\n");
    assert_eq!(record("k", &[b'v'; 93]).len(), 99);
    assert_eq!(record("k", &[b'v'; 94]).len(), 101);
}
