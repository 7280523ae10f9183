//! The way to the directory where the entry before was put.
//!
//! Archives go through a tree in its order, so what stands before the last slash of
//! a name mostly begins as that of the name before. Ways that are plain are walked
//! from where they part, and nothing is looked up twice; all others are left to
//! whoever knows what links, missing directories and odd names mean.

use super::layer::ROOT;
use super::name;
use super::node::{MAX_DEPTH, Nodes};

/// A path, and the directories that it goes through. What is known of it holds until
/// something takes the place of something else.
#[derive(Default)]
pub(super) struct Recent {
    path: Vec<u8>,
    steps: Vec<Step>,
}

/// A directory on the way.
struct Step {
    /// How much of the path leads to it.
    end: usize,
    directory: u32,
    /// Plain components alone lead to it.
    is_plain: bool,
}

impl Recent {
    /// The way is not known any more.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
    }

    /// The path turned out to lead to this directory, in whatever way.
    pub(super) fn is_at(&mut self, path: &[u8], directory: u32) {
        self.steps.clear();
        self.path.clear();
        self.path.extend_from_slice(path);
        self.steps.push(Step {
            end: path.len(),
            directory,
            is_plain: false,
        });
    }

    /// The directory below the root that `path` leads to, where it is known or
    /// there is nothing on the way but directories that this layer has.
    pub(super) fn go(&mut self, nodes: &Nodes, path: &[u8]) -> Option<u32> {
        if let Some(step) = self.steps.last()
            && self.path[..step.end] == *path
        {
            return Some(step.directory);
        }
        self.go_back(path);
        let mut end = self.steps.last().map_or(0, |step| step.end);
        self.path.truncate(end);
        while end < path.len() {
            let rest = &path[end..];
            let slashes = rest.iter().take_while(|&&byte| byte == b'/').count();
            let rest = &rest[slashes..];
            let length = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            let component = &rest[..length];
            end += slashes + length;
            match component {
                b"" | b"." => continue,
                b".." => return None,
                _ => {}
            }
            let above = self.steps.last().map_or(ROOT, |step| step.directory);
            // In the root some names mean something else.
            let is_odd = self.steps.is_empty() && name::meaning(component) != name::Meaning::Entry;
            if is_odd || self.steps.len() + 1 >= MAX_DEPTH {
                return None;
            }
            let directory = nodes.names.get(above, component)?;
            if !nodes[directory].is_directory() {
                return None;
            }
            let from = self.path.len();
            self.path.extend_from_slice(&path[from..end]);
            self.steps.push(Step {
                end,
                directory,
                is_plain: true,
            });
        }
        self.steps.last().map(|step| step.directory)
    }

    /// Goes back to the last directory that is on the way to `path` too.
    fn go_back(&mut self, path: &[u8]) {
        let pairs = self.path.iter().zip(path);
        let common = pairs.take_while(|(one, other)| one == other).count();
        while let Some(step) = self.steps.last() {
            let is_whole = matches!(path.get(step.end), None | Some(b'/'));
            if step.is_plain && step.end <= common && is_whole {
                break;
            }
            self.steps.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use crate::rootfs::layers::layer::ROOT;
    use crate::rootfs::layers::node::{Node, NodeKind, Nodes};

    /// A tree of `a/b/c` and `a/bc`, with a link and a file in the root.
    fn tree() -> (Nodes, [u32; 4]) {
        let mut nodes = Nodes::default();
        nodes.add(Node::implied_directory());
        let mut put = |directory, name: &[u8], kind| {
            let node = Node {
                kind,
                ..Node::implied_directory()
            };
            let node = nodes.add(node);
            nodes.names.insert(directory, name, node);
            node
        };
        let a = put(ROOT, b"a", NodeKind::Directory);
        let b = put(a, b"b", NodeKind::Directory);
        let c = put(b, b"c", NodeKind::Directory);
        let bc = put(a, b"bc", NodeKind::Directory);
        put(
            ROOT,
            b"link",
            NodeKind::Symlink(Box::new(Box::from(&b"a"[..]))),
        );
        put(ROOT, b"file", NodeKind::Other);
        put(ROOT, b".wh..wh.plnk", NodeKind::Directory);
        (nodes, [a, b, c, bc])
    }

    #[test]
    fn plain_ways_are_walked_in_any_order() {
        let (nodes, [a, b, c, bc]) = tree();
        let paths: [(&[u8], Option<u32>); 14] = [
            (b"a", Some(a)),
            (b"./a/b/c", Some(c)),
            (b"./a/bc", Some(bc)),
            (b"./a/b", Some(b)),
            (b"/a//b/./c", Some(c)),
            (b"/a//b", Some(b)),
            (b"a/b/", Some(b)),
            (b"", None),
            (b".", None),
            (b"a/../a", None),
            (b"link/b", None),
            (b"file", None),
            (b"a/d", None),
            (b".wh..wh.plnk", None),
        ];
        let mut recent = Recent::default();
        for (first, wanted) in paths {
            assert_eq!(recent.go(&nodes, first), wanted, "{first:?}");
            for (second, wanted) in paths {
                assert_eq!(recent.go(&nodes, second), wanted, "{first:?} {second:?}");
                assert_eq!(recent.go(&nodes, second), wanted, "{second:?} twice");
                recent.go(&nodes, first);
            }
        }
    }

    #[test]
    fn what_a_link_led_to_is_known_by_that_path_alone() {
        let (nodes, [a, b, ..]) = tree();
        let mut recent = Recent::default();
        recent.is_at(b"link", a);
        assert_eq!(recent.go(&nodes, b"link"), Some(a));
        assert_eq!(recent.go(&nodes, b"link/b"), None);
        assert_eq!(recent.go(&nodes, b"link"), None);
        assert_eq!(recent.go(&nodes, b"a/b"), Some(b));
        recent.is_at(b"link", a);
        recent.forget();
        assert_eq!(recent.go(&nodes, b"link"), None);
    }
}
