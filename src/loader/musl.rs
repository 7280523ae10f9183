//! Where musl looks for a library, and when it stops looking.
//!
//! Follows `ldso/dynlink.c`: `load_library`, `path_open`, `fixup_rpath`,
//! `map_library`. The differences from glibc that people trip over: rpath and
//! runpath are one thing and both are inherited, `LD_LIBRARY_PATH` comes before
//! them, there is no cache, sonames are not compared, libc's own names are never
//! looked for, and the first file that opens is final, whatever it is.

use std::rc::Rc;

use memchr::memmem;

use super::link_map::{Expanded, LinkMap, Loaded, ObjectId, Role};
use super::path_list::musl_list;
use super::plan::{Directory, Judgement, Plan, Reject, Rule, Step, Steps, StopText, TryOutcome};
use super::reason::{Reason, Secure};
use super::{Environment, Subject};
use crate::content::FileRecord;
use crate::elf::consts::{ET_DYN, ET_EXEC};
use crate::elf::{Class, Encoding, Layout, SegmentTable};
use crate::errno::Errno;
use crate::path::parent;

/// `lib` and one of these at the start of a name mean libc itself
/// (`load_library`, `reserved`).
const RESERVED: [&[u8]; 7] = [
    b"c.",
    b"pthread.",
    b"rt.",
    b"m.",
    b"dl.",
    b"util.",
    b"xnet.",
];
/// `NAME_MAX`
const MAX_NAME: usize = 255;
/// The room for a candidate's path: `2*NAME_MAX+2`, its NUL included.
const MAX_PATH: usize = 512;
/// `sys_path` where there is no path file.
const DEFAULT_PATH: &[u8] = b"/lib:/usr/local/lib:/usr/lib";

/// What a musl loader's bytes say of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traits {
    /// `ARCH` in `/etc/ld-musl-ARCH.path`.
    pub architecture: Option<Vec<u8>>,
}

impl Traits {
    pub(super) fn read(data: &[Vec<u8>]) -> Traits {
        let named = |part: &Vec<u8>| {
            let at = memmem::find(part, b"/etc/ld-musl-")? + b"/etc/ld-musl-".len();
            let end = memmem::find(&part[at..], b".path")?;
            let name = &part[at..at + end];
            (end < 32 && !name.contains(&0)).then(|| name.to_vec())
        };
        Traits {
            architecture: data.iter().find_map(named),
        }
    }

    /// The path file of a loader that was started as `interp`: its prefix is
    /// `interp` without the last two components.
    #[must_use]
    pub fn path_file(&self, interp: &[u8], fallback: &str) -> Vec<u8> {
        let prefix = match interp.first() {
            Some(b'/') => parent_or_empty(parent_or_empty(interp)),
            _ => b"",
        };
        let architecture = self.architecture.as_deref().unwrap_or(fallback.as_bytes());
        [prefix, b"/etc/ld-musl-", architecture, b".path"].concat()
    }
}

/// What stands before the last slash, nothing for a name in the root directory.
fn parent_or_empty(path: &[u8]) -> &[u8] {
    match parent(path) {
        b"/" => b"",
        other => other,
    }
}

/// musl's loader, ready to be asked.
#[derive(Debug)]
pub struct Musl {
    interp: Vec<u8>,
    class: Class,
    encoding: Encoding,
    environment: Environment,
    library_path: Option<Rc<[Directory]>>,
    system: (Rule, Rc<[Directory]>),
    /// What reading the path file leaves in `errno`.
    system_errno: Errno,
    plain: [Rc<[u8]>; 1],
}

impl Musl {
    /// The loader that starts `subject`. `path_file` is what reading
    /// [`Traits::path_file`] gave.
    #[must_use]
    pub fn new(
        subject: Subject<'_>,
        environment: Environment,
        path_file: Result<&[u8], Errno>,
    ) -> Musl {
        let system = match path_file {
            Ok(text) => (
                Rule::MuslPathFile,
                musl_list(text.split(|&b| b == 0).next().unwrap_or_default()),
            ),
            Err(Errno::NOENT) => (Rule::DefaultDirectory, musl_list(DEFAULT_PATH)),
            Err(_) => (Rule::MuslPathFile, musl_list(b"")),
        };
        let library_path = environment
            .library_path
            .as_deref()
            .filter(|_| !environment.secure);
        Musl {
            interp: subject.interp.to_vec(),
            class: subject.abi.class,
            encoding: subject.abi.encoding,
            library_path: library_path.map(musl_list),
            environment,
            system_errno: path_file.err().unwrap_or(Errno::NONE),
            system,
            plain: [Rc::from(&b""[..])],
        }
    }

