//! What the steps of a migration came to, applied together: what is taken, written and held.

use std::collections::{HashMap, HashSet};

use super::{
    bind::BoundLayer,
    heirs::{Heir, Heirs},
    layers::{bring_list, list_of, uncover},
    ledger::{Dropped, Fate},
    meet::{Destinations, ValueInTheWay},
    node::TracedValue,
    own::{Owned, Places},
    place::{NewKeyPlace, Replaced},
    run::{Change, Deferred, Output, Positions, StepEffect, StepReport, StepRun, StepState},
};
use crate::{
    pack::Step,
    values::{Path, Segment, Value, view::View},
};

impl<'r> StepRun<'r> {
    /// Applies what the steps came to. What goes is gone before anything is written, whichever step it is
    /// of, so their order means nothing.
    pub(super) fn apply(&mut self, effects: Vec<StepEffect<'_>>, met: Destinations<'r>) {
        let Destinations {
            after,
            mut outputs,
            kept,
            asked,
        } = met;
        // The layers as they were before the taking are still needed: they tell what hides a move, and what an open
        // question holds.
        let snapshot = std::mem::replace(&mut self.layers, after);
        let first = self.steps.len();
        let mut reports = Vec::new();
        let ones: Vec<bool> = effects
            .iter()
            .map(|effect| effect.step.one_of.is_some())
            .collect();
        for (e, effect) in effects.into_iter().enumerate() {
            let mut report = effect.report;
            let mut deferred = effect.deferred;
            let takes = effect.takes;
            let own = &mut outputs[e];
            self.tell_of_globals(effect.step, &takes, &mut report);
            // The last takes may be those of the `global` that is handed down: they stay there, so nothing of them
            // is dropped.
            let of_layers = &takes[..self.own.min(takes.len())];
            self.record_drops(effect.step, of_layers, &mut report, (&mut deferred, own));
            for (layer, path, node, id) in kept.iter().filter_map(|kept| kept.of(e)) {
                self.record(layer, path, node, ValueInTheWay::Live, id, &mut report);
            }
            for output in own.iter() {
                for (path, node) in &output.covered {
                    let id = report.id.clone();
                    self.record(
                        output.layer,
                        path,
                        node,
                        ValueInTheWay::Live,
                        &id,
                        &mut report,
                    );
                }
                let Some(from) = &output.moved_from else {
                    continue;
                };
                let moved = (from, &output.path, &output.node);
                let (now, before) = (&mut self.layers[..self.own], &snapshot[..self.own]);
                for (layer, path, node) in uncover(now, before, output.layer, moved) {
                    let standing = self.standing_kind(output, &path);
                    let id = report.id.clone();
                    self.record(layer, &path, &node, standing, &id, &mut report);
                }
            }
            if !takes.iter().all(Vec::is_empty) && report.state == StepState::Done {
                self.drop_left_overs(effect.step, &mut report);
            }
            if matches!(report.state, StepState::Open | StepState::Waiting(_)) {
                self.hold(effect.step, &report.id, &snapshot);
            }
            let deferred = deferred.into_iter().map(|output| Deferred {
                report: first + reports.len(),
                output,
            });
            self.deferred.extend(deferred);
            reports.push(report);
        }
        self.write_all(outputs, &mut reports);
        // Only now do items move up into gaps: until everything was written, a position meant the item that the
        // steps saw there.
        for layer in &mut self.layers {
            layer.root.close_gaps();
        }
        self.tell(reports, &ones);
        self.steps.extend(asked.into_values());
    }

    /// Notes what steps came to. What one did for several matches is one thing, unless it asked about each.
    fn tell(&mut self, reports: Vec<StepReport>, ones: &[bool]) {
        let first = self.steps.len();
        let mut places = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (report, one) in reports.into_iter().zip(ones) {
            let joins = *one && report.state == StepState::Done && report.decision.is_none();
            if let Some(&place) = known.get(&report.id).filter(|_| joins) {
                let whole = &mut self.steps[place];
                whole.changes.extend(report.changes);
                for text in report.tell {
                    if !whole.tell.contains(&text) {
                        whole.tell.push(text);
                    }
                }
                for todo in report.todo {
                    if !whole.todo.contains(&todo) {
                        whole.todo.push(todo);
                    }
                }
                places.push(place);
                continue;
            }
            if joins {
                known.insert(report.id.clone(), self.steps.len());
            }
            places.push(self.steps.len());
            self.steps.push(report);
        }
        // Deferred outputs name their report by its number, and joining reports has changed the numbers.
        for deferred in self.deferred.iter_mut().filter(|own| own.report >= first) {
            deferred.report = places[deferred.report - first];
        }
    }

