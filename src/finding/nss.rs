//! Look-ups of users and hosts, which glibc leaves to modules.

use super::library::searched;
use super::{Case, Code, Draft, quote, quoted};
use crate::bytes::escape;
use crate::elf::Linkage;
use crate::kernel::End;
use crate::loader::LoaderKind;
use crate::path::parent;
use crate::report::{Finding, Severity};

/// What look-ups lack.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    of_static(case, found);
    modules(case, found);
}

/// Static code of glibc looks names up through modules that it loads: they, and the C
/// library that they need, must be of the release that it was linked with
/// (`nss/nss_module.c`; the linker warns of it).
fn of_static(case: &Case<'_>, found: &mut Vec<Finding>) {
    let is_static = case.exec.program.as_ref().is_some_and(|program| {
        let linkage = program.object.linkage();
        matches!(linkage, Linkage::Static | Linkage::StaticPie)
    });
    if !is_static || case.exec.end != End::Starts {
        return;
    }
    let mut loaders = case.loaders.iter();
    if loaders.any(|loader| matches!((case.kind_of)(loader), LoaderKind::Glibc(_))) {
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

/// What glibc's modules for the look-ups of the program lack, and the order of hosts.
fn modules(case: &Case<'_>, found: &mut Vec<Finding>) {
    for modules in &case.beyond.modules {
        let database = modules.database.word();
        let names: Vec<String> = modules
            .missing
            .iter()
            .map(|(_, later)| quoted(&later.name))
            .collect();
        let are = match names.len() {
            1 => "is",
            _ => "are",
        };
        let message = format!(
            "`{}` looks {} up, and the NSS module{} {} {are} not found",
            case.path,
            modules.database.entries(),
            match names.len() {
                1 => "",
                _ => "s",
            },
            names.join(", ")
        );
        // The others go on where one is not there. DNS and the files have no others.
        let is_plain = |(service, _): &(String, _)| matches!(service.as_str(), "files" | "dns");
        let severity = match modules.left.is_empty() || modules.missing.iter().any(is_plain) {
            true => Severity::Warning,
            false => Severity::Note,
        };
        let draft = Draft::new(case, Code::NssModules, database.as_bytes(), message)
            .severity(severity)
            .evidence(format!("it imports {}", modules.by));
        let draft = match &modules.line {
            Some(line) => draft.evidence(format!("/etc/nsswitch.conf: {}", escape(line))),
            None => draft.evidence(format!(
                "/etc/nsswitch.conf says nothing of {database}; glibc's own default holds"
            )),
        };
        let draft = match modules.left.is_empty() {
            true => draft.evidence("no other service is left"),
            false => draft.evidence(format!("left: {}", escape(&modules.left.join(" ")))),
        };
        let first = modules.missing.first();
        let draft = match first {
            Some((_, later)) => searched(case, draft, &later.attempts),
            None => draft,
        };
        let services = modules.missing.iter().map(|(service, _)| service.as_str());
        let (own, others): (Vec<&str>, Vec<&str>) =
            services.partition(|service| is_of_glibc(service));
        let draft = match own.is_empty() {
            true => draft,
            false => bring(case, draft),
        };
        let draft = match others.is_empty() {
            true => draft,
            false => install_or_leave(draft, &others),
        };
        found.push(draft.done());
    }
    if let Some(by) = case.beyond.hosts_last {
        let message = format!(
            "`{}` looks hosts up, and without /etc/nsswitch.conf glibc asks DNS before /etc/hosts",
            case.path
        );
        let finding = Draft::new(case, Code::ResolverConfig, b"/etc/nsswitch.conf", message)
            .evidence(format!("it imports {by}"))
            .evidence(
                "/etc/nsswitch.conf: absent; glibc before 2.35 takes `dns [!UNAVAIL=return] files`",
            )
            .fix(
                None,
                "say the order",
                Some("RUN echo 'hosts: files dns' > /etc/nsswitch.conf"),
            );
        found.push(finding.done());
    }
}

/// Whether the module of a service is one of glibc's own.
fn is_of_glibc(service: &str) -> bool {
    matches!(service, "files" | "dns" | "compat" | "hesiod")
}

/// What mends services whose modules packages of their own bring. Others in the same line
/// stay: they may be all that answers.
fn install_or_leave(draft: Draft, services: &[&str]) -> Draft {
    let modules = match services.len() {
        1 => "the module",
        _ => "the modules",
    };
    let all = services.join(", ");
    let names = escape(&all);
    let or = |text: String| match draft.finding.fixes.is_empty() {
        true => text,
        false => format!("and {text}"),
    };
    let install = or(format!("install the package that has {modules} of {names}"));
    draft.fix(None, &install, None).fix(
        None,
        &format!("or take {names} out of /etc/nsswitch.conf"),
        None,
    )
}

/// What mends services whose modules are glibc's own, and stand beside it.
fn bring(case: &Case<'_>, draft: Draft) -> Draft {
    let graph = case.graph.map(|(_, graph)| graph);
    let libc = graph.and_then(|graph| Some(graph.map.get(graph.map.named(b"libc.so.6")?)));
    let copy = libc.map(|libc| {
        let to = [parent(&libc.path), b"/"].concat();
        let modules = [&*to, b"libnss_"].concat();
        format!("COPY --from=build {}", quote::copied_all(&modules, &to))
    });
    draft.fix(
        None,
        "copy glibc's modules with it, of the same release",
        copy.as_deref(),
    )
}
