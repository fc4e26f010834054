//! Putting values into a layer and taking them out, with the place of everything kept in mind.
//!
//! What is taken away stays as a marker until the text is edited, so that what comes instead can take
//! its place, even several migrations later.

use super::{
    entries::Entries,
    node::{Body, Entry, TracedValue, ValueOrigin},
};
use crate::{
    pack::Keys,
    values::{Path, Segment, Value, view::View},
};

/// The place of a new key if it is not there yet.
#[derive(Clone, Copy)]
pub(super) struct NewKeyPlace<'a> {
    /// Beside this path, as far as it leads the same way.
    pub near: Option<&'a [Segment]>,
    /// Else in the chart's own order.
    pub keys: &'a Keys,
}

/// The paths and nodes that a put replaced.
pub(super) type Replaced = Vec<(Path, TracedValue)>;

impl TracedValue {
    /// Puts a value at a path, making maps and list items on the way. A map put on a map is merged into
    /// it; where both have a leaf, the one put wins, and the other is returned unless it is equal.
    pub(super) fn put(
        &mut self,
        path: &Path,
        value: TracedValue,
        place: NewKeyPlace<'_>,
        view: &View<'_>,
    ) -> Replaced {
        let mut replaced = Vec::new();
        self.put_below(
            path.segments(),
            value,
            place,
            view,
            Path::root(),
            &mut replaced,
        );
        replaced
    }

    /// The items of the list at a path, which is made if there is none. What stood there instead is
    /// added to `replaced`.
    pub(super) fn list_at(
        &mut self,
        path: &Path,
        place: NewKeyPlace<'_>,
        view: &View<'_>,
        replaced: &mut Replaced,
    ) -> &mut Vec<TracedValue> {
        if !self.is_list_at(path, view) {
            let origin = ValueOrigin::Made {
                from: Vec::new(),
                like: None,
            };
            let empty = TracedValue {
                origin,
                body: Body::List(Vec::new()),
                also: Vec::new(),
            };
            replaced.extend(self.put(path, empty, place, view));
        }
        let mut node = self;
        for segment in path.segments() {
            node = match segment {
                Segment::Key(key) => {
                    let entries = node.open_map(view);
                    let at = entries.position(key);
                    &mut entries[at.expect("the path was put just above")].node
                }
                _ => {
                    let items = node.open_list(view);
                    let at = selected(items, segment, view);
                    &mut items[at.expect("the path was put just above")]
                }
            };
        }
        // An empty list is a leaf, which ends when items are put into it: that has to be accounted for.
        if node.is_empty_list(view) {
            replaced.push((path.clone(), node.clone()));
        }
        node.open_list(view)
    }

    /// True if the first thing that a path finds is a list.
    fn is_list_at(&self, path: &Path, view: &View<'_>) -> bool {
        let mut first = None;
        self.each_found(path.segments(), view, &mut |_, node| {
            first.get_or_insert_with(|| node.is_list(view));
        });
        first.unwrap_or(false)
    }

