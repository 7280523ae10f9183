//! The documents that describe an image: OCI index, manifest and configuration,
//! Docker's `manifest.json` (OCI image-spec `image-index.md`, `manifest.md`,
//! `config.md`; moby `image/tarexport`). Only what is used is read; fields that
//! are not known are passed over.

use std::collections::BTreeMap;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// `index.json`, or a nested index; with `layers` instead it is a [`Manifest`].
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
}

/// A reference to a blob.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: Option<String>,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) platform: Option<PlatformField>,
    #[serde(default)]
    pub(super) annotations: Option<Annotations>,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
}

/// The annotations that are used. They are a map, so their names are what they are
/// to the letter.
#[derive(Deserialize, Clone, Default, Debug)]
#[serde(from = "BTreeMap<String, String>")]
pub(super) struct Annotations {
    pub(super) ref_name: Option<String>,
    pub(super) image_name: Option<String>,
    pub(super) reference_type: Option<String>,
}

impl From<BTreeMap<String, String>> for Annotations {
    fn from(mut all: BTreeMap<String, String>) -> Annotations {
        Annotations {
            ref_name: all.remove("org.opencontainers.image.ref.name"),
            image_name: all.remove("io.containerd.image.name"),
            reference_type: all.remove("vnd.docker.reference.type"),
        }
    }
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
pub(super) struct PlatformField {
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
}

/// What every manifest and index begins with.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    #[serde(default)]
    pub(super) schema_version: Option<u64>,
}

/// An image manifest.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
    pub(super) config: Descriptor,
    #[serde(default)]
    pub(super) layers: Option<Vec<Descriptor>>,
}

/// An image of Docker's `manifest.json`.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(super) layers: Option<Vec<String>>,
}

/// An image configuration.
#[derive(Deserialize, Debug)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) architecture: Option<String>,
    #[serde(default)]
    pub(super) os: Option<String>,
    #[serde(default)]
    pub(super) variant: Option<String>,
    #[serde(default)]
    pub(super) config: Option<Process>,
    #[serde(default)]
    pub(super) rootfs: Option<RootFs>,
    #[serde(default)]
    pub(super) history: Option<Vec<HistoryEntry>>,
}

/// What is run.
#[derive(Deserialize, Clone, Default, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Process {
    #[serde(default)]
    pub(super) entrypoint: Option<Words>,
    #[serde(default)]
    pub(super) cmd: Option<Words>,
    #[serde(default)]
    pub(super) env: Option<Vec<String>>,
    #[serde(default)]
    pub(super) working_dir: Option<String>,
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) healthcheck: Option<HealthcheckField>,
    #[serde(default)]
    pub(super) shell: Option<Words>,
    /// Paths; what stands behind them is always empty.
    #[serde(default)]
    pub(super) volumes: Option<BTreeMap<String, IgnoredAny>>,
}

/// Words, or one that old tools wrote without a list around it (moby
/// `api/types/strslice`).
#[derive(Clone, Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of words, or one")
    }

    fn visit_str<E>(self, word: &str) -> Result<Words, E> {
        Ok(Words(vec![word.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Words, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element()? {
            words.push(word);
        }
        Ok(Words(words))
    }
}

#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HealthcheckField {
    #[serde(default)]
    pub(super) test: Option<Vec<String>>,
}

#[derive(Deserialize, Debug)]
pub(super) struct RootFs {
    #[serde(default)]
    pub(super) diff_ids: Option<Vec<String>>,
}

#[derive(Deserialize, Debug)]
pub(super) struct HistoryEntry {
    #[serde(default)]
    pub(super) created_by: Option<String>,
    #[serde(default)]
    pub(super) empty_layer: Option<bool>,
}
