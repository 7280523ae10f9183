//! What a dynamic loader would do, as data.
//!
//! A loader is recognised by its bytes ([`recognise`]), set up from the few
//! files that it reads itself, and then answers two questions: where it would
//! look for a name, in what order ([`Loader::plan`]), and what it would do with
//! what it finds there ([`Loader::judge_open`], [`Loader::judge_map`]). It
//! touches no filesystem: trying the candidates is `graph`'s work.
//!
//! This is the only place where glibc and musl differ.

mod binding;
mod command;
pub mod glibc;
mod link_map;
pub mod musl;
mod path_list;
mod plan;
mod reason;
mod recognise;
mod token;

use std::borrow::Cow;
use std::rc::Rc;

pub use binding::{glibc_match, musl_match};
pub use command::{Command, command};
pub use glibc::Glibc;
pub use link_map::{Expanded, LinkMap, Loaded, ObjectId, Role};
pub use musl::Musl;
pub(crate) use path_list::MAX_DIRECTORIES;
pub use plan::{
    Directory, Judgement, Plan, Reject, Rule, Step, Steps, StopText, TryOutcome, Unusable,
};
pub use reason::{Detail, Reason, Secure};
pub use recognise::{LoaderKind, recognise};

use crate::content::FileRecord;
use crate::elf::{NeedKind, Object};
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::platform::Abi;

/// What the process is started with, as far as loaders look at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// `LD_LIBRARY_PATH`
    pub library_path: Option<Vec<u8>>,
    /// `LD_PRELOAD`
    pub preload: Option<Vec<u8>>,
    /// `LD_AUDIT`
    pub audit: Option<Vec<u8>>,
    /// `LD_ORIGIN_PATH`
    pub origin_path: Option<Vec<u8>>,
    /// The working directory, as `getcwd` tells it: without links.
    pub workdir: TargetPath,
    /// `AT_SECURE`
    pub secure: bool,
    /// `/proc` is mounted, so that the loader learns where the program is.
    pub has_proc: bool,
    /// How far the CPU goes, for `glibc-hwcaps`: such as `x86-64-v3`.
    pub cpu: Option<String>,
}

/// A loader, ready to be asked.
#[derive(Debug)]
pub enum Loader {
    /// glibc's `ld.so`; also stands in for loaders of which nothing better is
    /// known.
    Glibc(Box<Glibc>),
    /// musl's.
    Musl(Box<Musl>),
}

impl Loader {
    /// Where this loader looks for `name` when `requester` needs it. A name that
    /// a loaded object has already is not looked for: see [`Loader::loaded`].
    #[must_use]
    pub fn plan(&self, map: &LinkMap, requester: Option<ObjectId>, name: &[u8]) -> Plan {
        match self {
            Loader::Glibc(glibc) => glibc.plan(map, requester, name),
            Loader::Musl(musl) => musl.plan(map, requester, name),
        }
    }

    /// Where this loader looks for a preload that nobody needs.
    #[must_use]
    pub fn plan_preload(&self, map: &LinkMap, name: &[u8]) -> Plan {
        match self {
            Loader::Glibc(glibc) => glibc.plan_preload(map, name),
            Loader::Musl(musl) => musl.plan(map, None, name),
        }
    }

    /// Where this loader looks for an auditor; musl knows none.
    #[must_use]
    pub fn plan_audit(&self, map: &LinkMap, name: &[u8]) -> Plan {
        match self {
            Loader::Glibc(glibc) => glibc.plan_audit(map, name),
            Loader::Musl(musl) => musl.plan(map, None, name),
        }
    }

    /// The name that the loader works with where `requester` asks for `written`:
    /// glibc replaces tokens in it, musl does not.
    ///
    /// # Errors
    /// Where it looks for nothing.
    pub fn expand_name<'n>(
        &self,
        map: &LinkMap,
        requester: ObjectId,
        written: &'n [u8],
        kind: NeedKind,
    ) -> Result<Cow<'n, [u8]>, Unusable> {
        match self {
            Loader::Glibc(glibc) => glibc.expand_name(map.get(requester), written, kind),
            Loader::Musl(_) => Ok(Cow::Borrowed(written)),
        }
    }

    /// The loaded object that satisfies `name` without a search.
    #[must_use]
    pub fn loaded(&self, map: &LinkMap, name: &[u8]) -> Option<ObjectId> {
        match self {
            Loader::Glibc(_) => glibc::loaded(map, name),
            Loader::Musl(musl) => musl.loaded(map, name),
        }
    }

    /// The directories that an object's rpath and runpath stand for once it is
    /// loaded.
    #[must_use]
    pub fn expand(&self, loaded: &Loaded) -> Expanded {
        match self {
            Loader::Glibc(glibc) => glibc.expand(loaded),
            Loader::Musl(musl) => musl.expand(loaded),
        }
    }

    /// What becomes of a candidate that was opened, or not.
    #[must_use]
    pub fn judge_open(&self, opened: Result<&FileRecord, Errno>) -> Judgement {
        match self {
            Loader::Glibc(glibc) => glibc.judge_open(opened),
            Loader::Musl(musl) => musl.judge_open(opened),
        }
    }

    /// What becomes of a candidate for a preload or an auditor that one of the lists of
    /// directories led to.
    #[must_use]
    pub fn judge_preload(&self, file: &FileRecord) -> Judgement {
        match self {
            Loader::Glibc(glibc) => glibc.judge_preload(file),
            Loader::Musl(_) => Judgement::Accept,
        }
    }

    /// What becomes of a candidate that no loaded object is the same file as.
    #[must_use]
    pub fn judge_map(&self, file: &FileRecord) -> Judgement {
        match self {
            Loader::Glibc(glibc) => glibc.judge_map(file),
            Loader::Musl(musl) => musl.judge_map(file),
        }
    }

    /// Sub-directories that are tried in every directory, best first, the
    /// directory itself (the empty one) last.
    #[must_use]
    pub fn subdirectories(&self) -> &[Rc<[u8]>] {
        match self {
            Loader::Glibc(glibc) => glibc.subdirectories(),
            Loader::Musl(musl) => musl.subdirectories(),
        }
    }

    /// The release of a glibc loader, where its file tells.
    #[must_use]
    pub fn glibc_version(&self) -> Option<(u32, u32)> {
        match self {
            Loader::Glibc(glibc) => glibc.version(),
            Loader::Musl(_) => None,
        }
    }

    /// The release of a glibc loader, for what differs between them.
    #[must_use]
    pub fn glibc_release(&self) -> Option<glibc::Release> {
        match self {
            Loader::Glibc(glibc) => Some(glibc.release()),
            Loader::Musl(_) => None,
        }
    }

    /// Whether this is musl's.
    #[must_use]
    pub fn is_musl(&self) -> bool {
        matches!(self, Loader::Musl(_))
    }
}

/// What the loaders know of the program that they start.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its ABI.
    pub abi: &'static Abi,
    /// Its facts.
    pub object: &'a Object,
    /// `PT_INTERP` as written.
    pub interp: &'a [u8],
}
