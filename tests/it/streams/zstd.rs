//! zstd: frames, headers, skippable frames, and what is wrong with them.

use std::io::Write;
use std::time::Instant;

use imgldd::source::stream::Compression::Zstd;
use imgldd::source::stream::{Budget, Limits, decode};

use super::{frame, lines};

fn check(blob: &[u8], expected: Result<&[u8], &str>) {
    super::check(blob, Zstd, expected);
}

/// A frame of raw blocks, written down field by field.
struct Plain<'a> {
    /// `None`: a single segment, whose window is its content.
    window: Option<u8>,
    content: Option<u64>,
    dictionary: Option<u32>,
    blocks: &'a [&'a [u8]],
}

impl Plain<'_> {
    fn build(&self) -> Vec<u8> {
        let mut descriptor = 0;
        let mut rest = Vec::new();
        match self.window {
            Some(window) => rest.push(window),
            None => descriptor |= 1 << 5,
        }
        if let Some(dictionary) = self.dictionary {
            descriptor |= 3;
            rest.extend(dictionary.to_le_bytes());
        }
        if let Some(content) = self.content {
            descriptor |= 3 << 6;
            rest.extend(content.to_le_bytes());
        }
        let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, descriptor];
        bytes.extend(rest);
        for (number, block) in self.blocks.iter().enumerate() {
            let is_last = u32::from(number + 1 == self.blocks.len());
            let header = is_last | (block.len() as u32) << 3;
            bytes.extend(&header.to_le_bytes()[..3]);
            bytes.extend(*block);
        }
        bytes
    }
}

const PLAIN: Plain<'static> = Plain {
    window: Some(0),
    content: None,
    dictionary: None,
    blocks: &[b"plain ", b"bytes"],
};

fn skippable(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32).to_le_bytes();
    [&[0x50 | kind, 0x2a, 0x4d, 0x18][..], &length, bytes].concat()
}

#[test]
fn frames_follow_each_other() {
    let text = lines(10_000);
    check(&frame(&text), Ok(&text));
    let parts = [
        skippable(0, b""),
        frame(&text),
        skippable(15, &[7; 100_000]),
        frame(b""),
        PLAIN.build(),
        skippable(14, b"a table"),
    ];
    check(&parts.concat(), Ok(&[&text[..], b"plain bytes"].concat()));
    check(&skippable(3, b"nothing else"), Ok(b""));
}

#[test]
fn every_kind_of_header_is_understood() {
    let text = lines(6_000);
    for length in [0, 1, 255, 256, 257, 65_791, 65_792, text.len()] {
        for (level, window, says_size) in
            [(1, 0, true), (19, 12, false), (3, 27, true), (1, 10, true)]
        {
            let mut encoder = zstd::Encoder::new(Vec::new(), level).unwrap();
            if window > 0 {
                encoder.window_log(window).unwrap();
            }
            encoder.include_contentsize(says_size).unwrap();
            if says_size {
                encoder.set_pledged_src_size(Some(length as u64)).unwrap();
            }
            encoder.write_all(&text[..length]).unwrap();
            check(&encoder.finish().unwrap(), Ok(&text[..length]));
        }
    }
}

#[test]
fn a_cut_anywhere_but_between_frames_is_told() {
    let parts = [
        frame(&lines(20)),
        skippable(1, b"skipped"),
        PLAIN.build(),
        frame(b""),
    ];
    let blob = parts.concat();
    let mut ends = vec![];
    for part in &parts {
        ends.push(ends.last().unwrap_or(&0) + part.len());
    }
    for cut in 0..blob.len() {
        if ends.contains(&cut) {
            let bytes = super::read(&blob[..cut], Zstd).unwrap();
            assert!(
                [&lines(20)[..], b"plain bytes"]
                    .concat()
                    .starts_with(&bytes)
            );
        } else {
            let text = format!("zstd data is truncated (offset {cut:#x})");
            check(&blob[..cut], Err(&text));
        }
    }
}

