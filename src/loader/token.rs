//! Dynamic string tokens: `$ORIGIN`, `$LIB`, `$PLATFORM`
//! (gABI chapter 5, "Substitution Sequences"; glibc `elf/dl-load.c:is_dst`,
//! `_dl_dst_substitute`).

use super::reason::{Reason, Secure};

/// What the tokens stand for in one object; `None` where the loader does not
/// know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    pub(super) origin: Option<&'a [u8]>,
    pub(super) lib: Option<&'a [u8]>,
    pub(super) platform: Option<&'a [u8]>,
    pub(super) secure: Option<Trust<'a>>,
}

/// What holds where the program gained rights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trust<'a> {
    /// The directories that are trusted.
    pub(super) trusted: &'a [Vec<u8>],
    /// The object is the program: an origin must lead to a trusted directory.
    pub(super) of_program: bool,
}

/// The longest text that tokens may expand to.
const MAX_EXPANSION: usize = 64 << 10;

/// Replaces the tokens in `text`. What is no token stays as it is.
///
/// # Errors
/// Why the text cannot be used.
pub(super) fn substitute(text: &[u8], tokens: Tokens<'_>) -> Result<Vec<u8>, Reason> {
    let mut out = Vec::with_capacity(text.len());
    let mut check_trusted = false;
    let mut at = 0;
    while at < text.len() {
        let plain = memchr::memchr(b'$', &text[at..]).unwrap_or(text.len() - at);
        if plain > 0 {
            out.extend_from_slice(&text[at..at + plain]);
            at += plain;
            continue;
        }
        let after = &text[at + 1..];
        let (value, length) = if let Some(length) = token(after, b"ORIGIN") {
            if let Some(secure) = tokens.secure {
                let ends = matches!(after.get(length), None | Some(b'/'));
                if at != 0 || !ends {
                    return Err(Reason::Secure(Secure::OriginNotFirst));
                }
                check_trusted = secure.of_program;
            }
            (tokens.origin, length)
        } else if let Some(length) = token(after, b"PLATFORM") {
            (tokens.platform, length)
        } else if let Some(length) = token(after, b"LIB") {
            (tokens.lib, length)
        } else {
            out.push(b'$');
            at += 1;
            continue;
        };
        out.extend_from_slice(value.ok_or(Reason::TokenWithoutValue)?);
        if out.len() > MAX_EXPANSION {
            return Err(Reason::ExpansionTooLong);
        }
        at += 1 + length;
    }
    match tokens.secure {
        Some(secure) if check_trusted && !is_trusted(&out, secure.trusted) => {
            Err(Reason::Secure(Secure::OriginNotTrusted))
        }
        _ => Ok(out),
    }
}

/// Whether a text has a token that would be replaced.
pub(super) fn has_token(text: &[u8]) -> bool {
    memchr::memchr_iter(b'$', text).any(|at| {
        let after = &text[at + 1..];
        [&b"ORIGIN"[..], b"PLATFORM", b"LIB"]
            .iter()
            .any(|name| token(after, name).is_some())
    })
}

/// The length of the token `name` at the start of `text`, which follows a `$`:
/// braces count, and without them no letter, digit or underscore may follow.
fn token(text: &[u8], name: &[u8]) -> Option<usize> {
    let curly = text.first() == Some(&b'{');
    let rest = if curly { &text[1..] } else { text };
    let rest = rest.strip_prefix(name)?;
    match (curly, rest.first()) {
        (true, Some(b'}')) => Some(name.len() + 2),
        (true, _) => None,
        (false, Some(next)) if next.is_ascii_alphanumeric() || *next == b'_' => None,
        (false, _) => Some(name.len()),
    }
}

/// Whether `path`, with its `.` and `..` cancelled as text, lies in one of the
/// directories (`elf/dl-load.c:is_trusted_path_normalize`).
fn is_trusted(path: &[u8], trusted: &[Vec<u8>]) -> bool {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|&b| b == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    let mut normal = b"/".to_vec();
    for name in names {
        normal.extend_from_slice(name);
        normal.push(b'/');
    }
    path.starts_with(b"/")
        && trusted
            .iter()
            .any(|directory| normal.starts_with(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Tokens<'_> = Tokens {
        origin: Some(b"/opt/app"),
        lib: Some(b"lib/x86_64-linux-gnu"),
        platform: None,
        secure: None,
    };

    #[test]
    fn tokens_end_at_a_brace_or_before_what_cannot_be_part_of_a_name() {
        let expand = |text: &[u8]| substitute(text, TOKENS);
        assert_eq!(expand(b"$ORIGIN/w"), Ok(b"/opt/app/w".to_vec()));
        assert_eq!(
            expand(b"/q${ORIGIN}w$LIB"),
            Ok(b"/q/opt/appwlib/x86_64-linux-gnu".to_vec())
        );
        for literal in [
            &b"$ORIGINAL/w"[..],
            b"${ORIGIN/w",
            b"$FOO/w",
            b"$ORIGIN_/w",
            b"$",
        ] {
            assert_eq!(expand(literal), Ok(literal.to_vec()));
            assert!(!has_token(literal));
        }
    }

    #[test]
    fn a_token_without_value_spoils_the_element() {
        assert_eq!(
            substitute(b"/x/$PLATFORM", TOKENS),
            Err(Reason::TokenWithoutValue)
        );
    }

    #[test]
    fn secure_mode_wants_origin_first_and_trusted() {
        let trusted = [b"/opt/".to_vec()];
        let secure = Some(Trust {
            trusted: &trusted,
            of_program: true,
        });
        let tokens = Tokens { secure, ..TOKENS };
        assert_eq!(substitute(b"$ORIGIN/w", tokens), Ok(b"/opt/app/w".to_vec()));
        let refused = |why| Err(Reason::Secure(why));
        assert_eq!(
            substitute(b"/x$ORIGIN/w", tokens),
            refused(Secure::OriginNotFirst)
        );
        assert_eq!(
            substitute(b"$ORIGIN/../../etc", tokens),
            refused(Secure::OriginNotTrusted)
        );
    }
}
