//! Many files of one target, on several threads.
//!
//! Each thread has an inspector of its own: looking things up remembers them, and what
//! is remembered is not shared. What was learnt before, by a scan above all, goes with
//! every one of them.

use std::sync::{Arc, OnceLock};
use std::thread;

use super::{Called, Inspection, Inspector, Settings};
use crate::beyond::Places;
use crate::content::{Files, Learnt};
use crate::graph::{Loaders, Recognised, SymbolCache};
use crate::in_order::InOrder;
use crate::nearby::{self, Nearby};
use crate::package::Owners;
use crate::path::TargetPath;
use crate::report::Role;
use crate::rootfs::{Rootfs, Twin};
use crate::target::TargetFacts;

/// How many files a thread takes at once.
const BATCH: usize = 8;
/// How many make another thread worth its while.
const LEAST: usize = 64;

impl Inspector<'_> {
    /// Inspects the files at `paths`, each for `role`, on up to `jobs` threads where the
    /// target can be looked at by several, and tells each in its turn.
    ///
    /// # Errors
    /// Where telling fails: nothing more is told then.
    pub fn inspect_each<E>(
        &self,
        paths: &[TargetPath],
        role: Role,
        jobs: usize,
        mut tell: impl FnMut(Inspection) -> Result<(), E>,
    ) -> Result<(), E> {
        let batches: Vec<&[TargetPath]> = paths.chunks(BATCH).collect();
        let pieces = InOrder::new(batches.len());
        let inspect = |inspector: &Inspector<'_>, number: usize| -> Vec<Inspection> {
            let paths = batches[number].iter();
            paths
                .map(|path| inspector.inspect_path(path, role, Called::by(path.as_bytes())))
                .collect()
        };
        let threads = jobs.min(paths.len() / LEAST).max(1);
        thread::scope(|scope| {
            for seed in (1..threads).map_while(|_| self.seed()) {
                scope.spawn(|| seed.grow(|twin| pieces.work(|number| inspect(twin, number))));
            }
            pieces.tell(
                |number| inspect(self, number),
                |done| done.into_iter().try_for_each(&mut tell),
            )
        })
    }

    /// What an inspector of the same target needs on another thread; `None` where there
    /// can be no other.
    fn seed(&self) -> Option<Seed> {
        // A donor is not shared.
        let rootfs = self
            .files
            .rootfs()
            .twin()
            .filter(|_| self.donor.is_none())?;
        Some(Seed {
            rootfs,
            learnt: self.files.learnt(),
            loaders: self.loaders.recognised(),
            target: self.target.clone(),
            settings: self.settings.clone(),
            nearby: self.nearby.seed(),
            owners: self.owners.clone(),
        })
    }
}

/// An inspector on its way to another thread.
struct Seed {
    rootfs: Twin<Rootfs>,
    learnt: Learnt,
    loaders: Recognised,
    target: TargetFacts,
    settings: Arc<Settings>,
    nearby: nearby::Seed,
    owners: Arc<OnceLock<Owners>>,
}

impl Seed {
    /// Hands the inspector to `then`.
    fn grow(self, then: impl FnOnce(&Inspector<'_>)) {
        let rootfs = (self.rootfs)();
        then(&Inspector {
            files: Files::knowing(&rootfs, self.learnt),
            loaders: Loaders::from(self.loaders),
            symbols: SymbolCache::default(),
            target: self.target,
            settings: self.settings,
            nearby: Nearby::from(self.nearby),
            owners: self.owners,
            places: Places::default(),
            donor: None,
            asking: super::env::Asking::default(),
        });
    }
}
