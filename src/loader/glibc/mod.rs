//! Where glibc's `ld.so` looks for a library.
//!
//! Follows `elf/dl-load.c` (`_dl_map_new_object`, `fillin_rpath`,
//! `decompose_rpath`, `open_path`) and `elf/rtld.c` (`dl_main`, preloads).

mod cache;
mod hwcaps;
mod judge;
mod preload;
mod release;
mod tokens;
mod traits;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

pub use preload::{PRELOAD_FILE, Preload};
pub use release::Release;
pub use traits::Traits;

use self::cache::Cache;
use super::link_map::{Expanded, LinkMap, Loaded, ObjectId, Role};
use super::path_list::glibc_list;
use super::plan::{Directory, Plan, Rule, Step, Steps};
use super::reason::{Reason, Secure};
use super::{Environment, Subject};
use crate::by_name::ByName;
use crate::elf::consts::EM_X86_64;
use crate::elf::{Ident, Object};
use crate::errno::Errno;
use crate::path::parent;
use crate::platform::Abi;

/// The most libraries whose directories are remembered, and the longest lists and paths.
const MAX_EXPANDED: usize = 1024;
const MAX_LIST: usize = 256;

/// glibc's loader, ready to be asked.
#[derive(Debug)]
pub struct Glibc {
    abi: &'static Abi,
    /// `e_flags` of the program.
    flags: u32,
    traits: Traits,
    environment: Environment,
    cache: Option<Cache>,
    /// What opening the cache leaves in `errno`.
    cache_errno: Errno,
    preload_file: Option<Rc<[u8]>>,
    library_path: Option<Rc<[Directory]>>,
    defaults: Rc<[Directory]>,
    subdirectories: Vec<Rc<[u8]>>,
    /// The directories of libraries that were loaded, by their paths.
    expanded: RefCell<ExpandedByPath>,
}

type ExpandedByPath = ByName<Rc<[u8]>, (Arc<Object>, Expanded)>;

impl Glibc {
    /// The loader that starts `subject`, whose real path is `program`. `cache`
    /// is the content of [`Traits::cache_path`] and `preload_file` that of
    /// [`PRELOAD_FILE`], where there is one.
    #[must_use]
    pub fn new(
        subject: Subject<'_>,
        mut traits: Traits,
        environment: Environment,
        program: Option<&[u8]>,
        cache: Result<Rc<[u8]>, Errno>,
        preload_file: Option<Rc<[u8]>>,
    ) -> Glibc {
        let abi = subject.abi;
        traits.complete(abi);
        let levels = hwcaps::supported(&traits.hwcaps, environment.cpu.as_deref());
        let legacy = hwcaps::LegacyBits::new(&traits, abi);
        let defaults = traits.default_directories.iter();
        let defaults = defaults
            .map(|d| Directory::Search(Rc::from(d.as_slice())))
            .collect();
        let mut glibc = Glibc {
            abi,
            flags: subject.object.header.flags,
            subdirectories: hwcaps::subdirectories(&traits, &levels, abi),
            cache_errno: cache.as_ref().err().copied().unwrap_or(Errno::NONE),
            cache: cache
                .ok()
                .and_then(|bytes| Cache::parse(bytes, abi, &levels, legacy)),
            preload_file,
            library_path: None,
            defaults,
            traits,
            environment,
            expanded: RefCell::default(),
        };
        let text = glibc
            .environment
            .library_path
            .as_deref()
            .filter(|_| !glibc.environment.secure);
        let origin = glibc.origin_of_program(program);
        glibc.library_path =
            text.and_then(|text| glibc_list(text, b":;", glibc.tokens(origin, true)));
        glibc
    }

    /// Whether this is the loader that [`Glibc::new`] would make of these for any program
    /// of this ABI with these `e_flags`. Files that it reads are those of one target.
    pub(crate) fn serves(
        &self,
        abi: &Abi,
        flags: u32,
        traits: &Traits,
        environment: &Environment,
    ) -> bool {
        // Its directories may be named after the program's.
        environment.library_path.is_none()
            && self.abi.name == abi.name
            && self.flags == flags
            && self.traits == *traits
            && self.environment == *environment
    }

    pub(super) fn version(&self) -> Option<(u32, u32)> {
        self.traits.version
    }

    pub(super) fn release(&self) -> Release {
        self.traits.release()
    }

    /// The `GNU_PROPERTY_X86_ISA_1` bits of the CPU, where its level was given.
    pub(crate) fn cpu_bits(&self) -> Option<u32> {
        let level = self.environment.cpu.as_deref()?;
        hwcaps::given_bits(level).filter(|_| self.abi.machine == EM_X86_64)
    }

    /// The loader was built for a better CPU than the first ones, and says so where it
    /// has another.
    pub(crate) fn wants_more_than_baseline(&self) -> bool {
        self.traits.has_baseline
    }

    /// Whether the loader looks at what files need of the CPU.
    pub(crate) fn checks_isa(&self) -> bool {
        self.traits
            .version
            .is_some_and(|version| version >= (2, 33))
    }

    pub(super) fn subdirectories(&self) -> &[Rc<[u8]>] {
        &self.subdirectories
    }

