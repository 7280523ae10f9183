//! One search: the steps of a plan, candidate by candidate.

use std::rc::Rc;

use super::resolve::Resolver;
use super::{Attempt, Attempts, Limit};
use crate::content::{Content, FileId, FileRecord};
use crate::elf::{Class, NotElf, Object};
use crate::errno::Errno;
use crate::loader::{
    Detail, Directory, Judgement, LinkMap, Loader, MAX_DIRECTORIES, ObjectId, Reject, Rule, Step,
    StopText, TryOutcome, musl,
};
use crate::path::Way;

/// What the attempts that are kept of one program may weigh; beyond, they are
/// only made.
const MAX_KEPT: usize = 4 << 20;
/// What an attempt weighs beside its path.
const ATTEMPT_WEIGHT: usize = 80;

/// What came of a candidate that was tried.
enum Tried {
    /// It is this file.
    File(FileId, FileRecord),
    /// On to the next candidate.
    Next,
    /// On to the next list.
    NextList,
    /// No more candidates.
    End,
    /// The loader gives up; the search goes on as if the file were absent.
    Stop(StopText),
}

/// Whether the first component of a sub-directory is there, which most have in common.
#[derive(Default)]
struct Below<'s> {
    first: &'s [u8],
    is_there: bool,
}

/// How a search went.
#[derive(Default)]
pub(super) struct Search {
    pub(super) attempts: Attempts,
    /// What the loader would give up at.
    pub(super) stopped: Option<Stopped>,
    pub(super) wrong_class: Option<&'static str>,
    pub(super) found: Option<Hit>,
}

/// A file at which the loader would give up.
#[derive(Clone)]
pub(super) struct Stopped {
    pub(super) text: StopText,
    pub(super) path: Rc<[u8]>,
    pub(super) rule: Rule,
    pub(super) owner: Option<ObjectId>,
}

pub(super) struct Hit {
    pub(super) file: FileId,
    pub(super) record: FileRecord,
    pub(super) path: Rc<[u8]>,
    pub(super) rule: Rule,
    pub(super) owner: Option<ObjectId>,
}

