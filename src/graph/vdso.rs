//! The kernel's own object, which each process has and no directory.
//!
//! glibc puts it into the link map right behind the loader, under its soname
//! (`elf/setup-vdso.h:setup_vdso`), so that who needs it gets it without a search. Where
//! it comes beside the loader in the search list, `dl_main` then does not find the two
//! where it expects them, and an assertion fails.

use std::rc::Rc;

use super::order::SearchList;
use super::resolve::{Request, Resolver};
use super::{Stop, StopCause};
use crate::elf::Class;
use crate::elf::consts::{EM_386, EM_PPC, EM_PPC64, EM_S390};
use crate::few::Few;
use crate::loader::{Expanded, LinkMap, Loaded, ObjectId, Role};

/// What each of its names begins with.
const START: &[u8] = b"linux-";

impl Resolver<'_> {
    /// Whether a name is that of the kernel's own object, for a loader that keeps it.
    pub(super) fn is_vdso(&self, name: &[u8]) -> bool {
        if !name.starts_with(START) || self.loader.is_musl() {
            return false;
        }
        let main = self.graph.map.get(LinkMap::MAIN).object.as_ref();
        main.is_some_and(|main| {
            name == soname(
                crate::platform::handled_as(main.header.machine),
                main.class(),
            )
        })
    }

    /// The object of the link map that stands for it.
    pub(super) fn vdso(&mut self, request: &Request<'_>) -> ObjectId {
        let object = self.graph.vdso.unwrap_or_else(|| {
            let name: Rc<[u8]> = Rc::from(&*request.name);
            self.graph.map.push(Loaded {
                role: Role::Library,
                path: name.clone(),
                called: None,
                names: Few::from(name),
                searched: false,
                real_path: None,
                object: None,
                file: None,
                identity: None,
                requester: None,
                expanded: Expanded::default(),
            })
        });
        self.graph.vdso = Some(object);
        object
    }

    /// Where loader and kernel's object stand side by side, the loader gives up
    /// (`elf/rtld.c:dl_main`): in its own chain the object always comes right behind the
    /// program. Only as the first two of all that is needed they are where they should be.
    pub(super) fn place_vdso(&mut self, list: &SearchList) {
        let Some(vdso) = self.graph.vdso else { return };
        let map = &self.graph.map;
        let loader = map.iter().find(|(_, loaded)| loaded.role == Role::Loader);
        let at = |object| list.position(object);
        let places = at(vdso).zip(loader.and_then(|(id, _)| at(id)));
        let trips = places
            .is_some_and(|(vdso, loader)| vdso.abs_diff(loader) == 1 && (vdso.min(loader) != 1));
        if !trips {
            return;
        }
        self.graph.trips_over_vdso = true;
        let Some(release) = self.loader.glibc_release() else {
            return;
        };
        self.graph.stop.get_or_insert_with(|| Stop {
            cause: StopCause::Vdso,
            text: release.vdso_beside_loader(),
            exit_status: super::message::STATUS,
        });
    }
}

/// Its soname (Linux `arch/*/kernel/vdso*/Makefile`, `arch/*/vdso/Makefile`).
fn soname(machine: u16, class: Class) -> &'static [u8] {
    match (machine, class) {
        (EM_386, _) => b"linux-gate.so.1",
        (EM_PPC64 | EM_S390, Class::Elf64) => b"linux-vdso64.so.1",
        (EM_PPC | EM_S390, Class::Elf32) => b"linux-vdso32.so.1",
        _ => b"linux-vdso.so.1",
    }
}
