//! The same fixtures as real files: gcc, ld, and the loaders of this machine.
//!
//! A DT_NEEDED entry, however odd its name, comes from linking against a stub
//! library of that soname. What no linker option says (RPATH beside RUNPATH,
//! empty strings, a PT_INTERP without its NUL) is linked under a stand-in name
//! and patched afterwards. Every file is read back by another ELF reader.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::damage::{Damage, Layout};
use super::elf_spec::{ElfSpec, FLAGS_1, Import, Kind, Machine};
use super::loaders::Loader;
use super::realise::Builder;
use super::versions::{self, Versions};

const DT_NEEDED: u64 = 1;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// An x86_64 program prints its arguments, each in brackets, and exits 0.
///
/// As any real program it needs its loader: a pointer that nobody relocated
/// ends it with SIGSEGV. Only what relocates itself does without.
const PRINT_ARGUMENTS: &str = r#"
#ifdef STANDS_ALONE
#define relocated ((int *)0)
#else
static int zero = 0;
static int *volatile relocated = &zero;
#endif
static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
__attribute__((visibility("hidden"))) void start_c(long *stack) {
    char **argument = (char **)(stack + 1);
    for (long left = stack[0]; left > 0; left--, argument++) {
        long length = 0;
        while ((*argument)[length]) length++;
        call(1, 1, (long)"[", 1);
        call(1, 1, (long)*argument, length);
        call(1, 1, (long)"]", 1);
    }
    if (relocated) call(60, *relocated, 0, 0);
    call(60, 0, 0, 0);
    __builtin_unreachable();
}
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start_c\n");
"#;

const LIBRARY: &str = "void fixture_library(void) {}\n";

/// Files from gcc; objects and stubs are kept between files and tests.
pub(crate) struct Gcc;

/// One compilation for each machine and source, one stub for each machine and name.
static MADE: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

impl Builder for Gcc {
    fn elf(&self, spec: &ElfSpec) -> Result<Vec<u8>, String> {
        let compiler = spec
            .machine
            .compiler
            .ok_or_else(|| format!("no compiler for {} here", spec.machine.name))?;
        if Command::new(compiler[0]).arg("--version").output().is_err() {
            return Err(format!("`{}` is not installed", compiler[0]));
        }
        if spec.is_program && !(spec.filter.is_empty() && spec.auxiliary.is_empty()) {
            return Err("ld makes filters and auxiliaries of libraries alone".to_owned());
        }
        if let Some(why) = cannot_link(&spec.versions, spec) {
            return Err(why);
        }
        let mut file = link(spec);
        mark_weak(&spec.versions, &mut file);
        assert_says(spec, &file);
        Damage::apply_all(&spec.damage, &mut file);
        Ok(file)
    }

    fn loader(&self, loader: &Loader) -> Result<Vec<u8>, String> {
        Ok(fs::read(loader.real()?).unwrap())
    }

    fn libc(&self, minor: Option<u32>) -> Result<Vec<u8>, String> {
        let own = PathBuf::from("/lib/x86_64-linux-gnu/libc.so.6");
        let path = match minor {
            Some(minor) => super::loaders::of_release("libc", minor, own)?,
            None => own,
        };
        Ok(fs::read(path).unwrap())
    }

    fn is_compiler(&self) -> bool {
        true
    }
}

fn workshop() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real");
    fs::create_dir_all(&path).unwrap();
    path
}

/// Makes a file once for each key.
fn once(key: String, suffix: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let mut made = MADE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let made = made.get_or_insert_default();
    if let Some(path) = made.get(&key) {
        return path.clone();
    }
    // Under the same name in every run, and whole at any moment: others may be reading.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let path = workshop().join(format!("{:016x}{suffix}", hasher.finish()));
    let unfinished = workshop().join(unique() + suffix);
    make(&unfinished);
    fs::rename(&unfinished, &path).unwrap();
    made.insert(key, path.clone());
    path
}