    fn put_below(
        &mut self,
        path: &[Segment],
        value: TracedValue,
        place: NewKeyPlace<'_>,
        view: &View<'_>,
        at: Path,
        replaced: &mut Replaced,
    ) {
        let Some((segment, rest)) = path.split_first() else {
            self.take_over(value, place, view, at, replaced);
            return;
        };
        match segment {
            Segment::Key(key) => {
                // At the root only an empty file is no map, and of that nothing is lost.
                if !at.is_root()
                    && self.is_value()
                    && (!self.is_map(view) || self.is_empty_map(view))
                {
                    replaced.push((at.clone(), self.clone()));
                }
                let here = at.key(key);
                let entries = self.open_map(view);
                let near = place.near.and_then(|near| near.split_first());
                let index = entries.position(key).unwrap_or_else(|| {
                    let index =
                        place_among(entries, &here, near.map(|(first, _)| first), place.keys);
                    let beside = near.and_then(|(first, _)| match first {
                        Segment::Key(first) => Some(first.clone()),
                        _ => None,
                    });
                    let node = TracedValue::place();
                    entries.insert(
                        index,
                        Entry {
                            key: key.clone(),
                            node,
                            gone: true,
                            beside,
                        },
                    );
                    index
                });
                let entry = &mut entries[index];
                if entry.gone {
                    entry.gone = false;
                    if rest.is_empty() {
                        entry.node = value;
                        return;
                    }
                    if entry.node.is_map(view) {
                        entry.node.forget(view);
                    // A list whose items all went keeps their places, for their comments.
                    } else if !entry.node.is_list_of_places() {
                        entry.node = TracedValue::place();
                    }
                }
                let near = match near {
                    Some((Segment::Key(first), rest)) if first == key => Some(rest),
                    _ => None,
                };
                let place = NewKeyPlace { near, ..place };
                entry
                    .node
                    .put_below(rest, value, place, view, here, replaced);
            }
            Segment::Index(_) | Segment::Select { .. } => {
                let no_list = !self.is_list(view) && self.is_value();
                if no_list || self.is_empty_list(view) {
                    replaced.push((at.clone(), self.clone()));
                }
                let items = self.open_list(view);
                let index = selected(items, segment, view).unwrap_or_else(|| {
                    let item = match segment {
                        Segment::Select { key, value } => Self::item(key, value),
                        _ => Self::place(),
                    };
                    // The places between are those of items that went, or of none.
                    if let Segment::Index(i) = segment {
                        items.resize_with(*i, Self::place);
                    }
                    items.push(item);
                    items.len() - 1
                });
                let near = match place.near.and_then(|near| near.split_first()) {
                    Some((Segment::Index(first), rest)) if *first == index => Some(rest),
                    _ => None,
                };
                let place = NewKeyPlace { near, ..place };
                items[index].put_below(rest, value, place, view, at.index(index), replaced);
            }
            // What is written has one place; its wildcards were filled in.
            Segment::KeyPattern(_)
            | Segment::SelectPattern { .. }
            | Segment::AnyKey
            | Segment::AnyItem
            | Segment::AnyDepth => {}
        }
    }

    fn take_over(
        &mut self,
        value: TracedValue,
        place: NewKeyPlace<'_>,
        view: &View<'_>,
        at: Path,
        replaced: &mut Replaced,
    ) {
        if self.is_map(view) && value.is_map(view) {
            // A map of the text that goes into an item with nothing but a name is the text with one key more: it
            // keeps its comments.
            let brings = value.source().is_some() && !value.entries(view).is_empty();
            let has = |name: &Entry| value.get(&name.key, view).is_some();
            if brings && self.is_new_item() && !self.entries(view).iter().any(has) {
                let name = std::mem::replace(self, value).entries(view);
                self.open_map(view).put_first(name);
                return;
            }
            return self.merge(value, place, view, at, replaced);
        }
        let equal = matches!((self.value(view), value.value(view)), (Ok(a), Ok(b)) if a == b);
        let stands = self.is_value();
        if equal && stands {
            // An equal leaf is not written again: it lives on in the one that is there.
            self.also.extend(value.made_of(view));
            return;
        }
        if stands {
            replaced.push((at, self.clone()));
        }
        *self = value;
    }

    /// Puts the entries of a map into this one.
    fn merge(
        &mut self,
        value: TracedValue,
        place: NewKeyPlace<'_>,
        view: &View<'_>,
        at: Path,
        replaced: &mut Replaced,
    ) {
        let entries = value.entries(view);
        // It becomes one with what stays whatever becomes of the map.
        if entries.is_empty() {
            self.first_leaf(view).also.extend(value.made_of(view));
        }
        let place = NewKeyPlace {
            near: None,
            ..place
        };
        for entry in entries {
            let segment = [Segment::Key(entry.key)];
            self.put_below(&segment, entry.node, place, view, at.clone(), replaced);
        }
    }

