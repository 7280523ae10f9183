//! ELF files: bytes in, facts out.
//!
//! [`Object::read`] takes a file by ranges and answers with what the kernel and
//! the loaders look at: the header, program headers, the interpreter's path, the
//! dynamic section, version tables and a few notes. Section headers are not read for
//! it: they may be stripped or false, and no loader looks at them. [`Object::build`]
//! reads them for `.comment`, which decides nothing.
//!
//! There are no paths and no policy here. `DT_RPATH` and `DT_RUNPATH` stay apart
//! as they were written, a wrong identification byte is a fact like any other,
//! and damage becomes an [`Anomaly`] beside whatever could still be read.

mod anomaly;
mod asks;
mod build;
mod comment;
pub mod consts;
mod data;
mod dlopen;
mod dynamic;
mod extent;
mod go;
mod header;
mod imports;
mod limits;
mod name;
mod note;
mod object;
mod release;
mod relocation;
mod segment;
mod symbol;
mod symbols;
mod version;
mod window;

pub use anomaly::Anomaly;
pub use asks::{Ask, Asks};
pub use build::{Build, MAX_WHOLE};
pub use dlopen::{Feature, Priority};
pub use dynamic::{Dynamic, Need, NeedKind, RelocationTable, RelocationTables, SymbolTables};
pub use extent::ranges_read;
pub use go::{GoBuild, Imports};
pub use header::{Class, Encoding, Header, Ident, Layout};
pub use name::Name;
pub use note::{AbiTag, Notes};
pub use object::{Interp, Linkage, NotElf, Object, ReadError, SegmentTable};
pub(crate) use object::{MAX_HEADER, header};
pub(crate) use release::{number_pair, release_in};
pub use relocation::{RelocationKind, knows_relocations, musl_relocates, relocation_kind};
pub use segment::Segment;
pub use symbols::{Binding, Definition, Reference, Symbols, Undefined, Version, hash_of};
pub use version::{VersionDefinition, VersionNeed, VersionNeedEntry, Versions};
