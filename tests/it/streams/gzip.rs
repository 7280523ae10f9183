//! gzip: members, headers, trailers, and what is wrong with them.

use std::io::Write;
use std::time::Instant;

use flate2::GzBuilder;
use imgldd::source::stream::Compression::{self, Gzip, Zstd};
use imgldd::source::stream::{detect, foreign};

use super::{lines, member};

fn check(blob: &[u8], expected: Result<&[u8], &str>) {
    super::check(blob, Gzip, expected);
}

/// A member whose header has all that one can have.
fn ornate(bytes: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new()
        .extra(&b"AB\x04\x00four"[..])
        .filename("name");
    let builder = builder.comment("a comment").mtime(7).operating_system(3);
    let mut encoder = builder.write(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    let mut blob = encoder.finish().unwrap();
    // FHCRC: the low half of the checksum of the header so far.
    blob[3] |= 2;
    let end = 10 + 2 + 8 + "name".len() + 1 + "a comment".len() + 1;
    let mut crc = flate2::Crc::new();
    crc.update(&blob[..end]);
    let low = crc.sum().to_le_bytes();
    blob.splice(end..end, [low[0], low[1]]);
    blob
}

#[test]
fn members_follow_each_other() {
    let text = lines(10_000);
    check(&member(&text), Ok(&text));
    check(&ornate(&text), Ok(&text));
    let both = [member(&text), ornate(b""), ornate(b"end\n")].concat();
    check(&both, Ok(&[&text[..], b"end\n"].concat()));
    check(&member(b""), Ok(b""));
}

#[test]
fn a_cut_anywhere_but_between_members_is_told() {
    let (first, second) = (ornate(b"first of two"), ornate(&lines(20)));
    let both = [&first[..], &second].concat();
    for cut in 0..both.len() {
        if cut == first.len() {
            check(&both[..cut], Ok(b"first of two"));
        } else {
            let text = format!("gzip data is truncated (offset {cut:#x})");
            check(&both[..cut], Err(&text));
        }
    }
}

#[test]
fn a_wrong_trailer_is_a_checksum_mismatch() {
    let text = lines(100);
    let good = member(&text);
    let trailer = good.len() - 8;
    let mut crc = flate2::Crc::new();
    crc.update(&text);
    let mut blob = good.clone();
    blob[trailer] ^= 1;
    let (found, said) = (crc.sum(), crc.sum() ^ 1);
    let expected = format!(
        "checksum mismatch: gzip data has {found:#010x}, its trailer says {said:#010x} (offset {trailer:#x})"
    );
    check(&blob, Err(&expected));
    let mut blob = good;
    blob[trailer + 4] ^= 1;
    let (found, said) = (text.len(), text.len() ^ 1);
    let expected = format!(
        "checksum mismatch: gzip data has {found} bytes, its trailer says {said} (offset {:#x})",
        trailer + 4
    );
    check(&blob, Err(&expected));
}

#[test]
fn what_follows_the_last_member_is_counted() {
    let good = [member(b"one"), member(b"two")].concat();
    // Zeros too: Go's reader takes them for a header that is wrong.
    for tail in [
        &b"x"[..],
        b"\0",
        &[0; 512],
        b"\x1f\x8a",
        b"PK\x03\x04 and more",
        &[7; 100_000],
    ] {
        let blob = [&good[..], tail].concat();
        let (count, offset) = (tail.len(), good.len());
        let expected = format!("{count} bytes after the last gzip member (offset {offset:#x})");
        check(&blob, Err(&expected));
    }
    check(b"x", Err("not gzip data (offset 0x0)"));
}

#[test]
fn odd_headers_are_judged_as_go_does() {
    let good = member(b"text");
    let with = |at: usize, byte: u8| {
        let mut blob = good.clone();
        blob[at] = byte;
        blob
    };
    check(
        &with(2, 7),
        Err("gzip member has compression method 7, wanted 8 (offset 0x2)"),
    );
    // Reserved flags.
    check(&with(3, 0xe0), Ok(b"text"));
    let mut blob = ornate(b"text");
    blob[4] ^= 1;
    let error = super::read(&blob, Gzip).unwrap_err();
    assert!(
        error.starts_with("checksum mismatch: gzip header has 0x"),
        "{error}"
    );
    for (length, expected) in [
        (511, Ok(&b"text"[..])),
        (
            512,
            Err("name in the gzip header is longer than 511 bytes (offset 0xa)"),
        ),
    ] {
        let mut blob = with(3, 8);
        blob.splice(10..10, [vec![b'n'; length], vec![0]].concat());
        check(&blob, expected);
    }
}

#[test]
fn damaged_deflate_says_where() {
    let mut blob = member(&lines(10_000));
    let half = blob.len() / 2;
    blob[half..half + 16].fill(0xff);
    let error = super::read(&blob, Gzip).unwrap_err();
    assert!(
        error.starts_with("gzip data is damaged (offset 0x")
            || error.starts_with("checksum mismatch: "),
        "{error}"
    );
    // A block of the type that does not exist.
    let mut blob = member(b"text");
    blob[10] = 0x07;
    let error = super::read(&blob, Gzip).unwrap_err();
    assert!(
        error.starts_with("gzip data is damaged (offset 0x"),
        "{error}"
    );
}

#[test]
fn fifty_thousand_empty_members_take_no_time() {
    let count = if cfg!(debug_assertions) {
        5_000
    } else {
        50_000
    };
    let mut blob = member(b"").repeat(count);
    blob.extend(member(b"end"));
    let start = Instant::now();
    let bytes = super::to_end(
        imgldd::source::stream::decode(&blob[..], Gzip, &super::Budget::default()).unwrap(),
        4096,
    );
    assert_eq!(bytes, Ok(b"end".to_vec()));
    assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", start.elapsed());
}

#[test]
fn compression_is_told_by_magic() {
    let tar = [0; 512];
    for (head, expected) in [
        (&member(b"x")[..], Gzip),
        (&super::frame(b"x"), Zstd),
        (&[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], Zstd),
        (&[0x5f, 0x2a, 0x4d, 0x18], Zstd),
        (&[0x60, 0x2a, 0x4d, 0x18], Compression::None),
        (&tar, Compression::None),
        (&[0x1f], Compression::None),
        (&[], Compression::None),
    ] {
        let mut input = head;
        assert_eq!(detect(&mut input).unwrap(), expected);
        assert_eq!(input, head);
    }
}

#[test]
fn what_is_not_read_here_is_named() {
    for (head, name) in [
        (&b"BZh91AY&SY\x01\x02"[..], "bzip2"),
        (b"BZh9\x17rE8P\x90\0\0\0\0", "bzip2"),
        (b"\xfd7zXZ\0\0\x04", "xz"),
        (b"\x04\x22\x4d\x18\x64\x40", "lz4"),
        (b"LZIP\x01\x0c", "lzip"),
        (b"\x89LZO\0\r\n\x1a\n", "lzop"),
        (b"\x1f\x9d\x90", "compress"),
    ] {
        assert_eq!(foreign(head), Some(name));
        let mut input = head;
        let error = detect(&mut input).unwrap_err();
        let expected = format!("compressed with {name}; gzip and zstd are read");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(foreign(b"BZhello.txt"), None);
    // An archive whose first file has such a name.
    let mut tar = [0; 512];
    tar[..10].copy_from_slice(b"BZh91AY&SY");
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(foreign(&tar), None);
}
