//! The header of a zstd frame, as far as limits and messages need it.
//!
//! RFC 8878 §3.1.1.1 (Zstandard frames) and §3.1.2 (skippable frames). The
//! decoder reads it too; it cannot say how large a window was asked for.

/// The first bytes of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Frame {
    /// Compressed data.
    Data(Data),
    /// Bytes that mean nothing to a decoder.
    Skippable {
        /// Their number; eight bytes of header come before them.
        length: u32,
    },
}

/// The header of a frame of compressed data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Data {
    /// Memory for the last bytes that came out, in bytes.
    pub(super) window: u64,
    /// 0 where none is needed.
    pub(super) dictionary: u32,
    /// How many bytes come out, where that is said.
    pub(super) content: Option<u64>,
}

/// What the first bytes of a frame are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parsed {
    /// A frame's header.
    Frame(Frame),
    /// More bytes would tell.
    Short,
    /// No frame begins like this.
    NotAFrame,
    /// A bit is set that has no meaning yet.
    Reserved,
}

/// The most bytes that [`parse`] wants.
pub(super) const MAX_HEADER: usize = 18;
/// Magic number and length of a skippable frame.
pub(super) const SKIPPABLE_HEADER: usize = 8;

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// The last three bytes of a skippable frame's magic number, `0x184d2a5?`.
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Reads the header that `bytes` begin with.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return if begins_like_a_frame(bytes) {
            Parsed::Short
        } else {
            Parsed::NotAFrame
        };
    };
    if !begins_like_a_frame(magic) {
        return Parsed::NotAFrame;
    }
    if *magic != MAGIC {
        return match rest.first_chunk() {
            Some(length) => Parsed::Frame(Frame::Skippable {
                length: u32::from_le_bytes(*length),
            }),
            None => Parsed::Short,
        };
    }
    let Some((&descriptor, rest)) = rest.split_first() else {
        return Parsed::Short;
    };
    if descriptor & 1 << 3 != 0 {
        return Parsed::Reserved;
    }
    let is_single_segment = descriptor & 1 << 5 != 0;
    let content_size = match (descriptor >> 6, is_single_segment) {
        (0, false) => 0,
        (0, true) => 1,
        (1, _) => 2,
        (2, _) => 4,
        (_, _) => 8,
    };
    let dictionary_size = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let window_size = usize::from(!is_single_segment);
    if rest.len() < window_size + dictionary_size + content_size {
        return Parsed::Short;
    }
    let (window, rest) = rest.split_at(window_size);
    let (dictionary, rest) = rest.split_at(dictionary_size);
    let content = &rest[..content_size];
    let content = match content_size {
        0 => None,
        // Two bytes cannot say less than what one byte could have said.
        2 => Some(little(content) + 256),
        _ => Some(little(content)),
    };
    let window = match window {
        [byte] => {
            let base = 1_u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        }
        _ => content.unwrap_or(0),
    };
    Parsed::Frame(Frame::Data(Data {
        window,
        dictionary: u32::try_from(little(dictionary)).unwrap_or(u32::MAX),
        content,
    }))
}

/// Whether `bytes`, up to four, can begin a frame.
fn begins_like_a_frame(bytes: &[u8]) -> bool {
    let skippable = match bytes.split_first() {
        Some((first, rest)) => first & 0xf0 == 0x50 && SKIPPABLE.starts_with(rest),
        None => true,
    };
    skippable || MAGIC.starts_with(bytes)
}

fn little(bytes: &[u8]) -> u64 {
    let (start, mut whole) = (bytes.len().min(8), [0; 8]);
    whole[..start].copy_from_slice(&bytes[..start]);
    u64::from_le_bytes(whole)
}
