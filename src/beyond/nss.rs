//! Which services look users and hosts up: `/etc/nsswitch.conf`.
//!
//! Follows glibc `nss/nss_database.c` (`process_line`, `nss_database_select_default`)
//! and `nss/nss_action_parse.c`.

use crate::elf::Ask;

/// What is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Database {
    Hosts,
    Passwd,
    Group,
}

impl Database {
    /// Its name in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Database::Hosts => "hosts",
            Database::Passwd => "passwd",
            Database::Group => "group",
        }
    }

    /// What is in it.
    pub(crate) fn entries(self) -> &'static str {
        match self {
            Database::Hosts => "hosts",
            Database::Passwd => "users",
            Database::Group => "groups",
        }
    }

    /// What uses it.
    pub(crate) fn asked_by(self) -> &'static [Ask] {
        match self {
            Database::Hosts => &[Ask::Hosts],
            Database::Passwd => &[Ask::Users, Ask::UserOfNumber],
            Database::Group => &[Ask::Users],
        }
    }

    /// What glibc takes where the file says nothing.
    fn default(self) -> &'static str {
        match self {
            Database::Hosts => "dns files",
            Database::Passwd | Database::Group => "files",
        }
    }
}

/// All that are looked at.
pub(crate) fn databases() -> [Database; 3] {
    [Database::Hosts, Database::Passwd, Database::Group]
}

/// The services of one database, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Switch {
    /// The line of the file, if there is one.
    pub(crate) line: Option<String>,
    pub(crate) services: Vec<String>,
}

impl Switch {
    /// What `text`, the whole file, says of `database`: the last line about it holds.
    pub(crate) fn of(text: Option<&[u8]>, database: Database) -> Switch {
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let line = text.lines().rfind(|line| {
            let name = line.trim_start().split([':', ' ', '\t']).next();
            name == Some(database.word())
        });
        let list = line.and_then(|line| line.split_once(database.word()));
        let list = list.map_or(database.default(), |(_, list)| list);
        Switch {
            line: line.map(|line| line.trim().to_owned()),
            services: services(list),
        }
    }
}

/// The names in a list, without comments and what is done in between: `[!UNAVAIL=return]`.
fn services(list: &str) -> Vec<String> {
    let list = list.split('#').next().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let mut rest = list.trim_start_matches(|c: char| c == ':' || c.is_ascii_whitespace());
    while !rest.is_empty() {
        if let Some(action) = rest.strip_prefix('[') {
            rest = action.split_once(']').map_or("", |(_, rest)| rest);
        } else {
            let end = rest.find(|c: char| c == '[' || c.is_ascii_whitespace());
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            rest = after;
        }
        rest = rest.trim_start();
    }
    names
}

/// The file of a service's module (`nss/nss_module.c`); `None` for a name that is none.
pub(crate) fn module_name(service: &str) -> Option<String> {
    /// The most that is kept of a name.
    const MAX_NAME: usize = 64;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_name = !service.is_empty() && service.len() <= MAX_NAME && service.chars().all(is_plain);
    is_name.then(|| format!("libnss_{service}.so.2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        Switch::of(Some(text.as_bytes()), Database::Hosts).services
    }

    #[test]
    fn services_stand_in_their_order_and_actions_are_none() {
        let text = "passwd: files sss\n  hosts :\tfiles mdns4_minimal [NOTFOUND=return]dns # x\n";
        assert_eq!(of(text), ["files", "mdns4_minimal", "dns"]);
        assert_eq!(of("hosts: [!UNAVAIL=return"), [""; 0]);
    }

    #[test]
    fn the_last_line_about_a_database_holds() {
        assert_eq!(of("hosts: dns\nhosts: files\nhostsfile: x\n"), ["files"]);
    }

    #[test]
    fn without_a_line_the_default_holds() {
        assert_eq!(of("passwd: files\n"), ["dns", "files"]);
        assert_eq!(Switch::of(None, Database::Group).services, ["files"]);
    }

    #[test]
    fn a_path_is_no_name_of_a_module() {
        assert_eq!(module_name("sss").as_deref(), Some("libnss_sss.so.2"));
        assert_eq!(module_name("../x"), None);
    }
}
