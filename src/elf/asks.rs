//! What a program asks of the system around it when it runs: a second stage, for
//! what only matters where the system lacks it.
//!
//! A dynamic file tells by the functions that it imports. Go's linker keeps the name
//! of each function that can be reached, for stack traces, stripped or not
//! (`cmd/link/internal/ld/pcln.go`, `funcnametab`), so a function that is named is in
//! use. What a file does not tell in one of these ways is not known.

use std::io;

use super::build::MAX_WHOLE;
use super::consts::{PF_W, PF_X};
use super::imports;
use super::object::{Linkage, Object};
use super::window::Window;
use crate::read_at::ReadAt;

/// Something that a program may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Addresses of hosts, by the C library.
    Hosts,
    /// Users or groups by name, by the C library.
    Users,
    /// Users by number, by the C library.
    UserOfNumber,
    /// The system's certificates, to tell whom to trust.
    Certificates,
    /// A time zone by its name.
    Zones,
    /// The local time, as TZ has it.
    LocalTime,
    /// A temporary file in `/tmp`, whatever a variable says.
    Tmp,
    /// A directory for temporary files, which is `/tmp` unless a variable says
    /// otherwise.
    TemporaryDirectory,
    /// A temporary file, at a place of its own choice.
    TemporaryFile,
    /// The end of a thread, for which glibc loads `libgcc_s.so.1`.
    EndOfThread,
}

/// How many there are.
const COUNT: usize = 10;

/// Functions of libraries, and what calling them asks.
const FUNCTIONS: [(Ask, &str); 54] = [
    (Ask::Hosts, "getaddrinfo"),
    (Ask::Hosts, "getaddrinfo_a"),
    (Ask::Hosts, "gethostbyaddr"),
    (Ask::Hosts, "gethostbyaddr_r"),
    (Ask::Hosts, "gethostbyname"),
    (Ask::Hosts, "gethostbyname2"),
    (Ask::Hosts, "gethostbyname2_r"),
    (Ask::Hosts, "gethostbyname_r"),
    (Ask::Hosts, "getnameinfo"),
    (Ask::Users, "getgrent"),
    (Ask::Users, "getgrgid"),
    (Ask::Users, "getgrgid_r"),
    (Ask::Users, "getgrnam"),
    (Ask::Users, "getgrnam_r"),
    (Ask::Users, "getgrouplist"),
    (Ask::Users, "getpwent"),
    (Ask::Users, "getpwnam"),
    (Ask::Users, "getpwnam_r"),
    (Ask::Users, "initgroups"),
    (Ask::UserOfNumber, "getpwuid"),
    (Ask::UserOfNumber, "getpwuid_r"),
    // OpenSSL, in the order of its manual.
    (Ask::Certificates, "SSL_CTX_set_default_verify_paths"),
    (Ask::Certificates, "SSL_CTX_set_default_verify_dir"),
    (Ask::Certificates, "SSL_CTX_set_default_verify_file"),
    (Ask::Certificates, "SSL_CTX_set_default_verify_store"),
    (Ask::Certificates, "X509_STORE_set_default_paths"),
    (Ask::Certificates, "X509_STORE_set_default_paths_ex"),
    // GnuTLS.
    (
        Ask::Certificates,
        "gnutls_certificate_set_x509_system_trust",
    ),
    (Ask::Certificates, "gnutls_x509_trust_list_add_system_trust"),
    (Ask::LocalTime, "localtime"),
    (Ask::LocalTime, "localtime_r"),
    (Ask::LocalTime, "__localtime64"),
    (Ask::LocalTime, "__localtime64_r"),
    (Ask::LocalTime, "mktime"),
    (Ask::LocalTime, "tzset"),
    // glibc's P_tmpdir and no other place (`stdio-common/tmpfile.c`); musl's too.
    (Ask::Tmp, "tmpfile"),
    (Ask::Tmp, "tmpfile64"),
    (Ask::Tmp, "tmpnam"),
    (Ask::TemporaryDirectory, "tempnam"),
    // C++ throws where it is no directory.
    (
        Ask::TemporaryDirectory,
        "_ZNSt10filesystem19temp_directory_pathB5cxx11Ev",
    ),
    (
        Ask::TemporaryDirectory,
        "_ZNSt10filesystem7__cxx1119temp_directory_pathEv",
    ),
    // GLib.
    (Ask::TemporaryDirectory, "g_dir_make_tmp"),
    (Ask::TemporaryDirectory, "g_file_open_tmp"),
    (Ask::TemporaryFile, "mkdtemp"),
    (Ask::TemporaryFile, "mkostemp"),
    (Ask::TemporaryFile, "mkostemp64"),
    (Ask::TemporaryFile, "mkostemps"),
    (Ask::TemporaryFile, "mkstemp"),
    (Ask::TemporaryFile, "mkstemp64"),
    (Ask::TemporaryFile, "mkstemps"),
    (Ask::TemporaryFile, "mktemp"),
    (Ask::EndOfThread, "pthread_cancel"),
    (Ask::EndOfThread, "pthread_exit"),
    (Ask::EndOfThread, "thrd_exit"),
];

