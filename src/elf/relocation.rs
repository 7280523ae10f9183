//! Relocations that can name symbols (gABI chapter 4, "Relocation").
//!
//! Read front to back in pieces: a large library has a million of them, and all
//! but a few name no symbol.

use std::io;

use object::Endianness;
use object::elf::{Rel32, Rel64, Rela32, Rela64};
use object::pod::{Pod, slice_from_all_bytes};
use object::read::elf::{Rel, Rela};

use super::consts::{
    EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64,
};
use super::dynamic::RelocationTable;
use super::header::Class;
use super::object::Object;
use super::segment::offset_of;
use crate::read_at::ReadAt;

/// How much is read at a time: a whole number of entries of every kind.
const PIECE: usize = 24 * 4096;
/// The most relocations of one table that are looked at.
const MAX_RELOCATIONS: u64 = 16 << 20;

/// What a relocation's type means to a loader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelocationKind {
    /// It does nothing.
    None,
    /// An entry of the procedure linkage table: a function, which may be bound
    /// when it is first called.
    Jump,
    /// The program's copy of a library's variable.
    Copy,
    /// An address in the object itself.
    Relative,
    /// Anything else.
    Other,
}

/// The types of one machine.
struct Types {
    machine: u16,
    jump: u32,
    copy: u32,
    relative: u32,
    /// All that musl knows (`arch/*/reloc.h`), where we know that.
    musl: Option<&'static [u32]>,
}

/// From each psABI's table of relocations.
static TYPES: &[Types] = &[
    Types {
        machine: EM_X86_64,
        jump: 7,
        copy: 5,
        relative: 8,
        musl: Some(&[1, 2, 5, 6, 7, 8, 16, 17, 18, 36]),
    },
    Types {
        machine: EM_AARCH64,
        jump: 1026,
        copy: 1024,
        relative: 1027,
        musl: Some(&[257, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031]),
    },
    types(EM_386, 7, 5, 8),
    types(EM_ARM, 22, 20, 23),
    types(EM_RISCV, 5, 4, 3),
    types(EM_PPC, 21, 19, 22),
    types(EM_PPC64, 21, 19, 22),
    types(EM_S390, 11, 9, 12),
    types(EM_LOONGARCH, 5, 4, 3),
];

const fn types(machine: u16, jump: u32, copy: u32, relative: u32) -> Types {
    Types {
        machine,
        jump,
        copy,
        relative,
        musl: None,
    }
}

fn types_of(machine: u16) -> Option<&'static Types> {
    TYPES.iter().find(|types| types.machine == machine)
}

/// Whether the relocations of `machine` are all in its tables, and known: those of MIPS
/// are not, whose global offset table is relocated without entries.
#[must_use]
pub fn knows_relocations(machine: u16) -> bool {
    types_of(machine).is_some()
}

/// What type `number` means on `machine`; `None` where its types are not known,
/// as those of MIPS, which also relocates what no entry names.
#[must_use]
pub fn relocation_kind(machine: u16, number: u32) -> Option<RelocationKind> {
    let types = types_of(machine)?;
    Some(match number {
        0 => RelocationKind::None,
        _ if number == types.jump => RelocationKind::Jump,
        _ if number == types.copy => RelocationKind::Copy,
        _ if number == types.relative => RelocationKind::Relative,
        _ => RelocationKind::Other,
    })
}

/// Whether musl on `machine` knows type `number`; `None` where we do not know.
#[must_use]
pub fn musl_relocates(machine: u16, number: u32) -> Option<bool> {
    let known = types_of(machine)?.musl?;
    Some(number == 0 || known.contains(&number))
}

/// One relocation: the index of its symbol, 0 for none, and its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Relocation {
    pub(super) symbol: u32,
    pub(super) number: u32,
}

impl Object {
    /// Calls `each` with the relocations of `table`, in order. `false` says that
    /// some were left out: they lie outside the file, or there are too many.
    pub(super) fn relocations(
        &self,
        source: &dyn ReadAt,
        table: RelocationTable,
        has_addends: bool,
        each: &mut dyn FnMut(Relocation),
    ) -> io::Result<bool> {
        if table.size == 0 {
            return Ok(true);
        }
        let Some((start, room)) = offset_of(&self.loads, table.address) else {
            return Ok(false);
        };
        let entry: u64 = match (self.class(), has_addends) {
            (Class::Elf32, false) => 8,
            (Class::Elf32, true) => 12,
            (Class::Elf64, false) => 16,
            (Class::Elf64, true) => 24,
        };
        let length = table.size.min(room).min(MAX_RELOCATIONS * entry);
        let length = length - length % entry;
        let mut piece = Vec::new();
        let mut done = 0;
        while done < length {
            let wanted = usize::try_from(length - done).map_or(PIECE, |left| left.min(PIECE));
            read_piece(source, start.saturating_add(done), wanted, &mut piece)?;
            let whole = piece.len() - piece.len() % usize::try_from(entry).unwrap_or(1);
            if whole == 0 {
                return Ok(false);
            }
            self.interpret(&piece[..whole], has_addends, each);
            done += whole as u64;
        }
        Ok(length == table.size - table.size % entry)
    }

    fn interpret(&self, bytes: &[u8], has_addends: bool, each: &mut dyn FnMut(Relocation)) {
        let endian = self.header.layout.encoding.endian();
        match (self.class(), has_addends) {
            (Class::Elf32, false) => rels::<Rel32<Endianness>>(bytes, endian, each),
            (Class::Elf64, false) => rels::<Rel64<Endianness>>(bytes, endian, each),
            (Class::Elf32, true) => relas::<Rela32<Endianness>>(bytes, endian, each),
            (Class::Elf64, true) => relas::<Rela64<Endianness>>(bytes, endian, each),
        }
    }
}

fn rels<R: Rel<Endian = Endianness> + Pod>(
    bytes: &[u8],
    endian: Endianness,
    each: &mut dyn FnMut(Relocation),
) {
    for entry in slice_from_all_bytes::<R>(bytes).unwrap_or_default() {
        each(Relocation {
            symbol: entry.r_sym(endian),
            number: entry.r_type(endian).0,
        });
    }
}

fn relas<R: Rela<Endian = Endianness> + Pod>(
    bytes: &[u8],
    endian: Endianness,
    each: &mut dyn FnMut(Relocation),
) {
    for entry in slice_from_all_bytes::<R>(bytes).unwrap_or_default() {
        each(Relocation {
            symbol: entry.r_sym(endian, false),
            number: entry.r_type(endian, false).0,
        });
    }
}

/// Fills `piece` with `length` bytes at `offset`, or as many as there are.
pub(super) fn read_piece(
    source: &dyn ReadAt,
    offset: u64,
    length: usize,
    piece: &mut Vec<u8>,
) -> io::Result<()> {
    let room = usize::try_from(source.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    piece.clear();
    piece.resize(length.min(room), 0);
    let mut filled = 0;
    while filled < piece.len() {
        let at = offset.saturating_add(filled as u64);
        match source.read_at(at, &mut piece[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    piece.truncate(filled);
    Ok(())
}
