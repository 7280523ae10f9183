//! What findings ask of a program and of the target, each looked up when it is asked for.

use super::Inspector;
use crate::content::{self, Content};
use crate::elf::Build;
use crate::errno::Errno;
use crate::kernel::{End, Exec, Refusal};
use crate::rootfs::{Follow, Kind};

impl Inspector<'_> {
    /// HOME is set, and is not `/`.
    pub(super) fn has_home(&self) -> bool {
        let home = self.settings.variables.get(&b"HOME"[..]);
        home.is_some_and(|home| !home.is_empty() && home != b"/")
    }

    /// Whether `execve` takes the file at `path`, whatever its loader says then.
    pub(super) fn would_start(&self, path: &[u8]) -> bool {
        let path = self.settings.workdir.seen_by_process(path);
        self.exec(&path).end == End::Starts
    }

    /// What the program tells of its build.
    pub(super) fn build(&self, exec: &Exec) -> Option<Build> {
        let program = exec.program.as_ref()?;
        // Who starts the program has no say in what it is made of.
        let opened = self.files.rootfs().open_as_root(program.path.as_bytes());
        let data = opened.ok()?.data?;
        content::build(&program.object, &*data).ok()
    }

    /// The newest version of glibc that the program needs.
    pub(super) fn newest_glibc(&self, exec: &Exec) -> Option<(u32, u32)> {
        let program = exec.program.as_ref()?;
        let file = self.files.known(program.metadata.identity)?;
        let versions = self.files.versions(file)?;
        let numbers = |name: &[u8]| {
            let text = std::str::from_utf8(name.strip_prefix(b"GLIBC_")?).ok()?;
            let mut numbers = text.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        let needed = versions.needed().iter();
        needed.filter_map(|version| numbers(&version.name)).max()
    }

    /// The links at the end of the way to something that is not there; none
    /// where the name itself is absent.
    pub(super) fn hops(&self, path: &[u8]) -> Vec<String> {
        let rootfs = self.files.rootfs();
        let path = self.settings.workdir.seen_by_process(path);
        let last = rootfs.walk(&path, Follow::NotLast);
        let is_link = last
            .end
            .is_ok_and(|node| rootfs.filesystem().metadata(node).kind == Kind::Symlink);
        if !is_link {
            return Vec::new();
        }
        let walk = rootfs.walk(&path, Follow::Last);
        let Err(errno) = walk.end else {
            return Vec::new();
        };
        let shown = |hop: &crate::rootfs::Hop| {
            format!("{} -> {}", hop.link, crate::bytes::Shown(&hop.target))
        };
        let mut lines: Vec<String> = walk.hops.iter().skip(last.hops.len()).map(shown).collect();
        let end = match errno {
            // A circle has no end.
            Errno::LOOP => &path,
            _ => &walk.real_path,
        };
        lines.push(format!("{end}: {errno}"));
        lines
    }

    /// The first bytes of a file that the kernel takes for nothing it knows, or does not
    /// even look into.
    pub(super) fn head(&self, exec: &Exec) -> Vec<u8> {
        let End::Refused {
            why: Refusal::Format(path, _) | Refusal::NotExecutable { path, .. },
            ..
        } = &exec.end
        else {
            return Vec::new();
        };
        // An ELF file is known for what it is: most libraries may not be executed.
        if exec.program.is_some() {
            return Vec::new();
        }
        let opened = self.files.open_once(path);
        match opened.map(|file| self.files.record(file).content) {
            Ok(Ok(Content::Other { head, .. })) => head.to_vec(),
            _ => Vec::new(),
        }
    }
}
