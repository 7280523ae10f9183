//! From a reference to the bytes of an image, and what they turn out to be.

use std::collections::HashMap;
use std::io::{self, BufReader, IsTerminal as _, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::allowance::Allowance;
use super::archive::{self, Found};
use super::assemble::{from_layer, from_parts, merge, wanted_layers};
use super::config::ImageConfig;
use super::contents::Origin;
use super::error::ImageError;
use super::mistaken::Lies;
use super::parts::{Bytes, Directory, Parts};
use super::passing::{Passed, may_be_member, pass};
use super::reference::{Client, Form, Reference};
use super::scan::Scanned;
use super::select::Wanted;
use super::verify::verify;
use super::walk::{Sequential, Told, inflate, io_error};
use super::{Image, ImageKind, Opened, Options, docker, mistaken, oci};
use crate::bytes::escape;
use crate::quote;
use crate::rootfs::layers::Tree;
use crate::source::host_file::{self, HostFile};
use crate::source::stream::{CHUNK, Compression, foreign};

/// What a client that failed leaves.
const EMPTY: &str = "there is nothing in it: not an archive";

/// Opens what `reference` names.
///
/// # Errors
/// Where it is no image, a damaged one, or one of several.
pub fn open_image(reference: &Reference, options: &Options<'_>) -> Result<Opened, ImageError> {
    let allowance = Allowance::new(options);
    let (path, form, name) = match reference {
        Reference::Scratch => return Ok(Opened::Image(Box::new(scratch()))),
        Reference::StandardInput { name } => {
            if io::stdin().is_terminal() {
                let message = "standard input is a terminal: `docker save NAME | imgldd -i -`";
                return Err(ImageError::usage(message));
            }
            let image = read_image(io::stdin().lock(), name.as_deref(), options)?;
            return Ok(Opened::Image(Box::new(image)));
        }
        Reference::Saved { client, name } => {
            let image = from_client(*client, name, &allowance, options)?;
            return Ok(Opened::Image(Box::new(image)));
        }
        Reference::Path { path, form, name } => (path, *form, name.as_deref()),
    };
    let wanted = Wanted {
        name,
        platform: options.platform.as_ref(),
    };
    #[expect(clippy::disallowed_methods, reason = "an image is a file of the host")]
    let is_directory = path.is_dir();
    if is_directory {
        return from_directory(path, form, wanted, &allowance, options);
    }
    let failed = |error: io::Error| ImageError::io(b"", &error);
    // What a shell makes of `<(docker save app)`: it comes once, as standard input does.
    if let Some(pipe) = host_file::pipe(path).map_err(failed)? {
        let image = from_stream(pipe, form, name, &allowance, options)?;
        return Ok(Opened::Image(Box::new(image)));
    }
    let shown = path.as_os_str().as_encoded_bytes();
    let file = HostFile::open_following(path).map_err(failed)?;
    let bytes: Bytes = Arc::new(file);
    let image = from_file(bytes, shown, form, wanted, &allowance, options)?;
    Ok(Opened::Image(Box::new(image)))
}

/// Reads the image that `stream` brings, an archive or a layer, compressed or not,
/// once from front to back. `name` picks one of several.
///
/// # Errors
/// Where it is no image, a damaged one, or one of several.
pub fn read_image(
    stream: impl Read,
    name: Option<&str>,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let allowance = Allowance::new(options);
    from_stream(stream, Form::Any, name, &allowance, options)
}

/// The empty image.
fn scratch() -> Image {
    Image {
        kind: ImageKind::Scratch,
        reference: None,
        manifest_digest: None,
        config_digest: None,
        config: ImageConfig::default(),
        layers: Vec::new(),
        filesystem: Tree::default(),
        issues: crate::rootfs::layers::Issues::default(),
    }
}

/// A directory: an OCI layout, what skopeo writes, or a rootfs.
fn from_directory(
    path: &Path,
    form: Form,
    wanted: Wanted<'_>,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Opened, ImageError> {
    let parts = Directory::new(path.to_owned());
    let is_layout = || oci::is_layout(&parts) || oci::is_unmarked(&parts);
    let is_flat = || {
        let text = parts.document(docker::MANIFEST).ok().flatten();
        let is_object = |text: &Vec<u8>| text.trim_ascii_start().starts_with(b"{");
        let has_mark = || parts.has(b"version") || oci::is_unmarked_flat(&parts);
        text.is_some_and(|text| is_object(&text)) && has_mark()
    };
    let (kind, selected) = match form {
        Form::Directory => return Ok(Opened::Directory(path.to_owned())),
        Form::OciDir => (ImageKind::OciDir, oci::select(&parts, wanted)?),
        Form::Any if is_layout() => (ImageKind::OciDir, oci::select(&parts, wanted)?),
        Form::Any if is_flat() => (ImageKind::SkopeoDir, oci::select_flat(&parts)?),
        Form::Any if docker::is_there(&parts) => {
            (ImageKind::DockerArchive, docker::select(&parts, wanted)?)
        }
        Form::Any if docker::images(&parts).is_ok() => {
            let directory = quote::word(path.as_os_str().as_encoded_bytes());
            let message = format!(
                "it lists an image whose configuration is not there; \
                 if this is a root filesystem with such a file, name it `dir:{directory}`"
            );
            return Err(ImageError::malformed(docker::MANIFEST, message));
        }
        Form::Any => {
            // What cannot be opened is said where it is opened as a rootfs.
            if let Ok(directory) = crate::source::Directory::open(path) {
                let lies = Lies::Directory(path.as_os_str().as_encoded_bytes());
                mistaken::refuse(&directory, lies)?;
            }
            return Ok(Opened::Directory(path.to_owned()));
        }
        Form::DockerArchive | Form::OciArchive | Form::Layer => {
            let shown = path.to_string_lossy();
            let shown = escape(&shown);
            return Err(ImageError::usage(format!(
                "`{shown}`: a directory, not an archive"
            )));
        }
    };
    let open = |name: &[u8]| parts.open(name);
    let image = from_parts(kind, selected, &open, allowance, options)?;
    Ok(Opened::Image(Box::new(image)))
}

/// A file: an archive, or a layer, compressed or not.
fn from_file(
    bytes: Bytes,
    shown: &[u8],
    form: Form,
    wanted: Wanted<'_>,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let mut head = [0; 512];
    let filled = bytes
        .read_at(0, &mut head)
        .map_err(|error| ImageError::io(b"", &error))?;
    let head = &head[..filled];
    if head.is_empty() {
        return Err(ImageError::malformed(b"", EMPTY));
    }
    if head.starts_with(b"\x7fELF") {
        let shown = escape(&crate::bytes::lossy(shown)).into_owned();
        let message =
            format!("`{shown}` is a program, not an image; lay it over one with --copy {shown}");
        return Err(ImageError::usage(message));
    }
    if let Some(name) = foreign(head) {
        let message = format!("compressed with {name}; gzip and zstd are read");
        return Err(ImageError::malformed(b"", message));
    }
    if Compression::sniff(head) != Compression::None {
        let origin = Origin::Packed(bytes.clone());
        options.progress.expect(bytes.size());
        let blob = Told::new(Sequential::new(bytes), options.progress);
        let stream = BufReader::with_capacity(CHUNK, blob);
        return from_packed(
            stream,
            origin,
            Some(shown),
            form,
            wanted,
            allowance,
            options,
        );
    }
    match archive::open(&bytes, form, allowance, options)? {
        Found::Layer(scanned) => by_itself(*scanned, form, Some(shown)),
        Found::Archive(kind, parts) => {
            let selected = match kind {
                ImageKind::OciArchive => oci::select(&parts, wanted)?,
                _ => docker::select(&parts, wanted)?,
            };
            let open = |name: &[u8]| parts.open_member(name);
            from_parts(kind, selected, &open, allowance, options)
        }
    }
}

/// What a client's `save` writes.
#[expect(
    clippy::disallowed_methods,
    reason = "the user named the client that is to be started"
)]
fn from_client(
    client: Client,
    name: &std::ffi::OsStr,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let program = client.program();
    let mut child = Command::new(program)
        .arg("save")
        .arg(name)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| ImageError::usage(format!("cannot start `{program}`: {error}")))?;
    let mut is_whole = false;
    let image = match child.stdout.take() {
        Some(output) => {
            let output = ToEnd::new(output, &mut is_whole);
            from_stream(output, Form::Any, None, allowance, options)
        }
        None => Err(ImageError::usage(format!("`{program}` has no output"))),
    };
    if image.is_err() && !is_whole {
        // It was us who stopped, so what the client says of that is no cause.
        let _ = child.kill();
        let _ = child.wait();
        return image;
    }
    let status = child
        .wait()
        .map_err(|error| ImageError::io(program.as_bytes(), &error))?;
    if !status.success() {
        // It has said why.
        let message = format!("`{program} save {}` failed: {status}", name.display());
        return Err(ImageError::usage(message));
    }
    image
}

