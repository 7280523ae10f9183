//! What installs packages in a target.

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
    /// SUSE's.
    Zypper,
    /// Arch's.
    Pacman,
}

impl Manager {
    /// All of them; of two in one target the first is the one to use.
    pub const ALL: [Manager; 6] = [
        Manager::Apt,
        Manager::Apk,
        Manager::Dnf,
        Manager::Microdnf,
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
            Manager::Zypper => format!("RUN zypper --non-interactive install {package}"),
            Manager::Pacman => format!("RUN pacman -Syu --noconfirm {package}"),
        }
    }
}
