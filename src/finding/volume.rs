//! Directories where something is mounted when the image is run.

use super::{Case, Code, Draft};
use crate::report::Finding;

/// The most files of one volume that are told.
const MAX_TOLD: usize = 4;

/// What a start needs and lies in volumes (`Volumes` of the configuration).
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    for (volume, inside) in &case.beyond.hidden {
        let Some(first) = inside.first() else {
            continue;
        };
        let message =
            format!("`{first}` lies in the volume `{volume}`: what is mounted there hides it");
        let told = inside.iter().take(MAX_TOLD).map(ToString::to_string);
        let told: Vec<String> = told.collect();
        let more = match inside.len() - told.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        let finding = Draft::new(case, Code::MountHides, volume.as_bytes(), message)
            .evidence(format!(
                "the image's Volumes has {volume}; in it: {}{more}",
                told.join(", ")
            ))
            .evidence("engines fill a new volume of their own with what the image has there; a directory of the host, an older volume or one of Kubernetes hides it")
            .fix(None, "keep programs and libraries out of volumes", None);
        found.push(finding.done());
    }
}
