//! Symbol version needs and definitions (LSB Core, "Symbol Versioning").
//!
//! The tables have no size of their own in the dynamic section, only a count,
//! and their records are chained by offsets. A chain that does not advance, or
//! that leaves the file, ends the reading with an anomaly.

use std::io;
use std::ops::Range;

use object::Endianness;
use object::elf::{Verdaux, Verdef, Vernaux, Verneed};
use object::pod::{Pod, from_bytes};

use super::anomaly::Anomaly;
use super::consts::{VER_FLG_BASE, VER_FLG_WEAK};
use super::dynamic::{Strings, Tables, version_extent};
use super::header::Encoding;
use super::limits::MAX_NAMES;
use super::name::Name;
use super::object::Object;
use super::window::Window;
use crate::bytes::same;
use crate::read_at::ReadAt;

/// The most records that are followed in both tables.
const MAX_RECORDS: usize = 65_535;

/// The most records that room is made for before they are read.
const EXPECTED: usize = 16;

/// The versions that an object wants of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionNeed {
    /// `vn_file`: a `DT_NEEDED` name.
    pub file: Name,
    /// Which of [`Versions::entries`] are its own.
    entries: Range<usize>,
}

/// One version that an object wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionNeedEntry {
    /// `vna_name`
    pub name: Name,
    /// `vna_hash`
    pub hash: u32,
    /// `VER_FLG_WEAK`
    pub weak: bool,
    /// `vna_other`: the number that symbols refer to it by, and bit 15, which
    /// hides it from symbols without a version.
    pub index: u16,
}

/// One version that an object defines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionDefinition {
    /// `vda_name` of the first auxiliary record.
    pub name: Name,
    /// `vd_hash`
    pub hash: u32,
    /// `VER_FLG_BASE`: names the file and not a version of its symbols.
    pub base: bool,
    /// `vd_ndx`: the number that symbols refer to it by.
    pub index: u16,
}

/// Both tables of an object.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Versions {
    /// `DT_VERNEED`
    pub needs: Vec<VersionNeed>,
    /// The versions of all needs, in order.
    entries: Vec<VersionNeedEntry>,
    /// `DT_VERDEF`
    pub definitions: Vec<VersionDefinition>,
}

impl Versions {
    /// The versions that `need`, which is one of these, wants of its file, in order.
    #[must_use]
    pub fn of(&self, need: &VersionNeed) -> &[VersionNeedEntry] {
        self.entries.get(need.entries.clone()).unwrap_or_default()
    }

    /// Gives back the room for more.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.needs.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.definitions.shrink_to_fit();
    }

    /// The versions that are needed of any file, in order.
    #[must_use]
    pub fn needed(&self) -> &[VersionNeedEntry] {
        &self.entries
    }

    /// Whether a version is defined, by hash and name as the loader compares them
    /// (glibc `elf/dl-version.c:match_symbol`).
    #[must_use]
    pub fn define(&self, hash: u32, name: &[u8]) -> bool {
        let is_it = |definition: &VersionDefinition| {
            definition.hash == hash && same(&definition.name, name)
        };
        self.definitions.iter().any(is_it)
    }
}

impl Object {
    /// Whether there is a `DT_VERNEED` or `DT_VERDEF`.
    #[must_use]
    pub fn has_versions(&self) -> bool {
        self.tables.version_needs.is_some() || self.defines_versions()
    }

    /// Whether there is a `DT_VERDEF`.
    #[must_use]
    pub fn defines_versions(&self) -> bool {
        self.tables.version_definitions.is_some()
    }

    /// Reads the version tables from `source`, the file that this was read from:
    /// the second stage, on demand. What is wrong with them stands beside.
    ///
    /// # Errors
    /// Whatever reading `source` reports.
    pub fn versions(&self, source: &dyn ReadAt) -> io::Result<(Versions, Vec<Anomaly>)> {
        self.versions_in(&mut Window::unread(source))
    }

    /// The same from what was read of the file already, and more of it.
    pub(super) fn versions_in(
        &self,
        window: &mut Window<'_>,
    ) -> io::Result<(Versions, Vec<Anomaly>)> {
        let mut anomalies = Vec::new();
        let encoding = self.header.layout.encoding;
        let versions = read(window, &self.tables, encoding, &mut anomalies)?;
        Ok((versions, anomalies))
    }
}

