//! Whose leaf is it: what the paths of one migration name in a layer, and what each of them owns of it.
//!
//! A leaf belongs to the most specific path that names it or something above it, whichever step the path
//! is of. So the places that all paths name are gathered first, in a tree beside the values, and every
//! question of ownership is a walk through that tree. Places are those of the values as they were before
//! the migration: an item that goes leaves its place empty until everything is written, so that no
//! position means another item half-way. It must never look at what a step does with a leaf.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    node::{Body, TracedValue},
    run::Positions,
};
use crate::{
    pack::{Migration, Take},
    values::{Path, Segment, View},
};

/// A path of a migration at a place that it names.
#[derive(Debug, Clone)]
struct Claim<'p> {
    pattern: &'p Path,
    /// The path by which it is judged how specific it is.
    written: &'p Path,
    /// The steps and their takes with this path; none if it is one that keeps.
    by: Vec<(usize, usize)>,
    /// True if the values that it owns are taken.
    taken: bool,
}

/// The claims of paths at a place of a layer and below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Places<'p> {
    claim: Option<Claim<'p>>,
    keys: HashMap<String, Self>,
    items: BTreeMap<usize, Self>,
}

/// A value that a take owns at one place of a layer.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    /// The take of the step.
    pub take: usize,
    /// The place.
    pub path: Path,
    /// The captures of the take's wildcards.
    pub captures: Vec<String>,
    /// The node, without the parts that more specific paths own.
    pub node: TracedValue,
}

impl<'p> Places<'p> {
    /// The claims of a migration's paths in a layer.
    pub fn of(migration: &'p Migration, root: &TracedValue, view: &View<'_>) -> Self {
        let mut places = Self::default();
        for (s, step) in migration.steps.iter().enumerate() {
            let takes = step.takes.iter().enumerate();
            let takes = takes.map(|(t, take)| ((&take.path, &take.written), Some((s, t))));
            let keeps = step.keep.iter().map(|path| ((path, path), None));
            for (pattern, by) in takes.chain(keeps) {
                for found in root.find_captured(pattern.0.segments(), view) {
                    places.at_mut(&found.path).claim(pattern, by);
                }
            }
        }
        places
    }

    /// These places, all of them taken.
    pub fn all_taken(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut places = Self::default();
        for path in paths {
            places.at_mut(path).claim = Some(Claim {
                pattern: path,
                written: path,
                by: Vec::new(),
                taken: true,
            });
        }
        places
    }

    /// These places, all of them taken but for what other paths own below them.
    pub fn taken_but(mut paths: Vec<&'p Path>, others: &Self) -> Self {
        let mut places = Self::default();
        // A place above takes over all that is noted below it, so it has to come first.
        paths.sort_by_key(|path| path.depth());
        for path in paths {
            let place = places.at_mut(path);
            if let Some(others) = others.at(path) {
                place.clone_from(others);
                place.take(&|_, _| false);
            }
            place.claim = Some(Claim {
                pattern: path,
                written: path,
                by: Vec::new(),
                taken: true,
            });
        }
        places
    }

    fn at_mut(&mut self, path: &Path) -> &mut Self {
        path.segments()
            .iter()
            .fold(self, |place, segment| match segment {
                Segment::Index(i) => place.items.entry(*i).or_default(),
                Segment::Key(key) => place.keys.entry(key.clone()).or_default(),
                _ => unreachable!("what was found has keys and positions"),
            })
    }

    fn claim(&mut self, (pattern, written): (&'p Path, &'p Path), by: Option<(usize, usize)>) {
        match &mut self.claim {
            Some(claim) if claim.pattern == pattern && claim.written == written => {
                claim.by.extend(by);
            }
            Some(claim) if claim.written.specificity(written).is_lt() => {}
            other => {
                *other = Some(Claim {
                    pattern,
                    written,
                    by: by.into_iter().collect(),
                    taken: false,
                });
            }
        }
    }

