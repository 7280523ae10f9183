//! What an image would run.

use super::{Inspection, Inspector};
use crate::runtime::{Plan, Start};

impl Inspector<'_> {
    /// Would what `plan` starts start? An inspection for each start, in order.
    #[must_use]
    pub fn inspect_plan(&self, plan: &Plan) -> Vec<Inspection> {
        plan.starts
            .iter()
            .map(|start| self.inspect_start(start))
            .collect()
    }

    fn inspect_start(&self, start: &Start) -> Inspection {
        match &start.program.path {
            Some(path) => self.inspect_path(path, start.role),
            None => self.not_in_path(&start.program.name, start.role),
        }
    }
}
