//! What a row of a step writes: the values, the layers that they go to, and where they come from.
//!
//! An output is written in every layer that sets one of its sources, computed from the layers up to there;
//! what has no source goes where its guard's key is set. Nothing is applied here.

use super::{
    apply::sets,
    bind::{BoundLayer, NamedPart, names},
    decision::StepError,
    error::MigrateError,
    layers::list_of,
    node::{TextPlace, TracedValue},
    own::Places,
    provenance::LookedAtParts,
    run::{Output, Positions, StepEffect, StepRun},
};
use crate::{
    pack::{Row, Scope, Step, Template, Told, Write},
    values::{Map, Path, Value},
};

impl<'r> StepRun<'r> {
    pub(super) fn do_row(
        &self,
        effect: &mut StepEffect<'_>,
        row: &Row,
        inputs: &[(String, Value)],
        scope: &Scope<'_>,
        places: &[Places<'_>],
    ) -> Result<(), StepError> {
        let mut inner = scope.inner();
        for (name, value) in inputs {
            inner.bind(name, Some(value));
        }
        for told in &row.tell {
            let text = inner.fill(&told.text)?.trim().to_owned();
            let severity = told.severity;
            // Expressions in the text may leave nothing of it for this release.
            if !text.is_empty() {
                effect.report.tell.push(Told { severity, text });
            }
        }
        for (when, text) in &row.todo {
            let text = inner.fill(text)?.trim().to_owned();
            if !text.is_empty() {
                effect.report.todo.push((*when, text));
            }
        }
        for write in &row.writes {
            for output in self.outputs(effect, write, inputs, &inner, places)? {
                // What hangs on the target version can be written only behind the last migration.
                let list = if row.target.is_some() {
                    &mut effect.deferred
                } else {
                    &mut effect.outputs
                };
                list.push(output);
            }
        }
        Ok(())
    }

    /// The layers that a write goes to, with what is written there.
    pub(super) fn outputs(
        &self,
        effect: &StepEffect<'_>,
        write: &Write,
        inputs: &[(String, Value)],
        scope: &Scope<'_>,
        places: &[Places<'_>],
    ) -> Result<Vec<Output>, StepError> {
        let step = effect.step;
        let own = self.own;
        if own == 0 {
            let step = step.id.clone();
            return Err(MigrateError::NoValues { step }.into());
        }
        let mut used = Vec::new();
        for expression in write.value.expressions() {
            used.extend(expression.names()?);
        }
        self.add_names_behind(step, &mut used)?;
        let sources: Vec<NamedPart<'_>> = names(step)
            .filter(|named| used.iter().any(|used| used == named.name))
            .collect();
        let is_source =
            |layer: &BoundLayer<'_>| sources.iter().any(|named| sets(layer, named.path));
        let mut layers: Vec<usize> = (0..own).filter(|&i| is_source(&self.layers[i])).collect();
        // What is handed down stands over all layers, so what comes of it does, too.
        let handed_down = self.layers[own..].iter().any(is_source);
        if handed_down && layers.last() != Some(&(own - 1)) {
            layers.push(own - 1);
        }
        match layers.first() {
            None => layers.push(self.layer_of_additions(step)),
            // A later layer that sets the place itself would hide what is written before it.
            Some(&first) => {
                let place = list_of(&write.path);
                let hides = |i: &usize| sets(&self.layers[*i], &place);
                layers.extend((first + 1..own).filter(hides));
                layers.sort_unstable();
                layers.dedup();
            }
        }
        let highest = layers.last().copied().unwrap_or_default();
        let mut outputs = Vec::new();
        for layer in layers {
            let rebound;
            // The right-most layer stands for the release: it alone sees what is handed down over it.
            let scope = if layer == own - 1 {
                scope
            } else {
                // The guards held for the release. Where an expression fails on the lower layers alone
                // nothing is written there: the highest of these layers says the value for them all.
                let mut bound = match self.bind(step, &self.layers[..=layer], places, scope) {
                    Err(StepError::Expression(_)) if layer < highest => continue,
                    bound => bound?,
                };
                for (name, value) in inputs {
                    bound.bind(name, Some(value));
                }
                rebound = bound;
                &rebound
            };
            let value = match template_value(&write.value, scope) {
                Err(StepError::Expression(_)) if layer < highest => continue,
                value => value?,
            };
            let Some(value) = value else { continue };
            let nodes = self.nodes_of(effect, &sources, layer);
            let (node, moved_from) = self.provenance(effect, write, value, layer, &nodes)?;
            let taken = |path: &Path| {
                effect.takes[layer]
                    .iter()
                    .any(|owned| path.starts_with(&owned.path) && !step.takes[owned.take].stays)
            };
            // What is not taken stays, so that the value is copied and not moved.
            let moved_from = moved_from.filter(taken);
            let mut of: Vec<Path> = nodes.into_iter().map(|(path, _)| path).collect();
            if handed_down && layer == own - 1 {
                let above = self.nodes_of(effect, &sources, own).into_iter();
                of.extend(above.map(|(path, _)| path));
            }
            outputs.push(Output {
                near: self.place_beside(effect, &sources, layer),
                moved_from,
                moves: false,
                of,
                covered: Vec::new(),
                seen: effect.known_places(),
                // The position of a match is that of its item, wherever it is written.
                positions: match step.one_of {
                    Some(_) => Positions::Snapshot,
                    None => Positions::Standing,
                },
                before: effect.before.clone(),
                layer,
                path: write.path.clone(),
                place: write.path.clone(),
                stands: write.path.clone(),
                by: write.by.clone(),
                node,
            });
        }
        Ok(outputs)
    }

    /// Adds the names that the `let`s among the used names are made of.
    pub(super) fn add_names_behind(
        &self,
        step: &Step,
        used: &mut Vec<String>,
    ) -> Result<(), StepError> {
        // From the last one back: a `let` can use only those before it.
        for (name, template) in step.lets.iter().rev() {
            if used.contains(name) {
                for expression in template.expressions() {
                    used.extend(expression.names()?);
                }
            }
        }
        Ok(())
    }

    /// The layer for an output without a source: the right-most one that sets a value at which the step looks.
    pub(super) fn layer_of_additions(&self, step: &Step) -> usize {
        let set = |i: &usize| names(step).any(|named| sets(&self.layers[*i], named.path));
        let found = (0..self.layers.len()).rev().find(set);
        // What is handed down is no layer that can be written to; the top-most own one stands in for it.
        found.unwrap_or(self.own).min(self.own - 1)
    }

    /// The nodes of a step's names in a layer: of a take, those that it owns.
    fn nodes_of(
        &self,
        effect: &StepEffect<'_>,
        sources: &[NamedPart<'_>],
        layer: usize,
    ) -> Vec<(Path, TracedValue)> {
        let here = &self.layers[layer];
        let nodes = sources.iter().flat_map(|named| match named.take {
            Some(take) => {
                let owned = effect.takes[layer].iter();
                let owned = owned.filter(|owned| owned.take == take);
                owned
                    .map(|owned| (owned.path.clone(), owned.node.clone()))
                    .collect()
            }
            None => here.root.find(named.path.segments(), here.view),
        });
        nodes.collect()
    }

    /// The place beside which a new key goes: the first thing taken for it.
    pub(super) fn place_beside(
        &self,
        effect: &StepEffect<'_>,
        sources: &[NamedPart<'_>],
        layer: usize,
    ) -> Option<Path> {
        let here = &self.layers[layer];
        let found = |path: &Path| {
            here.root
                .find(path.segments(), here.view)
                .into_iter()
                .next()
                .map(|(path, _)| path)
        };
        let taken = |named: &&NamedPart<'_>| {
            let mut takes = effect.step.takes.iter();
            takes.any(|take| take.path == *named.path)
        };
        let mut of_expression = sources.iter().filter(taken);
        of_expression
            .find_map(|named| found(named.path))
            .or_else(|| effect.takes[layer].first().map(|owned| owned.path.clone()))
            .or_else(|| {
                let reads_only = effect.step.takes.is_empty();
                reads_only.then(|| sources.iter().find_map(|named| found(named.path)))?
            })
    }

    /// A written value with where it came from. What yields exactly the value of a name keeps the text of
    /// that name's value; of anything else the parts do that are known.
    fn provenance(
        &self,
        effect: &StepEffect<'_>,
        write: &Write,
        value: Value,
        layer: usize,
        nodes: &[(Path, TracedValue)],
    ) -> Result<(TracedValue, Option<Path>), StepError> {
        let here = &self.layers[layer];
        for (path, node) in nodes {
            if node.value(here.view)? == value {
                return Ok((node.clone(), Some(path.clone())));
            }
        }
        let from: Vec<TextPlace> = nodes
            .iter()
            .flat_map(|(_, node)| node.made_of(here.view))
            .collect();
        let like = self.quoted_like(effect.step, write, layer, nodes);
        let nodes = nodes.iter().map(|(_, node)| node);
        let mut parts = LookedAtParts::of(nodes, here.view, (from, like))?;
        Ok((parts.node(&value)?, None))
    }

    /// The scalar whose quotes a written text takes on: the one taken for the same key, else the first
    /// that its expression names.
    pub(super) fn quoted_like(
        &self,
        step: &Step,
        write: &Write,
        layer: usize,
        sources: &[(Path, TracedValue)],
    ) -> Option<crate::yaml::NodeId> {
        let here = &self.layers[layer];
        let scalar = |path: &Path| {
            let (_, node) = here
                .root
                .find(path.segments(), here.view)
                .into_iter()
                .next()?;
            let source = node.source()?;
            let kind = here.view.tree().kind(source.node);
            matches!(kind, crate::yaml::Kind::Scalar(_)).then_some(source.node)
        };
        let taken = || step.takes.iter().map(|take| &take.path);
        let own = taken().find(|path| **path == write.path);
        let same_key = taken().filter(|path| path.last() == write.path.last());
        own.into_iter()
            .chain(same_key)
            .find_map(scalar)
            .or_else(|| sources.iter().find_map(|(path, _)| scalar(path)))
    }
}

/// The value of a template; `None` if its expression yields nothing.
pub(super) fn template_value(
    template: &Template,
    scope: &Scope<'_>,
) -> Result<Option<Value>, StepError> {
    Ok(match template {
        Template::Expression(expression) => scope.eval(expression)?,
        Template::Literal(value) => Some(value.clone()),
        Template::List(items) => {
            let mut values = Vec::new();
            for item in items {
                values.extend(template_value(item, scope)?);
            }
            Some(Value::List(values))
        }
        Template::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                if let Some(value) = template_value(value, scope)? {
                    map.insert(key.clone(), value);
                }
            }
            Some(Value::Map(map))
        }
    })
}
