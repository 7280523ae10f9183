//! The integration tests: each drives the built binary over small filesystems
//! that are written down as text (`support::fixture` has the language).
#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests ask the host, report what they skip, and stop at the first surprise"
)]

mod support;

mod build;
mod cli;
mod cut;
mod ecosystem;
mod elf;
mod explain;
mod findings;
mod gcompat;
mod glibc;
mod hostile;
mod images;
mod json;
mod judge;
mod kernel;
mod later;
mod musl;
mod near;
mod offered;
mod random;
mod runtime;
mod scenarios;
mod script;
mod streams;
mod symbols;
mod tar;
mod versions;
mod why;
