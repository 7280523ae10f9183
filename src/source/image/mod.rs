//! Images and layers, read where they lie: nothing is unpacked.
//!
//! A [`Reference`] leads to a directory, an archive that can be sought in or one
//! that goes by once. Its documents tell which image is meant and what it
//! consists of; each layer is scanned, several at once; the layers are merged
//! from the bottom. What of each file is worth keeping, a [`Probe`] says.

mod allowance;
mod archive;
mod assemble;
mod buffer;
mod config;
mod contents;
mod docker;
mod error;
mod go_json;
mod held;
mod json;
mod manifest;
mod mistaken;
mod oci;
mod open;
mod parts;
mod passing;
mod progress;
mod reference;
mod scan;
mod select;
mod stack;
mod verify;
mod walk;

pub use config::ImageConfig;
pub use error::{ImageError, Obstacle};
pub use open::{open_image, read_image};
pub use progress::Progress;
pub use reference::{Client, Form, Reference};

use crate::platform::Platform;
use crate::rootfs::layers::{Issues, Tree};
use crate::source::probe::Probe;
use crate::source::stream::{self, Digest};
use crate::source::tar;

/// How to read an image.
pub struct Options<'a> {
    /// What to keep of files that pass by.
    pub probe: &'a dyn Probe,
    /// Which platform of several.
    pub platform: Option<Platform>,
    /// Stop after this many layers.
    pub layers: Option<usize>,
    /// Hash raw layers and uncompressed contents too.
    pub verify: bool,
    /// How many layers are scanned at once.
    pub jobs: usize,
    /// How much is inflated at most.
    pub limits: stream::Limits,
    /// How many entries an archive may have.
    pub entries: u64,
    /// How many bytes may be kept of files that pass by, and of what is learnt of
    /// them.
    pub kept: u64,
    /// Where to tell how far it has got.
    pub progress: &'a Progress,
}

impl Options<'_> {
    fn tar_limits(&self) -> tar::Limits {
        tar::Limits {
            entries: self.entries,
            ..tar::Limits::default()
        }
    }
}

/// What an image came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageKind {
    /// `docker save`
    DockerArchive,
    /// An OCI layout in a tar.
    OciArchive,
    /// An OCI layout.
    OciDir,
    /// What skopeo calls `dir:`.
    SkopeoDir,
    /// One layer or rootfs tarball.
    Layer,
    /// The empty image.
    Scratch,
}

/// An image, merged.
pub struct Image {
    /// What it came from.
    pub kind: ImageKind,
    /// Its name, where it has one.
    pub reference: Option<String>,
    /// The digest of its manifest, where it has one.
    pub manifest_digest: Option<Digest>,
    /// The digest of its configuration, where it has one.
    pub config_digest: Option<Digest>,
    /// Its configuration; nothing for a bare layer.
    pub config: ImageConfig,
    /// Its layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// The files.
    pub filesystem: Tree,
    /// What is odd about its layers.
    pub issues: Issues,
}

/// A layer of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageLayer {
    /// The digest of its bytes as they are stored; for layers that are stored
    /// raw that of their archive.
    pub digest: Option<Digest>,
    /// The instruction that made it.
    pub created_by: Option<String>,
}

/// What a reference led to.
pub enum Opened {
    /// An image or a layer.
    Image(Box<Image>),
    /// A directory that is a rootfs.
    Directory(std::path::PathBuf),
}
