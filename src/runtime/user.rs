//! Who a container's process is: from `User`, `/etc/passwd` and `/etc/group` to numbers.
//!
//! Follows moby/sys `user/user.go` (`GetExecUser`, v0.4.1), which Docker
//! (`daemon/oci_linux.go:getUser`), podman (`pkg/lookup`) and runc share. Both
//! files are read inside the container's root, links followed there.

use std::fmt;

use super::view::View;
use crate::bytes::Shown;
use crate::errno::Errno;
use crate::rootfs::Credentials;

/// The most that is read of either file (`user_utils.go:maxUserFileBytes`).
const MAX_FILE: usize = 10 << 20;
/// The longest line of `/etc/passwd` that fits Go's `bufio.Scanner`.
const MAX_PASSWD_LINE: usize = 64 * 1024 - 1;
/// The longest line of `/etc/group`, for which the scanner gets a larger buffer.
const MAX_GROUP_LINE: usize = 1024 * 1024 - 1;
/// The largest user or group ID that may be asked for.
const MAX_ID: i64 = i32::MAX as i64;

const PASSWD: &[u8] = b"/etc/passwd";
const GROUP: &[u8] = b"/etc/group";

/// Why `User` cannot be made into numbers. The engines refuse to start anything
/// then; [`fmt::Display`] gives the words that they share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserProblem {
    /// No line of `/etc/passwd` has this name.
    NoUser(Vec<u8>),
    /// No line of `/etc/group` has this name.
    NoGroup(Vec<u8>),
    /// A number outside 0 to 2147483647.
    OutOfRange,
    /// `/etc/passwd` is there and cannot be read to its end.
    Passwd {
        /// Who was looked for.
        user: Vec<u8>,
        /// What is wrong with it.
        why: BadFile,
    },
    /// `/etc/group` is there and cannot be read to its end.
    Group {
        /// Whose groups were looked for.
        user: Vec<u8>,
        /// What is wrong with it.
        why: BadFile,
    },
}

/// Why a file of users or groups cannot be read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadFile {
    /// A line is longer than the buffer for it.
    LongLine,
    /// The file has more than 10 MiB.
    TooLarge,
    /// Reading fails.
    Unreadable(Errno),
}

impl UserProblem {
    /// Why the file cannot be read by us, where it may well be fine.
    #[must_use]
    pub fn is_ours(&self) -> Option<Errno> {
        match self {
            UserProblem::Passwd { why, .. } | UserProblem::Group { why, .. } => match why {
                BadFile::Unreadable(errno) => Some(*errno).filter(|errno| errno.is_ours()),
                BadFile::LongLine | BadFile::TooLarge => None,
            },
            UserProblem::NoUser(_) | UserProblem::NoGroup(_) | UserProblem::OutOfRange => None,
        }
    }

    /// The file that it is about.
    #[must_use]
    pub fn file(&self) -> &'static [u8] {
        match self {
            UserProblem::Group { .. } | UserProblem::NoGroup(_) => GROUP,
            UserProblem::Passwd { .. } | UserProblem::NoUser(_) | UserProblem::OutOfRange => PASSWD,
        }
    }
}

impl fmt::Display for UserProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let find = "unable to find";
        match self {
            UserProblem::NoUser(name) => {
                let name = Shown(name);
                write!(f, "{find} user {name}: no matching entries in passwd file")
            }
            UserProblem::NoGroup(name) => {
                let name = Shown(name);
                write!(f, "{find} group {name}: no matching entries in group file")
            }
            UserProblem::OutOfRange => write!(f, "uids and gids must be in range 0-{MAX_ID}"),
            UserProblem::Passwd { user, why } => write!(f, "{find} user {}: {why}", Shown(user)),
            UserProblem::Group { user, why } => {
                write!(f, "{find} groups for spec {}: {why}", Shown(user))
            }
        }
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadFile::LongLine => f.write_str("bufio.Scanner: token too long"),
            BadFile::TooLarge => write!(f, "the file has more than {MAX_FILE} bytes"),
            BadFile::Unreadable(errno) => write!(f, "{errno}"),
        }
    }
}

