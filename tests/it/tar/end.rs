//! Where an archive ends, and what stands behind its end.

use std::io::Read as _;

use imgldd::source::tar::{Limits, Reader, StreamInput};

use super::check;
use super::write::*;

#[test]
fn an_archive_may_be_empty() {
    check(&archive(&[]), "");
    check(
        b"",
        "warning: archive ends without blocks of zeros (offset 0x0)",
    );
}

#[test]
fn the_end_may_be_missing() {
    check(
        &file(b"f"),
        "file f = content\\n
         warning: archive ends without blocks of zeros (offset 0x400)",
    );
    check(
        &[file(b"f"), vec![0; BLOCK]].concat(),
        "file f = content\\n
         warning: archive ends with one block of zeros, not two (offset 0x400)",
    );
    // Even the filling of the last data.
    check(
        &file(b"f")[..BLOCK + 8],
        "file f = content\\n
         warning: archive ends without blocks of zeros (offset 0x208)",
    );
}

#[test]
fn one_block_of_zeros_between_entries_is_refused() {
    check(
        &archive(&[file(b"f"), vec![0; BLOCK], file(b"g")]),
        "file f = content\\n
         error: a header after a block of zeros (offset 0x600)",
    );
}

#[test]
fn nothing_is_read_behind_the_end() {
    let mut bytes = archive(&[file(b"f")]);
    let end = bytes.len();
    bytes.extend(file(b"g"));
    check(&bytes, "file f = content\\n");

    let mut reader = Reader::new(StreamInput::new(&bytes[..]), Limits::default());
    while reader.next_entry().unwrap().is_some() {}
    let mut rest = Vec::new();
    let mut input = reader.into_input().into_inner();
    input.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, bytes[end..]);
}
