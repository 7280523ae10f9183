//! Files that grant capabilities which container runtimes do not leave to anyone.
//!
//! `execve` fails with EPERM, for root too, where a file's capabilities are to be in
//! force from the start and one of them is not in the process's bounding set
//! (`security/commoncap.c:bprm_caps_from_vfs_caps`).

use super::{Case, Code, Draft, quote};
use crate::kernel::End;
use crate::report::Finding;
use crate::rootfs::Capabilities;

/// The capabilities that Docker and containerd leave (`moby oci/caps/defaults.go`):
/// chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
/// net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
const DEFAULT: u64 = 1
    | 1 << 1
    | 1 << 3
    | 1 << 4
    | 1 << 5
    | 1 << 6
    | 1 << 7
    | 1 << 8
    | 1 << 10
    | 1 << 13
    | 1 << 18
    | 1 << 27
    | 1 << 29
    | 1 << 31;

/// A program of an image that asks for more than the default.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    // A directory need not be a container's.
    let is_image = !case.layers.all.is_empty();
    let Some(program) = case.exec.program.as_ref().filter(|_| is_image) else {
        return;
    };
    if case.exec.end != End::Starts {
        return;
    }
    let Some(granted) = (case.rights.granted)().filter(|granted| granted.effective) else {
        return;
    };
    let beyond = Capabilities {
        permitted: granted.permitted & !DEFAULT,
        inheritable: 0,
        effective: false,
    };
    if beyond.permitted == 0 {
        return;
    }
    let path = &program.path;
    let names = beyond.names();
    let message = format!("`{path}` is not executed without {names}, which containers do not have");
    let finding = Draft::new(case, Code::CapsBeyondDefault, path.as_bytes(), message)
        .evidence(format!("security.capability: {granted}"))
        .evidence("they are in force from the start, so that execve wants all of them, of root too")
        .evidence(format!("at run time: exec {path}: operation not permitted"))
        .fix(
            Some("it needs them"),
            "give them to the container",
            Some(&format!("docker run {}", beyond.to_add())),
        )
        .fix(
            Some("it can do without"),
            "take the attribute away",
            Some(&format!("RUN setcap -r {}", quote::word(path.as_bytes()))),
        );
    found.push(finding.done());
}
