//! What an archive says of one file.

/// One entry, with everything that extended headers say of it merged in.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Entry {
    /// The name as written: not cleaned, perhaps empty, perhaps with a slash
    /// at either end.
    pub name: Vec<u8>,
    /// What a link leads to, as written. Other kinds may have one too.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky: the low 12 bits.
    pub mode: u32,
    /// The owner. A negative number stands here as its two's complement, so
    /// the low 32 bits are what `chown` would be given.
    pub uid: u64,
    /// The group, likewise.
    pub gid: u64,
    /// Major and minor number of a device; other kinds may have them too.
    pub device: [i64; 2],
    /// How many bytes [`Reader::read`](super::Reader::read) gives, holes
    /// included; 0 for the kinds that have no data, whatever the header says.
    pub size: u64,
    /// Where in the archive its own header stands, in bytes; extended headers
    /// stand before it.
    pub header_at: u64,
    /// Where in the archive its `size` bytes stand in one piece: `None` for
    /// anything but a regular file, and for a sparse one.
    pub data_at: Option<u64>,
    /// The extended attribute `security.capability`, where there is one.
    pub capability: Option<Vec<u8>>,
    /// How its holes were written, where it may have any.
    pub sparse: Option<SparseFormat>,
}

/// The type of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum EntryKind {
    /// A regular file, sparse ones included.
    #[default]
    File,
    /// Another name for an entry.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// A directory: of that type, or of the oldest type with a name that ends
    /// in a slash.
    Directory,
    /// A named pipe.
    Fifo,
    /// Any other type. Among them `g`, a global extended header: Go gives it
    /// as an entry without data and applies it to nothing; and `7`, a
    /// contiguous file. They have data, as for Go.
    Other(u8),
}

impl EntryKind {
    /// The kind of `flag`, the type byte of a header. The oldest type, a NUL,
    /// is a regular file here.
    pub(super) fn of(flag: u8) -> Self {
        match flag {
            b'0' | 0 | b'S' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::Symlink,
            b'3' => EntryKind::Character,
            b'4' => EntryKind::Block,
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            other => EntryKind::Other(other),
        }
    }

    /// Whether no data follows the header, whatever size it claims
    /// (`isHeaderOnlyType`).
    #[must_use]
    pub fn is_header_only(self) -> bool {
        !matches!(self, EntryKind::File | EntryKind::Other(_))
    }
}

/// How the map of a sparse file was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SparseFormat {
    /// Type `S`: in the header and in blocks after it. Go reads it, but
    /// container engines refuse such an entry.
    OldGnu,
    /// PAX records 0.0 or 0.1: in the extended header.
    InRecords,
    /// PAX records 1.0: in front of the data.
    InData,
}
