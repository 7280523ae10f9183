//! Whether a layer's bytes are those that the manifest means.

use super::error::ImageError;
use super::scan::Scanned;
use super::select::LayerPart;
use crate::rootfs::layers::IssueKind;
use crate::source::stream::Digest;

/// Compares what was read with what the descriptor says.
///
/// # Errors
/// Where length or digest differ.
pub(super) fn verify(
    layer: &LayerPart,
    diff_id: Option<Digest>,
    scanned: &mut Scanned,
) -> Result<(), ImageError> {
    verify_stored(layer, scanned)?;
    // A digest, or the archive that it is a member of, tells where it ends.
    scanned.layer.is_whole();
    if let Some(issue) = verify_diff_id(layer, diff_id, scanned)? {
        scanned.layer.note(b"", issue);
    }
    Ok(())
}

fn verify_stored(layer: &LayerPart, scanned: &Scanned) -> Result<(), ImageError> {
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

/// Compares the uncompressed bytes, where they were hashed, with the digest that
/// the configuration lists. Of a compressed layer with the right digest that is
/// odd and no more: skopeo's zstd:chunked drops the end of the archive. A raw
/// layer is known by this digest alone.
fn verify_diff_id(
    layer: &LayerPart,
    wanted: Option<Digest>,
    scanned: &Scanned,
) -> Result<Option<IssueKind>, ImageError> {
    let (Some(found), Some(wanted)) = (scanned.diff_id, wanted) else {
        return Ok(None);
    };
    if found == wanted || found.algorithm() != wanted.algorithm() {
        return Ok(None);
    }
    if layer.digest.is_none() && !scanned.is_packed {
        let message = format!("digest mismatch: its bytes have {found}, wanted {wanted}");
        return Err(ImageError::malformed(&layer.member, message));
    }
    Ok(Some(IssueKind::DiffId {
        found: found.to_string(),
        wanted: wanted.to_string(),
    }))
}
