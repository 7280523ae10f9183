//! Files that a package manager of a language brings: the path tells which, and that
//! tells what mends a file for another libc or machine. Such packages also have files
//! for several systems side by side, of which one is loaded.

use super::{Case, Code, Draft, quote, script};
use crate::bytes::{Shown, lossy};
use crate::finding::built_for;
use crate::kernel::Script;
use crate::path::{file_name, parent};
use crate::report::{Finding, Fix, Libc, Severity};

/// What brings the files of a path, and how that is done again.
pub(super) struct Brought {
    /// Parts of paths, one of which such files have.
    parts: &'static [&'static str],
    pub(super) text: &'static str,
    /// What to write where the target has musl, and where it has anything else.
    on_musl: &'static str,
    on_glibc: &'static str,
}

const NPM: &str = "RUN npm ci";
const PIP: &str = "RUN pip install --no-cache-dir -r requirements.txt";
const BUNDLER: &str = "RUN bundle install";
const AGAIN: &str = "install the packages again in the final image";

/// The first that fits has it, so the more particular come first.
const BROUGHT: [Brought; 6] = [
    // Prisma's engines are fetched by what the schema lists.
    Brought {
        parts: &["/.prisma/client/", "/@prisma/engines/"],
        text: "name the target's engine in the schema and generate the client again",
        on_musl: "binaryTargets = [\"native\", \"linux-musl-openssl-3.0.x\"]",
        on_glibc: "binaryTargets = [\"native\", \"debian-openssl-3.0.x\"]",
    },
    Brought {
        parts: &["/node_modules/"],
        text: AGAIN,
        on_musl: NPM,
        on_glibc: NPM,
    },
    Brought {
        parts: &["/site-packages/", "/dist-packages/"],
        text: AGAIN,
        on_musl: PIP,
        on_glibc: PIP,
    },
    Brought {
        parts: &["/gems/", "/vendor/bundle/"],
        text: AGAIN,
        on_musl: BUNDLER,
        on_glibc: BUNDLER,
    },
    // .NET before Java: its packages have runtimes by their identifiers.
    Brought {
        parts: &[
            "/Microsoft.NETCore.App/",
            "/dotnet/",
            "/libcoreclr.so",
            "/libhostfxr.so",
            "/libhostpolicy.so",
            "/libSystem.Native.so",
        ],
        text: "publish it for the runtime identifier of the target",
        on_musl: "dotnet publish -r linux-musl-x64",
        on_glibc: "dotnet publish -r linux-x64",
    },
    Brought {
        parts: &["/jvm/", "/java/openjdk/", "/libjvm.so", "/libjli.so"],
        text: "take the JDK or JRE that is built for the target's libc",
        on_musl: "FROM eclipse-temurin:…-jre-alpine",
        on_glibc: "FROM eclipse-temurin:…-jre",
    },
];

impl Brought {
    /// What brings the file at `path`.
    pub(super) fn of(path: &[u8]) -> Option<&'static Brought> {
        let path = lossy(path);
        let has = |brought: &&Brought| brought.parts.iter().any(|part| path.contains(part));
        BROUGHT.iter().find(has)
    }

    /// What to write, for a target with this libc and machine.
    pub(super) fn snippet(&self, libc: Libc, machine: Option<&str>) -> String {
        let snippet = match libc {
            Libc::Musl => self.on_musl,
            _ => self.on_glibc,
        };
        // Runtime identifiers call the machine their own way.
        match machine {
            Some("arm64") => snippet.replace("-x64", "-arm64"),
            _ => snippet.to_owned(),
        }
    }
}

/// What is said of a script of a virtual environment of Python whose interpreter is not
/// there: `venv` writes the environment's path into its scripts, and makes
/// `bin/python` a link to the interpreter that it was made by (CPython `Lib/venv`,
/// PEP 405). To make it again would mend neither: links and scripts that are there stay,
/// and with `--clear` the packages go.
pub(super) fn environment(case: &Case<'_>, script: &Script, draft: Draft) -> Draft {
    let directory = parent(parent(script.path.as_bytes()));
    let interpreter = &*script.shebang.interpreter;
    let mark = [directory, b"/pyvenv.cfg"].concat();
    if !file_name(interpreter).starts_with(b"python") || !(case.has)(&mark) {
        return draft;
    }
    let shown = lossy(directory);
    let draft = draft.evidence(format!(
        "{shown}/pyvenv.cfg: it belongs to a virtual environment, which holds only where it was made"
    ));
    match interpreter.starts_with(&[directory, b"/bin/python"].concat()) {
        true => python_of(case, directory, interpreter, draft),
        false => moved(case, directory, interpreter, draft),
    }
}

