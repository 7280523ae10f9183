//! One directory's names, and what its files are at a glance.

use std::fs::File;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, statat};

use super::{OPEN_FLAGS, of_stat};
use crate::errno::Errno;
use crate::read_at::{Facts, Known, ReadAt};
use crate::rootfs::{Glance, Kind, Metadata, START};
use crate::source::host_file::HostFile;

/// How many bytes of names are asked for at once.
const ROOM: usize = 64 << 10;
/// What is left out of the host's own root: no files that somebody installed, and some
/// of them act when they are read.
const VIRTUAL: [&[u8]; 3] = [b"proc", b"sys", b"dev"];

/// What a directory has, in the order of names.
#[derive(Default)]
pub(super) struct Listing {
    /// Its path, without a leading slash.
    pub(super) path: Box<[u8]>,
    pub(super) entries: Vec<Entry>,
    /// The names, one behind the other.
    names: Vec<u8>,
    /// What could not be listed: a name in it, or itself, which has none.
    pub(super) problems: Vec<(Vec<u8>, Errno)>,
}

/// One name.
pub(super) struct Entry {
    /// Its first bytes as a number, which are quicker compared.
    key: u64,
    start: usize,
    length: usize,
    pub(super) kind: Kind,
    /// What came of a file that was looked at.
    pub(super) found: Option<Box<Found>>,
}

/// What came of one file.
pub(super) enum Found {
    File(Metadata, Facts),
    Unreadable(Metadata, Errno),
}

impl Listing {
    pub(super) fn name(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.start..entry.start + entry.length]
    }

    /// The paths of its directories, in order.
    pub(super) fn directories(&self) -> Vec<Box<[u8]>> {
        let directories = self.entries.iter().filter(|e| e.kind == Kind::Directory);
        directories
            .map(|entry| joined(&self.path, self.name(entry)))
            .collect()
    }

    fn add(&mut self, name: &[u8], kind: Kind) {
        let mut first = [0; 8];
        let known = name.len().min(first.len());
        first[..known].copy_from_slice(&name[..known]);
        self.entries.push(Entry {
            key: u64::from_be_bytes(first),
            start: self.names.len(),
            length: name.len(),
            kind,
            found: None,
        });
        self.names.extend_from_slice(name);
    }
}

/// `name` in the directory `path`.
fn joined(path: &[u8], name: &[u8]) -> Box<[u8]> {
    match path {
        b"" => name.into(),
        _ => [path, b"/", name].concat().into_boxed_slice(),
    }
}

/// Lists directories, one after the other.
pub(super) struct Lister<'d> {
    root: &'d File,
    is_host_root: bool,
    glance: &'d dyn Glance,
    /// Room for names as the kernel tells them.
    room: Vec<u8>,
}