impl Resolver<'_> {
    /// Tries the candidates of `steps` in order.
    pub(super) fn search(&mut self, steps: &[Step], name: &[u8]) -> Search {
        let mut search = Search::default();
        for step in steps {
            let done = match step {
                Step::List {
                    rule,
                    owner,
                    directories,
                } => self.try_list(&mut search, *rule, *owner, directories, name),
                Step::File { rule, path } => {
                    let tried = self.attempt(&mut search, *rule, None, path, None, name);
                    self.settle(&mut search, tried, path.clone(), *rule, None)
                }
                Step::OwnFile(errno) => {
                    // It is read once.
                    if !std::mem::replace(&mut self.own_file_read, true) && *errno != Errno::NONE {
                        self.errno = *errno;
                    }
                    false
                }
                Step::Withheld { rule, what, why } => {
                    let why = (*why).into();
                    self.note(&mut search, *rule, None, what, why, TryOutcome::Dropped);
                    false
                }
            };
            if done || self.graph.limit.is_some() {
                break;
            }
        }
        search
    }

    /// Tries one list; true where nothing further is to be tried.
    fn try_list(
        &mut self,
        search: &mut Search,
        rule: Rule,
        owner: Option<ObjectId>,
        directories: &[Directory],
        name: &[u8],
    ) -> bool {
        for directory in directories {
            let text = match directory {
                Directory::Search(text) => text,
                Directory::Dropped(text, why) => {
                    let why = (*why).into();
                    self.note(search, rule, owner, text, why, TryOutcome::Dropped);
                    continue;
                }
                Directory::Beyond => {
                    self.graph.limit = Some(Limit::Directories(MAX_DIRECTORIES));
                    return true;
                }
            };
            if self.absent.contains(text) {
                // glibc remembers it too and leaves `errno` alone.
                if self.counts_too_far() {
                    return true;
                }
                let path = self.joined(&[text, name]);
                self.keep(
                    search,
                    Attempt {
                        path,
                        rule,
                        owner,
                        outcome: TryOutcome::Absent,
                        detail: None,
                    },
                );
                continue;
            }
            let loader = self.loader.clone();
            let mut below = Below::default();
            for subdirectory in loader.subdirectories() {
                if !self.has_subdirectory(text, subdirectory, &mut below) {
                    continue;
                }
                let path = self.joined(&[text, subdirectory, name]);
                let tried =
                    self.attempt(search, rule, owner, &path, Some((text, subdirectory)), name);
                if matches!(tried, Tried::NextList) {
                    return false;
                }
                if self.settle(search, tried, path, rule, owner) {
                    return true;
                }
                if self.graph.limit.is_some() {
                    return true;
                }
            }
            self.remember_absence(text);
        }
        false
    }

    /// After a miss glibc looks whether there is any directory at all, unless its
    /// path is relative (`elf/dl-load.c:open_path`).
    fn remember_absence(&mut self, directory: &Rc<[u8]>) {
        if self.loader.is_musl() || !directory.starts_with(b"/") {
            return;
        }
        if let Err(errno) = self.files.directory(directory) {
            self.errno = errno;
            self.absent.insert(directory.clone());
        }
    }

    /// Counts a place that is looked at; true where that is one too many.
    fn counts_too_far(&mut self) -> bool {
        self.probes += 1;
        if self.probes > self.limits.probes {
            self.graph.limit = Some(Limit::Probes(self.limits.probes));
        }
        self.graph.limit.is_some()
    }

    /// Whether a sub-directory is there; the directory itself is always tried. `below` is
    /// what is known of others in the same directory.
    fn has_subdirectory<'s>(
        &mut self,
        directory: &[u8],
        subdirectory: &'s [u8],
        below: &mut Below<'s>,
    ) -> bool {
        let Some(first) = subdirectory
            .split(|&b| b == b'/')
            .next()
            .filter(|f| !f.is_empty())
        else {
            return true;
        };
        let mut there = |below: &[u8]| {
            let path = &mut self.scratch;
            path.clear();
            path.extend_from_slice(directory);
            path.extend_from_slice(below);
            let seen = self.workdir.sees(path);
            self.files.directory(seen.way()).is_ok()
        };
        if below.first != first {
            *below = Below {
                first,
                is_there: there(first),
            };
        }
        below.is_there && (subdirectory.len() == first.len() + 1 || there(subdirectory))
    }

    /// `parts` as one path.
    fn joined(&mut self, parts: &[&[u8]]) -> Rc<[u8]> {
        self.scratch.clear();
        for part in parts {
            self.scratch.extend_from_slice(part);
        }
        Rc::from(self.scratch.as_slice())
    }

    /// Acts on what came of a candidate; true where the search is over.
    fn settle(
        &mut self,
        search: &mut Search,
        tried: Tried,
        path: Rc<[u8]>,
        rule: Rule,
        owner: Option<ObjectId>,
    ) -> bool {
        match tried {
            Tried::File(file, record) => {
                search.found = Some(Hit {
                    file,
                    record,
                    path,
                    rule,
                    owner,
                });
                true
            }
            Tried::Stop(text) => {
                if search.stopped.is_none() {
                    search.stopped = Some(Stopped {
                        text,
                        path,
                        rule,
                        owner,
                    });
                }
                false
            }
            Tried::End => true,
            Tried::Next | Tried::NextList => false,
        }
    }

    /// Tries one candidate and keeps a record of it.
    fn attempt(
        &mut self,
        search: &mut Search,
        rule: Rule,
        owner: Option<ObjectId>,
        path: &Rc<[u8]>,
        place: Option<(&[u8], &[u8])>,
        name: &[u8],
    ) -> Tried {
        if self.counts_too_far() {
            return Tried::End;
        }
        if self.loader.is_musl() && path.len() > name.len() && musl::overflows(path) {
            self.note(
                search,
                rule,
                owner,
                path,
                Detail::Text("longer than 511 bytes".to_owned()),
                TryOutcome::NameTooLong,
            );
            return Tried::Next;
        }
        let seen = self.workdir.sees(path);
        let opened = match self.files.open(seen.way()) {
            Ok(file) => Ok((file, self.as_read(seen.way(), self.files.record(file)))),
            Err(errno) => Err(errno),
        };
        self.note_unreadable(path, &opened);
        let judgement = match &opened {
            Ok((_, record)) => self.loader.judge_open(Ok(record)),
            Err(errno) => self.loader.judge_open(Err(*errno)),
        };
        let judgement = match (judgement, &opened) {
            (Judgement::Accept, Ok((_, record))) if self.comes_first && place.is_some() => {
                self.loader.judge_preload(record)
            }
            (judgement, _) => judgement,
        };
        let judgement = match (judgement, &opened) {
            (Judgement::Accept, Ok((_, record))) if !self.is_loaded(record) => {
                self.loader.judge_map(record)
            }
            (judgement, _) => judgement,
        };
        let (outcome, detail, tried) = match judgement {
            Judgement::Accept => match opened {
                Ok((file, record)) => (TryOutcome::Found, None, Tried::File(file, record)),
                Err(_) => (TryOutcome::IoError, None, Tried::Next),
            },
            Judgement::Skip(reject) => self.rejected(search, reject, Tried::Next),
            Judgement::EndList(reject) => {
                let ends = match place {
                    None => false,
                    // A sub-directory's failure is overtaken by the next one's.
                    Some((_, subdirectory)) if !subdirectory.is_empty() => false,
                    Some((directory, _)) => {
                        !directory.starts_with(b"/") || {
                            let directory = self.workdir.sees(directory);
                            self.files.directory(directory.way()).is_ok()
                        }
                    }
                };
                let tried = if ends { Tried::NextList } else { Tried::Next };
                self.rejected(search, reject, tried)
            }
            Judgement::EndSearch(reject) => self.rejected(search, reject, Tried::End),
            Judgement::Stop(reject, text) => self.rejected(search, reject, Tried::Stop(text)),
        };
        self.keep(
            search,
            Attempt {
                path: path.clone(),
                rule,
                owner,
                outcome,
                detail,
            },
        );
        tried
    }

    /// musl reads a file in its own layout whatever its first bytes say.
    fn as_read(&self, path: Way<'_>, mut record: FileRecord) -> FileRecord {
        let Loader::Musl(musl) = &*self.loader else {
            return record;
        };
        if let Ok(Content::Other {
            why: NotElf::NoMagic,
            ..
        }) = &record.content
        {
            let data = self.files.rootfs().open(path).ok().and_then(|o| o.data);
            let object = data.and_then(|data| Object::read_as(&*data, musl.layout()).ok());
            if let Some(object) = object.filter(|object| object.is_loadable_type()) {
                record.content = Ok(Content::Elf(object));
            }
        }
        record
    }

    fn rejected(
        &mut self,
        search: &mut Search,
        reject: Reject,
        tried: Tried,
    ) -> (TryOutcome, Option<Detail>, Tried) {
        if reject.outcome == TryOutcome::WrongClass && !self.loader.is_musl() {
            // The loader does not look which it is: it is not its own.
            let main = self.graph.map.get(LinkMap::MAIN).object.as_ref();
            let other = match main.map(|object| object.class()) {
                Some(Class::Elf32) => "ELFCLASS64",
                _ => "ELFCLASS32",
            };
            search.wrong_class = Some(other);
        }
        if reject.errno != Errno::NONE {
            self.errno = reject.errno;
        }
        (reject.outcome, reject.detail, tried)
    }

    fn is_loaded(&self, record: &FileRecord) -> bool {
        self.graph
            .map
            .with_identity(record.metadata.identity)
            .is_some()
    }

    /// A refusal that the target's user would not meet is ours.
    fn note_unreadable(&mut self, path: &[u8], opened: &Result<(FileId, FileRecord), Errno>) {
        let ours = match opened {
            Err(errno @ Errno::ACCES) => self.files.rootfs().user().is_root().then_some(*errno),
            Ok((_, record)) => {
                let expected = [Errno::ISDIR, Errno::INVAL];
                record
                    .content
                    .as_ref()
                    .err()
                    .filter(|e| !expected.contains(e))
                    .copied()
            }
            Err(_) => None,
        };
        if let (Some(errno), None) = (ours, &self.graph.unreadable) {
            self.graph.unreadable = Some((Rc::from(path), errno));
        }
    }

    pub(super) fn note(
        &mut self,
        search: &mut Search,
        rule: Rule,
        owner: Option<ObjectId>,
        path: &[u8],
        why: Detail,
        outcome: TryOutcome,
    ) {
        self.keep(
            search,
            Attempt {
                path: Rc::from(path),
                rule,
                owner,
                outcome,
                detail: Some(why),
            },
        );
    }

    fn keep(&mut self, search: &mut Search, attempt: Attempt) {
        self.kept += attempt.path.len() + ATTEMPT_WEIGHT;
        if self.kept <= MAX_KEPT || attempt.outcome == TryOutcome::Found {
            search.attempts.push(attempt);
        }
    }
}
