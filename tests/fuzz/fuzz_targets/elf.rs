//! Any bytes as an ELF file.
#![no_main]

use imgldd::elf::{Class, Encoding, Layout, Object};
use libfuzzer_sys::fuzz_target;

fn check(object: &Object, bytes: &Vec<u8>) {
    let needs = &object.dynamic.needs;
    assert!(needs.len() <= 4096);
    assert!(needs.iter().map(|need| need.name.len()).sum::<usize>() <= 1 << 20);
    let _ = (object.linkage(), object.is_cut_short());
    for anomaly in &object.anomalies {
        assert!(!anomaly.to_string().contains('\n'));
    }
    let names: [&[u8]; 2] = [b"__libc_start_main", b"stdin"];
    object.defines(bytes, &names).expect("memory can be read");
    let (versions, odd) = object.versions(bytes).expect("memory can be read");
    assert!(versions.needed().len() + versions.definitions.len() <= 65_535);
    assert!(odd.len() <= 2);
    let build = object.build(bytes).expect("memory can be read");
    assert!(build.comment.len() <= 16);
    if let Some(go) = &build.go {
        assert!(go.settings.len() <= 64 && go.imports.other.len() <= 8);
        let _ = (go.release(), go.package(), go.cgo());
    }
}

fuzz_target!(|data: &[u8]| {
    let bytes = data.to_vec();
    if let Ok(object) = Object::read(&bytes) {
        check(&object, &bytes);
        assert_eq!(Object::read(&bytes).ok(), Some(object.clone()));
        // What is cut off is missed aloud.
        let half = bytes[..bytes.len() / 2].to_vec();
        if let Ok(less) = Object::read(&half) {
            let same = less.dynamic == object.dynamic;
            assert!(same || !less.anomalies.is_empty() || less.header != object.header);
        }
    }
    for class in [Class::Elf32, Class::Elf64] {
        for encoding in [Encoding::Little, Encoding::Big] {
            if let Ok(object) = Object::read_as(&bytes, Layout { class, encoding }) {
                check(&object, &bytes);
            }
        }
    }
});
