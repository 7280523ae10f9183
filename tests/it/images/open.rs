//! Opens fixtures as images, in every container that can hold them, and holds
//! what comes out against what was expected.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::num::NonZero;
use std::sync::Arc;

use imgldd::platform::Platform;
use imgldd::read_at::{Known, ReadAt, read_all};
use imgldd::source::image::{self, ImageError, Obstacle, Opened, Options, Progress, Reference};
use imgldd::source::{Passing, Probe, Want, stream};

use super::tree;
use crate::support::image::{Image, Members, docker, oci, pack::gzip, skopeo};

/// Keeps all of what is small, and the first bytes of the rest.
struct Small;

/// The longest file that is kept whole.
const SMALL: u64 = 4 << 20;

impl Probe for Small {
    fn want(&self, file: Passing<'_>) -> Want {
        if file.size <= SMALL {
            Want::Whole
        } else {
            Want::Head
        }
    }

    fn look(&self, file: Passing<'_>, bytes: &dyn ReadAt) -> Option<Known> {
        let start = match self.want(file) {
            Want::Whole => read_all(bytes, usize::MAX).unwrap(),
            _ => file.head.to_vec(),
        };
        Some(Known::start(Arc::from(start)))
    }
}

/// What `-i REFERENCE` leads to.
pub(crate) fn open(reference: &OsStr, platform: Option<&str>) -> Result<Opened, ImageError> {
    let reference = Reference::parse(reference, |path| path.exists())?;
    let progress = Progress::default();
    image::open_image(&reference, &options(platform, &progress))
}

/// The image that comes in a file, and that on standard input, hashed as far as
/// `--verify` has it.
pub(crate) fn verified(bytes: &[u8]) -> [Result<image::Image, ImageError>; 2] {
    let progress = Progress::default();
    let options = Options {
        verify: true,
        ..options(None, &progress)
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let reference = Reference::parse(file.path().as_os_str(), |path| path.exists()).unwrap();
    let opened = image::open_image(&reference, &options).map(|opened| match opened {
        Opened::Image(image) => *image,
        Opened::Directory(path) => panic!("{} was taken for a rootfs", path.display()),
    });
    [opened, image::read_image(bytes, None, &options)]
}

fn options<'a>(platform: Option<&str>, progress: &'a Progress) -> Options<'a> {
    Options {
        progress,
        probe: &Small,
        platform: platform.map(|text| Platform::parse(text).expect("a platform")),
        layers: None,
        verify: false,
        jobs: std::thread::available_parallelism().map_or(1, NonZero::get),
        limits: stream::Limits::default(),
        entries: 100_000,
        kept: 64 << 20,
    }
}

/// The image that `-i REFERENCE` leads to.
pub(crate) fn open_image(reference: &OsStr) -> Result<image::Image, ImageError> {
    match open(reference, None)? {
        Opened::Image(image) => Ok(*image),
        Opened::Directory(path) => panic!("{} was taken for a rootfs", path.display()),
    }
}

/// What is odd about an image: `CODE NAME` for each.
pub(crate) fn issues(image: &image::Image) -> Vec<String> {
    let shown = |issue: &imgldd::rootfs::layers::Issue| {
        let name = String::from_utf8_lossy(&issue.name);
        format!("{} {name}", issue.code()).trim_end().to_owned()
    };
    image.issues.kept().iter().map(shown).collect()
}

/// Images as their files, with the name of the tool.
type Containers = Vec<(&'static str, Members)>;

/// The containers that hold blobs as they are, and those that hold raw layers.
pub(crate) fn containers(image: &Image) -> (Containers, Containers) {
    let images = std::slice::from_ref(image);
    let blobs = vec![
        ("OCI", oci::layout(images)),
        ("Docker 25", docker::save_25(images)),
    ];
    let raw = vec![
        ("Docker 20.10", docker::save_20(images)),
        ("podman", docker::save_podman(images)),
    ];
    (blobs, raw)
}

/// `members` as an archive that can be sought in, with and without `./`, and as
/// one that has to be inflated.
pub(crate) fn forms(members: &Members) -> [(&'static str, Vec<u8>); 3] {
    let archive = members.archive();
    let packed = gzip(&archive);
    [
        ("archive", archive),
        ("dotted archive", members.dotted_archive()),
        ("packed archive", packed),
    ]
}

/// Opens `image` in every container, and gives each to `look`.
pub(crate) fn in_every_container(
    image: &Image,
    blobs_only: bool,
    mut look: impl FnMut(&str, Result<image::Image, ImageError>),
) {
    let scratch = tempfile::tempdir().unwrap();
    let (mut all, raw) = containers(image);
    if !blobs_only {
        all.extend(raw);
    }
    let mut paths: Vec<(String, OsString)> = Vec::new();
    for (container, members) in &all {
        for (form, bytes) in forms(members) {
            let path = scratch.path().join(format!("{}.tar", paths.len()));
            fs::write(&path, bytes).unwrap();
            paths.push((format!("{container}, {form}"), path.into()));
        }
    }
    for (what, members) in [
        ("OCI layout", &all[0].1),
        ("skopeo directory", &skopeo::directory(image)),
    ] {
        let path = scratch.path().join(format!("{}", paths.len()));
        members.write_dir(&path);
        paths.push((what.to_owned(), path.into()));
    }
    for (what, path) in paths {
        look(&what, open_image(&path));
    }
}

/// Wants `image` to come to this tree and these issues, whatever it is in. `look`
/// may look closer.
pub(crate) fn merges_and(
    image: &Image,
    expected: &str,
    expected_issues: &[&str],
    mut look: impl FnMut(&str, &image::Image),
) {
    let mut wanted: Vec<&str> = expected.split_whitespace().collect();
    wanted.sort_unstable();
    let wanted = wanted.join(" ");
    in_every_container(image, false, |what, opened| {
        let opened = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(tree::print(&opened.filesystem), wanted, "{what}");
        assert_eq!(issues(&opened), expected_issues, "{what}");
        look(what, &opened);
    });
}

/// Wants the image that `text` describes to come to this tree and these issues.
pub(crate) fn merges(text: &str, expected: &str, expected_issues: &[&str]) {
    merges_and(&Image::parse(text), expected, expected_issues, |_, _| {});
}

/// Wants every reader of blobs to refuse `image`, with this in the message.
pub(crate) fn refuses_blobs(image: &Image, expected: &str) {
    in_every_container(image, true, |what, opened| {
        refused(what, opened.map(drop), Obstacle::Malformed, expected);
    });
}

/// Wants every form of `members` to be refused.
pub(crate) fn refuses(members: &Members, obstacle: Obstacle, expected: &str) {
    let scratch = tempfile::tempdir().unwrap();
    for (what, bytes) in forms(members) {
        let path = scratch.path().join("image.tar");
        fs::write(&path, bytes).unwrap();
        let opened = open_image(path.as_os_str()).map(drop);
        refused(what, opened, obstacle, expected);
    }
}

fn refused(what: &str, opened: Result<(), ImageError>, obstacle: Obstacle, expected: &str) {
    let error = opened.expect_err(what);
    let text = error.to_string();
    assert!(text.contains(expected), "{what}: {text}");
    assert_eq!(error.obstacle, obstacle, "{what}: {text}");
    let is_raw = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(is_raw), "{what}: {text:?}");
}
