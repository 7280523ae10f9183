//! What another system, the donor, could give.

use std::collections::BTreeMap;

use super::{Code, is_about_absence, quote};
use crate::bytes::lossy;
use crate::path::TargetPath;
use crate::report::{Finding, Fix};

/// Files of the donor that mend one finding.
pub(crate) struct Gift {
    /// What the finding is about.
    pub(crate) object: Box<[u8]>,
    /// What to copy, by the directory to copy it to, which ends in a slash.
    pub(crate) copies: BTreeMap<Vec<u8>, Vec<TargetPath>>,
}

/// Puts what the donor has before the other fixes of the finding about it.
pub(crate) fn give(findings: &mut [Finding], gifts: &[Gift]) {
    for finding in findings {
        let of_loader = [Code::InterpreterMissing, Code::DynamicInScratch];
        let is_of_loader = of_loader.iter().any(|code| code.word() == finding.code);
        if !is_about_absence(&finding.code) && !is_of_loader {
            continue;
        }
        let object = finding.object.as_deref().unwrap_or_default();
        let Some(gift) = gifts.iter().find(|gift| lossy(&gift.object) == object) else {
            continue;
        };
        let lines = (0..).zip(&gift.copies).map(|(number, (directory, files))| {
            let directory: &[u8] = directory;
            let names = files.iter().map(|file| file.as_bytes());
            let names: Vec<&[u8]> = names.chain([directory]).collect();
            Fix {
                when: None,
                text: match number {
                    0 => "copy it from the donor, with what it needs".to_owned(),
                    _ => "and".to_owned(),
                },
                snippet: Some(format!("COPY --from=build {}", quote::copied(&names))),
            }
        });
        let fixes: Vec<Fix> = lines.chain(std::mem::take(&mut finding.fixes)).collect();
        finding.fixes = fixes;
    }
}
