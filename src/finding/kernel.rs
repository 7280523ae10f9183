//! What files ask of the kernel.

use super::{Case, Code, Draft, quoted};
use crate::graph::LoaderFile;
use crate::loader::{LinkMap, LoaderKind, Role};
use crate::report::Finding;

/// The first release of glibc that does not look at `NT_GNU_ABI_TAG` any more.
const NO_TAGS: (u32, u32) = (2, 36);

/// A library that wants a newer kernel than the C library beside it: up to glibc
/// 2.35 the loader passes it by on those between (`elf/dl-load.c:open_verify`).
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some((LoaderFile::Known(LoaderKind::Glibc(traits)), graph)) = case.graph else {
        return;
    };
    if traits.version.is_none_or(|version| version >= NO_TAGS) {
        return;
    }
    let tag = |loaded: &crate::loader::Loaded| {
        let tag = loaded.object.as_ref()?.notes.abi_tag?;
        (tag.system == 0).then_some(tag.kernel)
    };
    let own = graph.map.named(b"libc.so.6");
    let Some(own) = own.and_then(|id| tag(graph.map.get(id))) else {
        return;
    };
    for (id, loaded) in graph.map.iter() {
        // Nobody looks at the program's own.
        if id == LinkMap::MAIN || loaded.role == Role::Loader {
            continue;
        }
        let Some(wanted) = tag(loaded).filter(|wanted| *wanted > own) else {
            continue;
        };
        let [wanted, own] = [wanted, own].map(|[a, b, c]| format!("{a}.{b}.{c}"));
        let message = format!("{} is for Linux {wanted} and later", quoted(&loaded.path));
        let finding = Draft::new(case, Code::KernelTooOld, &loaded.path, message)
            .evidence(format!(
                "NT_GNU_ABI_TAG: {wanted}; that of the C library: {own}"
            ))
            .evidence(
                "before 2.36 glibc passes a library by whose kernel is newer than the running one",
            )
            .evidence(
                "at run time, there: cannot open shared object file, or: FATAL: kernel too old",
            )
            .fix(None, "run it on a newer kernel", None)
            .fix(None, "or build the library for older ones", None);
        found.push(finding.done());
    }
}
