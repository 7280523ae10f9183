//! What a program asks of the system beyond its libraries, and does not get.

use std::cell::OnceCell;

use super::{Inspector, Resolved};
use crate::beyond::{
    Beyond, Missing, Modules, Place, Places, Switch, Trusting, Untemporary, Zone, databases,
    module_name,
};
use crate::content;
use crate::elf::{Ask, Asks, Object, Priority};
use crate::graph::{Graph, Later, LoaderFile};
use crate::kernel::{End, Exec, Program};
use crate::loader::glibc::Release;
use crate::loader::{LinkMap, LoaderKind, ObjectId, Role};
use crate::path::TargetPath;

/// What glibc loads to unwind the stack of a thread that ends (`misc/unwind-link.c`).
const UNWINDER: &[u8] = b"libgcc_s.so.1";

/// What a program asks, read when it is first wanted.
struct Asking<'a> {
    inspector: &'a Inspector<'a>,
    program: &'a Program,
    known: OnceCell<Asks>,
}

impl Asking<'_> {
    fn by(&self, what: Ask) -> Option<&'static str> {
        let asks = self.known.get_or_init(|| {
            let program = self.program;
            self.inspector
                .asks(&program.object, program.path.as_bytes())
        });
        asks.by(what)
    }
}

impl Inspector<'_> {
    /// What `exec`'s program asks, and the target lacks.
    pub(super) fn beyond(
        &self,
        exec: &Exec,
        resolved: Option<&mut Resolved>,
        is_library: bool,
    ) -> Beyond {
        let mut beyond = Beyond::default();
        let graph = resolved.as_deref().map(|resolved| &resolved.graph);
        beyond.hidden = self.hidden(exec, graph);
        let Some(program) = &exec.program else {
            return beyond;
        };
        let starts = exec.end == End::Starts;
        let mut known = resolved.and_then(|resolved| match &resolved.file {
            LoaderFile::Known(kind) => Some((kind, &mut resolved.graph)),
            LoaderFile::Assumed => None,
        });
        if let Some((_, graph)) = &mut known
            && (starts || is_library)
        {
            beyond.features = self.features(graph);
        }
        // What a script asks is not known.
        if is_library || !starts || !exec.scripts.is_empty() {
            return beyond;
        }
        let asking = Asking {
            inspector: self,
            program,
            known: OnceCell::new(),
        };
        if let Some((LoaderKind::Glibc(traits), graph)) = &mut known {
            beyond.end_of_thread = self.end_of_thread(graph, &asking);
            let version = traits.version.or_else(|| self.release(graph));
            self.switch(version, graph, &asking, &mut beyond);
        }
        let graph = known.map(|(_, graph)| &*graph);
        beyond.certificates = self.certificates(program, graph, &asking);
        beyond.zone = self.zone(program, &asking);
        let files = &self.files;
        beyond.temporary = self.places.temporary(files).and_then(|what| {
            let (by, to) = self.temporary(&asking)?;
            Some(Untemporary { what, by, to })
        });
        if !self.places.has_user(files) {
            beyond.user = asking.by(Ask::UserOfNumber);
        }
        beyond
    }

    /// What lies in volumes of the scripts, the program, its interpreter and its
    /// libraries.
    fn hidden(&self, exec: &Exec, graph: Option<&Graph>) -> Vec<(TargetPath, Vec<TargetPath>)> {
        let volumes = &self.settings.volumes;
        if volumes.is_empty() {
            return Vec::new();
        }
        let real = |path: &[u8]| {
            let path = self.settings.workdir.join(path);
            self.files.rootfs().real_path(path.as_bytes())
        };
        let scripts = exec.scripts.iter().map(|script| script.path.as_bytes());
        let program = exec.program.iter().map(|program| program.path.as_bytes());
        let loaded = graph.into_iter().flat_map(|graph| graph.map.iter());
        let loaded = loaded.map(|(_, loaded)| &*loaded.path);
        let mut paths: Vec<TargetPath> = Vec::new();
        for path in scripts.chain(program).chain(loaded).filter_map(real) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let inside = |volume: &TargetPath| {
            // A mount goes to where links lead.
            let volume = real(volume.as_bytes())?;
            let inside = paths.iter().filter(|path| {
                let rest = path.as_bytes().strip_prefix(volume.as_bytes());
                rest.is_some_and(|rest| rest.starts_with(b"/"))
            });
            let inside: Vec<TargetPath> = inside.cloned().collect();
            (!inside.is_empty()).then_some((volume, inside))
        };
        volumes.iter().filter_map(inside).collect()
    }

    /// What a file asks of the system.
    fn asks(&self, object: &Object, path: &[u8]) -> Asks {
        // Who starts the program has no say in what it is made of.
        let path = self.settings.workdir.join(path);
        let opened = self.files.rootfs().open_as_root(path.as_bytes());
        let data = opened.ok().and_then(|opened| opened.data);
        let asks = data.and_then(|data| content::asks(object, &*data).ok());
        asks.unwrap_or_default()
    }

    /// Features of the objects that are loaded, none of whose libraries is found. What
    /// libraries merely suggest is said of them, not of every program that needs them.
    fn features(&self, graph: &mut Graph) -> Vec<Missing> {
        let objects = graph.map.iter().filter_map(|(id, loaded)| {
            let object = loaded.object.clone()?;
            (!object.notes.dlopens.is_empty()).then_some((id, object))
        });
        let objects: Vec<_> = objects.collect();
        let mut missing = Vec::new();
        for (id, object) in objects {
            let features = object.notes.dlopens.iter();
            let told = features
                .filter(|feature| id == LinkMap::MAIN || feature.priority > Priority::Suggested);
            for feature in told {
                let names = feature.sonames.iter().map(|name| name.as_bytes());
                let Some(tried) = self.dlopen(graph, id, names) else {
                    continue;
                };
                if tried.iter().all(|later| !later.is_found) {
                    missing.push(Missing {
                        object: id,
                        feature: feature.clone(),
                        tried,
                    });
                }
            }
        }
        missing
    }

    fn dlopen<'n>(
        &self,
        graph: &mut Graph,
        caller: ObjectId,
        names: impl IntoIterator<Item = &'n [u8]>,
    ) -> Option<Vec<Later>> {
        let settings = &self.settings;
        let workdir = &settings.workdir;
        let mut tried = graph.dlopen(&self.files, workdir, settings.limits, caller, names)?;
        for later in &mut tried {
            later.is_found |= (settings.allow_missing)(&later.name);
        }
        Some(tried)
    }

    /// What glibc would not find when a thread ends.
    fn end_of_thread(
        &self,
        graph: &mut Graph,
        asking: &Asking<'_>,
    ) -> Option<(&'static str, Later)> {
        let later = self.dlopen(graph, libc(graph), [UNWINDER])?.pop()?;
        if later.is_found {
            return None;
        }
        Some((asking.by(Ask::EndOfThread)?, later))
    }

    /// The release of the C library, where its loader does not tell: before 2.33 only the
    /// loader's file name does, which a copy may have lost.
    fn release(&self, graph: &Graph) -> Option<(u32, u32)> {
        let libc = graph.map.get(graph.map.named(b"libc.so.6")?);
        let path = self.settings.workdir.join(&libc.path);
        self.loaders.libc_release(&self.files, path.as_bytes())
    }

    /// Modules of NSS that the program would not get.
    fn switch(
        &self,
        version: Option<(u32, u32)>,
        graph: &mut Graph,
        asking: &Asking<'_>,
        beyond: &mut Beyond,
    ) {
        let text = self.files.text(b"/etc/nsswitch.conf");
        let text = text.as_deref().ok();
        let release = Release::of_libc(version);
        for database in databases() {
            let Switch { line, services } = Switch::of(text, database);
            let (mut missing, mut left) = (Vec::new(), Vec::new());
            for service in services {
                let is_built_in = matches!(service.as_str(), "files" | "dns");
                let name = match is_built_in && release.has_services() {
                    true => None,
                    false => module_name(&service),
                };
                let tried =
                    name.and_then(|name| self.dlopen(graph, libc(graph), [name.as_bytes()])?.pop());
                match tried.filter(|later| !later.is_found) {
                    Some(later) => missing.push((service, later)),
                    None => left.push(service),
                }
            }
            if missing.is_empty() {
                continue;
            }
            let by = database.asked_by().iter().find_map(|what| asking.by(*what));
            if let Some(by) = by {
                beyond.modules.push(Modules {
                    database,
                    line,
                    by,
                    missing,
                    left,
                });
            }
        }
        if text.is_none() && release.asks_dns_first() {
            beyond.hosts_last = asking.by(Ask::Hosts);
        }
    }

    /// Who trusts certificates that are not there.
    fn certificates(
        &self,
        program: &Program,
        graph: Option<&Graph>,
        asking: &Asking<'_>,
    ) -> Option<Trusting> {
        let (files, variables) = (&self.files, &self.settings.variables);
        let own = program.object.has_tls() || program.object.notes.is_go;
        let is_curl = |path: &[u8]| crate::path::file_name(path).starts_with(b"libcurl");
        let may_trust = |object: &Object, path: &[u8]| object.has_tls() || is_curl(path);
        let objects = || {
            let loaded = graph.into_iter().flat_map(|graph| graph.map.iter());
            loaded.filter_map(|(_, loaded)| {
                let object = loaded.object.as_deref()?;
                let is_one = loaded.role == Role::Library && may_trust(object, &loaded.path);
                is_one.then_some((object, &*loaded.path))
            })
        };
        if (!own && objects().next().is_none()) || self.places.has_certificates(files, variables) {
            return None;
        }
        let of_program = own.then(|| asking.by(Ask::Certificates)).flatten();
        let (object, by) = match of_program {
            Some(by) => (program.path.as_bytes().to_vec(), Some(by)),
            None => objects().find_map(|(object, path)| {
                let by = self.asks(object, path).by(Ask::Certificates);
                (by.is_some() || is_curl(path)).then(|| (path.to_vec(), by))
            })?,
        };
        Some(Trusting {
            object,
            by,
            variable: Places::wrong_variable(variables),
        })
    }

    /// By which function the program makes temporary files, and where.
    fn temporary(&self, asking: &Asking<'_>) -> Option<(&'static str, Place)> {
        if let Some(by) = asking.by(Ask::Tmp) {
            return Some((by, Place::Tmp));
        }
        if Places::has_other_temporary(&self.files, &self.settings.variables) {
            return None;
        }
        match asking.by(Ask::TemporaryDirectory) {
            Some(by) => Some((by, Place::Variable)),
            None => Some((asking.by(Ask::TemporaryFile)?, Place::Unknown)),
        }
    }

    /// A time zone that the program would not find.
    fn zone(&self, program: &Program, asking: &Asking<'_>) -> Option<Zone> {
        let (files, variables) = (&self.files, &self.settings.variables);
        let is_go = program.object.notes.is_go;
        if let Some(name) = Places::missing_zone(files, variables)
            && let Some(by) = asking.by(Ask::LocalTime)
        {
            let named = Some(name.to_vec());
            return Some(Zone { named, by, is_go });
        }
        if !is_go || self.places.has_zones(files, variables) {
            return None;
        }
        let by = asking.by(Ask::Zones)?;
        let named = None;
        Some(Zone { named, by, is_go })
    }
}

/// What calls `dlopen` for the C library.
fn libc(graph: &Graph) -> ObjectId {
    graph.map.named(b"libc.so.6").unwrap_or(LinkMap::MAIN)
}
