//! Helm's `--set` grammar: path strings and their values, read and written.
//!
//! Read as `pkg/strvals/parser.go` of helm/helm reads it, oddities included: `a.b=1,c[0]=x`, a backslash
//! takes the next character as it is, `{a,b}` is a list if the value begins with it, an index sets one
//! item of a list and fills the gap before it with nulls, keys that are empty set nothing. Types are
//! those of `typedVal`: `true`, `false` and `null` in any case, `0`, whole numbers that do not begin
//! with a zero; all else is a string. `1.5` is a string, and so is `007`. With `--set-string` all are
//! strings, `null` among them.
//!
//! Two things differ from a layer of values in a file. An assignment goes *into* the values below it: an
//! index changes one item of a list that another layer brought, where a file would replace the list. And
//! numbers stay integers of 64 bits, where those of a file become floats; so a template prints
//! `10000000` for one and `1e+07` for the other.
//!
//! The carriers hand texts to this parser in ways of their own: see [`Dialect`](super::Dialect).

use crate::values::path::MAX_INDEX;
use crate::values::{Map, Path, Segment, Value};

/// The deepest nesting of keys, as in Helm.
pub const MAX_NESTING: usize = 30;

/// The reasons for which Helm refuses a text of assignments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// A key without `=`, or with a comma behind it.
    #[error("key {0:?} has no value")]
    NoValue(String),
    /// A dot behind which nothing is set.
    #[error("key map {0:?} has no value")]
    EmptyMap(String),
    /// More than [`MAX_NESTING`] dots.
    #[error("keys are nested deeper than {MAX_NESTING} levels")]
    TooDeep,
    /// The text in brackets is no position.
    #[error("{0:?} is not a position in a list")]
    BadIndex(String),
    /// A position that is negative or beyond [`MAX_INDEX`].
    #[error("position {0} is negative or larger than {MAX_INDEX}")]
    IndexOutOfRange(i64),
    /// Text directly behind `]`.
    #[error("unexpected text behind a position: {0:?}")]
    AfterIndex(String),
    /// A `{` without its `}`.
    #[error("a list must end with '}}'")]
    OpenList,
    /// A `.` or `[` behind a value that is no map, or no list.
    #[error("{0:?} is set already, and not to {1}")]
    OtherType(String, &'static str),
    /// A text that should be a path and nothing more.
    #[error("{0:?} is not the path of one value")]
    NotOnePath(String),
}

/// The typing of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Typing {
    /// `--set`.
    Typed,
    /// `--set-string`.
    String,
}

/// Reads assignments and carries them out on values.
///
/// # Errors
/// What Helm refuses. The values may be changed in part.
pub fn set(text: &str, typing: Typing, values: &mut Map) -> Result<(), SetError> {
    let mut parser = AssignmentParser {
        text,
        at: 0,
        typing,
    };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(ParseStop::End) => return Ok(()),
            Err(ParseStop::Error(error)) => return Err(error),
        }
    }
}

/// The type of one text.
#[must_use]
pub fn type_text(text: &str, typing: Typing) -> Value {
    if typing == Typing::String {
        return Value::String(text.to_owned());
    }
    if folds_to(text, "true") {
        return Value::Bool(true);
    }
    if folds_to(text, "false") {
        return Value::Bool(false);
    }
    if folds_to(text, "null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::from(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::from(number);
    }
    Value::String(text.to_owned())
}

/// Go's `strings.EqualFold` with a word of ASCII: the long s counts as an s.
fn folds_to(text: &str, word: &str) -> bool {
    text.chars().count() == word.len()
        && text
            .chars()
            .zip(word.chars())
            .all(|(c, w)| c.eq_ignore_ascii_case(&w) || (c == '\u{17f}' && w == 's'))
}

/// The end of the text, which is how Helm's parser stops, or an error.
enum ParseStop {
    End,
    Error(SetError),
}

impl From<SetError> for ParseStop {
    fn from(error: SetError) -> Self {
        Self::Error(error)
    }
}

struct AssignmentParser<'a> {
    text: &'a str,
    at: usize,
    typing: Typing,
}

