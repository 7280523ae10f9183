//! What a container engine and its runtime make of an image's configuration
//! before they call `execve`: the arguments, the user, the directory, the
//! environment, the search of PATH.
//!
//! Follows Docker (moby `daemon/oci_linux.go`, `daemon/container`), podman
//! (`pkg/specgen/generate`), runc and crun; where they differ, what is said here
//! is Docker's and runc's, and a [`Lookup`] keeps both runtimes' answers. What
//! `execve` then does is `kernel`'s work, the words are `outcome`'s.

mod config;
pub(crate) mod env;
pub(crate) mod execvp;
mod lookup;
mod user;
mod view;

use std::collections::BTreeMap;

use crate::errno::Errno;
use crate::path::TargetPath;
use crate::report::Role;
use crate::rootfs::{Credentials, Filesystem, Kind};

pub use config::{Healthcheck, ProcessConfig};
pub use lookup::{Lookup, Place, Refusal, Refused, lookup};
pub use user::{BadFile, UserProblem};

use view::View;

/// PATH where the configuration sets none. Docker
/// (`daemon/pkg/oci/defaults.go`), podman (`pkg/env/env.go`) and containerd
/// (`pkg/oci/spec.go`) all add it.
pub const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What would be started, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The working directory. Engines and runtimes make it where it is missing.
    pub workdir: TargetPath,
    /// The environment, as far as the image decides it: no `HOSTNAME`.
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Who the processes are, or why nothing can be started.
    pub user: Result<Credentials, UserProblem>,
    /// What is started: the command, then a health check in exec form.
    pub starts: Vec<Start>,
    /// What is odd in the configuration, in its order.
    pub problems: Vec<Problem>,
}

/// Something that is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// `Entrypoint`, `Cmd` (where there is no entrypoint) or `Healthcheck`.
    pub role: Role,
    /// Its arguments; there is at least one.
    pub argv: Vec<Vec<u8>>,
    /// What the first of them leads to.
    pub program: Lookup,
}

/// Something odd in a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// There is neither `Entrypoint` nor `Cmd`.
    NoCommand,
    /// `WorkingDir` is not there; it will be made, empty.
    WorkdirMissing(TargetPath),
    /// `WorkingDir`, or something above it, is a link to nothing. Docker makes
    /// what it leads to, podman does not.
    WorkdirDangling {
        /// The directory.
        path: TargetPath,
        /// The link.
        link: TargetPath,
    },
    /// `WorkingDir` can be neither entered nor made.
    WorkdirUnusable {
        /// The directory.
        path: TargetPath,
        /// What is in the way: it, or something above it.
        obstacle: TargetPath,
        /// `ENOTDIR` where that is no directory, `ELOOP` …
        errno: Errno,
    },
    /// `WorkingDir` does not begin with a slash, which runc refuses.
    WorkdirRelative(Vec<u8>),
    /// One of the places that every engine mounts over is a file or a link.
    MountPoint {
        /// The place.
        path: &'static str,
        /// It is a link.
        is_link: bool,
    },
    /// One of `Volumes` is the root directory.
    VolumeOfRoot,
    /// An entry of `Env` that runc refuses, if the engine lets it through.
    BadVariable {
        /// The entry.
        entry: Vec<u8>,
        /// What runc says of it.
        why: BadVariable,
    },
    /// A `Healthcheck` in exec form without a command.
    HealthcheckEmpty,
    /// A `Healthcheck` of a kind that Docker does not know and passes over.
    HealthcheckUnknown(Vec<u8>),
    /// A `Healthcheck` in shell form, and the shell cannot be started.
    HealthcheckShell(Lookup),
}

/// What is wrong with an entry of `Env`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadVariable {
    /// It has no `=`. Docker passes it by; podman and nerdctl hand it on.
    NoValue,
    /// It begins with `=`.
    NoName,
    /// A NUL is in it.
    Nul,
}

impl Plan {
    /// What is left of the plan for a program that is named instead of the image's own:
    /// what keeps any from starting.
    #[must_use]
    pub fn for_another(&self) -> Plan {
        let mut plan = self.clone();
        plan.starts.clear();
        plan.problems
            .retain(|problem| problem.is_fatal() && *problem != Problem::NoCommand);
        plan
    }
}

impl Problem {
    /// Whether nothing at all starts because of it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Problem::NoCommand
            | Problem::WorkdirUnusable { .. }
            | Problem::WorkdirRelative(_)
            | Problem::MountPoint { .. }
            | Problem::VolumeOfRoot => true,
            Problem::BadVariable { why, .. } => *why != BadVariable::NoValue,
            Problem::WorkdirMissing(_)
            | Problem::WorkdirDangling { .. }
            | Problem::HealthcheckEmpty
            | Problem::HealthcheckUnknown(_)
            | Problem::HealthcheckShell(_) => false,
        }
    }
}

