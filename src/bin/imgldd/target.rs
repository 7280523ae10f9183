//! The systems to examine, opened.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use imgldd::content::Keep;
use imgldd::graph::Limits;
use imgldd::inspect::Settings;
use imgldd::nearby::Extent;
use imgldd::path::TargetPath;
use imgldd::platform::Platform;
use imgldd::report::{Finding, Layer, TargetKind};
use imgldd::rootfs::{Credentials, Filesystem, Overlay, Rootfs, mounted};
use imgldd::runtime::{self, Plan, ProcessConfig};
use imgldd::source::image::{self, Client, Image, ImageKind, Progress, Reference, open_image};
use imgldd::source::{Copied, CopySpec, Directory, SourceError, copy_into, stream};

use crate::args::Args;
use crate::host;
use crate::progress;
use crate::request::{self, UsageError};

/// A target, opened.
pub(crate) struct Opened {
    pub(crate) kind: TargetKind,
    pub(crate) input: String,
    pub(crate) rootfs: Rootfs,
    pub(crate) copied: Vec<Copied>,
    pub(crate) settings: Settings,
    pub(crate) image: Option<Described>,
    /// What it would run; nothing where no configuration says.
    pub(crate) plan: Option<Plan>,
}

/// What an image says of itself.
#[derive(Default)]
pub(crate) struct Described {
    pub(crate) reference: Option<String>,
    pub(crate) manifest_digest: Option<String>,
    pub(crate) config_digest: Option<String>,
    pub(crate) findings: Vec<Finding>,
}

/// What was named as a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    Host,
    Directory(PathBuf),
    Image(OsString),
}

/// The targets that `args` name, and the files that are to be checked in each.
pub(crate) fn named<'a>(
    args: &Args,
    names: &'a [OsString],
) -> Result<(Vec<Named>, &'a [OsString]), UsageError> {
    if let Some(root) = &args.root {
        if args.layer.is_some() {
            return Err(UsageError::LayerOfDirectory);
        }
        return match args.image.is_empty() {
            true => Ok((vec![Named::Directory(root.clone())], names)),
            false => Err(UsageError::RootAndImage),
        };
    }
    let is_stdin = |text: &&OsString| **text == *"-" || text.as_bytes().starts_with(b"-@");
    let readers = args.image.iter().filter(is_stdin).count()
        + usize::from(args.files_from.as_deref() == Some(Path::new("-")));
    if readers > 1 {
        return Err(UsageError::StandardInputTwice);
    }
    if !args.image.is_empty() {
        let images = args.image.iter().cloned().map(Named::Image).collect();
        return Ok((images, names));
    }
    // One file alone that is an image is meant as one, and so is standard input.
    match names {
        [only] if args.files_from.is_none() && *only == *"-" => {
            return Ok((vec![Named::Image(only.clone())], &[]));
        }
        [only] if args.files_from.is_none() && looks_like_image(only) => {
            return Ok((vec![Named::Image(only.clone())], &[]));
        }
        [first, _, ..] if looks_like_image(first) => {
            let first = imgldd::bytes::escape(&first.to_string_lossy()).into_owned();
            return Err(UsageError::ImageAsFile(first));
        }
        _ => {}
    }
    if args.layer.is_some() {
        return Err(UsageError::LayerOfDirectory);
    }
    Ok((vec![Named::Host], names))
}

impl Named {
    /// What was typed.
    pub(crate) fn input(&self) -> String {
        match self {
            Named::Host => "/".to_owned(),
            Named::Directory(path) => path.to_string_lossy().into_owned(),
            Named::Image(text) => text.to_string_lossy().into_owned(),
        }
    }
}

/// Whether a word names an image of the host, with or without `@NAME`.
fn looks_like_image(word: &OsStr) -> bool {
    match Reference::parse(word, request::is_there) {
        Ok(Reference::Path { path, .. }) => is_image(&path),
        _ => false,
    }
}

/// Whether a path of the host leads to an image: an OCI layout, or a file that
/// begins as an archive does.
#[expect(clippy::disallowed_methods, reason = "an image is a file of the host")]
fn is_image(path: &Path) -> bool {
    use std::io::Read as _;
    /// Where a tar archive's magic is.
    const MAGIC: std::ops::Range<usize> = 257..262;
    if path.is_dir() {
        let is_marked = || path.join("oci-layout").is_file() || path.join("blobs").is_dir();
        return path.join("index.json").is_file() && is_marked();
    }
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).map(|file| file.take(512).read_to_end(&mut head));
    if !matches!(read, Ok(Ok(_))) {
        return false;
    }
    stream::Compression::sniff(&head) != stream::Compression::None
        || stream::foreign(&head).is_some()
        || head.get(MAGIC) == Some(b"ustar")
}

