//! Cases 20–75 and 110–117: how glibc's loader looks for libraries and what it accepts.

mod cache;
mod called;
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