/// A reader that notes whether it was read to its end.
struct ToEnd<'a, R> {
    inner: R,
    is_whole: &'a mut bool,
}

impl<'a, R> ToEnd<'a, R> {
    fn new(inner: R, is_whole: &'a mut bool) -> Self {
        ToEnd { inner, is_whole }
    }
}

impl<R: Read> Read for ToEnd<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        *self.is_whole |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

/// An archive that goes by once.
fn from_stream(
    stream: impl Read,
    form: Form,
    name: Option<&str>,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let wanted = Wanted {
        name,
        platform: options.platform.as_ref(),
    };
    let stream = BufReader::with_capacity(CHUNK, Told::new(stream, options.progress));
    let origin = Origin::Passed;
    from_packed(stream, origin, None, form, wanted, allowance, options)
}

/// A layer, if it is one.
fn by_itself(scanned: Scanned, form: Form, shown: Option<&[u8]>) -> Result<Image, ImageError> {
    let image = from_layer(scanned);
    if form == Form::Any {
        mistaken::refuse(&image.filesystem, Lies::Archive(shown))?;
    }
    Ok(image)
}

/// An archive that goes by once, compressed or not.
fn from_packed(
    mut stream: impl io::BufRead,
    origin: Origin,
    shown: Option<&[u8]>,
    form: Form,
    wanted: Wanted<'_>,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    let failed = |error: io::Error| io_error(b"", &error);
    if stream.fill_buf().map_err(failed)?.is_empty() {
        return Err(ImageError::malformed(b"", EMPTY));
    }
    let stream = inflate(stream, &allowance.budget).map_err(failed)?;
    let (mut passed, stream) = pass(stream, origin, form, allowance, options)?;
    let (_, mut decoded) = stream.into_inner();
    decoded.drain().map_err(failed)?;
    let (kind, selected) = match archive::kind(&passed, form)? {
        ImageKind::Layer => return by_itself(passed.as_layer, form, shown),
        ImageKind::OciArchive => (ImageKind::OciArchive, oci::select(&passed, wanted)?),
        kind => (kind, docker::select(&passed, wanted)?),
    };
    let mut scanned = HashMap::new();
    let mut members = Vec::new();
    let diff_ids = selected.config.diff_ids.iter();
    for (layer, diff_id) in wanted_layers(&selected, options).iter().zip(diff_ids) {
        let name = passed.canonical(&layer.member)?.unwrap_or_default();
        if !scanned.contains_key(&name) {
            let mut taken = take(&mut passed, &name, &layer.member)?;
            verify(layer, *diff_id, &mut taken)?;
            scanned.insert(name.clone(), taken);
        }
        members.push(name);
    }
    merge(kind, selected, scanned, &members, options)
}

fn take(passed: &mut Passed, name: &[u8], member: &[u8]) -> Result<Scanned, ImageError> {
    if name.is_empty() {
        let message = match may_be_member(member) {
            true => "blob missing",
            false => {
                "blob missing, or it went by under a name that a root filesystem has; \
                 an uncompressed archive that is a file is searched for it"
            }
        };
        return Err(ImageError::malformed(member, message));
    }
    passed.take_layer(name)
}