/// Functions of Go, as its tables name them, and what reaching them asks.
const GO_FUNCTIONS: [(Ask, &str); 8] = [
    (Ask::Certificates, "net/http.(*Transport).dialConn"),
    (Ask::Certificates, "crypto/tls.DialWithDialer"),
    (Ask::Certificates, "crypto/tls.(*Dialer).DialContext"),
    (Ask::Zones, "time.LoadLocation"),
    (Ask::LocalTime, "time.initLocal"),
    (Ask::TemporaryDirectory, "os.CreateTemp"),
    (Ask::TemporaryDirectory, "os.MkdirTemp"),
    (Ask::TemporaryDirectory, "io/ioutil.TempFile"),
];
/// Without it a program in Go trusts nothing by itself.
const GO_ROOTS: &str = "crypto/x509.loadSystemRoots";
/// With it a program in Go has the zones in it: it imports `time/tzdata`.
const GO_ZONES: &str = "time.registerLoadFromEmbeddedTZData";

/// The most of a program in Go that is searched: as much as is kept of a large one
/// that passes by.
pub(super) const MAX_SEARCHED: u64 = 16 << 20;
/// How much is searched at a time.
const PIECE: usize = 256 << 10;

/// What a file asks, and of each the first function that tells.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Asks {
    by: [Option<&'static str>; COUNT],
}

impl Asks {
    /// The function by which it asks `what`.
    #[must_use]
    pub fn by(&self, what: Ask) -> Option<&'static str> {
        self.by.get(what as usize).copied().flatten()
    }

    fn add(&mut self, what: Ask, by: &'static str) {
        if let Some(place) = self.by.get_mut(what as usize) {
            place.get_or_insert(by);
        }
    }

    fn remove(&mut self, what: Ask) {
        if let Some(place) = self.by.get_mut(what as usize) {
            *place = None;
        }
    }
}

impl Object {
    /// What the file, which `source` has, asks of the system when it runs. Nobody
    /// starts a library, so of one only what concerns certificates is looked at.
    ///
    /// # Errors
    /// Whatever reading `source` reports.
    pub fn asks(&self, source: &dyn ReadAt) -> io::Result<Asks> {
        let mut asks = Asks::default();
        let is_program = self.linkage() != Linkage::SharedObject;
        if !is_program && !self.has_tls() {
            return Ok(asks);
        }
        if self.has_dynamic {
            let mut window = Window::open(source)?;
            for import in imports::read(self, &mut window)? {
                let known = FUNCTIONS
                    .iter()
                    .find(|(_, name)| name.as_bytes() == &*import.name);
                // What is weak is asked of no one in particular.
                if let Some(&(what, by)) = known.filter(|_| !import.weak) {
                    asks.add(what, by);
                }
            }
        }
        if self.notes.is_go {
            self.asks_of_go(source, &mut asks)?;
        }
        Ok(asks)
    }

    /// Whether it needs a library of TLS that leaves the choice of certificates to
    /// its callers.
    pub(crate) fn has_tls(&self) -> bool {
        let is_tls = |name: &[u8]| name.starts_with(b"libssl.") || name.starts_with(b"libgnutls.");
        self.dynamic.needed().any(is_tls)
    }

    fn asks_of_go(&self, source: &dyn ReadAt, asks: &mut Asks) -> io::Result<()> {
        let names: Vec<&'static str> = GO_FUNCTIONS
            .iter()
            .map(|(_, name)| *name)
            .chain([GO_ROOTS, GO_ZONES])
            .collect();
        // Each name stands between the NULs of its neighbours and itself.
        let needles: Vec<Vec<u8>> = names
            .iter()
            .map(|name| [b"\0", name.as_bytes(), b"\0"].concat())
            .collect();
        let finders: Vec<memchr::memmem::Finder<'_>> =
            needles.iter().map(memchr::memmem::Finder::new).collect();
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        let mut found = vec![false; names.len()];
        for (start, end) in self.tables_of_go() {
            let mut piece = vec![0; PIECE];
            let mut at = start;
            while at < end {
                let wanted = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
                let count = source.read_at(at, &mut piece[..wanted])?;
                for (found, finder) in found.iter_mut().zip(&finders) {
                    *found = *found || finder.find(&piece[..count]).is_some();
                }
                // What begins at the end of this piece is seen whole in the next.
                let step = count.saturating_sub(longest);
                if step == 0 {
                    break;
                }
                at += step as u64;
            }
        }
        let has = |name: &str| {
            let place = names.iter().position(|known| *known == name);
            place.is_some_and(|place| found[place])
        };
        for (what, name) in GO_FUNCTIONS {
            if has(name) {
                asks.add(what, name);
            }
        }
        if !has(GO_ROOTS) {
            asks.remove(Ask::Certificates);
        }
        if has(GO_ZONES) {
            asks.remove(Ask::Zones);
            asks.remove(Ask::LocalTime);
        }
        Ok(())
    }

    /// Where Go's tables may be: in whatever is no code. Of a large file that passes by
    /// no more is kept than the read-only data behind the code, where Go's linker puts
    /// them, so no other place is looked at in large files.
    fn tables_of_go(&self) -> Vec<(u64, u64)> {
        let is_small = self.size <= MAX_WHOLE;
        let is_code_first = self
            .loads
            .first()
            .is_some_and(|load| load.flags & PF_X != 0);
        let all = self.loads.iter().filter(|load| {
            let is_read_only = load.flags & (PF_W | PF_X) == 0;
            (is_small && load.flags & PF_X == 0) || (is_code_first && is_read_only)
        });
        all.map(|load| {
            let length = load.file_size.min(MAX_SEARCHED);
            let end = load.offset.saturating_add(length).min(self.size);
            (load.offset, end)
        })
        .collect()
    }
}
