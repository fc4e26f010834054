//! The things that patterns name: places in values, other paths, and what their wildcards stand for there.
//!
//! A capture is a text: a key, a position, what a star of a part stands for, or, for `**`, the keys as a path
//! is written (nothing if there is none). Which of these it is, the segment says that it is filled into.

use super::{Path, Segment};
use crate::values::value::Value;

/// A place that a pattern names.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternMatch<'v> {
    /// The place, by keys and positions.
    pub path: Path,
    /// The text that each wildcard stands for.
    pub captures: Vec<String>,
    /// The value at the place.
    pub value: &'v Value,
}

impl Segment {
    /// The text that a wildcard for one key or item captures of this segment.
    pub(crate) fn capture(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Index(index) => index.to_string(),
            Self::Select { value, .. } => value.clone(),
            Self::KeyPattern(_)
            | Self::SelectPattern { .. }
            | Self::AnyKey
            | Self::AnyItem
            | Self::AnyDepth => "*".to_owned(),
        }
    }

    /// Captures as it could have them; of `**` those of some keys, or of none.
    pub(crate) fn sample(&self, some: bool) -> Vec<String> {
        let text = match self {
            Self::AnyItem => "0",
            Self::AnyDepth if !some => "",
            _ => "x",
        };
        vec![text.to_owned(); self.captures()]
    }

    /// The texts that its wildcards capture of another segment, which may have wildcards itself; `None` if it does not
    /// cover it.
    pub(crate) fn meets(&self, other: &Self) -> Option<Vec<String>> {
        match (self, other) {
            (Self::AnyKey, Self::Key(_) | Self::AnyKey | Self::KeyPattern(_)) => {
                Some(vec![other.capture()])
            }
            (
                Self::AnyItem,
                Self::Index(_) | Self::Select { .. } | Self::SelectPattern { .. } | Self::AnyItem,
            ) => Some(vec![other.capture()]),
            (Self::KeyPattern(pattern), Self::Key(key)) => pattern.captures(key),
            (
                Self::SelectPattern {
                    key,
                    value: pattern,
                },
                Self::Select { key: theirs, value },
            ) if key == theirs => pattern.captures(value),
            (own, theirs) if own == theirs => Some(vec![theirs.capture(); own.captures()]),
            _ => None,
        }
    }

    /// True if both can stand for the same key or item; neither is `**`.
    fn may_meet(&self, other: &Self) -> bool {
        if self.is_key() != other.is_key() {
            return false;
        }
        match (self, other) {
            (Self::Key(a), Self::Key(b)) => a == b,
            (Self::Key(key), Self::KeyPattern(pattern))
            | (Self::KeyPattern(pattern), Self::Key(key)) => pattern.captures(key).is_some(),
            (Self::KeyPattern(a), Self::KeyPattern(b)) => a.may_meet(b),
            (Self::Index(a), Self::Index(b)) => a == b,
            (Self::Select { key: a, value: x }, Self::Select { key: b, value: y }) => {
                // One item can have both texts, each under its own key.
                a != b || x == y
            }
            (
                Self::Select { key: a, value },
                Self::SelectPattern {
                    key: b,
                    value: pattern,
                },
            )
            | (
                Self::SelectPattern {
                    key: b,
                    value: pattern,
                },
                Self::Select { key: a, value },
            ) => a != b || pattern.captures(value).is_some(),
            (
                Self::SelectPattern { key: a, value: x },
                Self::SelectPattern { key: b, value: y },
            ) => a != b || x.may_meet(y),
            // A position and a selection, or a star, can mean the same item.
            _ => true,
        }
    }
}

impl Path {
    /// Matches a whole path against this pattern. The result has one text for each capture, in order. A
    /// selection matches only a selection by the same key: a position alone does not tell what the item is
    /// ([`Path::find`] does).
    #[must_use]
    pub fn matches(&self, path: &Self) -> Option<Vec<String>> {
        let mut captures = Vec::new();
        cover(&self.0, &path.0, true, &mut captures).map(|_| captures)
    }

    /// Matches the beginning of a path against this pattern: does the pattern cover a place that
    /// holds the path? The result is as for [`Path::matches`].
    #[must_use]
    pub fn matches_prefix(&self, path: &Self) -> Option<Vec<String>> {
        self.covers(path).map(|(captures, _)| captures)
    }

    /// The same, with how many segments of the path lead to the place; of several the one furthest down.
    #[must_use]
    pub fn covers(&self, path: &Self) -> Option<(Vec<String>, usize)> {
        let mut captures = Vec::new();
        let depth = cover(&self.0, &path.0, false, &mut captures)?;
        Some((captures, depth))
    }

    /// True if some values may have a place that both patterns name, or a place named by one inside a place named by
    /// the other.
    #[must_use]
    pub fn may_overlap(&self, other: &Self) -> bool {
        overlap(&self.0, &other.0)
    }

    /// True if this pattern may name a place that another one names, or one that contains it.
    #[must_use]
    pub fn may_hold(&self, other: &Self) -> bool {
        hold(&self.0, &other.0)
    }

    /// Fills the wildcards with captures, in order; positions for `[*]` must be numbers. `None` if a
    /// capture is missing or does not fit.
    #[must_use]
    pub fn fill(&self, captures: &[String]) -> Option<Self> {
        let mut captures = captures.iter();
        let mut filled = Vec::with_capacity(self.0.len());
        for segment in &self.0 {
            filled.push(match segment {
                Segment::AnyKey => Segment::Key(captures.next()?.clone()),
                Segment::KeyPattern(pattern) => Segment::Key(pattern.fill(&mut captures)?),
                Segment::SelectPattern { key, value } => Segment::Select {
                    key: key.clone(),
                    value: value.fill(&mut captures)?,
                },
                Segment::AnyItem => Segment::Index(captures.next()?.parse().ok()?),
                Segment::AnyDepth => {
                    let keys = captures.next()?;
                    if !keys.is_empty() {
                        filled.extend(keys.parse::<Self>().ok()?.0);
                    }
                    continue;
                }
                other => other.clone(),
            });
        }
        Some(Self(filled))
    }

