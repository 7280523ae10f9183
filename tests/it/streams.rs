//! What comes out of blobs: inflated, limited, hashed.
//!
//! Each test makes a blob, often a damaged one, and wants its bytes or the text
//! of its error; [`read`] asks for both in several ways at once, since neither
//! may depend on how the bytes come in pieces.

use std::io::{BufRead, BufReader, Read, Write};

use flate2::GzBuilder;
use imgldd::source::stream::{Budget, Compression, Decoded, Limits, decode, stream_error};

mod digests;
mod gzip;
mod limits;
mod zstd;

/// What a blob inflates to, or the text of its error.
fn read(blob: &[u8], compression: Compression) -> Result<Vec<u8>, String> {
    let budget = Budget::new(Limits {
        total: 64 << 20,
        ..Limits::default()
    });
    let whole = to_end(decode(blob, compression, &budget).unwrap(), 1 << 16);
    for piece in [1, 2, 3, 17, 4096] {
        let input = BufReader::with_capacity(piece, blob);
        let again = to_end(decode(input, compression, &budget).unwrap(), 1 << 16);
        assert_eq!(again, whole, "read {piece} bytes at a time");
        let again = to_end(decode(blob, compression, &budget).unwrap(), piece);
        assert_eq!(again, whole, "given out {piece} bytes at a time");
    }
    whole
}

/// Reads by `buffer` bytes; after an error, the same error again and no bytes.
fn to_end<R: BufRead>(mut decoded: Decoded<R>, buffer: usize) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0; buffer];
    let mut bytes = Vec::new();
    loop {
        match decoded.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => {
                let known = stream_error(&error).expect("nothing but the bytes is wrong");
                let again = decoded.drain().expect_err("an error stays");
                assert_eq!(stream_error(&again), Some(known));
                return Err(error.to_string());
            }
        }
    }
    assert_eq!(decoded.uncompressed(), bytes.len() as u64);
    assert_eq!(decoded.drain().unwrap(), 0);
    Ok(bytes)
}

/// Wants these bytes, or this error.
fn check(blob: &[u8], compression: Compression, expected: Result<&[u8], &str>) {
    match (read(blob, compression), expected) {
        (Ok(bytes), Ok(wanted)) => assert!(bytes == wanted, "{} bytes", bytes.len()),
        (Err(text), Err(wanted)) => assert_eq!(text, wanted),
        (Ok(bytes), Err(wanted)) => panic!("{} bytes, not: {wanted}", bytes.len()),
        (Err(text), Ok(_)) => panic!("{text}"),
    }
}

/// A gzip member.
fn member(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame as `zstd` writes one: its checksum behind it.
fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that compress somewhat: a line for each number.
fn lines(count: u32) -> Vec<u8> {
    let line = |number: u32| format!("line {number} {:x}\n", number.wrapping_mul(0x9e37_79b9));
    (0..count)
        .flat_map(|number| line(number).into_bytes())
        .collect()
}
