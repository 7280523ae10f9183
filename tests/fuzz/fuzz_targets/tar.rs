//! Any bytes as a tar archive, read as a stream in small pieces and by ranges.
#![no_main]

use std::io::BufReader;

use imgldd::source::tar::{
    Entry, EntryKind, Input, Limits, RangeInput, Reader, StreamInput, TarError,
};
use libfuzzer_sys::fuzz_target;

/// How much is read of one file: holes can claim any size.
const MOST: u64 = 64 << 10;

const LIMITS: Limits = Limits {
    extended_header: 8 << 10,
    sparse_extents: 64,
    entries: 100,
};

#[derive(PartialEq, Debug)]
struct Listing {
    entries: Vec<(Entry, Vec<u8>)>,
    warnings: Vec<String>,
    error: Option<String>,
}

fn list(input: impl Input, piece: usize, data: &[u8]) -> Listing {
    let mut reader = Reader::new(input, LIMITS);
    let mut listing = Listing {
        entries: Vec::new(),
        warnings: Vec::new(),
        error: None,
    };
    loop {
        let next = next(&mut reader, piece, data);
        let warnings = reader.take_warnings();
        assert!(warnings.len() <= 64);
        let texts = warnings.iter().map(ToString::to_string);
        listing.warnings.extend(texts);
        assert!(reader.offset() <= data.len() as u64);
        match next {
            Ok(Some(entry)) => listing.entries.push(entry),
            Ok(None) => break,
            Err(error) => {
                assert!(error.offset() <= data.len() as u64, "{error}");
                let text = error.to_string();
                assert!(text.contains("offset 0x") && !text.contains('\n'));
                listing.error = Some(text);
                break;
            }
        }
    }
    assert!(listing.entries.len() <= 100);
    listing
}

fn next(
    reader: &mut Reader<impl Input>,
    piece: usize,
    data: &[u8],
) -> Result<Option<(Entry, Vec<u8>)>, TarError> {
    let Some(entry) = reader.next_entry()? else {
        return Ok(None);
    };
    assert!(entry.mode <= 0o7777);
    assert!(!entry.kind.is_header_only() || entry.size == 0);
    let mut content = Vec::new();
    let mut buffer = vec![0xaa; piece];
    while (content.len() as u64) < MOST {
        match reader.read(&mut buffer)? {
            0 => break,
            count => content.extend_from_slice(&buffer[..count]),
        }
    }
    // The rest is skipped, however large it claims to be.
    let read = content.len() as u64;
    assert_eq!(read + reader.skip(u64::MAX)?, entry.size);
    if let Some(at) = entry.data_at {
        assert_eq!(entry.kind, EntryKind::File);
        let at = usize::try_from(at).expect("it is within the input");
        assert_eq!(data[at..at + content.len()], content);
    }
    content.truncate(usize::try_from(MOST).expect("it is small"));
    Ok(Some((entry, content)))
}

fuzz_target!(|data: &[u8]| {
    let bytes = data.to_vec();
    let stream = StreamInput::new(BufReader::with_capacity(77, data));
    let listing = list(stream, 4096, data);
    assert_eq!(listing, list(RangeInput::new(&bytes), 100, data));
    // What is cut off is missed aloud.
    let half = &data[..data.len() / 2];
    let less = list(StreamInput::new(half), 4096, half);
    assert!(less.entries.len() <= listing.entries.len());
    let same = less.entries.len() == listing.entries.len();
    assert!(same || less.error.is_some() || !less.warnings.is_empty());
});
