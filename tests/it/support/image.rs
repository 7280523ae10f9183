//! Container images for tests: layers written as text or entry by entry, and
//! every container that real tools put them in.
//!
//! - [`entry`] is what a layer consists of; [`text`] is a language for it.
//! - [`tape`] writes entries as a tar archive, block by block, so that odd ones can
//!   be written too; [`sparse`] has the four ways to leave holes out.
//! - [`pack`] compresses, as one piece or in several.
//! - [`config`] is an image's configuration, [`Image`] that and its layers.
//! - [`oci`], [`docker`] and [`skopeo`] lay images out as tools do, as [`Members`]
//!   of a directory or an archive.
//! - [`split`] cuts one layer into several, [`tree`] reads a directory back into
//!   entries, and [`sources`] turns a directory into every kind of source.
//!
//! # The language
//!
//! ```text
//! layer
//!     usr/          dir
//!     usr/lib/a.so  text
//!     lib           link usr/lib
//! layer zstd
//!     lib/b.so      text 'two words'
//!     a             opaque
//!     usr/lib/a.so  whiteout
//! ```
//!
//! `layer` may be followed by how it is packed (`raw`, `gzip`, `gzip-members`, `zstd`,
//! `zstd-chunked`, `zstd-parallel`; else gzip). Names stand in the archive as they
//! are written. Kinds: `dir`, `text [CONTENT]` (else `x`; mode 0644), `script [CONTENT]`
//! (mode 0755), `link TARGET`, `hardlink TARGET` (mode 0644), `fifo`, `device MAJOR:MINOR`,
//! `whiteout`, `opaque`; any may end in `mode=0711` and `owner=UID:GID`. Quotes are those of
//! [`super::text`].

pub(crate) mod config;
pub(crate) mod docker;
pub(crate) mod entry;
pub(crate) mod members;
pub(crate) mod oci;
pub(crate) mod pack;
pub(crate) mod skopeo;
pub(crate) mod sources;
pub(crate) mod sparse;
pub(crate) mod split;
pub(crate) mod tape;
pub(crate) mod text;
pub(crate) mod tree;

pub(crate) use config::Config;
pub(crate) use members::Members;
pub(crate) use pack::Packing;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// An image, not laid out yet.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// Its name with a tag, as `docker tag` takes it.
    pub(crate) name: Option<String>,
    pub(crate) config: Config,
    /// The lowest first.
    pub(crate) layers: Vec<Layer>,
}

/// A layer, as a tar archive and as a blob.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// The uncompressed archive.
    pub(crate) archive: Vec<u8>,
    /// What is stored where blobs may be compressed.
    pub(crate) blob: Vec<u8>,
    /// What the manifest says of the blob, true or not.
    pub(crate) media_type: String,
}

impl Layer {
    pub(crate) fn new(archive: Vec<u8>, packing: Packing) -> Self {
        let blob = packing.pack(&archive);
        let media_type = packing.media_type().to_owned();
        Layer {
            archive,
            blob,
            media_type,
        }
    }

    /// The same layer with another blob, whatever that is.
    pub(crate) fn with_blob(mut self, blob: Vec<u8>) -> Self {
        self.blob = blob;
        self
    }

    pub(crate) fn diff_id(&self) -> String {
        digest(&self.archive)
    }
}

impl Image {
    /// An image for amd64 with these layers and the tag `latest`.
    pub(crate) fn new(layers: Vec<Layer>) -> Self {
        Image {
            name: Some("shop/api:latest".to_owned()),
            config: Config::for_platform("linux", "amd64"),
            layers,
        }
    }

    /// The image that a text describes.
    pub(crate) fn parse(text: &str) -> Self {
        Image::new(text::layers(text))
    }

    /// The configuration's document.
    pub(crate) fn config_json(&self) -> Vec<u8> {
        let diff_ids: Vec<String> = self.layers.iter().map(Layer::diff_id).collect();
        json(&self.config.document(&diff_ids))
    }

    /// The name without its tag, and the tag.
    pub(crate) fn repository(&self) -> Option<(&str, &str)> {
        let name = self.name.as_deref()?;
        Some(name.rsplit_once(':').expect("names are written with a tag"))
    }
}

/// `sha256:HEX` of bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// The SHA-256 of bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A document as bytes.
pub(crate) fn json(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}
