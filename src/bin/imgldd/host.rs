//! What is read of the machine we run on: only for checking that machine.

use std::io;
use std::os::unix::ffi::OsStringExt as _;

use imgldd::platform::Platform;
use imgldd::rootfs::Credentials;

/// The working directory.
#[expect(
    clippy::disallowed_methods,
    reason = "files of the host are named from where we are"
)]
pub(crate) fn workdir() -> io::Result<Vec<u8>> {
    Ok(std::env::current_dir()?.into_os_string().into_vec())
}

/// The variables that decide what is found, as `K=V`.
#[expect(
    clippy::disallowed_methods,
    reason = "the host's programs get the host's environment"
)]
pub(crate) fn variables() -> Vec<Vec<u8>> {
    let value = |name: &str| {
        let value = std::env::var_os(name)?;
        Some([name.as_bytes(), b"=", &value.into_vec()].concat())
    };
    let names = ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"];
    names.into_iter().filter_map(value).collect()
}

/// Who we are.
pub(crate) fn credentials() -> Credentials {
    let groups = rustix::process::getgroups().unwrap_or_default();
    Credentials {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        groups: groups.into_iter().map(|group| group.as_raw()).collect(),
    }
}

/// The platform that we run on; Go's names differ from Rust's.
pub(crate) fn platform() -> Option<Platform> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    };
    let platform = Platform {
        os: "linux".to_owned(),
        architecture: architecture.to_owned(),
        variant: None,
    };
    platform.is_known().then_some(platform)
}

/// The level of the CPU that we run on.
#[cfg(target_arch = "x86_64")]
pub(crate) fn cpu() -> Option<String> {
    use std::arch::is_x86_feature_detected as has;
    let v2 = has!("sse4.2") && has!("ssse3") && has!("popcnt") && has!("cmpxchg16b");
    let v3 = v2
        && has!("avx2")
        && has!("bmi1")
        && has!("bmi2")
        && has!("f16c")
        && has!("fma")
        && has!("lzcnt")
        && has!("movbe");
    let v4 = v3
        && has!("avx512f")
        && has!("avx512bw")
        && has!("avx512cd")
        && has!("avx512dq")
        && has!("avx512vl");
    let level = match (v4, v3, v2) {
        (true, ..) => 4,
        (_, true, _) => 3,
        (_, _, true) => 2,
        _ => 1,
    };
    Some(format!("x86-64-v{level}"))
}

/// Levels are known for x86-64 alone.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn cpu() -> Option<String> {
    None
}

/// How many threads run at once.
pub(crate) fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
