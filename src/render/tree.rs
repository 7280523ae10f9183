//! The tree of needs, in ldd's words.
//!
//! Every need is a line. What an object needs itself is shown once: below the
//! object that first asked for it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Renderer;
use super::heading::Headings;
use super::paint::{Paint, Style};
use crate::bytes::escape;
use crate::report::{
    Attempt, AttemptOutcome, Finding, InterpreterStatus, Libc, Library, LibraryStatus, Linkage,
    ReportError, Role, Rule, Subject, SubjectKind, Summary, Target, Verdict,
};

/// How deep a tree is drawn at most.
const MAX_DEPTH: usize = 256;

/// Writes trees and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Tree {
    /// How they look.
    pub style: Style,
    /// How many levels are shown.
    pub depth: Option<usize>,
    /// Show every attempt.
    pub verbose: bool,
    /// Of several targets, whose the trees are.
    pub headings: Headings,
}

impl Renderer for Tree {
    fn subject(
        &mut self,
        out: &mut dyn Write,
        target: &Target,
        subject: Subject,
    ) -> io::Result<()> {
        self.headings.begin(out, target, subject.target)?;
        self.write(out, &subject)
    }

    fn finish(
        &mut self,
        _: &mut dyn Write,
        _: &[Target],
        _: &Summary,
        _: &[ReportError],
    ) -> io::Result<()> {
        Ok(())
    }
}

impl Tree {
    pub(super) fn write(&self, out: &mut dyn Write, subject: &Subject) -> io::Result<()> {
        writeln!(
            out,
            "{}{}",
            self.style.paint(Paint::Strong, &escape(&subject.path)),
            title(subject)
        )?;
        let drawing = Drawing::new(self, subject);
        let missing = subject
            .elf
            .as_ref()
            .and_then(|elf| elf.interpreter.as_ref());
        let missing = missing.filter(|interpreter| interpreter.status != InterpreterStatus::Ok);
        if let Some(interpreter) = missing {
            let last = subject.libraries.is_empty() || self.depth == Some(0);
            let what = match interpreter.status {
                InterpreterStatus::Missing => "not found".to_owned(),
                other => format!("unusable: {}", words(other)),
            };
            writeln!(
                out,
                "{}{} => {} [interpreter]",
                self.style.branch(last).0,
                escape(&interpreter.path),
                self.style.paint(Paint::Bad, &what)
            )?;
        }
        drawing.draw(out, drawing.program, &mut String::new(), 1)
    }
}

fn words(status: InterpreterStatus) -> &'static str {
    match status {
        InterpreterStatus::Ok => "fine",
        InterpreterStatus::Missing => "not found",
        InterpreterStatus::BrokenLink => "a link that leads to nothing",
        InterpreterStatus::LinkLoop => "links that lead round in a circle",
        InterpreterStatus::NotADirectory => "something on the way is no directory",
        InterpreterStatus::Directory => "a directory",
        InterpreterStatus::Unreachable => "permission denied on the way",
        InterpreterStatus::NotExecutable => "not executable",
        InterpreterStatus::TooShort => "too short for an ELF file",
        InterpreterStatus::NotElf => "not an ELF file",
        InterpreterStatus::WrongMachine => "for another machine",
        InterpreterStatus::WrongType => "of a type that cannot run",
        InterpreterStatus::Malformed => "malformed",
        InterpreterStatus::NotALoader => "not a loader",
    }
}

/// Whether it is not known what the file is.
fn was_not_seen(subject: &Subject) -> bool {
    let is_kept_away = |finding: &Finding| finding.code == "user-cannot-reach";
    subject.verdict == Verdict::Unknown || subject.findings.iter().any(is_kept_away)
}

/// What stands behind the subject's path.
fn title(subject: &Subject) -> String {
    let mut title = String::new();
    if let Some(script) = &subject.script {
        title.push_str("  script");
        for path in script.chain.iter().skip(1) {
            title.push_str(" -> ");
            title.push_str(&escape(path));
        }
    }
    if let Some(elf) = &subject.elf {
        let linkage = match elf.linkage {
            Linkage::Dynamic => "dynamic",
            Linkage::Static => "static",
            Linkage::StaticPie => "static-pie",
            Linkage::SharedObject => "shared object",
        };
        title.push_str("  ");
        title.push_str(&elf.machine);
        title.push(' ');
        title.push_str(linkage);
        let libc = match elf.libc {
            Libc::Glibc => " glibc",
            Libc::Musl => " musl",
            Libc::Uclibc => " uclibc",
            Libc::Bionic => " bionic",
            Libc::None | Libc::Unknown => "",
        };
        title.push_str(libc);
    } else if subject.script.is_none() {
        title.push_str(match subject.kind {
            SubjectKind::Absent => "  not found",
            SubjectKind::Elf => "  ELF",
            SubjectKind::Script => "  script",
            // What keeps a user away hides what it is.
            SubjectKind::Other if was_not_seen(subject) => "  not looked at",
            SubjectKind::Other => "  not a program",
        });
    }
    let role = match subject.role {
        Role::Argument | Role::Scanned => return title,
        Role::Entrypoint => "entrypoint",
        Role::Cmd => "cmd",
        Role::Healthcheck => "healthcheck",
        Role::Copied => "copied",
    };
    title.push_str("  (");
    title.push_str(role);
    title.push(')');
    title
}

