//! How much may come out, and that it takes neither time nor memory to stop.

use std::fs;
use std::io::{BufRead, Read};
use std::process::Command;
use std::thread;
use std::time::Duration;

use imgldd::source::stream::Compression::{self, Gzip, Zstd};
use imgldd::source::stream::{Budget, Decoded, Limits, Reached, StreamError, decode, stream_error};

use super::{frame, member};

fn budget(total: u64) -> Budget {
    Budget::new(Limits {
        total,
        ..Limits::default()
    })
}

/// Reads to the end or to the limit: bytes given out, and which limit.
fn run<R: BufRead>(mut decoded: Decoded<R>, buffer: usize) -> (u64, Option<Reached>) {
    let mut buffer = vec![0; buffer];
    let mut count = 0;
    loop {
        match decoded.read(&mut buffer) {
            Ok(0) => return (count, None),
            Ok(more) => count += more as u64,
            Err(error) => match stream_error(&error) {
                Some(StreamError::Limit { what, .. }) => return (count, Some(*what)),
                _ => panic!("{error}"),
            },
        }
    }
}

#[test]
fn the_total_may_be_reached_and_not_passed() {
    let bytes = vec![b'x'; 3 << 20];
    for (blob, compression) in [
        (&bytes[..], Compression::None),
        (&member(&bytes), Gzip),
        (&frame(&bytes), Zstd),
    ] {
        for buffer in [1000, 1 << 16, 4 << 20] {
            let exact = budget(3 << 20);
            let decoded = decode(blob, compression, &exact).unwrap();
            assert_eq!(run(decoded, buffer), (3 << 20, None));
            assert_eq!(exact.used(), 3 << 20);
            for limit in [0, 1, 999, 1 << 20, (3 << 20) - 1] {
                let decoded = decode(blob, compression, &budget(limit)).unwrap();
                let (count, reached) = run(decoded, buffer);
                let Some(Reached::Total { limit: said, read }) = reached else {
                    panic!("{reached:?}");
                };
                assert!(
                    count <= limit && limit - count < 1 << 20,
                    "{count} of {limit}"
                );
                assert!(said == limit && read > limit && read - limit < 1 << 20);
            }
        }
    }
}

#[test]
fn a_limit_names_itself_and_its_option() {
    let blob = member(&vec![0; 2 << 20]);
    let error = super::to_end(decode(&blob[..], Gzip, &budget(1 << 20)).unwrap(), 1 << 16);
    let text = error.unwrap_err();
    let expected =
        "uncompressed size exceeds 1 MiB: 1048577 bytes read; --max-total-bytes sets the limit";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn streams_share_a_budget() {
    let blob = member(&vec![b'x'; 1 << 20]);
    let shared = budget(5 << 19);
    let runs: Vec<_> = thread::scope(|scope| {
        let run = || run(decode(&blob[..], Gzip, &shared.clone()).unwrap(), 1 << 16);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let given: u64 = runs.iter().map(|(count, _)| count).sum();
    assert!(given <= 5 << 19 && shared.used() > 5 << 19, "{runs:?}");
    assert!(shared.used() - (5 << 19) < 1 << 20);
    assert!(runs.iter().any(|(_, reached)| reached.is_some()));
}

#[test]
fn a_ratio_counts_from_a_size_on() {
    let limits = |ratio, ratio_from| {
        Budget::new(Limits {
            ratio,
            ratio_from,
            ..Limits::default()
        })
    };
    let blob = member(&vec![0; 4 << 20]);
    let decoded = decode(&blob[..], Gzip, &limits(100, 4 << 20)).unwrap();
    assert_eq!(run(decoded, 1 << 16), (4 << 20, None));
    let decoded = decode(&blob[..], Gzip, &limits(100, (4 << 20) - 1)).unwrap();
    let (count, reached) = run(decoded, 1 << 16);
    assert!(matches!(reached, Some(Reached::Ratio { limit: 100, read, .. }) if read == 4 << 20));
    assert!(count < 4 << 20);
    let decoded = decode(&blob[..], Gzip, &limits(2000, 0)).unwrap();
    assert_eq!(run(decoded, 1 << 16), (4 << 20, None));
    let error = super::to_end(
        decode(&blob[..], Gzip, &limits(100, 1 << 20)).unwrap(),
        1 << 16,
    );
    let text = error.unwrap_err();
    assert!(
        text.contains("exceeds 100 times the compressed one: "),
        "{text}"
    );
    assert!(text.contains("--max-ratio sets the limit"), "{text}");
}

/// Zeros enough for a bomb; fewer where the code is not optimised.
const BOMB: u64 = if cfg!(debug_assertions) {
    8 << 20
} else {
    1 << 30
};

/// Runs [`a_bomb_alone`] in a process of its own, whose memory is measured.
#[test]
fn a_bomb_needs_neither_time_nor_memory() {
    let exe = std::env::current_exe().unwrap();
    let name = "streams::limits::a_bomb_alone";
    let child = Command::new(exe)
        .args([name, "--exact", "--ignored"])
        .output();
    let child = child.unwrap();
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(
        child.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by a_bomb_needs_neither_time_nor_memory"]
fn a_bomb_alone() {
    // A sixteenth at a time, so that making it takes little memory too.
    let part = vec![0; usize::try_from(BOMB / 16).unwrap()];
    let bombs = [
        (member(&part).repeat(16), Gzip),
        (frame(&part).repeat(16), Zstd),
    ];
    drop(part);
    reset_peak();
    let before = peak();
    for (blob, compression) in bombs {
        assert!(blob.len() as u64 <= BOMB / 900);
        let start = on_cpu();
        let decoded = decode(&blob[..], compression, &Budget::default()).unwrap();
        assert_eq!(run(decoded, 1 << 16), (BOMB, None));
        let spent = on_cpu() - start;
        assert!(spent < Duration::from_secs(2), "{spent:?}");
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
}

/// How long this thread was on a CPU: a busy machine does not count.
fn on_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = text.split_whitespace().next().unwrap();
    Duration::from_nanos(nanoseconds.parse().unwrap())
}

/// Makes the peak of this process what it uses now.
fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// The most memory this process had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() << 10
}

#[test]
fn a_zstd_bomb_past_a_gigabyte_has_a_ratio() {
    // One block of 128 KiB of one byte, four bytes each: written down, not compressed.
    let block = |is_last: u32| (is_last | 1 << 1 | (128 << 10) << 3).to_le_bytes();
    let blocks = 9 << 10;
    let mut blob = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    for number in 1..=blocks {
        blob.extend(&block(u32::from(number == blocks))[..3]);
        blob.push(b'x');
    }
    let limits = Limits {
        ratio_from: BOMB,
        ..Limits::default()
    };
    let decoded = decode(&blob[..], Zstd, &Budget::new(limits)).unwrap();
    let (count, reached) = run(decoded, 1 << 16);
    assert!(count <= BOMB && BOMB - count < 1 << 20, "{count}");
    assert!(
        matches!(reached, Some(Reached::Ratio { limit: 1000, .. })),
        "{reached:?}"
    );
}