fn compiler(machine: &Machine) -> Command {
    let words = machine.compiler.expect("checked by the builder");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What an object file is compiled from.
enum Source<'a> {
    Program {
        stands_alone: bool,
        imports: &'a [(Vec<u8>, Import)],
        calls: &'a [String],
    },
    Library {
        defines: &'a [Vec<u8>],
        has: &'a [String],
        imports: &'a [(Vec<u8>, Import)],
        calls: &'a [String],
    },
}

/// C that uses symbols of other objects.
fn uses(imports: &[(Vec<u8>, Import)]) -> String {
    let one = |(name, import): &(Vec<u8>, Import)| {
        let name = String::from_utf8_lossy(name);
        match import {
            Import::Pointer => {
                format!("extern void {name}(void); void *pointer_to_{name} = (void *){name};\n")
            }
            Import::WeakPointer => format!(
                "extern void {name}(void) __attribute__((weak)); void *pointer_to_{name} = (void *){name};\n"
            ),
            Import::Call => {
                format!("extern void {name}(void); void caller_of_{name}(void) {{ {name}(); }}\n")
            }
        }
    };
    imports.iter().map(one).collect()
}

fn object(machine: &'static Machine, source: &Source<'_>) -> PathBuf {
    let (extension, text) = match source {
        Source::Program {
            stands_alone,
            imports,
            calls,
        } if machine.name == "x86_64" => {
            let first = if *stands_alone {
                "#define STANDS_ALONE\n"
            } else {
                ""
            };
            let users = uses(imports) + &callers(calls);
            ("c", format!("{first}{PRINT_ARGUMENTS}\n{users}"))
        }
        Source::Program { .. } => {
            let code: Vec<String> = machine.exit_code.iter().map(u8::to_string).collect();
            (
                "s",
                format!(".text\n.globl _start\n_start:\n.byte {}\n", code.join(",")),
            )
        }
        Source::Library {
            defines,
            has,
            imports,
            calls,
        } => {
            let all = defines
                .iter()
                .map(|name| format!("void {}(void) {{}}\n", String::from_utf8_lossy(name)));
            let has = has.iter().map(|name| format!("void {name}(void) {{}}\n"));
            let users = [uses(imports), callers(calls)];
            let text: String = all.chain(has).chain(users).collect();
            ("c", LIBRARY.to_owned() + &text)
        }
    };
    once(format!("{} object {text}", machine.name), ".o", |path| {
        let source = path.with_extension(extension);
        fs::write(&source, text).unwrap();
        let mut command = compiler(machine);
        command.args([
            "-c",
            "-O1",
            "-fPIC",
            "-ffreestanding",
            "-fno-stack-protector",
            "-fno-asynchronous-unwind-tables",
            "-o",
        ]);
        run(command.arg(path).arg(&source));
        fs::remove_file(&source).unwrap();
    })
}

/// Functions that nobody calls and that would call those: lazily bound, so that the
/// linker notes the versions and the loader needs no symbol.
fn callers(calls: &[String]) -> String {
    let caller =
        |name: &String| format!("void {name}(void);\nvoid calls_{name}(void) {{ {name}(); }}\n");
    calls.iter().map(caller).collect()
}

/// A version script as a file.
fn script(symbols: &[(String, Vec<u8>)]) -> PathBuf {
    let text = versions::script(symbols);
    once(format!("script {text}"), ".map", |path| {
        fs::write(path, &text).unwrap();
    })
}

