//! The instruction that installs a package, where the target has what it takes.

use super::{Case, Draft};
use crate::package::Manager;
use crate::platform::{Abi, abi};
use crate::report::Fix;

/// What installs packages in the target.
pub(super) fn manager(case: &Case<'_>) -> Option<Manager> {
    Manager::ALL
        .into_iter()
        .find(|manager| is_here(case, *manager))
}

/// Whether the target has it.
pub(super) fn is_here(case: &Case<'_>, manager: Manager) -> bool {
    let mut programs = manager.programs().iter();
    programs.any(|program| (case.has)(program.as_bytes()))
}

/// The program's ABI, where the target's own packages are for another.
fn foreign(case: &Case<'_>) -> Option<&'static Abi> {
    let header = &case.exec.program.as_ref()?.object.header;
    let own = abi(header.machine, header.layout, header.flags)?;
    let platform = case.target.platform.as_ref()?;
    // A system for i386 under a kernel for x86_64 has no other loader.
    let has_loader = |abi: &Abi| {
        case.loaders
            .iter()
            .any(|loader| loader.abi.name == abi.name)
    };
    let is_of_platform = |abi: &Abi| abi.oci.0 == platform.architecture;
    let mut loaders = case.loaders.iter();
    let is_own = is_of_platform(own)
        || (has_loader(own) && !loaders.any(|loader| is_of_platform(loader.abi)));
    (!is_own).then_some(own)
}

/// The names of packages as `manager` knows them for the program's ABI; `None` where it has
/// none for that.
pub(super) fn names(case: &Case<'_>, manager: Manager, packages: &[&str]) -> Option<Vec<String>> {
    let suffix = match foreign(case) {
        Some(abi) => manager.suffix(abi)?,
        None => String::new(),
    };
    let names = packages.iter().map(|package| format!("{package}{suffix}"));
    Some(names.collect())
}

/// The instruction that installs packages for the program's ABI.
pub(super) fn command(case: &Case<'_>, manager: Manager, packages: &[&str]) -> Option<String> {
    let names = names(case, manager, packages)?.join(" ");
    Some(beside(case, manager, manager.command(&names)))
}

/// The same for packages that are installed, and whose files are gone.
fn again(case: &Case<'_>, manager: Manager, packages: &[&str]) -> Option<String> {
    let names = names(case, manager, packages)?.join(" ");
    Some(beside(case, manager, manager.again(&names)?))
}

/// apt has to be told of another ABI first.
fn beside(case: &Case<'_>, manager: Manager, line: String) -> String {
    let suffix = foreign(case).and_then(|abi| manager.suffix(abi));
    match (manager, suffix.as_deref().and_then(|s| s.strip_prefix(':'))) {
        (Manager::Apt, Some(name)) => {
            let told = format!("RUN dpkg --add-architecture {name} && ");
            line.replacen("RUN ", &told, 1)
        }
        _ => line,
    }
}

/// Packages whose libraries apt, dpkg and what they start need themselves, in Debian 11 to
/// 13 (`ldd`); without the `t64` that some of them end in.
const APT_NEEDS: [&str; 33] = [
    "apt",
    "libacl1",
    "libapt-pkg6.0",
    "libapt-pkg7.0",
    "libbz2-1.0",
    "libc6",
    "libcap2",
    "libffi7",
    "libffi8",
    "libgcc-s1",
    "libgcrypt20",
    "libgmp10",
    "libgnutls30",
    "libgpg-error0",
    "libhogweed6",
    "libidn2-0",
    "liblz4-1",
    "liblzma5",
    "libmd0",
    "libnettle8",
    "libp11-kit0",
    "libpcre2-8-0",
    "libseccomp2",
    "libselinux1",
    "libssl3",
    "libstdc++6",
    "libsystemd0",
    "libtasn1-6",
    "libudev1",
    "libunistring2",
    "libxxhash0",
    "libzstd1",
    "zlib1g",
];

/// The same of apk, in Alpine 3.12 to 3.22, and of what its program is linked with.
const APK_NEEDS: [&str; 10] = [
    "apk-tools",
    "libapk2",
    "libapk",
    "libcrypto1.1",
    "libcrypto3",
    "libssl1.1",
    "libssl3",
    "musl",
    "zlib",
    "zstd-libs",
];

/// The same of pacman: what libalpm, libarchive, curl and gpgme need.
const PACMAN_NEEDS: [&str; 32] = [
    "acl",
    "attr",
    "brotli",
    "bzip2",
    "curl",
    "e2fsprogs",
    "expat",
    "gcc-libs",
    "glibc",
    "gpgme",
    "icu",
    "keyutils",
    "krb5",
    "libarchive",
    "libassuan",
    "libgcc",
    "libgpg-error",
    "libidn2",
    "libnghttp2",
    "libnghttp3",
    "libpsl",
    "libseccomp",
    "libssh2",
    "libunistring",
    "libxml2",
    "lz4",
    "openssl",
    "pacman",
    "readline",
    "xz",
    "zlib",
    "zstd",
];

/// Whether `manager` does not start without the libraries of `package`, and by what name it
/// is called then; of others than these it is not known.
fn needs(manager: Manager, package: &str) -> Option<&'static str> {
    let package = package.strip_suffix("t64").unwrap_or(package);
    let (called, all): (_, &[&str]) = match manager {
        Manager::Apt => ("apt", &APT_NEEDS),
        Manager::Apk => ("apk", &APK_NEEDS),
        Manager::Pacman => ("pacman", &PACMAN_NEEDS),
        _ => return None,
    };
    all.contains(&package).then_some(called)
}

