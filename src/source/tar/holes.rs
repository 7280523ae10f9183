//! From the headers of a sparse file to a place among its holes.
//!
//! Follows `reader.go` (`handleSparseFile`, `readGNUSparsePAXHeaders`,
//! `readOldGNUSparseMap`, `readGNUSparseMap1x0`) and, for the limit of 1 MiB
//! that both kinds of map in blocks have, Go 1.26.

use super::entries::{refuse, refuse_record, replace};
use super::error::{Limited, Malformed, Oddity, TarError};
use super::header::{self, Format, Header};
use super::pax::{Key, Records};
use super::reader::Reader;
use super::sparse::{self, Cursor, InData, Map};
use super::{BLOCK, Input, SparseFormat};

impl<I: Input> Reader<I> {
    /// The place among the holes of a sparse file, with the map read where it
    /// stands in blocks of its own; `file_name` and the size are set to those of
    /// the file with holes.
    pub(super) fn read_sparse(
        &mut self,
        header: &mut Header,
        file_name: &mut Vec<u8>,
        records: Option<&Records>,
        at: u64,
    ) -> Result<Option<(SparseFormat, Cursor)>, TarError> {
        let (format, map) = if header.flag == b'S' {
            (SparseFormat::OldGnu, self.read_old_gnu(header, at)?)
        } else {
            let Some(records) = records else {
                return Ok(None);
            };
            let Some(format) = self.sparse_format(records, at) else {
                return Ok(None);
            };
            let name = records.get(Key::SparseName);
            if !name.is_empty() {
                replace(file_name, name);
            }
            let (size, real) = (Key::SparseSize, Key::SparseRealSize);
            let is_given = !records.get(size).is_empty();
            let size = records.number(if is_given { size } else { real });
            if let Some(size) = size.map_err(refuse_record)? {
                header.size = size;
            }
            let map = if format == SparseFormat::InData {
                self.read_map_in_data()?
            } else {
                let mut map = Map::new(self.limits.sparse_extents);
                let (count, list) = (records.get(Key::SparseCount), records.get(Key::SparseMap));
                map.add_records(count, list)
                    .map_err(|fault| self.bad_map(at, fault))?;
                map
            };
            (format, map)
        };
        let cursor = map.finish(header.size, self.body.left);
        let cursor = cursor.map_err(|fault| self.bad_map(at, fault))?;
        Ok(Some((format, cursor)))
    }

    /// Which version of sparse file the records say that this is
    /// (`readGNUSparsePAXHeaders`). The oldest ones say none.
    fn sparse_format(&mut self, records: &Records, at: u64) -> Option<SparseFormat> {
        let version = (records.get(Key::SparseMajor), records.get(Key::SparseMinor));
        match version {
            (b"0", b"0" | b"1") => Some(SparseFormat::InRecords),
            (b"1", b"0") => Some(SparseFormat::InData),
            (b"", b"") => {
                let has_map = !records.get(Key::SparseMap).is_empty();
                has_map.then_some(SparseFormat::InRecords)
            }
            _ => {
                self.warn(at, Oddity::UnknownSparseVersion);
                None
            }
        }
    }

    /// The map in an old GNU header and in the blocks after it, which the
    /// size in the header does not count.
    fn read_old_gnu(&mut self, header: &mut Header, at: u64) -> Result<Map, TarError> {
        if header.format != Format::Gnu {
            let why = "type S in a header that is not GNU's";
            return Err(self.bad_map(at, sparse::Fault::Malformed(why)));
        }
        let size = header::field(&self.block, "realsize", header::GNU_REAL_SIZE);
        header.size = size.map_err(|fault| refuse(at, fault))?;
        let mut map = Map::new(self.limits.sparse_extents);
        let mut has_more = map.add_old_gnu(&self.block[header::GNU_SPARSE]);
        let map_at = self.offset;
        loop {
            if !has_more.map_err(|fault| self.bad_map(at, fault))? {
                return Ok(map);
            }
            self.bound_map(map_at)?;
            self.read_map_block()?;
            has_more = map.add_old_gnu(&self.block);
        }
    }

    /// The map of PAX 1.0 in front of the data, of which it is a part.
    fn read_map_in_data(&mut self) -> Result<Map, TarError> {
        let map_at = self.offset;
        let mut map = InData::new(self.limits.sparse_extents);
        while !map.is_complete() {
            self.bound_map(map_at)?;
            let Some(left) = self.body.left.checked_sub(BLOCK as u64) else {
                let why = "it does not end within the data";
                return Err(self.bad_map(map_at, sparse::Fault::Malformed(why)));
            };
            self.read_map_block()?;
            self.body.left = left;
            map.add(&self.block)
                .map_err(|fault| self.bad_map(map_at, fault))?;
        }
        Ok(map.into_map())
    }

    /// Refuses one block more of a map that is as long as it may be.
    fn bound_map(&self, map_at: u64) -> Result<(), TarError> {
        let limit = self.limits.extended_header;
        let value = self.offset - map_at + BLOCK as u64;
        if value <= limit {
            return Ok(());
        }
        Err(TarError::Limit {
            offset: map_at,
            what: Limited::SparseMap,
            value,
            limit,
        })
    }

    fn read_map_block(&mut self) -> Result<(), TarError> {
        if self.read_block("a sparse map")? {
            return Ok(());
        }
        Err(self.truncated("a sparse map", 0, BLOCK as u64))
    }

    pub(super) fn bad_map(&self, offset: u64, fault: sparse::Fault) -> TarError {
        match fault {
            sparse::Fault::Malformed(why) => TarError::Malformed {
                offset,
                what: Malformed::SparseMap { why },
            },
            sparse::Fault::TooMany(value) => TarError::Limit {
                offset,
                what: Limited::SparseExtents,
                value,
                limit: self.limits.sparse_extents as u64,
            },
        }
    }
}
