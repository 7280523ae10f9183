//! What once was where a path leads to nothing.
//!
//! A layer takes a name, or a directory with all that is in it; a later layer may
//! make that directory anew. So what is missing is looked for in the last
//! directory that is there, in what stood in its place before, and then so in
//! each directory above. Where something stands in the way that is no directory, or
//! leads elsewhere, what it replaced is looked through.

use super::layers::Loss;
use super::{Filesystem, Kind, NodeId, Rootfs, Walk};
use crate::errno::Errno;
use crate::path::TargetPath;

/// Something that a layer took away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Where it was, without links.
    pub path: TargetPath,
    /// Who brought and who took it.
    pub loss: Loss,
    /// A directory replaced it, and it was a link.
    pub was_link: bool,
}

impl Rootfs {
    /// What once was where `path` leads to nothing, if a layer took it: the file
    /// itself, or a link on the way to it.
    #[must_use]
    pub fn lost(&self, path: &[u8]) -> Option<Lost> {
        if !self.filesystem().is_layered() {
            return None;
        }
        let walk = self.walk_as_root(path);
        match walk.end {
            Err(Errno::NOENT) => self.missing(&walk).or_else(|| self.replaced(path)),
            Err(Errno::NOTDIR) => self.replaced(path),
            _ => None,
        }
    }

    /// What once was where a walk ended.
    fn missing(&self, walk: &Walk) -> Option<Lost> {
        let filesystem = self.filesystem();
        // The last component of the real path is what is missing; the walk did not
        // get as far as those after it.
        let missing = walk.real_path.as_bytes().split(|&b| b == b'/');
        let missing: Vec<&[u8]> = missing.filter(|name| !name.is_empty()).collect();
        let directories = directories(filesystem, missing.split_last()?.1)?;
        let mut names = missing;
        names.extend(walk.rest.iter().map(Vec::as_slice));
        for (depth, &directory) in directories.iter().enumerate().rev() {
            let (above, below) = names.split_at(depth);
            let place = Place { above, below };
            let (name, rest) = below.split_first()?;
            // Only the last one lacks it.
            let is_last = depth + 1 == directories.len();
            let taken = filesystem.lost(directory, name).filter(|_| is_last);
            let lost = taken.and_then(|loss| place.descend(filesystem, loss, 1, rest));
            let lost = lost.or_else(|| self.lost_with(directory, &place));
            if lost.is_some() {
                return lost;
            }
        }
        None
    }

    /// What the predecessors of a directory had, the latest first.
    fn lost_with(&self, mut directory: NodeId, place: &Place<'_>) -> Option<Lost> {
        let filesystem = self.filesystem();
        while let Some(loss) = filesystem.former(directory) {
            directory = loss.node;
            let lost = match filesystem.metadata(directory).kind {
                Kind::Directory => place.descend(filesystem, loss, 0, place.below),
                Kind::Symlink => self.behind_link(loss, place),
                Kind::File | Kind::Other => None,
            };
            if lost.is_some() {
                return lost;
            }
        }
        None
    }

    /// What a directory had that a file or a link on the way replaced.
    fn replaced(&self, path: &[u8]) -> Option<Lost> {
        /// `MAXSYMLINKS`
        const MAX_LINKS: usize = 40;
        let filesystem = self.filesystem();
        let split = |path: &[u8]| -> Vec<Vec<u8>> {
            let names = path.split(|&b| b == b'/').rev();
            names.map(<[u8]>::to_vec).collect()
        };
        let mut rest = split(path);
        let mut at: Vec<(NodeId, Vec<u8>)> = Vec::new();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            match &*name {
                b"" | b"." => continue,
                b".." => {
                    at.pop();
                    continue;
                }
                _ => {}
            }
            let directory = at.last().map_or(filesystem.root(), |&(node, _)| node);
            let child = filesystem.child(directory, &name).ok()??;
            let kind = filesystem.metadata(child).kind;
            if kind == Kind::Directory {
                at.push((child, name));
                continue;
            }
            if let Some(loss) = filesystem.lost(directory, &name) {
                let above: Vec<&[u8]> = at.iter().map(|(_, name)| &**name).collect();
                let below = std::iter::once(&name).chain(rest.iter().rev());
                let below = below.map(Vec::as_slice);
                let below: Vec<&[u8]> = below.filter(|&n| !matches!(n, b"" | b".")).collect();
                if below.len() > 1 {
                    let place = Place {
                        above: &above,
                        below: &below,
                    };
                    let lost = place.descend(filesystem, loss, 1, &below[1..]);
                    if let Some(lost) = lost {
                        // No directory took the place of that one.
                        let was_link = false;
                        return Some(Lost { was_link, ..lost });
                    }
                }
            }
            if kind != Kind::Symlink || links == MAX_LINKS {
                return None;
            }
            links += 1;
            let target = filesystem.link_target(child).ok()?;
            if target.starts_with(b"/") {
                at.clear();
            }
            rest.extend(split(&target));
        }
        None
    }

    /// A link that a directory replaced, if what is missing is where it led.
    fn behind_link(&self, loss: Loss, place: &Place<'_>) -> Option<Lost> {
        let target = self.filesystem().link_target(loss.node).ok()?;
        let (_, above) = place.above.split_last()?;
        let base = match target.starts_with(b"/") {
            true => Vec::new(),
            false => joined(above).as_bytes().to_vec(),
        };
        let path = [&[&*base, &*target], place.below].concat().join(&b'/');
        self.walk_as_root(&path).end.ok()?;
        Some(Lost {
            path: joined(place.above),
            loss,
            was_link: true,
        })
    }
}

/// A directory on the way, and what comes after it.
struct Place<'a> {
    /// The names that lead to it.
    above: &'a [&'a [u8]],
    /// Those that are left.
    below: &'a [&'a [u8]],
}

impl Place<'_> {
    /// Goes on in what was taken, which `taken` of the names below lead to, by the
    /// names in `rest`.
    fn descend(
        &self,
        filesystem: &dyn Filesystem,
        mut loss: Loss,
        taken: usize,
        rest: &[&[u8]],
    ) -> Option<Lost> {
        let mut length = self.above.len() + taken;
        let mut kind = filesystem.metadata(loss.node).kind;
        for name in rest {
            match kind {
                Kind::Directory => {
                    loss.node = filesystem.child(loss.node, name).ok()??;
                    loss.brought_by = filesystem.layer(loss.node).or(loss.brought_by);
                    length += 1;
                    kind = filesystem.metadata(loss.node).kind;
                }
                // Where the link led is another question.
                Kind::Symlink => break,
                Kind::File | Kind::Other => return None,
            }
        }
        let names = [self.above, self.below].concat();
        Some(Lost {
            path: joined(&names[..length]),
            loss,
            was_link: kind == Kind::Symlink,
        })
    }
}

/// The directories from the root on, which `names` lead to without links.
fn directories(filesystem: &dyn Filesystem, names: &[&[u8]]) -> Option<Vec<NodeId>> {
    let mut directories = vec![filesystem.root()];
    for name in names {
        let directory = *directories.last()?;
        directories.push(filesystem.child(directory, name).ok()??);
    }
    Some(directories)
}

fn joined(names: &[&[u8]]) -> TargetPath {
    let join = |path: TargetPath, name: &&[u8]| path.join(name);
    names.iter().fold(TargetPath::root(), join)
}
