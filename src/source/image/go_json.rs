//! JSON with the eyes of Go's `encoding/json` (1.19), by which every engine reads
//! what describes an image.
//!
//! A document is laid into a value of its type, key after key, over what stands there
//! (`decode.go`):
//!
//! - A key names a field in any case (`object`, `fold.go`): one that is the field's name
//!   to the letter is preferred, else the first field that folds to the same. So a field
//!   may come several times, in one spelling or in several. Fields that are not known are
//!   passed over.
//! - A text, a number, or a truth replaces what was there; `null` leaves it.
//! - An object is laid into a structure field by field, and into a map key by key; keys
//!   of maps are taken by the letter. `null` leaves a structure and empties a map.
//! - A list is laid over a list element by element, and what is longer is cut off, but
//!   not forgotten: a third list may bring it back (`array`; golang/go issue 21092).
//!   `null` and the empty list forget it.

mod parse;

use std::collections::BTreeMap;
use std::fmt;

use crate::bytes::escape;

pub(super) use parse::{Fault, MAX_DEPTH, MAX_VALUES, parse};

/// A value, its keys in the order of the document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// A value of another kind than its place is for.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// The fields that lead to it, the outermost last.
    way: Vec<String>,
    found: &'static str,
    wanted: &'static str,
}

impl Mismatch {
    fn new(found: &Json, wanted: &'static str) -> Mismatch {
        Mismatch {
            way: Vec::new(),
            found: found.kind(),
            wanted,
        }
    }

    /// The mismatch, known to be in the field `name`.
    pub(super) fn within(mut self, name: &str) -> Mismatch {
        self.way.push(name.to_owned());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way: Vec<&str> = self.way.iter().rev().map(String::as_str).collect();
        let (found, wanted) = (self.found, self.wanted);
        match way.is_empty() {
            true => write!(f, "{found}, where {wanted} belongs"),
            false => write!(f, "`{}` is {found}, not {wanted}", escape(&way.join("."))),
        }
    }
}

/// What a value can be laid into; by default what Go has for nothing.
pub(super) trait Place: Default {
    /// Lays `value` over what is there.
    ///
    /// # Errors
    /// Where it is of another kind. Go goes on then and reports it at the end, which
    /// comes to the same.
    fn lay(&mut self, value: Json) -> Result<(), Mismatch>;
}

impl Place for String {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Null => {}
            Json::Text(text) => *self = text,
            other => return Err(Mismatch::new(&other, "a text")),
        }
        Ok(())
    }
}

impl Place for bool {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Null => {}
            Json::Bool(value) => *self = value,
            other => return Err(Mismatch::new(&other, "true or false")),
        }
        Ok(())
    }
}

/// A whole number (Go's `int64`), if one was written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Whole(pub(super) Option<i64>);

impl Place for Whole {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match &value {
            Json::Null => return Ok(()),
            Json::Number(number) => {
                if let Ok(number) = number.parse() {
                    self.0 = Some(number);
                    return Ok(());
                }
            }
            _ => {}
        }
        Err(Mismatch::new(&value, "a whole number"))
    }
}

/// A pointer.
impl<T: Place> Place for Option<T> {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Null => {
                *self = None;
                Ok(())
            }
            value => self.get_or_insert_default().lay(value),
        }
    }
}

/// A map. What stands under a key already is replaced whole.
impl<T: Place> Place for BTreeMap<String, T> {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Null => self.clear(),
            Json::Object(entries) => {
                for (key, value) in entries {
                    let mut fresh = T::default();
                    fresh.lay(value).map_err(|error| error.within(&key))?;
                    self.insert(key, fresh);
                }
            }
            other => return Err(Mismatch::new(&other, "an object")),
        }
        Ok(())
    }
}

/// A structure of which nothing is read.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Empty;

impl Place for Empty {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        lay_fields(value, &[], |_, _| Ok(()))
    }
}

/// A list, with what was cut off of it.
#[derive(Clone, Debug)]
pub(super) struct List<T> {
    /// `None` as long as there is none.
    elements: Option<Vec<T>>,
    /// How many of them count.
    length: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List {
            elements: None,
            length: 0,
        }
    }
}

impl<T> List<T> {
    /// Whether there is a list, be it empty.
    pub(super) fn is_there(&self) -> bool {
        self.elements.is_some()
    }

    /// The elements.
    pub(super) fn into_vec(self) -> Vec<T> {
        let mut elements = self.elements.unwrap_or_default();
        elements.truncate(self.length);
        elements
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let elements = self.elements.as_deref().unwrap_or_default();
        &elements[..self.length.min(elements.len())]
    }
}

impl<T: Place> Place for List<T> {
    fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
        match value {
            Json::Null => *self = List::default(),
            Json::List(items) if items.is_empty() => {
                *self = List {
                    elements: Some(Vec::new()),
                    length: 0,
                };
            }
            Json::List(items) => {
                let elements = self.elements.get_or_insert_default();
                self.length = items.len();
                for (at, item) in items.into_iter().enumerate() {
                    if at == elements.len() {
                        elements.push(T::default());
                    }
                    elements[at].lay(item)?;
                }
            }
            other => return Err(Mismatch::new(&other, "a list")),
        }
        Ok(())
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

/// Hands each value of an object to `lay`, with the one of `names` that it is for, in
/// the order of the document.
pub(super) fn lay_fields(
    value: Json,
    names: &[&'static str],
    mut lay: impl FnMut(&'static str, Json) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    let entries = match value {
        Json::Null => return Ok(()),
        Json::Object(entries) => entries,
        other => return Err(Mismatch::new(&other, "an object")),
    };
    for (key, value) in entries {
        let exact = names.iter().find(|name| **name == key);
        if let Some(name) = exact.or_else(|| names.iter().find(|name| folds_to(name, &key))) {
            lay(name, value).map_err(|error| error.within(name))?;
        }
    }
    Ok(())
}

/// Declares structures, with the name that each of their fields has in a document.
macro_rules! documents {
    ($(
        $(#[$meta:meta])*
        struct $name:ident {
            $($(#[$field_meta:meta])* $key:literal => $field:ident: $kind:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Default, Debug)]
        pub(super) struct $name {
            $($(#[$field_meta])* pub(super) $field: $kind,)*
        }

        impl Place for $name {
            fn lay(&mut self, value: Json) -> Result<(), Mismatch> {
                lay_fields(value, &[$($key),*], |name, value| match name {
                    $($key => self.$field.lay(value),)*
                    _ => Ok(()),
                })
            }
        }
    )*};
}
pub(super) use documents;

#[cfg(test)]
mod tests;
