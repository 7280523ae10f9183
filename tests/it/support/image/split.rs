//! One layer cut into several that merge to the same.

use std::collections::HashMap;

use super::entry::{Entry, Kind};

/// The entries in two layers, cut at every point; the first and the last cut
/// leave one of them empty.
pub(crate) fn split(entries: &[Entry]) -> impl Iterator<Item = [Vec<Entry>; 2]> {
    (0..=entries.len()).map(|at| {
        let (lower, upper) = entries.split_at(at);
        [lower.to_vec(), upper.to_vec()]
    })
}

/// At most `count` layers of about equal numbers of entries. Hard links go where
/// their targets are, since overlay engines refuse them elsewhere.
pub(crate) fn in_parts(entries: &[Entry], count: usize) -> Vec<Vec<Entry>> {
    let size = entries.len().div_ceil(count).max(1);
    let mut parts = vec![Vec::new(); entries.len().div_ceil(size)];
    let mut homes = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let part = match &entry.kind {
            Kind::Hardlink(target) => homes.get(target).copied().unwrap_or(at / size),
            _ => at / size,
        };
        homes.insert(entry.name.clone(), part);
        parts[part].push(entry.clone());
    }
    parts
}
