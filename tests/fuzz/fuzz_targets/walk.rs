//! Lines `LINK\0TARGET`, the last one a path to follow.
#![no_main]

use imgldd::rootfs::{Follow, Kind};
use imgldd_fuzz::Memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines: Vec<&[u8]> = data.split(|&b| b == b'\n').take(200).collect();
    let path = [b"/", lines.pop().unwrap_or_default()].concat();
    let mut root = Memory::default();
    root.file(b"/a/b/file", b"x");
    for line in lines {
        let mut parts = line.splitn(2, |&b| b == 0);
        let (from, to) = (parts.next().unwrap_or_default(), parts.next());
        match to {
            Some(to) => root.link(from, to),
            None => root.file(from, b""),
        }
    }
    let rootfs = root.rootfs();
    for follow in [Follow::Last, Follow::NotLast] {
        let walk = rootfs.walk(&path, follow);
        assert!(walk.hops.len() <= 41);
        if let Ok(node) = walk.end {
            let real = walk.real_path.as_bytes();
            let names = real.split(|&b| b == b'/');
            assert!(names.clone().all(|name| name != b".." && name != b"."));
            let again = rootfs.walk(real, Follow::NotLast);
            assert_eq!(again.end.ok(), Some(node));
            assert!(again.hops.is_empty());
            let is_link = rootfs.filesystem().metadata(node).kind == Kind::Symlink;
            assert!(!is_link || follow == Follow::NotLast);
        }
    }
});
