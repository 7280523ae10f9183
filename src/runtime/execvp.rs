//! The search of `execvp`: which files it tries to execute, and what it does when that
//! fails.
//!
//! Follows glibc (`posix/execvpe.c:__execvpe_common`) and musl (`src/process/execvp.c:
//! __execvpe`). Trying the files is `kernel`'s work.

use crate::errno::Errno;
use crate::report::Libc;

/// glibc without a PATH (`confstr(_CS_PATH)`, `sysdeps/unix/confstr.h`).
const GLIBC: &[u8] = b"/bin:/usr/bin";
/// musl without a PATH.
const MUSL: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// The lists of directories that a program with this C library may go through without a
/// PATH: one where it is known, the longest first where it is one of several, none where
/// nothing is known. A static program does not tell its C library.
pub(crate) fn default_paths(libc: Libc) -> &'static [&'static [u8]] {
    match libc {
        Libc::Glibc => &[GLIBC],
        Libc::Musl => &[MUSL],
        Libc::None | Libc::Unknown => &[MUSL, GLIBC],
        Libc::Uclibc | Libc::Bionic => &[],
    }
}

/// The paths that are tried for `name`, one after the other.
pub(crate) fn candidates(name: &[u8], path: &[u8]) -> Vec<Vec<u8>> {
    if name.is_empty() {
        return Vec::new();
    }
    if name.contains(&b'/') {
        return vec![name.to_vec()];
    }
    let join = |element: &[u8]| match element {
        // The working directory.
        b"" => [b"./", name].concat(),
        element => [element, b"/", name].concat(),
    };
    path.split(|&byte| byte == b':').map(join).collect()
}

/// What follows on an `execve` that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum After {
    /// The next path. If none is better, the last of these errors is told.
    Next,
    /// The next path. If none is better, this error is told.
    NextAfterDenial,
    /// A shell is given the file.
    Shell,
    /// This error is told.
    Stop,
}

/// What `execvp` of this C library does after `errno`. What is no program goes to a shell
/// by glibc's; musl's tells of it.
pub(crate) fn after(errno: Errno, libc: Libc) -> After {
    match errno {
        Errno::NOENT | Errno::NOTDIR => After::Next,
        Errno::ACCES => After::NextAfterDenial,
        Errno::NOEXEC if libc != Libc::Musl => After::Shell,
        _ => After::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_element_is_the_working_directory() {
        let shown = |name: &str, path: &str| {
            let all = candidates(name.as_bytes(), path.as_bytes());
            String::from_utf8_lossy(&all.join(&b' ')).into_owned()
        };
        assert_eq!(shown("x", "/a::b/"), "/a/x ./x b//x");
        assert_eq!(shown("./x", "/a"), "./x");
        assert_eq!(shown("", "/a"), "");
    }

    #[test]
    fn only_what_is_absent_or_forbidden_is_passed_by() {
        assert_eq!(after(Errno::NOENT, Libc::Musl), After::Next);
        assert_eq!(after(Errno::ACCES, Libc::Glibc), After::NextAfterDenial);
        assert_eq!(after(Errno::LOOP, Libc::Glibc), After::Stop);
        assert_eq!(after(Errno::NOEXEC, Libc::Glibc), After::Shell);
        assert_eq!(after(Errno::NOEXEC, Libc::Musl), After::Stop);
    }
}
