//! Digests as they are written, and those of what is read.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use imgldd::source::stream::Compression::Gzip;
use imgldd::source::stream::{
    Ahead, Algorithm, Budget, CHUNK, Digest, DigestError, Digested as _, Hashed, decode,
};
use sha2::{Digest as _, Sha256, Sha512};

use super::{lines, member};

#[test]
fn a_digest_is_written_as_it_was_read() {
    let hex = |count| "0123456789abcdef".repeat(count);
    for text in [format!("sha256:{}", hex(4)), format!("sha512:{}", hex(8))] {
        let digest: Digest = text.parse().unwrap();
        assert_eq!(digest.to_string(), text);
        assert_eq!(
            format!("{}:{}", digest.algorithm().name(), digest.hex()),
            text
        );
        assert_eq!(
            Digest::new(digest.algorithm(), digest.bytes()),
            Some(digest)
        );
    }
}

#[test]
fn what_is_no_digest_is_told_from_what_is_not_known() {
    let hex = "0".repeat(64);
    for text in [
        "",
        "sha256",
        "sha256:",
        ":00",
        "sha256:../../etc/passwd",
        &format!("sha256:{}", "0".repeat(63)),
        &format!("sha256:{}", "0".repeat(65)),
        &format!("sha256:{}A", "0".repeat(63)),
        &format!("sha512:{hex}"),
        &format!("SHA256:{hex}"),
        &format!("sha256:{hex}:"),
        "sha256+:00",
        "a..b:00",
        "../x:00",
        "md5:0/0",
        "md5:..",
        "md5:0\n",
        &format!("md5:{}", "0".repeat(1000)),
    ] {
        let error = text.parse::<Digest>().unwrap_err();
        assert!(
            matches!(error, DigestError::Invalid { .. }),
            "{text}: {error}"
        );
        assert!(error.to_string().len() < 400);
    }
    for text in [
        "md5:00",
        "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
        "blake3:ab",
    ] {
        let error = text.parse::<Digest>().unwrap_err();
        assert!(
            matches!(error, DigestError::UnknownAlgorithm { .. }),
            "{text}: {error}"
        );
    }
    let error = "sha256:\x1b]0;x\x07\u{202e}".parse::<Digest>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid digest `sha256:\\x1b]0;x\\x07\\u{202e}`"
    );
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Algorithm::Sha256, &Sha256::digest(bytes)).unwrap()
}

#[test]
fn what_is_read_is_hashed() {
    let all = lines(100_000);
    assert!(all.len() > 5 * CHUNK);
    for length in [
        0,
        1,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        2 * CHUNK,
        5 * CHUNK,
        all.len(),
    ] {
        let bytes = &all[..length];
        let mut hashed = Hashed::new(bytes, Algorithm::Sha256);
        let mut copy = Vec::new();
        hashed.read_to_end(&mut copy).unwrap();
        assert!(copy == bytes);
        // The end may be asked for again and again.
        for _ in 0..10 {
            assert!(hashed.fill_buf().unwrap().is_empty());
        }
        assert_eq!(hashed.length(), length as u64);
        assert_eq!(hashed.finish().unwrap(), (sha256(bytes), length as u64));
        let hashed = Hashed::new(bytes, Algorithm::Sha512);
        let expected = Digest::new(Algorithm::Sha512, &Sha512::digest(bytes)).unwrap();
        assert_eq!(hashed.finish().unwrap(), (expected, length as u64));
    }
}

#[test]
fn what_was_not_read_is_hashed_too() {
    let all = lines(100_000);
    for part in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
        let mut hashed = Hashed::new(&all[..], Algorithm::Sha256);
        let mut start = vec![0; part];
        hashed.read_exact(&mut start).unwrap();
        assert_eq!(hashed.finish().unwrap(), (sha256(&all), all.len() as u64));
    }
    // Nobody wants the digest.
    let mut hashed = Hashed::new(&all[..], Algorithm::Sha256);
    hashed.read_exact(&mut vec![0; 3 * CHUNK]).unwrap();
    drop(hashed);
}

#[test]
fn both_sides_of_a_blob_are_hashed() {
    let text = lines(200_000);
    let blob = member(&text);
    let hashed = Hashed::new(&blob[..], Algorithm::Sha256);
    let decoded = decode(hashed, Gzip, &Budget::default()).unwrap();
    let mut outer = Hashed::new(decoded, Algorithm::Sha256);
    let mut start = [0; 10];
    outer.read_exact(&mut start).unwrap();
    let (mut decoded, digest, length) = outer.finish_inner().unwrap();
    assert_eq!((digest, length), (sha256(&text), text.len() as u64));
    assert_eq!(decoded.drain().unwrap(), 0);
    let (digest, length) = decoded.into_inner().finish().unwrap();
    assert_eq!((digest, length), (sha256(&blob), blob.len() as u64));
}

