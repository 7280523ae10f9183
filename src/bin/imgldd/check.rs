//! Checking what was selected in each target, reporting each as it is known.

use std::collections::HashSet;
use std::io;

use imgldd::bytes::{escape, lossy};
use imgldd::inspect::{Inspection, Inspector};
use imgldd::path::TargetPath;
use imgldd::report::{self, ErrorKind, ReportError, Role, Summary, Target, TargetKind, Verdict};
use imgldd::rootfs::Rootfs;
use imgldd::source::Copied;
use imgldd::source::image::{ImageError, Obstacle};

use crate::args::Args;
use crate::judge::Judge;
use crate::output::Outputs;
use crate::request::{self, UsageError};
use crate::selection::Selection;
use crate::target::{self, Named, Opened};
use crate::{Failure, host, say};

/// Checks what was selected in `targets`, and returns the exit status.
pub(crate) fn check(
    args: &Args,
    targets: &[Named],
    selection: &Selection,
    outputs: &mut Outputs,
    judge: &mut Judge,
) -> Result<u8, Failure> {
    let donor = target::donor(args).map_err(|error| match (&error, &args.donor) {
        (UsageError::Image(_), Some(text)) => {
            UsageError::OfImage(about(&text.to_string_lossy(), &error))
        }
        _ => error,
    })?;
    let mut run = Run {
        donor: donor.as_ref(),
        targets: Vec::new(),
        summary: Summary::new(),
        errors: Vec::new(),
        outputs,
        judge,
    };
    for named in targets {
        let opened = target::open(args, named, run.outputs.in_full());
        let is_last = targets.last() == Some(named);
        let examined = opened
            .map_err(Failure::from)
            .and_then(|opened| run.examine(args, opened, selection, is_last));
        match examined {
            Ok(()) => {}
            Err(Failure::Usage(UsageError::Image(error))) if is_obstacle(&error, targets) => {
                run.unreadable(named, &error);
            }
            // What is wrong with one of several does not silence the others.
            Err(Failure::Usage(error)) if targets.len() > 1 && error.is_about_target() => {
                run.refused(named, &error);
            }
            Err(Failure::Usage(error @ (UsageError::Image(_) | UsageError::NoSuchLayer(..)))) => {
                return Err(UsageError::OfImage(about(&named.input(), &error)).into());
            }
            Err(error) => return Err(error),
        }
    }
    run.finish()
}

/// Whether an error is about this one target, so that there is still a report.
fn is_obstacle(error: &ImageError, targets: &[Named]) -> bool {
    targets.len() > 1 || error.obstacle != Obstacle::Usage
}

/// A run over all targets.
struct Run<'r> {
    /// Where else to look for what is missing.
    donor: Option<&'r Rootfs>,
    targets: Vec<Target>,
    summary: Summary,
    errors: Vec<ReportError>,
    outputs: &'r mut Outputs,
    judge: &'r mut Judge,
}

