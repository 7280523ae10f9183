//! A directory's files, glanced at on several threads.
//!
//! Each thread takes one directory at a time, lists it and opens its files from there:
//! a way from the root is walked for directories alone. The next directory is that
//! which comes first in the order of names, so that little has to wait before it is
//! told: this thread, which takes part in the work, tells in that order.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Directory;
use super::listing::{Found, Lister, Listing};
use crate::path::TargetPath;
use crate::rootfs::scan::unreadable;
use crate::rootfs::{Glance, Kind, Scan};

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
        let Directory {
            handle,
            is_host_root,
            ..
        } = self.directory;
        let lister = || Lister::new(handle, *is_host_root, self.glance);
        let queue = Queue::default();
        let mut teller = Teller::default();
        thread::scope(|scope| {
            for _ in 1..self.jobs {
                let (queue, mut lister) = (&queue, lister());
                scope.spawn(move || queue.work(&mut lister, || {}));
            }
            queue.work(&mut lister(), || teller.ready(&queue, scan));
        });
        teller.ready(&queue, scan);
    }
}

/// What is to be listed, and what was.
struct Queue {
    state: Mutex<State>,
    /// There is more to list, or there will be no more.
    changed: Condvar,
}

struct State {
    /// Numbers and paths of directories, the first one in the order of names last.
    waiting: Vec<(usize, Box<[u8]>)>,
    /// How many are being listed.
    busy: usize,
    /// How many threads wait for one to list.
    idle: usize,
    /// What was listed, by number, until it is told.
    listed: Vec<Option<Numbered>>,
}

/// A listing, and the number of its first directory; the others follow.
type Numbered = (Listing, usize);

impl Default for Queue {
    /// The root waits.
    fn default() -> Queue {
        let state = State {
            waiting: vec![(0, Box::default())],
            busy: 0,
            idle: 0,
            listed: vec![None],
        };
        Queue {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists directories until there are no more; `after` each of them something else is
    /// done.
    fn work(&self, lister: &mut Lister<'_>, mut after: impl FnMut()) {
        while let Some((number, path)) = self.next() {
            let turn = Turn(self);
            let listing = lister.list(path);
            let below = listing.directories();
            let mut state = self.state();
            let first = state.listed.len();
            let end = first + below.len();
            state.listed.resize_with(end, || None);
            state.waiting.extend((first..end).zip(below).rev());
            state.listed[number] = Some((listing, first));
            drop(state);
            drop(turn);
            after();
        }
    }

    /// The next directory; waits where others may still bring one.
    fn next(&self) -> Option<(usize, Box<[u8]>)> {
        let mut state = self.state();
        loop {
            if let Some(next) = state.waiting.pop() {
                state.busy += 1;
                return Some(next);
            }
            if state.busy == 0 {
                return None;
            }
            state.idle += 1;
            let changed = self.changed.wait(state);
            state = changed.unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn take(&self, number: usize) -> Option<Numbered> {
        self.state().listed.get_mut(number)?.take()
    }
}

/// A thread lists a directory. Its end is told even where the thread dies of it, so that
/// nobody waits for ever.
struct Turn<'q>(&'q Queue);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Turn(queue) = self;
        let mut state = queue.state();
        state.busy -= 1;
        // Whoever ended this turn takes the next directory itself.
        if state.idle > 0 && (state.waiting.len() > 1 || state.busy == 0) {
            queue.changed.notify_all();
        }
    }
}

/// Tells what was listed, in the order of names.
struct Teller {
    /// What is being told: the root, a directory in it, and so on.
    open: Vec<Telling>,
    /// The number of the directory that comes next.
    next: Option<usize>,
}

/// A listing that is being told.
struct Telling {
    listing: Listing,
    /// How many of its entries were told.
    told: usize,
    /// The number of its next directory.
    below: usize,
}

impl Default for Teller {
    fn default() -> Teller {
        Teller {
            open: Vec::new(),
            next: Some(0),
        }
    }
}

impl Teller {
    /// Tells what is there and in its turn.
    fn ready(&mut self, queue: &Queue, scan: &mut dyn Scan) {
        while let Some((listing, below)) = self.next.and_then(|number| queue.take(number)) {
            for (name, errno) in &listing.problems {
                let path = TargetPath::root().join(&listing.path);
                let path = match name.is_empty() {
                    true => path,
                    false => path.join(name),
                };
                scan.problem(path, *errno);
            }
            self.open.push(Telling {
                listing,
                told: 0,
                below,
            });
            self.next = self.tell(scan);
        }
    }

    /// Tells until a directory comes, and gives its number.
    fn tell(&mut self, scan: &mut dyn Scan) -> Option<usize> {
        while let Some(telling) = self.open.last_mut() {
            let Telling {
                listing,
                told,
                below,
            } = telling;
            let Some(entry) = listing.entries.get_mut(*told) else {
                self.open.pop();
                continue;
            };
            *told += 1;
            let (kind, found) = (entry.kind, entry.found.take());
            let entry = &listing.entries[*told - 1];
            let name = listing.name(entry);
            scan.name(&listing.path, name, kind);
            if let Some(found) = found {
                let path = TargetPath::root().join(&listing.path).join(name);
                match *found {
                    Found::File(metadata, facts) => scan.file(path, metadata, facts),
                    Found::Unreadable(metadata, errno) => unreadable(path, &metadata, errno, scan),
                }
            }
            if kind == Kind::Directory {
                *below += 1;
                return Some(*below - 1);
            }
        }
        None
    }
}