/// The fix for libraries that are gone, and whose `packages` the target lists as installed:
/// installing those changes nothing.
pub(super) fn restoring(case: &Case<'_>, packages: &[String]) -> Option<Fix> {
    let plain = |name: &&String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        !name.starts_with('-') && name.chars().all(plain)
    };
    let mut named: Vec<&str> = packages.iter().filter(plain).map(String::as_str).collect();
    named.sort_unstable();
    named.dedup();
    let text = match named.as_slice() {
        [] => return None,
        [one] => format!("install `{one}` again: it is listed as installed, and its file is gone"),
        several => format!(
            "install `{}` again: they are listed as installed, and their files are gone",
            several.join("`, `")
        ),
    };
    let manager = manager(case)?;
    let own = named.iter();
    let own = own.filter_map(|name| Some((name, needs(manager, name)?)));
    if let (Some((own, called)), None) = (own.into_iter().next(), foreign(case)) {
        return Some(Fix {
            when: None,
            text: format!(
                "copy the file from the image of the same release: `{own}` is listed as installed, and {called} itself does not start without it"
            ),
            snippet: None,
        });
    }
    Some(Fix {
        when: None,
        text,
        snippet: Some(again(case, manager, &named)?),
    })
}

/// A fix: install `package`, or, where nothing installs packages, copy `copied` from a
/// stage that has it. It is one for every ABI.
pub(super) fn or_copy(case: &Case<'_>, draft: Draft, package: &str, copied: &str) -> Draft {
    let Some(manager) = manager(case) else {
        return draft.fix(None, "copy it from a stage that has it", Some(copied));
    };
    // SUSE has names of its own.
    let package = match (manager, package) {
        (Manager::Zypper, "ca-certificates") => "ca-certificates-mozilla",
        (Manager::Zypper, "tzdata") => "timezone",
        (_, package) => package,
    };
    let list = format!("/var/lib/dpkg/info/{package}.list");
    let again = match manager {
        Manager::Apt if (case.has)(list.as_bytes()) => manager.again(package),
        _ => None,
    };
    match again {
        Some(again) => draft.fix(
            None,
            &format!(
                "install `{package}` again: it is listed as installed, and its files are gone"
            ),
            Some(&again),
        ),
        None => draft.fix(
            None,
            &format!("install the package `{package}`"),
            Some(&manager.command(package)),
        ),
    }
}
