//! `imgldd explain`: the codes, a page, what an error text proves.

use std::ffi::OsString;
use std::io::{self, Read as _};

use imgldd::bytes::escape;
use imgldd::explain::{self, ExplainReport, MAX_TEXT, Recognised};
use imgldd::finding::Code;
use imgldd::render::{Explain, document};

use crate::args::Args;
use crate::{Failure, exit, output};

/// Answers; the status is 1 where neither a code nor a known text was given.
pub(crate) fn run(args: &Args, words: &[OsString]) -> Result<u8, Failure> {
    let mut outputs = output::answers(args)?;
    let text = match words {
        [] => None,
        [only] if only == "-" => Some(read()?),
        words => {
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            Some(words.join(" "))
        }
    };
    let answer = match &text {
        None => Answer::Codes,
        Some(text) => match explain::code(text.trim()) {
            Some(code) => Answer::Page(text, code),
            None => Answer::Text(text, explain::recognise(text)),
        },
    };
    for output in &mut outputs {
        match output.is_json {
            true => document(&mut output.out, &answer.document())?,
            false => answer.write(
                &mut output.out,
                Explain {
                    style: output.style,
                },
            )?,
        }
        output.out.flush()?;
    }
    Ok(match &answer {
        Answer::Text(_, found) if found.is_empty() => exit::BROKEN,
        _ => exit::FINE,
    })
}

/// What there is to say.
enum Answer<'t> {
    Codes,
    Page(&'t str, Code),
    Text(&'t str, Vec<Recognised>),
}

impl Answer<'_> {
    fn document(&self) -> ExplainReport {
        match self {
            Answer::Codes => ExplainReport::of_all(),
            Answer::Page(text, code) => ExplainReport::of_code(text, *code),
            Answer::Text(text, found) => ExplainReport::of_text(text, found),
        }
    }

    fn write(&self, out: &mut dyn io::Write, writer: Explain) -> io::Result<()> {
        match self {
            Answer::Codes => writer.codes(out),
            Answer::Page(_, code) => writer.page(out, *code),
            Answer::Text(text, found) if found.is_empty() => unknown(out, text),
            Answer::Text(text, found) => {
                writer.recognised(out, found, &explain::passed_on_by(text))
            }
        }
    }
}

fn read() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX);
    io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Nothing was recognised: what was looked for, and what is near.
fn unknown(out: &mut dyn io::Write, text: &str) -> io::Result<()> {
    /// The most that is repeated of what was given.
    const SHOWN: usize = 200;
    let text = text.trim();
    let shown: String = text.chars().take(SHOWN).collect();
    let dots = if shown.len() < text.len() { " ..." } else { "" };
    let is_word = !text.contains(char::is_whitespace);
    let what = if is_word {
        "no code and no error text"
    } else {
        "no error text"
    };
    writeln!(out, "`{}{dots}`: {what} that is known here", escape(&shown))?;
    let near = if is_word {
        explain::nearest(text)
    } else {
        Vec::new()
    };
    if !near.is_empty() {
        let near: Vec<String> = near
            .iter()
            .map(|code| format!("`{}`", code.word()))
            .collect();
        writeln!(out, "help: did you mean {}?", near.join(" or "))?;
    }
    let texts: usize = explain::patterns().map(|pattern| pattern.texts.len()).sum();
    writeln!(
        out,
        "looked for: {texts} texts of runc, crun, Docker, podman, gVisor, glibc, musl, qemu, Rosetta, shells, \
         env, systemd, Go, Python, Node, Java, .NET, Ruby and Rust"
    )?;
    writeln!(
        out,
        "help: `imgldd explain` lists the codes; give the line with the error whole, or the log: `imgldd explain - < LOG`"
    )
}
