//! Maps of sparse files: where a file's data belongs among its holes.
//!
//! Follows `reader.go` (`readOldGNUSparseMap`, `readGNUSparseMap1x0`,
//! `readGNUSparseMap0x1`) and `common.go` (`validateSparseEntries`).

use super::number::{decimal, numeric};

/// Why a map cannot be used.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It is malformed.
    Malformed(&'static str),
    /// It has this many extents, which is too many.
    TooMany(u64),
}

/// A piece of data, as written.
#[derive(Clone, Copy, Debug)]
struct Written {
    offset: i64,
    length: i64,
}

/// A map while it is read.
pub(super) struct Map {
    extents: Vec<Written>,
    limit: usize,
}

/// Bytes of one extent in the old GNU format: two numbers of this length.
const OLD_NUMBER: usize = 12;
const OLD_EXTENT: usize = 2 * OLD_NUMBER;

impl Map {
    pub(super) fn new(limit: usize) -> Self {
        Map {
            extents: Vec::new(),
            limit,
        }
    }

    fn push(&mut self, offset: i64, length: i64) -> Result<(), Fault> {
        if self.extents.len() >= self.limit {
            return Err(Fault::TooMany(self.limit as u64 + 1));
        }
        self.extents.push(Written { offset, length });
        Ok(())
    }

    /// Extents of the old GNU format: as many as `area` has room for, and a
    /// byte after them that says whether a block with more follows. A NUL
    /// where an offset should begin ends those of this area.
    pub(super) fn add_old_gnu(&mut self, area: &[u8]) -> Result<bool, Fault> {
        let extents = area.chunks_exact(OLD_EXTENT);
        let has_more = area[area.len() / OLD_EXTENT * OLD_EXTENT] != 0;
        for extent in extents {
            let (offset, length) = extent.split_at(OLD_NUMBER);
            if offset[0] == 0 {
                break;
            }
            match (numeric(offset), numeric(length)) {
                (Some(offset), Some(length)) => self.push(offset, length)?,
                _ => return Err(Fault::Malformed("an extent is not two numbers")),
            }
        }
        Ok(has_more)
    }

    /// Extents of PAX 0.1: their number, and offsets and lengths with commas
    /// between them.
    pub(super) fn add_records(&mut self, count: &[u8], list: &[u8]) -> Result<(), Fault> {
        let count = self.count(count)?;
        let numbers = list.split(|&byte| byte == b',');
        let there = if list.is_empty() {
            0
        } else {
            numbers.clone().count() as u64
        };
        if there != 2 * count {
            return Err(Fault::Malformed("not as many numbers as it says"));
        }
        let mut numbers = numbers.map(|text| decimal(text).ok_or(NOT_A_NUMBER));
        for _ in 0..count {
            if let (Some(offset), Some(length)) = (numbers.next(), numbers.next()) {
                self.push(offset?, length?)?;
            }
        }
        Ok(())
    }

    /// A number of extents that is within the limit.
    fn count(&self, text: &[u8]) -> Result<u64, Fault> {
        let count = decimal(text).and_then(|count| u64::try_from(count).ok());
        let count = count.ok_or(Fault::Malformed("the number of extents is not one"))?;
        if count > self.limit as u64 {
            return Err(Fault::TooMany(count));
        }
        Ok(count)
    }

    /// Verifies the map for a file of `size` bytes, holes included, of which
    /// `stored` are in the archive.
    ///
    /// Extents must be in order, apart, and within the file. Go finds only
    /// while it reads that less or more data is stored than the map wants.
    pub(super) fn finish(self, size: i64, stored: u64) -> Result<Cursor, Fault> {
        let size = u64::try_from(size).map_err(|_| Fault::Malformed("the size is negative"))?;
        let mut extents = Vec::new();
        let (mut end, mut data) = (0, 0_u64);
        for written in self.extents {
            let (Ok(start), Ok(length)) =
                (u64::try_from(written.offset), u64::try_from(written.length))
            else {
                return Err(Fault::Malformed("a negative number"));
            };
            if start < end {
                return Err(Fault::Malformed("extents overlap or are out of order"));
            }
            end = start + length; // both below 2^63
            if end > size {
                return Err(Fault::Malformed("an extent ends after the file"));
            }
            if length > 0 {
                data += length; // no more than `size`: they do not overlap
                extents.push(Extent { start, end });
            }
        }
        match data.cmp(&stored) {
            std::cmp::Ordering::Greater => Err(Fault::Malformed("more data than is stored")),
            std::cmp::Ordering::Less => Err(Fault::Malformed("less data than is stored")),
            std::cmp::Ordering::Equal => Ok(Cursor {
                extents,
                next: 0,
                position: 0,
                size,
            }),
        }
    }
}

const NOT_A_NUMBER: Fault = Fault::Malformed("an offset or length is not a number");

/// The map of PAX 1.0, which stands in blocks in front of the data: the number
/// of extents, then offsets and lengths, a newline after each.
pub(super) struct InData {
    map: Map,
    /// Digits that wait for their newline.
    text: Vec<u8>,
    /// How many extents are still to come, once that is known.
    left: Option<u64>,
    /// An offset that waits for its length.
    offset: Option<i64>,
}

impl InData {
    pub(super) fn new(limit: usize) -> Self {
        InData {
            map: Map::new(limit),
            text: Vec::new(),
            left: None,
            offset: None,
        }
    }

    /// Takes a block. The rest of the last one is filling.
    pub(super) fn add(&mut self, block: &[u8]) -> Result<(), Fault> {
        let mut rest = block;
        while !self.is_complete() {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.text.extend_from_slice(rest);
                return Ok(());
            };
            self.text.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let text = std::mem::take(&mut self.text);
            let Some(left) = self.left else {
                self.left = Some(self.map.count(&text)?);
                continue;
            };
            let number = decimal(&text).ok_or(NOT_A_NUMBER)?;
            match self.offset.take() {
                None => self.offset = Some(number),
                Some(offset) => {
                    self.map.push(offset, number)?;
                    self.left = Some(left - 1);
                }
            }
        }
        Ok(())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.left == Some(0)
    }

    pub(super) fn into_map(self) -> Map {
        self.map
    }
}

/// A piece of data that is not empty.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u64,
    end: u64,
}

/// A place in a sparse file.
#[derive(Debug)]
pub(super) struct Cursor {
    extents: Vec<Extent>,
    /// The first extent that does not lie wholly before the position.
    next: usize,
    position: u64,
    size: u64,
}

/// What stands at a place of a sparse file, and for how many bytes, never 0.
pub(super) enum Piece {
    Data(u64),
    Hole(u64),
    End,
}

impl Cursor {
    /// Bytes of the file, holes included.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn piece(&self) -> Piece {
        match self.extents.get(self.next) {
            Some(extent) if extent.start <= self.position => {
                Piece::Data(extent.end - self.position)
            }
            Some(extent) => Piece::Hole(extent.start - self.position),
            None if self.position < self.size => Piece::Hole(self.size - self.position),
            None => Piece::End,
        }
    }

    /// Moves on by `count` bytes, no more than the piece has.
    pub(super) fn advance(&mut self, count: u64) {
        self.position += count;
        let extent = self.extents.get(self.next);
        if extent.is_some_and(|extent| extent.end <= self.position) {
            self.next += 1;
        }
    }
}
