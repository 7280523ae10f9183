//! The command line as it is typed.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};

use crate::request;

/// Would this program start in that filesystem? If not: why, and what mends it?
#[derive(Parser, Debug)]
#[command(
    name = "imgldd",
    version,
    override_usage = "imgldd [OPTIONS] [FILE]...\n       imgldd check [OPTIONS] [FILE]...\n       imgldd why [OPTIONS] LIB [FILE]...\n       imgldd explain [CODE | \"ERROR TEXT\" | -]\n       imgldd schema",
    after_help = "Exit status: 0 all is well, 1 something is broken, 2 something could not be decided.\n\
        The first word may be a command (check, why, explain, schema); a file of that name is `./schema`."
)]
pub(crate) struct Args {
    /// Files to check: paths inside the target, or names to look up in its PATH
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<OsString>,

    /// A rootfs or sysroot directory [where neither this nor --image is given:
    /// $IMGLDD_ROOT]
    #[arg(
        short = 'R',
        long,
        alias = "sysroot",
        value_name = "DIR",
        help_heading = "Target"
    )]
    pub(crate) root: Option<PathBuf>,

    /// An image or layer: an archive, an OCI layout, docker:NAME, podman:NAME,
    /// scratch, or `-` for standard input; repeat it to compare
    #[arg(
        short,
        long,
        value_name = "REF",
        allow_hyphen_values = true,
        help_heading = "Target"
    )]
    pub(crate) image: Vec<OsString>,

    /// The platform of the target's kernel, such as linux/amd64; of an image that
    /// has several, which one
    #[arg(long, value_name = "OS/ARCH[/VARIANT]", help_heading = "Target")]
    pub(crate) platform: Option<String>,

    /// The image as it was after layer N
    #[arg(long, value_name = "N", value_parser = layer_number, help_heading = "Target")]
    pub(crate) layer: Option<usize>,

    /// Hash raw layers and uncompressed contents too; compressed blobs are always
    /// verified
    #[arg(long, help_heading = "Target")]
    pub(crate) verify: bool,

    /// Lay a host file or folder over the target first, as COPY would; DEST is a
    /// path in the target, by default `/`, and a trailing slash means into it
    #[arg(long, value_name = "SRC[:DEST]", help_heading = "Target")]
    pub(crate) copy: Vec<OsString>,

    /// Where else to look for what is missing: a directory or an image, such as that
    /// of the build stage
    #[arg(long, value_name = "DIR|REF", help_heading = "Target")]
    pub(crate) donor: Option<OsString>,

    /// Directories that stand before the target's LD_LIBRARY_PATH
    #[arg(short = 'L', long, value_name = "DIRS", help_heading = "Target")]
    pub(crate) library_path: Option<OsString>,

    /// Set a variable of the target's environment
    #[arg(long, value_name = "K=V", help_heading = "Target")]
    pub(crate) env: Vec<OsString>,

    /// Drop the target's own LD_* variables
    #[arg(long, help_heading = "Target")]
    pub(crate) ignore_env: bool,

    /// The working directory in the target
    #[arg(long, value_name = "DIR", help_heading = "Target")]
    pub(crate) workdir: Option<OsString>,

    /// Who starts the program
    #[arg(long, value_name = "UID[:GID]", help_heading = "Target")]
    pub(crate) user: Option<String>,

    /// The CPU's level for glibc-hwcaps, such as x86-64-v3
    #[arg(long, value_name = "LEVEL", help_heading = "Target")]
    pub(crate) cpu: Option<String>,

    /// The target has no /proc
    #[arg(long, help_heading = "Target")]
    pub(crate) no_proc: bool,

    /// Check every ELF file but separate debug information, and every executable script
    #[arg(short, long, help_heading = "Select")]
    pub(crate) all: bool,

    /// With --all: only paths that match
    #[arg(long, value_name = "GLOB", help_heading = "Select")]
    pub(crate) include: Vec<String>,

    /// With --all: no paths that match
    #[arg(long, value_name = "GLOB", help_heading = "Select")]
    pub(crate) exclude: Vec<String>,

    /// Read names of files from FILE, or from standard input
    #[arg(long, value_name = "FILE|-", help_heading = "Select")]
    pub(crate) files_from: Option<PathBuf>,

    /// Names read or written end in NUL
    #[arg(short = '0', long, help_heading = "Select")]
    pub(crate) null: bool,

    /// Bind every symbol, functions that are bound when first called included
    #[arg(long, help_heading = "Select")]
    pub(crate) symbols: bool,

    /// Name direct needs of which no symbol is used
    #[arg(long, help_heading = "Select")]
    pub(crate) unused: bool,

    /// Output format (text, tree, table, ldd, list, json, json-lines), and where it
    /// goes
    #[arg(short, long, value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(crate) output: Vec<String>,

    /// The same as -o json
    #[arg(long, help_heading = "Report")]
    pub(crate) json: bool,

    /// Say nothing but what -o asks for; the exit status tells
    #[arg(short, long, help_heading = "Report")]
    pub(crate) quiet: bool,

    /// Show every place that was looked at, and with --all what is fine and every note
    #[arg(short, long, action = ArgAction::Count, help_heading = "Report")]
    pub(crate) verbose: u8,

    /// Show no more than N levels of the tree
    #[arg(short, long, value_name = "N", help_heading = "Report")]
    pub(crate) depth: Option<usize>,

    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        help_heading = "Report"
    )]
    pub(crate) color: When,

    /// Show no line on the terminal while an image is read
    #[arg(long, help_heading = "Report")]
    pub(crate) no_progress: bool,

    /// Draw with ASCII
    #[arg(long, help_heading = "Report")]
    pub(crate) ascii: bool,

    /// Exit with 1 for findings at or above this
    #[arg(
        long,
        value_name = "SEVERITY",
        value_enum,
        default_value = "error",
        help_heading = "Judge"
    )]
    pub(crate) fail_on: FailOn,

    /// Waive findings: all with this code, or those about a name or in a file that
    /// matches. They stay in the report and do not count for the exit status
    #[arg(long, value_name = "CODE[:GLOB]", help_heading = "Judge")]
    pub(crate) ignore: Vec<String>,

    /// Turn findings into warnings
    #[arg(long, value_name = "CODE", help_heading = "Judge")]
    pub(crate) warn: Vec<String>,

    /// Turn findings into errors
    #[arg(long, value_name = "CODE", help_heading = "Judge")]
    pub(crate) error: Vec<String>,

    /// Libraries that may be missing: waives the findings that they are
    #[arg(long, value_name = "GLOB", help_heading = "Judge")]
    pub(crate) allow_missing: Vec<String>,

    /// The most places to look at for one program
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000_000,
        help_heading = "Limits"
    )]
    pub(crate) max_probes: usize,

    /// The most bytes that all layers of an image may inflate to
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = bytes,
        default_value = "64G",
        help_heading = "Limits"
    )]
    pub(crate) max_total_bytes: u64,

    /// The most bytes that a compressed byte of a layer may inflate to
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1000,
        help_heading = "Limits"
    )]
    pub(crate) max_ratio: u64,

    /// The most entries that an archive may have
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5_000_000,
        help_heading = "Limits"
    )]
    pub(crate) max_entries: u64,

    /// The most bytes to keep of files that pass by in compressed layers and on
    /// standard input
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = bytes,
        default_value = "256M",
        help_heading = "Limits"
    )]
    pub(crate) max_kept_bytes: u64,

    /// How many layers are read, and of `--all` files looked at, at once (default: one
    /// for each core)
    #[arg(short, long, value_name = "N", help_heading = "Limits")]
    pub(crate) jobs: Option<usize>,
}

/// The arguments of this process.
pub(crate) fn parse() -> Result<Args, clap::Error> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if let Some(at) = error_text(&words) {
        words.insert(at, OsString::from("--"));
    }
    let mut args = Args::try_parse_from(words)?;
    if args.image.is_empty() && args.root.is_none() {
        args.root = request::root_of_environment();
    }
    Ok(args)
}

/// Where `explain` is given a text that looks like an option: a login shell's begins with
/// `-bash: `.
fn error_text(words: &[OsString]) -> Option<usize> {
    if words.get(1)? != "explain" {
        return None;
    }
    words.iter().position(|word| {
        let word = word.as_bytes();
        let first = word.split(|byte| byte.is_ascii_whitespace()).next();
        let first = first.unwrap_or_default();
        first.starts_with(b"-") && !first.contains(&b'=') && first.len() < word.len()
    })
}

/// A layer's number, from 1.
fn layer_number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("layers are numbered from 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// A number of bytes, such as `500000`, `100M` or `64G`.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        Some(b'T') => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a number of bytes is wanted, such as 500000, 100M or 64G".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "that is more than 64 bits hold".to_owned())
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// From which severity on the exit status is 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Anything.
    Note,
    /// Nothing.
    Never,
}
