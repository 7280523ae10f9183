//! The packages that bring what is missing, and the lines that install them.

use super::{Case, install};
use crate::elf::Class;
use crate::graph::Attempt;
use crate::loader::TryOutcome;
use crate::package::{Manager, Provider, capability, lacks};
use crate::report::{Finding, Fix};

/// Adds to each of `findings`, which are about libraries that are nowhere, the fix that
/// installs the packages of all: one line mends them together.
pub(super) fn packages(case: &Case<'_>, findings: &mut [&mut Finding]) {
    let objects = findings.iter().filter_map(|finding| finding.object.clone());
    let objects: Vec<String> = objects.collect();
    let names: Vec<&[u8]> = objects.iter().map(String::as_bytes).collect();
    let libraries = case.graph.map_or(&[][..], |(_, graph)| &graph.libraries);
    let listed = |name: &[u8]| {
        let mut own = libraries.iter().filter(|library| *library.name == *name);
        own.find_map(|library| listed(case, &library.attempts))
    };
    let gone: Vec<String> = names.iter().filter_map(|name| listed(name)).collect();
    let restored = install::restoring(case, &gone);
    let is_restored = |name: &[u8]| restored.is_some() && listed(name).is_some();
    let rest = names.into_iter().filter(|name| !is_restored(name));
    let (known, others): (Vec<&[u8]>, Vec<&[u8]>) =
        rest.partition(|name| provider(case, name).is_some());
    let fixes = [installing(case, &known), by_capabilities(case, &others)];
    let older = Some(Fix {
        when: None,
        text: "build it on the release that it runs on: no package of that release has it"
            .to_owned(),
        snippet: None,
    });
    let distro = case.target.distro.as_ref();
    for finding in findings {
        let name = finding.object.as_deref().unwrap_or_default().as_bytes();
        let [of_known, of_others] = &fixes;
        let fix = match provider(case, name) {
            _ if is_restored(name) => &restored,
            _ if distro.is_some_and(|distro| lacks(distro, name)) => match finding.fixes.len() {
                0 => &older,
                _ => continue,
            },
            Some(_) => of_known,
            None => of_others,
        };
        finding.fixes.extend(fix.clone());
    }
}

/// The package of which the target's package manager lists one of the files that were looked
/// for, though it is not there, or a link to nothing.
fn listed(case: &Case<'_>, attempts: &[Attempt]) -> Option<String> {
    let gone = attempts
        .iter()
        .filter(|attempt| matches!(attempt.outcome, TryOutcome::Absent | TryOutcome::BrokenLink));
    let mut packages = gone.filter_map(|attempt| (case.owner)(&attempt.path));
    packages.next()
}

/// The fix that puts back a library that is listed as installed, looked for by these
/// `attempts`.
pub(super) fn restoring(case: &Case<'_>, attempts: &[Attempt]) -> Option<Fix> {
    install::restoring(case, &[listed(case, attempts)?])
}

/// The fix that brings one library, looked for by these `attempts`.
pub(super) fn bringing(case: &Case<'_>, name: &[u8], attempts: &[Attempt]) -> Option<Fix> {
    restoring(case, attempts).or_else(|| installing(case, &[name]))
}

/// The fix that installs whatever packages of rpm have the libraries `wanted`, where
/// nothing more is known of them.
fn by_capabilities(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let program = case.exec.program.as_ref();
    let is_64 = program.is_none_or(|program| program.object.class() == Class::Elf64);
    let manager = install::manager(case);
    let manager = manager
        .filter(|manager| matches!(manager, Manager::Dnf | Manager::Yum | Manager::Zypper))?;
    let distro = case.target.distro.as_ref();
    let may_have = |name: &&&[u8]| !distro.is_some_and(|distro| lacks(distro, name));
    let wanted = wanted.iter().filter(may_have);
    let capabilities: Option<Vec<String>> = wanted.map(|name| capability(name, is_64)).collect();
    let capabilities = capabilities.filter(|all| !all.is_empty())?;
    let text = match capabilities.len() {
        1 => "install the package that has it, by what it provides",
        _ => "install the packages that have them, by what they provide",
    };
    Some(Fix {
        when: None,
        text: text.to_owned(),
        snippet: Some(manager.command(&capabilities.join(" "))),
    })
}

fn provider(case: &Case<'_>, name: &[u8]) -> Option<Provider> {
    crate::package::provider(case.target.distro.as_ref()?, name)
}

/// The package of the target's distribution that brings the library `name`.
pub(super) fn package(case: &Case<'_>, name: &[u8]) -> Option<&'static str> {
    Some(provider(case, name)?.package)
}

/// The fix that installs the packages which bring the libraries `wanted`, as far as they are
/// known.
pub(super) fn installing(case: &Case<'_>, wanted: &[&[u8]]) -> Option<Fix> {
    let mut packages: Vec<&'static str> = Vec::new();
    let (mut managers, mut is_certain): (&[Manager], bool) = (&[], true);
    for provider in wanted.iter().filter_map(|name| provider(case, name)) {
        is_certain &= provider.is_certain;
        managers = provider.managers;
        for name in provider.package.split(' ') {
            if !packages.contains(&name) {
                packages.push(name);
            }
        }
    }
    let here = |manager: &&Manager| install::is_here(case, **manager);
    let manager = managers.iter().find(here).copied();
    let names = install::names(case, manager.or(managers.first().copied())?, &packages)?;
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let has = if is_certain { "" } else { "usually " };
    let what = match quoted.as_slice() {
        [] => return None,
        [one] => format!("install {one}, the package that {has}has it"),
        several => format!(
            "install {}, the packages that {has}have them",
            several.join(", ")
        ),
    };
    let text = match manager {
        Some(_) => what,
        None => format!(
            "{what}, in another stage, and copy the files: this target has no package manager"
        ),
    };
    let snippet = manager.and_then(|manager| install::command(case, manager, &packages));
    Some(Fix {
        when: None,
        text,
        snippet,
    })
}
