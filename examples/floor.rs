//! The least that a compressed layer costs: inflating it and hashing it at once,
//! each on its own core, and nothing done with what comes out.
//!
//! `floor [--ours] [--diff-id] FILE...`
//!
//! For each file on standard output: what it inflates to, in bytes, and the
//! blob's digest; then the seconds that all files together took. Several files
//! are spread over the cores, a thread for each with another that hashes.
//!
//! Without `--ours` it is the packages alone, each as it is quickest here:
//! zlib-rs through `flate2`, libzstd through `zstd`, `sha2`, each thread reading
//! the file for itself. With it, `source::stream`. `--diff-id` hashes what comes
//! out as well (with `--ours` alone).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use imgldd::source::stream::{Algorithm, Budget, Hashed, decode, detect};
use sha2::{Digest, Sha256};

/// Bytes that one read asks for, in and out. 64 KiB to 1 MiB were equally quick.
const BUFFER: usize = 256 << 10;

/// Bytes that came out, and the blob's SHA-256.
type Answer = io::Result<(u64, String)>;

fn main() -> io::Result<()> {
    let mut ours = false;
    let mut diff_id = false;
    let mut files = Vec::new();
    for arg in std::env::args_os().skip(1) {
        match arg.to_str() {
            Some("--ours") => ours = true,
            Some("--diff-id") => diff_id = true,
            _ => files.push(PathBuf::from(arg)),
        }
    }
    let start = Instant::now();
    let answers = each(&files, |file| {
        if ours {
            through_the_library(file, diff_id)
        } else {
            through_the_packages(file)
        }
    });
    let elapsed = start.elapsed();
    let mut out = io::stdout().lock();
    for (file, answer) in files.iter().zip(answers) {
        let (length, digest) = answer?;
        writeln!(out, "{length} sha256:{digest} {}", file.display())?;
    }
    writeln!(out, "{:.4} s", elapsed.as_secs_f64())
}

/// Runs `work` for each file, on as many threads as there are cores.
fn each(files: &[PathBuf], work: impl Fn(&Path) -> Answer + Sync) -> Vec<Answer> {
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let run = || {
        let mut done = Vec::new();
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(file) = files.get(number)
        {
            done.push((number, work(file)));
        }
        done
    };
    let mut answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (1..cores.min(files.len()))
            .map(|_| scope.spawn(run))
            .collect();
        let mut answers = run();
        for thread in threads {
            answers.extend(thread.join().expect("nothing here panics"));
        }
        answers
    });
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn through_the_packages(file: &Path) -> Answer {
    thread::scope(|scope| {
        let hash = scope.spawn(|| -> io::Result<String> {
            let mut state = Sha256::new();
            pass(File::open(file)?, |bytes| state.update(bytes))?;
            let hash = state.finalize();
            Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
        });
        let mut input = BufReader::with_capacity(BUFFER, File::open(file)?);
        let length = match input.fill_buf()? {
            [0x1f, 0x8b, ..] => pass(flate2::bufread::MultiGzDecoder::new(input), |_| ()),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => pass(zstd::Decoder::with_buffer(input)?, |_| ()),
            _ => pass(input, |_| ()),
        }?;
        Ok((length, hash.join().expect("nothing here panics")?))
    })
}

fn through_the_library(file: &Path, diff_id: bool) -> Answer {
    let mut hashed = Hashed::new(File::open(file)?, Algorithm::Sha256);
    let compression = detect(&mut hashed)?;
    let mut decoded = decode(hashed, compression, &Budget::default())?;
    if diff_id {
        let mut outer = Hashed::new(decoded, Algorithm::Sha256);
        pass(&mut outer, |_| ())?;
        (decoded, _, _) = outer.finish_inner()?;
    } else {
        pass(&mut decoded, |_| ())?;
    }
    let length = decoded.uncompressed();
    let (digest, _) = decoded.into_inner().finish()?;
    Ok((length, digest.hex()))
}

/// Reads to the end and says how many bytes there were.
fn pass(mut input: impl Read, mut see: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut length = 0;
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            return Ok(length);
        }
        see(&buffer[..count]);
        length += count as u64;
    }
}
