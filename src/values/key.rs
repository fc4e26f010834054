//! The names of map keys as Helm has them, and the YAML source for a name.
//!
//! Keys are typed before they are named: `on:` is the key `true`, `0777:` is `511`, `1.10:` is
//! `1.1`, and floats pass through 32 bits on the way (`16777217.5:` is `1.6777218e+07`). The rules
//! are those of `convertToJSONableObject` in `sigs.k8s.io/yaml`. Paths always use Helm's name; only
//! the text knows how the key was spelled.

use super::float::Shortest;
use super::scalar::Resolved;
use super::write::{self, Context, Quotes};

/// The longest key, in characters of its source, that Helm's parser recognises on one line.
pub const MAX_KEY_CHARS: usize = 1024;

/// A typed key. Two keys of one map are duplicates (the last wins) if these are equal; if only the
/// names are equal, as for `1` and `"1"`, Helm picks one at random.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyType {
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string: the name itself.
    String,
}

/// The reasons for which a node cannot be a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// `null:`, `~:` or an empty key.
    #[error("a key cannot be null")]
    Null,
    /// An integer beyond 64 bits with a sign; Helm knows no name for it.
    #[error("the integer {0} is too large for a key")]
    TooLarge(u64),
    /// A list or a map.
    #[error("a key cannot be a list or a map")]
    Collection,
    /// A key longer than YAML parsers recognise.
    #[error("a key of more than {MAX_KEY_CHARS} characters cannot be read back")]
    TooLong,
}

/// Helm's name for a resolved key, and the type by which duplicates are told.
///
/// # Errors
/// [`KeyError::Null`] and [`KeyError::TooLarge`].
pub fn name(key: Resolved<'_>) -> Result<(String, KeyType), KeyError> {
    Ok(match key {
        Resolved::Null => return Err(KeyError::Null),
        Resolved::Uint(u) => return Err(KeyError::TooLarge(u)),
        Resolved::Bool(b) => (b.to_string(), KeyType::Bool(b)),
        Resolved::Int(i) => (i.to_string(), KeyType::Int(i)),
        Resolved::Float(f) => (float_name(f), KeyType::Float(f)),
        Resolved::String(s) => (s.into_owned(), KeyType::String),
    })
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`, with YAML's words for what is not finite.
fn float_name(f: f64) -> String {
    #[allow(clippy::cast_possible_truncation)]
    let f = f as f32;
    if f.is_nan() {
        return ".nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    if f == 0.0 {
        return if f.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let decimal = Shortest::of_f32(f);
    // Go's shortest 'g' form has an exponent below 1e-4 and from 1e6 on.
    if (-4..6).contains(&decimal.exponent()) {
        decimal.without_exponent()
    } else {
        decimal.scientific(2)
    }
}

/// The YAML source of a key that Helm reads as exactly this name: plain where that is safe under
/// every YAML version, else quoted. `hint` is the quote style to prefer.
///
/// # Errors
/// [`KeyError::TooLong`].
pub fn source(name: &str, context: Context, hint: Quotes) -> Result<String, KeyError> {
    let source = write::string(name, context, hint);
    if source.chars().count() >= MAX_KEY_CHARS {
        return Err(KeyError::TooLong);
    }
    Ok(source)
}
