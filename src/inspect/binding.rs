//! Whose symbols are bound, and when.

use super::{Inspector, Settings};
use crate::bytes::{Shown, escape};
use crate::elf::{Object, knows_relocations};
use crate::finding;
use crate::graph::{Bind, Bound, Graph, LoaderFile, When, bind};
use crate::loader::{LinkMap, LoaderKind};
use crate::path::TargetPath;
use crate::platform::{Abi, handled_as};
use crate::report::Libc;

impl Inspector<'_> {
    /// Binds the symbols of what `graph` has, where that was asked for or
    /// decides whether the program starts: under musl. What glibc binds at the
    /// start is looked at only where it was asked for, since it takes several
    /// times as long as everything else.
    pub(super) fn bind(
        &self,
        file: &LoaderFile,
        graph: &Graph,
        abi: &'static Abi,
        is_library: bool,
    ) -> Option<Bound> {
        let LoaderFile::Known(kind) = file else {
            // Of a loader that is not there no symbols are known.
            return None;
        };
        let main = graph.map.get(LinkMap::MAIN).object.as_deref()?;
        let is_musl = match kind {
            LoaderKind::Musl(_) | LoaderKind::Gcompat => true,
            LoaderKind::Glibc(_) => false,
            LoaderKind::Unknown | LoaderKind::NotALoader => return None,
        };
        let settings = &self.settings;
        let asked = settings.symbols || settings.unused;
        // Whether it starts at all hangs on symbols there.
        let is_mixed = graph.mixed.is_some() && graph.versions.exit_status.is_none();
        let decides = is_mixed || (is_musl && decides(main, is_library));
        let is_needed = asked || (decides && knows_relocations(handled_as(main.header.machine)));
        if !is_needed {
            return None;
        }
        if graph.limit.is_some() || graph.unreadable.is_some() {
            return None;
        }
        let libc = match kind {
            LoaderKind::Gcompat => {
                let path =
                    TargetPath::root().join(format!("lib/ld-musl-{}.so.1", abi.musl).as_bytes());
                let file = self.files.open(path.as_bytes()).ok()?;
                let object = self.files.record(file).content.ok()?.elf()?.clone();
                Some((path, object))
            }
            _ => None,
        };
        let mut bound = bind(
            graph,
            &Bind {
                files: &self.files,
                cache: &self.symbols,
                workdir: &settings.workdir,
                is_musl,
                libc,
                binds_now: binds_now(settings),
                is_asked: settings.symbols,
            },
        );
        if !settings.unused {
            bound.unused.clear();
        }
        if !settings.symbols {
            // That functions may be missing when they are called was not asked.
            bound.unbound.retain(|unbound| unbound.when == When::Start);
        }
        Some(bound)
    }
}

/// What `ldd` adds to its list, escaped, without the tabs before and the newlines
/// after.
#[derive(Clone, Default, Debug)]
pub struct SymbolLines {
    /// `ldd -r`: `undefined symbol: f\t(/lib/liba.so)`.
    pub unbound: Vec<String>,
    /// `ldd -u`: paths of libraries.
    pub unused: Vec<String>,
}

impl SymbolLines {
    pub(super) fn of(graph: Option<&Graph>) -> SymbolLines {
        let Some((graph, bound)) = graph.and_then(|g| Some((g, g.bound.as_ref()?))) else {
            return SymbolLines::default();
        };
        let path = |id| Shown(&graph.map.get(id).path).to_string();
        let asked = bound.unbound.iter().filter(|_| bound.is_asked);
        SymbolLines {
            unbound: asked
                .filter(|unbound| unbound.symbol().is_some())
                .map(|unbound| {
                    format!(
                        "{}\t({})",
                        escape(&unbound.glibc_words()),
                        path(unbound.object)
                    )
                })
                .collect(),
            unused: bound.unused.iter().map(|&id| path(id)).collect(),
        }
    }
}

/// Whether binding under musl says something about a file that nobody asked to
/// have bound: a program starts or not; a library may get symbols of whatever
/// loads it, unless it was made for glibc.
fn decides(main: &Object, is_library: bool) -> bool {
    !is_library || finding::built_for(main) == Libc::Glibc
}

fn binds_now(settings: &Settings) -> bool {
    let variable = settings.variables.get(&b"LD_BIND_NOW"[..]);
    variable.is_some_and(|value| !value.is_empty())
}
