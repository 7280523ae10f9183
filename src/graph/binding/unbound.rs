//! What became of the symbols, and the words for those that were not found.

use std::rc::Rc;
use std::sync::Arc;

use super::wanted_version;
use crate::bytes::lossy;
use crate::elf::{Name, Symbols, Undefined, Version};
use crate::loader::glibc::Release;
use crate::loader::{LinkMap, ObjectId};

/// What became of the symbols.
#[derive(Clone, Default, Debug)]
pub struct Bound {
    /// By musl's rules.
    pub is_musl: bool,
    /// It was asked for, and not only needed for the verdict.
    pub is_asked: bool,
    /// What was not found, in the order in which the loader meets it.
    pub unbound: Vec<Unbound>,
    /// What the loader writes though it goes on.
    pub warnings: Vec<String>,
    /// Libraries that the program needs and uses no symbol of.
    pub unused: Vec<ObjectId>,
    /// Why this may not be all.
    pub undecided: Option<Undecided>,
    /// glibc's release, for the words of [`Culprit::Unversioned`].
    pub(super) release: Option<Release>,
    /// A library for another machine has relocations that mean something else
    /// here, so that what comes of them cannot be told.
    pub garbled: bool,
}

/// An object whose symbols are not known in full.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// Its path.
    pub path: Rc<[u8]>,
    /// Why.
    pub why: String,
    /// What kind of reason that is.
    pub cause: Cause,
}

/// Why the symbols of an object are not known in full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The file is damaged.
    Damage,
    /// It could not be read.
    Unread,
    /// There is nothing wrong with it; how its machine is relocated is not known here.
    Machine,
}

/// A symbol of the same name that will not do.
#[derive(Clone, Debug)]
pub struct Near {
    /// The object that has it.
    pub object: ObjectId,
    /// The version that it has there.
    pub version: Option<Name>,
}

/// A relocation that fails.
#[derive(Clone, Debug)]
pub struct Unbound {
    /// The object that has it.
    pub object: ObjectId,
    /// What is wrong with it.
    pub culprit: Culprit,
    /// When that shows.
    pub when: When,
    /// The nearest thing to its symbol.
    pub near: Option<Near>,
}

/// What is wrong with a relocation.
#[derive(Clone, Debug)]
pub enum Culprit {
    /// Nothing defines its symbol, the one with this number in the object's
    /// table of what it wants.
    Symbol(Arc<Symbols>, u32),
    /// A symbol with a version, found in the very file that should define the version and
    /// has no versions at all: an assertion of glibc fails, up to release 2.40.
    Unversioned(Arc<Symbols>, u32, ObjectId),
    /// musl does not know its type.
    Type(u32),
}

/// When a failure shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Before the program runs.
    Start,
    /// When the function is first called.
    Call,
}

impl Unbound {
    /// The symbol that nothing defines.
    #[must_use]
    pub fn symbol(&self) -> Option<&Undefined> {
        match &self.culprit {
            Culprit::Symbol(symbols, index) | Culprit::Unversioned(symbols, index, _) => {
                symbols.undefined.get(*index as usize)
            }
            Culprit::Type(_) => None,
        }
    }

    /// The version of it that is wanted.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        match &self.culprit {
            Culprit::Symbol(symbols, _) | Culprit::Unversioned(symbols, ..) => {
                wanted_version(symbols, self.symbol()?)
            }
            Culprit::Type(_) => None,
        }
    }

    /// What glibc calls it: `undefined symbol: f, version V`.
    #[must_use]
    pub fn glibc_words(&self) -> String {
        let name = self.symbol().map(|symbol| lossy(&symbol.name));
        let version = self.version().map(|version| lossy(&version.name));
        match (name.unwrap_or_default(), version) {
            (name, Some(version)) => format!("undefined symbol: {name}, version {version}"),
            (name, None) => format!("undefined symbol: {name}"),
        }
    }

    fn musl_line(&self, map: &LinkMap) -> String {
        let object = lossy(map.get(self.object).called());
        match &self.culprit {
            Culprit::Symbol(..) | Culprit::Unversioned(..) => {
                let name = self.symbol().map(|symbol| lossy(&symbol.name));
                let name = name.unwrap_or_default();
                format!("Error relocating {object}: {name}: symbol not found")
            }
            Culprit::Type(number) => {
                format!("Error relocating {object}: unsupported relocation type {number}")
            }
        }
    }
}

impl Bound {
    /// Whether the loader gives up where it finds a symbol in `object`, which should have
    /// versions and has none.
    #[must_use]
    pub fn gives_up_at(&self, object: ObjectId) -> bool {
        let is_it = |unbound: &&Unbound| {
            let of = matches!(unbound.culprit, Culprit::Unversioned(_, _, of) if of == object);
            of && unbound.when == When::Start
        };
        self.unbound.iter().any(|unbound| is_it(&unbound))
    }

    /// What the loader writes of what fails at the start: musl of each failure,
    /// glibc of the first.
    #[must_use]
    pub fn messages(&self, map: &LinkMap) -> Vec<String> {
        let failures = self.unbound.iter().filter(|u| u.when == When::Start);
        let written = if self.is_musl { usize::MAX } else { 1 };
        failures
            .take(written)
            .map(|unbound| self.line(unbound, map))
            .collect()
    }

    /// What the loader writes of `unbound`, if it comes to that.
    #[must_use]
    pub fn line(&self, unbound: &Unbound, map: &LinkMap) -> String {
        match (&unbound.culprit, self.release) {
            _ if self.is_musl => unbound.musl_line(map),
            (Culprit::Unversioned(..), Some(release)) => release.without_versions(),
            _ => format!(
                "{}: symbol lookup error: {}: {}",
                lossy(map.get(LinkMap::MAIN).called()),
                lossy(map.get(unbound.object).called()),
                unbound.glibc_words()
            ),
        }
    }
}
