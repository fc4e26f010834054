//! What a step of a migration comes to: whether it runs, with which row, and what it asks.
//!
//! Everything here looks at the values as they were before the migration and changes nothing.

use std::collections::BTreeSet;

use semver::Version;

use super::{
    bind::{Found, Layer, effective, find, names},
    decision::{Evidence, StepError, decide},
    node::Node,
    outputs::template_value,
    place::Spared,
    run::{Effect, Run, StepReport, StepState, spared},
};
use crate::{
    pack::{Known, Migration, Row, Scope, Step},
    values::{Path, view::View},
};

impl<'r> Run<'r> {
    pub(super) fn consider<'p>(
        &self,
        migration: &'p Migration,
        step: &'p Step,
        scope: &Scope<'_>,
    ) -> Result<Option<Effect<'p>>, StepError> {
        let found: Vec<Found> = step
            .takes
            .iter()
            .map(|take| find(&self.layers, &take.path))
            .collect();
        let takes: Vec<Vec<Path>> = (0..self.layers.len())
            .map(|layer| {
                let own = step.takes.iter().zip(&found).flat_map(|(take, found)| {
                    let not_spared = |(path, node): &&(Path, Node)| {
                        let spared = |at: &Path| spared(migration, step, &take.path, at);
                        leaves_anything(node, path, &spared, self.layers[layer].view)
                    };
                    found.by_layer[layer]
                        .iter()
                        .filter(not_spared)
                        .map(|(path, _)| path.clone())
                });
                own.collect()
            })
            .collect();
        if !step.takes.is_empty() && takes.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        let mut report = StepReport {
            why: step.why.clone(),
            link: step.link.clone(),
            ..StepReport::new(&migration.version, &step.id, &step.title)
        };
        let effect = |report, takes| Effect {
            step,
            report,
            takes,
            outputs: Vec::new(),
            deferred: Vec::new(),
        };
        let nothing = || vec![Vec::new(); self.layers.len()];
        if self.plan.left_out.contains(&step.id) {
            let lost = self.unread_by_target(&takes);
            if lost.is_empty() && step.takes.is_empty() {
                return Ok(None);
            }
            report.state = StepState::LeftOut(lost);
            return Ok(Some(effect(report, nothing())));
        }
        let waits_for = self.waits_for(step);
        let scope = self.bind(step, &self.layers, scope)?;
        if let Some(condition) = &step.condition
            && !scope.holds(condition)?
        {
            return Ok(None);
        }
        let mut row = None;
        for candidate in &step.rows {
            if self.is_for(candidate, &scope)? {
                row = Some(candidate);
                break;
            }
        }
        let Some(row) = row else { return Ok(None) };
        if !waits_for.is_empty() {
            report.state = StepState::Waiting(waits_for);
            return Ok(Some(effect(report, nothing())));
        }
        let mut rows = vec![(row, Vec::new())];
        if let Some(question) = &row.question {
            let mut offered = Vec::new();
            for option in &question.options {
                if self.is_for(&option.row, &scope)? {
                    offered.push(option);
                }
            }
            let evidence = self.evidence(step)?;
            let decided = decide(
                &step.id,
                question,
                evidence,
                &offered,
                &scope,
                self.answers,
                self.accept_recommended,
            )?;
            report.decision = Some(decided.decision);
            match decided.chosen {
                Some((choice, inputs)) => rows.push((&choice.row, inputs)),
                None => report.state = StepState::Open,
            }
        }
        if report.state == StepState::Open {
            return Ok(Some(effect(report, nothing())));
        }
        let mut done = effect(report, takes);
        for (row, inputs) in rows {
            self.do_row(&mut done, row, &inputs, &scope)?;
        }
        let leave: Vec<&String> = step
            .rows
            .iter()
            .filter(|r| std::ptr::eq(*r, row))
            .flat_map(|r| &r.leave)
            .collect();
        let chosen_leave = done.report.decision.as_ref().and_then(|d| {
            let option = &d.answer.as_ref()?.option;
            let choice = row
                .question
                .as_ref()?
                .options
                .iter()
                .find(|o| o.id == *option)?;
            Some(&choice.row.leave)
        });
        let left: Vec<&Path> = names(step)
            .filter(|(name, _)| {
                leave.iter().any(|l| l == name)
                    || chosen_leave.is_some_and(|c| c.iter().any(|l| l == name))
            })
            .map(|(_, path)| path)
            .collect();
        for paths in &mut done.takes {
            paths.retain(|path| !left.iter().any(|pattern| pattern.matches(path).is_some()));
        }
        let idle = done.takes.iter().all(Vec::is_empty)
            && done.outputs.is_empty()
            && done.deferred.is_empty()
            && done.report.tell.is_empty()
            && done.report.todo.is_empty()
            && done.report.decision.is_none();
        Ok((!idle).then_some(done))
    }

    pub(super) fn is_for(&self, row: &Row, scope: &Scope<'_>) -> Result<bool, StepError> {
        if row
            .target
            .as_ref()
            .is_some_and(|range| !range.contains(&self.plan.to))
        {
            return Ok(false);
        }
        Ok(match &row.condition {
            Some(condition) => scope.holds(condition)?,
            None => true,
        })
    }

    /// A scope with the names of a step, as they are in the layers given.
    pub(super) fn bind<'s>(
        &self,
        step: &Step,
        layers: &[Layer<'_>],
        scope: &'s Scope<'_>,
    ) -> Result<Scope<'s>, StepError> {
        let mut inner = scope.inner();
        for (name, path) in names(step) {
            inner.bind(name, effective(layers, path)?.as_ref());
        }
        for (name, template) in &step.lets {
            let value = template_value(template, &inner)?;
            inner.bind(name, value.as_ref());
        }
        Ok(inner)
    }

    /// The questions that must be answered before a step can see what it takes and reads.
    pub(super) fn waits_for(&self, step: &Step) -> Vec<String> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let paths = step
            .takes
            .iter()
            .map(|take| &take.path)
            .chain(step.reads.iter().map(|(_, p)| p));
        let mut waits = BTreeSet::new();
        for path in paths {
            let found = find(&self.layers, path);
            for (layer, nodes) in found.by_layer.iter().enumerate() {
                for source in nodes
                    .iter()
                    .flat_map(|(_, node)| node.made_of(self.layers[layer].view))
                {
                    let holding = self.held.iter().filter(|(_, held)| {
                        held.layer == source.layer && held.path.is_related(&source.path)
                    });
                    waits.extend(holding.map(|(id, _)| id.clone()));
                }
            }
        }
        waits.into_iter().collect()
    }

    pub(super) fn evidence(&self, step: &Step) -> Result<Vec<Evidence>, StepError> {
        names(step)
            .map(|(_, path)| {
                Ok(Evidence {
                    path: path.to_string(),
                    value: effective(&self.layers, path)?,
                    source: find(&self.layers, path).source(),
                })
            })
            .collect()
    }

    /// The paths of leaves that the target chart does not read.
    pub(super) fn unread_by_target(&self, takes: &[Vec<Path>]) -> Vec<Path> {
        let mut unread = Vec::new();
        for (layer, paths) in self.layers.iter().zip(takes) {
            for path in paths {
                for (_, node) in layer.root.find(path.segments(), layer.view) {
                    for (below, _) in node.leaves(layer.view) {
                        let leaf = path.concat(&below);
                        let known = self.plan.pack.keys.known(&leaf, &self.plan.to);
                        if matches!(known, Known::Unknown | Known::Dead) && !unread.contains(&leaf)
                        {
                            unread.push(leaf);
                        }
                    }
                }
            }
        }
        unread
    }
}

/// Whether a step that spares some of a value takes anything of it.
pub(super) fn leaves_anything(
    node: &Node,
    at: &Path,
    spared: &dyn Fn(&Path) -> Spared,
    view: &View<'_>,
) -> bool {
    match spared(at) {
        Spared::Whole => false,
        Spared::Nothing => true,
        Spared::Parts => {
            let entries = node.entries(view);
            entries.is_empty()
                || entries
                    .iter()
                    .any(|entry| leaves_anything(&entry.node, &at.key(&entry.key), spared, view))
        }
    }
}

/// Whether a version does not read something of a value.
pub(super) fn has_unread(
    node: &Node,
    at: &Path,
    keys: &crate::pack::Keys,
    version: &Version,
    view: &View<'_>,
) -> bool {
    match keys.known(at, version) {
        Known::Unknown => true,
        Known::Dead | Known::Open | Known::SubChart => false,
        Known::Read => node
            .entries(view)
            .iter()
            .any(|entry| has_unread(&entry.node, &at.key(&entry.key), keys, version, view)),
    }
}
