//! Bytes that are changed after a file was built: the same change for a
//! synthetic file and for a compiled one.

/// One change, as `damage=osabi:9,padding` lists it.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    /// Writes a number at a place in the ELF header.
    Field { name: &'static str, value: u64 },
    /// Nothing is left.
    Empty,
    /// Code, dynamic section and interpreter are not in the file, as `objcopy
    /// --only-keep-debug` leaves it.
    DebugOnly,
    /// Only so many bytes are left.
    Truncate(usize),
    /// PT_INTERP becomes PT_NULL: what strip tools of old left of a program.
    NoInterp,
    /// PT_GNU_STACK gets PF_X.
    ExecStack,
    /// DT_SYMENT, which loaders take as given, becomes DT_TEXTREL.
    TextRel,
    /// GNU_PROPERTY_X86_ISA_1_NEEDED of that level, in place of PT_GNU_STACK.
    Isa(u32),
    /// `p_align` of every PT_LOAD becomes that.
    LoadAlign(u64),
    /// `p_offset` of the first PT_LOAD becomes so much larger.
    LoadOffset(u64),
    /// The hash of that version, in a need or a definition, becomes another.
    VersionHash(String),
    /// The first of the DT_RELA relocations becomes one of that type, without a symbol.
    Relocation(u32),
}

/// Name, offset in a 64-bit header, offset in a 32-bit one, width, value if none is given.
const FIELDS: &[(&str, usize, usize, usize, u64)] = &[
    ("magic", 0, 0, 1, 0x20),
    ("class", 4, 4, 1, 1),
    ("data", 5, 5, 1, 2),
    ("ident-version", 6, 6, 1, 9),
    ("osabi", 7, 7, 1, 9),
    ("abiversion", 8, 8, 1, 1),
    ("padding", 15, 15, 1, 1),
    ("e_type", 16, 16, 2, 1),
    ("machine", 18, 18, 2, 183),
    ("e_version", 20, 20, 4, 9),
    ("phentsize", 54, 42, 2, 24),
    ("phnum", 56, 44, 2, 0),
];

impl Damage {
    /// Reads `osabi`, `osabi:9`, `machine:aarch64`, `truncate:4096`, `empty`, `no-interp`,
    /// `execstack`, `textrel`, `isa:3`, `relocation:37`, `version-hash:V1`,
    /// `load-align:0x200000`, `load-offset:16`.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if name == "version-hash" {
            return Self::VersionHash(value.expect("version-hash:VERSION").to_owned());
        }
        let given = value.map(|value| {
            super::elf_spec::machine(value).map_or_else(
                || super::text::number(value.as_bytes()),
                |machine| u64::from(machine.code),
            )
        });
        match name {
            "empty" => Self::Empty,
            "debug-only" => Self::DebugOnly,
            "no-interp" => Self::NoInterp,
            "execstack" => Self::ExecStack,
            "textrel" => Self::TextRel,
            "isa" => Self::Isa(u32::try_from(given.expect("isa:LEVEL")).unwrap()),
            "relocation" => {
                Self::Relocation(u32::try_from(given.expect("relocation:TYPE")).unwrap())
            }
            "load-align" => Self::LoadAlign(given.expect("load-align:N")),
            "load-offset" => Self::LoadOffset(given.expect("load-offset:N")),
            "truncate" => {
                let length = given.unwrap_or_else(|| panic!("truncate:LENGTH"));
                Self::Truncate(usize::try_from(length).unwrap())
            }
            _ => {
                let field = FIELDS.iter().find(|field| field.0 == name);
                let field = field.unwrap_or_else(|| panic!("`{name}` is no damage known here"));
                Self::Field {
                    name: field.0,
                    value: given.unwrap_or(field.4),
                }
            }
        }
    }

    /// Changes the file; its class and encoding are read before anything is damaged.
    pub(crate) fn apply_all(all: &[Self], file: &mut Vec<u8>) {
        if all.is_empty() {
            return;
        }
        let layout = Layout::of(file);
        for damage in all {
            match damage {
                Self::Empty => file.clear(),
                Self::DebugOnly => {
                    for kind in [1, 2, 3] {
                        for entry in layout.segments(file, kind) {
                            let [_, size, _] = layout.segment_fields(entry);
                            layout.put(file, size, layout.width(), 0);
                        }
                    }
                }
                Self::Truncate(length) => file.truncate(*length),
                Self::NoInterp => {
                    let entry = layout.segment(file, 3).expect("a PT_INTERP to remove");
                    layout.put(file, entry, 4, 0);
                }
                Self::ExecStack => {
                    let entry = layout.segment(file, 0x6474_e551).expect("a PT_GNU_STACK");
                    // p_flags stands second in 64-bit files, second to last in others.
                    layout.put(file, entry + if layout.is_64 { 4 } else { 24 }, 4, 7);
                }
                Self::TextRel => {
                    let entry = layout.dynamic(file, 11).expect("a DT_SYMENT");
                    layout.put(file, entry, layout.width(), 22);
                }
                Self::Isa(level) => isa(&layout, file, *level),
                Self::LoadAlign(align) => {
                    let at = if layout.is_64 { 48 } else { 28 };
                    for entry in layout.segments(file, 1) {
                        layout.put(file, entry + at, layout.width(), *align);
                    }
                }
                Self::LoadOffset(more) => {
                    let entry = layout.segment(file, 1).expect("a PT_LOAD");
                    let at = layout.segment_fields(entry)[0];
                    let offset = layout.word(file, at) as u64;
                    layout.put(file, at, layout.width(), offset + more);
                }
                Self::VersionHash(version) => {
                    let hash = u64::from(object::elf::hash(version.as_bytes()));
                    let mut places = (0..file.len() - 3).step_by(4);
                    let at = places.find(|&at| layout.get(file, at, 4) == hash);
                    layout.put(file, at.expect("the version"), 4, hash ^ 1);
                }
                Self::Relocation(kind) => {
                    let entry = layout.dynamic(file, 7).expect("a DT_RELA");
                    // Everything lies where it is mapped, in files that begin at 0.
                    let first = layout.word(file, entry + 8);
                    layout.put(file, first + 8, 8, u64::from(*kind));
                }
                Self::Field { name, value } => {
                    let field = FIELDS.iter().find(|field| field.0 == *name).unwrap();
                    let offset = if layout.is_64 { field.1 } else { field.2 };
                    layout.put(file, offset, field.3, *value);
                }
            }
        }
    }
}

