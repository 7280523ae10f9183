//! The name and the path by which a program is started, and by whom.

use super::by_loader::ByLoader;
use crate::path::TargetPath;
use crate::runtime::Lookup;
use crate::runtime::env::Flavour;

/// How a program was called.
#[derive(Clone, Copy)]
pub(super) struct Called<'a> {
    /// Its first argument.
    pub(super) name: &'a [u8],
    /// What `execve` is given, unless that is the name or was looked up.
    pub(super) found: Option<&'a TargetPath>,
    /// How runtimes came from there to its path, unless that is the path.
    pub(super) lookup: Option<&'a Lookup>,
    /// Who starts it, where that is an `env`: which one, and the path that it was started by.
    pub(super) env: Option<(Flavour, &'a [u8])>,
    /// The loader that starts it, where it is not `execve`.
    pub(super) loader: Option<ByLoader<'a>>,
}

impl<'a> Called<'a> {
    /// By a path.
    pub(super) fn by(name: &'a [u8]) -> Self {
        Called {
            name,
            found: None,
            lookup: None,
            env: None,
            loader: None,
        }
    }

    /// By a name that the `execvp` of an `env` found at `path`; `own` is the path that
    /// this was started by.
    pub(super) fn by_env(
        path: &'a TargetPath,
        name: &'a [u8],
        flavour: Flavour,
        own: &'a [u8],
    ) -> Self {
        Called {
            found: Some(path),
            env: Some((flavour, own)),
            ..Called::by(name)
        }
    }

    /// By what was looked up.
    pub(super) fn found(lookup: &'a Lookup) -> Self {
        Called {
            lookup: Some(lookup),
            ..Called::by(&lookup.name)
        }
    }

    /// What `execve` is given.
    pub(super) fn path(self) -> &'a [u8] {
        let looked_up = self.lookup.and_then(|lookup| lookup.runc.as_deref().ok());
        let found = self.found.map(TargetPath::as_bytes);
        found.or(looked_up).unwrap_or(self.name)
    }
}

/// Whether PATH has no say in `name`.
pub(super) fn is_path(name: &[u8]) -> bool {
    name.contains(&b'/') || name.is_empty()
}
