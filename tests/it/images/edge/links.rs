//! Layers that write below, onto and through links.

use super::super::open::{merges, merges_and};
use super::super::tree::{attributes, read};
use crate::support::image::Image;

/// A merged `/usr`, and a layer over it.
fn over_merged_usr(upper: &str) -> String {
    format!(
        "
        layer
            usr/          dir
            usr/lib/      dir
            usr/lib/a.so  text
            lib           link usr/lib
        layer
        {upper}
        "
    )
}

#[test]
fn symlink_to_dirhdr() {
    merges(
        &over_merged_usr("lib/ dir\n lib/b.so text"),
        "lib/b.so:f(1) lib:d usr/lib/a.so:f(1) usr/lib:d usr:d",
        &["usrmerge-clobbered lib"],
    );
}

/// Engines without overlay write `usr/lib/b.so`.
#[test]
fn through_symlink() {
    merges(
        &over_merged_usr("lib/b.so text"),
        "lib/b.so:f(1) lib:d usr/lib/a.so:f(1) usr/lib:d usr:d",
        &["usrmerge-clobbered lib"],
    );
}

#[test]
fn through_symlink_dironly() {
    merges(
        &over_merged_usr("lib/ dir"),
        "lib:d usr/lib/a.so:f(1) usr/lib:d usr:d",
        &["usrmerge-clobbered lib"],
    );
}

#[test]
fn wh_through_symlink() {
    merges(
        &over_merged_usr("lib/a.so whiteout"),
        "lib:d usr/lib/a.so:f(1) usr/lib:d usr:d",
        &["usrmerge-clobbered lib"],
    );
}

#[test]
fn opq_through_symlink() {
    merges(
        &over_merged_usr("lib opaque\n lib/b.so text"),
        "lib/b.so:f(1) lib:d usr/lib/a.so:f(1) usr/lib:d usr:d",
        &["usrmerge-clobbered lib"],
    );
}

#[test]
fn wh_symlink_itself() {
    merges(
        &over_merged_usr("lib whiteout"),
        "usr/lib/a.so:f(1) usr/lib:d usr:d",
        &[],
    );
}

#[test]
fn same_layer_through_symlink() {
    merges(
        "
        layer
            usr/      dir
            usr/lib/  dir
            lib       link usr/lib
            lib/b.so  text
        ",
        "lib:l->usr/lib usr/lib/b.so:f(1) usr/lib:d usr:d",
        &[],
    );
}

/// Docker and podman refuse it; for umoci and containerd the last entry counts.
#[test]
fn same_layer_symlink_after() {
    merges(
        "
        layer
            usr/      dir
            usr/lib/  dir
            lib/      dir
            lib/b.so  text
            lib       link usr/lib
        ",
        "lib:l->usr/lib usr/lib:d usr:d",
        &["engines-disagree lib"],
    );
}

/// Engines with overlay do not find the target.
#[test]
fn hardlink_lower() {
    merges(
        "
        layer
            a/      dir
            a/prog  text PROG
        layer
            b/      dir
            b/hard  hardlink a/prog
        ",
        "a/prog:f(4) a:d b/hard:f(4)=a/prog b:d",
        &["engines-disagree b/hard"],
    );
}

#[test]
fn hardlink_lower_wh() {
    merges(
        "
        layer
            a/      dir
            a/prog  text PROG
        layer
            b/      dir
            b/hard  hardlink a/prog
            a/prog  whiteout
        ",
        "a:d b/hard:f(4) b:d",
        &["engines-disagree b/hard"],
    );
}

/// Links to what the layer below has, by way of one another.
#[test]
fn hardlink_lower_chain() {
    merges(
        "
        layer
            a/prog  text PROG
            two     text
        layer
            b/h3    hardlink b/h2
            b/h1    hardlink a/prog
            b/h2    hardlink b/h1
            one     hardlink two
            two     hardlink one
        ",
        "
        a/prog:f(4) a:d b/h1:f(4)=a/prog b/h2:f(4)=a/prog b/h3:f(4)=a/prog b:d
        one:f(1) two:f(1)=one
        ",
        &[
            "engines-disagree b/h1",
            "engines-disagree b/h2",
            "engines-disagree b/h3",
            "engines-disagree one",
            // It stays what it was.
            "entry-odd two",
        ],
    );
}

#[test]
fn hardlink_same() {
    merges(
        "
        layer
            a/      dir
            a/prog  text PROG
            a/h     hardlink a/prog
            a/habs  hardlink /a/prog
            a/hdot  hardlink ./a/prog
        ",
        "a/h:f(4) a/habs:f(4)=a/h a/hdot:f(4)=a/h a/prog:f(4)=a/h a:d",
        &[],
    );
}

/// All six engines refuse it.
#[test]
fn hardlink_forward() {
    merges(
        "
        layer
            a/      dir
            a/h     hardlink a/prog
            a/prog  text PROG
        ",
        "a/h:f(4) a/prog:f(4)=a/h a:d",
        &["engines-disagree a/h"],
    );
}

#[test]
fn hardlink_then_replace() {
    let image = Image::parse(
        "
        layer
            a/      dir
            a/prog  text V1
            a/h     hardlink a/prog
        layer
            a/prog  text V2
        ",
    );
    merges_and(&image, "a/h:f(2) a/prog:f(2) a:d", &[], |_, image| {
        assert_eq!(read(&image.filesystem, "a/h", 0, 9).unwrap(), b"V1");
        assert_eq!(read(&image.filesystem, "a/prog", 0, 9).unwrap(), b"V2");
    });
}