fn read(
    window: &mut Window<'_>,
    tables: &Tables,
    encoding: Encoding,
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<Versions> {
    let mut versions = Versions::default();
    let Some(strings) = tables.strings else {
        return Ok(versions);
    };
    prefetch(window, tables, strings)?;
    let mut reader = Reader {
        window,
        strings,
        endian: encoding.endian(),
        records: MAX_RECORDS,
        names: MAX_NAMES,
    };
    if let Some((offset, count)) = tables.version_needs
        && let Err(what) = reader.needs(offset, count, &mut versions)?
    {
        anomalies.push(Anomaly::VersionTable(what));
    }
    if let Some((offset, count)) = tables.version_definitions
        && let Err(what) = reader.definitions(offset, count, &mut versions.definitions)?
    {
        anomalies.push(Anomaly::VersionTable(what));
    }
    Ok(versions)
}

/// Fetches what is likely to be needed in one read.
fn prefetch(window: &mut Window<'_>, tables: &Tables, strings: Strings) -> io::Result<()> {
    let Some((start, end)) = version_extent(tables, strings) else {
        return Ok(());
    };
    let end = end.min(window.size());
    match usize::try_from(end.saturating_sub(start)) {
        Ok(length) if length > 0 => window.fetch(start, length),
        _ => Ok(()),
    }
}

/// How many of the `count` records that a table claims to have are worth making room for.
fn expected(count: u64) -> usize {
    usize::try_from(count).map_or(EXPECTED, |count| count.min(EXPECTED))
}

/// What a table's reading ended with: its end, or what is wrong with it.
type Ended = Result<(), &'static str>;

struct Reader<'r, 'w> {
    window: &'r mut Window<'w>,
    strings: Strings,
    endian: Endianness,
    /// Records that may still be read. Chains can share their ends, so that the
    /// product of two counts is far more than what the file holds.
    records: usize,
    /// Bytes that names may still have.
    names: usize,
}

impl Reader<'_, '_> {
    fn record<T: Pod + Copy>(&mut self, offset: u64) -> io::Result<Option<T>> {
        let Some(left) = self.records.checked_sub(1) else {
            return Ok(None);
        };
        self.records = left;
        let bytes = self.window.bytes(offset, size_of::<T>())?;
        Ok(bytes
            .and_then(|bytes| from_bytes::<T>(bytes).ok())
            .map(|(record, _)| *record))
    }

    fn name(&mut self, at: u32) -> io::Result<Option<Name>> {
        let name: Option<Name> = self
            .strings
            .get(self.window, at.into())?
            .ok()
            .map(Into::into);
        let Some(name) = name else { return Ok(None) };
        let left = self.names.checked_sub(name.len());
        self.names = left.unwrap_or(0);
        Ok(left.map(|_| name))
    }

    /// What to say where a record is missing: the file ends, or our patience.
    fn ended(&self, outside: &'static str) -> Ended {
        Err(match (self.records, self.names) {
            (0, _) => "it has more than 65,535 records",
            (_, 0) => "its names exceed 1 MiB in total",
            _ => outside,
        })
    }

    fn needs(&mut self, mut offset: u64, count: u64, out: &mut Versions) -> io::Result<Ended> {
        out.needs.reserve_exact(expected(count));
        for number in 0..count {
            let Some(need) = self.record::<Verneed<Endianness>>(offset)? else {
                return Ok(self.ended("a need lies outside the file"));
            };
            let Some(file) = self.name(need.vn_file.get(self.endian))? else {
                return Ok(self.ended("a file name lies outside the string table"));
            };
            let start = out.entries.len();
            let first = offset.saturating_add(need.vn_aux.get(self.endian).into());
            let count_of_entries = need.vn_cnt.get(self.endian);
            let ended = self.need_entries(first, count_of_entries, &mut out.entries)?;
            let entries = start..out.entries.len();
            out.needs.push(VersionNeed { file, entries });
            if ended.is_err() {
                return Ok(ended);
            }
            let next = need.vn_next.get(self.endian);
            if next == 0 {
                return Ok(if number + 1 == count {
                    Ok(())
                } else {
                    Err("it ends early")
                });
            }
            offset = offset.saturating_add(next.into());
        }
        Ok(Ok(()))
    }

    fn need_entries(
        &mut self,
        mut offset: u64,
        count: u16,
        out: &mut Vec<VersionNeedEntry>,
    ) -> io::Result<Ended> {
        out.reserve(expected(count.into()));
        for number in 0..count {
            let Some(entry) = self.record::<Vernaux<Endianness>>(offset)? else {
                return Ok(self.ended("a version lies outside the file"));
            };
            let Some(name) = self.name(entry.vna_name.get(self.endian))? else {
                return Ok(self.ended("a version's name lies outside the string table"));
            };
            let weak = entry.vna_flags.get(self.endian).0 & VER_FLG_WEAK != 0;
            let index = entry.vna_other.get(self.endian).0;
            let hash = entry.vna_hash.get(self.endian);
            out.push(VersionNeedEntry {
                name,
                hash,
                weak,
                index,
            });
            let next = entry.vna_next.get(self.endian);
            if next == 0 {
                return Ok(if number + 1 == count {
                    Ok(())
                } else {
                    Err("it ends early")
                });
            }
            offset = offset.saturating_add(next.into());
        }
        Ok(Ok(()))
    }

    fn definitions(
        &mut self,
        mut offset: u64,
        count: u64,
        out: &mut Vec<VersionDefinition>,
    ) -> io::Result<Ended> {
        out.reserve_exact(expected(count));
        for number in 0..count {
            let Some(definition) = self.record::<Verdef<Endianness>>(offset)? else {
                return Ok(self.ended("a definition lies outside the file"));
            };
            let first = offset.saturating_add(definition.vd_aux.get(self.endian).into());
            let Some(entry) = self.record::<Verdaux<Endianness>>(first)? else {
                return Ok(self.ended("a definition's name lies outside the file"));
            };
            let Some(name) = self.name(entry.vda_name.get(self.endian))? else {
                return Ok(self.ended("a definition's name lies outside the string table"));
            };
            let base = definition.vd_flags.get(self.endian).0 & VER_FLG_BASE != 0;
            let index = definition.vd_ndx.get(self.endian).0;
            let hash = definition.vd_hash.get(self.endian);
            out.push(VersionDefinition {
                name,
                hash,
                base,
                index,
            });
            let next = definition.vd_next.get(self.endian);
            if next == 0 {
                return Ok(if number + 1 == count {
                    Ok(())
                } else {
                    Err("it ends early")
                });
            }
            offset = offset.saturating_add(next.into());
        }
        Ok(Ok(()))
    }
}
