//! Symbols bound over the resolved link map, as the loader does it.
//!
//! musl binds everything before it starts a program, says of each symbol that it
//! does not find, and gives up in the end (`ldso/dynlink.c:do_relocs`,
//! `reloc_all`). glibc binds data at the start and functions when they are first
//! called, unless an object or LD_BIND_NOW asks for more, and gives up at the
//! first symbol (`elf/dl-reloc.c:_dl_relocate_object`, `elf/rtld.c:dl_main`).

mod cache;
mod order;
mod unbound;

pub(super) use order::relocation_order;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use memchr::memmem;

pub use cache::SymbolCache;
pub use unbound::{Bound, Cause, Culprit, Near, Unbound, Undecided, When};

use super::{Graph, Status};
use crate::bytes::{lossy, same};
use crate::content::Files;
use crate::elf::{
    Binding, Definition, Object, Reference, RelocationKind, Symbols, Undefined, Version, hash_of,
    knows_relocations, musl_relocates, relocation_kind,
};
use crate::loader::glibc::Release;
use crate::loader::{LinkMap, ObjectId, Role, glibc_match, musl_match};
use crate::path::TargetPath;

/// The most failures that are kept.
const MAX_UNBOUND: usize = 65_536;
/// The most bytes that their names may have.
const MAX_NAMES: usize = 8 << 20;
/// The most of a musl loader that is searched for its table of aliases.
const MAX_LOADER: usize = 4 << 20;

/// How symbols are to be bound.
pub struct Bind<'a> {
    /// The files.
    pub files: &'a Files<'a>,
    /// Symbols that are known already.
    pub cache: &'a SymbolCache,
    /// Where relative paths start.
    pub workdir: &'a TargetPath,
    /// By musl's rules.
    pub is_musl: bool,
    /// The file that has musl's own symbols, where it is not the interpreter.
    pub libc: Option<(TargetPath, Arc<Object>)>,
    /// `LD_BIND_NOW` is set.
    pub binds_now: bool,
    /// It was asked for, and not only needed for the verdict.
    pub is_asked: bool,
}

/// The version that a symbol is wanted with.
fn wanted_version<'s>(symbols: &'s Symbols, wanted: &Undefined) -> Option<&'s Version> {
    symbols.versions.get(&wanted.version)
}

/// Binds the symbols of every object of `graph`.
#[must_use]
pub fn bind(graph: &Graph, how: &Bind<'_>) -> Bound {
    let scope = scope(graph);
    let Some(machine) = machine(graph, LinkMap::MAIN) else {
        return Bound::default();
    };
    if !knows_relocations(machine) {
        return Bound {
            is_musl: how.is_musl,
            is_asked: how.is_asked,
            undecided: Some(Undecided {
                path: graph.map.get(LinkMap::MAIN).path.clone(),
                why: "symbols of its machine are not bound".to_owned(),
                cause: Cause::Machine,
            }),
            ..Bound::default()
        };
    }
    let mut binder = Binder {
        graph,
        how,
        machine,
        scope: Vec::with_capacity(scope.len()),
        memo: HashMap::default(),
        aliases: None,
        names: 0,
        used: HashSet::new(),
        unversioned: HashSet::new(),
        bound: Bound {
            is_musl: how.is_musl,
            is_asked: how.is_asked,
            release: graph.loader.glibc_release(),
            ..Bound::default()
        },
    };
    for &object in &scope {
        if let Some(symbols) = binder.read(object) {
            binder.scope.push((object, symbols));
        }
    }
    let release = graph.loader.glibc_release();
    if !how.is_musl && release.is_some_and(Release::insists_on_versions) {
        let without = binder.scope.iter().filter(|(_, s)| !s.has_versions);
        binder.unversioned = without.map(|(id, _)| *id).collect();
    }
    let order = match how.is_musl {
        // Libraries first, since the program may have copies of their variables.
        true => {
            let mut order: Vec<ObjectId> = scope[1..].to_vec();
            order.push(LinkMap::MAIN);
            order
        }
        false => relocation_order(graph, &scope),
    };
    for object in order {
        binder.relocate(object);
    }
    binder.find_unused();
    binder.bound
}

