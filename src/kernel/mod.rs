//! What `execve` does with a path (`fs/exec.c`, `fs/binfmt_script.c`,
//! `fs/binfmt_elf.c`).
//!
//! [`exec`] follows the chain of `#!` lines to an ELF file, makes the kernel's
//! checks of it and of its interpreter, and answers with how far it got. It
//! knows no loader: whether the interpreter is one, and what it would do, is
//! decided elsewhere.

mod exec;
mod machine;
mod refusal;
mod shebang;

pub use exec::{Exec, Interpreter, Program, Request, Script, exec};
pub use refusal::{ElfRefusal, End, InterpreterRefusal, Refusal};
pub use shebang::{Shebang, ShebangError};
