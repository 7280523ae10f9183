//! What a glibc loader's own bytes say of it.
//!
//! The directories, the cache's path and the hwcaps levels are compiled in
//! (`elf/dl-load.c:system_dirs`, `LD_SO_CACHE`,
//! `sysdeps/**/dl-hwcaps-subdirs.c`); distributions choose them. They are read
//! from the loader that is there, so that no table of distributions is needed.

use memchr::memmem;

use super::release::Release;
use crate::elf::{number_pair, release_in};
use crate::platform::Abi;

/// What a glibc loader was built with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traits {
    /// The release, such as `(2, 36)`, where the file says it.
    pub version: Option<(u32, u32)>,
    /// The default directories in order, each ending in a slash.
    pub default_directories: Vec<Vec<u8>>,
    /// Where the loader looks for its cache.
    pub cache_path: Vec<u8>,
    /// The levels of `glibc-hwcaps`, best first; empty before 2.33 and on
    /// machines without.
    pub hwcaps: Vec<String>,
    /// What `$LIB` stands for.
    pub lib: Vec<u8>,
    /// Debian and Ubuntu build it so that a file for another machine is passed by
    /// before its byte order is looked at.
    pub machine_before_data: bool,
    /// It says that a CPU does not support a level: it was built for x86-64-v2 or more
    /// (`sysdeps/x86/dl-get-cpu-features.c`; the level itself is no part of the text).
    pub has_baseline: bool,
    /// Debian built it.
    pub is_debian: bool,
    /// The bytes did not tell the directories; the ABI's own are assumed.
    pub directories_assumed: bool,
}

impl Traits {
    pub(in crate::loader) fn read(data: &[Vec<u8>], name: &[u8]) -> Traits {
        let directories = data
            .iter()
            .find_map(|part| directory_run(part))
            .or_else(|| {
                let alone = data.iter().find_map(|part| lone_directory(part));
                alone.map(|directory| vec![directory])
            });
        let cache_path = data.iter().find_map(|part| around(part, b"/ld.so.cache\0"));
        let cache_path = cache_path.filter(|path| path.starts_with(b"/"));
        let hwcaps = data
            .iter()
            .find_map(|part| hwcaps_levels(part))
            .unwrap_or_default();
        let version = data
            .iter()
            .find_map(|part| release_in(part))
            .or_else(|| release_of_name(name));
        let lib = lib_token(directories.as_deref(), data);
        let built_by = |who: &[u8]| data.iter().any(|part| memmem::find(part, who).is_some());
        // Before 2.33 no release string is in a loader, but where to report its bugs is.
        let is_debian = built_by(b"Debian GLIBC") || built_by(b"www.debian.org/Bugs");
        Traits {
            has_baseline: built_by(b"CPU does not support x86-64-v"),
            machine_before_data: is_debian
                || built_by(b"Ubuntu GLIBC")
                || built_by(b"bugs.launchpad.net/ubuntu"),
            is_debian,
            version,
            directories_assumed: directories.is_none(),
            default_directories: directories.unwrap_or_default(),
            cache_path: cache_path.unwrap_or(b"/etc/ld.so.cache").to_vec(),
            hwcaps,
            lib,
        }
    }

    /// What is assumed of a loader that is not there, or is none that is known.
    #[must_use]
    pub fn assumed(abi: &Abi) -> Traits {
        let mut traits = Traits {
            version: None,
            default_directories: Vec::new(),
            cache_path: b"/etc/ld.so.cache".to_vec(),
            hwcaps: Vec::new(),
            lib: b"lib".to_vec(),
            directories_assumed: true,
            has_baseline: false,
            machine_before_data: false,
            is_debian: false,
        };
        traits.complete(abi);
        traits
    }

