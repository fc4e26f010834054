//! Values as YAML source that Helm reads back as the same values.
//!
//! Scalars are written on one line. A string goes without quotes only if Helm, YAML 1.1 and YAML 1.2
//! all read it as that string, so `on`, `1:30`, `0777`, `1.2.3` and `2001-12-14` are quoted; being
//! quoted without need is harmless, the reverse is not. Numbers are written so that all three read
//! the same number (`1.0e+21`, for YAML 1.1 wants the point).
//!
//! Nothing here looks at a document: where the text goes, and at what indentation, is the caller's.

use super::scalar::{self, Resolved};
use super::value::{Map, Number, Value};
use crate::yaml::{double_quoted, needs_escape};

/// The collection around a scalar. Inside `{}` and `[]` more characters need quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Context {
    /// In a block mapping or sequence, or alone.
    #[default]
    Block,
    /// Between `{}` or `[]`.
    Flow,
}

/// The quotes to prefer for a string. What a style cannot hold falls back to double quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Quotes {
    /// None, where that is safe.
    #[default]
    None,
    /// `'single'`.
    Single,
    /// `"double"`.
    Double,
}

/// The layout of a value of several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Spaces before the keys or dashes of the outermost collection.
    pub indent: usize,
    /// Spaces per level, at least 1.
    pub step: usize,
    /// True if the dashes of a list under a key are indented one step, false if they stand under the key.
    pub indent_lists: bool,
    /// Between lines: `\n` or `\r\n`.
    pub newline: &'static str,
    /// The quotes to prefer for string values. Keys are quoted only where they must be.
    pub quotes: Quotes,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            indent: 0,
            step: 2,
            indent_lists: true,
            newline: "\n",
            quotes: Quotes::None,
        }
    }
}

/// A string as a scalar on one line.
#[must_use]
pub fn string(text: &str, context: Context, quotes: Quotes) -> String {
    match quotes {
        Quotes::None if is_plain_safe(text, context) => text.to_owned(),
        Quotes::Single if !text.contains(needs_escape) => single_quoted(text),
        // A template, say: with double quotes each of its own would get a backslash.
        Quotes::None if reads_better_single_quoted(text) => single_quoted(text),
        _ => double_quoted(text),
    }
}

fn reads_better_single_quoted(text: &str) -> bool {
    text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(needs_escape)
}

/// A text between single quotes, which know no escapes: it must have nothing that needs one.
fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A number, written so that every YAML version reads it as this number.
#[must_use]
pub fn number(number: &Number) -> String {
    let text = number.as_str();
    // A plain `-0` would be the integer 0.
    if text == "-0" {
        return "-0.0".to_owned();
    }
    match text.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text.to_owned(),
    }
}

/// Any value on one line; collections as flow.
#[must_use]
pub fn one_line(value: &Value, context: Context, quotes: Quotes) -> String {
    let mut out = String::new();
    flow(value, context, quotes, &mut out);
    out
}

fn flow(value: &Value, context: Context, quotes: Quotes, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => out.push_str(&number(n)),
        Value::String(s) => out.push_str(&string(s, context, quotes)),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                flow(item, Context::Flow, quotes, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(&string(key, Context::Flow, Quotes::None));
                out.push_str(": ");
                flow(value, Context::Flow, quotes, out);
            }
            out.push('}');
        }
    }
}

/// A value as block text, without an indent before the first line and without a line end after the
/// last. Scalars and empty collections are one line.
#[must_use]
pub fn block(value: &Value, layout: &Layout) -> String {
    let mut out = String::new();
    let step = layout.step.max(1);
    match value {
        Value::Map(map) if !map.is_empty() => map_lines(map, layout, step, layout.indent, &mut out),
        Value::List(items) if !items.is_empty() => {
            list_lines(items, layout, step, layout.indent, &mut out);
        }
        scalar => flow(scalar, Context::Block, layout.quotes, &mut out),
    }
    out
}