    /// Notes what a step takes and nothing is made of, or an equal value.
    fn record_drops(
        &mut self,
        step: &Step,
        takes: &[Vec<Owned>],
        report: &mut StepReport,
        (deferred, outputs): (&mut [Output], &mut [Output]),
    ) {
        let mut heirs = None;
        for (i, takes) in takes.iter().enumerate() {
            let view = self.layers[i].view;
            let unmoved = takes
                .iter()
                .filter(|owned| !step.takes[owned.take].stays)
                .filter(|owned| step.takes[owned.take].to.is_none());
            for Owned { path, node, .. } in unmoved {
                for (below, sources) in node.leaves(view) {
                    let value = leaf_value(node, &below, view);
                    let heirs =
                        heirs.get_or_insert_with(|| Heirs::of(deferred, outputs, &self.layers));
                    let heir = heirs.of_leaf(i, &sources, &value);
                    self.dropped.extend(sources.iter().map(|source| Dropped {
                        source: source.clone(),
                        step: report.id.clone(),
                    }));
                    let (fate, to) = match heir {
                        Heir::MadeOfIt => continue,
                        Heir::Equal(n) => {
                            heirs.merge(n, &sources);
                            // Heirs are numbered over both lists, the deferred outputs first.
                            let output = match n.checked_sub(deferred.len()) {
                                None => &mut deferred[n],
                                Some(n) => &mut outputs[n],
                            };
                            output.node.also.extend(sources);
                            (Fate::Merged, Some(output.path.clone()))
                        }
                        Heir::None => (Fate::Dropped, None),
                    };
                    report.changes.push(Change {
                        layer: i,
                        fate,
                        left_over: false,
                        path: path.concat(&below),
                        to,
                        from: Vec::new(),
                        value,
                    });
                }
            }
        }
    }

    /// Drops what an older chart did not read and this step's result takes the place of.
    pub(super) fn drop_left_overs(&mut self, step: &Step, report: &mut StepReport) {
        for i in 0..self.own {
            let BoundLayer { view, root } = &mut self.layers[i];
            let found = step.replaces.iter();
            let found = found.flat_map(|pattern| root.find(pattern.segments(), view));
            let found: Vec<_> = found.collect();
            Places::all_taken(found.iter().map(|(path, _)| path)).remove_taken(root, view);
            for (path, node) in found {
                self.record_left_over(i, &path, &node, report);
            }
        }
    }

    pub(super) fn record_left_over(
        &mut self,
        layer: usize,
        path: &Path,
        node: &TracedValue,
        report: &mut StepReport,
    ) {
        let id = report.id.clone();
        self.record(layer, path, node, ValueInTheWay::LeftOver, &id, report);
    }

    /// Notes the leaves of a value that goes.
    pub(super) fn record(
        &mut self,
        layer: usize,
        path: &Path,
        node: &TracedValue,
        standing: ValueInTheWay,
        step: &str,
        report: &mut StepReport,
    ) {
        let view = self.layers[layer].view;
        for (below, sources) in node.leaves(view) {
            self.dropped
                .extend(sources.into_iter().map(|source| Dropped {
                    source,
                    step: step.to_owned(),
                }));
            report.changes.push(Change {
                layer,
                fate: Fate::Dropped,
                left_over: standing == ValueInTheWay::LeftOver,
                path: path.concat(&below),
                to: None,
                from: Vec::new(),
                value: leaf_value(node, &below, view),
            });
        }
    }

