//! The loaders of fixtures: synthetic ones, recognisable by the strings of a
//! real one, and the real ones of this machine.

use std::path::{Path, PathBuf};

use super::damage::Layout;
use super::elf_spec::{self, ElfSpec, Machine};
use super::synthetic;

/// One loader, as `loader glibc 2.31` or `loader musl` names it.
#[derive(Debug, Clone)]
pub(crate) enum Loader {
    Glibc {
        minor: u32,
        machine: &'static Machine,
        /// Built for CPUs better than the first ones.
        baseline: bool,
        /// Built without Debian's patches.
        upstream: bool,
    },
    Musl,
    /// gcompat's stub, which starts musl's loader.
    Gcompat,
}

impl Loader {
    /// Reads `glibc 2.36 [upstream] [MACHINE]` or `musl`.
    pub(crate) fn parse(words: &[Vec<u8>]) -> Self {
        let words: Vec<&str> = words.iter().map(|word| super::text::utf8(word)).collect();
        match words.as_slice() {
            ["musl"] => Self::Musl,
            ["gcompat"] => Self::Gcompat,
            ["glibc", version, rest @ ..] => {
                let minor = version
                    .strip_prefix("2.")
                    .and_then(|minor| minor.parse().ok());
                let baseline = rest.contains(&"baseline");
                let upstream = rest.contains(&"upstream");
                let is_word = |word: &&&str| ["baseline", "upstream"].contains(*word);
                let machine = rest.iter().find(|word| !is_word(word));
                let machine = elf_spec::machine(machine.unwrap_or(&"x86_64"));
                Self::Glibc {
                    minor: minor.expect("glibc 2.N"),
                    machine: machine.expect("a machine"),
                    baseline,
                    upstream,
                }
            }
            _ => panic!(
                "a loader is `glibc 2.N [MACHINE]` or `musl`, not `{}`",
                words.join(" ")
            ),
        }
    }

    /// Where programs expect it.
    pub(crate) fn interp(&self) -> &'static str {
        match self {
            Self::Glibc { machine, .. } => machine.glibc_interp,
            Self::Musl => "/lib/ld-musl-x86_64.so.1",
            Self::Gcompat => "/lib64/ld-linux-x86-64.so.2",
        }
    }

    /// A file of its own that the interpreter's path is a link to, as Debian had it before 2.34.
    pub(crate) fn versioned_file(&self) -> Option<String> {
        match self {
            Self::Glibc { minor, machine, .. } if *minor < 34 => {
                Some(format!("/lib/{}/ld-2.{minor}.so", machine.triplet))
            }
            _ => None,
        }
    }

    /// The bytes of a loader that says what a real one says.
    pub(crate) fn synthetic(&self) -> Vec<u8> {
        /// Where `e_entry` stands in either class; a loader can be started.
        const ENTRY: usize = 24;
        let mut file = self.file();
        let layout = Layout::of(&file);
        layout.put(&mut file, ENTRY, 4, 0x1000);
        file
    }

    fn file(&self) -> Vec<u8> {
        match self {
            Self::Glibc {
                minor,
                machine,
                baseline,
                upstream,
            } => synthetic_glibc(*minor, machine, *baseline, *upstream),
            Self::Gcompat => {
                let words = [b"static".to_vec()];
                let mut spec = ElfSpec::parse(b"/ld-linux", &words, None);
                spec.rodata = strings(&[
                    "This is the gcompat ELF interpreter stub.",
                    "/lib/libgcompat.so.0 ",
                    "/lib/ld-musl-x86_64.so.1",
                    "--preload",
                ]);
                synthetic::build(&spec)
            }
            Self::Musl => {
                let mut spec = ElfSpec::library(elf_spec::machine("x86_64").unwrap());
                spec.rodata = strings(&[
                    "musl libc (x86_64)",
                    "Dynamic Program Loader",
                    "/etc/ld-musl-x86_64.path",
                    "/lib:/usr/local/lib:/usr/lib",
                ]);
                synthetic::build(&spec)
            }
        }
    }

    /// The real loader's file on this machine, or why there is none.
    pub(crate) fn real(&self) -> Result<PathBuf, String> {
        let path = match self {
            Self::Musl => "/lib/ld-musl-x86_64.so.1",
            Self::Gcompat => {
                let folder = std::env::var_os("IMGLDD_GCOMPAT");
                let stub = folder.map(|folder| Path::new(&folder).join("ld-linux-x86-64.so.2"));
                let stub = stub.filter(|stub| stub.is_file());
                return stub.ok_or_else(|| {
                    "no gcompat here; IMGLDD_GCOMPAT names the folder of its stub".to_owned()
                });
            }
            Self::Glibc { baseline: true, .. } => {
                return Err("no loader for better CPUs alone on this machine".to_owned());
            }
            Self::Glibc { upstream: true, .. } => {
                return Err("no loader without Debian's patches on this machine".to_owned());
            }
            Self::Glibc { machine, .. } if machine.name == "x86_64" => {
                "/lib64/ld-linux-x86-64.so.2"
            }
            Self::Glibc { machine, .. } if machine.name == "aarch64" => {
                "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1"
            }
            Self::Glibc { machine, .. } => {
                return Err(format!(
                    "no real loader for {} on this machine",
                    machine.name
                ));
            }
        };
        let path = Path::new(path);
        if !path.exists() {
            return Err(format!("`{}` is not installed here", path.display()));
        }
        match self {
            Self::Glibc { minor, .. } => of_release("ld", *minor, path.to_path_buf()),
            _ => Ok(path.to_path_buf()),
        }
    }
}

