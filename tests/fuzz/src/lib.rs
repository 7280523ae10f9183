//! What the targets share: a filesystem in memory and the smallest ELF files that
//! kernel and loaders take.

use std::collections::BTreeMap;
use std::io;

use imgldd::errno::Errno;
use imgldd::inspect::{Inspection, Inspector, Settings};
use imgldd::read_at::ReadAt;
use imgldd::report::Role;
use imgldd::rootfs::{Credentials, Filesystem, Identity, Kind, Metadata, NodeId, Rootfs};

/// A tree of files in memory. A path that runs through a file is left out.
pub struct Memory {
    nodes: Vec<Node>,
}

enum Node {
    Directory(BTreeMap<Vec<u8>, NodeId>),
    File(Vec<u8>),
    Link(Vec<u8>),
}

impl Default for Memory {
    fn default() -> Self {
        Memory {
            nodes: vec![Node::Directory(BTreeMap::new())],
        }
    }
}

impl Memory {
    /// Adds an executable file.
    pub fn file(&mut self, path: &[u8], bytes: &[u8]) {
        self.add(path, Node::File(bytes.to_vec()));
    }

    /// Adds a link.
    pub fn link(&mut self, path: &[u8], target: &[u8]) {
        self.add(path, Node::Link(target.to_vec()));
    }

