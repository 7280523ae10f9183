//! ELF files from an [`ElfSpec`] without a compiler.
//!
//! Three loadable segments, as a linker would lay them out: headers and names;
//! code; the dynamic section; each on a page of its own. Section headers come last,
//! for other readers: nothing that starts a program looks at them.

use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, Rel, Sym, Writer};

use super::damage::Damage;
use super::elf_spec::{ElfSpec, Import, Kind};
use super::versions::Order;

const PAGE: u64 = 0x1000;
const EXEC_BASE: u64 = 0x40_0000;

/// The file's bytes, damage included.
pub(crate) fn build(spec: &ElfSpec) -> Vec<u8> {
    let mut file = match spec.kind {
        Kind::Rel => relocatable(spec),
        _ => loadable(spec),
    };
    Damage::apply_all(&spec.damage, &mut file);
    file
}

fn endian(spec: &ElfSpec) -> object::Endianness {
    if spec.machine.big_endian {
        object::Endianness::Big
    } else {
        object::Endianness::Little
    }
}

fn header(spec: &ElfSpec, e_type: elf::FileType, e_entry: u64) -> FileHeader {
    FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type,
        e_machine: elf::Machine(spec.machine.code),
        e_entry,
        e_flags: elf::FileFlags(spec.e_flags),
    }
}

fn relocatable(spec: &ElfSpec) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(endian(spec), spec.machine.is_64, &mut file);
    writer.reserve_file_header();
    writer.reserve(spec.machine.exit_code.len() as u64, 16);
    writer
        .write_file_header(&header(spec, elf::ET_REL, 0))
        .unwrap();
    writer.write_align(16);
    writer.write(spec.machine.exit_code);
    file
}

/// A dynamic entry whose value is known, or is a name to be put into `.dynstr`.
enum Entry<'a> {
    Name(elf::DynamicTag, &'a [u8]),
    Value(elf::DynamicTag, u64),
}

/// The entries that a linker writes for the names, in its order.
fn named_entries(spec: &ElfSpec) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    entries.extend(
        spec.needed
            .iter()
            .map(|name| Entry::Name(elf::DT_NEEDED, name)),
    );
    entries.extend(
        spec.soname
            .iter()
            .map(|name| Entry::Name(elf::DT_SONAME, name)),
    );
    entries.extend(
        spec.rpath
            .iter()
            .map(|name| Entry::Name(elf::DT_RPATH, name)),
    );
    entries.extend(
        spec.runpath
            .iter()
            .map(|name| Entry::Name(elf::DT_RUNPATH, name)),
    );
    entries.extend(
        spec.filter
            .iter()
            .map(|name| Entry::Name(elf::DT_FILTER, name)),
    );
    entries.extend(
        spec.auxiliary
            .iter()
            .map(|name| Entry::Name(elf::DT_AUXILIARY, name)),
    );
    let auditors = [
        (elf::DT_AUDIT, &spec.audit),
        (elf::DT_DEPAUDIT, &spec.depaudit),
    ];
    for (tag, names) in auditors {
        entries.extend(names.iter().map(|names| Entry::Name(tag, names)));
    }
    if spec.flags_1_value() != 0 {
        entries.push(Entry::Value(elf::DT_FLAGS_1, spec.flags_1_value()));
    }
    entries
}

