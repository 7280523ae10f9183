//! Processor levels: what this machine has, and how a real loader is shown less.

/// Processor levels, ascending, as `--cpu` names them.
const LEVELS: [&str; 4] = ["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"];

/// Takes this machine's level where none is asked for; one that it lacks is the error.
pub(crate) fn settle(wanted: &mut Option<String>) -> Result<(), String> {
    let wanted = wanted.get_or_insert_with(|| LEVELS[machine_level()].to_owned());
    let level = LEVELS
        .iter()
        .position(|known| known == wanted)
        .expect("a level for x86_64");
    if level > machine_level() {
        return Err(format!(
            "this machine's processor is {}",
            LEVELS[machine_level()]
        ));
    }
    Ok(())
}

/// What a loader must not see of this processor for a lower level, or nothing.
pub(crate) fn hidden_features(level: &str) -> Option<&'static str> {
    let wanted = LEVELS.iter().position(|known| *known == level)?;
    let features = ["-SSE4_2,-AVX2,-AVX512F", "-AVX2,-AVX512F", "-AVX512F"];
    features
        .get(wanted)
        .copied()
        .filter(|_| wanted < machine_level())
}

/// The level of the processor that the real loader runs on, an index of [`LEVELS`].
fn machine_level() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt") && has!("cmpxchg16b");
        let v3 = has!("avx2")
            && has!("bmi1")
            && has!("bmi2")
            && has!("f16c")
            && has!("fma")
            && has!("lzcnt")
            && has!("movbe");
        let v4 = has!("avx512f")
            && has!("avx512bw")
            && has!("avx512cd")
            && has!("avx512dq")
            && has!("avx512vl");
        [v2, v3, v4].iter().take_while(|level| **level).count()
    }
    #[cfg(not(target_arch = "x86_64"))]
    panic!("the real cases are for x86_64")
}
