//! A directory's files, glanced at on several threads.
//!
//! One thread walks and tells the names; the others open files, a batch at a time.
//! What they find is put back into the order of the walk before it is told.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::fs::OFlags;

use super::{Directory, OPEN_FLAGS, is_virtual, kind, of_stat, split};
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::read_at::Facts;
use crate::rootfs::scan::unreadable;
use crate::rootfs::{Glance, Kind, Metadata, Scan};
use crate::source::host_file::HostFile;

/// How many files a thread takes at once.
const BATCH: usize = 128;
/// How many batches may wait, so that a walk that is ahead does not fill memory.
const WAITING: usize = 64;

/// Files to look at, in order, and the place of all of them in the walk.
type Batch = (usize, Vec<TargetPath>);
/// What came of a batch: the files of which something is to be told.
type Glanced = (usize, Vec<(TargetPath, Found)>);

/// What came of one file.
enum Found {
    File(Metadata, Facts),
    Unreadable(Metadata, Errno),
}

/// One scan of a directory.
pub(super) struct Scanning<'d> {
    directory: &'d Directory,
    glance: &'d dyn Glance,
    jobs: usize,
}

impl<'d> Scanning<'d> {
    pub(super) fn new(directory: &'d Directory, glance: &'d dyn Glance, jobs: usize) -> Self {
        Scanning {
            directory,
            glance,
            jobs,
        }
    }

    pub(super) fn run(&self, scan: &mut dyn Scan) {
        let opener = Opener {
            root: &self.directory.handle,
            glance: self.glance,
        };
        let (to_workers, batches) = mpsc::sync_channel::<Batch>(WAITING);
        let (to_us, results) = mpsc::channel::<Glanced>();
        let batches = Mutex::new(batches);
        thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                let (to_us, batches, opener) = (to_us.clone(), &batches, &opener);
                scope.spawn(move || opener.work(batches, &to_us));
            }
            drop(to_us);
            let mut told = InOrder::new(results);
            self.walk(&to_workers, &mut told, scan);
            drop(to_workers);
            told.rest(scan);
        });
    }

    /// Tells the names and hands the files out.
    fn walk(&self, to_workers: &SyncSender<Batch>, told: &mut InOrder, scan: &mut dyn Scan) {
        let directory = self.directory;
        let mut batch = Vec::with_capacity(BATCH);
        let mut number = 0;
        let mut walk = directory.walk();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let errno = error.io_error().map_or(Errno::LOOP, Errno::from);
                    let path = error.path().map(|path| directory.inside(path));
                    let path = TargetPath::root().join(path.unwrap_or_default());
                    scan.problem(path, errno);
                    continue;
                }
            };
            // The host's /proc and its like are no files that somebody installed, and
            // some of them act when they are read.
            if directory.is_host_root && is_virtual(entry.path()) {
                walk.skip_current_dir();
                continue;
            }
            let kind = kind(entry.file_type());
            let inside = directory.inside(entry.path());
            let (parent, name) = split(inside);
            scan.name(parent, name, kind);
            if kind != Kind::File {
                continue;
            }
            let path = TargetPath::root().join(inside);
            if scan.wants(&path) {
                batch.push(path);
            }
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                // The threads end only when this channel does.
                let _ = to_workers.send((number, full));
                number += 1;
                told.ready(scan);
            }
        }
        let _ = to_workers.send((number, batch));
    }
}

/// Opens files and glances at them.
struct Opener<'d> {
    root: &'d File,
    glance: &'d dyn Glance,
}

impl Opener<'_> {
    fn work(&self, batches: &Mutex<Receiver<Batch>>, to_us: &Sender<Glanced>) {
        loop {
            let next = batches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((number, batch)) = next else { return };
            let found = batch.into_iter().filter_map(|path| {
                let found = self.look(&path)?;
                Some((path, found))
            });
            if to_us.send((number, found.collect())).is_err() {
                return;
            }
        }
    }

    fn look(&self, path: &TargetPath) -> Option<Found> {
        let inside = path.as_bytes().strip_prefix(b"/").unwrap_or_default();
        let file = match self.open(inside) {
            Ok(file) => file,
            Err(errno) => {
                let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
                let metadata = rustix::fs::statat(self.root, inside, flags).ok()?;
                return Some(Found::Unreadable(of_stat(&metadata), errno));
            }
        };
        let metadata = of_stat(&rustix::fs::fstat(&file).ok()?);
        if metadata.kind != Kind::File {
            // Something else took its place meanwhile.
            return None;
        }
        let file = HostFile::new(file, metadata.size);
        let facts = self.glance.glance(&metadata, &file)?;
        Some(Found::File(metadata, facts))
    }

    /// The walk met no link on the way to the file; where the kernel can be asked to, it
    /// follows none that was put there meanwhile.
    fn open(&self, inside: &[u8]) -> Result<File, Errno> {
        use rustix::fs::{Mode, openat};
        use rustix::io::Errno as Os;

        let flags = OPEN_FLAGS | OFlags::NOFOLLOW;
        let opened = match open_without_links(self.root, inside, flags) {
            Err(Os::NOSYS | Os::PERM) => openat(self.root, inside, flags, Mode::empty()),
            opened => opened,
        };
        opened
            .map(File::from)
            .map_err(|errno| Errno(errno.raw_os_error()))
    }
}

#[cfg(target_os = "linux")]
fn open_without_links(
    root: &File,
    inside: &[u8],
    flags: OFlags,
) -> rustix::io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{Mode, ResolveFlags, openat2};
    openat2(
        root,
        inside,
        flags,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS,
    )
}

#[cfg(not(target_os = "linux"))]
fn open_without_links(_: &File, _: &[u8], _: OFlags) -> rustix::io::Result<rustix::fd::OwnedFd> {
    Err(rustix::io::Errno::NOSYS)
}

/// Puts what the threads found back into the order of the walk.
struct InOrder {
    results: Receiver<Glanced>,
    early: BTreeMap<usize, Vec<(TargetPath, Found)>>,
    next: usize,
}

impl InOrder {
    fn new(results: Receiver<Glanced>) -> InOrder {
        InOrder {
            results,
            early: BTreeMap::new(),
            next: 0,
        }
    }

    /// Tells what is there and in its turn.
    fn ready(&mut self, scan: &mut dyn Scan) {
        while let Ok(glanced) = self.results.try_recv() {
            self.take(glanced, scan);
        }
    }

    /// Waits for all that is left.
    fn rest(&mut self, scan: &mut dyn Scan) {
        while let Ok(glanced) = self.results.recv() {
            self.take(glanced, scan);
        }
    }

    fn take(&mut self, (number, found): Glanced, scan: &mut dyn Scan) {
        self.early.insert(number, found);
        while let Some(found) = self.early.remove(&self.next) {
            self.next += 1;
            for (path, found) in found {
                match found {
                    Found::File(metadata, facts) => scan.file(path, metadata, facts),
                    Found::Unreadable(metadata, errno) => unreadable(path, &metadata, errno, scan),
                }
            }
        }
    }
}
