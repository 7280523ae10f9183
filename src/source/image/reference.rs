//! What the user wrote to name an image.
//!
//! A prefix is strict; anything else is a path, told apart by content. A name
//! after the last `@` picks one of several images in an archive.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::error::ImageError;
use crate::bytes::escape;

/// What an image was named as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// `scratch`: nothing at all.
    Scratch,
    /// `-`, or `-@NAME`: an archive on standard input.
    StandardInput {
        /// Which of several images in it.
        name: Option<String>,
    },
    /// What a client's `save` writes.
    Saved {
        /// Which client.
        client: Client,
        /// Its image.
        name: OsString,
    },
    /// A file or directory.
    Path {
        /// Where it is.
        path: PathBuf,
        /// What it must be.
        form: Form,
        /// Which of several images in it.
        name: Option<String>,
    },
}

/// A program that has images.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Client {
    /// `docker`
    Docker,
    /// `podman`
    Podman,
}

impl Client {
    /// The program's name.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Client::Docker => "docker",
            Client::Podman => "podman",
        }
    }
}

/// What a path must lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Whatever its content says.
    Any,
    /// `docker save`, or what looks like it.
    DockerArchive,
    /// An OCI layout in a tar.
    OciArchive,
    /// An OCI layout.
    OciDir,
    /// One layer or rootfs tarball.
    Layer,
    /// A rootfs.
    Directory,
}

const FORMS: [(&str, Form); 6] = [
    ("docker-archive:", Form::DockerArchive),
    ("oci-archive:", Form::OciArchive),
    ("oci-dir:", Form::OciDir),
    ("oci:", Form::OciDir),
    ("layer:", Form::Layer),
    ("dir:", Form::Directory),
];

impl Reference {
    /// Reads `text`; `exists` tells whether a path is there.
    ///
    /// # Errors
    /// Where it is neither a prefix that is known nor a path that exists; the
    /// text says what to type.
    pub fn parse(text: &OsStr, exists: impl Fn(&Path) -> bool) -> Result<Self, ImageError> {
        let bytes = text.as_bytes();
        match bytes {
            b"scratch" => return Ok(Reference::Scratch),
            b"-" => return Ok(Reference::StandardInput { name: None }),
            _ => {}
        }
        if let Some(name) = bytes.strip_prefix(b"-@") {
            let name = Some(String::from_utf8_lossy(name).into_owned());
            return Ok(Reference::StandardInput { name });
        }
        // An option that took the place of a name.
        if bytes.starts_with(b"-") {
            let text = escape(&text.to_string_lossy()).to_string();
            return Err(ImageError::usage(format!(
                "`{text}` is no image; a file of that name is `./{text}`"
            )));
        }
        for client in [Client::Docker, Client::Podman] {
            let name = bytes.strip_prefix(client.program().as_bytes());
            if let Some(name) = name.and_then(|rest| rest.strip_prefix(b":")) {
                // Both clients take an image's name by itself as well as a URL-like one.
                let name = name.strip_prefix(b"//").unwrap_or(name);
                if name.is_empty() || name.starts_with(b"-") {
                    let program = client.program();
                    return Err(ImageError::usage(format!(
                        "`{program}:` wants an image's name, such as {program}:alpine:3.20"
                    )));
                }
                let name = OsString::from_vec(name.to_vec());
                return Ok(Reference::Saved { client, name });
            }
        }
        for (prefix, form) in FORMS {
            if let Some(rest) = bytes.strip_prefix(prefix.as_bytes()) {
                let (path, name) = split_name(rest, &exists);
                return Ok(Reference::Path { path, form, name });
            }
        }
        let (path, name) = split_name(bytes, &exists);
        if exists(&path) {
            let form = Form::Any;
            return Ok(Reference::Path { path, form, name });
        }
        let text = text.to_string_lossy();
        let message = of_a_store(&text)
            .or_else(|| with_colon(&text, exists))
            .unwrap_or_else(|| unknown(&escape(&text)));
        Err(ImageError::usage(message))
    }
}

/// Splits `PATH@NAME`, unless a file has the whole of it as its name.
fn split_name(bytes: &[u8], exists: impl Fn(&Path) -> bool) -> (PathBuf, Option<String>) {
    let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
    let whole = path(bytes);
    let at = bytes.iter().rposition(|&b| b == b'@').filter(|&at| at > 0);
    match at {
        Some(at) if !exists(&whole) => {
            let name = String::from_utf8_lossy(&bytes[at + 1..]).into_owned();
            (path(&bytes[..at]), Some(name))
        }
        _ => (whole, None),
    }
}

