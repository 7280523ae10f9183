//! What an archive may ask for.

use imgldd::source::tar::{Limited, Limits, Reader, StreamInput, TarError};

use super::listing_within;
use super::write::*;

fn limits(change: impl Fn(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[test]
fn an_extended_header_is_bounded_before_it_is_read() {
    for flag in [b'x', b'g', b'L', b'K'] {
        let head = Head::new(flag, b"x", 0).field(SIZE, b"100000000000").seal();
        let text = listing_within(&archive(&[head]), Limits::default());
        assert_eq!(
            text,
            "error: extended header of 8 GiB exceeds 1 MiB (offset 0x0)"
        );
    }
    let long = vec![b'n'; 1 << 20];
    let bytes = archive(&[extension(b'L', &long), file(b"f")]);
    assert!(listing_within(&bytes, Limits::default()).starts_with("file nnnn"));
    let bytes = archive(&[extension(b'L', &[&long[..], b"n"].concat()), file(b"f")]);
    let text = listing_within(&bytes, Limits::default());
    assert_eq!(
        text,
        "error: extended header of 1048577 bytes exceeds 1 MiB (offset 0x0)"
    );
}

#[test]
fn entries_are_counted() {
    let two = limits(|limits| limits.entries = 2);
    let bytes = archive(&[file(b"a"), file(b"b")]);
    assert_eq!(
        listing_within(&bytes, two),
        "file a = content\\n\nfile b = content\\n"
    );
    let bytes = archive(&[file(b"a"), file(b"b"), file(b"c")]);
    let text = listing_within(&bytes, two);
    assert!(
        text.ends_with("\nerror: more than 2 entries; --max-entries sets the limit (offset 0x800)"),
        "{text}"
    );
}

#[test]
fn extents_are_counted_in_every_format() {
    let few = limits(|limits| limits.sparse_extents = 2);
    let map = ("GNU.sparse.map", "0,1,2,1,4,6");
    let records = [
        ("GNU.sparse.numblocks", "3"),
        ("GNU.sparse.size", "50"),
        map,
    ];
    let text = listing_within(&archive(&[pax(&records), file(b"f")]), few);
    assert_eq!(
        text,
        "error: sparse map of 3 extents exceeds 2 (offset 0x400)"
    );

    let records = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
    let head = Head::new(b'0', b"f", 512).seal();
    let text = listing_within(
        &archive(&[pax(&records), head, filled(b"4000000000\n")]),
        few,
    );
    assert_eq!(
        text,
        "error: sparse map of 4000000000 extents exceeds 2 (offset 0x600)"
    );

    let extent = b"00000000001\x0000000000000\0";
    let head = Head::new(b'S', b"f", 0)
        .field(MAGIC, GNU)
        .field(386..482, &extent.repeat(3));
    let text = listing_within(&archive(&[head.seal()]), few);
    assert_eq!(
        text,
        "error: sparse map of 3 extents exceeds 2 (offset 0x0)"
    );
}

#[test]
fn maps_in_blocks_are_bounded_as_in_go() {
    // Blocks that say that another follows, and blocks without a newline.
    let mut block = vec![0; BLOCK];
    block[504] = 1;
    let head = Head::new(b'S', b"f", 0)
        .field(MAGIC, GNU)
        .field(482..483, &[1]);
    let text = listing_within(
        &[head.seal(), block.repeat(3000)].concat(),
        Limits::default(),
    );
    assert_eq!(
        text,
        "error: sparse map of 1049088 bytes exceeds 1 MiB (offset 0x200)"
    );

    let records = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
    let head = Head::new(b'0', b"f", 3000 * BLOCK).seal();
    let text = listing_within(
        &archive(&[pax(&records), head, vec![b'1'; 3000 * BLOCK]]),
        Limits::default(),
    );
    assert_eq!(
        text,
        "error: sparse map of 1049088 bytes exceeds 1 MiB (offset 0x600)"
    );
}

#[test]
fn a_limit_says_what_was_exceeded() {
    let bytes = archive(&[Head::new(b'x', b"x", 1 << 21).seal()]);
    let mut reader = Reader::new(StreamInput::new(&bytes[..]), Limits::default());
    let error = reader.next_entry().unwrap_err();
    let TarError::Limit {
        offset: 0,
        what: Limited::ExtendedHeader,
        value,
        limit,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((value, limit), (1 << 21, 1 << 20));
}

#[test]
fn warnings_do_not_pile_up() {
    let many = pax(&[("path", "a")]).repeat(1000);
    let bytes = archive(&[many, file(b"f")]);
    let mut reader = Reader::new(StreamInput::new(&bytes[..]), Limits::default());
    assert!(reader.next_entry().unwrap().is_some());
    let warnings = reader.take_warnings();
    assert_eq!(warnings.len(), 64);
    assert!(
        warnings[63]
            .to_string()
            .starts_with("more of the kind, not listed")
    );
    assert!(reader.take_warnings().is_empty());
}
