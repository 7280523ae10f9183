//! What `env` makes of what a `#!` line hands it: the kernel is content with `env`.

use std::rc::Rc;

use super::command_line::{Asks, split};
use super::{Case, Code, Draft, fingerprint, install, near, quote, quoted, script};
use crate::bytes::Shown;
use crate::errno::Errno;
use crate::kernel::{End, Script, Shebang};
use crate::outcome;
use crate::path::{TargetPath, file_name, parent};
use crate::report::{Finding, Fix, Outcome, ReportError};
use crate::runtime::env::{Asked, BadOption, Flavour, Wanted};

/// What becomes of a `#!` line that names `env`.
pub(crate) struct OfEnv {
    /// What is asked of it.
    pub(crate) asked: Asked,
    pub(crate) flavour: Flavour,
    /// The lists of directories of which it goes through one without a PATH.
    pub(crate) default_paths: &'static [&'static [u8]],
    pub(crate) end: EnvEnd,
}

/// What `env` comes to execute.
pub(crate) enum EnvEnd {
    /// It is not known, or nothing to be asked.
    Unknown,
    /// There is no such file.
    Nowhere,
    /// A file that led to this `env` itself.
    Circle(TargetPath),
    /// This one.
    File(Rc<EnvProgram>),
}

/// A program that `env` executes, or would.
pub(crate) struct EnvProgram {
    pub(crate) path: TargetPath,
    /// It does not start.
    pub(crate) fails: bool,
    /// What would be seen of it, in the words of this `env`.
    pub(crate) outcome: Outcome,
    /// Its errors, in the same words.
    pub(crate) findings: Vec<Finding>,
    /// What could not be looked at.
    pub(crate) errors: Vec<ReportError>,
}

impl OfEnv {
    /// What could not be looked at on the way to what `env` executes.
    pub(crate) fn errors(&self) -> &[ReportError] {
        match &self.end {
            EnvEnd::File(program) => &program.errors,
            _ => &[],
        }
    }

    /// What this `env` writes where it cannot execute `name`, as a line of evidence.
    pub(super) fn words(&self, shebang: &Shebang, name: &[u8], errno: Errno) -> Option<String> {
        let words = outcome::env_words(self.flavour, &shebang.interpreter, name, errno);
        words.map(|words| format!("at run time: {words}"))
    }

    /// The end of a program that fails without a finding of its own: it is that of the
    /// script.
    pub(crate) fn end(&self) -> Option<&Outcome> {
        match &self.end {
            EnvEnd::File(program) if program.fails && program.findings.is_empty() => {
                Some(&program.outcome)
            }
            _ => None,
        }
    }

    /// Whether the program that is asked for is looked for in `directory`.
    pub(super) fn looks_in(&self, directory: &[u8]) -> bool {
        let Asked::Program(wanted) = &self.asked else {
            return false;
        };
        let has = |path: &[u8]| {
            path.split(|&b| b == b':')
                .any(|element| element == directory)
        };
        match &wanted.path {
            Some(path) => has(path),
            None => self.default_paths.iter().all(|path| has(path)),
        }
    }

    /// Whether a carriage return at the end of the argument does any harm: `-S` takes it for
    /// a blank.
    pub(super) fn minds_carriage_return(&self) -> bool {
        match &self.asked {
            Asked::Program(wanted) => wanted.name.ends_with(b"\r"),
            Asked::BadOption(BadOption::Letter(letter)) => *letter == b'\r',
            // It is the end of the name.
            Asked::BadOption(BadOption::Named) => true,
            Asked::Itself | Asked::Unsure => false,
        }
    }
}

/// A program that `env` does not start.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let script = case.exec.scripts.last();
    let (Some(script), Some(env)) = (script, case.env) else {
        return;
    };
    // A carriage return is the cause then, and told already.
    let is_told = script.shebang.ends_in_cr() && env.minds_carriage_return();
    if case.exec.end != End::Starts || is_told {
        return;
    }
    let of = Of { case, script, env };
    match (&env.asked, &env.end) {
        (Asked::BadOption(option), _) => found.push(of.bad_option(*option)),
        (Asked::Itself, _) => found.push(of.itself()),
        (_, EnvEnd::Circle(path)) => found.push(of.circle(path)),
        (Asked::Program(wanted), EnvEnd::Nowhere) => found.push(of.nowhere(wanted)),
        (Asked::Program(wanted), EnvEnd::File(program)) => of.file(wanted, program, found),
        _ => {}
    }
}

/// A script that asks `env` for something.
struct Of<'c> {
    case: &'c Case<'c>,
    script: &'c Script,
    env: &'c OfEnv,
}

