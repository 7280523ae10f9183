//! Called as `ldd`: its grammar, its lines, its exit codes.

use std::fs;
use std::process::Command;

use super::Ran;

/// The binary under another name.
fn named(name: &str) -> (tempfile::TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(name);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_imgldd"), &link).unwrap();
    (folder, Command::new(link))
}

#[test]
fn called_as_ldd_it_speaks_as_ldd() {
    for name in ["ldd", "x86_64-linux-gnu-ldd"] {
        let (folder, mut command) = named(name);
        Ran::of(&command.arg("/no/such/file").output().unwrap())
            .exits(1)
            .complains("/no/such/file: No such file or directory");

        let (_other, mut command) = named(name);
        let text = folder.path().join("text");
        fs::write(&text, "not a program\n").unwrap();
        Ran::of(&command.arg(&text).output().unwrap())
            .exits(1)
            .prints_or_complains("not a dynamic executable");

        // Itself: a dynamic program of this machine, or a static one.
        let (_other, mut command) = named(name);
        let ran = Ran::of(&command.arg(env!("CARGO_BIN_EXE_imgldd")).output().unwrap());
        let dynamic = ran
            .stdout
            .lines()
            .any(|line| line.starts_with('\t') && line.contains("/ld-"));
        assert!(
            dynamic
                || ran.stdout.contains("statically linked")
                || ran.stderr.contains("not a dynamic executable"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn several_files_have_headings_whatever_they_are() {
    let (folder, mut command) = named("ldd");
    let text = folder.path().join("text");
    fs::write(&text, "not a program\n").unwrap();
    let ran = command
        .arg("--data")
        .args([folder.path(), &text, "/no/such/file".as_ref()])
        .output();
    let (folder, text) = (folder.path().display(), text.display());
    let ran = Ran::of(&ran.unwrap())
        .exits(1)
        .complains(&format!("{folder}: not regular file"))
        .complains("/no/such/file: No such file or directory");
    assert_eq!(ran.stdout, format!("{folder}:\n{text}:\n/no/such/file:\n"));
}

impl Ran {
    #[track_caller]
    fn prints_or_complains(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "no `{text}` in:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}
