use std::collections::BTreeMap;

use super::super::json;
use super::*;

documents! {
    struct Sample {
        "Cmd" => cmd: List<String>,
        "Risk" => risk: String,
        "Size" => size: Whole,
        "Sub" => sub: Option<Box<Sample>>,
        "Map" => map: BTreeMap<String, String>,
        "Flat" => flat: Flat,
        "Many" => many: List<Flat>,
    }

    struct Flat {
        "a" => a: String,
        "b" => b: String,
    }
}

impl<T: Place> Place for Box<T> {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        (**self).lay(value)
    }
}

impl fmt::Display for Flat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.a, self.b)
    }
}

/// As Go's `%v` would show the fields that are set.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = Vec::new();
        if self.cmd.is_there() {
            shown.push(format!("cmd=[{}]", self.cmd.join(" ")));
        }
        if !self.risk.is_empty() {
            shown.push(format!("risk={}", self.risk));
        }
        if let Some(size) = self.size.0 {
            shown.push(format!("size={size}"));
        }
        if let Some(sub) = &self.sub {
            shown.push(format!("sub=({sub})"));
        }
        for (key, value) in &self.map {
            shown.push(format!("{key}:{value}"));
        }
        if !(self.flat.a.is_empty() && self.flat.b.is_empty()) {
            shown.push(format!("flat={}", self.flat));
        }
        shown.extend(self.many.iter().map(Flat::to_string));
        f.write_str(&shown.join(" "))
    }
}

fn read(text: &[u8]) -> String {
    match json::parse::<Sample>(b"", text) {
        Ok(sample) => sample.to_string(),
        Err(error) => error.to_string(),
    }
}

