//! The checks of `execve`, in the kernel's order.

use std::sync::Arc;

use super::machine;
use super::refusal::{ElfRefusal, End, InterpreterRefusal, Refusal};
use super::shebang::Shebang;
use crate::content::{Content, FileId, Files};
use crate::elf::consts::{ET_DYN, ET_EXEC, PF_W};
use crate::elf::{Linkage, Object, Segment, SegmentTable};
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::platform::Platform;
use crate::rootfs::{Access, Follow, Kind, Metadata, NodeId, Opened};

/// The most scripts that may call one another (`fs/exec.c:exec_binprm`).
const MAX_SCRIPTS: usize = 5;
/// `PATH_MAX`, the longest `PT_INTERP` with its NUL.
const MAX_INTERP: u64 = 4096;
/// What an ELF program header table may have at most, in bytes.
const MAX_TABLE: usize = 65_536;

/// What is to be executed.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The path given to `execve`, absolute.
    pub path: &'a TargetPath,
    /// The working directory at that moment.
    pub workdir: &'a TargetPath,
    /// The kernel's platform; `None` where it is not known, and then every
    /// machine is taken for the kernel's own.
    pub platform: Option<&'a Platform>,
}

/// What `execve` came to.
#[derive(Clone, Debug)]
pub struct Exec {
    /// The scripts on the way, the first one the subject itself.
    pub scripts: Vec<Script>,
    /// The ELF file at the end of the way, if there is one.
    pub program: Option<Program>,
    /// How it ended.
    pub end: End,
}

/// A script that the kernel went through.
#[derive(Clone, Debug)]
pub struct Script {
    /// The path that was executed.
    pub path: TargetPath,
    /// Its first line.
    pub shebang: Shebang,
}

/// The ELF file that was reached.
#[derive(Clone, Debug)]
pub struct Program {
    /// The path that was executed.
    pub path: TargetPath,
    /// The file without links.
    pub real_path: TargetPath,
    /// Its mode and owner.
    pub metadata: Metadata,
    /// Its facts.
    pub object: Arc<Object>,
    /// The interpreter that it names.
    pub interpreter: Option<Interpreter>,
}

/// What `PT_INTERP` led to.
#[derive(Clone, Debug)]
pub struct Interpreter {
    /// The path as written, up to its first NUL.
    pub path: Vec<u8>,
    /// The file, where the kernel took it.
    pub file: Result<FileId, InterpreterRefusal>,
}

/// What `execve` would do with `request`.
#[must_use]
pub fn exec(files: &Files<'_>, request: Request<'_>) -> Exec {
    let mut way = Exec {
        scripts: Vec::new(),
        program: None,
        end: End::Starts,
    };
    let mut path = request.path.clone();
    // A file that may not be executed is looked at as if it might: what else is
    // wrong is wanted too, and a library needs no permission.
    let mut forbidden = None;
    let end = loop {
        let found = match executable(files, &path) {
            Ok(found) => found,
            Err(end) => break end,
        };
        if !found.permitted && forbidden.is_none() {
            let metadata = found.place.metadata;
            let why = Refusal::NotExecutable {
                path: path.clone(),
                metadata,
            };
            forbidden = Some(End::Refused {
                errno: Errno::ACCES,
                why,
            });
        }
        // The interpreter of the last script is opened before the kernel counts.
        if way.scripts.len() > MAX_SCRIPTS {
            break End::Refused {
                errno: Errno::LOOP,
                why: Refusal::TooManyScripts,
            };
        }
        let noexec = |why| End::Refused {
            errno: Errno::NOEXEC,
            why,
        };
        match found.content {
            Content::Elf(object) => break program(files, request, &mut way, found.place, &object),
            Content::Other { why, head } => match Shebang::parse(&head) {
                None => break noexec(Refusal::Format(path, why)),
                Some(Err(error)) => break noexec(Refusal::Shebang(path, error)),
                Some(Ok(shebang)) => {
                    let next = match &shebang.interpreter[..] {
                        // The empty name opens the working directory.
                        [] => request.workdir.clone(),
                        name => request.workdir.seen_by_process(name),
                    };
                    way.scripts.push(Script { path, shebang });
                    path = next;
                }
            },
        }
    };
    way.end = forbidden.unwrap_or(end);
    way
}

/// A regular file, where it is, and whether this user may execute it.
struct Executable {
    permitted: bool,
    content: Content,
    place: Place,
}

struct Place {
    path: TargetPath,
    real_path: TargetPath,
    metadata: Metadata,
}

