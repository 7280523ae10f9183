//! Archives that end too soon: cut at every byte, they give the same entries
//! as far as they go, and say that they were cut.

use super::listing;
use super::write::*;

/// Everything that may stand in an archive.
fn seeds() -> Vec<Vec<u8>> {
    let octal = |value: u64| format!("{value:011o}\0").into_bytes();
    let old = Head::new(b'S', b"old", 8)
        .field(MAGIC, GNU)
        .field(
            386..482,
            &[octal(0), octal(4), octal(100), octal(4)].concat(),
        )
        .field(482..483, &[1])
        .field(483..495, &octal(300))
        .seal();
    let version = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.realsize", "8"),
    ];
    vec![
        archive(&[file(b"a"), Head::new(b'5', b"d", 0).seal(), file(b"b")]),
        archive(&[
            pax(&[("path", "p"), ("size", "8")]),
            file(b"a"),
            extension(b'L', b"long\0"),
            file(b"b"),
        ]),
        archive(&[
            extension(b'g', &record(b"comment", b"x")),
            Head::new(b'2', b"s", 0).link(b"l").seal(),
        ]),
        archive(&[old, vec![0; BLOCK], filled(b"content\n"), file(b"b")]),
        archive(&[
            pax(&version),
            Head::new(b'0', b"s", 520).seal(),
            filled(b"1\n0\n8\n"),
            filled(b"content\n"),
        ]),
    ]
}

#[test]
fn an_archive_that_is_cut_says_so() {
    for seed in seeds() {
        let whole = listing(&seed);
        assert!(
            !whole.contains("error") && !whole.contains("warning"),
            "{whole}"
        );
        for end in 0..seed.len() {
            let text = listing(&seed[..end]);
            let (entries, odd): (Vec<&str>, Vec<&str>) = text
                .lines()
                .partition(|line| !line.starts_with("error: ") && !line.starts_with("warning: "));
            assert!(
                whole.starts_with(&entries.join("\n")),
                "cut at {end}: {text}"
            );
            let is_error = odd
                .iter()
                .any(|line| line.starts_with("error: archive ends within "));
            let is_warning = odd
                .iter()
                .any(|line| line.starts_with("warning: archive ends with"));
            assert!(is_error != is_warning, "cut at {end}: {text}");
            assert!(!is_warning || could_end(&seed, end), "cut at {end}: {text}");
        }
    }
}

/// Whether an archive that is cut there could have been meant: where a header
/// would begin, or within filling, which is all zeros.
fn could_end(seed: &[u8], end: usize) -> bool {
    let next = end.next_multiple_of(BLOCK).min(seed.len());
    seed[end..next].iter().all(|&byte| byte == 0)
}