struct Drawing<'a> {
    tree: &'a Tree,
    subject: &'a Subject,
    /// The path of the ELF program.
    program: &'a str,
    /// Indices into `libraries` by who needs them.
    needed_by: HashMap<&'a str, Vec<usize>, RandomState>,
    /// What stands behind the branch, to the end of the line, for each library, once it was
    /// needed.
    lines: Vec<OnceCell<String>>,
    /// Indices into `libraries` by path.
    by_path: HashMap<&'a str, usize, RandomState>,
    /// Whether what a library needs was drawn. Those that need each other end here, and a
    /// program that one of its libraries needs: glibc loads it once more.
    is_drawn: Vec<Cell<bool>>,
}

impl<'a> Drawing<'a> {
    fn new(tree: &'a Tree, subject: &'a Subject) -> Self {
        let mut needed_by: HashMap<&str, Vec<usize>, RandomState> = HashMap::default();
        let mut by_path: HashMap<&str, usize, RandomState> = HashMap::default();
        for (index, library) in subject.libraries.iter().enumerate() {
            if let Some(path) = library
                .path
                .as_deref()
                .filter(|_| library.status == LibraryStatus::Found)
            {
                by_path.entry(path).or_insert(index);
            }
            for requester in &library.needed_by {
                needed_by.entry(requester).or_default().push(index);
            }
        }
        Drawing {
            tree,
            subject,
            program: subject.program(),
            lines: vec![OnceCell::new(); subject.libraries.len()],
            needed_by,
            by_path,
            is_drawn: vec![Cell::new(false); subject.libraries.len()],
        }
    }

    /// What `path` needs, in the order in which it says so.
    fn children_of(&self, path: &str) -> Vec<usize> {
        let mut children = self.needed_by.get(path).cloned().unwrap_or_default();
        let needed = if path == self.program {
            self.subject.elf.as_ref().map(|elf| &elf.needed)
        } else {
            let own = self.by_path.get(path);
            own.map(|&index| &self.subject.libraries[index].needed)
        };
        let Some(needed) = needed else {
            return children;
        };
        // What is not among the needs comes first: preloads and filtees.
        children.sort_by_cached_key(|&child| {
            let name = &self.subject.libraries[child].name;
            // Mostly the two share their text.
            let place = needed.iter().position(|needed| Arc::ptr_eq(needed, name));
            let place = place.or_else(|| needed.iter().position(|needed| needed == name));
            place.map_or(0, |place| place + 1)
        });
        children
    }

    /// Draws what `parent` needs, below `indent`.
    fn draw(
        &self,
        out: &mut dyn Write,
        parent: &str,
        indent: &mut String,
        depth: usize,
    ) -> io::Result<()> {
        if self.tree.depth.is_some_and(|limit| depth > limit) || depth > MAX_DEPTH {
            return Ok(());
        }
        let children = self.children_of(parent);
        let outer = indent.len();
        // Whose branch stands behind the outer indent now: that of the last child, or of the others.
        let mut branch_of_last = None;
        for (place, &index) in children.iter().enumerate() {
            let library = &self.subject.libraries[index];
            let is_last = place + 1 == children.len();
            let (branch, below) = self.tree.style.branch(is_last);
            if branch_of_last != Some(is_last) {
                indent.truncate(outer);
                indent.push_str(branch);
                branch_of_last = Some(is_last);
            }
            // The same line stands wherever the library is needed.
            let line = self.lines[index].get_or_init(|| self.line(library));
            out.write_all(indent.as_bytes())?;
            out.write_all(line.as_bytes())?;
            let is_first = library
                .needed_by
                .first()
                .is_some_and(|first| **first == *parent);
            let has_more = is_first
                && library.status == LibraryStatus::Found
                && library.path.as_deref() != Some(self.program)
                && !self.is_drawn[index].replace(true);
            if has_more || self.tree.verbose {
                indent.truncate(outer);
                indent.push_str(below);
                branch_of_last = None;
            }
            if self.tree.verbose {
                for attempt in &library.attempts {
                    writeln!(out, "{indent}    {}", self.attempt(attempt))?;
                }
            }
            if let Some(path) = library.path.as_deref().filter(|_| has_more) {
                self.draw(out, path, indent, depth + 1)?;
            }
        }
        indent.truncate(outer);
        Ok(())
    }

