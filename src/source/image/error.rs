//! Why an image, or a part of one, cannot be read.

use std::fmt;
use std::io;

use crate::bytes::{Shown, escape};

/// What kind of obstacle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The name makes no sense, or several images answer to it.
    Usage,
    /// Reading failed.
    Io,
    /// The bytes make no sense.
    Malformed,
    /// A limit stopped us.
    Limit,
}

/// An image that cannot be read: `PART: what is wrong`.
#[derive(Debug)]
pub struct ImageError {
    /// What kind of obstacle it is.
    pub obstacle: Obstacle,
    /// The member, blob or file that it concerns; empty for the image as a whole.
    pub part: Vec<u8>,
    /// What is wrong, with found and wanted.
    pub message: String,
    /// Where in the part.
    pub offset: Option<u64>,
}

impl ImageError {
    /// The bytes of `part` make no sense.
    pub(crate) fn malformed(part: impl AsRef<[u8]>, message: impl Into<String>) -> Self {
        ImageError::new(Obstacle::Malformed, part, message)
    }

    /// A limit stopped us in `part`.
    pub(crate) fn limit(part: impl AsRef<[u8]>, message: impl Into<String>) -> Self {
        ImageError::new(Obstacle::Limit, part, message)
    }

    /// What was asked for makes no sense. Names of others in `message` are
    /// escaped.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        ImageError::new(Obstacle::Usage, b"", message)
    }

    fn new(obstacle: Obstacle, part: impl AsRef<[u8]>, message: impl Into<String>) -> Self {
        ImageError {
            obstacle,
            part: part.as_ref().to_vec(),
            message: message.into(),
            offset: None,
        }
    }

    /// The error, `offset` bytes into its part.
    #[must_use]
    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The error, known to be in `part`.
    #[must_use]
    pub(crate) fn within(mut self, part: &[u8]) -> Self {
        if self.part.is_empty() {
            self.part = part.to_vec();
        }
        self
    }

    /// Reading `part` failed.
    pub(crate) fn io(part: impl AsRef<[u8]>, error: &io::Error) -> Self {
        ImageError::new(Obstacle::Io, part, error.to_string())
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.part.is_empty() {
            write!(f, "{}: ", Shown(&self.part))?;
        }
        match self.obstacle {
            // It may have several lines; the names in it are escaped.
            Obstacle::Usage => write!(f, "{}", self.message)?,
            _ => write!(f, "{}", escape(&self.message))?,
        }
        match self.offset {
            Some(offset) => write!(f, " (offset {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ImageError {}
