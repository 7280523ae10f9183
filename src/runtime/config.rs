//! The part of an image's configuration that says what is started, and how.

/// What is started, where, as whom and with which environment: the fields of an
/// image configuration's `config` (OCI image-spec, `config.md`), with the two
/// that only Docker has, `Healthcheck` and `Shell`. An absent field is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProcessConfig {
    /// `Entrypoint`, one argument an element.
    pub entrypoint: Vec<Vec<u8>>,
    /// `Cmd`, appended to `Entrypoint`.
    pub cmd: Vec<Vec<u8>>,
    /// `Env`, each `K=V`.
    pub env: Vec<Vec<u8>>,
    /// `WorkingDir`; empty is `/`.
    pub working_dir: Vec<u8>,
    /// `User`: `user`, `uid`, either with `:group` or `:gid`; empty is root.
    pub user: Vec<u8>,
    /// `Healthcheck`, unless it is inherited.
    pub healthcheck: Option<Healthcheck>,
    /// `Volumes`: paths where something is mounted when it is run.
    pub volumes: Vec<Vec<u8>>,
    /// `Shell`, which runs a `CMD-SHELL` health check.
    pub shell: Vec<Vec<u8>>,
}

/// How the health of a container is checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Healthcheck {
    /// `Test`: a kind (`NONE`, `CMD`, `CMD-SHELL`) and what follows it.
    pub test: Vec<Vec<u8>>,
}
