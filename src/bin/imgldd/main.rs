//! The command line program: a thin layer over the library.

mod args;
mod check;
mod exit;
mod explain;
mod host;
mod judge;
mod ldd;
mod output;
mod progress;
mod request;
mod selection;
mod target;
mod why;

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::ExitCode;

use imgldd::why::schema;

use crate::args::Args;
use crate::judge::Judge;
use crate::output::Outputs;
use crate::request::UsageError;
use crate::target::Named;

/// musl's own allocator asks the kernel for nearly every piece.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Commands whose time has not come.
const LATER: [&str; 4] = ["closure", "diff", "completions", "man"];

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
    let args = match args::parse() {
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
        Some("schema") if args.files.len() > 1 => return Err(UsageError::SchemaAlone.into()),
        Some("schema") => return print_schema(),
        Some("explain") => return explain::run(args, &args.files[1..]),
        Some("why") => return why::run(args, &args.files[1..]),
        Some("check") => &args.files[1..],
        Some(word) if LATER.contains(&word) => {
            return Err(UsageError::LaterCommand(word.to_owned()).into());
        }
        _ => &args.files[..],
    };
    let (targets, names) = target::named(args, names)?;
    let has_default = targets.iter().all(|named| matches!(named, Named::Image(_)));
    let selection = selection::select(args, names, has_default)?;
    let many = selection.all
        || selection.names.len() > 1
        || targets.len() > 1
        || args.files_from.is_some();
    let mut outputs = Outputs::open(args, many)?;
    let mut judge = Judge::new(&args.ignore, &args.warn, &args.error, args.fail_on)?;
    check::check(args, &targets, &selection, &mut outputs, &mut judge)
}

fn print_schema() -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &schema()).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(exit::FINE)
}

/// The last component of the name that the program was called by.
fn program_name() -> Option<String> {
    let name = std::env::args_os().next()?;
    let name = std::path::Path::new(&name)
        .file_name()
        .map(OsStr::to_os_string)?;
    name.into_string().ok()
}
