//! The directories that `ld.so.conf` tells `ldconfig` of.
//!
//! Follows glibc `elf/ldconfig.c` (`parse_conf`, `parse_conf_include`, `add_dir`):
//! comments begin at `#`, `include` takes patterns, `hwcap` is old and has no say,
//! `DIR=TYPE` has a type. No loader reads these files; they tell what a cache
//! would have if `ldconfig` had been run.

use crate::content::Files;
use crate::path::{TargetPath, file_name, parent};
use crate::rootfs::Follow;

const CONF: &[u8] = b"/etc/ld.so.conf";
/// How deep files include one another.
const MAX_DEPTH: usize = 8;
/// The most directories that are told.
const MAX_LISTED: usize = 1024;
/// The most of one file that is read.
const MAX_TEXT: usize = 256 << 10;

/// A directory that is listed.
pub(super) struct Listed {
    /// Its path without links.
    pub(super) directory: TargetPath,
    /// The file that lists it.
    pub(super) file: String,
}

/// Every directory of `/etc/ld.so.conf`, in order; one that is not there is left
/// out.
pub(super) fn directories(files: &Files<'_>) -> Vec<Listed> {
    let mut listed = Vec::new();
    read(files, &TargetPath::root().join(CONF), 0, &mut listed);
    listed
}

/// The file that takes one more directory: one of its own where `ld.so.conf` includes such,
/// else that one.
pub(super) fn for_more(files: &Files<'_>) -> &'static str {
    const OWN: &str = "/etc/ld.so.conf.d/local.conf";
    let own = OWN.as_bytes();
    let is_there = files.rootfs().real_path(parent(own)).is_some();
    let conf = TargetPath::root().join(CONF);
    let text = files.rootfs().read(CONF, MAX_TEXT).unwrap_or_default();
    let is_included = text.split(|&b| b == b'\n').any(|line| {
        let mut words = words(line);
        let is_include = words.next() == Some(b"include");
        is_include
            && words.any(|pattern| {
                let pattern = conf.parent().join(pattern);
                let is_beside = parent(pattern.as_bytes()) == parent(own);
                is_beside && matches(file_name(pattern.as_bytes()), file_name(own))
            })
    });
    match is_there && is_included {
        true => OWN,
        false => "/etc/ld.so.conf",
    }
}

/// The words of a line, without its comment.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = line.split(|&b| b == b'#').next().unwrap_or_default();
    line.split(|b| b.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
}

fn read(files: &Files<'_>, conf: &TargetPath, depth: usize, listed: &mut Vec<Listed>) {
    let Ok(text) = files.rootfs().read(conf.as_bytes(), MAX_TEXT) else {
        return;
    };
    for line in text.split(|&b| b == b'\n') {
        let line = line.split(|&b| b == b'#').next().unwrap_or_default();
        let line = line.trim_ascii();
        if listed.len() >= MAX_LISTED {
            return;
        }
        let mut words = line
            .split(|b| b.is_ascii_whitespace())
            .filter(|word| !word.is_empty());
        match words.next() {
            None | Some(b"hwcap") => {}
            Some(b"include") if depth < MAX_DEPTH => {
                for pattern in words {
                    // A relative pattern starts at the file that has it.
                    let pattern = conf.parent().join(pattern);
                    for included in matching(files, &pattern) {
                        read(files, &included, depth + 1, listed);
                    }
                }
            }
            Some(b"include") => {}
            Some(_) => {
                let directory = line.split(|&b| b == b'=').next().unwrap_or_default();
                let path = directory.trim_ascii_end();
                if path.starts_with(b"/")
                    && let Some(directory) = files.rootfs().real_path(path)
                {
                    let file = conf.to_string();
                    listed.push(Listed { directory, file });
                }
            }
        }
    }
}

/// The files that `pattern` means; stars are understood in its last component.
fn matching(files: &Files<'_>, pattern: &TargetPath) -> Vec<TargetPath> {
    let directory = parent(pattern.as_bytes());
    let pattern = file_name(pattern.as_bytes());
    let rootfs = files.rootfs();
    let walk = rootfs.walk(directory, Follow::Last);
    let names = walk.end.and_then(|node| rootfs.filesystem().names(node));
    let directory = TargetPath::root().join(directory);
    let names = names.unwrap_or_default().into_iter();
    // As a shell has it, a star does not match what is hidden.
    names
        .filter(|name| {
            matches(pattern, name) && (pattern.starts_with(b".") || !name.starts_with(b"."))
        })
        .map(|name| directory.join(&name))
        .collect()
}

/// `fnmatch` with `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    // Where the last star was, and what it has taken so far.
    let mut star = None;
    while of < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(&b) if b == b'?' || b == name[of] => (at, of) = (at + 1, of + 1),
            _ => match star {
                Some((back, taken)) => {
                    star = Some((back, taken + 1));
                    (at, of) = (back + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_match_as_in_a_shell() {
        assert!(matches(b"*.conf", b"libc.conf"));
        assert!(matches(b"*", b"x"));
        assert!(matches(b"a*b*c", b"aXbYbc"));
        assert!(matches(b"?.conf", b"a.conf"));
        assert!(!matches(b"*.conf", b"libc.conf.bak"));
        assert!(!matches(b"?.conf", b".conf"));
        assert!(!matches(b"a", b""));
    }
}
