//! Paths, places, and which path owns a leaf.

use std::cmp::Ordering;

use refit::values::{Path, Segment};
use serde_json::Value as Json;

/// A text in which stars stand for any text: the pieces between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(pub Vec<String>);

impl Pattern {
    fn literal(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }

    pub fn stars(&self) -> usize {
        self.0.len() - 1
    }

    /// What the stars stand for.
    pub fn captures(&self, text: &str) -> Option<Vec<String>> {
        let (first, rest) = self.0.split_first()?;
        let mut text = text.strip_prefix(first.as_str())?;
        let Some((last, middle)) = rest.split_last() else {
            return text.is_empty().then(Vec::new);
        };
        let mut captures = Vec::new();
        for piece in middle {
            let (captured, behind) = text.split_once(piece.as_str())?;
            captures.push(captured.to_owned());
            text = behind;
        }
        captures.push(text.strip_suffix(last.as_str())?.to_owned());
        Some(captures)
    }

    fn fill(&self, captures: &mut impl Iterator<Item = Capture>) -> Option<String> {
        let mut text = self.0[0].clone();
        for piece in &self.0[1..] {
            let Capture::Text(captured) = captures.next()? else {
                return None;
            };
            text.push_str(&captured);
            text.push_str(piece);
        }
        Some(text)
    }
}

/// A segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seg {
    Key(Pattern),
    Nth(usize),
    Item { by: String, is: Pattern },
    AnyItem,
    Deep,
}

/// What a wildcard stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    Text(String),
    Item(usize),
    Keys(Vec<String>),
}

impl Capture {
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Item(i) => i.to_string(),
            Self::Keys(keys) => Path::keys(keys.iter().cloned()).to_string(),
        }
    }
}

/// The captures as a name for expressions has them.
pub fn joined(captures: &[Capture]) -> String {
    let texts: Vec<String> = captures.iter().map(Capture::text).collect();
    texts.join(".")
}

/// A step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum At {
    Key(String),
    Item(usize),
}

/// A place in a snapshot.
pub type Place = Vec<At>;

/// A path as the page describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub text: String,
    pub segs: Vec<Seg>,
}

impl Selector {
    pub fn new(text: &str) -> Result<Self, String> {
        let path: Path = text.parse().map_err(|e| format!("{text}: {e}"))?;
        Ok(Self {
            text: text.to_owned(),
            segs: path.segments().iter().map(seg).collect(),
        })
    }

    pub fn has_captures(&self) -> bool {
        self.segs.iter().any(|seg| match seg {
            Seg::Key(pattern) | Seg::Item { is: pattern, .. } => pattern.stars() > 0,
            Seg::AnyItem | Seg::Deep => true,
            Seg::Nth(_) => false,
        })
    }

    /// The places that it matches, in the order of the file.
    pub fn find(&self, root: &Json) -> Vec<(Place, Vec<Capture>)> {
        find(&self.segs, root)
    }

    /// The lists whose items it selects.
    pub fn lists(&self, root: &Json) -> Vec<Place> {
        let mut lists = Vec::new();
        for (i, seg) in self.segs.iter().enumerate() {
            if matches!(seg, Seg::Nth(_) | Seg::Item { .. } | Seg::AnyItem) {
                let above = find(&self.segs[..i], root);
                let above = above.into_iter().map(|(place, _)| place);
                lists.extend(above.filter(|place| get(root, place).is_some_and(Json::is_array)));
            }
        }
        lists
    }

    /// Less is more specific, of two that name the same place.
    pub fn specificity(&self, other: &Self) -> Ordering {
        let end = (4, 0);
        for i in 0..self.segs.len().max(other.segs.len()) {
            let rank = |selector: &Self| selector.segs.get(i).map_or(end, rank);
            let different = rank(self).cmp(&rank(other));
            if different.is_ne() {
                return different;
            }
        }
        self.text.cmp(&other.text)
    }
}

/// A plain key or position before a selection, that before what has a star in it (the more other characters the
/// better), then a star alone, then the end, `**` last.
fn rank(seg: &Seg) -> (u8, i64) {
    let starred = |pattern: &Pattern| {
        let others = pattern.0.iter().map(|piece| piece.chars().count());
        (2, -(others.sum::<usize>() as i64))
    };
    match seg {
        Seg::Key(pattern) if pattern.stars() == 0 => (0, 0),
        Seg::Nth(_) => (0, 0),
        Seg::Item { is, .. } if is.stars() == 0 => (1, 0),
        Seg::Key(Pattern(pieces)) if *pieces == ["", ""] => (3, 0),
        Seg::Key(pattern) | Seg::Item { is: pattern, .. } => starred(pattern),
        Seg::AnyItem => (3, 0),
        Seg::Deep => (5, 0),
    }
}

