//! Lists of directories as glibc and musl read them.

use std::collections::HashSet;
use std::rc::Rc;

use super::plan::Directory;
use super::reason::Reason;
use super::token::{Tokens, substitute};

/// The most directories of one list.
pub(crate) const MAX_DIRECTORIES: usize = 1024;

/// As many directories are compared one by one.
const FEW: usize = 16;

/// The list `text` as `elf/dl-load.c:fillin_rpath` reads it: an empty element is
/// the working directory, tokens are replaced, trailing slashes become one, and
/// what the list had before is left out. An empty `text` is no list at all.
pub(super) fn glibc_list(
    text: &[u8],
    separators: &[u8],
    tokens: Tokens<'_>,
) -> Option<Rc<[Directory]>> {
    if text.is_empty() {
        return None;
    }
    let mut list: Vec<Directory> = Vec::new();
    let mut seen = HashSet::new();
    for element in text.split(|b| separators.contains(b)) {
        let directory = match substitute(element, tokens) {
            Ok(_) if element.is_empty() => Directory::Search(Rc::from(element)),
            Ok(path) if path.is_empty() => {
                Directory::Dropped(Rc::from(element), Reason::ExpandsToNothing)
            }
            Ok(path) => Directory::Search(with_one_slash(path).into()),
            Err(why) => Directory::Dropped(Rc::from(element), why),
        };
        if list.len() == FEW {
            seen.extend(list.iter().cloned());
        }
        let is_known = match list.len() {
            0..FEW => list.contains(&directory),
            _ => !seen.insert(directory.clone()),
        };
        if is_known {
            continue;
        }
        if list.len() >= MAX_DIRECTORIES {
            list.push(Directory::Beyond);
            break;
        }
        list.push(directory);
    }
    Some(list.into())
}

/// The list `text` as musl's `path_open` reads it: `:` and newlines separate,
/// empty elements are passed over, and nothing is trimmed.
pub(super) fn musl_list(text: &[u8]) -> Rc<[Directory]> {
    let mut elements = text
        .split(|&b| b == b':' || b == b'\n')
        .filter(|element| !element.is_empty());
    let mut list: Vec<Directory> = elements
        .by_ref()
        .take(MAX_DIRECTORIES)
        .map(|element| {
            let mut path = element.to_vec();
            path.push(b'/');
            Directory::Search(path.into())
        })
        .collect();
    if elements.next().is_some() {
        list.push(Directory::Beyond);
    }
    list.into()
}

fn with_one_slash(mut path: Vec<u8>) -> Vec<u8> {
    while path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path
}
