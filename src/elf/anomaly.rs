//! What is odd in the bytes of an ELF file.

use std::fmt;

/// Something in an ELF file that is not as the specification has it.
///
/// The texts follow `PATH: what is wrong (offset 0x.., value ..)`; the path is
/// for whoever knows it to put in front.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Anomaly {
    /// `e_phoff` and `e_phnum` describe a table that the file does not hold.
    ProgramHeadersOutside {
        /// `e_phoff`
        offset: u64,
        /// Bytes in the file.
        size: u64,
    },
    /// `e_phentsize` is not what the class has.
    ProgramHeaderSize {
        /// `e_phentsize`
        found: u16,
        /// What the class has.
        wanted: u16,
    },
    /// More than one `PT_INTERP`; the kernel takes the first.
    SeveralInterps(usize),
    /// The path that `PT_INTERP` points to is not in the file.
    InterpOutside {
        /// `p_offset`
        offset: u64,
        /// `p_filesz`
        length: u64,
    },
    /// More than one `PT_DYNAMIC`; the loaders take the last.
    SeveralDynamics(usize),
    /// `PT_DYNAMIC` is not in the file.
    DynamicOutside {
        /// `p_offset`
        offset: u64,
        /// `p_filesz`
        length: u64,
    },
    /// No `DT_NULL` ends the dynamic section.
    DynamicUnterminated,
    /// `DT_STRTAB` is missing or no `PT_LOAD` holds its address.
    StringTableUnmapped(u64),
    /// A string lies outside the string table or the file.
    StringOutside {
        /// The tag, as `readelf` names it.
        tag: &'static str,
        /// Which of the entries with this tag, from 1.
        number: usize,
        /// `d_val`
        offset: u64,
    },
    /// A string has no end within the limit.
    StringTooLong {
        /// The tag, as `readelf` names it.
        tag: &'static str,
        /// Which of the entries with this tag, from 1.
        number: usize,
    },
    /// More `DT_NEEDED` entries than the limit.
    TooManyNeeded,
    /// The names together exceed the limit.
    NamesTooLong,
    /// A version table points outside the file or into itself.
    VersionTable(&'static str),
    /// A `PT_LOAD` reaches past the end of the file.
    LoadPastEnd {
        /// `p_offset + p_filesz`
        end: u64,
        /// Bytes in the file.
        size: u64,
    },
}

impl Anomaly {
    /// Whether the list of needs may be wrong because of it, so that no verdict
    /// can rest on that list.
    #[must_use]
    pub fn hides_needs(&self) -> bool {
        matches!(
            self,
            Anomaly::DynamicOutside { .. }
                | Anomaly::StringTableUnmapped(_)
                | Anomaly::StringOutside { .. }
                | Anomaly::StringTooLong { .. }
                | Anomaly::TooManyNeeded
                | Anomaly::NamesTooLong
        )
    }

    /// Whether the kernel or a loader passes over it and takes what it takes.
    #[must_use]
    pub fn is_tolerated(&self) -> bool {
        matches!(
            self,
            Anomaly::SeveralInterps(_) | Anomaly::SeveralDynamics(_) | Anomaly::DynamicUnterminated
        )
    }

    /// Whether it is one of our own limits that stopped the reading.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Anomaly::TooManyNeeded | Anomaly::NamesTooLong)
    }

    /// The offset in the file that it is about.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self {
            Anomaly::ProgramHeadersOutside { offset, .. }
            | Anomaly::InterpOutside { offset, .. }
            | Anomaly::DynamicOutside { offset, .. } => Some(*offset),
            _ => None,
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Anomaly::ProgramHeadersOutside { offset, size } => {
                write!(
                    f,
                    "program headers at {offset:#x} lie outside the file ({size} bytes)"
                )
            }
            Anomaly::ProgramHeaderSize { found, wanted } => {
                write!(f, "program header size {found}, expected {wanted}")
            }
            Anomaly::SeveralInterps(count) => {
                write!(f, "{count} PT_INTERP segments; the kernel takes the first")
            }
            Anomaly::InterpOutside { offset, length } => {
                write!(
                    f,
                    "interpreter path is outside the file (offset {offset:#x}, size {length})"
                )
            }
            Anomaly::SeveralDynamics(count) => {
                write!(f, "{count} dynamic segments; the loader takes the last")
            }
            Anomaly::DynamicOutside { offset, length } => {
                write!(
                    f,
                    "dynamic segment lies outside the file (offset {offset:#x}, size {length})"
                )
            }
            Anomaly::DynamicUnterminated => write!(f, "dynamic segment has no DT_NULL"),
            Anomaly::StringTableUnmapped(address) => {
                write!(
                    f,
                    "string table address {address:#x} is in no loaded segment"
                )
            }
            Anomaly::StringOutside {
                tag,
                number,
                offset,
            } => {
                write!(
                    f,
                    "{tag} #{number}: string offset {offset:#x} past the string table"
                )
            }
            Anomaly::StringTooLong { tag, number } => {
                write!(
                    f,
                    "{tag} #{number}: name longer than {} bytes",
                    super::limits::MAX_NAME
                )
            }
            Anomaly::TooManyNeeded => {
                write!(
                    f,
                    "more than {} DT_NEEDED entries",
                    super::limits::MAX_NEEDED
                )
            }
            Anomaly::NamesTooLong => write!(f, "names exceed 1 MiB in total"),
            Anomaly::VersionTable(what) => write!(f, "version table is malformed ({what})"),
            Anomaly::LoadPastEnd { end, size } => {
                write!(
                    f,
                    "a segment ends at {end:#x}, past the end of the file ({size} bytes)"
                )
            }
        }
    }
}
