//! What a directory can hold beside regular files: links that lead round or out,
//! and things that act when they are opened.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::scene::Scene;

const NEEDS_X: &str = "/app/exe elf needed=libx.so runpath=/x\n/x dir";

#[test]
fn a_fifo_in_the_place_of_a_file_is_never_opened_to_wait() {
    let fifo = |scene: &Scene, path: &str| {
        let made = mknodat(CWD, scene.host(path), FileType::Fifo, Mode::from(0o755), 0);
        made.unwrap();
    };
    let scene = Scene::new(NEEDS_X);
    fifo(&scene, "/x/libx.so");
    let answer = scene.ask();
    assert_ne!(answer.code, 0, "{}", answer.text);
    answer.says("/x/libx.so");

    let scene = Scene::new("/app dir");
    fifo(&scene, "/app/exe");
    let answer = scene.ask();
    answer.fails("exec: EACCES", "fifo");

    let scene = Scene::new("loader none\n/app/exe elf interp=/x/ld.so\n/x dir\n/lib64 dir");
    fifo(&scene, "/x/ld.so");
    // The intact program has lost its loader too, so it is not asked about here.
    let output = crate::support::imgldd::binary()
        .arg("--root")
        .arg(scene.host("/"))
        .args(["--json", "/app/exe"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_socket_in_the_place_of_a_library_is_no_library() {
    let scene = Scene::new(NEEDS_X);
    let Ok(_listener) = UnixListener::bind(scene.host("/x/libx.so")) else {
        eprintln!("skipped: the path of the temporary directory is too long for a socket");
        return;
    };
    let answer = scene.ask();
    assert_ne!(answer.code, 0, "{}", answer.text);
}

#[test]
fn a_device_in_the_place_of_a_library_is_no_library() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can make devices");
        return;
    }
    let scene = Scene::new(NEEDS_X);
    let null = rustix::fs::makedev(1, 3);
    let path = scene.host("/x/libx.so");
    if mknodat(
        CWD,
        path,
        FileType::CharacterDevice,
        Mode::from(0o755),
        null,
    )
    .is_err()
    {
        eprintln!("skipped: this machine does not let root make devices");
        return;
    }
    let answer = scene.ask();
    assert_ne!(answer.code, 0, "{}", answer.text);
}

/// `/c/0 -> 1 -> … -> COUNT`, a directory with a loader.
fn chain(count: usize) -> String {
    let links: Vec<String> = (0..count)
        .map(|number| format!("/c/{number} link {}", number + 1))
        .collect();
    format!(
        "{}\n/c/{count}/ld.so loader glibc 2.36\n/app/exe elf interp=/c/0/ld.so",
        links.join("\n")
    )
}

#[test]
fn forty_links_are_followed_and_not_one_more() {
    Scene::new(&chain(40)).ask().starts();
    Scene::new(&chain(41))
        .ask()
        .fails("exec: ELOOP", "/c/0/ld.so");
}

#[test]
fn links_that_double_at_every_step_end_like_any_loop() {
    let links: Vec<String> = (0..40)
        .map(|number| format!("/d/e{number} link e{next}/e{next}", next = number + 1))
        .collect();
    // The last of them is its own directory, so that every path of names exists.
    let links = format!(
        "{}\n/d/e40 link .\n/d/self link self\n/d/a link b\n/d/b link /d/a",
        links.join("\n")
    );
    let started = Instant::now();
    for path in ["/d/e0/ld.so", "/d/self", "/d/a", "/d/self/x"] {
        let scene = Scene::new(&format!("{links}\n/app/exe elf interp={path}"));
        scene.ask().fails("exec: ELOOP", path);
    }
    let answer = Scene::new(&links).ask_about(&["/d/e0", "/d/self", "/d/b"], &[]);
    assert_eq!(answer.outcome(), "exec: ELOOP");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn links_out_of_the_root_lead_to_what_the_root_has_there() {
    let other = Scene::new("/app/exe elf");
    let outside = other.host("/good");
    let outside = outside.to_str().unwrap();
    for target in [
        outside.to_owned(),
        format!("../../../../../../../..{outside}"),
        format!("/proc/self/root{outside}"),
    ] {
        // The directory, the file, and a directory on the way.
        for fixture in [
            format!("/x link {target}"),
            format!("/x/libgood.so link {target}/libgood.so"),
        ] {
            Scene::new(&format!(
                "/app/exe elf needed=libgood.so runpath=/x\n{fixture}"
            ))
            .ask()
            .stops_saying("libgood.so: cannot open shared object file");
        }
        // And the same path is found where the root does have it.
        if target == outside {
            let answer = Scene::new(&format!(
                "
                /app/exe  elf needed=libgood.so runpath=/x
                /x        link {target}
                {outside}/libgood.so  elf
                "
            ))
            .ask();
            answer.starts();
            assert_eq!(answer.libraries(), ["libgood.so => /x/libgood.so"]);
        }
    }
}

#[test]
fn a_scan_neither_follows_links_nor_waits_for_a_fifo() {
    let scene = Scene::new(
        "
        /x/loop    link .
        /x/out     link /proc/self/root
        /x/up      link ../../../../..
        /app/exe   elf needed=libgood.so runpath=/good
        ",
    );
    mknodat(
        CWD,
        scene.host("/x/fifo"),
        FileType::Fifo,
        Mode::from(0o755),
        0,
    )
    .unwrap();
    let output = crate::support::imgldd::binary()
        .arg("--root")
        .arg(scene.host("/"))
        .args(["--all", "-o", "json"])
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<&str> = report["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| subject["path"].as_str().unwrap())
        .collect();
    assert!(
        paths.contains(&"/app/exe") && paths.contains(&"/app/good"),
        "{paths:?}"
    );
    assert!(
        paths.iter().all(|path| !path.starts_with("/x/")),
        "{paths:?}"
    );
}
