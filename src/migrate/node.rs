//! Values with their provenance: a layer on its way through the migrations.
//!
//! A layer starts as one node, "the same as the text". Only what a step touches is spelled out, entry by
//! entry; everything else keeps pointing to where it came from. So a large file costs what is changed in
//! it, and whoever edits the text can see at a glance what stayed.

use std::{borrow::Cow, collections::HashSet};

use super::entries::Entries;
use crate::{
    values::{
        Map, Path, ReadError, Segment, Value, ValuesPart,
        view::{self, Via, View},
    },
    yaml::{self, NodeId},
};

/// The entries of a map of the text.
///
/// Layers are read whole before they are migrated, so that a map that cannot be read does not come here.
fn entries_of<'t>(view: &View<'t>, node: NodeId) -> Vec<view::MapEntry<'t>> {
    view.entries(node).unwrap_or_default().entries
}

fn is_map(view: &View<'_>, node: NodeId) -> bool {
    matches!(view.kind(node), Ok(view::ValueKind::Map))
}

fn is_alias(view: &View<'_>, node: NodeId) -> bool {
    view.tree().kind(node) == yaml::Kind::Alias
}

/// A value on its way: what it is now and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedValue {
    /// The origin.
    pub origin: ValueOrigin,
    /// The body.
    pub body: Body,
    /// Further leaves that became one with it.
    pub also: Vec<TextPlace>,
}

/// The origin of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueOrigin {
    /// It stands in a layer's text.
    Source(TextPlace),
    /// A step made it, out of these (none for a constant).
    Made {
        /// The leaves that it was made of.
        from: Vec<TextPlace>,
        /// The scalar whose written form (its quotes) it should have.
        like: Option<NodeId>,
    },
}

/// A place in a layer's text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextPlace {
    /// The layer, counted from the first one given.
    pub layer: usize,
    /// The path in that layer before any migration.
    pub path: Path,
    /// The node of the layer's YAML tree.
    pub node: NodeId,
    /// True if the node stands at that path itself, and not behind an alias or a merge key.
    pub direct: bool,
}

/// The body of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Exactly what stands at its source.
    Same,
    /// A scalar, or a value that a step made whole.
    Value(Value),
    /// A map whose entries have fates of their own.
    Map(Entries),
    /// A list whose items have fates of their own.
    List(Vec<TracedValue>),
}

/// An entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its key, by Helm's name.
    pub key: String,
    /// Its value.
    pub node: TracedValue,
    /// True if it was taken away; it keeps its place for an entry that comes instead.
    pub gone: bool,
    /// The key beside which it was put, if it was put there; the next one goes behind it.
    pub beside: Option<String>,
}

/// A place that a pattern found.
#[derive(Debug, Clone)]
pub struct FoundPlace {
    /// Its path, by keys and positions.
    pub path: Path,
    /// The text that each wildcard captured.
    pub captures: Vec<String>,
    /// The node.
    pub node: TracedValue,
}

/// A place on the way to what a pattern finds.
pub(super) struct Place {
    path: Path,
    captures: Vec<String>,
}

impl Place {
    fn at(&self, segment: Segment, captured: impl IntoIterator<Item = String>) -> Self {
        let mut captures = self.captures.clone();
        captures.extend(captured);
        Self {
            path: self.path.join(segment),
            captures,
        }
    }

    fn at_all(&self, keys: &Path) -> Self {
        Self {
            path: self.path.concat(keys),
            captures: self.captures.clone(),
        }
    }
}

impl TracedValue {
    /// The whole of a layer, untouched.
    #[must_use]
    pub fn layer(layer: usize, view: &View<'_>) -> Self {
        let source = TextPlace {
            layer,
            path: Path::root(),
            node: view.root(),
            direct: true,
        };
        Self {
            origin: ValueOrigin::Source(source),
            body: Body::Same,
            also: Vec::new(),
        }
    }

    /// A value made by a step.
    #[must_use]
    pub fn made_by_step(value: Value, from: Vec<TextPlace>, like: Option<NodeId>) -> Self {
        Self {
            origin: ValueOrigin::Made { from, like },
            body: Body::Value(value),
            also: Vec::new(),
        }
    }

