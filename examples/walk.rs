//! Looks paths up in a directory as a target would, for comparison with a real
//! kernel in a chroot: `walk ROOT [--own] [--user UID:GID] < paths`.
//!
//! Paths on standard input end in NUL. For each, one line: `ino N`, or the name
//! of the error. `--own` takes the library's own walk where the kernel could
//! resolve the path.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use imgldd::path::TargetPath;
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::source::Directory;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut root = None;
    let mut own = false;
    let mut user = Credentials::root();
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--own") => own = true,
            Some("--user") => {
                let text = args.next().ok_or("--user wants UID:GID")?;
                let text = text.to_str().and_then(|text| text.split_once(':'));
                let (uid, gid) = text.ok_or("--user wants UID:GID")?;
                user = Credentials {
                    uid: uid.parse()?,
                    gid: gid.parse()?,
                    groups: Vec::new(),
                };
            }
            _ => root = Some(PathBuf::from(arg)),
        }
    }
    let directory = Directory::open(&root.ok_or("usage: walk ROOT [--own] [--user UID:GID]")?)?;
    let mut rootfs = Rootfs::new(Box::new(directory), user, false);
    if own {
        rootfs.walk_always();
    }
    let mut paths = Vec::new();
    std::io::stdin().read_to_end(&mut paths)?;
    let paths = paths.strip_suffix(b"\0").unwrap_or(&paths);
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for path in paths.split(|&b| b == 0) {
        // An empty path stays empty: joining it to the root would make it one.
        let path = if path.is_empty() {
            Vec::new()
        } else {
            TargetPath::root().join(path).as_bytes().to_vec()
        };
        match rootfs.open(&path) {
            Ok(opened) => writeln!(out, "ino {}", opened.metadata.identity.inode)?,
            Err(errno) => writeln!(out, "{}", errno.name())?,
        }
    }
    Ok(out.flush()?)
}
