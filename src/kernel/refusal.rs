//! How `execve` ends, and why it fails where it does.

use super::shebang::ShebangError;
use crate::elf::NotElf;
use crate::errno::Errno;
use crate::path::TargetPath;
use crate::rootfs::Metadata;

/// How `execve` ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The program, or the interpreter that it names, starts.
    Starts,
    /// `execve` fails.
    Refused {
        /// What it fails with.
        errno: Errno,
        /// Why.
        why: Refusal,
    },
    /// `execve` succeeds and the process dies at once.
    Killed {
        /// The signal's name.
        signal: &'static str,
        /// Why.
        why: &'static str,
    },
    /// We could not look.
    Unreadable(Errno),
}

/// Why `execve` fails. The path is that of the file which it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The path does not lead to a file.
    Lookup(TargetPath),
    /// It leads to a directory.
    Directory(TargetPath),
    /// It leads to a device, fifo or socket.
    Special(TargetPath),
    /// The file has no execute bit, or none for this user.
    NotExecutable {
        /// The file.
        path: TargetPath,
        /// Its mode.
        metadata: Metadata,
    },
    /// The `#!` line is none that the kernel takes.
    Shebang(TargetPath, ShebangError),
    /// More scripts call one another than the kernel follows.
    TooManyScripts,
    /// Neither script nor ELF file.
    Format(TargetPath, NotElf),
    /// An ELF file that the kernel does not take.
    Elf(TargetPath, ElfRefusal),
    /// The interpreter in `PT_INTERP`.
    Interpreter(InterpreterRefusal),
}

/// Which check of an ELF file failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElfRefusal {
    /// `e_type` is neither `ET_EXEC` nor `ET_DYN`.
    Type,
    /// `e_machine` is not one of this kernel's.
    Machine,
    /// `e_phentsize`
    ProgramHeaderSize,
    /// `e_phnum` is 0, or the table exceeds 64 KiB.
    ProgramHeaderCount,
    /// The table is not in the file.
    ProgramHeadersOutside,
    /// `PT_INTERP` has fewer than 2 or more than 4096 bytes.
    InterpSize,
    /// `PT_INTERP` is not in the file.
    InterpOutside,
    /// `PT_INTERP` does not end in NUL.
    InterpUnterminated,
}

/// Why the kernel does not take the interpreter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InterpreterRefusal {
    /// The name is empty.
    EmptyName,
    /// The path does not lead to a file.
    Lookup(Errno),
    /// It leads to a directory.
    Directory,
    /// It leads to a device, fifo or socket.
    Special,
    /// It has no execute bit, or none for this user.
    NotExecutable,
    /// It ends before an ELF header would.
    TooShort,
    /// It is no ELF file.
    NotElf,
    /// It is for another machine.
    WrongMachine,
    /// Its program headers are bad.
    Malformed,
    /// It is neither `ET_EXEC` nor `ET_DYN`; the kernel notices too late.
    WrongType,
    /// It ends before its segments do; the kernel, or the loader itself, notices too late.
    CutShort {
        /// The signal's name.
        signal: &'static str,
    },
    /// We could not look.
    Unreadable(Errno),
}

impl InterpreterRefusal {
    /// What `execve` fails with; `None` where the process is killed instead or
    /// nothing is known.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            InterpreterRefusal::Lookup(errno) => Some(*errno),
            InterpreterRefusal::EmptyName
            | InterpreterRefusal::Directory
            | InterpreterRefusal::Special
            | InterpreterRefusal::NotExecutable => Some(Errno::ACCES),
            InterpreterRefusal::TooShort => Some(Errno::IO),
            InterpreterRefusal::NotElf
            | InterpreterRefusal::WrongMachine
            | InterpreterRefusal::Malformed => Some(Errno::LIBBAD),
            InterpreterRefusal::WrongType
            | InterpreterRefusal::CutShort { .. }
            | InterpreterRefusal::Unreadable(_) => None,
        }
    }
}
