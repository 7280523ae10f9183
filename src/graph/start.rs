//! From a program to the loader that it names, ready to be asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::content::{self, Files};
use crate::elf::consts::{PF_W, PF_X};
use crate::elf::{Object, Segment};
use crate::errno::Errno;
use crate::few::Few;
use crate::loader::{
    Environment, Glibc, LinkMap, Loaded, Loader, LoaderKind, Musl, Role, Subject, glibc, recognise,
};
use crate::path::{TargetPath, Way, file_name};
use crate::platform::Abi;
use crate::read_at::ReadAt;
use crate::rootfs::Identity;

/// What gcompat's stub has preloaded (`loader/loader.c`, `Makefile`:
/// `LIBGCOMPAT_PATH`).
const GCOMPAT: &[u8] = b"/lib/libgcompat.so.0";
/// The most of a loader's read-only data that is searched.
const MAX_LOADER: u64 = 8 << 20;

/// The loader of a program, as far as the target has one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoaderFile {
    /// It is there, and it is this.
    Known(LoaderKind),
    /// It is not there, or nothing can be started by it; the one that its name
    /// stands for is assumed.
    Assumed,
}

/// Everything that a search starts from.
pub struct Start {
    /// The loader.
    pub loader: Rc<Loader>,
    /// The program, alone, and the loader.
    pub map: LinkMap,
    /// Names of auditors.
    pub audits: Vec<Vec<u8>>,
    /// Names to load before anything else, and where they were written.
    pub preloads: Vec<(Vec<u8>, &'static str)>,
    /// What is known of the loader's file.
    pub file: LoaderFile,
    /// The loader lists itself even if nothing needs it.
    pub lists_itself: bool,
    /// A file that decides something could not be read by us.
    pub unreadable: Option<(Rc<[u8]>, Errno)>,
}

/// The program that is to be started.
pub struct Program<'a> {
    /// Its facts.
    pub object: &'a Arc<Object>,
    /// Its ABI.
    pub abi: &'static Abi,
    /// The path that was executed.
    pub path: &'a TargetPath,
    /// The path without links.
    pub real_path: &'a TargetPath,
    /// How it was started.
    pub started: Started<'a>,
    /// The interpreter, as written.
    pub interp: &'a [u8],
}

/// How a program was started, which is what loaders call it.
#[derive(Clone, Copy, Debug)]
pub struct Started<'a> {
    /// Its first argument: glibc's name for it (`elf/rtld.c:_dl_argv`). Behind a script that
    /// is the interpreter as the script names it.
    pub argv0: &'a [u8],
    /// The path that `execve` was given, `AT_EXECFN`: musl's name for it
    /// (`ldso/dynlink.c:__dls3`). Behind a script that is the script's.
    pub execfn: &'a [u8],
}

/// Sets up the loader of `program`. `usable` says that the kernel takes the
/// interpreter; otherwise the loader that its name stands for is assumed.
#[must_use]
pub fn start(
    files: &Files<'_>,
    loaders: &Loaders,
    program: &Program<'_>,
    usable: bool,
    environment: &Environment,
) -> Start {
    let path = environment.workdir.seen_by_process(program.interp);
    let kind = usable.then(|| loaders.kind(files, &path));
    let unreadable = match kind {
        Some(Err(errno)) if errno.is_ours() => Some((Rc::from(program.interp), errno)),
        _ => None,
    };
    let kind = kind.and_then(Result::ok);
    let file = kind.map_or(LoaderFile::Assumed, LoaderFile::Known);
    let subject = Subject {
        abi: program.abi,
        object: program.object,
        interp: program.interp,
    };
    let mut start = match &file {
        LoaderFile::Known(LoaderKind::Musl(traits)) => {
            start_musl(files, subject, traits, environment)
        }
        LoaderFile::Known(LoaderKind::Gcompat) => {
            let traits = crate::loader::musl::Traits { architecture: None };
            // The stub calls musl's loader by its own last name, which a program for
            // glibc may need, and gives it the program by its path without links.
            let subject = Subject {
                interp: file_name(program.interp),
                ..subject
            };
            let mut start = start_musl(files, subject, &traits, environment);
            start.preloads.insert(0, (GCOMPAT.to_vec(), "gcompat"));
            start
        }
        LoaderFile::Known(LoaderKind::Glibc(traits)) => {
            start_glibc(files, loaders, traits, environment, program)
        }
        LoaderFile::Assumed if names_musl(program.interp) => {
            let traits = crate::loader::musl::Traits { architecture: None };
            start_musl(files, subject, &traits, environment)
        }
        LoaderFile::Assumed | LoaderFile::Known(_) => {
            let traits = glibc::Traits::assumed(program.abi);
            start_glibc(files, loaders, &traits, environment, program)
        }
    };
    // The stub starts musl's loader as a command, which has that path for all it knows.
    let (path, called) = match &file {
        LoaderFile::Known(LoaderKind::Gcompat) => (program.real_path, None),
        _ if start.loader.is_musl() => (program.path, Some(program.started.execfn)),
        _ => (program.path, Some(program.started.argv0)),
    };
    let called = called.filter(|called| *called != path.as_bytes());
    add_program(&mut start, program, path, called, environment, files);
    start.file = file;
    start.unreadable = unreadable.or(start.unreadable);
    start
}

