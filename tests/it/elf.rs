//! ELF facts against second readers: goblin always, `readelf` where it is asked for.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use imgldd::elf::{Object, ReadError};

/// Larger files are left to the comparison with `readelf`, which reads ranges too.
const MAX_SIZE: u64 = 64 << 20;

/// What every reader should agree on.
#[derive(Clone, PartialEq, Eq, Default)]
struct Facts {
    machine: u16,
    object_type: u16,
    interp: Option<Vec<u8>>,
    needed: Vec<Vec<u8>>,
    soname: Option<Vec<u8>>,
    rpath: Option<Vec<u8>>,
    runpath: Option<Vec<u8>>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &[u8]| name.escape_ascii().to_string();
        write!(f, "machine {} type {}", self.machine, self.object_type)?;
        for (what, name) in [
            ("interp", &self.interp),
            ("soname", &self.soname),
            ("rpath", &self.rpath),
            ("runpath", &self.runpath),
        ] {
            if let Some(name) = name {
                write!(f, " {what} {}", shown(name))?;
            }
        }
        let needed: Vec<String> = self.needed.iter().map(|name| shown(name)).collect();
        write!(f, " needed {}", needed.join(" "))
    }
}

impl Facts {
    fn ours(object: &Object) -> Self {
        let dynamic = &object.dynamic;
        let owned = |name: &Option<Box<[u8]>>| name.as_deref().map(<[u8]>::to_vec);
        // Files with nothing but debug information have one of no bytes, which is none to
        // goblin and to readelf.
        let interp = object.interp.as_ref();
        let interp = interp.map(|interp| interp.path().to_vec());
        Self {
            machine: object.header.machine,
            object_type: object.header.object_type,
            interp: interp.filter(|interp| !interp.is_empty()),
            needed: dynamic.needed().map(<[u8]>::to_vec).collect(),
            soname: dynamic.soname.as_deref().map(<[u8]>::to_vec),
            rpath: owned(&dynamic.rpath),
            runpath: owned(&dynamic.runpath),
        }
    }

    fn goblins(bytes: &[u8]) -> Result<Self, goblin::error::Error> {
        let elf = goblin::elf::Elf::parse(bytes)?;
        let owned = |name: &str| name.as_bytes().to_vec();
        Ok(Self {
            machine: elf.header.e_machine,
            object_type: elf.header.e_type,
            interp: elf.interpreter.map(owned),
            needed: elf.libraries.iter().copied().map(owned).collect(),
            soname: elf.soname.map(owned),
            rpath: elf.rpaths.last().copied().map(owned),
            runpath: elf.runpaths.last().copied().map(owned),
        })
    }
}

/// Every regular file below these directories, links not followed.
fn files_below(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = roots.to_vec();
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

/// The ELF files of the running system.
fn system() -> Vec<PathBuf> {
    let roots = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/libexec",
        "/usr/bin",
        "/usr/sbin",
    ];
    let mut files = files_below(&roots.map(PathBuf::from));
    files.retain(|path| is_elf(path));
    files
}

