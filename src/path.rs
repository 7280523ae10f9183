//! Paths inside the target.

use std::borrow::Cow;
use std::fmt;

use crate::bytes::Shown;

/// An absolute path inside the target: bytes that begin with `/`.
///
/// `.`, `..` and doubled slashes stay as they were written, because the kernel
/// walks them and never cancels them. It does not turn into a
/// [`std::path::Path`] by itself: such a path would name a file of the host.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetPath {
    bytes: Box<[u8]>,
    /// How many of them lead to a directory that the process is in already.
    entered: usize,
}

/// How to get to a file.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// An absolute path.
    pub path: &'a [u8],
    /// How many bytes of it lead to a directory that the process is in already:
    /// whether it might go there by itself does not matter any more.
    pub entered: usize,
}

/// A path as a process sees it, which may have been written as seen from where the
/// process is.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    path: Cow<'a, [u8]>,
    entered: usize,
}

impl Seen<'_> {
    /// How the process gets there.
    #[must_use]
    pub fn way(&self) -> Way<'_> {
        Way {
            path: &self.path,
            entered: self.entered,
        }
    }
}

impl<'a, B: AsRef<[u8]> + ?Sized> From<&'a B> for Way<'a> {
    fn from(path: &'a B) -> Self {
        let path = path.as_ref();
        Way { path, entered: 0 }
    }
}

impl<'a> From<&'a TargetPath> for Way<'a> {
    fn from(path: &'a TargetPath) -> Self {
        path.way()
    }
}

impl TargetPath {
    /// The root directory.
    #[must_use]
    pub fn root() -> Self {
        TargetPath::from_root(b"/".to_vec())
    }

    /// `bytes` as a path, if it is absolute.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.first() == Some(&b'/')).then_some(TargetPath::from_root(bytes))
    }

    fn from_root(bytes: Vec<u8>) -> Self {
        TargetPath {
            bytes: bytes.into_boxed_slice(),
            entered: 0,
        }
    }

    /// `path` itself if it is absolute, else `path` as seen from here.
    #[must_use]
    pub fn join(&self, path: &[u8]) -> Self {
        if path.first() == Some(&b'/') {
            return TargetPath::from_root(path.to_vec());
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() + 1 + path.len());
        bytes.extend_from_slice(&self.bytes);
        if bytes.last() != Some(&b'/') {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(path);
        TargetPath::from_root(bytes)
    }

    /// As [`join`](TargetPath::join), for a process whose working directory this is:
    /// a relative path starts where the process is, and not at the root, and a `./` before
    /// it says no more. runc enters the directory as root and becomes the user afterwards
    /// (`libcontainer/init_linux.go:finalizeNamespace`).
    #[must_use]
    pub fn seen_by_process(&self, path: &[u8]) -> Self {
        let path = without_here(path);
        let entered = match path.first() {
            Some(b'/') => 0,
            _ => self.bytes.len(),
        };
        TargetPath {
            entered,
            ..self.join(path)
        }
    }

    /// As [`seen_by_process`](TargetPath::seen_by_process), for one look alone.
    #[must_use]
    pub fn sees<'p>(&self, path: &'p [u8]) -> Seen<'p> {
        if path.first() == Some(&b'/') {
            let path = Cow::Borrowed(path);
            return Seen { path, entered: 0 };
        }
        let TargetPath { bytes, entered } = self.seen_by_process(path);
        let path = Cow::Owned(bytes.into_vec());
        Seen { path, entered }
    }

    /// How a process gets there.
    #[must_use]
    pub fn way(&self) -> Way<'_> {
        Way {
            path: &self.bytes,
            entered: self.entered,
        }
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What stands before the last slash; `/` for a path directly below the root.
    #[must_use]
    pub fn parent(&self) -> TargetPath {
        TargetPath::from_root(parent(&self.bytes).to_vec())
    }

    /// What follows the last slash.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        file_name(&self.bytes)
    }
}

/// A relative path without the `./` that it begins with; as it is where nothing follows.
fn without_here(path: &[u8]) -> &[u8] {
    let mut rest = path;
    while let Some(after) = rest.strip_prefix(b"./") {
        let slashes = after.iter().take_while(|&&b| b == b'/').count();
        rest = &after[slashes..];
    }
    if rest.is_empty() { path } else { rest }
}

/// What stands before the last slash of `path`: `/` where that is the first
/// byte, nothing where there is none.
#[must_use]
pub fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(0) => &path[..1],
        Some(at) => &path[..at],
        None => b"",
    }
}

/// What follows the last slash of `path`.
#[must_use]
pub fn file_name(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&b| b == b'/') {
        Some(at) => &path[at + 1..],
        None => path,
    }
}

impl fmt::Debug for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.bytes))
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.bytes))
    }
}
