//! The notes that decide whether a file can run (gABI chapter 5, "Note Section").

use object::Endianness;

use super::consts::{GNU_PROPERTY_X86_ISA_1_NEEDED, NT_GNU_ABI_TAG, NT_GNU_PROPERTY_TYPE_0};
use super::dlopen::{self, Feature, NT_DLOPEN};

/// The ID that Go's linker gives a build.
const NT_GO_BUILD_ID: u32 = 4;

/// `NT_GNU_ABI_TAG`: the system and the oldest kernel that a file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbiTag {
    /// 0 is Linux.
    pub system: u32,
    /// Major, minor and patch level.
    pub kernel: [u32; 3],
}

/// The notes of one file.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Notes {
    /// `NT_GNU_ABI_TAG`
    pub abi_tag: Option<AbiTag>,
    /// `GNU_PROPERTY_X86_ISA_1_NEEDED`: bit 0 the baseline, bits 1 to 3 the
    /// levels x86-64-v2 to v4.
    pub x86_isa_needed: Option<u32>,
    /// What the file loads by name when it runs, as far as it says so.
    pub dlopens: Vec<Feature>,
    /// Go's linker made the file, by itself or through another.
    pub is_go: bool,
}

impl Notes {
    /// Adds what the notes of one `PT_NOTE` segment say. `align` is the segment's
    /// `p_align`; property notes count where it is `word`, the class's size of a word
    /// (glibc `sysdeps/x86/dl-prop.h:_dl_process_property_note`).
    pub(super) fn add(&mut self, segment: &[u8], align: u64, word: u64, endian: Endianness) {
        let takes_properties = align == word;
        let align = if align == 8 { 8 } else { 4 };
        let mut rest = segment;
        while let Some(note) = take_note(&mut rest, align, endian) {
            match (note.owner, note.kind) {
                (b"FDO\0", NT_DLOPEN) => dlopen::add(&mut self.dlopens, note.data),
                (b"Go\0\0", NT_GO_BUILD_ID) => self.is_go = true,
                (b"GNU\0", NT_GNU_ABI_TAG) => {
                    self.abi_tag = self.abi_tag.or_else(|| abi_tag(note, endian));
                }
                (b"GNU\0", NT_GNU_PROPERTY_TYPE_0) if takes_properties => {
                    self.x86_isa_needed = self
                        .x86_isa_needed
                        .or_else(|| isa_needed(note.data, align, endian));
                }
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Note<'a> {
    kind: u32,
    owner: &'a [u8],
    data: &'a [u8],
}

fn take_note<'a>(rest: &mut &'a [u8], align: usize, endian: Endianness) -> Option<Note<'a>> {
    let owner_size = word(rest, 0, endian)? as usize;
    let data_size = word(rest, 4, endian)? as usize;
    let kind = word(rest, 8, endian)?;
    let owner = rest.get(12..12_usize.checked_add(owner_size)?)?;
    let data_at = (12 + owner_size).checked_next_multiple_of(align)?;
    let data = rest.get(data_at..data_at.checked_add(data_size)?)?;
    let next = (data_at + data_size).checked_next_multiple_of(align)?;
    *rest = rest.get(next..).unwrap_or_default();
    Some(Note { kind, owner, data })
}

fn abi_tag(note: Note<'_>, endian: Endianness) -> Option<AbiTag> {
    let at = |index: usize| word(note.data, index * 4, endian);
    Some(AbiTag {
        system: at(0)?,
        kernel: [at(1)?, at(2)?, at(3)?],
    })
}

/// Walks the properties as `elf/dl-load.c:_dl_process_pt_gnu_property` does.
fn isa_needed(mut data: &[u8], align: usize, endian: Endianness) -> Option<u32> {
    loop {
        let kind = word(data, 0, endian)?;
        let size = word(data, 4, endian)? as usize;
        if kind == GNU_PROPERTY_X86_ISA_1_NEEDED && size >= 4 {
            return word(data, 8, endian);
        }
        let next = 8_usize.checked_add(size)?.checked_next_multiple_of(align)?;
        data = data.get(next..)?;
    }
}

fn word(bytes: &[u8], at: usize, endian: Endianness) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(match endian {
        Endianness::Little => u32::from_le_bytes(bytes),
        Endianness::Big => u32::from_be_bytes(bytes),
    })
}
