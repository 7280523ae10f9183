//! Cases 51, 52, 85 and 86, and what must not be taken for them: symbols that nothing defines.

use crate::support::case::{case, given};
use crate::support::fixture::Fixture;
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// A musl program that has a pointer to `f` and calls `g`, with these libraries.
fn musl(libraries: &str) -> crate::support::case::Given {
    given(format!(
        "loader musl\n/app/exe elf needed=liba.so,libb.so runpath=/x wants=f calls=g\n{libraries}"
    ))
}

case!(
    case_85_undefined_functions_fail_at_the_start_under_musl,
    musl("/x/liba.so elf defines=f\n/x/libb.so elf defines=h").run(
        "/app/exe",
        "exit 127: Error relocating /app/exe: g: symbol not found"
    ),
    // Libraries first, the program last; in each the linkage table first.
    musl("/x/liba.so elf calls=k,m wants=n\n/x/libb.so elf wants=k").run(
        "/app/exe",
        "
        exit 127: Error relocating /x/liba.so: k: symbol not found
        | Error relocating /x/liba.so: m: symbol not found
        | Error relocating /x/liba.so: n: symbol not found
        | Error relocating /x/libb.so: k: symbol not found
        | Error relocating /app/exe: g: symbol not found
        | Error relocating /app/exe: f: symbol not found
        "
    ),
    // A library that is missing says so first; what would come from it follows.
    musl("/x/liba.so elf defines=f").run(
        "/app/exe",
        "
        exit 127: Error loading shared library libb.so: No such file or directory (needed by /app/exe)
        | Error relocating /app/exe: g: symbol not found
        "
    ),
);

case!(
    case_85_what_a_later_library_a_preload_or_nobody_has_may_be_found_there,
    musl("/x/liba.so elf\n/x/libb.so elf defines=f,g").run("/app/exe", "starts"),
    musl("/x/liba.so elf defines=f wants=main_has\n/x/libb.so elf defines=g,main_has")
        .run("/app/exe", "starts"),
    musl("/x/liba.so elf defines=f\n/x/libb.so elf\n/p/libp.so elf defines=g")
        .run("LD_PRELOAD=/p/libp.so /app/exe", "starts")
        .run(
            "/app/exe",
            "exit 127: Error relocating /app/exe: g: symbol not found"
        ),
    musl("/x/liba.so elf defines=f,g weak=nobody_has\n/x/libb.so elf").run("/app/exe", "starts"),
);

/// A glibc program that calls `g`, and one library; `words` say more of the program.
fn glibc(words: &str, library: &str) -> crate::support::case::Given {
    given(format!(
        "/app/exe elf needed=liba.so runpath=/x calls=g {words}\n/x/liba.so elf {library}"
    ))
}

/// What glibc says of a symbol that it looks for at the start.
fn lookup_error(object: &str, symbol: &str) -> String {
    format!("exit 127: /app/exe: symbol lookup error: {object}: undefined symbol: {symbol}")
}

case!(
    case_51_and_52_glibc_binds_functions_when_they_are_called_unless_asked_to,
    glibc("weak=w", "calls=k")
        .run("/app/exe", "starts")
        .run("symbols /app/exe", "starts")
        .run(
            "symbols LD_BIND_NOW=1 /app/exe",
            lookup_error("/x/liba.so", "k")
        )
        .run("symbols LD_BIND_NOW= /app/exe", "starts"),
    glibc("flags_1=now", "defines=h").run("symbols /app/exe", lookup_error("/app/exe", "g")),
    glibc("flags_1=now", "defines=g").run("symbols /app/exe", "starts"),
);