impl<'d> Lister<'d> {
    pub(super) fn new(root: &'d File, is_host_root: bool, glance: &'d dyn Glance) -> Lister<'d> {
        Lister {
            root,
            is_host_root,
            glance,
            room: Vec::with_capacity(ROOM),
        }
    }

    /// What is in the directory at `path`, which has no leading slash.
    pub(super) fn list(&mut self, path: Box<[u8]>) -> Listing {
        let mut listing = Listing {
            path,
            ..Listing::default()
        };
        let directory = match self.open(&listing.path) {
            Ok(directory) => directory,
            Err(errno) => {
                listing.problems.push((Vec::new(), errno));
                return listing;
            }
        };
        self.names(&directory, &mut listing);
        let Listing {
            path,
            entries,
            names,
            ..
        } = &mut listing;
        let name = |entry: &Entry| &names[entry.start..entry.start + entry.length];
        // No name has a NUL, so that one which ends sooner has the lesser number too.
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| name(a).cmp(name(b))));
        // The path of each file, in one piece of memory.
        let mut full = [b"/", &**path].concat();
        if full.len() > 1 {
            full.push(b'/');
        }
        let before = full.len();
        for entry in entries.iter_mut().filter(|e| e.kind == Kind::File) {
            let name = name(entry);
            full.truncate(before);
            full.extend_from_slice(name);
            if self.glance.wants(&full) {
                entry.found = self.look(&directory, name).map(Box::new);
            }
        }
        listing
    }

    /// Follows no link that was put there meanwhile, where the kernel can be asked to.
    fn open(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        use rustix::io::Errno as Os;

        let flags = OPEN_FLAGS | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let path = match path {
            b"" => b".",
            path => path,
        };
        let opened = match open_without_links(self.root, path, flags) {
            Err(Os::NOSYS | Os::PERM) => openat(self.root, path, flags, Mode::empty()),
            opened => opened,
        };
        opened.map_err(of_os)
    }

    /// Adds the names in `directory`.
    fn names(&mut self, directory: &OwnedFd, listing: &mut Listing) {
        let is_top = self.is_host_root && listing.path.is_empty();
        let add = |name: &[u8], of: FileType| {
            if matches!(name, b"." | b"..") || (is_top && VIRTUAL.contains(&name)) {
                return;
            }
            // Not every filesystem tells what a name is.
            let kind = match of {
                FileType::Unknown => statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map(|found| of_stat(&found).kind),
                of => Ok(kind(of)),
            };
            match kind {
                Ok(kind) => listing.add(name, kind),
                Err(errno) => listing.problems.push((name.to_vec(), of_os(errno))),
            }
        };
        if let Err(errno) = each_name(directory, &mut self.room, add) {
            listing.problems.push((Vec::new(), of_os(errno)));
        }
    }

    fn look(&self, directory: &OwnedFd, name: &[u8]) -> Option<Found> {
        let flags = OPEN_FLAGS | OFlags::NOFOLLOW;
        let file = match openat(directory, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(errno) => {
                let metadata = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                return Some(Found::Unreadable(of_stat(&metadata), of_os(errno)));
            }
        };
        let mut start = [0; START];
        let read = rustix::io::retry_on_intr(|| rustix::io::pread(&file, &mut start, 0)).ok()?;
        let start = &start[..read];
        if !self.glance.may_keep(start) {
            return None;
        }
        let metadata = of_stat(&fstat(&file).ok()?);
        if metadata.kind != Kind::File {
            // Something else took its place meanwhile.
            return None;
        }
        let file = Begun {
            file: HostFile::new(File::from(file), metadata.size),
            known: Known::start(start.into()),
        };
        let facts = self.glance.glance(&metadata, &file)?;
        Some(Found::File(metadata, facts))
    }
}

/// A file whose beginning was read.
struct Begun {
    file: HostFile,
    known: Known,
}

impl ReadAt for Begun {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn known(&self) -> Option<&Known> {
        Some(&self.known)
    }
}

fn of_os(errno: rustix::io::Errno) -> Errno {
    Errno(errno.raw_os_error())
}

fn kind(of: FileType) -> Kind {
    match of {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

/// Tells every name in `directory`, `.` and `..` too. `room` is empty, and what the
/// kernel tells fits into its memory.
#[cfg(target_os = "linux")]
fn each_name(
    directory: &OwnedFd,
    room: &mut Vec<u8>,
    mut add: impl FnMut(&[u8], FileType),
) -> rustix::io::Result<()> {
    let mut names = rustix::fs::RawDir::new(directory, room.spare_capacity_mut());
    while let Some(entry) = names.next() {
        match entry {
            Ok(entry) => add(entry.file_name().to_bytes(), entry.file_type()),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn each_name(
    directory: &OwnedFd,
    _room: &mut Vec<u8>,
    mut add: impl FnMut(&[u8], FileType),
) -> rustix::io::Result<()> {
    for entry in rustix::fs::Dir::read_from(directory)? {
        let entry = entry?;
        add(entry.file_name().to_bytes(), entry.file_type());
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn open_without_links(root: &File, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    openat2(root, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

#[cfg(not(target_os = "linux"))]
fn open_without_links(_: &File, _: &[u8], _: OFlags) -> rustix::io::Result<OwnedFd> {
    Err(rustix::io::Errno::NOSYS)
}
