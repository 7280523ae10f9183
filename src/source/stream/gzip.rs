//! gzip: one member after another, up to the end of the blob.
//!
//! RFC 1952, as Go's `compress/gzip` reads it (`gunzip.go`: `readHeader`,
//! `readString`, `Read`), since container engines read layers with it:
//!
//! - members follow each other without a gap; anything else after a member,
//!   zeros included, is an error. GNU gzip passes over zeros in silence and over
//!   other bytes with a warning; pigz, which engines prefer where it is
//!   installed, passes over both in silence: such a blob loads on one machine
//!   and not on the next;
//! - reserved flags are not looked at (GNU gzip and pigz refuse them); FHCRC is
//!   checked; a name or a comment has at most 511 bytes;
//! - the trailer's checksum and length must be right.

use std::io::{self, BufRead};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::error::StreamError;
use super::input::Input;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;

/// The longest name or comment of a header, its NUL included.
const MAX_TEXT: usize = 512;

pub(super) struct Gzip {
    inflate: Decompress,
    crc: Crc,
    state: State,
    /// Where the first member that has not been read begins.
    member: u64,
}

enum State {
    Header,
    Body,
    Trailer,
    End,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Gzip {
            inflate: Decompress::new(false),
            crc: Crc::new(),
            state: State::Header,
            member: 0,
        }
    }

    /// Inflates into `output`, which is not empty; 0 at the end alone.
    pub(super) fn read<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        output: &mut [u8],
    ) -> io::Result<usize> {
        loop {
            match self.state {
                State::Header => {
                    let has_member = self.header(input)?;
                    self.state = if has_member { State::Body } else { State::End };
                }
                State::Body => {
                    let count = self.body(input, output)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                State::Trailer => {
                    self.trailer(input)?;
                    self.inflate.reset(false);
                    self.crc.reset();
                    self.member = input.offset();
                    self.state = State::Header;
                }
                State::End => return Ok(0),
            }
        }
    }

    /// Reads a member's header; `false` where the blob ends instead.
    fn header<R: BufRead>(&self, input: &mut Input<R>) -> io::Result<bool> {
        let mut fixed = [0; 10];
        let count = input.take(&mut fixed)?;
        if count == 0 && self.member > 0 {
            return Ok(false);
        }
        let magic = &[0x1f, 0x8b][..count.min(2)];
        if !fixed.starts_with(magic) {
            return Err(self.not_a_member(input)?.into());
        }
        if count < fixed.len() {
            return Err(truncated(input).into());
        }
        if fixed[2] != 8 {
            let what = format!("gzip member has compression method {}, wanted 8", fixed[2]);
            return Err(StreamError::malformed(self.member + 2, what).into());
        }
        let flags = fixed[3];
        let mut crc = Crc::new();
        crc.update(&fixed);
        if flags & FEXTRA != 0 {
            let length = u16::from_le_bytes(exactly(input, Some(&mut crc))?);
            for _ in 0..length {
                exactly::<1, R>(input, Some(&mut crc))?;
            }
        }
        for (flag, what) in [(FNAME, "name"), (FCOMMENT, "comment")] {
            if flags & flag != 0 {
                text(input, &mut crc, what)?;
            }
        }
        if flags & FHCRC != 0 {
            let offset = input.offset();
            let said = u16::from_le_bytes(exactly(input, None)?);
            let [low, high, ..] = crc.sum().to_le_bytes();
            let found = u16::from_le_bytes([low, high]);
            if found != said {
                let what =
                    format!("checksum mismatch: gzip header has {found:#06x}, it says {said:#06x}");
                return Err(StreamError::malformed(offset, what).into());
            }
        }
        Ok(true)
    }

    /// What is wrong with bytes where a member should begin. Reads on to the
    /// end to say how many they are.
    fn not_a_member<R: BufRead>(&self, input: &mut Input<R>) -> io::Result<StreamError> {
        if self.member == 0 {
            return Ok(StreamError::malformed(0, "not gzip data"));
        }
        input.skip(u64::MAX)?;
        let count = input.offset() - self.member;
        let what = format!("{count} bytes after the last gzip member");
        Ok(StreamError::malformed(self.member, what))
    }

    /// Inflates once; 0 where that brought nothing, which is not the end.
    fn body<R: BufRead>(&mut self, input: &mut Input<R>, output: &mut [u8]) -> io::Result<usize> {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let compressed = input.fill()?;
        let available = compressed.len();
        let result = self
            .inflate
            .decompress(compressed, output, FlushDecompress::None);
        // Neither passes the length of a slice.
        let consumed = usize::try_from(self.inflate.total_in() - read).unwrap_or(available);
        let produced = usize::try_from(self.inflate.total_out() - written).unwrap_or(output.len());
        input.consume(consumed);
        // Its reason depends on how the bytes came in pieces: left out.
        let damaged = || StreamError::malformed(input.offset(), "gzip data is damaged");
        let status = result.map_err(|_| damaged())?;
        self.crc.update(&output[..produced]);
        if status == Status::StreamEnd {
            self.state = State::Trailer;
        } else if produced == 0 && available == 0 {
            return Err(truncated(input).into());
        } else if produced == 0 && consumed == 0 {
            return Err(damaged().into());
        }
        Ok(produced)
    }

    /// Holds a member's trailer against what was inflated.
    fn trailer<R: BufRead>(&self, input: &mut Input<R>) -> io::Result<()> {
        let offset = input.offset();
        let crc = u32::from_le_bytes(exactly(input, None)?);
        let length = u32::from_le_bytes(exactly(input, None)?);
        let found = self.crc.sum();
        if found != crc {
            let what = format!(
                "checksum mismatch: gzip data has {found:#010x}, its trailer says {crc:#010x}"
            );
            return Err(StreamError::malformed(offset, what).into());
        }
        // The field is the length modulo 2^32.
        let inflated = self.inflate.total_out();
        if inflated & u64::from(u32::MAX) != u64::from(length) {
            let what = format!(
                "checksum mismatch: gzip data has {inflated} bytes, its trailer says {length}"
            );
            return Err(StreamError::malformed(offset + 4, what).into());
        }
        Ok(())
    }
}

fn truncated<R: BufRead>(input: &Input<R>) -> StreamError {
    StreamError::malformed(input.offset(), "gzip data is truncated")
}

/// The next `N` bytes, which `crc` takes in as well.
fn exactly<const N: usize, R: BufRead>(
    input: &mut Input<R>,
    crc: Option<&mut Crc>,
) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    if input.take(&mut bytes)? < N {
        return Err(truncated(input).into());
    }
    if let Some(crc) = crc {
        crc.update(&bytes);
    }
    Ok(bytes)
}

/// Passes over a text that ends in NUL.
fn text<R: BufRead>(input: &mut Input<R>, crc: &mut Crc, what: &str) -> io::Result<()> {
    let offset = input.offset();
    for _ in 0..MAX_TEXT {
        if exactly::<1, R>(input, Some(crc))? == [0] {
            return Ok(());
        }
    }
    let what = format!(
        "{what} in the gzip header is longer than {} bytes",
        MAX_TEXT - 1
    );
    Err(StreamError::malformed(offset, what).into())
}
