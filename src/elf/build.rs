//! What a file tells of how it was built: a second stage, on demand.
//!
//! Nothing here decides whether a program starts; it only makes the words about
//! one that does not fit the program. So damage is silence, not an anomaly.

use std::io;

use super::comment;
use super::consts::{PF_W, PT_LOAD};
use super::go::{self, GoBuild};
use super::imports;
use super::object::{Linkage, Object};
use super::window::Window;
use crate::read_at::ReadAt;

/// Files up to this size are looked at whole; of larger ones nothing is told that
/// stands anywhere but in the ranges of [`ranges_read`](super::ranges_read), so
/// that a file tells the same wherever it comes from.
pub const MAX_WHOLE: u64 = 4 << 20;
/// How much is searched at a time.
const PIECE: usize = 256 << 10;

/// What a file tells of how it was built.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Build {
    /// What Go's linker left.
    pub go: Option<GoBuild>,
    /// The strings of `.comment`, as compilers and linkers left them; none of files
    /// larger than [`MAX_WHOLE`].
    pub comment: Vec<Box<[u8]>>,
    /// It asks for what Rust's standard library asks for.
    pub imports_of_rust: bool,
    /// Static code of glibc that loads NSS modules at run time is in it; not looked
    /// for in files larger than [`MAX_WHOLE`].
    pub loads_nss: bool,
}

impl Build {
    /// The version of rustc that made it, such as `1.74.0`.
    #[must_use]
    pub fn rustc(&self) -> Option<&str> {
        let words = self.comment.iter().find_map(|line| {
            let text = std::str::from_utf8(line).ok()?;
            text.strip_prefix("rustc version ")
        })?;
        words.split_whitespace().next()
    }

    /// Whether rustc made it.
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.imports_of_rust || self.rustc().is_some()
    }

    /// The language, where one is sure. What GCC and Clang leave does not tell C
    /// from C++ or Fortran.
    #[must_use]
    pub fn language(&self) -> Option<&'static str> {
        if self.go.is_some() {
            Some("go")
        } else if self.is_rust() {
            Some("rust")
        } else {
            None
        }
    }

    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Build::default()
    }
}

impl Object {
    /// What `source`, the file that this was read from, tells of its build.
    ///
    /// # Errors
    /// Whatever reading `source` reports.
    pub fn build(&self, source: &dyn ReadAt) -> io::Result<Build> {
        let mut window = Window::open(source)?;
        let is_small = self.size <= MAX_WHOLE;
        let comment = match is_small {
            true => comment::read(&mut window, self.header.layout)?,
            false => Vec::new(),
        };
        Ok(Build {
            go: go::read(self, &mut window)?,
            comment,
            imports_of_rust: self.imports_of_rust(&mut window)?,
            loads_nss: is_small && self.loads_nss(source)?,
        })
    }

    /// Whether a program asks as Rust's `std` does (`library/std/src/sys`, `weak!`): for
    /// functions of newer C libraries if they are there, and for stack traces. A program
    /// in C uses what it was built with, and one in C++ needs `libstdc++`, or has it in
    /// it and asks for no traces.
    fn imports_of_rust(&self, window: &mut Window<'_>) -> io::Result<bool> {
        const MAYBE: [&[u8]; 4] = [
            b"statx",
            b"gettid",
            b"gnu_get_libc_version",
            b"copy_file_range",
        ];
        let needs = |part: &[u8]| self.dynamic.needed().any(|name| name.starts_with(part));
        if self.interp.is_none() || !needs(b"libgcc_s.") || needs(b"libstdc++.") {
            return Ok(false);
        }
        let imports = imports::read(self, window)?;
        let maybe = |import: &imports::Import| import.weak && MAYBE.contains(&&*import.name);
        let traces = |import: &imports::Import| *import.name == *b"_Unwind_Backtrace";
        Ok(imports.iter().any(maybe) && imports.iter().any(traces))
    }

    /// Whether a static program has the names by which glibc's `nss/nss_module.c`
    /// (`nss/nsswitch.c` before 2.34) loads its modules.
    fn loads_nss(&self, source: &dyn ReadAt) -> io::Result<bool> {
        if !matches!(self.linkage(), Linkage::Static | Linkage::StaticPie) {
            return Ok(false);
        }
        let mut found = [false; 2];
        for load in self.loads.iter().filter(|load| {
            load.kind == PT_LOAD && load.flags & PF_W == 0 && load.offset < self.size
        }) {
            for (found, name) in found
                .iter_mut()
                .zip([&b"libnss_%s.so"[..], b"/etc/nsswitch.conf"])
            {
                *found = *found || contains(source, load.offset, load.file_size, name)?;
            }
        }
        Ok(found == [true; 2])
    }
}

/// Whether `name` stands in the `length` bytes from `offset` on, of at most
/// [`MAX_WHOLE`].
fn contains(source: &dyn ReadAt, offset: u64, length: u64, name: &[u8]) -> io::Result<bool> {
    let end = offset
        .saturating_add(length)
        .min(source.size())
        .min(MAX_WHOLE);
    let mut piece = vec![0; PIECE];
    let mut at = offset;
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
        let count = source.read_at(at, &mut piece[..wanted])?;
        if memchr::memmem::find(&piece[..count], name).is_some() {
            return Ok(true);
        }
        // What begins at the end of this piece is seen whole in the next.
        let step = count.saturating_sub(name.len() - 1);
        if step == 0 {
            break;
        }
        at += step as u64;
    }
    Ok(false)
}
