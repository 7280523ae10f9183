//! What would pass for a layer or a root filesystem and holds an image, in a shape that
//! is not read as one: what it is, and what to type.

use super::error::ImageError;
use super::passing::{is_of_rootfs, is_packed};
use crate::bytes::escape;
use crate::quote;
use crate::rootfs::{Filesystem, Kind, NodeId};

/// The deepest folder that is looked into.
const DEEPEST: usize = 4;
/// More names than an image has in one directory: 1,024 layers, with a checksum each.
const MOST_NAMES: usize = 4096;

/// Where what was read lies.
#[derive(Clone, Copy)]
pub(super) enum Lies<'a> {
    /// In an archive of this name; nothing for standard input.
    Archive(Option<&'a [u8]>),
    /// In a directory of the host.
    Directory(&'a [u8]),
}

/// What an image's files look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// An OCI layout.
    Layout,
    /// What `docker save` writes.
    Docker,
    /// What skopeo calls `dir:`.
    Skopeo,
    /// What Docker wrote before there was a `manifest.json`.
    First,
    /// Blobs alone.
    Blobs,
}

/// Refuses an archive, read as a layer, or a directory, that nobody would call a root
/// filesystem or a part of one.
///
/// # Errors
/// Where it is an archive without a file, has an image in a folder or in another
/// archive, or is an image of which something is missing.
pub(super) fn refuse(filesystem: &dyn Filesystem, lies: Lies<'_>) -> Result<(), ImageError> {
    let mut place = Place {
        filesystem,
        node: filesystem.root(),
    };
    let mut way: Vec<u8> = Vec::new();
    for _ in 0..DEEPEST {
        let names = place.names();
        if let (true, Lies::Archive(shown)) = (way.is_empty() && names.is_empty(), lies) {
            let file = file(shown);
            return Err(ImageError::usage(format!(
                "there is no file in it; as a layer it is `layer:{file}`, the empty image is `scratch`"
            )));
        }
        if names.len() > MOST_NAMES || names.iter().any(|name| is_of_rootfs(name)) {
            return Ok(());
        }
        if let Some(shape) = place.shape(&names) {
            return Err(refused(shape, &way, lies));
        }
        let folders: Vec<(&[u8], Place<'_>)> = names
            .iter()
            .filter_map(|name| Some((&**name, place.inside(name)?)))
            .collect();
        if names.iter().any(|name| place.may_be_checked(name)) {
            return Ok(());
        }
        let below = |name: &[u8]| match way.is_empty() {
            true => name.to_vec(),
            false => [&way, name].join(&b'/'),
        };
        match &folders[..] {
            [] => {
                return match names.first() {
                    Some(name) if names.iter().all(|name| is_packed(name)) => {
                        Err(nested(&below(name), lies))
                    }
                    _ => Ok(()),
                };
            }
            [(name, folder)] => {
                way = below(name);
                place = *folder;
            }
            // One image beside another.
            [(name, folder), others @ ..] => {
                let has_shape = |(_, other): &(&[u8], Place<'_>)| other.own_shape().is_some();
                return match folder.own_shape() {
                    Some(shape) if others.iter().all(has_shape) => {
                        Err(refused(shape, &below(name), lies))
                    }
                    _ => Ok(()),
                };
            }
        }
    }
    Ok(())
}

/// Why an image in the folder `way` is not read, and what to type.
fn refused(shape: Shape, way: &[u8], lies: Lies<'_>) -> ImageError {
    let what = match shape {
        Shape::First => {
            let message = "an image as Docker wrote it before 1.10, without `manifest.json`, which is not read; \
                `docker load` and `docker save` of a newer one write it anew";
            return ImageError::malformed(way, message);
        }
        Shape::Blobs => {
            let message = "the blobs of an image, without the `index.json` or `manifest.json` that says what they are";
            return ImageError::malformed(way, message);
        }
        Shape::Layout => "an OCI layout",
        Shape::Docker => "an image as `docker save` writes it",
        Shape::Skopeo => "an image as skopeo's `dir:` has it",
    };
    let shown = escape(&quote::text(way)).into_owned();
    let line = line(way, lies);
    ImageError::usage(match (lies, way.is_empty()) {
        // In an archive the others are read where they lie.
        (Lies::Archive(_), true) if shape == Shape::Skopeo => {
            format!("{what}, in an archive; unpack it first:  {line}")
        }
        (_, true) => format!(
            "{what}, and what its `{}` lists is not there",
            if shape == Shape::Layout {
                "index.json"
            } else {
                "manifest.json"
            }
        ),
        (Lies::Archive(_), false) => {
            format!("{what} in the folder `{shown}` of the archive; unpack it first:  {line}")
        }
        (Lies::Directory(_), false) => format!("{what} in the folder `{shown}`; name it:  {line}"),
    })
}

/// Nothing but archives.
fn nested(name: &[u8], lies: Lies<'_>) -> ImageError {
    let shown = escape(&quote::text(name)).into_owned();
    let line = line(name, lies);
    ImageError::usage(match lies {
        Lies::Archive(held) => format!(
            "there is nothing in it but the archive `{shown}`; if that is the image, unpack it first:  {line}; \
             as a layer it is `layer:{}`",
            file(held)
        ),
        Lies::Directory(_) => {
            format!(
                "there is nothing in it but the archive `{shown}`; if that is the image:  {line}"
            )
        }
    })
}

/// The line that leads to the image at `way`.
fn line(way: &[u8], lies: Lies<'_>) -> String {
    let line = match lies {
        Lies::Archive(shown) if way.is_empty() => {
            let file = file(shown);
            format!("mkdir image && tar xf {file} -C image && imgldd -i image")
        }
        Lies::Archive(shown) => {
            format!("tar xf {} && imgldd -i {}", file(shown), quote::word(way))
        }
        Lies::Directory(path) => {
            let path = path.strip_suffix(b"/").unwrap_or(path);
            let whole = [path, way].join(&b'/');
            format!("imgldd -i {}", quote::word(&whole))
        }
    };
    escape(&line).into_owned()
}

/// An archive as a word of a line.
fn file(shown: Option<&[u8]>) -> String {
    shown.map_or("FILE".to_owned(), |shown| {
        escape(&quote::word(shown)).into_owned()
    })
}

/// Whether `name` is a SHA-256 in hexadecimal digits.
fn is_digest(name: &[u8]) -> bool {
    name.len() == 64 && name.iter().all(u8::is_ascii_hexdigit)
}

/// A directory.
#[derive(Clone, Copy)]
struct Place<'a> {
    filesystem: &'a dyn Filesystem,
    node: NodeId,
}

impl<'a> Place<'a> {
    /// Its names, in their order.
    fn names(&self) -> Vec<Vec<u8>> {
        let mut names = self.filesystem.names(self.node).unwrap_or_default();
        names.sort_unstable();
        names
    }

    fn child(&self, name: &[u8]) -> Option<(NodeId, Kind)> {
        let node = self.filesystem.child(self.node, name).ok()??;
        Some((node, self.filesystem.metadata(node).kind))
    }

    fn has(&self, name: &[u8]) -> bool {
        matches!(self.child(name), Some((_, Kind::File)))
    }

    /// Whether `name` is a file that may be executed, or is called as a library is.
    fn may_be_checked(&self, name: &[u8]) -> bool {
        let may_be_executed = |node: NodeId| self.filesystem.metadata(node).mode & 0o111 != 0;
        let is_library = memchr::memmem::find(name, b".so").is_some();
        self.child(name)
            .is_some_and(|(node, kind)| kind == Kind::File && (is_library || may_be_executed(node)))
    }

    fn inside(&self, name: &[u8]) -> Option<Place<'a>> {
        let (node, kind) = self.child(name)?;
        let filesystem = self.filesystem;
        (kind == Kind::Directory).then_some(Place { filesystem, node })
    }

    fn own_shape(&self) -> Option<Shape> {
        let names = self.names();
        match names.len() > MOST_NAMES {
            true => None,
            false => self.shape(&names),
        }
    }

    /// What image has these files.
    fn shape(&self, names: &[Vec<u8>]) -> Option<Shape> {
        let blobs = self.inside(b"blobs");
        if self.has(b"index.json") && (self.has(b"oci-layout") || blobs.is_some()) {
            return Some(Shape::Layout);
        }
        let has_blobs = blobs
            .and_then(|blobs| blobs.inside(b"sha256"))
            .is_some_and(|blobs| blobs.names().iter().any(|name| is_digest(name)));
        let has_first_layer = names.iter().any(|name| self.has_first_layer(name));
        if self.has(b"manifest.json") {
            let is_part = |name: &Vec<u8>| {
                let stem = name.strip_suffix(b".json");
                stem.or_else(|| name.strip_suffix(b".tar"))
                    .is_some_and(is_digest)
            };
            let is_docker = self.has(b"repositories")
                || has_blobs
                || has_first_layer
                || names.iter().any(is_part);
            if is_docker {
                return Some(Shape::Docker);
            }
            let is_blob = |name: &Vec<u8>| is_digest(name) && self.has(name);
            return names.iter().any(is_blob).then_some(Shape::Skopeo);
        }
        match (has_first_layer, has_blobs) {
            (true, _) => Some(Shape::First),
            (_, true) => Some(Shape::Blobs),
            _ => None,
        }
    }

    /// Whether `name` is a layer of the first format (moby
    /// `image/spec/v1.0`): a directory after its ID, with `json` and `layer.tar`.
    fn has_first_layer(&self, name: &[u8]) -> bool {
        is_digest(name)
            && self.inside(name).is_some_and(|layer| {
                // A layer that another image has too is a link.
                layer.has(b"json") && layer.child(b"layer.tar").is_some()
            })
    }
}