/// What ld makes no file of.
fn cannot_link(versions: &Versions, spec: &ElfSpec) -> Option<String> {
    if spec.abi_tag.is_some() || spec.e_flags != 0 || spec.fits.is_some() || spec.writable_code {
        return Some("not asked of ld: synthetic files have it".to_owned());
    }
    if !spec.import_versions.is_empty() {
        return Some("ld takes versions of symbols from what it links".to_owned());
    }
    if spec.isa.is_some_and(|bits| ![1, 3, 7, 15].contains(&bits)) {
        return Some("ld has no option for such a level".to_owned());
    }
    let stray = versions
        .needs
        .iter()
        .find(|need| !spec.needed.contains(&need.file));
    if let Some(need) = stray {
        let file = String::from_utf8_lossy(&need.file);
        return Some(format!(
            "ld takes versions from what it links, not `{file}`"
        ));
    }
    if !versions.needs.is_empty() && spec.flags_1.iter().any(|flag| flag == "now") {
        return Some("what notes the versions must be bound lazily".to_owned());
    }
    let marked = versions.names().contains(&RELR);
    (spec.relr && !marked).then(|| "ld leaves the mark wherever it packs".to_owned())
}

/// The version that ld adds by itself to what has packed relocations.
const RELR: &[u8] = b"GLIBC_ABI_DT_RELR";

/// Sets the flag that ld never sets, in each Vernaux of that name.
fn mark_weak(versions: &Versions, file: &mut [u8]) {
    let wanted = versions.needs.iter().flat_map(|need| &need.versions);
    for version in wanted.filter(|version| version.weak) {
        let hash = object::elf::hash(&version.name).to_le_bytes();
        // Hash, no flags: nothing else in so small a file looks like it but a Verdef.
        let places: Vec<usize> = (0..file.len().saturating_sub(6))
            .step_by(4)
            .filter(|&at| file[at..at + 4] == hash && file[at + 4..at + 6] == [0, 0])
            .collect();
        assert_eq!(places.len(), 1, "one Vernaux");
        file[places[0] + 4] = 2;
    }
}

/// What is linked against in place of a library: it has every symbol that is wanted and
/// one for each version, whatever the library itself has.
fn stub(spec: &ElfSpec, soname: &[u8]) -> PathBuf {
    let machine = spec.machine;
    let wanted: Vec<Vec<u8>> = spec.imports.iter().map(|(name, _)| name.clone()).collect();
    let needs = spec
        .versions
        .needs
        .iter()
        .filter(|need| need.file == soname);
    let symbols: Vec<(String, Vec<u8>)> = needs
        .flat_map(|need| &need.versions)
        .map(|version| {
            let symbol = versions::symbol("at", soname, &version.name);
            (symbol, version.name.clone())
        })
        .collect();
    let has: Vec<String> = symbols.iter().map(|(symbol, _)| symbol.clone()).collect();
    let object = object(
        machine,
        &Source::Library {
            defines: &wanted,
            has: &has,
            imports: &[],
            calls: &[],
        },
    );
    // Made before: nothing is made while something else is.
    let script = (!symbols.is_empty()).then(|| script(&symbols));
    let key = format!(
        "{} stub {} {} {symbols:?}",
        machine.name,
        soname.escape_ascii(),
        wanted.join(&b' ').escape_ascii()
    );
    once(key, ".so", |path| {
        let mut command = compiler(machine);
        command
            .args(["-nostdlib", "-shared", "-Xlinker", "-soname", "-Xlinker"])
            .arg(OsStr::from_bytes(soname));
        if let Some(script) = &script {
            command.args(["-Xlinker", "--version-script", "-Xlinker"]);
            command.arg(script);
        }
        run(command.arg("-o").arg(path).arg(object));
    })
}

/// A name that is linked in place of one that ld cannot write.
struct StandIn {
    /// Which DT_NEEDED it became.
    index: usize,
    tag: u64,
    is_empty: bool,
}

