//! The ELF header and its identification bytes (gABI chapter 4, "ELF Header").

use object::Endianness;
use object::elf::{FileHeader32, FileHeader64};
use object::pod::from_bytes;
use object::read::elf::FileHeader;

use super::consts::{
    EI_ABIVERSION, EI_CLASS, EI_DATA, EI_OSABI, EI_VERSION, ELFCLASS32, ELFCLASS64, ELFDATA2LSB,
    ELFDATA2MSB,
};
use crate::platform;

/// The first 16 bytes, as they are in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident(pub [u8; 16]);

impl Ident {
    /// Whether the four magic bytes are there.
    #[must_use]
    pub fn has_magic(&self) -> bool {
        self.0[..4] == *b"\x7fELF"
    }

    /// `EI_CLASS` as it is written.
    #[must_use]
    pub fn class(&self) -> u8 {
        self.0[EI_CLASS]
    }

    /// `EI_DATA` as it is written.
    #[must_use]
    pub fn data(&self) -> u8 {
        self.0[EI_DATA]
    }

    /// `EI_VERSION` as it is written.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.0[EI_VERSION]
    }

    /// `EI_OSABI` as it is written.
    #[must_use]
    pub fn osabi(&self) -> u8 {
        self.0[EI_OSABI]
    }

    /// `EI_ABIVERSION` as it is written.
    #[must_use]
    pub fn abi_version(&self) -> u8 {
        self.0[EI_ABIVERSION]
    }

    /// Whether the bytes from `EI_PAD` on are all zero.
    #[must_use]
    pub fn padding_is_zero(&self) -> bool {
        self.0[9..].iter().all(|&b| b == 0)
    }
}

/// `ELFCLASS32` or `ELFCLASS64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// `ELFCLASS32`
    Elf32,
    /// `ELFCLASS64`
    Elf64,
}

impl Class {
    /// The value of `EI_CLASS` that stands for it.
    #[must_use]
    pub fn ident(self) -> u8 {
        match self {
            Class::Elf32 => ELFCLASS32,
            Class::Elf64 => ELFCLASS64,
        }
    }

    /// 32 or 64.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Class::Elf32 => 32,
            Class::Elf64 => 64,
        }
    }

    /// The size of the ELF header in bytes.
    #[must_use]
    pub fn header_size(self) -> usize {
        match self {
            Class::Elf32 => 52,
            Class::Elf64 => 64,
        }
    }

    /// The size of one program header in bytes.
    #[must_use]
    pub fn program_header_size(self) -> u16 {
        match self {
            Class::Elf32 => 32,
            Class::Elf64 => 56,
        }
    }

    /// The size of an address, and of half an entry of the dynamic section.
    #[must_use]
    pub fn word_size(self) -> u64 {
        match self {
            Class::Elf32 => 4,
            Class::Elf64 => 8,
        }
    }
}

/// `ELFDATA2LSB` or `ELFDATA2MSB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Encoding {
    /// `ELFDATA2LSB`
    Little,
    /// `ELFDATA2MSB`
    Big,
}

impl Encoding {
    /// The value of `EI_DATA` that stands for it.
    #[must_use]
    pub fn ident(self) -> u8 {
        match self {
            Encoding::Little => ELFDATA2LSB,
            Encoding::Big => ELFDATA2MSB,
        }
    }

    /// As `readelf` says it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Encoding::Little => "little endian",
            Encoding::Big => "big endian",
        }
    }

    pub(super) fn endian(self) -> Endianness {
        match self {
            Encoding::Little => Endianness::Little,
            Encoding::Big => Endianness::Big,
        }
    }
}

/// How the structures behind the identification are laid out.
///
/// Nearly always what `EI_CLASS` and `EI_DATA` say. Where these contradict the
/// machine, the machine decides: the kernel and the loaders read every file in
/// their own layout (`fs/binfmt_elf.c:load_elf_binary` never looks at them).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    /// The class that the structures have.
    pub class: Class,
    /// The byte order that they have.
    pub encoding: Encoding,
}

