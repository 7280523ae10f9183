//! Bytes on their way out of a blob: told apart, inflated, counted, hashed.
//!
//! A blob is read once. Around it stands a [`Hashed`], which hands every chunk
//! to a thread that hashes it while ours goes on, or an [`Ahead`], where that
//! thread reads the chunks too; around that a [`Decoded`],
//! which inflates, counts against a [`Budget`] that all layers of an image
//! share, and fails with a [`StreamError`] where the bytes are wrong or too
//! many. Compression is told by magic bytes: media types lie.
//!
//! Nothing is known to be right before the end has been read: checksums come
//! last, and so does what does not belong there. A reader that has seen enough
//! calls [`Decoded::drain`], then [`Digested::finish`].
//!
//! gzip is RFC 1952, read as Go's `compress/gzip` (`gunzip.go`, `readHeader`,
//! `Read`) reads it; zstd is RFC 8878. What the bytes inflate to is left to
//! [`tar`](super::tar).

mod ahead;
mod compression;
mod decode;
mod digest;
mod error;
mod gzip;
mod hash;
mod input;
mod limit;
mod zstd;
mod zstd_frame;

pub use ahead::{Ahead, Digested};
pub use compression::{Compression, detect, foreign};
pub use decode::{Decoded, decode};
pub use digest::{Algorithm, Digest, DigestError};
pub use error::{Reached, StreamError, stream_error};
pub use hash::{CHUNK, Hashed, digest_of};
pub use limit::{Budget, Limits};
