//! Which package of a target owns a library.
//!
//! Reads what dpkg writes (`/var/lib/dpkg/info/*.list`, dpkg(1); distroless images
//! have `/var/lib/dpkg/status.d/*.md5sums` instead) and apk's `installed`
//! (apk-tools `src/database.c`, lines `P:`, `F:` and `R:`), and pacman's
//! `local/NAME-VERSION-RELEASE/files` (libalpm `be_local.c`). The databases of rpm are
//! not read: of an image all of one would have to be kept, tens of megabytes, to be
//! asked for a few names. Only libraries' paths are kept.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::path::file_name;
use crate::rootfs::{Credentials, Follow, Rootfs};

/// The most of one list that is read.
const MAX_TEXT: usize = 16 << 20;
/// The most libraries that are kept.
const MAX_PATHS: usize = 200_000;

const DPKG_INFO: &[u8] = b"/var/lib/dpkg/info";
const DPKG_STATUS: &[u8] = b"/var/lib/dpkg/status.d";
const PACMAN: &[u8] = b"/var/lib/pacman/local";
const APK: [&[u8]; 2] = [b"/lib/apk/db/installed", b"/usr/lib/apk/db/installed"];

/// The owners of a target's libraries.
#[derive(Default, Debug)]
pub struct Owners {
    packages: Vec<Box<str>>,
    by_path: HashMap<Box<[u8]>, u32, RandomState>,
}

impl Owners {
    /// Reads the lists of `rootfs`; what cannot be read is left out.
    #[must_use]
    pub fn read(rootfs: &Rootfs) -> Owners {
        let mut owners = Owners::default();
        owners.read_dpkg(rootfs, DPKG_INFO, b".list");
        owners.read_dpkg(rootfs, DPKG_STATUS, b".md5sums");
        owners.read_pacman(rootfs);
        for path in APK {
            if let Ok(text) = rootfs.read(path, MAX_TEXT) {
                owners.read_apk(&text);
            }
        }
        owners
    }

    /// The package that owns the file at `path`, which is absolute.
    #[must_use]
    pub fn of(&self, path: &[u8]) -> Option<&str> {
        let package = *self.by_path.get(key(path))?;
        self.packages.get(package as usize).map(|name| &**name)
    }

    fn read_dpkg(&mut self, rootfs: &Rootfs, directory: &[u8], ending: &[u8]) {
        for name in names(rootfs, directory) {
            let Some(package) = name.strip_suffix(ending) else {
                continue;
            };
            let path = [directory, b"/", &name].concat();
            let Ok(text) = rootfs.read(&path, MAX_TEXT) else {
                continue;
            };
            // Where several architectures may be installed: `libc6:amd64`.
            let package = package.split(|&b| b == b':').next().unwrap_or_default();
            self.begin(package);
            for line in text.split(|&b| b == b'\n') {
                match ending {
                    b".list" => self.add(line),
                    // A sum, two blanks, a path without its slash.
                    _ => {
                        let path = line.splitn(2, |&b| b == b' ').nth(1);
                        let path = path.unwrap_or_default().trim_ascii_start();
                        self.add(&[b"/", path].concat());
                    }
                }
            }
        }
    }

    fn read_pacman(&mut self, rootfs: &Rootfs) {
        for name in names(rootfs, PACMAN) {
            // Version and release follow the last two hyphens; neither has one.
            let mut parts = name.rsplitn(3, |&b| b == b'-').skip(2);
            let Some(package) = parts.next() else {
                continue;
            };
            let path = [PACMAN, b"/", &name, b"/files"].concat();
            let Ok(text) = rootfs.read(&path, MAX_TEXT) else {
                continue;
            };
            self.begin(package);
            let lines = text.split(|&b| b == b'\n');
            let files = lines.skip_while(|line| *line != b"%FILES%").skip(1);
            for line in files.take_while(|line| !line.is_empty()) {
                self.add(&[b"/", line].concat());
            }
        }
    }

    fn read_apk(&mut self, text: &[u8]) {
        let mut directory: &[u8] = b"";
        for line in text.split(|&b| b == b'\n') {
            match line {
                [b'P', b':', package @ ..] => self.begin(package),
                [b'F', b':', path @ ..] => directory = path,
                [b'R', b':', name @ ..] => self.add(&[b"/", directory, b"/", name].concat()),
                _ => {}
            }
        }
    }

    /// What follows belongs to `package`.
    fn begin(&mut self, package: &[u8]) {
        self.packages.push(crate::bytes::lossy(package).into());
    }

    fn add(&mut self, path: &[u8]) {
        let name = file_name(path);
        let is_library = memchr::memmem::find(name, b".so").is_some() || name.starts_with(b"ld");
        if !is_library || self.by_path.len() >= MAX_PATHS {
            return;
        }
        if let Some(last) = self.packages.len().checked_sub(1) {
            let package = u32::try_from(last).unwrap_or(u32::MAX);
            self.by_path.insert(key(path).into(), package);
        }
    }
}

/// The names in a directory, whoever may list it.
fn names(rootfs: &Rootfs, directory: &[u8]) -> Vec<Vec<u8>> {
    let root = Credentials::root();
    let filesystem = rootfs.filesystem();
    let walk = Rootfs::walk_in(filesystem, &root, directory, Follow::Last);
    let names = walk.end.and_then(|node| filesystem.names(node));
    names.unwrap_or_default()
}

/// `/usr/lib/x` and `/lib/x` are one file where `/lib` is a link; packages name
/// either.
fn key(path: &[u8]) -> &[u8] {
    match path.strip_prefix(b"/usr") {
        Some(rest) if rest.starts_with(b"/") => rest,
        _ => path,
    }
}
