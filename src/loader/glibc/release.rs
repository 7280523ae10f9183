//! What a release of glibc does and says where others do or say something else.
//!
//! Rules for the search itself stand where they are applied, in the files beside this one.
//! The words of a failed assertion tell its line: `elf/dl-version.c` and `elf/dl-lookup.c`
//! are taken as the tags `glibc-2.20` to `glibc-2.42` have them, which builds of Debian
//! leave alone; `elf/rtld.c` is changed by who builds it, so that its lines are those that
//! were met. Where the line is not known the words have `…` in its place.

use crate::elf::consts::{EM_386, EM_X86_64};

/// A release of glibc, as far as the loader's file tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release {
    version: Option<(u32, u32)>,
    /// It was built by Debian.
    is_debian: bool,
}

/// Where an assertion is: the first release that has it on a line, and the line.
type Lines = [((u32, u32), u32)];

/// `elf/dl-version.c:_dl_check_map_versions`, `needed != NULL`.
const NO_PROVIDER: &Lines = &[((2, 20), 224), ((2, 27), 205), ((2, 35), 204)];
/// `elf/dl-lookup.c:check_match`.
const NAMED_FILE: &Lines = &[
    ((2, 20), 127),
    ((2, 27), 110),
    ((2, 28), 111),
    ((2, 32), 105),
    ((2, 35), 106),
    ((2, 36), 107),
    ((2, 39), 106),
];
/// `elf/dl-call-libc-early-init.c:_dl_call_libc_early_init`.
const EARLY_INIT: &Lines = &[((2, 32), 37)];
/// The newest release whose lines were looked up.
const NEWEST: (u32, u32) = (2, 42);

impl Release {
    pub(super) fn new(version: Option<(u32, u32)>, is_debian: bool) -> Release {
        Release { version, is_debian }
    }

    /// A release that the C library's file tells.
    pub(crate) fn of_libc(version: Option<(u32, u32)>) -> Release {
        Release::new(version, false)
    }

    fn is_since(self, first: (u32, u32)) -> bool {
        self.version.is_some_and(|version| version >= first)
    }

    /// The loader is always in the chain that it prints: since 2.41.
    #[must_use]
    pub(crate) fn lists_itself(self) -> bool {
        self.is_since((2, 41))
    }

    /// The loader, started as a program, knows `--argv0`: since 2.33
    /// (`elf/rtld.c:dl_main`).
    pub(crate) fn has_argv0(self) -> bool {
        self.is_since((2, 33))
    }

    /// An object with `DT_RELR` must have the version `GLIBC_ABI_DT_RELR` among its needs:
    /// since 2.36 (`elf/dl-version.c:_dl_check_map_versions`).
    #[must_use]
    pub(crate) fn insists_on_relr(self) -> bool {
        self.is_since((2, 36))
    }

    /// An assertion fails where a symbol is found in a file without versions that its
    /// version names: up to 2.40 (`elf/dl-lookup.c:check_match`; commit bdaf500353).
    #[must_use]
    pub(crate) fn insists_on_versions(self) -> bool {
        self.version.is_some_and(|version| version < (2, 41))
    }