#[test]
fn a_damaged_blob_has_a_digest_nevertheless() {
    let mut blob = member(&lines(200_000));
    let half = blob.len() / 2;
    blob[half..half + 64].fill(0xff);
    let hashed = Hashed::new(&blob[..], Algorithm::Sha256);
    let mut decoded = decode(hashed, Gzip, &Budget::default()).unwrap();
    decoded.drain().unwrap_err();
    let (digest, length) = decoded.into_inner().finish().unwrap();
    assert_eq!((digest, length), (sha256(&blob), blob.len() as u64));
}

/// Gives some bytes, then an error, then the rest.
struct Stumbling<'a> {
    parts: Vec<&'a [u8]>,
}

impl Read for Stumbling<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(part) = self.parts.first_mut() else {
            return Ok(0);
        };
        if part.is_empty() {
            self.parts.remove(0);
            return Err(io::Error::from_raw_os_error(5));
        }
        let count = part.len().min(buffer.len()).min(1000);
        buffer[..count].copy_from_slice(&part[..count]);
        *part = &part[count..];
        Ok(count)
    }
}

#[test]
fn an_error_of_reading_comes_after_the_bytes_before_it() {
    let all = lines(100_000);
    for cut in [0, 100, CHUNK, CHUNK + 1] {
        let parts = vec![&all[..cut], &all[cut..]];
        let mut hashed = Hashed::new(Stumbling { parts }, Algorithm::Sha256);
        let mut copy = Vec::new();
        let error = hashed.read_to_end(&mut copy).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
        assert!(copy == all[..cut]);
        hashed.read_to_end(&mut copy).unwrap_err();
        assert!(copy == all);
        assert_eq!(hashed.finish().unwrap(), (sha256(&all), all.len() as u64));
    }
}

/// Bytes that are there for each who reads them, and perhaps an error after them.
#[derive(Clone)]
struct Shared {
    bytes: Arc<Vec<u8>>,
    at: usize,
    is_cut: bool,
}

impl Shared {
    fn new(bytes: &[u8], is_cut: bool) -> Shared {
        Shared {
            bytes: Arc::new(bytes.to_vec()),
            at: 0,
            is_cut,
        }
    }
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.bytes[self.at..]).read(buffer)?.min(100_000);
        self.at += count;
        if count == 0 && self.is_cut && !buffer.is_empty() {
            return Err(io::Error::from_raw_os_error(5));
        }
        Ok(count)
    }
}

/// Lengths around those at which something changes: one chunk, a batch of them that
/// goes back, all that there are.
fn lengths() -> impl Iterator<Item = usize> {
    let chunks = [0, 1, 2, 4, 5, 8, 9, 20];
    let around = |chunks: usize| [(chunks * CHUNK).saturating_sub(1), chunks * CHUNK];
    chunks.into_iter().flat_map(around)
}

#[test]
fn a_blob_that_is_read_ahead_has_the_same_bytes_and_the_same_digest() {
    let all: Vec<u8> = lines(900_000)[..20 * CHUNK].to_vec();
    for length in lengths() {
        let bytes = &all[..length];
        let mut ahead = Ahead::new(&Shared::new(bytes, false), length as u64, Algorithm::Sha256);
        let mut copy = Vec::new();
        ahead.read_to_end(&mut copy).unwrap();
        assert!(copy == bytes);
        for _ in 0..10 {
            assert!(ahead.fill_buf().unwrap().is_empty());
        }
        assert_eq!(ahead.finish().unwrap(), (sha256(bytes), length as u64));
        // The size is a hint, and what nobody has read counts too.
        for hint in [0, CHUNK, usize::MAX] {
            let shared = Shared::new(bytes, false);
            let mut ahead = Ahead::new(&shared, hint as u64, Algorithm::Sha256);
            ahead.read_exact(&mut vec![0; length / 3]).unwrap();
            assert_eq!(ahead.finish().unwrap(), (sha256(bytes), length as u64));
        }
        // Nobody wants the digest.
        let mut ahead = Ahead::new(&Shared::new(bytes, false), length as u64, Algorithm::Sha256);
        ahead.read_exact(&mut vec![0; length / 2]).unwrap();
        drop(ahead);
    }
}

#[test]
fn a_blob_that_cannot_be_read_to_its_end_has_no_digest() {
    let all: Vec<u8> = lines(900_000)[..20 * CHUNK].to_vec();
    for length in lengths() {
        let bytes = &all[..length];
        let cut = || Ahead::new(&Shared::new(bytes, true), u64::MAX, Algorithm::Sha256);
        let mut ahead = cut();
        let mut copy = Vec::new();
        let error = ahead.read_to_end(&mut copy).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(5));
        assert!(copy == bytes);
        for _ in 0..3 {
            ahead.fill_buf().unwrap_err();
        }
        ahead.finish().unwrap_err();
        assert_eq!(cut().finish().unwrap_err().raw_os_error(), Some(5));
    }
}
