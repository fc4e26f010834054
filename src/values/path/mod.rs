//! Paths into values, written as in `helm --set`.
//!
//! Dots separate keys, `\` takes the next character as it is, `[0]` is a list item by position. On
//! top of Helm's form there are selections: `[name=web]` is the list item whose `name` is `web`, `*`
//! any key of one map, `[*]` any item of one list, `**` any number of keys, and `[""]` the empty key,
//! which Helm cannot write. A star inside a key or the value of a selection (`image*`, `[name=web-*]`)
//! stands for any part of it. A path without these wildcards names one place and is *concrete*; any path
//! can be used as a pattern.
//!
//! Keys are Helm's names ([`super::key`]). Displaying a path and parsing it again gives the same
//! path; the root, which has no segments, displays as nothing and is not parsed.

mod matching;
mod pattern;
mod text;

use std::cmp::{Ordering, Reverse};

pub use matching::PatternMatch;
pub use pattern::Pattern;

use super::coalesce::GLOBAL;
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
    /// Any key of a map that fits: `image*`.
    KeyPattern(Pattern),
    /// The items of a list of maps whose `key` has a scalar that fits: `[name=web-*]`.
    SelectPattern {
        /// The key looked at in each item.
        key: String,
        /// The pattern that its value, as text, has to fit.
        value: Pattern,
    },
    /// Any key of a map: `*`.
    AnyKey,
    /// Any item of a list: `[*]`.
    AnyItem,
    /// Any number of keys, also none: `**`. A path has at most one.
    AnyDepth,
}

/// The rank of the end of a path beside the segments of others.
const END: (u8, Reverse<usize>) = (4, Reverse(0));

/// A place in values, or a pattern for places.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(Vec<Segment>);

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at position {position}")]
pub struct PathError {
    /// The kind of error.
    pub kind: PathErrorKind,
    /// The byte offset in the text.
    pub position: usize,
}

/// The kinds of errors in the text of a path.
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
    /// Two stars that are not a key of their own, or a second `**`.
    #[error(
        "'**' is a key of its own, and a path has at most one (a star that is meant is written '\\*')"
    )]
    Depth,
    /// Text directly behind `]`.
    #[error("expected '.', '[' or the end after ']'")]
    AfterBrackets,
}

impl Segment {
    /// True if it can stand for more than one place of the same collection.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.captures() > 0
    }

    /// True if it stands for keys of maps, and not for items of a list.
    #[must_use]
    pub fn is_key(&self) -> bool {
        match self {
            Self::Key(_) | Self::KeyPattern(_) | Self::AnyKey | Self::AnyDepth => true,
            Self::Index(_) | Self::Select { .. } | Self::SelectPattern { .. } | Self::AnyItem => {
                false
            }
        }
    }

    /// The number of captures.
    #[must_use]
    pub fn captures(&self) -> usize {
        match self {
            Self::Key(_) | Self::Index(_) | Self::Select { .. } => 0,
            Self::KeyPattern(pattern) | Self::SelectPattern { value: pattern, .. } => {
                pattern.stars()
            }
            Self::AnyKey | Self::AnyItem | Self::AnyDepth => 1,
        }
    }

    /// The looseness of a segment, less being more specific: a key or position before a selection, that before a
    /// pattern with a star in it, with more other characters first, then a star alone, then the end of a path, and `**`
    /// last.
    fn looseness(&self) -> (u8, Reverse<usize>) {
        let (class, fixed) = match self {
            Self::Key(_) | Self::Index(_) => (0, 0),
            Self::Select { .. } => (1, 0),
            Self::KeyPattern(pattern) | Self::SelectPattern { value: pattern, .. } => {
                (2, pattern.fixed())
            }
            Self::AnyKey | Self::AnyItem => (3, 0),
            Self::AnyDepth => (5, 0),
        };
        (class, Reverse(fixed))
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

    /// True for the root.
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

    /// True for `global`, which Helm hands to every sub-chart, and all below it.
    #[must_use]
    pub fn is_global(&self) -> bool {
        matches!(self.0.first(), Some(Segment::Key(key)) if key == GLOBAL)
    }

    /// True if it has `**`, and so no depth of its own.
    #[must_use]
    pub fn is_deep(&self) -> bool {
        self.0.contains(&Segment::AnyDepth)
    }

    /// True if it has no wildcard.
    #[must_use]
    pub fn is_concrete(&self) -> bool {
        !self.0.iter().any(Segment::is_wildcard)
    }

    /// True if the segments begin with those of `prefix`, wildcards taken literally. Every path begins with itself and
    /// with the root.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// The segments behind `prefix`, if the path begins with it.
    #[must_use]
    pub fn strip_prefix(&self, prefix: &Self) -> Option<Self> {
        Some(Self(self.0.strip_prefix(prefix.0.as_slice())?.to_vec()))
    }

    /// True if one of the two contains the other, or both are the same; wildcards taken literally.
    #[must_use]
    pub fn is_related(&self, other: &Self) -> bool {
        self.starts_with(other) || other.starts_with(self)
    }

    /// Orders paths that name one place for "the most specific wins": less is more specific. First comes the
    /// one that is more literal where the two differ first, from the left, then the one whose text comes
    /// first. Of paths that name different places the one whose
    /// place is further down is more specific; that is for the caller to see.
    #[must_use]
    pub fn specificity(&self, other: &Self) -> Ordering {
        let looseness = |path: &Self| -> Vec<_> {
            let segments = path.0.iter().map(Segment::looseness);
            segments.chain([END]).collect()
        };
        looseness(self)
            .cmp(&looseness(other))
            // Of two that are equally loose the same one must win in every run.
            .then_with(|| self.to_string().cmp(&other.to_string()))
    }

    /// The value at a concrete path; of several items that a selection fits, the first.
    #[must_use]
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0
            .iter()
            .try_fold(root, |value, segment| match (segment, value) {
                (Segment::Key(key), Value::Map(map)) => map.get(key),
                (Segment::Index(index), Value::List(items)) => items.get(*index),
                (Segment::Select { key, value }, Value::List(items)) => items
                    .iter()
                    .find(|item| matching::is_selected(item, key, value)),
                _ => None,
            })
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}
