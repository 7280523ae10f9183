//! Lists the entries of archives, one JSON line for each, for comparison with
//! other readers: `tar_list [--range] FILE...`, or `tar_list --packed FILE`.
//!
//! A packed file has many archives in it, each behind its length: eight bytes,
//! little-endian. Before the entries of an archive comes `{"archive":N}`, and
//! after them `{"error":…}` where it was refused. A file of which more than
//! [`MOST`] bytes could be read is listed by its first ones. `--range` reads
//! each archive by ranges; otherwise as a stream.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};

use imgldd::source::tar::{
    Entry, EntryKind, Input, Limits, RangeInput, Reader, SparseFormat, StreamInput, TarError,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// How much is read of one file: holes can claim any size.
const MOST: u64 = 256 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = Vec::new();
    let (mut by_range, mut packed) = (false, false);
    for arg in std::env::args_os().skip(1) {
        match arg.to_str() {
            Some("--range") => by_range = true,
            Some("--packed") => packed = true,
            _ => paths.push(arg),
        }
    }
    let mut out = BufWriter::new(io::stdout());
    let mut number = 0;
    for path in paths {
        let mut bytes = Vec::new();
        File::open(path)?.read_to_end(&mut bytes)?;
        let mut archives = vec![&bytes[..]];
        if packed {
            archives = unpack(&bytes).ok_or("the packed file ends within an archive")?;
        }
        for archive in archives {
            writeln!(out, "{}", json!({ "archive": number }))?;
            number += 1;
            let archive = archive.to_vec();
            if by_range {
                list(RangeInput::new(&archive), &mut out)?;
            } else {
                list(StreamInput::new(&archive[..]), &mut out)?;
            }
        }
    }
    Ok(out.flush()?)
}

fn unpack(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut archives = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (archive, rest) = rest.split_at_checked(length)?;
        archives.push(archive);
        bytes = rest;
    }
    Some(archives)
}

fn list<I: Input>(input: I, out: &mut impl Write) -> io::Result<()> {
    let mut reader = Reader::new(input, Limits::default());
    loop {
        match next(&mut reader) {
            Ok(Some(line)) => writeln!(out, "{line}")?,
            Ok(None) => return Ok(()),
            Err(error) => {
                let is_limit = matches!(error, TarError::Limit { .. });
                let line = json!({ "error": error.to_string(), "limit": is_limit });
                return writeln!(out, "{line}");
            }
        }
    }
}

fn next<I: Input>(reader: &mut Reader<I>) -> Result<Option<serde_json::Value>, TarError> {
    let Some(entry) = reader.next_entry()? else {
        return Ok(None);
    };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut left = MOST;
    while left > 0 {
        let step = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        match reader.read(&mut buffer[..step])? {
            0 => break,
            count => {
                hash.update(&buffer[..count]);
                left -= count as u64;
            }
        }
    }
    Ok(Some(json!({
        "name": hex(&entry.name),
        "link": hex(&entry.link),
        "type": flag(&entry),
        "size": entry.size,
        "mode": entry.mode,
        "uid": entry.uid.cast_signed(),
        "gid": entry.gid.cast_signed(),
        "capability": hex(entry.capability.as_deref().unwrap_or_default()),
        "read": MOST - left,
        "sha256": hex(&hash.finalize()),
    })))
}

/// The type byte that Go gives an entry.
fn flag(entry: &Entry) -> u8 {
    match entry.kind {
        EntryKind::File if entry.sparse == Some(SparseFormat::OldGnu) => b'S',
        EntryKind::File => b'0',
        EntryKind::HardLink => b'1',
        EntryKind::Symlink => b'2',
        EntryKind::Character => b'3',
        EntryKind::Block => b'4',
        EntryKind::Directory => b'5',
        EntryKind::Fifo => b'6',
        EntryKind::Other(flag) => flag,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
