//! Any bytes as a gzip blob, held against another reader of members. Both have
//! the same inflate; headers, trailers and what is between them are our own.
#![no_main]

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use imgldd::source::stream::{Algorithm, Budget, Compression, Hashed, Limits, decode, stream_error};
use libfuzzer_sys::fuzz_target;

/// The most that comes out.
const TOTAL: u64 = 1 << 20;

/// What came out, and what stopped it.
fn all(mut reader: impl Read, buffer: usize) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; buffer];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (bytes, None),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => return (bytes, Some(error)),
        }
    }
}

/// How we read `data`, `piece` bytes at a time, into buffers of `buffer`.
fn ours(data: &[u8], piece: usize, buffer: usize) -> (Vec<u8>, Option<io::Error>) {
    let budget = Budget::new(Limits {
        total: TOTAL,
        ..Limits::default()
    });
    let hashed = Hashed::new(data, Algorithm::Sha256);
    let input = BufReader::with_capacity(piece, hashed);
    let decoded = decode(input, Compression::Gzip, &budget).expect("gzip asks for nothing");
    let (bytes, error) = all(decoded, buffer);
    assert!(bytes.len() as u64 <= TOTAL && budget.used() <= TOTAL + 1);
    (bytes, error)
}

fuzz_target!(|data: &[u8]| {
    let (bytes, error) = ours(data, 1 << 16, 1 << 16);
    let text = error.as_ref().map(ToString::to_string);
    for (piece, buffer) in [(1, 1 << 16), (1 << 16, 7)] {
        let (again, other) = ours(data, piece, buffer);
        assert_eq!(text, other.map(|error| error.to_string()));
        // What was inflated before the damage may be given out or not.
        assert!(again == bytes || error.is_some());
    }
    let (theirs, refused) = all(MultiGzDecoder::new(data).take(TOTAL + 1), 1 << 16);
    assert!(theirs.starts_with(&bytes) || bytes.starts_with(&theirs));
    match (error, refused) {
        (None, None) => assert!(bytes == theirs),
        // It refuses reserved flags, which Go does not look at.
        (None, Some(refused)) => assert_eq!(refused.kind(), io::ErrorKind::InvalidInput),
        (Some(error), None) => {
            let error = stream_error(&error).expect("nothing but the bytes is wrong");
            let is_go_like = error.to_string().contains("is longer than 511 bytes");
            assert!(error.is_limit() || is_go_like || data.is_empty(), "{error}");
        }
        (Some(_), Some(_)) => {}
    }
});