#[test]
fn a_window_is_refused_before_it_is_allocated() {
    let with = |window| Plain {
        window: Some(window),
        ..PLAIN
    };
    // 2^(10 + exponent) and eighths of it: five bits and three.
    let expected = "zstd frame needs a 2 TiB window; limit 128 MiB (offset 0x0)";
    check(&with((41 - 10) << 3).build(), Err(expected));
    check(&with(17 << 3).build(), Ok(b"plain bytes"));
    let expected = "zstd frame needs a 144 MiB window; limit 128 MiB (offset 0x0)";
    check(&with(17 << 3 | 1).build(), Err(expected));
    let single = |content| Plain {
        window: None,
        content: Some(content),
        ..PLAIN
    };
    check(&single(11).build(), Ok(b"plain bytes"));
    let expected = "zstd frame needs a 134217729 bytes window; limit 128 MiB (offset 0x0)";
    check(&single((128 << 20) + 1).build(), Err(expected));
    let small = Budget::new(Limits {
        window_log: 20,
        ..Limits::default()
    });
    let blob = [PLAIN.build(), with(11 << 3).build()].concat();
    let decoded = decode(&blob[..], Zstd, &small).unwrap();
    let error = super::to_end(decoded, 100).unwrap_err();
    let expected = "zstd frame needs a 2 MiB window; limit 1 MiB (offset 0x17)";
    assert_eq!(error, expected);
}

#[test]
fn headers_that_lie_are_told() {
    let content = |content| {
        Plain {
            content: Some(content),
            ..PLAIN
        }
        .build()
    };
    check(&content(11), Ok(b"plain bytes"));
    // All ones: what libzstd itself uses for a size that is not known.
    let expected = "zstd frame has 11 bytes, its header says 18446744073709551615 (offset 0x0)";
    check(&content(u64::MAX), Err(expected));
    check(&content(10), Err("zstd data is damaged (offset 0x0)"));
    let dictionary = |id| Plain {
        dictionary: Some(id),
        ..PLAIN
    };
    check(&dictionary(0).build(), Ok(b"plain bytes"));
    check(
        &dictionary(77).build(),
        Err("zstd frame needs dictionary 77 (offset 0x0)"),
    );
    let mut blob = PLAIN.build();
    blob[4] |= 1 << 3;
    check(&blob, Err("zstd frame sets a reserved bit (offset 0x4)"));
    // The block type that does not exist.
    let mut blob = [frame(b"x"), PLAIN.build()].concat();
    let start = frame(b"x").len();
    blob[start + 6] |= 3 << 1;
    let expected = format!("zstd data is damaged (offset {start:#x})");
    check(&blob, Err(&expected));
}

#[test]
fn a_wrong_checksum_is_told() {
    let first = frame(b"first");
    let mut blob = [&first[..], &frame(&lines(100))].concat();
    *blob.last_mut().unwrap() ^= 1;
    let expected = format!(
        "checksum mismatch: zstd frame is not what was compressed (offset {:#x})",
        first.len()
    );
    check(&blob, Err(&expected));
}

#[test]
fn what_follows_the_last_frame_is_counted() {
    let good = frame(b"text");
    for tail in [
        &b"x"[..],
        b"\0",
        &[0; 1024],
        b"\x28\xb5\x2f\xfe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let blob = [&good[..], tail].concat();
        let (count, offset) = (tail.len(), good.len());
        let expected = format!("{count} bytes after the last zstd frame (offset {offset:#x})");
        check(&blob, Err(&expected));
    }
    check(b"text", Err("not zstd data (offset 0x0)"));
}

#[test]
fn a_hundred_thousand_empty_frames_take_no_time() {
    let count = if cfg!(debug_assertions) {
        20_000
    } else {
        100_000
    };
    let empty = zstd::encode_all(&b""[..], 3).unwrap();
    let mut blob = empty.repeat(count);
    blob.extend(frame(b"end"));
    let start = Instant::now();
    let decoded = decode(&blob[..], Zstd, &Budget::default()).unwrap();
    assert_eq!(super::to_end(decoded, 4096), Ok(b"end".to_vec()));
    assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", start.elapsed());
}

#[test]
fn a_skippable_frame_may_claim_four_gigabytes() {
    let mut blob = skippable(0, b"little");
    blob[4..8].fill(0xff);
    let expected = format!("zstd data is truncated (offset {:#x})", blob.len());
    check(&blob, Err(&expected));
}
