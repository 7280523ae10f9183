//! An archive that is read once, from front to back: standard input, or one that
//! is compressed as a whole.
//!
//! What it is shows at its end, where real archives have their manifest. So every
//! entry is taken for two things at once: an entry of a layer, as in a rootfs
//! tarball, and a member of an image, where its name allows that.

use std::collections::HashMap;
use std::io::Read;

use memchr::memmem;

use super::Options;
use super::allowance::Allowance;
use super::buffer::Buffer;
use super::contents::{Contents, Origin};
use super::error::ImageError;
use super::json::MAX_JSON;
use super::parts::{Parts, follow, inside, link_target, refuse_second};
use super::reference::Form;
use super::scan::{Scanned, scan_member};
use super::walk::{Intake, io_error};
use crate::source::probe::HEAD;
use crate::source::stream::{Compression, foreign};
use crate::source::tar::{Entry, EntryKind, Input, Reader, StreamInput};

/// The most bytes of all documents.
const MAX_DOCUMENTS: u64 = 64 << 20;

/// What an archive that went by turned out to have.
pub(super) struct Passed {
    members: HashMap<Vec<u8>, Member>,
    /// The archive as one layer.
    pub(super) as_layer: Scanned,
}

enum Member {
    Document(Vec<u8>),
    Layer(Box<Result<Scanned, ImageError>>),
    Link(Vec<u8>),
    Taken,
}

impl Parts for Passed {
    fn has(&self, name: &[u8]) -> bool {
        matches!(self.find(name), Ok(Some(_)))
    }

    fn document(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
        Ok(match self.find(name)? {
            Some((_, Member::Document(text))) => Some(text.clone()),
            _ => None,
        })
    }
}

impl Passed {
    fn find(&self, name: &[u8]) -> Result<Option<(Vec<u8>, &Member)>, ImageError> {
        follow(&self.members, name, |member| match member {
            Member::Link(target) => Some(target),
            _ => None,
        })
    }

    /// The name under which a member really stands.
    pub(super) fn canonical(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
        Ok(self.find(name)?.map(|(name, _)| name))
    }

    /// A layer that went by.
    pub(super) fn take_layer(&mut self, name: &[u8]) -> Result<Scanned, ImageError> {
        match self.members.insert(name.to_vec(), Member::Taken) {
            Some(Member::Layer(scanned)) => *scanned,
            // Nothing in it looks like a tar archive: an empty one has only zeros.
            Some(Member::Document(_)) => Err(ImageError::malformed(name, "not a layer but JSON")),
            _ => Err(ImageError::malformed(name, "blob missing")),
        }
    }
}

/// Reads an archive to its end.
pub(super) fn pass<R: Read>(
    stream: R,
    origin: Origin,
    form: Form,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<(Passed, R), ImageError> {
    let mut reader = Reader::new(StreamInput::buffered(stream), options.tar_limits());
    let mut passing = Passing {
        members: HashMap::new(),
        intake: Intake::keeping(Contents::new(origin, allowance), options.probe, allowance),
        allowance,
        options,
        documents: 0,
        is_layer: form == Form::Layer,
    };
    let mut entry = Entry::default();
    while reader.next_into(&mut entry)? {
        passing.entry(&mut reader, &entry)?;
    }
    passing.intake.finish(&mut reader);
    let mut rest = reader.into_input().into_inner();
    let read = passing.intake.after_the_end(&mut rest);
    read.map_err(|error| io_error(b"", &error))?;
    let stream = rest.into_inner();
    let Passing {
        members, intake, ..
    } = passing;
    let as_layer = Scanned::new(intake);
    Ok((Passed { members, as_layer }, stream))
}

struct Passing<'a> {
    members: HashMap<Vec<u8>, Member>,
    intake: Intake<'a>,
    allowance: &'a Allowance,
    options: &'a Options<'a>,
    documents: u64,
    /// It is a layer, whatever its names look like.
    is_layer: bool,
}

