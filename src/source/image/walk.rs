//! Walking a layer's archive: every entry into the layer's tree, and of every
//! file what is worth keeping.

use std::io::{self, BufRead, Chain, Cursor, Read};
use std::num::NonZero;
use std::sync::Arc;

use super::allowance::Allowance;
use super::buffer::Buffer;
use super::contents::{Contents, Origin, Spot};
use super::error::{ImageError, Obstacle};
use super::held::Held;
use super::parts::Bytes;
use super::progress::Progress;
use crate::rootfs::Capabilities;
use crate::rootfs::layers::{self, IssueKind, Layer};
use crate::source::probe::{HEAD, Passing, Probe, Want};
use crate::source::stream::{
    Budget, Compression, Decoded, Digest, Digested, decode, detect, stream_error,
};
use crate::source::tar::{
    Entry, EntryKind, Input, Malformed, Oddity, Reader, SparseFormat, TarError,
};

/// The bytes are no archive at all.
const NO_ARCHIVE: &str = "not a tar archive: it does not begin as one does";

/// Bytes of a blob from its beginning to its end.
#[derive(Clone)]
pub(super) struct Sequential {
    bytes: Bytes,
    offset: u64,
}

impl Sequential {
    pub(super) fn new(bytes: Bytes) -> Sequential {
        Sequential { bytes, offset: 0 }
    }
}

/// A reader whose progress is told.
pub(super) struct Told<'p, R> {
    inner: R,
    progress: &'p Progress,
}

impl<'p, R> Told<'p, R> {
    pub(super) fn new(inner: R, progress: &'p Progress) -> Self {
        Told { inner, progress }
    }
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.advance(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Told<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.progress.advance(count);
    }
}

impl<R: Digested> Digested for Told<'_, R> {
    fn finish(self) -> io::Result<(Digest, u64)> {
        self.inner.finish()
    }
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(self.offset, buffer)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// An uncompressed stream whose first bytes were looked at.
pub(super) type Uncompressed<R> = Chain<Cursor<Vec<u8>>, Decoded<R>>;

