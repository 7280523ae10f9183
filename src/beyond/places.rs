//! Where programs look for what they take to be in every system, and what of it a
//! target has.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::content::Files;
use crate::rootfs::{Credentials, Follow, Kind, Metadata, Rootfs};

/// Bundles of certificates, where libraries and Go look for them (Go
/// `crypto/x509/root_linux.go`; OpenSSL's OPENSSLDIR; curl's and GnuTLS's defaults) on
/// Debian and Alpine, Red Hat's and SUSE's systems.
const BUNDLES: [&str; 11] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/cacert.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/usr/lib/ssl/cert.pem",
    "/usr/lib64/ssl/cert.pem",
    "/usr/local/ssl/cert.pem",
];
/// Directories of them.
const DIRECTORIES: [&str; 6] = [
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/usr/lib/ssl/certs",
    "/usr/local/ssl/certs",
    "/usr/local/share/certs",
    "/var/lib/ca-certificates/openssl",
];
/// Variables that name a bundle, or directories, instead.
const BUNDLE_VARIABLES: [&str; 5] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
];
const DIRECTORIES_VARIABLE: &str = "SSL_CERT_DIR";

/// Directories of time zones: glibc's, musl's (`src/time/__tz.c`) and Go's
/// (`time/zoneinfo_unix.go`).
const ZONES: [&str; 6] = [
    "/usr/share/zoneinfo",
    "/share/zoneinfo",
    "/etc/zoneinfo",
    "/usr/lib/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/usr/lib/locale/TZ",
];

/// The most names of a directory that are looked at.
const MAX_NAMES: usize = 64;
/// The most of `/etc/passwd` that is read.
const MAX_PASSWD: usize = 1 << 20;

/// What is the matter with the directory for temporary files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Temporary {
    Absent,
    NotADirectory,
    /// The user may not make files in it; its permission bits.
    NotWritable(u32),
}

/// What a target has of all that, each looked at once and when it is first asked for.
#[derive(Default)]
pub(crate) struct Places {
    certificates: OnceCell<bool>,
    zones: OnceCell<bool>,
    temporary: OnceCell<Option<Temporary>>,
    user: OnceCell<bool>,
}

/// The environment of programs.
pub(crate) type Variables = BTreeMap<Vec<u8>, Vec<u8>>;

impl Places {
    /// Where certificates were looked for.
    pub(crate) fn of_certificates() -> impl Iterator<Item = &'static str> {
        BUNDLES.into_iter().chain(DIRECTORIES)
    }

    /// Where zones were looked for.
    pub(crate) fn of_zones() -> &'static [&'static str] {
        &ZONES
    }

    /// Whether there are certificates to trust.
    pub(crate) fn has_certificates(&self, files: &Files<'_>, variables: &Variables) -> bool {
        *self.certificates.get_or_init(|| {
            let is_file = |path: &[u8]| is_full(files, path);
            let is_named = BUNDLE_VARIABLES
                .iter()
                .filter_map(|name| variables.get(name.as_bytes()));
            let listed = variables.get(DIRECTORIES_VARIABLE.as_bytes());
            let listed = listed
                .into_iter()
                .flat_map(|list| list.split(|&b| b == b':'));
            BUNDLES.iter().any(|path| is_file(path.as_bytes()))
                || is_named.into_iter().any(|path| is_file(path))
                || DIRECTORIES
                    .iter()
                    .any(|path| has_files(files, path.as_bytes()))
                || listed.into_iter().any(|path| has_files(files, path))
        })
    }

    /// A variable that names certificates which are not there.
    pub(crate) fn wrong_variable(variables: &Variables) -> Option<(String, Vec<u8>)> {
        let mut names = BUNDLE_VARIABLES.iter().chain([&DIRECTORIES_VARIABLE]);
        names.find_map(|name| {
            let value = variables.get(name.as_bytes())?;
            (!value.is_empty()).then(|| ((*name).to_owned(), value.clone()))
        })
    }

    /// Whether there is a directory of zones.
    pub(crate) fn has_zones(&self, files: &Files<'_>, variables: &Variables) -> bool {
        *self.zones.get_or_init(|| {
            // Go's ZONEINFO may be an archive.
            let own = [&b"TZDIR"[..], b"ZONEINFO"];
            let own = own.iter().filter_map(|name| variables.get(*name));
            own.into_iter().any(|path| is_there(files, path))
                || ZONES.iter().any(|path| is_there(files, path.as_bytes()))
                || is_there(files, b"/usr/local/go/lib/time/zoneinfo.zip")
        })
    }

    /// The name of a zone in TZ that no directory of zones has.
    pub(crate) fn missing_zone<'v>(
        files: &Files<'_>,
        variables: &'v Variables,
    ) -> Option<&'v [u8]> {
        let name = named_zone(variables.get(&b"TZ"[..])?)?;
        let own = [&b"TZDIR"[..], b"ZONEINFO"];
        let own = own.iter().filter_map(|of| variables.get(*of));
        let own = own.map(Vec::as_slice);
        let mut all = own.chain(ZONES.iter().map(|path| path.as_bytes()));
        let is_here = all.any(|directory| {
            let is_archive = directory.ends_with(b".zip") && is_there(files, directory);
            is_archive || is_there(files, &[directory, b"/", name].concat())
        });
        (!is_here).then_some(name)
    }

    /// What is the matter with `/tmp`, if anything is.
    pub(crate) fn temporary(&self, files: &Files<'_>) -> Option<Temporary> {
        *self.temporary.get_or_init(|| {
            let user = files.rootfs().user();
            match files.rootfs().metadata(b"/tmp") {
                Err(_) => Some(Temporary::Absent),
                Ok(of) if of.kind != Kind::Directory => Some(Temporary::NotADirectory),
                Ok(of) if !may_make_files(user, &of) => Some(Temporary::NotWritable(of.mode)),
                Ok(_) => None,
            }
        })
    }

    /// Whether TMPDIR names a directory where the user may make files.
    pub(crate) fn has_other_temporary(files: &Files<'_>, variables: &Variables) -> bool {
        let named = variables.get(&b"TMPDIR"[..]);
        let named = named.and_then(|path| files.rootfs().metadata(path).ok());
        let user = files.rootfs().user();
        named.is_some_and(|of| of.kind == Kind::Directory && may_make_files(user, &of))
    }

    /// Whether `/etc/passwd` has a line about the user.
    pub(crate) fn has_user(&self, files: &Files<'_>) -> bool {
        *self.user.get_or_init(|| {
            let text = files.rootfs().read(b"/etc/passwd", MAX_PASSWD);
            let text = text.unwrap_or_default();
            let number = files.rootfs().user().uid.to_string();
            let mut lines = text.split(|&b| b == b'\n');
            lines.any(|line| line.split(|&b| b == b':').nth(2) == Some(number.as_bytes()))
        })
    }
}

