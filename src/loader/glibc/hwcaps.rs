//! Sub-directories for better CPUs (`elf/dl-hwcaps.c:_dl_important_hwcaps`,
//! `sysdeps/**/dl-hwcaps-subdirs.c`).

use std::rc::Rc;

use super::traits::Traits;
use crate::platform::Abi;

/// The levels taken where nothing else is said: an ordinary machine of today.
const DEFAULT_LEVELS: [&str; 3] = ["x86-64-v3", "power9", "z14"];

/// Those of the loader's `levels` (best first) that a CPU of level `cpu` has.
pub(super) fn supported(levels: &[String], cpu: Option<&str>) -> Vec<String> {
    let wanted: Vec<&str> = cpu.map_or_else(|| DEFAULT_LEVELS.to_vec(), |cpu| vec![cpu]);
    let reaches = |level: &&String| {
        let (family, number) = split(level);
        wanted
            .iter()
            .map(|w| split(w))
            .any(|(f, n)| f == family && n >= number)
    };
    levels.iter().filter(reaches).cloned().collect()
}

/// `x86-64-v3` is level 3 of the family `x86-64-v`.
fn split(level: &str) -> (&str, u32) {
    let family = level.trim_end_matches(|c: char| c.is_ascii_digit());
    (family, level[family.len()..].parse().unwrap_or(0))
}

/// `GNU_PROPERTY_X86_ISA_1` bits of a CPU with these levels.
pub(super) fn isa_bits(supported: &[String]) -> u32 {
    let best = supported
        .iter()
        .map(|level| split(level))
        .filter(|(f, _)| *f == "x86-64-v");
    let best = best.map(|(_, number)| number).max().unwrap_or(1);
    (1 << best.min(31)) - 1
}

/// The same for one level: `x86-64-v3`, and `x86-64` for the first.
pub(super) fn given_bits(level: &str) -> Option<u32> {
    let number = match level {
        "x86-64" => 1,
        other => other.strip_prefix("x86-64-v")?.parse().ok()?,
    };
    (1..=4).contains(&number).then(|| (1 << number) - 1)
}

/// What is put between a directory and a name, in order, ending with nothing.
pub(super) fn subdirectories(traits: &Traits, supported: &[String], abi: &Abi) -> Vec<Rc<[u8]>> {
    let mut list: Vec<Vec<u8>> = supported
        .iter()
        .map(|level| format!("glibc-hwcaps/{level}/").into_bytes())
        .collect();
    if traits.has_legacy_subdirectories() {
        list.extend(legacy(abi));
    }
    list.push(Vec::new());
    list.into_iter().map(Rc::from).collect()
}

/// Which entries of a cache with bits of the old kind count
/// (`elf/dl-cache.c:search_cache` up to 2.36, `sysdeps/x86/dl-hwcap.h` since 2.26).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LegacyBits {
    /// Bits that an entry may have, those of platforms apart.
    allowed: u64,
    /// Bits that name a platform.
    platforms: u64,
    /// The CPU's.
    platform: u64,
}

impl LegacyBits {
    /// Those of an ordinary machine, for a loader that looks at them.
    pub(super) fn new(traits: &Traits, abi: &Abi) -> Option<LegacyBits> {
        /// What stands for `tls`.
        const TLS: u64 = 1 << 63;
        /// `i586`, `i686`, `haswell`, `xeon_phi`.
        const PLATFORMS: u64 = 0xf << 48;
        if !traits.has_legacy_subdirectories() {
            return None;
        }
        let (capabilities, platforms, platform) = match abi.name {
            // The capability `x86_64`; its platform has no bit.
            "x86_64" => (1 << 1, PLATFORMS, 0),
            // `sse2`, and the platform `i686`.
            "i386" => (1 << 0, PLATFORMS, 1 << 49),
            _ => (0, 0, 0),
        };
        Some(LegacyBits {
            allowed: TLS | capabilities,
            platforms,
            platform,
        })
    }

    /// Whether an entry with these bits counts.
    pub(super) fn take(self, bits: u64) -> bool {
        let platform = bits & self.platforms;
        bits & !(self.allowed | self.platforms) == 0 && (platform == 0 || platform == self.platform)
    }
}

/// Every ordered subset of `tls`, the CPU's names and the platform, largest
/// first.
fn legacy(abi: &Abi) -> Vec<Vec<u8>> {
    let names: &[&str] = match abi.name {
        // One is the kernel's platform and one a capability with the same name.
        "x86_64" => &["tls", "x86_64", "x86_64"],
        "i386" => &["tls", abi.platform, "sse2"],
        _ => &["tls", abi.platform],
    };
    let mut list: Vec<Vec<u8>> = Vec::new();
    for subset in (1..1_u32 << names.len()).rev() {
        let mut path = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if subset >> (names.len() - 1 - index) & 1 == 1 {
                path.extend_from_slice(name.as_bytes());
                path.push(b'/');
            }
        }
        if !list.contains(&path) {
            list.push(path);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_includes_those_below_it() {
        let levels = ["x86-64-v4", "x86-64-v3", "x86-64-v2"].map(str::to_owned);
        assert_eq!(supported(&levels, None), ["x86-64-v3", "x86-64-v2"]);
        assert_eq!(supported(&levels, Some("x86-64-v4")).len(), 3);
        assert!(supported(&levels, Some("x86-64-v1")).is_empty());
        let z = ["z16", "z15", "z14", "z13"].map(str::to_owned);
        assert_eq!(supported(&z, None), ["z14", "z13"]);
        assert_eq!(isa_bits(&supported(&levels, None)), 0b111);
        assert_eq!(isa_bits(&[]), 0b1);
    }

    /// As a real 2.36 lists them (`LD_DEBUG=libs`).
    #[test]
    fn old_folders_are_subsets_the_largest_first() {
        let i386 = crate::platform::abis()
            .iter()
            .find(|abi| abi.name == "i386");
        let list = legacy(i386.expect("an ABI of that name"));
        let list: Vec<String> = list
            .iter()
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect();
        assert_eq!(
            list,
            [
                "tls/i686/sse2/",
                "tls/i686/",
                "tls/sse2/",
                "tls/",
                "i686/sse2/",
                "i686/",
                "sse2/"
            ]
        );
    }

    #[test]
    fn old_bits_count_where_the_machine_has_them_and_the_release_looks() {
        let bits = |name: &str, release| {
            let abi = crate::platform::abis().iter().find(|abi| abi.name == name);
            let abi = abi.expect("an ABI of that name");
            let mut traits = Traits::assumed(abi);
            traits.version = Some(release);
            LegacyBits::new(&traits, abi)
        };
        assert_eq!(bits("x86_64", (2, 37)), None);
        let [big, small] = ["x86_64", "i386"].map(|name| bits(name, (2, 36)).expect("it looks"));
        assert!(big.take(1 << 63 | 2) && !big.take(1) && !big.take(1 << 49));
        assert!(small.take(1 << 63 | 1 | 1 << 49) && !small.take(1 << 48) && !small.take(2));
    }
}
