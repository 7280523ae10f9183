//! Libraries that are asked for by name when the program runs: `dlopen`.

use std::rc::Rc;

use super::resolve::{Limits, Resolver};
use super::{Attempts, Graph};
use crate::content::Files;
use crate::loader::{LinkMap, ObjectId};
use crate::path::TargetPath;

/// How `dlopen` of one name would go, as far as finding the file.
#[derive(Clone, Debug)]
pub struct Later {
    /// The name.
    pub name: Rc<[u8]>,
    /// A loaded object has it, or a file is found that the loader takes.
    pub is_found: bool,
    /// Everything that was tried, in order.
    pub attempts: Attempts,
}

impl Graph {
    /// What `dlopen` finds for each of `names` when `caller` calls it, after the start.
    /// glibc searches as if `caller` needed the name (`elf/dl-open.c:dl_open_worker_begin`),
    /// musl as if the program did (`ldso/dynlink.c:dlopen`). `None` where a limit ends
    /// the search, or a file that decides it cannot be read.
    pub fn dlopen<'n>(
        &mut self,
        files: &Files<'_>,
        workdir: &TargetPath,
        limits: Limits,
        caller: ObjectId,
        names: impl IntoIterator<Item = &'n [u8]>,
    ) -> Option<Vec<Later>> {
        let caller = match self.loader.is_musl() {
            true => LinkMap::MAIN,
            false => caller,
        };
        let map = std::mem::take(&mut self.map);
        let mut resolver = Resolver::new(files, self.loader.clone(), map, workdir, limits);
        let all = names.into_iter().map(|name| resolver.later(caller, name));
        let all = all.collect();
        let is_decided = resolver.graph.limit.is_none() && resolver.graph.unreadable.is_none();
        self.map = resolver.graph.map;
        is_decided.then_some(all)
    }
}

impl Resolver<'_> {
    fn later(&mut self, caller: ObjectId, name: &[u8]) -> Later {
        let is_loaded = self.loader.loaded(&self.graph.map, name).is_some();
        let (mut is_found, mut attempts) = (is_loaded, Attempts::new());
        if !is_loaded {
            let (search, impossible) = self.find(Some(caller), name);
            is_found = search.found.is_some() && search.stopped.is_none() && impossible.is_none();
            attempts = search.attempts;
        }
        Later {
            name: name.into(),
            is_found,
            attempts,
        }
    }
}
