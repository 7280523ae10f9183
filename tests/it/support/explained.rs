//! Every text that is predicted is one that `explain` knows, and leads to the finding
//! that the prediction rests on.

use std::fmt::Write as _;

use imgldd::explain::recognise;
use serde_json::Value;

/// What `explain` does not know of the words that a subject of a report would be met
/// with; empty where it knows all. A text is known if the first cause that is an error
/// is among what it can be; a library alone may fail for several.
pub(crate) fn gaps(subject: &Value) -> String {
    let mut gaps = String::new();
    let outcome = &subject["outcome"];
    if outcome["starts"] != false {
        return gaps;
    }
    let errors: Vec<&str> = subject["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["severity"] == "error")
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    let mut texts: Vec<&str> = outcome["as_reported"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|reported| reported["text"].as_str())
        .collect();
    let is_loader = outcome["stage"] == "loader" || outcome["stage"] == "relocation";
    texts.extend(outcome["message"].as_str().filter(|_| is_loader));
    for text in texts {
        let found = recognise(text);
        let causes: Vec<&str> = found
            .iter()
            .flat_map(|one| one.causes().map(|(word, ..)| word))
            .collect();
        // The loader speaks of the first thing that it misses, in its own order.
        let of_interest = if is_loader {
            &errors[..]
        } else {
            &errors[..errors.len().min(1)]
        };
        let leads_back = of_interest.iter().any(|code| causes.contains(code));
        if found.is_empty() || (!leads_back && !errors.is_empty()) {
            let ids: Vec<&str> = found.iter().map(|one| one.pattern.id).collect();
            writeln!(gaps, "{text}\n  findings {errors:?}, explained as {ids:?}").unwrap();
        }
    }
    gaps
}
