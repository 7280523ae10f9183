//! Dynamic symbols of files, each read once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::content::{self, Files};
use crate::elf::{Object, Symbols};
use crate::errno::Errno;
use crate::rootfs::Identity;

/// The most that remembered symbols may weigh; beyond, they are read again.
const MAX_WEIGHT: usize = 96 << 20;

/// What was read, or why it could not be.
type Read = Result<Arc<Symbols>, String>;

/// The symbols of the files that were asked for.
#[derive(Default)]
pub struct SymbolCache {
    known: RefCell<HashMap<(Identity, u16), Read, RandomState>>,
    weight: Cell<usize>,
}

impl SymbolCache {
    /// The symbols of the file at `path`, which is absolute, as a loader for
    /// `machine` reads them.
    ///
    /// # Errors
    /// Why they could not be read.
    pub(super) fn of(&self, files: &Files<'_>, path: &[u8], object: &Object, machine: u16) -> Read {
        let words = |errno: Errno| format!("cannot read its symbols: {errno}");
        // What the loader may read decided the search; here the bytes are wanted.
        let opened = files.rootfs().open_as_root(path).map_err(words)?;
        let key = (opened.metadata.identity, machine);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let Some(data) = opened.data else {
            return Err(words(Errno::INVAL));
        };
        let read = content::symbols(object, &*data, machine).map_err(|error| {
            match content::is_not_kept(&error) {
                true => "its symbols passed by and were not kept; --symbols keeps them".to_owned(),
                false => format!("cannot read its symbols: {error}"),
            }
        });
        let weight = read.as_ref().map_or(0, |symbols| symbols.weight());
        let mut known = self.known.borrow_mut();
        if self.weight.get() + weight > MAX_WEIGHT {
            known.clear();
            self.weight.set(0);
        }
        self.weight.set(self.weight.get() + weight);
        known.insert(key, read.clone());
        read
    }
}