impl Run<'_> {
    /// Checks what was selected in one target.
    fn examine(
        &mut self,
        args: &Args,
        opened: Opened,
        selection: &Selection,
        is_last: bool,
    ) -> Result<(), Failure> {
        let Opened {
            kind,
            input,
            rootfs,
            copied,
            mut settings,
            image,
            plan,
        } = opened;
        let by_default = selection.names.is_empty() && !selection.all && args.copy.is_empty();
        if by_default && plan.is_none() {
            return Err(UsageError::NoCommand(what(kind)).into());
        }
        settings.lists_fine = self.outputs.lists_fine();
        let names: Vec<Vec<u8>> = selection
            .names
            .iter()
            .map(|name| match kind {
                TargetKind::Host => request::prefer_here(name, &settings, &rootfs),
                _ => request::strip_root(name, args.root.as_deref(), &rootfs),
            })
            .collect();
        let layers = settings.layers.clone();
        let mut inspector = Inspector::new(&rootfs, settings);
        if let Some(donor) = self.donor {
            inspector = inspector.with_donor(donor);
        }
        let image = image.unwrap_or_default();
        let facts = inspector.target();
        let mut target = Target {
            kind,
            input,
            reference: image.reference,
            manifest_digest: image.manifest_digest,
            config_digest: image.config_digest,
            platform: facts.platform.as_ref().map(platform),
            libc: facts.libc,
            distro: facts.distro.clone(),
            verdict: Verdict::Ok,
            layers,
            findings: image.findings,
        };
        self.judge.weigh_target(&mut target);
        self.summary.add_findings(&target.findings);
        self.summary.verdict = self.summary.verdict.max(target.verdict);
        let mut subjects = Subjects {
            run: self,
            target: &mut target,
        };
        for name in &names {
            subjects.take(match &plan {
                Some(plan) => inspector.instead(name, plan),
                None => inspector.inspect(name, Role::Argument),
            })?;
        }
        if by_default {
            for inspection in plan.iter().flat_map(|plan| inspector.starts(plan)) {
                subjects.take(inspection)?;
            }
        } else if selection.names.is_empty() && !selection.all {
            for file in programs(&copied, &inspector)? {
                subjects.take(inspector.inspect(file.path.as_bytes(), Role::Copied))?;
            }
        }
        if selection.all {
            subjects.scan(&inspector, selection, args.jobs)?;
        }
        self.targets.push(target);
        // What was learnt need not be given back piece by piece, nor what was opened
        // last.
        std::mem::forget(inspector);
        if is_last {
            std::mem::forget(rootfs);
        }
        Ok(())
    }

    /// A target that cannot be read.
    fn unreadable(&mut self, named: &Named, error: &ImageError) {
        let input = named.input();
        say(&format!("imgldd: {}", about(&input, error)));
        let part = lossy(&error.part);
        self.errors.push(ReportError {
            kind: match error.obstacle {
                Obstacle::Usage => ErrorKind::Usage,
                Obstacle::Io => ErrorKind::Io,
                Obstacle::Malformed => ErrorKind::Malformed,
                Obstacle::Limit => ErrorKind::Limit,
            },
            target: None,
            path: Some(match part.is_empty() {
                true => input,
                false => part,
            }),
            message: error.message.clone(),
            offset: error.offset,
        });
        self.summary.verdict = self.summary.verdict.max(Verdict::Unknown);
    }

    /// A target of which what was asked for makes no sense.
    fn refused(&mut self, named: &Named, error: &UsageError) {
        let input = named.input();
        say(&format!("imgldd: {}", about(&input, error)));
        self.errors.push(ReportError {
            kind: ErrorKind::Usage,
            target: None,
            path: Some(input),
            message: error.to_string(),
            offset: None,
        });
        self.summary.verdict = self.summary.verdict.max(Verdict::Unknown);
    }

    fn finish(self) -> Result<u8, Failure> {
        let targets = &self.targets;
        self.outputs.finish(targets, &self.summary, &self.errors)?;
        Ok(self.judge.status(self.errors.len()))
    }
}

/// The subjects of one target.
struct Subjects<'a, 'r> {
    run: &'a mut Run<'r>,
    target: &'a mut Target,
}

impl Subjects<'_, '_> {
    fn take(&mut self, inspection: Inspection) -> io::Result<()> {
        let Inspection {
            mut subject,
            errors,
            ..
        } = inspection;
        for mut error in errors {
            let path = error.path.as_deref().unwrap_or_default();
            say(&format!(
                "imgldd: {}: {}",
                escape(path),
                escape(&error.message)
            ));
            error.target = Some(self.run.targets.len());
            self.run.errors.push(error);
        }
        subject.target = self.run.targets.len();
        self.run.judge.weigh(&mut subject);
        self.run.summary.add(&subject);
        self.target.verdict = self.target.verdict.max(subject.verdict);
        for finding in self.run.outputs.untold(&subject) {
            let message = escape(&finding.message);
            say(&format!("imgldd: error[{}]: {message}", finding.code));
        }
        self.run.outputs.subject(self.target, subject)
    }