fn agree_with_goblin(files: &[PathBuf]) -> usize {
    let mut compared = 0;
    let mut differences = Vec::new();
    for path in files {
        if fs::metadata(path).map_or(true, |metadata| metadata.len() > MAX_SIZE) {
            continue;
        }
        let Ok(bytes) = fs::read(path) else { continue };
        // What goblin refuses it refuses for tables that no loader reads.
        let Ok(theirs) = Facts::goblins(&bytes) else {
            continue;
        };
        compared += 1;
        match Object::read(&bytes) {
            Ok(object) if Facts::ours(&object) == theirs => {}
            Ok(object) => differences.push(format!(
                "{}\n  ours    {:?}\n  goblin  {theirs:?}",
                path.display(),
                Facts::ours(&object)
            )),
            Err(error) => differences.push(format!("{}: {error:?}", path.display())),
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {compared} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
    compared
}

#[test]
fn goblin_reads_the_same_in_the_shipped_files() {
    let files = files_below(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")]);
    let files: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| is_elf(path) && !path.to_string_lossy().contains("/hostile/"))
        .collect();
    assert_eq!(agree_with_goblin(&files), files.len());
    assert!(files.len() >= 5, "{files:?}");
}

#[test]
fn goblin_reads_the_same_in_the_files_that_the_tests_write() {
    use crate::support::elf_spec::ElfSpec;
    use crate::support::{synthetic, text};
    for words in [
        "needed=liba.so,libb.so rpath=/r:/s runpath=$ORIGIN/lib",
        "library soname=libx.so.1 needed=liba.so defines=f,g",
        "i386 needed=liba.so,libb.so runpath=/x",
        "aarch64 needed=liba.so rpath=$LIB",
        // s390x would have a hash table of 64-bit words, which goblin counts symbols by.
        "mips library needed=liba.so defines=f soname=s",
        "type=exec needed=liba.so",
        "static",
        "static-pie",
    ] {
        let spec = ElfSpec::parse(b"/app/exe", &text::words(words), None);
        let bytes = synthetic::build(&spec);
        let ours = Facts::ours(&Object::read(&bytes).unwrap());
        assert_eq!(ours, Facts::goblins(&bytes).unwrap(), "{words}");
        assert_eq!(ours.needed, spec.needed, "{words}");
    }
}

/// A sample, so that the test stays short; the comparison with `readelf` takes all.
#[test]
fn goblin_reads_the_same_in_files_of_the_running_system() {
    let files = system();
    let step = files.len().div_ceil(400).max(1);
    let sample: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let compared = agree_with_goblin(&sample);
    if compared == 0 {
        eprintln!("skipped: no ELF files in /usr");
    }
}

/// What `readelf` says of many files.
fn readelf(files: &[PathBuf]) -> Option<BTreeMap<PathBuf, Facts>> {
    let mut all = BTreeMap::new();
    for batch in files.chunks(200) {
        // With one file alone it does not say whose facts these are.
        let output = Command::new("readelf")
            .env("LC_ALL", "C")
            .args([
                "--wide",
                "--file-header",
                "--program-headers",
                "--dynamic",
                "--",
            ])
            .args(batch)
            .arg("/dev/null")
            .output()
            .ok()?;
        let mut file: Option<(PathBuf, Facts)> = None;
        for line in output.stdout.split(|&byte| byte == b'\n') {
            if let Some(path) = line.strip_prefix(b"File: ") {
                all.extend(file.take());
                file = Some((PathBuf::from(OsStr::from_bytes(path)), Facts::default()));
            } else if let Some((_, facts)) = &mut file {
                read_line(line, facts);
            }
        }
        all.extend(file);
    }
    Some(all)
}

fn read_line(line: &[u8], facts: &mut Facts) {
    // Blanks between tag and text are as many as the class of the file has digits.
    let after = |word: &[u8]| {
        let at = line.windows(word.len()).position(|part| part == word)?;
        let rest = &line[at + word.len()..];
        let end = rest.iter().rposition(|&byte| byte == b']')?;
        Some(rest[..end].to_vec())
    };
    if let Some(name) = after(b"Requesting program interpreter: ") {
        facts.interp.get_or_insert(name);
    } else if let Some(name) = after(b" Shared library: [") {
        facts.needed.push(name);
    } else if let Some(name) = after(b" Library soname: [") {
        facts.soname = Some(name);
    } else if let Some(name) = after(b" Library rpath: [") {
        facts.rpath = Some(name);
    } else if let Some(name) = after(b" Library runpath: [") {
        facts.runpath = Some(name);
    }
}

/// One file as the binary reads it: by ranges, without the rest of it in memory.
fn read_by_ranges(path: &Path) -> Result<Arc<Object>, ReadError> {
    struct Ranges(fs::File, u64);
    impl imgldd::read_at::ReadAt for Ranges {
        fn size(&self) -> u64 {
            self.1
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
            std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset)
        }
    }
    let file = fs::File::open(path).map_err(ReadError::Io)?;
    let size = file.metadata().map_err(ReadError::Io)?.len();
    Object::read(&Ranges(file, size))
}

/// How a comparison with `readelf` went.
#[derive(Default)]
struct Comparison {
    equal: usize,
    differences: Vec<String>,
    /// Where one of us could not read, or reads something else for a known reason.
    exceptions: Vec<String>,
}

fn compare_with_readelf(files: &[PathBuf]) -> Option<Comparison> {
    let theirs = readelf(files)?;
    let mut result = Comparison::default();
    for path in files {
        let started = Instant::now();
        let ours = read_by_ranges(path);
        let took = started.elapsed();
        assert!(
            took < Duration::from_secs(2),
            "{}: {took:?}",
            path.display()
        );
        let shown = path.display();
        let object = match ours {
            Ok(object) => object,
            Err(error) => {
                result.exceptions.push(format!("{shown}: {error:?}"));
                continue;
            }
        };
        let ours = Facts::ours(&object);
        let mut theirs = theirs.get(path).cloned().unwrap_or_default();
        // The header is printed in words; it is goblin that these are compared with.
        (theirs.machine, theirs.object_type) = (ours.machine, ours.object_type);
        if ours == theirs {
            result.equal += 1;
        } else if let Some(anomaly) = object.anomalies.first() {
            result.exceptions.push(format!("{shown}: {anomaly}"));
        } else if object.header.object_type == 1 || object.has_empty_dynamic {
            // Sections of debugging files and of objects not linked yet, which no
            // loader maps; readelf prints what they would be.
            result.exceptions.push(format!("{shown}: nothing to load"));
        } else {
            result.differences.push(format!(
                "{shown}\n  ours     {ours:?}\n  readelf  {theirs:?}"
            ));
        }
    }
    Some(result)
}

#[track_caller]
fn report(result: &Comparison) {
    println!(
        "{} equal, {} exceptions, {} differ",
        result.equal,
        result.exceptions.len(),
        result.differences.len()
    );
    for line in &result.exceptions {
        println!("exception: {line}");
    }
    assert!(
        result.differences.is_empty(),
        "{}",
        result.differences.join("\n")
    );
}

#[test]
#[ignore = "reads every ELF file of the running system; needs readelf"]
fn readelf_reads_the_same_in_every_file_of_the_running_system() {
    let files = system();
    match compare_with_readelf(&files) {
        Some(result) => report(&result),
        None => println!("skipped: no readelf"),
    }
}

/// Reads every file below `IMGLDD_ELF_CORPUS`: odd and malformed ones, for which
/// an answer or a clear error is wanted. As a subject the same.
#[test]
#[ignore = "reads the directory that IMGLDD_ELF_CORPUS names"]
fn every_file_of_a_corpus_gets_an_answer_or_a_clear_error() {
    let Some(corpus) = std::env::var_os("IMGLDD_ELF_CORPUS") else {
        println!("skipped: IMGLDD_ELF_CORPUS names no directory");
        return;
    };
    let root = fs::canonicalize(corpus).unwrap();
    let files = files_below(std::slice::from_ref(&root));
    assert!(!files.is_empty(), "no files in {}", root.display());
    let elf: Vec<PathBuf> = files.iter().filter(|path| is_elf(path)).cloned().collect();
    // One process for each file of a small corpus, for its exit code and its time; of
    // a whole system several share one.
    let together = if files.len() > 5_000 { 100 } else { 1 };
    let mut codes = BTreeMap::new();
    for some in files.chunks(together) {
        let inside = |path: &PathBuf| Path::new("/").join(path.strip_prefix(&root).unwrap());
        let started = Instant::now();
        let output = crate::support::imgldd::binary()
            .arg("--root")
            .arg(&root)
            .args(["-o", "json", "--"])
            .args(some.iter().map(inside))
            .output()
            .unwrap();
        let took = started.elapsed() / u32::try_from(some.len()).unwrap();
        let code = output.status.code();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let shown = some[0].display();
        assert!(
            matches!(code, Some(0..=2)),
            "{shown}: {}\n{stderr}",
            output.status
        );
        assert!(took < Duration::from_secs(2), "{shown}: {took:?}");
        assert!(
            code != Some(2) || !stderr.trim().is_empty(),
            "{shown}: exit 2 and no word why"
        );
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let answers = report["subjects"].as_array().unwrap();
        assert_eq!(answers.len(), some.len(), "{shown}");
        *codes.entry(code).or_insert(0) += 1;
    }
    println!(
        "{} files, {together} at a time, by exit code {codes:?}",
        files.len()
    );
    match compare_with_readelf(&elf) {
        Some(result) => report(&result),
        None => println!("skipped: no readelf"),
    }
}
