//! What a layer consists of.

/// An entry of a layer's archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As it will stand in the archive: `./`, `..` and a leading slash are kept.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// `security.capability`
    pub(crate) capability: Option<Vec<u8>>,
}

/// What an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Dir,
    File(Vec<u8>),
    Symlink(Vec<u8>),
    Hardlink(Vec<u8>),
    Fifo,
    /// A character device with these numbers.
    Device(u32, u32),
    /// Whole blocks, header included, that stand as they are.
    Blocks(Vec<u8>),
}

impl Entry {
    fn new(name: impl AsRef<[u8]>, kind: Kind, mode: u32) -> Self {
        Entry {
            name: name.as_ref().to_vec(),
            kind,
            mode,
            uid: 0,
            gid: 0,
            capability: None,
        }
    }

    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub(crate) fn capability(mut self, value: Option<Vec<u8>>) -> Self {
        self.capability = value;
        self
    }

    pub(crate) fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }
}

pub(crate) fn dir(name: impl AsRef<[u8]>) -> Entry {
    Entry::new(name, Kind::Dir, 0o755)
}

pub(crate) fn file(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Entry {
    Entry::new(name, Kind::File(content.as_ref().to_vec()), 0o644)
}

pub(crate) fn executable(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Entry {
    file(name, content).mode(0o755)
}

pub(crate) fn symlink(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Entry {
    let kind = Kind::Symlink(target.as_ref().to_vec());
    Entry::new(name, kind, 0o777)
}

pub(crate) fn hardlink(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Entry {
    let kind = Kind::Hardlink(target.as_ref().to_vec());
    Entry::new(name, kind, 0o644)
}

pub(crate) fn fifo(name: impl AsRef<[u8]>) -> Entry {
    Entry::new(name, Kind::Fifo, 0o644)
}

pub(crate) fn device(name: impl AsRef<[u8]>, major: u32, minor: u32) -> Entry {
    Entry::new(name, Kind::Device(major, minor), 0o644)
}

/// Hides what lower layers have under `name`.
pub(crate) fn whiteout(name: impl AsRef<[u8]>) -> Entry {
    let name = name.as_ref();
    let split = name.iter().rposition(|&byte| byte == b'/');
    let (above, last) = name.split_at(split.map_or(0, |at| at + 1));
    file([above, b".wh.", last].concat(), b"")
}

/// Hides everything that lower layers have in the directory `name`.
pub(crate) fn opaque(name: impl AsRef<[u8]>) -> Entry {
    let name = name.as_ref();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    file([name, b"/.wh..wh..opq"].concat(), b"")
}

/// Blocks that were written by hand.
pub(crate) fn blocks(blocks: Vec<u8>) -> Entry {
    Entry::new(b"", Kind::Blocks(blocks), 0)
}

#[test]
fn whiteouts_stand_beside_what_they_hide() {
    assert_eq!(whiteout("a/b").name, b"a/.wh.b");
    assert_eq!(whiteout("b").name, b".wh.b");
    assert_eq!(opaque("a/").name, b"a/.wh..wh..opq");
}
