//! Programs by this machine's compiler, and directories to put them in.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A directory with these files in it, executable.
pub(crate) fn root(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    root
}

/// A program made from C, or why this machine cannot make it.
pub(crate) fn compile(text: &str, options: &[&str]) -> io::Result<Vec<u8>> {
    let scratch = tempfile::tempdir()?;
    let (source, program) = (scratch.path().join("main.c"), scratch.path().join("app"));
    fs::write(&source, text)?;
    let status = Command::new("gcc")
        .args(options)
        .arg("-o")
        .args([&program, &source])
        .stderr(Stdio::null())
        .status()?;
    match status.success() {
        true => fs::read(program),
        false => Err(io::Error::other("the compiler refused")),
    }
}
