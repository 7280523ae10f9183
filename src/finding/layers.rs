//! Findings about an image itself: what is odd in its layers.

use super::fingerprint;
use crate::report::{Finding, Layer, Severity};
use crate::rootfs::layers::{Issue, IssueKind, Issues};

/// The most entries that one finding names.
const MOST: usize = 8;

/// One finding for each code and layer, with the entries as evidence.
#[must_use]
pub fn layer_findings(issues: &Issues, layers: &[Layer]) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Issue>> = Vec::new();
    for issue in issues.kept() {
        let same = |group: &&mut Vec<&Issue>| {
            group[0].code() == issue.code() && group[0].layer == issue.layer
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(issue),
            None => groups.push(vec![issue]),
        }
    }
    let mut found: Vec<Finding> = groups.iter().map(|group| finding(group, layers)).collect();
    let left_out = issues.left_out();
    if left_out > 0
        && let Some(last) = found.last_mut()
    {
        last.evidence
            .push(format!("and {left_out} more in the image"));
    }
    found
}

fn finding(group: &[&Issue], layers: &[Layer]) -> Finding {
    let first = group[0];
    let code = first.code();
    let number = first.layer;
    let mut evidence: Vec<String> = group[1..]
        .iter()
        .take(MOST)
        .map(ToString::to_string)
        .collect();
    if group.len() > MOST + 1 {
        evidence.push(format!("and {} more", group.len() - MOST - 1));
    }
    let layer = layers.iter().find(|layer| layer.number == number);
    if let Some(created_by) = layer.and_then(|layer| layer.created_by.as_deref())
        && !created_by.is_empty()
    {
        evidence.push(format!("layer {number}: {created_by}"));
    }
    let layer = number.to_string();
    Finding {
        code: code.to_owned(),
        severity: match group
            .iter()
            .all(|issue| issue.kind == IssueKind::Unterminated)
        {
            true => Severity::Note,
            // What it breaks is an error of the program that it breaks.
            false => Severity::Warning,
        },
        waived: false,
        object: Some(crate::bytes::lossy(&first.name)),
        message: first.to_string(),
        evidence,
        consequences: Vec::new(),
        fixes: Vec::new(),
        fingerprint: fingerprint(&[code.as_bytes(), layer.as_bytes(), &first.name]),
    }
}

#[cfg(test)]
mod tests {
    use super::IssueKind;
    use crate::finding::{CODES, Code};

    #[test]
    fn issues_have_codes_of_the_catalogue() {
        let kinds = [
            IssueKind::Duplicate,
            IssueKind::OddWhiteout,
            IssueKind::LeavesRoot,
            IssueKind::LinkShadowed {
                target: Vec::new(),
                brought_by: 1,
                explicit: true,
            },
        ];
        for kind in kinds {
            let known = |code: &Code| code.word() == kind.code();
            assert!(CODES.iter().any(known), "{}", kind.code());
        }
    }
}
