//! Fixes that follow from what is known of an ELF program and of the target.
//!
//! Tags and versions are those of the program's own toolchain and of the target's
//! own system, where they are known; no more than three fixes, the likeliest first.

mod base;

use super::builder::{self, Toolchain};
use super::ecosystem::Brought;
use super::{Case, Draft, quote};
use crate::bytes::Shown;
use crate::elf::consts::ET_DYN;
use crate::elf::{Build, GoBuild, Object};
use crate::kernel::Program;
use crate::platform::Abi;
use crate::report::Libc;

/// What keeps Go from making a program position-independent: such a one names a loader.
const EXE: &str = "-buildmode=exe ";

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
            self.beside(),
            self.on_the_same_libc(),
            self.statically(),
            self.another_base(),
        ];
        let rest = 3_usize.saturating_sub(draft.finding.fixes.len());
        let lines = lines.into_iter().flatten().take(rest);
        let draft = lines.fold(draft, |draft, line| {
            let text = match draft.finding.fixes.is_empty() {
                true => line.text.to_owned(),
                false => format!("or {}", line.text),
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

    /// Adds where it is built so that the target's glibc is new enough for it.
    pub(super) fn on_no_newer(&self, draft: Draft) -> Draft {
        match self.toolchain() {
            Some(toolchain) => builder::on_no_newer(draft, self.case, toolchain),
            // Where it is fetched or built again, there may be one for the older glibc.
            None => match self.on_the_same_libc() {
                Some(line) => draft.fix(line.when, line.text, Some(&line.snippet)),
                None => draft,
            },
        }
    }

    /// What it is built by; `None` where it comes from a registry of packages.
    fn toolchain(&self) -> Option<Toolchain> {
        let minor = |release: &str| release.split('.').nth(1)?.parse().ok();
        match self.origin() {
            Origin::Go(go) => Some(Toolchain::Go(go.release().as_deref().and_then(minor))),
            Origin::Rust(version) => Some(Toolchain::Rust(version.and_then(minor))),
            Origin::Packaged(_) => None,
            Origin::Unknown => Some(Toolchain::Other),
        }
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
            let snippet = format!("CGO_ENABLED=0 {}", self.go_build(go, EXE));
            let when = None;
            let text = "build it as an ordinary program";
            return Some(Line {
                when,
                text,
                snippet,
            });
        }
        // Not every release of Go notes the option.
        let options = match self.object.header.object_type {
            ET_DYN => EXE,
            _ => "",
        };
        Some(Line {
            when: Some("nothing needs C"),
            text: "build without cgo",
            snippet: format!("CGO_ENABLED=0 {}", self.go_build(go, options)),
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

    /// musl beside the target's own libc, for what names its loader where it will be.
    fn beside(&self) -> Option<Line> {
        let has_other = self.case.target.libc == Libc::Glibc && self.foreign_loader().is_none();
        let snippet = super::interpreter::musl(self.case, self.object);
        Some(Line {
            when: None,
            text: "install musl beside the target's own libc",
            snippet: snippet.filter(|_| has_other)?,
        })
    }

    /// A builder that has the target's libc.
    fn on_the_same_libc(&self) -> Option<Line> {
        if !matches!(self.case.target.libc, Libc::Musl | Libc::Glibc) {
            return None;
        }
        let is_stage = matches!(self.origin(), Origin::Unknown);
        let (text, snippet) = match self.origin() {
            Origin::Packaged(brought) => {
                let platform = self.case.target.platform.as_ref();
                let machine = platform.map(|platform| platform.architecture.as_str());
                (
                    brought.text,
                    brought.snippet(self.case.target.libc, machine),
                )
            }
            _ => ("build on the same libc", self.build_image()?.line(is_stage)),
        };
        Some(Line {
            when: None,
            text,
            snippet,
        })
    }

    /// No loader at all.
    fn statically(&self) -> Option<Line> {
        let name = self.machine()?;
        let when = None;
        let text = "link it statically, with musl";
        let snippet = match self.origin() {
            Origin::Rust(_) => {
                let target = format!("{name}-unknown-linux-musl");
                format!("rustup target add {target} && cargo build --release --target {target}")
            }
            Origin::Go(go) if go.cgo() == Some(true) && self.case.loaders.is_empty() => {
                let release = go.release().unwrap_or_else(|| "1".to_owned());
                format!(
                    "FROM golang:{release}-alpine   (apk add gcc musl-dev, go build -ldflags '-linkmode external -extldflags -static')"
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
