//! One `elf` line of a fixture: what the file should say, not how it is made.
//!
//! Both builders read it, so that the synthetic and the compiled file agree in
//! everything that the kernel or a loader looks at.

use std::collections::HashMap;

use super::damage::Damage;
use super::text::{key_value, number, utf8};
use super::versions::{Need, Versions};

/// What differs between machines, as one table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// As written in fixtures.
    pub(crate) name: &'static str,
    /// `e_machine`.
    pub(crate) code: u16,
    pub(crate) is_64: bool,
    pub(crate) big_endian: bool,
    /// The PT_INTERP of a glibc program.
    pub(crate) glibc_interp: &'static str,
    /// Debian's multiarch directory.
    pub(crate) triplet: &'static str,
    /// Code that ends the process with status 0; other machines never run here.
    pub(crate) exit_code: &'static [u8],
    /// The compiler that builds real files, and its options.
    pub(crate) compiler: Option<&'static [&'static str]>,
}

const MACHINES: &[Machine] = &[
    Machine {
        name: "x86_64",
        code: 62,
        is_64: true,
        big_endian: false,
        glibc_interp: "/lib64/ld-linux-x86-64.so.2",
        triplet: "x86_64-linux-gnu",
        // mov eax, 60; xor edi, edi; syscall
        exit_code: b"\xb8\x3c\0\0\0\x31\xff\x0f\x05",
        compiler: Some(&["gcc"]),
    },
    Machine {
        name: "i386",
        code: 3,
        is_64: false,
        big_endian: false,
        glibc_interp: "/lib/ld-linux.so.2",
        triplet: "i386-linux-gnu",
        // mov eax, 1; xor ebx, ebx; int 0x80
        exit_code: b"\xb8\x01\0\0\0\x31\xdb\xcd\x80",
        compiler: Some(&["gcc", "-m32"]),
    },
    Machine {
        name: "aarch64",
        code: 183,
        is_64: true,
        big_endian: false,
        glibc_interp: "/lib/ld-linux-aarch64.so.1",
        triplet: "aarch64-linux-gnu",
        // mov x8, #93; mov x0, #0; svc #0
        exit_code: b"\xa8\x0b\x80\xd2\x00\x00\x80\xd2\x01\x00\x00\xd4",
        compiler: Some(&["aarch64-linux-gnu-gcc"]),
    },
    Machine {
        name: "s390x",
        code: 22,
        is_64: true,
        big_endian: true,
        glibc_interp: "/lib/ld64.so.1",
        triplet: "s390x-linux-gnu",
        exit_code: b"\0\0",
        compiler: None,
    },
    Machine {
        name: "arm",
        code: 40,
        is_64: false,
        big_endian: false,
        glibc_interp: "/lib/ld-linux-armhf.so.3",
        triplet: "arm-linux-gnueabihf",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "riscv64",
        code: 243,
        is_64: true,
        big_endian: false,
        glibc_interp: "/lib/ld-linux-riscv64-lp64d.so.1",
        triplet: "riscv64-linux-gnu",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "ppc64le",
        code: 21,
        is_64: true,
        big_endian: false,
        glibc_interp: "/lib64/ld64.so.2",
        triplet: "powerpc64le-linux-gnu",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "mips",
        code: 8,
        is_64: false,
        big_endian: true,
        glibc_interp: "/lib/ld.so.1",
        triplet: "mips-linux-gnu",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "ppc64",
        code: 21,
        is_64: true,
        big_endian: true,
        glibc_interp: "/lib64/ld64.so.1",
        triplet: "powerpc64-linux-gnu",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "mipsel",
        code: 8,
        is_64: false,
        big_endian: false,
        glibc_interp: "/lib/ld.so.1",
        triplet: "mipsel-linux-gnu",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "mips64",
        code: 8,
        is_64: true,
        big_endian: true,
        glibc_interp: "/lib64/ld.so.1",
        triplet: "mips64-linux-gnuabi64",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
    Machine {
        name: "mips64el",
        code: 8,
        is_64: true,
        big_endian: false,
        glibc_interp: "/lib64/ld.so.1",
        triplet: "mips64el-linux-gnuabi64",
        exit_code: b"\0\0\0\0",
        compiler: None,
    },
];

/// The machine of that name.
pub(crate) fn machine(name: &str) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| machine.name == name)
}

/// What the linker was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ET_DYN: a position-independent program, or a library.
    Dyn,
    /// ET_EXEC with a dynamic section.
    Exec,
    /// ET_EXEC without one.
    Static,
    /// ET_DYN that relocates itself.
    StaticPie,
    /// ET_REL: what `gcc -c` leaves.
    Rel,
    /// What `objcopy --only-keep-debug` leaves of a library: PT_DYNAMIC of size 0.
    Debug,
}

/// What an object does with a symbol of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Import {
    /// A variable is its address.
    Pointer,
    /// The same, and it may be absent.
    WeakPointer,
    /// A function calls it.
    Call,
}