impl Of<'_> {
    fn draft(&self, code: Code, object: &[u8], message: String) -> Draft {
        Draft::new(self.case, code, object, message).evidence(self.line())
    }

    fn line(&self) -> String {
        format!(
            "{}:1: {}",
            self.script.path,
            Shown(&self.script.shebang.line)
        )
    }

    fn argument(&self) -> &[u8] {
        self.script.shebang.argument.as_deref().unwrap_or_default()
    }

    /// The line that lets `env` take its argument apart.
    fn split_line(&self) -> String {
        let interpreter = Shown(&self.script.shebang.interpreter);
        format!("#!{interpreter} -S {}", Shown(self.argument()))
    }

    fn bad_option(&self, option: BadOption) -> Finding {
        let path = self.script.path.as_bytes();
        let blank = match option {
            BadOption::Letter(letter) if letter > b' ' => return self.option_of_another(letter),
            BadOption::Letter(blank) => Some(blank),
            BadOption::Named => None,
        };
        let message = format!(
            "`{}` hands env {} as one argument, which is no option that env has",
            self.script.path,
            quoted(self.argument())
        );
        let draft = self
            .draft(Code::ShebangMalformed, path, message)
            .evidence("all that follows the interpreter is one argument")
            .also(blank.and_then(|blank| self.invalid_option(blank)));
        self.split_fix(draft).done()
    }

    /// What coreutils' env writes.
    fn invalid_option(&self, letter: u8) -> Option<String> {
        let is_known = self.env.flavour == Flavour::Coreutils;
        let own = Shown(&self.script.shebang.interpreter);
        let line = format!(
            "at run time: {own}: invalid option -- '{}'",
            Shown(&[letter])
        );
        is_known.then_some(line)
    }

    /// An option that no env has, or busybox's has not.
    fn option_of_another(&self, letter: u8) -> Finding {
        let path = self.script.path.as_bytes();
        let (whose, is_busybox) = match self.env.flavour {
            Flavour::Busybox => ("busybox's env", true),
            _ => ("env", false),
        };
        let message = format!(
            "`{}` hands env the option -{}, which {whose} does not have",
            self.script.path,
            Shown(&[letter])
        );
        let draft = self
            .draft(Code::ShebangMalformed, path, message)
            .also(self.invalid_option(letter));
        if is_busybox {
            let draft = self.direct(draft.also(self.is_busybox()));
            let program = self.split().into_iter().next();
            let is_there = program.is_none_or(|program| (self.case.in_path)(&program));
            let other = coreutils(self.case).filter(|_| is_there);
            return draft.remedy(other).done();
        }
        draft
            .fix(None, "leave it out, or put it behind the program", None)
            .done()
    }

    /// How one sees that this `env` is busybox's.
    fn is_busybox(&self) -> Option<String> {
        let own = Shown(&self.script.shebang.interpreter);
        let real = &self.case.exec.program.as_ref()?.real_path;
        Some(match file_name(real.as_bytes()).starts_with(b"busybox") {
            true => format!("{own} leads to {real}"),
            false => format!("{own} is the same file as /bin/busybox"),
        })
    }

    /// The fix by `-S`, where this `env` has it.
    fn split_fix(&self, draft: Draft) -> Draft {
        match self.env.flavour {
            Flavour::Busybox => self.direct(draft),
            _ => {
                let line = self.split_line();
                let program = self.split().into_iter().next();
                let lacks = program.filter(|program| !(self.case.in_path)(program));
                let text = match lacks {
                    Some(program) => {
                        let program = quoted(&program);
                        format!("let env split it, and bring {program}, which is not here")
                    }
                    None => "let env split it".to_owned(),
                };
                draft.fix(None, &text, Some(&line))
            }
        }
    }

    /// The program that env is to start, and its arguments, where there is nothing else in
    /// its own argument.
    fn split(&self) -> Vec<Vec<u8>> {
        let argument = self.argument();
        let argument = argument.strip_prefix(b"-S").unwrap_or(argument);
        let line = split(argument).filter(|line| line.asks == Asks::Nothing);
        let words = line.map(|line| line.words).unwrap_or_default();
        match words.first() {
            Some(first) if !first.starts_with(b"-") => words,
            _ => Vec::new(),
        }
    }

    /// The fix that leaves env out, which hands the kernel's one argument on.
    fn direct(&self, draft: Draft) -> Draft {
        let words = self.split();
        let line = match &words[..] {
            [name] => script::direct(self.case, name, None),
            [name, argument] => script::direct(self.case, name, Some(argument)),
            _ => None,
        };
        match line {
            Some((line, None)) => draft.fix(None, "name the interpreter itself", Some(&line)),
            Some((line, Some(command))) => {
                let text = format!("install the interpreter, and begin with `{line}`");
                draft.fix(None, &text, Some(&command))
            }
            None => draft.fix(
                None,
                "name the interpreter itself by its path, with one argument at most",
                None,
            ),
        }
    }

    /// Without a program `env` takes the next argument for it: the script.
    fn itself(&self) -> Finding {
        let path = self.script.path.as_bytes();
        let message = format!(
            "`{}` names no program for env, which then starts the script again and again",
            self.script.path
        );
        let draft = self.draft(Code::ShebangMalformed, path, message);
        let argument = self.argument();
        let is_one = argument.iter().any(|byte| matches!(byte, b' ' | b'\t'));
        match is_one && !argument.starts_with(b"-S") {
            true => {
                let draft = draft.evidence("all that follows the interpreter is one argument");
                self.split_fix(draft).done()
            }
            false => draft
                .fix(None, "name the interpreter", Some("#!/usr/bin/env NAME"))
                .done(),
        }
    }

    fn circle(&self, path: &TargetPath) -> Finding {
        let message = format!(
            "`{}` asks env for a program that leads back to it: {path}",
            self.script.path
        );
        self.draft(Code::ScriptChainTooLong, path.as_bytes(), message)
            .evidence("env starts it again and again, and nothing else ever")
            .fix(None, "name the interpreter by its path", None)
            .done()
    }

    fn nowhere(&self, wanted: &Wanted) -> Finding {
        let (case, name) = (self.case, &*wanted.name);
        let words = self.env.words(&self.script.shebang, name, Errno::NOENT);
        if name.is_empty() {
            let path = self.script.path.as_bytes();
            let message = format!("`{}` hands env an empty name", self.script.path);
            return self
                .draft(Code::ShebangMalformed, path, message)
                .also(words)
                .fix(None, "name the interpreter", Some("#!/usr/bin/env NAME"))
                .done();
        }
        let is_one = self.argument() == name && name.iter().any(|b| matches!(b, b' ' | b'\t'));
        if is_one {
            let message = format!(
                "`{}` asks env for a program called {}",
                self.script.path,
                quoted(name)
            );
            let draft = self
                .draft(Code::ShebangMalformed, self.script.path.as_bytes(), message)
                .evidence("all that follows the interpreter is one argument")
                .also(words);
            return self.split_fix(draft).done();
        }
        let where_not = match &wanted.path {
            _ if name.contains(&b'/') => "is not in this target".to_owned(),
            Some(path) if path.as_slice() != self.given_path() => {
                format!("is in no directory of the PATH {}", quoted(path))
            }
            Some(_) => "is in no directory of PATH".to_owned(),
            None => {
                let longest = self.env.default_paths.first().copied().unwrap_or_default();
                let looks = match self.env.default_paths.len() {
                    1 => "looks",
                    _ => "may look",
                };
                let longest = quoted(longest);
                format!("is in no directory of {longest}, where env {looks} without a PATH")
            }
        };
        let message = format!(
            "`{}` asks env for {}, which {where_not}",
            self.script.path,
            quoted(name)
        );
        let elsewhere = near::programs(&(case.near)(file_name(name)), name);
        let elsewhere = case.without_scripts(elsewhere);
        let draft = self
            .draft(Code::ShebangInterpMissing, name, message)
            .also(words);
        let told = elsewhere.iter().take(near::MAX_TOLD);
        let draft = told.fold(draft, |draft, path| {
            draft.evidence(format!("a program of that name: {path}"))
        });
        let started = |path: &&String| (case.starts)(path.as_bytes());
        match elsewhere.iter().find(started) {
            // It is found by its own path, and that is said there.
            Some(_) if name.contains(&b'/') => draft,
            Some(path) if wanted.path.as_deref() == Some(&self.given_path()) => {
                let directory = quote::value(parent(path.as_bytes()), ":$PATH");
                let snippet = format!("ENV PATH={directory}");
                draft.fix(None, "put its directory into PATH", Some(&snippet))
            }
            Some(path) => draft.fix(None, "name it by its path", Some(path)),
            None => draft,
        }
        .fixed_for(case, name)
        .done()
    }

    fn given_path(&self) -> Vec<u8> {
        let path = (self.case.variable)(b"PATH");
        path.unwrap_or_else(|| crate::runtime::DEFAULT_PATH.to_vec())
    }

    /// A file that does not start: what is wrong with it is wrong with the script.
    fn file(&self, wanted: &Wanted, program: &EnvProgram, found: &mut Vec<Finding>) {
        if !program.fails {
            return;
        }
        let name = &*wanted.name;
        let asks = format!(
            "`{}` asks env for {}: {}",
            self.script.path,
            quoted(name),
            program.path
        );
        for finding in &program.findings {
            let mut finding = finding.clone();
            finding.evidence.splice(..0, [self.line(), asks.clone()]);
            let object = finding.object.as_deref().unwrap_or_default();
            let subject = self.case.path.as_bytes();
            finding.fingerprint =
                fingerprint(&[finding.code.as_bytes(), subject, object.as_bytes()]);
            found.push(finding);
        }
    }
}

/// The fix that brings another `env` than busybox's.
fn coreutils(case: &Case<'_>) -> Option<Fix> {
    let manager = install::manager(case)?;
    Some(Fix {
        when: None,
        text: "or install the env of coreutils".to_owned(),
        snippet: Some(manager.command("coreutils")),
    })
}