fn link(spec: &ElfSpec) -> Vec<u8> {
    if spec.kind == Kind::Rel {
        return fs::read(compiled(spec)).unwrap();
    }
    let mut command = compiler(spec.machine);
    command.args(["-nostdlib", "-Wl,--no-as-needed", "-Wl,--build-id=none"]);
    command.arg(match (spec.kind, spec.is_program) {
        (Kind::Static, _) => "-static",
        (Kind::StaticPie, _) => "-static-pie",
        (Kind::Exec, _) => "-no-pie",
        (_, true) => "-pie",
        (_, false) => "-shared",
    });
    let linker = |command: &mut Command, option: &str, value: &[u8]| {
        command
            .args(["-Xlinker", option, "-Xlinker"])
            .arg(OsStr::from_bytes(value));
    };
    if !spec.imports.is_empty() || !spec.versions.needs.is_empty() {
        command.arg("-Wl,-z,lazy");
    }
    let mut names: Vec<Vec<u8>> = spec.needed.clone();
    let mut stand_ins = Vec::new();
    for (index, name) in names
        .iter_mut()
        .enumerate()
        .filter(|(_, name)| name.is_empty())
    {
        *name = format!("@empty-{index}@").into_bytes();
        stand_ins.push(StandIn {
            index,
            tag: DT_NEEDED,
            is_empty: true,
        });
    }
    let both = spec.rpath.is_some() && spec.runpath.is_some();
    let paths = [
        (DT_RPATH, &spec.rpath, "--disable-new-dtags"),
        (DT_RUNPATH, &spec.runpath, "--enable-new-dtags"),
    ];
    for (tag, path, which) in paths {
        let Some(path) = path else { continue };
        if both || path.is_empty() {
            stand_ins.push(StandIn {
                index: names.len(),
                tag,
                is_empty: path.is_empty(),
            });
            names.push(if path.is_empty() {
                format!("@empty-{tag}@").into_bytes()
            } else {
                path.clone()
            });
        } else {
            linker(&mut command, "-rpath", path);
            command.args(["-Xlinker", which]);
        }
    }
    if let Some(soname) = &spec.soname {
        linker(&mut command, "-soname", soname);
    }
    spec.filter
        .iter()
        .for_each(|name| linker(&mut command, "-F", name));
    spec.auxiliary
        .iter()
        .for_each(|name| linker(&mut command, "-f", name));
    if let Some(auditors) = &spec.audit {
        linker(&mut command, "--audit", auditors);
    }
    if let Some(auditors) = &spec.depaudit {
        linker(&mut command, "-P", auditors);
    }
    for flag in &spec.flags_1 {
        let known = FLAGS_1
            .iter()
            .find(|(name, ..)| name == flag)
            .expect("checked by the spec");
        linker(&mut command, "-z", known.1.as_bytes());
    }
    if !spec.versions.definitions.is_empty() {
        let script = script(&defined(spec));
        linker(
            &mut command,
            "--version-script",
            script.as_os_str().as_bytes(),
        );
    }
    if let Some(level) = spec.isa.map(u32::count_ones).filter(|&level| level > 1) {
        let option = format!("x86-64-v{level}");
        linker(&mut command, "-z", option.as_bytes());
    }
    if spec.relr {
        linker(&mut command, "-z", b"pack-relative-relocs");
    }
    let ordinary_interp = spec.interp.as_ref().and_then(|interp| {
        let (last, name) = interp.split_last()?;
        (*last == 0 && !name.is_empty() && !name.contains(&0)).then(|| name.to_vec())
    });
    if let Some(interp) = &spec.interp {
        let stand_in = || format!("/{}", "x".repeat(interp.len())).into_bytes();
        linker(
            &mut command,
            "--dynamic-linker",
            &ordinary_interp.clone().unwrap_or_else(stand_in),
        );
    }
    let output = workshop().join(unique());
    command.arg("-o").arg(&output).arg(compiled(spec));
    command.args(names.iter().map(|name| OsString::from(stub(spec, name))));
    run(&mut command);
    if spec.kind == Kind::Debug {
        run(Command::new("objcopy")
            .arg("--only-keep-debug")
            .arg(&output));
    }
    let mut file = fs::read(&output).unwrap();
    fs::remove_file(&output).unwrap();
    replace_stand_ins(&mut file, &stand_ins);
    if let (Some(interp), None) = (&spec.interp, ordinary_interp) {
        replace_interp(&mut file, interp);
    }
    file
}

