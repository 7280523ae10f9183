//! Writes archives block by block, wrong ones as well as right ones.

use std::ops::Range;

pub(super) const BLOCK: usize = 512;

/// Fields of a header.
pub(super) const MODE: Range<usize> = 100..108;
pub(super) const UID: Range<usize> = 108..116;
pub(super) const SIZE: Range<usize> = 124..136;
pub(super) const MTIME: Range<usize> = 136..148;
pub(super) const CHECKSUM: Range<usize> = 148..156;
pub(super) const MAGIC: Range<usize> = 257..265;
pub(super) const DEV_MAJOR: Range<usize> = 329..337;
pub(super) const PREFIX: Range<usize> = 345..500;

pub(super) const GNU: &[u8] = b"ustar  \0";

/// A header of a file `f` of mode 644 that belongs to 1000:1000.
#[derive(Clone)]
pub(super) struct Head([u8; BLOCK]);

impl Head {
    pub(super) fn new(flag: u8, name: &[u8], size: usize) -> Self {
        let mut block = [0; BLOCK];
        block[..name.len()].copy_from_slice(name);
        block[156] = flag;
        let head = Head(block)
            .field(MODE, b"0000644\0")
            .field(UID, b"0001750\0")
            .field(116..124, b"0001750\0")
            .field(MTIME, b"14524770400\0")
            .field(MAGIC, b"ustar\x0000");
        head.field(SIZE, format!("{size:011o}\0").as_bytes())
    }

    /// Puts `value` at the beginning of a field and zeros behind it.
    pub(super) fn field(mut self, range: Range<usize>, value: &[u8]) -> Self {
        let field = &mut self.0[range];
        field.fill(0);
        field[..value.len()].copy_from_slice(value);
        self
    }

    pub(super) fn link(self, target: &[u8]) -> Self {
        self.field(157..257, target)
    }

    /// The block, with its checksum.
    pub(super) fn seal(mut self) -> Vec<u8> {
        self.0[CHECKSUM].fill(b' ');
        let sum: u32 = self.0.iter().map(|&byte| u32::from(byte)).sum();
        self.field(CHECKSUM, format!("{sum:06o}\0 ").as_bytes())
            .raw()
    }

    /// The block as it is.
    pub(super) fn raw(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// A file of 8 bytes.
pub(super) fn file(name: &[u8]) -> Vec<u8> {
    [Head::new(b'0', name, 8).seal(), filled(b"content\n")].concat()
}

/// Data with its last block filled.
pub(super) fn filled(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(BLOCK), 0);
    data
}

/// A PAX record with its length.
pub(super) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} ").as_bytes(), key, b"=", value, b"\n"].concat()
}

/// An extended header with these records.
pub(super) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let records = records
        .iter()
        .map(|(key, value)| record(key.as_bytes(), value.as_bytes()));
    extension(b'x', &records.collect::<Vec<_>>().concat())
}

/// A header of the given type with a body, about what follows.
pub(super) fn extension(flag: u8, body: &[u8]) -> Vec<u8> {
    [Head::new(flag, b"x", body.len()).seal(), filled(body)].concat()
}

/// Parts, one after the other, and the end.
pub(super) fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}