    fn add(&mut self, path: &[u8], node: Node) {
        let mut names: Vec<&[u8]> = path
            .split(|&b| b == b'/')
            .filter(|name| !matches!(*name, b"" | b"." | b".."))
            .map(|name| &name[..name.len().min(255)])
            .collect();
        let Some(last) = names.pop() else { return };
        let mut at = NodeId(0);
        for name in names {
            at = match self.entry(at, name) {
                Some(known) => known,
                None => match self.insert(at, name, Node::Directory(BTreeMap::new())) {
                    Some(new) => new,
                    None => return,
                },
            };
        }
        if self.entry(at, last).is_none() {
            self.insert(at, last, node);
        }
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        match self.node(directory) {
            Node::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    fn insert(&mut self, directory: NodeId, name: &[u8], node: Node) -> Option<NodeId> {
        let id = NodeId(self.nodes.len() as u32);
        let Node::Directory(entries) = &mut self.nodes[directory.0 as usize] else {
            return None;
        };
        entries.insert(name.to_vec(), id);
        self.nodes.push(node);
        Some(id)
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    /// Would `/app/exe` start? `change` prepares the environment.
    #[must_use]
    pub fn inspect(self, change: impl FnOnce(&mut Settings)) -> Inspection {
        let rootfs = self.rootfs();
        let mut settings = Settings::default();
        change(&mut settings);
        Inspector::new(&rootfs, settings).inspect(b"/app/exe", Role::Argument)
    }

    /// The view of it that root has.
    #[must_use]
    pub fn rootfs(self) -> Rootfs {
        Rootfs::new(Box::new(self), Credentials::root(), false)
    }
}

impl Filesystem for Memory {
    fn root(&self) -> NodeId {
        NodeId(0)
    }

    fn child(&self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, Errno> {
        Ok(self.entry(directory, name))
    }

    fn metadata(&self, node: NodeId) -> Metadata {
        let (kind, size) = match self.node(node) {
            Node::Directory(_) => (Kind::Directory, 0),
            Node::File(bytes) => (Kind::File, bytes.len()),
            Node::Link(target) => (Kind::Symlink, target.len()),
        };
        Metadata {
            kind,
            mode: 0o755,
            uid: 0,
            gid: 0,
            size: size as u64,
            identity: Identity {
                device: 1,
                inode: node.0.into(),
            },
        }
    }

    fn link_target(&self, link: NodeId) -> Result<Vec<u8>, Errno> {
        match self.node(link) {
            Node::Link(target) => Ok(target.clone()),
            _ => Err(Errno::INVAL),
        }
    }

    fn open(&self, file: NodeId) -> io::Result<Box<dyn ReadAt>> {
        match self.node(file) {
            Node::File(bytes) => Ok(Box::new(bytes.clone())),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn names(&self, directory: NodeId) -> Result<Vec<Vec<u8>>, Errno> {
        match self.node(directory) {
            Node::Directory(entries) => Ok(entries.keys().cloned().collect()),
            _ => Err(Errno::NOTDIR),
        }
    }
}

/// What an ELF file for x86-64 says.
#[derive(Default)]
pub struct Elf<'a> {
    pub interp: Option<&'a [u8]>,
    pub needed: Vec<&'a [u8]>,
    pub soname: Option<&'a [u8]>,
    pub rpath: Option<&'a [u8]>,
    pub runpath: Option<&'a [u8]>,
    /// Bytes that it has somewhere.
    pub strings: &'a [u8],
}

impl Elf<'_> {
    /// The file: one segment with everything in it.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut strings = vec![0];
        let mut entries: Vec<[u64; 2]> = Vec::new();
        let named = self.needed.iter().map(|name| (1, *name));
        let named = named
            .chain(self.soname.map(|name| (14, name)))
            .chain(self.rpath.map(|name| (15, name)))
            .chain(self.runpath.map(|name| (29, name)));
        for (tag, name) in named {
            entries.push([tag, strings.len() as u64]);
            strings.extend(name);
            strings.push(0);
        }
        let interp_at = strings.len() as u64;
        strings.extend(self.interp.unwrap_or_default());
        strings.push(0);
        let own_at = strings.len();
        strings.extend(self.strings);
        strings.resize(strings.len().next_multiple_of(8), 0);

        let headers = if self.interp.is_some() { 3 } else { 2 };
        let strings_at = 64 + 56 * headers;
        let dynamic_at = strings_at + strings.len() as u64;
        entries.extend([[5, strings_at], [10, own_at as u64]]);
        if self.interp.is_some() {
            entries.push([0x6fff_fffb, 0x0800_0000]);
        }
        entries.push([0, 0]);
        let end = dynamic_at + entries.len() as u64 * 16;

        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
        for word in [0, 64, 0] {
            file.extend(u64::to_le_bytes(word));
        }
        for half in [0, 0, 64, 56, headers as u16, 64, 0, 0] {
            file.extend(u16::to_le_bytes(half));
        }
        let mut header = |kind: u32, at: u64, length: u64| {
            file.extend(kind.to_le_bytes());
            file.extend(7_u32.to_le_bytes());
            for word in [at, at, at, length, length, 8] {
                file.extend(word.to_le_bytes());
            }
        };
        if let Some(interp) = self.interp {
            header(3, strings_at + interp_at, interp.len() as u64 + 1);
        }
        header(1, 0, end);
        header(2, dynamic_at, end - dynamic_at);
        file.extend(strings);
        file.extend(entries.as_flattened().iter().flat_map(|w| w.to_le_bytes()));
        file
    }
}

pub const GLIBC: &[u8] = b"/lib64/ld-linux-x86-64.so.2";
pub const MUSL: &[u8] = b"/lib/ld-musl-x86_64.so.1";

/// A file that is recognised as glibc's loader.
#[must_use]
pub fn glibc_loader() -> Vec<u8> {
    let elf = Elf {
        soname: Some(b"ld-linux-x86-64.so.2"),
        strings: b"\0ld.so-1.7.0\0glibc-ld.so.cache1.1\0/etc/ld.so.cache\0\
            ld.so (GNU libc) stable release version 2.36.\0\
            x86-64-v4:x86-64-v3:x86-64-v2\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0",
        ..Elf::default()
    };
    elf.build()
}

/// A file that is recognised as musl's loader.
#[must_use]
pub fn musl_loader() -> Vec<u8> {
    let elf = Elf {
        strings: b"\0musl libc (x86_64)\0Dynamic Program Loader\0/etc/ld-musl-x86_64.path\0\
            /lib:/usr/local/lib:/usr/lib\0",
        ..Elf::default()
    };
    elf.build()
}
