//! One header block.
//!
//! Follows `reader.go` (`readHeader`) and `format.go` (`getFormat`,
//! `computeChecksum`).

use std::ops::Range;

use super::error::Malformed;
use super::number::{c_string, numeric, octal};
use super::{BLOCK, Block};

const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const MTIME: Range<usize> = 136..148;
const CHECKSUM: Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..263;
const VERSION: Range<usize> = 263..265;
const DEV_MAJOR: Range<usize> = 329..337;
const DEV_MINOR: Range<usize> = 337..345;
const USTAR_PREFIX: Range<usize> = 345..500;
const STAR_PREFIX: Range<usize> = 345..476;
const STAR_ATIME: Range<usize> = 476..488;
const STAR_CTIME: Range<usize> = 488..500;
const STAR_TRAILER: Range<usize> = 508..512;
const GNU_ATIME: Range<usize> = 345..357;
const GNU_CTIME: Range<usize> = 357..369;
/// Four extents and the flag for more; the old GNU format alone.
pub(super) const GNU_SPARSE: Range<usize> = 386..483;
/// The size with holes; the old GNU format alone.
pub(super) const GNU_REAL_SIZE: Range<usize> = 483..495;

/// Which tradition a header follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// The oldest: nothing after the link's target counts.
    V7,
    /// POSIX, with or without extended headers.
    Ustar,
    /// Jörg Schilling's, with a shorter prefix.
    Star,
    /// Old GNU.
    Gnu,
}

/// What a header says, by itself, but for its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) flag: u8,
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) size: i64,
    /// Major and minor number; zeros in the oldest format, which has none.
    pub(super) device: [i64; 2],
    pub(super) format: Format,
}

/// What is wrong with a header, and at which of its bytes.
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: Malformed,
}

impl Header {
    /// Reads a block that is not all zeros.
    ///
    /// Fields that are not kept (times) have to be numbers nevertheless: Go refuses the header otherwise.
    pub(super) fn read(block: &Block) -> Result<Self, Fault> {
        let format = format_of(block)?;
        let number = |name, range: Range<usize>| field(block, name, range);
        let mut header = Header {
            flag: block[TYPE],
            size: number("size", SIZE)?,
            mode: number("mode", MODE)?,
            uid: number("uid", UID)?,
            gid: number("gid", GID)?,
            device: [0; 2],
            format,
        };
        number("mtime", MTIME)?;
        if format != Format::V7 {
            header.device = [
                number("devmajor", DEV_MAJOR)?,
                number("devminor", DEV_MINOR)?,
            ];
        }
        if format == Format::Star {
            number("atime", STAR_ATIME)?;
            number("ctime", STAR_CTIME)?;
        }
        Ok(header)
    }

    /// Makes `name` what the header's own block calls the file, prefix and all.
    pub(super) fn name(&self, block: &Block, name: &mut Vec<u8>) {
        let prefix = match self.format {
            Format::V7 => &[],
            Format::Ustar => c_string(&block[USTAR_PREFIX]),
            Format::Star => c_string(&block[STAR_PREFIX]),
            Format::Gnu => gnu_prefix(block),
        };
        name.clear();
        if !prefix.is_empty() {
            name.extend_from_slice(prefix);
            name.push(b'/');
        }
        name.extend_from_slice(c_string(&block[NAME]));
    }
}

/// Where the header of a link says that it leads.
pub(super) fn link(block: &Block) -> &[u8] {
    c_string(&block[LINK])
}

/// Verifies the checksum and tells the format by the magic.
///
/// The checksum is the sum of all bytes, itself taken as spaces; as Sun's tar
/// did, of signed bytes is fine too.
fn format_of(block: &Block) -> Result<Format, Fault> {
    let own: u64 = block[CHECKSUM].iter().map(|&byte| u64::from(byte)).sum();
    let unsigned = sum(block, |bytes| bytes) - own + CHECKSUM.len() as u64 * u64::from(b' ');
    let signed = || {
        // A byte with its highest bit is 256 less where it has a sign.
        let own = block[CHECKSUM].iter().filter(|&&byte| byte >= 0x80).count();
        let high = sum(block, |bytes| bytes >> 7 & 0x0101_0101_0101_0101) - own as u64;
        unsigned.cast_signed() - 256 * high.cast_signed()
    };
    let stored = octal(&block[CHECKSUM]);
    let is_right = |stored| stored == unsigned || i64::try_from(stored) == Ok(signed());
    if !stored.is_some_and(is_right) {
        return Err(Fault {
            at: CHECKSUM.start,
            what: Malformed::Checksum {
                stored: block[CHECKSUM].to_vec(),
                sum: unsigned,
            },
        });
    }
    Ok(match (&block[MAGIC], &block[VERSION]) {
        (b"ustar\0", _) if block[STAR_TRAILER] == *b"tar\0" => Format::Star,
        (b"ustar\0", _) => Format::Ustar,
        (b"ustar ", b" \0") => Format::Gnu,
        _ => Format::V7,
    })
}

/// What the bytes of a block add up to, eight of them at a time once `value` has
/// been taken of each.
fn sum(block: &Block, value: impl Fn(u64) -> u64) -> u64 {
    /// Every other byte of eight.
    const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, _) = block.as_chunks::<8>();
    // Four sums of 16 bits each: 64 times two bytes is less than 2^16.
    let sums: u64 = words
        .iter()
        .map(|&word| value(u64::from_le_bytes(word)))
        .map(|bytes| (bytes & EVEN) + (bytes >> 8 & EVEN))
        .sum();
    let [a, b, c, d, e, f, g, h] = sums.to_le_bytes();
    [[a, b], [c, d], [e, f], [g, h]]
        .map(|sum| u64::from(u16::from_le_bytes(sum)))
        .iter()
        .sum()
}

/// A number in a field of the header.
#[inline]
pub(super) fn field(block: &Block, name: &'static str, range: Range<usize>) -> Result<i64, Fault> {
    numeric(&block[range.clone()]).ok_or_else(|| bad_field(block, name, range))
}

/// That a field is not what it must be.
pub(super) fn bad_field(block: &Block, name: &'static str, range: Range<usize>) -> Fault {
    Fault {
        at: range.start,
        what: Malformed::Field {
            name,
            bytes: block[range].to_vec(),
        },
    }
}

/// That the header's own size is negative.
pub(super) fn bad_size(block: &Block) -> Fault {
    bad_field(block, "size", SIZE)
}

/// The old GNU format has times where others have the prefix, but Go before
/// 1.8 wrote a prefix there. It is taken for one where the times are no
/// numbers and all of it is ASCII (golang.org/issue/12594).
fn gnu_prefix(block: &Block) -> &[u8] {
    let is_time = |range: Range<usize>| block[range.start] == 0 || numeric(&block[range]).is_some();
    if is_time(GNU_ATIME) && is_time(GNU_CTIME) {
        return &[];
    }
    let prefix = c_string(&block[USTAR_PREFIX]);
    if prefix.is_ascii() { prefix } else { &[] }
}

/// Whether a block has nothing but zeros.
pub(super) fn is_zero(block: &Block) -> bool {
    block[0] == 0 && *block == [0; BLOCK]
}