/// The file of glibc that is of that release: this machine's `own`, or one of the
/// Debian roots of x86_64 that `IMGLDD_GLIBC_ROOTS` lists, colons between them. `stem`
/// is `ld` or `libc`.
pub(crate) fn of_release(stem: &str, minor: u32, own: PathBuf) -> Result<PathBuf, String> {
    let wanted = format!("stable release version 2.{minor}.");
    let versioned = format!("{stem}-2.{minor}.so");
    let usual = if stem == "ld" {
        "ld-linux-x86-64.so.2"
    } else {
        "libc.so.6"
    };
    let is_it = |path: &PathBuf| {
        let says = |bytes: Vec<u8>| {
            let mut runs = bytes.windows(wanted.len());
            runs.any(|run| run == wanted.as_bytes())
        };
        path.ends_with(&versioned) || std::fs::read(path).is_ok_and(says)
    };
    let roots = std::env::var("IMGLDD_GLIBC_ROOTS").unwrap_or_default();
    let others = roots
        .split(':')
        .filter(|root| !root.is_empty())
        .flat_map(|root| {
            ["lib", "usr/lib"].into_iter().flat_map(|folder| {
                let folder = Path::new(root).join(folder).join("x86_64-linux-gnu");
                [folder.join(&versioned), folder.join(usual)]
            })
        });
    let mut all = std::iter::once(own).chain(others.filter(|path| path.is_file()));
    all.find(is_it)
        .ok_or_else(|| format!("no {stem} of glibc 2.{minor} here; IMGLDD_GLIBC_ROOTS names roots"))
}

fn strings(all: &[&str]) -> Vec<u8> {
    all.iter()
        .flat_map(|one| [one.as_bytes(), b"\0"].concat())
        .collect()
}

fn synthetic_glibc(
    minor: u32,
    machine: &'static Machine,
    baseline: bool,
    upstream: bool,
) -> Vec<u8> {
    let mut spec = ElfSpec::library(machine);
    let name = machine.glibc_interp.rsplit('/').next().unwrap();
    spec.soname = Some(name.as_bytes().to_vec());
    let slibdir = format!("lib/{}", machine.triplet);
    let directories = format!(
        "/lib/{0}/\0/usr/lib/{0}/\0/lib/\0/usr/lib/",
        machine.triplet
    );
    let builder = match upstream {
        true => "GNU libc".to_owned(),
        false => format!("Debian GLIBC 2.{minor}-1"),
    };
    let release = format!("ld.so ({builder}) stable release version 2.{minor}.");
    // An empty string on both sides: the run of directories stands alone, twice.
    let mut all = vec![
        "",
        &directories,
        "",
        &directories,
        "",
        &slibdir,
        "ORIGIN",
        "PLATFORM",
        "LIB",
    ];
    all.extend([
        "/etc/ld.so.cache",
        "glibc-ld.so.cache1.1",
        "ld.so-1.7.0",
        "/etc/ld.so.preload",
    ]);
    if machine.name == "x86_64" {
        let own = ["GLIBC_2.2.5", "GLIBC_2.3", "GLIBC_PRIVATE"];
        let own = own.map(|version| version.as_bytes().to_vec());
        spec.versions.definitions = own.to_vec();
        if minor >= 33 {
            all.push("x86-64-v4:x86-64-v3:x86-64-v2");
        }
        if minor <= 36 {
            all.extend(["tls", "haswell", "xeon_phi", "avx512_1"]);
        }
    }
    if minor >= 33 {
        all.push(&release);
    }
    if !upstream {
        all.push("Please report as described in <http://www.debian.org/Bugs/>.\n");
    }
    if baseline {
        all.push("Fatal glibc error: CPU does not support x86-64-v%d\n");
    }
    spec.rodata = strings(&all);
    synthetic::build(&spec)
}
