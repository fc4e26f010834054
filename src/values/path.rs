//! Paths into values, written as in `helm --set`.
//!
//! Dots separate keys, `\` takes the next character as it is, `[0]` is a list item by position. On
//! top of Helm's form there are selections: `[name=web]` is the list item whose `name` is `web`, `*`
//! any key of one map, `[*]` any item of one list, and `[""]` the empty key, which Helm cannot write.
//! A path without `*` and `[*]` names one place and is *concrete*; any path can be used as a pattern.
//!
//! Keys are Helm's names ([`super::key`]). Displaying a path and parsing it again gives the same
//! path; the root, which has no segments, displays as nothing and is not parsed.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::value::Value;

/// The largest index, as in Helm.
pub const MAX_INDEX: usize = 65_536;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A key of a map.
    Key(String),
    /// An item of a list by position, from 0.
    Index(usize),
    /// The item of a list of maps whose `key` has the scalar `value` (compared as text).
    Select {
        /// The key looked at in each item.
        key: String,
        /// The text its value has.
        value: String,
    },
    /// Any key of a map: `*`.
    AnyKey,
    /// Any item of a list: `[*]`.
    AnyItem,
}

/// A place in values, or a pattern for places.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(Vec<Segment>);

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at position {position}")]
pub struct PathError {
    /// What is wrong.
    pub kind: PathErrorKind,
    /// Where, as a byte offset into the text.
    pub position: usize,
}

/// What is wrong with the text of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathErrorKind {
    /// The text is empty.
    #[error("the path is empty")]
    Empty,
    /// Nothing stands between two dots, or beside one.
    #[error("a key is missing (the empty key is written [\"\"])")]
    MissingKey,
    /// A `\` at the end.
    #[error("nothing follows the backslash")]
    DanglingEscape,
    /// `=` or `,` in a key; Helm ends the key there.
    #[error("'{0}' must be written '\\{0}' in a key")]
    Unescaped(char),
    /// A `[` without its `]`.
    #[error("'[' is not closed")]
    Unclosed,
    /// Something other than a position, `*`, `key=value` or `""` in brackets.
    #[error("expected a position, '*' or 'key=value' in the brackets")]
    BadBrackets,
    /// A position beyond [`MAX_INDEX`].
    #[error("the position is larger than {MAX_INDEX}")]
    IndexTooLarge,
    /// Text directly behind `]`.
    #[error("expected '.', '[' or the end after ']'")]
    AfterBrackets,
}

impl Segment {
    /// Whether it can stand for more than one place of the same collection.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyKey | Self::AnyItem)
    }

    /// How many captures it has.
    #[must_use]
    pub fn captures(&self) -> usize {
        usize::from(self.is_wildcard())
    }

    /// Captures as it could have them.
    pub(crate) fn sample(&self) -> Vec<String> {
        match self {
            Self::AnyItem => vec!["0".to_owned()],
            other => vec!["x".to_owned(); other.captures()],
        }
    }

    /// 0 for a key or position, 1 for a selection, 2 for a wildcard.
    fn looseness(&self) -> u8 {
        match self {
            Self::Key(_) | Self::Index(_) => 0,
            Self::Select { .. } => 1,
            Self::AnyKey | Self::AnyItem => 2,
        }
    }

    /// What a wildcard stands for when it meets this segment; the text of a capture.
    fn capture(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Index(index) => index.to_string(),
            Self::Select { value, .. } => value.clone(),
            Self::AnyKey | Self::AnyItem => "*".to_owned(),
        }
    }

    fn may_meet(&self, other: &Self) -> bool {
        use Segment::{AnyItem, AnyKey, Index, Key, Select};
        match (self, other) {
            (Key(a), Key(b)) => a == b,
            (Index(a), Index(b)) => a == b,
            (Key(_) | AnyKey, Key(_) | AnyKey) => true,
            (Key(_) | AnyKey, _) | (_, Key(_) | AnyKey) => false,
            (Select { key: a, value: x }, Select { key: b, value: y }) => a != b || x == y,
            (AnyItem, _) | (_, AnyItem) | (Index(_), Select { .. }) | (Select { .. }, Index(_)) => {
                true
            }
        }
    }
}

impl Path {
    /// The root, which holds everything.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of segments.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }

