//! Libraries that no image brings: a container toolkit mounts them in from the host,
//! as they belong to the host's driver.

use super::{Case, Code, Draft, quoted};
use crate::bytes::{Shown, lossy};
use crate::graph::Graph;
use crate::report::{Finding, Outcome};

/// What each library belongs to, by the word of NVIDIA_DRIVER_CAPABILITIES that brings
/// it (libnvidia-container, `src/nvc_info.c`).
const OF_NVIDIA: [(&str, &[&str]); 4] = [
    (
        "compute",
        &[
            "libcuda.so.1",
            "libcudadebugger.so.1",
            "libnvidia-opencl.so.1",
            "libnvidia-ptxjitcompiler.so.1",
            "libnvidia-nvvm.so.4",
        ],
    ),
    ("utility", &["libnvidia-ml.so.1", "libnvidia-cfg.so.1"]),
    (
        "video",
        &[
            "libnvcuvid.so.1",
            "libnvidia-encode.so.1",
            "libnvidia-opticalflow.so.1",
        ],
    ),
    (
        "graphics",
        &[
            "libGLX_nvidia.so.0",
            "libEGL_nvidia.so.0",
            "libGLESv2_nvidia.so.2",
            "libGLESv1_CM_nvidia.so.1",
            "libnvoptix.so.1",
        ],
    ),
];

/// What the toolkit brings where the image does not say.
const BY_DEFAULT: [&str; 2] = ["compute", "utility"];

/// The finding about `name`, if it is the host's.
pub(super) fn draft(case: &Case<'_>, name: &[u8]) -> Option<Draft> {
    let is_known = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
    let (capability, _) = OF_NVIDIA.iter().find(|(_, names)| is_known(names))?;
    let subject = quoted(case.path.as_bytes());
    let what = match case.is_library {
        true => "loads",
        false => "starts",
    };
    let message = format!(
        "{subject} {what} only with the host's {} mounted in",
        quoted(name)
    );
    let draft = Draft::new(case, Code::HostInjected, name, message)
        .evidence("it belongs to the host's NVIDIA driver; no image has it");
    let devices = (case.variable)(b"NVIDIA_VISIBLE_DEVICES");
    let asked = match devices.as_deref() {
        Some(value @ (b"void" | b"")) => format!(
            "NVIDIA_VISIBLE_DEVICES={}: the image asks for no devices",
            Shown(value)
        ),
        Some(value) => format!(
            "NVIDIA_VISIBLE_DEVICES={}: the image is made for it",
            Shown(value)
        ),
        None => "NVIDIA_VISIBLE_DEVICES is not in its environment".to_owned(),
    };
    let draft = draft.evidence(asked);
    let given = (case.variable)(b"NVIDIA_DRIVER_CAPABILITIES");
    let has = match given.as_deref().filter(|words| !words.is_empty()) {
        Some(words) => words
            .split(|&byte| byte == b',')
            .any(|word| word == b"all" || word == capability.as_bytes()),
        None => BY_DEFAULT.contains(capability),
    };
    let text = "let the container toolkit mount it";
    Some(match has {
        true => draft.fix(
            Some("the host has the driver"),
            text,
            Some("docker run --gpus all …"),
        ),
        false => {
            let given = given.unwrap_or_default();
            draft
                .evidence(format!(
                    "NVIDIA_DRIVER_CAPABILITIES={}: `{capability}`, which brings it, is not among them",
                    Shown(&given)
                ))
                .fix(
                    Some("the host has the driver"),
                    text,
                    Some("docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all …"),
                )
        }
    })
}

/// Whether such a library is all that keeps the program from starting: the loader, which
/// `outcome` has the words of, gives up over it.
pub(crate) fn is_all_that_lacks(findings: &[Finding], graph: &Graph, outcome: &Outcome) -> bool {
    let of_host = findings
        .iter()
        .filter(|finding| finding.code == Code::HostInjected.word());
    let message = outcome.message.as_deref().unwrap_or_default();
    let is_said = |line: &str| message.lines().any(|said| said == line);
    of_host
        .filter_map(|finding| finding.object.as_deref())
        .any(|object| {
            let mut about = graph.said.iter();
            about.any(|said| lossy(&said.name) == object && is_said(&said.line))
        })
}
