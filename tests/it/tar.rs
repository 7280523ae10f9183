//! Reading tar archives: for each rule an archive that was written by hand, and
//! what is read of it, the same as a stream that comes in small pieces and as a
//! range of a file. `tests/oracle/tar.py` holds the same reader against Go's.

mod write;

mod content;
mod end;
mod extended;
mod headers;
mod limits;
mod sparse;
mod truncation;

use std::io::{self, Read};

use imgldd::source::tar::{
    Entry, EntryKind, Input, Limits, RangeInput, Reader, SparseFormat, StreamInput, TarError,
};

/// A reader that gives a few bytes at a time, and is interrupted at times.
struct Trickle<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.step = self.step % 7 + 1;
        if self.step == 4 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.step.min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

/// What is read of an archive, a line for each entry, warning and error.
fn listing(archive: &[u8]) -> String {
    listing_within(archive, Limits::default())
}

/// Likewise, with other limits.
fn listing_within(archive: &[u8], limits: Limits) -> String {
    let trickle = Trickle {
        bytes: archive,
        step: 0,
    };
    let stream = StreamInput::new(io::BufReader::with_capacity(100, trickle));
    let text = list(stream, limits, 10);
    assert_eq!(text, list(StreamInput::buffered(archive), limits, 4096));
    let archive = archive.to_vec();
    assert_eq!(text, list(RangeInput::new(&archive), limits, 4096));
    // In the middle of a larger file, offsets are still those of the archive.
    let larger = [&[b'x'; 700][..], &archive, &[b'y'; 2000]].concat();
    let range = 700..700 + archive.len() as u64;
    assert_eq!(text, list(RangeInput::within(&larger, range), limits, 100));
    text
}

fn list<I: Input>(input: I, limits: Limits, piece: usize) -> String {
    let mut reader = Reader::new(input, limits);
    let mut lines = Vec::new();
    loop {
        let next = reader.next_entry();
        let warnings = reader.take_warnings();
        lines.extend(warnings.iter().map(|odd| format!("warning: {odd}")));
        let entry = match next {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(error) => {
                lines.push(format!("error: {error}"));
                // Whoever goes on is told the same again.
                let again = reader.next_entry().unwrap_err();
                assert_eq!(again.to_string(), error.to_string());
                break;
            }
        };
        match read(&mut reader, piece) {
            Ok(data) => lines.push(line(&entry, &data)),
            Err(error) => {
                lines.push(format!("error: {error}"));
                break;
            }
        }
    }
    lines.join("\n")
}

/// All data of an entry, in pieces; a short one may come at any time.
fn read<I: Input>(reader: &mut Reader<I>, piece: usize) -> Result<Vec<u8>, TarError> {
    let mut data = Vec::new();
    let mut buffer = vec![0xaa; piece];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(data),
            count => data.extend_from_slice(&buffer[..count]),
        }
    }
}

/// An entry in a line: type, owner and mode where they are not the usual ones, name, link, data.
fn line(entry: &Entry, data: &[u8]) -> String {
    assert_eq!(entry.size, data.len() as u64);
    let kind = match entry.kind {
        EntryKind::File => "file".to_owned(),
        EntryKind::HardLink => "hardlink".to_owned(),
        EntryKind::Symlink => "symlink".to_owned(),
        EntryKind::Character => "character".to_owned(),
        EntryKind::Block => "block".to_owned(),
        EntryKind::Directory => "directory".to_owned(),
        EntryKind::Fifo => "fifo".to_owned(),
        EntryKind::Other(flag) => format!("other({})", flag.escape_ascii()),
    };
    let mut text = format!("{kind} {}", entry.name.escape_ascii());
    if !entry.link.is_empty() {
        text += &format!(" -> {}", entry.link.escape_ascii());
    }
    if entry.mode != 0o644 {
        text += &format!(" mode={:o}", entry.mode);
    }
    if (entry.uid, entry.gid) != (1000, 1000) {
        text += &format!(" owner={}:{}", entry.uid, entry.gid);
    }
    if let Some(value) = &entry.capability {
        text += &format!(" capability={}", value.escape_ascii());
    }
    text += match entry.sparse {
        None => "",
        Some(SparseFormat::OldGnu) => " sparse=old",
        Some(SparseFormat::InRecords) => " sparse=records",
        Some(SparseFormat::InData) => " sparse=data",
    };
    if !data.is_empty() {
        text += &format!(" = {}", shown(data));
    }
    text
}

/// Data, with runs of zeros as their number.
fn shown(data: &[u8]) -> String {
    let mut text = String::new();
    for run in data.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
        if run[0] == 0 {
            text += &format!("[{} zeros]", run.len());
        } else {
            text += &run.escape_ascii().to_string();
        }
    }
    text
}

/// What is read of an archive must be these lines.
#[track_caller]
fn check(archive: &[u8], expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let expected = expected.join("\n");
    assert_eq!(listing(archive), expected.trim());
}