/// Opens a target. `in_full` asks for attempts and real paths in the report.
pub(crate) fn open(args: &Args, named: &Named, in_full: bool) -> Result<Opened, UsageError> {
    let (source, input) = match named {
        Named::Host => (directory(Path::new("/"), true)?, "/".to_owned()),
        Named::Directory(root) => (directory(root, false)?, root.to_string_lossy().into_owned()),
        Named::Image(text) => (
            from_image(args, text, args.layer)?,
            text.to_string_lossy().into_owned(),
        ),
    };
    let Source {
        kind,
        filesystem,
        mut process,
        mut user,
        user_is_us,
        platform,
        layers,
        image,
    } = source;
    request::change_process(args, &mut process)?;
    let workdir = TargetPath::root().join(&process.working_dir);
    let (filesystem, copied) = overlay(filesystem, args, &workdir)?;
    if let (Some(text), None) = (&args.workdir, &image) {
        // An engine makes a directory that is missing, and says what it cannot make.
        let there = runtime::is_directory(&workdir, &*filesystem);
        if there == Some(false) {
            return Err(UsageError::NoWorkdir(text.to_string_lossy().into_owned()));
        }
    }
    if let Some(text) = &args.user {
        let as_given = request::user(text)?;
        process.user = text.as_bytes().to_vec();
        // The target's own files tell the groups, as they do to an engine.
        user = runtime::user(&process, &*filesystem).unwrap_or(as_given);
    }
    // Only a configuration says what is run, by an engine.
    let has_config = image
        .as_ref()
        .is_some_and(|image| image.config_digest.is_some());
    let filesystem = match has_config {
        true => mounted(filesystem),
        false => filesystem,
    };
    let plan = image
        .as_ref()
        .map(|_| runtime::plan(&process, &*filesystem));
    if let Some(Ok(planned)) = plan.as_ref().map(|plan| &plan.user) {
        user = planned.clone();
    }
    let variables = match &plan {
        Some(plan) => plan.variables.clone(),
        None => runtime::variables(&process),
    };
    let rootfs = Rootfs::new(filesystem, user, user_is_us && args.user.is_none());
    let is_host = kind == TargetKind::Host;
    let settings = Settings {
        workdir,
        variables,
        has_proc: !args.no_proc,
        cpu: request::cpu(args)?.or_else(|| is_host.then(host::cpu).flatten()),
        platform: request::platform(args)?.or(platform),
        limits: Limits {
            probes: args.max_probes,
            ..Limits::default()
        },
        allow_missing: request::allow_missing(args)?,
        in_full,
        lists_fine: true,
        layers,
        symbols: args.symbols,
        unused: args.unused,
        volumes: process
            .volumes
            .iter()
            .map(|path| TargetPath::root().join(path))
            .collect(),
        nearby: match is_host {
            true => Extent::Installed,
            false => Extent::Whole,
        },
    };
    Ok(Opened {
        kind,
        input,
        rootfs,
        copied,
        settings,
        image,
        plan: plan.filter(|_| has_config),
    })
}

/// A target before what the command line changes.
struct Source {
    kind: TargetKind,
    filesystem: Box<dyn Filesystem>,
    /// What it says of how programs are started.
    process: ProcessConfig,
    user: Credentials,
    user_is_us: bool,
    platform: Option<Platform>,
    layers: Vec<Layer>,
    image: Option<Described>,
}

fn directory(root: &Path, is_host: bool) -> Result<Source, UsageError> {
    let directory = Directory::open(root).map_err(|error| match &error {
        SourceError::Directory { cause, .. } if cause.kind() == ErrorKind::NotADirectory => {
            let shown = root.to_string_lossy();
            UsageError::FileAsRoot(imgldd::bytes::escape(&shown).into_owned())
        }
        _ => error.into(),
    })?;
    let mut source = Source {
        kind: TargetKind::Directory,
        filesystem: Box::new(directory),
        process: ProcessConfig::default(),
        user: Credentials::root(),
        user_is_us: is_host,
        platform: None,
        layers: Vec::new(),
        image: None,
    };
    if is_host {
        source.kind = TargetKind::Host;
        source.process = ProcessConfig {
            working_dir: host::workdir().map_err(UsageError::CurrentDirectory)?,
            env: host::variables(),
            ..ProcessConfig::default()
        };
        source.user = host::credentials();
        source.platform = host::platform();
    }
    Ok(source)
}

