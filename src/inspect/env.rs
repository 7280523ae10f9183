//! What a script's `env` executes, looked at as a subject of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::{Called, Inspector};
use crate::content::Content;
use crate::finding::{EnvEnd, EnvProgram, OfEnv, built_for};
use crate::kernel::{self, End, Exec, Refusal, Request};
use crate::path::{TargetPath, file_name};
use crate::report::{ErrorKind, Libc, Outcome, ReportError, Role, Severity, Verdict};
use crate::runtime::env::{Asked, Flavour, Wanted, asked};
use crate::runtime::execvp::{self, After};

/// How many scripts may ask `env` for one another before nobody follows any more.
const MAX_DEPTH: usize = 8;

/// A file, and how it was asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sought {
    path: TargetPath,
    /// The name that it was asked for by.
    name: Vec<u8>,
    /// By which `env`, and the path that this was started by.
    flavour: Flavour,
    own: Box<[u8]>,
}

/// What is remembered of programs that `env` was asked for.
#[derive(Default)]
pub(super) struct Asking {
    /// Those that are being looked at, each for the one before it: files without links.
    way: RefCell<Vec<TargetPath>>,
    /// Some answer on the way depended on where it began: a circle, or the limit.
    is_of_the_way: Cell<bool>,
    known: RefCell<HashMap<Sought, Rc<EnvProgram>>>,
}

/// What `execvp` comes to.
#[derive(PartialEq, Eq)]
enum Executed {
    /// No path leads to a file.
    Nothing,
    /// A shell that is given the file, since it is no program; or it is not known.
    Unknown,
    /// This file, or a failure on account of it.
    File(TargetPath),
}

