//! The systems to examine, opened.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use imgldd::content::Keep;
use imgldd::graph::Limits;
use imgldd::inspect::Settings;
use imgldd::path::TargetPath;
use imgldd::platform::Platform;
use imgldd::report::{Finding, Layer, TargetKind};
use imgldd::rootfs::{Credentials, Filesystem, Overlay, Rootfs};
use imgldd::runtime::{self, Plan};
use imgldd::source::image::{self, Client, Image, ImageKind, Reference, open_image};
use imgldd::source::{Copied, CopySpec, Directory, copy_into, stream};

use crate::args::Args;
use crate::host;
use crate::request::{self, UsageError};

/// A target, opened.
pub(crate) struct Opened {
    pub(crate) kind: TargetKind,
    pub(crate) input: String,
    pub(crate) rootfs: Rootfs,
    pub(crate) copied: Vec<Copied>,
    pub(crate) settings: Settings,
    pub(crate) image: Option<Described>,
}

/// What an image says of itself.
#[derive(Default)]
pub(crate) struct Described {
    pub(crate) reference: Option<String>,
    pub(crate) manifest_digest: Option<String>,
    pub(crate) config_digest: Option<String>,
    pub(crate) findings: Vec<Finding>,
    /// What it would run; nothing where no configuration says.
    pub(crate) plan: Option<Plan>,
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
        return match args.image.is_empty() {
            true => Ok((vec![Named::Directory(root.clone())], names)),
            false => Err(UsageError::RootAndImage),
        };
    }
    let stdin = OsStr::new("-");
    let readers = args.image.iter().filter(|text| *text == stdin).count()
        + usize::from(args.files_from.as_deref() == Some(Path::new("-")));
    if readers > 1 {
        return Err(UsageError::StandardInputTwice);
    }
    if !args.image.is_empty() {
        let images = args.image.iter().cloned().map(Named::Image).collect();
        return Ok((images, names));
    }
    // One file alone that is an image is meant as one.
    if let [only] = names
        && args.files_from.is_none()
        && looks_like_image(Path::new(only))
    {
        return Ok((vec![Named::Image(only.clone())], &[]));
    }
    Ok((vec![Named::Host], names))
}

/// Whether a path of the host leads to an image: an OCI layout, or a file that
/// begins as an archive does.
#[expect(clippy::disallowed_methods, reason = "an image is a file of the host")]
fn looks_like_image(path: &Path) -> bool {
    use std::io::Read as _;
    /// Where a tar archive's magic is.
    const MAGIC: std::ops::Range<usize> = 257..262;
    if path.is_dir() {
        return path.join("oci-layout").is_file() && path.join("index.json").is_file();
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
        || head.get(MAGIC) == Some(b"ustar")
}

/// Opens a target. `in_full` asks for attempts and real paths in the report.
pub(crate) fn open(args: &Args, named: &Named, in_full: bool) -> Result<Opened, UsageError> {
    let (opened, input) = match named {
        Named::Host => (directory(Path::new("/"), true)?, "/".to_owned()),
        Named::Directory(root) => (directory(root, false)?, root.to_string_lossy().into_owned()),
        Named::Image(text) => (from_image(args, text)?, text.to_string_lossy().into_owned()),
    };
    let Unlayered {
        kind,
        filesystem,
        workdir,
        mut variables,
        user,
        user_is_us,
        platform,
        layers,
        image,
    } = opened;
    let workdir = request::workdir(args)?.unwrap_or(workdir);
    request::change_variables(args, &mut variables)?;
    let user = match &args.user {
        Some(text) => request::user(text)?,
        None => user,
    };
    let (filesystem, copied) = overlay(filesystem, args, &workdir)?;
    let rootfs = Rootfs::new(filesystem, user, user_is_us && args.user.is_none());
    let is_host = kind == TargetKind::Host;
    let settings = Settings {
        workdir,
        variables,
        has_proc: !args.no_proc,
        cpu: args
            .cpu
            .clone()
            .or_else(|| is_host.then(host::cpu).flatten()),
        platform: request::platform(args)?.or(platform),
        limits: Limits {
            probes: args.max_probes,
            ..Limits::default()
        },
        allow_missing: request::allow_missing(args)?,
        in_full,
        lists_fine: true,
        layers,
    };
    Ok(Opened {
        kind,
        input,
        rootfs,
        copied,
        settings,
        image,
    })
}

/// A target before what the command line changes.
struct Unlayered {
    kind: TargetKind,
    filesystem: Box<dyn Filesystem>,
    workdir: TargetPath,
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
    user: Credentials,
    user_is_us: bool,
    platform: Option<Platform>,
    layers: Vec<Layer>,
    image: Option<Described>,
}

fn directory(root: &Path, is_host: bool) -> Result<Unlayered, UsageError> {
    let directory = Directory::open(root)?;
    let (workdir, variables, user, platform) = match is_host {
        true => (
            host::workdir()
                .map_err(UsageError::CurrentDirectory)?
                .unwrap_or_else(TargetPath::root),
            host::variables(),
            host::credentials(),
            host::platform(),
        ),
        false => (
            TargetPath::root(),
            BTreeMap::new(),
            Credentials::root(),
            None,
        ),
    };
    Ok(Unlayered {
        kind: match is_host {
            true => TargetKind::Host,
            false => TargetKind::Directory,
        },
        filesystem: Box::new(directory),
        workdir,
        variables,
        user,
        user_is_us: is_host,
        platform,
        layers: Vec::new(),
        image: None,
    })
}

fn from_image(args: &Args, text: &OsStr) -> Result<Unlayered, UsageError> {
    let reference = Reference::parse(text, request::is_there)?;
    let probe = Keep;
    let options = image::Options {
        probe: &probe,
        platform: request::platform(args)?,
        layers: args.layer,
        verify: args.verify,
        jobs: args.jobs.unwrap_or_else(host::parallelism).max(1),
        limits: stream::Limits {
            total: args.max_total_bytes,
            ratio: args.max_ratio,
            ..stream::Limits::default()
        },
        entries: args.max_entries,
    };
    let image = match open_image(&reference, &options)? {
        image::Opened::Image(image) => *image,
        image::Opened::Directory(root) => return directory(&root, false),
    };
    if let Some(wanted) = args.layer
        && wanted > image.layers.len()
    {
        return Err(UsageError::NoSuchLayer(wanted, image.layers.len()));
    }
    Ok(described(&reference, image))
}

fn described(reference: &Reference, image: Image) -> Unlayered {
    let layers: Vec<Layer> = (1..)
        .zip(&image.layers)
        .map(|(number, layer)| Layer {
            number,
            digest: layer.digest.map(|digest| digest.to_string()),
            created_by: layer.created_by.clone(),
        })
        .collect();
    let has_config = image.config_digest.is_some();
    let plan = runtime::plan(&image.config.process, &image.filesystem);
    let findings = imgldd::finding::layer_findings(&image.issues, &layers);
    let text = |digest: Option<stream::Digest>| digest.map(|digest| digest.to_string());
    Unlayered {
        kind: kind(reference, image.kind),
        workdir: plan.workdir.clone(),
        variables: plan.variables.clone(),
        user: plan.user.clone().unwrap_or_else(|_| Credentials::root()),
        user_is_us: false,
        platform: image.config.platform.filter(Platform::is_known),
        filesystem: Box::new(image.filesystem),
        layers,
        image: Some(Described {
            reference: image.reference,
            manifest_digest: text(image.manifest_digest),
            config_digest: text(image.config_digest),
            findings,
            plan: has_config.then_some(plan),
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
