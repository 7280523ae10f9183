//! Where in a large file the facts are.

use std::ops::Range;

use super::consts::{PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE};
use super::header::Header;
use super::segment;

/// The most of a segment that tables are looked for in. Of 5,448 dynamic files
/// measured, the tables of the largest end 8.8 MB into the file.
const MAX_TABLES: u64 = 16 << 20;
/// How much of the writable data is looked at: Go keeps its build information at
/// the beginning of it.
const DATA: u64 = 64 << 10;
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
        let wanted = match segment.kind {
            PT_LOAD if std::mem::take(&mut is_first) => MAX_TABLES,
            PT_LOAD if segment.flags & (PF_W | PF_X) == PF_W => DATA,
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
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| range.start);
    ranges
}