fn map_lines(map: &Map, layout: &Layout, step: usize, indent: usize, out: &mut String) {
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 {
            new_line(layout, indent, out);
        }
        out.push_str(&string(key, Context::Block, Quotes::None));
        out.push(':');
        match value {
            Value::Map(map) if !map.is_empty() => {
                new_line(layout, indent + step, out);
                map_lines(map, layout, step, indent + step, out);
            }
            Value::List(items) if !items.is_empty() => {
                let indent = if layout.indent_lists {
                    indent + step
                } else {
                    indent
                };
                new_line(layout, indent, out);
                list_lines(items, layout, step, indent, out);
            }
            scalar => {
                out.push(' ');
                flow(scalar, Context::Block, layout.quotes, out);
            }
        }
    }
}

fn list_lines(items: &[Value], layout: &Layout, step: usize, indent: usize, out: &mut String) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            new_line(layout, indent, out);
        }
        out.push_str("- ");
        match item {
            // The lines of an item stand two columns behind its dash, however wide the document's own step
            // is.
            Value::Map(map) if !map.is_empty() => map_lines(map, layout, step, indent + 2, out),
            Value::List(items) if !items.is_empty() => {
                list_lines(items, layout, step, indent + 2, out);
            }
            scalar => flow(scalar, Context::Block, layout.quotes, out),
        }
    }
}

fn new_line(layout: &Layout, indent: usize, out: &mut String) {
    out.push_str(layout.newline);
    out.extend(std::iter::repeat_n(' ', indent));
}

/// True if every reader takes the text, written without quotes, for this very string.
fn is_plain_safe(text: &str, context: Context) -> bool {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return false;
    };
    // Not `=` and `<`, of which YAML 1.1 makes words (`=`, `<<`); most of the others are indicators.
    let safe_first =
        first.is_alphanumeric() || matches!(first, '_' | '/' | '.' | '-' | '+' | '$' | '(');
    if !safe_first || matches!(last, ' ' | ':') || text.starts_with("- ") || text == "-" {
        return false;
    }
    // Document markers, should the scalar ever stand at the beginning of a line.
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    // `#` is missing on purpose: behind a space it begins a comment.
    let safe_char = |c: char| match c {
        ' ' | '_' | '-' | '.' | '/' | '+' | '@' | '%' | '=' | '$' | '(' | ')' | ';' | '~' | '^'
        | '<' | '>' | '\\' | '"' | '\'' | '*' | '!' => true,
        ':' | ',' | '[' | ']' | '{' | '}' | '|' | '&' | '?' | '`' => context == Context::Block,
        c => c.is_alphanumeric(),
    };
    if !text.chars().all(safe_char) || text.contains(": ") {
        return false;
    }
    !is_typed_somewhere(text)
}

/// True if some reader takes the plain text for something other than a string. Errs on the side of yes.
fn is_typed_somewhere(text: &str) -> bool {
    // The words of YAML 1.1 and 1.2, in any case: readers differ in which cases they know.
    const WORDS: [&str; 13] = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "~",
    ];
    if WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return true;
    }
    if !matches!(scalar::resolve(text, true, None), Ok(Resolved::String(_))) {
        return true;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some(first) = unsigned.bytes().next() else {
        return true;
    };
    match first {
        // Numbers in any base, base 60, timestamps, and whatever looks like one of them.
        b'0'..=b'9' | b'.' => {
            let prefixed = unsigned.len() > 1
                && first == b'0'
                && matches!(
                    unsigned.as_bytes()[1],
                    b'x' | b'X' | b'o' | b'O' | b'b' | b'B'
                )
                && unsigned[2..]
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit() || b == b'_');
            let word = unsigned[1..].to_ascii_lowercase();
            prefixed
                || (first == b'.' && (word == "inf" || word == "nan"))
                || unsigned
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b"_.,:+- eEtTzZ".contains(&b))
        }
        _ => unsigned != text && WORDS.iter().any(|word| unsigned.eq_ignore_ascii_case(word)),
    }
}
