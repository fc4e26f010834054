//! The meaning of an expression of a template, as far as a user's values are in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::values::{Path, Segment};

/// Most places that one expression stands for; more are taken as looked at whole.
pub(super) const MOST_PLACES: usize = 64;

/// The meanings of an expression: it can be any of those in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Meaning {
    /// Places in the values.
    pub places: BTreeSet<Path>,
    /// The dots of templates: everything of a chart whose values stand at a place.
    pub contexts: BTreeSet<Path>,
    /// A map or list that a template makes; `*` are keys that are worked out, `#0` is an item.
    pub made: BTreeMap<String, Meaning>,
    /// A text that is known.
    pub text: Option<String>,
}

/// The sign in front of the position of an item in a list that is made.
pub(super) const POSITION: char = '#';

/// The key of what is made under a name that is worked out.
pub(super) const ANY: &str = "*";

impl Meaning {
    pub fn empty() -> Self {
        Self::default()
    }

    pub fn place(path: Path) -> Self {
        Self {
            places: BTreeSet::from([path]),
            ..Self::default()
        }
    }

    pub fn context(path: Path) -> Self {
        Self {
            contexts: BTreeSet::from([path]),
            ..Self::default()
        }
    }

    pub fn text(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// A map or list of which nothing is known but what can be in it.
    pub fn holding(inner: Self) -> Self {
        Self {
            made: BTreeMap::from([(ANY.to_owned(), inner)]),
            ..Self::default()
        }
    }

    /// The same without the order of a list: what is in it can be anywhere.
    pub fn in_any_order(mut self) -> Self {
        let items: Vec<String> = self
            .made
            .keys()
            .filter(|key| key.starts_with(POSITION))
            .cloned()
            .collect();
        for item in items {
            if let Some(inner) = self.made.remove(&item) {
                self.made
                    .entry(ANY.to_owned())
                    .or_default()
                    .add_meaning(inner);
            }
        }
        self
    }

    pub fn is_nothing(&self) -> bool {
        self.places.is_empty() && self.contexts.is_empty() && self.made.is_empty()
    }

    /// Either of the two.
    pub fn either_or(mut self, other: Self) -> Self {
        self.add_meaning(other);
        self
    }

    pub fn add_meaning(&mut self, other: Self) {
        self.places.extend(other.places);
        self.contexts.extend(other.contexts);
        for (key, value) in other.made {
            self.made.entry(key).or_default().add_meaning(value);
        }
        // Of two texts neither is known.
        if self.text != other.text && !(self.text.is_none() || other.text.is_none()) {
            self.text = None;
        } else {
            self.text = self.text.take().or(other.text);
        }
    }

    /// Everything in it, however deep it is wrapped up; nothing in it is nested deeper than a template makes maps.
    pub fn all_places(&self, out: &mut BTreeSet<Path>, contexts: &mut BTreeSet<Path>) {
        out.extend(self.places.iter().cloned());
        contexts.extend(self.contexts.iter().cloned());
        for inner in self.made.values() {
            inner.all_places(out, contexts);
        }
    }

    /// The size.
    pub fn size(&self) -> usize {
        let inner: usize = self.made.values().map(|inner| 1 + inner.size()).sum();
        self.places.len() + self.contexts.len() + inner
    }

    /// The depth of the maps that are made in it.
    pub fn depth(&self) -> usize {
        let inner = self.made.values().map(|inner| 1 + inner.depth());
        inner.max().unwrap_or(0)
    }

    /// The meaning of a key; of any key for `None`, which is worked out. `global` of a bundled chart is the global of
    /// all.
    pub fn field_meaning(&self, key: Option<&str>) -> Self {
        let mut found = Self::default();
        for path in &self.places {
            found.places.insert(match key {
                Some(key) => path.key(key),
                None => path.join(Segment::AnyKey),
            });
            if key == Some("global") && !path.is_root() {
                found.places.insert(Path::root().key("global"));
            }
        }
        for context in &self.contexts {
            match key {
                Some("Values") => found.add_meaning(Self::place(context.clone())),
                Some("Subcharts") => {
                    // `.Subcharts.x.Values` is what stands at `x`.
                    let below = Self::place(context.join(Segment::AnyKey));
                    found.add_meaning(Self::holding(Self {
                        made: BTreeMap::from([("Values".to_owned(), below)]),
                        ..Self::default()
                    }));
                }
                Some(_) => {}
                None => found.add_meaning(Self::place(context.clone())),
            }
        }
        match key {
            Some(key) => {
                for name in [key, ANY] {
                    if let Some(inner) = self.made.get(name) {
                        found.add_meaning(inner.clone());
                    }
                }
            }
            None => {
                for inner in self.made.values() {
                    found.add_meaning(inner.clone());
                }
            }
        }
        found
    }
}
