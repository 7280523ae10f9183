//! Why a loader leaves out a place, or passes a file by, whatever is there.

use std::fmt;

/// A rule that keeps a loader from a place or a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// `DF_1_NODEFLIB` of the object that asks.
    NoDefaultDirectories,
    /// A token in it stands for nothing.
    TokenWithoutValue,
    /// Its tokens expand to more than we follow.
    ExpansionTooLong,
    /// It expands to nothing.
    ExpandsToNothing,
    /// musl: `$ORIGIN` is not known, as `/proc` is not there.
    OriginUnknown,
    /// musl: a `$` that begins no `$ORIGIN`.
    OtherDollar,
    /// The process gained rights (`AT_SECURE`).
    Secure(Secure),
}

/// What does not count where a process gained rights.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Secure {
    /// `LD_LIBRARY_PATH`.
    LibraryPath,
    /// A name with a token.
    TokenInName,
    /// The `$ORIGIN` of a program in a directory that is not trusted.
    OriginNotTrusted,
    /// `$ORIGIN` behind something else.
    OriginNotFirst,
    /// musl: the `$ORIGIN` of the program.
    OriginOfProgram,
    /// musl: an `$ORIGIN` that is relative.
    OriginRelative,
    /// `ld.so.cache`, for preloads.
    Cache,
    /// What the cache has for a preload.
    CacheEntry,
    /// A preload that is not set-user-ID.
    NotSetUserId,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NoDefaultDirectories => "DF_1_NODEFLIB of the object that asks",
            Reason::TokenWithoutValue => "a token in it has no value",
            Reason::ExpansionTooLong => "its tokens expand to more than 64 KiB",
            Reason::ExpandsToNothing => "it expands to nothing",
            Reason::OriginUnknown => "without /proc the loader does not know $ORIGIN",
            Reason::OtherDollar => "a `$` that is not $ORIGIN voids all of it",
            Reason::Secure(Secure::LibraryPath) => "secure mode",
            Reason::Secure(Secure::TokenInName) => "secure mode: no name has a token",
            Reason::Secure(Secure::OriginNotTrusted) => {
                "secure mode: $ORIGIN leads to no trusted directory"
            }
            Reason::Secure(Secure::OriginNotFirst) => {
                "secure mode: $ORIGIN is not its first component"
            }
            Reason::Secure(Secure::OriginOfProgram) => {
                "secure mode: the program's $ORIGIN is ignored"
            }
            Reason::Secure(Secure::OriginRelative) => "secure mode: $ORIGIN is relative",
            Reason::Secure(Secure::Cache) => "not asked in secure mode",
            Reason::Secure(Secure::CacheEntry) => "secure mode: the cache is not asked",
            Reason::Secure(Secure::NotSetUserId) => "secure mode: it is not set-user-ID",
        })
    }
}

/// More about a candidate that is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Detail {
    /// A rule keeps the loader from it.
    Rule(Reason),
    /// What the file is, or what the loader says of it.
    Text(String),
}

impl Detail {
    /// What does not count, if it is left out since the process gained rights.
    #[must_use]
    pub fn secure(&self) -> Option<Secure> {
        match self {
            Detail::Rule(Reason::Secure(what)) => Some(*what),
            _ => None,
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Detail::Rule(reason) => reason.fmt(f),
            Detail::Text(text) => f.write_str(text),
        }
    }
}

impl From<Reason> for Detail {
    fn from(reason: Reason) -> Detail {
        Detail::Rule(reason)
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Detail {
        Detail::Text(text)
    }
}
