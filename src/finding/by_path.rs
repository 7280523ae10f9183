//! What mends a need that is a path where nothing is, and a file that is no library.

use super::looks::{self, Looks};
use super::place::{self, object};
use super::{Case, Draft, near, quote};
use crate::bytes::Shown;
use crate::elf::Object;
use crate::elf::consts::ET_REL;
use crate::graph::{Attempt, Graph, Library};
use crate::loader::{LinkMap, ObjectId, TryOutcome};
use crate::nearby::{NearFile, What};
use crate::path::{TargetPath, file_name};

/// Fixes for a need with a slash in it. Such a name is not searched for, so that it has to
/// lead to a file as it is written.
pub(super) fn named(case: &Case<'_>, graph: &Graph, library: &Library, draft: Draft) -> Draft {
    let name = &*library.name;
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    let has_value = |attempt: &Attempt| attempt.outcome != TryOutcome::Dropped;
    let near = (case.near)(file_name(name));
    let fits = |file: &&NearFile| object(file).is_some_and(|object| near::fits(object, main));
    let copy = near.same.iter().find(fits);
    let needs_it = |object: &Object| object.dynamic.needed().any(|n| *n == *name);
    let asks = library.requesters.iter().copied().filter(|id| {
        let object = graph.map.get(*id).object.as_deref();
        object.is_some_and(needs_it)
    });
    let asks: Vec<ObjectId> = asks.collect();
    let draft = match copy.filter(|_| !asks.is_empty()) {
        Some(file) => {
            let path = file.path.as_bytes();
            let files = asks.iter().map(|id| quote::word(&graph.map.get(*id).path));
            let files: Vec<String> = files.collect();
            let (old, new) = (quote::name(name), quote::name(path));
            let command = format!("patchelf --replace-needed {old} {new} {}", files.join(" "));
            let of_asks = asks.iter().map(|id| &*graph.map.get(*id).path);
            let is_text = [name, path].into_iter().chain(of_asks).all(place::is_text);
            let command = match asks.contains(&LinkMap::MAIN) {
                true => place::with_rights(case, command),
                false => command,
            };
            draft
                .evidence(format!("it is here: {}", super::owned(case, path)))
                .fix(
                    None,
                    "name it where it is",
                    Some(&*command).filter(|_| is_text),
                )
        }
        None => draft,
    };
    let is_first = draft.finding.fixes.is_empty();
    let or = |text: &str| match is_first {
        true => text.to_owned(),
        false => format!("or {text}"),
    };
    let soname = quote::word(file_name(name));
    let draft = draft.fix(
        None,
        &or("give the library a soname and link again"),
        Some(&format!("-Wl,-soname,{soname}")),
    );
    let is_absolute = name.starts_with(b"/") && library.attempts.iter().all(has_value);
    match is_first && is_absolute {
        true => {
            let line = format!("COPY --from=build {}", quote::copied(&[name, name]));
            draft.fix(None, "or put it at that path", Some(&line))
        }
        false => draft,
    }
}

/// What the file at `path` is, where the loader stopped because it is no library, and how
/// one comes by the library.
pub(super) fn instead(case: &Case<'_>, draft: Draft, path: &[u8]) -> Draft {
    let real = (case.real)(path);
    let near = (case.near)(file_name(path));
    let mut same = near.same.iter();
    let file = same.find(|file| real.is_some() && (case.real)(file.path.as_bytes()) == real);
    let draft = match file.map(|file| &file.what) {
        Some(What::Other { why, head, .. }) => {
            let draft = draft.evidence(format!("{}: {}", Shown(path), near::other(why, head)));
            // What Java or another system would start is no library either.
            let looks = looks::looks_like(head).filter(|looks| {
                matches!(
                    looks,
                    Looks::LfsPointer
                        | Looks::Html
                        | Looks::HttpError
                        | Looks::Xml
                        | Looks::Json
                        | Looks::Gzip
                        | Looks::Zstd
                        | Looks::Zip
                )
            });
            match looks {
                Some(looks) => {
                    let (when, text, snippet) = looks.remedy(&TargetPath::root().join(path));
                    draft.fix(when, text, snippet.as_deref())
                }
                None if near::is_linkers(head) => {
                    let text = "link against a library that has a soname: the program then needs that name, not this file";
                    draft.fix(None, text, None)
                }
                None => draft,
            }
        }
        _ => draft,
    };
    let is_object = file
        .and_then(object)
        .is_some_and(|object| object.header.object_type == ET_REL);
    if is_object {
        let name = quote::file(path);
        let line = format!("cc -shared -o {name} …");
        return draft.fix(None, "link it: it is an object file", Some(&line));
    }
    match draft.finding.fixes.is_empty() {
        true => draft.fix(None, "put the real library there", None),
        false => draft,
    }
}
