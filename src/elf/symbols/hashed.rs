//! Which symbols the hash tables lead to.

use std::io;

use super::super::object::Object;
use super::super::symbol::{gnu_hash, sysv_hash};
use super::{MAX_SYMBOLS, Symbols};
use crate::read_at::ReadAt;

/// A symbol that is in no bucket.
const NO_BUCKET: u32 = u32::MAX;

/// What a hash table leads to.
#[derive(Default)]
pub(super) struct Hashed {
    /// The index of the first symbol.
    pub(super) first: u64,
    /// Of each symbol from there on its hash, without the last bit, or the bucket
    /// that it is in.
    entries: Vec<u32>,
    /// How many buckets there are, where entries are buckets.
    buckets: Option<u32>,
}

impl Hashed {
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.entries.len() as u64)
    }

    /// Whether who looks for `name` comes to the symbol with this index.
    pub(super) fn leads_to(&self, index: usize, name: &[u8]) -> bool {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let entry = index.checked_sub(first).and_then(|at| self.entries.get(at));
        let Some(&entry) = entry else {
            return false;
        };
        match self.buckets {
            Some(buckets) => sysv_hash(name).checked_rem(buckets) == Some(entry),
            None => (gnu_hash(name) ^ entry) >> 1 == 0,
        }
    }
}

impl Object {
    /// The symbols that can be found by hash.
    pub(super) fn hashed(&self, source: &dyn ReadAt, symbols: &mut Symbols) -> io::Result<Hashed> {
        let tables = self.dynamic.symbols;
        let hashed = match (tables.gnu_hash, tables.hash) {
            (Some(at), _) => self.gnu_hashed(source, at)?,
            (None, Some(at)) => self.sysv_hashed(source, at)?,
            (None, None) => Some(Hashed::default()),
        };
        if hashed.is_none() {
            symbols.unsearchable = Some("its symbol hash table is malformed");
        }
        Ok(hashed.unwrap_or_default())
    }

    /// gABI: the numbers of buckets and symbols, the buckets, the chains.
    fn sysv_hashed(&self, source: &dyn ReadAt, at: u64) -> io::Result<Option<Hashed>> {
        let head = self.words(source, at, 2)?;
        let &[buckets, count] = &head[..] else {
            return Ok(None);
        };
        let (wanted, count) = (u64::from(buckets), u64::from(count).min(MAX_SYMBOLS));
        let table = self.words(source, at.saturating_add(8), wanted.min(MAX_SYMBOLS))?;
        let chains_at = at.saturating_add(8 + wanted * 4);
        let chains = self.words(source, chains_at, count)?;
        if table.is_empty() || (table.len() as u64) < wanted || (chains.len() as u64) < count {
            return Ok(None);
        }
        let mut entries = vec![NO_BUCKET; chains.len()];
        for (bucket, &first) in (0..).zip(&table) {
            let mut next = first as usize;
            // What was met before has a bucket; so chains in a circle end.
            while let Some(entry) = entries.get_mut(next).filter(|e| **e == NO_BUCKET) {
                if next == 0 {
                    break;
                }
                *entry = bucket;
                next = chains[next] as usize;
            }
        }
        Ok(Some(Hashed {
            first: 0,
            entries,
            buckets: Some(buckets),
        }))
    }

    /// From the first hashed symbol to the end of the last chain.
    fn gnu_hashed(&self, source: &dyn ReadAt, at: u64) -> io::Result<Option<Hashed>> {
        let head = self.words(source, at, 3)?;
        let &[buckets, first, bloom] = &head[..] else {
            return Ok(None);
        };
        let (buckets, first) = (u64::from(buckets), u64::from(first));
        let buckets_at = at.saturating_add(16 + u64::from(bloom) * self.class().word_size());
        let table = self.words(source, buckets_at, buckets.min(MAX_SYMBOLS))?;
        if table.is_empty() || (table.len() as u64) < buckets {
            return Ok(None);
        }
        let mut hashed = Hashed {
            first,
            ..Hashed::default()
        };
        let Some(last) = table.iter().copied().max().filter(|&n| n > 0) else {
            return Ok(Some(hashed));
        };
        let Some(before) = u64::from(last)
            .checked_sub(first)
            .filter(|&n| n < MAX_SYMBOLS)
        else {
            return Ok(None);
        };
        let chains_at = buckets_at.saturating_add(buckets * 4);
        hashed.entries = self.words(source, chains_at, before)?;
        if (hashed.entries.len() as u64) < before {
            return Ok(None);
        }
        // Chains are short: the last one ends within a few entries.
        while (hashed.entries.len() as u64) < MAX_SYMBOLS {
            let next = chains_at.saturating_add(hashed.entries.len() as u64 * 4);
            let chain = self.words(source, next, 256)?;
            if chain.is_empty() {
                return Ok(None);
            }
            for entry in chain {
                hashed.entries.push(entry);
                if entry & 1 == 1 {
                    return Ok(Some(hashed));
                }
            }
        }
        Ok(None)
    }
}
