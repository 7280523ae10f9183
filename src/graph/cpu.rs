//! Whether a given CPU is good enough for what was loaded.
//!
//! glibc since 2.33 looks at its own baseline first of all
//! (`sysdeps/x86/dl-get-cpu-features.c`), and at what files say of themselves when
//! their versions are checked and nothing is relocated yet
//! (`sysdeps/x86/dl-prop.h:dl_isa_level_check`, what is needed before what needs it).

use super::Graph;
use super::binding::relocation_order;
use crate::bytes::lossy;
use crate::loader::{Loader, ObjectId, Role};

/// What the loader exits with.
pub(crate) const STATUS: u8 = 127;

/// What a CPU of the given level is not good enough for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CpuRefusal {
    /// The loader itself, which was built for x86-64-v2 or more.
    Loader,
    /// This object, by its `GNU_PROPERTY_X86_ISA_1_NEEDED`.
    Object(ObjectId),
}

impl CpuRefusal {
    /// What the loader writes.
    #[must_use]
    pub fn line(self, graph: &Graph) -> String {
        match self {
            CpuRefusal::Loader => "Fatal glibc error: CPU does not support x86-64-v2".to_owned(),
            CpuRefusal::Object(id) => format!(
                "{}: CPU ISA level is lower than required",
                lossy(graph.map.get(id).called())
            ),
        }
    }
}

/// The first thing that the CPU, where its level was given, is not good enough for.
pub(super) fn check(loader: &Loader, graph: &Graph) -> Option<CpuRefusal> {
    let Loader::Glibc(glibc) = loader else {
        return None;
    };
    let bits = glibc.cpu_bits()?;
    if bits == 1 && glibc.wants_more_than_baseline() {
        return Some(CpuRefusal::Loader);
    }
    if !glibc.checks_isa() {
        return None;
    }
    let lacks = |loaded: &crate::loader::Loaded| {
        let needed = loaded.object.as_ref()?.notes.x86_isa_needed?;
        (loaded.role != Role::Loader && needed & !bits != 0).then_some(())
    };
    // In order only where there is something to put in order.
    graph.map.iter().find_map(|(_, loaded)| lacks(loaded))?;
    let all: Vec<ObjectId> = graph.map.iter().map(|(id, _)| id).collect();
    let refused = |id: &ObjectId| lacks(graph.map.get(*id)).is_some();
    let first = relocation_order(graph, &all).into_iter().find(refused);
    first.map(CpuRefusal::Object)
}
