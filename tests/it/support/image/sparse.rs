//! A sparse file in each of the four ways that GNU tar has for it
//! (GNU tar manual, "Storing Sparse Files" and `tar.h`).
//!
//! The file is 50 MiB long; only what is no hole is in the archive.

use super::entry::{Entry, blocks};
use super::tape::{Header, extend, record};

/// The name of the file.
pub(crate) const NAME: &str = "sp.bin";
/// Its length.
pub(crate) const SIZE: u64 = 50 << 20;
/// Where its second piece begins.
pub(crate) const SECOND: u64 = 40 << 20;
/// The length of each piece.
pub(crate) const PIECE: u64 = 4096;

/// Offset and length of each piece; GNU tar ends with an empty one.
const MAP: [(u64, u64); 3] = [(0, PIECE), (SECOND, PIECE), (SIZE, 0)];

/// How the holes are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Type `S`, which container engines refuse.
    Old,
    /// Two records for each piece.
    Pax00,
    /// One record for all pieces, and a name that is none.
    Pax01,
    /// The pieces stand before the data.
    Pax10,
}

/// The pieces themselves: an ELF magic number and `A`s, then `B`s.
pub(crate) fn pieces() -> Vec<u8> {
    let mut data = b"\x7fELF".to_vec();
    data.resize(4096, b'A');
    data.resize(8192, b'B');
    data
}

/// The sparse file.
pub(crate) fn file(form: Form) -> Entry {
    let mut archive = Vec::new();
    let substitute = b"./GNUSparseFile.1/sp.bin";
    let decimal = |value: u64| value.to_string().into_bytes();
    match form {
        Form::Old => {
            let mut header = Header::new(NAME.as_bytes(), b'S', 0);
            header.bytes(257, b"ustar  \0");
            for (at, (offset, length)) in (386..).step_by(24).zip(MAP) {
                header.number(at, 12, offset);
                header.number(at + 12, 12, length);
            }
            header.number(483, 12, SIZE);
            extend(&mut archive, header, &pieces());
        }
        Form::Pax00 => {
            let mut records = record("GNU.sparse.size", &decimal(SIZE));
            let count = decimal(MAP.len() as u64);
            records.extend(record("GNU.sparse.numblocks", &count));
            for (offset, length) in MAP {
                records.extend(record("GNU.sparse.offset", &decimal(offset)));
                records.extend(record("GNU.sparse.numbytes", &decimal(length)));
            }
            extended(&mut archive, &records);
            let header = Header::new(NAME.as_bytes(), b'0', 0);
            extend(&mut archive, header, &pieces());
        }
        Form::Pax01 => {
            let pairs: Vec<String> = MAP.iter().map(|(at, of)| format!("{at},{of}")).collect();
            let count = decimal(MAP.len() as u64);
            let mut records = record("GNU.sparse.size", &decimal(SIZE));
            records.extend(record("GNU.sparse.numblocks", &count));
            records.extend(record("GNU.sparse.name", NAME.as_bytes()));
            records.extend(record("GNU.sparse.map", pairs.join(",").as_bytes()));
            extended(&mut archive, &records);
            extend(&mut archive, Header::new(substitute, b'0', 0), &pieces());
        }
        Form::Pax10 => {
            let mut records = record("GNU.sparse.major", b"1");
            records.extend(record("GNU.sparse.minor", b"0"));
            records.extend(record("GNU.sparse.name", NAME.as_bytes()));
            records.extend(record("GNU.sparse.realsize", &decimal(SIZE)));
            extended(&mut archive, &records);
            let mut data = format!("{}\n", MAP.len()).into_bytes();
            for (offset, length) in MAP {
                data.extend(format!("{offset}\n{length}\n").into_bytes());
            }
            data.resize(data.len().next_multiple_of(super::tape::BLOCK), 0);
            data.extend(pieces());
            extend(&mut archive, Header::new(substitute, b'0', 0), &data);
        }
    }
    blocks(archive)
}

fn extended(archive: &mut Vec<u8>, records: &[u8]) {
    extend(archive, Header::new(b"PaxHeaders.0/x", b'x', 0), records);
}