/// `fs/exec.c:do_open_execat`: look the path up, want a regular file.
fn executable(files: &Files<'_>, path: &TargetPath) -> Result<Executable, End> {
    let rootfs = files.rootfs();
    if let Some(file) = files
        .met(path.as_bytes())
        .filter(|_| rootfs.user().is_root())
    {
        let record = files.record(file);
        return Ok(Executable {
            permitted: rootfs.user().may(Access::Execute, &record.metadata),
            content: record.content.map_err(End::Unreadable)?,
            place: Place {
                path: path.clone(),
                real_path: path.clone(),
                metadata: record.metadata,
            },
        });
    }
    let walk = rootfs.walk(path, Follow::Last);
    let refused = |errno, why| End::Refused { errno, why };
    let node = walk.end.map_err(|errno| match errno {
        Errno::ACCES if rootfs.user().is_root() => End::Unreadable(errno),
        errno => refused(errno, Refusal::Lookup(path.clone())),
    })?;
    let metadata = rootfs.filesystem().metadata(node);
    match metadata.kind {
        Kind::File => {}
        Kind::Directory => {
            return Err(refused(Errno::ACCES, Refusal::Directory(path.clone())));
        }
        Kind::Symlink | Kind::Other => {
            return Err(refused(Errno::ACCES, Refusal::Special(path.clone())));
        }
    }
    let permitted = rootfs.user().may(Access::Execute, &metadata);
    let content = content(files, node, metadata).map_err(End::Unreadable)?.1;
    let place = Place {
        path: path.clone(),
        real_path: walk.real_path,
        metadata,
    };
    Ok(Executable {
        permitted,
        content,
        place,
    })
}

/// The kernel reads what it executes whether or not the user may read it.
fn content(
    files: &Files<'_>,
    node: NodeId,
    metadata: Metadata,
) -> Result<(FileId, Content), Errno> {
    if let Some(file) = files.known(metadata.identity) {
        return Ok((file, files.record(file).content?));
    }
    let data = Some(files.rootfs().open_node(node)?);
    let file = files.keep(&Opened { metadata, data });
    Ok((file, files.record(file).content?))
}

/// `fs/binfmt_elf.c:load_elf_binary`
fn program(
    files: &Files<'_>,
    request: Request<'_>,
    way: &mut Exec,
    place: Place,
    object: &Arc<Object>,
) -> End {
    let checked = check_elf(object, request.platform);
    let Place {
        path,
        real_path,
        metadata,
    } = place;
    let mut program = Program {
        path: path.clone(),
        real_path,
        metadata,
        object: object.clone(),
        interpreter: None,
    };
    let end = match checked {
        Err(why) => {
            // A kernel of the right machine would go on.
            if why == ElfRefusal::Machine {
                program.interpreter = interpreter(files, request, object).ok().flatten();
            }
            End::Refused {
                errno: Errno::NOEXEC,
                why: Refusal::Elf(path, why),
            }
        }
        Ok(()) => match interpreter(files, request, object) {
            Err((errno, why)) => End::Refused {
                errno,
                why: Refusal::Elf(path, why),
            },
            Ok(None) => without_interpreter(object),
            Ok(Some(interpreter)) => {
                let end = with_interpreter(&interpreter, object);
                program.interpreter = Some(interpreter);
                end
            }
        },
    };
    way.program = Some(program);
    end
}

fn check_elf(object: &Object, platform: Option<&Platform>) -> Result<(), ElfRefusal> {
    let header = &object.header;
    if !matches!(header.object_type, ET_EXEC | ET_DYN) {
        return Err(ElfRefusal::Type);
    }
    if !machine::takes(platform, header) {
        return Err(ElfRefusal::Machine);
    }
    check_table(object)
}

/// `fs/binfmt_elf.c:load_elf_phdrs`
fn check_table(object: &Object) -> Result<(), ElfRefusal> {
    let header = &object.header;
    let size = usize::from(header.program_headers) * usize::from(header.program_header_size);
    match object.table {
        SegmentTable::BadEntrySize => Err(ElfRefusal::ProgramHeaderSize),
        SegmentTable::Empty => Err(ElfRefusal::ProgramHeaderCount),
        _ if size > MAX_TABLE => Err(ElfRefusal::ProgramHeaderCount),
        SegmentTable::Outside => Err(ElfRefusal::ProgramHeadersOutside),
        SegmentTable::Read => Ok(()),
    }
}

/// Reads `PT_INTERP` and opens what it names.
fn interpreter(
    files: &Files<'_>,
    request: Request<'_>,
    object: &Object,
) -> Result<Option<Interpreter>, (Errno, ElfRefusal)> {
    let Some(interp) = &object.interp else {
        return Ok(None);
    };
    if !(2..=MAX_INTERP).contains(&interp.size) {
        return Err((Errno::NOEXEC, ElfRefusal::InterpSize));
    }
    let Some(bytes) = &interp.bytes else {
        return Err((Errno::IO, ElfRefusal::InterpOutside));
    };
    if bytes.last() != Some(&0) {
        return Err((Errno::NOEXEC, ElfRefusal::InterpUnterminated));
    }
    let path = interp.path().to_vec();
    let file = if path.is_empty() {
        Err(InterpreterRefusal::EmptyName)
    } else {
        open_interpreter(files, &request.workdir.seen_by_process(&path), object)
    };
    Ok(Some(Interpreter { path, file }))
}

