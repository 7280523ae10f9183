//! The fixture language: one line for each path of a small filesystem.
//!
//! ```text
//! /app/exe          elf needed=liba.so rpath=$ORIGIN/lib
//! /app/lib/liba.so  elf aarch64 soname=liba.so.1
//! /entry.sh         script '#!/bin/sh\r\n'
//! ```
//!
//! Words are separated by blanks; single quotes keep together and know escapes
//! ([`text`](super::text)). Lines that start with `#` are comments. Folders that
//! are not written down are made with mode 0755.
//!
//! # Kinds
//!
//! | line | makes |
//! |---|---|
//! | `PATH elf [WORD]... [KEY=VALUE]...` | an ELF file, see below |
//! | `PATH text 'CONTENT'` | a file of mode 0644 |
//! | `PATH script 'CONTENT'` | a file of mode 0755 |
//! | `PATH link TARGET` | a symbolic link |
//! | `PATH hardlink PATH` | another name of a file |
//! | `PATH ldconfig-link TARGET` | a symbolic link that ldconfig makes, where it writes the cache |
//! | `PATH dir` | a folder |
//! | `PATH loader glibc 2.N [baseline] [upstream] [MACHINE]`, `PATH loader musl`, `PATH loader gcompat` | a loader at an unusual place; one that is built for better CPUs, or without Debian's patches; gcompat's stub |
//! | `PATH libc [2.N]` | glibc's libc.so.6, which needs its loader; of that release |
//! | `PATH cache [WORD]... [SONAME=>PATH[@…]]...` | an `ld.so.cache`, see [`cache`](super::cache) |
//!
//! Any of them may end in `mode=0711` and `owner=UID:GID`.
//!
//! # ELF files
//!
//! A name that ends in `.so` or has `.so.` in it is a library, anything else a program;
//! `program` and `library` say otherwise. A machine's name (`x86_64`, `i386`, `aarch64`,
//! `arm`, `riscv64`, `ppc64`, `ppc64le`, `s390x`, `mips`, `mipsel`, `mips64`, `mips64el`) may stand anywhere; x86_64 is the default.
//!
//! | word | meaning |
//! |---|---|
//! | `needed=a,b` | DT_NEEDED in that order; `needed=` is the empty name; repeatable |
//! | `rpath=` `runpath=` `soname=` | as written, tokens and all; an empty value is an empty string |
//! | `filter=a` `auxiliary=a` | DT_FILTER, DT_AUXILIARY; of programs in synthetic files only |
//! | `audit=a:b` `depaudit=a:b` | DT_AUDIT, DT_DEPAUDIT |
//! | `flags_1=nodeflib,now` | DF_1 flags; a program that is `dyn` has DF_1_PIE by itself |
//! | `interp=PATH` | PT_INTERP; a program's default is its loader's usual path |
//! | `interp-bytes='…'` | PT_INTERP byte for byte, without a NUL of its own |
//! | `type=exec`, `type=rel` | instead of `type=dyn` |
//! | `static`, `static-pie`, `debug` | no loader; the same, position-independent; only debug data left |
//! | `defines=f,g` | global functions in the dynamic symbol table |
//! | `wants=f` `weak=f` `calls=f` | undefined symbols: a pointer to it, the same but weak, a call through the procedure linkage table (x86_64); `f@V1` wants it in a version of `verneed=` (synthetic files only) |
//! | `isa=N` `abi-tag=OS:A.B.C` | GNU_PROPERTY_X86_ISA_1_NEEDED, NT_GNU_ABI_TAG (synthetic files; of the first ld makes the levels) |
//! | `e_flags=N` `fits=N` `rwx` | flags of the machine; code that fits pages of N bytes at most; code that can be written (synthetic files only) |
//! | `caps=ep`, `caps=p`, `caps=i`, `caps=ep:N` | at the end of any line: `cap_net_bind_service`, or capability N, in the file's attribute (root only) |
//! | `strings='…'` `pad=N` | bytes of read-only data (synthetic files only) |
//! | `dlopen='JSON'` | a note of what is loaded by name (synthetic files only); repeatable |
//! | `go=f,g` | the note of Go's linker, and names of functions (synthetic files only) |
//! | `damage=osabi:9,padding` | changes afterwards, see [`damage`](super::damage) |
//!
//! # Loaders
//!
//! `loader musl` or `loader glibc 2.31` on a line of its own puts that loader where its
//! programs expect it. A fixture without such a line has Debian's glibc 2.36;
//! `loader none` leaves the place empty.

use super::cache::CacheSpec;
use super::elf_spec::ElfSpec;
use super::loaders::Loader;
use super::text::{key_value, lines, octal, utf8, words};

/// A filesystem as it was written down.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// In the order of the text; the implied loader comes last.
    pub(crate) entries: Vec<Entry>,
    /// What `loader` said.
    pub(crate) loader: Option<Loader>,
}

