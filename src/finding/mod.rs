//! What is wrong, why, and what mends it.
//!
//! Findings are drawn from what `kernel`, `graph` and the look over the target
//! recorded; nothing here reads a file or searches again. One root cause is one
//! finding, and what follows from it is folded under it.

mod bounding;
mod bringing;
mod builder;
mod by_path;
mod carriage_return;
mod certificates;
mod code;
mod command_form;
mod command_line;
mod cpu;
mod dangling;
mod dlopen;
mod ecosystem;
mod env;
mod exec;
mod format;
mod gift;
mod host;
mod install;
mod interpreter;
mod kernel;
mod layers;
mod library;
mod loaded;
mod looks;
mod lost;
mod mend;
mod misplaced;
mod mixed;
pub(crate) mod near;
mod not_in_path;
mod nss;
mod page;
mod place;
mod protection;
mod reach;
mod release;
mod runpath;
mod runtime;
mod script;
mod secure;
mod stand_in;
mod symbol;
mod temporary;
mod twice;
mod user;
mod vdso;
mod version;
mod volume;
mod zones;

pub use code::{CODES, Code};
pub(crate) use env::{EnvEnd, EnvProgram, OfEnv};
pub(crate) use gift::{Gift, give};
pub(crate) use host::is_all_that_lacks;
pub(crate) use interpreter::built_for;
pub use layers::layer_findings;
pub use lost::Layers;
pub use not_in_path::{InPath, NotFound, Searched, not_in_path};
pub use reach::Barrier;
pub use runtime::{command_findings, runtime_findings};
pub use secure::Rights;

use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use crate::beyond::Beyond;
use crate::bytes::Shown;
use crate::elf::{Build, Object, Symbols};
use crate::graph::{Graph, LoaderFile};
use crate::kernel::Exec;
use crate::loader::{LoaderKind, ObjectId};
use crate::nearby::Near;
use crate::path::TargetPath;
use crate::quote;
use crate::report::{Finding, Fix, Outcome, Reported, Severity};
use crate::rootfs::Credentials;
use crate::target::{PresentLoader, TargetFacts};

/// Everything that findings about one subject are drawn from.
pub struct Case<'a> {
    /// The subject.
    pub path: &'a TargetPath,
    /// What `execve` did.
    pub exec: &'a Exec,
    /// What its loader would load.
    pub graph: Option<(&'a LoaderFile, &'a Graph)>,
    /// The target.
    pub target: &'a TargetFacts,
    /// What would be seen.
    pub outcome: &'a Outcome,
    /// How others would word it, put together when it is first asked for.
    pub reported: &'a dyn Deref<Target = Vec<Reported>>,
    /// Who starts it.
    pub user: &'a Credentials,
    /// HOME is set, and is not `/`.
    pub has_home: bool,
    /// The first bytes of the file at the end of the way, if it is no ELF file.
    pub head: &'a [u8],
    /// What the program tells of its build; read when it is first asked for, as a program
    /// that is fine need not tell.
    pub build: &'a dyn Deref<Target = Option<Build>>,
    /// The newest version of glibc that the program needs; the same.
    pub newest_glibc: &'a dyn Fn() -> Option<(u32, u32)>,
    /// The loaders of the target.
    pub loaders: &'a dyn Deref<Target = Vec<PresentLoader>>,
    /// What one of them is.
    pub kind_of: &'a dyn Fn(&PresentLoader) -> LoaderKind,
    /// It is a library and judged by its needs alone.
    pub is_library: bool,
    /// What the program asks beyond its libraries, and does not get.
    pub(crate) beyond: &'a Beyond,
    /// Links on the way to something that is not there.
    pub hops: &'a dyn Fn(&[u8]) -> Vec<String>,
    /// The file that links lead to and that is not there.
    pub leads_to: &'a dyn Fn(&[u8]) -> Option<TargetPath>,
    /// What keeps the user from a file that is there.
    pub barrier: &'a dyn Fn(&[u8]) -> Option<Barrier>,
    /// What the target has that is like a name it lacks.
    pub near: &'a dyn Fn(&[u8]) -> Rc<Near>,
    /// The symbols of a loaded object, for what they tell of its versions.
    pub symbols: &'a dyn Fn(ObjectId) -> Option<Arc<Symbols>>,
    /// Whether the file at a path defines a version.
    pub defines: &'a dyn Fn(&TargetPath, &[u8]) -> bool,
    /// The package that owns a file, where the target's package manager lists it.
    pub owner: &'a dyn Fn(&[u8]) -> Option<String>,
    /// Whether the target has a file at a path.
    pub has: &'a dyn Fn(&[u8]) -> bool,
    /// Whether the kernel would start the file at a path for the user.
    pub starts: &'a dyn Fn(&[u8]) -> bool,
    /// The path without links of what a path of the target leads to.
    pub real: &'a dyn Fn(&[u8]) -> Option<TargetPath>,
    /// The file in which `ldconfig` is told of one more directory.
    pub conf: &'a dyn Fn() -> &'static str,
    /// What its file does to the rights of who starts it.
    pub rights: Rights<'a>,
    /// The CPU's level, where one was given.
    pub cpu: Option<&'a str>,
    /// The value of a variable of its environment.
    pub variable: &'a dyn Fn(&[u8]) -> Option<Vec<u8>>,
    /// Whether a bare name is in PATH.
    pub in_path: &'a dyn Fn(&[u8]) -> bool,
    /// What `env` makes of a `#!` line that names it.
    pub(crate) env: Option<&'a OfEnv>,
    /// The layers of an image, and what they took.
    pub layers: Layers<'a>,
}