/// A user, and where they are at home.
pub(super) struct Found {
    pub(super) credentials: Credentials,
    /// The home directory of the line in `/etc/passwd`, if there is such a line.
    pub(super) home: Option<Vec<u8>>,
}

/// Finds who `spec`, the `User` of a configuration, is.
pub(super) fn find(spec: &[u8], view: &View<'_>) -> Result<Found, UserProblem> {
    let mut parts = spec.split(|&b| b == b':');
    let as_written = parts.next().unwrap_or_default();
    let user = Wanted::parse(as_written)?;
    let group = Wanted::parse(parts.next().unwrap_or_default())?;
    let line = passwd_line(&user, as_written, view)?;
    let mut credentials = Credentials::root();
    let mut name: &[u8] = b"";
    match (&line, &user) {
        (Some(line), _) => {
            credentials.uid = line.uid;
            credentials.gid = line.gid;
            name = &line.name;
        }
        (None, Wanted::Nobody) => {}
        (None, Wanted::Id(uid)) => credentials.uid = *uid,
        (None, Wanted::Name(name)) => return Err(UserProblem::NoUser(name.clone())),
    }
    if group != Wanted::Nobody || !name.is_empty() {
        let groups = groups(&group, name, view)?;
        match (&group, groups.first()) {
            (Wanted::Nobody, _) => credentials.groups = groups,
            (_, Some(&gid)) => credentials.gid = gid,
            (Wanted::Id(gid), None) => credentials.gid = *gid,
            (Wanted::Name(name), None) => return Err(UserProblem::NoGroup(name.clone())),
        }
    }
    let home = line.map(|line| line.home);
    Ok(Found { credentials, home })
}

/// One half of `user:group`.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Wanted {
    /// It is empty.
    Nobody,
    /// A number is never taken for a name.
    Id(u32),
    Name(Vec<u8>),
}

impl Wanted {
    fn parse(text: &[u8]) -> Result<Wanted, UserProblem> {
        if text.is_empty() {
            return Ok(Wanted::Nobody);
        }
        match number(text) {
            None => Ok(Wanted::Name(text.to_vec())),
            Some(id) if !(0..=MAX_ID).contains(&id) => Err(UserProblem::OutOfRange),
            Some(id) => u32::try_from(id)
                .map(Wanted::Id)
                .map_err(|_| UserProblem::OutOfRange),
        }
    }

    fn matches(&self, name: &[u8], id: i64) -> bool {
        match self {
            Wanted::Nobody => false,
            Wanted::Id(wanted) => i64::from(*wanted) == id,
            Wanted::Name(wanted) => wanted == name,
        }
    }
}

/// Go's `strconv.Atoi`: decimal with an optional sign; what does not fit is the
/// largest or smallest number.
fn number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let limit = if negative { i64::MIN } else { i64::MAX };
    let add = |sum: i64, digit: &u8| {
        let digit = i64::from(digit - b'0');
        let sum = sum.checked_mul(10)?;
        if negative {
            sum.checked_sub(digit)
        } else {
            sum.checked_add(digit)
        }
    };
    Some(digits.iter().try_fold(0, add).unwrap_or(limit))
}

/// A field that should be a number: one that is none counts as 0, one that does
/// not fit its 32 bits loses the upper ones.
fn id_field(field: Option<&[u8]>) -> i64 {
    field.and_then(number).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the engines convert to uint32 in the same way"
)]
fn truncated(id: i64) -> u32 {
    id as u32
}

struct PasswdLine {
    name: Vec<u8>,
    uid: u32,
    gid: u32,
    home: Vec<u8>,
}

