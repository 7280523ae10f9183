//! Error numbers of Linux and the words that each party has for them.

use std::fmt;
use std::io;

use crate::read_at::{NotAgain, is_not_kept};

/// An error number, as Linux has it on most architectures. 0 is "none".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident = $value:literal, $words:literal;)*) => {
        impl Errno {
            $(
                #[doc = concat!("`E", stringify!($name), "`: ", $words)]
                pub const $name: Errno = Errno($value);
            )*

            /// The symbolic name; `EUNKNOWN` for one that no rule here yields.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($value => concat!("E", stringify!($name)),)*
                    _ => "EUNKNOWN",
                }
            }

            /// The words that glibc's `strerror` has for it.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self.0 {
                    0 => "Success",
                    $($value => $words,)*
                    _ => "Unknown error",
                }
            }
        }
    };
}

errnos! {
    PERM = 1, "Operation not permitted";
    NOENT = 2, "No such file or directory";
    IO = 5, "Input/output error";
    NXIO = 6, "No such device or address";
    NOEXEC = 8, "Exec format error";
    ACCES = 13, "Permission denied";
    NOTDIR = 20, "Not a directory";
    ISDIR = 21, "Is a directory";
    INVAL = 22, "Invalid argument";
    NAMETOOLONG = 36, "File name too long";
    LOOP = 40, "Too many levels of symbolic links";
    LIBBAD = 80, "Accessing a corrupted shared library";
}

impl Errno {
    /// No error.
    pub const NONE: Errno = Errno(0);

    /// No error of Linux: the bytes passed by once and were not kept, so that nobody
    /// here knows what reading them would give.
    pub const NOT_KEPT: Errno = Errno(i32::MIN);

    /// No error of Linux either: the layer that the bytes are in could not be gone
    /// through again.
    pub const NOT_AGAIN: Errno = Errno(i32::MIN + 1);

    /// Whether it is ours alone, and the target's processes may meet none at all.
    #[must_use]
    pub fn is_ours(self) -> bool {
        self == Errno::NOT_KEPT || self == Errno::NOT_AGAIN
    }

    /// The words of Go's `syscall.Errno.Error`: glibc's, in lower case.
    #[must_use]
    pub fn go_words(self) -> String {
        self.words().to_lowercase()
    }

    /// The words that musl's `strerror` has for it (`src/errno/__strerror.h`).
    #[must_use]
    pub fn musl_words(self) -> &'static str {
        match self {
            Errno::NONE => "No error information",
            Errno::LOOP => "Symbolic link loop",
            Errno::NAMETOOLONG => "Filename too long",
            Errno::IO => "I/O error",
            Errno::LIBBAD => "Error accessing shared library",
            other => other.words(),
        }
    }

    /// The words that glibc's loader has for it before libc is there
    /// (`elf/dl-minimal.c:__strerror_r`).
    #[must_use]
    pub fn loader_words(self) -> String {
        match self {
            Errno::NOENT | Errno::PERM | Errno::IO | Errno::ACCES | Errno::INVAL => {
                self.words().to_owned()
            }
            other => format!("Error {}", other.0),
        }
    }
}

impl From<&io::Error> for Errno {
    fn from(error: &io::Error) -> Self {
        if is_not_kept(error) {
            return Errno::NOT_KEPT;
        }
        if error.get_ref().is_some_and(|inner| inner.is::<NotAgain>()) {
            return Errno::NOT_AGAIN;
        }
        Errno(error.raw_os_error().unwrap_or(Errno::IO.0))
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Errno::NOT_KEPT => f.write_str(
                "it passed by and was not kept; read the image from a file that is not compressed as a whole",
            ),
            Errno::NOT_AGAIN => f.write_str(
                "its layer could not be gone through again; --max-total-bytes may set the limit",
            ),
            errno => f.write_str(&errno.go_words()),
        }
    }
}
