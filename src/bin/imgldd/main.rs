//! The command line program: a thin layer over the library.

mod args;
mod exit;
mod judge;
mod ldd;
mod output;
mod request;

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use imgldd::inspect::Inspector;
use imgldd::path::TargetPath;
use imgldd::report::{ErrorKind, ReportError, Role, Subject, Summary, Target, Verdict, schema};
use imgldd::source::Copied;

use crate::args::Args;
use crate::judge::Judge;
use crate::output::Outputs;
use crate::request::{Opened, Selection, UsageError};

/// Commands whose time has not come.
const LATER: [&str; 6] = ["why", "closure", "diff", "explain", "completions", "man"];

/// What ends a run early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("cannot write output")]
    Write(#[from] io::Error),
}

fn main() -> ExitCode {
    if let Some(name) = ldd::called_as() {
        return report(ldd::run(&name).map_err(Failure::from));
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return exit::code(if error.use_stderr() {
                exit::UNDECIDED
            } else {
                exit::FINE
            });
        }
    };
    report(run(&args))
}

/// The exit status of a run; what ended it early is said.
fn report(result: Result<u8, Failure>) -> ExitCode {
    match result {
        Ok(status) => exit::code(status),
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            exit::code(exit::CLOSED_PIPE)
        }
        Err(failure) => {
            let mut text = format!("imgldd: {failure}");
            let mut cause = std::error::Error::source(&failure);
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            say(&text);
            exit::code(exit::UNDECIDED)
        }
    }
}

fn say(line: &str) {
    // Where stderr is closed, nobody is there to be told.
    let _ = writeln!(io::stderr(), "{line}");
}

fn run(args: &Args) -> Result<u8, Failure> {
    let names = match args.files.first().and_then(|word| word.to_str()) {
        Some("schema") => return print_schema(),
        Some("check") => &args.files[1..],
        Some(word) if LATER.contains(&word) => {
            return Err(UsageError::LaterCommand(word.to_owned()).into());
        }
        _ => &args.files[..],
    };
    request::refuse_images(args)?;
    let selection = request::select(args, names)?;
    let many = selection.all || selection.names.len() > 1 || args.files_from.is_some();
    let mut outputs = Outputs::open(args, many)?;
    let mut opened = request::open(args, outputs.in_full())?;
    opened.settings.lists_fine = outputs.lists_fine();
    let mut judge = Judge::new(&args.ignore, &args.warn, &args.error, args.fail_on)?;
    check(args, opened, &selection, &mut outputs, &mut judge)
}

fn print_schema() -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &schema()).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(exit::FINE)
}

/// Checks what was selected, reporting each as it is known.
fn check(
    args: &Args,
    opened: Opened,
    selection: &Selection,
    outputs: &mut Outputs,
    judge: &mut Judge,
) -> Result<u8, Failure> {
    let Opened {
        kind,
        input,
        rootfs,
        copied,
        settings,
    } = opened;
    let names: Vec<Vec<u8>> = selection
        .names
        .iter()
        .map(|name| match &args.root {
            None => request::prefer_here(name, &settings, &rootfs),
            root => request::strip_root(name, root.as_deref(), &rootfs),
        })
        .collect();
    let inspector = Inspector::new(&rootfs, settings);
    let facts = inspector.target();
    let platform = facts
        .platform
        .as_ref()
        .map(|platform| imgldd::report::Platform {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone(),
        });
    let mut run = Run {
        target: Target {
            kind,
            input,
            reference: None,
            manifest_digest: None,
            config_digest: None,
            platform,
            libc: facts.libc,
            distro: facts.distro.clone(),
            verdict: Verdict::Ok,
            layers: Vec::new(),
        },
        summary: Summary::new(),
        errors: Vec::new(),
        outputs,
        judge,
    };
    for name in &names {
        run.take(inspector.inspect(name, Role::Argument))?;
    }
    if selection.names.is_empty() && !selection.all {
        let wanted = |file: &&Copied| match file.by_name {
            // A file that was named is meant, unless it is there to be loaded.
            true => !inspector.is_shared_library(&file.path),
            false => inspector.is_program(&file.path),
        };
        let files: Vec<&Copied> = copied.iter().filter(wanted).collect();
        if files.is_empty() {
            return Err(UsageError::NoProgramCopied.into());
        }
        for file in files {
            run.take(inspector.inspect(file.path.as_bytes(), Role::Copied))?;
        }
    }
    if selection.all {
        run.scan(&rootfs, &inspector, selection)?;
    }
    let status = run.finish()?;
    // The process ends: what was learnt need not be given back piece by piece.
    std::mem::forget(inspector);
    Ok(status)
}

/// A run over one target.
struct Run<'r> {
    target: Target,
    summary: Summary,
    errors: Vec<ReportError>,
    outputs: &'r mut Outputs,
    judge: &'r mut Judge,
}

impl Run<'_> {
    fn take(&mut self, inspection: imgldd::inspect::Inspection) -> io::Result<()> {
        let imgldd::inspect::Inspection {
            mut subject,
            errors,
        } = inspection;
        for error in &errors {
            let path = error.path.as_deref().unwrap_or_default();
            say(&format!(
                "imgldd: {}: {}",
                imgldd::bytes::escape(path),
                imgldd::bytes::escape(&error.message)
            ));
        }
        self.errors.extend(errors);
        self.judge.weigh(&mut subject);
        self.count(&subject);
        self.outputs.subject(&self.target, subject)
    }

    fn count(&mut self, subject: &Subject) {
        self.summary.add(subject);
        self.target.verdict = self.target.verdict.max(subject.verdict);
    }

    /// Every ELF file and executable script of the target.
    fn scan(
        &mut self,
        rootfs: &imgldd::rootfs::Rootfs,
        inspector: &Inspector<'_>,
        selection: &Selection,
    ) -> io::Result<()> {
        let mut found: Vec<TargetPath> = Vec::new();
        let mut problems = Vec::new();
        rootfs.filesystem().scan(
            &mut |path| {
                if selection.takes(&path) && inspector.is_candidate(&path) {
                    found.push(path);
                }
            },
            &mut |path, errno| problems.push((path, errno)),
        );
        for (path, errno) in problems {
            say(&format!("imgldd: {path}: cannot read it: {errno}"));
            self.errors.push(ReportError {
                kind: ErrorKind::Io,
                target: Some(0),
                path: Some(path.to_string()),
                message: format!("cannot read it: {errno}"),
                offset: None,
            });
        }
        for path in found {
            self.take(inspector.inspect(path.as_bytes(), Role::Scanned))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<u8, Failure> {
        let targets = [self.target];
        self.outputs.finish(&targets, &self.summary, &self.errors)?;
        Ok(self.judge.status(self.errors.len()))
    }
}

/// The last component of the name that the program was called by.
fn program_name() -> Option<String> {
    let name = std::env::args_os().next()?;
    let name = std::path::Path::new(&name)
        .file_name()
        .map(OsStr::to_os_string)?;
    name.into_string().ok()
}
