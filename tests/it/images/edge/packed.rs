//! How layers are stored: compressed, in pieces, with holes, with sizes that are
//! told in two places.

use super::super::open::{merges, merges_and};
use super::super::tree::read;
use crate::support::image::entry::{blocks, file};
use crate::support::image::sparse::{self, Form};
use crate::support::image::tape::{self, Header, extend, record};
use crate::support::image::{Image, Layer, Packing};

/// Two layers, packed so.
fn packed(lower: &str, upper: &str) -> String {
    format!(
        "
        layer {lower}
            usr/          dir
            usr/lib/      dir
            usr/lib/a.so  text
            lib           link usr/lib
        layer {upper}
            usr/lib/b.so  text
        "
    )
}

const BOTH: &str = "lib:l->usr/lib usr/lib/a.so:f(1) usr/lib/b.so:f(1) usr/lib:d usr:d";

#[test]
fn zstd() {
    merges(&packed("zstd", "zstd"), BOTH, &[]);
}

#[test]
fn none() {
    merges(&packed("raw", "raw"), BOTH, &[]);
}

#[test]
fn mixed() {
    merges(&packed("zstd", "gzip"), BOTH, &[]);
}

#[test]
fn gz_two_members() {
    merges(&packed("gzip-members", "gzip-members"), BOTH, &[]);
}

#[test]
fn zstd_chunked() {
    merges(&packed("zstd-chunked", "zstd-parallel"), BOTH, &[]);
}

/// What a layer is packed with, its bytes tell.
#[test]
fn media_types_that_lie() {
    let mut image = Image::parse(&packed("raw", "zstd"));
    for layer in &mut image.layers {
        layer.media_type = Packing::Gzip.media_type().to_owned();
    }
    merges_and(&image, BOTH, &[], |_, _| {});
}

fn check_sparse(form: Form, issues: &[&str]) {
    for packing in [Packing::Raw, Packing::Gzip] {
        let archive = tape::archive(&[sparse::file(form), file("after", "x")]);
        let image = Image::new(vec![Layer::new(archive, packing)]);
        let expected = "after:f(1) sp.bin:f(52428800)";
        merges_and(&image, expected, issues, |what, image| {
            let check = |offset, expected: &[u8]| {
                match read(&image.filesystem, sparse::NAME, offset, 4) {
                    Some(found) => assert_eq!(found, expected, "{what}"),
                    // Of what went by once only the first bytes were kept.
                    None => assert!(what.contains("packed") && offset > 0, "{what}"),
                }
            };
            check(0, b"\x7fELF");
            check(sparse::PIECE - 2, b"AA\0\0");
            check(sparse::SECOND - 2, b"\0\0BB");
            check(sparse::SECOND + sparse::PIECE - 2, b"BB\0\0");
            check(sparse::SIZE - 2, b"\0\0");
        });
    }
}

/// All six engines refuse the type.
#[test]
fn sparse_gnu() {
    check_sparse(Form::Old, &["engines-disagree sp.bin"]);
}

#[test]
fn sparse_pax00() {
    check_sparse(Form::Pax00, &[]);
}

#[test]
fn sparse_pax01() {
    check_sparse(Form::Pax01, &[]);
}

#[test]
fn sparse_pax10() {
    check_sparse(Form::Pax10, &[]);
}

/// The header says 0 bytes, the record before it 700; readers that believe the
/// header take the file's content for headers (CVE-2025-62518).
#[test]
fn pax_size_override() {
    let mut entry = Vec::new();
    let records = [record("size", b"700"), record("path", b"paxsize-real")].concat();
    extend(
        &mut entry,
        Header::new(b"PaxHeaders.0/x", b'x', 0),
        &records,
    );
    entry.extend(Header::new(b"paxsize", b'0', 0).finish());
    entry.extend([b'Q'; 700]);
    entry.resize(entry.len().next_multiple_of(tape::BLOCK), 0);
    let archive = tape::archive(&[blocks(entry), file("after", "x")]);
    let image = Image::new(vec![Layer::new(archive, Packing::Gzip)]);
    merges_and(&image, "after:f(1) paxsize-real:f(700)", &[], |_, _| {});
}

/// What Go reads without a word; containers were built from less.
#[test]
fn tar_no_eof() {
    let text = "layer\n usr/ dir\nlayer\n b.so text";
    let mut image = Image::parse(text);
    let upper = image.layers.pop().unwrap();
    let archive = upper.archive[..2 * tape::BLOCK].to_vec();
    image.layers.push(Layer::new(archive, Packing::Gzip));
    merges_and(&image, "b.so:f(1) usr:d", &[], |_, _| {});
}
