//! Packages: which owns a library, and which would bring one.

mod manager;
mod owner;
mod soname;
mod table;

pub use manager::Manager;
pub use owner::Owners;
pub use soname::{Provider, capability, lacks, provider};
