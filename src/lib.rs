//! Would this program start in that filesystem? If not: why, in the words that
//! the user will see, and what mends it?
//!
//! `imgldd` is `ldd` for a filesystem that is not the one you are running on. It
//! reads ELF files itself, follows `PT_INTERP` and `DT_NEEDED` by the rules of
//! the loader that the program names, glibc's or musl's, and never runs anything.
//!
//! Data flows one way, and each module knows only those to its left:
//!
//! ```text
//! source ─► rootfs ─► content ─┐
//!                              ├─► kernel, loader ─► graph ─► outcome, finding ─► report ─► render
//! elf ─────────────────────────┘
//! ```
//!
//! [`inspect::Inspector`] runs all of it for one target:
//!
//! ```
//! use imgldd::inspect::{Inspector, Settings};
//! use imgldd::report::{Role, Verdict};
//! use imgldd::rootfs::{Credentials, Rootfs};
//! use imgldd::source::Directory;
//!
//! let directory = Directory::open("testdata/rootfs/musl".as_ref())?;
//! let rootfs = Rootfs::new(Box::new(directory), Credentials::root(), false);
//! let inspector = Inspector::new(&rootfs, Settings::default());
//!
//! let fine = inspector.inspect(b"/bin/sh", Role::Argument).subject;
//! assert_eq!(fine.verdict, Verdict::Ok);
//!
//! let absent = inspector.inspect(b"/app/server", Role::Argument).subject;
//! assert_eq!(absent.outcome.errno.as_deref(), Some("ENOENT"));
//! assert_eq!(absent.findings[0].code, "entrypoint-missing");
//! # Ok::<(), imgldd::source::SourceError>(())
//! ```

mod beyond;
mod by_name;
pub mod bytes;
pub mod content;
pub mod elf;
pub mod errno;
pub mod explain;
pub mod few;
pub mod finding;
pub mod graph;
mod in_order;
pub mod inspect;
pub mod kernel;
pub mod loader;
pub mod nearby;
pub mod outcome;
pub mod package;
pub mod path;
pub mod platform;
mod quote;
pub mod read_at;
pub mod render;
pub mod report;
pub mod rootfs;
pub mod runtime;
pub mod source;
pub mod target;
pub mod why;