/// What `input` inflates to, whatever it is compressed with; once only.
///
/// # Errors
/// Where it is compressed in another way, or twice.
pub(super) fn inflate<R: BufRead>(mut input: R, budget: &Budget) -> io::Result<Uncompressed<R>> {
    /// As many bytes as magic numbers have.
    const MAGIC: usize = 8;
    let compression = detect(&mut input)?;
    let mut stream = decode(input, compression, budget)?;
    let mut head = vec![0; MAGIC];
    let mut filled = 0;
    while filled < MAGIC {
        match stream.read(&mut head[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    head.truncate(filled);
    let is_packed = |head: &[u8]| Compression::sniff(head) != Compression::None;
    if compression != Compression::None && is_packed(&head) {
        return Err(io::Error::other("layer is compressed twice"));
    }
    Ok(Cursor::new(head).chain(stream))
}

/// What a blob inflates to.
pub(super) fn decoded(
    blob: Sequential,
    budget: &Budget,
) -> io::Result<Uncompressed<io::BufReader<Sequential>>> {
    inflate(
        io::BufReader::with_capacity(crate::source::stream::CHUNK, blob),
        budget,
    )
}

/// A layer whose entries are being taken in.
pub(super) struct Intake<'p> {
    pub(super) layer: Layer,
    pub(super) contents: Contents,
    /// Where nothing keeps files that pass by, their bytes stay where they are.
    keeper: Option<Keeper<'p>>,
    buffer: Buffer,
}

/// Keeps of files that pass by what is worth it.
#[derive(Clone, Copy)]
struct Keeper<'p> {
    probe: &'p dyn Probe,
    allowance: &'p Allowance,
    /// What is not kept is lost.
    once: bool,
}

impl<'p> Intake<'p> {
    /// A layer whose files can be read where they are.
    pub(super) fn new(contents: Contents) -> Intake<'p> {
        Intake {
            layer: Layer::default(),
            contents,
            keeper: None,
            buffer: Buffer::default(),
        }
    }

    /// A layer that passes by; `probe` says what to keep of its files.
    pub(super) fn keeping(
        contents: Contents,
        probe: &'p dyn Probe,
        allowance: &'p Allowance,
    ) -> Intake<'p> {
        let once = matches!(contents.origin, Origin::Passed);
        let keeper = Keeper {
            probe,
            allowance,
            once,
        };
        Intake {
            keeper: Some(keeper),
            ..Intake::new(contents)
        }
    }

    /// Takes in every entry that is left.
    pub(super) fn take_all<I: Input>(&mut self, reader: &mut Reader<I>) -> Result<(), ImageError> {
        let mut entry = Entry::default();
        while reader.next_into(&mut entry)? {
            if let Some(file) = self.take(&entry)? {
                self.look(reader, &entry, file)?;
            }
        }
        self.finish(reader);
        Ok(())
    }

    /// What there is to say about the archive as a whole.
    pub(super) fn finish<I: Input>(&mut self, reader: &mut Reader<I>) {
        for warning in reader.take_warnings() {
            let kind = match warning.what {
                Oddity::NoZeroBlocks | Oddity::OneZeroBlock => IssueKind::Unterminated,
                _ => IssueKind::Archive(warning.to_string()),
            };
            self.layer.note(b"", kind);
        }
        self.layer.finish();
        self.contents.finish();
    }

    /// Reads what follows the end of the archive. Zeros fill it up; anything else
    /// is lost on every engine.
    pub(super) fn after_the_end(&mut self, rest: &mut impl BufRead) -> io::Result<()> {
        let (mut length, mut has_data) = (0_u64, false);
        loop {
            let bytes = match rest.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            has_data |= bytes.iter().any(|&byte| byte != 0);
            let count = bytes.len();
            length += count as u64;
            rest.consume(count);
        }
        if has_data {
            self.note_rest(length);
        }
        Ok(())
    }

    /// As [`after_the_end`](Intake::after_the_end), for an archive that can be
    /// sought in and ends at `end`. Of much that follows the beginning is looked at.
    pub(super) fn after_the_end_at(&mut self, bytes: &Bytes, end: u64) -> io::Result<()> {
        /// The most that is looked at.
        const MOST: u64 = 1 << 20;
        let left = bytes.size().saturating_sub(end);
        let mut rest = vec![0; usize::try_from(left.min(MOST)).unwrap_or(0)];
        let filled = bytes.read_at(end, &mut rest)?;
        if rest[..filled].iter().any(|&byte| byte != 0) {
            self.note_rest(left);
        }
        Ok(())
    }

    fn note_rest(&mut self, length: u64) {
        let what = format!("{length} bytes after the end of the archive are not read");
        self.layer.note(b"", IssueKind::Archive(what));
    }

    /// Takes in an entry without its bytes. A number is returned for a regular
    /// file that has a place in the tree.
    pub(super) fn take(&mut self, entry: &Entry) -> Result<Option<u32>, ImageError> {
        let kind = match entry.kind {
            EntryKind::File => layers::EntryKind::File,
            EntryKind::Directory => layers::EntryKind::Directory,
            EntryKind::Symlink => layers::EntryKind::Symlink,
            EntryKind::HardLink => layers::EntryKind::HardLink,
            EntryKind::Character if entry.device == [0; 2] => layers::EntryKind::Whiteout,
            EntryKind::Character | EntryKind::Block | EntryKind::Fifo => layers::EntryKind::Other,
            // A header for all that follows, which engines pass over.
            EntryKind::Other(b'g') => return Ok(None),
            // Engines stop at what they do not know.
            EntryKind::Other(flag) => {
                let what = format!("entry of unknown type {flag:#04x}; engines refuse the layer");
                self.layer.note(&entry.name, IssueKind::Archive(what));
                return Ok(None);
            }
        };
        if entry.sparse == Some(SparseFormat::OldGnu) {
            self.layer.note(&entry.name, IssueKind::OldSparse);
        }
        let id = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
        let header = layers::Header {
            name: &entry.name,
            link: &entry.link,
            kind,
            mode: u16::try_from(entry.mode & 0o7777).unwrap_or(0),
            uid: id(entry.uid),
            gid: id(entry.gid),
            size: entry.size,
            capabilities: entry.capability.as_deref().and_then(Capabilities::parse),
        };
        let file = self.layer.add(header).map_err(|error| {
            ImageError::limit(&entry.name, error.to_string()).at(entry.header_at)
        })?;
        if file.is_some() {
            self.contents.spots.push(Spot {
                header_at: entry.header_at,
                data_at: entry.data_at.and_then(NonZero::new),
                size: entry.size,
            });
        }
        Ok(file)
    }

    /// Keeps of a file that passes by what the probe finds worth keeping.
    pub(super) fn look<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        entry: &Entry,
        file: u32,
    ) -> Result<(), ImageError> {
        let Some(keeper) = self.keeper else {
            return Ok(());
        };
        self.buffer.begin(&[]);
        self.buffer.fill(reader, HEAD as u64)?;
        self.look_on(reader, entry, file, keeper)
    }

    /// As [`look`](Intake::look), where the head was read already.
    pub(super) fn look_after<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        entry: &Entry,
        file: u32,
        head: &[u8],
    ) -> Result<(), ImageError> {
        let Some(keeper) = self.keeper else {
            return Ok(());
        };
        self.buffer.begin(head);
        self.look_on(reader, entry, file, keeper)
    }

    /// Goes on from a head that was read.
    fn look_on<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        entry: &Entry,
        file: u32,
        keeper: Keeper<'_>,
    ) -> Result<(), ImageError> {
        let Keeper {
            probe,
            allowance,
            once,
        } = keeper;
        let head_length = self.buffer.bytes().len();
        let want = probe.want(passing(entry, self.buffer.bytes(), once));
        let mut held = Held::new(entry.size);
        match want {
            Want::Head => {}
            Want::Whole => self.buffer.fill(reader, entry.size)?,
            Want::Ranges(ranges) => {
                let mut at = head_length as u64;
                for range in ranges {
                    let start = range.start.max(at).min(entry.size);
                    let end = range.end.min(entry.size);
                    if start >= end {
                        continue;
                    }
                    reader.skip(start - at)?;
                    let mut span = Buffer::default();
                    span.fill(reader, end - start)?;
                    at = start + span.bytes().len() as u64;
                    held.push(start, span.into_bytes());
                }
            }
        }
        let bytes = self.buffer.bytes();
        held.start(bytes);
        match probe.look(passing(entry, &bytes[..head_length], once), &held) {
            Some(known) if known.facts.is_none() && known.start.is_none() => {}
            Some(mut known) => {
                allowance.keep(&entry.name, known.weight())?;
                if entry.size == 0 && known.start.is_some() {
                    // All of them share this one.
                    known.start = Some(Arc::default());
                }
                self.contents.keep(file, known);
            }
            None => {
                self.contents.unsettled.insert(file);
            }
        }
        Ok(())
    }
}

