//! Packages: which would bring a library, on the distributions that are known.

mod soname;

pub use soname::{Manager, Provider, provider};
