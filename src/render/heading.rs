//! The line about a target that stands above what is told of it.

use std::io::{self, Write};

use super::text::plural;
use crate::bytes::escape;
use crate::report::{Libc, Target};

/// Says whose the lines below are, where there are several targets.
#[derive(Clone, Copy, Default, Debug)]
pub struct Headings {
    are_wanted: bool,
    /// The target whose line was written last.
    begun: Option<usize>,
}

impl Headings {
    /// A line above each of several targets; none where there is one.
    #[must_use]
    pub fn of_several(several: bool) -> Self {
        Headings {
            are_wanted: several,
            begun: None,
        }
    }

    /// Writes the line about a target before the first thing about it.
    pub(super) fn begin(
        &mut self,
        out: &mut dyn Write,
        target: &Target,
        number: usize,
    ) -> io::Result<()> {
        if !self.are_wanted || self.begun == Some(number) {
            return Ok(());
        }
        if self.begun.replace(number).is_some() {
            writeln!(out)?;
        }
        writeln!(out, "{}", target_line(target))
    }
}

/// The line about a target: what it is, as far as it is known.
pub(super) fn target_line(target: &Target) -> String {
    let mut parts = vec![escape(&target.input).into_owned()];
    parts.extend(target.reference.as_deref().map(|r| escape(r).into_owned()));
    if let Some(platform) = &target.platform {
        let variant = platform.variant.iter().map(|variant| format!("/{variant}"));
        let variant: String = variant.collect();
        let name = format!("{}/{}{variant}", platform.os, platform.architecture);
        parts.push(escape(&name).into_owned());
    }
    let libc = match target.libc {
        Libc::Glibc => "glibc",
        Libc::Musl => "musl",
        Libc::Uclibc => "uclibc",
        Libc::Bionic => "bionic",
        Libc::None => "no libc",
        Libc::Unknown => "libc unknown",
    };
    match &target.distro {
        Some(distro) => {
            let version = distro.version_id.as_deref().unwrap_or_default();
            let name = format!("{} {version}", distro.id);
            parts.push(format!("{} ({libc})", escape(name.trim_end())));
        }
        None => parts.push(format!("({libc})")),
    }
    if !target.layers.is_empty() {
        let count = target.layers.len();
        parts.push(format!("{count} {}", plural(count, "layer", "layers")));
    }
    parts.join("  ")
}