    /// The C library divides by the page size, of which the loader tells, before the program
    /// runs: since 2.34 (`sysdeps/nptl/pthread_early_init.h`). The signal of a division by 0;
    /// machines that are not named here divide by it without a trap.
    #[must_use]
    pub(crate) fn signal_without_page_size(self, machine: u16) -> Option<&'static str> {
        let divides = self.version.is_none_or(|version| version >= (2, 34));
        (divides && matches!(machine, EM_386 | EM_X86_64)).then_some("SIGFPE")
    }

    /// The C library has the services `files` and `dns` of NSS in itself: since 2.34; one
    /// that does not tell its release is taken for one that has.
    #[must_use]
    pub(crate) fn has_services(self) -> bool {
        self.version.is_none_or(|version| version >= (2, 34))
    }

    /// Without `/etc/nsswitch.conf` the C library asks DNS before `/etc/hosts`: up to 2.34
    /// (`nss/nss_database.c`; bug 28700).
    #[must_use]
    pub(crate) fn asks_dns_first(self) -> bool {
        self.version.is_some_and(|version| version < (2, 35))
    }

    /// What is written where versions are needed of a file that no object is
    /// (`elf/dl-version.c:_dl_check_map_versions`).
    #[must_use]
    pub(crate) fn no_provider(self) -> String {
        let line = self.line(NO_PROVIDER);
        failed(
            "dl-version.c",
            line,
            "_dl_check_map_versions",
            "needed != NULL",
        )
    }

    /// What is written where a symbol is found in a file without versions
    /// ([`Release::insists_on_versions`]).
    #[must_use]
    pub(crate) fn without_versions(self) -> String {
        let condition = "version->filename == NULL || ! _dl_name_match_p (version->filename, map)";
        failed(
            "dl-lookup.c",
            self.line(NAMED_FILE),
            "check_match",
            condition,
        )
    }

    /// What is written where the kernel's own object stands beside the loader
    /// (`elf/rtld.c:dl_main`).
    #[must_use]
    pub(crate) fn vdso_beside_loader(self) -> String {
        let line = match self.version.filter(|_| self.is_debian) {
            Some((2, 31)) => Some(1897),
            Some((2, 36)) => Some(2060),
            Some((2, 41)) => Some(1998),
            _ => None,
        };
        let map = match self.is_since((2, 41)) {
            true => "_dl_rtld_map",
            false => "GL(dl_rtld_map)",
        };
        let condition = format!("{map}.l_prev->l_next == {map}.l_next");
        failed("rtld.c", line, "dl_main", &condition)
    }

    /// What is written where the C library, whose newest version is `newest`, has no
    /// `__libc_early_init`, which the loader calls: each since 2.32
    /// (`elf/dl-call-libc-early-init.c`; commit ec935dea63).
    #[must_use]
    pub(crate) fn without_early_init(self, newest: (u32, u32)) -> Option<String> {
        const FIRST: (u32, u32) = (2, 32);
        let words = || {
            failed(
                "dl-call-libc-early-init.c",
                self.line(EARLY_INIT),
                "_dl_call_libc_early_init",
                "sym != NULL",
            )
        };
        (self.is_since(FIRST) && newest < FIRST).then(words)
    }

    fn line(self, lines: &Lines) -> Option<u32> {
        let version = self.version.filter(|version| *version <= NEWEST)?;
        let known = lines.iter().rev().find(|(first, _)| version >= *first);
        known.map(|(_, line)| *line)
    }
}

/// What `assert` writes (`elf/dl-minimal.c:__assert_fail`).
fn failed(file: &str, line: Option<u32>, function: &str, condition: &str) -> String {
    let line = line.map_or_else(|| "…".to_owned(), |line| line.to_string());
    format!(
        "Inconsistency detected by ld.so: {file}: {line}: {function}: \
         Assertion `{condition}' failed!"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_known_is_not_told() {
        let release = |version| Release::new(version, true);
        let told = |words: String, line: &str| {
            assert!(words.contains(&format!(".c: {line}: ")), "{words}");
        };
        for (minor, line) in [(19, "…"), (26, "224"), (34, "205"), (42, "204"), (43, "…")] {
            told(release(Some((2, minor))).no_provider(), line);
        }
        for (minor, line) in [(27, "110"), (31, "111"), (38, "107"), (40, "106")] {
            told(release(Some((2, minor))).without_versions(), line);
        }
        told(release(None).no_provider(), "…");
        for (minor, line) in [(32, "37"), (36, "37"), (42, "37"), (43, "…")] {
            let words = release(Some((2, minor))).without_early_init((2, 31));
            told(words.unwrap(), line);
        }
        assert_eq!(release(Some((2, 31))).without_early_init((2, 30)), None);
        assert_eq!(release(Some((2, 36))).without_early_init((2, 32)), None);
        told(release(Some((2, 36))).vdso_beside_loader(), "2060");
        // Debian's own; its neighbours in time have others.
        told(release(Some((2, 37))).vdso_beside_loader(), "…");
        let other = Release::new(Some((2, 36)), false);
        told(other.vdso_beside_loader(), "…");
    }
}