fn is_there(files: &Files<'_>, path: &[u8]) -> bool {
    files.rootfs().metadata(path).is_ok()
}

fn is_full(files: &Files<'_>, path: &[u8]) -> bool {
    let found = files.rootfs().metadata(path);
    found.is_ok_and(|of| of.kind == Kind::File && of.size > 0)
}

/// Whether a directory has a file, links followed.
fn has_files(files: &Files<'_>, directory: &[u8]) -> bool {
    let filesystem = files.rootfs().filesystem();
    let walk = Rootfs::walk_in(filesystem, &Credentials::root(), directory, Follow::Last);
    let names = walk.end.and_then(|node| filesystem.names(node));
    let mut names = names.unwrap_or_default().into_iter().take(MAX_NAMES);
    names.any(|name| is_full(files, &[directory, b"/", &name].concat()))
}

/// Whether `user` may write to and search a directory.
fn may_make_files(user: &Credentials, of: &Metadata) -> bool {
    let class = if user.is_root() {
        return true;
    } else if user.uid == of.uid {
        of.mode >> 6
    } else if user.gid == of.gid || user.groups.contains(&of.gid) {
        of.mode >> 3
    } else {
        of.mode
    };
    class & 0o3 == 0o3
}

/// The zone that TZ names: no path, no rule as POSIX has it (`CET-1CEST`), and none of
/// the names that mean UTC, which is what comes of a name that is not known.
fn named_zone(value: &[u8]) -> Option<&[u8]> {
    const MEAN_UTC: [&[u8]; 7] = [
        b"UTC",
        b"GMT",
        b"UCT",
        b"Zulu",
        b"Universal",
        b"Etc/UTC",
        b"Etc/GMT",
    ];
    let name = value.strip_prefix(b":").unwrap_or(value);
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"/_+-".contains(b);
    let is_path = name.contains(&b'/');
    // A rule has a number behind at least three letters.
    let is_rule = !is_path && name.iter().any(u8::is_ascii_digit);
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(is_plain);
    (is_name && !is_rule && !MEAN_UTC.contains(&name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::named_zone;

    #[test]
    fn rules_and_paths_are_no_names_of_zones() {
        let name = |value: &'static str| named_zone(value.as_bytes()).is_some();
        assert!(["Europe/Berlin", ":Asia/Tokyo", "CET", "Etc/GMT+5"].map(name) == [true; 4]);
        let others = [
            "UTC",
            "UTC0",
            "CET-1CEST",
            "/x/y",
            "",
            ":",
            "<+03>-3",
            "Etc/UTC",
        ];
        assert!(others.map(name) == [false; 8]);
    }
}
