//! What is found about one file of a target, through the library.

use imgldd::inspect::{Inspector, Settings};
use imgldd::platform::Platform;
use imgldd::report::{Finding, Role};
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::source::Directory;

use super::fixture::Fixture;
use super::realise::{Root, Synthetic};

/// The findings about `path` in a target for linux/amd64 that is built from `fixture`.
pub(crate) fn findings(fixture: &str, path: &str) -> Vec<Finding> {
    findings_for(&Credentials::root(), fixture, path)
}

/// The same, where `user` is who starts it.
pub(crate) fn findings_for(user: &Credentials, fixture: &str, path: &str) -> Vec<Finding> {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let directory = Box::new(Directory::open(root.path()).unwrap());
    let rootfs = Rootfs::new(directory, user.clone(), false);
    let settings = Settings {
        platform: Platform::parse("linux/amd64"),
        ..Settings::default()
    };
    let inspector = Inspector::new(&rootfs, settings);
    let inspection = inspector.inspect(path.as_bytes(), Role::Argument);
    inspection.subject.findings
}
