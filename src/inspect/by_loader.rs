//! Programs that an image starts by way of a loader: its command is the loader's path, and
//! the program an argument of that.

use super::{Called, Inspection, Inspector};
use crate::elf::{Linkage, Object};
use crate::kernel::{self, End, Exec, Interpreter, Refusal, Request};
use crate::loader::{self, LoaderKind};
use crate::path::TargetPath;
use crate::platform::abi;
use crate::report::{ErrorKind, ReportError, Verdict};
use crate::runtime::Start;

/// The loader that a program is started by, in place of the one that it names.
#[derive(Clone, Copy)]
pub(super) struct ByLoader<'a> {
    /// The loader's path.
    pub(super) path: &'a TargetPath,
    /// What stands in place of `LD_LIBRARY_PATH`.
    pub(super) library_path: Option<&'a [u8]>,
}

impl Inspector<'_> {
    /// Would the program start that `start` has the loader at `path` start? `None` where
    /// that is no loader.
    pub(super) fn by_loader(&self, path: &TargetPath, start: &Start) -> Option<Inspection> {
        let exec = self.exec(path);
        let kind = self.loader_started(&exec)?;
        let loader = exec.program?.object;
        let arguments = start.argv.get(1..).unwrap_or_default();
        if let Some(command) = loader::command(&kind, arguments) {
            let program = self.settings.workdir.seen_by_process(command.program);
            if self.is_for(&loader, &program) {
                let called = Called {
                    loader: Some(ByLoader {
                        path,
                        library_path: command.library_path,
                    }),
                    ..Called::by(command.argv0.unwrap_or(command.program))
                };
                return Some(self.inspect_path(&program, start.role, called));
            }
        }
        let mut inspection = self.inspect_path(path, start.role, Called::found(&start.program));
        inspection.errors.push(ReportError {
            kind: ErrorKind::Limit,
            target: Some(0),
            path: Some(path.to_string()),
            message: "is a loader: what it does with these arguments is not known".to_owned(),
            offset: None,
        });
        inspection.subject.verdict = Verdict::Unknown;
        Some(inspection)
    }

    /// Which loader it is that starts, where `exec` came to one.
    pub(super) fn loader_started(&self, exec: &Exec) -> Option<LoaderKind> {
        let program = exec.program.as_ref()?;
        let object = &program.object;
        let may_be = matches!(exec.end, End::Killed { .. })
            && exec.scripts.is_empty()
            && object.linkage() == Linkage::SharedObject
            && object.interp.is_none()
            && object.header.entry != 0
            && object.dynamic.needs.is_empty();
        let kind = may_be.then(|| self.loaders.kind(&self.files, &program.path));
        let is_one = |kind: &LoaderKind| {
            use LoaderKind::{Gcompat, Glibc, Musl};
            matches!(kind, Glibc(_) | Musl(_) | Gcompat)
        };
        kind?.ok().filter(is_one)
    }

    /// Whether the file at `path` is a program that `loader` can start: it may lack the
    /// permission and the interpreter that `execve` wants.
    fn is_for(&self, loader: &Object, path: &TargetPath) -> bool {
        let exec = self.exec(path);
        let abi_of = |object: &Object| {
            let header = &object.header;
            abi(header.machine, header.layout, header.flags).map(|abi| abi.name)
        };
        let names_loader = exec.program.is_some_and(|program| {
            let object = &program.object;
            let is_alike = abi_of(object).is_some() && abi_of(object) == abi_of(loader);
            exec.scripts.is_empty() && object.interp.is_some() && is_alike
        });
        let is_taken = match exec.end {
            End::Starts => true,
            End::Refused { why, .. } => {
                matches!(why, Refusal::NotExecutable { .. } | Refusal::Interpreter(_))
            }
            End::Killed { .. } | End::Unreadable(_) => false,
        };
        names_loader && is_taken && self.files.open(path).is_ok()
    }

    /// What `execve` of the file at `path` comes to.
    pub(super) fn exec(&self, path: &TargetPath) -> Exec {
        let request = Request {
            path,
            workdir: &self.settings.workdir,
            platform: self.target.platform.as_ref(),
        };
        kernel::exec(&self.files, request)
    }

    /// What `execve` of the file at `path` comes to, or its start by the loader that is
    /// called for it.
    pub(super) fn started(&self, path: &TargetPath, by: Option<ByLoader<'_>>) -> Exec {
        let mut exec = self.exec(path);
        if let (Some(by), Some(program)) = (by, &mut exec.program)
            && let Ok(file) = self.files.open(by.path)
        {
            program.interpreter = Some(Interpreter {
                path: by.path.as_bytes().to_vec(),
                file: Ok(file),
            });
            // The loader opens it by its name, and takes that for its place.
            program.real_path = program.path.clone();
            exec.end = End::Starts;
        } else if self.loader_started(&exec).is_some() {
            exec.end = End::Starts;
        }
        exec
    }
}
