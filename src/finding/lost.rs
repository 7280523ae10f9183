//! Findings about files that were there until a layer took them.

use super::{Case, Code, Draft, quote, quoted};
use crate::report::{Layer, Severity};
use crate::rootfs::{Lost, MOUNTS, Taken};

/// What is known of a target's layers.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    /// The layers, the lowest first; none where the target has none.
    pub all: &'a [Layer],
    /// What once was at a path, if a layer took it.
    pub lost: &'a dyn Fn(&[u8]) -> Option<Lost>,
}

impl Layers<'_> {
    /// The instruction that made a layer: `layer 2: COPY lib /lib`.
    fn line(&self, number: u32) -> Option<String> {
        let layer = self.all.iter().find(|layer| layer.number == number)?;
        let created_by = layer
            .created_by
            .as_deref()
            .filter(|line| !line.is_empty())?;
        Some(format!("layer {number}: {created_by}"))
    }
}

/// The line for a directory at the top, whose place is below /usr in systems of today.
fn merged(link: &[u8]) -> Option<String> {
    let name = link
        .strip_prefix(b"/")
        .filter(|name| !name.contains(&b'/'))?;
    let from = [name, b"/"].concat();
    let to = [b"/usr/", &*from].concat();
    Some(format!("COPY {}", quote::copied(&[&from, &to])))
}

/// A finding about `object`, if one of the `paths` where it was looked for had a
/// file once. `whose` says who needs it.
pub(super) fn draft<'p>(
    case: &Case<'_>,
    object: &[u8],
    mut paths: impl Iterator<Item = &'p [u8]>,
    whose: &str,
) -> Option<Draft> {
    let lost = paths.find_map(|path| (case.layers.lost)(path))?;
    let path = quoted(lost.path.as_bytes());
    let (brought_by, taken_by) = (lost.loss.brought_by, lost.loss.taken_by);
    if let Taken::Mounted(at) = lost.loss.how {
        let message = format!(
            "{path} is in the image, and every runtime mounts over `{at}`, which hides it{whose}"
        );
        let is_link = !lost.path.as_bytes().starts_with(at.as_bytes());
        let fix = match is_link {
            true => format!("make `{at}` a directory: it is a link that leads here"),
            false => "put it elsewhere".to_owned(),
        };
        let draft = Draft::new(case, Code::MountHides, object, message)
            .severity(Severity::Error)
            .evidence(format!(
                "default mounts of Docker, podman and containerd: {}",
                MOUNTS.join(", ")
            ))
            .fix(None, &fix, None);
        let line = brought_by.and_then(|layer| case.layers.line(layer));
        return Some(line.into_iter().fold(draft, Draft::evidence));
    }
    let (Some(brought_by), Some(taken_by)) = (brought_by, taken_by) else {
        return None;
    };
    let draft = if lost.was_link && lost.loss.how == Taken::Replaced {
        let message = format!(
            "{path} was a link until layer {taken_by} made it a directory, and {} is not in there{whose}",
            quoted(object)
        );
        Draft::new(case, Code::UsrmergeClobbered, object, message).fix(
            None,
            "copy to the directory that the link led to",
            merged(lost.path.as_bytes()).as_deref(),
        )
    } else {
        let how = match lost.loss.how {
            Taken::Replaced => "replaced",
            Taken::Whiteout | Taken::Opaque | Taken::Mounted(_) => "deleted",
        };
        let message =
            format!("{path} came with layer {brought_by} and was {how} by layer {taken_by}{whose}");
        Draft::new(case, Code::DeletedByLayer, object, message).fix(
            None,
            "keep it in the instruction that takes it away, or put it back after that",
            None,
        )
    };
    let lines = [brought_by, taken_by].map(|number| case.layers.line(number));
    Some(lines.into_iter().flatten().fold(draft, Draft::evidence))
}
