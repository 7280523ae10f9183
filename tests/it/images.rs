//! Images: what a reader must make of every form in which they come.
//!
//! [`builder`] tests the fixtures themselves: by the `tar` crate, and in tests that
//! are ignored unless asked for by the tools that read such files.

mod builder;
