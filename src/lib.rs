//! scaffold
pub mod bytes;
pub mod content;
pub mod elf;
pub mod errno;
pub mod finding;
pub mod graph;
pub mod kernel;
pub mod loader;
pub mod outcome;
pub mod path;
pub mod platform;
pub mod read_at;
pub mod report;
pub mod rootfs;
pub mod source;
pub mod target;