fn open_interpreter(
    files: &Files<'_>,
    path: &TargetPath,
    program: &Object,
) -> Result<FileId, InterpreterRefusal> {
    let rootfs = files.rootfs();
    let node = files.node(path).map_err(|errno| match errno {
        Errno::ACCES if rootfs.user().is_root() => InterpreterRefusal::Unreadable(errno),
        errno => InterpreterRefusal::Lookup(errno),
    })?;
    let metadata = rootfs.filesystem().metadata(node);
    match metadata.kind {
        Kind::File if !rootfs.user().may(Access::Execute, &metadata) => {
            return Err(InterpreterRefusal::NotExecutable);
        }
        Kind::File => {}
        Kind::Directory => return Err(InterpreterRefusal::Directory),
        Kind::Symlink | Kind::Other => return Err(InterpreterRefusal::Special),
    }
    let (file, content) = content(files, node, metadata).map_err(InterpreterRefusal::Unreadable)?;
    if metadata.size < program.class().header_size() as u64 {
        return Err(InterpreterRefusal::TooShort);
    }
    let Some(object) = content.elf() else {
        return Err(InterpreterRefusal::NotElf);
    };
    if !machine::takes_with(&program.header, &object.header) {
        return Err(InterpreterRefusal::WrongMachine);
    }
    check_table(object).map_err(|_| InterpreterRefusal::Malformed)?;
    if !object.is_loadable_type() {
        return Err(InterpreterRefusal::WrongType);
    }
    match cut_short(object) {
        Some(signal) => Err(InterpreterRefusal::CutShort { signal }),
        None => Ok(file),
    }
}

fn with_interpreter(interpreter: &Interpreter, program: &Object) -> End {
    // What is wrong with the interpreter shows when it is mapped, after the program.
    let later = match &interpreter.file {
        Ok(_) => End::Starts,
        Err(InterpreterRefusal::WrongType) => End::Killed {
            signal: "SIGSEGV",
            why: "the interpreter is of a type that cannot run",
        },
        Err(InterpreterRefusal::CutShort { signal }) => End::Killed {
            signal,
            why: "the interpreter ends before its segments",
        },
        Err(InterpreterRefusal::Unreadable(errno)) => return End::Unreadable(*errno),
        Err(refusal) => {
            return End::Refused {
                errno: refusal.errno().unwrap_or(Errno::LIBBAD),
                why: Refusal::Interpreter(refusal.clone()),
            };
        }
    };
    match mapped(program) {
        End::Starts => later,
        killed => killed,
    }
}

/// What comes of mapping a program's segments.
fn mapped(object: &Object) -> End {
    if !can_be_mapped(object) {
        return UNMAPPABLE;
    }
    match cut_short(object) {
        Some(signal) => End::Killed {
            signal,
            why: "the file ends before its segments",
        },
        None => End::Starts,
    }
}

/// Segments are mapped after the old program is gone, so what is wrong with them
/// kills (`fs/binfmt_elf.c:load_elf_binary`, `elf_load`).
const UNMAPPABLE: End = End::Killed {
    signal: "SIGSEGV",
    why: "a segment of it cannot be mapped",
};

/// Whether every `PT_LOAD` has room in memory for what it has in the file, an end
/// above its start, and the same place in a page in both. Pages are larger than
/// 4096 bytes on some machines, never smaller.
fn can_be_mapped(object: &Object) -> bool {
    object.loads.iter().all(|load| {
        let end = load.address.checked_add(load.memory_size);
        let in_page = |at: u64| at % 4096;
        load.file_size <= load.memory_size
            && end.is_some_and(|end| end < 1 << 63)
            && (load.file_size == 0 || in_page(load.offset) == in_page(load.address))
    })
}

/// What a file that lacks whole pages of its segments is killed by. The kernel clears the
/// rest of the page in which the data end and the zeros begin, and gives up with SIGSEGV
/// where the file has no such page (`fs/binfmt_elf.c:padzero`); else who touches a page
/// that is not there gets SIGBUS.
fn cut_short(object: &Object) -> Option<&'static str> {
    if !object.is_cut_short() {
        return None;
    }
    let end_of_file = object.size.next_multiple_of(4096);
    let is_cleared_in_vain = |load: &Segment| {
        let end = load.offset.saturating_add(load.file_size);
        let is_writable = load.flags & PF_W != 0;
        is_writable
            && load.memory_size > load.file_size
            && !end.is_multiple_of(4096)
            && end > end_of_file
    };
    match object.loads.iter().any(is_cleared_in_vain) {
        true => Some("SIGSEGV"),
        false => Some("SIGBUS"),
    }
}

fn without_interpreter(object: &Object) -> End {
    match object.linkage() {
        Linkage::SharedObject => End::Killed {
            signal: "SIGSEGV",
            why: "a shared object is no program",
        },
        _ => mapped(object),
    }
}
