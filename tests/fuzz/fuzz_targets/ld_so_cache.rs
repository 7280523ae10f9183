//! Any bytes as `/etc/ld.so.cache` of a small glibc root.
#![no_main]

use imgldd::report::LibraryStatus;
use imgldd_fuzz::{Elf, GLIBC, Memory, glibc_loader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let program = Elf {
        interp: Some(GLIBC),
        needed: vec![b"liba.so", b"libz.so.1", b"libm.so.6", b"liba.so.10"],
        ..Elf::default()
    };
    let mut root = Memory::default();
    root.file(b"/app/exe", &program.build());
    root.file(GLIBC, &glibc_loader());
    root.file(b"/etc/ld.so.cache", data);
    for path in [&b"/opt/liba.so"[..], b"/opt/libz.so.1", b"/lib/libm.so.6"] {
        root.file(path, &Elf::default().build());
    }
    let subject = root.inspect(|_| {}).subject;
    for library in subject.libraries {
        let found = library.status == LibraryStatus::Found;
        assert!(!found || library.path.is_some());
    }
});