impl Start {
    /// Whether it is a shell that is given a line to run, as `ENTRYPOINT` and
    /// `CMD` in shell form make it.
    #[must_use]
    pub fn is_shell_form(&self) -> bool {
        self.shell_line().is_some()
    }

    /// The line that a shell is given to run.
    #[must_use]
    pub fn shell_line(&self) -> Option<&[u8]> {
        const SHELLS: &[&[u8]] = &[b"sh", b"bash", b"ash", b"dash"];
        let [shell, option, line, ..] = &self.argv[..] else {
            return None;
        };
        let is_shell = SHELLS.contains(&crate::path::file_name(shell));
        let is_command =
            option.first() == Some(&b'-') && option.last() == Some(&b'c') && option.len() <= 5;
        (is_shell && is_command).then_some(line)
    }
}

/// The environment alone, where no user's HOME matters.
#[must_use]
pub fn variables(config: &ProcessConfig) -> BTreeMap<Vec<u8>, Vec<u8>> {
    environment(&config.env, None, &mut Vec::new())
}

/// Who `config` has its process run as in `filesystem`.
///
/// # Errors
/// Why an engine would start nothing.
pub fn user(
    config: &ProcessConfig,
    filesystem: &dyn Filesystem,
) -> Result<Credentials, UserProblem> {
    let root = TargetPath::root();
    let view = View {
        filesystem,
        workdir: &root,
        known: None,
    };
    Ok(user::find(&config.user, &view)?.credentials)
}

/// Whether `path` leads to a directory; `None` where it leads to nothing.
#[must_use]
pub fn is_directory(path: &TargetPath, filesystem: &dyn Filesystem) -> Option<bool> {
    let root = TargetPath::root();
    let view = View {
        filesystem,
        workdir: &root,
        known: None,
    };
    match obstacle(path, &view) {
        None => Some(true),
        Some((_, Errno::NOENT)) => None,
        Some(_) => Some(false),
    }
}

/// What `config` comes to in `filesystem`.
#[must_use]
pub fn plan(config: &ProcessConfig, filesystem: &dyn Filesystem) -> Plan {
    let mut problems = Vec::new();
    let root = TargetPath::root();
    let from_root = View {
        filesystem,
        workdir: &root,
        known: None,
    };
    let workdir = workdir(&config.working_dir, &from_root, &mut problems);
    mounts(config, &from_root, &mut problems);
    let found = user::find(&config.user, &from_root);
    let home = found.as_ref().ok().and_then(|found| found.home.clone());
    let user = found.map(|found| found.credentials);
    let variables = environment(&config.env, home, &mut problems);
    let seen_by = user.clone().unwrap_or_else(|_| Credentials::root());
    let place = Place {
        filesystem,
        workdir: &workdir,
        user: &seen_by,
        path: variables.get(&b"PATH"[..]).map_or(b"", Vec::as_slice),
        known: None,
    };
    let mut starts = Vec::new();
    match command(config) {
        Some((role, argv)) => starts.extend(start(role, argv, place)),
        None => problems.push(Problem::NoCommand),
    }
    starts.extend(health(config, place, &mut problems));
    Plan {
        workdir,
        variables,
        user,
        starts,
        problems,
    }
}

/// Docker (`daemon/commit.go:merge`, `create.go:mergeAndVerifyConfig`): an entrypoint of one
/// empty argument is none.
fn command(config: &ProcessConfig) -> Option<(Role, Vec<Vec<u8>>)> {
    let entrypoint = match &config.entrypoint[..] {
        [only] if only.is_empty() => &[],
        all => all,
    };
    let role = if entrypoint.is_empty() {
        Role::Cmd
    } else {
        Role::Entrypoint
    };
    let argv = [entrypoint, &config.cmd[..]].concat();
    (!argv.is_empty()).then_some((role, argv))
}

fn start(role: Role, argv: Vec<Vec<u8>>, place: Place<'_>) -> Option<Start> {
    let program = lookup(argv.first()?, place);
    Some(Start {
        role,
        argv,
        program,
    })
}

/// Docker (`daemon/health.go`): started as `docker exec` starts things, so looked
/// up in the same way.
fn health(config: &ProcessConfig, place: Place<'_>, problems: &mut Vec<Problem>) -> Option<Start> {
    let test = &config.healthcheck.as_ref()?.test[..];
    let (kind, command) = test.split_first()?;
    match &kind[..] {
        b"NONE" => None,
        b"CMD" | b"CMD-SHELL" if command.is_empty() => {
            problems.push(Problem::HealthcheckEmpty);
            None
        }
        b"CMD" => start(Role::Healthcheck, command.to_vec(), place),
        b"CMD-SHELL" => {
            let shell = config.shell.first().map_or(&b"/bin/sh"[..], Vec::as_slice);
            let shell = lookup(shell, place);
            if shell.runc.is_err() {
                problems.push(Problem::HealthcheckShell(shell));
            }
            None
        }
        kind => {
            problems.push(Problem::HealthcheckUnknown(kind.to_vec()));
            None
        }
    }
}

