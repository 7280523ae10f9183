//! From the first argument to what runc and crun hand to `execve`, or their refusal.
//!
//! runc asks Go's `os/exec.LookPath` (1.20 and later) as the container's user
//! (`libcontainer/standard_init_linux.go:Init`). crun asks `find_executable`
//! (`src/libcrun/utils.c`) first as root and, where that says anything but
//! "absent", once more as the container's user (`container.c:container_init_setup`).
//! So the two may differ, and a file that only root may execute passes crun's
//! look-up and fails in `execve`.
//!
//! A relative name starts at the working directory, which runc enters as root: it
//! starts `./app` below a directory that the user may not search. crun makes the name
//! a whole path, and `execve` fails.

use super::view::View;
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::rootfs::{Credentials, Filesystem, Kind, Metadata};

/// What becomes of the first argument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lookup {
    /// The argument.
    pub name: Vec<u8>,
    /// The file whose start is worth examining: what runc executes, or would if
    /// the file that the name leads to were as it should be. `None` where a bare
    /// name leads nowhere.
    pub path: Option<TargetPath>,
    /// What runc hands to `execve`.
    pub runc: Result<Vec<u8>, Refusal>,
    /// What crun hands to `execve`.
    pub crun: Result<Vec<u8>, Refusal>,
    /// Both hand it the same file, or neither any.
    pub agrees: bool,
}

/// A runtime does not come to calling `execve`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The name by which the runtime then calls the program.
    pub name: Vec<u8>,
    /// Why.
    pub why: Refused,
}

/// Why a runtime does not come to calling `execve`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Following the path fails.
    Lookup(Errno),
    /// The file may not be executed.
    NotExecutable,
    /// It is a directory; for crun, anything but a regular file.
    NotRegular,
    /// No directory of PATH has it.
    NotInPath,
    /// PATH leads to it by way of the working directory, which Go takes for a trap.
    WorkingDirectory,
    /// crun comes, as root, to a file that the container's user may not execute or
    /// reach; so it comes to calling `execve`, in vain.
    OnlyForRoot,
}

/// Who looks, from where.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The target.
    pub filesystem: &'a dyn Filesystem,
    /// The working directory.
    pub workdir: &'a TargetPath,
    /// The container's user.
    pub user: &'a Credentials,
    /// The container's PATH.
    pub path: &'a [u8],
    /// What `stat` says to root of the name that is looked up, where that is known.
    pub known: Option<Metadata>,
}

/// Looks `name` up as runc and as crun would.
#[must_use]
pub fn lookup(name: &[u8], place: Place<'_>) -> Lookup {
    let view = View {
        filesystem: place.filesystem,
        workdir: place.workdir,
        known: place.known.map(|metadata| (name, metadata)),
    };
    let runc = runc(name, place.user, place.path, &view);
    let path = match &runc {
        Ok(found) => Some(place.workdir.seen_by_process(found)),
        Err(_) if name.contains(&b'/') => Some(place.workdir.seen_by_process(name)),
        Err(_) => None,
    };
    let mut named = crun_whole(name, place.workdir);
    let mut crun = match crun(name, &Credentials::root(), place.path, &view) {
        Err(refused) if !refused.is_absence() => crun(name, place.user, place.path, &view),
        decided => decided,
    };
    // An absolute path both hand to the kernel. A relative one runc does too, from the
    // directory that it entered as root; crun makes it a whole path first.
    if let Ok(found) = &crun
        && (!name.contains(&b'/') || (name.first() != Some(&b'/') && runc.is_ok()))
        && crun_access(found, place.user, &view).is_err()
    {
        named.clone_from(found);
        crun = Err(Refused::OnlyForRoot);
    }
    let identity = |name: &Vec<u8>| {
        let metadata = view.stat(&Credentials::root(), name);
        metadata.ok().map(|metadata| metadata.identity)
    };
    let agrees = match (&runc, &crun) {
        (Ok(runc), Ok(crun)) => identity(runc) == identity(crun),
        (Ok(_), Err(Refused::OnlyForRoot)) => false,
        // What a path leads to is for the kernel to judge, who is asked about it.
        _ if name.contains(&b'/') => true,
        (runc, crun) => runc.is_ok() == crun.is_ok(),
    };
    let refused = |name: Vec<u8>| move |why| Refusal { name, why };
    Lookup {
        agrees,
        name: name.to_vec(),
        path,
        runc: runc.map_err(refused(name.to_vec())),
        crun: crun.map_err(refused(named)),
    }
}

impl Refused {
    fn is_absence(self) -> bool {
        matches!(self, Refused::NotInPath | Refused::Lookup(Errno::NOENT))
    }
}

