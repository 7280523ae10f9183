//! Reads a scene, lays it out, and asks the binary.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use serde_json::Value;

use crate::support::fixture::Fixture;
use crate::support::image::config::History;
use crate::support::image::entry::{self, Entry};
use crate::support::image::{Config, Image, Layer, Packing, docker, pack, tape, text, tree};
use crate::support::imgldd::binary;
use crate::support::realise::{Root, Synthetic};
use crate::support::text::{lines, utf8, words};

/// What a text describes.
pub(super) struct Scene {
    arguments: Vec<Vec<u8>>,
    /// What the image says of itself, where there is an image.
    config: Option<Config>,
    layers: Vec<Part>,
}

/// One layer, or the directory.
#[derive(Default)]
struct Part {
    created_by: String,
    fixture: String,
    /// Entries that a filesystem could not have, behind the others.
    entries: Vec<Entry>,
    /// The configuration lists another digest of it.
    is_listed_wrong: bool,
}

/// Whether only root can make the files of a scene, and we are not root. Then that is said.
pub(super) fn is_beyond_us(scene: &str) -> bool {
    let is_roots = scene.contains(" caps=") || scene.contains(" owner=");
    let is_beyond = is_roots && !rustix::process::geteuid().is_root();
    if is_beyond {
        eprintln!("skipped: only root can give a file capabilities, or an owner:\n{scene}");
    }
    is_beyond
}

impl Scene {
    pub(super) fn parse(text: &str) -> Scene {
        let mut scene = Scene {
            arguments: Vec::new(),
            config: None,
            layers: vec![Part::default()],
        };
        let mut has_layers = false;
        for line in lines(text) {
            let mut words = words(line);
            match &words[0][..] {
                b"run" => scene.arguments = words.split_off(1),
                b"layer" => {
                    let created_by = words.get(1).map_or("", |word| utf8(word)).to_owned();
                    if has_layers {
                        scene.layers.push(Part::default());
                    }
                    has_layers = true;
                    scene.image();
                    scene.last().created_by = created_by;
                }
                b"diff-id" => {
                    assert_eq!(words.get(1).map(Vec::as_slice), Some(&b"false"[..]));
                    scene.last().is_listed_wrong = true;
                }
                b"entry" => {
                    let entry = text::parse(line, words.split_off(1));
                    scene.last().entries.push(entry);
                }
                first if first[0].is_ascii_uppercase() => {
                    let rest = words[1..].iter().map(|word| utf8(word).to_owned());
                    configure(scene.image(), utf8(first), rest.collect());
                }
                _ => scene.entry(line, &words),
            }
        }
        let starts_nothing = scene.config.as_ref().is_none_or(|config| {
            config.entrypoint.is_empty() && config.cmd.is_empty() && config.healthcheck.is_empty()
        });
        if scene.arguments.is_empty() && starts_nothing {
            scene.arguments.push(b"/app/exe".to_vec());
        }
        scene
    }

    fn image(&mut self) -> &mut Config {
        self.config
            .get_or_insert_with(|| Config::for_platform("linux", "amd64"))
    }

    fn last(&mut self) -> &mut Part {
        self.layers.last_mut().unwrap()
    }

    fn entry(&mut self, line: &str, words: &[Vec<u8>]) {
        let inside = words[0].strip_prefix(b"/").unwrap_or(&words[0]);
        match words.get(1).map(Vec::as_slice) {
            Some(b"whiteout") => self.last().entries.push(entry::whiteout(inside)),
            Some(b"opaque") => self.last().entries.push(entry::opaque(inside)),
            _ => {
                let fixture = &mut self.last().fixture;
                fixture.push_str(line);
                fixture.push('\n');
            }
        }
    }

    /// The codes of all findings, of the target and of what is started in it.
    pub(super) fn codes(&self) -> Vec<String> {
        let report = self.report();
        let findings = ["targets", "subjects"]
            .iter()
            .flat_map(|part| report[part].as_array().unwrap())
            .flat_map(|one| one["findings"].as_array().unwrap());
        findings
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn report(&self) -> Value {
        let scratch = tempfile::tempdir().unwrap();
        let archive = scratch.path().join("image.tar");
        let mut command = binary();
        let root = match &self.config {
            Some(config) => {
                fs::write(
                    &archive,
                    docker::save_25(&[self.as_image(config)]).archive(),
                )
                .unwrap();
                command.arg("--image").arg(&archive);
                None
            }
            None => Some(realise(&self.layers[0].fixture)),
        };
        if let Some(root) = &root {
            command.args(["--platform", "linux/amd64", "--root"]);
            command.arg(root.path());
        }
        let words = self.arguments.iter().cloned().map(OsString::from_vec);
        let output = command.args(["-o", "json"]).args(words).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("no report: {error}: {said}")
        })
    }

    fn as_image(&self, config: &Config) -> Image {
        let mut config = config.clone();
        let layers = self.layers.iter().enumerate().map(|(number, part)| {
            config.history.push(History::layer(&part.created_by));
            // Only the lowest has the loader that a fixture has by itself.
            let implied = if number == 0 { "" } else { "loader none\n" };
            let root = realise(&format!("{implied}{}", part.fixture));
            let mut entries = tree::entries(root.path());
            // Who lays a scene out without rights owns all of it; the image is root's.
            if !rustix::process::geteuid().is_root() {
                for entry in &mut entries {
                    (entry.uid, entry.gid) = (0, 0);
                }
            }
            entries.extend(part.entries.iter().cloned());
            let archive = tape::archive(&entries);
            let blob = match part.is_listed_wrong {
                // More zeros at the end are no other content.
                true => pack::gzip(&[&archive[..], &[0; 512]].concat()),
                false => pack::gzip(&archive),
            };
            Layer::new(archive, Packing::Gzip).with_blob(blob)
        });
        let layers = layers.collect();
        Image {
            config,
            ..Image::new(layers)
        }
    }
}

fn realise(fixture: &str) -> Root {
    Root::new(&Fixture::parse(fixture), &Synthetic).unwrap()
}

fn configure(config: &mut Config, field: &str, words: Vec<String>) {
    let first = || words.first().cloned();
    match field {
        "Entrypoint" => config.entrypoint = words,
        "Cmd" => config.cmd = words,
        "Env" => config.env = words,
        "Healthcheck" => config.healthcheck = words,
        "Volumes" => config.volumes = words,
        "WorkingDir" => config.workdir = first(),
        "User" => config.user = first(),
        "Architecture" => config.architecture = first(),
        _ => panic!("`{field}` is no field of a configuration"),
    }
}
