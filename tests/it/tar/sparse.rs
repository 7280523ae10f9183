//! Sparse files in every way of writing them.

use imgldd::source::tar::{Limits, RangeInput, Reader};

use super::write::*;
use super::{check, listing};

const NUL12: &[u8] = b"00000000000\0";

fn octal(value: u64) -> Vec<u8> {
    format!("{value:011o}\0").into_bytes()
}

/// An old GNU header with extents, a flag for more, and the size with holes.
fn old(extents: &[(u64, u64)], more: u8, real: u64, stored: usize) -> Vec<u8> {
    let map: Vec<u8> = extents
        .iter()
        .flat_map(|&(at, length)| [octal(at), octal(length)].concat())
        .collect();
    Head::new(b'S', b"old", stored)
        .field(MAGIC, GNU)
        .field(386..482, &map)
        .field(482..483, &[more])
        .field(483..495, &octal(real))
        .seal()
}

/// A file whose map stands in records: 8 bytes are stored.
fn in_records(records: &[(&str, &str)]) -> Vec<u8> {
    archive(&[pax(records), file(b"f"), file(b"g")])
}

/// A file whose map stands in front of its data.
fn in_data(map: &[u8], real: &str, data: &[u8]) -> Vec<u8> {
    let body = [filled(map), data.to_vec()].concat();
    let version = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "real"),
        ("GNU.sparse.realsize", real),
    ];
    archive(&[
        pax(&version),
        Head::new(b'0', b"f", body.len()).seal(),
        filled(&body),
        file(b"g"),
    ])
}

#[test]
fn the_old_gnu_format() {
    check(
        &archive(&[
            old(&[(0, 4), (100, 4)], 0, 300, 8),
            filled(b"content\n"),
            file(b"g"),
        ]),
        "file old sparse=old = cont[96 zeros]ent\\n[196 zeros]
         file g = content\\n",
    );
}

#[test]
fn the_old_gnu_format_with_blocks_for_more_extents() {
    let mut block: Vec<u8> = [octal(200), octal(4)].concat();
    block.resize(BLOCK, 0);
    block[504] = 1;
    // The second block has nothing, and ends the map.
    check(
        &archive(&[
            old(&[(0, 4), (100, 4)], 1, 300, 12),
            block,
            vec![0; BLOCK],
            filled(b"content\nmore"),
            file(b"g"),
        ]),
        "file old sparse=old = cont[96 zeros]ent\\n[96 zeros]more[96 zeros]
         file g = content\\n",
    );
}

#[test]
fn type_s_is_only_good_in_a_gnu_header() {
    let head = Head::new(b'S', b"f", 0).field(483..495, NUL12).seal();
    check(
        &archive(&[head]),
        "error: sparse map malformed: type S in a header that is not GNU's (offset 0x0)",
    );
}

#[test]
fn maps_in_records() {
    let map = "file real sparse=records = cont[5 zeros]ent\\n[37 zeros]\nfile g = content\\n";
    let (count, size, name) = (
        ("GNU.sparse.numblocks", "2"),
        ("GNU.sparse.size", "50"),
        ("GNU.sparse.name", "real"),
    );
    check(
        &in_records(&[count, size, name, ("GNU.sparse.map", "0,4,9,4")]),
        map,
    );
    let version = [("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1")];
    check(
        &in_records(&[
            version[0],
            version[1],
            count,
            ("GNU.sparse.realsize", "50"),
            name,
            ("GNU.sparse.map", "0,4,9,4"),
        ]),
        map,
    );
    let pairs = [
        ("GNU.sparse.offset", "0"),
        ("GNU.sparse.numbytes", "4"),
        ("GNU.sparse.offset", "9"),
        ("GNU.sparse.numbytes", "4"),
    ];
    check(
        &in_records(&[size, count, name, pairs[0], pairs[1], pairs[2], pairs[3]]),
        map,
    );
    check(
        &in_records(&[size, count, pairs[0], pairs[2], pairs[1], pairs[3]]),
        "error: malformed PAX record: offsets and lengths of a sparse map do not alternate (offset 0x247)",
    );
}

#[test]
fn a_map_in_front_of_the_data() {
    check(
        &in_data(b"2\n0\n4\n100\n4\n", "300", b"content\n"),
        "file real sparse=data = cont[96 zeros]ent\\n[196 zeros]
         file g = content\\n",
    );
    // Longer than a block; the last newline decides where the data begins.
    let mut map = b"100\n".to_vec();
    for at in 0..100 {
        map.extend(format!("{}\n1\n", at * 2).into_bytes());
    }
    let expected: String = "x[1 zeros]".repeat(99) + "x";
    check(
        &in_data(&map, "199", &[b'x'; 100]),
        &format!("file real sparse=data = {expected}\nfile g = content\\n"),
    );
    check(
        &in_data(b"0\n", "77", b""),
        "file real sparse=data = [77 zeros]\nfile g = content\\n",
    );
}

