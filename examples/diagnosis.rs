//! What diagnosis costs beside resolution: `diagnosis ROOT PROGRAM [alone]`.
//!
//! Alone means: what `execve` and the loader would do, with the versions that the loader
//! checks, and nothing said of it. Without that word all is done that the command line does
//! but drawing the answer. `tests/bench/bench.py` times both.

use std::io::Write as _;
use std::path::Path;

use imgldd::content::Files;
use imgldd::graph::{self, Limits, Loaders, Program, Started};
use imgldd::inspect::{Inspector, Settings};
use imgldd::kernel::{self, Request};
use imgldd::loader::Environment;
use imgldd::path::TargetPath;
use imgldd::platform::abi;
use imgldd::report::Role;
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::source::Directory;

/// As in the command line program.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [root, program, rest @ ..] = words.as_slice() else {
        return Err("usage: diagnosis ROOT PROGRAM [alone]".into());
    };
    let directory = Box::new(Directory::open(Path::new(root))?);
    let rootfs = Rootfs::new(directory, Credentials::root(), false);
    let libraries = if rest.iter().any(|word| word == "alone") {
        resolve(&rootfs, program)
    } else {
        let settings = Settings {
            in_full: false,
            ..Settings::default()
        };
        let inspector = Inspector::new(&rootfs, settings);
        let inspection = inspector.inspect(program.as_bytes(), Role::Argument);
        Some(inspection.subject.libraries.len())
    };
    let count = libraries.ok_or("no loader would be asked")?;
    Ok(writeln!(std::io::stdout(), "{count} libraries")?)
}

/// How many names the program's loader would look for.
fn resolve(rootfs: &Rootfs, program: &str) -> Option<usize> {
    let files = Files::new(rootfs);
    let loaders = Loaders::default();
    let workdir = TargetPath::root();
    let path = workdir.join(program.as_bytes());
    let request = Request {
        path: &path,
        workdir: &workdir,
        platform: None,
    };
    let program = kernel::exec(&files, request).program?;
    let interpreter = program.interpreter.as_ref()?;
    let header = &program.object.header;
    let started = Program {
        object: &program.object,
        abi: abi(header.machine, header.layout, header.flags)?,
        path: &program.path,
        real_path: &program.real_path,
        started: Started {
            argv0: program.path.as_bytes(),
            execfn: program.path.as_bytes(),
        },
        interp: &interpreter.path,
    };
    let environment = Environment {
        library_path: None,
        preload: None,
        audit: None,
        origin_path: None,
        workdir: workdir.clone(),
        secure: false,
        has_proc: true,
        cpu: None,
    };
    let usable = interpreter.file.is_ok();
    let start = graph::start(&files, &loaders, &started, usable, &environment);
    let graph = graph::resolve(&files, &loaders, start, &workdir, Limits::default());
    Some(graph.libraries.len())
}
