//! The link map: objects in the order in which they were loaded.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::plan::Directory;
use crate::by_name::ByName;
use crate::bytes::same;
use crate::content::FileId;
use crate::elf::Object;
use crate::few::Few;
use crate::rootfs::Identity;

/// An object of one link map.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectId(pub u32);

/// What an object is to the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The program.
    Main,
    /// A library.
    Library,
    /// The loader.
    Loader,
}

/// The directories that an object's rpath and runpath stand for.
#[derive(Clone, Default, Debug)]
pub struct Expanded {
    /// From `DT_RPATH`; `None` where it has no say.
    pub rpath: Option<Rc<[Directory]>>,
    /// From `DT_RUNPATH`.
    pub runpath: Option<Rc<[Directory]>>,
}

/// A loaded object.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it is.
    pub role: Role,
    /// The path that it was opened by, as the loader prints it; for the program
    /// the path that was executed.
    pub path: Rc<[u8]>,
    /// What the loader calls it in its messages, where that is not the path: the
    /// program by how it was started.
    pub called: Option<Rc<[u8]>>,
    /// The names that it was asked for by, the first one first; empty for the
    /// program.
    pub names: Few<Rc<[u8]>, 1>,
    /// Whether a search found it, and not its own path.
    pub searched: bool,
    /// Where the program really is: `/proc/self/exe`.
    pub real_path: Option<Rc<[u8]>>,
    /// Its facts; `None` for a loader that is only assumed.
    pub object: Option<Arc<Object>>,
    /// The file.
    pub file: Option<FileId>,
    /// Which file that is.
    pub identity: Option<Identity>,
    /// The object that first asked for it.
    pub requester: Option<ObjectId>,
    /// Its directories.
    pub expanded: Expanded,
}

impl Loaded {
    /// Its `DT_SONAME`.
    #[must_use]
    pub fn soname(&self) -> Option<&[u8]> {
        self.object.as_ref()?.dynamic.soname.as_deref()
    }

    /// What the loader calls it in its messages.
    #[must_use]
    pub fn called(&self) -> &[u8] {
        self.called.as_deref().unwrap_or(&self.path)
    }
}

/// All objects of a process so far.
#[derive(Clone, Default, Debug)]
pub struct LinkMap {
    objects: Vec<Loaded>,
    /// The first object, in load order, that has a name: its path, one that it
    /// was asked for by, or its soname.
    by_name: ByName<Rc<[u8]>, ObjectId>,
    by_identity: HashMap<Identity, ObjectId, RandomState>,
}

impl LinkMap {
    /// The program: always the first.
    pub const MAIN: ObjectId = ObjectId(0);

    /// No object, and room for as many as an ordinary program has.
    #[must_use]
    pub fn with_room() -> LinkMap {
        /// Objects; nearly each goes by a path and by a name.
        const ROOM: usize = 14;
        LinkMap {
            objects: Vec::with_capacity(ROOM),
            by_name: ByName::with_room(2 * ROOM),
            by_identity: HashMap::with_capacity_and_hasher(ROOM, RandomState::default()),
        }
    }

    /// Adds an object at the end.
    pub fn push(&mut self, loaded: Loaded) -> ObjectId {
        let id = ObjectId(u32::try_from(self.objects.len()).expect("fewer objects than the limit"));
        // The program has no path by which it could be asked for.
        if loaded.role != Role::Main {
            self.name(&loaded.path, id);
        }
        for name in &loaded.names {
            self.name(name, id);
        }
        if let Some(identity) = loaded.identity {
            self.by_identity.entry(identity).or_insert(id);
        }
        if let Some(soname) = loaded.soname()
            && !loaded.names.iter().any(|name| same(name, soname))
        {
            self.name(&Rc::from(soname), id);
        }
        self.objects.push(loaded);
        id
    }

    /// Notes that an object was asked for by another name.
    pub fn add_name(&mut self, id: ObjectId, name: &[u8]) {
        let name: Rc<[u8]> = Rc::from(name);
        self.name(&name, id);
        self.get_mut(id).names.push(name);
    }

    fn name(&mut self, name: &Rc<[u8]>, id: ObjectId) {
        let first = self.by_name.or_insert(name.clone(), id);
        *first = (*first).min(id);
    }

    /// The first object with this name.
    #[must_use]
    pub fn named(&self, name: &[u8]) -> Option<ObjectId> {
        self.by_name.get(name).copied()
    }

    /// The object that is this file.
    #[must_use]
    pub fn with_identity(&self, identity: Identity) -> Option<ObjectId> {
        self.by_identity.get(&identity).copied()
    }

    /// An object.
    #[must_use]
    pub fn get(&self, id: ObjectId) -> &Loaded {
        &self.objects[id.0 as usize]
    }

    /// An object, to be changed.
    pub fn get_mut(&mut self, id: ObjectId) -> &mut Loaded {
        &mut self.objects[id.0 as usize]
    }

    /// All objects in load order.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, &Loaded)> {
        self.objects
            .iter()
            .zip(0..)
            .map(|(loaded, index)| (ObjectId(index), loaded))
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The object that asked for `id`, the one that asked for that, and so on.
    pub fn chain(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        std::iter::successors(Some(id), |&id| self.get(id).requester)
    }
}