    fn line(&self, library: &Library) -> String {
        let name = escape(&library.name);
        let style = self.tree.style;
        match (library.status, library.path.as_deref()) {
            (LibraryStatus::Missing, _) => {
                format!("{name} => {}\n", style.paint(Paint::Bad, "not found"))
            }
            (LibraryStatus::AllowedMissing, _) => {
                let what = if library.found_by == Some(Rule::Preload) {
                    "not found (the loader goes on)"
                } else {
                    "not found (may be missing)"
                };
                format!("{name} => {}\n", style.paint(Paint::Warn, what))
            }
            (LibraryStatus::Unusable, path) => {
                let path = escape(path.unwrap_or_default());
                let why = library
                    .attempts
                    .iter()
                    .find(|attempt| Some(&*attempt.path) == library.path.as_deref());
                let why = why
                    .and_then(|attempt| attempt.detail.as_deref())
                    .unwrap_or("");
                let unusable = style.paint(Paint::Bad, &format!("unusable: {}", escape(why)));
                format!("{name} => {path} {unusable}\n")
            }
            (_, path) => {
                let path = escape(path.unwrap_or(self.program));
                let label = library
                    .found_by
                    .map(|rule| label(rule, library.rule_object.as_deref()));
                let label = label.unwrap_or_default();
                let (dim, end) = style.around(Paint::Dim);
                let rest = " =>  []\n".len() + dim.len() + end.len();
                let mut line = String::with_capacity(name.len() + path.len() + label.len() + rest);
                line.push_str(&name);
                line.push_str(" => ");
                line.push_str(&path);
                line.push(' ');
                line.push_str(dim);
                line.push('[');
                line.push_str(&label);
                line.push(']');
                line.push_str(end);
                line.push('\n');
                line
            }
        }
    }

    fn attempt(&self, attempt: &Attempt) -> String {
        let outcome = match attempt.outcome {
            AttemptOutcome::Found => "found",
            AttemptOutcome::Absent => "absent",
            AttemptOutcome::NotADirectory => "not a directory",
            AttemptOutcome::BrokenLink => "broken link",
            AttemptOutcome::LinkLoop => "link loop",
            AttemptOutcome::NameTooLong => "name too long",
            AttemptOutcome::Unreadable => "unreadable",
            AttemptOutcome::IoError => "I/O error",
            AttemptOutcome::Directory => "a directory",
            AttemptOutcome::TooShort => "too short",
            AttemptOutcome::NotElf => "not ELF",
            AttemptOutcome::WrongClass => "wrong class",
            AttemptOutcome::WrongData => "wrong byte order",
            AttemptOutcome::WrongMachine => "wrong machine",
            AttemptOutcome::NotLoadable => "not loadable",
            AttemptOutcome::Dropped => "left out",
            AttemptOutcome::NotTried => "not tried",
        };
        let detail = attempt
            .detail
            .as_deref()
            .map(|d| format!(" ({})", escape(d)));
        let label = label(attempt.rule, attempt.rule_object.as_deref());
        let assumed = if attempt.assumed { ", assumed" } else { "" };
        let line = format!(
            "tried {}: {outcome}{} [{label}{assumed}]",
            escape(&attempt.path),
            detail.unwrap_or_default()
        );
        self.tree.style.paint(Paint::Dim, &line)
    }
}

pub(super) fn label(rule: Rule, object: Option<&str>) -> Cow<'static, str> {
    let of = |what: &'static str| match object {
        Some(object) => Cow::Owned([what, " of ", &escape(object)].concat()),
        None => Cow::Borrowed(what),
    };
    match rule {
        Rule::Preload => Cow::Borrowed("preload"),
        Rule::Rpath => Cow::Borrowed("rpath"),
        Rule::RpathInherited => of("rpath"),
        Rule::LibraryPath => Cow::Borrowed("LD_LIBRARY_PATH"),
        Rule::Runpath => Cow::Borrowed("runpath"),
        Rule::RunpathInherited => of("runpath"),
        Rule::Cache => Cow::Borrowed("ld.so.cache"),
        Rule::MuslPathFile => Cow::Borrowed("path file"),
        Rule::DefaultDir => Cow::Borrowed("default"),
        Rule::Direct => Cow::Borrowed("path"),
        Rule::AlreadyLoaded => Cow::Borrowed("already loaded"),
        Rule::LoaderItself => Cow::Borrowed("loader"),
        Rule::Donor => Cow::Borrowed("donor"),
    }
}
