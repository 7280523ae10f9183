//! For each code a scene in which it comes up, and one close to it in which it must not.
//!
//! A scene is a text:
//!
//! ```text
//! run --user 65534 /app/exe
//! Env LD_PRELOAD=/opt/libp.so
//! layer 'COPY app /app'
//!     /app/exe       elf needed=liba.so
//! layer 'RUN rm /usr/lib/liba.so'
//!     /usr/lib/liba.so  whiteout
//! ```
//!
//! | line | means |
//! |---|---|
//! | `run WORD...` | what is typed after the target; without it `/app/exe`, or nothing where the image says what to start |
//! | `Entrypoint`, `Cmd`, `Env`, `WorkingDir`, `User`, `Healthcheck`, `Volumes` and words | the image's configuration; `Architecture WORD` too |
//! | `layer ['CREATED BY']` | what follows is in a layer of its own |
//! | `PATH whiteout`, `PATH opaque` | in a layer, beside the words of a fixture |
//! | `entry NAME KIND...` | in a layer, an entry as it stands in the archive, as in [`image`](crate::support::image) |
//! | `diff-id false` | the configuration lists another digest of this layer |
//! | anything else | a line of [`fixture`](crate::support::fixture) |
//!
//! A scene with neither configuration nor layers is a directory, any other a `docker save`.

mod beyond;
mod exec;
mod hardening;
mod interpreter;
mod layers;
mod layout;
mod library;
mod mended;
mod placed;
mod rights;
mod runtime;
mod scene;
mod script;
mod start_fixes;
mod symbol;
mod version;

use std::collections::BTreeSet;

use scene::Scene;

/// A code, and the two scenes.
struct Scenario {
    code: &'static str,
    /// It comes up here.
    fires: &'static str,
    /// And not here.
    near: &'static str,
}

/// All of them, a subject a file.
const ALL: &[&[Scenario]] = &[
    exec::SCENARIOS,
    script::SCENARIOS,
    interpreter::SCENARIOS,
    library::SCENARIOS,
    version::SCENARIOS,
    symbol::SCENARIOS,
    hardening::SCENARIOS,
    runtime::SCENARIOS,
    layers::SCENARIOS,
    rights::SCENARIOS,
    layout::SCENARIOS,
    beyond::SCENARIOS,
];

/// The codes that have a scenario, each once.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
    let all = ALL.iter().copied().flatten();
    let codes: BTreeSet<&str> = all.map(|scenario| scenario.code).collect();
    codes.into_iter()
}

#[test]
fn each_code_comes_up_where_it_should_and_only_there() {
    let mut wrong = Vec::new();
    for scenario in ALL.iter().copied().flatten() {
        let Scenario { code, fires, near } = scenario;
        if scene::is_beyond_us(fires) {
            continue;
        }
        let seen = Scene::parse(fires).codes();
        if !seen.iter().any(|seen| seen == code) {
            wrong.push(format!("{code} is not among {seen:?} in\n{fires}"));
        }
        let seen = Scene::parse(near).codes();
        if seen.iter().any(|seen| seen == code) {
            wrong.push(format!("{code} must not be among {seen:?} in\n{near}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
