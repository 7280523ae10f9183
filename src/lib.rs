//! scaffold
pub mod bytes;
pub mod content;
pub mod elf;
pub mod errno;
pub mod kernel;
pub mod loader;
pub mod path;
pub mod platform;
pub mod read_at;
pub mod rootfs;
pub mod source;