    /// Nothing was checked, which must not pass for nothing wrong.
    fn nothing_found(&mut self, message: String) {
        let input = &self.target.input;
        say(&format!("imgldd: `{}`: {message}", escape(input)));
        self.run.errors.push(ReportError {
            kind: ErrorKind::Usage,
            target: Some(self.run.targets.len()),
            path: None,
            message,
            offset: None,
        });
        self.target.verdict = self.target.verdict.max(Verdict::Unknown);
        self.run.summary.verdict = self.run.summary.verdict.max(Verdict::Unknown);
    }

    /// Every ELF file and executable script of the target.
    fn scan(
        &mut self,
        inspector: &Inspector<'_>,
        selection: &Selection,
        jobs: Option<usize>,
    ) -> io::Result<()> {
        let jobs = jobs.unwrap_or_else(host::parallelism);
        let scanned = inspector.scan(jobs, &|path| selection.takes(path));
        let nothing = match selection.narrowed() {
            _ if !scanned.paths.is_empty() => None,
            Some(options) => Some(format!(
                "no program, library or script is left by {options}"
            )),
            // What was named is checked, and what cannot be read is told.
            None if !selection.names.is_empty() || !scanned.problems.is_empty() => None,
            None => Some("there is no program, library or script in it".to_owned()),
        };
        if let Some(message) = nothing {
            self.nothing_found(message);
        }
        let problems = scanned.problems.into_iter();
        let matters = |path: &TargetPath| selection.may_take_at(path.as_bytes());
        for (path, errno) in problems.filter(|(path, _)| matters(path)) {
            say(&format!("imgldd: {path}: cannot read it: {errno}"));
            self.run.errors.push(ReportError {
                kind: ErrorKind::Io,
                target: Some(self.run.targets.len()),
                path: Some(path.to_string()),
                message: format!("cannot read it: {errno}"),
                offset: None,
            });
            // What was not looked at may be broken.
            self.target.verdict = self.target.verdict.max(Verdict::Unknown);
            self.run.summary.verdict = self.run.summary.verdict.max(Verdict::Unknown);
        }
        inspector.inspect_each(&scanned.paths, Role::Scanned, jobs, |inspection| {
            self.take(inspection)
        })
    }
}

/// An error with the target that it is about, where its text does not begin with the
/// thing already.
fn about(input: &str, error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    match text.starts_with('`') {
        true => text,
        false => format!("`{}`: {text}", escape(input)),
    }
}

/// The programs among what was copied; of a file that was copied over another, the one
/// that is there.
fn programs<'c>(
    copied: &'c [Copied],
    inspector: &Inspector<'_>,
) -> Result<Vec<&'c Copied>, UsageError> {
    let wanted = |file: &&Copied| match file.by_name {
        // A file that was named is meant, unless it is there to be loaded.
        true => !inspector.is_shared_library(&file.path),
        false => inspector.is_program(&file.path),
    };
    let rootfs = inspector.files().rootfs();
    let mut met = HashSet::new();
    let mut is_last = |file: &&Copied| {
        let real = rootfs.real_path(file.path.as_bytes());
        met.insert(real.unwrap_or_else(|| file.path.clone()))
    };
    let mut files: Vec<&Copied> = copied.iter().rev().filter(|f| is_last(f)).collect();
    files.reverse();
    files.retain(wanted);
    match files.is_empty() {
        true => Err(UsageError::NoProgramCopied),
        false => Ok(files),
    }
}

fn platform(platform: &imgldd::platform::Platform) -> report::Platform {
    report::Platform {
        os: platform.os.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
    }
}

/// What a target is that does not say what it runs.
fn what(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Scratch => "the empty image",
        TargetKind::Layer => "a layer by itself",
        _ => "a directory",
    }
}
