//! Cases 20–71: how glibc's loader looks for libraries and what it accepts.

mod cache;
mod files;
mod names;
mod order;
mod places;
mod versions;
