//! Codes, their pages, their scenarios and what `explain` answers are one list.

use imgldd::explain;
use imgldd::finding::CODES;
use imgldd::report::Severity;

use crate::scenarios;

fn codes() -> Vec<&'static str> {
    sorted(CODES.iter().map(|code| code.word()))
}

fn sorted<'s>(words: impl Iterator<Item = &'s str>) -> Vec<&'s str> {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    words
}

fn pages() -> String {
    std::fs::read_to_string("docs/findings.md").unwrap()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let text = pages();
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(sorted(headings), codes());
}

/// A code may have several.
#[test]
fn every_code_has_a_scenario_and_every_scenario_a_code() {
    let mut scenarios = sorted(scenarios::codes());
    scenarios.dedup();
    assert_eq!(scenarios, codes());
}

#[test]
fn every_code_is_explained() {
    for word in codes() {
        let code = explain::code(word).map(|code| code.word());
        assert_eq!(code, Some(word));
    }
    assert!(explain::code("no-such-code").is_none());
    for &code in CODES {
        assert!(explain::page(code).len() > 1, "{}", code.word());
    }
}

/// How bad it is comes first, then what is seen, an example, and what mends it.
#[test]
fn every_page_has_the_parts_of_its_neighbours() {
    let mut wrong = Vec::new();
    for page in pages().split("\n## ").skip(1) {
        let (word, text) = page.split_once('\n').unwrap();
        let severity = explain::code(word).unwrap().severity();
        let first = match severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        let mut paragraphs = text.split("\n\n").map(str::trim);
        let is_first = paragraphs.next().is_some_and(|text| {
            let rest = text.strip_prefix(first);
            rest.is_some_and(|rest| rest.starts_with(['.', ',', ';', ' ']))
        });
        if !is_first {
            wrong.push(format!("{word}: does not begin with `{first}`"));
        }
        for part in ["At run time", "Example: ", "Fixes: "] {
            if !paragraphs.any(|paragraph| paragraph.starts_with(part)) {
                wrong.push(format!("{word}: no `{part}`, or not in its place"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
