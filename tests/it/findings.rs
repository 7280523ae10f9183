//! The list of codes and the pages about them are one list.

use imgldd::finding::CODES;

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let text = std::fs::read_to_string("docs/findings.md").unwrap();
    let mut pages: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let mut codes: Vec<&str> = CODES.iter().map(|code| code.word()).collect();
    pages.sort_unstable();
    codes.sort_unstable();
    assert_eq!(pages, codes);
}
