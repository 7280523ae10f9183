//! One header block: checksum, format, numbers, names, types.

use super::check;
use super::write::*;

#[test]
fn a_file_a_directory_and_links() {
    check(
        &archive(&[
            Head::new(b'5', b"d/", 0).field(MODE, b"0041755\0").seal(),
            file(b"d/f"),
            Head::new(b'1', b"hard", 0).link(b"d/f").seal(),
            Head::new(b'2', b"soft", 0).link(b"../d/f").seal(),
            Head::new(b'3', b"c", 0).seal(),
            Head::new(b'4', b"b", 0).seal(),
            Head::new(b'6', b"p", 0).seal(),
        ]),
        "directory d/ mode=1755
         file d/f = content\\n
         hardlink hard -> d/f
         symlink soft -> ../d/f
         character c
         block b
         fifo p",
    );
}

#[test]
fn the_checksum_may_be_of_signed_bytes() {
    let head = |delta: i64| {
        let block = Head::new(b'0', b"\xe9\xe9", 0);
        let mut sum = delta;
        for (index, byte) in block.clone().raw().into_iter().enumerate() {
            let byte = if CHECKSUM.contains(&index) {
                b' '
            } else {
                byte
            };
            sum += i64::from(byte.cast_signed());
        }
        block.field(CHECKSUM, format!("{sum:o}").as_bytes()).raw()
    };
    check(&archive(&[head(0)]), r"file \xe9\xe9");
    let wrong = super::listing(&archive(&[head(1)]));
    assert!(wrong.starts_with("error: bad checksum field `"), "{wrong}");
    assert!(wrong.ends_with("(offset 0x94)"), "{wrong}");
}

#[test]
fn a_wrong_checksum_is_refused_where_it_stands() {
    let mut bytes = archive(&[file(b"a"), file(b"b")]);
    bytes[1024] ^= 1;
    let text = super::listing(&bytes);
    assert!(
        text.starts_with("file a = content\\n\nerror: bad checksum field `"),
        "{text}"
    );
    assert!(text.ends_with("(offset 0x494)"), "{text}");
}

#[test]
fn the_oldest_type_is_a_directory_when_its_name_ends_in_a_slash() {
    let old = |name: &[u8]| Head::new(0, name, 0).field(MAGIC, b"").seal();
    check(
        &archive(&[old(b"d/"), old(b"f"), Head::new(b'0', b"f/", 0).seal()]),
        "directory d/
         file f
         file f/",
    );
    // The long name decides, not the one in the header.
    check(
        &archive(&[
            extension(b'L', b"long/\0"),
            old(b"f"),
            pax(&[("path", "g")]),
            old(b"d/"),
        ]),
        "directory long/
         file g",
    );
}

#[test]
fn other_types_have_data() {
    let other = |flag| [Head::new(flag, b"o", 8).seal(), filled(b"content\n")].concat();
    check(
        &archive(&[
            other(b'7'),
            other(b'V'),
            other(b'X'),
            other(0xff),
            file(b"f"),
        ]),
        r"other(7) o = content\n
          other(V) o = content\n
          other(X) o = content\n
          other(\xff) o = content\n
          file f = content\n",
    );
}

#[test]
fn the_prefix_stands_before_the_name_in_some_formats() {
    let head = |magic: &[u8]| {
        Head::new(b'0', b"name", 0)
            .field(MAGIC, magic)
            .field(PREFIX, b"17")
    };
    check(
        &archive(&[
            head(b"ustar\x0000").seal(),
            head(b"ustar\0zz").seal(),
            head(b"").seal(),
            head(b"ustar 00").seal(),
            head(GNU).seal(),
            // Old releases of Go wrote a prefix where GNU has times.
            head(GNU).field(PREFIX, b"not/a/time").seal(),
            head(GNU).field(PREFIX, b"not/\xe9/time").seal(),
            // Star's prefix is shorter, and times follow it.
            head(b"ustar\x0000")
                .field(PREFIX, &[b'p'; 131])
                .field(476..500, b"00000000001\x0000000000002\0")
                .field(508..512, b"tar\0")
                .seal(),
        ]),
        &format!(
            "file 17/name
             file 17/name
             file name
             file name
             file name
             file not/a/time/name
             file name
             file {}/name",
            "p".repeat(131)
        ),
    );
    let star = head(b"ustar\x0000")
        .field(476..488, b"x")
        .field(508..512, b"tar\0");
    check(
        &archive(&[star.seal()]),
        "error: bad atime field `x\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00` (offset 0x1dc)",
    );
}