/// One path.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Absolute, as bytes.
    pub(crate) path: Vec<u8>,
    pub(crate) node: Node,
    pub(crate) mode: Option<u32>,
    pub(crate) owner: Option<(u32, u32)>,
    /// `security.capability`
    pub(crate) capability: Option<Vec<u8>>,
}

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Node {
    Elf(Box<ElfSpec>),
    Text(Vec<u8>),
    Symlink(Vec<u8>),
    /// A link that ldconfig makes.
    LdconfigLink(Vec<u8>),
    Hardlink(Vec<u8>),
    Dir,
    Loader(Loader),
    /// The minor number of its release, where one is asked for.
    Libc(Option<u32>),
    Cache(CacheSpec),
}

impl Fixture {
    /// Reads the language; a mistake in it is a mistake in the test, and panics.
    pub(crate) fn parse(text: &str) -> Self {
        let mut loader = Some(Loader::parse(&words("glibc 2.36")));
        for line in lines(text) {
            if let Some(rest) = line.strip_prefix("loader ") {
                loader = (rest != "none").then(|| Loader::parse(&words(rest)));
            }
        }
        let default_interp = loader.as_ref().map(Loader::interp);
        let mut entries: Vec<Entry> = lines(text)
            .filter(|line| !line.starts_with("loader "))
            .map(|line| Entry::parse(line, default_interp))
            .collect();
        if let Some(loader) = &loader {
            let interp = loader.interp();
            if !entries.iter().any(|entry| entry.path == interp.as_bytes()) {
                match loader.versioned_file() {
                    Some(file) => {
                        entries.push(Entry::plain(
                            interp,
                            Node::Symlink(file.clone().into_bytes()),
                        ));
                        entries.push(Entry::plain(&file, Node::Loader(loader.clone())));
                    }
                    None => entries.push(Entry::plain(interp, Node::Loader(loader.clone()))),
                }
            }
        }
        Self { entries, loader }
    }

    /// Every DT_AUXILIARY of every file.
    pub(crate) fn auxiliaries(&self) -> Vec<String> {
        let specs = self.entries.iter().filter_map(|entry| match &entry.node {
            Node::Elf(spec) => Some(spec),
            _ => None,
        });
        let names = specs.flat_map(|spec| &spec.auxiliary);
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    /// Whether some file needs an owner that only root can give it.
    pub(crate) fn needs_root(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.owner.is_some() || entry.capability.is_some())
    }
}

impl Entry {
    fn plain(path: &str, node: Node) -> Self {
        Self {
            path: path.as_bytes().to_vec(),
            node,
            mode: None,
            owner: None,
            capability: None,
        }
    }

    fn parse(line: &str, default_interp: Option<&str>) -> Self {
        let mut all = words(line);
        let (mut mode, mut owner, mut capability) = (None, None, None);
        all.retain(|word| match key_value(word) {
            Some(("mode", value)) => {
                mode = Some(octal(value));
                false
            }
            Some(("caps", value)) => {
                capability = Some(attribute(utf8(value)));
                false
            }
            Some(("owner", value)) => {
                let (uid, gid) = utf8(value).split_once(':').expect("owner=UID:GID");
                owner = Some((uid.parse().unwrap(), gid.parse().unwrap()));
                false
            }
            _ => true,
        });
        let [path, kind, rest @ ..] = all.as_slice() else {
            panic!("`{line}`: a path and a kind")
        };
        assert!(
            path.starts_with(b"/"),
            "`{line}` should start with an absolute path"
        );
        let only = || {
            rest.first()
                .unwrap_or_else(|| panic!("`{line}` ends too soon"))
                .clone()
        };
        let node = match utf8(kind) {
            "elf" => Node::Elf(Box::new(ElfSpec::parse(path, rest, default_interp))),
            "text" => Node::Text(only()),
            "script" => {
                mode = mode.or(Some(0o755));
                Node::Text(only())
            }
            "link" => Node::Symlink(only()),
            "ldconfig-link" => Node::LdconfigLink(only()),
            "hardlink" => Node::Hardlink(only()),
            "dir" => Node::Dir,
            "loader" => Node::Loader(Loader::parse(rest)),
            "libc" => Node::Libc(rest.first().map(|word| {
                let minor = utf8(word).strip_prefix("2.").expect("libc 2.N");
                minor.parse().unwrap()
            })),
            "cache" => Node::Cache(CacheSpec::parse(rest)),
            other => panic!("`{line}`: `{other}` is no kind of file"),
        };
        Self {
            path: path.clone(),
            node,
            mode,
            owner,
            capability,
        }
    }
}

/// What `setcap cap_net_bind_service=LETTERS` writes, or of another one below 32.
fn attribute(text: &str) -> Vec<u8> {
    let (letters, number) = text.split_once(':').unwrap_or((text, "10"));
    let has = |letter: char| u32::from(letters.contains(letter));
    let bind = 1 << number.parse::<u32>().unwrap();
    let words = [
        0x0200_0000 | has('e'),
        bind * has('p'),
        bind * has('i'),
        0,
        0,
    ];
    words
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect()
}
