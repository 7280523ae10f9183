//! `imgldd explain`: the codes, a page, what an error text proves.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};

use imgldd::bytes::escape;
use imgldd::explain::{self, MAX_TEXT};
use imgldd::render::{Explain, Style};

use crate::args::Args;
use crate::{Failure, exit, output};

/// Answers; the status is 1 where neither a code nor a known text was given.
pub(crate) fn run(args: &Args, words: &[OsString]) -> Result<u8, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let writer = Explain {
        style: Style {
            color: output::color(args),
            ascii: args.ascii,
        },
    };
    if words.is_empty() {
        writer.codes(&mut out)?;
        out.flush()?;
        return Ok(exit::FINE);
    }
    let text = match words {
        [only] if only == "-" => read()?,
        words => {
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            words.join(" ")
        }
    };
    if let Some(code) = explain::code(text.trim()) {
        writer.page(&mut out, code)?;
        out.flush()?;
        return Ok(exit::FINE);
    }
    let found = explain::recognise(&text);
    let by = explain::passed_on_by(&text);
    let status = match found.is_empty() {
        true => {
            unknown(&mut out, &text)?;
            exit::BROKEN
        }
        false => {
            writer.recognised(&mut out, &found, &by)?;
            exit::FINE
        }
    };
    out.flush()?;
    Ok(status)
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