impl Case<'_> {
    /// What the program tells of its build.
    fn build(&self) -> Option<&Build> {
        self.build.deref().as_ref()
    }

    /// `line` as a line of evidence, if what would be seen has it.
    fn said(&self, line: &str) -> Option<String> {
        self.said_where("at run time", line)
    }

    /// The same, where `place` says when it is seen.
    fn said_where(&self, place: &str, line: &str) -> Option<String> {
        let message = self.outcome.message.as_deref().unwrap_or_default();
        let is_said = message.lines().any(|said| said == line);
        is_said.then(|| format!("{place}: {}", crate::bytes::escape(line)))
    }

    /// Whether `RUN` and a line for a shell would do something in the target: there is
    /// a shell, and a loader for it. (A static shell without any loader is taken for
    /// none; what is offered instead needs no shell.)
    fn can_run(&self) -> bool {
        !self.loaders.is_empty() && (self.has)(b"/bin/sh")
    }

    /// Those of `paths` that are none of the scripts on the way.
    fn without_scripts(&self, paths: Vec<String>) -> Vec<String> {
        let is_script = |path: &String| {
            let mut scripts = self.exec.scripts.iter();
            scripts.any(|script| script.path.as_bytes() == path.as_bytes())
        };
        paths.into_iter().filter(|path| !is_script(path)).collect()
    }

    /// The program and its libraries, each once.
    fn objects(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        let graph = self.graph.map(|(_, graph)| graph);
        let loaded = graph.into_iter().flat_map(|graph| graph.map.iter());
        let loaded = loaded.filter_map(|(_, loaded)| {
            let path: &[u8] = &loaded.path;
            Some((path, loaded.object.as_deref()?))
        });
        let program = self.exec.program.iter().filter(move |_| graph.is_none());
        loaded.chain(program.map(|program| (program.path.as_bytes(), &*program.object)))
    }
}

/// Whether findings with this code say that a library is not there.
#[must_use]
pub fn is_about_absence(code: &str) -> bool {
    [
        Code::NeededMissing,
        Code::LibNotOnSearchPath,
        Code::LdcacheStale,
        Code::RunpathNotTransitive,
        Code::SonameBumped,
        Code::SonameDiffersByDistro,
        Code::RuntimeLibRemoved,
        Code::HostInjected,
        Code::WrongArchLib,
        Code::SecureExec,
        Code::BrokenSymlink,
        Code::FilterMissing,
        Code::DeletedByLayer,
        Code::UsrmergeClobbered,
        Code::UserCannotReach,
        Code::PreloadMissing,
    ]
    .iter()
    .any(|known| known.word() == code)
}

/// The findings about one subject, root causes first.
#[must_use]
pub fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if !case.is_library {
        exec::findings(case, &mut found);
        env::findings(case, &mut found);
    }
    library::findings(case, &mut found);
    mixed::findings(case, &mut found);
    twice::findings(case, &mut found);
    vdso::findings(case, &mut found);
    version::findings(case, &mut found);
    symbol::findings(case, &mut found);
    nss::findings(case, &mut found);
    cpu::findings(case, &mut found);
    protection::findings(case, &mut found);
    secure::findings(case, &mut found);
    bounding::findings(case, &mut found);
    stand_in::findings(case, &mut found);
    runpath::findings(case, &mut found);
    page::findings(case, &mut found);
    kernel::findings(case, &mut found);
    dlopen::findings(case, &mut found);
    certificates::findings(case, &mut found);
    zones::findings(case, &mut found);
    temporary::findings(case, &mut found);
    user::findings(case, &mut found);
    volume::findings(case, &mut found);
    before_user(case, &mut found);
    ecosystem::refine(case, &mut found);
    found
}