/// What Go 1.19 makes of the same documents and a structure of the same fields: random
/// ones of the documents of images gave the same there and here.
#[test]
fn what_comes_again_is_laid_over_what_was_there() {
    let cases: [(&str, &str); 29] = [
        // A key names a field in any case, and the last counts.
        (r#"{"risk":"x"}"#, "risk=x"),
        ("{\"RI\u{17f}\u{212a}\":\"x\"}", "risk=x"),
        (r#"{"Risk":"x","risk":"y"}"#, "risk=y"),
        (r#"{"risk":"y","Risk":"x"}"#, "risk=x"),
        (r#"{"Risk":"x","Risk":"y"}"#, "risk=y"),
        (r#"{"risks":"y"}"#, ""),
        (r#"{"Size":1,"size":-0}"#, "size=0"),
        // `null` leaves a text, a number, a structure; it empties the rest.
        (r#"{"Risk":"x","risk":null}"#, "risk=x"),
        (r#"{"Size":7,"size":null}"#, "size=7"),
        (r#"{"Flat":{"a":"x"},"flat":null}"#, "flat=x/"),
        (r#"{"Sub":{"Risk":"x"},"sub":null}"#, ""),
        (r#"{"Map":{"k":"x"},"map":null}"#, ""),
        (r#"{"Cmd":["x"],"cmd":null}"#, ""),
        (r#"{"Sub":{"Risk":"x"},"sub":null,"SUB":{}}"#, "sub=()"),
        // Structures by field, maps by key.
        (
            r#"{"Sub":{"Risk":"x"},"sub":{"Cmd":["y"]}}"#,
            "sub=(cmd=[y] risk=x)",
        ),
        (r#"{"Flat":{"a":"x","b":"y"},"Flat":{"A":"z"}}"#, "flat=z/y"),
        (
            r#"{"Map":{"k":"x","l":"y"},"map":{"l":"z","L":"w"}}"#,
            "L:w k:x l:z",
        ),
        (r#"{"Map":{"k":"x","k":null}}"#, "k:"),
        // Lists by element.
        (r#"{"Cmd":["x",null]}"#, "cmd=[x ]"),
        (r#"{"Cmd":["x","y"],"cmd":[null]}"#, "cmd=[x]"),
        (
            r#"{"Cmd":["x","y"],"cmd":["z"],"CMD":[null,null]}"#,
            "cmd=[z y]",
        ),
        (r#"{"Cmd":["x","y"],"cmd":[],"CMD":[null,null]}"#, "cmd=[ ]"),
        (r#"{"Cmd":["x","y"],"cmd":[]}"#, "cmd=[]"),
        (
            r#"{"Many":[{"a":"x","b":"y"}],"many":[{"b":"z"},{"b":"w"}]}"#,
            "x/z /w",
        ),
        // Texts.
        (r#"{"Risk":"\u0041\/\ud83d\ude00"}"#, "risk=A/\u{1f600}"),
        (r#"{"Risk":"\ud800\u0041\udc00"}"#, "risk=\u{fffd}A\u{fffd}"),
        // What is passed over only has to be JSON.
        (r#"{"other":1e999,"Risk":"x"}"#, "risk=x"),
        ("null", ""),
        (" {} \n", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(
        read(b"{\"Risk\":\"\xff\xe2\x82\"}"),
        "risk=\u{fffd}\u{fffd}\u{fffd}"
    );
}

#[test]
fn another_kind_is_refused_with_the_way_to_it() {
    let of = |text: &str| read(text.as_bytes());
    let begin = "not the JSON it should be: ";
    let cases = [
        (r#"{"Sub":["a"]}"#, "`Sub` is a list, not an object"),
        (
            r#"{"sub":{"Many":[{"a":1}]}}"#,
            "`Sub.Many.a` is a number, not a text",
        ),
        (r#"{"Size":1.0}"#, "`Size` is a number, not a whole number"),
        (
            r#"{"Size":9223372036854775808}"#,
            "`Size` is a number, not a whole number",
        ),
        (r#"{"Map":{"k\n":1}}"#, r"`Map.k\n` is a number, not a text"),
        // Though a later one would do.
        (r#"{"Risk":1,"Risk":"x"}"#, "`Risk` is a number, not a text"),
        ("[]", "a list, where an object belongs"),
    ];
    for (text, expected) in cases {
        assert_eq!(of(text), format!("{begin}{expected}"), "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_ends() {
    let cases: [(&[u8], usize); 18] = [
        (b"", 0),
        (b"\xef\xbb\xbf{}", 0),
        (b"{} x", 3),
        (b"{\"a\" 1}", 5),
        (b"{\"a\":1,}", 7),
        (b"{,}", 1),
        (b"[1,]", 3),
        (b"[1 2]", 3),
        (b"01", 1),
        (b"1.", 2),
        (b"-", 1),
        (b".5", 0),
        (b"1e", 2),
        (b"nul", 0),
        (b"\"a\nb\"", 2),
        (b"\"\\'\"", 2),
        (b"\"\\u12g4\"", 5),
        (b"\"a", 2),
    ];
    for (text, at) in cases {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(parse(text), Err(Fault::Syntax(at)), "{shown}");
    }
}

#[test]
fn depth_and_values_are_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let deep = parse(nested(MAX_DEPTH + 1).as_bytes());
    assert_eq!(deep, Err(Fault::Depth(MAX_DEPTH)));
    let many = format!("[{}0]", "0,".repeat(MAX_VALUES - 2));
    assert!(parse(many.as_bytes()).is_ok());
    let more = format!("[{}0]", "0,".repeat(MAX_VALUES - 1));
    assert_eq!(parse(more.as_bytes()), Err(Fault::Values(more.len() - 2)));
}

#[test]
fn a_document_that_is_cut_short_is_refused_wherever_that_is() {
    let text = "{\"a\\\"\\u0041\":[1.5e-3,-0,true,false,null,\"\u{e9}\\ud83d\\ude00\"],\"b\":{}}"
        .as_bytes();
    assert!(parse(text).is_ok());
    for end in 0..text.len() {
        assert!(
            matches!(parse(&text[..end]), Err(Fault::Syntax(at)) if at <= end),
            "{end}"
        );
    }
}