fn loadable(spec: &ElfSpec) -> Vec<u8> {
    let is_64 = spec.machine.is_64;
    let base = if matches!(spec.kind, Kind::Exec | Kind::Static) {
        EXEC_BASE
    } else {
        0
    };
    let dynamic = spec.is_dynamic();
    let named = if dynamic {
        named_entries(spec)
    } else {
        Vec::new()
    };

    let mut file = Vec::new();
    let mut writer = Writer::new(endian(spec), is_64, &mut file);
    let names: Vec<_> = named
        .iter()
        .map(|entry| match entry {
            Entry::Name(_, name) if !name.is_empty() => Some(writer.add_dynamic_string(name)),
            _ => None,
        })
        .collect();

    let symbols: Vec<_> = spec
        .defines
        .iter()
        .map(|name| writer.add_dynamic_string(name))
        .collect();

    let imported: Vec<_> = spec
        .imports
        .iter()
        .map(|(name, _)| writer.add_dynamic_string(name))
        .collect();
    let calls = spec.imports.iter().filter(|(_, i)| *i == Import::Call);
    let calls = calls.count();
    let pointers = spec.imports.len() - calls;

    let version_names: Vec<_> = spec
        .versions
        .names()
        .into_iter()
        .map(|name| (name, writer.add_dynamic_string(name)))
        .collect();

    // First pass: where everything will stand.
    let notes = notes(spec);
    let segments = 4
        + 2 * u32::from(spec.interp.is_some())
        + u32::from(dynamic)
        + u32::try_from(notes.len()).unwrap();
    writer.reserve_file_header();
    writer.reserve_program_headers(segments);
    let headers_end = writer.reserved_len();
    let interp_at = spec
        .interp
        .as_ref()
        .map(|interp| writer.reserve(interp.len() as u64, 1));
    let (mut hash_at, mut dynsym_at, mut dynstr_at) = (0, 0, 0);
    let symbol_count = u32::try_from(symbols.len() + imported.len()).unwrap() + 1;
    let (mut rela_at, mut jmprel_at) = (0, 0);
    if dynamic {
        writer.reserve_null_dynamic_symbol_index();
        for _ in symbols.iter().chain(&imported) {
            writer.reserve_dynamic_symbol_index();
        }
        writer.reserve_null_section_index();
        writer.reserve_hash_section_index();
        writer.reserve_dynsym_section_index();
        writer.reserve_dynstr_section_index();
        writer.reserve_dynamic_section_index();
        writer.reserve_shstrtab_section_index();
        hash_at = writer.reserve_hash(1, symbol_count);
        dynsym_at = writer.reserve_dynsym();
        dynstr_at = writer.reserve_dynstr().unwrap();
        if !imported.is_empty() {
            rela_at = writer.reserve_relocations(pointers, true);
            jmprel_at = writer.reserve_relocations(calls, true);
        }
    }
    let has_versions = dynamic && !spec.versions.is_empty();
    let versym_at = writer.reserve(
        if has_versions {
            2 * u64::from(symbol_count)
        } else {
            0
        },
        2,
    );
    let (needs_size, definitions_size) = if has_versions {
        spec.versions.table_sizes()
    } else {
        (0, 0)
    };
    let verneed_at = writer.reserve(needs_size, 4);
    let verdef_at = writer.reserve(definitions_size, 4);
    let notes_at: Vec<u64> = notes
        .iter()
        .map(|(align, note)| writer.reserve(note.len() as u64, *align))
        .collect();
    let rodata_at = writer.reserve(spec.rodata.len() as u64, 16);
    let names_end = writer.reserved_len();
    let code_at = writer.reserve(spec.machine.exit_code.len() as u64, PAGE);
    let code_end = writer.reserved_len();
    let data_at = writer.reserve(0, PAGE);
    let mut tables = Vec::new();
    if has_versions {
        tables.push((elf::DT_VERSYM, base + versym_at));
    }
    if needs_size > 0 {
        tables.push((elf::DT_VERNEED, base + verneed_at));
        tables.push((elf::DT_VERNEEDNUM, spec.versions.needs.len() as u64));
    }
    if definitions_size > 0 {
        tables.push((elf::DT_VERDEF, base + verdef_at));
        tables.push((elf::DT_VERDEFNUM, spec.versions.definitions.len() as u64));
    }
    if spec.relr {
        // Nothing is relocated by it, but it is there.
        tables.push((elf::DT_RELR, base + verdef_at));
        tables.push((elf::DT_RELRSZ, 0));
        tables.push((elf::DT_RELRENT, if is_64 { 8 } else { 4 }));
    }
    let about_imports = 3 * usize::from(pointers > 0) + 4 * usize::from(calls > 0);
    let dynamic_count = if dynamic {
        named.len() + 6 + about_imports + tables.len()
    } else {
        0
    };
    let dynamic_at = writer.reserve_dynamic(dynamic_count);
    // Three words that the loader fills, and one for each import.
    let words = match imported.len() as u64 {
        0 => 2,
        count => (3 + count).next_multiple_of(2),
    };
    let words_at = writer.reserve(8 * words, 16);
    let data_end = words_at + 8 * words;
    if dynamic {
        writer.reserve_shstrtab().unwrap();
        writer.reserve_section_headers();
    }

    // Second pass: the bytes.
    let e_type = if base == 0 { elf::ET_DYN } else { elf::ET_EXEC };
    let entry = if spec.is_program { base + code_at } else { 0 };
    writer
        .write_file_header(&header(spec, e_type, entry))
        .unwrap();
    writer.write_align_program_headers();
    let segment = |kind, flags, from: u64, to: u64, align| ProgramHeader {
        p_type: kind,
        p_flags: flags,
        p_offset: from,
        p_vaddr: base + from,
        p_paddr: base + from,
        p_filesz: to - from,
        p_memsz: to - from,
        p_align: align,
    };
    let (r, rw, rx) = (elf::PF_R, elf::PF_R | elf::PF_W, elf::PF_R | elf::PF_X);
    if let (Some(at), Some(interp)) = (interp_at, &spec.interp) {
        // A loader learns where a program stands from PT_PHDR.
        let phdr_at = if is_64 { 64 } else { 52 };
        writer.write_program_header(&segment(elf::PT_PHDR, r, phdr_at, headers_end, 8));
        writer.write_program_header(&segment(elf::PT_INTERP, r, at, at + interp.len() as u64, 1));
    }
    writer.write_program_header(&segment(elf::PT_LOAD, r, 0, names_end, PAGE));
    let code = if spec.writable_code {
        rx | elf::PF_W
    } else {
        rx
    };
    // Far behind everything else, and off by so much.
    let shift = spec.fits.map_or(0, |fits| 0x10_0000 + fits);
    writer.write_program_header(&ProgramHeader {
        p_vaddr: base + code_at + shift,
        ..segment(elf::PT_LOAD, code, code_at, code_end, PAGE)
    });
    writer.write_program_header(&segment(elf::PT_LOAD, rw, data_at, data_end, PAGE));
    if dynamic {
        let size = if is_64 { 16 } else { 8 };
        let end = if spec.kind == Kind::Debug {
            dynamic_at
        } else {
            dynamic_at + dynamic_count as u64 * size
        };
        writer.write_program_header(&segment(elf::PT_DYNAMIC, rw, dynamic_at, end, 8));
    }
    for ((align, note), at) in notes.iter().zip(&notes_at) {
        let end = at + note.len() as u64;
        writer.write_program_header(&segment(elf::PT_NOTE, r, *at, end, *align));
    }
    writer.write_program_header(&ProgramHeader {
        p_align: 16,
        ..segment(elf::PT_GNU_STACK, rw, 0, 0, 16)
    });
    if let Some(interp) = &spec.interp {
        writer.write(interp);
    }
    if dynamic {
        let hashes = |index: u32| {
            spec.defines
                .get(index.checked_sub(1)? as usize)
                .map(|name| elf::hash(name))
        };
        writer.write_hash(1, symbol_count, hashes);
        writer.write_null_dynamic_symbol();
        let symbols_defined = symbols.len();
        for name in symbols {
            let name = writer.dynamic_string_offset(Some(name));
            writer.write_dynamic_symbol(&defined(name, base + code_at));
        }
        for (name, (_, import)) in imported.iter().zip(&spec.imports) {
            let name = writer.dynamic_string_offset(Some(*name));
            writer.write_dynamic_symbol(&undefined(name, *import));
        }
        writer.write_dynstr();
        let first = u32::try_from(symbols_defined).unwrap() + 1;
        for wants_call in [false, true] {
            if imported.is_empty() {
                break;
            }
            writer.write_align_relocation();
            for (number, (_, import)) in (0..).zip(&spec.imports) {
                if (*import == Import::Call) == wants_call {
                    writer.write_relocation(
                        true,
                        &relocation(first, number, words_at + base, *import),
                    );
                }
            }
        }
    }
    if has_versions {
        let order = Order {
            big_endian: spec.machine.big_endian,
        };
        let places: Vec<(&[u8], u32)> = version_names
            .iter()
            .map(|&(name, id)| (name, writer.dynamic_string_offset(Some(id))))
            .collect();
        let at = |name: &[u8]| {
            let place = places.iter().find(|(known, _)| *known == name);
            place.expect("every name was added").1
        };
        // All symbols are global, and of no version but those that say one.
        writer.pad_until(versym_at);
        let first_import = symbol_count as usize - spec.imports.len();
        for index in 0..symbol_count as usize {
            let import = index
                .checked_sub(first_import)
                .map(|at| &spec.imports[at].0);
            let wanted = import.and_then(|name| spec.import_versions.get(name));
            let number = wanted.map_or(1, |version| spec.versions.index_of(version));
            writer.write(&match spec.machine.big_endian {
                true => number.to_be_bytes(),
                false => number.to_le_bytes(),
            });
        }
        writer.pad_until(verneed_at);
        writer.write(&spec.versions.needs_table(order, &at));
        writer.pad_until(verdef_at);
        writer.write(&spec.versions.definitions_table(order, &at));
    }
    for ((_, note), at) in notes.iter().zip(&notes_at) {
        writer.pad_until(*at);
        writer.write(note);
    }
    writer.pad_until(rodata_at);
    writer.write(&spec.rodata);
    writer.pad_until(code_at);
    writer.write(spec.machine.exit_code);
    writer.pad_until(data_at);
    if dynamic {
        writer.write_align_dynamic();
        for (entry, name) in named.iter().zip(names) {
            match (entry, name) {
                (Entry::Name(tag, _), Some(id)) => writer.write_dynamic_string(*tag, id).unwrap(),
                // The empty name is the NUL that every string table starts with.
                (Entry::Name(tag, _), None) => writer.write_dynamic(*tag, 0).unwrap(),
                (Entry::Value(tag, value), _) => writer.write_dynamic(*tag, *value).unwrap(),
            }
        }
        let dynstr_len = u64::from(writer.dynstr_len());
        let symbol_size = if is_64 { 24 } else { 16 };
        writer.write_dynamic(elf::DT_HASH, base + hash_at).unwrap();
        writer
            .write_dynamic(elf::DT_STRTAB, base + dynstr_at)
            .unwrap();
        writer
            .write_dynamic(elf::DT_SYMTAB, base + dynsym_at)
            .unwrap();
        writer.write_dynamic(elf::DT_STRSZ, dynstr_len).unwrap();
        writer.write_dynamic(elf::DT_SYMENT, symbol_size).unwrap();
        let about = [
            (elf::DT_RELA, base + rela_at, pointers),
            (elf::DT_RELASZ, 24 * pointers as u64, pointers),
            (elf::DT_RELAENT, 24, pointers),
            (elf::DT_JMPREL, base + jmprel_at, calls),
            (elf::DT_PLTRELSZ, 24 * calls as u64, calls),
            (elf::DT_PLTREL, elf::DT_RELA.0 as u64, calls),
            (elf::DT_PLTGOT, base + words_at, calls),
        ];
        for (tag, value, _) in about.iter().filter(|(.., count)| *count > 0) {
            writer.write_dynamic(*tag, *value).unwrap();
        }
        for (tag, value) in tables {
            writer.write_dynamic(tag, value).unwrap();
        }
        writer.write_dynamic(elf::DT_NULL, 0).unwrap();
    }
    writer.write_align(16);
    writer.write(&vec![0; 8 * words as usize]);
    if dynamic {
        writer.write_shstrtab();
        writer.write_null_section_header();
        writer.write_hash_section_header(base + hash_at);
        writer.write_dynsym_section_header(base + dynsym_at, 1);
        writer.write_dynstr_section_header(base + dynstr_at);
        writer.write_dynamic_section_header(base + dynamic_at);
        writer.write_shstrtab_section_header();
    }
    file
}

