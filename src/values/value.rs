//! A value as Helm has it after reading YAML: what templates see, no text.
//!
//! Numbers keep the decimal text of the JSON into which Helm turns the YAML, so nothing is rounded on
//! the way through. Both Helm 3 and Helm 4 then hold numbers as 64-bit floats, in which integers
//! beyond 2^53 lose their last digits: [`Number::in_templates`] is that. Maps keep the order of the
//! file for display; equality ignores it. Numbers are equal if their text is.

use std::fmt;

use indexmap::IndexMap;

use super::float::Shortest;

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

/// A number in the decimal form of Helm's JSON (`0.10` is `0.1`, `0777` is `511`).
///
/// The text is canonical: integers that fit 64 bits in full, everything else as Go prints the nearest
/// 64-bit float in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// A number from the JSON text of one, as Helm's reader produces it. The caller vouches for the
    /// form; [`Number::parse`] checks it.
    #[must_use]
    pub fn from_json_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A number from any decimal JSON number, brought into Helm's form. `None` if the text is no JSON
    /// number or is too large for a float.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let mut bytes = digits.bytes();
        match (bytes.next()?, bytes.next()) {
            // JSON knows no leading zeros; as YAML the text would be octal.
            (b'0', Some(b'0'..=b'9')) => return None,
            (b'0'..=b'9', _) => {}
            _ => return None,
        }
        // Rust reads a point without digits behind it, JSON does not.
        if digits.ends_with('.') || digits.contains(".e") || digits.contains(".E") {
            return None;
        }
        // An integer has no sign at zero, and Go prints the one of `-0`.
        if text != "-0" {
            if let Ok(i) = text.parse::<i64>() {
                return Some(i.into());
            }
            if let Ok(u) = text.parse::<u64>() {
                return Some(u.into());
            }
        }
        Self::from_f64(text.parse().ok()?)
    }

    /// A float as Go writes it in JSON: with an exponent from 1e21 and below 1e-6 only. `None` if it
    /// is not finite.
    #[must_use]
    pub fn from_f64(f: f64) -> Option<Self> {
        if !f.is_finite() {
            return None;
        }
        if f == 0.0 {
            return Some(Self(
                if f.is_sign_negative() { "-0" } else { "0" }.to_owned(),
            ));
        }
        let decimal = Shortest::of_f64(f);
        Some(Self(if (1e-6..1e21).contains(&f.abs()) {
            decimal.without_exponent()
        } else {
            // Go's `encoding/json` takes the zero out of `e-07`, which `strconv` writes.
            decimal.scientific(1)
        }))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The integer, if it is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest 64-bit float: what `.Values` holds in Helm 3 and Helm 4.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The number as `{{ .Values.x }}` prints it: Go's `%v` of a 64-bit float, with an exponent from 1e6
    /// on and below 1e-4. `toYaml` prints it like [`in_templates`](Self::in_templates).
    #[must_use]
    pub fn printed(&self) -> String {
        let f = self.as_f64();
        if f == 0.0 || !f.is_finite() {
            return self.0.clone();
        }
        let decimal = Shortest::of_f64(f);
        if (-4..6).contains(&decimal.exponent()) {
            decimal.without_exponent()
        } else {
            decimal.scientific(2)
        }
    }

    /// The number after Helm has read it into `.Values`: rounded to a 64-bit float and printed as
    /// `toJson` does. It differs from the number itself only for integers beyond 2^53.
    #[must_use]
    pub fn in_templates(&self) -> Self {
        Self::from_f64(self.as_f64()).unwrap_or_else(|| self.clone())
    }
}

impl From<i64> for Number {
    fn from(i: i64) -> Self {
        Self(i.to_string())
    }
}

impl From<u64> for Number {
    fn from(u: u64) -> Self {
        Self(u.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value {
    /// The map, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// True for `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type, in the words of a message: "a map", "a list", "a string", "a number", "a boolean",
    /// "null".
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// The text of a scalar other than null, as a template prints a string, number or boolean.
    #[must_use]
    pub fn scalar_text(&self) -> Option<&str> {
        match self {
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(n) => Some(n.as_str()),
            Self::String(s) => Some(s),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::String(s.to_owned())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::String(s)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Number(i.into())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