    /// A path of keys, taken as they are.
    pub fn keys<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        keys.into_iter().map(|k| Segment::Key(k.into())).collect()
    }

    /// The segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The number of segments.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last segment, if it is not the root.
    #[must_use]
    pub fn last(&self) -> Option<&Segment> {
        self.0.last()
    }

    /// The path without its last segment.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The path and one more segment.
    #[must_use]
    pub fn join(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    /// The path and the key of a map below it.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.join(Segment::Key(key.into()))
    }

    /// The path and the position of an item below it.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(Segment::Index(index))
    }

    /// The other path, seen from this one: both in a row.
    #[must_use]
    pub fn concat(&self, below: &Self) -> Self {
        self.0.iter().chain(&below.0).cloned().collect()
    }

    /// Appends a segment.
    pub fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    /// Removes the last segment.
    pub fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }

    /// Whether it has no wildcard.
    #[must_use]
    pub fn is_concrete(&self) -> bool {
        !self.0.iter().any(Segment::is_wildcard)
    }

    /// Whether the segments begin with those of `prefix`, wildcards taken literally. Every path
    /// begins with itself and with the root.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// What follows `prefix`, if the path begins with it.
    #[must_use]
    pub fn strip_prefix(&self, prefix: &Self) -> Option<Self> {
        Some(Self(self.0.strip_prefix(prefix.0.as_slice())?.to_vec()))
    }

    /// Whether one of the two holds the other, or both are the same; wildcards taken literally.
    #[must_use]
    pub fn is_related(&self, other: &Self) -> bool {
        self.starts_with(other) || other.starts_with(self)
    }

    /// Matches a whole path against this pattern. The result has one text for each wildcard, in
    /// order. A selection matches only the same selection: a position alone does not tell what the
    /// item is ([`Path::find`] does).
    #[must_use]
    pub fn matches(&self, path: &Self) -> Option<Vec<String>> {
        (self.depth() == path.depth()).then(|| self.matches_prefix(path))?
    }

    /// Matches the beginning of a path against this pattern: does the pattern cover a place that
    /// holds the path? The result is as for [`Path::matches`].
    #[must_use]
    pub fn matches_prefix(&self, path: &Self) -> Option<Vec<String>> {
        if self.depth() > path.depth() {
            return None;
        }
        let mut captures = Vec::new();
        for (pattern, segment) in self.0.iter().zip(&path.0) {
            match (pattern, segment) {
                (Segment::AnyKey, Segment::Key(_) | Segment::AnyKey)
                | (
                    Segment::AnyItem,
                    Segment::Index(_) | Segment::Select { .. } | Segment::AnyItem,
                ) => captures.push(segment.capture()),
                (pattern, segment) if pattern == segment => {}
                _ => return None,
            }
        }
        Some(captures)
    }

    /// Whether some values may have a place that both patterns name, or a place named by one inside
    /// a place named by the other.
    #[must_use]
    pub fn may_overlap(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a.may_meet(b))
    }

    /// Orders paths for "the most specific wins": less is more specific. Longer comes first, then the
    /// path whose segments are more literal from the left, then the order of the text.
    #[must_use]
    pub fn specificity(&self, other: &Self) -> Ordering {
        let looseness =
            |path: &Self| -> Vec<u8> { path.0.iter().map(Segment::looseness).collect() };
        other
            .depth()
            .cmp(&self.depth())
            .then_with(|| looseness(self).cmp(&looseness(other)))
            .then_with(|| self.cmp(other))
    }

    /// Fills the wildcards with captures, in order; positions for `[*]` must be numbers. `None` if a
    /// capture is missing or does not fit.
    #[must_use]
    pub fn fill(&self, captures: &[String]) -> Option<Self> {
        let mut captures = captures.iter();
        self.0
            .iter()
            .map(|segment| match segment {
                Segment::AnyKey => captures.next().cloned().map(Segment::Key),
                Segment::AnyItem => Some(Segment::Index(captures.next()?.parse().ok()?)),
                other => Some(other.clone()),
            })
            .collect()
    }

    /// The value at a concrete path; of several items that a selection fits, the first.
    #[must_use]
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0
            .iter()
            .try_fold(root, |value, segment| match (segment, value) {
                (Segment::Key(key), Value::Map(map)) => map.get(key),
                (Segment::Index(index), Value::List(items)) => items.get(*index),
                (Segment::Select { key, value }, Value::List(items)) => {
                    items.iter().find(|item| is_selected(item, key, value))
                }
                _ => None,
            })
    }

    /// Every place in `root` that the pattern names, in the order of the values. Places are given by
    /// keys and positions.
    #[must_use]
    pub fn find<'v>(&self, root: &'v Value) -> Vec<Match<'v>> {
        let mut found = vec![Match {
            path: Self::root(),
            captures: Vec::new(),
            value: root,
        }];
        for segment in &self.0 {
            let mut next = Vec::new();
            for place in found {
                place.step(segment, &mut next);
            }
            found = next;
        }
        found
    }
}

/// A place that a pattern names.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'v> {
    /// The place, by keys and positions.
    pub path: Path,
    /// What each wildcard stands for.
    pub captures: Vec<String>,
    /// What is there.
    pub value: &'v Value,
}

