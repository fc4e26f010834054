//! What a step of a migration comes to: whether it runs, with which row, and what it asks.
//!
//! Everything here looks at the values as they were before the migration and changes nothing.

use std::collections::BTreeSet;

use semver::Version;

use super::{
    bind::{BoundLayer, effective, find, names},
    decision::{DecisionValue, StepError, decide},
    node::TracedValue,
    outputs::template_value,
    own::{Owned, Places},
    run::{StepEffect, StepReport, StepRun, StepState},
};
use crate::{
    pack::{Known, Migration, Row, Scope, Step},
    values::{Path, view::View},
};

impl<'r> StepRun<'r> {
    pub(super) fn consider<'p>(
        &self,
        migration: &'p Migration,
        index: usize,
        scope: &Scope<'_>,
        places: &[Places<'_>],
    ) -> Result<Option<StepEffect<'p>>, StepError> {
        let step = &migration.steps[index];
        let layers = self.layers.iter().zip(places);
        let takes: Vec<Vec<Owned>> = layers
            .map(|(layer, places)| places.owned_by_step(migration, index, &layer.root, layer.view))
            .collect();
        // A step that takes something is about what is there; one without takes may still write, tell or ask.
        if !step.takes.is_empty() && takes.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        let mut report = StepReport {
            why: step.why.clone(),
            link: step.link.clone(),
            is_drafted: migration.is_drafted,
            ..StepReport::new(&migration.version, &step.id, &step.title)
        };
        let effect = |report, takes| StepEffect {
            step,
            index,
            before: self.version_before(&migration.version),
            report,
            takes,
            outputs: Vec::new(),
            deferred: Vec::new(),
        };
        let nothing = || vec![Vec::new(); self.layers.len()];
        if self.plan.left_out.contains(&step.id) {
            // Who leaves a step out still has to hear what the target will ignore.
            let lost = self.unread_by_target(&takes);
            if lost.is_empty() && step.takes.is_empty() {
                return Ok(None);
            }
            report.state = StepState::LeftOut(lost);
            return Ok(Some(effect(report, nothing())));
        }
        let waits_for = self.waits_for(step);
        let scope = self.bind(step, &self.layers, places, scope)?;
        if let Some(condition) = &step.condition
            && !scope.holds(condition)?
        {
            return Ok(None);
        }
        let mut row = None;
        for (number, candidate) in step.rows.iter().enumerate() {
            if self.is_for(candidate, &scope)? {
                row = Some((number, candidate));
                break;
            }
        }
        let Some((number, row)) = row else {
            return Ok(None);
        };
        if !waits_for.is_empty() {
            report.state = StepState::Waiting(waits_for);
            return Ok(Some(effect(report, nothing())));
        }
        let mut rows = vec![(row, Vec::new())];
        let mut option = None;
        if let Some(question) = &row.question {
            let mut offered = Vec::new();
            for option in &question.options {
                if self.is_for(&option.row, &scope)? {
                    offered.push(option);
                }
            }
            let evidence = self.evidence(step, places)?;
            let decided = decide(
                (&step.id, step.one_of.as_deref()),
                question,
                evidence,
                &offered,
                &scope,
                self.answers,
                self.accept_recommended,
            )?;
            report.id.clone_from(&decided.decision.id);
            report.decision = Some(decided.decision);
            match decided.chosen {
                Some((choice, inputs)) => {
                    let mut options = question.options.iter();
                    // Takes count the options as the pack lists them, and not only those that are offered here.
                    option = options.position(|other| std::ptr::eq(other, choice));
                    rows.push((&choice.row, inputs));
                }
                None => report.state = StepState::Open,
            }
        }
        if report.state == StepState::Open {
            return Ok(Some(effect(report, nothing())));
        }
        let mut done = effect(report, takes);
        // A row or an option may take paths of its own; those of the others stay where they are.
        for owned in &mut done.takes {
            owned.retain(|owned| match step.takes[owned.take].of {
                None => true,
                Some((of, None)) => of == number,
                Some((of, chosen)) => of == number && chosen == option,
            });
        }
        let leave: Vec<&String> = rows.iter().flat_map(|(row, _)| &row.leave).collect();
        let is_left = |take: usize| {
            let name = step.takes[take].name.as_ref();
            name.is_some_and(|name| leave.contains(&name))
        };
        for (row, inputs) in rows {
            self.do_row(&mut done, row, &inputs, &scope, places)?;
        }
        // Not earlier: what a row leaves was a source of what it writes.
        for owned in &mut done.takes {
            owned.retain(|owned| !is_left(owned.take));
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
            .is_some_and(|range| !range.contains(self.to))
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
        layers: &[BoundLayer<'_>],
        places: &[Places<'_>],
        scope: &'s Scope<'_>,
    ) -> Result<Scope<'s>, StepError> {
        let mut inner = scope.inner();
        for named in names(step) {
            let owner = named.take.map(|take| (places, &step.takes[take]));
            inner.bind(named.name, effective(layers, owner, named.path)?.as_ref());
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

    pub(super) fn evidence(
        &self,
        step: &Step,
        places: &[Places<'_>],
    ) -> Result<Vec<DecisionValue>, StepError> {
        names(step)
            .map(|named| {
                let owner = named.take.map(|take| (places, &step.takes[take]));
                Ok(DecisionValue::value(
                    &named.path.to_string(),
                    effective(&self.layers, owner, named.path)?,
                    find(&self.layers, named.path).source(),
                ))
            })
            .collect()
    }

    /// The paths of leaves that the target chart does not read.
    pub(super) fn unread_by_target(&self, takes: &[Vec<Owned>]) -> Vec<Path> {
        let mut unread = Vec::new();
        for (layer, takes) in self.layers.iter().zip(takes) {
            for owned in takes {
                for (below, _) in owned.node.leaves(layer.view) {
                    let leaf = owned.path.concat(&below);
                    let known = self.goal.pack.keys.known(&leaf, &self.goal.to);
                    if matches!(known, Known::Unknown | Known::Dead) && !unread.contains(&leaf) {
                        unread.push(leaf);
                    }
                }
            }
        }
        unread
    }
}

/// True if a version does not read some part of a value.
pub(super) fn has_unread(
    node: &TracedValue,
    at: &Path,
    keys: &crate::pack::Keys,
    version: &Version,
    view: &View<'_>,
) -> bool {
    match keys.known(at, version) {
        // Whatever the chart still lists is not left over from an older one, though it may be dead, and below an
        // open map or a sub-chart any key may stand.
        Known::Unknown => true,
        Known::Dead | Known::Open | Known::SubChart => false,
        Known::Read => node
            .entries(view)
            .iter()
            .any(|entry| has_unread(&entry.node, &at.key(&entry.key), keys, version, view)),
    }
}