    /// The places at a path; none if no path names it or anything below it.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.segments()
            .iter()
            .try_fold(self, |place, segment| match segment {
                Segment::Index(i) => place.items.get(i),
                Segment::Key(key) => place.keys.get(key),
                _ => None,
            })
    }

    /// True if the path of a take is the most specific one that names just this place.
    pub fn belongs_to(&self, take: &Take) -> bool {
        let claim = self.claim.as_ref();
        claim.is_none_or(|claim| *claim.pattern == take.path && *claim.written == take.written)
    }

    /// Two steps that both take what stands at a place, if there are such.
    pub fn taken_twice(&self, by: &dyn Fn(usize, usize) -> bool) -> Option<(usize, usize, &Path)> {
        if let Some(claim) = self.claim.as_ref().filter(|claim| claim.by.len() > 1) {
            let mut takers = claim.by.iter().filter(|(step, take)| by(*step, *take));
            if let (Some(first), Some(second)) = (takers.next(), takers.next()) {
                return Some((first.0, second.0, claim.pattern));
            }
        }
        let mut below = self.keys.values().chain(self.items.values());
        below.find_map(|place| place.taken_twice(by))
    }

    /// The node at this place, without the parts that more specific paths own below it; `None` if that is all.
    pub fn rest_of(&self, node: &TracedValue, view: &View<'_>) -> Option<TracedValue> {
        if self.keys.is_empty() && self.items.is_empty() {
            return Some(node.clone());
        }
        // What has a claim of its own below belongs to a more specific path.
        let rest_of = |place: &Self, node: &TracedValue| match place.claim {
            Some(_) => None,
            None => place.rest_of(node, view),
        };
        let mut rest = node.clone();
        if node.is_map(view) {
            let entries = rest.open_map(view);
            for entry in entries.iter_mut().filter(|entry| !entry.gone) {
                if let Some(place) = self.keys.get(&entry.key) {
                    match rest_of(place, &entry.node) {
                        Some(rest) => entry.node = rest,
                        None => entry.gone = true,
                    }
                }
            }
            entries.iter().any(|entry| !entry.gone).then_some(rest)
        } else {
            let items = rest.open_list(view);
            let left = std::mem::take(items)
                .into_iter()
                .enumerate()
                .filter_map(|(i, item)| match self.items.get(&i) {
                    Some(place) => rest_of(place, &item),
                    None => Some(item),
                });
            *items = left.collect();
            (!items.is_empty()).then_some(rest)
        }
    }

    /// The values that the takes of a step own in a layer, in the order of its takes and of the file.
    pub fn owned_by_step(
        &self,
        migration: &Migration,
        step: usize,
        root: &TracedValue,
        view: &View<'_>,
    ) -> Vec<Owned> {
        let mut owned = Vec::new();
        for (t, take) in migration.steps[step].takes.iter().enumerate() {
            for found in root.find_captured(take.path.segments(), view) {
                let Some(place) = self.at(&found.path) else {
                    continue;
                };
                let own = place
                    .claim
                    .as_ref()
                    .is_some_and(|claim| claim.by.contains(&(step, t)));
                if let (true, Some(node)) = (own, place.rest_of(&found.node, view)) {
                    owned.push(Owned {
                        take: t,
                        path: found.path,
                        captures: found.captures,
                        node,
                    });
                }
            }
        }
        owned
    }

    /// The leaves of what stands at this place, without what more specific paths own below it. Of a list in
    /// `split` each item is looked into, at the position that it has; any other is one leaf.
    pub fn own_leaves(
        &self,
        node: &TracedValue,
        at: &Path,
        split: &HashSet<Path>,
        view: &View<'_>,
    ) -> Vec<(Path, TracedValue)> {
        let mut leaves = Vec::new();
        add_leaves(Some(self), node, at.clone(), split, view, &mut leaves);
        leaves
    }

    /// Marks what is taken: what `by` says of a step and its take.
    pub fn take(&mut self, by: &dyn Fn(usize, usize) -> bool) {
        if let Some(claim) = &mut self.claim {
            claim.taken = claim.by.iter().any(|(step, take)| by(*step, *take));
        }
        let below = self.keys.values_mut().chain(self.items.values_mut());
        below.for_each(|place| place.take(by));
    }

    fn takes_anything(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.taken)
            || self
                .keys
                .values()
                .chain(self.items.values())
                .any(Self::takes_anything)
    }

    /// Removes what is taken, and maps and lists that are left empty by it; the place of an item stays
    /// empty. Whether anything is left at this place.
    pub fn remove_taken(&self, node: &mut TracedValue, view: &View<'_>) -> bool {
        self.remove(node, false, view)
    }

    fn remove(&self, node: &mut TracedValue, above: bool, view: &View<'_>) -> bool {
        // Where no path names a place itself, it goes with what is above it.
        let taken = self.claim.as_ref().map_or(above, |claim| claim.taken);
        if self.keys.is_empty() && self.items.is_empty() {
            return !taken;
        }
        // Maps and lists of which nothing goes are not spelled out: they stay "the same as the text".
        if !taken && !self.takes_anything() {
            return true;
        }
        if node.is_map(view) {
            let entries = node.open_map(view);
            for entry in entries.iter_mut().filter(|entry| !entry.gone) {
                entry.gone = match self.keys.get(&entry.key) {
                    Some(place) => !place.remove(&mut entry.node, taken, view),
                    None => taken,
                };
            }
            entries.iter().any(|entry| !entry.gone)
        } else {
            let items = node.open_list(view);
            for (i, item) in items.iter_mut().enumerate() {
                let left = match self.items.get(&i) {
                    Some(place) => place.remove(item, taken, view),
                    None => !taken,
                };
                if !left {
                    *item = TracedValue::place();
                }
            }
            items.iter().any(TracedValue::is_value)
        }
    }
}

