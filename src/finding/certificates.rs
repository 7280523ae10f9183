//! Certificates to trust.

use super::{Case, Code, Draft, install, quoted};
use crate::beyond::Places;
use crate::bytes::Shown;
use crate::report::Finding;

const COPY: &str = "COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/";

/// Who trusts what the system trusts, where it has no certificates.
pub(super) fn findings(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(trusting) = &case.beyond.certificates else {
        return;
    };
    let is_program = trusting.object == case.path.as_bytes();
    let who = match is_program {
        true => quoted(&trusting.object),
        false => format!("{}, which `{}` loads,", quoted(&trusting.object), case.path),
    };
    let message = format!("{who} trusts the certificates of the system, and there are none");
    let places: Vec<&str> = Places::of_certificates().collect();
    let draft = Draft::new(case, Code::NoCaCertificates, case.path.as_bytes(), message);
    let is_go = case.build().is_some_and(|build| build.go.is_some());
    let draft = match trusting.by {
        Some(by) if by.contains('.') => draft.evidence(format!("it has Go's function {by}")),
        Some(by) => draft.evidence(format!("it imports {by}")),
        None => draft.evidence("libcurl checks certificates unless it is told not to"),
    };
    let draft = match &trusting.variable {
        Some((name, value)) => draft.evidence(format!("{name}={}: not there", Shown(value))),
        None => draft,
    };
    let text = match is_go {
        true => {
            "at run time: tls: failed to verify certificate: x509: certificate signed by unknown authority"
        }
        false => "at run time: unable to get local issuer certificate, or words like it",
    };
    let draft = draft
        .evidence(format!("none of: {}", places.join(", ")))
        .evidence(text);
    let draft = install::or_copy(case, draft, "ca-certificates", COPY);
    let draft = if is_go {
        draft.fix(
            Some("Go 1.20 or later"),
            "or put certificates into the program",
            Some("import _ \"golang.org/x/crypto/x509roots/fallback\""),
        )
    } else if case.build().is_some_and(|build| build.is_rust()) {
        draft.fix(
            None,
            "or put certificates into the program",
            Some("cargo add webpki-roots"),
        )
    } else {
        draft
    };
    found.push(draft.done());
}