    /// Notes what the question of a step keeps from being decided.
    fn hold(&mut self, step: &Step, id: &str, snapshot: &[BoundLayer<'_>]) {
        for take in &step.takes {
            for layer in snapshot {
                for (_, node) in layer.root.find(take.path.segments(), layer.view) {
                    let sources = node.made_of(layer.view);
                    self.held
                        .extend(sources.into_iter().map(|source| (id.to_owned(), source)));
                }
            }
        }
        // What it would write is not decided either.
        let outputs: Vec<Path> = step.written_paths().cloned().collect();
        for output in outputs {
            for layer in snapshot {
                for (_, node) in layer.root.find(output.segments(), layer.view) {
                    let sources = node.made_of(layer.view);
                    self.held
                        .extend(sources.into_iter().map(|source| (id.to_owned(), source)));
                }
            }
        }
    }

    /// Writes what steps came to, step by step as it is given, with their reports.
    pub(super) fn write_all(&mut self, outputs: Vec<Vec<Output>>, reports: &mut [StepReport]) {
        self.made.clear();
        let ordered = in_order(outputs);
        let by_name = ordered.partition_point(|(turn, ..)| *turn < Turn::MovedByName);
        let mut ordered = ordered.into_iter();
        for (_, report, output) in ordered.by_ref().take(by_name) {
            self.write(output, Replaced::new(), &mut reports[report]);
        }
        // The places of new items that have a position are kept free from those that are made by a name.
        let rest: Vec<_> = ordered.collect();
        let in_the_way: Vec<Replaced> = rest
            .iter()
            .map(|(.., output)| self.reserve(output))
            .collect();
        for ((_, report, output), replaced) in rest.into_iter().zip(in_the_way) {
            self.write(output, replaced, &mut reports[report]);
        }
    }

    /// Makes the places of items that an output leads through by their positions. What stood in the way comes
    /// back.
    fn reserve(&mut self, output: &Output) -> Replaced {
        let mut replaced = Replaced::new();
        let i = output.layer;
        let keys = &self.plan.pack.keys;
        let segments = output.place.segments();
        // Where no item is added, no list may be brought into the layer either: it would pin what lower layers
        // have.
        if output.by.is_some() && output.node.item_count(self.layers[i].view) == 0 {
            return replaced;
        }
        for (n, segment) in segments.iter().enumerate() {
            let position = match segment {
                Segment::Index(position) => *position,
                // From here on items go by their names; those that nobody has are made when their turn comes to be
                // written.
                Segment::Select { .. } => break,
                _ => continue,
            };
            let list = Path::new(segments[..n].to_vec());
            let BoundLayer { view, root } = &self.layers[i];
            if root.has_place(&segments[..=n], view) {
                continue;
            }
            replaced.extend(bring_list(&mut self.layers, i, &list_of(&list), keys));
            let place = NewKeyPlace {
                near: output.near.as_ref().map(Path::segments),
                keys,
            };
            let BoundLayer { view, root } = &mut self.layers[i];
            let items = root.list_at(&list, place, view, &mut replaced);
            let len = items.len().max(position + 1);
            items.resize_with(len, TracedValue::place);
        }
        replaced
    }

    /// Writes one thing. `in_the_way` is what was replaced for it already.
    fn write(&mut self, output: Output, in_the_way: Replaced, report: &mut StepReport) {
        let view = self.layers[output.layer].view;
        let i = output.layer;
        let (path, mut replaced) = self.with_new_items(&output);
        self.note_global(&report.id, &path);
        replaced.extend(in_the_way);
        let node = output.node.clone();
        let place = NewKeyPlace {
            near: output.near.as_ref().map(Path::segments),
            keys: &self.plan.pack.keys,
        };
        let value = node.value(view).unwrap_or(Value::Null);
        let change = match &output.moved_from {
            Some(from) => Change {
                layer: i,
                fate: Fate::Moved,
                left_over: false,
                path: from.clone(),
                to: Some(output.path.clone()),
                from: Vec::new(),
                value,
            },
            None => Change {
                layer: i,
                fate: Fate::Written,
                left_over: false,
                path: output.path.clone(),
                to: None,
                from: output.of.clone(),
                value,
            },
        };
        report.changes.push(change);
        let list = list_of(&path);
        // Helm replaces lists whole: an item alone in this layer would hide all items of the layers below.
        if output.by.is_some() || list != path {
            replaced.extend(bring_list(&mut self.layers, i, &list, &self.plan.pack.keys));
        }
        replaced.extend(match &output.by {
            None => self.layers[i].root.put(&path, node, place, view),
            Some(by) => self.upsert(i, &path, by, node, place),
        });
        for (path, node) in replaced {
            // Nothing is lost where something is put into an empty map or list.
            let standing = match node.is_empty_map(view) || node.is_empty_list(view) {
                true => ValueInTheWay::Seen,
                false => self.standing_kind(&output, &path),
            };
            match standing {
                ValueInTheWay::Seen => {
                    let sources = node
                        .leaves(view)
                        .into_iter()
                        .flat_map(|(_, sources)| sources);
                    self.dropped.extend(sources.map(|source| Dropped {
                        source,
                        step: report.id.clone(),
                    }));
                }
                ValueInTheWay::LeftOver => self.record_left_over(i, &path, &node, report),
                ValueInTheWay::Live => {
                    let id = report.id.clone();
                    self.record(i, &path, &node, ValueInTheWay::Live, &id, report);
                }
            }
        }
    }

    /// The place of an output, in which the items that are written by a name which none had are made. They are
    /// found by their position from then on: their names can be written over.
    fn with_new_items(&mut self, output: &Output) -> (Path, Replaced) {
        let i = output.layer;
        let mut replaced = Replaced::new();
        let mut path = Path::root();
        for segment in output.place.segments() {
            let Segment::Select { key, value } = segment else {
                path.push(segment.clone());
                continue;
            };
            let named = (i, path.join(segment.clone()));
            let position = match self.made.get(&named) {
                Some(position) => *position,
                None => {
                    let keys = &self.plan.pack.keys;
                    replaced.extend(bring_list(&mut self.layers, i, &list_of(&named.1), keys));
                    let place = NewKeyPlace {
                        near: output.near.as_ref().map(Path::segments),
                        keys,
                    };
                    let BoundLayer { view, root } = &mut self.layers[i];
                    let list = root.list_at(&path, place, view, &mut replaced);
                    list.push(TracedValue::item(key, value));
                    self.made.insert(named, list.len() - 1);
                    list.len() - 1
                }
            };
            path.push(Segment::Index(position));
        }
        (path, replaced)
    }

    /// Adds or replaces the items of a list one by one.
    pub(super) fn upsert(
        &mut self,
        layer: usize,
        path: &Path,
        by: &str,
        node: TracedValue,
        place: NewKeyPlace<'_>,
    ) -> Vec<(Path, TracedValue)> {
        let view = self.layers[layer].view;
        let root = &mut self.layers[layer].root;
        let new = node.items(view).unwrap_or_default();
        if new.is_empty() {
            return Vec::new();
        }
        let mut replaced = Vec::new();
        let list = root.list_at(path, place, view, &mut replaced);
        for item in new {
            let key = item.get(by, view).and_then(|key| key.value(view).ok());
            let value = item.value(view).ok();
            let same = |other: &TracedValue| match &key {
                Some(key) => {
                    other
                        .get(by, view)
                        .and_then(|k| k.value(view).ok())
                        .as_ref()
                        == Some(key)
                }
                None => other.value(view).ok() == value,
            };
            match list.iter().position(same) {
                None => list.push(item),
                // An equal item keeps its text and comments; what the new one was made of is noted, so that no leaf
                // goes unaccounted.
                Some(at) if list[at].value(view).ok() == value => {
                    let merged = item.made_of(view);
                    list[at].also.extend(merged);
                }
                Some(at) => {
                    let old = std::mem::replace(&mut list[at], item);
                    replaced.push((path.index(at), old));
                }
            }
        }
        replaced
    }
}

/// The time at which an output is written. Of new items, those that moves bring come first, then those that are written
/// by position, then those by name: again those that moves bring, then those that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Moved,
    ByPosition,
    MovedByName,
    ByName,
    /// Items are added to a list when everything else is there.
    Added,
}