/// Everything an `elf` line says; what is not said is `None` or empty.
#[derive(Debug, Clone)]
pub(crate) struct ElfSpec {
    pub(crate) machine: &'static Machine,
    pub(crate) kind: Kind,
    pub(crate) is_program: bool,
    /// PT_INTERP as it stands in the file, its NUL included; `None` for no PT_INTERP.
    pub(crate) interp: Option<Vec<u8>>,
    pub(crate) needed: Vec<Vec<u8>>,
    pub(crate) soname: Option<Vec<u8>>,
    pub(crate) rpath: Option<Vec<u8>>,
    pub(crate) runpath: Option<Vec<u8>>,
    pub(crate) filter: Vec<Vec<u8>>,
    pub(crate) auxiliary: Vec<Vec<u8>>,
    /// DT_AUDIT and DT_DEPAUDIT.
    pub(crate) audit: Option<Vec<u8>>,
    pub(crate) depaudit: Option<Vec<u8>>,
    /// DF_1_* beside DF_1_PIE, by name.
    pub(crate) flags_1: Vec<String>,
    /// Names of global functions in the dynamic symbol table.
    pub(crate) defines: Vec<Vec<u8>>,
    /// Undefined symbols in the dynamic symbol table, and how they are used.
    pub(crate) imports: Vec<(Vec<u8>, Import)>,
    /// `wants=f@V1`: the versions that some of them are wanted in (synthetic files).
    pub(crate) import_versions: HashMap<Vec<u8>, Vec<u8>>,
    /// Symbol versions.
    pub(crate) versions: Versions,
    /// `relr`: relative relocations are packed.
    pub(crate) relr: bool,
    /// `isa=N`: the bits of GNU_PROPERTY_X86_ISA_1_NEEDED.
    pub(crate) isa: Option<u32>,
    /// `abi-tag=OS:2.6.32`: NT_GNU_ABI_TAG.
    pub(crate) abi_tag: Option<[u32; 4]>,
    /// `e_flags`.
    pub(crate) e_flags: u32,
    /// `fits=4096`: the code's address and offset are the same modulo no more than that.
    pub(crate) fits: Option<u64>,
    /// `rwx`: the code can be written.
    pub(crate) writable_code: bool,
    /// Bytes of `.rodata`, for what is recognised by its strings.
    pub(crate) rodata: Vec<u8>,
    /// Notes: owner with its NUL, type, bytes.
    pub(crate) notes: Vec<(&'static [u8], u32, Vec<u8>)>,
    pub(crate) damage: Vec<Damage>,
}

/// DF_1_* by the linker's `-z` word for it, where it has one.
pub(crate) const FLAGS_1: &[(&str, &str, u64)] = &[
    ("now", "now", 0x1),
    ("nodelete", "nodelete", 0x8),
    ("initfirst", "initfirst", 0x20),
    ("noopen", "nodlopen", 0x40),
    ("origin", "origin", 0x80),
    ("nodeflib", "nodefaultlib", 0x800),
];

/// DF_1_PIE: a position-independent program rather than a library.
pub(crate) const DF_1_PIE: u64 = 0x0800_0000;

impl ElfSpec {
    /// A library of that machine that says nothing else.
    pub(crate) fn library(machine: &'static Machine) -> Self {
        Self {
            machine,
            kind: Kind::Dyn,
            is_program: false,
            interp: None,
            needed: Vec::new(),
            soname: None,
            rpath: None,
            runpath: None,
            filter: Vec::new(),
            auxiliary: Vec::new(),
            audit: None,
            depaudit: None,
            flags_1: Vec::new(),
            defines: Vec::new(),
            imports: Vec::new(),
            import_versions: HashMap::new(),
            versions: Versions::default(),
            relr: false,
            isa: None,
            abi_tag: None,
            e_flags: 0,
            fits: None,
            writable_code: false,
            rodata: Vec::new(),
            notes: Vec::new(),
            damage: Vec::new(),
        }
    }