impl<'v> Match<'v> {
    fn step(self, segment: &Segment, out: &mut Vec<Self>) {
        let mut below = |at: Segment, value: &'v Value| {
            let mut captures = self.captures.clone();
            if segment.is_wildcard() {
                captures.push(at.capture());
            }
            out.push(Self {
                path: self.path.join(at),
                captures,
                value,
            });
        };
        match (segment, self.value) {
            (Segment::Key(key), Value::Map(map)) => {
                if let Some(value) = map.get(key) {
                    below(segment.clone(), value);
                }
            }
            (Segment::AnyKey, Value::Map(map)) => {
                for (key, value) in map {
                    below(Segment::Key(key.clone()), value);
                }
            }
            (Segment::Index(index), Value::List(items)) => {
                if let Some(value) = items.get(*index) {
                    below(segment.clone(), value);
                }
            }
            (Segment::AnyItem | Segment::Select { .. }, Value::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let fits = match segment {
                        Segment::Select { key, value } => is_selected(item, key, value),
                        _ => true,
                    };
                    if fits {
                        below(Segment::Index(index), item);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_selected(item: &Value, key: &str, value: &str) -> bool {
    item.as_map()
        .and_then(|map| map.get(key)?.scalar_text())
        .is_some_and(|text| text == value)
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            match segment {
                Segment::Key(key) if key.is_empty() => f.write_str("[\"\"]")?,
                Segment::Key(key) if key == "*" => write!(f, "{dot}\\*")?,
                Segment::Key(key) => {
                    f.write_str(dot)?;
                    escape(f, key, &['\\', '.', '[', '=', ','])?;
                }
                Segment::AnyKey => write!(f, "{dot}*")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::AnyItem => f.write_str("[*]")?,
                Segment::Select { key, value } => {
                    f.write_str("[")?;
                    escape(f, key, &['\\', '=', ']'])?;
                    f.write_str("=")?;
                    escape(f, value, &['\\', ']'])?;
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str, special: &[char]) -> fmt::Result {
    for c in text.chars() {
        if special.contains(&c) {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    Ok(())
}

impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<String>()
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Parser { text, at: 0 }.path()
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn path(mut self) -> Result<Path, PathError> {
        if self.text.is_empty() {
            return Err(self.error(PathErrorKind::Empty));
        }
        let mut segments = Vec::new();
        if self.peek() != Some('[') {
            segments.push(self.key()?);
        }
        while let Some(c) = self.peek() {
            match c {
                '.' => {
                    self.at += 1;
                    segments.push(self.key()?);
                }
                '[' => segments.push(self.brackets()?),
                _ => return Err(self.error(PathErrorKind::AfterBrackets)),
            }
        }
        Ok(Path(segments))
    }

    /// A key up to `.`, `[` or the end.
    fn key(&mut self) -> Result<Segment, PathError> {
        let start = self.at;
        let mut key = String::new();
        while let Some(c) = self.peek() {
            match c {
                '.' | '[' => break,
                '=' | ',' => return Err(self.error(PathErrorKind::Unescaped(c))),
                _ => key.push(self.character()?),
            }
        }
        match &self.text[start..self.at] {
            "" => Err(self.error(PathErrorKind::MissingKey)),
            "*" => Ok(Segment::AnyKey),
            _ => Ok(Segment::Key(key)),
        }
    }

    /// `[...]`.
    fn brackets(&mut self) -> Result<Segment, PathError> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        let mut content = String::new();
        let mut key = None;
        loop {
            match self.peek() {
                None => {
                    return Err(PathError {
                        kind: PathErrorKind::Unclosed,
                        position: open,
                    });
                }
                Some(']') => break,
                Some('=') if key.is_none() => {
                    self.at += 1;
                    key = Some(std::mem::take(&mut content));
                }
                Some(_) => content.push(self.character()?),
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        let error = |kind| PathError {
            kind,
            position: start,
        };
        if let Some(key) = key {
            return Ok(Segment::Select {
                key,
                value: content,
            });
        }
        match raw {
            "*" => Ok(Segment::AnyItem),
            "\"\"" => Ok(Segment::Key(String::new())),
            "" => Err(error(PathErrorKind::BadBrackets)),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|&index| index <= MAX_INDEX)
                .map(Segment::Index)
                .ok_or_else(|| error(PathErrorKind::IndexTooLarge)),
            _ => Err(error(PathErrorKind::BadBrackets)),
        }
    }

    /// One character, or the one behind a backslash.
    fn character(&mut self) -> Result<char, PathError> {
        let mut chars = self.text[self.at..].chars();
        let escape = self.at;
        let mut c = chars.next();
        if c == Some('\\') {
            self.at += 1;
            c = chars.next();
        }
        let c = c.ok_or(PathError {
            kind: PathErrorKind::DanglingEscape,
            position: escape,
        })?;
        self.at += c.len_utf8();
        Ok(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn error(&self, kind: PathErrorKind) -> PathError {
        PathError {
            kind,
            position: self.at,
        }
    }
}
