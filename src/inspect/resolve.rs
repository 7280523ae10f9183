//! What a program's loader would load.

use super::by_loader::ByLoader;
use super::{Inspector, Resolved};
use crate::elf::Object;
use crate::finding;
use crate::graph::{self, Graph, Program, Started, Status};
use crate::kernel::Exec;
use crate::loader::TryOutcome;
use crate::platform::{Abi, abi};

impl Inspector<'_> {
    /// What the program's loader would load, or would if it were there.
    pub(super) fn resolve(
        &self,
        exec: &Exec,
        started: Started<'_>,
        is_library: bool,
        by: Option<ByLoader<'_>>,
    ) -> Option<Resolved> {
        let program = exec.program.as_ref()?;
        let object = &program.object;
        let header = &object.header;
        let abi = abi(header.machine, header.layout, header.flags)?;
        let (interp, usable) = match &program.interpreter {
            Some(interpreter) => (interpreter.path.clone(), interpreter.file.is_ok()),
            None if is_library => (self.loader_for(object, abi), true),
            None => return None,
        };
        // Of a program that a loader opens, the kernel does not look at the rights.
        let secure = by.is_none() && self.is_secure(program);
        let mut environment = self.environment(secure);
        if let Some(library_path) = by.and_then(|by| by.library_path) {
            environment.library_path = Some(library_path.to_vec());
        }
        let program = Program {
            object,
            abi,
            path: &program.path,
            real_path: &program.real_path,
            started,
            interp: &interp,
        };
        let start = graph::start(&self.files, &self.loaders, &program, usable, &environment);
        let file = start.file.clone();
        let mut graph = graph::resolve(
            &self.files,
            &self.loaders,
            start,
            &self.settings.workdir,
            self.settings.limits,
        );
        self.look_closer(&mut graph);
        graph.bound = self.bind(&file, &graph, abi, is_library);
        let gifts = self.gifts(&program, &environment, &graph, usable);
        Some(Resolved {
            file,
            graph,
            secure,
            gifts,
        })
    }

    /// The loader that would load a library: the one of the C library that it
    /// was linked with, where the target has that.
    fn loader_for(&self, object: &Object, abi: &'static Abi) -> Vec<u8> {
        use crate::loader::LoaderKind::{Glibc, Musl};
        use crate::report::Libc;
        let own = || {
            self.target
                .loaders(&self.files)
                .iter()
                .filter(|loader| loader.abi.name == abi.name)
        };
        let wanted = own().find(|loader| match finding::built_for(object) {
            Libc::Musl => matches!(loader.kind(&self.files, &self.loaders), Musl(_)),
            Libc::Glibc => matches!(loader.kind(&self.files, &self.loaders), Glibc(_)),
            _ => false,
        });
        match wanted.or_else(|| own().next()) {
            Some(loader) => loader.path.clone().into_bytes(),
            None if finding::built_for(object) == Libc::Musl => {
                format!("/lib/ld-musl-{}.so.1", abi.musl).into_bytes()
            }
            None => abi
                .glibc_loaders
                .first()
                .map_or(&b""[..], |path| path.as_bytes())
                .to_vec(),
        }
    }

    /// Says of candidates that were not there whether a link led to nothing.
    fn look_closer(&self, graph: &mut Graph) {
        for library in &mut graph.libraries {
            let failed = !matches!(library.status, Status::Found | Status::AlreadyLoaded);
            if !failed && !self.settings.in_full {
                continue;
            }
            for attempt in library.attempts.iter_mut() {
                if attempt.outcome != TryOutcome::Absent {
                    continue;
                }
                let hops = self.hops(&attempt.path);
                if !hops.is_empty() {
                    attempt.outcome = TryOutcome::BrokenLink;
                    attempt.detail = Some(hops.join("; ").into());
                }
            }
        }
    }
}
