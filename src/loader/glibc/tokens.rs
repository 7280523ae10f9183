//! What tokens come to in names, and what they stand for
//! (`elf/dl-deps.c:expand_dst`, `elf/dl-load.c:_dl_dst_substitute`).

use std::borrow::Cow;
use std::rc::Rc;

use super::{Glibc, directory_of};
use crate::elf::NeedKind;
use crate::errno::Errno;
use crate::loader::link_map::{Loaded, Role};
use crate::loader::plan::{Plan, Rule, Step, Steps, StopText, Unusable};
use crate::loader::reason::{Reason, Secure};
use crate::loader::token::{Tokens, Trust, has_token, substitute};

impl Glibc {
    /// The name that `requester` asks for by `written`. One whose token has no value is
    /// passed over without a word, unless it is an auxiliary's: `expand_dst` does so
    /// whatever its comment says. Of a process that gained rights it takes no token.
    pub(in crate::loader) fn expand_name<'n>(
        &self,
        requester: &Loaded,
        written: &'n [u8],
        kind: NeedKind,
    ) -> Result<Cow<'n, [u8]>, Unusable> {
        if !has_token(written) {
            return Ok(Cow::Borrowed(written));
        }
        let unusable = |why, text: Option<&str>| Unusable {
            why,
            stop: text.map(|text| StopText {
                text: text.to_owned(),
                names_path: false,
                errno: Errno::NONE,
            }),
        };
        if self.environment.secure {
            let text = "DST not allowed in SUID/SGID programs";
            return Err(unusable(Reason::Secure(Secure::TokenInName), Some(text)));
        }
        let name = self.substituted(requester, written).map(Cow::Owned);
        name.ok_or_else(|| {
            let text = "empty dynamic string token substitution";
            unusable(
                Reason::TokenWithoutValue,
                (kind == NeedKind::Auxiliary).then_some(text),
            )
        })
    }

    /// The one place of a name with a slash, whose tokens may not have been replaced yet
    /// (`_dl_map_new_object`, `expand_dynamic_string_token`).
    pub(super) fn plan_path(&self, requester: &Loaded, name: &[u8]) -> Plan {
        let path = match has_token(name) {
            true => self.substituted(requester, name).map(Cow::Owned),
            false => Some(Cow::Borrowed(name)),
        };
        match path {
            Some(path) => Plan::Search(Steps::from(Step::File {
                rule: Rule::Direct,
                path: Rc::from(&*path),
            })),
            // The empty path is opened, and is not there.
            None => Plan::Impossible(StopText {
                text: "cannot open shared object file".to_owned(),
                names_path: false,
                errno: Errno::NOENT,
            }),
        }
    }

    /// `text` with its tokens replaced; `None` where nothing is left of it.
    fn substituted(&self, requester: &Loaded, text: &[u8]) -> Option<Vec<u8>> {
        let origin = self.origin(requester);
        let tokens = self.tokens(origin.as_deref(), requester.role == Role::Main);
        let name = substitute(text, tokens).ok()?;
        (!name.is_empty()).then_some(name)
    }

    /// `$ORIGIN`: of the program the directory where it really is, of a library
    /// the directory that it was found in.
    pub(super) fn origin(&self, loaded: &Loaded) -> Option<Vec<u8>> {
        match loaded.role {
            Role::Main => self
                .origin_of_program(loaded.real_path.as_deref())
                .map(<[u8]>::to_vec),
            _ => {
                let path = self.environment.workdir.join(&loaded.path);
                Some(directory_of(path.as_bytes()).to_vec())
            }
        }
    }

    /// Where the program really is; where `/proc` does not tell, what `LD_ORIGIN_PATH`
    /// says, unless the process gained rights
    /// (`sysdeps/unix/sysv/linux/dl-origin.c:_dl_get_origin`).
    pub(super) fn origin_of_program<'a>(&'a self, program: Option<&'a [u8]>) -> Option<&'a [u8]> {
        if self.environment.has_proc {
            return program.map(directory_of);
        }
        let told = self.environment.origin_path.as_deref();
        let mut told = told.filter(|_| !self.environment.secure)?;
        while let [rest @ .., b'/'] = told
            && !rest.is_empty()
        {
            told = rest;
        }
        Some(told)
    }

    pub(super) fn tokens<'a>(&'a self, origin: Option<&'a [u8]>, of_program: bool) -> Tokens<'a> {
        let trusted = &self.traits.default_directories;
        Tokens {
            origin,
            lib: Some(&self.traits.lib),
            platform: self.abi.platform.map(str::as_bytes),
            secure: self.environment.secure.then_some(Trust {
                trusted,
                of_program,
            }),
        }
    }
}
