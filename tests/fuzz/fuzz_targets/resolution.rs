//! A small root from lines: what the program needs, its rpath, its runpath,
//! LD_LIBRARY_PATH, LD_PRELOAD, the loader's own file; then `PATH\0NEEDED,…\0RUNPATH` for
//! each library, or `PATH\0` and a link's target after a second NUL.
#![no_main]

use std::collections::BTreeSet;

use imgldd::report::{LibraryStatus, Rule};
use imgldd_fuzz::{Elf, GLIBC, MUSL, Memory, glibc_loader, musl_loader};
use libfuzzer_sys::fuzz_target;

fn names(text: &[u8]) -> Vec<&[u8]> {
    text.split(|&b| b == b',').take(20).collect()
}

fn root(data: &[u8], interp: &[u8]) -> (Memory, [Vec<u8>; 2]) {
    let mut lines = data.split(|&b| b == b'\n').take(100);
    let mut next = || lines.next().filter(|line| !line.is_empty());
    let program = Elf {
        interp: Some(interp),
        needed: names(next().unwrap_or_default()),
        rpath: next(),
        runpath: next(),
        ..Elf::default()
    };
    let variables = [next(), next()].map(|line| line.unwrap_or_default().to_vec());
    let own = next().unwrap_or_default();
    let mut root = Memory::default();
    root.file(b"/app/exe", &program.build());
    root.file(GLIBC, &glibc_loader());
    root.file(MUSL, &musl_loader());
    root.file(b"/etc/ld-musl-x86_64.path", own);
    root.file(b"/etc/ld.so.preload", own);
    for line in lines {
        let mut parts = line.splitn(3, |&b| b == 0);
        let path = parts.next().unwrap_or_default();
        match (parts.next(), parts.next()) {
            (Some(b""), Some(target)) => root.link(path, target),
            (needed, runpath) => {
                let library = Elf {
                    needed: names(needed.unwrap_or(b"libc.so.6")),
                    runpath,
                    ..Elf::default()
                };
                root.file(path, &library.build());
            }
        }
    }
    (root, variables)
}

fuzz_target!(|data: &[u8]| {
    for interp in [GLIBC, MUSL] {
        let answer = || {
            let (root, variables) = root(data, interp);
            root.inspect(|settings| {
                let keys = [&b"LD_LIBRARY_PATH"[..], b"LD_PRELOAD"];
                for (key, value) in keys.into_iter().zip(variables) {
                    settings.variables.insert(key.to_vec(), value);
                }
            })
        };
        let subject = answer().subject;
        let found = subject.libraries.iter().filter(|library| {
            library.status == LibraryStatus::Found && library.found_by != Some(Rule::LoaderItself)
        });
        let paths: Vec<_> = found.map(|library| &library.path).collect();
        let distinct: BTreeSet<_> = paths.iter().collect();
        // Lossy names may coincide.
        let is_text = std::str::from_utf8(data).is_ok();
        assert!(!is_text || distinct.len() == paths.len(), "{paths:?}");
        let missing = |status| status == LibraryStatus::Missing;
        let lacks = subject.libraries.iter().any(|library| missing(library.status));
        assert!(!lacks || subject.outcome.starts != Some(true));
        assert_eq!(format!("{subject:?}"), format!("{:?}", answer().subject));
    }
});