/// The file of an entry, with its first bytes.
fn passing<'a>(entry: &'a Entry, head: &'a [u8], once: bool) -> Passing<'a> {
    let name = entry.name.strip_prefix(b"./").unwrap_or(&entry.name);
    Passing {
        name: name.strip_prefix(b"/").unwrap_or(name),
        mode: entry.mode,
        size: entry.size,
        head,
        once,
    }
}

impl From<TarError> for ImageError {
    fn from(error: TarError) -> Self {
        match error {
            TarError::Io { cause, .. } => io_error(b"", &cause),
            TarError::Limit { .. } => ImageError::limit(b"", error.to_string()),
            // It does not even begin as one does.
            TarError::Malformed {
                offset: ..512,
                what: Malformed::Checksum { .. } | Malformed::Truncated { .. },
            } => ImageError::malformed(b"", NO_ARCHIVE),
            TarError::Malformed { .. } => ImageError::malformed(b"", error.to_string()),
        }
    }
}

/// What a stream said when it failed.
pub(super) fn io_error(part: &[u8], error: &io::Error) -> ImageError {
    let obstacle = match stream_error(error) {
        Some(error) if error.is_limit() => Obstacle::Limit,
        Some(_) => Obstacle::Malformed,
        None if error.kind() == io::ErrorKind::Other => Obstacle::Malformed,
        None => Obstacle::Io,
    };
    let mut found = ImageError::io(part, error);
    found.obstacle = obstacle;
    found
}