/// Whether an interpreter's name is one of musl's.
#[must_use]
pub(crate) fn names_musl(interp: &[u8]) -> bool {
    file_name(interp).starts_with(b"ld-musl-")
}

fn empty(loader: Rc<Loader>) -> Start {
    Start {
        loader,
        map: LinkMap::with_room(),
        audits: Vec::new(),
        preloads: Vec::new(),
        file: LoaderFile::Assumed,
        lists_itself: false,
        unreadable: None,
    }
}

/// The first of the loader's texts that we could not read, and the loader would have.
fn lost(files: &Files<'_>, texts: &[(&[u8], Option<Errno>)]) -> Option<(Rc<[u8]>, Errno)> {
    // Nothing is kept from root: it is we who may not read.
    let is_root = files.rootfs().user().is_root();
    let is_ours = |errno: &Errno| errno.is_ours() || (is_root && *errno == Errno::ACCES);
    texts.iter().find_map(|(path, errno)| {
        let errno = errno.filter(is_ours)?;
        Some((Rc::from(*path), errno))
    })
}

fn start_glibc(
    files: &Files<'_>,
    loaders: &Loaders,
    traits: &glibc::Traits,
    environment: &Environment,
    program: &Program<'_>,
) -> Start {
    let lists_itself = traits.release().lists_itself();
    let cache = files.text(&traits.cache_path);
    let preload_file = files.text(glibc::PRELOAD_FILE);
    let texts: [(&[u8], _); 2] = [
        (&traits.cache_path, cache.as_ref().err().copied()),
        (glibc::PRELOAD_FILE, preload_file.as_ref().err().copied()),
    ];
    let unreadable = lost(files, &texts);
    let (abi, flags) = (program.abi, program.object.header.flags);
    let serves = |glibc: &Glibc| glibc.serves(abi, flags, traits, environment);
    let loader = loaders.glibc(serves, || {
        let subject = Subject {
            abi,
            object: program.object,
            interp: program.interp,
        };
        Glibc::new(
            subject,
            traits.clone(),
            environment.clone(),
            Some(program.real_path.as_bytes()),
            cache,
            preload_file.ok(),
        )
    });
    let Loader::Glibc(glibc) = &*loader else {
        return empty(loader);
    };
    let preloads = glibc
        .preloads()
        .into_iter()
        .map(|p| (p.name, p.origin))
        .collect();
    let audits = glibc.audits(program.object);
    Start {
        audits,
        preloads,
        lists_itself,
        unreadable,
        ..empty(loader)
    }
}

fn start_musl(
    files: &Files<'_>,
    subject: Subject<'_>,
    traits: &crate::loader::musl::Traits,
    environment: &Environment,
) -> Start {
    let path = traits.path_file(subject.interp, subject.abi.musl);
    let path_file = files.text(&path);
    let path_file = path_file.as_deref().map_err(|errno| *errno);
    let unreadable = lost(files, &[(&path, path_file.err())]);
    let loader = Musl::new(subject, environment.clone(), path_file);
    let preloads = loader
        .preloads()
        .into_iter()
        .map(|name| (name, "LD_PRELOAD"))
        .collect();
    Start {
        preloads,
        lists_itself: true,
        unreadable,
        ..empty(Rc::new(Loader::Musl(Box::new(loader))))
    }
}

/// The program is the first object, the loader the second; the loader keeps no
/// file identity, as neither keeps one for itself.
fn add_program(
    start: &mut Start,
    program: &Program<'_>,
    path: &TargetPath,
    called: Option<&[u8]>,
    environment: &Environment,
    files: &Files<'_>,
) {
    let interp: Rc<[u8]> = Rc::from(program.interp);
    let of_loader = files.open(&environment.workdir.seen_by_process(program.interp));
    let of_loader = of_loader.ok().map(|id| (id, files.record(id)));
    let loader_object = of_loader
        .as_ref()
        .and_then(|(_, r)| r.content.as_ref().ok()?.elf().cloned());
    let mut main = Loaded {
        role: Role::Main,
        path: Rc::from(path.as_bytes()),
        called: called.map(Rc::from),
        names: Few::new(),
        searched: false,
        real_path: Some(Rc::from(program.real_path.as_bytes())),
        object: Some(program.object.clone()),
        file: None,
        identity: None,
        requester: None,
        expanded: crate::loader::Expanded::default(),
    };
    main.expanded = start.loader.expand(&main);
    let loader = Loaded {
        role: Role::Loader,
        path: interp.clone(),
        called: None,
        names: Few::from(interp),
        searched: false,
        real_path: None,
        object: loader_object,
        file: of_loader.map(|(id, _)| id),
        identity: None,
        requester: None,
        expanded: crate::loader::Expanded::default(),
    };
    start.map.push(main);
    start.map.push(loader);
}