fn add_leaves(
    place: Option<&Places<'_>>,
    node: &TracedValue,
    at: Path,
    split: &HashSet<Path>,
    view: &View<'_>,
    leaves: &mut Vec<(Path, TracedValue)>,
) {
    let mut below = |place: Option<&Places<'_>>, node: &TracedValue, at: Path| {
        if place.is_none_or(|place| place.claim.is_none()) {
            add_leaves(place, node, at, split, view, leaves);
        }
    };
    let entries = node.entries(view);
    let items = split.contains(&at).then(|| node.items(view)).flatten();
    match items.filter(|items| !items.is_empty()) {
        _ if !entries.is_empty() => {
            for entry in entries {
                let place = place.and_then(|place| place.keys.get(&entry.key));
                below(place, &entry.node, at.key(&entry.key));
            }
        }
        Some(items) => {
            for (i, item) in items.iter().enumerate().filter(|(_, item)| item.is_value()) {
                let place = place.and_then(|place| place.items.get(&i));
                below(place, item, at.index(i));
            }
        }
        None => leaves.push((at, node.clone())),
    }
}

/// The lists of a layer of which paths that a migration takes or keeps select items.
pub(super) fn split_lists(
    migration: &Migration,
    root: &TracedValue,
    view: &View<'_>,
) -> HashSet<Path> {
    let steps = migration.steps.iter();
    let paths = steps.flat_map(|step| {
        let takes = step.takes.iter().map(|take| &take.path);
        takes.chain(&step.keep)
    });
    let mut lists = HashSet::new();
    for path in paths {
        let segments = path.segments();
        for (depth, _) in segments.iter().enumerate().filter(|(_, at)| !at.is_key()) {
            let above = root.find(&segments[..depth], view).into_iter();
            let above = above.filter(|(_, node)| node.is_list(view));
            lists.extend(above.map(|(path, _)| path));
        }
    }
    lists
}

impl TracedValue {
    /// Removes what stands at places, and maps and lists that are left empty by it.
    pub(super) fn remove_all<'p>(
        &mut self,
        paths: impl IntoIterator<Item = &'p Path>,
        view: &View<'_>,
    ) -> bool {
        let left = Places::all_taken(paths).remove_taken(self, view);
        self.close_gaps();
        left
    }

    /// Lets the items of lists move up to where others went.
    pub(super) fn close_gaps(&mut self) {
        match &mut self.body {
            Body::Map(entries) => entries
                .iter_mut()
                .filter(|entry| !entry.gone)
                .for_each(|entry| entry.node.close_gaps()),
            Body::List(items) => {
                items.retain(Self::is_value);
                items.iter_mut().for_each(Self::close_gaps);
            }
            Body::Same | Body::Value(_) => {}
        }
    }

    /// The place that a path leads to, by keys and positions, while the places of items that went are still
    /// there. Positions of what is written by them count what stands; what would be behind that, and no move
    /// brings, is a new item: it comes from position `beyond` on. A selection that fits no item stays one.
    pub(super) fn place_of(
        &self,
        path: &Path,
        positions: Positions,
        beyond: usize,
        view: &View<'_>,
    ) -> Path {
        // Paths of keys alone, which most are, need no look at the values.
        if path.segments().iter().all(Segment::is_key) {
            return path.clone();
        }
        let mut at = Path::root();
        let mut node = Some(Cow::Borrowed(self));
        for segment in path.segments() {
            let (here, below) = match (segment, node) {
                (Segment::Key(key), Some(Cow::Borrowed(node))) => {
                    (segment.clone(), node.child(key, view))
                }
                (Segment::Key(key), Some(Cow::Owned(node))) => {
                    (segment.clone(), node.get(key, view).map(Cow::Owned))
                }
                (segment, node) => {
                    let len = node.as_ref().map_or(0, |node| node.item_count(view));
                    let stands = |i: &usize| {
                        let item = node.as_ref().and_then(|node| node.item_at(*i, view));
                        item.is_some_and(|item| item.is_value())
                    };
                    let found = match (segment, positions) {
                        (Segment::Index(n), Positions::Snapshot) => Some(*n),
                        (Segment::Index(n), Positions::Standing) => {
                            let new = || {
                                let count = (0..len).filter(stands).count();
                                len.max(beyond) + n.saturating_sub(count)
                            };
                            let found = (0..len).filter(stands).nth(*n);
                            Some(found.unwrap_or_else(new))
                        }
                        (segment, _) => node.as_ref().and_then(|node| {
                            let fits = |i: usize, item: &Self| {
                                item.is_value() && item.selected_by(segment, i, view).is_some()
                            };
                            node.find_item(view, fits).map(|(i, _)| i)
                        }),
                    };
                    let below = match node {
                        Some(Cow::Borrowed(node)) => found.and_then(|i| node.item_at(i, view)),
                        Some(Cow::Owned(node)) => {
                            let item = found.and_then(|i| node.item_at(i, view));
                            item.map(|item| Cow::Owned(item.into_owned()))
                        }
                        None => None,
                    };
                    (found.map_or_else(|| segment.clone(), Segment::Index), below)
                }
            };
            node = below;
            at.push(here);
        }
        at
    }
}