/// The objects in the order in which they are asked for symbols: the program,
/// preloads, then what is needed, breadth first. The loader stands where it was
/// first asked for.
fn scope(graph: &Graph) -> Vec<ObjectId> {
    let mut known = HashSet::from([LinkMap::MAIN]);
    let mut scope = vec![LinkMap::MAIN];
    let loaded = graph
        .libraries
        .iter()
        .filter(|library| !matches!(library.status, Status::Missing))
        .filter_map(|library| library.object);
    for object in loaded.filter(|object| !graph.assumed.contains(object)) {
        if known.insert(object) {
            scope.push(object);
        }
    }
    scope
}

fn machine(graph: &Graph, object: ObjectId) -> Option<u16> {
    let object = graph.map.get(object).object.as_ref()?;
    Some(crate::platform::handled_as(object.header.machine))
}

/// What was found for a name and version, or that nothing was.
type Memo = HashMap<(u64, u64, u8), Option<(ObjectId, u32)>, RandomState>;

struct Binder<'g> {
    graph: &'g Graph,
    how: &'g Bind<'g>,
    machine: u16,
    scope: Vec<(ObjectId, Arc<Symbols>)>,
    memo: Memo,
    /// Names that musl takes without their `64`; `None` until they are read.
    aliases: Option<HashSet<Vec<u8>>>,
    names: usize,
    /// What the program found symbols in.
    used: HashSet<ObjectId>,
    /// Objects without DT_VERSYM, for a loader that insists on it.
    unversioned: HashSet<ObjectId>,
    bound: Bound,
}

