//! What starting a program does to its rights, and what its loader then listens to.

use super::Inspector;
use crate::kernel;
use crate::loader::Environment;
use crate::rootfs::{Capabilities, Credentials, Metadata};

impl Inspector<'_> {
    /// `AT_SECURE`: the process gains rights when the program is started.
    pub(super) fn is_secure(&self, program: &kernel::Program) -> bool {
        let user = self.files.rootfs().user();
        let gains = || {
            self.granted(program)
                .is_some_and(|granted| granted.secures())
        };
        // Only a loader looks.
        let is_asked = program.interpreter.is_some() && !user.is_root();
        gains_rights(user, &program.metadata) || (is_asked && gains())
    }

    /// What the program's file grants.
    pub(super) fn granted(&self, program: &kernel::Program) -> Option<Capabilities> {
        self.files
            .rootfs()
            .capabilities(program.real_path.as_bytes())
    }

    /// What a loader of this target reads of the environment.
    pub(super) fn environment(&self, secure: bool) -> Environment {
        let variable = |name: &[u8]| self.settings.variables.get(name).cloned();
        let workdir = &self.settings.workdir;
        let workdir = self.files.rootfs().real_path(workdir.as_bytes());
        Environment {
            library_path: variable(b"LD_LIBRARY_PATH"),
            preload: variable(b"LD_PRELOAD"),
            audit: variable(b"LD_AUDIT"),
            origin_path: variable(b"LD_ORIGIN_PATH"),
            workdir: workdir.unwrap_or_else(|| self.settings.workdir.clone()),
            secure,
            has_proc: self.settings.has_proc,
            cpu: self.settings.cpu.clone(),
        }
    }
}

/// `AT_SECURE`: starting the file changes the effective user or group
/// (`fs/exec.c:bprm_fill_uid`; set-gid counts where the group may execute).
fn gains_rights(user: &Credentials, of: &Metadata) -> bool {
    let as_owner = of.mode & 0o4000 != 0 && of.uid != user.uid;
    let as_group = of.mode & 0o2010 == 0o2010 && of.gid != user.gid;
    as_owner || as_group
}
