//! From what an image would run to subjects of the report.

use super::{Called, Inspection, Inspector, absent, verdict};
use crate::finding;
use crate::outcome;
use crate::report::{ErrorKind, Finding, Outcome, ReportError, Role};
use crate::runtime::{Plan, Problem, Start};

impl Inspector<'_> {
    /// Would what `plan` starts start? The first subject is the image's command,
    /// and carries what is wrong with the configuration as a whole; it is there
    /// even where the image has no command.
    ///
    /// The inspector's settings are to have the directory and the variables of
    /// `plan`, and the filesystem its user.
    #[must_use]
    pub fn starts(&self, plan: &Plan) -> Vec<Inspection> {
        let mut inspections: Vec<Inspection> = plan
            .starts
            .iter()
            .map(|start| self.start(start, plan))
            .collect();
        if plan.problems.contains(&Problem::NoCommand) {
            let outcome = outcome::refusal(plan).unwrap_or_default();
            inspections.insert(0, absent(b"", Role::Cmd, outcome, Vec::new()));
        }
        if let Some(first) = inspections.first_mut() {
            let mut findings = finding::runtime_findings(plan);
            findings.append(&mut first.subject.findings);
            rejudge(first, findings);
        }
        inspections
    }

    /// Would the file called `name` start, in a container that is otherwise as `plan` has
    /// it? A container that does not start is said where the program itself would.
    #[must_use]
    pub fn instead(&self, name: &[u8], plan: &Plan) -> Inspection {
        let mut inspection = self.inspect(name, Role::Argument);
        if inspection.subject.outcome.starts == Some(true) {
            let plan = plan.for_another();
            if let Some(outcome) = outcome::refusal(&plan) {
                is_instead(&mut inspection, outcome);
            }
            let mut findings = finding::runtime_findings(&plan);
            findings.append(&mut inspection.subject.findings);
            rejudge(&mut inspection, findings);
        }
        inspection
    }

    fn start(&self, start: &Start, plan: &Plan) -> Inspection {
        let mut inspection = match &start.program.path {
            Some(path) => self.by_loader(path, start).unwrap_or_else(|| {
                self.inspect_path(path, start.role, Called::found(&start.program))
            }),
            None => self.not_in_path(&start.program, start.role),
        };
        let reported = inspection.subject.outcome.as_reported.clone();
        if let Err(problem) = &plan.user
            && let Some(errno) = problem.is_ours()
        {
            is_instead(&mut inspection, Outcome::default());
            inspection.errors.push(ReportError {
                kind: ErrorKind::Io,
                target: Some(0),
                path: Some(crate::bytes::lossy(problem.file())),
                message: format!("cannot read it: {errno}"),
                offset: None,
            });
        }
        // The program is looked at as if the rest were mended.
        if let Some(outcome) = outcome::refusal(plan) {
            is_instead(&mut inspection, outcome);
        }
        let findings = std::mem::take(&mut inspection.subject.findings);
        let findings = finding::command_findings(start, findings, &reported, &|name| {
            let lookup = self.lookup(name);
            let path = lookup.path.filter(|_| lookup.runc.is_ok())?;
            Some(self.would_start(path.as_bytes()))
        });
        rejudge(&mut inspection, findings);
        inspection
    }
}

/// The container comes to `outcome` before the program has one.
fn is_instead(inspection: &mut Inspection, outcome: Outcome) {
    inspection.subject.outcome = outcome;
    inspection.lacks_host_alone = false;
}

fn rejudge(inspection: &mut Inspection, findings: Vec<Finding>) {
    let subject = &mut inspection.subject;
    let starts = match inspection.lacks_host_alone {
        true => Some(true),
        false => subject.outcome.starts,
    };
    subject.verdict = verdict(starts, &findings, &inspection.errors);
    subject.findings = findings;
}
