//! Which of the images that an index leads to is meant: by name, then by platform.

use super::INDEX;
use super::index::Candidate;
use crate::platform::Platform;
use crate::source::image::error::ImageError;
use crate::source::image::select::{Wanted, ambiguous, is_named, no_such_name, platforms};
use crate::source::stream::Digest;

/// The one candidate that is meant: by name, then by platform. What is there comes
/// before what is only listed.
pub(super) fn choose(found: Vec<Candidate>, wanted: Wanted<'_>) -> Result<Candidate, ImageError> {
    if found.is_empty() {
        return Err(ImageError::malformed(INDEX, "it lists no image"));
    }
    let mut left = match wanted.name {
        Some(name) => named(found, name)?,
        None => found,
    };
    if let Some(wanted) = wanted.platform {
        if left
            .iter()
            .all(|candidate| distance(candidate, wanted).is_none())
        {
            return Err(platforms(Some(wanted), left.iter().map(shown_platform)));
        }
        left.retain(|candidate| distance(candidate, wanted).is_some());
    }
    if left.iter().any(|candidate| candidate.present) {
        left.retain(|candidate| candidate.present);
    }
    // A platform chooses among those of one image, not among images: one has a name
    // that all of its platforms share, or there is no name at all.
    let is_shared = |name: &String| left.iter().all(|candidate| candidate.names.contains(name));
    let is_one = left.iter().all(|candidate| candidate.names.is_empty())
        || left
            .iter()
            .any(|candidate| candidate.names.iter().any(is_shared));
    if !is_one {
        return Err(ambiguous(several(&left)));
    }
    if let Some(wanted) = wanted.platform {
        let nearest = left
            .iter()
            .map(|candidate| distance(candidate, wanted))
            .min();
        left.retain(|candidate| Some(distance(candidate, wanted)) == nearest);
    }
    match left.len() {
        1 => there(left.swap_remove(0)),
        _ if wanted.platform.is_none() && are_told_apart(&left) => {
            Err(platforms(None, left.iter().map(shown_platform)))
        }
        _ => Err(ambiguous(several(&left))),
    }
}

/// Those that `name` means: a digest, a name to the letter, one that is filled in,
/// or a bare tag, in this order.
fn named(found: Vec<Candidate>, name: &str) -> Result<Vec<Candidate>, ImageError> {
    let tag = name.rsplit(':').next();
    let digest: Option<Digest> = name.parse().ok();
    let has = |candidate: &Candidate, is_meant: &dyn Fn(&str) -> bool| {
        candidate.names.iter().any(|name| is_meant(name))
    };
    let ways: [&dyn Fn(&Candidate) -> bool; 4] = [
        &|candidate| {
            digest.is_some_and(|digest| {
                candidate.digest == digest || candidate.indexes.contains(&digest)
            })
        },
        &|candidate| has(candidate, &|known| known == name),
        &|candidate| has(candidate, &|known| is_named(known, name)),
        // A bare tag is a name within its file, unless another has the full name.
        &|candidate| has(candidate, &|known| Some(known) == tag),
    ];
    let Some(is_meant) = ways.into_iter().find(|way| found.iter().any(way)) else {
        return Err(no_such_name(name, several(&found)));
    };
    Ok(found
        .into_iter()
        .filter(|candidate| is_meant(candidate))
        .collect())
}

/// What the user may write after the `@` for each, and what that is.
fn several(found: &[Candidate]) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = Vec::new();
    for candidate in found {
        let own = |name: &&String| {
            let mut others = found
                .iter()
                .filter(|other| other.digest != candidate.digest);
            !others.any(|other| other.names.contains(name) && other.names != candidate.names)
        };
        let twins = found.iter().filter(|other| other.names == candidate.names);
        let is_told_apart = are_told_apart(twins);
        let line = match candidate.names.iter().find(own) {
            // Its platforms are chosen from in a second step.
            Some(_) if is_told_apart => candidate.names.join(", "),
            _ => {
                let platform = shown_platform(candidate);
                let note = candidate.names.iter().chain([&platform]);
                let note: Vec<&str> = note.map(String::as_str).collect();
                format!("{}  {}", candidate.digest, note.join("  "))
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.into_iter()
}

/// Whether each states a platform of its own.
fn are_told_apart<'a>(candidates: impl IntoIterator<Item = &'a Candidate>) -> bool {
    let mut known: Vec<&Platform> = Vec::new();
    candidates
        .into_iter()
        .all(|candidate| match &candidate.platform {
            Some(platform) => {
                let is_new = known
                    .iter()
                    .all(|known| known.distance(platform) != Some(0));
                known.push(platform);
                is_new
            }
            None => known.is_empty(),
        })
}

/// How far a candidate is from the platform that is wanted. Of one that does not
/// state its own that is not known, and it comes after all others.
fn distance(candidate: &Candidate, wanted: &Platform) -> Option<u32> {
    match &candidate.platform {
        Some(own) => wanted.distance(own),
        None => Some(u32::MAX),
    }
}

fn shown_platform(candidate: &Candidate) -> String {
    match &candidate.platform {
        Some(platform) => platform.to_string(),
        None => "(platform not stated)".to_owned(),
    }
}

fn there(candidate: Candidate) -> Result<Candidate, ImageError> {
    if candidate.present {
        return Ok(candidate);
    }
    let platform = candidate
        .platform
        .map(|platform| format!(" for {platform}"));
    let platform = platform.unwrap_or_default();
    let message =
        format!("blob missing: the index lists an image{platform}, and it is not in the archive");
    Err(ImageError::malformed(candidate.digest.to_string(), message))
}
