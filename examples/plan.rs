//! What would be started from an image's configuration in a directory, for
//! comparison with real engines and runtimes:
//! `plan ROOT [PLATFORM] < configurations`.
//!
//! On standard input one JSON object a line, with any of `Entrypoint`, `Cmd`,
//! `Env`, `WorkingDir`, `User`, `Shell` and `Healthcheck` (an object with `Test`).
//! For each, one line of JSON: `user` (uid, gid, groups) or `user_problem`,
//! `workdir`, `variables`, and `subjects` as in the report.

use std::io::Write as _;
use std::path::PathBuf;

use imgldd::bytes::lossy;
use imgldd::inspect::{Inspector, Settings};
use imgldd::platform::Platform;
use imgldd::rootfs::{Credentials, Rootfs};
use imgldd::runtime::{self, Healthcheck, ProcessConfig};
use imgldd::source::Directory;
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::args_os()
        .nth(1)
        .ok_or("usage: plan ROOT [PLATFORM]")?;
    let root = PathBuf::from(root);
    let platform = std::env::args().nth(2);
    let platform = platform.as_deref().and_then(Platform::parse);
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lines() {
        let fields: Map<String, Value> = serde_json::from_str(&line?)?;
        let directory = Box::new(Directory::open(&root)?);
        let plan = runtime::plan(&config(&fields), &*directory);
        let user = plan.user.clone().unwrap_or_else(|_| Credentials::root());
        let rootfs = Rootfs::new(directory, user.clone(), false);
        let settings = Settings {
            workdir: plan.workdir.clone(),
            variables: plan.variables.clone(),
            platform: platform.clone(),
            ..Settings::default()
        };
        let subjects: Vec<_> = Inspector::new(&rootfs, settings)
            .starts(&plan)
            .into_iter()
            .map(|inspection| inspection.subject)
            .collect();
        let variables: Map<String, Value> = plan
            .variables
            .iter()
            .map(|(key, value)| (lossy(key), lossy(value).into()))
            .collect();
        let answer = json!({
            "user": plan.user.is_ok().then_some([json!(user.uid), json!(user.gid), json!(user.groups)]),
            "user_problem": plan.user.err().map(|problem| problem.to_string()),
            "workdir": plan.workdir.to_string(),
            "variables": variables,
            "subjects": subjects,
        });
        writeln!(out, "{answer}")?;
    }
    Ok(out.flush()?)
}

fn config(fields: &Map<String, Value>) -> ProcessConfig {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    ProcessConfig {
        entrypoint: list(fields.get("Entrypoint")),
        cmd: list(fields.get("Cmd")),
        env: list(fields.get("Env")),
        working_dir: text("WorkingDir").into(),
        user: text("User").into(),
        healthcheck: fields.get("Healthcheck").map(|check| Healthcheck {
            test: list(check.get("Test")),
        }),
        shell: list(fields.get("Shell")),
        ..ProcessConfig::default()
    }
}

fn list(value: Option<&Value>) -> Vec<Vec<u8>> {
    let elements = value.and_then(Value::as_array).into_iter().flatten();
    let texts = elements.filter_map(Value::as_str);
    texts.map(|text| text.as_bytes().to_vec()).collect()
}
