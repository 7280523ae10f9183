//! What findings count for: every switch against every verdict, on a root and on an image.

use std::process::Command;

use crate::support::fixture::Fixture;
use crate::support::image::entry::Entry;
use crate::support::image::{Image, Layer, Packing, docker, tape, tree};
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// One program for each verdict.
const FIXTURE: &str = "
    /usr/bin/fine     elf static
    /usr/bin/noted    elf needed=libcuda.so.1
    /usr/bin/warned   elf damage=execstack
    /usr/bin/broken   elf needed=libq.so.1
    /usr/bin/unknown  elf interp=/lib/ld-other.so.1
    /lib/ld-other.so.1  elf mode=0755
    ";

/// The same files as a directory and as an image.
struct Both {
    root: Root,
    archive: tempfile::NamedTempFile,
}

impl Both {
    fn new() -> Self {
        let root = Root::new(&Fixture::parse(FIXTURE), &Synthetic).unwrap();
        let entries: Vec<Entry> = tree::entries(root.path());
        let layer = Layer::new(tape::archive(&entries), Packing::Gzip);
        let archive = tempfile::NamedTempFile::new().unwrap();
        let image = docker::save_25(&[Image::new(vec![layer])]);
        std::fs::write(archive.path(), image.archive()).unwrap();
        Both { root, archive }
    }

    fn targets(&self) -> [Command; 2] {
        let (mut root, mut image) = (binary(), binary());
        root.args(["--platform", "linux/amd64", "--root"])
            .arg(self.root.path());
        image.arg("--image").arg(self.archive.path());
        [root, image]
    }

    /// The exit status and the word of the verdict, which both must have.
    #[track_caller]
    fn ends(&self, words: &str, status: i32, verdict: &str) {
        for mut command in self.targets() {
            let output = command.args(words.split(' ')).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let last = said.lines().last().unwrap_or_default();
            let word = last.split(':').next().unwrap();
            assert_eq!(
                (output.status.code(), word),
                (Some(status), verdict),
                "{words}\n{said}"
            );
        }
    }

    /// What the last line counts.
    #[track_caller]
    fn sums_up(&self, words: &str, wanted: &str) {
        for mut command in self.targets() {
            let output = command.args(words.split(' ')).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let last = said.lines().last().unwrap_or_default();
            assert!(last.contains(wanted), "{words}: no `{wanted}` in `{last}`");
        }
    }

    #[track_caller]
    fn refuses(&self, words: &str, wanted: &str) {
        for mut command in self.targets() {
            let output = command.args(words.split(' ')).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                output.status.code() == Some(2) && said.contains(wanted),
                "{words}: no `{wanted}` in {said}"
            );
        }
    }
}

#[test]
fn the_severity_that_fails_is_chosen() {
    let both = Both::new();
    for (program, verdict, least) in [
        ("fine", "ok", 9),
        ("noted", "ok", 2),
        ("warned", "warning", 1),
        ("broken", "broken", 0),
    ] {
        both.ends(program, i32::from(least == 0), verdict);
        for (rank, word) in ["error", "warning", "note"].into_iter().enumerate() {
            let words = format!("--fail-on {word} {program}");
            both.ends(&words, i32::from(rank >= least), verdict);
        }
        both.ends(&format!("--fail-on never {program}"), 0, verdict);
    }
    // What is not known is neither, and no switch changes that.
    for words in [
        "unknown",
        "--fail-on never unknown",
        "--ignore unknown-loader unknown",
    ] {
        both.ends(words, 2, "unknown");
    }
}

#[test]
fn a_severity_can_be_changed() {
    let both = Both::new();
    both.ends("--error execstack-refused warned", 1, "broken");
    both.ends("--error host-injected noted", 1, "broken");
    both.ends("--warn host-injected noted", 0, "warning");
    both.ends("--warn host-injected --fail-on warning noted", 1, "warning");
    // It does not start, whatever that counts for.
    both.ends("--warn needed-missing broken", 0, "broken");
    both.ends(
        "--warn needed-missing --fail-on warning broken",
        1,
        "broken",
    );
    // The worse of both.
    both.ends(
        "--warn needed-missing --error needed-missing broken",
        1,
        "broken",
    );
    // Another code is not meant.
    both.ends("--warn glibc-on-musl broken", 1, "broken");
}