impl Passing<'_> {
    fn entry<I: Input>(&mut self, reader: &mut Reader<I>, entry: &Entry) -> Result<(), ImageError> {
        let file = self.intake.take(entry)?;
        let name = inside(&entry.name)
            .ok()
            .filter(|name| !self.is_layer && (may_be_member(name) || may_be_plain(name)));
        let Some(name) = name else {
            return match file {
                Some(file) => self.intake.look(reader, entry, file),
                None => Ok(()),
            };
        };
        refuse_second(&name, self.members.contains_key(&name))?;
        let member = match entry.kind {
            EntryKind::Symlink | EntryKind::HardLink => Member::Link(link_target(entry)),
            EntryKind::File => match self.file(reader, entry, &name, file)? {
                Some(member) => member,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.members.insert(name, member);
        Ok(())
    }

    /// A file of the image: a document, or a layer.
    fn file<I: Input>(
        &mut self,
        reader: &mut Reader<I>,
        entry: &Entry,
        name: &[u8],
        number: Option<u32>,
    ) -> Result<Option<Member>, ImageError> {
        let mut start = Buffer::default();
        start.fill(reader, HEAD as u64)?;
        let head = start.bytes();
        let is_program = head.starts_with(b"\x7fELF") || head.starts_with(b"#!");
        if let Some(number) = number.filter(|_| is_program) {
            self.intake.look_after(reader, entry, number, head)?;
            return Ok(None);
        }
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_tar = looks_like_tar(head, entry.size);
        let is_packed = Compression::sniff(head) != Compression::None || foreign(head).is_some();
        // A configuration is known by what every one begins with.
        let is_config = first == Some(&b'{') && memmem::find(head, b"\"architecture\"").is_some();
        if !may_be_member(name) && !is_tar && !is_packed && !is_config {
            if let Some(number) = number {
                self.intake.look_after(reader, entry, number, head)?;
            }
            return Ok(None);
        }
        if is_tar || !matches!(first, Some(b'{' | b'[')) {
            let scanned = scan_member(
                reader,
                start.into_bytes(),
                name,
                self.allowance,
                self.options,
            );
            return Ok(Some(Member::Layer(Box::new(scanned))));
        }
        self.documents = self.documents.saturating_add(entry.size);
        if entry.size > MAX_JSON || self.documents > MAX_DOCUMENTS {
            // It may be any file of a rootfs.
            return Ok(None);
        }
        start.fill(reader, entry.size)?;
        Ok(Some(Member::Document(start.into_bytes())))
    }
}

/// Whether a file of `size` bytes begins as a tar archive does: with the magic of POSIX
/// and GNU, with the checksum of a header that has none (V7), or with the zeros of an
/// empty one, which is no larger than a record of a tape.
fn looks_like_tar(head: &[u8], size: u64) -> bool {
    const BLOCK: usize = 512;
    const RECORD: u64 = 1 << 20;
    const MAGIC: std::ops::Range<usize> = 257..262;
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let Some(block) = head.get(..BLOCK) else {
        return false;
    };
    let is_empty = size > BLOCK as u64 && size <= RECORD && head.iter().all(|&b| b == 0);
    if block.get(MAGIC) == Some(b"ustar") || is_empty {
        return true;
    }
    let field = block[CHECKSUM]
        .split(|&b| b == 0)
        .next()
        .unwrap_or_default();
    let Ok(Ok(wanted)) =
        std::str::from_utf8(field.trim_ascii()).map(|text| u32::from_str_radix(text, 8))
    else {
        return false;
    };
    let sum: u32 = (0..)
        .zip(block)
        .map(|(at, &byte)| match CHECKSUM.contains(&at) {
            true => u32::from(b' '),
            false => u32::from(byte),
        })
        .sum();
    block[0] != 0 && sum == wanted
}

/// Whether `name` is that of a directory that every root filesystem has.
pub(super) fn is_of_rootfs(name: &[u8]) -> bool {
    const ALL: [&[u8]; 20] = [
        b"bin", b"boot", b"dev", b"etc", b"home", b"lib", b"lib32", b"lib64", b"media", b"mnt",
        b"opt", b"proc", b"root", b"run", b"sbin", b"srv", b"sys", b"tmp", b"usr", b"var",
    ];
    ALL.contains(&name)
}

/// Whether a member could be a layer by its content alone: some tools give layers
/// plain names. A rootfs has archives too, below the directories that every one has.
fn may_be_plain(name: &[u8]) -> bool {
    let first = name.split(|&b| b == b'/').next().unwrap_or_default();
    let is_near_root = memchr::memchr_iter(b'/', name).count() < 2;
    is_near_root || !is_of_rootfs(first)
}

/// Whether a name is that of an archive.
pub(super) fn is_packed(name: &[u8]) -> bool {
    const ENDS: [&[u8]; 4] = [b".tar", b".tar.gz", b".tgz", b".tar.zst"];
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a name could be that of an image's member, and not only that of a file
/// in a rootfs: engines name members after digests, but for a few fixed ones.
pub(super) fn may_be_member(name: &[u8]) -> bool {
    const FIXED: [&[u8]; 4] = [
        b"manifest.json",
        b"index.json",
        b"oci-layout",
        b"repositories",
    ];
    /// Hexadecimal digits of a sha256.
    const DIGITS: usize = 64;
    let is_fixed = FIXED.contains(&name) || name.ends_with(b".json");
    let is_packed = is_packed(name);
    let may_have_digest = name.len() >= DIGITS;
    if !is_fixed && !is_packed && !may_have_digest {
        return false;
    }
    // Most names of a rootfs lead deeper.
    let slashes = memchr::memchr_iter(b'/', name).take(3).count();
    match slashes {
        0 if is_fixed || is_packed => return true,
        1 if is_packed => return true,
        3.. => return false,
        _ => {}
    }
    let is_digest = |component: &[u8]| {
        let digits = component.iter().take_while(|byte| byte.is_ascii_hexdigit());
        digits.count() >= DIGITS
    };
    let by_digest = |component: &[u8]| {
        let colon = memchr::memchr(b':', component);
        is_digest(component) || colon.is_some_and(|at| is_digest(&component[at + 1..]))
    };
    may_have_digest && name.split(|&b| b == b'/').any(by_digest)
}