/// Says of `RUN` lines, which the image's user would run at its end, that they belong where
/// root does. What a package manager of a language does may be the user's own.
fn before_user(case: &Case<'_>, findings: &mut [Finding]) {
    if case.user.is_root() {
        return;
    }
    for fix in findings.iter_mut().flat_map(|finding| &mut finding.fixes) {
        let snippet = fix.snippet.as_deref().unwrap_or_default();
        if snippet.starts_with("RUN ") && !fix.text.contains("before `USER`") {
            fix.text.push_str(" (in a line before `USER`)");
        }
    }
}

/// A finding being put together.
struct Draft {
    finding: Finding,
}

impl Draft {
    fn new(case: &Case<'_>, code: Code, object: &[u8], message: String) -> Draft {
        Draft::about(case.path.as_bytes(), code, object, message)
    }

    fn about(subject: &[u8], code: Code, object: &[u8], message: String) -> Draft {
        let object = crate::bytes::lossy(object);
        let fingerprint = fingerprint(&[code.word().as_bytes(), subject, object.as_bytes()]);
        Draft {
            finding: Finding {
                code: code.word().to_owned(),
                severity: code.severity(),
                waived: false,
                object: Some(object),
                message,
                evidence: Vec::new(),
                consequences: Vec::new(),
                fixes: Vec::new(),
                fingerprint,
            },
        }
    }

    fn severity(mut self, severity: Severity) -> Draft {
        self.finding.severity = severity;
        self
    }

    fn evidence(mut self, line: impl Into<String>) -> Draft {
        self.finding.evidence.push(line.into());
        self
    }

    /// Evidence that there may be.
    fn also(mut self, line: Option<String>) -> Draft {
        self.finding.evidence.extend(line);
        self
    }

    fn consequence(mut self, line: impl Into<String>) -> Draft {
        self.finding.consequences.push(line.into());
        self
    }

    fn fix(mut self, when: Option<&str>, text: &str, snippet: Option<&str>) -> Draft {
        self.finding.fixes.push(Fix {
            when: when.map(str::to_owned),
            text: text.to_owned(),
            snippet: snippet.map(str::to_owned),
        });
        self
    }

    /// A fix that there may be.
    fn remedy(mut self, fix: Option<Fix>) -> Draft {
        self.finding.fixes.extend(fix);
        self
    }

    /// Leaves out the fixes behind the first ones.
    fn at_most(mut self, count: usize) -> Draft {
        self.finding.fixes.truncate(count);
        self
    }

    /// Ties the finding to what the user saw.
    fn seen(self, case: &Case<'_>) -> Draft {
        self.seen_as(case.reported)
    }

    /// Ties it to the words for `outcome`.
    fn seen_in(self, outcome: &Outcome) -> Draft {
        self.seen_as(&outcome.as_reported)
    }

    /// Ties it to the first of these words: Docker's or runc's.
    fn seen_as(self, reported: &[Reported]) -> Draft {
        match reported.first() {
            Some(reported) => self.evidence(format!("at run time: {}", reported.text)),
            None => self,
        }
    }

    /// The fixes for a script whose interpreter is not there.
    fn fixed_for(self, case: &Case<'_>, interpreter: &[u8]) -> Draft {
        script::mend(case, self, interpreter)
    }

    fn done(self) -> Finding {
        self.finding
    }
}

/// FNV-1a over the parts, each ended by a byte that UTF-8 does not have.
fn fingerprint(parts: &[&[u8]]) -> String {
    let bytes = parts
        .iter()
        .flat_map(|part| part.iter().copied().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A path, and the package that owns it where that is known.
fn owned(case: &Case<'_>, path: &[u8]) -> String {
    let path_shown = Shown(path);
    match (case.owner)(path) {
        Some(package) => format!("{path_shown} (package {package})"),
        None => path_shown.to_string(),
    }
}

/// A name in backticks.
fn quoted(name: &[u8]) -> String {
    format!("`{}`", Shown(name))
}
