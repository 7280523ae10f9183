//! Exit statuses.

use std::process::ExitCode;

/// All is well.
pub(crate) const FINE: u8 = 0;
/// Something is broken.
pub(crate) const BROKEN: u8 = 1;
/// Something could not be decided or done.
pub(crate) const UNDECIDED: u8 = 2;
/// Nobody reads what is written: 128 and SIGPIPE, as a shell would say it.
pub(crate) const CLOSED_PIPE: u8 = 141;

pub(crate) fn code(status: u8) -> ExitCode {
    ExitCode::from(status)
}
