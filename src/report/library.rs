//! Needed names, and where they were looked for.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::VersionNeed;

/// One needed name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Library {
    /// The name.
    pub name: Arc<str>,
    /// The exact bytes of `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_b64: Option<String>,
    /// What came of it.
    pub status: LibraryStatus,
    /// The path as opened.
    pub path: Option<Arc<str>>,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// The file without links.
    pub real_path: Option<String>,
    /// `DT_SONAME`
    pub soname: Option<Arc<str>>,
    /// The layer that brought it.
    pub layer: Option<u32>,
    /// The package that owns it.
    pub package: Option<String>,
    /// The rule that found it.
    pub found_by: Option<Rule>,
    /// Whose rpath or runpath that was.
    pub rule_object: Option<String>,
    /// What it needs itself.
    pub needed: Vec<Arc<str>>,
    /// `DT_VERNEED`; `null` where it is not shown, as in a scan, and where the
    /// object has an entry above.
    pub version_needs: Option<Vec<VersionNeed>>,
    /// Who needs it.
    pub needed_by: Vec<Arc<str>>,
    /// Steps from the subject.
    pub depth: u32,
    /// Everything that was tried.
    pub attempts: Vec<Attempt>,
}

/// What came of a needed name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LibraryStatus {
    /// It was found and loaded.
    Found,
    /// Nothing was found.
    Missing,
    /// The loader stops at a file that it cannot use.
    Unusable,
    /// A loaded object satisfies it.
    AlreadyLoaded,
    /// Nothing was found, and nothing has to be.
    AllowedMissing,
}

/// A rule by which a place is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// `LD_PRELOAD` or `/etc/ld.so.preload`.
    Preload,
    /// `DT_RPATH` of the requester.
    Rpath,
    /// `DT_RPATH` of an object above it.
    RpathInherited,
    /// `LD_LIBRARY_PATH`
    LibraryPath,
    /// `DT_RUNPATH` of the requester.
    Runpath,
    /// `DT_RUNPATH` of an object above it.
    RunpathInherited,
    /// `ld.so.cache`
    Cache,
    /// musl's path file.
    MuslPathFile,
    /// The loader's own directories.
    DefaultDir,
    /// The name is a path.
    Direct,
    /// A loaded object satisfies it.
    AlreadyLoaded,
    /// The loader satisfies it.
    LoaderItself,
    /// Another root.
    Donor,
}

/// One place that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attempt {
    /// The path, as the loader would open it.
    pub path: String,
    /// The exact bytes of `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_b64: Option<String>,
    /// The rule that put it there.
    pub rule: Rule,
    /// Whose rpath or runpath it was.
    pub rule_object: Option<String>,
    /// The loader that would look there is not there itself.
    pub assumed: bool,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// More about that.
    pub detail: Option<String>,
}

/// How it went with a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was taken.
    Found,
    /// It is not there.
    Absent,
    /// Something on the way is no directory.
    NotADirectory,
    /// A link leads to nothing.
    BrokenLink,
    /// Links lead round in a circle.
    LinkLoop,
    /// The path or a component is too long.
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
    /// Its class is another.
    WrongClass,
    /// Its byte order is another.
    WrongData,
    /// Its machine is another.
    WrongMachine,
    /// It cannot be loaded as a library.
    NotLoadable,
    /// It was left out.
    Dropped,
    /// It was passed by.
    NotTried,
}
