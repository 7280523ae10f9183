//! The members of an image by name, wherever they are: a directory, or an
//! archive that can be sought in.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::ImageError;
use super::json::{MAX_JSON, too_large};
use crate::bytes::Shown;
use crate::read_at::{ReadAt, read_all};
use crate::source::host_file::HostFile;
use crate::source::tar::{Entry, EntryKind, Limits, RangeInput, Reader};

/// Bytes of an image that stay where they are.
pub(super) type Bytes = Arc<dyn ReadAt + Send + Sync>;

/// The members of an image.
pub(super) trait Parts {
    /// Whether there is a member of this name.
    fn has(&self, name: &[u8]) -> bool;

    /// A small member, whole.
    ///
    /// # Errors
    /// Where it is too large or cannot be read.
    fn document(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ImageError>;
}

/// A path inside an image, cleaned.
///
/// # Errors
/// Where it leads out.
pub(super) fn inside(path: &[u8]) -> Result<Vec<u8>, ImageError> {
    join(b"", path)
}

/// What `path` means, seen from the directory `base` of the image.
fn join(base: &[u8], path: &[u8]) -> Result<Vec<u8>, ImageError> {
    let leaves =
        || ImageError::malformed(b"", format!("path leaves the archive: `{}`", Shown(path)));
    let base = if path.starts_with(b"/") { b"" } else { base };
    let mut components: Vec<&[u8]> = base.split(|&b| b == b'/').collect();
    components.retain(|component| !component.is_empty());
    for component in path.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop().ok_or_else(leaves)?;
            }
            _ => components.push(component),
        }
    }
    Ok(components.join(&b"/"[..]))
}

/// Follows links of an archive from member to member.
pub(super) fn follow<'a, M>(
    members: &'a HashMap<Vec<u8>, M>,
    name: &[u8],
    link: impl Fn(&M) -> Option<&[u8]>,
) -> Result<Option<(Vec<u8>, &'a M)>, ImageError> {
    /// The most links that are followed from one name.
    const MAX_LINKS: usize = 16;
    let mut name = inside(name)?;
    for _ in 0..MAX_LINKS {
        let Some(member) = members.get(&name) else {
            return Ok(None);
        };
        match link(member) {
            Some(target) => name = join(crate::path::parent(&name), target)?,
            None => return Ok(Some((name, member))),
        }
    }
    Err(ImageError::malformed(
        name,
        "links of the archive go round in a circle",
    ))
}

/// Where a link of an archive leads: a hard link's target is seen from the root.
pub(super) fn link_target(entry: &Entry) -> Vec<u8> {
    match entry.kind {
        EntryKind::HardLink => [b"/", &*entry.link].concat(),
        _ => entry.link.clone(),
    }
}

/// Members that may be there once only.
const SINGULAR: [&[u8]; 3] = [b"manifest.json", b"index.json", b"oci-layout"];

/// Refuses a second member of a name that must be unique.
pub(super) fn refuse_second(name: &[u8], is_known: bool) -> Result<(), ImageError> {
    if is_known && SINGULAR.contains(&name) {
        return Err(ImageError::malformed(name, "there are two of that name"));
    }
    Ok(())
}

/// An image in a directory.
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn new(root: PathBuf) -> Directory {
        Directory { root }
    }

    /// The file of a member.
    pub(super) fn open(&self, name: &[u8]) -> Result<Option<Bytes>, ImageError> {
        use std::os::unix::ffi::OsStrExt as _;
        let name = inside(name)?;
        let path = self.root.join(std::ffi::OsStr::from_bytes(&name));
        match HostFile::open_following(&path) {
            Ok(file) => Ok(Some(Arc::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ImageError::io(&name, &error)),
        }
    }
}

impl Parts for Directory {
    fn has(&self, name: &[u8]) -> bool {
        matches!(self.open(name), Ok(Some(_)))
    }

    fn document(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
        let file = self.open(name)?;
        file.map(|file| read_document(name, &*file)).transpose()
    }
}

/// The whole of a small member.
fn read_document(name: &[u8], file: &dyn ReadAt) -> Result<Vec<u8>, ImageError> {
    if file.size() > MAX_JSON {
        return Err(too_large(name, file.size()));
    }
    let limit = usize::try_from(MAX_JSON).unwrap_or(usize::MAX);
    read_all(file, limit).map_err(|error| ImageError::io(name, &error))
}

/// An image in a tar archive that can be sought in.
pub(super) struct Archive {
    file: Bytes,
    members: HashMap<Vec<u8>, Member>,
}

enum Member {
    Data { offset: u64, size: u64 },
    Link(Vec<u8>),
}

impl Archive {
    /// An archive of which no member is known yet.
    pub(super) fn new(file: Bytes) -> Archive {
        let members = HashMap::new();
        Archive { file, members }
    }

    /// Finds all members of `file` from their headers.
    pub(super) fn open(file: &Bytes, limits: Limits) -> Result<Archive, ImageError> {
        let mut archive = Archive::new(file.clone());
        let mut reader = Reader::new(RangeInput::new(&**file), limits);
        let mut entry = Entry::default();
        while reader.next_into(&mut entry)? {
            archive.add(&entry)?;
        }
        Ok(archive)
    }

    /// Makes a member of an entry.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), ImageError> {
        let Ok(name) = inside(&entry.name) else {
            // No path of the image can name it.
            return Ok(());
        };
        refuse_second(&name, self.members.contains_key(&name))?;
        let member = match (entry.kind, entry.data_at) {
            (EntryKind::File, Some(offset)) => Member::Data {
                offset,
                size: entry.size,
            },
            (EntryKind::Symlink | EntryKind::HardLink, _) => Member::Link(link_target(entry)),
            _ => return Ok(()),
        };
        self.members.insert(name, member);
        Ok(())
    }

    /// The bytes of a member.
    pub(super) fn open_member(&self, name: &[u8]) -> Result<Option<Bytes>, ImageError> {
        let found = follow(&self.members, name, |member| match member {
            Member::Link(target) => Some(target),
            Member::Data { .. } => None,
        })?;
        Ok(found.and_then(|(_, member)| match member {
            Member::Data { offset, size } => {
                let range = Range::new(self.file.clone(), *offset, *size);
                Some(Arc::new(range) as Bytes)
            }
            Member::Link(_) => None,
        }))
    }
}

impl Parts for Archive {
    fn has(&self, name: &[u8]) -> bool {
        matches!(self.open_member(name), Ok(Some(_)))
    }

    fn document(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
        let member = self.open_member(name)?;
        member
            .map(|member| read_document(name, &*member))
            .transpose()
    }
}

/// A part of other bytes.
#[derive(Clone)]
pub(super) struct Range {
    whole: Bytes,
    start: u64,
    size: u64,
}

impl Range {
    /// `size` bytes of `whole` from `start` on, or as many as there are.
    pub(super) fn new(whole: Bytes, start: u64, size: u64) -> Range {
        let size = size.min(whole.size().saturating_sub(start));
        Range { whole, start, size }
    }
}

impl ReadAt for Range {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        self.whole
            .read_at(self.start.saturating_add(offset), &mut buffer[..length])
    }
}
