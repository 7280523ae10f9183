//! Input that was made to mislead, to exhaust or to crash us.
//!
//! Each test builds a damaged file with [`forge`] or an odd directory, asks the
//! binary about it together with an intact program ([`scene`]), and wants what
//! the kernel or the loader would make of it; where no rule decides, an error
//! that says what was found. The rest holds everywhere and is checked in one
//! place: no crash, bounded memory and CPU time, nothing raw on any stream, and
//! the intact program still answered.

mod forge;
mod scene;

mod headers;
mod mutations;
mod names;
mod places;
mod segments;
mod tables;
mod truncation;
mod volume;
