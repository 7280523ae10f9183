//! zstd: frames one after another, up to the end of the blob.
//!
//! RFC 8878 §3.1. A layer may be one frame or, in zstd:chunked ones, tens of
//! thousands, with skippable frames among them that hold tables for those who
//! fetch parts. libzstd decodes; the headers are read here first, so that a
//! window that is too large is refused with its size and before any memory is
//! asked for.

use std::io::{self, BufRead};

use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{self, DCtx, DParameter, InBuffer, OutBuffer};

use super::error::{Reached, StreamError};
use super::input::Input;
use super::zstd_frame::{Data, Frame, MAX_HEADER, Parsed, SKIPPABLE_HEADER, parse};

pub(super) struct Zstd {
    context: DCtx<'static>,
    window_log: u32,
    state: State,
    /// Where the current frame begins, or the next one.
    frame: u64,
}

enum State {
    Header,
    Body {
        /// What the header said of it.
        data: Data,
        /// Bytes that have come of it.
        produced: u64,
        /// Bytes of the header that the decoder has not seen, and how many.
        head: [u8; MAX_HEADER],
        held: usize,
    },
    End,
}

impl Zstd {
    /// `window_log`: the largest window, as a power of two.
    pub(super) fn new(window_log: u32) -> io::Result<Self> {
        // What libzstd takes on every machine.
        let window_log = window_log.clamp(10, 30);
        let mut context = DCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
        context
            .set_parameter(DParameter::WindowLogMax(window_log))
            .map_err(|code| io::Error::other(zstd_safe::get_error_name(code)))?;
        Ok(Zstd {
            context,
            window_log,
            state: State::Header,
            frame: 0,
        })
    }

    /// Decodes into `output`, which is not empty; 0 at the end alone.
    pub(super) fn read<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        output: &mut [u8],
    ) -> io::Result<usize> {
        loop {
            match self.state {
                State::Header => self.state = self.header(input)?,
                State::Body { .. } => {
                    let count = self.body(input, output)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                State::End => return Ok(0),
            }
        }
    }

    /// Reads a frame's header, or passes over a skippable frame.
    fn header<R: BufRead>(&mut self, input: &mut Input<R>) -> io::Result<State> {
        self.frame = input.offset();
        // Mostly the header is in the buffer and stays there for the decoder,
        // which is quicker with frames that it sees whole.
        let mut head = [0; MAX_HEADER];
        let mut held = 0;
        let mut parsed = parse(input.fill()?);
        if parsed == Parsed::Short {
            while parsed == Parsed::Short {
                match (input.byte()?, head.get_mut(held)) {
                    (Some(byte), Some(place)) => *place = byte,
                    (None, _) if held == 0 && self.frame > 0 => return Ok(State::End),
                    _ => return Err(truncated(input).into()),
                }
                held += 1;
                parsed = parse(&head[..held]);
            }
        }
        match parsed {
            Parsed::Frame(Frame::Data(data)) => {
                self.check(data)?;
                Ok(State::Body {
                    data,
                    produced: 0,
                    head,
                    held,
                })
            }
            Parsed::Frame(Frame::Skippable { length }) => {
                let rest = (SKIPPABLE_HEADER - held) as u64 + u64::from(length);
                if input.skip(rest)? < rest {
                    return Err(truncated(input).into());
                }
                Ok(State::Header)
            }
            Parsed::NotAFrame if self.frame == 0 => {
                Err(StreamError::malformed(0, "not zstd data").into())
            }
            Parsed::NotAFrame => {
                input.skip(u64::MAX)?;
                let count = input.offset() - self.frame;
                let what = format!("{count} bytes after the last zstd frame");
                Err(StreamError::malformed(self.frame, what).into())
            }
            Parsed::Reserved | Parsed::Short => {
                let what = "zstd frame sets a reserved bit";
                Err(StreamError::malformed(self.frame + 4, what).into())
            }
        }
    }

    /// Whether a frame of this header can be decoded here.
    fn check(&self, data: Data) -> Result<(), StreamError> {
        let limit = 1 << self.window_log;
        if data.window > limit {
            return Err(StreamError::Limit {
                offset: self.frame,
                what: Reached::Window {
                    needed: data.window,
                    limit,
                },
            });
        }
        if data.dictionary != 0 {
            let what = format!("zstd frame needs dictionary {}", data.dictionary);
            return Err(StreamError::malformed(self.frame, what));
        }
        Ok(())
    }

    /// Decodes once; 0 where that brought nothing, which is not the end.
    fn body<R: BufRead>(&mut self, input: &mut Input<R>, output: &mut [u8]) -> io::Result<usize> {
        let State::Body {
            data,
            produced,
            head,
            held,
        } = &mut self.state
        else {
            return Ok(0);
        };
        let mut out = OutBuffer::around(output);
        let (hint, is_stuck) = if *held > 0 {
            let mut bytes = InBuffer::around(&head[..*held]);
            let hint = self.context.decompress_stream(&mut out, &mut bytes);
            let taken = bytes.pos();
            head.copy_within(taken.., 0);
            *held -= taken;
            (hint, taken == 0)
        } else {
            let compressed = input.fill()?;
            let is_end = compressed.is_empty();
            let mut bytes = InBuffer::around(compressed);
            let hint = self.context.decompress_stream(&mut out, &mut bytes);
            let taken = bytes.pos();
            input.consume(taken);
            if is_end && out.pos() == 0 && hint.is_ok_and(|hint| hint > 0) {
                return Err(truncated(input).into());
            }
            (hint, taken == 0)
        };
        let hint = hint.map_err(|code| damaged(self.frame, code))?;
        let count = out.pos();
        *produced += count as u64;
        if hint == 0 {
            let (found, said) = (*produced, data.content);
            if said.is_some_and(|said| said != found) {
                let said = said.unwrap_or_default();
                let what = format!("zstd frame has {found} bytes, its header says {said}");
                return Err(StreamError::malformed(self.frame, what).into());
            }
            self.state = State::Header;
        } else if is_stuck && count == 0 {
            let what = "zstd data is damaged";
            return Err(StreamError::malformed(self.frame, what).into());
        }
        Ok(count)
    }
}

fn truncated<R: BufRead>(input: &Input<R>) -> StreamError {
    StreamError::malformed(input.offset(), "zstd data is truncated")
}

/// What libzstd's error code says of a frame. Where in it the damage is, it does
/// not say, and its reason depends on how the bytes came in pieces: left out.
fn damaged(frame: u64, code: usize) -> io::Error {
    // Its results are error codes negated.
    let is = |error: ZSTD_ErrorCode| code.wrapping_neg() == error as usize;
    if is(ZSTD_ErrorCode::ZSTD_error_memory_allocation) {
        return io::ErrorKind::OutOfMemory.into();
    }
    let what = if is(ZSTD_ErrorCode::ZSTD_error_checksum_wrong) {
        "checksum mismatch: zstd frame is not what was compressed"
    } else {
        "zstd data is damaged"
    };
    StreamError::malformed(frame, what).into()
}
