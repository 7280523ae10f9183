//! Images: what a reader must make of every form in which they come.
//!
//! The trees of [`edge`] are those that the engines with overlay make
//! (`docs/images.md`); [`hostile`] is what is refused. [`builder`] tests the
//! fixtures themselves: by the `tar` crate, and in a test that is ignored unless
//! asked for by the tools that read such files.

mod builder;
mod choice;
mod client;
mod edge;
mod hostile;
mod kept;
mod mounts;
mod open;
mod others;
mod overlay;
mod real;
mod sources;
mod tree;