#[test]
fn a_finding_can_be_waived_by_code_by_name_and_by_file() {
    let both = Both::new();
    for words in [
        "--ignore needed-missing broken",
        "--ignore needed-missing:libq.* broken",
        "--ignore needed-missing:/usr/bin/* broken",
        "--allow-missing libq.so.* broken",
    ] {
        both.ends(words, 0, "broken");
        both.sums_up(words, "1 broken, 1 waived");
        both.ends(&format!("--fail-on note {words}"), 0, "broken");
    }
    for words in [
        "--ignore needed-missing:libz* broken",
        "--ignore needed-missing:/opt/* broken",
        "--ignore lib-not-elf broken",
        "--allow-missing libq.so broken",
    ] {
        both.ends(words, 1, "broken");
    }
    both.ends(
        "--ignore execstack-refused --fail-on warning warned",
        0,
        "warning",
    );
}

#[test]
fn one_of_several_is_enough() {
    let both = Both::new();
    both.ends("fine warned broken", 1, "broken");
    both.ends("fine broken unknown", 2, "broken");
    both.ends("--ignore needed-missing fine warned broken", 0, "broken");
}

#[test]
fn what_is_mistyped_is_asked_back() {
    let both = Both::new();
    let near = "did you mean `needed-missing`?";
    for switch in ["--ignore", "--warn", "--error"] {
        both.refuses(&format!("{switch} needed-mising broken"), near);
    }
    both.refuses("--ignore needed-missing: broken", "nothing stands behind");
    both.refuses("--ignore needed-missing:[ broken", "not a glob");
    both.refuses("--fail-on errors broken", "possible values");
}

#[test]
fn the_layer_is_the_targets_and_not_the_donors() {
    let layer = |fixture: &str| {
        let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
        Layer::new(tape::archive(&tree::entries(root.path())), Packing::Gzip)
    };
    let write = |layers: Vec<Layer>| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            docker::save_25(&[Image::new(layers)]).archive(),
        )
        .unwrap();
        file
    };
    let below = layer("/usr/bin/broken elf needed=libq.so.1");
    let target = write(vec![below.clone(), layer("/etc/motd text x")]);
    // What is wanted comes with the donor's second layer.
    let donor = write(vec![below, layer("/usr/lib/libq.so.1 elf")]);
    let output = binary()
        .arg("--image")
        .arg(target.path())
        .args(["--layer", "1", "/usr/bin/broken", "--donor"])
        .arg(donor.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("/usr/lib/libq.so.1 /"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_the_image_asks_of_the_hosts_toolkit_is_told() {
    let both = Both::new();
    let says = |words: &str, wanted: &str| {
        for mut command in both.targets() {
            let output = command.args(words.split(' ')).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(said.contains(wanted), "{words}: no `{wanted}` in\n{said}");
        }
    };
    says(
        "noted",
        "starts only with the host's `libcuda.so.1` mounted in",
    );
    says("noted", "NVIDIA_VISIBLE_DEVICES is not in its environment");
    says("noted", "docker run --gpus all …");
    let with = "--env NVIDIA_VISIBLE_DEVICES=all --env NVIDIA_DRIVER_CAPABILITIES";
    says(
        &format!("{with}=video,compute noted"),
        "NVIDIA_VISIBLE_DEVICES=all: the image is made for it",
    );
    says(
        &format!("{with}=video noted"),
        "`compute`, which brings it, is not among them",
    );
    says(
        &format!("{with}=video noted"),
        "--gpus all -e NVIDIA_DRIVER_CAPABILITIES=all",
    );
}
