//! Look-ups of users and hosts, which glibc leaves to modules.

use super::{Case, Code, Draft};
use crate::elf::Linkage;
use crate::kernel::End;
use crate::loader::LoaderKind;
use crate::report::Finding;

/// Static code of glibc looks names up through modules that it loads: they, and the C
/// library that they need, must be of the release that it was linked with
/// (`nss/nss_module.c`; the linker warns of it).
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let is_static = case.exec.program.as_ref().is_some_and(|program| {
        let linkage = program.object.linkage();
        matches!(linkage, Linkage::Static | Linkage::StaticPie)
    });
    let is_glibc = |kind: &LoaderKind| matches!(kind, LoaderKind::Glibc(_));
    let has_glibc = case
        .target
        .loaders
        .iter()
        .any(|loader| is_glibc(&loader.kind));
    if !is_static || has_glibc || case.exec.end != End::Starts {
        return;
    }
    let Some(build) = case.build().filter(|build| build.loads_nss) else {
        return;
    };
    let Some(program) = &case.exec.program else {
        return;
    };
    let message = format!(
        "`{}` is static, and loads glibc's NSS modules at run time, which are not here",
        program.path
    );
    let finding = Draft::new(case, Code::StaticGlibcNss, case.path.as_bytes(), message)
        .evidence("it has the strings `libnss_%s.so` and `/etc/nsswitch.conf`, and no interpreter")
        .evidence("at run time: look-ups of hosts, users or groups may fail, where it makes any");
    let finding = match &build.go {
        Some(_) => finding.fix(
            None,
            "use Go's own resolver and user database",
            Some("go build -tags netgo,osusergo"),
        ),
        None => finding.fix(None, "link it with musl", Some("musl-gcc -static")),
    };
    found.push(finding.done());
}
