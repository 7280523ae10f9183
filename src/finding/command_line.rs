//! A command that was written as a line, taken apart into the elements of an exec form.

/// What a line asks of a shell beyond taking it apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Asks {
    Nothing,
    /// Something in double quotes is expanded.
    Quoted,
    /// Something stands outside of quotes that means more than itself.
    Bare,
}

/// A line as a shell takes it apart.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) words: Vec<Vec<u8>>,
    pub(super) asks: Asks,
}

/// First words for which there is no program, or none that does the same.
const BUILTIN: [&[u8]; 29] = [
    b".",
    b":",
    b"!",
    b"alias",
    b"case",
    b"cd",
    b"command",
    b"eval",
    b"exec",
    b"exit",
    b"export",
    b"for",
    b"function",
    b"if",
    b"local",
    b"read",
    b"readonly",
    b"return",
    b"select",
    b"set",
    b"shift",
    b"source",
    b"time",
    b"trap",
    b"type",
    b"ulimit",
    b"umask",
    b"until",
    b"while",
];

/// Takes `line` apart by blanks and quotes (POSIX.1 XCU 2.2 and 2.3); `None` where a quote
/// is not closed.
pub(super) fn split(line: &[u8]) -> Option<Line> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut asks = Asks::Nothing;
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => {
                words.extend(word.take());
                continue;
            }
            b'\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match bytes.next()? {
                        b'\'' => break,
                        other => text.push(other),
                    }
                }
                continue;
            }
            b'"' => {
                let text = word.get_or_insert_default();
                loop {
                    match bytes.next()? {
                        b'"' => break,
                        b'\\' => match bytes.next()? {
                            b'\n' => {}
                            other => {
                                if !b"$`\"\\".contains(&other) {
                                    text.push(b'\\');
                                }
                                text.push(other);
                            }
                        },
                        other => {
                            if b"$`".contains(&other) {
                                asks = asks.max(Asks::Quoted);
                            }
                            text.push(other);
                        }
                    }
                }
                continue;
            }
            b'\\' => match bytes.next()? {
                b'\n' => continue,
                other => word.get_or_insert_default().push(other),
            },
            other => {
                let begins = word.is_none();
                let means_more = b"$`|&;<>()*?[{}\n\r".contains(&other)
                    || (begins && b"~#".contains(&other))
                    // An assignment stands before the program.
                    || (other == b'=' && words.is_empty());
                if means_more {
                    asks = Asks::Bare;
                }
                word.get_or_insert_default().push(other);
            }
        }
    }
    words.extend(word);
    let first = words.first().map(Vec::as_slice);
    // Of control characters nothing is written down.
    let has_control = words.iter().flatten().any(u8::is_ascii_control);
    if has_control || first.is_some_and(|first| BUILTIN.contains(&first)) {
        asks = Asks::Bare;
    }
    Some(Line { words, asks })
}

/// The elements of a list in brackets that is no JSON: in quotes of any kind or none,
/// between commas or blanks. `None` where a quote is not closed, or something is glued to
/// it.
pub(super) fn elements(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let list = list.trim_ascii();
    let list = list.strip_prefix(b"[").unwrap_or(list);
    let mut rest = list.strip_suffix(b"]").unwrap_or(list);
    let mut all = Vec::new();
    let between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    loop {
        let blanks = rest.iter().take_while(|byte| between(byte)).count();
        rest = &rest[blanks..];
        if rest.is_empty() {
            return Some(all);
        }
        let Some((closing, after)) = opening(rest) else {
            let length = rest.iter().take_while(|byte| !between(byte)).count();
            let (word, after) = rest.split_at(length);
            all.push(word.to_vec());
            rest = after;
            continue;
        };
        let (word, after) = until(after, closing)?;
        if after.first().is_some_and(|byte| !between(byte)) {
            return None;
        }
        all.push(word);
        rest = after;
    }
}

/// A quote at the start of `text`, as what closes it, and what follows. Word processors
/// make others of plain ones.
fn opening(text: &[u8]) -> Option<(&'static [&'static str], &[u8])> {
    const QUOTES: [(&str, &[&str]); 6] = [
        ("'", &["'"]),
        ("\"", &["\""]),
        ("\u{201c}", &["\u{201d}", "\u{201c}"]),
        ("\u{201d}", &["\u{201d}"]),
        ("\u{2018}", &["\u{2019}", "\u{2018}"]),
        ("\u{2019}", &["\u{2019}"]),
    ];
    QUOTES.iter().find_map(|(quote, closing)| {
        let after = text.strip_prefix(quote.as_bytes())?;
        Some((*closing, after))
    })
}