    /// Every place in `root` that the pattern names, in the order of the values. Places are given by
    /// keys and positions.
    #[must_use]
    pub fn find<'v>(&self, root: &'v Value) -> Vec<PatternMatch<'v>> {
        let mut found = vec![PatternMatch {
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

/// The number of segments of a path that lead to a place that a pattern names, as many as can be; with `whole` it is
/// all or none.
fn cover(
    pattern: &[Segment],
    path: &[Segment],
    whole: bool,
    captures: &mut Vec<String>,
) -> Option<usize> {
    let Some((segment, rest)) = pattern.split_first() else {
        return (!whole || path.is_empty()).then_some(0);
    };
    let known = captures.len();
    // Backtracking stays cheap because a path that was read has one `**` at most.
    if *segment == Segment::AnyDepth {
        let keys = path.iter().take_while(|at| at.is_key()).count();
        return (0..=keys).rev().find_map(|n| {
            captures.truncate(known);
            captures.push(Path(path[..n].to_vec()).to_string());
            Some(n + cover(rest, &path[n..], whole, captures)?)
        });
    }
    let (first, below) = path.split_first()?;
    captures.extend(segment.meets(first)?);
    Some(1 + cover(rest, below, whole, captures)?)
}

fn overlap(a: &[Segment], b: &[Segment]) -> bool {
    let (Some((first, a_rest)), Some((second, b_rest))) = (a.split_first(), b.split_first()) else {
        return true;
    };
    match (first, second) {
        (Segment::AnyDepth, _) => overlap(a_rest, b) || second.is_key() && overlap(a, b_rest),
        (_, Segment::AnyDepth) => overlap(b, a),
        _ => first.may_meet(second) && overlap(a_rest, b_rest),
    }
}

fn hold(above: &[Segment], below: &[Segment]) -> bool {
    let Some((first, above_rest)) = above.split_first() else {
        return true;
    };
    let Some((second, below_rest)) = below.split_first() else {
        return *first == Segment::AnyDepth && hold(above_rest, below);
    };
    match (first, second) {
        (Segment::AnyDepth, _) => {
            hold(above_rest, below) || second.is_key() && hold(above, below_rest)
        }
        (_, Segment::AnyDepth) => {
            hold(above, below_rest) || first.is_key() && hold(above_rest, below)
        }
        _ => first.may_meet(second) && hold(above_rest, below_rest),
    }
}

impl<'v> PatternMatch<'v> {
    fn step(self, segment: &Segment, out: &mut Vec<Self>) {
        let mut below = |at: Segment, captured: Vec<String>, value: &'v Value| {
            let captures = self.captures.iter().cloned().chain(captured);
            out.push(Self {
                path: self.path.join(at),
                captures: captures.collect(),
                value,
            });
        };
        match (segment, self.value) {
            (Segment::AnyDepth, value) => deep(&self, Path::root(), value, out),
            (Segment::Key(key), Value::Map(map)) => {
                if let Some(value) = map.get(key) {
                    below(segment.clone(), Vec::new(), value);
                }
            }
            (Segment::AnyKey | Segment::KeyPattern(_), Value::Map(map)) => {
                for (key, value) in map {
                    let at = Segment::Key(key.clone());
                    if let Some(captured) = segment.meets(&at) {
                        below(at, captured, value);
                    }
                }
            }
            (Segment::Index(index), Value::List(items)) => {
                if let Some(value) = items.get(*index) {
                    below(segment.clone(), Vec::new(), value);
                }
            }
            (
                Segment::AnyItem | Segment::Select { .. } | Segment::SelectPattern { .. },
                Value::List(items),
            ) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(captured) = segment.selects(index, |key| named(item, key)) {
                        below(Segment::Index(index), captured, item);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Segment {
    /// The texts that it captures of an item at a position; `None` if it does not select it. `named` gives the value of
    /// the item at a key, as text.
    pub(crate) fn selects<T: AsRef<str>>(
        &self,
        index: usize,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Vec<String>> {
        match self {
            Self::Index(i) => (*i == index).then(Vec::new),
            Self::AnyItem => Some(vec![index.to_string()]),
            Self::Select { key, value } => (named(key)?.as_ref() == value).then(Vec::new),
            Self::SelectPattern { key, value } => value.captures(named(key)?.as_ref()),
            Self::Key(_) | Self::KeyPattern(_) | Self::AnyKey | Self::AnyDepth => None,
        }
    }
}

/// The value at a place and, with their keys, those at all places below it in maps.
fn deep<'v>(
    above: &PatternMatch<'v>,
    keys: Path,
    value: &'v Value,
    out: &mut Vec<PatternMatch<'v>>,
) {
    let captured = std::iter::once(keys.to_string());
    out.push(PatternMatch {
        path: above.path.concat(&keys),
        captures: above.captures.iter().cloned().chain(captured).collect(),
        value,
    });
    for (key, value) in value.as_map().into_iter().flatten() {
        deep(above, keys.key(key), value, out);
    }
}

fn named<'v>(item: &'v Value, key: &str) -> Option<&'v str> {
    item.as_map()?.get(key)?.scalar_text()
}

pub(super) fn is_selected(item: &Value, key: &str, value: &str) -> bool {
    named(item, key).is_some_and(|text| text == value)
}
