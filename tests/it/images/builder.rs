//! The fixtures themselves: what was meant is what other readers find.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::fixture::Fixture;
use crate::support::image::entry::{
    Entry, Kind, dir, executable, fifo, file, hardlink, opaque, symlink, whiteout,
};
use crate::support::image::sparse::{self, Form};
use crate::support::image::tape::{self, LongNames};
use crate::support::image::{
    Image, Layer, Members, Packing, digest, docker, oci, skopeo, split, tree,
};
use crate::support::realise::{Root, Synthetic};

/// Of every kind one, with names short and long.
fn entries() -> Vec<Entry> {
    let long = format!("{}/{}", "d".repeat(90), "e".repeat(120));
    vec![
        dir("./"),
        dir("usr/").mode(0o711).owner(7, 8),
        file("usr/short", "content")
            .mode(0o4640)
            .owner(1000, 2_000_000),
        executable("usr/héé", [0_u8; 1000]),
        file(&long, [1_u8; 512]),
        symlink("usr/link", &long),
        symlink("usr/short-link", "../x"),
        hardlink("usr/again", "usr/short"),
        hardlink("usr/long-again", &long),
        fifo("usr/fifo"),
        whiteout("usr/gone"),
        opaque("usr"),
    ]
}

/// Entries as the `tar` crate reads them; neither numbers that are false nor names
/// that are cut pass it.
fn by_tar_crate(archive: &[u8]) -> Vec<Entry> {
    let mut archive = tar::Archive::new(archive);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let name = entry.path_bytes().into_owned();
        let link = entry.link_name_bytes().map(|link| link.into_owned());
        let link = link.unwrap_or_default();
        let header = entry.header().clone();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let kind = match header.entry_type() {
            tar::EntryType::Regular => Kind::File(content),
            tar::EntryType::Link => Kind::Hardlink(link),
            tar::EntryType::Symlink => Kind::Symlink(link),
            tar::EntryType::Directory => Kind::Dir,
            tar::EntryType::Fifo => Kind::Fifo,
            other => panic!("{other:?}"),
        };
        Entry {
            name,
            kind,
            mode: header.mode().unwrap(),
            uid: header.uid().unwrap().try_into().unwrap(),
            gid: header.gid().unwrap().try_into().unwrap(),
            capability: None,
        }
    };
    archive.entries().unwrap().map(read).collect()
}

fn same(found: &[Entry], wanted: &[Entry]) {
    let shown = |entries: &[Entry]| -> Vec<String> {
        entries.iter().map(|entry| format!("{entry:?}")).collect()
    };
    assert_eq!(shown(found), shown(wanted));
}

#[test]
fn the_tar_crate_reads_what_was_written() {
    for long in [LongNames::Pax, LongNames::Gnu] {
        same(
            &by_tar_crate(&tape::archive_with(&entries(), long)),
            &entries(),
        );
    }
}

#[test]
fn the_language_says_what_the_functions_say() {
    let image = Image::parse(
        "
        layer raw
            usr/        dir mode=711 owner=7:8
            usr/script  script '#!/bin/sh\\n'
            usr/link    link ../x
            usr/again   hardlink usr/script
            usr/fifo    fifo
            usr/gone    whiteout
            usr         opaque
        ",
    );
    let wanted = [
        dir("usr/").mode(0o711).owner(7, 8),
        executable("usr/script", "#!/bin/sh\n"),
        symlink("usr/link", "../x"),
        hardlink("usr/again", "usr/script"),
        fifo("usr/fifo"),
        whiteout("usr/gone"),
        opaque("usr"),
    ];
    same(&by_tar_crate(&image.layers[0].blob), &wanted);
}

#[test]
fn every_cut_keeps_every_entry() {
    let all = entries();
    assert_eq!(split::split(&all).count(), all.len() + 1);
    for [lower, upper] in split::split(&all) {
        same(&[lower, upper].concat(), &all);
    }
    let parts = split::in_parts(&all, 4);
    assert_eq!(parts.len(), 4);
    assert_eq!(parts.concat().len(), all.len());
    let home = |name: &[u8]| {
        let has = |part: &Vec<Entry>| part.iter().any(|entry| entry.name == name);
        parts.iter().position(has).unwrap()
    };
    assert_eq!(home(b"usr/again"), home(b"usr/short"));
}

