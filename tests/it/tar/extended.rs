//! Headers about the next entry: PAX records, long names, global headers.

use std::io;

use super::check;
use super::write::*;

/// An extended header with records as written, then a file.
fn with(body: &[u8]) -> Vec<u8> {
    archive(&[extension(b'x', body), file(b"f")])
}

#[test]
fn records_replace_what_the_header_says() {
    let long = "n".repeat(600);
    check(
        &archive(&[
            pax(&[
                ("path", &long),
                ("uid", "3000000000"),
                ("gid", "+7"),
                ("mtime", "1700000000.25"),
            ]),
            file(b"f"),
            pax(&[("linkpath", "far/away")]),
            Head::new(b'2', b"s", 0).link(b"near").seal(),
            file(b"g"),
        ]),
        &format!(
            "file {long} owner=3000000000:7 = content\\n
             symlink s -> far/away
             file g = content\\n"
        ),
    );
}

#[test]
fn the_size_of_the_record_counts() {
    let sized = |record: &str, header| {
        let head = Head::new(b'0', b"f", header).seal();
        archive(&[
            pax(&[("size", record)]),
            head,
            filled(b"content\n"),
            file(b"g"),
        ])
    };
    check(&sized("8", 0), "file f = content\\n\nfile g = content\\n");
    check(
        &sized("8", 1024),
        "warning: size is 1024 in the header, 8 in the PAX record that counts (offset 0x400)
         file f = content\\n
         file g = content\\n",
    );
    // Nothing is skipped, so the data is taken for a header.
    let text = super::listing(&sized("0", 8));
    assert!(text.contains("8 in the header, 0 in the PAX record that counts (offset 0x400)\nfile f\nerror: bad checksum"), "{text}");
    // A wrong size in the header is not mended by a record.
    let head = Head::new(b'0', b"f", 0).field(SIZE, &[0xff; 12]).seal();
    let text = super::listing(&archive(&[pax(&[("size", "0")]), head]));
    assert!(
        text.starts_with("error: bad size field `") && text.ends_with("(offset 0x47c)"),
        "{text}"
    );
}

#[test]
fn sizes_that_are_none_are_refused() {
    for value in [
        "-1",
        "18446744073709551615",
        "9223372036854775808",
        "0x10",
        " 8",
        "8 ",
        "1_0",
        "8.0",
        "+",
    ] {
        let expected = format!(
            "error: bad PAX size `{value}` (offset 0x{:x})",
            512 + record(b"size", value.as_bytes()).len() - value.len() - 1
        );
        check(&archive(&[pax(&[("size", value)]), file(b"f")]), &expected);
    }
}

#[test]
fn the_last_of_equal_records_counts() {
    check(
        &archive(&[
            pax(&[
                ("size", "0x10"),
                ("path", "a"),
                ("size", "8"),
                ("path", "b"),
            ]),
            file(b"f"),
        ]),
        "warning: PAX size is given twice; the last counts (offset 0x200)
         warning: PAX path is given twice; the last counts (offset 0x200)
         file b = content\\n",
    );
    // An empty one leaves what the header says.
    check(
        &archive(&[pax(&[("path", "a"), ("path", ""), ("uid", "")]), file(b"f")]),
        "warning: PAX path is given twice; the last counts (offset 0x200)
         file f = content\\n",
    );
}

#[test]
fn values_may_be_binary() {
    let capability = b"\x01\n\0=\x02 5 a=b\n";
    let body = [
        record(b"SCHILY.xattr.security.capability", capability),
        record(b"comment", b"\0\n"),
        record(b"a b", b"="),
    ];
    check(
        &with(&body.concat()),
        r"file f capability=\x01\n\x00=\x02 5 a=b\n = content\n",
    );
}

