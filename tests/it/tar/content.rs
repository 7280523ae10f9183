//! Data: read in any pieces, skipped, or left to the next header; and inputs
//! that fail.

use std::cell::RefCell;
use std::io;

use imgldd::read_at::ReadAt;
use imgldd::source::tar::{Limits, RangeInput, Reader, StreamInput, TarError};

use super::write::*;

/// Remembers what was read of it.
struct Watched {
    bytes: Vec<u8>,
    /// How long it says it is.
    size: u64,
    reads: RefCell<Vec<(u64, usize)>>,
}

impl Watched {
    fn new(bytes: Vec<u8>) -> Self {
        let size = bytes.len() as u64;
        Watched {
            bytes,
            size,
            reads: RefCell::default(),
        }
    }
}

impl ReadAt for Watched {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.borrow_mut().push((offset, buffer.len()));
        self.bytes.read_at(offset, buffer)
    }
}

#[test]
fn reading_and_skipping_mix() {
    let data: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let bytes = archive(&[
        Head::new(b'0', b"a", data.len()).seal(),
        filled(&data),
        file(b"b"),
        file(b"c"),
    ]);
    let mut reader = Reader::new(StreamInput::new(&bytes[..]), Limits::default());
    reader.next_entry().unwrap().unwrap();
    let mut buffer = [0; 10];
    assert_eq!(reader.read(&mut []).unwrap(), 0);
    assert_eq!(reader.read(&mut buffer).unwrap(), 10);
    assert_eq!(buffer, data[..10]);
    assert_eq!(reader.skip(1000).unwrap(), 1000);
    assert_eq!(reader.read(&mut buffer).unwrap(), 10);
    assert_eq!(buffer, data[1010..1020]);
    assert_eq!(reader.skip(5000).unwrap(), 1980);
    assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    assert_eq!(reader.next_entry().unwrap().unwrap().name, b"b");
    // Left as it is.
    assert_eq!(reader.next_entry().unwrap().unwrap().name, b"c");
    assert!(reader.next_entry().unwrap().is_none());
    assert_eq!(reader.read(&mut buffer).unwrap(), 0);
}

#[test]
fn a_raw_archive_is_walked_with_a_small_read_for_each_entry() {
    let big = |name: &[u8]| {
        [
            Head::new(b'0', name, 100_000).seal(),
            filled(&[b'x'; 100_000]),
        ]
        .concat()
    };
    let parts: Vec<Vec<u8>> = (0..50_u8)
        .map(|n| [pax(&[("uid", "7")]), big(&[b'a' + n % 26])].concat())
        .collect();
    let watched = Watched::new(archive(&parts));
    let mut reader = Reader::new(RangeInput::new(&watched), Limits::default());
    let mut count = 0;
    while reader.next_entry().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 50);
    let reads = watched.reads.borrow();
    assert!(reads.len() <= 52, "{} reads", reads.len());
    assert!(reads.iter().all(|&(_, length)| length <= 5120));
}

#[test]
fn small_entries_are_read_several_at_once() {
    let parts: Vec<Vec<u8>> = (0..400).map(|_| file(b"a")).collect();
    let watched = Watched::new(archive(&parts));
    let mut reader = Reader::new(RangeInput::new(&watched), Limits::default());
    let mut count = 0;
    while reader.next_entry().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 400);
    let reads = watched.reads.borrow();
    assert!(reads.len() < 60, "{} reads", reads.len());
    assert!(reads.iter().all(|&(_, length)| length <= 16384));
}

#[test]
fn a_file_that_became_shorter_is_an_error() {
    let mut watched = Watched::new([file(b"a"), file(b"b")].concat());
    watched.size = 1 << 20;
    let mut reader = Reader::new(RangeInput::new(&watched), Limits::default());
    assert!(reader.next_entry().unwrap().is_some());
    assert!(reader.next_entry().unwrap().is_some());
    let error = reader.next_entry().unwrap_err();
    assert_eq!(error.to_string(), "cannot read the archive (offset 0x800)");
    let TarError::Io { cause, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(cause.to_string(), "file changed while being read");
}

/// A stream that fails after its bytes.
struct Failing<'a>(&'a [u8]);

impl io::Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::Error::other("the disk is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn an_unreadable_input_is_an_error_wherever_it_stops() {
    let bytes = archive(&[pax(&[("path", "long")]), file(b"a")]);
    for end in 0..bytes.len() {
        let input = StreamInput::buffered(Failing(&bytes[..end]));
        let mut reader = Reader::new(input, Limits::default());
        let error = loop {
            match reader.next_entry() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("an end at {end}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, TarError::Io { .. }), "{error}");
        assert!(reader.read(&mut [0]).is_err());
        assert!(reader.skip(1).is_err());
    }
}
