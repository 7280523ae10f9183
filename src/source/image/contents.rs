//! The bytes of a layer's files, as far as they can still be had.

use std::collections::HashSet;
use std::io;
use std::num::NonZero;
use std::sync::Arc;

use super::allowance::{Again, Allowance};
use super::parts::Bytes;
use super::walk::{Sequential, decoded};
use crate::read_at::{Known, NotAgain, ReadAt};
use crate::rootfs::layers::Store;
use crate::source::probe::NotKept;
use crate::source::tar::{Entry, Input, RangeInput, Reader, StreamInput, TarError};

/// Where a file is in its layer's archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Its header.
    pub(super) header_at: u64,
    /// Its bytes, where they stand in one piece; never at the beginning.
    pub(super) data_at: Option<NonZero<u64>>,
    /// How many.
    pub(super) size: u64,
}

/// Where a layer's bytes are once its names are known.
pub(super) enum Origin {
    /// In a raw archive that can be sought in.
    Raw(Bytes),
    /// In a blob that can be inflated again.
    Packed(Bytes),
    /// Gone: they came through a pipe.
    Passed,
}

/// The files of a layer.
pub(super) struct Contents {
    pub(super) origin: Origin,
    pub(super) spots: Vec<Spot>,
    /// What was kept of files as they passed by.
    known: Vec<(u32, Known)>,
    /// Files of which too little was seen to tell what they are.
    pub(super) unsettled: HashSet<u32>,
    /// What going through the layer again may take.
    again: Again,
}

/// A file that is neither ELF nor a script nor anything that is asked for.
static PLAIN: Known = Known {
    facts: None,
    facts_weight: 0,
    start: None,
};

impl Contents {
    /// Of a layer without files.
    pub(super) fn new(origin: Origin, allowance: &Allowance) -> Contents {
        Contents {
            origin,
            spots: Vec::new(),
            known: Vec::new(),
            unsettled: HashSet::new(),
            again: allowance.again.clone(),
        }
    }

    /// Remembers what was kept of `file`; those come in the order of their numbers.
    pub(super) fn keep(&mut self, file: u32, known: Known) {
        self.known.push((file, known));
    }

    /// Gives back the room for more.
    pub(super) fn finish(&mut self) {
        self.spots.shrink_to_fit();
        self.known.shrink_to_fit();
    }

    fn kept(&self, file: u32) -> Option<&Known> {
        let at = self.known.binary_search_by_key(&file, |&(file, _)| file);
        Some(&self.known[at.ok()?].1)
    }

    fn known(&self, file: u32) -> Option<&Known> {
        if matches!(self.origin, Origin::Raw(_)) || self.unsettled.contains(&file) {
            return None;
        }
        Some(self.kept(file).unwrap_or(&PLAIN))
    }

    fn read(&self, file: u32, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let spot = self
            .spots
            .get(file as usize)
            .ok_or(io::ErrorKind::InvalidInput)?;
        let left = usize::try_from(spot.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let buffer = &mut buffer[..length];
        if buffer.is_empty() {
            return Ok(0);
        }
        if let Some(start) = self.kept(file).and_then(|known| known.start.as_deref()) {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let range = from..from.saturating_add(length);
            if let Some(bytes) = start.get(range) {
                buffer.copy_from_slice(bytes);
                return Ok(length);
            }
        }
        match (&self.origin, spot.data_at) {
            (Origin::Raw(bytes), Some(data_at)) => {
                bytes.read_at(data_at.get().saturating_add(offset), buffer)
            }
            // A sparse file: the headers before it are walked over.
            (Origin::Raw(bytes), None) => {
                let input = RangeInput::new(&**bytes);
                read_entry(Reader::new(input, self.again.tar), spot, offset, buffer)
            }
            (Origin::Packed(bytes), _) => {
                let stream = decoded(Sequential::new(bytes.clone()), &self.again.budget)
                    .map_err(|error| NotAgain(error.to_string()))?;
                let input = StreamInput::buffered(stream);
                read_entry(Reader::new(input, self.again.tar), spot, offset, buffer)
            }
            (Origin::Passed, _) => Err(io::Error::other(NotKept { offset })),
        }
    }
}

/// Reads a part of a file by going through its archive up to it.
fn read_entry<I: Input>(
    mut reader: Reader<I>,
    spot: &Spot,
    offset: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let failed = |error: TarError| NotAgain(error.to_string());
    let mut entry = Entry::default();
    while reader.next_into(&mut entry).map_err(failed)? {
        if entry.header_at != spot.header_at {
            continue;
        }
        reader.skip(offset).map_err(failed)?;
        let mut filled = 0;
        while filled < buffer.len() {
            match reader.read(&mut buffer[filled..]).map_err(failed)? {
                0 => break,
                count => filled += count,
            }
        }
        return Ok(filled);
    }
    Err(NotAgain("the archive has changed".to_owned()).into())
}

/// The files of all layers, the lowest first.
pub(super) struct Files(pub(super) Vec<Arc<Contents>>);

impl Store for Files {
    fn open(&self, layer: u32, file: u32) -> io::Result<Box<dyn ReadAt>> {
        let index = usize::try_from(layer).unwrap_or(0).wrapping_sub(1);
        let contents = self.0.get(index).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Box::new(LayerFile {
            contents: contents.clone(),
            file,
        }))
    }
}

struct LayerFile {
    contents: Arc<Contents>,
    file: u32,
}

impl ReadAt for LayerFile {
    fn size(&self) -> u64 {
        let spot = self.contents.spots.get(self.file as usize);
        spot.map_or(0, |spot| spot.size)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.contents.read(self.file, offset, buffer)
    }

    fn known(&self) -> Option<&Known> {
        self.contents.known(self.file)
    }
}
