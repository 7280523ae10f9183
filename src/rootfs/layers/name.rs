//! Names in a layer: cleaned, and read for what they say about lower layers.

/// What begins the name of a whiteout.
const WHITEOUT: &[u8] = b".wh.";
/// The name that hides everything below.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Where AUFS kept what hard links lead to.
const AUFS_LINKS: &[u8] = b".wh..wh.plnk";
/// What eStargz adds for its own readers.
const STARGZ: [&[u8]; 3] = [
    b"stargz.index.json",
    b".prefetch.landmark",
    b".no.prefetch.landmark",
];

/// A name as a list of components, without `.`, `..` and empty ones.
#[derive(Debug)]
pub(super) struct Clean<'a> {
    pub(super) components: Vec<&'a [u8]>,
    /// A `..` would have left the root.
    pub(super) left_root: bool,
}

/// Cancels `.` and `..` as engines do before they look at anything (Go's
/// `filepath.Clean` of the name below `/`).
pub(super) fn clean(name: &[u8]) -> Clean<'_> {
    let mut components = Vec::with_capacity(8);
    let mut left_root = false;
    for component in name.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => left_root |= components.pop().is_none(),
            _ => components.push(component),
        }
    }
    Clean {
        components,
        left_root,
    }
}

/// What stands before the last slash of a name, and what after it; slashes at its
/// end do not count.
pub(super) fn split(name: &[u8]) -> (&[u8], &[u8]) {
    let end = name.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    let name = &name[..end];
    match memchr::memrchr(b'/', name) {
        Some(slash) => (&name[..slash], &name[slash + 1..]),
        None => (b"", name),
    }
}

/// What the last component of a name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning<'a> {
    /// An entry of this name.
    Entry,
    /// Everything that lower layers have in the directory is hidden.
    Opaque,
    /// What lower layers have under this name is hidden.
    Whiteout(&'a [u8]),
    /// A whiteout of nothing that could be hidden.
    OddWhiteout,
}

/// Reads the last component of a name.
pub(super) fn meaning(last: &[u8]) -> Meaning<'_> {
    match last.strip_prefix(WHITEOUT) {
        None => Meaning::Entry,
        Some(_) if last == OPAQUE => Meaning::Opaque,
        Some(b"" | b"." | b"..") => Meaning::OddWhiteout,
        Some(hidden) => Meaning::Whiteout(hidden),
    }
}

/// Whether a name lies in AUFS's directory of hard links, which no engine shows.
pub(super) fn is_aufs_link(components: &[&[u8]]) -> bool {
    components.first() == Some(&AUFS_LINKS)
}

/// Whether a name is there for readers of eStargz alone.
pub(super) fn is_stargz(components: &[&[u8]]) -> bool {
    components.len() == 1 && STARGZ.contains(&components[0])
}

#[cfg(test)]
mod tests {
    use super::{Meaning, clean, meaning};

    #[test]
    fn names_are_cleaned_and_stay_inside() {
        let cleaned = |name: &str| {
            let clean = clean(name.as_bytes());
            let joined = clean.components.join(&b"/"[..]);
            (String::from_utf8(joined).unwrap(), clean.left_root)
        };
        assert_eq!(cleaned("./usr//lib/"), ("usr/lib".to_owned(), false));
        assert_eq!(cleaned("/usr/./x"), ("usr/x".to_owned(), false));
        assert_eq!(cleaned("usr/../../esc"), ("esc".to_owned(), true));
        assert_eq!(cleaned("usr/../esc"), ("esc".to_owned(), false));
        assert_eq!(cleaned("./"), (String::new(), false));
    }

    #[test]
    fn whiteouts_are_told_by_their_names() {
        assert_eq!(meaning(b"foo"), Meaning::Entry);
        assert_eq!(meaning(b".wh.foo"), Meaning::Whiteout(b"foo"));
        assert_eq!(meaning(b".wh..wh..opq"), Meaning::Opaque);
        assert_eq!(meaning(b".wh."), Meaning::OddWhiteout);
        assert_eq!(meaning(b".wh..."), Meaning::OddWhiteout);
        assert_eq!(meaning(b".wh...."), Meaning::Whiteout(b"..."));
    }
}
