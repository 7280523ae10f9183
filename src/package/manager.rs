//! What installs packages in a target.

use crate::platform::Abi;

/// What installs packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manager {
    /// Debian's.
    Apt,
    /// Alpine's.
    Apk,
    /// Fedora's.
    Dnf,
    /// The small one of Red Hat's minimal images.
    Microdnf,
    /// Fedora's before dnf: of RHEL 7 and Amazon Linux 2.
    Yum,
    /// Photon's and Azure Linux's.
    Tdnf,
    /// SUSE's.
    Zypper,
    /// Arch's.
    Pacman,
}

impl Manager {
    /// All of them; of two in one target the first is the one to use.
    pub const ALL: [Manager; 8] = [
        Manager::Apt,
        Manager::Apk,
        Manager::Dnf,
        Manager::Microdnf,
        Manager::Yum,
        Manager::Tdnf,
        Manager::Zypper,
        Manager::Pacman,
    ];

    /// Its programs, by one of which a target that has it is known.
    #[must_use]
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Manager::Apt => &["/usr/bin/apt-get"],
            Manager::Apk => &["/sbin/apk", "/usr/bin/apk"],
            Manager::Dnf => &["/usr/bin/dnf"],
            Manager::Microdnf => &["/usr/bin/microdnf"],
            Manager::Yum => &["/usr/bin/yum"],
            Manager::Tdnf => &["/usr/bin/tdnf"],
            Manager::Zypper => &["/usr/bin/zypper"],
            Manager::Pacman => &["/usr/bin/pacman"],
        }
    }

    /// The instruction that installs `package`.
    #[must_use]
    pub fn command(self, package: &str) -> String {
        match self {
            Manager::Apt => format!(
                "RUN apt-get update && apt-get install -y --no-install-recommends {package}"
            ),
            Manager::Apk => format!("RUN apk add --no-cache {package}"),
            Manager::Dnf => format!("RUN dnf install -y {package}"),
            Manager::Microdnf => format!("RUN microdnf install -y {package}"),
            Manager::Yum => format!("RUN yum install -y {package}"),
            Manager::Tdnf => format!("RUN tdnf install -y {package}"),
            Manager::Zypper => format!("RUN zypper --non-interactive install {package}"),
            Manager::Pacman => format!("RUN pacman -Syu --noconfirm {package}"),
        }
    }

    /// The instruction that puts the files of `package` back, which is installed; `None`
    /// for those whose lists of files are not read here, which say nothing of it.
    #[must_use]
    pub fn again(self, package: &str) -> Option<String> {
        Some(match self {
            Manager::Apt => format!(
                "RUN apt-get update && apt-get install -y --no-install-recommends --reinstall {package}"
            ),
            // By itself it installs again (apk-tools `src/app_fix.c`).
            Manager::Apk => format!("RUN apk fix --no-cache {package}"),
            Manager::Pacman => self.command(package),
            Manager::Dnf | Manager::Microdnf | Manager::Yum | Manager::Tdnf | Manager::Zypper => {
                return None;
            }
        })
    }

    /// What follows a package's name where it is wanted for `abi`, which is not the one of
    /// the target's own packages; `None` where it has none for that beside them.
    #[must_use]
    pub fn suffix(self, abi: &Abi) -> Option<String> {
        match (self, abi.name) {
            (Manager::Apt, _) => Some(format!(":{}", debian_name(abi)?)),
            (Manager::Dnf | Manager::Microdnf | Manager::Yum, "i386") => Some(".i686".to_owned()),
            _ => None,
        }
    }
}

/// What Debian calls an ABI (`/usr/share/dpkg/tupletable`).
fn debian_name(abi: &Abi) -> Option<&'static str> {
    const NAMES: [(&str, &str); 10] = [
        ("x86_64-linux-gnu", "amd64"),
        ("i386-linux-gnu", "i386"),
        ("aarch64-linux-gnu", "arm64"),
        ("arm-linux-gnueabihf", "armhf"),
        ("arm-linux-gnueabi", "armel"),
        ("riscv64-linux-gnu", "riscv64"),
        ("powerpc64le-linux-gnu", "ppc64el"),
        ("s390x-linux-gnu", "s390x"),
        ("mips64el-linux-gnuabi64", "mips64el"),
        ("loongarch64-linux-gnu", "loong64"),
    ];
    let (_, name) = NAMES.iter().find(|(triplet, _)| *triplet == abi.triplet)?;
    Some(name)
}
