//! Numbered cases: a fixture, what is started in it, what should happen.
//!
//! [`case!`] makes three tests of one case. `predicted` lays the fixture out
//! without a compiler and asks the binary. `alike` wants the same answer from
//! every kind of source. `real` (ignored unless asked for:
//! it needs root, gcc and the real loaders) builds real files, starts the
//! program in a chroot and holds both the expectation and the binary's
//! prediction against what really happened.

use std::fmt::Write as _;

use super::expected::Expected;
use super::fixture::Fixture;
use super::gcc::Gcc;
use super::realise::{Builder, Root, Synthetic, UnderRealLoader};
use super::reality::Seen;
use super::text::{utf8, words};
use super::{alike, cpu, imgldd};

/// Defines a case: its name (`case_NUMBER_sentence`) and its fixtures.
macro_rules! case {
    ($name:ident, $($given:expr),+ $(,)?) => {
        mod $name {
            #[allow(unused_imports, reason = "most cases need only `given`")]
            use super::*;

            fn case() -> $crate::support::case::Case {
                $crate::support::case::Case { name: stringify!($name), givens: vec![$($given),+] }
            }

            #[test]
            fn predicted() {
                case().predicted();
            }

            #[test]
            fn alike() {
                case().alike();
            }

            #[test]
            #[ignore = "needs root, gcc and a real loader"]
            fn real() {
                case().real();
            }
        }
    };
}
pub(crate) use case;

/// All fixtures of one case of the specification.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) givens: Vec<Given>,
}

/// One fixture and what is started in it, one after the other.
pub(crate) struct Given {
    fixture: String,
    runs: Vec<(String, String)>,
}

/// A fixture in the language of [`super::fixture`].
pub(crate) fn given(fixture: impl Into<String>) -> Given {
    Given {
        fixture: fixture.into(),
        runs: Vec::new(),
    }
}

impl Given {
    /// What is started, as [`Run::parse`] reads it, and what [`Expected::parse`] reads.
    pub(crate) fn run(mut self, run: impl Into<String>, expected: impl Into<String>) -> Self {
        self.runs.push((run.into(), expected.into()));
        self
    }
}

/// One start of a program: `LD_LIBRARY_PATH=/y workdir=/z user=12345:12345 no-proc /app/exe`.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) path: String,
    /// Words in capitals before `=`.
    pub(crate) env: Vec<(String, String)>,
    pub(crate) workdir: String,
    pub(crate) user: (u32, u32),
    /// `no-proc`: nothing is mounted on /proc.
    pub(crate) no_proc: bool,
    /// `symbols`: imgldd is to bind every symbol; the loader does what it does.
    pub(crate) symbols: bool,
    /// `cpu=LEVEL`; on a machine of a lower level the real test passes it over.
    pub(crate) cpu: Option<String>,
    pub(crate) platform: String,
    /// `interp=PATH`: the loader's name where musl's own `--list` should have another.
    pub(crate) musl_interp: Option<String>,
    /// `unreal='WHY'`: what no real loader of an ordinary machine can show.
    pub(crate) unreal: Option<String>,
}

impl Run {
    /// Reads one line of words.
    pub(crate) fn parse(text: &str) -> Self {
        let mut run = Self {
            path: String::new(),
            env: Vec::new(),
            workdir: "/".to_owned(),
            user: (0, 0),
            no_proc: false,
            symbols: false,
            cpu: None,
            platform: "linux/amd64".to_owned(),
            musl_interp: None,
            unreal: None,
        };
        for word in words(text) {
            let word = utf8(&word).to_owned();
            let pair = word.split_once('=').filter(|(key, _)| !key.contains('/'));
            match pair {
                Some((key, value)) if key.starts_with(|c: char| c.is_ascii_uppercase()) => {
                    run.env.push((key.to_owned(), value.to_owned()));
                }
                Some(("workdir", value)) => value.clone_into(&mut run.workdir),
                Some(("user", value)) => {
                    let (uid, gid) = value.split_once(':').expect("user=UID:GID");
                    run.user = (uid.parse().unwrap(), gid.parse().unwrap());
                }
                Some(("cpu", value)) => run.cpu = Some(value.to_owned()),
                Some(("platform", value)) => value.clone_into(&mut run.platform),
                Some(("interp", value)) => run.musl_interp = Some(value.to_owned()),
                Some(("unreal", value)) => run.unreal = Some(value.to_owned()),
                None if word == "no-proc" => run.no_proc = true,
                None if word == "symbols" => run.symbols = true,
                None if run.path.is_empty() => run.path = word,
                _ => panic!("`{word}` is no word of a run"),
            }
        }
        run
    }
}

/// What went wrong in a case, all of it.
struct Failures {
    case: &'static str,
    text: String,
}

impl Failures {
    fn note(&mut self, given: &Given, run: &str, what: &str, expected: &str, seen: &str) {
        let fixture: Vec<&str> = given
            .fixture
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        write!(
            self.text,
            "\n{}: {what}\nfixture\n  {}\nrun\n  {run}\nexpected\n  {}\nbut\n  {}\n",
            self.case,
            fixture.join("\n  "),
            expected.replace('\n', "\n  "),
            seen.replace('\n', "\n  "),
        )
        .unwrap();
    }

    fn finish(self) {
        assert!(self.text.is_empty(), "{}", self.text);
    }
}

impl Case {
    fn failures(&self) -> Failures {
        Failures {
            case: self.name,
            text: String::new(),
        }
    }

    fn skipped(&self, run: &str, why: &str) {
        eprintln!("{}: skipped `{run}`: {why}", self.name);
    }

