//! The value that Helm makes of one YAML scalar.
//!
//! Helm reads YAML through `sigs.k8s.io/yaml`, which decodes with go-yaml v2, turns the result into
//! JSON and reads that JSON again. The types therefore come from go-yaml's `resolve` (YAML 1.1 words
//! such as `yes`, octal `0777`, digits with `_`, and a few accidents such as `0b-11`), the errors
//! from the step to JSON (no infinities), and the written form of a number from Go's `encoding/json`.
//! Helm 3 and Helm 4 use the same readers, so there is one set of rules here. The sources are
//! `resolve.go` and `decode.go` of `go.yaml.in/yaml/v2` 2.4 and `yaml.go` of `sigs.k8s.io/yaml` 1.6.
//!
//! [`resolve`] is the only judge of a scalar's type in refit: reading, naming keys and deciding
//! whether a new scalar needs quotes all ask it. It must never guess: what Helm refuses is an error.

use std::borrow::Cow;

use super::timestamp;
use super::value::{Number, Value};

/// The prefix that `!!` stands for in a tag.
pub const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// The tag that makes a key `<<` a merge key in any notation.
pub(super) const MERGE_TAG: &str = "tag:yaml.org,2002:merge";

/// A scalar with the type that go-yaml gives it, before it becomes JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// A larger integer that fits 64 bits without a sign. It cannot be a map key.
    Uint(u64),
    /// A float, perhaps not finite.
    Float(f64),
    /// A string.
    String(Cow<'a, str>),
}

/// The reasons for which Helm refuses a scalar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScalarError {
    /// The tag asks for a type that the content does not have, as in `!!int x`.
    #[error("cannot read {found} `{content}` as {wanted}")]
    Tag {
        /// The type of the content, as a short tag (`!!str`).
        found: &'static str,
        /// The type that the tag asks for, as a short tag (`!!int`).
        wanted: &'static str,
        /// The content.
        content: String,
    },
    /// A `!!binary` scalar that is not base64.
    #[error("a !!binary value holds invalid base64 data")]
    Base64,
    /// `.inf` or `.nan`, which JSON cannot hold. Helm accepts them only as keys.
    #[error("{0} is not a number that Helm can hold")]
    NonFinite(&'static str),
}

impl Resolved<'_> {
    /// The value after the step to JSON.
    ///
    /// # Errors
    /// [`ScalarError::NonFinite`] for infinities and NaN.
    pub fn into_value(self) -> Result<Value, ScalarError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Number(i.into()),
            Self::Uint(u) => Value::Number(u.into()),
            Self::Float(f) => {
                Value::Number(Number::from_f64(f).ok_or_else(|| non_finite_error(f))?)
            }
            Self::String(s) => Value::String(s.into_owned()),
        })
    }

    /// The short tag of the type.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::String(_) => "!!str",
        }
    }
}

fn non_finite_error(f: f64) -> ScalarError {
    ScalarError::NonFinite(if f.is_nan() {
        ".nan"
    } else if f > 0.0 {
        ".inf"
    } else {
        "-.inf"
    })
}