/// A fixture's directory as entries: links by their text, further names as hard
/// links to the first, modes and owners as they are.
#[test]
fn a_directory_is_read_back_as_it_was_laid_out() {
    let fixture = Fixture::parse(
        "
        loader none
        /a/z       text z mode=600
        /a/link    link ../nowhere
        /b         hardlink /a/z
        /c.sh      script '#!/bin/sh\\n' mode=4755
        /private   dir mode=700
        ",
    );
    let root = Root::new(&fixture, &Synthetic).unwrap();
    let about = fs::metadata(root.path()).unwrap();
    let own = |entry: Entry| entry.owner(about.uid(), about.gid());
    let wanted = [
        dir("./"),
        dir("a/"),
        symlink("a/link", "../nowhere"),
        file("a/z", "z").mode(0o600),
        hardlink("b", "a/z").mode(0o600),
        executable("c.sh", "#!/bin/sh\n").mode(0o4755),
        dir("private/").mode(0o700),
    ]
    .map(own);
    same(&tree::entries(root.path()), &wanted);
}

/// Everything that is written, in every container.
fn all_containers() -> Vec<(&'static str, Members)> {
    let entries: Vec<Entry> = entries()
        .into_iter()
        .filter(|e| e.kind != Kind::Fifo)
        .collect();
    let layers = split::in_parts(&entries, 3);
    let packings = [Packing::Gzip, Packing::GzipMembers, Packing::Gzip];
    let layers = layers.iter().zip(packings);
    let layers = layers.map(|(part, packing)| Layer::new(tape::archive(part), packing));
    let mut image = Image::new(layers.collect());
    image.layers.push(image.layers[0].clone());
    let mut other = Image::parse("layer\n other text");
    other.name = Some("shop/other:1".to_owned());
    let images = [image, other];
    vec![
        ("oci", oci::layout(&images)),
        ("oci", oci::layout(&images[..1]).documents_first()),
        ("oci", oci::nested(&images[..1])),
        ("docker-archive", docker::save_20(&images)),
        (
            "docker-archive",
            docker::save_20(&images[..1]).documents_first(),
        ),
        ("docker-archive", docker::save_podman(&images)),
        ("docker-archive", docker::save_25(&images)),
        ("oci", docker::save_25(&images[..1])),
        ("dir", skopeo::directory(&images[0])),
    ]
}

/// Each document leads to members that are there and are what it says.
#[test]
fn every_blob_is_named_after_its_content() {
    for (form, members) in all_containers() {
        let mut blobs = 0;
        for (name, _) in &members.0 {
            let last = name.rsplit('/').next().unwrap();
            let last = last.trim_end_matches(".tar").trim_end_matches(".json");
            if last.len() == 64 && !name.ends_with('/') {
                assert_eq!(
                    digest(members.get(name)),
                    format!("sha256:{last}"),
                    "{form}"
                );
                blobs += 1;
            }
        }
        assert!(blobs > 0, "{form}: {:?}", members.0);
    }
}

#[test]
fn packed_pieces_come_to_the_whole() {
    let archive = tape::archive(&entries());
    for packing in Packing::ALL {
        let packed = packing.pack(&archive);
        let mut found = Vec::new();
        match packing.suffix() {
            ".gz" => {
                let mut decoder = flate2::read::MultiGzDecoder::new(&packed[..]);
                decoder.read_to_end(&mut found).unwrap();
            }
            ".zst" => found = zstd::decode_all(&packed[..]).unwrap(),
            _ => found = packed,
        }
        assert!(found == archive, "{packing:?}");
    }
}

/// Runs a tool that must be content; what it printed.
fn tool(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {text}{said}"
    );
    text
}

