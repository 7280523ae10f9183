//! JSON of images, bounded: size, depth, and no key twice in what is read.

use serde::de::DeserializeOwned;

use super::error::ImageError;

/// The most bytes of one document.
pub(super) const MAX_JSON: u64 = 16 << 20;
/// The deepest nesting.
const MAX_DEPTH: usize = 64;

/// Reads a document of the image's member `part`.
pub(super) fn parse<T: DeserializeOwned>(part: &[u8], text: &[u8]) -> Result<T, ImageError> {
    if let Some(offset) = deeper_than(text, MAX_DEPTH) {
        let message = format!("JSON nested deeper than {MAX_DEPTH}");
        return Err(ImageError::limit(part, message).at(offset));
    }
    serde_json::from_slice(text)
        .map_err(|error| ImageError::malformed(part, format!("not the JSON it should be: {error}")))
}

/// A document larger than is read.
pub(super) fn too_large(part: &[u8], size: u64) -> ImageError {
    let limit = MAX_JSON >> 20;
    ImageError::limit(part, format!("JSON of {size} bytes exceeds {limit} MiB"))
}

/// Where `text` is nested deeper than `limit`. Brackets in strings do not count.
fn deeper_than(text: &[u8], limit: usize) -> Option<u64> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.iter().zip(0_u64..);
    while let Some((&byte, offset)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return Some(offset);
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
