//! Libraries that come before those that are needed: preloads and auditors
//! (`elf/rtld.c`: `dl_main`, `handle_preload_list`, `load_audit_modules`).

use super::{Glibc, has_runpath};
use crate::content::FileRecord;
use crate::elf::Object;
use crate::errno::Errno;
use crate::loader::link_map::LinkMap;
use crate::loader::plan::{Judgement, Plan, Reject, Rule, Step, Steps, TryOutcome};
use crate::loader::reason::{Reason, Secure};

/// The file of preloads that every program obeys.
pub const PRELOAD_FILE: &[u8] = b"/etc/ld.so.preload";
/// What the loader calls that file in its messages.
const PRELOAD_ORIGIN: &str = "/etc/ld.so.preload";
/// `SECURE_NAME_LIMIT`, `SECURE_PATH_LIMIT`: names as long are passed over.
const MAX_NAME: usize = 255;
const MAX_PATH: usize = 4096;

/// A library to load before those that are needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preload {
    /// The name, as written.
    pub name: Vec<u8>,
    /// Where it was written, as the loader says it.
    pub origin: &'static str,
}

impl Glibc {
    /// What to load first: `LD_PRELOAD`, then the file (`elf/rtld.c`).
    #[must_use]
    pub fn preloads(&self) -> Vec<Preload> {
        let preload = |origin| {
            move |name: &[u8]| Preload {
                name: name.to_vec(),
                origin,
            }
        };
        let variable = self.environment.preload.as_deref().unwrap_or_default();
        let variable = variable
            .split(|b| matches!(b, b' ' | b':'))
            .filter(|name| name.len() < MAX_PATH && self.is_valid(name));
        // Whoever writes the file is trusted.
        let text = self.preload_file.as_deref().unwrap_or_default();
        let file = names_of_file(text);
        variable
            .map(preload("LD_PRELOAD"))
            .chain(file.iter().map(|name| preload(PRELOAD_ORIGIN)(name)))
            .collect()
    }

    /// The names in `LD_AUDIT`, and from 2.32 those of the program's `DT_AUDIT` and
    /// `DT_DEPAUDIT` (`audit_list_next`).
    #[must_use]
    pub fn audits(&self, program: &Object) -> Vec<Vec<u8>> {
        let variable = self.environment.audit.as_deref();
        let looks = self.traits.version.is_none_or(|version| version >= (2, 32));
        let own = program.dynamic.auditors.as_deref().filter(|_| looks);
        variable
            .into_iter()
            .chain(own)
            .flat_map(|text| text.split(|&b| b == b':'))
            .filter(|name| name.len() < MAX_NAME && self.is_valid(name))
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// `dso_name_valid_for_suid`
    fn is_valid(&self, name: &[u8]) -> bool {
        let plain = name.len() < MAX_NAME && !name.contains(&b'/');
        !name.is_empty() && (plain || !self.environment.secure)
    }

    /// Where a preload is looked for: as if the program needed it, but where the process
    /// gained rights without the cache (`_dl_map_new_object`, `__RTLD_SECURE`).
    pub(in crate::loader) fn plan_preload(&self, map: &LinkMap, name: &[u8]) -> Plan {
        let plan = self.plan(map, Some(LinkMap::MAIN), name);
        let Plan::Search(steps) = plan else {
            return plan;
        };
        if !self.environment.secure {
            return Plan::Search(steps);
        }
        let without_cache = |step: &Step| match step {
            Step::OwnFile(_) => Step::Withheld {
                rule: Rule::Cache,
                what: self.traits.cache_path.clone(),
                why: Reason::Secure(Secure::Cache),
            },
            Step::File {
                rule: Rule::Cache,
                path,
            } => Step::Withheld {
                rule: Rule::Cache,
                what: path.to_vec(),
                why: Reason::Secure(Secure::CacheEntry),
            },
            step => step.clone(),
        };
        Plan::Search(steps.iter().map(without_cache).collect())
    }

    /// Where an auditor is looked for: the loader itself asks for it, so of the program
    /// counts the rpath, and from 2.35 the runpath in its place (`_dl_map_new_object`,
    /// `__RTLD_AUDIT`).
    pub(in crate::loader) fn plan_audit(&self, map: &LinkMap, name: &[u8]) -> Plan {
        let program = map.get(LinkMap::MAIN);
        if name.contains(&b'/') {
            return self.plan_path(program, name);
        }
        let mut steps = Steps::new();
        let takes_runpath = self.traits.version.is_none_or(|version| version >= (2, 35));
        let (rule, directories) = match has_runpath(program) {
            true => (Rule::Runpath, program.expanded.runpath.clone()),
            false => (Rule::Rpath, program.expanded.rpath.clone()),
        };
        if let Some(directories) = directories.filter(|_| rule == Rule::Rpath || takes_runpath) {
            steps.push(Step::List {
                rule,
                owner: Some(LinkMap::MAIN),
                directories,
            });
        }
        self.plan_library_path(&mut steps);
        if !self.environment.secure {
            self.plan_cache(name, false, &mut steps);
        }
        self.plan_defaults(name, false, &mut steps);
        Plan::Search(steps)
    }

    /// What becomes of a candidate for a preload or an auditor that a list led to: where
    /// the process gained rights it must be set-user-ID (`open_path`).
    pub(in crate::loader) fn judge_preload(&self, file: &FileRecord) -> Judgement {
        if !self.environment.secure || file.metadata.mode & 0o4000 != 0 {
            return Judgement::Accept;
        }
        Judgement::Skip(Reject {
            outcome: TryOutcome::NotLoadable,
            detail: Some(Reason::Secure(Secure::NotSetUserId).into()),
            errno: Errno::NOENT,
        })
    }
}

/// The names in the file of preloads, whose last one need not be ended. A NUL ends all
/// before that one (`strsep`).
fn names_of_file(text: &[u8]) -> Vec<Vec<u8>> {
    let is_blank = |b: &u8| matches!(b, b' ' | b':' | b'\t' | b'\n');
    let text = without_comments(text);
    let last = text.iter().rposition(is_blank).map_or(0, |at| at + 1);
    let (all, last) = text.split_at(last);
    let until_nul = |text: &[u8]| {
        let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        text[..end].to_vec()
    };
    until_nul(all)
        .split(is_blank)
        .chain([&until_nul(last)[..]])
        .filter(|name| !name.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// `#` up to the end of the line counts as blank. So it is meant: each next one is looked
/// for from the start of the text again, in as many bytes as are left, so that one that
/// lies further back than that is none (`elf/rtld.c:dl_main`).
fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let mut rest = text.len();
    while let Some(at) = memchr::memchr(b'#', &text[..rest]) {
        rest -= at;
        let line = &mut text[at..at + rest];
        let end = line.iter().position(|&b| b == b'\n').unwrap_or(rest);
        line[..end].fill(b' ');
        rest -= end;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_that_lies_too_far_back_is_none() {
        let names = |text: &[u8]| {
            let names = names_of_file(text);
            names.join(&b'|')
        };
        assert_eq!(names(b"/a #c\n/b"), b"/a|/b");
        assert_eq!(names(b"#c1\n/lib/libp.so #c2\n"), b"/lib/libp.so|c2");
        assert_eq!(names(b"/lib/libp.so #c1\n#c2\n"), b"/lib/libp.so|#c2");
        assert_eq!(names(b"#\n#\n/a"), b"/a");
        assert_eq!(names(b"#only"), b"");
        assert_eq!(names(b"/a\0/b /c\0d"), b"/a|/c");
    }
}
