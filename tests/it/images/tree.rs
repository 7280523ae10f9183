//! A filesystem as one line of text, for comparison with what engines made.
//!
//! `d/new:f(1) d:d s:l->d/new x:f(1)=d/new`: a file with its length, a directory, a
//! link with its target, a further name of a file. Other kinds are `o`.

use std::collections::HashMap;

use imgldd::rootfs::{Filesystem, Identity, Kind, NodeId};
use imgldd::source::is_not_kept;

use crate::support::image::hex;

/// Everything below the root, sorted.
pub(crate) fn print(filesystem: &dyn Filesystem) -> String {
    let mut paths = Vec::new();
    collect(filesystem, filesystem.root(), "", &mut paths);
    paths.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut first_names: HashMap<Identity, String> = HashMap::new();
    let mut words = Vec::new();
    for (path, node) in paths {
        let about = filesystem.metadata(node);
        words.push(match about.kind {
            Kind::Directory => format!("{path}:d"),
            Kind::Symlink => {
                let target = filesystem.link_target(node).unwrap();
                format!("{path}:l->{}", String::from_utf8_lossy(&target))
            }
            Kind::Other => format!("{path}:o"),
            Kind::File => {
                let shared = match first_names.get(&about.identity) {
                    Some(first) => format!("={first}"),
                    None => String::new(),
                };
                let name = path.clone();
                first_names.entry(about.identity).or_insert(name);
                format!("{path}:f({}){shared}", about.size)
            }
        });
    }
    words.sort();
    words.join(" ")
}

fn collect(
    filesystem: &dyn Filesystem,
    directory: NodeId,
    above: &str,
    paths: &mut Vec<(String, NodeId)>,
) {
    for name in filesystem.names(directory).unwrap() {
        let node = filesystem.child(directory, &name).unwrap();
        let node = node.expect("a name that is listed is there");
        let path = format!("{above}{}", String::from_utf8_lossy(&name));
        if filesystem.metadata(node).kind == Kind::Directory {
            collect(filesystem, node, &format!("{path}/"), paths);
        }
        paths.push((path, node));
    }
}

/// The node at a path without links.
pub(crate) fn node(filesystem: &dyn Filesystem, path: &str) -> NodeId {
    path.split('/').fold(filesystem.root(), |at, name| {
        let found = filesystem.child(at, name.as_bytes()).unwrap();
        found.unwrap_or_else(|| panic!("`{path}` should be there"))
    })
}

/// The bytes of a file from `offset` on, at most `length` of them; `None` where they
/// were not kept.
pub(crate) fn read(
    filesystem: &dyn Filesystem,
    path: &str,
    offset: u64,
    length: usize,
) -> Option<Vec<u8>> {
    let data = filesystem.open(node(filesystem, path)).unwrap();
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match data.read_at(offset + filled as u64, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if is_not_kept(&error) => return None,
            Err(error) => panic!("`{path}`: {error}"),
        }
    }
    bytes.truncate(filled);
    Some(bytes)
}

/// Mode, owner and content of everything, the root included: what [`print`] leaves
/// out.
pub(crate) fn attributes(filesystem: &dyn Filesystem) -> Vec<String> {
    let root = filesystem.root();
    let mut paths = Vec::new();
    collect(filesystem, root, "", &mut paths);
    paths.push((String::new(), root));
    paths.sort_by(|(a, _), (b, _)| a.cmp(b));
    let line = |(path, node): (String, NodeId)| {
        let about = filesystem.metadata(node);
        let content = match about.kind {
            Kind::File => {
                let data = filesystem.open(node).unwrap();
                match imgldd::read_at::read_all(&*data, usize::MAX) {
                    Ok(bytes) => hex(&bytes),
                    Err(error) => panic!("`{path}`: {error}"),
                }
            }
            _ => String::new(),
        };
        format!(
            "{path} {:o} {}:{} {content}",
            about.mode, about.uid, about.gid
        )
    };
    paths.into_iter().map(line).collect()
}