/// The notes that the spec asks for, each a segment, with its alignment (gABI chapter 5,
/// "Note Section").
fn notes(spec: &ElfSpec) -> Vec<(u64, Vec<u8>)> {
    let word = |value: u32| match spec.machine.big_endian {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let note = |owner: &[u8], kind: u32, data: &[u8]| {
        let mut bytes = [size(owner), size(data), kind].map(word).concat();
        for part in [owner, data] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    };
    let words = |words: &[u32]| words.iter().flat_map(|&value| word(value)).collect();
    let mut notes = Vec::new();
    if let Some(tag) = spec.abi_tag {
        let data: Vec<u8> = words(&tag);
        notes.push((8, note(b"GNU\0", 1, &data)));
    }
    if let Some(bits) = spec.isa {
        // GNU_PROPERTY_X86_ISA_1_NEEDED, four bytes and four to fill it up.
        let data: Vec<u8> = words(&[0xc000_8002, 4, bits, 0]);
        notes.push((8, note(b"GNU\0", 5, &data)));
    }
    for (owner, kind, data) in &spec.notes {
        notes.push((4, note(owner, *kind, data)));
    }
    notes
}

/// A global function of that name in the code.
fn defined(st_name: u32, st_value: u64) -> Sym {
    Sym {
        // Any section but the undefined one: loaders look no closer.
        section: Some(1),
        st_name,
        st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, elf::STT_FUNC),
        st_other: elf::SymbolOther(0),
        st_shndx: elf::SHN_UNDEF,
        st_value,
        st_size: 1,
    }
}

/// A symbol that another object is to have.
fn undefined(st_name: u32, import: Import) -> Sym {
    let binding = match import {
        Import::WeakPointer => elf::STB_WEAK,
        Import::Pointer | Import::Call => elf::STB_GLOBAL,
    };
    Sym {
        section: None,
        st_name,
        st_info: elf::SymbolInfo::new(binding, elf::STT_NOTYPE),
        st_other: elf::SymbolOther(0),
        st_shndx: elf::SHN_UNDEF,
        st_value: 0,
        st_size: 0,
    }
}

/// What fills the word of import `number` with the address of its symbol.
fn relocation(first: u32, number: u32, words_at: u64, import: Import) -> Rel {
    Rel {
        r_offset: words_at + 8 * (3 + u64::from(number)),
        r_sym: first + number,
        r_type: match import {
            Import::Call => elf::R_X86_64_JUMP_SLOT,
            Import::Pointer | Import::WeakPointer => elf::R_X86_64_64,
        },
        r_addend: 0,
    }
}