/// `os/exec/lp_unix.go:LookPath`
fn runc(name: &[u8], user: &Credentials, path: &[u8], view: &View<'_>) -> Result<Vec<u8>, Refused> {
    if matches!(name, b"" | b"." | b"..") {
        return Err(Refused::NotInPath);
    }
    if name.contains(&b'/') {
        return go_executable(name, user, view).map(|()| name.to_vec());
    }
    // An empty list has no elements, an empty element is the working directory.
    let elements = path.split(|&b| b == b':').filter(|_| !path.is_empty());
    for element in elements {
        let element = if element.is_empty() { b"." } else { element };
        let candidate = go_join(element, name);
        if go_executable(&candidate, user, view).is_ok() {
            if candidate.first() != Some(&b'/') {
                return Err(Refused::WorkingDirectory);
            }
            return Ok(candidate);
        }
    }
    Err(Refused::NotInPath)
}

/// `os/exec/lp_unix.go:findExecutable`
fn go_executable(path: &[u8], user: &Credentials, view: &View<'_>) -> Result<(), Refused> {
    let metadata = view.stat(user, path).map_err(Refused::Lookup)?;
    if metadata.kind == Kind::Directory {
        return Err(Refused::NotRegular);
    }
    if !View::may_execute(user, &metadata) {
        return Err(Refused::NotExecutable);
    }
    Ok(())
}

/// Go's `filepath.Join` of two parts, which cancels `..` by the letter.
fn go_join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let is_absolute = directory.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in directory.split(|&b| b == b'/').chain([name]) {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    if is_absolute {
        [b"/", &joined[..]].concat()
    } else {
        joined
    }
}

/// `src/libcrun/utils.c:find_executable`
fn crun(name: &[u8], user: &Credentials, path: &[u8], view: &View<'_>) -> Result<Vec<u8>, Refused> {
    if name.is_empty() {
        return Err(Refused::NotInPath);
    }
    if name.contains(&b'/') {
        let whole = crun_whole(name, view.workdir);
        return crun_access(&whole, user, view).map(|()| whole);
    }
    let mut last = Refused::NotInPath;
    for element in path.split(|&b| b == b':') {
        let candidate = crun_join(&[element, name]);
        match crun_access(&candidate, user, view) {
            Ok(()) => return Ok(candidate),
            Err(Refused::Lookup(Errno::NOENT)) => {}
            Err(refused) => last = refused,
        }
    }
    Err(last)
}

/// What crun makes of a name with a slash: an absolute path.
fn crun_whole(name: &[u8], workdir: &TargetPath) -> Vec<u8> {
    if name.first() == Some(&b'/') || !name.contains(&b'/') {
        return name.to_vec();
    }
    crun_join(&[b"/", workdir.as_bytes(), name])
}

/// `src/libcrun/utils.c:check_access`
fn crun_access(path: &[u8], user: &Credentials, view: &View<'_>) -> Result<(), Refused> {
    let metadata = view.stat(user, path).map_err(Refused::Lookup)?;
    if !View::may_execute(user, &metadata) {
        return Err(Refused::NotExecutable);
    }
    if metadata.kind != Kind::File {
        return Err(Refused::NotRegular);
    }
    Ok(())
}

/// `src/libcrun/utils.c:append_paths`: one slash between the parts, empty ones
/// left out.
fn crun_join(parts: &[&[u8]]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let leading = part.iter().take_while(|&&b| b == b'/').count();
        let kept = usize::from(index == 0 && leading > 0);
        let mut part = &part[leading - kept..];
        while let [rest @ .., b'/'] = part
            && !rest.is_empty()
        {
            part = rest;
        }
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() && out.last() != Some(&b'/') {
            out.push(b'/');
        }
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_joins_by_the_letter() {
        let join =
            |directory: &str| String::from_utf8(go_join(directory.as_bytes(), b"x")).unwrap();
        assert_eq!(join("/usr//bin/"), "/usr/bin/x");
        assert_eq!(join("/a/../../b/."), "/b/x");
        assert_eq!(join("."), "x");
        assert_eq!(join("a/.."), "x");
        assert_eq!(join("../a"), "../a/x");
        assert_eq!(join("/"), "/x");
    }

    #[test]
    fn crun_puts_one_slash_between_parts() {
        let join = |parts: &[&str]| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            String::from_utf8(crun_join(&parts)).unwrap()
        };
        assert_eq!(join(&["//usr/bin//", "x"]), "/usr/bin/x");
        assert_eq!(join(&["", "x"]), "x");
        assert_eq!(join(&["/", "x"]), "/x");
        assert_eq!(join(&["/", "/w/", "./x"]), "/w/./x");
        assert_eq!(join(&["bin", "x"]), "bin/x");
    }
}