impl Binder<'_> {
    fn read(&mut self, id: ObjectId) -> Option<Arc<Symbols>> {
        let loaded = self.graph.map.get(id);
        let libc = self.how.libc.as_ref();
        let (path, object) = match libc.filter(|_| loaded.role == Role::Loader) {
            Some((path, object)) => (path.clone(), Some(object)),
            None => (self.how.workdir.join(&loaded.path), loaded.object.as_ref()),
        };
        let object = object?;
        let read = self
            .how
            .cache
            .of(self.how.files, path.as_bytes(), object, self.machine);
        let (why, cause) = match read {
            Ok(symbols) => match symbols.incomplete {
                None => return Some(symbols),
                Some(why) => (why.to_owned(), Cause::Damage),
            },
            Err(why) => (why, Cause::Unread),
        };
        self.bound.undecided.get_or_insert(Undecided {
            path: loaded.path.clone(),
            why,
            cause,
        });
        None
    }

    /// Looks for every symbol that the relocations of one object name.
    fn relocate(&mut self, id: ObjectId) {
        let loaded = self.graph.map.get(id);
        if loaded.role == Role::Loader {
            return;
        }
        let known = self.scope.iter().find(|(object, _)| *object == id);
        let Some((_, symbols)) = known.cloned() else {
            return;
        };
        let object_binds_now = loaded
            .object
            .as_ref()
            .is_some_and(|object| object.dynamic.binds_now);
        let is_foreign = machine(self.graph, id) != Some(self.machine);
        let binds_now = self.how.is_musl || self.how.binds_now || object_binds_now;
        let mut before = None;
        for reference in in_order(&symbols, self.how.is_musl) {
            let kind = relocation_kind(self.machine, reference.number);
            let kind = kind.unwrap_or(RelocationKind::Other);
            let knows = musl_relocates(self.machine, reference.number);
            self.bound.garbled |= is_foreign && knows != Some(false);
            let class = (reference.undefined, kind == RelocationKind::Jump);
            // glibc remembers the last symbol, and that it was not found.
            if !self.how.is_musl && before == Some(class) {
                continue;
            }
            before = Some(class);
            let when = match reference.in_plt && !binds_now {
                true => When::Call,
                false => When::Start,
            };
            let Some(index) = reference.undefined else {
                if self.how.is_musl && knows == Some(false) {
                    self.fail(id, Culprit::Type(reference.number), when);
                }
                continue;
            };
            let Some(wanted) = symbols.undefined.get(index as usize) else {
                continue;
            };
            let found = self.find(&symbols, wanted, kind);
            if let Some((provider, size)) = found {
                if id == LinkMap::MAIN {
                    self.used.insert(provider);
                }
                if self.insists_on_version(&symbols, wanted, provider) {
                    let culprit = Culprit::Unversioned(symbols.clone(), index, provider);
                    self.fail(id, culprit, when);
                    continue;
                }
                if kind == RelocationKind::Copy && !self.how.is_musl && size > wanted.size {
                    self.warn_of_size(wanted);
                }
                if self.how.is_musl && knows == Some(false) {
                    self.fail(id, Culprit::Type(reference.number), when);
                }
                continue;
            }
            let may_be_absent =
                wanted.binding == Binding::Weak && (!self.how.is_musl || !wanted.is_here);
            let is_found = may_be_absent
                || (self.how.is_musl && self.is_alias(&wanted.name))
                || (self.graph.vdso.is_some() && is_of_kernel(&wanted.name));
            if !is_found {
                self.fail(id, Culprit::Symbol(symbols.clone(), index), when);
            }
        }
    }

    /// Whether the loader takes it for impossible that `provider` has the symbol: its
    /// version names that file, and the file has no versions
    /// (`elf/dl-lookup.c:check_match`, `_dl_name_match_p`).
    fn insists_on_version(
        &self,
        symbols: &Symbols,
        wanted: &Undefined,
        provider: ObjectId,
    ) -> bool {
        if !self.unversioned.contains(&provider) {
            return false;
        }
        let version = wanted_version(symbols, wanted);
        let Some(file) = version.and_then(|version| version.file.as_deref()) else {
            return false;
        };
        let loaded = self.graph.map.get(provider);
        let asked = |library: &super::Library| {
            library.object == Some(provider) && same(&library.name, file)
        };
        same(&loaded.path, file)
            || loaded.names.iter().any(|name| same(name, file))
            || self.graph.libraries.iter().any(asked)
    }

    fn fail(&mut self, object: ObjectId, culprit: Culprit, when: When) {
        let mut unbound = Unbound {
            object,
            culprit,
            when,
            near: None,
        };
        unbound.near = unbound.symbol().and_then(|symbol| self.near(symbol.hash));
        self.names += unbound.symbol().map_or(0, |symbol| symbol.name.len());
        if self.bound.unbound.len() >= MAX_UNBOUND || self.names > MAX_NAMES {
            let path = self.graph.map.get(object).path.clone();
            self.bound.undecided.get_or_insert(Undecided {
                path,
                why: "too many of its symbols are not found".to_owned(),
                cause: Cause::Damage,
            });
            return;
        }
        self.bound.unbound.push(unbound);
    }

    /// The first object that has a symbol of this name at all.
    fn near(&self, name: u64) -> Option<Near> {
        self.scope.iter().find_map(|(object, provider)| {
            let found = provider.find(name).first()?;
            // A program's copy of a variable is what is to be filled.
            if *object == LinkMap::MAIN && found.version_index() < 2 {
                return None;
            }
            let version = provider.versions.get(&found.version_index());
            Some(Near {
                object: *object,
                version: version.map(|version| version.name.clone()),
            })
        })
    }

    fn find(
        &mut self,
        symbols: &Symbols,
        wanted: &Undefined,
        kind: RelocationKind,
    ) -> Option<(ObjectId, u32)> {
        let version = wanted_version(symbols, wanted).filter(|_| !self.how.is_musl);
        let class = match kind {
            RelocationKind::Jump => 1,
            RelocationKind::Copy => 2,
            _ => 0,
        };
        let hidden = version.is_some_and(|version| version.hidden);
        let key = (
            wanted.hash,
            version.map_or(0, |version| version.hash),
            class | u8::from(hidden) << 2,
        );
        if let Some(known) = self.memo.get(&key) {
            return *known;
        }
        let mut doubt = None;
        let found = self.scope.iter().find_map(|(object, provider)| {
            if let Some(why) = provider.unsearchable {
                doubt.get_or_insert((*object, why));
            }
            // A copy is not made of itself.
            if kind == RelocationKind::Copy && *object == LinkMap::MAIN {
                return None;
            }
            let is_jump = kind == RelocationKind::Jump;
            let found: Option<&Definition> = match self.how.is_musl {
                true => musl_match(provider, wanted.hash, is_jump),
                false => glibc_match(provider, wanted.hash, version, is_jump),
            };
            found.map(|definition| (*object, definition.size))
        });
        self.memo.insert(key, found);
        if let Some((object, why)) = doubt {
            self.bound.undecided.get_or_insert(Undecided {
                path: self.graph.map.get(object).path.clone(),
                why: why.to_owned(),
                cause: Cause::Damage,
            });
        }
        found
    }

    /// `elf_machine_rela` says so where the library's variable does not fit.
    fn warn_of_size(&mut self, wanted: &Undefined) {
        self.bound.warnings.push(format!(
            "{}: Symbol `{}' has different size in shared object, consider re-linking",
            lossy(self.graph.map.get(LinkMap::MAIN).called()),
            lossy(&wanted.name)
        ));
    }

    /// Whether musl, since release 1.2.4, takes its own symbol without the `64`
    /// instead (`ldso/dynlink.c:get_lfs64`). Of which names it does is a table
    /// in the loader's file, and read from there.
    fn is_alias(&mut self, name: &[u8]) -> bool {
        let stem = match name {
            b"readdir64_r" => b"readdir_r",
            _ => match name.strip_suffix(b"64") {
                Some(stem) => stem,
                None => return false,
            },
        };
        if self.aliases.is_none() {
            self.aliases = Some(self.read_aliases().unwrap_or_default());
        }
        let aliases = self.aliases.as_ref();
        let is_listed = aliases.is_some_and(|names| {
            names.contains(stem) || (stem == b"readdir_r" && !names.is_empty())
        });
        let loader = |id: &ObjectId| self.graph.map.get(*id).role == Role::Loader;
        let mut own = self.scope.iter().filter(|(id, _)| loader(id));
        is_listed && own.any(|(_, symbols)| musl_match(symbols, hash_of(stem), true).is_some())
    }

    fn read_aliases(&self) -> Option<HashSet<Vec<u8>>> {
        let mut map = self.graph.map.iter();
        let (_, loader) = map.find(|(_, loaded)| loaded.role == Role::Loader)?;
        let path = match &self.how.libc {
            Some((path, _)) => path.clone(),
            None => self.how.workdir.join(&loader.path),
        };
        let bytes = self
            .how
            .files
            .rootfs()
            .read(path.as_bytes(), MAX_LOADER)
            .ok()?;
        // Names in alphabetical order, each ended by a NUL, an empty one last.
        let start = memmem::find(&bytes, b"aio_cancel\0aio_error\0aio_fsync\0")?;
        let names = bytes[start..].split(|&byte| byte == 0);
        Some(
            names
                .take_while(|name| !name.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
        )
    }

    /// What the program needs itself and has bound no symbol to, as `ldd -u`
    /// tells it (`elf/rtld.c:dl_main`, `l_used`).
    fn find_unused(&mut self) {
        for library in &self.graph.libraries {
            let is_direct = library.requesters.contains(&LinkMap::MAIN)
                && library.rule != Some(crate::loader::Rule::Preload);
            let Some(object) = library.object.filter(|_| is_direct) else {
                continue;
            };
            let is_library = self.graph.map.get(object).role == Role::Library;
            let known = self.used.contains(&object) || self.bound.unused.contains(&object);
            if is_library && !known {
                self.bound.unused.push(object);
            }
        }
    }
}

/// Whether a name is one of those that the kernel's own object defines
/// (Linux `arch/*/vdso/*.lds.S`).
fn is_of_kernel(name: &[u8]) -> bool {
    name.starts_with(b"__vdso_") || name.starts_with(b"__kernel_")
}

/// The references of an object as its loader goes through them.
fn in_order(symbols: &Symbols, is_musl: bool) -> impl Iterator<Item = &Reference> {
    let all = &symbols.references;
    let first = all.iter().filter(move |r| is_musl || !r.in_plt);
    let last = all.iter().filter(move |r| !is_musl && r.in_plt);
    first.chain(last)
}
