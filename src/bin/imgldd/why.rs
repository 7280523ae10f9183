//! `imgldd why LIB [FILE]...`: who needs a library, and how it was found.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::rc::Rc;

use globset::GlobMatcher;
use imgldd::bytes::escape;
use imgldd::render::{Renderer, Style, WhyText, empty_why, why_json};
use imgldd::report::{ReportError, Subject, SubjectKind, Summary, Target};
use imgldd::why::{Answer, Wanted, explain, find};

use crate::args::Args;
use crate::judge::Judge;
use crate::output::Outputs;
use crate::request::UsageError;
use crate::selection;
use crate::target::{self, Named};
use crate::{Failure, check, exit, say};

/// What the answers come to.
#[derive(Default)]
struct Seen {
    answers: usize,
    errors: usize,
    /// Names that a stem may mean.
    ambiguous: Vec<String>,
}

/// Answers; the status is 1 where the library is in no graph.
pub(crate) fn run(args: &Args, words: &[OsString]) -> Result<u8, Failure> {
    let Some((library, names)) = words.split_first() else {
        return Err(UsageError::NoLibrary.into());
    };
    let library = library.to_string_lossy().into_owned();
    let glob = match library.contains(['*', '?', '[']) {
        true => Some(selection::glob(&library)?.compile_matcher()),
        false => None,
    };
    let (targets, names) = target::named(args, names)?;
    let has_default = targets.iter().all(|named| matches!(named, Named::Image(_)));
    let selection = selection::select(args, names, has_default)?;
    let seen = Rc::new(RefCell::new(Seen::default()));
    let mut outputs = Outputs::of(args, |format, style| {
        let is_json = match format {
            "text" => false,
            "json" => true,
            _ => return None,
        };
        Some(Box::new(Why {
            library: library.clone(),
            glob: glob.clone(),
            answers: Vec::new(),
            style,
            is_json,
            seen: Rc::clone(&seen),
        }))
    })?;
    let mut judge = Judge::new(&args.ignore, &args.warn, &args.error, args.fail_on)?;
    check::check(args, &targets, &selection, &mut outputs, &mut judge)?;
    let seen = seen.borrow();
    if !seen.ambiguous.is_empty() {
        return Err(UsageError::Ambiguous(library, seen.ambiguous.join(", ")).into());
    }
    Ok(match (seen.answers, seen.errors) {
        (_, 1..) => exit::UNDECIDED,
        (0, 0) => exit::BROKEN,
        _ => exit::FINE,
    })
}

/// Collects answers from the subjects as they come.
struct Why {
    library: String,
    glob: Option<GlobMatcher>,
    answers: Vec<Answer>,
    style: Style,
    is_json: bool,
    seen: Rc<RefCell<Seen>>,
}

impl Renderer for Why {
    fn subject(&mut self, _: &mut dyn Write, _: &Target, subject: Subject) -> io::Result<()> {
        if subject.kind == SubjectKind::Absent {
            say(&format!("imgldd: {}: not found", escape(&subject.path)));
            self.seen.borrow_mut().errors += 1;
        }
        let takes = |name: &str| self.glob.as_ref().is_some_and(|glob| glob.is_match(name));
        let wanted = Wanted {
            text: &self.library,
            glob: self.glob.is_some().then_some(&takes),
        };
        match find(&wanted, &subject) {
            Ok(found) => {
                let answers = found.into_iter().filter_map(|at| explain(&subject, at));
                self.answers.extend(answers);
            }
            Err(names) => {
                let ambiguous = &mut self.seen.borrow_mut().ambiguous;
                ambiguous.extend(names);
                ambiguous.sort_unstable();
                ambiguous.dedup();
            }
        }
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        targets: &[Target],
        _: &Summary,
        errors: &[ReportError],
    ) -> io::Result<()> {
        let is_ambiguous = {
            let mut seen = self.seen.borrow_mut();
            seen.answers = self.answers.len();
            seen.errors += errors.len();
            !seen.ambiguous.is_empty()
        };
        if is_ambiguous {
            return Ok(());
        }
        let mut report = empty_why(std::mem::take(&mut self.library));
        report.targets = targets.to_vec();
        report.answers = std::mem::take(&mut self.answers);
        report.errors = errors.to_vec();
        match self.is_json {
            true => why_json(out, &report),
            false => WhyText { style: self.style }.write(out, &report),
        }
    }
}