impl Inspector<'_> {
    /// What `env` makes of the line of the last script on the way, if that names `env`.
    /// `path` is the subject.
    pub(super) fn of_env(&self, exec: &Exec, path: &TargetPath) -> Option<OfEnv> {
        let shebang = &exec.scripts.last()?.shebang;
        if file_name(&shebang.interpreter) != b"env" {
            return None;
        }
        let flavour = self.flavour(exec);
        let asked = asked(shebang.argument.as_deref(), flavour, self.path());
        let libc = exec.program.as_ref().map(|env| built_for(&env.object));
        let libc = libc.unwrap_or(Libc::Unknown);
        let end = match &asked {
            Asked::Program(wanted) if exec.end == End::Starts => {
                let env = (flavour, &*shebang.interpreter);
                self.executed_by_env(wanted, libc, env, path)
            }
            _ => EnvEnd::Unknown,
        };
        Some(OfEnv {
            asked,
            flavour,
            default_paths: execvp::default_paths(libc),
            end,
        })
    }

    fn flavour(&self, exec: &Exec) -> Flavour {
        let Some(env) = &exec.program else {
            return Flavour::Coreutils;
        };
        let name = file_name(env.real_path.as_bytes());
        // Images have its names as hard links too.
        let busybox = self.files.rootfs().metadata(b"/bin/busybox");
        let is_busybox = busybox.is_ok_and(|file| file.identity == env.metadata.identity);
        match name {
            _ if is_busybox || name.starts_with(b"busybox") => Flavour::Busybox,
            b"env" | b"genv" | b"coreutils" => Flavour::Coreutils,
            _ => Flavour::Other,
        }
    }

    fn executed_by_env(
        &self,
        wanted: &Wanted,
        libc: Libc,
        (flavour, own): (Flavour, &[u8]),
        subject: &TargetPath,
    ) -> EnvEnd {
        let found = match self.execvp(wanted, libc) {
            Executed::Nothing => return EnvEnd::Nowhere,
            Executed::Unknown => return EnvEnd::Unknown,
            Executed::File(found) => found,
        };
        let real = |path: &TargetPath| {
            let real = self.files.rootfs().real_path(path);
            real.unwrap_or_else(|| path.clone())
        };
        let (this, next) = (real(subject), real(&found));
        let is_met = next == this || self.asking.way.borrow().contains(&next);
        if is_met {
            self.asking.is_of_the_way.set(true);
            return EnvEnd::Circle(found);
        }
        let depth = self.asking.way.borrow().len();
        if depth >= MAX_DEPTH {
            self.asking.is_of_the_way.set(true);
            return EnvEnd::File(Rc::new(EnvProgram {
                errors: vec![undecided(&found)],
                path: found,
                fails: false,
                outcome: Outcome::default(),
                findings: Vec::new(),
            }));
        }
        // Further along nothing is remembered, so that the same way has the same end.
        let is_first = depth == 0;
        let key = Sought {
            path: found,
            name: wanted.name.clone(),
            flavour,
            own: own.into(),
        };
        if let Some(known) = self.asking.known.borrow().get(&key).filter(|_| is_first) {
            return EnvEnd::File(known.clone());
        }
        if is_first {
            self.asking.is_of_the_way.set(false);
        }
        self.asking.way.borrow_mut().push(this);
        let program = Rc::new(self.asked_for(&key));
        self.asking.way.borrow_mut().pop();
        if is_first && !self.asking.is_of_the_way.get() {
            self.asking.known.borrow_mut().insert(key, program.clone());
        }
        EnvEnd::File(program)
    }

    /// Would the program start?
    fn asked_for(&self, sought: &Sought) -> EnvProgram {
        let path = &sought.path;
        let called = Called::by_env(path, &sought.name, sought.flavour, &sought.own);
        let inspection = self.inspect_path(path, Role::Entrypoint, called);
        let subject = inspection.subject;
        let mut errors = inspection.errors;
        if subject.verdict == Verdict::Unknown && errors.is_empty() {
            errors.push(undecided(path));
        }
        let findings = subject.findings.into_iter();
        EnvProgram {
            path: path.clone(),
            fails: subject.verdict == Verdict::Broken,
            outcome: subject.outcome,
            findings: findings
                .filter(|finding| finding.severity == Severity::Error)
                .collect(),
            errors,
        }
    }

    /// What the `execvp` of a program with this C library comes to; where several lists of
    /// directories are possible, what all of them lead to.
    fn execvp(&self, wanted: &Wanted, libc: Libc) -> Executed {
        if let Some(path) = &wanted.path {
            return self.execvp_in(&wanted.name, path, libc);
        }
        let defaults = execvp::default_paths(libc).iter();
        let mut ends = defaults.map(|path| self.execvp_in(&wanted.name, path, libc));
        let Some(first) = ends.next() else {
            return Executed::Unknown;
        };
        match ends.all(|end| end == first) {
            true => first,
            false => Executed::Unknown,
        }
    }

    /// A path that leads to nothing is passed by, even where it is the interpreter that is
    /// absent; so is one that may not be executed, but it is remembered.
    fn execvp_in(&self, name: &[u8], path: &[u8], libc: Libc) -> Executed {
        let workdir = &self.settings.workdir;
        let (mut denied, mut absent) = (None, None);
        for candidate in execvp::candidates(name, path) {
            let path = workdir.seen_by_process(&candidate);
            let request = Request {
                path: &path,
                workdir,
                platform: self.target.platform.as_ref(),
            };
            let End::Refused { errno, why } = kernel::exec(&self.files, request).end else {
                return Executed::File(path);
            };
            match execvp::after(errno, libc) {
                After::Next => {
                    let itself = matches!(&why, Refusal::Lookup(of) if *of == path);
                    if !itself || !self.hops(path.as_bytes()).is_empty() {
                        absent.get_or_insert(path);
                    }
                }
                After::NextAfterDenial => {
                    denied.get_or_insert(path);
                }
                After::Shell if self.is_for_a_shell(&path, &why) => return Executed::Unknown,
                After::Shell | After::Stop => return Executed::File(path),
            }
        }
        denied.or(absent).map_or(Executed::Nothing, Executed::File)
    }

    /// Whether a shell may make something of a file that `execve` refuses.
    fn is_for_a_shell(&self, path: &TargetPath, why: &Refusal) -> bool {
        let is_plain = |byte: &u8| *byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t');
        let is_text = |content: &Content| match content {
            Content::Other { head, .. } => head.iter().all(is_plain),
            Content::Elf(_) => false,
        };
        matches!(why, Refusal::Format(..) | Refusal::Shebang(..))
            && self.content(path).as_ref().is_some_and(is_text)
    }
}

/// Why nothing is said of a script: of what `env` executes for it nothing is known.
fn undecided(path: &TargetPath) -> ReportError {
    ReportError {
        kind: ErrorKind::Limit,
        target: Some(0),
        path: Some(crate::bytes::lossy(path.as_bytes())),
        message: "whether it starts is not known".to_owned(),
        offset: None,
    }
}
