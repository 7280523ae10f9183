//! Fixes that follow from what is known of an ELF program and of the target.
//!
//! Tags and versions are those of the program's own toolchain and of the target's
//! own system, where they are known; no more than three fixes, the likeliest first.

use super::ecosystem::Brought;
use super::{Case, Draft, quote};
use crate::bytes::Shown;
use crate::elf::{Build, GoBuild, Object};
use crate::kernel::Program;
use crate::platform::Abi;
use crate::report::Libc;

/// Debian's releases as images are tagged: number and name.
const DEBIAN: [(&str, &str); 4] = [
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
];
/// The glibc of Debian 12, on which distroless images stand.
const DISTROLESS: (u32, u32) = (2, 36);
/// The glibc of Debian 13.
const NEWER: (u32, u32) = (2, 41);

/// What the build of a program lets one say.
pub(super) struct Known<'c> {
    case: &'c Case<'c>,
    object: &'c Object,
    build: Option<&'c Build>,
}

/// How a program came to be.
enum Origin<'c> {
    Go(&'c GoBuild),
    /// With the version of rustc, where it is known.
    Rust(Option<&'c str>),
    /// Brought by a package manager of a language, which has it for either libc.
    Packaged(&'static Brought),
    Unknown,
}

impl<'c> Known<'c> {
    pub(super) fn of(case: &'c Case<'c>, program: &'c Program) -> Known<'c> {
        Known {
            case,
            object: &program.object,
            build: case.build(),
        }
    }

    fn origin(&self) -> Origin<'c> {
        if let Some(go) = self.build.and_then(|build| build.go.as_ref()) {
            return Origin::Go(go);
        }
        if let Some(build) = self.build.filter(|build| build.is_rust()) {
            return Origin::Rust(build.rustc());
        }
        match Brought::of(self.case.path.as_bytes()) {
            Some(packaged) => Origin::Packaged(packaged),
            None => Origin::Unknown,
        }
    }

    /// Why the program is what it is, in brackets: `(Go 1.22, CGO_ENABLED=1, net)`.
    pub(super) fn because(&self) -> String {
        let mut facts = Vec::new();
        match self.origin() {
            Origin::Go(go) => {
                let version = go.version.as_deref().map(|version| {
                    let version = version.strip_prefix("go").unwrap_or(version);
                    format!("Go {}", Shown(version.as_bytes()))
                });
                facts.push(version.unwrap_or_else(|| "Go".to_owned()));
                for key in ["CGO_ENABLED", "-buildmode"] {
                    let value = go.settings.get(key).filter(|value| *value != "exe");
                    facts.extend(value.map(|value| format!("{key}={}", Shown(value.as_bytes()))));
                }
                facts.extend(go.imports.net.then(|| "net".to_owned()));
                facts.extend(go.imports.user.then(|| "os/user".to_owned()));
                let other: Vec<&str> = go.imports.other.iter().map(String::as_str).collect();
                if let [first, rest @ ..] = other.as_slice() {
                    let more = if rest.is_empty() { "" } else { ", …" };
                    facts.push(format!("C: {}{more}", Shown(first.as_bytes())));
                }
            }
            Origin::Rust(Some(version)) => {
                facts.push(format!("rustc {}", Shown(version.as_bytes())));
            }
            Origin::Rust(None) => facts.push("Rust".to_owned()),
            Origin::Packaged(_) | Origin::Unknown => {}
        }
        let is_libc = |name: &&[u8]| name.starts_with(b"libc.");
        if facts.is_empty()
            && let Some(name) = self.object.dynamic.needed().find(is_libc)
        {
            facts.push(format!("needs {}", Shown(name)));
        }
        let compiler = self.build.and_then(|build| build.comment.first());
        if let (Origin::Unknown, Some(compiler)) = (self.origin(), compiler) {
            facts.push(Shown(compiler).to_string());
        }
        match facts.is_empty() {
            true => String::new(),
            false => format!(" ({})", facts.join(", ")),
        }
    }

    /// Fixes for a program that was linked for another libc than the target has, or
    /// for any where it has none.
    pub(super) fn mend(&self, draft: Draft) -> Draft {
        let lines = [
            self.without_c(),
            self.on_the_same_libc(),
            self.statically(),
            self.another_base(),
        ];
        let lines = lines.into_iter().flatten().take(3).enumerate();
        let draft = lines.fold(draft, |draft, (index, line)| {
            let text = match index {
                0 => line.text.to_owned(),
                _ => format!("or {}", line.text),
            };
            draft.fix(line.when, &text, Some(&line.snippet))
        });
        match draft.finding.fixes.len() {
            0..3 => self.with_its_store(draft),
            _ => draft,
        }
    }

    /// What the other libc is, in words, where the target has one and the program wants the
    /// other.
    pub(super) fn of_other_libc(&self) -> Option<String> {
        let (own, other) = match (super::built_for(self.object), self.case.target.libc) {
            (Libc::Glibc, Libc::Musl) => ("glibc", "musl"),
            (Libc::Musl, Libc::Glibc) => ("musl", "glibc"),
            _ => return None,
        };
        let because = self.because();
        Some(format!(
            "and it is built for {own}{because}, the target is {other}"
        ))
    }

    /// Where the loader of its libc and ABI is, on ordinary systems.
    pub(super) fn standard_loader(&self) -> Option<String> {
        let abi = self.abi()?;
        Some(match super::built_for(self.object) {
            Libc::Musl => format!("/lib/ld-musl-{}.so.1", abi.musl),
            _ => (*abi.glibc_loaders.first()?).to_owned(),
        })
    }

    /// The line that makes the program name the loader `path`.
    pub(super) fn pointed_at(&self, path: &str) -> String {
        let program = quote::word(self.case.path.as_bytes());
        format!("patchelf --set-interpreter {path} {program}")
    }

    /// The loader that it names, unless that is the usual one.
    fn foreign_loader(&self) -> Option<&[u8]> {
        let interp = self.object.interp.as_ref()?.path();
        let abi = self.abi()?;
        let musl = format!("/lib/ld-musl-{}.so.1", abi.musl);
        let mut usual = abi.glibc_loaders.iter().copied().chain([&*musl]);
        let is_usual = usual.any(|path| path.as_bytes() == interp);
        (!is_usual).then_some(interp)
    }

    /// Adds that a program of a store is brought with the rest of the store.
    pub(super) fn with_its_store(&self, draft: Draft) -> Draft {
        const STORES: [(&str, &str); 2] = [
            ("/nix/store", "nix-store -qR FILE"),
            ("/gnu/store", "guix gc -R FILE"),
        ];
        let interp = self.foreign_loader().unwrap_or_default();
        let is_in = |(store, _): &&(&str, &str)| {
            let rest = interp.strip_prefix(store.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"/"))
        };
        let Some((store, lists)) = STORES.iter().find(is_in) else {
            return draft;
        };
        let text = "bring what it needs of the store with it";
        let text = match draft.finding.fixes.is_empty() {
            true => text.to_owned(),
            false => format!("or {text}"),
        };
        let snippet = format!("COPY --from=build {store} {store}   (what `{lists}` lists)");
        draft.fix(None, &text, Some(&snippet))
    }

    /// Fixes for a program that is for another CPU than the target.
    pub(super) fn for_platform(&self, draft: Draft) -> Draft {
        let platform = self.case.target.platform.as_ref();
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
        let platform = platform.filter(|p| plain(&p.os) && plain(&p.architecture));
        let Some(platform) = platform else {
            return draft;
        };
        let (os, architecture) = (&platform.os, &platform.architecture);
        let text = "build it for the target's platform";
        // C would need a compiler for the other CPU.
        let by_itself = match self.origin() {
            Origin::Go(go) if go.cgo() != Some(true) => {
                let build = self.go_build(go, "");
                Some(format!("GOOS={os} GOARCH={architecture} {build}"))
            }
            _ => None,
        };
        let draft = match &by_itself {
            Some(snippet) => draft.fix(None, text, Some(snippet)),
            None => draft,
        };
        let text = match by_itself {
            Some(_) => "or build the whole image for it",
            None => text,
        };
        let snippet = format!("docker buildx build --platform {os}/{architecture} .");
        draft.fix(None, text, Some(&snippet))
    }

    /// The image to build in for the target's own release, where the target is a known
    /// one.
    pub(super) fn builder(&self) -> Option<String> {
        self.case.target.distro.as_ref()?;
        let snippet = self.on_the_same_libc()?.snippet;
        Some(match snippet.ends_with(" AS build") {
            true => snippet,
            false => format!("{snippet} AS build"),
        })
    }

    /// Adds how a program is made that is content with glibc 2.`minor`.
    pub(super) fn against_older(&self, draft: Draft, minor: u32) -> Draft {
        let Some(machine) = self.machine() else {
            return draft;
        };
        match self.origin() {
            Origin::Go(_) => match self.without_c() {
                Some(line) => {
                    let text = format!("or {}", line.text);
                    draft.fix(line.when, &text, Some(&line.snippet))
                }
                None => draft,
            },
            Origin::Rust(_) => {
                let target = format!("{machine}-unknown-linux-gnu.2.{minor}");
                let snippet = format!("cargo zigbuild --release --target {target}");
                draft.fix(None, "or build against an older glibc", Some(&snippet))
            }
            Origin::Unknown => {
                let snippet = format!("zig cc -target {machine}-linux-gnu.2.{minor}");
                draft.fix(None, "or build against an older glibc", Some(&snippet))
            }
            Origin::Packaged(_) => draft,
        }
    }

    /// Go's own resolver and user database instead of C's.
    fn without_c(&self) -> Option<Line> {
        let Origin::Go(go) = self.origin() else {
            return None;
        };
        if !go.imports.other.is_empty() || !self.needs_libc_alone() {
            return None;
        }
        if go.cgo() == Some(false) {
            // Without C only a position-independent program names a loader.
            let snippet = self.go_build(go, "-buildmode=exe ");
            let when = None;
            let text = "build it as an ordinary program";
            return Some(Line {
                when,
                text,
                snippet,
            });
        }
        Some(Line {
            when: Some("nothing needs C"),
            text: "build without cgo",
            snippet: format!("CGO_ENABLED=0 {}", self.go_build(go, "")),
        })
    }

    /// `go build -o server ./cmd/server`, with these options before the rest.
    fn go_build(&self, go: &GoBuild, options: &str) -> String {
        let is_plain = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "./_-".contains(c);
            !text.starts_with('-') && text.chars().all(plain)
        };
        let name = crate::bytes::lossy(self.case.path.file_name());
        let package = go.package().filter(|package| is_plain(package));
        match package.filter(|_| is_plain(&name)) {
            Some(package) => format!("go build {options}-o {name} {package}"),
            None => format!("go build {options}").trim_end().to_owned(),
        }
    }

    fn needs_libc_alone(&self) -> bool {
        let parts = [&b"libc."[..], b"libpthread.", b"libresolv.", b"ld-"];
        let is_part = |name: &[u8]| parts.iter().any(|part| name.starts_with(part));
        self.object.dynamic.needed().all(is_part)
    }

    /// A builder that has the target's libc.
    fn on_the_same_libc(&self) -> Option<Line> {
        let is_musl = self.case.target.libc == Libc::Musl;
        if !is_musl && self.case.target.libc != Libc::Glibc {
            return None;
        }
        let line = |text, snippet| Line {
            when: None,
            text,
            snippet,
        };
        let text = "build on the same libc";
        Some(match self.origin() {
            Origin::Go(go) => {
                let release = go.release().unwrap_or_else(|| "1".to_owned());
                match is_musl {
                    true => line(
                        text,
                        format!("FROM golang:{release}-alpine   (apk add gcc musl-dev)"),
                    ),
                    false => line(text, format!("FROM golang:{release}{}", self.suffix())),
                }
            }
            Origin::Rust(version) => {
                let version = version.map_or_else(|| "1".to_owned(), release_of);
                match is_musl {
                    true => line(text, format!("FROM rust:{version}-alpine")),
                    false => line(text, format!("FROM rust:{version}{}", self.suffix())),
                }
            }
            Origin::Packaged(brought) => {
                let platform = self.case.target.platform.as_ref();
                let machine = platform.map(|platform| platform.architecture.as_str());
                let snippet = brought.snippet(self.case.target.libc, machine);
                line(brought.text, snippet)
            }
            Origin::Unknown if is_musl => {
                let version = self.alpine().map_or_else(String::new, |v| format!(":{v}"));
                line(
                    text,
                    format!("FROM alpine{version} AS build   (apk add build-base)"),
                )
            }
            Origin::Unknown => line(text, format!("FROM {} AS build", self.own_system())),
        })
    }

    /// No loader at all.
    fn statically(&self) -> Option<Line> {
        let name = self.machine()?;
        let when = None;
        let text = "link it statically, with musl";
        let snippet = match self.origin() {
            Origin::Rust(_) => format!("cargo build --release --target {name}-unknown-linux-musl"),
            Origin::Go(go) if go.cgo() == Some(true) && self.case.loaders.is_empty() => {
                let release = go.release().unwrap_or_else(|| "1".to_owned());
                format!(
                    "FROM golang:{release}-alpine   (go build -ldflags '-linkmode external -extldflags -static')"
                )
            }
            // Other libraries would have to be there as archives.
            Origin::Unknown if self.case.target.libc != Libc::Musl && self.needs_libc_alone() => {
                "musl-gcc -static".to_owned()
            }
            _ => return None,
        };
        Some(Line {
            when,
            text,
            snippet,
        })
    }

    /// The program as it is, on a base that has what it needs: its loader among that, or
    /// the program is pointed at the one that is there.
    fn another_base(&self) -> Option<Line> {
        let base = match super::built_for(self.object) {
            Libc::Glibc => self.glibc_base()?,
            Libc::Musl if self.is_of_platform() => "alpine".to_owned(),
            _ => return None,
        };
        let line = |text, snippet| Line {
            when: None,
            text,
            snippet,
        };
        if self.foreign_loader().is_none() {
            let text = "keep the binary and change the base";
            return Some(line(text, format!("FROM {base}")));
        }
        let patched = self.pointed_at(&self.standard_loader()?);
        // One pair of brackets is enough.
        let snippet = match base.strip_suffix(')') {
            Some(base) => format!("FROM {base}, {patched})"),
            None => format!("FROM {base}   ({patched})"),
        };
        let text = "change the base, and point the binary at its loader";
        Some(line(text, snippet))
    }

    /// Whether images for the target's platform have the program's loader: those of its own
    /// machine do; where no platform is known, x86_64 is not taken to be i386.
    fn is_of_platform(&self) -> bool {
        let platform = self.case.target.platform.as_ref();
        self.abi().is_some_and(|abi| match platform {
            Some(platform) => platform.architecture == abi.oci.0,
            None => abi.name != "i386",
        })
    }

    /// The least base with glibc that has the libraries by name and the versions; none
    /// where it needs a newer glibc than is known here.
    fn glibc_base(&self) -> Option<String> {
        const BASE: [&str; 8] = [
            "libc.",
            "libm.",
            "libpthread.",
            "libdl.",
            "librt.",
            "libresolv.",
            "libutil.",
            "ld-",
        ];
        const CC: [&str; 3] = ["libgcc_s.", "libstdc++.", "libgomp."];
        // Machines for which there are distroless images, and those that Debian 12 is for
        // beside them, as images name them.
        const DISTROLESS_HAS: [&str; 5] = ["amd64", "arm64", "arm", "ppc64le", "s390x"];
        const DEBIAN_HAS: [&str; 2] = ["386", "mips64le"];
        let all_in = |parts: &[&str]| {
            let known = |name: &[u8]| parts.iter().any(|part| name.starts_with(part.as_bytes()));
            self.object.dynamic.needed().all(known)
        };
        let both: Vec<&str> = BASE.into_iter().chain(CC).collect();
        let newest = (self.case.newest_glibc)();
        let debian = match newest {
            newest if newest > Some(NEWER) => return None,
            newest if newest > Some(DISTROLESS) => "debian:13-slim",
            _ => "debian:12-slim",
        };
        let (machine, variant) = self.abi()?.oci;
        if machine == "386" && !self.is_of_platform() {
            // A system for x86_64 takes the other ABI's packages beside its own.
            let added = format!("{debian}   (dpkg --add-architecture i386, libc6:i386)");
            return all_in(&BASE).then_some(added);
        }
        let has_distroless = DISTROLESS_HAS.contains(&machine) && variant != Some("v5");
        let has_debian = has_distroless || DEBIAN_HAS.contains(&machine) || machine == "arm";
        if !self.is_of_platform() || !has_debian {
            return None;
        }
        let base = match debian {
            "debian:12-slim" if has_distroless && all_in(&BASE) => {
                "gcr.io/distroless/base-debian12"
            }
            "debian:12-slim" if has_distroless && all_in(&both) => "gcr.io/distroless/cc-debian12",
            "debian:12-slim" if !all_in(&BASE) => {
                "debian:12-slim   (and the packages of its libraries)"
            }
            debian => debian,
        };
        Some(base.to_owned())
    }

    /// The tag's suffix for a builder with the target's own glibc.
    fn suffix(&self) -> String {
        match self.debian() {
            Some((_, name)) => format!("-{name}"),
            None => String::new(),
        }
    }

    fn debian(&self) -> Option<&'static (&'static str, &'static str)> {
        let distro = self.case.target.distro.as_ref()?;
        let version = distro.version_id.as_deref()?;
        let is = |release: &&(&str, &str)| release.0 == version;
        (distro.id == "debian").then(|| DEBIAN.iter().find(is))?
    }

    /// The target's system as an image: `debian:12`.
    fn own_system(&self) -> String {
        let known = [
            "debian",
            "ubuntu",
            "fedora",
            "archlinux",
            "almalinux",
            "rockylinux",
        ];
        let distro = self.case.target.distro.as_ref();
        let distro = distro.filter(|distro| known.contains(&distro.id.as_str()));
        let plain = |text: &&str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
            !text.is_empty() && text.chars().all(plain)
        };
        match distro {
            None => "debian:12".to_owned(),
            Some(distro) => match distro.version_id.as_deref().filter(plain) {
                Some(version) => format!("{}:{version}", distro.id),
                None => distro.id.clone(),
            },
        }
    }

    /// Alpine's branch, such as `3.20`.
    fn alpine(&self) -> Option<String> {
        let distro = self.case.target.distro.as_ref()?;
        let version = distro
            .version_id
            .as_deref()
            .filter(|_| distro.id == "alpine")?;
        let release = release_of(version);
        let plain = |c: char| c.is_ascii_digit() || c == '.';
        release.chars().all(plain).then_some(release)
    }

    fn abi(&self) -> Option<&'static Abi> {
        let header = &self.object.header;
        crate::platform::abi(header.machine, header.layout, header.flags)
    }

    /// The machine as target triples have it, where Rust's for musl is called so.
    fn machine(&self) -> Option<&'static str> {
        match self.abi()?.name {
            "x86_64" => Some("x86_64"),
            "aarch64" => Some("aarch64"),
            _ => None,
        }
    }
}

/// `1.74.0` as tags have it: `1.74`.
fn release_of(version: &str) -> String {
    let numbers: Vec<&str> = version.split('.').take(2).collect();
    numbers.join(".")
}

/// One fix.
struct Line {
    when: Option<&'static str>,
    text: &'static str,
    snippet: String,
}