    /// True for an item that was made by a name, and has nothing else yet.
    fn is_new_item(&self) -> bool {
        let is_name = |entries: &[Entry]| matches!(entries, [name] if !name.gone && matches!(name.node.body, Body::Value(_)));
        matches!((&self.origin, &self.body), (ValueOrigin::Made { from, .. }, Body::Map(entries))
            if from.is_empty() && is_name(entries))
    }

    /// The first leaf of a map, or the node itself. What becomes one with a map lives on in it: the map has no fate
    /// of its own, and can be taken apart.
    fn first_leaf(&mut self, view: &View<'_>) -> &mut Self {
        let mut node = self;
        while node.is_map(view) && !node.entries(view).is_empty() {
            let entries = node.open_map(view);
            let first = entries.iter().position(|entry| !entry.gone);
            node = &mut entries[first.unwrap_or_default()].node;
        }
        node
    }

    /// An item of a list that has a name, and nothing else yet.
    pub(super) fn item(key: &str, name: &str) -> Self {
        let mut item = Self::place();
        let name = Entry {
            key: key.to_owned(),
            node: Self::made_by_step(Value::String(name.to_owned()), Vec::new(), None),
            gone: false,
            beside: None,
        };
        item.body = Body::Map(vec![name].into());
        item
    }

    /// True for an empty map as it was read or made, which is a leaf.
    pub(super) fn is_empty_map(&self, view: &View<'_>) -> bool {
        !matches!(self.body, Body::Map(_)) && self.is_map(view) && self.entries(view).is_empty()
    }

    /// True for an empty list as it was read or made, which is a leaf.
    pub(super) fn is_empty_list(&self, view: &View<'_>) -> bool {
        !matches!(self.body, Body::List(_)) && self.is_list(view) && self.item_count(view) == 0
    }

    /// True for a list all of whose items went.
    fn is_list_of_places(&self) -> bool {
        matches!(&self.body, Body::List(items) if !items.iter().any(Self::is_value))
    }

    /// Empties a map that comes back after it was taken away, keeping the places of its entries.
    fn forget(&mut self, view: &View<'_>) {
        if self.is_map(view) {
            for entry in self.open_map(view).iter_mut() {
                entry.gone = true;
            }
        }
    }
}

/// The position of the item that a segment selects.
fn selected(items: &[TracedValue], segment: &Segment, view: &View<'_>) -> Option<usize> {
    match segment {
        Segment::Index(i) => (*i < items.len()).then_some(*i),
        segment => {
            let mut items = items.iter().enumerate();
            let found = items.find(|(i, item)| item.selected_by(segment, *i, view).is_some());
            found.map(|(i, _)| i)
        }
    }
}

/// The index for a new key: behind its first source, else in the chart's order, else at the end.
fn place_among(entries: &Entries, path: &Path, near: Option<&Segment>, keys: &Keys) -> usize {
    if let Some(Segment::Key(near)) = near
        && let Some(index) = entries.position(near)
    {
        let behind = entries[index + 1..]
            .iter()
            .take_while(|e| e.beside.as_ref() == Some(near));
        return index + 1 + behind.count();
    }
    let Some(own) = keys.order(path) else {
        return entries.len();
    };
    let parent = path.parent().unwrap_or_else(Path::root);
    let order = |entry: &Entry| keys.order(&parent.key(&entry.key));
    // Keys that users name are alike to the chart: they come in the order in which they are put, and the
    // last one is found at once however many there are.
    match entries
        .iter()
        .rposition(|entry| order(entry).is_some_and(|other| other <= own))
    {
        Some(before) => before + 1,
        None => entries
            .iter()
            .position(|entry| order(entry).is_some_and(|other| other > own))
            .unwrap_or(entries.len()),
    }
}
