//! Files that a package manager of a language brought, in a target that they are not
//! for: how bad that is, and what is offered first.

use imgldd::report::Severity;

use crate::support::findings::findings;

/// What is said of `path`: each finding's code, how bad it is, and its first fix.
fn said(fixture: &str, path: &str) -> Vec<(String, Severity, Option<String>)> {
    let findings = findings(fixture, path).into_iter();
    findings
        .map(|finding| {
            let first = finding.fixes.into_iter().next();
            (
                finding.code,
                finding.severity,
                first.and_then(|fix| fix.snippet),
            )
        })
        .collect()
}

fn check(fixture: &str, path: &str, code: &str, fix: &str) {
    let said = said(fixture, path);
    let expected = (code.to_owned(), Severity::Error, Some(fix.to_owned()));
    assert!(said.contains(&expected), "{said:#?}");
}

#[test]
fn an_addon_of_another_libc_is_installed_again() {
    check(
        "
        loader musl
        /app/node_modules/x/x.node  elf library needed=ld-linux-x86-64.so.2
        ",
        "/app/node_modules/x/x.node",
        "needed-missing",
        "RUN npm ci",
    );
    check(
        "/usr/lib/python3/site-packages/x.so elf needed=libc.musl-x86_64.so.1",
        "/usr/lib/python3/site-packages/x.so",
        "needed-missing",
        "RUN pip install --no-cache-dir -r requirements.txt",
    );
}

#[test]
fn an_ordinary_library_that_is_missing_is_no_matter_of_the_libc() {
    let said = said(
        "/app/node_modules/x/x.node elf library needed=libpq.so.5",
        "/app/node_modules/x/x.node",
    );
    let fixes: Vec<_> = said.iter().map(|(_, _, fix)| fix.as_deref()).collect();
    assert!(!fixes.contains(&Some("RUN npm ci")), "{said:#?}");
}

#[test]
fn dotnet_and_java_are_built_for_a_libc() {
    check(
        "
        loader musl
        /app/libcoreclr.so  elf needed=ld-linux-x86-64.so.2
        ",
        "/app/libcoreclr.so",
        "needed-missing",
        "dotnet publish -r linux-musl-x64",
    );
    check(
        "
        loader musl
        /opt/java/openjdk/bin/java  elf interp=/lib64/ld-linux-x86-64.so.2 needed=libc.so.6
        ",
        "/opt/java/openjdk/bin/java",
        "glibc-on-musl",
        "FROM eclipse-temurin:…-jre-alpine",
    );
}

#[test]
fn of_variants_side_by_side_the_one_for_this_system_counts() {
    let foreign = "/app/node_modules/x/prebuilds/linux-x64/x.musl.node";
    let alone = "
        /app/node_modules/x/prebuilds/linux-x64/x.musl.node elf library needed=libc.musl-x86_64.so.1
    ";
    let severities = |fixture: &str, path: &str| -> Vec<Severity> {
        let said = said(fixture, path);
        said.iter().map(|(_, severity, _)| *severity).collect()
    };
    assert_eq!(severities(alone, foreign), [Severity::Error]);
    let both = format!(
        "{alone}
        /app/node_modules/x/prebuilds/linux-x64/x.glibc.node elf library
        "
    );
    assert_eq!(severities(&both, foreign), [Severity::Note]);

    let arm = "/app/node_modules/x/prebuilds/linux-arm64/x.node";
    let machines = "
        /app/node_modules/x/prebuilds/linux-arm64/x.node elf aarch64 library needed=libc.so.6
        /app/node_modules/x/prebuilds/linux-x64/x.node   elf library
    ";
    assert_eq!(severities(machines, arm), [Severity::Note]);
}
