//! What the steps of a migration came to, applied together: what is taken, written and held.

use super::{
    bind::Layer,
    error::MigrateError,
    layers::{bring_list, list_of, uncover},
    ledger::Dropped,
    node::{Node, Source},
    place::{Place, Spared},
    run::{Change, ChangeKind, Deferred, Effect, Output, Run, StepReport, StepState, spared},
};
use crate::{
    pack::{Migration, Step},
    values::{Path, Value, view::View},
};

impl<'r> Run<'r> {
    pub(super) fn apply(&mut self, migration: &Migration, effects: Vec<Effect<'_>>) {
        let snapshot: Vec<Layer<'_>> = self.layers.clone();
        let mut outputs = Vec::new();
        let mut reports = Vec::new();
        for effect in effects {
            let index = self.steps.len() + reports.len();
            let Effect {
                step,
                mut report,
                takes,
                outputs: mut own,
                mut deferred,
            } = effect;
            let late = deferred.len();
            deferred.append(&mut own);
            self.take(
                migration,
                step,
                &snapshot,
                &takes,
                &mut report,
                &mut deferred,
            );
            let own = deferred.split_off(late);
            for output in &own {
                let Some(from) = &output.moved_from else {
                    continue;
                };
                let moved = (from, &output.path, &output.node);
                let hidden = uncover(&mut self.layers, &snapshot, migration, output.layer, moved);
                for (layer, path, node) in hidden {
                    self.record_left_over(layer, &path, &node, &mut report);
                }
            }
            if !takes.iter().all(Vec::is_empty) && report.state == StepState::Done {
                self.drop_left_overs(step, &snapshot, &mut report);
            }
            if matches!(report.state, StepState::Open | StepState::Waiting(_)) {
                self.hold(step, &snapshot);
            }
            self.deferred
                .extend(deferred.into_iter().map(|output| Deferred {
                    report: index,
                    output,
                }));
            outputs.extend(own.into_iter().map(|output| (reports.len(), output)));
            reports.push(report);
        }
        for (report, output) in outputs {
            self.write(output, &mut reports[report]);
        }
        self.steps.extend(reports);
    }

    /// Takes a step's paths out of the layers; what moves unchanged becomes an output.
    pub(super) fn take(
        &mut self,
        migration: &Migration,
        step: &Step,
        snapshot: &[Layer<'_>],
        takes: &[Vec<Path>],
        report: &mut StepReport,
        outputs: &mut Vec<Output>,
    ) {
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let before = &snapshot[i];
            for take in &step.takes {
                let taken = takes[i].iter().filter_map(|path| {
                    let captures = take.path.matches(path)?;
                    let (_, node) = before
                        .root
                        .find(path.segments(), before.view)
                        .into_iter()
                        .next()?;
                    Some((path, captures, node))
                });
                for (path, captures, mut node) in taken {
                    let spared = |at: &Path| spared(migration, step, &take.path, at);
                    layer
                        .root
                        .remove(path.segments(), &spared, &Path::root(), layer.view);
                    match take.to.as_ref().and_then(|to| to.fill(&captures)) {
                        Some(to) => {
                            strip(&mut node, path, &spared, before.view);
                            outputs.push(Output {
                                layer: i,
                                path: to,
                                by: None,
                                node,
                                near: Some(path.clone()),
                                moved_from: Some(path.clone()),
                                of: Vec::new(),
                                seen: Vec::new(),
                            });
                        }
                        None => {
                            for (below, sources) in node.leaves(before.view) {
                                let leaf = path.concat(&below);
                                if spared(&leaf) == Spared::Whole {
                                    continue;
                                }
                                let value = leaf_value(&node, &below, before.view);
                                let heir = heir(i, &sources, &value, outputs, before.view);
                                self.dropped.extend(sources.iter().map(|source| Dropped {
                                    source: source.clone(),
                                    step: report.id.clone(),
                                }));
                                let (kind, to) = match heir {
                                    Heir::MadeOfIt => continue,
                                    Heir::Equal(output) => {
                                        output.node.also.extend(sources);
                                        (ChangeKind::Merge, Some(output.path.clone()))
                                    }
                                    Heir::None => (ChangeKind::Drop, None),
                                };
                                report.changes.push(Change {
                                    layer: i,
                                    kind,
                                    path: leaf,
                                    to,
                                    from: Vec::new(),
                                    value,
                                });
                            }
                        }
                    }
                }
            }
        }
    }

