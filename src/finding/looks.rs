//! What the first bytes of a file give away that is no program for Linux.

use super::quote;
use crate::path::TargetPath;

/// How far the name of the first member of a JSON object is looked for.
const KEY_WITHIN: usize = 256;

/// What a file looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Looks {
    LfsPointer,
    Html,
    Xml,
    Json,
    HttpError,
    JavaClass,
    MachO,
    Windows,
    Gzip,
    Zstd,
    Zip,
}

/// What the first bytes of a file that cannot run give away.
pub(super) fn looks_like(head: &[u8]) -> Option<Looks> {
    let starts = |with: &[u8]| head.starts_with(with);
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    let begins = |with: &[u8]| {
        let start = text.get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    Some(if starts(b"version https://git-lfs") {
        Looks::LfsPointer
    } else if begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") {
        Looks::Html
    } else if begins(b"<?xml") || begins(b"<error>") {
        Looks::Xml
    } else if is_json(text) {
        Looks::Json
    } else if is_http_error(text) {
        Looks::HttpError
    } else if starts(b"\xca\xfe\xba\xbe") {
        fat_or_class(head)
    } else if [
        &b"\xcf\xfa\xed\xfe"[..],
        b"\xce\xfa\xed\xfe",
        b"\xfe\xed\xfa\xcf",
        b"\xfe\xed\xfa\xce",
        b"\xca\xfe\xba\xbf",
    ]
    .into_iter()
    .any(starts)
    {
        Looks::MachO
    } else if starts(b"MZ") {
        Looks::Windows
    } else if starts(b"\x1f\x8b") {
        Looks::Gzip
    } else if starts(b"\x28\xb5\x2f\xfd") {
        Looks::Zstd
    } else if starts(b"PK\x03\x04") {
        Looks::Zip
    } else {
        return None;
    })
}

/// Both begin with the same word. In the second word a Mach-O file for several machines
/// has their number (`mach-o/fat.h`), and a class file its version, minor and major, of
/// which the first Java had 45 (The Java Virtual Machine Specification, 4.1).
fn fat_or_class(head: &[u8]) -> Looks {
    const FIRST_JAVA: u32 = 45;
    let word = head.get(4..8).and_then(|word| word.try_into().ok());
    match word.map(u32::from_be_bytes) {
        Some(word) if word >= FIRST_JAVA => Looks::JavaClass,
        _ => Looks::MachO,
    }
}

/// An object with a name in it, or a list of objects. `{ echo; }` is a shell's.
fn is_json(text: &[u8]) -> bool {
    let text = match text.strip_prefix(b"[") {
        Some(list) => list.trim_ascii_start(),
        None => text,
    };
    let Some(object) = text.strip_prefix(b"{") else {
        return false;
    };
    let Some(name) = object.trim_ascii_start().strip_prefix(b"\"") else {
        return false;
    };
    let name = &name[..name.len().min(KEY_WITHIN)];
    match name.iter().position(|&byte| byte == b'"') {
        Some(end) => name[end + 1..].trim_ascii_start().starts_with(b":"),
        None => false,
    }
}

/// What servers say instead of a file: `404: Not Found`, `404 page not found`,
/// `Not Found`.
fn is_http_error(text: &[u8]) -> bool {
    const CLOUDFLARES: &[u8] = b"error code: ";
    const PHRASES: [&[u8]; 4] = [
        b"not found",
        b"forbidden",
        b"unauthorized",
        b"access denied",
    ];
    let line = text.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default().trim_ascii();
    if PHRASES.iter().any(|p| line.eq_ignore_ascii_case(p)) {
        return true;
    }
    // Cloudflare's: `error code: 1010`.
    let start = line.get(..CLOUDFLARES.len());
    if start.is_some_and(|start| start.eq_ignore_ascii_case(CLOUDFLARES)) {
        let number = &line[CLOUDFLARES.len()..];
        return !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    }
    let [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', rest @ ..] = line else {
        return false;
    };
    let phrase = rest.strip_prefix(b":").unwrap_or(rest);
    let [b' ', phrase @ ..] = phrase else {
        return false;
    };
    let is_word = |byte: &u8| byte.is_ascii_alphabetic() || b" '-.".contains(byte);
    !phrase.is_empty() && phrase.iter().all(is_word)
}

