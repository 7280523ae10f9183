//! Where in a large file the facts are.

use std::ops::Range;

use super::consts::{PF_W, PF_X, PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_NOTE};
use super::go::SEARCHED;
use super::header::Header;
use super::segment;

/// The most of a segment that tables are looked for in. Of 5,448 dynamic files
/// measured, the tables of the largest end 8.8 MB into the file.
const MAX_TABLES: u64 = 16 << 20;
/// Reading is done in pieces that may reach beyond what is needed.
const MARGIN: u64 = 8 << 10;

/// The ranges of a file of `size` bytes from which [`Object::read`] and its
/// second stages read, in ascending order, as far as `head`, its first bytes,
/// tells: the segment that has the tables, the dynamic section, interpreter,
/// notes. Empty where `head` does not have the program headers.
///
/// [`Object::read`]: super::Object::read
#[must_use]
pub fn ranges_read(head: &[u8], size: u64) -> Vec<Range<u64>> {
    let Some(header) = Header::parse(head) else {
        return Vec::new();
    };
    let entry = usize::from(header.layout.class.program_header_size());
    let length = usize::from(header.program_headers) * entry;
    let table = usize::try_from(header.program_headers_at)
        .ok()
        .and_then(|at| head.get(at..at.checked_add(length)?));
    let Some(table) = table else {
        return Vec::new();
    };
    let segments = segment::parse(table, header.layout.class, header.layout.encoding);
    let mut is_first = true;
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for segment in &segments {
        // Go's linker puts code first and the tables among the read-only data.
        let is_code_first = segments
            .iter()
            .find(|segment| segment.kind == PT_LOAD)
            .is_some_and(|first| first.flags & PF_X != 0);
        let wanted = match segment.kind {
            PT_LOAD if std::mem::take(&mut is_first) => MAX_TABLES,
            PT_LOAD if is_code_first && segment.flags & (PF_W | PF_X) == 0 => MAX_TABLES,
            PT_LOAD if segment.flags & (PF_W | PF_X) == PF_W => SEARCHED,
            PT_DYNAMIC | PT_INTERP | PT_NOTE => MAX_TABLES,
            _ => continue,
        };
        let start = segment.offset.saturating_sub(MARGIN);
        let end = segment
            .offset
            .saturating_add(segment.file_size.min(wanted))
            .saturating_add(MARGIN);
        ranges.push(start..end.min(size));
    }
    // What Go's linker leaves may stand behind what becomes read-only.
    for relro in segments.iter().filter(|s| s.kind == PT_GNU_RELRO) {
        let start = relro.offset.saturating_add(relro.file_size);
        let end = start.saturating_add(SEARCHED + MARGIN).min(size);
        ranges.push(start.saturating_sub(MARGIN)..end);
    }
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| range.start);
    ranges
}
