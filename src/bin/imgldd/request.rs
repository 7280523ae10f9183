//! The command line, checked: what to look at, and how.
//!
//! The host's environment is read here and nowhere else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use imgldd::graph::Limits;
use imgldd::inspect::Settings;
use imgldd::path::TargetPath;
use imgldd::platform::Platform;
use imgldd::report::TargetKind;
use imgldd::rootfs::{Credentials, Filesystem, Overlay, Rootfs};
use imgldd::source::{Copied, CopyError, CopySpec, Directory, SourceError, copy_into};

use crate::args::Args;

/// What was asked for makes no sense, or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("nothing to check: name a FILE, or give --all to check every program of the target")]
    NothingToCheck,
    #[error("nothing to check: no program is among what was copied; name a FILE")]
    NoProgramCopied,
    #[error("images are not read by this version: unpack the image and give --root DIR")]
    NoImages,
    #[error("`{0}` is a command of a later version; a file of that name is `./{0}`")]
    LaterCommand(String),
    #[error("`{0}`: a platform is OS/ARCH[/VARIANT], such as linux/amd64")]
    Platform(String),
    #[error("`{0}`: no Linux architecture of that name is known")]
    Architecture(String),
    #[error("`{0}`: a user is UID[:GID], both numbers")]
    User(String),
    #[error("`{0}`: a variable is NAME=VALUE")]
    Variable(String),
    #[error("`{0}`: the working directory must be an absolute path in the target")]
    Workdir(String),
    #[error("`{0}`: not a glob")]
    Glob(String, #[source] globset::Error),
    #[error("`{0}`: no finding has this code; docs/findings.md lists them")]
    UnknownCode(String),
    #[error("`{0}`: no such format; there are text, tree, table, ldd, list, json, json-lines")]
    Format(String),
    #[error("--include and --exclude select among what --all finds")]
    SelectWithoutAll,
    #[error("`{}`: cannot read the list of files", .0.display())]
    FilesFrom(PathBuf, #[source] io::Error),
    #[error("`{}`: cannot write there", .0.display())]
    Output(PathBuf, #[source] io::Error),
    #[error("cannot tell the working directory")]
    CurrentDirectory(#[source] io::Error),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// The target, opened.
pub(crate) struct Opened {
    pub(crate) kind: TargetKind,
    pub(crate) input: String,
    pub(crate) rootfs: Rootfs,
    pub(crate) copied: Vec<Copied>,
    pub(crate) settings: Settings,
}

/// Which files to check.
pub(crate) struct Selection {
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) all: bool,
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
}

impl Selection {
    /// Whether `--all` is to look at `path`.
    pub(crate) fn takes(&self, path: &TargetPath) -> bool {
        let path = Path::new(OsStr::from_bytes(path.as_bytes()));
        let matches = |set: &GlobSet| {
            set.is_match(path) || path.file_name().is_some_and(|name| set.is_match(name))
        };
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }
}

/// Images are for a later version.
pub(crate) fn refuse_images(args: &Args) -> Result<(), UsageError> {
    if args.image.is_empty() {
        Ok(())
    } else {
        Err(UsageError::NoImages)
    }
}

/// Opens the target that `args` describe. `in_full` asks for attempts and real
/// paths in the report.
pub(crate) fn open(args: &Args, in_full: bool) -> Result<Opened, UsageError> {
    let is_host = args.root.is_none();
    let root = args.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    let directory = Directory::open(&root)?;
    let user = match &args.user {
        Some(text) => user(text)?,
        None if is_host => our_credentials(),
        None => Credentials::root(),
    };
    let workdir = workdir(args, is_host)?;
    let (filesystem, copied) = overlay(directory, args, &workdir)?;
    let user_is_us = is_host && args.user.is_none();
    let rootfs = Rootfs::new(filesystem, user, user_is_us);
    let allowed = globs(&args.allow_missing)?;
    let settings = Settings {
        workdir,
        variables: variables(args, is_host)?,
        has_proc: !args.no_proc,
        cpu: args
            .cpu
            .clone()
            .or_else(|| if is_host { host_cpu() } else { None }),
        platform: platform(args, is_host)?,
        limits: Limits {
            probes: args.max_probes,
            ..Limits::default()
        },
        allow_missing: Box::new(move |name| {
            allowed
                .as_ref()
                .is_some_and(|set| set.is_match(OsStr::from_bytes(name)))
        }),
        in_full,
        lists_fine: true,
    };
    let kind = if is_host {
        TargetKind::Host
    } else {
        TargetKind::Directory
    };
    let input = if is_host {
        "/".to_owned()
    } else {
        root.to_string_lossy().into_owned()
    };
    Ok(Opened {
        kind,
        input,
        rootfs,
        copied,
        settings,
    })
}

fn overlay(
    directory: Directory,
    args: &Args,
    workdir: &TargetPath,
) -> Result<(Box<dyn Filesystem>, Vec<Copied>), UsageError> {
    if args.copy.is_empty() {
        return Ok((Box::new(directory), Vec::new()));
    }
    let mut overlay = Overlay::new(Box::new(directory));
    let mut copied = Vec::new();
    for text in &args.copy {
        let spec = CopySpec::parse(text.as_bytes(), is_there);
        copied.extend(copy_into(&mut overlay, &spec, workdir)?);
    }
    Ok((Box::new(overlay), copied))
}

#[expect(clippy::disallowed_methods, reason = "--copy names a file of the host")]
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn user(text: &str) -> Result<Credentials, UsageError> {
    let wrong = || UsageError::User(text.to_owned());
    let (uid, gid) = text
        .split_once(':')
        .map_or((text, None), |(uid, gid)| (uid, Some(gid)));
    let uid = uid.parse().map_err(|_| wrong())?;
    let gid = gid
        .map(str::parse)
        .transpose()
        .map_err(|_| wrong())?
        .unwrap_or(0);
    Ok(Credentials {
        uid,
        gid,
        groups: Vec::new(),
    })
}

fn our_credentials() -> Credentials {
    let groups = rustix::process::getgroups().unwrap_or_default();
    Credentials {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        groups: groups.into_iter().map(|group| group.as_raw()).collect(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "files of the host are named from where we are"
)]
fn workdir(args: &Args, is_host: bool) -> Result<TargetPath, UsageError> {
    let bytes = match &args.workdir {
        Some(workdir) => workdir.as_bytes().to_vec(),
        None if is_host => {
            let here = std::env::current_dir().map_err(UsageError::CurrentDirectory)?;
            here.into_os_string().into_vec()
        }
        None => b"/".to_vec(),
    };
    let wrong = || UsageError::Workdir(String::from_utf8_lossy(&bytes).into_owned());
    TargetPath::new(bytes.clone()).ok_or_else(wrong)
}

/// The target's environment: the host's own for the host, else what was given.
#[expect(
    clippy::disallowed_methods,
    reason = "the host's programs get the host's environment"
)]
fn variables(args: &Args, is_host: bool) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, UsageError> {
    let mut variables = BTreeMap::new();
    if is_host {
        for name in ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"] {
            if let Some(value) = std::env::var_os(name) {
                variables.insert(name.as_bytes().to_vec(), value.into_vec());
            }
        }
    }
    if args.ignore_env {
        variables.retain(|name, _| !name.starts_with(b"LD_"));
    }
    for text in &args.env {
        let bytes = text.as_bytes();
        let equals = bytes.iter().position(|&b| b == b'=').filter(|&at| at > 0);
        let wrong = || UsageError::Variable(text.to_string_lossy().into_owned());
        let at = equals.ok_or_else(wrong)?;
        variables.insert(bytes[..at].to_vec(), bytes[at + 1..].to_vec());
    }
    if let Some(first) = &args.library_path {
        let mut list = first.as_bytes().to_vec();
        if let Some(own) = variables.get(&b"LD_LIBRARY_PATH"[..]) {
            list.push(b':');
            list.extend_from_slice(own);
        }
        variables.insert(b"LD_LIBRARY_PATH".to_vec(), list);
    }
    Ok(variables)
}

fn platform(args: &Args, is_host: bool) -> Result<Option<Platform>, UsageError> {
    let Some(text) = &args.platform else {
        return Ok(if is_host { host_platform() } else { None });
    };
    let platform = Platform::parse(text).ok_or_else(|| UsageError::Platform(text.clone()))?;
    if !platform.is_known() {
        return Err(UsageError::Architecture(platform.architecture));
    }
    Ok(Some(platform))
}

/// The platform that we run on; Go's names differ from Rust's.
fn host_platform() -> Option<Platform> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    };
    let platform = Platform {
        os: "linux".to_owned(),
        architecture: architecture.to_owned(),
        variant: None,
    };
    platform.is_known().then_some(platform)
}