fn seg(segment: &Segment) -> Seg {
    match segment {
        Segment::Key(key) => Seg::Key(Pattern::literal(key)),
        Segment::Index(i) => Seg::Nth(*i),
        Segment::Select { key, value } => Seg::Item {
            by: key.clone(),
            is: Pattern::literal(value),
        },
        Segment::KeyPattern(pattern) => Seg::Key(Pattern(pattern.pieces().to_vec())),
        Segment::SelectPattern { key, value } => Seg::Item {
            by: key.clone(),
            is: Pattern(value.pieces().to_vec()),
        },
        Segment::AnyKey => Seg::Key(Pattern(vec![String::new(), String::new()])),
        Segment::AnyItem => Seg::AnyItem,
        Segment::AnyDepth => Seg::Deep,
    }
}

fn find(segs: &[Seg], root: &Json) -> Vec<(Place, Vec<Capture>)> {
    let mut found = vec![(Vec::new(), Vec::new())];
    for seg in segs {
        let mut next = Vec::new();
        for (place, captures) in found {
            let value = get(root, &place).expect("it was found");
            for (below, captured) in matches(seg, value) {
                let place = place.iter().cloned().chain(below).collect();
                let captures = captures.iter().cloned().chain(captured).collect();
                next.push((place, captures));
            }
        }
        found = next;
    }
    found
}

fn matches(seg: &Seg, value: &Json) -> Vec<(Place, Vec<Capture>)> {
    let texts = |texts: Vec<String>| texts.into_iter().map(Capture::Text).collect();
    match (seg, value) {
        (Seg::Key(pattern), Json::Object(map)) => map
            .keys()
            .filter_map(|key| Some((vec![At::Key(key.clone())], texts(pattern.captures(key)?))))
            .collect(),
        (Seg::Nth(i), Json::Array(items)) => (items.get(*i).iter())
            .map(|_| (vec![At::Item(*i)], Vec::new()))
            .collect(),
        (Seg::Item { by, is }, Json::Array(items)) => (items.iter().enumerate())
            .filter_map(|(i, item)| {
                let named = as_text(item.as_object()?.get(by)?)?;
                Some((vec![At::Item(i)], texts(is.captures(&named)?)))
            })
            .collect(),
        (Seg::AnyItem, Json::Array(items)) => (0..items.len())
            .map(|i| (vec![At::Item(i)], vec![Capture::Item(i)]))
            .collect(),
        (Seg::Deep, _) => {
            let mut found = Vec::new();
            deep(value, &mut Vec::new(), &mut found);
            found
        }
        _ => Vec::new(),
    }
}

/// Any number of keys, none first.
fn deep(value: &Json, keys: &mut Vec<String>, found: &mut Vec<(Place, Vec<Capture>)>) {
    let place = keys.iter().cloned().map(At::Key).collect();
    found.push((place, vec![Capture::Keys(keys.clone())]));
    if let Json::Object(map) = value {
        for (key, value) in map {
            keys.push(key.clone());
            deep(value, keys, found);
            keys.pop();
        }
    }
}

/// A scalar as `helm --set` would have it written.
pub fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

pub fn get<'v>(root: &'v Json, place: &[At]) -> Option<&'v Json> {
    place.iter().try_fold(root, |value, at| match at {
        At::Key(key) => value.as_object()?.get(key),
        At::Item(i) => value.as_array()?.get(*i),
    })
}

/// A step into values that are being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Key(String),
    /// The item that stood, or would stand, at this position of the snapshot.
    Slot(usize),
    /// The item at this position of what is left.
    Nth(usize),
    Named {
        by: String,
        is: String,
    },
}

/// The destination of a move: positions are those of the snapshot.
pub fn fill_move(to: &Selector, captures: &[Capture]) -> Option<Vec<To>> {
    let filled = fill(to, captures)?.into_iter();
    let slot = |to| match to {
        To::Nth(i) => To::Slot(i),
        other => other,
    };
    Some(filled.map(slot).collect())
}

/// A destination with its captures filled in.
pub fn fill(to: &Selector, captures: &[Capture]) -> Option<Vec<To>> {
    let mut captures = captures.iter().cloned();
    let mut filled = Vec::new();
    for seg in &to.segs {
        match seg {
            Seg::Key(pattern) => filled.push(To::Key(pattern.fill(&mut captures)?)),
            Seg::Nth(i) => filled.push(To::Nth(*i)),
            Seg::Item { by, is } => filled.push(To::Named {
                by: by.clone(),
                is: is.fill(&mut captures)?,
            }),
            Seg::AnyItem => match captures.next()? {
                Capture::Item(i) => filled.push(To::Slot(i)),
                _ => return None,
            },
            Seg::Deep => match captures.next()? {
                Capture::Keys(keys) => filled.extend(keys.into_iter().map(To::Key)),
                _ => return None,
            },
        }
    }
    captures.next().is_none().then_some(filled)
}
