//! What a file says that it loads by name when it runs.
//!
//! Follows "dlopen() Metadata for ELF Files" (systemd, `docs/ELF_DLOPEN_METADATA.md`):
//! notes of the owner `FDO`, each a text of JSON that ends in a NUL. Early drafts had
//! one object with one name where there is an array of objects with arrays of names
//! now; both are read. What is not as it should be is left out: nothing fails for it.

use serde_json::Value;

/// `FDO`'s number for these notes.
pub(super) const NT_DLOPEN: u32 = 0x407c_0c0a;

/// The most that is kept of one file: features, names of each, bytes of each text.
const MAX_FEATURES: usize = 128;
const MAX_NAMES: usize = 16;
const MAX_TEXT: usize = 256;

/// How much a program loses without a library.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// Something that full installations have.
    Suggested,
    /// Something important; what a note means that does not say.
    Recommended,
    /// It does not work.
    Required,
}

impl Priority {
    /// The word that notes have for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Priority::Suggested => "suggested",
            Priority::Recommended => "recommended",
            Priority::Required => "required",
        }
    }

    fn of(word: Option<&Value>) -> Priority {
        match word.and_then(Value::as_str) {
            Some("suggested") => Priority::Suggested,
            Some("required") => Priority::Required,
            _ => Priority::Recommended,
        }
    }
}

/// One feature, and the libraries of which any will do for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feature {
    /// Its name.
    pub name: Option<Box<str>>,
    /// What it is good for, in a sentence.
    pub description: Option<Box<str>>,
    /// How much it matters.
    pub priority: Priority,
    /// The names that `dlopen` is called with, the best first; at least one.
    pub sonames: Box<[Box<str>]>,
}

/// Adds the features that one note tells of.
pub(super) fn add(features: &mut Vec<Feature>, note: &[u8]) {
    let text = note.split(|&byte| byte == 0).next().unwrap_or_default();
    let read = serde_json::from_slice(text);
    let all = match read {
        Ok(Value::Array(all)) => all,
        Ok(one @ Value::Object(_)) => vec![one],
        _ => return,
    };
    for one in &all {
        if features.len() >= MAX_FEATURES {
            return;
        }
        features.extend(feature(one));
    }
}

fn feature(value: &Value) -> Option<Feature> {
    let text = |value: &Value| {
        let text = value.as_str()?;
        let is_kept = !text.is_empty() && text.len() <= MAX_TEXT && !text.contains('\0');
        is_kept.then(|| Box::from(text))
    };
    let sonames: Box<[Box<str>]> = match value.get("soname")? {
        Value::Array(names) => names.iter().take(MAX_NAMES).filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    };
    (!sonames.is_empty()).then(|| Feature {
        name: value.get("feature").and_then(text),
        description: value.get("description").and_then(text),
        priority: Priority::of(value.get("priority")),
        sonames,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(note: &[u8]) -> Vec<(String, Priority)> {
        let mut features = Vec::new();
        add(&mut features, note);
        let shown = |feature: Feature| (feature.sonames.join(" "), feature.priority);
        features.into_iter().map(shown).collect()
    }

    #[test]
    fn a_note_lists_features_and_the_names_that_any_of_them_has() {
        let note = br#"[{"feature":"x","description":"d","priority":"required",
            "soname":["liba.so.2","liba.so.1"]},{"soname":["libb.so"],"priority":"suggested"}]"#;
        let expected = [
            ("liba.so.2 liba.so.1".to_owned(), Priority::Required),
            ("libb.so".to_owned(), Priority::Suggested),
        ];
        assert_eq!(read(&[&note[..], b"\0\0\0"].concat()), expected);
    }

    #[test]
    fn early_notes_are_one_object_with_one_name() {
        let expected = [("libfoo.so.1".to_owned(), Priority::Recommended)];
        assert_eq!(read(br#"{"soname":"libfoo.so.1"}"#), expected);
    }

    #[test]
    fn what_is_no_note_of_this_kind_says_nothing() {
        let deep = "[".repeat(16 << 10);
        for note in [
            &b""[..],
            b"{",
            b"7",
            b"[7, null]",
            br#"{"soname":[]}"#,
            br#"{"soname":[3,"",{}]}"#,
            br#"{"soname":"a\u0000b"}"#,
            b"\xff\xfe",
            deep.as_bytes(),
        ] {
            assert_eq!(read(note), []);
        }
    }
}
