//! Which files of a target to check, as FILE, `--files-from`, `--all` and its patterns say.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::args::Args;
use crate::request::UsageError;

/// Which files to check.
pub(crate) struct Selection {
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) all: bool,
    include: Option<GlobSet>,
    /// How the paths begin that a pattern of `include` takes; empty where it takes names.
    beginnings: Vec<Vec<u8>>,
    exclude: Option<GlobSet>,
    /// How the paths begin of which `exclude` takes all.
    excluded: Vec<Vec<u8>>,
}

impl Selection {
    /// What `--all` is to be narrowed to, in words, where it is.
    pub(crate) fn narrowed(&self) -> Option<&'static str> {
        match (&self.include, &self.exclude) {
            (None, None) => None,
            (Some(_), None) => Some("--include"),
            (None, Some(_)) => Some("--exclude"),
            (Some(_), Some(_)) => Some("--include and --exclude"),
        }
    }

    /// Whether `--all` is to look at `path`.
    pub(crate) fn takes(&self, path: &[u8]) -> bool {
        let path = Path::new(OsStr::from_bytes(path));
        let matches = |set: &GlobSet| {
            set.is_match(path) || path.file_name().is_some_and(|name| set.is_match(name))
        };
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }

    /// Whether `--all` might look at `path` or, where that is a directory, at something
    /// below it. In doubt it might.
    pub(crate) fn may_take_at(&self, path: &[u8]) -> bool {
        let inside = [path, b"/"].concat();
        let begins =
            |beginning: &Vec<u8>| beginning.starts_with(&inside) || inside.starts_with(beginning);
        let is_included = self.include.is_none() || self.beginnings.iter().any(begins);
        let mut excluded = self.excluded.iter();
        let is_excluded = excluded.any(|beginning| inside.starts_with(beginning));
        is_included && !is_excluded
    }
}

/// How every path begins that `pattern` takes: what stands before its first special
/// character. A pattern that does not begin at the root may take names anywhere.
fn beginning(pattern: &str) -> Vec<u8> {
    let end = pattern.find(['*', '?', '[', '{', '\\']);
    let literal = &pattern[..end.unwrap_or(pattern.len())];
    match literal.starts_with('/') {
        true => literal.as_bytes().to_vec(),
        false => Vec::new(),
    }
}

/// How the paths begin of which `pattern` takes all: where it is such a beginning and an
/// asterisk or two, which take slashes too.
fn whole(pattern: &str) -> Option<Vec<u8>> {
    let literal = pattern.trim_end_matches('*');
    let is_whole = literal.len() < pattern.len() && literal.starts_with('/');
    let beginning = beginning(pattern);
    (is_whole && beginning == literal.as_bytes()).then_some(beginning)
}

/// The files that `args` name. `has_default` says that the target tells what
/// it runs.
pub(crate) fn select(
    args: &Args,
    names: &[OsString],
    has_default: bool,
) -> Result<Selection, UsageError> {
    let mut names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    if let Some(from) = &args.files_from {
        let listed = read_names(from, args.null)?;
        if listed.is_empty() && names.is_empty() && !args.all {
            return Err(UsageError::EmptyList(from.clone()));
        }
        names.extend(listed);
    }
    if names.iter().any(Vec::is_empty) {
        return Err(UsageError::EmptyName);
    }
    let selects = !args.include.is_empty() || !args.exclude.is_empty();
    if selects && !args.all {
        return Err(UsageError::SelectWithoutAll);
    }
    let says_what = has_default || args.all || !args.copy.is_empty() || args.files_from.is_some();
    if names.is_empty() && !says_what {
        return Err(UsageError::NothingToCheck);
    }
    let (include, exclude) = (globs(&args.include)?, globs(&args.exclude)?);
    Ok(Selection {
        names,
        all: args.all,
        include,
        beginnings: args.include.iter().map(|text| beginning(text)).collect(),
        exclude,
        excluded: args.exclude.iter().filter_map(|text| whole(text)).collect(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "--files-from names a file of the host"
)]
fn read_names(from: &Path, null: bool) -> Result<Vec<Vec<u8>>, UsageError> {
    let failed = |error| UsageError::FilesFrom(from.to_owned(), error);
    let mut text = Vec::new();
    if from == Path::new("-") {
        io::stdin().lock().read_to_end(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read(from).map_err(failed)?;
    }
    if !null && text.contains(&0) {
        return Err(UsageError::NulInList(from.to_owned()));
    }
    let separator = if null { 0 } else { b'\n' };
    let names = text
        .split(|&b| b == separator)
        .filter(|name| !name.is_empty());
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// One pattern.
pub(crate) fn glob(text: &str) -> Result<Glob, UsageError> {
    GlobBuilder::new(text)
        .build()
        .map_err(|error| UsageError::Glob(text.to_owned(), error))
}

/// The patterns as one; `None` where there is none.
pub(crate) fn globs(texts: &[String]) -> Result<Option<GlobSet>, UsageError> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(glob(text)?);
    }
    set.build()
        .map(Some)
        .map_err(|error| UsageError::Glob(texts.join(" "), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str]) -> Selection {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let set = |texts: &[&str]| globs(&owned(texts)).expect("they are patterns");
        Selection {
            names: Vec::new(),
            all: true,
            include: set(include),
            beginnings: include.iter().map(|text| beginning(text)).collect(),
            exclude: set(exclude),
            excluded: exclude.iter().filter_map(|text| whole(text)).collect(),
        }
    }

    #[test]
    fn what_is_below_an_excluded_directory_cannot_be_taken() {
        let cases: [(&[&str], &[&str], bool); 12] = [
            (&[], &[], true),
            (&[], &["/opt/**"], false),
            (&[], &["/opt/a/b/**"], true),
            (&[], &["*.so"], true),
            (&[], &["/opt/*"], false),
            (&[], &["/opt/[!b]*"], true),
            (&[], &["/opt/a*b"], true),
            (&["/usr/**"], &[], false),
            (&["/opt/a/b/*"], &[], true),
            (&["/op*"], &[], true),
            (&["*.so"], &[], true),
            (&["/usr/**", "/opt/a/x"], &["/opt/a/y"], true),
        ];
        for (include, exclude, expected) in cases {
            let selection = selection(include, exclude);
            let may = selection.may_take_at(b"/opt/a");
            assert_eq!(may, expected, "{include:?} {exclude:?}");
        }
    }
}
