//! One ELF file, read.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::anomaly::Anomaly;
use super::consts::{
    ET_DYN, ET_EXEC, PF_X, PT_DYNAMIC, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_NOTE,
};
use super::dynamic::{self, Dynamic, Tables};
use super::header::{Class, Header, Layout};
use super::note::Notes;
use super::segment::{self, Segment, Segments};
use super::version::Versions;
use super::window::Window;
use crate::few::Few;
use crate::read_at::ReadAt;

/// The longest `PT_INTERP` that is kept: one byte more than the kernel takes.
const MAX_INTERP: u64 = 4096;
/// The most of one note segment that is looked at.
const MAX_NOTES: u64 = 16 << 10;
/// The most of all note segments.
const MAX_ALL_NOTES: u64 = 256 << 10;

/// The program header table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SegmentTable {
    /// It was read.
    Read,
    /// `e_phentsize` is not what the class has.
    BadEntrySize,
    /// `e_phnum` is 0.
    Empty,
    /// It is not, or not wholly, in the file.
    Outside,
}

/// The path of the interpreter that `PT_INTERP` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interp {
    /// `p_filesz`
    pub size: u64,
    /// The bytes, if the file has them and there are no more than 4096.
    pub bytes: Option<Box<[u8]>>,
}

impl Interp {
    /// The path up to its first NUL; empty where the bytes are not there.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        let bytes = self.bytes.as_deref().unwrap_or_default();
        bytes.split(|&b| b == 0).next().unwrap_or_default()
    }
}

/// How a file is linked, as far as its program headers tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Linkage {
    /// It names an interpreter.
    Dynamic,
    /// It names none and has no dynamic section, or is no `ET_DYN`.
    Static,
    /// It relocates itself.
    StaticPie,
    /// It is made to be loaded by others.
    SharedObject,
}

/// What the kernel and the loaders look at in an ELF file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// The ELF header.
    pub header: Header,
    /// Bytes in the file.
    pub size: u64,
    /// What became of the program header table.
    pub table: SegmentTable,
    /// The `PT_LOAD` segments, in order.
    pub loads: Few<Segment, 4>,
    /// The first `PT_INTERP`.
    pub interp: Option<Interp>,
    /// Whether there is a `PT_DYNAMIC` that is not empty.
    pub has_dynamic: bool,
    /// Whether there is a `PT_DYNAMIC` without bytes in the file, as in files
    /// that hold debugging information alone.
    pub has_empty_dynamic: bool,
    /// The dynamic section; empty where there is none or none could be read.
    pub dynamic: Dynamic,
    /// Where the tables of the second stage are.
    pub(super) tables: Tables,
    /// The notes that matter.
    pub notes: Notes,
    /// `PT_GNU_STACK` asks for an executable stack; `None` without that header.
    pub executable_stack: Option<bool>,
    /// `PT_GNU_RELRO`: offset and size in the file.
    pub read_only_after_relocation: Option<(u64, u64)>,
    /// What is odd about the file.
    pub anomalies: Vec<Anomaly>,
}

/// Why a file is no ELF file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotElf {
    /// It has no bytes.
    Empty,
    /// It starts with the magic, or has no room for it, and ends before the ELF
    /// header does.
    TooShort {
        /// Bytes in the file.
        size: u64,
        /// Bytes that the header has.
        wanted: u64,
    },
    /// It starts with something else.
    NoMagic,
}

impl NotElf {
    /// Why a file of `size` bytes that begins with `head` is none; `None` where it
    /// may be one. `head` is as long as an ELF header, unless the file is shorter.
    pub(crate) fn of(head: &[u8], size: u64) -> Option<NotElf> {
        header(head, size).err()
    }
}

impl fmt::Display for NotElf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotElf::Empty => write!(f, "not an ELF file: empty"),
            NotElf::TooShort { size, wanted } => {
                write!(f, "truncated ELF header: {size} of {wanted} bytes")
            }
            NotElf::NoMagic => write!(f, "not an ELF file"),
        }
    }
}

/// Why there are no facts.
#[derive(Debug)]
pub enum ReadError {
    /// The file is something else.
    NotElf(NotElf),
    /// The bytes could not be had.
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Io(error)
    }
}

impl Object {
    /// Reads the facts from `source`, with two or three reads of it as a rule.
    ///
    /// # Errors
    /// Where the file is no ELF file or cannot be read. Damage behind an intact
    /// ELF header is no error: it is in [`Object::anomalies`].
    pub fn read(source: &dyn ReadAt) -> Result<Arc<Object>, ReadError> {
        let mut window = Window::open(source)?;
        Object::from_head(&mut window)
    }

