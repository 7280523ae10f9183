//! Files that are laid out for smaller pages than a kernel may have.
//!
//! A segment can be mapped only where its address and its offset in the file are
//! the same modulo the page size (gABI chapter 5, "Program Loading"; Linux
//! `fs/binfmt_elf.c:elf_map`, glibc `elf/dl-map-segments.h`).

use super::{Case, Code, Draft, quoted};
use crate::elf::Object;
use crate::elf::consts::{EM_AARCH64, EM_LOONGARCH, EM_PPC64};
use crate::report::{Finding, Severity};

const K: u64 = 1024;
/// The page sizes that matter, the largest first.
const SIZES: [u64; 3] = [64 * K, 16 * K, 4 * K];

/// The pages that kernels of a machine have.
struct Pages {
    machine: u16,
    /// Those of kernels that many people run.
    usual: u64,
    /// The largest.
    most: u64,
    whose: &'static str,
}

const PAGES: [Pages; 3] = [
    Pages {
        machine: EM_AARCH64,
        usual: 16 * K,
        most: 64 * K,
        whose: "Raspberry Pi 5 and Apple machines have 16 KiB, RHEL and Ubuntu also offer 64 KiB",
    },
    Pages {
        machine: EM_PPC64,
        usual: 64 * K,
        most: 64 * K,
        whose: "distributions for POWER use 64 KiB",
    },
    Pages {
        machine: EM_LOONGARCH,
        usual: 16 * K,
        most: 16 * K,
        whose: "the usual kernel has 16 KiB",
    },
];

/// What is said of each of the files that are loaded.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    for (path, object) in case.objects() {
        found.extend(too_small(case, path, object));
    }
}

fn too_small(case: &Case<'_>, path: &[u8], object: &Object) -> Option<Finding> {
    let machine = object.header.machine;
    let pages = PAGES.iter().find(|pages| pages.machine == machine)?;
    let fits = SIZES.into_iter().find(|&size| fits(object, size))?;
    if fits >= pages.most {
        return None;
    }
    let severity = match fits < pages.usual {
        true => Severity::Warning,
        false => Severity::Note,
    };
    let wants = fits * 2;
    let larger = SIZES.into_iter().rev().find(|&size| size >= wants)?;
    let message = format!(
        "{} cannot be mapped by a kernel with pages of {} KiB",
        quoted(path),
        larger / K
    );
    let odd = object
        .loads
        .iter()
        .find(|load| load.address.wrapping_sub(load.offset) % larger != 0)?;
    // The kernel maps the program itself, the loader what it needs.
    let seen = match object.interp.is_some() {
        true => "at run time, there: killed by SIGSEGV, or `Invalid argument`",
        false => {
            "at run time, there: ELF load command address/offset not page-aligned, or: failed to map segment"
        }
    };
    let finding = Draft::new(case, Code::PageSize, path, message)
        .severity(severity)
        .evidence(format!(
            "PT_LOAD at {:#x} with offset {:#x}: the same modulo {} KiB, not modulo {}",
            odd.address,
            odd.offset,
            fits / K,
            larger / K
        ))
        .evidence(pages.whose)
        .evidence(seen)
        .fix(
            None,
            "link it again for the largest pages",
            Some("-Wl,-z,max-page-size=65536"),
        )
        .fix(
            Some("patchelf changed the file"),
            "or change it with one that keeps its pages",
            Some("patchelf --page-size 65536 …   (0.12 or later)"),
        );
    Some(finding.done())
}

/// Whether every segment can be mapped with pages of `size`.
fn fits(object: &Object, size: u64) -> bool {
    let loads = object.loads.iter();
    loads
        .map(|load| load.address.wrapping_sub(load.offset))
        .all(|difference| difference % size == 0)
}
