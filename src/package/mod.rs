//! Packages: which owns a library, and which would bring one.

mod owner;
mod soname;

pub use owner::Owners;
pub use soname::{Manager, Provider, capability, provider};