impl AssignmentParser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// The text up to one of these characters, which is consumed; `None` at the end of the text.
    fn read_until(&mut self, stop: &[char]) -> (String, Option<char>) {
        let mut out = String::new();
        while let Some(c) = self.next() {
            if stop.contains(&c) {
                return (out, Some(c));
            }
            if c == '\\' {
                match self.next() {
                    Some(escaped) => out.push(escaped),
                    None => return (out, None),
                }
            } else {
                out.push(c);
            }
        }
        (out, None)
    }

    fn key(&mut self, values: &mut Map, nesting: usize) -> Result<(), ParseStop> {
        let (key, stop) = self.read_until(&['=', '[', ',', '.']);
        match stop {
            None if key.is_empty() => Err(ParseStop::End),
            None | Some(',') => Err(SetError::NoValue(key).into()),
            Some('[') => {
                let index = self.index()?;
                let mut list = match values.get_mut(&key) {
                    None => Vec::new(),
                    Some(Value::List(list)) => std::mem::take(list),
                    Some(_) => return Err(SetError::OtherType(key, "a list").into()),
                };
                let result = self.item(&mut list, index, nesting);
                put_value(values, key, Value::List(list));
                result
            }
            Some('=') => {
                let (value, end) = self.value()?;
                put_value(values, key, value);
                if end { Err(ParseStop::End) } else { Ok(()) }
            }
            Some(_) => {
                let nesting = nesting + 1;
                if nesting > MAX_NESTING {
                    return Err(SetError::TooDeep.into());
                }
                let mut inner = match values.get_mut(&key) {
                    None => Map::new(),
                    Some(Value::Map(map)) => std::mem::take(map),
                    Some(_) => return Err(SetError::OtherType(key, "a map").into()),
                };
                let result = self.key(&mut inner, nesting);
                if inner.is_empty() {
                    return match result {
                        Ok(()) => Err(SetError::EmptyMap(key).into()),
                        other => other,
                    };
                }
                put_value(values, key, Value::Map(inner));
                result
            }
        }
    }

    /// The value behind `=`, and whether there was none before the end of the text.
    fn value(&mut self) -> Result<(Value, bool), ParseStop> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return Ok((Value::String(String::new()), true));
        }
        if !rest.starts_with('{') {
            let (text, _) = self.read_until(&[',']);
            return Ok((type_text(&text, self.typing), false));
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.read_until(&[',', '}']);
            match stop {
                None => return Err(SetError::OpenList.into()),
                Some('}') => {
                    if self.text[self.at..].starts_with(',') {
                        self.at += 1;
                    }
                    items.push(type_text(&text, self.typing));
                    return Ok((Value::List(items), false));
                }
                Some(_) => items.push(type_text(&text, self.typing)),
            }
        }
    }

    fn index(&mut self) -> Result<usize, ParseStop> {
        let (text, stop) = self.read_until(&[']']);
        let index: i64 = match (stop, text.parse()) {
            // Helm 4 takes this for the end of the text, which is no error to it.
            (None, _) => return Err(SetError::BadIndex(text).into()),
            (Some(_), Ok(index)) => index,
            (Some(_), Err(_)) => return Err(SetError::BadIndex(text).into()),
        };
        usize::try_from(index)
            .ok()
            .filter(|index| *index <= MAX_INDEX)
            .ok_or_else(|| SetError::IndexOutOfRange(index).into())
    }

    fn item(
        &mut self,
        list: &mut Vec<Value>,
        index: usize,
        nesting: usize,
    ) -> Result<(), ParseStop> {
        let (text, stop) = self.read_until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(text).into());
        }
        match stop {
            None => Err(ParseStop::End),
            Some('=') => {
                let (value, _) = self.value()?;
                put_item(list, index, value);
                Ok(())
            }
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get_mut(index) {
                    // The gap before an item is filled with nulls, and what is put there takes their place.
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::List(inner)) => std::mem::take(inner),
                    Some(_) => {
                        return Err(SetError::OtherType(format!("[{index}]"), "a list").into());
                    }
                };
                self.item(&mut inner, next, nesting)?;
                put_item(list, index, Value::List(inner));
                Ok(())
            }
            Some(_) => {
                let existing = list.len() > index;
                // Where the item is no map, Helm begins anew with an empty one; below a key it would refuse that.
                let mut inner = match list.get_mut(index) {
                    Some(Value::Map(map)) => std::mem::take(map),
                    _ => Map::new(),
                };
                let result = self.key(&mut inner, nesting);
                // At the end of the text Helm forgets an item that was not there before.
                if existing || result.is_ok() {
                    put_item(list, index, Value::Map(inner));
                }
                result
            }
        }
    }
}

fn put_value(values: &mut Map, key: String, value: Value) {
    if !key.is_empty() {
        values.insert(key, value);
    }
}