/// The environment was moved: its scripts name the place where it was made.
fn moved(case: &Case<'_>, directory: &[u8], interpreter: &[u8], draft: Draft) -> Draft {
    let own = [directory, b"/bin/", file_name(interpreter)].concat();
    let draft = match (case.starts)(&own) {
        true => {
            let text = "let its scripts name it where it is";
            let line = format!("#!{}", Shown(&own));
            draft.fix(
                None,
                text,
                Some(&renamed(case, interpreter, directory).unwrap_or(line)),
            )
        }
        false => draft,
    };
    let or = or(&draft);
    draft.fix(
        None,
        &format!("{or}make it, with its packages, in the build stage at the path where it is used"),
        None,
    )
}

/// The line that puts the environment's place into its scripts. `grep -r` follows no
/// links, which `sed -i` would replace by copies. Only lines that name a Python are meant:
/// others may name what is still where it was, as `/usr/bin/env`.
fn renamed(case: &Case<'_>, interpreter: &[u8], directory: &[u8]) -> Option<String> {
    let made_at = parent(interpreter).strip_suffix(b"/bin")?;
    let is_plain = |path: &&[u8]| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_-.".contains(byte);
        path.len() > 1 && path.iter().all(plain)
    };
    let [from, to] = [made_at, directory].map(|path| Some(path).filter(is_plain).map(lossy));
    let (from, to) = (from?, to?);
    let pattern = format!("^#!{}/bin/python", from.replace('.', r"\."));
    let has_tools = [&b"grep"[..], b"sed"].into_iter().all(case.in_path);
    (case.can_run() && has_tools).then(|| {
        let found = format!("grep -rl '{pattern}' {to}/bin");
        let edited = format!("sed -i '1s|{pattern}|#!{to}/bin/python|' \"$f\"");
        format!("RUN {found} | while IFS= read -r f; do {edited}; done")
    })
}

/// The environment's own `bin/python` leads to nothing.
fn python_of(case: &Case<'_>, directory: &[u8], interpreter: &[u8], draft: Draft) -> Draft {
    const MINORS: std::ops::RangeInclusive<u32> = 3..=30;
    let release = MINORS.rev().find_map(|minor| {
        let release = format!("3.{minor}");
        let library = [directory, b"/lib/python", release.as_bytes()].concat();
        (case.has)(&library).then_some(release)
    });
    let same = release
        .as_deref()
        .and_then(|release| script::elsewhere(case, format!("python{release}").as_bytes()));
    let draft = match same {
        Some(python) => {
            let names = [python.as_bytes(), interpreter].map(quote::word).join(" ");
            let snippet = format!("RUN ln -sf {names}");
            let snippet = Some(&*snippet).filter(|_| case.can_run());
            let text = format!("let it lead to the Python of that release: {python}");
            draft.fix(None, &text, snippet)
        }
        None => draft,
    };
    // The images have theirs there.
    let mut hops = (case.hops)(interpreter).into_iter();
    let is_of_image = hops.any(|hop| hop.contains(" -> /usr/local/bin/python"));
    let image = release.filter(|_| is_of_image).map(|release| {
        let kind = match case.target.libc {
            Libc::Musl => "alpine",
            _ => "slim",
        };
        format!("FROM python:{release}-{kind}")
    });
    let or = or(&draft);
    draft.fix(
        None,
        &format!(
            "{or}take the base in which the environment was made, with its Python at that path"
        ),
        image.as_deref(),
    )
}

/// How a fix begins that may be one of several.
fn or(draft: &Draft) -> &'static str {
    match draft.finding.fixes.is_empty() {
        true => "",
        false => "or ",
    }
}

