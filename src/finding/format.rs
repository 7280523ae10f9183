//! Findings about files that are neither ELF files nor scripts: what they are instead.

use super::looks::{Looks, is_jar, looks_like};
use super::{Case, Code, Draft, quote, script};
use crate::bytes::Shown;
use crate::elf::NotElf;
use crate::path::TargetPath;
use crate::report::{Finding, Fix};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// How many of a file's first bytes are shown.
const SHOWN: usize = 24;
/// How far a `#!` is looked for.
const SHEBANG_WITHIN: usize = 64;

/// What a file that the kernel does not know is instead, as far as its first bytes tell.
pub(super) struct Stranger {
    code: Code,
    pub(super) message: String,
    fix: Fix,
}

impl Stranger {
    /// Adds what makes a program of it.
    pub(super) fn fixed(self, draft: Draft) -> Draft {
        draft.remedy(Some(self.fix))
    }
}

/// A file that the kernel takes for nothing that it knows.
pub(super) fn finding(case: &Case<'_>, path: &TargetPath, what: &NotElf) -> Finding {
    let head = case.head;
    let stranger = stranger(case, path).unwrap_or_else(|| {
        let message = match what {
            NotElf::Empty => format!("`{path}` is empty"),
            NotElf::TooShort { .. } => format!("`{path}` is cut short: {what}"),
            NotElf::NoMagic => format!("`{path}` is neither an ELF file nor a script"),
        };
        not_executable(message, ("put the real program there", None))
    });
    let mut draft = Draft::new(
        case,
        stranger.code,
        path.as_bytes(),
        stranger.message.clone(),
    );
    if !head.is_empty() {
        draft = draft.evidence(format!("it begins with `{}`", beginning(head)));
    }
    if stranger.code == Code::ShebangMalformed {
        draft = draft.consequence(
            "a shell runs such a file as a script, which is why it works when it is typed",
        );
    }
    stranger.fixed(draft).seen(case).done()
}

/// What the first bytes of the file at the end of the way give away of it; `None` where it
/// is a script or an ELF file, or nothing that is known.
pub(super) fn stranger(case: &Case<'_>, path: &TargetPath) -> Option<Stranger> {
    let head = case.head;
    if head.starts_with(b"#!") || head.starts_with(b"\x7fELF") {
        return None;
    }
    if let Some(looks) = looks_like(head) {
        let what = match looks {
            Looks::Zip if is_jar(path) => "a Java archive",
            looks => looks.words(),
        };
        let (when, text, snippet) = looks.remedy(path);
        return Some(Stranger {
            code: Code::NotAnExecutable,
            message: format!("`{path}` is {what}, not a program for Linux"),
            fix: Fix {
                when: when.map(str::to_owned),
                text: text.to_owned(),
                snippet,
            },
        });
    }
    let shebang = {
        let mut pairs = head.windows(2).take(SHEBANG_WITHIN);
        pairs.position(|pair| pair == b"#!").map(|at| &head[at..])
    };
    if head.starts_with(BYTE_ORDER_MARK) && shebang.is_some() {
        let message =
            format!("`{path}` does not begin with `#!`: a byte order mark stands before it");
        let name = quote::file(path.as_bytes());
        let remove = format!(r"sed -i '1s/^\xef\xbb\xbf//' {name}");
        return Some(malformed(
            message,
            plain(("remove the byte order mark", Some(&remove))),
        ));
    }
    if let Some(shebang) = shebang {
        let message = format!("`{path}` does not begin with `#!`: other bytes stand before it");
        let line = shebang.split(|&byte| byte == b'\n').next();
        let line = Shown(line.unwrap_or_default().trim_ascii_end()).to_string();
        let is_whole = shebang.contains(&b'\n');
        let line = Some(&*line).filter(|_| is_whole);
        return Some(malformed(
            message,
            plain(("let its first two bytes be `#!`", line)),
        ));
    }
    is_text(head).then(|| {
        let message = format!("`{path}` is a text file without a `#!` line");
        malformed(message, script::beginning(case, path))
    })
}

fn malformed(message: String, fix: Fix) -> Stranger {
    Stranger {
        code: Code::ShebangMalformed,
        message,
        fix,
    }
}

fn not_executable(message: String, fix: (&str, Option<&str>)) -> Stranger {
    Stranger {
        code: Code::NotAnExecutable,
        message,
        fix: plain(fix),
    }
}

fn plain((text, snippet): (&str, Option<&str>)) -> Fix {
    Fix {
        when: None,
        text: text.to_owned(),
        snippet: snippet.map(str::to_owned),
    }
}

/// The first bytes as they are shown; a byte order mark, which nobody sees, as `sed` and
/// `od` have it.
fn beginning(head: &[u8]) -> String {
    let start = &head[..head.len().min(SHOWN)];
    match start.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => format!(r"\xef\xbb\xbf{}", Shown(rest)),
        None => Shown(start).to_string(),
    }
}

fn is_text(head: &[u8]) -> bool {
    !head.is_empty()
        && head
            .iter()
            .all(|&b| b >= 0x20 || matches!(b, b'\n' | b'\r' | b'\t'))
}
