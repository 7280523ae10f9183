//! A well-formed file first, then the one thing that is wrong with it.

use crate::support::damage::Layout;
use crate::support::elf_spec::ElfSpec;
use crate::support::synthetic;
use crate::support::text::words;

pub(super) const PT_LOAD: u64 = 1;
pub(super) const PT_DYNAMIC: u64 = 2;
pub(super) const PT_INTERP: u64 = 3;
pub(super) const PT_NOTE: u64 = 4;
pub(super) const PT_GNU_STACK: u64 = 0x6474_e551;

pub(super) const DT_NEEDED: u64 = 1;
pub(super) const DT_HASH: u64 = 4;
pub(super) const DT_STRTAB: u64 = 5;
pub(super) const DT_STRSZ: u64 = 10;
pub(super) const DT_RPATH: u64 = 15;
pub(super) const DT_VERNEED: u64 = 0x6fff_fffe;
pub(super) const DT_VERNEEDNUM: u64 = 0x6fff_ffff;
pub(super) const DT_GNU_HASH: u64 = 0x6fff_fef5;
/// What `auxiliary=a,b` in the words makes: an entry to be made into another.
pub(super) const SPARE: u64 = 0x7fff_fffd;

/// A file that is about to be damaged. Its addresses are its offsets.
#[derive(Clone)]
pub(super) struct Forge {
    pub(super) bytes: Vec<u8>,
    layout: Layout,
    /// The length of the read-only data.
    rodata: usize,
}

impl Forge {
    /// The file that `PATH elf WORDS` of the fixture language makes.
    pub(super) fn new(text: &str) -> Self {
        Self::with_rodata(text, &[])
    }

    /// The same, with `rodata` where the loader maps it.
    pub(super) fn with_rodata(text: &str, rodata: &[u8]) -> Self {
        let mut spec = ElfSpec::parse(b"/app/exe", &words(text), None);
        spec.rodata.extend_from_slice(rodata);
        let length = spec.rodata.len();
        Self::of(&spec, length)
    }

    /// The file of `spec`, whose read-only data is `rodata` bytes long.
    pub(super) fn of(spec: &ElfSpec, rodata: usize) -> Self {
        let bytes = synthetic::build(spec);
        let layout = Layout::of(&bytes);
        Self {
            bytes,
            layout,
            rodata,
        }
    }

    /// Where the read-only data stands, at the end of the first segment: its offset,
    /// which is its address.
    pub(super) fn rodata(&self) -> u64 {
        self.read(PT_LOAD, 0, "filesz") - self.rodata as u64
    }

    /// Writes `width` bytes at `offset`.
    pub(super) fn put(mut self, offset: usize, width: usize, value: u64) -> Self {
        self.layout.put(&mut self.bytes, offset, width, value);
        self
    }

    /// Writes a field of the ELF header.
    pub(super) fn header(self, field: &str, value: u64) -> Self {
        let (offset, width) = match (field, self.layout.is_64) {
            ("class", _) => (4, 1),
            ("data", _) => (5, 1),
            ("ident-version", _) => (6, 1),
            ("type", _) => (16, 2),
            ("machine", _) => (18, 2),
            ("phoff", true) => (32, 8),
            ("phoff", false) => (28, 4),
            ("shoff", true) => (40, 8),
            ("phentsize", true) => (54, 2),
            ("phentsize", false) => (42, 2),
            ("phnum", true) => (56, 2),
            ("phnum", false) => (44, 2),
            ("shnum", true) => (60, 2),
            _ => panic!("`{field}` is no field of the header"),
        };
        self.put(offset, width, value)
    }

    /// Writes a field of program header `nth` of that type.
    pub(super) fn segment(self, kind: u64, nth: usize, field: &str, value: u64) -> Self {
        let (offset, width) = self.segment_field(kind, nth, field);
        self.put(offset, width, value)
    }

    /// Reads a field of program header `nth` of that type.
    pub(super) fn read(&self, kind: u64, nth: usize, field: &str) -> u64 {
        let (offset, width) = self.segment_field(kind, nth, field);
        self.layout.get(&self.bytes, offset, width)
    }