/// What stands before the first of `closing`, and what follows it.
fn until<'t>(text: &'t [u8], closing: &[&str]) -> Option<(Vec<u8>, &'t [u8])> {
    let mut word = Vec::new();
    let mut rest = text;
    loop {
        if let Some(after) = closing.iter().find_map(|c| rest.strip_prefix(c.as_bytes())) {
            return Some((word, after));
        }
        let (first, after) = rest.split_first()?;
        rest = after;
        match (first, rest.first()) {
            (b'\\', Some(next @ (b'"' | b'\\'))) if closing.contains(&"\"") => {
                word.push(*next);
                rest = rest.get(1..)?;
            }
            (other, _) => word.push(*other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_as_by_a_shell() {
        let check = |line: &str, expected: &[&str], asks: Asks| {
            let split = split(line.as_bytes()).expect("quotes are closed");
            let words: Vec<&str> = split
                .words
                .iter()
                .map(|word| std::str::from_utf8(word).unwrap())
                .collect();
            assert_eq!((words, split.asks), (expected.to_vec(), asks), "{line}");
        };
        let plain = Asks::Nothing;
        check("/app/exe  --flag\tx", &["/app/exe", "--flag", "x"], plain);
        check(
            r#"x "a b" 'c "d"' e\ f "#,
            &["x", "a b", "c \"d\"", "e f"],
            plain,
        );
        check(r#"x "\"\a" '' --k=v"#, &["x", "\"\\a", "", "--k=v"], plain);
        check("x \"$A\"", &["x", "$A"], Asks::Quoted);
        check("x '$A' \"\\$B\"", &["x", "$A", "$B"], plain);
        for line in [
            "cd /app",
            "x && y",
            "x $PORT",
            "x ${PORT:-80}",
            "x *.txt",
            "A=b x",
            "x ~",
            "x #",
            "exec x",
            "x > y",
            "x `y`",
            "x {a,b}",
            "x\ny",
        ] {
            assert_eq!(
                split(line.as_bytes()).map(|l| l.asks),
                Some(Asks::Bare),
                "{line}"
            );
        }
        assert_eq!(split(b"x 'y"), None);
        assert_eq!(split(b"x \"y"), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a shell is what knows")]
    fn a_shell_agrees() {
        for line in [
            r#"x "a b" 'c "d"' e\ f"#,
            r#"x "\"\a\\" '' --k=v"#,
            "x a'b'\"c\"",
            "x a=b %",
        ] {
            let script = format!("x() {{ printf '%s\\n' x \"$@\"; }}; {line}");
            let mut shell = std::process::Command::new("/bin/sh");
            let ran = shell.args(["-c", &script]).output().unwrap();
            let ours = split(line.as_bytes()).unwrap();
            assert_eq!(ours.asks, Asks::Nothing);
            let ours: Vec<u8> = ours
                .words
                .iter()
                .flat_map(|w| [w, &b"\n"[..]].concat())
                .collect();
            assert_eq!(ran.stdout, ours, "{line}");
        }
    }

    #[test]
    fn a_list_that_is_no_json_is_read() {
        let check = |list: &str, expected: &[&str]| {
            let all = elements(list.as_bytes()).expect("quotes are closed");
            let all: Vec<_> = all.iter().map(|one| String::from_utf8_lossy(one)).collect();
            assert_eq!(all, expected, "{list}");
        };
        check("['/app', 'a, b']", &["/app", "a, b"]);
        check("[\"/app\" \"-x\"]", &["/app", "-x"]);
        check(
            "[curl,-f,http://localhost/]",
            &["curl", "-f", "http://localhost/"],
        );
        check(
            "[\u{201c}/app\u{201d}, \u{201c}-x\u{201d}]",
            &["/app", "-x"],
        );
        check(r#"["a\"b", "c\\d", "e\f"]"#, &["a\"b", "c\\d", "e\\f"]);
        check("['sh', '-c', 'echo \"$A\"',]", &["sh", "-c", "echo \"$A\""]);
        assert_eq!(elements(b"['/app', 'it's']"), None);
        assert_eq!(elements(b"['/app]"), None);
    }
}