#[test]
fn names_may_fill_their_fields() {
    check(
        &archive(&[Head::new(b'2', &[b'n'; 100], 0)
            .link(&[b'l'; 100])
            .field(PREFIX, &[b'p'; 155])
            .seal()]),
        &format!(
            "symlink {}/{} -> {}",
            "p".repeat(155),
            "n".repeat(100),
            "l".repeat(100)
        ),
    );
}

#[test]
fn numbers_are_octal_with_blanks_or_base_256() {
    let size = |value: &[u8]| {
        [
            Head::new(b'0', b"f", 0).field(SIZE, value).seal(),
            filled(b"content\n"),
        ]
        .concat()
    };
    for value in [
        &b"00000000010\0"[..],
        b"000000000010",
        b"         10 ",
        b"10",
        b"\0\0\x0010",
        b"10\0junk",
        b"\x80\0\0\0\0\0\0\0\0\0\0\x08",
    ] {
        check(
            &archive(&[size(value), file(b"g")]),
            "file f = content\\n\nfile g = content\\n",
        );
    }
    for (value, shown) in [
        (&b"+10"[..], r"+10\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        (b"-10", r"-10\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        (b"1 0", r"1 0\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        (b"18", r"18\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        (
            &[0xff; 12],
            r"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
        // 2^63 and 2^88.
        (
            b"\x80\0\0\0\x80\0\0\0\0\0\0\0",
            r"\x80\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00",
        ),
        (
            b"\x81\0\0\0\0\0\0\0\0\0\0\0",
            r"\x81\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        ),
    ] {
        let expected = format!("error: bad size field `{shown}` (offset 0x7c)");
        check(&archive(&[size(value)]), &expected);
    }
}

#[test]
fn numbers_that_are_not_kept_must_be_numbers_too() {
    let head = |range| Head::new(b'0', b"f", 0).field(range, b"x").seal();
    check(
        &archive(&[head(MTIME)]),
        r"error: bad mtime field `x\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00` (offset 0x88)",
    );
    check(
        &archive(&[head(DEV_MAJOR)]),
        r"error: bad devmajor field `x\x00\x00\x00\x00\x00\x00\x00` (offset 0x149)",
    );
    // The oldest format has no such field.
    let old = Head::new(b'0', b"f", 0)
        .field(MAGIC, b"")
        .field(DEV_MAJOR, b"x");
    check(&archive(&[old.seal()]), "file f");
}

#[test]
fn a_negative_owner_is_kept_and_said() {
    let head = Head::new(b'0', b"f", 0).field(UID, &[0xff; 8]).seal();
    check(
        &archive(&[head]),
        "warning: owner or group is negative (offset 0x0)
         file f owner=18446744073709551615:1000",
    );
}

#[test]
fn no_data_follows_links_and_directories_whatever_their_size() {
    for (flag, kind) in [
        (b'1', "hardlink"),
        (b'2', "symlink"),
        (b'3', "character"),
        (b'4', "block"),
        (b'5', "directory"),
        (b'6', "fifo"),
    ] {
        check(
            &archive(&[Head::new(flag, b"l", 2048).seal(), file(b"f")]),
            &format!(
                "warning: entry without data has size 2048 (offset 0x0)\n{kind} l\nfile f = content\\n"
            ),
        );
    }
    // Negative is no worse.
    let head = Head::new(b'5', b"d", 0).field(SIZE, &[0xff; 12]).seal();
    check(
        &archive(&[head]),
        "warning: entry without data has size -1 (offset 0x0)\ndirectory d",
    );
}

#[test]
fn offsets_are_those_of_the_header_and_the_data() {
    use imgldd::source::tar::{Limits, RangeInput, Reader};
    let bytes = archive(&[
        pax(&[("path", "long")]),
        file(b"f"),
        Head::new(b'5', b"d", 0).seal(),
    ]);
    let mut reader = Reader::new(RangeInput::new(&bytes), Limits::default());
    let entry = reader.next_entry().unwrap().unwrap();
    assert_eq!((entry.header_at, entry.data_at), (1024, Some(1536)));
    let entry = reader.next_entry().unwrap().unwrap();
    assert_eq!((entry.header_at, entry.data_at), (2048, None));
    assert!(reader.next_entry().unwrap().is_none());
    assert!(reader.next_entry().unwrap().is_none());
    assert_eq!(reader.offset(), bytes.len() as u64);
}