case!(
    case_52_glibc_looks_for_data_at_the_start,
    glibc("wants=f", "defines=f").run("symbols /app/exe", "starts"),
    glibc("wants=f", "defines=g").run("symbols /app/exe", lookup_error("/app/exe", "f")),
    // What is needed is relocated before what needs it, whatever the load order.
    given(
        "
        /app/exe    elf needed=liba.so,libb.so runpath=/x wants=f
        /x/liba.so  elf needed=libc1.so runpath=/x wants=p
        /x/libb.so  elf needed=liba.so wants=q
        /x/libc1.so elf wants=r
        "
    )
    .run("symbols /app/exe", lookup_error("/x/libc1.so", "r")),
    given(
        "
        /app/exe    elf needed=liba.so,libb.so runpath=/x wants=f
        /x/liba.so  elf wants=p
        /x/libb.so  elf wants=q
        "
    )
    .run("symbols /app/exe", lookup_error("/x/libb.so", "q")),
    given(
        "
        /app/exe    elf needed=liba.so,libb.so runpath=/x
        /x/liba.so  elf needed=libb.so runpath=/x wants=p
        /x/libb.so  elf needed=liba.so runpath=/x wants=q
        "
    )
    .run("symbols /app/exe", lookup_error("/x/liba.so", "p")),
);

case!(
    case_86_a_glibc_program_runs_on_musl_until_it_wants_what_glibc_alone_has,
    given(
        "
        loader musl
        /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2 calls=__printf_chk
        /lib64/ld-linux-x86-64.so.2  link /lib/ld-musl-x86_64.so.1
        "
    )
    .run(
        "interp=/lib64/ld-linux-x86-64.so.2 /app/exe",
        "exit 127: Error relocating /app/exe: __printf_chk: symbol not found"
    ),
    given(
        "
        loader musl
        /app/exe                     elf needed=libc.so.6 interp=/lib64/ld-linux-x86-64.so.2 weak=__printf_chk
        /lib64/ld-linux-x86-64.so.2  link /lib/ld-musl-x86_64.so.1
        "
    )
    .run("interp=/lib64/ld-linux-x86-64.so.2 /app/exe", "starts"),
);

/// Code, severity and object of each finding about `/app/exe`.
fn findings(fixture: &str, option: &[&str]) -> Vec<String> {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let output = binary()
        .arg("--root")
        .arg(root.path())
        .args(["--json", "/app/exe"])
        .args(option)
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["subjects"][0]["findings"].as_array().unwrap();
    let shown = |finding: &serde_json::Value| {
        ["code", "severity", "object"]
            .map(|key| finding[key].as_str().unwrap().to_owned())
            .join(" ")
    };
    findings.iter().map(shown).collect()
}

#[test]
fn an_object_made_for_glibc_is_told_from_one_that_lacks_a_library() {
    let fixture = "
        loader musl
        /app/exe    elf needed=liba.so runpath=/x calls=g
        /x/liba.so  elf needed=libc.so.6 calls=__printf_chk
        ";
    let expected = [
        "symbol-missing error /app/exe",
        "glibc-symbols-on-musl error /x/liba.so",
    ];
    assert_eq!(findings(fixture, &[]), expected);
}

#[test]
fn what_would_come_from_a_missing_library_is_its_consequence() {
    let fixture = "loader musl\n/app/exe elf needed=liba.so calls=g";
    assert_eq!(findings(fixture, &[]), ["needed-missing error liba.so"]);
}

#[test]
fn a_function_that_is_bound_later_is_a_warning_and_only_if_asked() {
    let fixture = "/app/exe elf needed=liba.so runpath=/x calls=g\n/x/liba.so elf";
    assert_eq!(findings(fixture, &[]), [""; 0]);
    let asked = findings(fixture, &["--symbols"]);
    assert_eq!(asked, ["symbol-missing warning /app/exe"]);
}

#[test]
fn a_need_of_which_nothing_is_used_is_a_note_and_only_if_asked() {
    let fixture = "
        /app/exe    elf needed=liba.so,libb.so runpath=/x wants=f
        /x/liba.so  elf
        /x/libb.so  elf defines=f
        ";
    assert_eq!(findings(fixture, &[]), [""; 0]);
    let asked = findings(fixture, &["--unused"]);
    assert_eq!(asked, ["unused-needed note liba.so"]);
}
