//! The loader, loaded a second time as a library.
//!
//! glibc's loader knows no file of itself, only names: what PT_INTERP says and its
//! soname (`elf/rtld.c:rtld_setup_main_map`, `elf/dl-load.c:_dl_map_new_object`; the
//! files of other objects are compared). Under any other name its file is mapped once
//! more. Where that copy comes first among those that are asked for symbols, the C
//! library takes the copy's data, which nobody filled in, for the loader's.

use super::order::SearchList;
use super::{Graph, LoaderFile};
use crate::content::Files;
use crate::loader::{LinkMap, LoaderKind, ObjectId, Role};

/// A second copy of the loader, whose data the C library takes for the loader's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Twice {
    /// The copy.
    pub copy: ObjectId,
    /// The loader itself.
    pub loader: ObjectId,
    /// The signal by which that ends before the program runs; `None` where the program
    /// decides how far it comes: the first `dlopen`, NSS module or C++ exception ends it.
    pub signal: Option<&'static str>,
}

/// The copy of the loader among the objects of `graph`, if it does harm. `list` is the
/// order in which they are asked for symbols.
pub(super) fn check(
    files: &Files<'_>,
    file: &LoaderFile,
    graph: &Graph,
    list: &SearchList,
) -> Option<Twice> {
    if !matches!(file, LoaderFile::Known(LoaderKind::Glibc(_))) {
        return None;
    }
    let mut objects = graph.map.iter();
    let (loader, own) = objects.find(|(_, loaded)| loaded.role == Role::Loader)?;
    let identity = files.record(own.file?).metadata.identity;
    let copy = graph.map.with_identity(identity)?;
    let libc = graph.map.named(b"libc.so.6")?;
    if graph.map.get(libc).role != Role::Library || !list.is_before(copy, loader) {
        return None;
    }
    let machine = graph.map.get(LinkMap::MAIN).object.as_ref()?.header.machine;
    let release = graph.loader.glibc_release()?;
    Some(Twice {
        copy,
        loader,
        signal: release.signal_without_page_size(machine),
    })
}