    /// Fills in what the bytes did not tell: the multiarch directories of
    /// Debian's kind first, which a system without them does not have, then
    /// those of the ABI.
    pub fn complete(&mut self, abi: &Abi) {
        if !self.directories_assumed || !self.default_directories.is_empty() {
            return;
        }
        let multiarch = ["/lib/", "/usr/lib/"].map(|d| format!("{d}{}/", abi.triplet));
        let own = abi.directories.iter().map(|d| (*d).to_owned());
        let plain = ["/lib/", "/usr/lib/"].map(str::to_owned);
        for directory in multiarch.into_iter().chain(own).chain(plain) {
            if !self
                .default_directories
                .contains(&directory.clone().into_bytes())
            {
                self.default_directories.push(directory.into_bytes());
            }
        }
    }

    /// The release, for what differs between them.
    #[must_use]
    pub(crate) fn release(&self) -> Release {
        Release::new(self.version, self.is_debian)
    }

    /// Whether the loader still looks into `tls/` and the sub-directories named
    /// after platforms (removed in 2.37).
    #[must_use]
    pub(super) fn has_legacy_subdirectories(&self) -> bool {
        self.version
            .map_or(self.hwcaps.is_empty() && !self.directories_assumed, |v| {
                v < (2, 37)
            })
    }
}

/// What a name of a directory, or of a level, may be made of.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_.+-:".contains(&byte)
}

fn is_directory(text: &[u8]) -> bool {
    let plain = |b: &u8| is_plain(*b) && *b != b':';
    text.len() > 1 && text.starts_with(b"/") && text.ends_with(b"/") && text.iter().all(plain)
}

/// The string that `needle` stands in, up to the NUL behind it.
fn around<'p>(part: &'p [u8], needle: &[u8]) -> Option<&'p [u8]> {
    let at = memmem::find(part, needle)?;
    part[start_of_text(part, at)..].split(|&b| b == 0).next()
}

/// Where the text begins that has the byte `at`. A constant array (`system_dirs`,
/// `_dl_hwcaps_subdirs`) is no string of a table: there need be no NUL before it, and on
/// ARM the code or the numbers that are there end in other bytes.
fn start_of_text(part: &[u8], at: usize) -> usize {
    let before = part[..at].iter().rposition(|&b| !is_plain(b));
    before.map_or(0, |last| last + 1)
}

/// `text` from its first slash on: what stands before a path may be letters by chance.
fn from_slash(text: &[u8]) -> &[u8] {
    let slash = memchr::memchr(b'/', text).unwrap_or(text.len());
    &text[slash..]
}

/// The first run of two or more directories that stand one behind the other.
fn directory_run(part: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut from = 0;
    loop {
        // One that ends, and one that begins.
        let joint = from + memmem::find(part.get(from..)?, b"/\0/")?;
        let start = start_of_text(part, joint);
        let texts = from_slash(&part[start..]).split(|&b| b == 0);
        let run: Vec<Vec<u8>> = texts
            .take_while(|text| is_directory(text))
            .map(<[u8]>::to_vec)
            .collect();
        if run.len() > 1 {
            return Some(run);
        }
        from = joint + 2;
    }
}

/// A directory called `lib` of a prefix that has no other.
fn lone_directory(part: &[u8]) -> Option<Vec<u8>> {
    let text = from_slash(around(part, b"/lib/\0")?);
    is_directory(text).then(|| text.to_vec())
}

/// A list such as `x86-64-v4:x86-64-v3:x86-64-v2`.
fn hwcaps_levels(part: &[u8]) -> Option<Vec<String>> {
    let lists = [&b":x86-64-v"[..], b":power", b":z1"];
    let known = |text: &&[u8]| {
        let starts = [&b"x86-64-v"[..], b"power1", b"z1"];
        starts.iter().any(|start| text.starts_with(start)) && text.len() <= 128
    };
    let text = lists
        .iter()
        .filter_map(|list| around(part, list))
        .find(known)?;
    let text = std::str::from_utf8(text).ok()?;
    let level = |s: &str| s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.split(':')
        .all(level)
        .then(|| text.split(':').map(str::to_owned).collect())
}

