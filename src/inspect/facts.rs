//! ELF facts in the words of the report.

use crate::bytes::{lossy, shared};
use crate::elf::consts::{ELFOSABI_GNU, ELFOSABI_SYSV, ET_DYN, ET_EXEC};
use crate::elf::{Build, Encoding, Linkage, Object};
use crate::platform::machine_name;
use crate::report::{self, Data, Elf, VersionNeed};

/// The facts about `object`; its versions, build and interpreter were looked at already.
pub(super) fn elf(
    object: &Object,
    version_needs: Vec<VersionNeed>,
    build: Option<&Build>,
    interpreter: Option<report::Interpreter>,
) -> Elf {
    let header = &object.header;
    let dynamic = &object.dynamic;
    let split = |list: &Option<Box<[u8]>>| match list.as_deref() {
        None | Some(b"") => Vec::new(),
        Some(list) => list.split(|&b| b == b':').map(lossy).collect(),
    };
    Elf {
        class: object.class().bits(),
        data: match header.layout.encoding {
            Encoding::Little => Data::Little,
            Encoding::Big => Data::Big,
        },
        machine: machine_name(header.machine, header.layout, header.flags),
        osabi: osabi(header.ident.osabi()),
        object_type: object_type(header.object_type),
        linkage: match object.linkage() {
            Linkage::Dynamic => report::Linkage::Dynamic,
            Linkage::Static => report::Linkage::Static,
            Linkage::StaticPie => report::Linkage::StaticPie,
            Linkage::SharedObject => report::Linkage::SharedObject,
        },
        libc: crate::finding::built_for(object),
        soname: dynamic.soname.as_deref().map(lossy),
        interpreter,
        rpath: split(&dynamic.rpath),
        runpath: split(&dynamic.runpath),
        flags: flags(object),
        needed: dynamic.needed().map(shared).collect(),
        version_needs,
        build: build.filter(|build| !build.is_empty()).map(built),
    }
}

fn built(build: &Build) -> report::Build {
    report::Build {
        language: build.language().map(str::to_owned),
        go: build.go.as_ref().map(|go| report::GoBuild {
            version: go.version.clone(),
            path: go.path.clone(),
            settings: go.settings.clone(),
        }),
        comment: build.comment.iter().map(|line| lossy(line)).collect(),
    }
}

fn osabi(value: u8) -> String {
    match value {
        ELFOSABI_SYSV => "sysv".to_owned(),
        ELFOSABI_GNU => "gnu".to_owned(),
        9 => "freebsd".to_owned(),
        2 => "netbsd".to_owned(),
        12 => "openbsd".to_owned(),
        6 => "solaris".to_owned(),
        other => format!("osabi {other}"),
    }
}

fn object_type(value: u16) -> String {
    match value {
        1 => "rel".to_owned(),
        ET_EXEC => "exec".to_owned(),
        ET_DYN => "dyn".to_owned(),
        4 => "core".to_owned(),
        other => format!("type {other}"),
    }
}

fn flags(object: &Object) -> Vec<String> {
    let dynamic = &object.dynamic;
    let named = [
        ("pie", dynamic.is_pie()),
        ("nodeflib", dynamic.no_default_libraries()),
        ("now", dynamic.binds_now),
        ("textrel", dynamic.text_relocations),
        ("static_tls", dynamic.static_tls()),
        ("relr", dynamic.relr),
        ("execstack", object.executable_stack == Some(true)),
    ];
    named
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| (*name).to_owned())
        .collect()
}
