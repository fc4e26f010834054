//! A value as Helm has it after reading YAML: what templates see, no text.
//!
//! Numbers keep the decimal text that Helm would hand to a template (`json.Number`), so nothing is
//! rounded on the way through. Maps keep the order of the file for display, and compare without it.

use std::fmt;

use indexmap::IndexMap;

/// A map of values by Helm's key names, in file order.
pub type Map = IndexMap<String, Value>;

/// One Helm value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, also written `~` or as nothing. In an override it deletes the chart's default.
    Null,
    /// A boolean, however it was spelled.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// A list. Helm replaces lists whole when layers are merged.
    List(Vec<Value>),
    /// A map. Helm merges maps key by key.
    Map(Map),
}

/// A number in the decimal form that Helm keeps (`0.10` is `0.1`, `0777` is `511`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// A number from the JSON text of one, as Helm's reader produces it. The caller vouches for the
    /// form.
    #[must_use]
    pub fn from_json_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