/// The object file of what the spec asks for.
fn compiled(spec: &ElfSpec) -> PathBuf {
    let calls: Vec<String> = spec
        .versions
        .needs
        .iter()
        .flat_map(|need| {
            let versions = need.versions.iter();
            let own = versions.filter(|version| !(spec.relr && version.name == RELR));
            own.map(|version| versions::symbol("at", &need.file, &version.name))
        })
        .collect();
    let has: Vec<String> = defined(spec)
        .into_iter()
        .map(|(symbol, _)| symbol)
        .collect();
    let source = match spec.is_program {
        true => Source::Program {
            stands_alone: matches!(spec.kind, Kind::StaticPie),
            imports: &spec.imports,
            calls: &calls,
        },
        false => Source::Library {
            defines: &spec.defines,
            has: &has,
            imports: &spec.imports,
            calls: &calls,
        },
    };
    object(spec.machine, &source)
}

/// A symbol for each version that the file defines.
fn defined(spec: &ElfSpec) -> Vec<(String, Vec<u8>)> {
    let definitions = spec.versions.definitions.iter();
    definitions
        .map(|version| (versions::symbol("has", b"", version), version.clone()))
        .collect()
}

fn unique() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!(
        "{}-output-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

fn replace_stand_ins(file: &mut [u8], stand_ins: &[StandIn]) {
    if stand_ins.is_empty() {
        return;
    }
    let layout = Layout::of(file);
    let width = if layout.is_64 { 8 } else { 4 };
    let segment = layout.segment(file, 2).expect("a dynamic section to patch");
    let [offset, size, _] = layout
        .segment_fields(segment)
        .map(|field| layout.word(file, field));
    let entries: Vec<usize> = (offset..offset + size).step_by(2 * width).collect();
    let needed: Vec<usize> = entries
        .into_iter()
        .filter(|&at| layout.get(file, at, width) == DT_NEEDED)
        .collect();
    for stand_in in stand_ins {
        let at = needed[stand_in.index];
        layout.put(file, at, width, stand_in.tag);
        if stand_in.is_empty {
            // The empty name is the NUL that every string table starts with.
            layout.put(file, at + width, width, 0);
        }
    }
}

fn replace_interp(file: &mut [u8], interp: &[u8]) {
    let layout = Layout::of(file);
    let width = if layout.is_64 { 8 } else { 4 };
    let segment = layout.segment(file, 3).expect("a PT_INTERP to patch");
    let [offset, file_size, memory_size] = layout.segment_fields(segment);
    let start = layout.word(file, offset);
    file[start..start + interp.len()].copy_from_slice(interp);
    for field in [file_size, memory_size] {
        layout.put(file, field, width, interp.len() as u64);
    }
}

/// A second reader must find in the file what the fixture says.
fn assert_says(spec: &ElfSpec, file: &[u8]) {
    if matches!(spec.kind, Kind::Rel | Kind::Debug) {
        return;
    }
    let lossy = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let elf = goblin::elf::Elf::parse(file).unwrap();
    let needed: Vec<String> = spec.needed.iter().map(|name| lossy(name)).collect();
    assert_eq!(elf.libraries, needed, "DT_NEEDED");
    assert_eq!(
        elf.rpaths,
        spec.rpath
            .iter()
            .map(|path| lossy(path))
            .collect::<Vec<_>>(),
        "DT_RPATH"
    );
    assert_eq!(
        elf.runpaths,
        spec.runpath
            .iter()
            .map(|path| lossy(path))
            .collect::<Vec<_>>(),
        "DT_RUNPATH"
    );
    assert_eq!(
        elf.soname.map(str::to_owned),
        spec.soname.as_deref().map(lossy),
        "DT_SONAME"
    );
    assert_eq!(elf.header.e_machine, spec.machine.code, "e_machine");
}