/// The type of a scalar as go-yaml resolves it.
///
/// `content` is the decoded text, `plain` whether it was written without quotes and not as a block,
/// `tag` its tag with handles expanded (`tag:yaml.org,2002:int`, `!local`, or `!`); the short forms
/// `!!int` of the core tags are understood too. The value of an untagged scalar that is not plain is
/// always a string.
///
/// # Errors
/// [`ScalarError::Tag`] and [`ScalarError::Base64`]. Infinities are no error here: they are valid
/// keys. [`Resolved::into_value`] refuses them.
pub fn resolve<'a>(
    content: &'a str,
    plain: bool,
    tag: Option<&str>,
) -> Result<Resolved<'a>, ScalarError> {
    let string = || Resolved::String(Cow::Borrowed(content));
    let Some(tag) = tag.filter(|tag| !tag.is_empty()) else {
        return Ok(if plain {
            resolve_plain(content)
        } else {
            string()
        });
    };
    let core = tag
        .strip_prefix(TAG_PREFIX)
        .or_else(|| tag.strip_prefix("!!"));
    let fail = |found: &'static str, wanted: &'static str| {
        Err(ScalarError::Tag {
            found,
            wanted,
            content: content.to_owned(),
        })
    };
    // With a tag go-yaml looks at text in quotes as it does at plain text.
    match core {
        Some("binary") => match decode_base64(content) {
            Some(bytes) => Ok(Resolved::String(Cow::Owned(go_utf8(&bytes)))),
            None => Err(ScalarError::Base64),
        },
        Some("timestamp") => match resolve_plain(content) {
            Resolved::String(_) if timestamp::is_timestamp(content) => Ok(string()),
            other => fail(other.tag(), "!!timestamp"),
        },
        Some("null") => match resolve_plain(content) {
            Resolved::Null => Ok(Resolved::Null),
            other => fail(other.tag(), "!!null"),
        },
        Some("bool") => match resolve_plain(content) {
            Resolved::Bool(b) => Ok(Resolved::Bool(b)),
            other => fail(other.tag(), "!!bool"),
        },
        Some("int") => match resolve_plain(content) {
            int @ (Resolved::Int(_) | Resolved::Uint(_)) => Ok(int),
            other => fail(other.tag(), "!!int"),
        },
        Some("float") => match resolve_plain(content) {
            Resolved::Float(f) => Ok(Resolved::Float(f)),
            // Only signed integers are converted; Helm refuses larger ones.
            #[allow(clippy::cast_precision_loss)]
            Resolved::Int(i) => Ok(Resolved::Float(i as f64)),
            other => fail(other.tag(), "!!float"),
        },
        // `!!str`, and every tag that Helm does not know, leave the text as it is.
        _ => Ok(string()),
    }
}

/// The value of a scalar: [`resolve`] and the step to JSON.
///
/// # Errors
/// Every [`ScalarError`].
pub fn value(content: &str, plain: bool, tag: Option<&str>) -> Result<Value, ScalarError> {
    resolve(content, plain, tag)?.into_value()
}

/// The length of `false`, the longest word that stands for a value and begins with a letter.
const LONGEST_WORD: usize = 5;

/// A word that go-yaml looks up before it tries numbers.
fn word_value(s: &str) -> Option<Resolved<'static>> {
    Some(match s {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// True for a plain scalar that is a string by its first byte, or no longer than a word by its length; `false` says
/// nothing.
#[inline]
pub(super) fn is_plain_text(s: &str) -> bool {
    match s.as_bytes() {
        [] => false,
        [b'~' | b'.' | b'+' | b'-' | b'0'..=b'9', ..] => false,
        [
            b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O',
            ..,
        ] => s.len() > LONGEST_WORD || word_value(s).is_none(),
        _ => true,
    }
}

/// A plain scalar without a tag. The first byte decides what is tried, as in go-yaml.
fn resolve_plain(s: &str) -> Resolved<'_> {
    let string = || Resolved::String(Cow::Borrowed(s));
    let Some(first) = s.bytes().next() else {
        return Resolved::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word_value(s).unwrap_or_else(string)
        }
        b'.' => word_value(s)
            .or_else(|| float_from_dot(s).map(Resolved::Float))
            .unwrap_or_else(string),
        b'+' | b'-' => word_value(s).or_else(|| number(s)).unwrap_or_else(string),
        b'0'..=b'9' => number(s).unwrap_or_else(string),
        _ => string(),
    }
}

/// A number, from a text that begins with a digit or a sign. Timestamps need no case of their own: no number contains a
/// `-` between digits, and Helm keeps timestamps as strings.
fn number(s: &str) -> Option<Resolved<'static>> {
    // go-yaml takes `_` out wherever it stands, also at the end or twice in a row.
    let digits: Cow<'_, str> = if s.contains('_') {
        Cow::Owned(s.replace('_', ""))
    } else {
        Cow::Borrowed(s)
    };
    let text = digits.as_ref();
    if let Some(i) = parse_int(text) {
        return Some(Resolved::Int(i));
    }
    if let Some(u) = parse_uint(text) {
        return Some(Resolved::Uint(u));
    }
    if is_decimal_float(text)
        && let Some(f) = finite(text)
    {
        return Some(Resolved::Float(f));
    }
    // go-yaml tries binary once more by hand, which lets a sign behind the prefix through.
    if let Some(rest) = text.strip_prefix("0b") {
        return i64::from_str_radix(rest, 2).ok().map(Resolved::Int);
    }
    None
}