    /// Reads the facts and the version tables, which lie near the names that the facts have:
    /// one read brings both. The versions are `None` where there are no
    /// such tables, or none that can be read.
    ///
    /// # Errors
    /// As for [`Object::read`].
    pub fn read_with_versions(
        source: &dyn ReadAt,
    ) -> Result<(Arc<Object>, Option<Versions>), ReadError> {
        let mut window = Window::open(source)?;
        let object = Object::from_head(&mut window)?;
        let versions = match object.has_versions() {
            true => object.versions_in(&mut window).ok(),
            false => None,
        };
        Ok((object, versions.map(|(versions, _)| versions)))
    }

    /// Reads `source` in this layout, whatever its identification says.
    ///
    /// # Errors
    /// As for [`Object::read`]; the magic may be missing.
    pub fn read_as(source: &dyn ReadAt, layout: Layout) -> Result<Arc<Object>, ReadError> {
        let mut window = Window::open(source)?;
        let wanted = layout.class.header_size() as u64;
        let too_short = NotElf::TooShort {
            size: window.size(),
            wanted,
        };
        let header = Header::parse_as(window.head(), layout).ok_or(ReadError::NotElf(too_short))?;
        Object::from_window(&mut window, header)
    }

    fn from_head(window: &mut Window<'_>) -> Result<Arc<Object>, ReadError> {
        let header = header(window.head(), window.size()).map_err(ReadError::NotElf)?;
        Object::from_window(window, header)
    }

    fn from_window(window: &mut Window<'_>, header: Header) -> Result<Arc<Object>, ReadError> {
        let mut anomalies = Vec::new();
        let mut segments = Segments::new();
        let table = read_segments(window, &header, &mut segments, &mut anomalies)?;
        let of_loads = segments.iter().filter(|s| s.kind == PT_LOAD);
        let loads: Few<Segment, 4> = of_loads.cloned().collect();
        let interp = interp(window, &segments, &mut anomalies)?;
        let notes = notes(window, &header, &segments)?;
        let executable_stack = segments
            .iter()
            .find(|s| s.kind == PT_GNU_STACK)
            .map(|s| s.flags & PF_X != 0);

        let mut dynamics = segments.iter().filter(|s| s.kind == PT_DYNAMIC);
        let count = dynamics.clone().count();
        if count > 1 {
            anomalies.push(Anomaly::SeveralDynamics(count));
        }
        // Of several the last one counts that has bytes (`elf/dl-load.c:
        // _dl_map_object_from_fd`).
        let segment = dynamics.rfind(|s| s.file_size > 0);
        let (dynamic, tables) = match segment {
            Some(segment) => dynamic::read(window, header.layout, segment, &loads, &mut anomalies)?,
            None => Default::default(),
        };
        let size = window.size();
        let end = loads
            .iter()
            .map(|l| l.offset.saturating_add(l.file_size))
            .max();
        if let Some(end) = end.filter(|&end| end > size) {
            anomalies.push(Anomaly::LoadPastEnd { end, size });
        }
        Ok(Arc::new(Object {
            size,
            table,
            interp,
            has_dynamic: segment.is_some(),
            has_empty_dynamic: count > 0 && segment.is_none(),
            dynamic,
            tables,
            notes,
            executable_stack,
            read_only_after_relocation: segments
                .iter()
                .find(|s| s.kind == PT_GNU_RELRO)
                .map(|s| (s.offset, s.file_size)),
            anomalies,
            header,
            loads,
        }))
    }

    /// Whether a page of a segment lies past the end of the file, so that
    /// touching it kills the process with SIGBUS.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        let last_page = self.size.next_multiple_of(4096);
        self.anomalies
            .iter()
            .any(|anomaly| matches!(anomaly, Anomaly::LoadPastEnd { end, .. } if *end > last_page))
    }

    /// Whether the file was cut short after it was made: unlike one of debug information,
    /// whose segments are kept in name only, it lacks its sections too.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.is_cut_short() && self.header.sections_end > self.size
    }

    /// How the file is linked.
    #[must_use]
    pub fn linkage(&self) -> Linkage {
        if self.interp.is_some() {
            return Linkage::Dynamic;
        }
        if self.header.object_type != ET_DYN || !self.has_dynamic {
            return Linkage::Static;
        }
        // A library has a soname or other objects' needs; a program that
        // relocates itself has neither and says that it is a PIE. Linkers that
        // do not say so still leave the soname out.
        let needs_others = !self.dynamic.needs.is_empty();
        if self.dynamic.is_pie() && !needs_others {
            Linkage::StaticPie
        } else {
            Linkage::SharedObject
        }
    }

    /// Whether `e_type` is one that can be loaded at all.
    #[must_use]
    pub fn is_loadable_type(&self) -> bool {
        matches!(self.header.object_type, ET_EXEC | ET_DYN)
    }

    /// The class whose layout the file has.
    #[must_use]
    pub fn class(&self) -> Class {
        self.header.layout.class
    }
}

