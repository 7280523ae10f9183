//! What the loader writes when it gives up on a name.
//!
//! glibc stops at the first such name (`elf/dl-error-skeleton.c`,
//! `elf/rtld.c:print_*`); musl says so of each and stops in the end
//! (`ldso/dynlink.c:load_direct_deps`).

use std::rc::Rc;

use super::resolve::{Request, Resolver};
use super::search::Search;
use super::{Said, Stop, StopCause};
use crate::bytes::lossy;
use crate::errno::Errno;
use crate::loader::{LinkMap, StopText};

/// What a loader exits with that gives up.
pub(super) const STATUS: u8 = 127;

impl Resolver<'_> {
    /// Notes what the loader says about `request`; `path` is the file that it
    /// stops at.
    pub(super) fn give_up(&mut self, request: &Request<'_>, path: Option<&[u8]>, text: &StopText) {
        let requester = request.requester.unwrap_or(LinkMap::MAIN);
        if self.assumed.contains_key(&requester) {
            // The real loader does not get here.
            return;
        }
        if self.loader.is_musl() {
            let errno = if text.errno == Errno::NONE {
                self.errno
            } else {
                text.errno
            };
            let line = format!(
                "Error loading shared library {}: {} (needed by {})",
                lossy(&request.name),
                errno.musl_words(),
                lossy(self.graph.map.get(requester).called()),
            );
            self.says(request.written, &line);
            match &mut self.graph.stop {
                Some(stop) => {
                    stop.text.push('\n');
                    stop.text.push_str(&line);
                }
                none => {
                    *none = Some(Stop {
                        cause: StopCause::Name,
                        text: line,
                        exit_status: STATUS,
                    })
                }
            }
            return;
        }
        if self.graph.stop.is_some() {
            return;
        }
        let program = lossy(self.graph.map.get(LinkMap::MAIN).called());
        let about = path.filter(|_| text.names_path).unwrap_or(&request.name);
        let mut line = format!(
            "{program}: error while loading shared libraries: {}: {}",
            lossy(about),
            text.text
        );
        if text.errno != Errno::NONE {
            line.push_str(": ");
            line.push_str(&text.errno.loader_words());
        }
        self.says(request.written, &line);
        self.graph.stop = Some(Stop {
            cause: StopCause::Name,
            text: line,
            exit_status: STATUS,
        });
    }

    /// Notes that `line` is about `name`.
    pub(super) fn says(&mut self, name: &[u8], line: &str) {
        self.graph.said.push(Said {
            name: Rc::from(name),
            line: line.to_owned(),
        });
    }
}

impl Search {
    /// The words for a name of which nothing was found.
    pub(super) fn absence(&self, errno: Errno) -> StopText {
        match &self.wrong_class {
            Some(class) => StopText {
                text: format!("wrong ELF class: {class}"),
                names_path: false,
                errno: Errno::NONE,
            },
            None => StopText {
                text: "cannot open shared object file".to_owned(),
                names_path: false,
                errno,
            },
        }
    }

    /// Why a search for something that need not be there failed, if it did.
    pub(super) fn failure(&self, impossible: Option<&StopText>) -> Option<String> {
        let stopped = self
            .stopped
            .as_ref()
            .map(|stopped| &stopped.text)
            .or(impossible);
        match stopped {
            Some(stop) => Some(stop.text.clone()),
            None if self.found.is_some() => None,
            None => Some(self.absence(Errno::NONE).text),
        }
    }
}
