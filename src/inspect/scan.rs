//! Every file of a target that `--all` asks about.

use super::Inspector;
use crate::content::{Candidates, Files};
use crate::errno::Errno;
use crate::nearby::Indexing;
use crate::path::TargetPath;
use crate::read_at::Facts;
use crate::rootfs::{Kind, Metadata, Scan};

/// What a scan came to.
#[derive(Debug, Default)]
pub struct Scanned {
    /// ELF files that can be loaded, and scripts that may be executed, in the order of
    /// their directories' names.
    pub paths: Vec<TargetPath>,
    /// What could not be listed or read.
    pub problems: Vec<(TargetPath, Errno)>,
}

impl Inspector<'_> {
    /// Looks the whole target over for what can be loaded or started, on up to `jobs`
    /// threads; of files whose paths `takes` declines nothing is read. What is found is
    /// remembered, so [`Inspector::inspect`] reads no file again.
    #[must_use]
    pub fn scan(&self, jobs: usize, takes: &(dyn Fn(&[u8]) -> bool + Sync)) -> Scanned {
        let mut sighting = Sighting {
            files: &self.files,
            names: self.nearby.indexing(),
            scanned: Scanned::default(),
        };
        let filesystem = self.files.rootfs().filesystem();
        filesystem.scan(jobs, &Candidates { takes }, &mut sighting);
        let Sighting { names, scanned, .. } = sighting;
        self.nearby.take(names);
        scanned
    }
}

/// Takes down what a scan meets.
struct Sighting<'s, 'r> {
    files: &'s Files<'r>,
    /// What `nearby` would walk the target for once more.
    names: Indexing,
    scanned: Scanned,
}

impl Scan for Sighting<'_, '_> {
    fn name(&mut self, directory: &[u8], name: &[u8], kind: Kind) {
        self.names.name(directory, name, kind);
    }

    fn file(&mut self, path: TargetPath, metadata: Metadata, facts: Facts) {
        self.files.note(&path, metadata, &facts);
        self.scanned.paths.push(path);
    }

    fn problem(&mut self, path: TargetPath, errno: Errno) {
        self.scanned.problems.push((path, errno));
    }
}
