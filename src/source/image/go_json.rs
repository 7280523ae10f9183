//! JSON with the eyes of Go's `encoding/json` (1.19), by which every engine reads
//! what describes an image.
//!
//! - A key names a field in any case (`decode.go:object`, `fold.go`): one that is the
//!   field's name to the letter is preferred, else the first field that folds to the
//!   same. Of several keys for one field the last in the document wins; two objects
//!   are laid over each other. Keys of maps are taken by the letter.
//! - `null` is nothing: no list, no text.
//! - Bytes that are not UTF-8 become U+FFFD, each by itself (`decode.go:unquoteBytes`).
//!
//! Stricter than Go: a key that comes twice in the same spelling is refused.

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::{Error, Number};

/// A value, its keys in the order of the document.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// `text` as UTF-8.
pub(super) fn decoded(text: &[u8]) -> String {
    let mut decoded = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    decoded
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Whatever)
    }
}

/// Takes whatever there is.
struct Whatever;

impl<'de> Visitor<'de> for Whatever {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Json::Object(object))
    }
}

/// Whether `key` folds to the ASCII name of a field: K and S have a third form each.
fn folds_to(name: &str, key: &str) -> bool {
    let folded = key.chars().map(|letter| match letter {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        letter => letter.to_ascii_lowercase(),
    });
    folded.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

/// A value of each field that is named, once.
fn fields(
    object: Vec<(String, Json)>,
    names: &'static [&'static str],
) -> Result<Vec<(&'static str, Json)>, Error> {
    let mut found: Vec<(&'static str, Vec<String>, Json)> = Vec::new();
    for (key, value) in object {
        let exact = names.iter().find(|name| **name == key);
        let Some(name) = exact.or_else(|| names.iter().find(|name| folds_to(name, &key))) else {
            continue;
        };
        match found.iter_mut().find(|(known, ..)| known == name) {
            None => found.push((name, vec![key], value)),
            Some((_, spellings, _)) if spellings.contains(&key) => {
                return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
            }
            Some((_, spellings, known)) => {
                spellings.push(key);
                match (known, value) {
                    (Json::Object(known), Json::Object(more)) => known.extend(more),
                    // Only a list is emptied by it.
                    (known, Json::Null) if !matches!(known, Json::List(_)) => {}
                    (known, value) => *known = value,
                }
            }
        }
    }
    Ok(found
        .into_iter()
        .map(|(name, _, value)| (name, value))
        .collect())
}

impl Json {
    fn unexpected(&self) -> de::Unexpected<'_> {
        match self {
            Json::Null => de::Unexpected::Unit,
            Json::Bool(value) => de::Unexpected::Bool(*value),
            Json::Number(_) => de::Unexpected::Other("number"),
            Json::Text(text) => de::Unexpected::Str(text),
            Json::List(_) => de::Unexpected::Seq,
            Json::Object(_) => de::Unexpected::Map,
        }
    }
}

/// The entries of an object, keys first.
struct Entries<I>(I, Option<Json>);

impl<'de, K: AsRef<str>, I: Iterator<Item = (K, Json)>> MapAccess<'de> for Entries<I> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((key, value)) = self.0.next() else {
            return Ok(None);
        };
        self.1 = Some(value);
        seed.deserialize(key.as_ref().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.1.take().unwrap_or(Json::Null))
    }
}

/// The values of a list.
struct Items(std::vec::IntoIter<Json>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Number(number) => number.deserialize_any(visitor),
            Json::Text(text) => visitor.visit_string(text),
            Json::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Json::Object(entries) => visitor.visit_map(Entries(entries.into_iter(), None)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_str(""),
            value => value.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Json::Object(object) => {
                let entries = fields(object, names)?;
                visitor.visit_map(Entries(entries.into_iter(), None))
            }
            Json::Null => visitor.visit_map(Entries(std::iter::empty::<(&str, Json)>(), None)),
            // serde would take a list for the fields in their order.
            other => Err(de::Error::invalid_type(other.unexpected(), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug, Default, PartialEq, Eq)]
    #[serde(default, rename_all = "PascalCase")]
    struct Sample {
        cmd: Option<Vec<String>>,
        risk: String,
        sub: Option<Box<Sample>>,
    }

    fn read(text: &[u8]) -> Result<Sample, String> {
        let json: Json = serde_json::from_str(&decoded(text)).map_err(|error| error.to_string())?;
        Sample::deserialize(json).map_err(|error| error.to_string())
    }

    /// What Go 1.19 makes of the same documents and a struct of the same fields.
    #[test]
    fn keys_name_fields_in_any_case_and_the_last_wins() {
        let risk = |text: &str| read(text.as_bytes()).unwrap().risk;
        assert_eq!(risk(r#"{"risk":"a"}"#), "a");
        assert_eq!(risk("{\"RI\u{17f}\u{212a}\":\"a\"}"), "a");
        assert_eq!(risk(r#"{"Risk":"a","risk":"b"}"#), "b");
        assert_eq!(risk(r#"{"risk":"b","Risk":"a"}"#), "a");
        assert_eq!(risk(r#"{"Risk":"a","risk":null}"#), "a");
        assert_eq!(risk(r#"{"risks":"b"}"#), "");
        let both = read(br#"{"Sub":{"Risk":"a"},"sub":{"Cmd":["b"]}}"#).unwrap();
        let sub = both.sub.unwrap();
        assert_eq!(
            (sub.risk.as_str(), sub.cmd),
            ("a", Some(vec!["b".to_owned()]))
        );
        assert_eq!(
            read(br#"{"Risk":"a","Risk":"b"}"#),
            Err("duplicate field `Risk`".to_owned())
        );
    }

    #[test]
    fn null_is_nothing_and_odd_bytes_are_replaced() {
        let sample = read(br#"{"Cmd":["a",null],"Risk":null,"Sub":null}"#).unwrap();
        assert_eq!(sample.cmd, Some(vec!["a".to_owned(), String::new()]));
        assert_eq!((sample.risk, sample.sub), (String::new(), None));
        assert_eq!(
            read(b"{\"Risk\":\"\xff\xc3\"}").unwrap().risk,
            "\u{fffd}\u{fffd}"
        );
        assert!(read(br#"{"Sub":["a"]}"#).is_err());
    }
}
