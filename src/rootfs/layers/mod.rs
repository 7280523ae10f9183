//! An image's filesystem: layers, each a set of changes, merged from the bottom
//! (OCI image-spec, `layer.md`, "Applying Changesets").
//!
//! A [`Layer`] is built in the order of its archive, starting from nothing, as
//! overlay engines unpack it; a [`Tree`] takes layers on top of one another as
//! the kernel's overlay merges them. Bytes stay where they are: a [`Store`]
//! opens them. What engines would do differently is an [`Issue`].

mod issue;
mod layer;
mod merge;
mod name;
mod names;
mod node;
mod recent;
mod tree;

pub use issue::{Issue, IssueKind, Issues};
pub use layer::{EntryKind, Header, Layer, TooDeep};
pub use tree::{Store, Tree};

/// A file that a layer took away, or a mount hides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loss {
    /// The node as it was; what is below it can still be looked at.
    pub node: super::NodeId,
    /// The layer that brought it, from 1; `None` for what was laid over the image.
    pub brought_by: Option<u32>,
    /// The layer that took it, from 1; `None` where a mount did.
    pub taken_by: Option<u32>,
    /// How.
    pub how: Taken,
}

/// How a layer takes something away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// By `.wh.NAME`, or by a character device 0:0 of that name.
    Whiteout,
    /// With everything else in its directory, by `.wh..wh..opq`.
    Opaque,
    /// By something of another kind under the same name.
    Replaced,
    /// By no layer: a runtime mounts something there, at this path.
    Mounted(&'static str),
}
