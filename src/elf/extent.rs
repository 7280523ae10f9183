//! Where in a large file the facts are.

use std::ops::Range;

use super::asks::MAX_SEARCHED;
use super::consts::{PF_W, PF_X, PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_NOTE};
use super::go::SEARCHED;
use super::header::Header;
use super::segment::{self, Segments};

/// The most of a segment that tables are looked for in. Of 5,448 dynamic files
/// measured, the tables of the largest end 8.8 MB into the file.
const MAX_TABLES: u64 = 12 << 20;
/// The most of one file that is held at once.
const MAX_SUM: u64 = 64 << 20;
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
    let mut segments = Segments::new();
    segment::parse(
        table,
        header.layout.class,
        header.layout.encoding,
        &mut segments,
    );
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
            PT_LOAD if is_code_first && segment.flags & (PF_W | PF_X) == 0 => MAX_SEARCHED,
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
    let mut left = MAX_SUM;
    let mut end = 0;
    for range in &mut ranges {
        // What two of them have is held once.
        range.start = range.start.max(end).min(range.end);
        range.end = range.end.min(range.start.saturating_add(left));
        left -= range.end - range.start;
        end = end.max(range.end);
    }
    ranges.retain(|range| range.start < range.end);
    ranges
}

#[cfg(test)]
mod tests {
    use super::{MAX_SUM, ranges_read};
    use crate::elf::consts::{PF_W, PT_LOAD, PT_NOTE};

    /// The head of a 64-bit file with segments of one kind, one after the other.
    fn head(kind: u32, segments: u16, size: u64) -> Vec<u8> {
        let mut head = vec![0; 64];
        head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        head[16..20].copy_from_slice(&[3, 0, 62, 0]);
        head[32..40].copy_from_slice(&64_u64.to_le_bytes());
        head[54..56].copy_from_slice(&56_u16.to_le_bytes());
        head[56..58].copy_from_slice(&segments.to_le_bytes());
        for number in 0..u64::from(segments) {
            let mut entry = [0; 56];
            entry[..4].copy_from_slice(&kind.to_le_bytes());
            entry[4..8].copy_from_slice(&(PF_W | 4).to_le_bytes());
            entry[8..16].copy_from_slice(&(number * size).to_le_bytes());
            entry[32..40].copy_from_slice(&size.to_le_bytes());
            head.extend(entry);
        }
        head
    }

    #[test]
    fn many_segments_do_not_make_much_to_hold() {
        let segments = 70;
        let ranges = ranges_read(&head(PT_NOTE, segments, 16 << 20), 70 << 24);
        let sum: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        assert_eq!(sum, MAX_SUM);
        let few = ranges_read(&head(PT_NOTE, 2, 16 << 20), 2 << 24);
        let sum: u64 = few.iter().map(|range| range.end - range.start).sum();
        assert!(sum < MAX_SUM && few.len() == 2, "{few:?}");
    }

    #[test]
    fn what_ranges_share_is_held_once() {
        let ranges = ranges_read(&head(PT_LOAD, 9, 4096), 9 << 12);
        let pairs = ranges.iter().zip(&ranges[1..]);
        assert!(
            pairs.into_iter().all(|(one, next)| one.end <= next.start),
            "{ranges:?}"
        );
        assert_eq!(ranges.last().map(|range| range.end), Some(9 << 12));
    }
}
