//! The loaders of fixtures: synthetic ones, recognisable by the strings of a
//! real one, and the real ones of this machine.

use std::path::{Path, PathBuf};

use super::elf_spec::{self, ElfSpec, Machine};
use super::synthetic;

/// One loader, as `loader glibc 2.31` or `loader musl` names it.
#[derive(Debug, Clone)]
pub(crate) enum Loader {
    Glibc {
        minor: u32,
        machine: &'static Machine,
    },
    Musl,
}

impl Loader {
    /// Reads `glibc 2.36 [MACHINE]` or `musl`.
    pub(crate) fn parse(words: &[Vec<u8>]) -> Self {
        let words: Vec<&str> = words.iter().map(|word| super::text::utf8(word)).collect();
        match words.as_slice() {
            ["musl"] => Self::Musl,
            ["glibc", version, rest @ ..] => {
                let minor = version
                    .strip_prefix("2.")
                    .and_then(|minor| minor.parse().ok());
                let machine = elf_spec::machine(rest.first().unwrap_or(&"x86_64"));
                Self::Glibc {
                    minor: minor.expect("glibc 2.N"),
                    machine: machine.expect("a machine"),
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
        }
    }

    /// A file of its own that the interpreter's path is a link to, as Debian had it before 2.34.
    pub(crate) fn versioned_file(&self) -> Option<String> {
        match self {
            Self::Glibc { minor, machine } if *minor < 34 => {
                Some(format!("/lib/{}/ld-2.{minor}.so", machine.triplet))
            }
            _ => None,
        }
    }

    /// The bytes of a loader that says what a real one says.
    pub(crate) fn synthetic(&self) -> Vec<u8> {
        match self {
            Self::Glibc { minor, machine } => synthetic_glibc(*minor, machine),
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
        let bytes = std::fs::read(path)
            .map_err(|_| format!("`{}` is not installed here", path.display()))?;
        if let Self::Glibc { minor, .. } = self {
            let wanted = format!("stable release version 2.{minor}.");
            if !bytes
                .windows(wanted.len())
                .any(|run| run == wanted.as_bytes())
            {
                return Err(format!(
                    "this machine's loader is not that of glibc 2.{minor}"
                ));
            }
        }
        Ok(path.to_path_buf())
    }
}

fn strings(all: &[&str]) -> Vec<u8> {
    all.iter()
        .flat_map(|one| [one.as_bytes(), b"\0"].concat())
        .collect()
}

fn synthetic_glibc(minor: u32, machine: &'static Machine) -> Vec<u8> {
    let mut spec = ElfSpec::library(machine);
    let name = machine.glibc_interp.rsplit('/').next().unwrap();
    spec.soname = Some(name.as_bytes().to_vec());
    let slibdir = format!("lib/{}", machine.triplet);
    let directories = format!(
        "/lib/{0}/\0/usr/lib/{0}/\0/lib/\0/usr/lib/",
        machine.triplet
    );
    let release = format!("ld.so (Debian GLIBC 2.{minor}-1) stable release version 2.{minor}.");
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
    spec.rodata = strings(&all);
    synthetic::build(&spec)
}