    fn segment_field(&self, kind: u64, nth: usize, field: &str) -> (usize, usize) {
        let (start, size, count) = self.table();
        let header = (0..count)
            .map(|index| start + index * size)
            .filter(|&at| self.layout.get(&self.bytes, at, 4) == kind)
            .nth(nth)
            .unwrap_or_else(|| panic!("no program header {nth} of type {kind:#x}"));
        let fields: [(&str, usize, usize); 6] = if self.layout.is_64 {
            [
                ("type", 0, 4),
                ("offset", 8, 8),
                ("vaddr", 16, 8),
                ("filesz", 32, 8),
                ("memsz", 40, 8),
                ("align", 48, 8),
            ]
        } else {
            [
                ("type", 0, 4),
                ("offset", 4, 4),
                ("vaddr", 8, 4),
                ("filesz", 16, 4),
                ("memsz", 20, 4),
                ("align", 28, 4),
            ]
        };
        let (_, offset, width) = fields
            .into_iter()
            .find(|(name, ..)| *name == field)
            .unwrap_or_else(|| panic!("`{field}` is no field of a program header"));
        (header + offset, width)
    }

    fn table(&self) -> (usize, usize, usize) {
        let (table, size, count) = if self.layout.is_64 {
            (32, 54, 56)
        } else {
            (28, 42, 44)
        };
        let half = |at| self.layout.get(&self.bytes, at, 2) as usize;
        (
            self.layout.word(&self.bytes, table),
            half(size),
            half(count),
        )
    }

    /// Puts the program headers at the end of the file, followed by those that
    /// `more` makes of a number: `[type, offset, vaddr, filesz]`.
    pub(super) fn more_segments(mut self, count: usize, more: impl Fn(u64) -> [u64; 4]) -> Self {
        assert!(self.layout.is_64, "only written for 64-bit files");
        let (start, size, old) = self.table();
        let mut table = self.bytes[start..start + old * size].to_vec();
        for number in 0..count {
            let [kind, offset, address, length] = more(number as u64);
            let mut header = vec![0; size];
            self.layout.put(&mut header, 0, 4, kind);
            self.layout.put(&mut header, 4, 4, 4);
            for (at, value) in [
                (8, offset),
                (16, address),
                (24, address),
                (32, length),
                (40, length),
                (48, 4),
            ] {
                self.layout.put(&mut header, at, 8, value);
            }
            table.extend(header);
        }
        let at = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(at, 0);
        self.bytes.extend(table);
        self.header("phoff", at as u64)
            .header("phnum", (old + count) as u64)
    }

    /// Writes the value of entry `nth` with that tag.
    pub(super) fn dynamic(self, tag: u64, nth: usize, value: u64) -> Self {
        let (at, word) = self.entry(tag, nth);
        self.put(at + word, word, value)
    }

    /// Makes entry `nth` with that tag another entry.
    pub(super) fn retag(self, tag: u64, nth: usize, new: u64, value: u64) -> Self {
        let (at, word) = self.entry(tag, nth);
        self.put(at, word, new).put(at + word, word, value)
    }

    /// The value of entry `nth` with that tag.
    pub(super) fn value(&self, tag: u64, nth: usize) -> u64 {
        let (at, word) = self.entry(tag, nth);
        self.layout.get(&self.bytes, at + word, word)
    }

    fn entry(&self, tag: u64, nth: usize) -> (usize, usize) {
        let word = if self.layout.is_64 { 8 } else { 4 };
        let start = self.read(PT_DYNAMIC, 0, "offset") as usize;
        let length = self.read(PT_DYNAMIC, 0, "filesz") as usize;
        (start..start + length)
            .step_by(2 * word)
            .filter(|&at| self.layout.get(&self.bytes, at, word) == tag)
            .nth(nth)
            .map(|at| (at, word))
            .unwrap_or_else(|| panic!("no dynamic entry {nth} with tag {tag:#x}"))
    }

    /// Only the first `length` bytes.
    pub(super) fn cut(mut self, length: usize) -> Vec<u8> {
        self.bytes.truncate(length);
        self.bytes
    }
}

/// Little-endian 32-bit numbers one after the other.
pub(super) fn words32(values: impl IntoIterator<Item = u32>) -> Vec<u8> {
    values.into_iter().flat_map(u32::to_le_bytes).collect()
}