    /// The layout that it reads every file in.
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout {
            class: self.class,
            encoding: self.encoding,
        }
    }

    pub(super) fn subdirectories(&self) -> &[Rc<[u8]>] {
        &self.plain
    }

    /// The names in `LD_PRELOAD`.
    #[must_use]
    pub fn preloads(&self) -> Vec<Vec<u8>> {
        let text = self
            .environment
            .preload
            .as_deref()
            .filter(|_| !self.environment.secure);
        text.unwrap_or_default()
            .split(|b| b.is_ascii_whitespace() || *b == 0x0b || *b == b':')
            .filter(|name| !name.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// Whether `name` stands for libc, which is the loader.
    #[must_use]
    pub fn is_itself(&self, name: &[u8]) -> bool {
        let reserved = name
            .strip_prefix(b"lib")
            .is_some_and(|rest| RESERVED.iter().any(|reserved| rest.starts_with(reserved)));
        reserved || name == self.interp
    }

    pub(super) fn loaded(&self, map: &LinkMap, name: &[u8]) -> Option<ObjectId> {
        if self.is_itself(name) {
            return map
                .iter()
                .find(|(_, loaded)| loaded.role == Role::Loader)
                .map(|(id, _)| id);
        }
        if name.contains(&b'/') {
            return None;
        }
        let is_short_name = |loaded: &Loaded| {
            loaded.role == Role::Library
                && loaded.searched
                && crate::path::file_name(&loaded.path) == name
        };
        map.iter()
            .find(|(_, loaded)| is_short_name(loaded))
            .map(|(id, _)| id)
    }

    pub(super) fn plan(&self, map: &LinkMap, requester: Option<ObjectId>, name: &[u8]) -> Plan {
        if name.is_empty() {
            return Plan::Impossible(stop_text(Errno::INVAL));
        }
        if name.contains(&b'/') {
            return Plan::Search(Steps::from(Step::File {
                rule: Rule::Direct,
                path: Rc::from(name),
            }));
        }
        if name.len() > MAX_NAME {
            return Plan::Impossible(stop_text(Errno::NONE));
        }
        let mut steps = Steps::new();
        match (&self.library_path, &self.environment.library_path) {
            (Some(directories), _) => steps.push(Step::List {
                rule: Rule::LibraryPath,
                owner: None,
                directories: directories.clone(),
            }),
            (None, Some(text)) => steps.push(Step::Withheld {
                rule: Rule::LibraryPath,
                what: text.clone(),
                why: Reason::Secure(Secure::LibraryPath),
            }),
            (None, None) => {}
        }
        for owner in requester.into_iter().flat_map(|id| map.chain(id)) {
            let expanded = &map.get(owner).expanded;
            let own = Some(owner) == requester;
            let lists = [
                (
                    &expanded.rpath,
                    if own {
                        Rule::Rpath
                    } else {
                        Rule::RpathInherited
                    },
                ),
                (
                    &expanded.runpath,
                    if own {
                        Rule::Runpath
                    } else {
                        Rule::RunpathInherited
                    },
                ),
            ];
            for (directories, rule) in lists {
                if let Some(directories) = directories.clone() {
                    steps.push(Step::List {
                        rule,
                        owner: Some(owner),
                        directories,
                    });
                }
            }
        }
        steps.push(Step::OwnFile(self.system_errno));
        let (rule, directories) = self.system.clone();
        steps.push(Step::List {
            rule,
            owner: None,
            directories,
        });
        Plan::Search(steps)
    }

    /// `fixup_rpath`: `decode_dyn` lets a runpath override the rpath.
    pub(super) fn expand(&self, loaded: &Loaded) -> Expanded {
        let Some(object) = &loaded.object else {
            return Expanded::default();
        };
        let (rpath, runpath) = (&object.dynamic.rpath, &object.dynamic.runpath);
        let list = |text: &[u8]| -> Rc<[Directory]> {
            match self.fix_up(loaded, text) {
                Ok(text) => musl_list(&text),
                Err(why) => Rc::from([Directory::Dropped(Rc::from(text), why)]),
            }
        };
        match (rpath, runpath) {
            (_, Some(runpath)) => Expanded {
                rpath: None,
                runpath: Some(list(runpath)),
            },
            (Some(rpath), None) => Expanded {
                rpath: Some(list(rpath)),
                runpath: None,
            },
            (None, None) => Expanded::default(),
        }
    }

    fn fix_up(&self, loaded: &Loaded, text: &[u8]) -> Result<Vec<u8>, Reason> {
        if !text.contains(&b'$') {
            return Ok(text.to_vec());
        }
        let of_program = loaded.role == Role::Main;
        let file = if of_program {
            loaded.real_path.as_deref()
        } else {
            Some(&*loaded.path)
        };
        let origin = match file {
            _ if of_program && self.environment.secure => {
                Err(Reason::Secure(Secure::OriginOfProgram))
            }
            None => Err(Reason::OriginUnknown),
            Some(_) if of_program && !self.environment.has_proc => Err(Reason::OriginUnknown),
            Some(file) => Ok(match file.iter().rposition(|&b| b == b'/') {
                Some(slash) => &file[..slash],
                None => b".",
            }),
        };
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&b| b == b'$') {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let after = rest
                .strip_prefix(b"${ORIGIN}")
                .or_else(|| rest.strip_prefix(b"$ORIGIN"));
            rest = after.ok_or(Reason::OtherDollar)?;
            out.extend_from_slice(origin.as_ref().copied().unwrap_or_default());
        }
        out.extend_from_slice(rest);
        let origin = origin?;
        if self.environment.secure && !origin.starts_with(b"/") && !origin.is_empty() {
            return Err(Reason::Secure(Secure::OriginRelative));
        }
        Ok(out)
    }

    pub(super) fn judge_open(&self, opened: Result<&FileRecord, Errno>) -> Judgement {
        match opened {
            Ok(_) => Judgement::Accept,
            Err(errno @ (Errno::NOENT | Errno::NOTDIR | Errno::ACCES | Errno::NAMETOOLONG)) => {
                Judgement::Skip(Reject::open(errno))
            }
            Err(errno) => Judgement::EndSearch(Reject::open(errno)),
        }
    }

    /// `map_library`: hardly anything is looked at.
    pub(super) fn judge_map(&self, file: &FileRecord) -> Judgement {
        let stop = |outcome, detail: &str, errno| {
            let reject = Reject {
                outcome,
                detail: Some(detail.to_owned().into()),
                errno,
            };
            Judgement::Stop(reject, stop_text(errno))
        };
        let content = match &file.content {
            Ok(content) => content,
            Err(Errno::ISDIR) => {
                return stop(TryOutcome::Directory, "it is a directory", Errno::ISDIR);
            }
            Err(errno) => return stop(TryOutcome::IoError, "it cannot be read", *errno),
        };
        let Some(object) = content.elf() else {
            return stop(TryOutcome::NotElf, "not an ELF file", Errno::NOEXEC);
        };
        let layout = object.header.layout;
        if layout.class != self.class || layout.encoding != self.encoding {
            let outcome = if layout.class == self.class {
                TryOutcome::WrongData
            } else {
                TryOutcome::WrongClass
            };
            return stop(outcome, "its layout is another machine's", Errno::NOEXEC);
        }
        if !matches!(object.header.object_type, ET_DYN | ET_EXEC) {
            return stop(
                TryOutcome::NotLoadable,
                "it is neither program nor library",
                Errno::NOEXEC,
            );
        }
        // An address is all that it wants of a dynamic section.
        let has_dynamic = object.has_dynamic || object.has_empty_dynamic;
        if object.table != SegmentTable::Read || !has_dynamic {
            return stop(
                TryOutcome::NotLoadable,
                "it has no dynamic section",
                Errno::NOEXEC,
            );
        }
        Judgement::Accept
    }
}

/// Whether a candidate's path is too long for the loader's buffer, so that it is
/// never opened.
#[must_use]
pub fn overflows(path: &[u8]) -> bool {
    path.len() + 1 > MAX_PATH
}

fn stop_text(errno: Errno) -> StopText {
    StopText {
        text: errno.musl_words().to_owned(),
        names_path: false,
        errno,
    }
}
