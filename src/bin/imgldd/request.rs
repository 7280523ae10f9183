//! The command line, checked: what to look at, and how.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use imgldd::inspect::{AllowMissing, Settings};
use imgldd::path::TargetPath;
use imgldd::platform::Platform;
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::runtime::ProcessConfig;
use imgldd::source::image::ImageError;
use imgldd::source::{CopyError, SourceError};

use crate::args::Args;
use crate::selection;

/// The levels that glibc has directories for, and x86-64's first, which has none.
const CPU_LEVELS: &str = "x86-64, x86-64-v2, x86-64-v3, x86-64-v4, power9, power10 and z13 to z17";

/// What was asked for makes no sense, or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error(
        "nothing to check: name a FILE or an image, or give --all to check every program; see --help"
    )]
    NothingToCheck,
    #[error("nothing to check: no program is among what was copied; name a FILE")]
    NoProgramCopied,
    #[error("nothing to check: {0} does not say what it runs; name a FILE, or give --all")]
    NoCommand(&'static str),
    #[error("schema prints the JSON schema of all reports, and takes no more words")]
    SchemaAlone,
    #[error("nothing to look for: name a library, such as `imgldd why libssl.so.3 FILE`")]
    NoLibrary,
    #[error("`{0}` may mean {1}; name one of them, or give a glob: `{0}*`")]
    Ambiguous(String, String),
    #[error("`{0}`: no such format of this command; there are text and json")]
    WhyFormat(String),
    #[error("--root and --image name two kinds of target; give one of them")]
    RootAndImage,
    #[error("--layer is for images")]
    LayerOfDirectory,
    #[error("`{0}` is an image, not a file to check; name it so:  imgldd -i {0} FILE...")]
    ImageAsFile(String),
    #[error("there is no layer {0}: the image has {1}")]
    NoSuchLayer(usize, usize),
    #[error("{0}")]
    OfImage(String),
    #[error("`{0}` is a file, and --root wants a directory; if it is an image:  imgldd -i {0}")]
    FileAsRoot(String),
    #[error("an empty FILE names nothing")]
    EmptyName,
    #[error("`{}`: there is no name in this list of files", .0.display())]
    EmptyList(PathBuf),
    #[error("`{0}`: no such level of a CPU; there are {CPU_LEVELS}")]
    Cpu(String),
    #[error("standard input can be read once only")]
    StandardInputTwice,
    #[error("`{0}` is a command of a later version; a file of that name is `./{0}`")]
    LaterCommand(String),
    #[error("`{0}`: a platform is OS/ARCH[/VARIANT], such as linux/amd64")]
    Platform(String),
    #[error("`{0}`: no Linux architecture of that name is known")]
    Architecture(String),
    #[error("`{0}`: the names in it end in NUL; give -0 to have them read so")]
    NulInList(PathBuf),
    #[error("`{0}`: only Linux is known")]
    System(String),
    #[error("the image is for {0}: only programs of Linux can be looked at")]
    ImageSystem(String),
    #[error("`{0}`: a user is UID[:GID], both numbers")]
    User(String),
    #[error("`{0}`: a variable is NAME=VALUE")]
    Variable(String),
    #[error("`{0}`: the working directory must be an absolute path in the target")]
    Workdir(String),
    #[error("`{0}`: the working directory is no directory in the target")]
    NoWorkdir(String),
    #[error("`{0}`: not a glob")]
    Glob(String, #[source] globset::Error),
    #[error("`{0}`: no finding has this code{1}; `imgldd explain` lists them")]
    UnknownCode(String, String),
    #[error("`{0}`: nothing stands behind the colon; CODE alone means every finding of that code")]
    EmptyGlob(String),
    #[error("`{0}`: no such format; there are text, tree, table, ldd, list, json, json-lines")]
    Format(String),
    #[error(
        "`{0}`: this format is of a later version; there are text, tree, table, ldd, list, json, json-lines"
    )]
    LaterFormat(String),
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
    Image(#[from] ImageError),
    #[error(transparent)]
    Copy(#[from] CopyError),
}

impl UsageError {
    /// Whether it is about one target, where another may be well.
    pub(crate) fn is_about_target(&self) -> bool {
        matches!(
            self,
            UsageError::NoCommand(_)
                | UsageError::NoSuchLayer(..)
                | UsageError::NoProgramCopied
                | UsageError::ImageSystem(_)
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the host was named")]
pub(crate) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// `UID[:GID]`
pub(crate) fn user(text: &str) -> Result<Credentials, UsageError> {
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
    let groups = Vec::new();
    Ok(Credentials { uid, gid, groups })
}

/// Changes what a target says of how its programs are started, as was asked for.
pub(crate) fn change_process(args: &Args, process: &mut ProcessConfig) -> Result<(), UsageError> {
    if let Some(text) = &args.workdir {
        if !text.as_bytes().starts_with(b"/") {
            return Err(UsageError::Workdir(text.to_string_lossy().into_owned()));
        }
        process.working_dir = text.as_bytes().to_vec();
    }
    if args.ignore_env {
        process.env.retain(|entry| !entry.starts_with(b"LD_"));
    }
    for text in &args.env {
        let bytes = text.as_bytes();
        if bytes
            .iter()
            .position(|&b| b == b'=')
            .is_none_or(|at| at == 0)
        {
            return Err(UsageError::Variable(text.to_string_lossy().into_owned()));
        }
        process.env.push(bytes.to_vec());
    }
    if let Some(first) = &args.library_path {
        const NAME: &[u8] = b"LD_LIBRARY_PATH=";
        let own = process.env.iter().rev();
        let own = own.filter_map(|entry| entry.strip_prefix(NAME)).next();
        let list = match own {
            Some(own) => [first.as_bytes(), b":", own].concat(),
            None => first.as_bytes().to_vec(),
        };
        process.env.push([NAME, &list].concat());
    }
    Ok(())
}

/// The directory that IMGLDD_ROOT names; set to nothing it names none.
#[expect(
    clippy::disallowed_methods,
    reason = "it is meant for whoever starts us"
)]
pub(crate) fn root_of_environment() -> Option<PathBuf> {
    let root = std::env::var_os("IMGLDD_ROOT")?;
    (!root.is_empty()).then(|| root.into())
}

/// The platform that was given.
pub(crate) fn platform(args: &Args) -> Result<Option<Platform>, UsageError> {
    let Some(text) = &args.platform else {
        return Ok(None);
    };
    let platform = Platform::parse(text).ok_or_else(|| UsageError::Platform(text.clone()))?;
    if !platform.is_linux() {
        return Err(UsageError::System(platform.os));
    }
    if !platform.is_known() {
        return Err(UsageError::Architecture(platform.architecture));
    }
    Ok(Some(platform))
}

/// The level of the CPU that was given.
pub(crate) fn cpu(args: &Args) -> Result<Option<String>, UsageError> {
    let Some(level) = &args.cpu else {
        return Ok(None);
    };
    let number = |family: &str| level.strip_prefix(family)?.parse::<u32>().ok();
    let is_known = level == "x86-64"
        || number("x86-64-v").is_some_and(|number| (1..=4).contains(&number))
        || number("power").is_some_and(|number| (8..=11).contains(&number))
        || number("z").is_some_and(|number| (10..=17).contains(&number));
    match is_known {
        true => Ok(Some(level.clone())),
        false => Err(UsageError::Cpu(level.clone())),
    }
}

/// Tells which libraries may be missing.
pub(crate) fn allow_missing(args: &Args) -> Result<AllowMissing, UsageError> {
    let allowed = selection::globs(&args.allow_missing)?;
    Ok(Box::new(move |name| {
        allowed
            .as_ref()
            .is_some_and(|set| set.is_match(OsStr::from_bytes(name)))
    }))
}

/// A FILE that begins with the path of the root, however that is spelled, means what is
/// below it, unless the target has a file by the very name.
#[expect(
    clippy::disallowed_methods,
    reason = "the root's own path is one of the host"
)]
pub(crate) fn strip_root(name: &[u8], root: Option<&Path>, rootfs: &Rootfs) -> Vec<u8> {
    let Some(root) = root.filter(|_| name.contains(&b'/')) else {
        return name.to_vec();
    };
    let is_inside = || {
        rootfs
            .metadata(TargetPath::root().join(name).as_bytes())
            .is_ok()
    };
    let spelled = std::path::absolute(root);
    let real = root.canonicalize();
    let named = std::path::absolute(OsStr::from_bytes(name));
    let below = named.iter().find_map(|named| {
        let mut roots = spelled.iter().chain(&real);
        roots.find_map(|root| named.strip_prefix(root).ok())
    });
    match below.filter(|rest| *rest != Path::new("")) {
        Some(rest) if !is_inside() => [b"/", rest.as_os_str().as_bytes()].concat(),
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
