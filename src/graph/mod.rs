//! The plan run over the target: what a program needs and where it is found.
//!
//! [`Graph`] holds the link map in load order and, for every name that was asked
//! for, each attempt that was made and why it went as it did, so that whoever
//! explains a failure need not search again. After the first failure the search
//! goes on as if that had been mended; what the real loader would have said
//! when it stopped is kept apart ([`Graph::stop`]).

mod binding;
mod cpu;
mod entries;
mod later;
mod message;
mod mixed;
mod order;
mod resolve;
mod search;
mod start;
mod twice;
mod vdso;
mod version;

use std::collections::HashSet;
use std::rc::Rc;

pub use binding::{Bind, Bound, Cause, Culprit, Near, SymbolCache, Unbound, Undecided, When, bind};
pub use cpu::CpuRefusal;
pub(crate) use cpu::STATUS as CPU_STATUS;
pub use later::Later;
pub use mixed::Mixed;
pub use resolve::{Limits, resolve};
pub(crate) use start::Recognised;
pub use start::{LoaderFile, Loaders, Program, Start, Started, start};
pub use twice::Twice;
pub use version::{CheckedNeed, VersionCheck, VersionFault, VersionProblem, Versioned, list};

use crate::errno::Errno;
use crate::few::Few;
use crate::loader::{Detail, LinkMap, Loader, ObjectId, Rule, TryOutcome};

/// How one name was resolved.
#[derive(Clone, Debug)]
pub struct Library {
    /// The name that was asked for.
    pub name: Rc<[u8]>,
    /// What came of it.
    pub status: Status,
    /// The object in the link map.
    pub object: Option<ObjectId>,
    /// The path that was opened; of an unusable one the file that is.
    pub path: Option<Rc<[u8]>>,
    /// Who asked for it, in order.
    pub requesters: Few<ObjectId, 4>,
    /// The rule that found it.
    pub rule: Option<Rule>,
    /// Whose rpath or runpath that was.
    pub owner: Option<ObjectId>,
    /// Steps from the program.
    pub depth: u32,
    /// Everything that was tried, in order.
    pub attempts: Attempts,
}

/// Most searches end with the first, which the cache has.
pub type Attempts = Few<Attempt, 1>;

/// What came of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// A file was found and loaded.
    Found,
    /// Nothing was found.
    Missing,
    /// The loader stops at a file that it cannot use, for this reason.
    Unusable(String),
    /// An object that was loaded before satisfies it.
    AlreadyLoaded,
    /// Nothing was found, and nothing had to be: an auxiliary, or a preload.
    Optional,
}

/// One place that was looked at, or left out.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The path, as the loader would open it.
    pub path: Rc<[u8]>,
    /// The rule that put it there.
    pub rule: Rule,
    /// Whose rpath or runpath it was.
    pub owner: Option<ObjectId>,
    /// How it went.
    pub outcome: TryOutcome,
    /// More about that.
    pub detail: Option<Detail>,
}

/// Why the loader gives up, in its own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// What it gives up over.
    pub cause: StopCause,
    /// What it writes to stderr.
    pub text: String,
    /// What `exit` gets.
    pub exit_status: u8,
}

/// A line that the loader writes about a name, if it comes so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The name that was asked for.
    pub name: Rc<[u8]>,
    /// The line.
    pub line: String,
}

/// What a loader gives up over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopCause {
    /// A name of which it finds nothing that it can use.
    Name,
    /// The kernel's own object stands beside the loader.
    Vdso,
}

/// A limit that ended the search early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Candidates tried.
    Probes(usize),
    /// Objects loaded.
    Objects(usize),
    /// Directories of one list.
    Directories(usize),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Probes(limit) => {
                write!(
                    f,
                    "more than {limit} places to look at (--max-probes raises the limit)"
                )
            }
            Limit::Objects(limit) => write!(f, "more than {limit} objects"),
            Limit::Directories(limit) => write!(f, "more than {limit} directories in one list"),
        }
    }
}

/// A program with everything that it needs.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The loader, for what is asked of it later.
    loader: Rc<Loader>,
    /// The objects, the program first.
    pub map: LinkMap,
    /// The names in load order.
    pub libraries: Vec<Library>,
    /// Why the loader would stop.
    pub stop: Option<Stop>,
    /// What the loader writes to stderr though it goes on, in order.
    pub warnings: Vec<String>,
    /// Of both, the lines about names that were asked for.
    pub said: Vec<Said>,
    /// What became of the versions that the objects need of one another.
    pub versions: VersionCheck,
    /// What a given CPU is not good enough for.
    pub cpu: Option<CpuRefusal>,
    /// The C library is of another release than its loader.
    pub mixed: Option<Mixed>,
    /// What stands for the kernel's own object, where something needs that.
    pub vdso: Option<ObjectId>,
    /// The loader gives up over where that object comes.
    pub trips_over_vdso: bool,
    /// The loader is loaded a second time.
    pub twice: Option<Twice>,
    /// What ended the search early.
    pub limit: Option<Limit>,
    /// A file that decides something could not be read by us.
    pub unreadable: Option<(Rc<[u8]>, Errno)>,
    /// Objects that the real loader does not get to load.
    pub assumed: HashSet<ObjectId>,
    /// What became of the symbols, where they were bound.
    pub bound: Option<Bound>,
}
