//! What the user named, opened.
//!
//! A source builds a [`Filesystem`](crate::rootfs::Filesystem); it knows the
//! host and no ELF. What is opened here is opened for reading, never executed
//! and never written.

mod copy;
mod dir;
mod host_file;
pub mod image;
mod probe;
pub mod stream;
pub mod tar;

pub use copy::{Copied, CopyError, CopySpec, copy_into};
pub use dir::Directory;
pub use probe::{HEAD, NotKept, Passing, Probe, Want, is_not_kept};

use std::io;
use std::path::PathBuf;

/// Why a source could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The directory cannot be opened.
    #[error("`{}`: cannot open the directory", .path.display())]
    Directory {
        /// What was named.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}
