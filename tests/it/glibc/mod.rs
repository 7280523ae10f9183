//! Cases 20–82: how glibc's loader looks for libraries and what it accepts.

mod cache;
mod files;
mod flags;
mod ldconfig;
mod names;
mod order;
mod places;
mod preloads;
mod rights;
mod tokens;
mod versions;
