//! A file seen through the few ranges of it that were needed.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use crate::read_at::ReadAt;

/// What the first read of a file fetches: the headers and notes of 99 in 100 libraries.
const HEAD: usize = 1024;
/// The least that a later one does.
const LEAST: usize = 1024;
/// The most that is kept of a file beside its head and the last range.
const MAX_KEPT: usize = 8 << 20;

/// The largest buffer that is kept for the next file.
const MAX_SPARE: usize = 64 << 10;

thread_local! {
    /// What the last window read into: files are looked at one after the other,
    /// and none of them needs memory of its own.
    static SPARE: Cell<Buffer> = const { Cell::new(Buffer::new()) };
}

/// Ranges of a file, fetched when they are first asked for.
///
/// Its purpose is few system calls: the head of the file is read once, and a
/// range that is known to be needed later can be [`fetch`](Window::fetch)ed in
/// one go.
pub(super) struct Window<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    buffer: Buffer,
}

/// Bytes, and which ranges of a file they are.
#[derive(Default)]
struct Buffer {
    /// What was read, one range after the other, and room that was used before.
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// One range of the file: `length` bytes, which are at `at` in the buffer.
struct Span {
    start: u64,
    at: usize,
    length: usize,
}

impl Buffer {
    const fn new() -> Buffer {
        Buffer {
            bytes: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// The bytes of `span`.
    fn of(&self, span: &Span) -> &[u8] {
        &self.bytes[span.at..span.at + span.length]
    }
}

/// How many bytes of a buffer its ranges take.
fn used(spans: &[Span]) -> usize {
    spans.last().map_or(0, |span| span.at + span.length)
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        if buffer.bytes.capacity() <= MAX_SPARE {
            buffer.spans.clear();
            SPARE.set(buffer);
        }
    }
}

impl<'a> Window<'a> {
    /// Reads the head of `source`.
    pub(super) fn open(source: &'a dyn ReadAt) -> io::Result<Self> {
        let mut window = Window {
            source,
            size: source.size(),
            buffer: SPARE.take(),
        };
        window.fetch(0, HEAD)?;
        Ok(window)
    }

    /// Nothing read yet: for whoever knows where to look.
    pub(super) fn unread(source: &'a dyn ReadAt) -> Self {
        Window {
            source,
            size: source.size(),
            buffer: SPARE.take(),
        }
    }

    /// Bytes in the file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The first bytes of the file, as many as one read brought.
    pub(super) fn head(&self) -> &[u8] {
        self.buffer.of(&self.buffer.spans[0])
    }

    /// Reads `length` bytes at `offset`, or as many as there are, unless they
    /// are here already. Records that follow one another come in one read.
    pub(super) fn fetch(&mut self, offset: u64, length: usize) -> io::Result<()> {
        if self.find(offset, length).is_some() {
            return Ok(());
        }
        self.read(offset, length)
    }

    /// Reads `length` bytes at `offset`, or as many as there are.
    fn read(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let room = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.max(LEAST).min(room);
        let Buffer { bytes, spans } = &mut self.buffer;
        if used(spans).saturating_add(length) > MAX_KEPT && spans.len() > 1 {
            // A file that sends us to and fro costs reads, not memory.
            spans.truncate(1);
        }
        let at = used(spans);
        let end = at.saturating_add(length);
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        let mut filled = at;
        while filled < end {
            let place = offset + (filled - at) as u64;
            match self.source.read_at(place, &mut bytes[filled..end])? {
                0 => break,
                count => filled += count,
            }
        }
        spans.push(Span {
            start: offset,
            at,
            length: filled - at,
        });
        Ok(())
    }

    /// `length` bytes at `offset`; `None` where the file does not have them.
    pub(super) fn bytes(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        let mut found = self.find(offset, length);
        if found.is_none() {
            self.read(offset, length)?;
            found = self.find(offset, length);
        }
        Ok(found.map(|at| &self.buffer.bytes[at]))
    }

    /// The string at `offset` up to its NUL, which must come within `limit`
    /// bytes: `Ok(Err(_))` says whether the file or the limit ended first.
    pub(super) fn string(
        &mut self,
        offset: u64,
        limit: usize,
    ) -> io::Result<Result<&[u8], Unended>> {
        let mut length = 256;
        loop {
            if let Some((start, end)) = self.find_end(offset) {
                let bytes = &self.buffer.bytes[start..end];
                return Ok(if bytes.len() > limit {
                    Err(Unended::Limit)
                } else {
                    Ok(bytes)
                });
            }
            let room = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
            let reached = self.reach(offset);
            if reached >= room {
                return Ok(Err(Unended::File));
            }
            if reached > limit {
                return Ok(Err(Unended::Limit));
            }
            length = length.max(reached.saturating_mul(4)).min(room);
            self.fetch(offset, length)?;
            if self.reach(offset) < length {
                // The file has become shorter.
                return Ok(Err(Unended::File));
            }
        }
    }

    /// Where in the buffer the string at `offset` stands and ends, if its end is
    /// here.
    fn find_end(&self, offset: u64) -> Option<(usize, usize)> {
        self.buffer.spans.iter().find_map(|span| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            let length = memchr::memchr(0, self.buffer.of(span).get(start..)?)?;
            Some((span.at + start, span.at + start + length))
        })
    }

    /// How many bytes from `offset` on are here in one piece.
    fn reach(&self, offset: u64) -> usize {
        let reaches = self.buffer.spans.iter().filter_map(|span| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            span.length.checked_sub(start)
        });
        reaches.max().unwrap_or(0)
    }

    /// Where in the buffer the `length` bytes at `offset` are, if they are here in one piece.
    fn find(&self, offset: u64, length: usize) -> Option<Range<usize>> {
        self.buffer.spans.iter().rev().find_map(|span| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            let end = start.checked_add(length)?;
            (end <= span.length).then_some(span.at + start..span.at + end)
        })
    }
}

/// Why a string has no end.
pub(super) enum Unended {
    /// The file ends before it.
    File,
    /// It is longer than the limit.
    Limit,
}