/// Docker and podman refuse it, since what the links lead to is not there; umoci
/// and containerd make it, inside.
#[test]
fn symlink_escape() {
    merges(
        "
        layer
            up       link ../../../../host/one
            up/pwn   text
            abs      link /host/two
            abs/pwn  text
        ",
        "
        abs:l->/host/two up:l->../../../../host/one
        host/one/pwn:f(1) host/one:d host/two/pwn:f(1) host/two:d host:d
        ",
        &["engines-disagree up/pwn", "engines-disagree abs/pwn"],
    );
}

/// What a lower layer has does not help an engine that unpacks each layer by itself.
/// podman 4.3 refuses all three with overlay and takes them with vfs.
#[test]
fn below_a_link_of_the_layer_whose_target_only_a_lower_one_has() {
    let lower = "
        layer
            usr/          dir
            usr/lib/      dir
            usr/lib/a.so  text
        layer
            lib           link usr/lib
        ";
    let whole = "lib:l->usr/lib usr/lib/a.so:f(1) usr/lib/b.so:f(1) usr/lib:d usr:d";
    let issue = &["engines-disagree lib/b.so"];
    merges(&format!("{lower}    lib/b.so text"), whole, issue);
    // A whiteout as well: there is no directory to put its mark into.
    let whole = "lib:l->usr/lib usr/lib:d usr:d";
    let issue = &["engines-disagree lib/.wh.a.so"];
    merges(&format!("{lower}    lib/a.so whiteout"), whole, issue);
    let issue = &["engines-disagree lib/.wh..wh..opq"];
    merges(&format!("{lower}    lib opaque"), whole, issue);
    // A directory that the link does not name is made by every engine.
    let present = format!("{lower}    usr/ dir\n usr/lib/ dir\n");
    let whole = "lib:l->usr/lib usr/lib/a.so:f(1) usr/lib/c/d.so:f(1) usr/lib/c:d usr/lib:d usr:d";
    merges(&format!("{present}    lib/c/d.so text"), whole, &[]);
}

/// All six engines refuse it.
#[test]
fn symlink_loop() {
    merges(
        "
        layer
            a    link b
            b    link a
            a/x  text
        ",
        "a:l->b b:l->a",
        &["entry-odd a/x"],
    );
}

/// `PATH MODE UID:GID` of everything but files' contents, the root included.
fn rights(text: &str, expected: &str, issues: &[&str], rights: &[&str]) {
    merges_and(&Image::parse(text), expected, issues, |what, image| {
        let found = attributes(&image.filesystem);
        let found: Vec<String> = found
            .iter()
            .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(found, rights, "{what}");
    });
}

/// Docker, podman and containerd chown and chmod after `link(2)`; umoci does not.
#[test]
fn hardlink_has_the_last_word_on_mode_and_owner() {
    rights(
        "
        layer
            a        script
            b        text
            c        text
            d        script
            d2       hardlink d
            la       hardlink a mode=644
            lb       hardlink b mode=700 owner=1000:5
            lb2      hardlink lb mode=755 owner=7:8
            same     hardlink c mode=644
        ",
        "a:f(1) b:f(1) c:f(1) d:f(1) d2:f(1)=d la:f(1)=a lb:f(1)=b lb2:f(1)=b same:f(1)=c",
        &[
            "engines-disagree d2",
            "engines-disagree la",
            "engines-disagree lb",
            "engines-disagree lb2",
        ],
        &[
            " 755 0:0",
            "a 644 0:0",
            "b 755 7:8",
            "c 644 0:0",
            "d 644 0:0",
            "d2 644 0:0",
            "la 644 0:0",
            "lb 755 7:8",
            "lb2 755 7:8",
            "same 644 0:0",
        ],
    );
}

/// What came in the target's place is another file, and a link's own mode stays.
#[test]
fn hardlink_changes_one_file_alone() {
    rights(
        "
        layer
            a   text 1
            la  hardlink a mode=600
            a   text 2
            s   link a
            t   hardlink s mode=600
        layer
            la  text new
        ",
        "a:f(1) la:f(3) s:l->a t:l->a",
        &["engines-disagree la", "engines-disagree a"],
        &[
            " 755 0:0",
            "a 644 0:0",
            "la 644 0:0",
            "s 777 0:0",
            "t 777 0:0",
        ],
    );
}

/// Engines with overlay pass over an entry for the root; others apply it.
#[test]
fn mode_of_the_root() {
    rights(
        "
        layer
            ./   dir mode=700 owner=5:6
            a    text
        layer
            ./   dir mode=711 owner=7:8
        ",
        "a:f(1)",
        &["engines-disagree ./"],
        &[" 755 0:0", "a 644 0:0"],
    );
}

/// containerd keeps what is below, Docker and podman with overlay make it 0755.
#[test]
fn directory_without_an_entry_over_another() {
    rights(
        "
        layer
            app/      dir mode=700 owner=5:6
            etc/      dir mode=750
            tmp/      dir mode=1777
            usr/      dir mode=2775
        layer
            app/x     text
            etc/      dir
            etc/x     text
            tmp/x     text
            usr/x     text
        ",
        "app/x:f(1) app:d etc/x:f(1) etc:d tmp/x:f(1) tmp:d usr/x:f(1) usr:d",
        &["engines-disagree app", "engines-disagree tmp"],
        &[
            " 755 0:0",
            "app 700 5:6",
            "app/x 644 0:0",
            "etc 755 0:0",
            "etc/x 644 0:0",
            "tmp 1777 0:0",
            "tmp/x 644 0:0",
            "usr 2775 0:0",
            "usr/x 644 0:0",
        ],
    );
}
