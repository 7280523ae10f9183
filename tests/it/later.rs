//! What starts and may fail later: each finding, and what is close by and is none.

use serde_json::Value;

use crate::support::imgldd::binary;
use crate::support::programs::{compile, root};

/// The findings about `/app`, each as its severity and code.
fn findings(app: &[u8], options: &[&str]) -> Vec<String> {
    let root = root(&[("app", app)]);
    said(root.path(), options)
}

fn said(root: &std::path::Path, options: &[&str]) -> Vec<String> {
    let output = binary()
        .arg("--root")
        .arg(root)
        .args(["-o", "json", "/app"])
        .args(options)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["subjects"][0]["findings"].as_array().unwrap();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    findings
        .iter()
        .map(|finding| format!("{} {}", word(finding, "severity"), word(finding, "code")))
        .collect()
}

const LOOKS_UP: &str = "#include <pwd.h>
    int main(void) { return getpwnam(\"root\") != 0; }";

#[test]
fn a_static_program_that_looks_users_up_wants_modules() {
    let options = ["-static"];
    let (Ok(with), Ok(without)) = (
        compile(LOOKS_UP, &options),
        compile("int main(void) { return 0; }", &options),
    ) else {
        return;
    };
    assert_eq!(findings(&with, &[]), ["warning static-glibc-nss"]);
    assert_eq!(findings(&without, &[]), [""; 0]);
}

/// Static, so that nothing is said of a loader that is not there.
fn linked_with(option: &str) -> Option<Vec<u8>> {
    compile("int main(void) { return 0; }", &["-static", option]).ok()
}

#[test]
fn a_program_for_newer_processors_says_so() {
    let (Some(third), Some(baseline)) = (
        linked_with("-Wl,-z,x86-64-v3"),
        linked_with("-Wl,-z,x86-64-baseline"),
    ) else {
        return;
    };
    assert_eq!(findings(&third, &[]), ["note isa-property"]);
    assert_eq!(
        findings(&third, &["--cpu", "x86-64-v2"]),
        ["warning isa-property"]
    );
    assert_eq!(findings(&third, &["--cpu", "x86-64-v3"]), [""; 0]);
    assert_eq!(findings(&baseline, &["--cpu", "x86-64"]), [""; 0]);
}

#[test]
fn an_executable_stack_is_told() {
    let (Some(with), Some(without)) = (
        linked_with("-Wl,-z,execstack"),
        linked_with("-Wl,-z,noexecstack"),
    ) else {
        return;
    };
    assert_eq!(findings(&with, &[]), ["warning execstack-refused"]);
    assert_eq!(findings(&without, &[]), [""; 0]);
}

#[test]
fn relocations_in_code_are_told() {
    let options = ["-shared", "-nostdlib", "-Wl,-z,notext"];
    let words = |section: &str| {
        let text = format!("__asm__(\"{section}\\n.quad elsewhere\");");
        compile(&text, &options)
    };
    let (Ok(code), Ok(data)) = (words(".text"), words(".data")) else {
        return;
    };
    assert_eq!(findings(&code, &[]), ["warning textrel"]);
    assert_eq!(findings(&data, &[]), [""; 0]);
}

#[test]
fn what_a_script_asks_of_env_is_looked_up() {
    let Ok(program) = compile("int main(void) { return 0; }", &["-static"]) else {
        return;
    };
    let said = |line: &str| {
        let script = format!("{line}\necho hello\n");
        let files: [(&str, &[u8]); 3] = [
            ("app", script.as_bytes()),
            ("usr/bin/env", &program),
            ("usr/local/bin/here", &program),
        ];
        let root = root(&files);
        said(root.path(), &[])
    };
    assert_eq!(said("#!/usr/bin/env here"), [""; 0]);
    assert_eq!(said("#!/usr/bin/env -S here -e"), [""; 0]);
    // One argument, which is no program, and an option that env does not have.
    for line in ["#!/usr/bin/env A=b here", "#!/usr/bin/env -i here"] {
        assert_eq!(said(line), ["error shebang-malformed"], "{line}");
    }
    for line in ["#!/usr/bin/env nowhere", "#!/usr/bin/env -S nowhere -e"] {
        assert_eq!(said(line), ["error shebang-interp-missing"], "{line}");
    }
    assert_eq!(said("#!/usr/bin/env here -e"), ["error shebang-malformed"]);
    assert_eq!(said("#!/usr/bin/env here\r"), ["error shebang-crlf"]);
}
