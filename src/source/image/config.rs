//! What an image's configuration says, checked.

use super::error::ImageError;
use super::go_json::List;
use super::manifest::{Config, HistoryEntry, Process, Words};
use crate::platform::Platform;
use crate::runtime::{Healthcheck, ProcessConfig};
use crate::source::stream::Digest;

/// An image's configuration (OCI image-spec `config.md`).
#[derive(Clone, Debug, Default)]
pub struct ImageConfig {
    /// The platform that it is for.
    pub platform: Option<Platform>,
    /// What it runs, and how.
    pub process: ProcessConfig,
    /// The digest of each layer's uncompressed archive, the lowest first.
    pub diff_ids: Vec<Option<Digest>>,
    /// The instruction that made each layer, where the history tells.
    pub instructions: Vec<Option<String>>,
}

impl ImageConfig {
    /// Checks what the document `part` says.
    pub(super) fn new(part: &[u8], config: Config) -> Result<ImageConfig, ImageError> {
        let is_stated = !config.os.is_empty() && !config.architecture.is_empty();
        let platform = is_stated
            .then(|| Platform::new(&config.os, &config.architecture, Some(&config.variant)));
        let diff_ids: Vec<Option<Digest>> = config
            .rootfs
            .diff_ids
            .iter()
            .map(|text| digest(part, text))
            .collect::<Result<_, _>>()?;
        let instructions = instructions(&config.history, diff_ids.len());
        Ok(ImageConfig {
            platform,
            process: process(config.config),
            diff_ids,
            instructions,
        })
    }
}

/// A digest; `None` where its algorithm is not known, so that nothing can be
/// verified by it.
pub(super) fn digest(part: &[u8], text: &str) -> Result<Option<Digest>, ImageError> {
    use crate::source::stream::DigestError;
    match text.parse() {
        Ok(digest) => Ok(Some(digest)),
        Err(DigestError::UnknownAlgorithm { .. }) => Ok(None),
        Err(error @ DigestError::Invalid { .. }) => {
            Err(ImageError::malformed(part, error.to_string()))
        }
    }
}

/// The instruction of each layer. Entries that made no layer are left out; where
/// the rest does not match the layers, nothing is known.
fn instructions(history: &[HistoryEntry], layers: usize) -> Vec<Option<String>> {
    let made: Vec<&HistoryEntry> = history.iter().filter(|entry| !entry.empty_layer).collect();
    if made.len() != layers {
        return vec![None; layers];
    }
    // buildah writes the bare shell where it keeps no history.
    let tells = |text: &String| !text.is_empty() && text != "/bin/sh";
    made.iter()
        .map(|entry| Some(instruction(&entry.created_by)).filter(tells))
        .collect()
}

/// An instruction as its author wrote it, as far as the builders left it:
/// Docker's classic one wraps what is no RUN into `/bin/sh -c #(nop)`, all others
/// show RUN as the shell's command line; BuildKit adds a mark.
fn instruction(created_by: &str) -> String {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    if let Some((_, plain)) = text.split_once("/bin/sh -c #(nop)") {
        return plain.trim().to_owned();
    }
    // `|2 A=1 B=2 /bin/sh -c …` carries the build arguments.
    let run = text.strip_prefix("RUN ").unwrap_or(text);
    let command = match run.split_once("/bin/sh -c ") {
        Some((before, command)) if before.is_empty() || before.starts_with('|') => command,
        _ => return text.to_owned(),
    };
    format!("RUN {}", command.trim())
}

fn process(process: Process) -> ProcessConfig {
    let bytes = |words: Vec<String>| -> Vec<Vec<u8>> {
        words.into_iter().map(String::into_bytes).collect()
    };
    let words = |words: Words| bytes(words.0.into_vec());
    // Without a list it is the default of what lies below.
    let check = process.healthcheck.map(|check| check.test);
    let test = check.filter(List::is_there).map(List::into_vec);
    ProcessConfig {
        entrypoint: words(process.entrypoint),
        cmd: words(process.cmd),
        env: bytes(process.env.into_vec()),
        working_dir: process.working_dir.into_bytes(),
        user: process.user.into_bytes(),
        healthcheck: test.map(|test| Healthcheck { test: bytes(test) }),
        volumes: bytes(process.volumes.into_keys().collect()),
        shell: words(process.shell),
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::{HistoryEntry, List, instruction, instructions};

    #[test]
    fn a_bare_shell_is_no_history() {
        let texts = br#"[{"created_by": "/bin/sh"}, {"created_by": "COPY a /a"}]"#;
        let history: List<HistoryEntry> = json::parse(b"", texts).unwrap();
        let shown = instructions(&history, 2);
        assert_eq!(shown, [None, Some("COPY a /a".to_owned())]);
    }

    #[test]
    fn instructions_are_shown_as_they_were_written() {
        let cases = [
            (
                "/bin/sh -c #(nop) COPY file:12ab in /app ",
                "COPY file:12ab in /app",
            ),
            ("/bin/sh -c apt-get purge -y x", "RUN apt-get purge -y x"),
            ("|1 V=2 /bin/sh -c make", "RUN make"),
            ("RUN /bin/sh -c apk add x # buildkit", "RUN apk add x"),
            ("COPY app /app # buildkit", "COPY app /app"),
            ("RUN |1 V=2 /bin/sh -c make # buildkit", "RUN make"),
        ];
        for (created_by, shown) in cases {
            assert_eq!(instruction(created_by), shown);
        }
    }
}
