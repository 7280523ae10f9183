//! Lays a fixture out in a directory.
//!
//! What an ELF file or a loader consists of is left to a [`Builder`]; names,
//! links, modes and owners are the same for every builder.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::CacheSpec;
use super::elf_spec::ElfSpec;
use super::fixture::{Entry, Fixture, Node};
use super::gcc::Gcc;
use super::loaders::Loader;
use super::synthetic;

/// Where ELF files and loaders come from.
pub(crate) trait Builder {
    /// The file, or why this machine cannot make it.
    fn elf(&self, spec: &ElfSpec) -> Result<Vec<u8>, String>;
    /// The loader, or why this machine has none such.
    fn loader(&self, loader: &Loader) -> Result<Vec<u8>, String>;
    /// A C library that belongs to the glibc loader of x86_64, or of that release.
    fn libc(&self, minor: Option<u32>) -> Result<Vec<u8>, String>;
    /// Whether the tools of this machine make the files: compiler, linker, ldconfig.
    fn is_compiler(&self) -> bool;
}

/// Files without a compiler.
pub(crate) struct Synthetic;

impl Builder for Synthetic {
    fn elf(&self, spec: &ElfSpec) -> Result<Vec<u8>, String> {
        Ok(synthetic::build(spec))
    }

    fn loader(&self, loader: &Loader) -> Result<Vec<u8>, String> {
        Ok(loader.synthetic())
    }

    fn libc(&self, minor: Option<u32>) -> Result<Vec<u8>, String> {
        let mut words = vec![
            "soname=libc.so.6".to_owned(),
            "needed=ld-linux-x86-64.so.2".to_owned(),
        ];
        if let Some(minor) = minor {
            // As real ones: they want of the loader what only their own has.
            words.extend([
                format!("verdef=GLIBC_2.{minor}"),
                "verneed=ld-linux-x86-64.so.2:GLIBC_PRIVATE".to_owned(),
                "wants=__tunable_is_initialized@GLIBC_PRIVATE".to_owned(),
                format!("strings=release version 2.{minor}.\0"),
            ]);
        }
        let words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
        Ok(synthetic::build(&ElfSpec::parse(
            b"/libc.so.6",
            &words,
            None,
        )))
    }

    fn is_compiler(&self) -> bool {
        false
    }
}

/// The same files, for a real loader to judge.
pub(crate) struct UnderRealLoader;

impl Builder for UnderRealLoader {
    fn elf(&self, spec: &ElfSpec) -> Result<Vec<u8>, String> {
        Synthetic.elf(spec)
    }

    fn loader(&self, loader: &Loader) -> Result<Vec<u8>, String> {
        Gcc.loader(loader)
    }

    fn libc(&self, minor: Option<u32>) -> Result<Vec<u8>, String> {
        Gcc.libc(minor)
    }

    fn is_compiler(&self) -> bool {
        false
    }
}

/// A directory with a fixture in it; gone when dropped.
pub(crate) struct Root {
    directory: tempfile::TempDir,
}

impl Root {
    /// Lays the fixture out, or says why that cannot be done here.
    pub(crate) fn new(fixture: &Fixture, builder: &dyn Builder) -> Result<Self, String> {
        let directory = tempfile::Builder::new()
            .prefix("imgldd-it-")
            .tempdir()
            .unwrap();
        let root = Self { directory };
        // Other users must get past the root of a chroot.
        set_mode(root.path(), 0o755);
        for entry in &fixture.entries {
            root.put(entry, builder)?;
        }
        for entry in &fixture.entries {
            if let Node::Hardlink(target) = &entry.node {
                fs::hard_link(root.host(target), root.host(&entry.path)).unwrap();
            }
        }
        for entry in &fixture.entries {
            if let Node::Cache(spec) = &entry.node
                && spec.by_ldconfig
                && builder.is_compiler()
            {
                root.ldconfig(spec);
            }
        }
        for entry in &fixture.entries {
            if let Node::LdconfigLink(target) = &entry.node {
                let made = fs::read_link(root.host(&entry.path)).unwrap();
                assert_eq!(made.as_os_str().as_bytes(), target);
            }
        }
        // Deepest first, so that a folder that is closed is closed last.
        let mut entries: Vec<&Entry> = fixture.entries.iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
        for entry in entries {
            root.attributes(entry);
        }
        Ok(root)
    }

    /// The host's path of the root.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The host's path of a path inside; links are not followed.
    pub(crate) fn host(&self, inside: &[u8]) -> PathBuf {
        let relative = inside.strip_prefix(b"/").unwrap_or(inside);
        self.path().join(OsStr::from_bytes(relative))
    }

    fn put(&self, entry: &Entry, builder: &dyn Builder) -> Result<(), String> {
        let path = self.host(&entry.path);
        let folder = if matches!(entry.node, Node::Dir) {
            path.as_path()
        } else {
            path.parent().unwrap()
        };
        make_folders(self.path(), folder);
        let (content, mode) = match &entry.node {
            Node::Dir | Node::Hardlink(_) => return Ok(()),
            Node::LdconfigLink(_) if builder.is_compiler() => return Ok(()),
            Node::Symlink(target) | Node::LdconfigLink(target) => {
                symlink(OsStr::from_bytes(target), &path).unwrap();
                return Ok(());
            }
            Node::Text(content) => (content.clone(), 0o644),
            Node::Elf(spec) => (
                builder.elf(spec)?,
                if spec.is_program { 0o755 } else { 0o644 },
            ),
            Node::Loader(loader) => (builder.loader(loader)?, 0o755),
            Node::Libc(minor) => (builder.libc(*minor)?, 0o755),
            Node::Cache(spec) if spec.by_ldconfig && builder.is_compiler() => return Ok(()),
            Node::Cache(spec) => (spec.build(), 0o644),
        };
        fs::write(&path, content).unwrap();
        set_mode(&path, mode);
        Ok(())
    }

    fn attributes(&self, entry: &Entry) {
        let path = self.host(&entry.path);
        if let Some((uid, gid)) = entry.owner {
            chown(&path, Some(uid), Some(gid)).unwrap();
        }
        // After chown, which takes it away.
        if let Some(capability) = &entry.capability {
            let flags = rustix::fs::XattrFlags::empty();
            rustix::fs::setxattr(&path, "security.capability", capability, flags).unwrap();
        }
        // After chown, which clears the set-user-ID bit.
        if let Some(mode) = entry.mode {
            set_mode(&path, mode);
        }
    }

    /// Has the real ldconfig write the cache, and checks that it says what the fixture says.
    fn ldconfig(&self, spec: &CacheSpec) {
        let links = if spec.no_links { &["-X"][..] } else { &[] };
        let run = |argument: &str| {
            let output = Command::new("ldconfig")
                .arg(argument)
                .args(links)
                .arg("-r")
                .arg(self.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "ldconfig: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        run("-v");
        let listing = run("-p");
        for (soname, path) in spec.pairs() {
            let (soname, path) = (
                String::from_utf8_lossy(soname),
                String::from_utf8_lossy(path),
            );
            let listed = listing.lines().any(|line| {
                line.trim_start().starts_with(&format!("{soname} ("))
                    && line.ends_with(&format!("=> {path}"))
            });
            assert!(
                listed,
                "ldconfig did not write {soname} => {path}:\n{listing}"
            );
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes the missing folders down to `folder`, with mode 0755 whatever the umask is.
fn make_folders(root: &Path, folder: &Path) {
    if folder == root || folder.is_dir() {
        return;
    }
    make_folders(root, folder.parent().unwrap());
    fs::create_dir(folder).unwrap();
    set_mode(folder, 0o755);
}