/// The first line about `user`; for an empty user the first with UID 0.
fn passwd_line(
    user: &Wanted,
    as_written: &[u8],
    view: &View<'_>,
) -> Result<Option<PasswdLine>, UserProblem> {
    let Some(text) = view.read(PASSWD, MAX_FILE + 1) else {
        return Ok(None);
    };
    let bad = |why| UserProblem::Passwd {
        user: match user {
            Wanted::Nobody => b"0".to_vec(),
            Wanted::Id(_) | Wanted::Name(_) => as_written.to_vec(),
        },
        why,
    };
    let text = whole(text).map_err(bad)?;
    let wanted = match user {
        Wanted::Nobody => Wanted::Id(0),
        user => user.clone(),
    };
    let mut first = None;
    // A line that is too long spoils the file wherever it stands.
    for line in lines(&text, MAX_PASSWD_LINE) {
        let line = line.map_err(bad)?;
        let fields: Vec<&[u8]> = line.split(|&b| b == b':').collect();
        let name = fields.first().copied().unwrap_or_default();
        let uid = id_field(fields.get(2).copied());
        if first.is_none() && wanted.matches(name, uid) {
            first = Some(PasswdLine {
                name: name.to_vec(),
                uid: truncated(uid),
                gid: truncated(id_field(fields.get(3).copied())),
                home: fields.get(5).copied().unwrap_or_default().to_vec(),
            });
        }
    }
    Ok(first)
}

/// The IDs of the groups that `wanted` means, or without one that have `user`
/// among their members.
fn groups(wanted: &Wanted, user: &[u8], view: &View<'_>) -> Result<Vec<u32>, UserProblem> {
    let Some(text) = view.read(GROUP, MAX_FILE + 1) else {
        return Ok(Vec::new());
    };
    let bad = |why| UserProblem::Group {
        user: user.to_vec(),
        why,
    };
    let text = whole(text).map_err(bad)?;
    let mut found = Vec::new();
    for line in lines(&text, MAX_GROUP_LINE) {
        let line = line.map_err(bad)?;
        if line.starts_with(b"#") {
            continue;
        }
        let fields: Vec<&[u8]> = line.split(|&b| b == b':').collect();
        let name = fields.first().copied().unwrap_or_default();
        let id = id_field(fields.get(2).copied());
        let members = fields.get(3).copied().unwrap_or_default();
        let is_member = || !members.is_empty() && members.split(|&b| b == b',').any(|m| m == user);
        if wanted.matches(name, id) || (*wanted == Wanted::Nobody && is_member()) {
            found.push(truncated(id));
        }
    }
    Ok(found)
}

fn whole(text: Result<Vec<u8>, Errno>) -> Result<Vec<u8>, BadFile> {
    let text = text.map_err(BadFile::Unreadable)?;
    if text.len() > MAX_FILE {
        return Err(BadFile::TooLarge);
    }
    Ok(text)
}

/// Lines without the blanks around them, empty ones left out.
fn lines(text: &[u8], limit: usize) -> impl Iterator<Item = Result<&[u8], BadFile>> {
    let all = text.split(|&b| b == b'\n');
    all.filter_map(move |line| {
        if line.len() > limit {
            return Some(Err(BadFile::LongLine));
        }
        let line = line.trim_ascii();
        (!line.is_empty()).then_some(Ok(line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        assert_eq!(number(b"1000"), Some(1000));
        assert_eq!(number(b"+007"), Some(7));
        assert_eq!(number(b"-1"), Some(-1));
        assert_eq!(number(b"99999999999999999999"), Some(i64::MAX));
        assert_eq!(number(b"-99999999999999999999"), Some(i64::MIN));
        for name in [&b""[..], b"+", b"1000a", b"0x10", b" 1"] {
            assert_eq!(number(name), None, "{name:?}");
        }
    }

    #[test]
    fn ids_are_limited_to_31_bits() {
        assert_eq!(Wanted::parse(b"2147483647"), Ok(Wanted::Id(2_147_483_647)));
        assert_eq!(Wanted::parse(b"2147483648"), Err(UserProblem::OutOfRange));
        assert_eq!(Wanted::parse(b"-1"), Err(UserProblem::OutOfRange));
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error() {
        let fits = vec![b'x'; MAX_PASSWD_LINE];
        assert!(lines(&fits, MAX_PASSWD_LINE).all(|line| line.is_ok()));
        let long = vec![b'x'; MAX_PASSWD_LINE + 1];
        assert!(lines(&long, MAX_PASSWD_LINE).any(|line| line == Err(BadFile::LongLine)));
    }
}
