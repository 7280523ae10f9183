//! What every engine mounts over when it runs an image. The outcomes are those of
//! podman 4.3 with runc 1.1.5 on such images.

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::image::{Image, Layer, Packing, docker, tape, tree};
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};

/// An image of a fixture with this command.
fn image(fixture: &str, command: &str) -> Image {
    let root = Root::new(&Fixture::parse(fixture), &Synthetic).unwrap();
    let entries = tree::entries(root.path());
    let layer = Layer::new(tape::archive(&entries), Packing::Gzip);
    let mut image = Image::new(vec![layer]);
    image.config.cmd = vec![command.to_owned()];
    image
}

/// The report about what an image runs, and the code and severity of each finding.
fn report(image: Image, options: &[&str]) -> (Value, Vec<String>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), docker::save_20(&[image]).archive()).unwrap();
    let mut command = binary();
    command.arg("-i").arg(file.path()).args(["-o", "json"]);
    let output = command.args(options).output().unwrap();
    let mut report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let subject = report["subjects"][0].take();
    let is_broken = subject["verdict"] == "broken";
    assert_eq!(
        output.status.code(),
        Some(i32::from(is_broken)),
        "{subject:#}"
    );
    let findings = subject["findings"].as_array().unwrap();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = findings
        .iter()
        .map(|finding| format!("{} {}", word(finding, "severity"), word(finding, "code")));
    let findings = findings.collect();
    (subject, findings)
}

fn of_runc(subject: &Value) -> &str {
    let reported = subject["outcome"]["as_reported"].as_array().unwrap();
    let runc = reported.iter().find(|one| one["by"] == "runc");
    runc.and_then(|one| one["text"].as_str())
        .unwrap_or_default()
}

#[test]
fn a_program_that_a_mount_hides_is_not_found() {
    for (fixture, command) in [
        ("/dev/x elf static", "/dev/x"),
        ("/dev/shm/x elf static", "/dev/shm/x"),
        ("/proc/x elf static", "/proc/x"),
        ("/sys/x elf static", "/sys/x"),
        // A mount goes to where links lead.
        ("/dev link lib\n/lib/x elf static", "/lib/x"),
        ("/sys/x elf static\n/y link sys/x", "/y"),
    ] {
        let (subject, findings) = report(image(fixture, command), &[]);
        assert_eq!(findings, ["error mount-hides"], "{command}: {subject:#}");
        let expected = format!("exec: \"{command}\": stat {command}: no such file or directory");
        assert_eq!(of_runc(&subject), expected);
    }
    let other = image("/devel/x elf static\n/dev dir\n/proc dir", "/devel/x");
    assert_eq!(report(other, &[]).1, [""; 0]);
}

#[test]
fn a_library_or_an_interpreter_that_a_mount_hides_is_missing() {
    let mut library = image("/x elf needed=liba.so\n/dev/shm/liba.so elf", "/x");
    library.config.env = vec!["LD_LIBRARY_PATH=/dev/shm".to_owned()];
    let (subject, findings) = report(library, &[]);
    assert_eq!(findings, ["error mount-hides"], "{subject:#}");
    let message = subject["outcome"]["message"].as_str().unwrap();
    assert!(
        message.contains("liba.so: cannot open shared object file"),
        "{message}"
    );
    let (subject, findings) = report(
        image("/x script '#!/sys/i\\n'\n/sys/i elf static", "/x"),
        &[],
    );
    assert_eq!(findings, ["error mount-hides"], "{subject:#}");
    assert_eq!(of_runc(&subject), "exec /x: no such file or directory");
}

/// Nobody runs a bare layer, and what lies over the image is hidden as well.
#[test]
fn only_what_an_engine_runs_is_mounted_over() {
    let layer = image("/dev/x elf static", "/dev/x").layers.remove(0);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &layer.archive).unwrap();
    let mut command = binary();
    let output = command.arg("-i").arg(file.path()).arg("/dev/x").output();
    assert_eq!(output.unwrap().status.code(), Some(0));
    let root = Root::new(&Fixture::parse("/x elf static"), &Synthetic).unwrap();
    let copied = format!("{}:/dev/x", root.path().join("x").display());
    let (_, findings) = report(image("/y elf static", "/dev/x"), &["--copy", &copied]);
    assert_eq!(findings, ["error mount-hides"]);
}

#[test]
fn where_nothing_can_be_mounted_nothing_starts() {
    let ordinary = |kind: &str, path: &str| {
        format!(
            "error mounting \"{kind}\" to rootfs at \"{path}\": filesystem \"{kind}\" must be mounted on ordinary directory"
        )
    };
    for (what, expected) in [
        ("/proc link lib", ordinary("proc", "/proc")),
        ("/sys link lib", ordinary("sysfs", "/sys")),
        ("/proc text x", ordinary("proc", "/proc")),
        ("/dev text x", "not a directory".to_owned()),
    ] {
        let fixture = format!("{what}\n/x elf static\n/lib dir");
        let (subject, findings) = report(image(&fixture, "/x"), &[]);
        assert_eq!(findings, ["error mount-hides"], "{what}");
        assert_eq!(subject["outcome"]["starts"], false, "{what}");
        assert_eq!(of_runc(&subject), expected);
    }
    // runc makes what a link for /dev leads to.
    let dangling = image("/dev link nowhere\n/x elf static", "/x");
    assert_eq!(report(dangling, &[]).1, [""; 0]);
    let mut volume = image("/x elf static", "/x");
    volume.config.volumes = vec!["/".to_owned()];
    let (subject, findings) = report(volume, &[]);
    assert_eq!(findings[0], "error mount-hides", "{subject:#}");
    assert_eq!(subject["outcome"]["starts"], false);
}