/// Appends the note of a 64-bit file and lets a program header lead to it.
fn isa(layout: &Layout, file: &mut Vec<u8>, level: u32) {
    file.resize(file.len().next_multiple_of(8), 0);
    let at = file.len() as u64;
    let bits = (1 << level) - 1;
    let words = [
        4,
        16,
        5,
        u32::from_le_bytes(*b"GNU\0"),
        0xc000_8002,
        4,
        bits,
        0,
    ];
    file.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    let entry = layout.segment(file, 0x6474_e551).expect("a PT_GNU_STACK");
    layout.put(file, entry, 4, 4);
    layout.put(file, entry + 8, 8, at);
    layout.put(file, entry + 32, 8, 32);
    layout.put(file, entry + 40, 8, 32);
    layout.put(file, entry + 48, 8, 8);
}

/// Just enough of an ELF reader to patch a file that was well-formed a moment ago.
#[derive(Clone)]
pub(crate) struct Layout {
    pub(crate) is_64: bool,
    big_endian: bool,
}

impl Layout {
    pub(crate) fn of(file: &[u8]) -> Self {
        Self {
            is_64: file[4] == 2,
            big_endian: file[5] == 2,
        }
    }

    pub(crate) fn get(&self, file: &[u8], offset: usize, width: usize) -> u64 {
        let bytes = &file[offset..offset + width];
        let fold = |all: u64, byte: &u8| all << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        }
    }

    pub(crate) fn put(&self, file: &mut [u8], offset: usize, width: usize, value: u64) {
        let little = value.to_le_bytes();
        let target = &mut file[offset..offset + width];
        target.copy_from_slice(&little[..width]);
        if self.big_endian {
            target.reverse();
        }
    }

    /// An address-sized number.
    pub(crate) fn word(&self, file: &[u8], offset: usize) -> usize {
        usize::try_from(self.get(file, offset, if self.is_64 { 8 } else { 4 })).unwrap()
    }

    fn width(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    /// The offset of the first dynamic entry with that tag.
    fn dynamic(&self, file: &[u8], tag: u64) -> Option<usize> {
        let fields = self.segment_fields(self.segment(file, 2)?);
        let start = self.word(file, fields[0]);
        let size = self.word(file, fields[1]);
        (start..start + size)
            .step_by(2 * self.width())
            .find(|&entry| self.get(file, entry, self.width()) == tag)
    }

    /// The offset of the first program header of that type.
    pub(crate) fn segment(&self, file: &[u8], wanted: u64) -> Option<usize> {
        self.segments(file, wanted).first().copied()
    }

    /// The offsets of all program headers of that type.
    fn segments(&self, file: &[u8], wanted: u64) -> Vec<usize> {
        let (table, size, count) = if self.is_64 {
            (32, 54, 56)
        } else {
            (28, 42, 44)
        };
        let start = self.word(file, table);
        let size = usize::try_from(self.get(file, size, 2)).unwrap();
        let count = usize::try_from(self.get(file, count, 2)).unwrap();
        (0..count)
            .map(|index| start + index * size)
            .filter(|&entry| self.get(file, entry, 4) == wanted)
            .collect()
    }

    /// Where `p_offset`, `p_filesz` and `p_memsz` of a program header stand.
    pub(crate) fn segment_fields(&self, entry: usize) -> [usize; 3] {
        if self.is_64 {
            [entry + 8, entry + 32, entry + 40]
        } else {
            [entry + 4, entry + 16, entry + 20]
        }
    }
}
