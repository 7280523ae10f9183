//! The files that an image consists of, and the two ways to keep them: a
//! directory, and an archive.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::entry::{self, Entry};
use super::{hex, json, tape};

/// Files by name, in the order of an archive.
#[derive(Clone, Default, Debug)]
pub(crate) struct Members(pub(crate) Vec<(String, Member)>);

/// A member of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Dir,
    File(Vec<u8>),
    Link(String),
}

impl Members {
    /// Adds a file.
    pub(crate) fn file(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.push((name.into(), Member::File(content.into())));
    }

    /// Adds a document.
    pub(crate) fn json(&mut self, name: impl Into<String>, value: &Value) {
        self.file(name, json(value));
    }

    /// Adds a directory; archives of some tools name them.
    pub(crate) fn dir(&mut self, name: impl Into<String>) {
        self.0.push((name.into(), Member::Dir));
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, name: impl Into<String>, target: impl Into<String>) {
        self.0.push((name.into(), Member::Link(target.into())));
    }

    /// Adds a file under `folder`, named after its content, unless it is there
    /// already. Returns the hexadecimal part of its digest.
    pub(crate) fn blob(&mut self, folder: &str, content: &[u8]) -> String {
        let hex = hex(content);
        let name = format!("{folder}{hex}");
        if !self.has(&name) {
            self.file(name, content);
        }
        hex
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The content of a file.
    pub(crate) fn get(&self, name: &str) -> &[u8] {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, Member::File(content))) => content,
            other => panic!("`{name}` should be a file: {other:?}"),
        }
    }

    /// Puts other content in the place of a file's.
    pub(crate) fn set(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        let (_, member) = self
            .0
            .iter_mut()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("`{name}` should be there"));
        *member = Member::File(content.into());
    }

    /// Changes a document.
    pub(crate) fn edit(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(self.get(name)).unwrap();
        change(&mut value);
        self.set(name, json(&value));
    }

    /// Takes a member away.
    pub(crate) fn remove(&mut self, name: &str) {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != name);
        assert_ne!(before, self.0.len(), "`{name}` should be there");
    }

    /// With the documents that lead to everything else at the front: no tool
    /// writes that, and nothing forbids it.
    pub(crate) fn documents_first(mut self) -> Self {
        self.0.sort_by_key(|(name, _)| !is_document(name));
        self
    }

    /// With those documents at the end.
    pub(crate) fn documents_last(mut self) -> Self {
        self.0.sort_by_key(|(name, _)| is_document(name));
        self
    }

    /// In the order of their names, as containerd and newer Docker write them.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        self
    }

    /// Writes the files into a directory.
    pub(crate) fn write_dir(&self, directory: &Path) {
        for (name, member) in &self.0 {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match member {
                Member::Dir => fs::create_dir_all(path).unwrap(),
                Member::File(content) => fs::write(path, content).unwrap(),
                Member::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            }
        }
    }

    /// The files as an archive.
    pub(crate) fn archive(&self) -> Vec<u8> {
        tape::archive(&self.entries(""))
    }

    /// The same as `tar -C DIR -c .` names them.
    pub(crate) fn dotted_archive(&self) -> Vec<u8> {
        let mut entries = vec![entry::dir("./")];
        entries.extend(self.entries("./"));
        tape::archive(&entries)
    }

    fn entries(&self, prefix: &str) -> Vec<Entry> {
        let entry = |(name, member): &(String, Member)| {
            let name = format!("{prefix}{name}");
            match member {
                Member::Dir => entry::dir(name),
                Member::File(content) => entry::file(name, content),
                Member::Link(target) => entry::symlink(name, target),
            }
        };
        self.0.iter().map(entry).collect()
    }
}

fn is_document(name: &str) -> bool {
    ["index.json", "manifest.json", "oci-layout", "repositories"].contains(&name)
}
