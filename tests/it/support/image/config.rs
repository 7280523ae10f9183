//! An image's configuration (OCI image-spec `config.md`; the health check is
//! Docker's).

use serde_json::{Map, Value, json};

/// What an image says of itself.
#[derive(Clone, Default, Debug)]
pub(crate) struct Config {
    pub(crate) os: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) variant: Option<String>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) user: Option<String>,
    /// `CMD` or `CMD-SHELL`, and the words after it.
    pub(crate) healthcheck: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) history: Vec<History>,
}

/// How a layer came about, or an instruction that made none.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) created_by: String,
    pub(crate) empty_layer: bool,
}

impl Config {
    /// A configuration that names its platform and nothing else.
    pub(crate) fn for_platform(os: &str, architecture: &str) -> Self {
        Config {
            os: Some(os.to_owned()),
            architecture: Some(architecture.to_owned()),
            ..Config::default()
        }
    }

    /// The platform, as an index has it.
    pub(crate) fn platform(&self) -> Value {
        let mut platform = Map::new();
        set(&mut platform, "architecture", self.architecture.as_deref());
        set(&mut platform, "os", self.os.as_deref());
        set(&mut platform, "variant", self.variant.as_deref());
        Value::Object(platform)
    }

    /// The document, for layers with these diff IDs.
    pub(crate) fn document(&self, diff_ids: &[String]) -> Value {
        let Value::Object(mut document) = self.platform() else {
            unreachable!("a platform is an object");
        };
        let mut process = Map::new();
        for (key, words) in [
            ("Entrypoint", &self.entrypoint),
            ("Cmd", &self.cmd),
            ("Env", &self.env),
        ] {
            if !words.is_empty() {
                process.insert(key.to_owned(), json!(words));
            }
        }
        set(&mut process, "WorkingDir", self.workdir.as_deref());
        set(&mut process, "User", self.user.as_deref());
        if !self.healthcheck.is_empty() {
            let check = json!({ "Test": self.healthcheck });
            process.insert("Healthcheck".to_owned(), check);
        }
        if !self.volumes.is_empty() {
            let volumes = self.volumes.iter().map(|path| (path.clone(), json!({})));
            process.insert("Volumes".to_owned(), Value::Object(volumes.collect()));
        }
        document.insert("config".to_owned(), Value::Object(process));
        let rootfs = json!({ "type": "layers", "diff_ids": diff_ids });
        document.insert("rootfs".to_owned(), rootfs);
        let history = self.history.iter().map(|entry| {
            let mut object = Map::new();
            set(&mut object, "created_by", Some(&entry.created_by));
            if entry.empty_layer {
                object.insert("empty_layer".to_owned(), Value::Bool(true));
            }
            Value::Object(object)
        });
        document.insert("history".to_owned(), history.collect());
        Value::Object(document)
    }
}

fn set(object: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), Value::String(value.to_owned()));
    }
}

impl History {
    /// An instruction that made a layer.
    pub(crate) fn layer(created_by: &str) -> Self {
        History {
            created_by: created_by.to_owned(),
            empty_layer: false,
        }
    }

    /// An instruction that changed the configuration alone.
    pub(crate) fn empty(created_by: &str) -> Self {
        History {
            empty_layer: true,
            ..History::layer(created_by)
        }
    }
}