fn put_item(list: &mut Vec<Value>, index: usize, value: Value) {
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
}

/// Reads a text that is one path, without a value.
///
/// # Errors
/// A text that Helm would refuse, or not read as one path to one value.
pub fn path(text: &str) -> Result<Path, SetError> {
    let not_one = || SetError::NotOnePath(text.to_owned());
    let mut parser = AssignmentParser {
        text,
        at: 0,
        typing: Typing::String,
    };
    let mut segments = Vec::new();
    let mut nesting = 0;
    loop {
        let (key, stop) = parser.read_until(&['=', '[', ',', '.']);
        // Behind a position comes a dot, a position, or the end.
        let behind_index = matches!(segments.last(), Some(Segment::Index(_)));
        match (key.is_empty(), behind_index) {
            (false, _) => segments.push(Segment::Key(key)),
            (true, true) if matches!(stop, Some('.' | '[') | None) => {}
            (true, _) => return Err(not_one()),
        }
        match stop {
            None => {
                // An escape at the end has nothing to take.
                return if text.ends_with('\\') && !ends_escaped(text) {
                    Err(not_one())
                } else {
                    Ok(Path::new(segments))
                };
            }
            Some('.') => {
                nesting += 1;
                if nesting > MAX_NESTING || parser.at == text.len() {
                    return Err(if nesting > MAX_NESTING {
                        SetError::TooDeep
                    } else {
                        not_one()
                    });
                }
            }
            Some('[') => loop {
                let index = match parser.index() {
                    Ok(index) => index,
                    Err(ParseStop::Error(error)) => return Err(error),
                    Err(ParseStop::End) => return Err(not_one()),
                };
                segments.push(Segment::Index(index));
                let rest = &text[parser.at..];
                if rest.is_empty() {
                    return Ok(Path::new(segments));
                }
                if rest.starts_with('[') {
                    parser.at += 1;
                    continue;
                }
                if !rest.starts_with('.') || rest.len() == 1 {
                    return Err(not_one());
                }
                parser.at += 1;
                nesting += 1;
                break;
            },
            Some(_) => return Err(not_one()),
        }
    }
}

/// True if the backslash at the end of a text is itself escaped.
fn ends_escaped(text: &str) -> bool {
    let slashes = text.len() - text.trim_end_matches('\\').len();
    slashes.is_multiple_of(2)
}

