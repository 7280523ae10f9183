//! What the file that is loaded has, how it came to be taken, and whether another has more.

use super::{name, path};
use crate::bytes::Shown;
use crate::elf::Versions;
use crate::finding::{Case, near, owned, place, quoted};
use crate::graph::{Graph, Library};
use crate::loader::{LinkMap, ObjectId, Rule};
use crate::nearby::NearFile;
use crate::path::TargetPath;

/// Another file of the provider's name that has the version.
pub(super) fn better_copy(
    case: &Case<'_>,
    graph: &Graph,
    provider: Option<ObjectId>,
    version: &[u8],
) -> Option<TargetPath> {
    let provider = provider?;
    let near = (case.near)(name(graph, provider));
    let main = graph.map.get(LinkMap::MAIN).object.as_deref();
    let fits = |file: &&NearFile| {
        let is_other = file.path.as_bytes() != path(graph, provider);
        let fits = place::object(file).is_some_and(|object| near::fits(object, main));
        is_other && fits && (case.defines)(&file.path, version)
    };
    near.same.iter().find(fits).map(|file| file.path.clone())
}

/// Whether LD_LIBRARY_PATH is asked before what chose the provider, or is what chose it.
pub(super) fn comes_after_environment(graph: &Graph, provider: Option<ObjectId>) -> bool {
    let rule = taken(graph, provider).and_then(|library| library.rule);
    matches!(
        rule,
        Some(
            Rule::LibraryPath
                | Rule::Runpath
                | Rule::RunpathInherited
                | Rule::Cache
                | Rule::DefaultDirectory
        )
    )
}

/// The rule by which a provider was taken.
pub(super) fn chosen_rule(graph: &Graph, provider: Option<ObjectId>) -> String {
    let library = taken(graph, provider);
    let owner = library.and_then(|library| library.owner);
    let of = |tag: &str| match owner {
        Some(id) => format!("the {tag} of {}", quoted(path(graph, id))),
        None => format!("a {tag}"),
    };
    match library.and_then(|library| library.rule) {
        Some(Rule::Preload) => "a preload".to_owned(),
        Some(Rule::LibraryPath) => "LD_LIBRARY_PATH".to_owned(),
        Some(Rule::Rpath | Rule::RpathInherited) => of("rpath"),
        Some(Rule::Runpath | Rule::RunpathInherited) => of("runpath"),
        Some(Rule::Cache) => "`ld.so.cache`".to_owned(),
        Some(Rule::DefaultDirectory) => "a default directory".to_owned(),
        _ => "what is loaded".to_owned(),
    }
}

/// The most that a provider has of the kind that is wanted.
pub(super) fn offer(
    case: &Case<'_>,
    graph: &Graph,
    provider: ObjectId,
    wanted: &[u8],
) -> Option<String> {
    let (_, versions): &(_, std::sync::Arc<Versions>) = graph
        .versions
        .offers
        .iter()
        .find(|(id, _)| *id == provider)?;
    let names = versions
        .definitions
        .iter()
        .filter(|definition| !definition.base)
        .map(|definition| &*definition.name);
    let wanted_series = match series(wanted) {
        b"GLIBC_ABI_DT_RELR" => b"GLIBC_",
        series => series,
    };
    let most = names
        .filter(|name| series(name) == wanted_series && !numbers(name).is_empty())
        .max_by_key(|name| numbers(name));
    let file = owned(case, path(graph, provider));
    Some(match most {
        Some(most) => format!("{file} has at most {}", Shown(most)),
        None => format!("{file} has none of that series"),
    })
}

/// How the provider came to be taken, unless it was where it always is.
pub(super) fn chosen_by(graph: &Graph, provider: Option<ObjectId>) -> Option<String> {
    let library = taken(graph, provider)?;
    let is_unusual = matches!(
        library.rule?,
        Rule::Preload
            | Rule::LibraryPath
            | Rule::Rpath
            | Rule::RpathInherited
            | Rule::Runpath
            | Rule::RunpathInherited
    );
    let file = quoted(library.path.as_deref().unwrap_or(&library.name));
    let by = chosen_rule(graph, provider);
    is_unusual.then(|| format!("{by} chose {file}; another copy may be newer"))
}

/// The entry by which a provider came.
fn taken(graph: &Graph, provider: Option<ObjectId>) -> Option<&Library> {
    let mut libraries = graph.libraries.iter();
    libraries.find(|library| library.object == provider)
}

/// The numbers in a version, to compare it by.
pub(super) fn numbers(version: &[u8]) -> Vec<u32> {
    version
        .split(|byte| !byte.is_ascii_digit())
        .filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .collect()
}

/// What a version is called before its number.
fn series(version: &[u8]) -> &[u8] {
    let digits = version.iter().position(u8::is_ascii_digit);
    &version[..digits.unwrap_or(version.len())]
}
