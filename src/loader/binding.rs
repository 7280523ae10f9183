//! Whether an object has the symbol that another one wants.
//!
//! Follows glibc `elf/dl-lookup.c` (`check_match`, `do_lookup_x`), release 2.30
//! and later, and musl `ldso/dynlink.c` (`find_sym2`, `sysv_lookup`,
//! `gnu_lookup`). In what order objects are asked is `graph`'s matter.

use crate::elf::consts::{STT_COMMON, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, STT_OBJECT, STT_TLS};
use crate::elf::{Definition, Symbols, Version};

/// The first version that an object defines has number 2: 0 is local, 1 is
/// global without a version. A symbol without a version takes what has one of
/// these numbers, and of the others only one that is the only one.
const FIRST_OF_OTHERS: u16 = 3;

/// What musl takes for a symbol of this name. Versions count for nothing; what
/// only a version could select is passed over. `needs_definition`: the symbol is
/// to be called, so that another program's entry for it will not do.
#[must_use]
pub fn musl_match(provider: &Symbols, name: u64, needs_definition: bool) -> Option<&Definition> {
    let all = provider.find(name);
    let first = all.iter().find(|d| !d.needs_version())?;
    let unfit = first.is_undefined() && (needs_definition || first.kind == STT_TLS);
    let has_kind = [STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS].contains(&first.kind);
    (!unfit && !first.is_absolute_zero() && has_kind && !first.is_odd()).then_some(first)
}

/// What glibc takes for a symbol of this name and version. Before release 2.41 it gives up
/// at one that is taken of the file that the version names, if that has no versions; who
/// knows the names of objects sees to that.
#[must_use]
pub fn glibc_match<'p>(
    provider: &'p Symbols,
    name: u64,
    wanted: Option<&Version>,
    needs_definition: bool,
) -> Option<&'p Definition> {
    let mut others = provider.find(name).iter().filter(|d| {
        let kinds = [
            STT_NOTYPE,
            STT_OBJECT,
            STT_FUNC,
            STT_COMMON,
            STT_TLS,
            STT_GNU_IFUNC,
        ];
        kinds.contains(&d.kind) && !(needs_definition && d.is_undefined())
    });
    let found = match wanted {
        _ if !provider.has_versions => others.next(),
        Some(wanted) => others.find(|d| {
            let own = provider.versions.get(&d.version_index());
            match own {
                Some(own) if own.hash == wanted.hash => true,
                Some(_) => false,
                None => !wanted.hidden && !d.needs_version(),
            }
        }),
        None => {
            let mut versioned = None;
            let mut several = false;
            let plain = others.find(|d| {
                let is_plain = d.version_index() < FIRST_OF_OTHERS;
                if !is_plain && !d.needs_version() {
                    several |= versioned.is_some();
                    versioned = versioned.or(Some(*d));
                }
                is_plain
            });
            plain.or(versioned.filter(|_| !several))
        }
    };
    found.filter(|d| !d.is_hidden() && !d.is_odd())
}
