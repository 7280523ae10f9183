//! What programs look for in a system beyond what they are linked with: libraries
//! that are loaded by name, modules of NSS, certificates, time zones, a directory
//! for temporary files, users.
//!
//! [`Beyond`] holds what one program asks and the target lacks; `inspect` looks it up
//! and hands it to `finding`. The cheap question comes first: what the target lacks
//! is looked at once, and only where it lacks something is a program asked whether it
//! wants that.

mod nss;
mod places;

pub(crate) use nss::{Database, Switch, databases, module_name};
pub(crate) use places::{Places, Temporary};

use crate::elf::Feature;
use crate::graph::Later;
use crate::loader::ObjectId;
use crate::path::TargetPath;

/// What a program asks and the target lacks.
#[derive(Default, Debug)]
pub(crate) struct Beyond {
    /// Features of the objects that are loaded, none of whose libraries is found.
    pub(crate) features: Vec<Missing>,
    /// What glibc loads when a thread ends, and who asks for that.
    pub(crate) end_of_thread: Option<(&'static str, Later)>,
    /// Modules of NSS that are not found.
    pub(crate) modules: Vec<Modules>,
    /// There is no `nsswitch.conf`, and glibc's own order asks DNS before
    /// `/etc/hosts`; by this function the program looks for hosts.
    pub(crate) hosts_last: Option<&'static str>,
    /// Who trusts the system's certificates, of which there are none.
    pub(crate) certificates: Option<Trusting>,
    /// A time zone that is not there.
    pub(crate) zone: Option<Zone>,
    /// What is the matter with `/tmp`.
    pub(crate) temporary: Option<Untemporary>,
    /// Volumes, and which of the files that the start needs lie in them.
    pub(crate) hidden: Vec<(TargetPath, Vec<TargetPath>)>,
    /// The function by which it asks who it is, and no line of `/etc/passwd` tells.
    pub(crate) user: Option<&'static str>,
}

/// A feature without a library.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Whose it is.
    pub(crate) object: ObjectId,
    pub(crate) feature: Feature,
    /// How its libraries were looked for.
    pub(crate) tried: Vec<Later>,
}

/// One database of NSS that a program uses, and modules that it does not get.
#[derive(Debug)]
pub(crate) struct Modules {
    pub(crate) database: Database,
    /// The line of `nsswitch.conf`; `None` where glibc's own default holds.
    pub(crate) line: Option<String>,
    /// The function by which the program uses it.
    pub(crate) by: &'static str,
    /// Services whose module is not found, and how it was looked for.
    pub(crate) missing: Vec<(String, Later)>,
    /// Services that are left.
    pub(crate) left: Vec<String>,
}

/// Who asks for the system's certificates.
#[derive(Debug)]
pub(crate) struct Trusting {
    /// The path of the object.
    pub(crate) object: Vec<u8>,
    /// The function that tells; `None` of a library that is known to do it.
    pub(crate) by: Option<&'static str>,
    /// A variable that names certificates, and is wrong.
    pub(crate) variable: Option<(String, Vec<u8>)>,
}

/// A zone that is looked for in vain.
#[derive(Debug)]
pub(crate) struct Zone {
    /// What TZ says, where that is what is missing.
    pub(crate) named: Option<Vec<u8>>,
    /// The function that tells.
    pub(crate) by: &'static str,
    pub(crate) is_go: bool,
}

/// Temporary files that cannot be made.
#[derive(Debug)]
pub(crate) struct Untemporary {
    pub(crate) what: Temporary,
    /// The function that tells.
    pub(crate) by: &'static str,
    pub(crate) to: Place,
}

/// Where temporary files are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In `/tmp`.
    Tmp,
    /// Where TMPDIR says, else in `/tmp`.
    Variable,
    /// At a place that the program chooses.
    Unknown,
}