    /// The binary against the expectation, on synthetic files.
    pub(crate) fn predicted(&self) {
        let mut failures = self.failures();
        for given in &self.givens {
            let Some(root) = self.laid_out(given) else {
                continue;
            };
            for (text, expected) in &given.runs {
                let run = Run::parse(text);
                let expected = Expected::parse(expected);
                compare_prediction(&mut failures, given, text, &root, &run, &expected);
            }
        }
        failures.finish();
    }

    /// The fixture without a compiler; `None` where we have not the right to make it.
    fn laid_out(&self, given: &Given) -> Option<Root> {
        let fixture = Fixture::parse(&given.fixture);
        if fixture.needs_root() && !rustix::process::geteuid().is_root() {
            self.skipped(&given.fixture, "only root can give a file to another user");
            return None;
        }
        Some(Root::new(&fixture, &Synthetic).unwrap())
    }

    /// Every kind of source against the directory.
    pub(crate) fn alike(&self) {
        let mut failures = self.failures();
        for given in &self.givens {
            let Some(root) = self.laid_out(given) else {
                continue;
            };
            let runs = given.runs.iter().map(|(text, _)| Run::parse(text));
            let (symbols, plain): (Vec<Run>, _) = runs.partition(|run| run.symbols);
            for (symbols, runs) in [(true, symbols), (false, plain)] {
                let ask = |filesystem| imgldd::ask_in_process(filesystem, &runs);
                if runs.is_empty() {
                    continue;
                }
                for difference in alike::differences(root.path(), symbols, &ask) {
                    let runs = runs.iter().map(|run| run.path.as_str());
                    let runs = runs.collect::<Vec<_>>().join(", ");
                    failures.note(given, &runs, "sources differ", "", &difference);
                }
            }
        }
        failures.finish();
    }

    /// The expectation and the binary against the real kernel and loader.
    pub(crate) fn real(&self) {
        assert!(rustix::process::geteuid().is_root(), "a chroot needs root");
        let mut failures = self.failures();
        for given in &self.givens {
            let fixture = Fixture::parse(&given.fixture);
            for builder in [&Gcc as &dyn Builder, &UnderRealLoader] {
                match Root::new(&fixture, builder) {
                    Ok(root) => self.really_run(
                        &mut failures,
                        given,
                        &fixture,
                        &root,
                        builder.is_compiler(),
                    ),
                    Err(why) => self.skipped(given.fixture.trim(), &why),
                }
            }
        }
        failures.finish();
    }

    /// Starts everything once. Of synthetic files only the end is compared with what was
    /// expected: files that nothing but this program ever judged would prove little.
    fn really_run(
        &self,
        failures: &mut Failures,
        given: &Given,
        fixture: &Fixture,
        root: &Root,
        compiled: bool,
    ) {
        for (text, expected) in &given.runs {
            let mut run = Run::parse(text);
            let expected = Expected::parse(expected);
            if let Some(why) = &run.unreal {
                if compiled {
                    self.skipped(text, why);
                }
                continue;
            }
            if let Err(why) = cpu::settle(&mut run.cpu) {
                self.skipped(text, &why);
                continue;
            }
            if !compiled && expected.outcome.signal.is_some() {
                continue;
            }
            let seen = Seen::look(root, &run, fixture, compiled);
            let expectation = seen.differs_from_expectation(&expected, compiled);
            let prediction = if compiled {
                seen.differs_from_prediction(root, &run)
            } else {
                Vec::new()
            };
            for difference in expectation.iter().chain(&prediction) {
                let what = if compiled {
                    difference.what.to_owned()
                } else {
                    format!("{} (synthetic files)", difference.what)
                };
                failures.note(given, text, &what, &difference.wanted, &difference.got);
            }
        }
    }
}

fn compare_prediction(
    failures: &mut Failures,
    given: &Given,
    text: &str,
    root: &Root,
    run: &Run,
    expected: &Expected,
) {
    let mut note =
        |what: &str, expected: &str, seen: &str| failures.note(given, text, what, expected, seen);
    let prediction = match imgldd::predict(root.path(), run) {
        Ok(prediction) => prediction,
        Err(why) => return note("no prediction", &expected.outcome.to_string(), &why),
    };
    if prediction.outcome != expected.outcome {
        note(
            "the outcome differs",
            &expected.outcome.to_string(),
            &prediction.outcome.to_string(),
        );
    }
    if !prediction.unexplained.is_empty() {
        note(
            "`explain` does not lead back from the words",
            "",
            &prediction.unexplained,
        );
    }
    if expected.argv.is_some() && prediction.argv != expected.argv {
        note(
            "the arguments differ",
            &format!("{:?}", expected.argv),
            &format!("{:?}", prediction.argv),
        );
    }
    for (by, wanted) in &expected.reported {
        let said: Vec<&str> = prediction
            .reported
            .iter()
            .filter(|(who, _)| who == by)
            .map(|(_, text)| text.as_str())
            .collect();
        if !said.iter().any(|text| text.contains(wanted.as_str())) {
            note(&format!("{by} would say"), wanted, &said.join("\n"));
        }
    }
    if !expected.tree.is_empty() {
        match imgldd::tree(root.path(), run) {
            Ok(tree) if tree == expected.tree => {}
            Ok(tree) => note(
                "the tree differs",
                &expected.tree.join("\n"),
                &tree.join("\n"),
            ),
            Err(why) => note("no tree", &expected.tree.join("\n"), &why),
        }
    }
    // A damaged or doomed program has a verdict; it is no failure of ours, and never a success.
    let code = prediction.exit_code;
    let judged = if expected.outcome.starts() || prediction.is_library {
        code == Some(0) || code == Some(1)
    } else {
        code == Some(1)
    };
    if !judged && !expected.outcome.unknown {
        note(
            "the exit code differs",
            "0 only for a program that starts, else 1",
            &format!("{code:?}"),
        );
    }
}