    /// A place for a value, without one.
    pub(super) fn place() -> Self {
        Self {
            origin: ValueOrigin::Made {
                from: Vec::new(),
                like: None,
            },
            body: Body::Same,
            also: Vec::new(),
        }
    }

    /// True for a value, false for a place that was made for one. A null is a value: it is accounted for like any
    /// other.
    pub(super) fn is_value(&self) -> bool {
        !matches!(
            (&self.origin, &self.body),
            (ValueOrigin::Made { .. }, Body::Same)
        )
    }

    fn empty_map() -> Self {
        Self {
            origin: ValueOrigin::Made {
                from: Vec::new(),
                like: None,
            },
            body: Body::Map(Entries::default()),
            also: Vec::new(),
        }
    }

    /// The place in the text, if it came from there.
    #[must_use]
    pub fn source(&self) -> Option<&TextPlace> {
        match &self.origin {
            ValueOrigin::Source(source) => Some(source),
            ValueOrigin::Made { .. } => None,
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// If the text has something that Helm cannot read.
    pub fn value(&self, view: &View<'_>) -> Result<Value, ReadError> {
        Ok(match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => view.value(source.node)?,
            (Body::Same, ValueOrigin::Made { .. }) => Value::Null,
            (Body::Value(value), _) => value.clone(),
            (Body::Map(entries), _) => Value::Map(
                entries
                    .iter()
                    .filter(|entry| !entry.gone)
                    .map(|entry| Ok((entry.key.clone(), entry.node.value(view)?)))
                    .collect::<Result<Map, ReadError>>()?,
            ),
            // The places of items that went are no items.
            (Body::List(items), _) => Value::List(
                items
                    .iter()
                    .filter(|item| item.is_value())
                    .map(|item| item.value(view))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    /// The value of a part of it.
    ///
    /// # Errors
    ///
    /// If the text has something that Helm cannot read.
    pub fn part(&self, part: &ValuesPart, view: &View<'_>) -> Result<Value, ReadError> {
        match (part, &self.body, &self.origin) {
            (ValuesPart::Keys(_), Body::Same, ValueOrigin::Source(source)) => {
                view.part_below(source.node, part)
            }
            (ValuesPart::Keys(keys), Body::Map(entries), _) => Ok(Value::Map(
                entries
                    .iter()
                    .filter(|entry| !entry.gone)
                    .filter_map(|entry| Some((entry, keys.get(&entry.key)?)))
                    .map(|(entry, part)| Ok((entry.key.clone(), entry.node.part(part, view)?)))
                    .collect::<Result<Map, ReadError>>()?,
            )),
            _ => self.value(view),
        }
    }

    /// True for a map, an empty one included.
    #[must_use]
    pub fn is_map(&self, view: &View<'_>) -> bool {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => is_map(view, source.node),
            (Body::Same, ValueOrigin::Made { .. }) => false,
            (Body::Value(value), _) => matches!(value, Value::Map(_)),
            (Body::Map(_), _) => true,
            (Body::List(_), _) => false,
        }
    }

    /// The entries of a map that are still there, or nothing if it is none.
    #[must_use]
    pub fn entries(&self, view: &View<'_>) -> Vec<Entry> {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => entries_of(view, source.node)
                .into_iter()
                .map(|entry| Entry {
                    node: Self {
                        origin: ValueOrigin::Source(TextPlace {
                            layer: source.layer,
                            path: source.path.key(entry.name.as_ref()),
                            node: entry.value,
                            direct: source.direct && entry.via == Via::Direct,
                        }),
                        body: Body::Same,
                        also: Vec::new(),
                    },
                    key: entry.name.into_owned(),
                    gone: false,
                    beside: None,
                })
                .collect(),
            (Body::Value(Value::Map(map)), ValueOrigin::Made { from, .. }) => map
                .iter()
                .map(|(key, value)| Entry {
                    key: key.clone(),
                    // Which part of a value came of which source is not known where a step made it whole: each is
                    // made of all.
                    node: Self::made_by_step(value.clone(), from.clone(), None),
                    gone: false,
                    beside: None,
                })
                .collect(),
            (Body::Map(entries), _) => entries.iter().filter(|e| !e.gone).cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Goes through the entries of a map that are still there, as they are where the map is spelled out.
    pub(super) fn each_entry(&self, view: &View<'_>, mut f: impl FnMut(&str, &Self)) {
        match &self.body {
            Body::Map(entries) => entries
                .iter()
                .filter(|entry| !entry.gone)
                .for_each(|entry| f(&entry.key, &entry.node)),
            _ => self
                .entries(view)
                .iter()
                .for_each(|entry| f(&entry.key, &entry.node)),
        }
    }

    /// The items of a list, or nothing if it is none.
    #[must_use]
    pub fn items(&self, view: &View<'_>) -> Option<Vec<Self>> {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => {
                if !matches!(view.kind(source.node), Ok(view::ValueKind::List)) {
                    return None;
                }
                let items = view.items(source.node).enumerate();
                Some(
                    items
                        .map(|(i, node)| Self::item_of(source, i, node, view))
                        .collect(),
                )
            }
            (Body::Value(Value::List(items)), ValueOrigin::Made { from, .. }) => Some(
                items
                    .iter()
                    .map(|item| Self::made_by_step(item.clone(), from.clone(), None))
                    .collect(),
            ),
            (Body::List(items), _) => Some(items.clone()),
            _ => None,
        }
    }

    /// True for a list, an empty one included.
    #[must_use]
    pub fn is_list(&self, view: &View<'_>) -> bool {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => {
                matches!(view.kind(source.node), Ok(view::ValueKind::List))
            }
            (Body::Value(value), ValueOrigin::Made { .. }) => matches!(value, Value::List(_)),
            (Body::List(_), _) => true,
            _ => false,
        }
    }

    /// The number of items of a list, those that went included; 0 for anything else.
    #[must_use]
    pub fn item_count(&self, view: &View<'_>) -> usize {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => view.item_count(source.node),
            (Body::Value(Value::List(items)), ValueOrigin::Made { .. }) => items.len(),
            (Body::List(items), _) => items.len(),
            _ => 0,
        }
    }

