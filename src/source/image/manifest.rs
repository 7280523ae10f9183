//! The documents that describe an image: OCI index, manifest and configuration,
//! Docker's `manifest.json` (OCI image-spec `image-index.md`, `manifest.md`,
//! `config.md`; moby `image/tarexport`). Only what is used is read; fields that
//! are not known are passed over.
//!
//! Structures, pointers and maps are those of image-spec's `specs-go/v1`, which
//! containerd, podman, skopeo and umoci read with; what it does not have is as in moby's
//! `api/types/container`.

use std::collections::BTreeMap;

use super::go_json::{Empty, Json, List, Mismatch, Place, Whole, documents, lay_fields};

documents! {
    /// `index.json`, or a nested index; with `layers` instead it is a [`Manifest`].
    struct Index {
        "manifests" => manifests: List<Descriptor>,
    }

    /// A reference to a blob.
    struct Descriptor {
        "mediaType" => media_type: String,
        "digest" => digest: String,
        "size" => size: Whole,
        "platform" => platform: Option<PlatformField>,
        "annotations" => annotations: BTreeMap<String, String>,
        "artifactType" => artifact_type: String,
    }

    struct PlatformField {
        "os" => os: String,
        "architecture" => architecture: String,
        "variant" => variant: String,
    }

    /// What every manifest and index begins with.
    struct Version {
        "schemaVersion" => schema_version: Whole,
    }

    /// An image manifest.
    struct Manifest {
        "artifactType" => artifact_type: String,
        "config" => config: Descriptor,
        "layers" => layers: List<Descriptor>,
    }

    /// An image of Docker's `manifest.json`.
    struct DockerImage {
        "Config" => config: String,
        "RepoTags" => repo_tags: List<String>,
        "Layers" => layers: List<String>,
    }

    /// An image configuration.
    struct Config {
        "architecture" => architecture: String,
        "os" => os: String,
        "variant" => variant: String,
        "config" => config: Process,
        "rootfs" => rootfs: RootFs,
        "history" => history: List<HistoryEntry>,
    }

    /// What is run.
    struct Process {
        "Entrypoint" => entrypoint: Words,
        "Cmd" => cmd: Words,
        "Env" => env: List<String>,
        "WorkingDir" => working_dir: String,
        "User" => user: String,
        "Healthcheck" => healthcheck: Option<HealthcheckField>,
        "Shell" => shell: Words,
        /// Paths; what stands behind them is always empty.
        "Volumes" => volumes: BTreeMap<String, Empty>,
    }

    struct HealthcheckField {
        "Test" => test: List<String>,
    }

    struct RootFs {
        "diff_ids" => diff_ids: List<String>,
    }

    struct HistoryEntry {
        "created_by" => created_by: String,
        "empty_layer" => empty_layer: bool,
    }
}

/// Names of annotations. They are keys of a map, so they are what they are to the letter.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The full name, as containerd and Docker write it.
pub(super) const IMAGE_NAME: &str = "io.containerd.image.name";
/// What an attestation is known by.
pub(super) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Words, or one that old tools wrote without a list around it, and older Docker reads
/// (moby `api/types/strslice`).
#[derive(Clone, Default, Debug)]
pub(super) struct Words(pub(super) List<String>);

impl Place for Words {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Text(_) => {
                self.0 = List::default();
                self.0.lay(Json::List(vec![value]))
            }
            value => self.0.lay(value),
        }
    }
}