#[test]
fn malformed_records_are_refused_where_they_stand() {
    let good = record(b"comment", b"x");
    for (bad, why) in [
        (&b"0 path=x\n"[..], "its length is too small"),
        (b"-9 path=x\n", "its length is too small"),
        (b"4 a=\n", "its length is too small"),
        (b"000000006 a=\n", "its length is too small"),
        (b"99 path=x\n", "it is longer than the header"),
        (
            b"99999999999999999999 path=x\n",
            "its length is not a number",
        ),
        (b"x path=x\n", "its length is not a number"),
        (b" path=x\n", "its length is not a number"),
        (b"path=x\n", "no length"),
        (b"8 path=x\n", "no newline at its end"),
        (b"8 pathx\n", "no equals sign"),
        (b"6 =xx\n", "no name"),
        (b"12 path=x\0y\n", "a NUL in a name"),
        (b"8 a\0=bc\n", "a NUL in a name"),
        (b"\0\0\0\0", "no length"),
        (b"x", "no length"),
    ] {
        let at = 512 + good.len();
        let expected = format!("error: malformed PAX record: {why} (offset {at:#x})");
        check(&with(&[&good[..], bad].concat()), &expected);
    }
    // A sign and zeros are as good as in any number.
    for fine in [&b"+11 path=a\n"[..], b"011 path=a\n"] {
        check(&with(fine), "file a = content\\n");
    }
}

#[test]
fn times_are_verified_though_not_kept() {
    for (value, is_fine) in [
        ("1", true),
        ("-1.5", true),
        ("1.", true),
        ("1.000000000000001", true),
        ("1.5x", false),
        (".5", false),
        ("1.-5", false),
        ("x", false),
    ] {
        let text = super::listing(&archive(&[pax(&[("mtime", value)]), file(b"f")]));
        assert_eq!(text.starts_with("file f"), is_fine, "{value}: {text}");
        assert!(
            is_fine || text.starts_with(&format!("error: bad PAX mtime `{value}`")),
            "{text}"
        );
    }
}

#[test]
fn long_names_win_over_records_and_end_at_a_nul() {
    check(
        &archive(&[
            extension(b'L', b"gnu\0junk"),
            extension(b'K', b"to"),
            pax(&[("path", "pax"), ("linkpath", "pax")]),
            Head::new(b'2', b"s", 0).link(b"l").seal(),
            extension(b'L', b"\0x"),
            extension(b'K', b""),
            Head::new(b'2', b"s", 0).link(b"l").seal(),
        ]),
        "symlink gnu -> to
         symlink s -> l",
    );
}

#[test]
fn of_two_extended_headers_the_second_counts() {
    check(
        &archive(&[
            pax(&[("path", "one"), ("uid", "7")]),
            pax(&[("gid", "8")]),
            extension(b'L', b"first\0"),
            extension(b'L', b"second\0"),
            file(b"f"),
        ]),
        "warning: extended header is replaced by the next before any entry (offset 0x400)
         warning: extended header is replaced by the next before any entry (offset 0xc00)
         file second owner=1000:8 = content\\n",
    );
}

#[test]
fn a_global_header_is_an_entry_that_changes_nothing() {
    let global = [
        record(b"path", b"all"),
        record(b"uid", b"5"),
        record(b"size", b"x"),
    ]
    .concat();
    check(
        &archive(&[extension(b'g', &global), file(b"f")]),
        "other(g) all mode=0 owner=0:0
         file f = content\\n",
    );
    // What stands before it is lost.
    check(
        &archive(&[
            pax(&[("path", "lost")]),
            extension(b'L', b"too\0"),
            extension(b'g', b""),
            file(b"f"),
        ]),
        "warning: extended header belongs to no entry (offset 0x400)
         other(g) x mode=0 owner=0:0
         file f = content\\n",
    );
}

#[test]
fn an_extended_header_at_the_end_is_said() {
    check(
        &archive(&[file(b"f"), pax(&[("path", "nothing")])]),
        "file f = content\\n
         warning: extended header belongs to no entry (offset 0x400)",
    );
}

#[test]
fn the_tar_crate_writes_what_we_read() {
    let mut builder = tar::Builder::new(Vec::new());
    let long = "d/".repeat(120) + "f";
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    header.set_uid(1000);
    header.set_gid(1000);
    builder
        .append_data(&mut header, &long, &b"hello"[..])
        .unwrap();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "s", &long).unwrap();
    builder
        .append_pax_extensions([("path", &b"pax"[..])])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o4755);
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, io::empty()).unwrap();
    let bytes = builder.into_inner().unwrap();
    check(
        &bytes,
        &format!(
            "file {long} = hello
             symlink s -> {long}
             file pax mode=4755 owner=0:0"
        ),
    );
}
