//! JSON of images, bounded: size, depth, and no key twice in what is read.

use serde::de::DeserializeOwned;

use super::error::ImageError;
use super::go_json::{Json, decoded};

/// The most bytes of one document.
pub(super) const MAX_JSON: u64 = 16 << 20;
/// The deepest nesting.
const MAX_DEPTH: usize = 64;
/// The most values: each takes more memory than text.
const MAX_VALUES: usize = 1 << 20;

/// Reads a document of the image's member `part`.
pub(super) fn parse<T: DeserializeOwned>(part: &[u8], text: &[u8]) -> Result<T, ImageError> {
    if let Some((offset, what)) = beyond(text, MAX_DEPTH, MAX_VALUES) {
        let message = match what {
            Beyond::Depth => format!("JSON nested deeper than {MAX_DEPTH}"),
            Beyond::Values => format!("JSON of more than {MAX_VALUES} values"),
        };
        return Err(ImageError::limit(part, message).at(offset));
    }
    let parsed: Result<Json, _> = match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&decoded(text)),
    };
    parsed
        .and_then(T::deserialize)
        .map_err(|error| ImageError::malformed(part, format!("not the JSON it should be: {error}")))
}

/// A document larger than is read.
pub(super) fn too_large(part: &[u8], size: u64) -> ImageError {
    let limit = MAX_JSON >> 20;
    ImageError::limit(part, format!("JSON of {size} bytes exceeds {limit} MiB"))
}

/// What there is too much of.
enum Beyond {
    Depth,
    Values,
}

/// Where `text` is nested deeper than `depth`, or has more than `values`. Brackets and
/// commas in strings do not count.
fn beyond(text: &[u8], depth: usize, values: usize) -> Option<(u64, Beyond)> {
    let (mut open, mut seen) = (0_usize, 0_usize);
    let mut in_string = false;
    let mut bytes = text.iter().zip(0_u64..);
    while let Some((&byte, offset)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open += 1;
                seen += 1;
                if open > depth {
                    return Some((offset, Beyond::Depth));
                }
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            b',' if !in_string => seen += 1,
            _ => {}
        }
        if seen > values {
            return Some((offset, Beyond::Values));
        }
    }
    None
}
