//! Where layers are odd: what comes of them in every container.
//!
//! The tree is the one that Docker's overlay2, podman's overlay and containerd's
//! overlayfs make alike. Where they refuse an image or disagree, it is what the
//! text of the specification gives, and an issue says so. An issue is its code and
//! the entry's name.

mod damaged;
mod links;
mod lost;
mod names;
mod packed;
mod whiteouts;