    pub(super) fn plan(&self, map: &LinkMap, requester: Option<ObjectId>, name: &[u8]) -> Plan {
        let asker = requester.unwrap_or(LinkMap::MAIN);
        let loaded = map.get(asker);
        if name.contains(&b'/') {
            return self.plan_path(loaded, name);
        }
        let mut steps = Steps::new();
        if loaded.expanded.runpath.is_none() && !has_runpath(loaded) {
            self.plan_rpaths(map, asker, &mut steps);
        }
        self.plan_library_path(&mut steps);
        if let Some(directories) = loaded.expanded.runpath.clone() {
            steps.push(Step::List {
                rule: Rule::Runpath,
                owner: Some(asker),
                directories,
            });
        }
        let no_default = loaded
            .object
            .as_ref()
            .is_some_and(|object| object.dynamic.no_default_libraries());
        self.plan_cache(name, no_default, &mut steps);
        self.plan_defaults(name, no_default, &mut steps);
        Plan::Search(steps)
    }

    fn plan_library_path(&self, steps: &mut Steps) {
        match (&self.library_path, &self.environment.library_path) {
            (Some(directories), _) => steps.push(Step::List {
                rule: Rule::LibraryPath,
                owner: None,
                directories: directories.clone(),
            }),
            (None, Some(text)) if self.environment.secure => steps.push(Step::Withheld {
                rule: Rule::LibraryPath,
                what: text.clone(),
                why: Reason::Secure(Secure::LibraryPath),
            }),
            _ => {}
        }
    }

    fn plan_cache(&self, name: &[u8], no_default: bool, steps: &mut Steps) {
        steps.push(Step::OwnFile(self.cache_errno));
        if let Some(path) = self.cache.as_ref().and_then(|cache| cache.lookup(name)) {
            let directories = &self.traits.default_directories;
            let is_under_default = || directories.iter().any(|d| path.starts_with(d));
            steps.push(if no_default && is_under_default() {
                Step::Withheld {
                    rule: Rule::Cache,
                    what: path.to_vec(),
                    why: Reason::NoDefaultDirectories,
                }
            } else {
                Step::File {
                    rule: Rule::Cache,
                    path,
                }
            });
        }
    }

    fn plan_defaults(&self, name: &[u8], no_default: bool, steps: &mut Steps) {
        if no_default {
            steps.extend(
                self.traits
                    .default_directories
                    .iter()
                    .map(|directory| Step::Withheld {
                        rule: Rule::DefaultDirectory,
                        what: [directory, name].concat(),
                        why: Reason::NoDefaultDirectories,
                    }),
            );
        } else {
            let directories = self.defaults.clone();
            steps.push(Step::List {
                rule: Rule::DefaultDirectory,
                owner: None,
                directories,
            });
        }
    }

    /// The rpaths of who asks and of those who asked for it. One that has a
    /// runpath contributes nothing and does not end the chain; the program comes
    /// last if it was not in it.
    fn plan_rpaths(&self, map: &LinkMap, asker: ObjectId, steps: &mut Steps) {
        let is_in_chain = map.chain(asker).any(|owner| owner == LinkMap::MAIN);
        let program = (!is_in_chain).then_some(LinkMap::MAIN);
        for owner in map.chain(asker).chain(program) {
            if let Some(directories) = map.get(owner).expanded.rpath.clone() {
                let rule = if owner == asker {
                    Rule::Rpath
                } else {
                    Rule::RpathInherited
                };
                steps.push(Step::List {
                    rule,
                    owner: Some(owner),
                    directories,
                });
            }
        }
    }

    pub(super) fn expand(&self, loaded: &Loaded) -> Expanded {
        let Some(object) = &loaded.object else {
            return Expanded::default();
        };
        if object.dynamic.runpath.is_none() && object.dynamic.rpath.is_none() {
            return Expanded::default();
        }
        let lists = [&object.dynamic.runpath, &object.dynamic.rpath];
        let is_long = |list: &[u8]| list.len() > MAX_LIST;
        if loaded.role == Role::Main
            || is_long(&loaded.path)
            || lists.into_iter().flatten().any(|list| is_long(list))
        {
            return self.expand_lists(loaded, object);
        }
        // What they are depends on the path and on the object alone.
        if let Some((known, expanded)) = self.expanded.borrow().get(&loaded.path)
            && Arc::ptr_eq(known, object)
        {
            return expanded.clone();
        }
        let expanded = self.expand_lists(loaded, object);
        let mut known = self.expanded.borrow_mut();
        if known.len() < MAX_EXPANDED {
            known.insert(loaded.path.clone(), (object.clone(), expanded.clone()));
        }
        expanded
    }

    fn expand_lists(&self, loaded: &Loaded, object: &Object) -> Expanded {
        let origin = self.origin(loaded);
        let tokens = self.tokens(origin.as_deref(), loaded.role == Role::Main);
        let list = |text: &Option<Box<[u8]>>| glibc_list(text.as_deref()?, b":", tokens);
        match &object.dynamic {
            // An rpath beside a runpath is forgotten (elf/get-dynamic-info.h).
            dynamic if dynamic.runpath.is_some() => Expanded {
                rpath: None,
                runpath: list(&dynamic.runpath),
            },
            dynamic => Expanded {
                rpath: list(&dynamic.rpath),
                runpath: None,
            },
        }
    }

    fn expects(&self, ident: Ident) -> bool {
        ident.class() == self.abi.class.ident()
    }
}

/// The loaded object that has the name, or whose soname it is
/// (`elf/dl-load.c:_dl_lookup_map`). The empty name is the program's.
#[must_use]
pub fn loaded(map: &LinkMap, name: &[u8]) -> Option<ObjectId> {
    if name.is_empty() {
        Some(LinkMap::MAIN)
    } else {
        map.named(name)
    }
}

fn has_runpath(loaded: &Loaded) -> bool {
    loaded
        .object
        .as_ref()
        .is_some_and(|object| object.dynamic.runpath.is_some())
}

fn directory_of(path: &[u8]) -> &[u8] {
    parent(path)
}
