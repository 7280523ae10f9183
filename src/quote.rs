//! Names of files as they stand in a line that is to be typed or copied.

use crate::bytes::Shown;
use crate::path::file_name;

/// Whether a name is taken as it is by a shell and in a Dockerfile.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    !name.is_empty() && name.chars().all(plain)
}

/// A path as a word of a shell's line: in single quotes where anything in it means
/// something to a shell (POSIX.1 XCU 2.2), and never taken for an option.
pub(crate) fn word(path: &[u8]) -> String {
    match path.starts_with(b"-") {
        true => name(&[b"./", path].concat()),
        false => name(path),
    }
}

/// A name that is no path, such as a soname, as the value of an option: quoted as a
/// [`word`] is, and otherwise as it stands.
pub(crate) fn name(name: &[u8]) -> String {
    let name = text(name);
    match is_plain(&name) {
        true => name,
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

/// The last part of a path as a word of a shell's line.
pub(crate) fn file(path: &[u8]) -> String {
    word(file_name(path))
}

/// What follows `COPY` and its options: names, separated by blanks, or as JSON where one
/// of them has blanks. Quotes, dollars and backslashes have a backslash in front either
/// way, as BuildKit expands the words of both (`frontend/dockerfile/shell/lex.go`,
/// `processStopOn`). All but the last are patterns (Go's `path/filepath.Match`), in which a
/// class of one character stands for that character.
pub(crate) fn copied(names: &[&[u8]]) -> String {
    let last = names.len().saturating_sub(1);
    let written = |(index, name): (usize, &&[u8])| match index < last {
        true => escaped(&literal(&text(name))),
        false => escaped(&text(name)),
    };
    let names: Vec<String> = names.iter().enumerate().map(written).collect();
    copied_as(&names)
}

/// The same for all files whose paths begin with `beginning`.
pub(crate) fn copied_all(beginning: &[u8], to: &[u8]) -> String {
    let pattern = escaped(&literal(&text(beginning))) + "*";
    copied_as(&[pattern, escaped(&text(to))])
}

fn copied_as(names: &[String]) -> String {
    let has_blanks = |name: &String| name.contains(char::is_whitespace) || name.starts_with('[');
    if !names.iter().any(has_blanks) {
        return names.join(" ");
    }
    let of_json = |name: &String| {
        let name = name.replace('\\', r"\\").replace('"', "\\\"");
        format!("\"{name}\"")
    };
    let names: Vec<String> = names.iter().map(of_json).collect();
    format!("[{}]", names.join(", "))
}

/// The pattern that a name alone matches.
fn literal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '*' | '?' | '[' => out.extend(['[', c, ']']),
            _ => out.push(c),
        }
    }
    out
}

fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '\\' | '\'' | '"' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The value of a variable in `ENV`, or what follows `WORKDIR`: `directory`, and `rest`
/// behind it, which may name variables.
pub(crate) fn value(directory: &[u8], rest: &str) -> String {
    let directory = text(directory);
    match is_plain(&directory) {
        true => format!("{directory}{rest}"),
        // Between double quotes a single one is itself, and so would be its backslash.
        false => format!("\"{}{rest}\"", escaped(&directory).replace(r"\'", "'")),
    }
}

/// A word of the exec form, which is JSON and nothing is expanded in.
pub(crate) fn json(name: &[u8]) -> String {
    let name = text(name).replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{name}\"")
}

/// A name as text; what is none is escaped, as everywhere.
pub(crate) fn text(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => Shown(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_a_shell_would_split_or_expand_it() {
        let cases: [(&[u8], &str); 9] = [
            (b"/app/server-1.2", "/app/server-1.2"),
            (b"my entry.sh", "'my entry.sh'"),
            (b"it's.sh", r"'it'\''s.sh'"),
            (b"$HOME", "'$HOME'"),
            (b"a;b", "'a;b'"),
            (b"~x", "'~x'"),
            (b"-x", "./-x"),
            (b"-x y", "'./-x y'"),
            (b"", "''"),
        ];
        for (name, expected) in cases {
            assert_eq!(word(name), expected);
        }
        assert_eq!(word("größe".as_bytes()), "größe");
        assert_eq!(name(b"-x y"), "'-x y'");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a shell is what knows")]
    fn a_shell_gives_the_names_back() {
        for name in [
            "/a b", "it's", "$x", "`id`", "a\\", "*", "\"", "#", "!", "&",
        ] {
            let script = format!("printf %s {}", word(name.as_bytes()));
            let mut shell = std::process::Command::new("/bin/sh");
            let ran = shell.args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(ran.stdout).unwrap(), name);
        }
    }

    #[test]
    fn names_with_blanks_are_copied_by_json() {
        let copied = |name: &str| copied(&["a".as_bytes(), name.as_bytes()]);
        assert_eq!(copied("/app/b"), "a /app/b");
        assert_eq!(copied("/app/b c"), r#"["a", "/app/b c"]"#);
        assert_eq!(copied("/it's"), r"a /it\'s");
        let same = |name: &str| super::copied(&[name.as_bytes(), name.as_bytes()]);
        assert_eq!(same("/app/[slug]*"), "/app/[[]slug][*] /app/[slug]*");
        assert_eq!(copied("/it's $1"), r#"["a", "/it\\'s \\$1"]"#);
    }

    #[test]
    fn a_value_keeps_the_variables_behind_it() {
        assert_eq!(value(b"/opt/lib", ":$X"), "/opt/lib:$X");
        assert_eq!(value(b"/opt/my lib", ":$X"), r#""/opt/my lib:$X""#);
        assert_eq!(value(b"/opt/$lib", ""), r#""/opt/\$lib""#);
        assert_eq!(value(b"/it's", ""), r#""/it's""#);
    }
}
