//! New values for the [`Editor`](super::Editor), and how they are written.

use crate::yaml::quote::{double_quoted, needs_escape};
use crate::yaml::want::{Want, WantEntry, WantKey};

/// A value that is written anew.
///
/// Made from what Rust has: `true`, `3`, `0.5`, `"text"`, a `Vec`, or `()` for null.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NewValue {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; one that is not finite is written as YAML has it (`.inf`, `.nan`).
    Float(f64),
    /// A text, quoted where it could be taken for something else.
    Text(String),
    /// A list.
    List(Vec<NewValue>),
    /// A map, in this order.
    Map(Vec<(String, NewValue)>),
}

macro_rules! from {
    ($($type:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$type> for NewValue {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

from! {
    () => |_value| Self::Null;
    bool => |value| Self::Bool(value);
    i32 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    f64 => |value| Self::Float(value);
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
}

impl<T: Into<Self>> From<Vec<T>> for NewValue {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl NewValue {
    /// The value as it is to be written. `quoted`: texts have double quotes, as in JSON.
    pub(super) fn want(&self, quoted: bool) -> Want {
        match self {
            Self::Null => Want::Scalar("null".to_owned()),
            Self::Bool(value) => Want::Scalar(value.to_string()),
            Self::Int(value) => Want::Scalar(value.to_string()),
            Self::Float(value) => Want::Scalar(float(*value)),
            Self::Text(text) => Want::Scalar(text_source(text, quoted)),
            Self::List(items) => Want::List {
                base: None,
                items: items.iter().map(|item| item.want(quoted)).collect(),
            },
            Self::Map(entries) => Want::Map {
                base: None,
                entries: entries
                    .iter()
                    .map(|(key, value)| WantEntry {
                        key: WantKey::New(text_source(key, quoted)),
                        value: value.want(quoted),
                    })
                    .collect(),
            },
        }
    }
}

fn float(value: f64) -> String {
    match value {
        _ if value.is_nan() => ".nan".to_owned(),
        _ if value.is_infinite() && value > 0.0 => ".inf".to_owned(),
        _ if value.is_infinite() => "-.inf".to_owned(),
        // With a point, which YAML 1.1 needs to see a fraction.
        _ => format!("{value:?}"),
    }
}

/// A text as a scalar on one line. It goes without quotes only if every reader of any YAML version takes
/// it for that text, wherever it stands; quotes without need do no harm.
pub(super) fn text_source(text: &str, quoted: bool) -> String {
    if !quoted && is_plain(text) {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

fn is_plain(text: &str) -> bool {
    // The writer of `values` asks Helm's typing and quotes less; this module knows nothing of Helm.
    const WORDS: [&str; 12] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
    ];
    let words_of_letters = text
        .split(' ')
        .all(|word| !word.is_empty() && !word.starts_with('#'));
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        && words_of_letters
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric()
                || matches!(c, ' ' | '_' | '-' | '.' | '/' | '+' | '=' | '(' | ')' | '$')
                || !c.is_ascii() && c.is_alphanumeric() && !needs_escape(c)
        })
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
