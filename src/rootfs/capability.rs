//! Capabilities that a file grants who executes it.
//!
//! The attribute `security.capability` as the kernel reads it
//! (`security/commoncap.c:get_vfs_caps_from_disk`, `uapi/linux/capability.h`).

/// The attribute's name.
pub(crate) const ATTRIBUTE: &str = "security.capability";

/// `VFS_CAP_FLAGS_EFFECTIVE`
const EFFECTIVE: u32 = 1;
const REVISION: u32 = 0xff00_0000;
/// Each revision, the words that it has beside the first, and how many of them are
/// pairs of capabilities.
const REVISIONS: [(u32, usize, usize); 3] = [
    (0x0100_0000, 2, 1),
    (0x0200_0000, 4, 2),
    (0x0300_0000, 5, 2),
];

/// What a file grants: bit N is capability N.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Those that whoever executes the file is given.
    pub permitted: u64,
    /// Those that are kept of what the caller may hand on.
    pub inheritable: u64,
    /// They are in force from the start.
    pub effective: bool,
}

impl Capabilities {
    /// Reads the attribute's value; `None` where it is of no length or revision that
    /// the kernel knows, or holds for another user namespace than the outermost.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Capabilities> {
        let mut words = value
            .chunks_exact(4)
            .filter_map(|four| four.try_into().ok().map(u32::from_le_bytes));
        let magic = words.next()?;
        let rest: Vec<u32> = words.take(6).collect();
        let (_, length, pairs) = REVISIONS
            .into_iter()
            .find(|(revision, ..)| *revision == magic & REVISION)?;
        if rest.len() != length || !value.len().is_multiple_of(4) {
            return None;
        }
        // The last revision ends in the user that is root where the file counts.
        if rest.get(2 * pairs).is_some_and(|&root| root != 0) {
            return None;
        }
        let half = |at: usize| u64::from(rest.get(at).copied().unwrap_or(0));
        let both = |at: usize| match pairs {
            1 => half(at),
            _ => half(at) | half(at + 2) << 32,
        };
        Some(Capabilities {
            permitted: both(0),
            inheritable: both(1),
            effective: magic & EFFECTIVE != 0,
        })
    }

    /// Whether starting the file makes a process of another user than root one that
    /// gained rights (`cap_bprm_creds_from_file`): for real root it never does.
    #[must_use]
    pub fn secures(&self) -> bool {
        self.effective || self.permitted != 0
    }
}

impl Capabilities {
    /// The names of all of them: `cap_net_admin,cap_net_raw`.
    #[must_use]
    pub fn names(&self) -> String {
        let any = self.permitted | self.inheritable;
        let names = (0..64).filter(|bit| any >> bit & 1 == 1).map(name);
        names.collect::<Vec<_>>().join(",")
    }
}

impl Capabilities {
    /// The options by which Docker and podman give them to a container.
    #[must_use]
    pub fn to_add(&self) -> String {
        let names = self.names();
        let words = names.split(',').map(|name| {
            let name = name.strip_prefix("cap_").unwrap_or(name);
            format!("--cap-add {}", name.to_uppercase())
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Display for Capabilities {
    /// As `getcap` writes them: `cap_net_bind_service=ep`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names())?;
        f.write_str("=")?;
        let letters = [
            ("e", self.effective),
            ("i", self.inheritable != 0),
            ("p", self.permitted != 0),
        ];
        letters
            .iter()
            .filter(|(_, set)| *set)
            .try_for_each(|(letter, _)| f.write_str(letter))
    }
}

/// `uapi/linux/capability.h`
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

fn name(bit: usize) -> String {
    match NAMES.get(bit) {
        Some(name) => format!("cap_{name}"),
        None => bit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `setcap cap_net_bind_service=+ep` writes.
    const BIND: [u8; 20] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn the_attribute_is_read_as_the_kernel_reads_it() {
        let bind = Capabilities::parse(&BIND).expect("a good value");
        assert_eq!(bind.permitted, 1 << 10);
        assert_eq!(bind.to_string(), "cap_net_bind_service=ep");
        assert!(bind.secures());
        let mut third = BIND.to_vec();
        third[3] = 3;
        third.extend([0; 4]);
        assert_eq!(Capabilities::parse(&third), Some(bind));
        third[20] = 1;
        assert_eq!(Capabilities::parse(&third), None, "another namespace's");
    }

    #[test]
    fn what_the_kernel_does_not_know_is_none() {
        for wrong in [&BIND[..19], &BIND[..12], &[], &[0; 20]] {
            assert_eq!(Capabilities::parse(wrong), None);
        }
    }

    #[test]
    fn the_upper_half_counts() {
        let mut bpf = BIND;
        (bpf[5], bpf[12]) = (0, 0x80);
        let bpf = Capabilities::parse(&bpf).expect("a good value");
        assert_eq!(
            (bpf.permitted, bpf.to_string()),
            (1 << 39, "cap_bpf=ep".to_owned())
        );
    }

    #[test]
    fn what_only_may_be_handed_on_gives_nothing() {
        let mut inherited = BIND;
        (inherited[0], inherited[5], inherited[9]) = (0, 0, 4);
        let inherited = Capabilities::parse(&inherited).expect("a good value");
        assert!(!inherited.secures());
    }
}
