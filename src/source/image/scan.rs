//! Scanning one layer, wherever its bytes are.

use std::io::{self, Cursor, Read};

use super::Options;
use memchr::memmem;

use super::allowance::Allowance;
use super::contents::{Contents, Origin};
use super::error::ImageError;
use super::parts::Bytes;
use super::walk::{Intake, Sequential, Told, inflate, io_error};
use crate::rootfs::layers::Layer;
use crate::source::stream::{Ahead, Algorithm, Compression, Digest, Digested, Hashed, foreign};
use crate::source::tar::{Input, RangeInput, Reader, StreamInput};

/// A layer whose names are known.
pub(super) struct Scanned {
    pub(super) layer: Layer,
    pub(super) contents: Contents,
    /// The digest and length of its bytes as they are stored, where they were
    /// read to the end.
    pub(super) stored: Option<(Digest, u64)>,
    /// The digest of its uncompressed archive, where that was asked for.
    pub(super) diff_id: Option<Digest>,
    /// Its stored bytes are compressed.
    pub(super) is_packed: bool,
}

impl Scanned {
    pub(super) fn new(intake: Intake<'_>) -> Scanned {
        Scanned {
            layer: intake.layer,
            contents: intake.contents,
            stored: None,
            diff_id: None,
            is_packed: false,
        }
    }
}

/// Scans a layer whose bytes can be gone back to. A raw one is walked from header
/// to header, unless all of it is to be verified.
pub(super) fn scan_bytes(
    bytes: &Bytes,
    part: &[u8],
    algorithm: Algorithm,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Scanned, ImageError> {
    let failed = |error: &io::Error| io_error(part, error);
    let mut magic = [0; 512];
    let filled = bytes
        .read_at(0, &mut magic)
        .map_err(|error| failed(&error))?;
    let compression = Compression::sniff(&magic[..filled]);
    if compression == Compression::None {
        if let Some(name) = foreign(&magic[..filled]) {
            let message = format!("compressed with {name}; gzip and zstd are read");
            return Err(ImageError::malformed(part, message));
        }
        let mut scanned =
            scan_raw(bytes, allowance, options).map_err(|error| error.within(part))?;
        if options.verify {
            let blob = Told::new(Sequential::new(bytes.clone()), options.progress);
            let hashed = Hashed::new(blob, algorithm);
            scanned.stored = Some(hashed.finish().map_err(|error| failed(&error))?);
            scanned.diff_id = scanned.stored.map(|(digest, _)| digest);
        }
        return Ok(scanned);
    }
    let blob = Sequential::new(bytes.clone());
    let origin = Origin::Packed(bytes.clone());
    let scanned = if compression == Compression::Zstd {
        let blob = Ahead::new(&blob, bytes.size(), algorithm);
        let blob = Told::new(blob, options.progress);
        scan_stream(blob, origin, allowance, options)
    } else {
        // gzip inflates so slowly that reading ahead gains nothing.
        let blob = Hashed::new(Told::new(blob, options.progress), algorithm);
        scan_stream(blob, origin, allowance, options)
    };
    scanned.map_err(|error| error.within(part))
}

/// A raw layer that can be sought in.
pub(super) fn scan_raw(
    bytes: &Bytes,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Scanned, ImageError> {
    let mut intake = Intake::new(Contents::new(Origin::Raw(bytes.clone()), allowance));
    let mut reader = Reader::new(RangeInput::new(&**bytes), options.tar_limits());
    intake.take_all(&mut reader)?;
    intake
        .after_the_end_at(bytes, reader.offset())
        .map_err(|error| io_error(b"", &error))?;
    Ok(Scanned::new(intake))
}

/// A layer that streams past, hashed as it does.
fn scan_stream(
    mut stored: impl Digested,
    origin: Origin,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Scanned, ImageError> {
    let failed = |error: io::Error| io_error(b"", &error);
    let head = stored.fill_buf().map_err(failed)?;
    let is_packed = Compression::sniff(head) != Compression::None;
    let stream = inflate(stored, &allowance.budget).map_err(failed)?;
    let mut intake = Intake::keeping(Contents::new(origin, allowance), options.probe, allowance);
    let (stream, diff_id) = if options.verify && is_packed {
        let hashed = Hashed::new(stream, Algorithm::Sha256);
        let hashed = take_in(&mut intake, hashed, options)?;
        let (stream, digest, _) = hashed.finish_inner().map_err(failed)?;
        (stream, Some(digest))
    } else {
        (take_in(&mut intake, stream, options)?, None)
    };
    let (_, mut decoded) = stream.into_inner();
    // Checksums and whatever does not belong there come last.
    decoded.drain().map_err(failed)?;
    let stored = decoded.into_inner().finish().map_err(failed)?;
    Ok(Scanned {
        stored: Some(stored),
        // What is stored raw is its own uncompressed archive.
        diff_id: diff_id.or((!is_packed).then_some(stored.0)),
        is_packed,
        ..Scanned::new(intake)
    })
}

/// Takes in what `stream` has up to its very end, and gives it back.
fn take_in<R: Read>(
    intake: &mut Intake<'_>,
    stream: R,
    options: &Options<'_>,
) -> Result<R, ImageError> {
    let mut reader = Reader::new(StreamInput::buffered(stream), options.tar_limits());
    intake.take_all(&mut reader)?;
    let mut rest = reader.into_input().into_inner();
    intake
        .after_the_end(&mut rest)
        .map_err(|error| io_error(b"", &error))?;
    Ok(rest.into_inner())
}

/// Scans the layer that is the current member of an archive; `head` was read of
/// it already.
pub(super) fn scan_member<I: Input>(
    archive: &mut Reader<I>,
    head: Vec<u8>,
    part: &[u8],
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Scanned, ImageError> {
    if let Some(name) = foreign(&head) {
        let message = format!("compressed with {name}; gzip and zstd are read");
        return Err(ImageError::malformed(part, message));
    }
    let member = Cursor::new(head).chain(Member { archive });
    let algorithm = match memmem::find(part, b"sha512/") {
        Some(_) => Algorithm::Sha512,
        None => Algorithm::Sha256,
    };
    let stored = Hashed::new(member, algorithm);
    let scanned = scan_stream(stored, Origin::Passed, allowance, options);
    scanned.map_err(|error| error.within(part))
}

/// The bytes of an archive's current member.
struct Member<'a, I> {
    archive: &'a mut Reader<I>,
}

impl<I: Input> Read for Member<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.archive.read(buffer).map_err(io::Error::other)
    }
}