/// `ld-2.31.so`
fn release_of_name(name: &[u8]) -> Option<(u32, u32)> {
    number_pair(name.strip_prefix(b"ld-")?)
}

/// `$LIB` is the first default directory without its slashes where the loader
/// has that as a string (Debian's multiarch), else its last component.
fn lib_token(directories: Option<&[Vec<u8>]>, data: &[Vec<u8>]) -> Vec<u8> {
    let Some(first) = directories.and_then(|d| d.first()) else {
        return b"lib".to_vec();
    };
    let whole = first[1..first.len() - 1].to_vec();
    let last = whole
        .rsplit(|&b| b == b'/')
        .next()
        .unwrap_or_default()
        .to_vec();
    let alone = [b"\0", whole.as_slice(), b"\0"].concat();
    let has_it = data.iter().any(|part| memmem::find(part, &alone).is_some());
    if whole.starts_with(b"lib") && has_it {
        whole
    } else {
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_release_and_levels_are_read_from_the_bytes() {
        let data = b"x\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\
            /etc/ld.so.cache\0lib/x86_64-linux-gnu\0x86-64-v4:x86-64-v3:x86-64-v2\0\
            GNU C Library stable release version 2.36.\n\0"
            .to_vec();
        let traits = Traits::read(&[data], b"ld-linux-x86-64.so.2");
        assert_eq!(traits.default_directories.len(), 4);
        assert_eq!(traits.version, Some((2, 36)));
        assert_eq!(traits.hwcaps, ["x86-64-v4", "x86-64-v3", "x86-64-v2"]);
        assert_eq!(traits.lib, b"lib/x86_64-linux-gnu");
        assert!(traits.has_legacy_subdirectories());
    }

    /// As in Debian's armhf and armel: code, or letters, right before the array.
    #[test]
    fn no_nul_need_stand_before_the_first_directory() {
        for before in [&b"\0\x98\xe5\xff\xff"[..], b"\0\x1e\xff/\xe1", b"\0pG", b""] {
            let rest =
                b"/lib/arm-linux-gnueabihf/\0/usr/lib/arm-linux-gnueabihf/\0/lib/\0/usr/lib/\0\
                \0lib/arm-linux-gnueabihf\0";
            let traits = Traits::read(&[[before, rest].concat()], b"ld-linux-armhf.so.3");
            let shown = traits.default_directories.iter();
            let shown: Vec<_> = shown.map(|d| String::from_utf8_lossy(d)).collect();
            let multiarch = "/lib/arm-linux-gnueabihf/";
            let wanted = [
                multiarch,
                "/usr/lib/arm-linux-gnueabihf/",
                "/lib/",
                "/usr/lib/",
            ];
            assert_eq!(shown, wanted, "{before:?}");
            assert_eq!(traits.lib, b"lib/arm-linux-gnueabihf");
        }
    }

    #[test]
    fn a_lone_directory_of_a_prefix_counts() {
        let data = b"\0/nix/store/abc-glibc-2.38/lib/\0/nix/store/abc-glibc-2.38/etc/ld.so.cache\0";
        let traits = Traits::read(&[data.to_vec()], b"ld-linux-x86-64.so.2");
        assert_eq!(
            traits.default_directories,
            [b"/nix/store/abc-glibc-2.38/lib/".to_vec()]
        );
        assert_eq!(
            traits.cache_path,
            b"/nix/store/abc-glibc-2.38/etc/ld.so.cache"
        );
    }

    #[test]
    fn an_old_loader_has_its_release_in_its_name() {
        let traits = Traits::read(&[b"\0/lib64/\0/usr/lib64/\0".to_vec()], b"ld-2.31.so");
        assert_eq!(traits.version, Some((2, 31)));
        assert_eq!(traits.lib, b"lib64");
        assert!(traits.hwcaps.is_empty());
    }
}
