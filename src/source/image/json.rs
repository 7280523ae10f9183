//! JSON of images, bounded: size, depth and number of values.

use super::error::ImageError;
use super::go_json::{self, Fault, Json, MAX_DEPTH, MAX_VALUES, Place};

/// The most bytes of one document.
pub(super) const MAX_JSON: u64 = 16 << 20;

/// Reads a document of the image's member `part`.
pub(super) fn parse<T: Place>(part: &[u8], text: &[u8]) -> Result<T, ImageError> {
    let mut document = T::default();
    document.lay(read(part, text)?).map_err(|mismatch| {
        ImageError::malformed(part, format!("not the JSON it should be: {mismatch}"))
    })?;
    Ok(document)
}

/// Reads whatever JSON there is.
pub(super) fn read(part: &[u8], text: &[u8]) -> Result<Json, ImageError> {
    go_json::parse(text).map_err(|fault| {
        let (error, at) = match fault {
            Fault::Depth(at) => {
                let message = format!("JSON nested deeper than {MAX_DEPTH}");
                (ImageError::limit(part, message), at)
            }
            Fault::Values(at) => {
                let message = format!("JSON of more than {MAX_VALUES} values");
                (ImageError::limit(part, message), at)
            }
            Fault::Syntax(at) if at == text.len() => (
                ImageError::malformed(part, "not JSON: it ends too early"),
                at,
            ),
            Fault::Syntax(at) => (ImageError::malformed(part, "not JSON"), at),
        };
        error.at(at as u64)
    })
}

/// A document larger than is read.
pub(super) fn too_large(part: &[u8], size: u64) -> ImageError {
    let limit = MAX_JSON >> 20;
    ImageError::limit(part, format!("JSON of {size} bytes exceeds {limit} MiB"))
}
