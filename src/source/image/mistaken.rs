//! Archives that would pass for a layer and hold an image, in a shape that is not
//! read as one: what they are, and what to type.

use super::error::ImageError;
use crate::bytes::{escape, lossy};
use crate::rootfs::layers::Tree;
use crate::rootfs::{Filesystem as _, Kind, NodeId};

/// Refuses an archive, read as a layer, that nobody would call one. `shown` is
/// where it is; nothing for standard input.
///
/// # Errors
/// Where it is empty, has an image in a folder, or is what Docker wrote before
/// there was a `manifest.json`.
pub(super) fn refuse(tree: &Tree, shown: Option<&[u8]>) -> Result<(), ImageError> {
    let root = Place {
        tree,
        node: tree.root(),
    };
    let file = shown.map_or("FILE".into(), |shown| escape(&lossy(shown)).into_owned());
    let names = tree.names(root.node).unwrap_or_default();
    if names.is_empty() {
        return Err(ImageError::usage(format!(
            "there is no file in it; as a layer it is `layer:{file}`, the empty image is `scratch`"
        )));
    }
    if names.iter().any(|name| root.has_first_layer(name)) {
        let message = "an image as Docker wrote it before 1.10, without `manifest.json`, which is not read; \
            `docker load` and `docker save` of a newer one write it anew";
        return Err(ImageError::malformed(b"", message));
    }
    let [folder] = &names[..] else {
        return Ok(());
    };
    let Some(place) = root.inside(folder) else {
        return Ok(());
    };
    let folder = escape(&lossy(folder)).into_owned();
    let begin = format!(
        "an image in the folder `{folder}` of the archive; unpack it first:  tar xf {file}"
    );
    if place.has(b"index.json") && (place.has(b"oci-layout") || place.inside(b"blobs").is_some()) {
        return Err(ImageError::usage(format!("{begin} && imgldd -i {folder}")));
    }
    if place.has(b"manifest.json") && place.has(b"repositories") {
        return Err(ImageError::usage(format!(
            "{begin} && tar cf image.tar -C {folder} . && imgldd -i image.tar"
        )));
    }
    Ok(())
}

/// A directory.
struct Place<'a> {
    tree: &'a Tree,
    node: NodeId,
}

impl<'a> Place<'a> {
    fn child(&self, name: &[u8]) -> Option<(NodeId, Kind)> {
        let node = self.tree.child(self.node, name).ok()??;
        Some((node, self.tree.metadata(node).kind))
    }

    fn has(&self, name: &[u8]) -> bool {
        matches!(self.child(name), Some((_, Kind::File)))
    }

    fn inside(&self, name: &[u8]) -> Option<Place<'a>> {
        let (node, kind) = self.child(name)?;
        let tree = self.tree;
        (kind == Kind::Directory).then_some(Place { tree, node })
    }

    /// Whether `name` is a layer of the first format (moby
    /// `image/spec/v1.0`): a directory after its ID, with `json` and `layer.tar`.
    fn has_first_layer(&self, name: &[u8]) -> bool {
        let is_id = name.len() == 64 && name.iter().all(u8::is_ascii_hexdigit);
        is_id
            && self.inside(name).is_some_and(|layer| {
                // A layer that another image has too is a link.
                layer.has(b"json") && layer.child(b"layer.tar").is_some()
            })
    }
}