#[cfg(target_arch = "x86_64")]
fn host_cpu() -> Option<String> {
    use std::arch::is_x86_feature_detected as has;
    let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt") && has!("cmpxchg16b");
    let v3 = v2
        && has!("avx2")
        && has!("bmi1")
        && has!("bmi2")
        && has!("f16c")
        && has!("fma")
        && has!("lzcnt")
        && has!("movbe");
    let v4 = v3
        && has!("avx512f")
        && has!("avx512bw")
        && has!("avx512cd")
        && has!("avx512dq")
        && has!("avx512vl");
    let level = match (v4, v3, v2) {
        (true, ..) => 4,
        (_, true, _) => 3,
        (_, _, true) => 2,
        _ => 1,
    };
    Some(format!("x86-64-v{level}"))
}

#[cfg(not(target_arch = "x86_64"))]
fn host_cpu() -> Option<String> {
    None
}

/// The files that `args` name.
pub(crate) fn select(args: &Args, names: &[OsString]) -> Result<Selection, UsageError> {
    let mut names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    if let Some(from) = &args.files_from {
        names.extend(read_names(from, args.null)?);
    }
    let selects = !args.include.is_empty() || !args.exclude.is_empty();
    if selects && !args.all {
        return Err(UsageError::SelectWithoutAll);
    }
    if names.is_empty() && !args.all && args.copy.is_empty() && args.files_from.is_none() {
        return Err(UsageError::NothingToCheck);
    }
    let (include, exclude) = (globs(&args.include)?, globs(&args.exclude)?);
    Ok(Selection {
        names,
        all: args.all,
        include,
        exclude,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "--files-from names a file of the host"
)]
fn read_names(from: &Path, null: bool) -> Result<Vec<Vec<u8>>, UsageError> {
    let failed = |error| UsageError::FilesFrom(from.to_owned(), error);
    let mut text = Vec::new();
    if from == Path::new("-") {
        io::stdin().lock().read_to_end(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read(from).map_err(failed)?;
    }
    let separator = if null { 0 } else { b'\n' };
    let names = text
        .split(|&b| b == separator)
        .filter(|name| !name.is_empty());
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// A FILE that begins with the path of the root means what is below it, unless
/// the target has a file by the very name.
pub(crate) fn strip_root(name: &[u8], root: Option<&Path>, rootfs: &Rootfs) -> Vec<u8> {
    let Some(root) = root.map(|root| root.as_os_str().as_bytes()) else {
        return name.to_vec();
    };
    let end = root.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    let below = name
        .strip_prefix(&root[..end])
        .filter(|rest| end > 0 && rest.starts_with(b"/"));
    let is_inside = |name: &[u8]| {
        rootfs
            .metadata(TargetPath::root().join(name).as_bytes())
            .is_ok()
    };
    match below {
        Some(rest) if !is_inside(name) => rest.to_vec(),
        _ => name.to_vec(),
    }
}

/// A FILE given for the host: a bare name is a file here if there is one.
pub(crate) fn prefer_here(name: &[u8], settings: &Settings, rootfs: &Rootfs) -> Vec<u8> {
    if !name.contains(&b'/')
        && rootfs
            .metadata(settings.workdir.join(name).as_bytes())
            .is_ok()
    {
        return settings.workdir.join(name).as_bytes().to_vec();
    }
    name.to_vec()
}

pub(crate) fn glob(text: &str) -> Result<Glob, UsageError> {
    GlobBuilder::new(text)
        .build()
        .map_err(|error| UsageError::Glob(text.to_owned(), error))
}

fn globs(texts: &[String]) -> Result<Option<GlobSet>, UsageError> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(glob(text)?);
    }
    set.build()
        .map(Some)
        .map_err(|error| UsageError::Glob(texts.join(" "), error))
}