/// Go's `strconv.ParseInt(s, 0, 64)` for text without `_`.
fn parse_int(s: &str) -> Option<i64> {
    let (negative, unsigned) = match s.as_bytes().first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    let magnitude = parse_uint(unsigned)?;
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Go's `strconv.ParseUint(s, 0, 64)` for text without `_`.
fn parse_uint(s: &str) -> Option<u64> {
    let bytes = s.as_bytes();
    let (base, digits) = match bytes {
        [b'0', b'x' | b'X', ..] => (16, &s[2..]),
        [b'0', b'o' | b'O', ..] => (8, &s[2..]),
        [b'0', b'b' | b'B', ..] => (2, &s[2..]),
        // As in YAML 1.1. `08` is no octal number then, and go-yaml goes on to read it as a float.
        [b'0', _, ..] => (8, &s[1..]),
        _ => (10, s),
    };
    // `from_str_radix` takes a sign where Go does not.
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// go-yaml's own pattern: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_decimal_float(s: &str) -> bool {
    let digits = |s: &'_ str| s.bytes().take_while(u8::is_ascii_digit).count();
    let s = s.strip_prefix(['-', '+']).unwrap_or(s);
    let whole = digits(s);
    let mut rest = &s[whole..];
    if let Some(after_dot) = rest.strip_prefix('.') {
        let fraction = digits(after_dot);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after_dot[fraction..];
    } else if whole == 0 {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !exponent.is_empty() && digits(exponent) == exponent.len()
}

/// Go's `strconv.ParseFloat` for text that begins with a dot: `_` may stand between two digits.
fn float_from_dot(s: &str) -> Option<f64> {
    let bytes = s.as_bytes();
    let digit_at = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    // Behind a dot go-yaml leaves `_` in, so Go's own rule for it decides.
    let separated = bytes
        .iter()
        .enumerate()
        .all(|(i, &b)| b != b'_' || (i > 0 && digit_at(i - 1) && digit_at(i + 1)));
    if !separated {
        return None;
    }
    let text = s.replace('_', "");
    is_decimal_float(&text).then(|| finite(&text)).flatten()
}

/// A decimal float; what overflows is no float for go-yaml, what underflows is zero.
fn finite(s: &str) -> Option<f64> {
    s.parse::<f64>().ok().filter(|f| f.is_finite())
}

/// Go's `base64.StdEncoding.DecodeString`: line breaks are skipped, padding is required, bits left
/// over are ignored.
fn decode_base64(s: &str) -> Option<Vec<u8>> {
    let sextet = |b: u8| {
        Some(match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        })
    };
    let mut out = Vec::with_capacity(s.len() / 4 * 3);
    let mut bytes = s.bytes().filter(|b| !matches!(b, b'\r' | b'\n'));
    loop {
        let mut quantum = [0u8; 4];
        let mut filled = 0;
        while filled < 4 {
            match bytes.next() {
                None if filled == 0 => return Some(out),
                None => return None,
                Some(b'=') => {
                    let padded = match filled {
                        2 => bytes.next() == Some(b'='),
                        3 => true,
                        _ => false,
                    };
                    if !padded || bytes.next().is_some() {
                        return None;
                    }
                    break;
                }
                Some(b) => {
                    quantum[filled] = sextet(b)?;
                    filled += 1;
                }
            }
        }
        let [a, b, c, d] = quantum;
        let octets = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        out.extend_from_slice(&octets[..filled - 1]);
        if filled < 4 {
            return Some(out);
        }
    }
}

/// Bytes as the string that Go's JSON encoder makes of them: each byte that is not part of valid
/// UTF-8 becomes one U+FFFD.
fn go_utf8(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}