/// What is said of a file that is not for this target, if its package is known: how it is
/// brought again, and whether another file of the package is the one that is loaded.
pub(super) fn refine(case: &Case<'_>, findings: &mut [Finding]) {
    let sibling = match case.is_library {
        true => sibling(case),
        false => None,
    };
    for finding in findings {
        if !is_about_another_system(case, finding) {
            continue;
        }
        if let Some(sibling) = &sibling {
            finding.severity = Severity::Note;
            let line = format!("{sibling} stands beside it for this system");
            finding.evidence.push(line);
            finding.fixes.clear();
            continue;
        }
        let object = finding.object.as_deref().unwrap_or_default();
        let of_object = Brought::of(object.as_bytes());
        let Some(brought) = of_object.or_else(|| Brought::of(case.path.as_bytes())) else {
            continue;
        };
        let platform = case.target.platform.as_ref();
        let machine = platform.map(|platform| platform.architecture.as_str());
        let snippet = brought.snippet(case.target.libc, machine);
        let has = |fix: &Fix| fix.snippet.as_deref() == Some(&snippet);
        if !finding.fixes.iter().any(has) {
            let fix = Fix {
                when: None,
                text: brought.text.to_owned(),
                snippet: Some(snippet),
            };
            finding.fixes.insert(0, fix);
            finding.fixes.truncate(3);
        }
    }
}

/// Whether the cause is that a file was made for another libc or machine, or for no
/// Linux at all.
fn is_about_another_system(case: &Case<'_>, finding: &Finding) -> bool {
    const ALWAYS: [Code; 6] = [
        Code::GlibcSymbolsOnMusl,
        Code::GlibcLoaderUnderMusl,
        Code::GlibcOnMusl,
        Code::MuslOnGlibc,
        Code::WrongArchLib,
        Code::LibNotElf,
    ];
    let is = |code: Code| finding.code == code.word();
    if ALWAYS.into_iter().any(is) {
        return true;
    }
    let object = finding.object.as_deref().unwrap_or_default();
    let of_other_libc = match case.target.libc {
        Libc::Musl => object.starts_with("ld-linux"),
        Libc::Glibc => object.starts_with("libc.musl-") || object.starts_with("ld-musl-"),
        _ => false,
    };
    is(Code::NeededMissing) && (of_other_libc || is_of_other_machine(case))
}

/// Whether the subject is for another machine than the target.
fn is_of_other_machine(case: &Case<'_>) -> bool {
    let program = case.exec.program.as_ref();
    let abi = program.and_then(|program| {
        let header = &program.object.header;
        crate::platform::abi(header.machine, header.layout, header.flags)
    });
    let mut loaders = case.loaders.iter();
    abi.is_some_and(|abi| {
        !case.loaders.is_empty() && !loaders.any(|loader| loader.abi.name == abi.name)
    })
}

/// The file for this target that stands beside a library of a package of npm for
/// another libc or machine: the same path with the names of this target in it.
fn sibling(case: &Case<'_>) -> Option<String> {
    /// How packages and `prebuilds` name the libc: for musl, for glibc.
    const LIBCS: [(&str, &str); 6] = [
        ("-musl", "-gnu"),
        ("-musl", "-glibc"),
        ("linuxmusl-", "linux-"),
        (".musl.", ".glibc."),
        (".musl.", "."),
        ("-musl", ""),
    ];
    /// How they name machines, and how images do.
    const MACHINES: [(&str, &str); 6] = [
        ("x64", "amd64"),
        ("arm64", "arm64"),
        ("ia32", "386"),
        ("arm", "arm"),
        ("riscv64", "riscv64"),
        ("s390x", "s390x"),
    ];
    let path = lossy(case.path.as_bytes());
    if !path.contains("/node_modules/") {
        return None;
    }
    let mut others: Vec<String> = Vec::new();
    let object = &case.exec.program.as_ref()?.object;
    match (built_for(object), case.target.libc) {
        (Libc::Musl, Libc::Glibc) => {
            others.extend(LIBCS.iter().map(|(musl, glibc)| path.replace(musl, glibc)));
        }
        (Libc::Glibc, Libc::Musl) => {
            let named = LIBCS.iter().filter(|(_, glibc)| glibc.len() > 1);
            others.extend(named.map(|(musl, glibc)| path.replace(glibc, musl)));
            // Where glibc has no word of its own, musl's stands before the ending.
            others.extend(path.strip_suffix(".node").map(|p| format!("{p}.musl.node")));
        }
        _ => {}
    }
    if is_of_other_machine(case) {
        let platform = case.target.platform.as_ref()?;
        let own = MACHINES
            .iter()
            .find(|(_, oci)| *oci == platform.architecture)?;
        let foreign = MACHINES.iter().filter(|(name, _)| name != &own.0);
        for (name, _) in foreign {
            for around in ["-", "_"] {
                let [from, to] = [name, &own.0].map(|name| format!("{around}{name}"));
                others.push(path.replace(&from, &to));
            }
        }
    }
    others
        .into_iter()
        .find(|other| *other != path && (case.has)(other.as_bytes()))
}
