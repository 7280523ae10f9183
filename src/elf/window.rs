//! A file seen through the few ranges of it that were needed.

use std::io;

use crate::read_at::ReadAt;

/// What the first read of a file fetches.
const HEAD: usize = 4096;
/// The least that a later one does.
const LEAST: usize = 1024;
/// The most that is kept of a file beside its head and the last range.
const MAX_KEPT: usize = 8 << 20;

/// Ranges of a file, fetched when they are first asked for.
///
/// Its purpose is few system calls: the head of the file is read once, and a
/// range that is known to be needed later can be [`fetch`](Window::fetch)ed in
/// one go.
pub(super) struct Window<'a> {
    source: &'a dyn ReadAt,
    size: u64,
    spans: Vec<Span>,
    kept: usize,
}

struct Span {
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    /// Reads the head of `source`.
    pub(super) fn open(source: &'a dyn ReadAt) -> io::Result<Self> {
        let mut window = Window {
            source,
            size: source.size(),
            spans: Vec::with_capacity(4),
            kept: 0,
        };
        window.fetch(0, HEAD)?;
        Ok(window)
    }

    /// Bytes in the file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The first bytes of the file, as many as one read brought.
    pub(super) fn head(&self) -> &[u8] {
        &self.spans[0].bytes
    }

    /// Reads `length` bytes at `offset`, or as many as there are, unless they
    /// are here already. Records that follow one another come in one read.
    pub(super) fn fetch(&mut self, offset: u64, length: usize) -> io::Result<()> {
        if self.find(offset, length).is_some() {
            return Ok(());
        }
        let room = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.max(LEAST).min(room);
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match self
                .source
                .read_at(offset + filled as u64, &mut bytes[filled..])?
            {
                0 => break,
                count => filled += count,
            }
        }
        bytes.truncate(filled);
        self.kept += bytes.len();
        if self.kept > MAX_KEPT && self.spans.len() > 1 {
            // A file that sends us to and fro costs reads, not memory.
            self.spans.truncate(1);
            self.kept = bytes.len();
        }
        self.spans.push(Span {
            start: offset,
            bytes,
        });
        Ok(())
    }

    /// `length` bytes at `offset`; `None` where the file does not have them.
    pub(super) fn bytes(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        self.fetch(offset, length)?;
        Ok(self.find(offset, length))
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
            if let Some((span, start, end)) = self.find_end(offset) {
                let bytes = &self.spans[span].bytes[start..end];
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

    /// Where the string at `offset` stands and ends, if its end is here.
    fn find_end(&self, offset: u64) -> Option<(usize, usize, usize)> {
        self.spans.iter().enumerate().find_map(|(index, span)| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            let end = memchr::memchr(0, span.bytes.get(start..)?)?;
            Some((index, start, start + end))
        })
    }

    /// How many bytes from `offset` on are here in one piece.
    fn reach(&self, offset: u64) -> usize {
        let reaches = self.spans.iter().filter_map(|span| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            span.bytes.len().checked_sub(start)
        });
        reaches.max().unwrap_or(0)
    }

    fn find(&self, offset: u64, length: usize) -> Option<&[u8]> {
        self.spans.iter().rev().find_map(|span| {
            let start = usize::try_from(offset.checked_sub(span.start)?).ok()?;
            span.bytes.get(start..start.checked_add(length)?)
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
