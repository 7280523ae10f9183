//! Search plans and judgements: what a loader answers.

use std::rc::Rc;

use super::link_map::ObjectId;
use super::reason::{Detail, Reason};
use crate::errno::Errno;
use crate::few::Few;

/// The rule by which a place is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// `LD_PRELOAD` or `/etc/ld.so.preload` names it.
    Preload,
    /// `DT_RPATH` of the object that asks.
    Rpath,
    /// `DT_RPATH` of an object that asked for that one.
    RpathInherited,
    /// `LD_LIBRARY_PATH`
    LibraryPath,
    /// `DT_RUNPATH` of the object that asks.
    Runpath,
    /// `DT_RUNPATH` of an object that asked for that one; musl only.
    RunpathInherited,
    /// `ld.so.cache`
    Cache,
    /// `etc/ld-musl-ARCH.path`
    MuslPathFile,
    /// The loader's own directories.
    DefaultDirectory,
    /// The name has a slash.
    Direct,
    /// A loaded object has the name, or is the file.
    AlreadyLoaded,
    /// The loader stands for the name itself.
    LoaderItself,
}

/// One directory of a list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Directory {
    /// Looked at: the text that is put before the name, its slash included, as
    /// the loader prints it. Empty is the working directory.
    Search(Rc<[u8]>),
    /// Left out, and why.
    Dropped(Rc<[u8]>, Reason),
    /// The list goes on, and we do not: what stands behind is not known.
    Beyond,
}

/// One step of a search.
#[derive(Clone, Debug)]
pub enum Step {
    /// The directories of one list, in order.
    List {
        /// The rule that put the list here.
        rule: Rule,
        /// Whose rpath or runpath it is.
        owner: Option<ObjectId>,
        /// The directories.
        directories: Rc<[Directory]>,
    },
    /// One path and no other.
    File {
        /// The rule that put it here.
        rule: Rule,
        /// The path as the loader opens it; relative to the working directory
        /// where it has no slash in front.
        path: Rc<[u8]>,
    },
    /// The loader reads a file of its own here, the first time that it comes this
    /// far, and `errno` is this afterwards.
    OwnFile(Errno),
    /// What would have been looked at if something did not forbid it.
    Withheld {
        /// The rule that would have put it here.
        rule: Rule,
        /// What would have been looked at.
        what: Vec<u8>,
        /// What forbids it.
        why: Reason,
    },
}

/// As many as nearly every plan has need no memory of their own.
pub type Steps = Few<Step, 4>;

/// Where to look, in order.
#[derive(Clone, Debug)]
pub enum Plan {
    /// These steps, until one yields a file.
    Search(Steps),
    /// Nowhere: the name cannot be used.
    Impossible(StopText),
}

/// How it went with a candidate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TryOutcome {
    /// It is taken.
    Found,
    /// It is not there.
    Absent,
    /// Something on the way to it is no directory.
    NotADirectory,
    /// A link leads to nothing.
    BrokenLink,
    /// Links lead round in a circle.
    LinkLoop,
    /// `ENAMETOOLONG`
    NameTooLong,
    /// The user may not read it.
    Unreadable,
    /// Reading failed.
    IoError,
    /// A directory has the name.
    Directory,
    /// It ends before an ELF header would.
    TooShort,
    /// It is no ELF file.
    NotElf,
    /// `EI_CLASS`
    WrongClass,
    /// `EI_DATA`
    WrongData,
    /// `e_machine`, or the flags that tell its ABIs apart.
    WrongMachine,
    /// An ELF file that cannot be loaded as a library.
    NotLoadable,
    /// Left out of the list.
    Dropped,
    /// Passed by.
    NotTried,
}

impl TryOutcome {
    /// What an `open` that failed comes to.
    #[must_use]
    pub fn of(errno: Errno) -> TryOutcome {
        match errno {
            Errno::NOENT => TryOutcome::Absent,
            Errno::NOTDIR => TryOutcome::NotADirectory,
            Errno::LOOP => TryOutcome::LinkLoop,
            Errno::NAMETOOLONG => TryOutcome::NameTooLong,
            Errno::ACCES | Errno::PERM => TryOutcome::Unreadable,
            _ => TryOutcome::IoError,
        }
    }
}

/// Why a candidate is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// How it went.
    pub outcome: TryOutcome,
    /// More about it.
    pub detail: Option<Detail>,
    /// What `errno` is afterwards.
    pub errno: Errno,
}

impl Reject {
    /// A candidate that could not be opened.
    #[must_use]
    pub fn open(errno: Errno) -> Self {
        Reject {
            outcome: TryOutcome::of(errno),
            detail: None,
            errno,
        }
    }
}

/// The words with which a loader gives up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopText {
    /// What is wrong, without a name.
    pub text: String,
    /// Whether the file's path stands before it, and not the name asked for.
    pub names_path: bool,
    /// What is put behind it, if anything.
    pub errno: Errno,
}

/// A name that is not looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unusable {
    /// Why not.
    pub why: Reason,
    /// The words with which the loader gives up; `None` where it passes the name over.
    pub stop: Option<StopText>,
}

/// What a loader does with a candidate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Takes it.
    Accept,
    /// Goes on to the next.
    Skip(Reject),
    /// Leaves the list and goes on to the next step.
    EndList(Reject),
    /// Ends the whole search without a file.
    EndSearch(Reject),
    /// Gives up: nothing else is tried for this name.
    Stop(Reject, StopText),
}
