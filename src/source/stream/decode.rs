//! What comes out of a blob, whatever it was compressed with.

use std::io::{self, BufRead, Read};

use super::compression::Compression;
use super::error::{Reached, StreamError, stream_error};
use super::gzip::Gzip;
use super::input::Input;
use super::limit::Budget;
use super::zstd::Zstd;

/// The most bytes that one read brings, so that a limit stops soon after it.
const STEP: usize = 256 << 10;

/// Uncompressed bytes of a blob, counted against the limits.
///
/// A [`StreamError`] ends it: whoever reads on gets the same one again. Large
/// buffers (64 KiB and more) are quickest, since what is inflated goes straight
/// into them.
pub struct Decoded<R> {
    input: Input<R>,
    engine: Engine,
    budget: Budget,
    produced: u64,
    failed: Option<StreamError>,
}

enum Engine {
    None,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

/// Decodes `input` up to its very end: all gzip members, all zstd frames.
///
/// # Errors
/// libzstd has no memory.
pub fn decode<R: BufRead>(
    input: R,
    compression: Compression,
    budget: &Budget,
) -> io::Result<Decoded<R>> {
    let engine = match compression {
        Compression::None => Engine::None,
        Compression::Gzip => Engine::Gzip(Box::new(Gzip::new())),
        Compression::Zstd => Engine::Zstd(Box::new(Zstd::new(budget.limits().window_log)?)),
    };
    Ok(Decoded {
        input: Input::new(input),
        engine,
        budget: budget.clone(),
        produced: 0,
        failed: None,
    })
}

impl<R: BufRead> Decoded<R> {
    /// Compressed bytes that were used.
    pub fn compressed(&self) -> u64 {
        self.input.offset()
    }

    /// Uncompressed bytes that were given out.
    pub fn uncompressed(&self) -> u64 {
        self.produced
    }

    /// Reads the rest and says how many bytes it had. Only then have all
    /// checksums been looked at, and what comes after the last of the data.
    ///
    /// # Errors
    /// As reading.
    pub fn drain(&mut self) -> io::Result<u64> {
        let mut scratch = vec![0; STEP];
        let before = self.produced;
        loop {
            match self.read(&mut scratch) {
                Ok(0) => return Ok(self.produced - before),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What it reads from: a [`Hashed`](super::Hashed) has yet to be finished.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    /// Counts `count` bytes more.
    fn count(&mut self, count: usize) -> Result<(), StreamError> {
        let stop = |what| StreamError::Limit {
            offset: self.input.offset(),
            what,
        };
        self.budget.take(count).map_err(stop)?;
        let (read, compressed) = (self.produced + count as u64, self.input.offset());
        let limits = self.budget.limits();
        let limit = limits.ratio;
        if read > limits.ratio_from && read > compressed.saturating_mul(limit) {
            return Err(stop(Reached::Ratio {
                limit,
                read,
                compressed,
            }));
        }
        self.produced = read;
        Ok(())
    }

    fn advance(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.engine {
            Engine::None => self.input.some(buffer)?,
            Engine::Gzip(gzip) => gzip.read(&mut self.input, buffer)?,
            Engine::Zstd(zstd) => zstd.read(&mut self.input, buffer)?,
        };
        self.count(count)?;
        Ok(count)
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let room = self.budget.ask(buffer.len().min(STEP));
        let result = self.advance(&mut buffer[..room]);
        if let Err(error) = &result {
            self.failed = stream_error(error).cloned();
        }
        result
    }
}
