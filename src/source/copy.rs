//! Host files laid over a target, as `COPY` would lay them.
//!
//! A folder's contents go into the destination, links in it stay links; a single
//! file is followed if it is a link, and goes into the destination if that ends
//! in a slash or is a directory already. The owner is root, the mode stays.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::host_file::HostFile;
use crate::path::TargetPath;
use crate::read_at::ReadAt;
use crate::rootfs::{Credentials, Filesystem, Follow, Kind, Overlay, OverlayError, Rootfs};

/// What to copy, and where to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopySpec {
    /// A file or folder of the host.
    pub source: PathBuf,
    /// Where to; relative to the target's working directory.
    pub destination: Vec<u8>,
}

impl CopySpec {
    /// Splits `SRC[:DEST]` at its last colon. `exists` says whether a host path
    /// is there: a colon that is part of an existing name splits nothing.
    #[must_use]
    pub fn parse(text: &[u8], exists: impl Fn(&Path) -> bool) -> Self {
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        let colon = text.iter().rposition(|&b| b == b':');
        match colon {
            Some(at) if at > 0 && at + 1 < text.len() && !exists(&path(text)) => CopySpec {
                source: path(&text[..at]),
                destination: text[at + 1..].to_vec(),
            },
            _ => CopySpec {
                source: path(text),
                destination: b"/".to_vec(),
            },
        }
    }
}

/// Why something could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The host file cannot be read.
    #[error("`{}`: cannot copy it", .path.display())]
    Source {
        /// The host path.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is neither file, folder nor link.
    #[error("`{}`: cannot copy it: it is no regular file or folder", .0.display())]
    Special(PathBuf),
    /// It has no place in the target.
    #[error(transparent)]
    Overlay(#[from] OverlayError),
}

/// A regular file that was copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Where it is in the target.
    pub path: TargetPath,
    /// It was named itself, and did not come with a folder.
    pub by_name: bool,
}

/// Lays what `spec` names over `overlay` and returns the regular files, in
/// order.
///
/// # Errors
/// Where a host file cannot be read or has no place in the target.
#[expect(clippy::disallowed_methods, reason = "what is copied is the host's")]
pub fn copy_into(
    overlay: &mut Overlay,
    spec: &CopySpec,
    workdir: &TargetPath,
) -> Result<Vec<Copied>, CopyError> {
    let failed = |cause| CopyError::Source {
        path: spec.source.clone(),
        cause,
    };
    let destination = workdir.join(&spec.destination);
    // A source that is a link is followed, as `docker build` does for one file.
    let source = std::fs::canonicalize(&spec.source).map_err(failed)?;
    let mut files = Vec::new();
    if source.is_dir() {
        overlay.add_directory(&destination)?;
        copy_folder(overlay, &source, &destination, &mut files)?;
    } else {
        let name = spec.source.file_name().unwrap_or(spec.source.as_os_str());
        let into = spec.destination.ends_with(b"/") || is_directory(overlay, &destination);
        let path = if into {
            destination.join(name.as_bytes())
        } else {
            destination
        };
        copy_file(overlay, &source, &path)?;
        files.push(Copied {
            path,
            by_name: true,
        });
    }
    Ok(files)
}

fn is_directory(overlay: &Overlay, path: &TargetPath) -> bool {
    let walk = Rootfs::walk_in(overlay, &Credentials::root(), path.as_bytes(), Follow::Last);
    walk.end
        .is_ok_and(|node| overlay.metadata(node).kind == Kind::Directory)
}

#[expect(clippy::disallowed_methods, reason = "what is copied is the host's")]
fn copy_folder(
    overlay: &mut Overlay,
    folder: &Path,
    destination: &TargetPath,
    files: &mut Vec<Copied>,
) -> Result<(), CopyError> {
    for entry in walkdir::WalkDir::new(folder)
        .min_depth(1)
        .sort_by_file_name()
    {
        let entry = entry.map_err(|error| CopyError::Source {
            path: error.path().unwrap_or(folder).to_owned(),
            cause: error.into(),
        })?;
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let path = destination.join(below.as_os_str().as_bytes());
        let file_type = entry.file_type();
        if file_type.is_dir() {
            overlay.add_directory(&path)?;
        } else if file_type.is_symlink() {
            let failed = |cause| CopyError::Source {
                path: entry.path().to_owned(),
                cause,
            };
            let target = std::fs::read_link(entry.path()).map_err(failed)?;
            overlay.add_symlink(&path, target.as_os_str().as_bytes())?;
        } else {
            copy_file(overlay, entry.path(), &path)?;
            files.push(Copied {
                path,
                by_name: false,
            });
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "what is copied is the host's")]
fn copy_file(overlay: &mut Overlay, source: &Path, path: &TargetPath) -> Result<(), CopyError> {
    let failed = |cause| CopyError::Source {
        path: source.to_owned(),
        cause,
    };
    let metadata = std::fs::symlink_metadata(source).map_err(failed)?;
    if !metadata.is_file() {
        return Err(CopyError::Special(source.to_owned()));
    }
    let source = source.to_owned();
    let mode = metadata.mode() & 0o7777;
    overlay.add_file(path, mode, metadata.size(), move || {
        HostFile::open(&source).map(|file| Box::new(file) as Box<dyn ReadAt>)
    })?;
    Ok(())
}
