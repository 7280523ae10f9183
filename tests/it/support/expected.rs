//! What a step should print, as text, and the same for what was seen.
//!
//! A tree as `-o tree` prints it, its first line reduced to the path; then one
//! line for the outcome, `| ` before each further line of a message; then,
//! where the wording of a runtime or a shell matters, `runc: …`, `crun: …`, `sh: …`.
//! Without a tree only the rest is compared. The reason after ` unusable: ` is left out:
//! the outcome has it word for word.
//!
//! ```text
//! /app/exe
//! └── liba.so => not found
//! exit 127: /app/exe: error while loading shared libraries: liba.so: cannot open …
//! ```
//!
//! The outcome is one of `starts`, `starts as [argv0][argv1]`, `starts, saying TEXT`,
//! `exec: ERRNO`, `exit STATUS: TEXT`, `signal NAME` and `unknown`.

use std::fmt;

/// One expectation.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Lines without their common indentation; empty for "any tree".
    pub(crate) tree: Vec<String>,
    pub(crate) outcome: Outcome,
    /// The arguments that the started program sees, each in brackets.
    pub(crate) argv: Option<String>,
    /// Who says it, and what its text contains.
    pub(crate) reported: Vec<(String, String)>,
}

/// How the start of a program ended, as anyone outside sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub(crate) unknown: bool,
    pub(crate) errno: Option<String>,
    /// Never 0: that is a program that started.
    pub(crate) exit_status: Option<i64>,
    pub(crate) signal: Option<String>,
    /// Everything on standard error, without the last newline.
    pub(crate) message: String,
}

/// One library of the trace: the name that asked for it, and the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Library {
    pub(crate) name: String,
    pub(crate) path: Option<String>,
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} => {}",
            self.name,
            self.path.as_deref().unwrap_or("not found")
        )
    }
}

impl Outcome {
    /// The program runs.
    pub(crate) fn starts(&self) -> bool {
        !self.unknown && self.errno.is_none() && self.exit_status.is_none() && self.signal.is_none()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, colon) = match (self, &self.errno, self.exit_status, &self.signal) {
            (Self { unknown: true, .. }, ..) => ("unknown".to_owned(), ", saying "),
            (_, Some(errno), ..) => (format!("exec: {errno}"), ", saying "),
            (_, _, Some(status), _) => (format!("exit {status}"), ": "),
            (.., Some(signal)) => (format!("signal {signal}"), ", saying "),
            _ => ("starts".to_owned(), ", saying "),
        };
        f.write_str(&head)?;
        if self.message.is_empty() {
            return Ok(());
        }
        write!(f, "{colon}{}", self.message.replace('\n', "\n| "))
    }
}

impl Expected {
    /// Reads the text; what it does not understand is a mistake in the test.
    pub(crate) fn parse(text: &str) -> Self {
        let mut lines = without_indentation(text).into_iter().peekable();
        let mut tree = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(['/', '│', '├', '└', ' ']))
        {
            tree.push(line);
        }
        let head = lines
            .next()
            .unwrap_or_else(|| panic!("no outcome in:\n{text}"));
        let mut expected = Self {
            tree,
            outcome: Outcome::default(),
            argv: None,
            reported: Vec::new(),
        };
        expected.read_outcome(&head);
        for line in lines {
            if let Some(more) = line.strip_prefix("| ") {
                expected.outcome.message.push('\n');
                expected.outcome.message.push_str(more);
            } else if let Some((by, said)) = line.split_once(": ")
                && ["runc", "crun", "sh"].contains(&by)
            {
                expected.reported.push((by.to_owned(), said.to_owned()));
            } else {
                panic!("`{line}` is no line of an expectation");
            }
        }
        expected
    }

    fn read_outcome(&mut self, head: &str) {
        let outcome = &mut self.outcome;
        let (head, said) = match head.split_once(", saying ") {
            Some((head, said)) => (head, said),
            None => (head, ""),
        };
        outcome.message = said.to_owned();
        if let Some(errno) = head.strip_prefix("exec: ") {
            outcome.errno = Some(errno.to_owned());
        } else if let Some(signal) = head.strip_prefix("signal ") {
            outcome.signal = Some(signal.to_owned());
        } else if let Some(rest) = head.strip_prefix("exit ") {
            let (status, said) = rest.split_once(": ").unwrap_or((rest, ""));
            outcome.exit_status = Some(status.parse().unwrap());
            outcome.message = said.to_owned();
        } else if let Some(argv) = head.strip_prefix("starts as ") {
            self.argv = Some(argv.to_owned());
        } else if head == "unknown" {
            outcome.unknown = true;
        } else {
            assert_eq!(head, "starts", "an outcome");
        }
    }

    /// Whether the report goes on behind a file at which the loader stops.
    pub(crate) fn goes_on_after_the_end(&self) -> bool {
        self.tree.iter().any(|line| line.ends_with(" unusable"))
    }

    /// What the tree says was found or not found, sorted; links to what is loaded left out.
    pub(crate) fn libraries(&self) -> Vec<Library> {
        let mut all: Vec<Library> = self
            .tree
            .iter()
            .skip(1)
            .filter_map(|line| library(line))
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

fn library(line: &str) -> Option<Library> {
    let line = line.trim_start_matches(['│', '├', '└', '─', ' ', '\u{a0}']);
    let passed_over = ["[already loaded]", "[interpreter]", "[loader]"];
    if passed_over.iter().any(|label| line.ends_with(label)) || line.ends_with(" unusable") {
        return None;
    }
    let (name, rest) = line.split_once(" => ").unwrap_or((line, line));
    let path = rest.split_once(" [").map_or(rest, |(path, _)| path);
    let path = (path != "not found").then(|| path.to_owned());
    Some(Library {
        name: name
            .split_once(" [")
            .map_or(name, |(name, _)| name)
            .to_owned(),
        path,
    })
}

/// The indentation of the first line is taken from all.
fn without_indentation(text: &str) -> Vec<String> {
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .peekable();
    let indentation = lines
        .peek()
        .map_or(0, |line| line.len() - line.trim_start().len());
    lines
        .map(|line| {
            line.get(indentation..)
                .unwrap_or_else(|| line.trim_start())
                .to_owned()
        })
        .collect()
}

#[test]
fn an_expectation_is_read_and_shown_alike() {
    for text in [
        "starts",
        "exec: ENOENT",
        "exit 127: a: b\n| c",
        "signal SIGBUS",
        "starts, saying x\n| y",
        "unknown",
    ] {
        assert_eq!(Expected::parse(text).outcome.to_string(), text);
    }
    let expected = Expected::parse(
        "
        /app/exe
        ├── liba.so => /x/liba.so [rpath]
        │   └── libb.so => not found
        └── libc.so => /x/liba.so [already loaded]
        starts as [/a][b c]
        runc: exec /app/exe: no such file or directory
        ",
    );
    let shown: Vec<String> = expected
        .libraries()
        .iter()
        .map(Library::to_string)
        .collect();
    assert_eq!(shown, ["liba.so => /x/liba.so", "libb.so => not found"]);
    assert_eq!(expected.argv.as_deref(), Some("[/a][b c]"));
    assert_eq!(expected.reported.len(), 1);
}
