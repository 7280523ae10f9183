//! Whether a layer's bytes are those that the manifest means.

use super::error::ImageError;
use super::scan::Scanned;
use super::select::LayerPart;

/// Compares what was read with what the descriptor says.
///
/// # Errors
/// Where length or digest differ.
pub(super) fn verify(layer: &LayerPart, scanned: &Scanned) -> Result<(), ImageError> {
    let Some((found, length)) = &scanned.stored else {
        // A raw layer, of which only headers were read.
        return Ok(());
    };
    if let Some(size) = layer.size
        && size != *length
    {
        let message = format!("size mismatch: {length} bytes, the descriptor says {size}");
        return Err(ImageError::malformed(&layer.member, message));
    }
    match &layer.digest {
        Some(wanted) if wanted.algorithm() == found.algorithm() && wanted != found => {
            let message = format!("digest mismatch: its bytes have {found}, wanted {wanted}");
            Err(ImageError::malformed(&layer.member, message))
        }
        _ => Ok(()),
    }
}