/// What interpreter files turned out to be, so that each is searched once.
#[derive(Default)]
pub struct Loaders {
    pub(super) known: RefCell<Recognised>,
    /// The last loader of glibc that was set up.
    last: RefCell<Option<Rc<Loader>>>,
}

/// What is known of loaders' files, and of C libraries.
#[derive(Clone, Default)]
pub(crate) struct Recognised {
    loaders: HashMap<Identity, LoaderKind>,
    /// The releases of C libraries that were searched for it.
    releases: HashMap<Identity, Option<(u32, u32)>>,
    /// The newest versions that C libraries define.
    pub(super) newest: HashMap<Identity, Option<(u32, u32)>>,
}

impl From<Recognised> for Loaders {
    fn from(known: Recognised) -> Loaders {
        Loaders {
            known: RefCell::new(known),
            last: RefCell::default(),
        }
    }
}

impl Loaders {
    /// What the interpreter at `path`, which is absolute, is.
    ///
    /// # Errors
    /// What opening or reading it would set `errno` to; `ENOEXEC` where it is no
    /// ELF file.
    pub fn kind<'w>(
        &self,
        files: &Files<'_>,
        path: impl Into<Way<'w>>,
    ) -> Result<LoaderKind, Errno> {
        let path = path.into();
        let record = files.record(files.open(path)?);
        let identity = record.metadata.identity;
        if let Some(kind) = self.known.borrow().loaders.get(&identity) {
            return Ok(kind.clone());
        }
        let content = record.content?;
        let object = content.elf().ok_or(Errno::NOEXEC)?;
        let source = files.rootfs().open(path)?.data.ok_or(Errno::NOEXEC)?;
        let real_path = files.rootfs().real_path(path);
        let name = real_path
            .as_ref()
            .map(TargetPath::file_name)
            .unwrap_or_default();
        let kind = recognise_file(object, &*source, name)?;
        let mut known = self.known.borrow_mut();
        known.loaders.insert(identity, kind.clone());
        Ok(kind)
    }

    /// What is known, for another thread.
    pub(crate) fn recognised(&self) -> Recognised {
        self.known.borrow().clone()
    }

    /// A loader of glibc: the last one that was set up, if it serves, else a new one.
    fn glibc(
        &self,
        serves: impl FnOnce(&Glibc) -> bool,
        make: impl FnOnce() -> Glibc,
    ) -> Rc<Loader> {
        let mut last = self.last.borrow_mut();
        match &*last {
            Some(loader) if matches!(&**loader, Loader::Glibc(glibc) if serves(glibc)) => {
                loader.clone()
            }
            _ => last
                .insert(Rc::new(Loader::Glibc(Box::new(make()))))
                .clone(),
        }
    }
}

impl Loaders {
    /// The release that the C library at `path`, which is absolute, says it is of;
    /// `None` where it does not, or where its bytes passed by and are gone.
    pub(crate) fn libc_release(&self, files: &Files<'_>, path: &[u8]) -> Option<(u32, u32)> {
        let opened = files.rootfs().open(path).ok()?;
        let identity = opened.metadata.identity;
        if let Some(known) = self.known.borrow().releases.get(&identity) {
            return *known;
        }
        let record = files.record(files.open(path).ok()?);
        let found = opened.data.and_then(|data| {
            let content = record.content.ok()?;
            content::glibc_release(content.elf()?, &*data).ok()?
        });
        let mut known = self.known.borrow_mut();
        known.releases.insert(identity, found);
        found
    }
}

/// Searches the read-only data of a loader first, and the whole of it if that
/// says nothing.
fn recognise_file(object: &Object, source: &dyn ReadAt, name: &[u8]) -> Result<LoaderKind, Errno> {
    let plain = |segment: &&Segment| segment.flags & PF_W == 0;
    let data_only = |segment: &&Segment| segment.flags & PF_X == 0;
    let mut wanted: Vec<&Segment> = object
        .loads
        .iter()
        .filter(plain)
        .filter(data_only)
        .collect();
    if wanted.is_empty() {
        wanted = object.loads.iter().filter(plain).collect();
    }
    let mut data = Vec::new();
    for segment in wanted {
        data.push(read_range(source, segment.offset, segment.file_size)?);
    }
    let kind = recognise(object, &data, name);
    if !matches!(kind, LoaderKind::Unknown | LoaderKind::NotALoader) {
        return Ok(kind);
    }
    let whole = read_range(source, 0, source.size())?;
    Ok(recognise(object, &[whole], name))
}

fn read_range(source: &dyn ReadAt, offset: u64, size: u64) -> Result<Vec<u8>, Errno> {
    let size = size
        .min(source.size().saturating_sub(offset))
        .min(MAX_LOADER);
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        let count = source.read_at(offset + filled as u64, &mut bytes[filled..]);
        match count.map_err(|error| Errno::from(&error))? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