#[test]
fn a_map_in_front_of_the_data_must_end_there() {
    check(
        &in_data(b"2\n0\n4\n", "300", b""),
        "error: sparse map malformed: it does not end within the data (offset 0x600)",
    );
    check(
        &in_data(b"x\n", "300", b""),
        "error: sparse map malformed: the number of extents is not one (offset 0x600)",
    );
    check(
        &in_data(b"1\n\n4\n", "300", b""),
        "error: sparse map malformed: an offset or length is not a number (offset 0x600)",
    );
}

#[test]
fn a_map_that_cannot_be_right_is_refused() {
    for (count, map, size, why) in [
        ("2", "0,4,2,4", "50", "extents overlap or are out of order"),
        ("2", "9,4,0,4", "50", "extents overlap or are out of order"),
        ("1", "0,8", "7", "an extent ends after the file"),
        (
            "1",
            "9223372036854775807,8",
            "9223372036854775807",
            "an extent ends after the file",
        ),
        ("1", "-1,8", "8", "a negative number"),
        ("1", "0,8", "-8", "the size is negative"),
        ("1", "0,9", "9", "more data than is stored"),
        ("1", "0,7", "9", "less data than is stored"),
        ("0", "", "9", "less data than is stored"),
        ("3", "0,4,9,4", "50", "not as many numbers as it says"),
        ("x", "0,4", "50", "the number of extents is not one"),
        ("1", "0,", "50", "an offset or length is not a number"),
    ] {
        let version = [("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1")];
        let records = [
            version[0],
            version[1],
            ("GNU.sparse.numblocks", count),
            ("GNU.sparse.map", map),
            ("GNU.sparse.size", size),
        ];
        let text = listing(&in_records(&records));
        assert!(
            text.starts_with(&format!("error: sparse map malformed: {why} (offset 0x")),
            "{map}: {text}"
        );
    }
}

#[test]
fn an_unknown_version_is_a_file_like_any_other() {
    let (major, minor) = (("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0"));
    check(
        &in_records(&[
            major,
            minor,
            ("GNU.sparse.map", "0,8"),
            ("GNU.sparse.name", "real"),
        ]),
        "warning: sparse file of an unknown version (offset 0x400)
         file f = content\\n
         file g = content\\n",
    );
}

#[test]
fn only_files_are_sparse() {
    let records = [
        ("GNU.sparse.numblocks", "0"),
        ("GNU.sparse.major", "0"),
        ("GNU.sparse.minor", "0"),
    ];
    check(
        &archive(&[pax(&records), Head::new(b'5', b"d", 0).seal()]),
        "error: sparse map malformed: the entry is not a file (offset 0x400)",
    );
}

#[test]
fn holes_are_passed_over_as_numbers() {
    let huge = 1_u64 << 62;
    let mut real = huge.to_be_bytes().to_vec();
    real.splice(0..0, [0x80, 0, 0, 0]);
    let head = |extents: &[u8]| {
        Head::new(b'S', b"f", 4)
            .field(MAGIC, GNU)
            .field(386..482, extents)
            .field(483..495, &real)
            .seal()
    };
    let mut end = real.clone();
    end[11] = 0; // below
    end[4] = 0x3f;
    let bytes = archive(&[
        head(&[&end[..], &octal(4)].concat()),
        filled(b"data"),
        file(b"g"),
    ]);
    let mut reader = Reader::new(RangeInput::new(&bytes), Limits::default());
    let entry = reader.next_entry().unwrap().unwrap();
    assert_eq!((entry.size, entry.data_at), (huge, None));
    let at = u64::from_be_bytes(end[4..].try_into().unwrap());
    assert_eq!(reader.skip(at - 2).unwrap(), at - 2);
    let mut data = Vec::new();
    while data.len() < 8 {
        let mut buffer = [0xaa; 8];
        let room = 8 - data.len();
        let count = reader.read(&mut buffer[..room]).unwrap();
        data.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(data, b"\0\0data\0\0");
    assert_eq!(reader.skip(u64::MAX).unwrap(), huge - at - 6);
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(reader.next_entry().unwrap().unwrap().name, b"g");
}