/// The longest ELF header, in bytes.
pub(crate) const MAX_HEADER: usize = 64;

/// The header in `head`, the first bytes of a file of `size` bytes: [`MAX_HEADER`] of them
/// or more, unless the file is shorter.
///
/// # Errors
/// Why it is no ELF file.
pub(crate) fn header(head: &[u8], size: u64) -> Result<Header, NotElf> {
    if head.is_empty() {
        return Err(NotElf::Empty);
    }
    if !head.starts_with(b"\x7fELF") {
        let magic = b"\x7fELF";
        let could_be = head.len() < 4 && magic.starts_with(head);
        return Err(if could_be {
            let wanted = MAX_HEADER as u64;
            NotElf::TooShort { size, wanted }
        } else {
            NotElf::NoMagic
        });
    }
    let wanted = if head.get(4) == Some(&1) { 52 } else { 64 };
    Header::parse(head).ok_or(NotElf::TooShort { size, wanted })
}

fn read_segments(
    window: &mut Window<'_>,
    header: &Header,
    segments: &mut Segments,
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<SegmentTable> {
    let wanted = header.layout.class.program_header_size();
    if header.program_headers == 0 {
        return Ok(SegmentTable::Empty);
    }
    if header.program_header_size != wanted {
        let found = header.program_header_size;
        anomalies.push(Anomaly::ProgramHeaderSize { found, wanted });
        return Ok(SegmentTable::BadEntrySize);
    }
    let length = usize::from(header.program_headers) * usize::from(wanted);
    let offset = header.program_headers_at;
    let layout = header.layout;
    match window.bytes(offset, length)? {
        Some(table) => {
            segment::parse(table, layout.class, layout.encoding, segments);
            Ok(SegmentTable::Read)
        }
        None => {
            anomalies.push(Anomaly::ProgramHeadersOutside {
                offset,
                size: window.size(),
            });
            Ok(SegmentTable::Outside)
        }
    }
}

fn interp(
    window: &mut Window<'_>,
    segments: &[Segment],
    anomalies: &mut Vec<Anomaly>,
) -> io::Result<Option<Interp>> {
    let mut interps = segments.iter().filter(|s| s.kind == PT_INTERP);
    let Some(first) = interps.next() else {
        return Ok(None);
    };
    let others = interps.count();
    if others > 0 {
        anomalies.push(Anomaly::SeveralInterps(others + 1));
    }
    let size = first.file_size;
    if size > MAX_INTERP {
        return Ok(Some(Interp { size, bytes: None }));
    }
    let length = usize::try_from(size).unwrap_or(0);
    let bytes: Option<Box<[u8]>> = window.bytes(first.offset, length)?.map(Into::into);
    if bytes.is_none() {
        anomalies.push(Anomaly::InterpOutside {
            offset: first.offset,
            length: size,
        });
    }
    Ok(Some(Interp { size, bytes }))
}

/// x86's loader takes properties from notes alone and not from `PT_GNU_PROPERTY`,
/// which linkers write beside them.
fn notes(window: &mut Window<'_>, header: &Header, segments: &[Segment]) -> io::Result<Notes> {
    let mut notes = Notes::default();
    let wanted = segments.iter().filter(|s| s.kind == PT_NOTE);
    let mut left = MAX_ALL_NOTES;
    for segment in wanted {
        let length = segment.file_size.min(MAX_NOTES).min(left);
        left -= length;
        let length = usize::try_from(length).unwrap_or(0);
        if let Some(bytes) = window.bytes(segment.offset, length)? {
            let layout = header.layout;
            let word = layout.class.word_size();
            notes.add(bytes, segment.align, word, layout.encoding.endian());
        }
    }
    Ok(notes)
}