/// What to type instead of skopeo's name of a client's store.
fn of_a_store(text: &str) -> Option<String> {
    const STORES: [(&str, Client); 2] = [
        ("docker-daemon:", Client::Docker),
        ("containers-storage:", Client::Podman),
    ];
    let of = |(prefix, client): &(&str, Client)| {
        let (name, program) = (escape(text.strip_prefix(prefix)?), client.program());
        Some(format!(
            "`{}`: stores are not read; ask the client:  imgldd -i {program}:{name}",
            escape(text)
        ))
    };
    STORES.iter().find_map(of)
}

/// What to type instead of `FILE:NAME`, where there is such a file.
fn with_colon(text: &str, exists: impl Fn(&Path) -> bool) -> Option<String> {
    let (path, name) = text.split_once(':')?;
    exists(Path::new(path)).then(|| {
        let (text, path, name) = (escape(text), escape(path), escape(name));
        format!(
            "`{text}`: no such file; of several images in one, name it so:  imgldd -i {path}@{name}"
        )
    })
}

/// What to type instead of something that is no file.
fn unknown(text: &str) -> String {
    let name = text.strip_prefix("registry:").unwrap_or(text);
    let name = name.strip_prefix("docker://").unwrap_or(name);
    let looks_like_path = text.starts_with(['/', '.']) || text.ends_with(".tar");
    if looks_like_path {
        return format!("`{text}`: no such file or directory");
    }
    format!(
        "`{text}`: no such file, and images are not fetched. If Docker has it:  imgldd -i docker:{name}\n\
         else fetch it first:  skopeo copy docker://{name} oci-archive:image.tar && imgldd -i image.tar"
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::{Client, Form, Reference};

    fn parse(text: &str) -> Result<Reference, String> {
        let there = ["app.tar", "odd@name.tar", "docker:odd"];
        Reference::parse(OsStr::new(text), |path| {
            there.iter().any(|known| path.as_os_str() == *known)
        })
        .map_err(|error| error.to_string())
    }

    fn path(path: &str, form: Form, name: Option<&str>) -> Result<Reference, String> {
        Ok(Reference::Path {
            path: PathBuf::from(path),
            form,
            name: name.map(str::to_owned),
        })
    }

    #[test]
    fn prefixes_are_strict_and_paths_are_told_by_content() {
        assert_eq!(parse("app.tar"), path("app.tar", Form::Any, None));
        assert_eq!(
            parse("app.tar@shop/api:1"),
            path("app.tar", Form::Any, Some("shop/api:1"))
        );
        assert_eq!(parse("odd@name.tar"), path("odd@name.tar", Form::Any, None));
        assert_eq!(parse("oci:dir"), path("dir", Form::OciDir, None));
        assert_eq!(parse("dir:root"), path("root", Form::Directory, None));
        assert_eq!(parse("scratch"), Ok(Reference::Scratch));
        let stdin = |name: Option<&str>| {
            Ok(Reference::StandardInput {
                name: name.map(str::to_owned),
            })
        };
        assert_eq!(parse("-"), stdin(None));
        assert_eq!(parse("-@shop/api:1"), stdin(Some("shop/api:1")));
        let docker = |name: &str| {
            Ok(Reference::Saved {
                client: Client::Docker,
                name: name.into(),
            })
        };
        assert_eq!(parse("docker:alpine:3.20"), docker("alpine:3.20"));
        assert_eq!(parse("docker://alpine"), docker("alpine"));
    }

    #[test]
    fn what_is_not_there_gets_the_line_to_type() {
        let text = parse("alpine:3.20").unwrap_err();
        assert!(text.contains("imgldd -i docker:alpine:3.20"), "{text}");
        let text = parse("app.tar:3.20").unwrap_err();
        assert!(text.ends_with("imgldd -i app.tar@3.20"), "{text}");
        let text = parse("containers-storage:localhost/shop:1").unwrap_err();
        assert!(
            text.ends_with("imgldd -i podman:localhost/shop:1"),
            "{text}"
        );
        let text = parse("./gone.tar").unwrap_err();
        assert!(text.contains("no such file"), "{text}");
        let text = parse("--all").unwrap_err();
        assert!(text.contains("is no image"), "{text}");
        // A client must not be handed an option.
        assert!(parse("docker:--help").is_err());
    }
}