    /// The item of a list at a position, as it is where the list is spelled out.
    #[must_use]
    pub fn item_at<'n>(&'n self, i: usize, view: &View<'_>) -> Option<Cow<'n, Self>> {
        match (&self.body, &self.origin) {
            (Body::Same, ValueOrigin::Source(source)) => {
                let node = view.item(source.node, i)?;
                Some(Cow::Owned(Self::item_of(source, i, node, view)))
            }
            (Body::Value(Value::List(items)), ValueOrigin::Made { from, .. }) => {
                let item = items.get(i)?.clone();
                Some(Cow::Owned(Self::made_by_step(item, from.clone(), None)))
            }
            (Body::List(items), _) => items.get(i).map(Cow::Borrowed),
            _ => None,
        }
    }

    /// The first item of a list for which something holds, with its position.
    pub(super) fn find_item<'n>(
        &'n self,
        view: &View<'_>,
        fits: impl Fn(usize, &Self) -> bool,
    ) -> Option<(usize, Cow<'n, Self>)> {
        if let Body::List(items) = &self.body {
            let mut items = items.iter().enumerate();
            let found = items.find(|(i, item)| fits(*i, item));
            return found.map(|(i, item)| (i, Cow::Borrowed(item)));
        }
        (0..self.item_count(view)).find_map(|i| {
            let item = self.item_at(i, view)?;
            fits(i, &item).then_some((i, item))
        })
    }

    /// An item of a list that is as it stands in the text.
    fn item_of(list: &TextPlace, i: usize, node: NodeId, view: &View<'_>) -> Self {
        Self {
            origin: ValueOrigin::Source(TextPlace {
                layer: list.layer,
                path: list.path.index(i),
                node,
                direct: list.direct && !is_alias(view, list.node),
            }),
            body: Body::Same,
            also: Vec::new(),
        }
    }

    /// Spells out a map, so that its entries can be changed. Anything else becomes an empty map.
    pub fn open_map(&mut self, view: &View<'_>) -> &mut Entries {
        if !matches!(self.body, Body::Map(_)) {
            if !self.is_map(view) {
                *self = Self::empty_map();
            } else {
                self.body = Body::Map(self.entries(view).into());
            }
        }
        match &mut self.body {
            Body::Map(entries) => entries,
            _ => unreachable!("the body was made a map just above"),
        }
    }

    /// Spells out a list, so that its items can be changed. Anything else becomes an empty list.
    pub fn open_list(&mut self, view: &View<'_>) -> &mut Vec<Self> {
        if !matches!(self.body, Body::List(_)) {
            match self.items(view) {
                Some(items) => self.body = Body::List(items),
                None => {
                    let origin = ValueOrigin::Made {
                        from: Vec::new(),
                        like: None,
                    };
                    *self = Self {
                        origin,
                        body: Body::List(Vec::new()),
                        also: Vec::new(),
                    };
                }
            }
        }
        match &mut self.body {
            Body::List(items) => items,
            _ => unreachable!("the body was made a list just above"),
        }
    }

    /// The places that a pattern finds: concrete paths with their nodes, in the order of the file.
    #[must_use]
    pub fn find(&self, pattern: &[Segment], view: &View<'_>) -> Vec<(Path, Self)> {
        let found = self.find_captured(pattern, view).into_iter();
        found.map(|found| (found.path, found.node)).collect()
    }

    /// The places that a pattern finds, with the captures of its wildcards.
    #[must_use]
    pub fn find_captured(&self, pattern: &[Segment], view: &View<'_>) -> Vec<FoundPlace> {
        let mut found = Vec::new();
        self.each_found(pattern, view, &mut |at, node| {
            found.push(FoundPlace {
                path: at.path,
                captures: at.captures,
                node: node.clone(),
            });
        });
        found
    }

    /// True if a pattern finds anything. What is found is not copied, as a list with thousands of items would be.
    #[must_use]
    pub fn has_match(&self, pattern: &[Segment], view: &View<'_>) -> bool {
        let mut has = false;
        self.each_found(pattern, view, &mut |_, _| has = true);
        has
    }

    /// True if a path that ends with a position leads to the place of an item, also of one that went.
    pub(super) fn has_place(&self, path: &[Segment], view: &View<'_>) -> bool {
        let Some((Segment::Index(position), list)) = path.split_last() else {
            return false;
        };
        let mut has = None;
        self.each_found(list, view, &mut |_, node| {
            has.get_or_insert(node.is_list(view) && *position < node.item_count(view));
        });
        has.unwrap_or(false)
    }

    pub(super) fn each_found(
        &self,
        pattern: &[Segment],
        view: &View<'_>,
        found: &mut dyn FnMut(Place, &Self),
    ) {
        let start = Place {
            path: Path::root(),
            captures: Vec::new(),
        };
        self.find_into(pattern, view, start, found);
    }

    fn find_into(
        &self,
        pattern: &[Segment],
        view: &View<'_>,
        at: Place,
        found: &mut dyn FnMut(Place, &Self),
    ) {
        let Some((segment, rest)) = pattern.split_first() else {
            // A place that was made for an item and not filled yet is nothing to be found.
            if self.is_value() {
                found(at, self);
            }
            return;
        };
        match segment {
            Segment::Key(key) => {
                if let Some(node) = self.child(key, view) {
                    node.find_into(rest, view, at.at(segment.clone(), []), found);
                }
            }
            Segment::AnyKey | Segment::KeyPattern(_) => {
                self.each_entry(view, |key, node| {
                    let key = Segment::Key(key.to_owned());
                    if let Some(captures) = segment.meets(&key) {
                        node.find_into(rest, view, at.at(key, captures), found);
                    }
                });
            }
            Segment::AnyDepth => self.find_deep(rest, view, &at, &Path::root(), found),
            Segment::Index(i) => {
                if let Some(item) = self.item_at(*i, view) {
                    item.find_into(rest, view, at.at(segment.clone(), []), found);
                }
            }
            Segment::Select { .. } | Segment::SelectPattern { .. } | Segment::AnyItem => {
                let all = || (0..self.item_count(view)).collect();
                for i in self.positions(segment, view).unwrap_or_else(all) {
                    let Some(item) = self.item_at(i, view) else {
                        continue;
                    };
                    if let Some(captures) = item.selected_by(segment, i, view) {
                        let here = at.at(Segment::Index(i), captures);
                        item.find_into(rest, view, here, found);
                    }
                }
            }
        }
    }

    /// The positions of the items that a selection fits, where the text of a large list remembers them.
    fn positions(&self, segment: &Segment, view: &View<'_>) -> Option<Vec<usize>> {
        match (segment, &self.body, &self.origin) {
            (Segment::Select { key, value }, Body::Same, ValueOrigin::Source(source)) => {
                view.positions(source.node, key, value)
            }
            _ => None,
        }
    }

    /// Finds what follows `**` here and below each of the keys.
    fn find_deep(
        &self,
        rest: &[Segment],
        view: &View<'_>,
        above: &Place,
        keys: &Path,
        found: &mut dyn FnMut(Place, &Self),
    ) {
        // The keys so far are spelled out only where what follows them can begin.
        let begins = match rest.first() {
            Some(Segment::Key(key)) => self.child(key, view).is_some(),
            _ => true,
        };
        if begins {
            let mut here = above.at_all(keys);
            here.captures.push(keys.to_string());
            self.find_into(rest, view, here, found);
        }
        self.each_entry(view, |key, node| {
            node.find_deep(rest, view, above, &keys.key(key), found);
        });
    }

    /// The captures of a segment at a list item; `None` if it does not select it. The place of an item that went is
    /// found by its position only.
    #[must_use]
    pub fn selected_by(
        &self,
        segment: &Segment,
        index: usize,
        view: &View<'_>,
    ) -> Option<Vec<String>> {
        if *segment == Segment::AnyItem && !self.is_value() {
            return None;
        }
        segment.selects(index, |key| {
            let value = self.get(key, view)?.value(view).ok()?;
            value.scalar_text().map(str::to_owned)
        })
    }

    /// The value of a key of a map.
    #[must_use]
    pub fn get(&self, key: &str, view: &View<'_>) -> Option<Self> {
        match &self.body {
            Body::Map(entries) => Some(entries.standing_entry(key)?.node.clone()),
            Body::Same => {
                let source = self.source()?;
                let entry = view.get(source.node, key).ok()??;
                Some(Self {
                    origin: ValueOrigin::Source(TextPlace {
                        layer: source.layer,
                        path: source.path.key(key),
                        node: entry.value,
                        direct: source.direct && entry.via == Via::Direct,
                    }),
                    body: Body::Same,
                    also: Vec::new(),
                })
            }
            _ => self
                .entries(view)
                .into_iter()
                .find(|e| e.key == key)
                .map(|e| e.node),
        }
    }

    /// The value that the first keys of a path lead to in what is as it stands in the text, and their number, if they
    /// are two or more: the path of its place is spelled out once, and not for each key.
    pub(super) fn far_below(&self, path: &[Segment], view: &View<'_>) -> Option<(usize, Self)> {
        let Body::Same = self.body else { return None };
        let top = self.source()?;
        let (mut node, mut direct, mut keys) = (top.node, top.direct, 0);
        while let Some(Segment::Key(key)) = path.get(keys) {
            let Ok(Some(entry)) = view.get(node, key) else {
                break;
            };
            (node, keys) = (entry.value, keys + 1);
            direct &= entry.via == Via::Direct;
        }
        let below = || Self {
            origin: ValueOrigin::Source(TextPlace {
                layer: top.layer,
                path: top
                    .path
                    .segments()
                    .iter()
                    .chain(&path[..keys])
                    .cloned()
                    .collect(),
                node,
                direct,
            }),
            body: Body::Same,
            also: Vec::new(),
        };
        (keys > 1).then(|| (keys, below()))
    }

    /// The value of a key of a map, as it is where the map is spelled out.
    #[must_use]
    pub fn child<'n>(&'n self, key: &str, view: &View<'_>) -> Option<Cow<'n, Self>> {
        match &self.body {
            Body::Map(entries) => Some(Cow::Borrowed(&entries.standing_entry(key)?.node)),
            _ => self.get(key, view).map(Cow::Owned),
        }
    }

    /// The leaves of the value: scalars, nulls, empty maps and whole lists, each with its path from here
    /// and what it was made of.
    ///
    /// # Errors
    ///
    /// None; the result is complete for every value.
    #[must_use]
    pub fn leaves(&self, view: &View<'_>) -> Vec<(Path, Vec<TextPlace>)> {
        self.first_leaves(view, usize::MAX)
    }

    /// The first leaves of the value, at most as many.
    #[must_use]
    pub fn first_leaves(&self, view: &View<'_>, most: usize) -> Vec<(Path, Vec<TextPlace>)> {
        let mut leaves = Vec::new();
        self.add_leaves(view, Path::root(), most, &mut leaves);
        leaves
    }

    fn add_leaves(
        &self,
        view: &View<'_>,
        at: Path,
        most: usize,
        leaves: &mut Vec<(Path, Vec<TextPlace>)>,
    ) {
        let entries = self.entries(view);
        if entries.is_empty() && leaves.len() < most {
            leaves.push((at, self.made_of(view)));
            return;
        }
        for entry in entries {
            if leaves.len() == most {
                return;
            }
            entry
                .node
                .add_leaves(view, at.key(&entry.key), most, leaves);
        }
    }

    /// The leaves of the text that this value is, or was made of.
    #[must_use]
    pub fn made_of(&self, view: &View<'_>) -> Vec<TextPlace> {
        let mut all = self.made_of_itself(view);
        all.extend(self.also.iter().cloned());
        all
    }

    fn made_of_itself(&self, view: &View<'_>) -> Vec<TextPlace> {
        match (&self.origin, &self.body) {
            (ValueOrigin::Made { from, .. }, Body::List(items)) => {
                with_leaves_of(from.clone(), items, view)
            }
            (ValueOrigin::Made { from, .. }, Body::Map(_)) => {
                let below = self
                    .entries(view)
                    .into_iter()
                    .flat_map(|e| e.node.made_of(view));
                from.iter().cloned().chain(below).collect()
            }
            (ValueOrigin::Made { from, .. }, _) => from.clone(),
            (ValueOrigin::Source(source), Body::List(items)) => {
                with_leaves_of(vec![source.clone()], items, view)
            }
            (ValueOrigin::Source(source), Body::Same | Body::Map(_)) => {
                let entries = self.entries(view);
                // An empty map has no leaf below it and is one itself.
                if entries.is_empty() {
                    return vec![source.clone()];
                }
                entries
                    .iter()
                    .flat_map(|entry| entry.node.made_of(view))
                    .collect()
            }
            (ValueOrigin::Source(source), _) => vec![source.clone()],
        }
    }
}

/// Sources, and behind them the leaves that items are made of, each once.
fn with_leaves_of(
    mut all: Vec<TextPlace>,
    items: &[TracedValue],
    view: &View<'_>,
) -> Vec<TextPlace> {
    let mut known: HashSet<(usize, Path)> = all
        .iter()
        .map(|source| (source.layer, source.path.clone()))
        .collect();
    for source in items.iter().flat_map(|item| item.made_of(view)) {
        let path = leaf_path(&source.path);
        if known.insert((source.layer, path.clone())) {
            all.push(TextPlace { path, ..source });
        }
    }
    all
}

/// The path of the leaf that a place belongs to: a list counts as a whole.
pub(super) fn leaf_path(path: &Path) -> Path {
    let item = |segment: &Segment| matches!(segment, Segment::Index(_));
    match path.segments().iter().position(item) {
        Some(i) => Path::new(path.segments()[..i].to_vec()),
        None => path.clone(),
    }
}