    /// Reads the words after `PATH elf`; `default_interp` is for a program that names none.
    pub(crate) fn parse(path: &[u8], words: &[Vec<u8>], default_interp: Option<&str>) -> Self {
        let mut spec = Self::library(machine("x86_64").unwrap());
        spec.is_program = !is_library_name(path);
        let mut interp = None;
        let mut raw_interp = None;
        for word in words {
            let Some((key, value)) = key_value(word) else {
                spec.plain_word(utf8(word));
                continue;
            };
            match key {
                "needed" => spec.needed.extend(list(value)),
                "auxiliary" => spec.auxiliary.extend(list(value)),
                "audit" => spec.audit = Some(value.to_vec()),
                "depaudit" => spec.depaudit = Some(value.to_vec()),
                "filter" => spec.filter.extend(list(value)),
                "defines" => spec.defines.extend(list(value)),
                "wants" => spec.import(value, Import::Pointer),
                "weak" => spec.import(value, Import::WeakPointer),
                "calls" => spec.import(value, Import::Call),
                "verneed" => spec.versions.needs.push(Need::parse(value)),
                "verdef" => spec.versions.definitions.extend(list(value)),
                "rpath" => spec.rpath = Some(value.to_vec()),
                "runpath" => spec.runpath = Some(value.to_vec()),
                "soname" => spec.soname = Some(value.to_vec()),
                "interp" => interp = Some(value.to_vec()),
                "interp-bytes" => raw_interp = Some(value.to_vec()),
                "flags_1" => spec
                    .flags_1
                    .extend(list(value).iter().map(|flag| utf8(flag).to_owned())),
                "damage" => spec
                    .damage
                    .extend(list(value).iter().map(|one| Damage::parse(utf8(one)))),
                "isa" => spec.isa = Some(u32::try_from(number(value)).unwrap()),
                "abi-tag" => spec.abi_tag = Some(abi_tag(utf8(value))),
                "e_flags" => spec.e_flags = u32::try_from(number(value)).unwrap(),
                "fits" => spec.fits = Some(number(value)),
                "type" => spec.kind = kind(utf8(value)),
                "strings" => spec.rodata.extend_from_slice(value),
                "dlopen" => {
                    let text = [value, b"\0"].concat();
                    spec.notes.push((b"FDO\0", 0x407c_0c0a, text));
                }
                "go" => {
                    spec.notes.push((b"Go\0\0", 4, b"build".to_vec()));
                    spec.rodata.push(0);
                    for name in list(value) {
                        spec.rodata.extend([&name[..], b"\0"].concat());
                    }
                }
                "pad" => spec.rodata.resize(
                    spec.rodata.len() + usize::try_from(number(value)).unwrap(),
                    b'.',
                ),
                _ => panic!("`{key}` is no word of an elf line"),
            }
        }
        if matches!(spec.kind, Kind::Static | Kind::StaticPie) {
            spec.is_program = true;
        } else if spec.is_program && spec.kind != Kind::Rel {
            let name = interp.unwrap_or_else(|| {
                let machine_default = spec.machine.glibc_interp;
                let default = default_interp.filter(|_| spec.machine.name == "x86_64");
                default.unwrap_or(machine_default).as_bytes().to_vec()
            });
            spec.interp = Some(raw_interp.unwrap_or_else(|| [name.as_slice(), b"\0"].concat()));
        } else if let Some(name) = interp {
            spec.interp = Some([name.as_slice(), b"\0"].concat());
        }
        spec
    }

    fn import(&mut self, names: &[u8], import: Import) {
        assert_eq!(
            self.machine.name, "x86_64",
            "relocations of others are not written"
        );
        for name in list(names) {
            let (name, version) = match name.iter().position(|&byte| byte == b'@') {
                Some(at) => (name[..at].to_vec(), Some(name[at + 1..].to_vec())),
                None => (name, None),
            };
            if let Some(version) = version {
                self.import_versions.insert(name.clone(), version);
            }
            self.imports.push((name, import));
        }
    }

    fn plain_word(&mut self, word: &str) {
        match word {
            "program" => self.is_program = true,
            "library" => self.is_program = false,
            "static" => self.kind = Kind::Static,
            "static-pie" => self.kind = Kind::StaticPie,
            "debug" => self.kind = Kind::Debug,
            "relr" => self.relr = true,
            "rwx" => self.writable_code = true,
            name => {
                self.machine =
                    machine(name).unwrap_or_else(|| panic!("`{name}` is no word of an elf line"));
            }
        }
    }

    /// Whether the file has a dynamic section at all.
    pub(crate) fn is_dynamic(&self) -> bool {
        !matches!(self.kind, Kind::Static | Kind::Rel)
    }

    /// All DF_1_* together, DF_1_PIE included where the linker would set it.
    pub(crate) fn flags_1_value(&self) -> u64 {
        let named = self.flags_1.iter().map(|name| {
            let known = FLAGS_1.iter().find(|(flag, ..)| flag == name);
            known
                .unwrap_or_else(|| panic!("`{name}` is no DF_1 flag known here"))
                .2
        });
        let pie = self.is_program && matches!(self.kind, Kind::Dyn | Kind::StaticPie);
        named.fold(if pie { DF_1_PIE } else { 0 }, |all, one| all | one)
    }
}

/// `liba.so`, `liba.so.1`, `ld-2.31.so`: what a linker would have made with `-shared`.
fn is_library_name(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name.ends_with(b".so") || name.windows(4).any(|four| four == b".so.")
}

/// `OS:MAJOR.MINOR.PATCH`
fn abi_tag(text: &str) -> [u32; 4] {
    let (system, kernel) = text.split_once(':').expect("abi-tag=OS:KERNEL");
    let kernel: Vec<u32> = kernel.split('.').map(|n| n.parse().unwrap()).collect();
    [system.parse().unwrap(), kernel[0], kernel[1], kernel[2]]
}

fn kind(word: &str) -> Kind {
    match word {
        "dyn" => Kind::Dyn,
        "exec" => Kind::Exec,
        "rel" => Kind::Rel,
        _ => panic!("type={word}: dyn, exec or rel"),
    }
}

fn list(value: &[u8]) -> Vec<Vec<u8>> {
    value
        .split(|&byte| byte == b',')
        .map(<[u8]>::to_vec)
        .collect()
}
