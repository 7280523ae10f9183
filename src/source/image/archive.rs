//! What a tar archive is: an image with its documents, or one layer.

use super::allowance::Allowance;
use super::contents::{Contents, Origin};
use super::error::ImageError;
use super::parts::{Archive, Bytes, Parts};
use super::passing::may_be_member;
use super::reference::Form;
use super::scan::Scanned;
use super::walk::Intake;
use super::{ImageKind, Options, docker, json, oci};
use crate::source::tar::{Entry, RangeInput, Reader};

/// An archive that can be sought in.
pub(super) enum Found {
    /// An image in one of its forms.
    Archive(ImageKind, Archive),
    /// A layer, scanned already.
    Layer(Box<Scanned>),
}

/// Finds out what `bytes` are, from headers alone and in one go.
pub(super) fn open(
    bytes: &Bytes,
    form: Form,
    allowance: &Allowance,
    options: &Options<'_>,
) -> Result<Found, ImageError> {
    let mut intake = Intake::new(Contents::new(Origin::Raw(bytes.clone()), allowance));
    let mut archive = Archive::new(bytes.clone());
    let mut reader = Reader::new(RangeInput::new(&**bytes), options.tar_limits());
    let mut entry = Entry::default();
    while reader.next_into(&mut entry)? {
        intake.take(&entry)?;
        let name = entry.name.strip_prefix(b"./").unwrap_or(&entry.name);
        if may_be_member(name) {
            archive.add(&entry)?;
        }
    }
    intake.finish(&mut reader);
    intake
        .after_the_end_at(bytes, reader.offset())
        .map_err(|error| ImageError::io(b"", &error))?;
    match kind(&archive, form)? {
        ImageKind::Layer => Ok(Found::Layer(Box::new(Scanned::new(intake)))),
        // Now that it is an image, any name may be that of a member.
        kind => Ok(Found::Archive(
            kind,
            Archive::open(bytes, options.tar_limits())?,
        )),
    }
}

/// What an archive with these members is, or must be.
pub(super) fn kind(parts: &dyn Parts, form: Form) -> Result<ImageKind, ImageError> {
    let is_docker = || parts.has(docker::MANIFEST) && !is_of_an_application(parts);
    let lacks = |what: &str| ImageError::usage(format!("not such an archive: it has no `{what}`"));
    match form {
        Form::OciArchive if !parts.has(oci::INDEX) => Err(lacks("index.json")),
        Form::OciArchive => Ok(ImageKind::OciArchive),
        Form::DockerArchive if !parts.has(docker::MANIFEST) => Err(lacks("manifest.json")),
        Form::DockerArchive => Ok(ImageKind::DockerArchive),
        Form::Layer => Ok(ImageKind::Layer),
        Form::OciDir | Form::Directory => Err(ImageError::usage("an archive, not a directory")),
        Form::Any if oci::is_layout(parts) => Ok(ImageKind::OciArchive),
        Form::Any if is_docker() => match docker::images(parts) {
            Ok(_) => Ok(ImageKind::DockerArchive),
            Err(mut error) => {
                let hint = "if this is a root filesystem with such a file, name it `layer:FILE`";
                error.message = format!("{}; {hint}", error.message);
                Err(error)
            }
        },
        Form::Any if oci::is_unmarked(parts) => Ok(ImageKind::OciArchive),
        Form::Any => Ok(ImageKind::Layer),
    }
}

/// Whether `manifest.json` is that of a web application: an object, where Docker's is
/// a list.
fn is_of_an_application(parts: &dyn Parts) -> bool {
    let text = parts.document(docker::MANIFEST).ok().flatten();
    text.is_some_and(|text| {
        text.trim_ascii_start().starts_with(b"{") && json::read(docker::MANIFEST, &text).is_ok()
    })
}
