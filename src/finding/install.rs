//! The instruction that installs a package, where the target has what it takes.

use super::{Case, Draft};
use crate::package::Manager;

/// What installs packages in the target.
pub(super) fn manager(case: &Case<'_>) -> Option<Manager> {
    let is_here = |manager: &Manager| {
        let mut programs = manager.programs().iter();
        programs.any(|program| (case.has)(program.as_bytes()))
    };
    Manager::ALL.into_iter().find(is_here)
}

/// A fix: install `package`, or, where nothing installs packages, copy `copied` from a
/// stage that has it.
pub(super) fn or_copy(case: &Case<'_>, draft: Draft, package: &str, copied: &str) -> Draft {
    match manager(case) {
        Some(manager) => {
            // SUSE has names of its own.
            let package = match (manager, package) {
                (Manager::Zypper, "ca-certificates") => "ca-certificates-mozilla",
                (Manager::Zypper, "tzdata") => "timezone",
                (_, package) => package,
            };
            draft.fix(
                None,
                &format!("install the package `{package}`"),
                Some(&manager.command(package)),
            )
        }
        None => draft.fix(None, "copy it from a stage that has it", Some(copied)),
    }
}
