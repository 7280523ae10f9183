//! Program headers (gABI chapter 5, "Program Header").

use object::Endianness;
use object::elf::{ProgramHeader32, ProgramHeader64};
use object::pod::slice_from_all_bytes;
use object::read::elf::ProgramHeader;

use super::header::{Class, Encoding};
use crate::few::Few;

/// One program header, in host order and 64 bits wide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// `p_type`
    pub kind: u32,
    /// `p_flags`
    pub flags: u32,
    /// `p_offset`
    pub offset: u64,
    /// `p_vaddr`
    pub address: u64,
    /// `p_filesz`
    pub file_size: u64,
    /// `p_memsz`
    pub memory_size: u64,
    /// `p_align`
    pub align: u64,
}

/// Program headers: those of nearly every file without memory of their own.
pub(super) type Segments = Few<Segment, 16>;

/// Adds the program headers in `table`, which holds nothing else, to `segments`.
pub(super) fn parse(table: &[u8], class: Class, encoding: Encoding, segments: &mut Segments) {
    match class {
        Class::Elf32 => parse_as::<ProgramHeader32<Endianness>>(table, encoding, segments),
        Class::Elf64 => parse_as::<ProgramHeader64<Endianness>>(table, encoding, segments),
    }
}

fn parse_as<P: ProgramHeader<Endian = Endianness>>(
    table: &[u8],
    encoding: Encoding,
    segments: &mut Segments,
) {
    let endian = encoding.endian();
    let headers = slice_from_all_bytes::<P>(table).unwrap_or_default();
    segments.extend(headers.iter().map(|header| Segment {
        kind: header.p_type(endian).0,
        flags: header.p_flags(endian).0,
        offset: header.p_offset(endian).into(),
        address: header.p_vaddr(endian).into(),
        file_size: header.p_filesz(endian).into(),
        memory_size: header.p_memsz(endian).into(),
        align: header.p_align(endian).into(),
    }));
}

/// Where in the file the byte at `address` is: `(offset, bytes from there to
/// the end of its segment's part of the file)`.
pub(super) fn offset_of(loads: &[Segment], address: u64) -> Option<(u64, u64)> {
    loads.iter().find_map(|load| {
        let inside = address.checked_sub(load.address)?;
        (inside < load.file_size)
            .then(|| Some((load.offset.checked_add(inside)?, load.file_size - inside)))?
    })
}
