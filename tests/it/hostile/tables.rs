//! Hash tables and version tables that lie.

use std::time::{Duration, Instant};

use imgldd::elf::{Anomaly, Object};

use super::forge::{DT_GNU_HASH, DT_HASH, DT_VERNEED, DT_VERNEEDNUM, Forge, SPARE, words32};
use super::scene::Scene;

/// What no reading of one table may come near, on the slowest machine, unoptimised.
const SOON: Duration = Duration::from_secs(10);

/// A library with such a hash table. musl's loader is the one whose answer hangs on
/// symbols: it asks of every library whether it is a libc itself.
fn with_hash(tag: u64, table: &[u32]) -> Vec<u8> {
    let forge = Forge::with_rodata("library", &words32(table.iter().copied()));
    let at = forge.rodata();
    forge.retag(DT_HASH, 0, tag, at).bytes
}

#[test]
fn a_gnu_hash_table_that_lies_is_searched_in_vain_and_no_longer_than_it_takes() {
    for table in [
        &[0, 0, 0, 0, 0, 0, 0, 0][..],
        &[u32::MAX, 1, 1, 6, 0, 0, 1, 2],
        &[1, 1, 0x8000_0000, 6, 0, 0, 1, 2],
        &[1, u32::MAX, 1, 6, 0, 0, u32::MAX, 2],
        &[1, 1, 1, 6, 0, 0, u32::MAX, 2],
        &[1, 0, 1, 6, 0, 0, 1, 2],
        &[1],
        &[],
    ] {
        Scene::musl_library(&with_hash(DT_GNU_HASH, table))
            .ask()
            .starts();
    }
}

#[test]
fn a_hash_table_whose_chain_leads_to_itself_ends() {
    for table in [
        &[0, 0, 0, 0][..],
        &[u32::MAX, u32::MAX, 1, 1],
        &[1, 2, 1, 0, 1],
        &[1, u32::MAX, 1, 1, 1],
        &[1, 2, u32::MAX, 0, 1],
    ] {
        Scene::musl_library(&with_hash(DT_HASH, table))
            .ask()
            .starts();
    }
}

#[test]
fn hash_tables_at_the_end_of_the_address_space_do_not_wrap() {
    for tag in [DT_HASH, DT_GNU_HASH] {
        for address in [u64::MAX, u64::MAX - 3, u64::MAX - 7, 1 << 63] {
            let bytes = Forge::new("library").retag(DT_HASH, 0, tag, address).bytes;
            Scene::musl_library(&bytes).ask().starts();
        }
    }
}

#[test]
fn a_chain_of_a_million_symbols_without_end_mark_takes_no_noticeable_time() {
    let mut table = vec![1, 1, 1, 6, 0, 0, 1];
    table.extend(std::iter::repeat_n(2, 1 << 20));
    Scene::musl_library(&with_hash(DT_GNU_HASH, &table))
        .ask()
        .starts();
    // The same where every entry has the hash of the name that is looked for.
    for name in [&b"__libc_start_main"[..], b"stdin"] {
        let hash = name.iter().fold(5381_u32, |hash, &byte| {
            hash.wrapping_mul(33).wrapping_add(byte.into())
        });
        let mut table = vec![1, 1, 1, 6, 0, 0, 1];
        table.extend(std::iter::repeat_n(hash & !1, 1 << 20));
        Scene::musl_library(&with_hash(DT_GNU_HASH, &table))
            .ask()
            .starts();
    }
}

/// A program whose `DT_VERNEED` is `table` and whose count says `count`.
fn with_version_needs(table: &[u8], count: u64) -> Forge {
    let forge = Forge::with_rodata("needed=libgood.so runpath=/good auxiliary=one,two", table);
    let at = forge.rodata();
    forge
        .retag(SPARE, 0, DT_VERNEED, at)
        .retag(SPARE, 0, DT_VERNEEDNUM, count)
}

/// `Verneed`: version and count share the first word.
fn need(entries: u16, first: u32, next: u32) -> [u32; 4] {
    [u32::from(entries) << 16 | 1, 1, first, next]
}

/// `Vernaux`
fn version(next: u32) -> [u32; 4] {
    [1, 0, 1, next]
}

#[test]
fn a_version_table_that_leaves_the_file_or_ends_early_says_so() {
    for (table, count) in [
        (need(1, 16, 0).to_vec(), 65_535),
        (need(1, 16, u32::MAX).to_vec(), 2),
        (need(1, u32::MAX, 0).to_vec(), 1),
        (need(65_535, 16, 0).to_vec(), 1),
        (vec![0x1_0001, u32::MAX, 16, 0], 1),
    ] {
        let table = [table, version(0).to_vec()].concat();
        let forge = with_version_needs(&words32(table), count);
        let object = Object::read(&forge.bytes).unwrap();
        let (_, odd) = object.versions(&forge.bytes).unwrap();
        let says = |anomaly: &Anomaly| anomaly.to_string().contains("version table is malformed");
        assert!(odd.iter().any(says), "{odd:?}");
        // The needs themselves are not in doubt.
        assert_eq!(object.dynamic.needed().count(), 1);
        Scene::program(&forge.bytes).ask();
    }
}

/// Every need points to the same long chain, so that the records to be read are the
/// product of both lengths while the file has only their sum.
#[test]
fn version_needs_that_share_one_long_chain_are_not_read_for_ever() {
    const NEEDS: u32 = 20_000;
    const ENTRIES: u16 = 65_535;
    let mut table = Vec::new();
    for number in 0..NEEDS {
        table.extend(need(ENTRIES, (NEEDS - number) * 16, 16));
    }
    for number in 1..=ENTRIES {
        table.extend(version(if number < ENTRIES { 16 } else { 0 }));
    }
    let forge = with_version_needs(&words32(table), NEEDS.into());
    let object = Object::read(&forge.bytes).unwrap();
    let started = Instant::now();
    let (versions, odd) = object.versions(&forge.bytes).unwrap();
    let kept = versions.needed().len();
    assert!(kept <= 1 << 17, "{kept} records are kept");
    assert!(!odd.is_empty(), "the rest is missed in silence");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    Scene::program(&forge.bytes).ask();
    Scene::library(&forge.bytes).ask();
}

#[test]
fn many_version_needs_are_read_in_a_few_steps() {
    const NEEDS: u32 = 65_535;
    let mut table = Vec::new();
    for number in 1..=NEEDS {
        table.extend(need(1, 16, if number < NEEDS { 32 } else { 0 }));
        table.extend(version(0));
    }
    let forge = with_version_needs(&words32(table), NEEDS.into());
    let object = Object::read(&forge.bytes).unwrap();
    let started = Instant::now();
    let (versions, odd) = object.versions(&forge.bytes).unwrap();
    assert!(versions.needs.len() == NEEDS as usize || !odd.is_empty());
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    Scene::program(&forge.bytes).ask();
}