/// The source that `text` names, as it was after layer `up_to`, or after its last.
fn from_image(args: &Args, text: &OsStr, up_to: Option<usize>) -> Result<Source, UsageError> {
    let reference = Reference::parse(text, request::is_there)?;
    let probe = Keep {
        symbols: args.symbols || args.unused,
    };
    let progress = Progress::default();
    let options = image::Options {
        probe: &probe,
        platform: request::platform(args)?,
        layers: up_to,
        verify: args.verify,
        jobs: args.jobs.unwrap_or_else(host::parallelism).max(1),
        limits: stream::Limits {
            total: args.max_total_bytes,
            ratio: args.max_ratio,
            ..stream::Limits::default()
        },
        entries: args.max_entries,
        kept: args.max_kept_bytes,
        progress: &progress,
    };
    let wanted = !args.no_progress && !args.quiet;
    let opened = progress::shown(wanted, &progress, || open_image(&reference, &options))?;
    let image = match opened {
        image::Opened::Image(image) => *image,
        image::Opened::Directory(root) => return directory(&root, false),
    };
    if let Some(wanted) = up_to
        && wanted > image.layers.len()
    {
        return Err(UsageError::NoSuchLayer(wanted, image.layers.len()));
    }
    let platform = image.config.platform.as_ref();
    if let Some(other) = platform.filter(|platform| !platform.is_linux()) {
        return Err(UsageError::ImageSystem(other.to_string()));
    }
    Ok(described(&reference, image))
}

fn described(reference: &Reference, image: Image) -> Source {
    let layers: Vec<Layer> = (1..)
        .zip(&image.layers)
        .map(|(number, layer)| Layer {
            number,
            digest: layer.digest.map(|digest| digest.to_string()),
            created_by: layer.created_by.clone(),
        })
        .collect();
    let findings = imgldd::finding::layer_findings(&image.issues, &layers);
    let text = |digest: Option<stream::Digest>| digest.map(|digest| digest.to_string());
    Source {
        kind: kind(reference, image.kind),
        filesystem: Box::new(image.filesystem),
        process: image.config.process,
        user: Credentials::root(),
        user_is_us: false,
        platform: image.config.platform.filter(Platform::is_known),
        layers,
        image: Some(Described {
            reference: image.reference,
            manifest_digest: text(image.manifest_digest),
            config_digest: text(image.config_digest),
            findings,
        }),
    }
}

fn kind(reference: &Reference, kind: ImageKind) -> TargetKind {
    match (reference, kind) {
        (Reference::Saved { client, .. }, _) => match client {
            Client::Docker => TargetKind::Docker,
            Client::Podman => TargetKind::Podman,
        },
        (_, ImageKind::DockerArchive) => TargetKind::DockerArchive,
        (_, ImageKind::OciArchive) => TargetKind::OciArchive,
        (_, ImageKind::OciDir) => TargetKind::OciDir,
        (_, ImageKind::SkopeoDir) => TargetKind::SkopeoDir,
        (_, ImageKind::Layer) => TargetKind::Layer,
        (_, ImageKind::Scratch) => TargetKind::Scratch,
    }
}

/// The system that `--donor` names, as root sees it.
pub(crate) fn donor(args: &Args) -> Result<Option<Rootfs>, UsageError> {
    let Some(text) = &args.donor else {
        return Ok(None);
    };
    // `--layer` is about the target.
    let filesystem = from_image(args, text, None)?.filesystem;
    Ok(Some(Rootfs::new(filesystem, Credentials::root(), false)))
}

fn overlay(
    filesystem: Box<dyn Filesystem>,
    args: &Args,
    workdir: &TargetPath,
) -> Result<(Box<dyn Filesystem>, Vec<Copied>), UsageError> {
    if args.copy.is_empty() {
        return Ok((filesystem, Vec::new()));
    }
    let mut overlay = Overlay::new(filesystem);
    let mut copied = Vec::new();
    for text in &args.copy {
        let spec = CopySpec::parse(text.as_bytes(), request::is_there);
        copied.extend(copy_into(&mut overlay, &spec, workdir)?);
    }
    Ok((Box::new(overlay), copied))
}
