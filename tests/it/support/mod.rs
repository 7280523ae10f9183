//! What the tests share: fixtures written as text, two ways to make them real
//! files, and a way to say once what should happen and to check it twice.
//!
//! - [`fixture`] reads the language; `elf_spec` is its word for an ELF file.
//! - `realise` lays a fixture out in a directory, through one of two builders:
//!   `synthetic` (bytes only, no compiler) or `gcc` (real files, real loaders).
//! - `launch` starts a program in a chroot; `reality` compares what it saw.
//! - [`image`] writes container images, and turns a directory into every kind of source.
//! - [`alike`] asks the same of a directory and of everything that it can be put into.
//! - [`findings`] asks the library what it finds about one file.
//! - `explained` holds `explain` against every text that is predicted.
//! - [`case`] holds a numbered case, its steps and what each should print;
//!   `predicted` asks the binary, `real` the kernel and the loader as well.

pub(crate) mod alike;
pub(crate) mod cache;
pub(crate) mod case;
pub(crate) mod cpu;
pub(crate) mod damage;
pub(crate) mod elf_spec;
pub(crate) mod expected;
pub(crate) mod explained;
pub(crate) mod findings;
pub(crate) mod fixture;
pub(crate) mod gcc;
pub(crate) mod image;
pub(crate) mod imgldd;
pub(crate) mod launch;
pub(crate) mod loaders;
pub(crate) mod programs;
pub(crate) mod realise;
pub(crate) mod reality;
pub(crate) mod synthetic;
pub(crate) mod text;
pub(crate) mod versions;