#[test]
#[ignore = "needs skopeo"]
fn real_skopeo_reads_every_container() {
    let scratch = tempfile::tempdir().unwrap();
    for (at, (form, members)) in all_containers().into_iter().enumerate() {
        let directory = format!("image-{at}");
        let archive = format!("image-{at}.tar");
        members.write_dir(&scratch.path().join(&directory));
        fs::write(scratch.path().join(&archive), members.archive()).unwrap();
        let dotted = format!("dotted-{at}.tar");
        fs::write(scratch.path().join(&dotted), members.dotted_archive()).unwrap();
        let references = match form {
            "oci" => vec![
                format!("oci:{directory}:latest"),
                format!("oci-archive:{archive}:latest"),
                format!("oci-archive:{dotted}:latest"),
            ],
            "docker-archive" => vec![format!("docker-archive:{archive}:shop/api:latest")],
            _ => vec![format!("dir:{directory}")],
        };
        for reference in references {
            // Copying reads every layer and checks every digest.
            let target = format!("dir:copy-{at}");
            let arguments = ["--insecure-policy", "copy", "-q", &reference, &target];
            tool("skopeo", &arguments, scratch.path());
            let inspected = tool("skopeo", &["inspect", &target], scratch.path());
            assert!(
                inspected.contains("\"Architecture\": \"amd64\""),
                "{inspected}"
            );
        }
    }
}

#[test]
#[ignore = "needs tar, python3, gzip and zstd"]
fn real_tools_read_every_archive_and_every_packing() {
    let scratch = tempfile::tempdir().unwrap();
    let here = scratch.path();
    for long in [LongNames::Pax, LongNames::Gnu] {
        let all = entries();
        let archive = tape::archive_with(&all, long);
        fs::write(here.join("a.tar"), &archive).unwrap();
        let shown = |text: String| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let wanted: Vec<String> = all
            .iter()
            .map(|entry| String::from_utf8(entry.name.clone()).unwrap())
            .collect();
        let listing = ["--quoting-style=literal", "-tf", "a.tar"];
        assert_eq!(shown(tool("tar", &listing, here)), wanted);
        let script = "import tarfile\nfor m in tarfile.open('a.tar', errorlevel=2): print(m.name)";
        let found = shown(tool("python3", &["-X", "utf8", "-c", script], here));
        let cleaned: Vec<&str> = wanted
            .iter()
            .map(|name| name.trim_end_matches('/'))
            .collect();
        assert_eq!(found, cleaned);
        for packing in Packing::ALL {
            let name = format!("b{}", packing.suffix());
            fs::write(here.join(&name), packing.pack(&archive)).unwrap();
            match packing.suffix() {
                ".gz" => drop(tool("gzip", &["-t", &name], here)),
                ".zst" => drop(tool("zstd", &["-q", "-t", &name], here)),
                _ => drop(tool("tar", &["-tf", &name], here)),
            }
        }
    }
}

#[test]
#[ignore = "needs GNU tar and python3"]
fn real_tar_fills_the_holes_of_sparse_files() {
    let scratch = tempfile::tempdir().unwrap();
    let mut wanted = vec![0; usize::try_from(sparse::SIZE).unwrap()];
    let pieces = sparse::pieces();
    let (first, second) = pieces.split_at(4096);
    wanted[..4096].copy_from_slice(first);
    let at = usize::try_from(sparse::SECOND).unwrap();
    wanted[at..at + 4096].copy_from_slice(second);
    for form in [Form::Old, Form::Pax00, Form::Pax01, Form::Pax10] {
        let archive = tape::archive(&[sparse::file(form), file("after", "x")]);
        fs::write(scratch.path().join("a.tar"), archive).unwrap();
        for (program, arguments) in [
            ("tar", &["-xf", "a.tar"][..]),
            (
                "python3",
                &["-c", "import tarfile; tarfile.open('a.tar').extractall()"],
            ),
        ] {
            tool(program, arguments, scratch.path());
            let found = fs::read(scratch.path().join(sparse::NAME)).unwrap();
            assert!(
                found == wanted,
                "{program}, {form:?}: {} bytes",
                found.len()
            );
            assert_eq!(fs::read(scratch.path().join("after")).unwrap(), b"x");
            fs::remove_file(scratch.path().join(sparse::NAME)).unwrap();
        }
    }
}