/// Whether a zip archive is one that Java starts.
pub(super) fn is_jar(path: &TargetPath) -> bool {
    path.file_name().ends_with(b".jar")
}

impl Looks {
    /// For a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Looks::LfsPointer => "a Git LFS pointer",
            Looks::Html => "an HTML page",
            Looks::Xml => "an XML document",
            Looks::Json => "a JSON document",
            Looks::HttpError => "a server's error message",
            Looks::JavaClass => "a Java class",
            Looks::MachO => "a Mach-O file",
            Looks::Windows => "a Windows program",
            Looks::Gzip => "gzip data",
            Looks::Zstd => "zstd data",
            Looks::Zip => "a zip archive",
        }
    }

    /// How one comes by the program instead of the file at `path`: when, what to do, and
    /// what to write.
    pub(super) fn remedy(
        self,
        path: &TargetPath,
    ) -> (Option<&'static str>, &'static str, Option<String>) {
        const AGAIN: &str = "download it again, and fail where that fails";
        let curl = Some("curl -fL -o …".to_owned());
        match self {
            Looks::LfsPointer => (
                None,
                "fetch the file that it stands for",
                Some("git lfs pull".to_owned()),
            ),
            Looks::Html | Looks::HttpError => (None, AGAIN, curl),
            Looks::Xml | Looks::Json => (Some("it was downloaded"), AGAIN, curl),
            Looks::JavaClass => (
                None,
                "let Java start it, by the class's whole name",
                Some("ENTRYPOINT [\"java\", \"-cp\", …]".to_owned()),
            ),
            Looks::Zip if is_jar(path) => {
                let name = quote::json(path.as_bytes());
                let line = format!("ENTRYPOINT [\"java\", \"-jar\", {name}]");
                (None, "let Java start it", Some(line))
            }
            Looks::Gzip | Looks::Zstd | Looks::Zip => (None, "unpack it first", None),
            Looks::MachO | Looks::Windows => (
                None,
                "build it for Linux, and keep the host's builds out",
                Some("GOOS=linux go build   (and a .dockerignore)".to_owned()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_file_is() {
        let cases: [(&[u8], Option<Looks>); 22] = [
            (b"error code: 1010", Some(Looks::HttpError)),
            (b"error code: none", None),
            (b"404: Not Found", Some(Looks::HttpError)),
            (b"404 page not found\n", Some(Looks::HttpError)),
            (b"Not Found", Some(Looks::HttpError)),
            (b"503 Service Unavailable\n", Some(Looks::HttpError)),
            (b"404=x\n", None),
            (b"404 >log; echo $?\n", None),
            (b"<!doctype html>\n", Some(Looks::Html)),
            (b"\n  <!DOCTYPE HTML PUBLIC", Some(Looks::Html)),
            (b"<html>", Some(Looks::Html)),
            (b"<?xml version=\"1.0\"?>", Some(Looks::Xml)),
            (b"{\"message\":\"Not Found\"}", Some(Looks::Json)),
            (b"{\n  \"errors\": []", Some(Looks::Json)),
            (b"{ \"$1\" --help; }\n", None),
            (b"[ \"$x\" = y ] && exit\n", None),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", Some(Looks::JavaClass)),
            (b"\xca\xfe\xba\xbe\0\x03\0\x2d", Some(Looks::JavaClass)),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", Some(Looks::MachO)),
            (b"\xcf\xfa\xed\xfe", Some(Looks::MachO)),
            (b"PK\x03\x04", Some(Looks::Zip)),
            (b"echo hi\n", None),
        ];
        for (head, expected) in cases {
            assert_eq!(looks_like(head), expected, "{}", head.escape_ascii());
        }
    }
}
