//! A directory read back into entries.

use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::entry::{self, Entry};

/// The largest file that is put into an archive.
const LARGEST: u64 = 64 << 20;

/// Everything in a directory, the directory itself first, in the order of names.
/// A file's further names are hard links to its first.
pub(crate) fn entries(root: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut names = HashMap::new();
    for found in walkdir::WalkDir::new(root).sort_by_file_name() {
        let found = found.unwrap();
        let inside = found.path().strip_prefix(root).unwrap();
        let name = inside.as_os_str().as_bytes().to_vec();
        let about = fs::symlink_metadata(found.path()).unwrap();
        let kind = about.file_type();
        let entry = if kind.is_dir() {
            let slashed = if name.is_empty() {
                b"./".to_vec()
            } else {
                [&*name, b"/"].concat()
            };
            entry::dir(slashed)
        } else if kind.is_symlink() {
            let target = fs::read_link(found.path()).unwrap();
            entry::symlink(&name, target.as_os_str().as_bytes())
        } else if let Some(first) = names.get(&(about.dev(), about.ino())) {
            entry::hardlink(&name, first)
        } else if kind.is_file() {
            assert!(
                about.len() <= LARGEST,
                "{} is too large",
                found.path().display()
            );
            names.insert((about.dev(), about.ino()), name.clone());
            entry::file(&name, fs::read(found.path()).unwrap())
        } else if kind.is_fifo() {
            entry::fifo(&name)
        } else {
            panic!(
                "{}: a layer can have it, tests do not",
                found.path().display()
            )
        };
        let mode = about.mode() & 0o7777;
        let entry = entry.mode(mode).owner(about.uid(), about.gid());
        entries.push(entry.capability(capability(found.path())));
    }
    entries
}

/// The attribute by which a file grants capabilities.
fn capability(path: &Path) -> Option<Vec<u8>> {
    let mut value = [0; 64];
    let length = rustix::fs::lgetxattr(path, "security.capability", &mut value).ok()?;
    Some(value[..length].to_vec())
}
