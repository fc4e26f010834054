//! Values from and to JSON, and from documents that serde read.
//!
//! serde's YAML reader types plain scalars by YAML 1.2, Helm by its own rules. After serde nothing
//! tells `yes` from `"yes"` any more, so [`TryFrom<&serde_yaml::Value>`](Value) cannot refuse what the
//! two read differently: whoever takes values for a chart from such a document must check its text
//! first, or better take the source text from the span tree.

use super::key::{self, KeyError};
use super::scalar::{Resolved, ScalarError};
use super::value::{Map, Number, Value};

impl From<&serde_json::Value> for Value {
    /// Numbers come into Helm's form; integers beyond 64 bits become floats, as in Helm.
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => Self::Number(json_number(n)),
            serde_json::Value::String(s) => Self::String(s.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => Self::Map(
                map.iter()
                    .map(|(k, v)| (k.clone(), Self::from(v)))
                    .collect(),
            ),
        }
    }
}

fn json_number(n: &serde_json::Number) -> Number {
    let text = n.to_string();
    // Every number of serde_json is finite, so the text is always in range.
    Number::parse(&text).unwrap_or_else(|| Number::from_json_text(text))
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => Self::Number(number_to_json(n)),
            Value::String(s) => Self::String(s.clone()),
            Value::List(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Map(map) => Self::Object(
                map.iter()
                    .map(|(k, v)| (k.clone(), Self::from(v)))
                    .collect(),
            ),
        }
    }
}

fn number_to_json(n: &Number) -> serde_json::Number {
    // An integer has no sign at zero, and Go prints the one of `-0`.
    if let Some(i) = n.as_i64().filter(|_| n.as_str() != "-0") {
        return i.into();
    }
    if let Ok(u) = n.as_str().parse::<u64>() {
        return u.into();
    }
    serde_json::Number::from_f64(n.as_f64()).unwrap_or_else(|| 0.into())
}

/// The reasons for which a document that serde read cannot be values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A scalar that Helm cannot hold.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// A key that Helm cannot name.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Two keys get the same name, such as `1` and `"1"`.
    #[error("two keys are named {0:?}")]
    SameName(String),
    /// A local tag, whose meaning Helm would ignore.
    #[error("the tag {0} has no meaning for Helm")]
    Tag(String),
}

impl TryFrom<&serde_yaml::Value> for Value {
    type Error = ConvertError;

    fn try_from(yaml: &serde_yaml::Value) -> Result<Self, ConvertError> {
        Ok(match yaml {
            serde_yaml::Value::Null => Self::Null,
            serde_yaml::Value::Bool(b) => Self::Bool(*b),
            serde_yaml::Value::Number(n) => resolved_number(n).into_value()?,
            serde_yaml::Value::String(s) => Self::String(s.clone()),
            serde_yaml::Value::Sequence(items) => {
                Self::List(items.iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            serde_yaml::Value::Mapping(map) => {
                let mut out = Map::with_capacity(map.len());
                for (key, value) in map {
                    let resolved = match key {
                        serde_yaml::Value::Null => Resolved::Null,
                        serde_yaml::Value::Bool(b) => Resolved::Bool(*b),
                        serde_yaml::Value::Number(n) => resolved_number(n),
                        serde_yaml::Value::String(s) => Resolved::String(s.as_str().into()),
                        _ => return Err(KeyError::Collection.into()),
                    };
                    let (name, _) = key::name(resolved)?;
                    let value = Self::try_from(value)?;
                    // serde holds `1` and `"1"` apart. Helm would keep one of them at random.
                    if out.contains_key(&name) {
                        return Err(ConvertError::SameName(name));
                    }
                    out.insert(name, value);
                }
                Self::Map(out)
            }
            serde_yaml::Value::Tagged(tagged) => {
                return Err(ConvertError::Tag(tagged.tag.to_string()));
            }
        })
    }
}

fn resolved_number(n: &serde_yaml::Number) -> Resolved<'static> {
    if let Some(i) = n.as_i64() {
        Resolved::Int(i)
    } else if let Some(u) = n.as_u64() {
        Resolved::Uint(u)
    } else {
        Resolved::Float(n.as_f64().unwrap_or(f64::NAN))
    }
}
