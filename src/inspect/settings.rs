//! How programs are started in a target, and how closely they are looked at.

use std::collections::BTreeMap;

use crate::graph::Limits;
use crate::nearby::Extent;
use crate::path::TargetPath;
use crate::platform::Platform;
use crate::report::Layer;

/// Tells whether a library of this name may be missing.
pub type AllowMissing = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// How programs are started in a target, and how closely they are looked at.
pub struct Settings {
    /// The working directory.
    pub workdir: TargetPath,
    /// The environment.
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// `/proc` is mounted.
    pub has_proc: bool,
    /// The CPU's level, such as `x86-64-v3`.
    pub cpu: Option<String>,
    /// What the target's owner says of its platform.
    pub platform: Option<Platform>,
    /// Where searches end.
    pub limits: Limits,
    /// Libraries that may be missing.
    pub allow_missing: AllowMissing,
    /// Tell of what a scan finds to be fine more than that: what it is, its libraries.
    pub lists_fine: bool,
    /// Say of each attempt what it met, and of each file where it really is.
    pub in_full: bool,
    /// The layers of the target, for what is said of them.
    pub layers: Vec<Layer>,
    /// Bind every symbol, as `ldd -r` would.
    pub symbols: bool,
    /// Name needs that nothing uses, as `ldd -u` would.
    pub unused: bool,
    /// Where something is mounted when it is run.
    pub volumes: Vec<TargetPath>,
    /// How much of the target is searched for what is like a missing name.
    pub nearby: Extent,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            workdir: TargetPath::root(),
            variables: BTreeMap::new(),
            has_proc: true,
            cpu: None,
            platform: None,
            limits: Limits::default(),
            allow_missing: Box::new(|_| false),
            lists_fine: true,
            in_full: true,
            layers: Vec::new(),
            symbols: false,
            unused: false,
            volumes: Vec::new(),
            nearby: Extent::default(),
        }
    }
}
