//! Compressing, in one piece as most tools do and in several as some do.

use std::io::Write as _;

use flate2::GzBuilder;

/// How a layer's archive is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packing {
    Raw,
    Gzip,
    /// Several gzip members, an empty one last, as eStargz has them.
    GzipMembers,
    Zstd,
    /// Several zstd frames, and skippable ones with a table of contents last, as
    /// `zstd:chunked` has them.
    ZstdChunked,
    /// A skippable frame before each frame, as `pzstd` writes them.
    ZstdParallel,
}

impl Packing {
    pub(crate) const ALL: [Packing; 6] = [
        Packing::Raw,
        Packing::Gzip,
        Packing::GzipMembers,
        Packing::Zstd,
        Packing::ZstdChunked,
        Packing::ZstdParallel,
    ];

    /// The word of the language.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Packing::Raw => "raw",
            Packing::Gzip => "gzip",
            Packing::GzipMembers => "gzip-members",
            Packing::Zstd => "zstd",
            Packing::ZstdChunked => "zstd-chunked",
            Packing::ZstdParallel => "zstd-parallel",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        let found = Packing::ALL.into_iter().find(|known| known.word() == word);
        found.unwrap_or_else(|| panic!("`{word}` is no way to pack a layer"))
    }

    /// The usual end of a file's name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Packing::Raw => "",
            Packing::Gzip | Packing::GzipMembers => ".gz",
            Packing::Zstd | Packing::ZstdChunked | Packing::ZstdParallel => ".zst",
        }
    }

    /// The media type of a layer that is packed so (OCI image-spec `layer.md`).
    pub(crate) fn media_type(self) -> &'static str {
        match self.suffix() {
            "" => "application/vnd.oci.image.layer.v1.tar",
            ".gz" => "application/vnd.oci.image.layer.v1.tar+gzip",
            _ => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    pub(crate) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Packing::Raw => bytes.to_vec(),
            Packing::Gzip => gzip(bytes),
            Packing::GzipMembers => {
                let mut packed: Vec<u8> = pieces(bytes).flat_map(gzip).collect();
                packed.extend(gzip(b""));
                packed
            }
            Packing::Zstd => zstd(bytes),
            Packing::ZstdChunked => {
                let mut packed: Vec<u8> = pieces(bytes).flat_map(zstd).collect();
                packed.extend(skippable(&zstd(b"{\"version\":1,\"entries\":[]}")));
                packed.extend(skippable(b"where the table is"));
                packed
            }
            Packing::ZstdParallel => {
                let mut packed = Vec::new();
                for piece in pieces(bytes) {
                    let frame = zstd(piece);
                    let length = u32::try_from(frame.len()).unwrap();
                    packed.extend(skippable(&length.to_le_bytes()));
                    packed.extend(frame);
                }
                packed
            }
        }
    }
}

/// The first header by itself, then pieces that end anywhere in a block.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = bytes.split_at(bytes.len().min(512));
    let size = (rest.len() / 5).max(700);
    std::iter::once(first).chain(rest.chunks(size))
}

/// One gzip member (RFC 1952), without a name or a time.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// One zstd frame (RFC 8878).
fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A frame that decoders pass over.
fn skippable(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&[0x50, 0x2a, 0x4d, 0x18], &length.to_le_bytes()[..], bytes].concat()
}
