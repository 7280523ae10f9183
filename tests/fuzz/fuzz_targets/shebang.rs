//! Any bytes as a program, and as the interpreter of a script.
#![no_main]

use imgldd_fuzz::{Elf, Memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for is_second in [false, true] {
        let mut root = Memory::default();
        if is_second {
            root.file(b"/app/exe", b"#!/app/second one argument\n");
            root.file(b"/app/second", data);
        } else {
            root.file(b"/app/exe", data);
        }
        root.file(b"/bin/sh", &Elf::default().build());
        root.file(b"/sh", b"#!/app/exe\n");
        let subject = root.inspect(|_| {}).subject;
        if let Some(script) = subject.script {
            // The kernel opens the interpreter of the sixth before it counts.
            assert!(script.chain.len() <= 7);
            assert!(script.line.len() <= 3 * 256);
        }
    }
});
