//! Certificates to trust.

use super::{Case, Code, Draft, install, quoted};
use crate::beyond::Places;
use crate::bytes::Shown;
use crate::report::Finding;

/// The most places that are named; the page of the finding has all.
const MAX_TOLD: usize = 4;
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
    let text = match trusting.by {
        _ if is_go => "x509: certificate signed by unknown authority",
        Some(by) if by.starts_with("gnutls") => {
            "The certificate is NOT trusted. The certificate issuer is unknown."
        }
        _ => "unable to get local issuer certificate",
    };
    let (told, others) = places.split_at(MAX_TOLD.min(places.len()));
    let draft = draft
        .evidence(format!(
            "there is none of {}, and none of {} other places has any",
            told.join(", "),
            others.len()
        ))
        .evidence(format!("at run time: {text}"));
    let draft = install::or_copy(case, draft, "ca-certificates", COPY);
    let draft = if takes_fallback(case) {
        draft.fix(
            None,
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

/// Whether the program's Go lets certificates be put into it: 1.20 and later
/// (`crypto/x509.SetFallbackRoots`).
fn takes_fallback(case: &Case<'_>) -> bool {
    let go = case.build().and_then(|build| build.go.as_ref());
    let release = go.and_then(|go| go.release());
    let numbers = release.as_deref().and_then(|release| {
        let (major, minor) = release.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    numbers.is_some_and(|numbers: (u32, u32)| numbers >= (1, 20))
}
