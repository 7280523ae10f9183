//! Paths inside the target.

use std::fmt;

use crate::bytes::Shown;

/// An absolute path inside the target: bytes that begin with `/`.
///
/// `.`, `..` and doubled slashes stay as they were written, because the kernel
/// walks them and never cancels them. It does not turn into a
/// [`std::path::Path`] by itself: such a path would name a file of the host.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetPath(Vec<u8>);

impl TargetPath {
    /// The root directory.
    #[must_use]
    pub fn root() -> Self {
        TargetPath(b"/".to_vec())
    }

    /// `bytes` as a path, if it is absolute.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.first() == Some(&b'/')).then_some(TargetPath(bytes))
    }

    /// `path` itself if it is absolute, else `path` as seen from here.
    #[must_use]
    pub fn join(&self, path: &[u8]) -> Self {
        if path.first() == Some(&b'/') {
            return TargetPath(path.to_vec());
        }
        let mut bytes = self.0.clone();
        if bytes.last() != Some(&b'/') {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(path);
        TargetPath(bytes)
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What stands before the last slash; `/` for a path directly below the root.
    #[must_use]
    pub fn parent(&self) -> TargetPath {
        TargetPath(parent(&self.0).to_vec())
    }

    /// What follows the last slash.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        file_name(&self.0)
    }
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
        write!(f, "{}", Shown(&self.0))
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.0))
    }
}