/// What the ELF header says, in host order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The identification bytes.
    pub ident: Ident,
    /// How the rest was read.
    pub layout: Layout,
    /// `e_type`
    pub object_type: u16,
    /// `e_machine`
    pub machine: u16,
    /// `e_version`
    pub version: u32,
    /// `e_entry`
    pub entry: u64,
    /// `e_phoff`
    pub program_headers_at: u64,
    /// `e_flags`
    pub flags: u32,
    /// `e_phentsize`
    pub program_header_size: u16,
    /// `e_phnum`
    pub program_headers: u16,
    /// Where the section header table ends, which mostly ends the file; 0 where there is
    /// none. No loader reads it.
    pub sections_end: u64,
}

impl Header {
    /// The header in `head`, the first bytes of a file that starts with the
    /// magic; `None` where they do not hold a whole one.
    pub(super) fn parse(head: &[u8]) -> Option<Header> {
        let ident = Ident(head.get(..16)?.try_into().ok()?);
        Header::parse_as(head, layout(ident, head)?)
    }

    /// The header in `head`, read in this layout whatever the identification
    /// says.
    pub(super) fn parse_as(head: &[u8], layout: Layout) -> Option<Header> {
        let ident = Ident(head.get(..16)?.try_into().ok()?);
        match layout.class {
            Class::Elf32 => fields::<FileHeader32<Endianness>>(head, ident, layout),
            Class::Elf64 => fields::<FileHeader64<Endianness>>(head, ident, layout),
        }
    }
}

fn fields<H: FileHeader<Endian = Endianness>>(
    head: &[u8],
    ident: Ident,
    layout: Layout,
) -> Option<Header> {
    let (header, _) = from_bytes::<H>(head).ok()?;
    let endian = layout.encoding.endian();
    let sections_at: u64 = header.e_shoff(endian).into();
    let sections = u64::from(header.e_shnum(endian)) * u64::from(header.e_shentsize(endian));
    Some(Header {
        ident,
        layout,
        entry: header.e_entry(endian).into(),
        object_type: header.e_type(endian).0,
        machine: header.e_machine(endian).0,
        version: header.e_version(endian),
        program_headers_at: header.e_phoff(endian).into(),
        flags: header.e_flags(endian).0,
        program_header_size: header.e_phentsize(endian),
        program_headers: header.e_phnum(endian),
        sections_end: match sections_at {
            0 => 0,
            at => at.saturating_add(sections),
        },
    })
}

/// The layout that `EI_CLASS` and `EI_DATA` name if the machine can have it and
/// the size of a program header agrees, else one for which both are true.
fn layout(ident: Ident, head: &[u8]) -> Option<Layout> {
    let class = match ident.class() {
        ELFCLASS32 => Some(Class::Elf32),
        ELFCLASS64 => Some(Class::Elf64),
        _ => None,
    };
    let encoding = match ident.data() {
        ELFDATA2LSB => Some(Encoding::Little),
        ELFDATA2MSB => Some(Encoding::Big),
        _ => None,
    };
    let named = class
        .zip(encoding)
        .map(|(class, encoding)| Layout { class, encoding });
    let classes = [Class::Elf64, Class::Elf32];
    let encodings = [Encoding::Little, Encoding::Big];
    let every = classes
        .into_iter()
        .flat_map(|class| encodings.map(|encoding| Layout { class, encoding }));
    let of_machine = |layout: &Layout| {
        half(head, 18, *layout).is_some_and(|m| platform::machine_has(m, *layout))
    };
    let of_table = |layout: &Layout| {
        let at = if layout.class == Class::Elf64 { 54 } else { 42 };
        half(head, at, *layout) == Some(layout.class.program_header_size())
    };
    let mut candidates = named.into_iter().chain(every);
    candidates
        .clone()
        .find(|layout| of_machine(layout) && of_table(layout))
        .or_else(|| named.filter(of_machine))
        .or_else(|| candidates.find(of_machine))
        .or(named)
}

/// The two bytes at `at`.
fn half(head: &[u8], at: usize, layout: Layout) -> Option<u16> {
    let bytes = head.get(at..at + 2)?.try_into().ok()?;
    Some(match layout.encoding {
        Encoding::Little => u16::from_le_bytes(bytes),
        Encoding::Big => u16::from_be_bytes(bytes),
    })
}
