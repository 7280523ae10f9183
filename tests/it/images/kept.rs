//! What is kept of files that pass by, what becomes of a question that needs more,
//! and where that ends.

use std::process::Output;

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::image::entry::Entry;
use crate::support::image::{Image, Layer, Packing, docker, oci, tape, tree};
use crate::support::imgldd::{binary, fed};
use crate::support::realise::{Root, Synthetic};

/// A fixture as an image that runs `/app/exe`, in one layer.
fn image(fixture: &str, packing: Packing) -> Image {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let entries: Vec<Entry> = tree::entries(root.path());
    let mut image = Image::new(vec![Layer::new(tape::archive(&entries), packing)]);
    image.config.entrypoint = vec!["/app/exe".to_owned()];
    image
}

struct Answer {
    code: Option<i32>,
    report: Value,
    said: String,
}

impl Answer {
    fn new(output: &Output) -> Answer {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Answer {
            code: output.status.code(),
            report: serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{error}: {said}")),
            said,
        }
    }

    fn verdict(&self) -> &str {
        self.report["subjects"][0]["verdict"].as_str().unwrap()
    }

    fn error(&self) -> String {
        let error = &self.report["errors"][0];
        let word = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        [word("kind"), word("path"), word("message")].join(" ")
    }
}

/// The answer about an archive on standard input.
fn through_a_pipe(archive: Vec<u8>, options: &[&str]) -> Answer {
    let mut command = binary();
    command.args(["-i", "-", "-o", "json"]).args(options);
    Answer::new(&fed(&mut command, archive))
}

/// The answer about an archive that is a file.
fn in_a_file(archive: &[u8], options: &[&str]) -> Answer {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), archive).unwrap();
    let mut command = binary();
    command.arg("-i").arg(file.path()).args(["-o", "json"]);
    Answer::new(&command.args(options).output().unwrap())
}

/// Wants an image to be fine as a file, and on standard input to lack `path`.
fn is_lost(image: &Image, path: &str) {
    let archive = oci::layout(std::slice::from_ref(image)).archive();
    let answer = in_a_file(&archive, &[]);
    assert_eq!(
        (answer.code, answer.verdict()),
        (Some(0), "ok"),
        "{}",
        answer.said
    );
    let answer = through_a_pipe(archive, &[]);
    assert_eq!(
        (answer.code, answer.verdict()),
        (Some(2), "unknown"),
        "{}",
        answer.said
    );
    let wanted = format!(
        "io {path} cannot read it: it passed by and was not kept; read the image from a file"
    );
    assert!(answer.error().starts_with(&wanted), "{}", answer.error());
    assert!(
        answer.said.contains("read the image from a file"),
        "{}",
        answer.said
    );
}

const USERS: &str = "
    /app/exe      elf static
    /etc/passwd   link /data/users
    /data/users   text 'app:x:1000:1000::/home/app:/bin/sh\\n'
    ";

#[test]
fn users_behind_a_link_to_another_name_leave_a_pipe_undecided() {
    let mut image = image(USERS, Packing::Gzip);
    image.config.user = Some("app".to_owned());
    is_lost(&image, "/etc/passwd");
}

#[test]
fn a_cache_behind_a_link_to_another_name_leaves_a_pipe_undecided() {
    let fixture = "
        /app/exe           elf needed=liba.so
        /etc/ld.so.cache   link /zz/cache
        /zz/cache        cache liba.so=>/x/liba.so
        /x/liba.so         elf
        ";
    is_lost(&image(fixture, Packing::Zstd), "/etc/ld.so.cache");
}

#[test]
fn a_path_file_behind_a_link_to_another_name_leaves_a_pipe_undecided() {
    let fixture = "
        loader musl
        /app/exe                     elf needed=liba.so
        /etc/ld-musl-x86_64.path     link /data/directories
        /data/directories            text '/x'
        /x/liba.so                   elf
        ";
    is_lost(&image(fixture, Packing::Gzip), "/etc/ld-musl-x86_64.path");
}

/// Distributions that keep `/etc` elsewhere link to files of the same names.
#[test]
fn texts_under_their_own_names_are_kept_wherever_they_are() {
    let fixture = "
        /app/exe                    elf needed=liba.so
        /etc/passwd                 link ../store/etc/passwd
        /store/etc/passwd           text 'app:x:1000:1000::/home/app:/bin/sh\\n'
        /etc/ld.so.cache            link /store/etc/ld.so.cache
        /store/etc/ld.so.cache      cache liba.so=>/x/liba.so
        /x/liba.so                  elf
        ";
    let mut image = image(fixture, Packing::Gzip);
    image.config.user = Some("app".to_owned());
    for members in [
        oci::layout(std::slice::from_ref(&image)),
        docker::save_20(std::slice::from_ref(&image)),
    ] {
        let answer = through_a_pipe(members.archive(), &[]);
        assert_eq!(
            (answer.code, answer.verdict()),
            (Some(0), "ok"),
            "{}",
            answer.said
        );
    }
}

#[test]
fn what_is_kept_has_a_limit_for_all_layers_together() {
    let text = "x".repeat(40_000);
    let fixture = format!(
        "/app/exe elf static\n/etc/a text '{text}'\n/etc/b text '{text}'\n/data/c text '{text}'"
    );
    let image = image(&fixture, Packing::Gzip);
    let archive = oci::layout(&[image]).archive();
    let answer = in_a_file(&archive, &["--max-kept-bytes", "100K"]);
    assert_eq!(answer.code, Some(0), "{}", answer.said);
    let file = in_a_file(&archive, &["--max-kept-bytes", "70K"]);
    let pipe = through_a_pipe(archive, &["--max-kept-bytes", "70K"]);
    for answer in [file, pipe] {
        assert_eq!(answer.code, Some(2), "{}", answer.said);
        let error = answer.error();
        assert!(error.starts_with("limit "), "{error}");
        assert!(error.contains("more than 71680 bytes"), "{error}");
        assert!(error.contains("--max-kept-bytes"), "{error}");
    }
}

/// The layer is gone through once for its names, and once more for each text that
/// was not kept.
#[test]
fn going_through_a_layer_again_is_bounded_as_the_first_time() {
    let fixture = "
        /app/exe           elf needed=liba.so
        /etc/ld.so.cache   link /zz/cache
        /zz/cache        cache liba.so=>/x/liba.so
        /etc/ld.so.preload link /zz/preload
        /zz/preload      text '\\n'
        /x/liba.so         elf
        ";
    let image = image(fixture, Packing::Gzip);
    let size = image.layers[0].archive.len();
    let archive = oci::layout(&[image]).archive();
    let answer = in_a_file(&archive, &["--max-total-bytes", &(2 * size).to_string()]);
    assert_eq!(
        (answer.code, answer.verdict()),
        (Some(0), "ok"),
        "{}",
        answer.said
    );
    let answer = in_a_file(&archive, &["--max-total-bytes", &size.to_string()]);
    assert_eq!(
        (answer.code, answer.verdict()),
        (Some(2), "unknown"),
        "{}",
        answer.said
    );
    let error = answer.error();
    assert!(error.contains("could not be gone through again"), "{error}");
}
