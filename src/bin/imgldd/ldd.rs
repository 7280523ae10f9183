//! Called as `ldd` or `*-ldd`: ldd's grammar, ldd's exit statuses.
//!
//! The target is the host, or IMGLDD_ROOT or `--root DIR` where that is given,
//! so that a cross toolchain's `aarch64-linux-gnu-ldd` can be this program.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Parser;
use imgldd::inspect::Inspector;
use imgldd::nearby::Extent;
use imgldd::render::{Ldd, Renderer as _};
use imgldd::report::{Libc, Role, SubjectKind, Target, Verdict};
use imgldd::rootfs::{Kind, Rootfs};

use crate::args::Args;
use crate::request::{self, UsageError};
use crate::target::{self, Named};
use crate::{exit, program_name, say};

/// The shared libraries of programs, as ldd lists them. Nothing is executed
#[derive(Parser, Debug)]
#[command(name = "ldd", version, infer_long_args = true)]
struct LddArgs {
    /// Files to list the libraries of
    #[arg(value_name = "FILE", required = true)]
    files: Vec<OsString>,
    /// A rootfs or sysroot directory
    #[arg(short = 'R', long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Bind data and functions and say what is not found
    #[arg(short = 'r', long)]
    function_relocs: bool,
    /// Print direct needs that nothing uses
    #[arg(short, long)]
    unused: bool,
    /// Taken for compatibility
    #[arg(short = 'd', long)]
    data_relocs: bool,
    /// List the versions that each object needs too
    #[arg(short, long)]
    verbose: bool,
}

/// The name that we were called by, if it is one of ldd's.
pub(crate) fn called_as() -> Option<String> {
    program_name().filter(|name| name == "ldd" || name.ends_with("-ldd"))
}

pub(crate) fn run(name: &str) -> Result<u8, RunError> {
    let ldd = match LddArgs::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return Ok(if error.use_stderr() {
                exit::BROKEN
            } else {
                exit::FINE
            });
        }
    };
    let mut args = Args::parse_from(["imgldd"]);
    args.root = ldd.root.clone().or_else(request::root_of_environment);
    let named = match &args.root {
        Some(root) => Named::Directory(root.clone()),
        None => Named::Host,
    };
    let mut opened = target::open(&args, &named, ldd.verbose)?;
    opened.settings.symbols = ldd.function_relocs;
    opened.settings.unused = ldd.unused;
    // ldd says that a library is not found, and no more.
    opened.settings.nearby = Extent::Nothing;
    let kind = opened.kind;
    let has_headings = ldd.files.len() > 1;
    let mut renderer = Ldd {
        headings: false,
        versions: ldd.verbose,
    };
    let files: Vec<Vec<u8>> = ldd
        .files
        .iter()
        .map(|file| {
            let file = std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str());
            opened.settings.workdir.join(file).as_bytes().to_vec()
        })
        .collect();
    let inspector = Inspector::new(&opened.rootfs, opened.settings);
    let target = Target {
        kind,
        input: String::new(),
        reference: None,
        manifest_digest: None,
        config_digest: None,
        platform: None,
        libc: Libc::Unknown,
        distro: None,
        verdict: Verdict::Ok,
        layers: Vec::new(),
        findings: Vec::new(),
    };
    let mut out = io::stdout().lock();
    let mut status = exit::FINE;
    for (file, typed) in files.iter().zip(&ldd.files) {
        let inspection = inspector.inspect(file, Role::Argument);
        let mut subject = inspection.subject;
        subject.path = typed.to_string_lossy().into_owned();
        let typed = imgldd::bytes::escape(&subject.path).into_owned();
        if has_headings {
            writeln!(out, "{typed}:")?;
        }
        if subject.kind == SubjectKind::Absent {
            say(&format!("{name}: {typed}: No such file or directory"));
            status = exit::BROKEN;
        } else if is_special(inspector.files().rootfs(), file) {
            say(&format!("{name}: {typed}: not regular file"));
            status = exit::BROKEN;
        } else if Ldd::is_dynamic(&subject) {
            // `ldd -u` lists nothing else.
            if !ldd.unused {
                renderer.subject(&mut out, &target, subject)?;
            }
            let symbols = inspection.symbols;
            if !symbols.unused.is_empty() {
                writeln!(out, "Unused direct dependencies:")?;
                status = exit::BROKEN;
            }
            for path in &symbols.unused {
                writeln!(out, "	{path}")?;
            }
            for line in &symbols.unbound {
                writeln!(out, "{line}")?;
            }
        } else {
            say("\tnot a dynamic executable");
            status = exit::BROKEN;
        }
    }
    Ok(status)
}

/// Whether there is something at `path` that is no regular file.
fn is_special(rootfs: &Rootfs, path: &[u8]) -> bool {
    rootfs
        .metadata(path)
        .is_ok_and(|found| found.kind != Kind::File)
}

/// What ends such a run early.
#[derive(Debug)]
pub(crate) enum RunError {
    Usage(UsageError),
    Write(io::Error),
}

impl From<UsageError> for RunError {
    fn from(error: UsageError) -> Self {
        RunError::Usage(error)
    }
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        RunError::Write(error)
    }
}

impl From<RunError> for crate::Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Usage(error) => crate::Failure::Usage(error),
            RunError::Write(error) => crate::Failure::Write(error),
        }
    }
}
