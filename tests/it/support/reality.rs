//! What really happened, held against what was expected and what was predicted.

use super::case::Run;
use super::expected::{Expected, Library, Outcome};
use super::fixture::Fixture;
use super::imgldd;
use super::launch;
use super::loaders::Loader;
use super::realise::Root;

/// One start of a program by the real kernel and the real loader.
pub(crate) struct Seen {
    pub(crate) outcome: Outcome,
    stdout: String,
    /// What the loader listed, where it did.
    traced: Option<Vec<Library>>,
    is_musl: bool,
    /// The loader's name, as its listing has it.
    interp: String,
    /// Names that may be missing: only glibc's listing tells that they are.
    auxiliaries: Vec<String>,
}

/// Two things that should be equal.
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) wanted: String,
    pub(crate) got: String,
}

impl Seen {
    /// Starts the program, and asks the loader for its listing where `trace` says so.
    pub(crate) fn look(root: &Root, run: &Run, fixture: &Fixture, trace: bool) -> Self {
        let ended = launch::start(root.path(), run);
        let traced = match ended.outcome.errno {
            None if trace => launch::trace(root.path(), run, fixture),
            _ => None,
        };
        let usual = fixture.loader.as_ref().map_or("", Loader::interp);
        Self {
            outcome: ended.outcome,
            stdout: ended.stdout,
            traced,
            is_musl: matches!(fixture.loader, Some(Loader::Musl)),
            auxiliaries: fixture.auxiliaries(),
            interp: run.musl_interp.clone().unwrap_or_else(|| usual.to_owned()),
        }
    }

    /// Where a case is wrong about the world. `arguments`: the program prints them.
    pub(crate) fn differs_from_expectation(
        &self,
        expected: &Expected,
        arguments: bool,
    ) -> Vec<Difference> {
        let mut all = Vec::new();
        compare(
            &mut all,
            "reality is not as expected",
            &expected.outcome,
            &self.outcome,
        );
        if let (Some(argv), true) = (&expected.argv, arguments) {
            compare(
                &mut all,
                "the real arguments are not as expected",
                argv,
                &self.stdout,
            );
        }
        let is_listed = !expected.tree.is_empty() && !expected.goes_on_after_the_end();
        if let Some(traced) = self.traced.as_ref().filter(|_| is_listed) {
            // A tree has an order of its own, and the loader only where it is asked for.
            let mut traced = self.comparable(traced);
            traced.retain(|library| library.path.as_deref() != Some(&self.interp));
            traced.sort();
            traced.dedup();
            let wanted = self.comparable(&expected.libraries());
            compare(
                &mut all,
                "the real libraries are not as expected",
                &Listing(wanted),
                &Listing(traced),
            );
        }
        all
    }

    /// Where the binary is wrong about the same directory.
    pub(crate) fn differs_from_prediction(&self, root: &Root, run: &Run) -> Vec<Difference> {
        let mut all = Vec::new();
        let prediction = match imgldd::predict(root.path(), run) {
            Ok(prediction) => prediction,
            Err(got) => {
                let wanted = self.outcome.to_string();
                return vec![Difference {
                    what: "no prediction",
                    wanted,
                    got,
                }];
            }
        };
        compare(
            &mut all,
            "the prediction is not what really happens",
            &self.outcome,
            &prediction.outcome,
        );
        // Behind a file that stops the loader only the binary goes on.
        if let Some(traced) = self.traced.as_ref().filter(|_| !prediction.has_unusable) {
            let traced = Listing(self.comparable(traced));
            let predicted = Listing(self.comparable(&prediction.libraries));
            compare(
                &mut all,
                "the predicted libraries are not the real ones, in order",
                &traced,
                &predicted,
            );
        }
        all
    }

    /// Brings listings of the loader, the binary and a case to one form.
    fn comparable(&self, libraries: &[Library]) -> Vec<Library> {
        let own = |library: &Library| library.path.as_deref() == Some(&self.interp);
        libraries
            .iter()
            // musl lists what it finds, and itself at every name that it keeps for itself.
            .filter(|library| !self.is_musl || (library.path.is_some() && !own(library)))
            .filter(|library| library.path.is_some() || !self.auxiliaries.contains(&library.name))
            .map(|library| {
                // A name with a slash is listed as the path alone, and so is the loader;
                // one that is not found has the tokens in its folder expanded.
                let direct = library.name.contains('/') || own(library);
                let path = library.path.clone();
                let name = match &path {
                    Some(path) if direct => path.clone(),
                    None => library
                        .name
                        .rsplit('/')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                    _ => library.name.clone(),
                };
                Library { name, path }
            })
            .collect()
    }
}

#[derive(PartialEq)]
struct Listing(Vec<Library>);

impl std::fmt::Display for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Library::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

fn compare<T: PartialEq + std::fmt::Display>(
    all: &mut Vec<Difference>,
    what: &'static str,
    wanted: &T,
    got: &T,
) {
    if wanted != got {
        all.push(Difference {
            what,
            wanted: wanted.to_string(),
            got: got.to_string(),
        });
    }
}