/// The reasons for which a path or a value cannot be written as an assignment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwritableError {
    /// A path with a wildcard or a selection, or with an empty key.
    #[error("`{0}` cannot be written as a path of `--set`")]
    Path(Path),
    /// A number that `--set` would read as a string.
    #[error("`--set` knows whole numbers of 64 bits only, and {0} is none")]
    Number(String),
    /// A string that would be read as something else.
    #[error("the string {0:?} would be read as {1} here")]
    Retyped(String, &'static str),
    /// An empty list, or one of lists, or a map.
    #[error("{0} cannot be written here")]
    Collection(&'static str),
    /// An empty value where that means none.
    #[error("an empty value counts as none here")]
    Empty,
}

/// Writes a path as Helm reads it.
///
/// # Errors
/// [`UnwritableError::Path`].
pub fn write_path(path: &Path) -> Result<String, UnwritableError> {
    let error = || UnwritableError::Path(path.clone());
    let mut out = String::new();
    for segment in path.segments() {
        match segment {
            Segment::Key(key) if key.is_empty() => return Err(error()),
            Segment::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                for c in key.chars() {
                    if matches!(c, '\\' | '.' | '[' | '=' | ',') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Segment::Index(index) if !out.is_empty() => {
                out.push_str(&format!("[{index}]"));
            }
            _ => return Err(error()),
        }
    }
    if out.is_empty() {
        return Err(error());
    }
    Ok(out)
}

/// Writes a value as Helm reads it behind `=`.
///
/// # Errors
/// A value that this form cannot say.
pub fn write_value(value: &Value, typing: Typing) -> Result<String, UnwritableError> {
    match value {
        Value::List(items) => {
            if items.is_empty() {
                return Err(UnwritableError::Collection("an empty list"));
            }
            let items: Vec<String> = items
                .iter()
                .map(|item| Ok(escape(&scalar(item, typing)?, &['\\', ',', '}'])))
                .collect::<Result<_, _>>()?;
            Ok(format!("{{{}}}", items.join(",")))
        }
        value => {
            let text = escape(&scalar(value, typing)?, &['\\', ',']);
            // A brace at the beginning would make it a list.
            Ok(if text.starts_with('{') {
                format!("\\{text}")
            } else {
                text
            })
        }
    }
}

/// The text of a scalar, without escapes, if that is typed as the scalar.
pub(super) fn scalar(value: &Value, typing: Typing) -> Result<String, UnwritableError> {
    let text = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(number) => number.as_str().to_owned(),
        Value::String(text) => text.clone(),
        Value::List(_) => return Err(UnwritableError::Collection("a list in a list")),
        Value::Map(_) => return Err(UnwritableError::Collection("a map")),
    };
    let read = type_text(&text, typing);
    if read == *value {
        return Ok(text);
    }
    Err(match value {
        Value::Number(number) if typing == Typing::Typed => {
            UnwritableError::Number(number.as_str().to_owned())
        }
        _ => UnwritableError::Retyped(text, read.type_name()),
    })
}

pub(super) fn escape(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(value: &Value) -> String {
        crate::values::write::one_line(
            value,
            crate::values::write::Context::Flow,
            crate::values::write::Quotes::Double,
        )
    }

    #[track_caller]
    pub(in crate::carrier) fn values(text: &str, typing: Typing) -> String {
        let mut values = Map::new();
        match set(text, typing, &mut values) {
            Ok(()) => json(&Value::Map(values)),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn assignments_are_read_as_helm_reads_them() {
        for (text, result) in [
            ("a.b=1,c=x", r#"{a: {b: 1}, c: "x"}"#),
            ("a={x,1,true}", r#"{a: ["x", 1, true]}"#),
            ("a={x}b=2", r#"{a: ["x"], b: 2}"#),
            ("a={}", r#"{a: [""]}"#),
            ("a=x{y,b=2", r#"{a: "x{y", b: 2}"#),
            (r"a\.b=c\,d", r#"{a.b: "c,d"}"#),
            ("a[1]=x", r#"{a: [null, "x"]}"#),
            ("a[0].b=1,a[0].c=2", "{a: [{b: 1, c: 2}]}"),
            ("a[0][1]=7", "{a: [[null, 7]]}"),
            ("a=", r#"{a: ""}"#),
            ("a=,b=1", r#"{a: "", b: 1}"#),
            (
                "a=TRUE,b=Null,c=007,d=0,e=1.5",
                r#"{a: true, b: null, c: "007", d: 0, e: "1.5"}"#,
            ),
            ("a=+5,b=-0", "{a: 5, b: 0}"),
            ("=x", "{}"),
            (".a=1", "{}"),
            ("", "{}"),
            ("a", r#"error: key "a" has no value"#),
            ("a,b=1", r#"error: key "a" has no value"#),
            (
                "a=1,a.b=2",
                r#"error: "a" is set already, and not to a map"#,
            ),
            ("a={x", "error: a list must end with '}'"),
            ("a[x]=1", r#"error: "x" is not a position in a list"#),
        ] {
            assert_eq!(values(text, Typing::Typed), result, "{text}");
        }
        assert_eq!(
            values("a=true,b={1,null}", Typing::String),
            r#"{a: "true", b: ["1", "null"]}"#
        );
    }

    #[test]
    fn a_path_is_one_path() {
        for text in ["a", "a.b", r"a\.b.c", "a[0]", "a[0][1].b", "{a}.b", "a.*"] {
            let path = path(text).unwrap();
            assert_eq!(write_path(&path).unwrap(), text);
        }
        for text in [
            "", "a=1", "a,b", "a.", ".a", "a..b", "a[", "a[0]b", "a[0].", r"a\", "[0]", "a[-1]",
        ] {
            assert!(path(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn paths_are_read_back(keys in prop::collection::vec(
            prop_oneof!["[a-z.,={}\\[\\]\\\\*]{1,6}".prop_map(Segment::Key), (0usize..9).prop_map(Segment::Index)], 1..6,
        )) {
            let path = Path::new(keys);
            let Ok(text) = write_path(&path) else { return Ok(()) };
            prop_assert_eq!(super::path(&text), Ok(path.clone()));
            let mut values = Map::new();
            set(&format!("{text}=x"), Typing::Typed, &mut values).unwrap();
            let values = Value::Map(values);
            prop_assert_eq!(path.get(&values), Some(&Value::from("x")));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a-c.,={}\\[\\]\\\\0-3-]{0,20}") {
            let mut values = Map::new();
            let _ = set(&text, Typing::Typed, &mut values);
            let _ = path(&text);
        }
    }
}