impl Turn {
    fn of(output: &Output) -> Self {
        let mut segments = output.place.segments().iter();
        let named = segments.any(|at| matches!(at, Segment::Select { .. }));
        match output.positions {
            _ if output.by.is_some() => Self::Added,
            _ if named && output.moves => Self::MovedByName,
            _ if named => Self::ByName,
            Positions::Standing => Self::ByPosition,
            Positions::Snapshot => Self::Moved,
        }
    }
}

/// The outputs with their steps, in an order in which nothing is written below an output that is still to come.
/// Otherwise it is the order of the steps, and of the outputs of each of them.
fn in_order(outputs: Vec<Vec<Output>>) -> Vec<(Turn, usize, Output)> {
    let outputs = outputs.into_iter().enumerate();
    let outputs = outputs.flat_map(|(i, own)| own.into_iter().map(move |output| (i, output)));
    let outputs: Vec<(usize, Output)> = outputs.collect();
    let whole = outputs.iter().filter(|(_, output)| output.by.is_none());
    let whole: HashSet<&[Segment]> = whole.map(|(_, output)| output.place.segments()).collect();
    let is_below = |path: &Path| {
        let path = path.segments();
        (0..path.len()).any(|n| whole.contains(&path[..n]))
    };
    // The sort is stable: what has no output above it stays in the order of the steps.
    let depth = |output: &Output| match is_below(&output.place) {
        true => output.place.depth(),
        false => 0,
    };
    let turns: Vec<_> = outputs
        .iter()
        .map(|(_, output)| (Turn::of(output), depth(output)))
        .collect();
    let mut sorted: Vec<(_, (usize, Output))> = turns.into_iter().zip(outputs).collect();
    sorted.sort_by_key(|(turn, _)| *turn);
    let sorted = sorted.into_iter();
    sorted
        .map(|((turn, _), (i, output))| (turn, i, output))
        .collect()
}

/// True if a layer sets a path, or sets a path above it to something else.
pub(super) fn sets(layer: &BoundLayer<'_>, path: &Path) -> bool {
    if layer.root.has_match(path.segments(), layer.view) {
        return true;
    }
    (1..path.segments().len()).any(|n| {
        let mut set = false;
        let above = &path.segments()[..n];
        layer.root.each_found(above, layer.view, &mut |_, node| {
            set |= !node.is_map(layer.view);
        });
        set
    })
}

pub(super) fn leaf_value(node: &TracedValue, below: &Path, view: &View<'_>) -> Value {
    if below.is_root() {
        return node.value(view).unwrap_or(Value::Null);
    }
    node.find(below.segments(), view)
        .into_iter()
        .next()
        .and_then(|(_, leaf)| leaf.value(view).ok())
        .unwrap_or(Value::Null)
}