/// Docker makes the directory (`daemon/container/container.go:SetupWorkingDirectory`),
/// following links inside the root; runc (`rootfs_linux.go`) and crun (`linux.c`)
/// make it too, but not through a link that leads to nothing.
fn workdir(configured: &[u8], view: &View<'_>, problems: &mut Vec<Problem>) -> TargetPath {
    let path = TargetPath::root().join(configured);
    if configured.is_empty() {
        return path;
    }
    if configured.first() != Some(&b'/') {
        problems.push(Problem::WorkdirRelative(configured.to_vec()));
    }
    match obstacle(&path, view) {
        None => {}
        Some((link, Errno::NOENT)) if view.is_link(link.as_bytes()) => {
            let path = path.clone();
            problems.push(Problem::WorkdirDangling { path, link });
        }
        Some((_, Errno::NOENT)) => problems.push(Problem::WorkdirMissing(path.clone())),
        Some((obstacle, errno)) => problems.push(Problem::WorkdirUnusable {
            path: path.clone(),
            obstacle,
            errno,
        }),
    }
    path
}

/// runc mounts `proc` and `sysfs` on an ordinary directory only
/// (`rootfs_linux.go:mountToRootfs`), and makes one where there is nothing; `/dev` may
/// be a link. With a volume over the root directory runc 1.1 does not get as far as
/// starting anything: `/dev/null` of the volume's filesystem is no device.
fn mounts(config: &ProcessConfig, view: &View<'_>, problems: &mut Vec<Problem>) {
    for path in crate::rootfs::MOUNTS {
        let is_link = path != "/dev" && view.is_link(path.as_bytes());
        let found = view.stat(&Credentials::root(), path.as_bytes());
        if is_link || found.is_ok_and(|metadata| metadata.kind != Kind::Directory) {
            problems.push(Problem::MountPoint { path, is_link });
        }
    }
    let is_root = |volume: &Vec<u8>| {
        let mut parts = volume.split(|&b| b == b'/');
        volume.starts_with(b"/") && parts.all(|part| matches!(part, b"" | b"."))
    };
    if config.volumes.iter().any(is_root) {
        problems.push(Problem::VolumeOfRoot);
    }
}

/// The first part of `path` that is no directory, and what keeps it from being one
/// (Go's `os.MkdirAll` asks in this order).
fn obstacle(path: &TargetPath, view: &View<'_>) -> Option<(TargetPath, Errno)> {
    let bytes = path.as_bytes();
    let slashes = (1..bytes.len()).filter(|&at| bytes[at] == b'/');
    slashes.chain([bytes.len()]).find_map(|end| {
        let part = TargetPath::root().join(&bytes[..end]);
        let errno = match view.stat(&Credentials::root(), part.as_bytes()) {
            Ok(metadata) if metadata.kind == Kind::Directory => return None,
            Ok(_) => Errno::NOTDIR,
            Err(errno) => errno,
        };
        Some((part, errno))
    })
}

/// The default PATH and what the configuration says. The last entry of a name
/// wins everywhere. An entry without `=` takes the default of that name away and
/// means nothing else (moby `daemon/container/env.go`). HOME, where it
/// is not set or empty, is that of the user's line in `/etc/passwd`, else `/`
/// (runc `libcontainer/env.go`).
fn environment(
    entries: &[Vec<u8>],
    home: Option<Vec<u8>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut variables = BTreeMap::from([(b"PATH".to_vec(), DEFAULT_PATH.to_vec())]);
    for entry in entries {
        let why = match entry.iter().position(|&b| b == b'=') {
            None => {
                if entry == b"PATH" {
                    variables.insert(entry.clone(), Vec::new());
                }
                BadVariable::NoValue
            }
            Some(0) => BadVariable::NoName,
            Some(_) if entry.contains(&0) => BadVariable::Nul,
            Some(at) => {
                variables.insert(entry[..at].to_vec(), entry[at + 1..].to_vec());
                continue;
            }
        };
        let entry = entry.clone();
        problems.push(Problem::BadVariable { entry, why });
    }
    if variables.get(&b"HOME"[..]).is_none_or(Vec::is_empty) {
        let home = home.unwrap_or_else(|| b"/".to_vec());
        variables.insert(b"HOME".to_vec(), home);
    }
    variables
}
