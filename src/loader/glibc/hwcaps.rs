//! Sub-directories for better CPUs (`elf/dl-hwcaps.c:_dl_important_hwcaps`,
//! `sysdeps/**/dl-hwcaps-subdirs.c`).

use std::rc::Rc;

use super::traits::Traits;
use crate::elf::consts::{
    EM_386, EM_AARCH64, EM_ARM, EM_MIPS, EM_PPC, EM_PPC64, EM_S390, EM_X86_64,
};
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
        if !traits.has_legacy_subdirectories() {
            return None;
        }
        let machine = Legacy::of(abi);
        let capabilities = machine.capabilities.iter();
        let bits = capabilities.fold(0, |bits, (bit, _)| bits | 1 << bit);
        Some(LegacyBits {
            allowed: TLS | bits,
            platforms: machine.platforms,
            platform: machine.platform,
        })
    }

    /// Whether an entry with these bits counts.
    pub(super) fn take(self, bits: u64) -> bool {
        let platform = bits & self.platforms;
        bits & !(self.allowed | self.platforms) == 0 && (platform == 0 || platform == self.platform)
    }
}

/// What the sub-directories of old are called on an ordinary machine
/// (`HWCAP_IMPORTANT` and `_DL_HWCAP_PLATFORM` of 2.36, `sysdeps/**/dl-procinfo.h` and
/// `sysdeps/x86/dl-hwcap.h`).
struct Legacy {
    /// Number and name of the capabilities, the highest first.
    capabilities: &'static [(u32, &'static str)],
    /// The bits of a cache's entry that name a platform.
    platforms: u64,
    /// The one that is the CPU's; 0 where it has none.
    platform: u64,
}

impl Legacy {
    fn of(abi: &Abi) -> Legacy {
        let (capabilities, platforms, platform): (&[(u32, &str)], u64, u64) = match abi.machine {
            // `i586`, `i686`, `haswell`, `xeon_phi`; that of x86-64 has no bit.
            EM_X86_64 => (&[(1, "x86_64")], 0xf << 48, 0),
            EM_386 => (&[(0, "sse2")], 0xf << 48, 1 << 49),
            EM_ARM => (&[(12, "neon"), (6, "vfp")], 0, 0),
            EM_AARCH64 => (&[(8, "atomics")], 0, 0),
            // Of 16 platforms `power8` is the 14th.
            EM_PPC64 | EM_PPC => {
                let own = match abi.platform {
                    Some("power9") => 1 << 46,
                    Some("power8") => 1 << 45,
                    _ => 0,
                };
                (&[(28, "altivec"), (10, "dfp")], 0xffff << 32, own)
            }
            // Of 11 `z14` is the 9th.
            EM_S390 => (
                &[
                    (13, "vxe"),
                    (11, "vx"),
                    (6, "dfp"),
                    (5, "eimm"),
                    (4, "ldisp"),
                    (1, "zarch"),
                ],
                0x7ff << 32,
                1 << 40,
            ),
            // All bits are its platforms', and it has none.
            EM_MIPS => (&[], u64::MAX, 0),
            _ => (&[], 0, 0),
        };
        Legacy {
            capabilities,
            platforms,
            platform,
        }
    }
}

/// Every ordered subset of `tls`, the platform and the CPU's capabilities, largest
/// first.
fn legacy(abi: &Abi) -> Vec<Vec<u8>> {
    let capabilities = Legacy::of(abi).capabilities.iter().map(|(_, name)| *name);
    let names = ["tls"].into_iter().chain(abi.platform).chain(capabilities);
    let names: Vec<&str> = names.collect();
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

    fn abi(name: &str) -> &'static Abi {
        let mut abis = crate::platform::abis().iter();
        abis.find(|abi| abi.name == name)
            .expect("an ABI of that name")
    }

    /// As a real 2.36 lists them (`LD_DEBUG=libs`), with qemu-user those of other machines.
    #[test]
    fn old_folders_are_subsets_the_largest_first() {
        let listed = |name: &str| {
            let list = legacy(abi(name));
            let list = list.iter().map(|path| String::from_utf8_lossy(path));
            list.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            listed("i386"),
            "tls/i686/sse2/ tls/i686/ tls/sse2/ tls/ i686/sse2/ i686/ sse2/"
        );
        assert_eq!(
            listed("arm"),
            "tls/v7l/neon/vfp/ tls/v7l/neon/ tls/v7l/vfp/ tls/v7l/ tls/neon/vfp/ tls/neon/ \
             tls/vfp/ tls/ v7l/neon/vfp/ v7l/neon/ v7l/vfp/ v7l/ neon/vfp/ neon/ vfp/"
        );
        assert_eq!(
            listed("aarch64"),
            "tls/aarch64/atomics/ tls/aarch64/ tls/atomics/ tls/ aarch64/atomics/ aarch64/ atomics/"
        );
        assert_eq!(listed("mips64el"), "tls/");
        let s390x = listed("s390x");
        assert!(
            s390x.starts_with(
                "tls/z14/vxe/vx/dfp/eimm/ldisp/zarch/ tls/z14/vxe/vx/dfp/eimm/ldisp/ "
            )
        );
        assert_eq!(s390x.split(' ').count(), 255);
    }

    #[test]
    fn old_bits_count_where_the_machine_has_them_and_the_release_looks() {
        let bits = |name: &str, release| {
            let abi = abi(name);
            let mut traits = Traits::assumed(abi);
            traits.version = Some(release);
            LegacyBits::new(&traits, abi)
        };
        assert_eq!(bits("x86_64", (2, 37)), None);
        let [big, small] = ["x86_64", "i386"].map(|name| bits(name, (2, 36)).expect("it looks"));
        assert!(big.take(1 << 63 | 2) && !big.take(1) && !big.take(1 << 49));
        assert!(small.take(1 << 63 | 1 | 1 << 49) && !small.take(1 << 48) && !small.take(2));
        // Those of `neon/vfp`, of `atomics`, of another POWER; any at all on MIPS.
        let others = ["arm", "aarch64", "ppc64le", "mips64el"];
        let [arm, aarch64, power, mips] = others.map(|name| bits(name, (2, 36)).expect("it looks"));
        assert!(arm.take(1 << 12 | 1 << 6) && !arm.take(1 << 15));
        assert!(aarch64.take(1 << 8) && !aarch64.take(1 << 7));
        assert!(power.take(1 << 46 | 1 << 28) && !power.take(1 << 45));
        assert!(mips.take(0) && !mips.take(1));
    }
}