    /// Drops what an older chart did not read and this step's result takes the place of.
    pub(super) fn drop_left_overs(
        &mut self,
        step: &Step,
        snapshot: &[Layer<'_>],
        report: &mut StepReport,
    ) {
        for (i, before) in snapshot.iter().enumerate() {
            for pattern in &step.replaces {
                for (path, node) in before.root.find(pattern.segments(), before.view) {
                    let layer = &mut self.layers[i];
                    layer.root.remove(
                        path.segments(),
                        &|_| Spared::Nothing,
                        &Path::root(),
                        layer.view,
                    );
                    self.record_left_over(i, &path, &node, report);
                }
            }
        }
    }

    pub(super) fn record_left_over(
        &mut self,
        layer: usize,
        path: &Path,
        node: &Node,
        report: &mut StepReport,
    ) {
        let view = self.layers[layer].view;
        for (below, sources) in node.leaves(view) {
            self.dropped
                .extend(sources.into_iter().map(|source| Dropped {
                    source,
                    step: report.id.clone(),
                }));
            report.changes.push(Change {
                layer,
                kind: ChangeKind::DropLeftOver,
                path: path.concat(&below),
                to: None,
                from: Vec::new(),
                value: leaf_value(node, &below, view),
            });
        }
    }

    pub(super) fn hold(&mut self, step: &Step, snapshot: &[Layer<'_>]) {
        for take in &step.takes {
            for layer in snapshot {
                for (_, node) in layer.root.find(take.path.segments(), layer.view) {
                    let sources = node.made_of(layer.view);
                    self.held
                        .extend(sources.into_iter().map(|source| (step.id.clone(), source)));
                }
            }
        }
        // What it would write is not decided either.
        let outputs: Vec<Path> = step.outputs().cloned().collect();
        for output in outputs {
            for layer in snapshot {
                for (_, node) in layer.root.find(output.segments(), layer.view) {
                    let sources = node.made_of(layer.view);
                    self.held
                        .extend(sources.into_iter().map(|source| (step.id.clone(), source)));
                }
            }
        }
    }

    pub(super) fn write(&mut self, output: Output, report: &mut StepReport) {
        let Output {
            layer: i,
            path,
            by,
            node,
            near,
            moved_from,
            of,
            seen: rewritten,
        } = output;
        let view = self.layers[i].view;
        let place = Place {
            near: near.as_ref().map(Path::segments),
            keys: &self.plan.pack.keys,
        };
        let value = node.value(view).unwrap_or(Value::Null);
        let change = match moved_from {
            Some(from) => Change {
                layer: i,
                kind: ChangeKind::Move,
                path: from,
                to: Some(path.clone()),
                from: Vec::new(),
                value,
            },
            None => Change {
                layer: i,
                kind: ChangeKind::Write,
                path: path.clone(),
                to: None,
                from: of,
                value,
            },
        };
        report.changes.push(change);
        let list = list_of(&path);
        if by.is_some() || list != path {
            bring_list(&mut self.layers, i, &list, &self.plan.pack.keys);
        }
        let replaced = match &by {
            None => self.layers[i].root.put(&path, node, place, view),
            Some(by) => self.upsert(i, &path, by, node, place),
        };
        for (path, node) in replaced {
            // Nothing is lost where something is put into an empty map.
            if node.is_empty_map(view)
                || rewritten
                    .iter()
                    .any(|read| read.matches_prefix(&path).is_some())
            {
                let step = report.id.clone();
                self.dropped.extend(
                    node.leaves(view)
                        .into_iter()
                        .flat_map(|(_, sources)| sources)
                        .map(|source| Dropped {
                            source,
                            step: step.clone(),
                        }),
                );
            } else {
                self.record_left_over(i, &path, &node, report);
            }
        }
    }

    /// Adds or replaces the items of a list one by one.
    pub(super) fn upsert(
        &mut self,
        layer: usize,
        path: &Path,
        by: &str,
        node: Node,
        place: Place<'_>,
    ) -> Vec<(Path, Node)> {
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
            let same = |other: &Node| match &key {
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

    pub(super) fn write_deferred(&mut self) -> Result<(), MigrateError> {
        for Deferred { report, output } in std::mem::take(&mut self.deferred) {
            let mut step = self.steps[report].clone();
            self.write(output, &mut step);
            self.steps[report] = step;
        }
        Ok(())
    }
}

/// What a taken leaf lives on in.
pub(super) enum Heir<'o> {
    /// A value that is made of it.
    MadeOfIt,
    /// A value that is equal to it.
    Equal(&'o mut Output),
    /// Nothing.
    None,
}

pub(super) fn heir<'o>(
    layer: usize,
    sources: &[Source],
    value: &Value,
    outputs: &'o mut [Output],
    view: &View<'_>,
) -> Heir<'o> {
    let mut equal = None;
    for (i, output) in outputs
        .iter()
        .enumerate()
        .filter(|(_, output)| output.layer == layer)
    {
        let made_of = output.node.made_of(view);
        let uses = |source: &Source| made_of.iter().any(|of| of.path.is_related(&source.path));
        if !output.node.also.is_empty() && output.node.also.iter().any(|s| sources.contains(s)) {
            continue;
        }
        if sources.iter().any(uses) {
            return Heir::MadeOfIt;
        }
        let text = matches!(value, Value::String(text) if !text.is_empty());
        if text && output.node.value(view).is_ok_and(|other| other == *value) {
            equal.get_or_insert(i);
        }
    }
    match equal {
        Some(i) => Heir::Equal(&mut outputs[i]),
        None => Heir::None,
    }
}

/// Whether a layer says something of a path: sets it, or sets what is above it to something else.
pub(super) fn sets(layer: &Layer<'_>, path: &Path) -> bool {
    if !layer.root.find(path.segments(), layer.view).is_empty() {
        return true;
    }
    (1..path.segments().len()).any(|n| {
        let above = &path.segments()[..n];
        layer
            .root
            .find(above, layer.view)
            .iter()
            .any(|(_, node)| !node.is_map(layer.view))
    })
}

/// Takes what is spared out of a value that moves.
pub(super) fn strip(node: &mut Node, at: &Path, spared: &dyn Fn(&Path) -> Spared, view: &View<'_>) {
    if spared(at) != Spared::Parts || !node.is_map(view) {
        return;
    }
    for entry in node.open_map(view) {
        let here = at.key(&entry.key);
        match spared(&here) {
            Spared::Whole => entry.gone = true,
            Spared::Parts => strip(&mut entry.node, &here, spared, view),
            Spared::Nothing => {}
        }
    }
}

pub(super) fn leaf_value(node: &Node, below: &Path, view: &View<'_>) -> Value {
    node.find(below.segments(), view)
        .into_iter()
        .next()
        .and_then(|(_, leaf)| leaf.value(view).ok())
        .unwrap_or(Value::Null)
}
