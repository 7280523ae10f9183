//! Who needs a library: chains of needs from a subject down to it.
//!
//! Works on [`Subject`] alone, by the edges that `needed_by` has; nothing is searched
//! again. Which entries are meant: a need's name, a soname, a path or a real path; else
//! what the caller's glob takes; else the stem before `.so`.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::explain::ExplainReport;
use crate::report::{Library, Report, ReportError, Rule, Subject, Target, Tool};

/// The most chains that are told of one library; the rest is counted.
pub const MAX_CHAINS: usize = 10;
/// The most partial chains that are followed for one library.
const MAX_WORK: usize = 50_000;

/// The document of `imgldd why -o json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WhyReport {
    /// As in the report of `check`.
    pub schema_version: u32,
    /// Which program wrote it.
    pub tool: Tool,
    /// The library that was asked about, as typed.
    pub library: String,
    /// The systems that were examined.
    pub targets: Vec<Target>,
    /// The subjects whose graph has it.
    pub answers: Vec<Answer>,
    /// What could not be looked at.
    pub errors: Vec<ReportError>,
}

/// One library in the graph of one subject.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// An index into `targets`.
    pub target: usize,
    /// The subject.
    pub subject: String,
    /// The exact bytes of `subject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_b64: Option<String>,
    /// The library, with everything that was tried.
    pub library: Library,
    /// The chains of needs that lead to it, the shortest first.
    pub chains: Vec<Vec<Step>>,
    /// How many chains there are beyond these.
    pub more_chains: usize,
    /// `more_chains` is the least: they were not counted to the end.
    pub uncounted: bool,
}

/// One need of a chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Step {
    /// The object that needs; of a preload the subject.
    pub object: String,
    /// The name that it needs.
    pub needs: String,
    /// The file that the name led to, as opened.
    pub path: Option<String>,
    /// The rule that found it.
    pub found_by: Option<Rule>,
    /// Whose rpath or runpath that was.
    pub rule_object: Option<String>,
}

/// The library that is asked about.
pub struct Wanted<'a> {
    /// As typed.
    pub text: &'a str,
    /// What a glob takes, where `text` is one.
    pub glob: Option<&'a dyn Fn(&str) -> bool>,
}

/// The entries of `subject` that are meant, by index. Where a stem takes libraries of
/// several names, these names are the error.
///
/// # Errors
/// The names, in order.
pub fn find(wanted: &Wanted<'_>, subject: &Subject) -> Result<Vec<usize>, Vec<String>> {
    let take = |is: &dyn Fn(&Library) -> bool| -> Vec<usize> {
        let all = subject.libraries.iter().enumerate();
        all.filter(|(_, library)| is(library))
            .map(|(at, _)| at)
            .collect()
    };
    let exact = take(&|library| names(library).any(|name| name == wanted.text));
    if !exact.is_empty() {
        return Ok(exact);
    }
    if let Some(glob) = wanted.glob {
        return Ok(take(&|library| names(library).any(glob)));
    }
    let stem = take(&|library| {
        let rest = library.name.strip_prefix(wanted.text);
        rest.is_some_and(|rest| rest.starts_with(".so"))
    });
    let different: BTreeSet<&str> = stem
        .iter()
        .map(|&at| &*subject.libraries[at].name)
        .collect();
    match different.len() {
        0 | 1 => Ok(stem),
        _ => Err(different.into_iter().map(str::to_owned).collect()),
    }
}

fn names(library: &Library) -> impl Iterator<Item = &str> {
    let others = [
        library.soname.as_deref(),
        library.path.as_deref(),
        library.real_path.as_deref(),
    ];
    let others = others.into_iter().flatten();
    std::iter::once(&*library.name).chain(others)
}

/// A chain on its way up: the entries from the top down to the library.
struct Chain {
    entry: usize,
    below: Option<Rc<Chain>>,
}

impl Chain {
    fn entries(&self) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(self), |chain| chain.below.as_deref()).map(|chain| chain.entry)
    }
}

/// Why the entry at `index` is in the graph of `subject`. An index that is none gives
/// nothing.
#[must_use]
pub fn explain(subject: &Subject, index: usize) -> Option<Answer> {
    let library = subject.libraries.get(index)?.clone();
    let mut chains: Vec<Vec<Step>> = Vec::new();
    let (mut more_chains, mut work) = (0, 0);
    let mut queue = VecDeque::from([Rc::new(Chain {
        entry: index,
        below: None,
    })]);
    // Breadth first: shorter chains are whole before longer ones.
    while let Some(chain) = queue.pop_front() {
        if work > MAX_WORK {
            break;
        }
        let top = &subject.libraries[chain.entry];
        let preloaded = top.needed_by.is_empty().then(|| Rc::from(&*subject.path));
        for requester in top
            .needed_by
            .iter()
            .map(|by| by.to_string())
            .chain(preloaded.map(|path: Rc<str>| path.to_string()))
        {
            work += 1;
            // The program may be there as a library of its own libraries too.
            let is_program = requester == subject.program();
            let above = entries_at(subject, &requester).filter(|_| !is_program);
            let mut above = above.peekable();
            if above.peek().is_none() {
                match chains.len() < MAX_CHAINS {
                    true => chains.push(steps(subject, &requester, &chain)),
                    false => more_chains += 1,
                }
            }
            for entry in above {
                if chain.entries().all(|known| known != entry) {
                    queue.push_back(Rc::new(Chain {
                        entry,
                        below: Some(Rc::clone(&chain)),
                    }));
                }
            }
        }
    }
    Some(Answer {
        target: subject.target,
        subject: subject.path.clone(),
        subject_b64: subject.path_b64.clone(),
        library,
        chains,
        more_chains,
        uncounted: !queue.is_empty(),
    })
}

/// The entries that led to the file `path` first: what else was satisfied by it came later.
fn entries_at<'s>(subject: &'s Subject, path: &'s str) -> impl Iterator<Item = usize> + 's {
    let entries = subject.libraries.iter().enumerate();
    let is_it = move |(_, library): &(usize, &Library)| library.path.as_deref() == Some(path);
    entries.filter(is_it).map(|(at, _)| at).take(1)
}

fn steps(subject: &Subject, root: &str, chain: &Chain) -> Vec<Step> {
    let mut object = root.to_owned();
    let mut steps = Vec::new();
    for entry in chain.entries() {
        let library = &subject.libraries[entry];
        let step = Step {
            object,
            needs: (*library.name).to_owned(),
            path: library.path.as_deref().map(str::to_owned),
            found_by: library.found_by,
            rule_object: library.rule_object.clone(),
        };
        object = library.path.as_deref().unwrap_or_default().to_owned();
        steps.push(step);
    }
    steps
}

/// The JSON Schema of [`Report`], with [`WhyReport`] and [`ExplainReport`] among its
/// definitions.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut generator = schemars::SchemaGenerator::default();
    let _ = generator.subschema_for::<WhyReport>();
    let _ = generator.subschema_for::<ExplainReport>();
    generator.into_root_schema_for::<Report>().to_value()
}
