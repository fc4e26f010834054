//! One run: the migrations of a plan, one after the other, over the layers of a release.

use std::collections::BTreeSet;

use semver::Version;

use super::{
    bind::{self, Found, Layer, effective, find, names},
    decision::{Answers, Decision, Evidence, StepError, decide},
    dump,
    error::MigrateError,
    layers::{bring_list, list_of, uncover},
    ledger::{Dropped, Ledger},
    node::{Body, Node, Origin, Source},
    place::{Place, Spared},
};
use crate::{
    pack::{Known, Migration, PackError, Row, Scope, Step, Template, When, Write},
    plan::Plan,
    values::{Map, Path, Value, view::View},
};

/// What the migrations came to.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// The layers, with the provenance of every value.
    pub layers: Vec<Node>,
    /// Every step that did, told or asked something, or was left out though it had something to do.
    pub steps: Vec<StepReport>,
    /// The fate of every leaf that did not stay as it was.
    pub ledger: Ledger,
}

/// What a step came to.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The migration it belongs to.
    pub version: Version,
    /// Its id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Why.
    pub why: Option<String>,
    /// Where that is documented.
    pub link: Option<String>,
    /// How far it came.
    pub state: StepState,
    /// What it did, in file order.
    pub changes: Vec<Change>,
    /// What it tells.
    pub tell: Vec<String>,
    /// What it leaves to a person.
    pub todo: Vec<(When, String)>,
    /// What it asked.
    pub decision: Option<Decision>,
}

/// How far a step came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// It is done.
    Done,
    /// Its question is open; nothing of it is done.
    Open,
    /// It depends on what an open question of these steps decides.
    Waiting(Vec<String>),
    /// It was left out with `--skip` or `--only`. The paths are what the target will not read because of it.
    LeftOut(Vec<Path>),
}

/// One thing that a step did.
#[derive(Debug, Clone)]
pub struct Change {
    /// The layer.
    pub layer: usize,
    /// What was done.
    pub kind: ChangeKind,
    /// Where: the old place of what was moved or dropped, the new place of what was written.
    pub path: Path,
    /// Where it went, for what was moved or merged.
    pub to: Option<Path>,
    /// What it was made of, for what was written.
    pub from: Vec<Path>,
    /// The value.
    pub value: Value,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A value went elsewhere unchanged.
    Move,
    /// A value became one with an equal one.
    Merge,
    /// A value was written.
    Write,
    /// A value was dropped.
    Drop,
    /// A left-over of another chart version was dropped.
    DropLeftOver,
}

/// Runs the migrations of a plan.
///
/// # Errors
///
/// If the pack is at fault, an answer does not fit its question, or a leaf would be lost without a word.
pub fn migrate(
    views: &[&View<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Migrated, MigrateError> {
    let layers = views
        .iter()
        .enumerate()
        .map(|(i, view)| Layer {
            view,
            root: Node::layer(i, view),
        })
        .collect();
    let mut scope = Scope::new();
    let target = Value::Map(Map::from_iter([
        (
            "values".to_owned(),
            bind::defaults(&plan.pack.keys, &plan.to),
        ),
        ("version".to_owned(), Value::String(plan.to.to_string())),
        ("app".to_owned(), Value::String(app(plan, &plan.to))),
    ]));
    scope.bind("target", Some(&target));
    let mut run = Run {
        plan,
        answers,
        accept_recommended,
        scope,
        layers,
        held: Vec::new(),
        deferred: Vec::new(),
        dropped: Vec::new(),
        steps: Vec::new(),
    };
    run.strip_defaults()?;
    run.leftovers()?;
    for migration in &plan.migrations {
        run.migration(migration)?;
    }
    run.write_deferred()?;
    run.finish()
}

fn app(plan: &Plan<'_>, version: &Version) -> String {
    plan.pack
        .info
        .versions
        .get(version)
        .map_or_else(|| version.to_string(), |info| info.app.clone())
}

struct Run<'r> {
    plan: &'r Plan<'r>,
    answers: &'r Answers,
    accept_recommended: bool,
    scope: Scope<'static>,
    layers: Vec<Layer<'r>>,
    /// Leaves that an open question keeps from being decided, with the question.
    held: Vec<(String, Source)>,
    /// What is written after the last migration.
    deferred: Vec<Deferred>,
    dropped: Vec<Dropped>,
    steps: Vec<StepReport>,
}

struct Deferred {
    report: usize,
    output: Output,
}

/// A value for a place in one layer.
#[derive(Debug, Clone)]
struct Output {
    layer: usize,
    path: Path,
    /// For list items that are added or replaced: the key that tells them apart.
    by: Option<String>,
    node: Node,
    near: Option<Path>,
    /// The old place, for what goes elsewhere unchanged.
    moved_from: Option<Path>,
    /// The places that it was made of.
    of: Vec<Path>,
    /// What the step looked at or took: to write over it is to rewrite it.
    seen: Vec<Path>,
}

/// What a step came to, before anything is applied.
struct Effect<'p> {
    step: &'p Step,
    report: StepReport,
    /// By layer: the paths that it takes.
    takes: Vec<Vec<Path>>,
    outputs: Vec<Output>,
    deferred: Vec<Output>,
}

impl<'r> Run<'r> {
    fn migration(&mut self, migration: &'r Migration) -> Result<(), MigrateError> {
        let mut effects = Vec::new();
        {
            let mut scope = self.scope.inner();
            let before = self.before(&migration.version);
            let defaults = bind::defaults(&self.plan.pack.keys, &before);
            scope.bind(
                "before",
                Some(&Value::Map(Map::from_iter([(
                    "values".to_owned(),
                    defaults,
                )]))),
            );
            for step in &migration.steps {
                let considered = self.consider(migration, step, &scope);
                if let Some(effect) = considered.map_err(|e| e.of(&migration.version, &step.id))? {
                    effects.push(effect);
                }
            }
        }
        check_clashes(migration, &effects, &self.layers)?;
        self.apply(migration, effects);
        Ok(())
    }

    /// The version whose defaults the values have before a migration.
    fn before(&self, version: &Version) -> Version {
        let versions = self.plan.pack.info.versions.keys().filter(|v| *v < version);
        let newest = versions.max().unwrap_or(&self.plan.from);
        newest.max(&self.plan.from).clone()
    }

    fn consider<'p>(
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
            version: migration.version.clone(),
            id: step.id.clone(),
            title: step.title.clone(),
            why: step.why.clone(),
            link: step.link.clone(),
            state: StepState::Done,
            changes: Vec::new(),
            tell: Vec::new(),
            todo: Vec::new(),
            decision: None,
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

    fn is_for(&self, row: &Row, scope: &Scope<'_>) -> Result<bool, StepError> {
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
    fn bind<'s>(
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
    fn waits_for(&self, step: &Step) -> Vec<String> {
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

    fn evidence(&self, step: &Step) -> Result<Vec<Evidence>, StepError> {
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
    fn unread_by_target(&self, takes: &[Vec<Path>]) -> Vec<Path> {
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

    fn do_row(
        &self,
        effect: &mut Effect<'_>,
        row: &Row,
        inputs: &[(String, Value)],
        scope: &Scope<'_>,
    ) -> Result<(), StepError> {
        let mut inner = scope.inner();
        for (name, value) in inputs {
            inner.bind(name, Some(value));
        }
        for text in &row.tell {
            let text = inner.fill(text)?.trim().to_owned();
            if !text.is_empty() {
                effect.report.tell.push(text);
            }
        }
        for (when, text) in &row.todo {
            let text = inner.fill(text)?.trim().to_owned();
            if !text.is_empty() {
                effect.report.todo.push((*when, text));
            }
        }
        for write in &row.writes {
            for output in self.outputs(effect, write, inputs, &inner)? {
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
    fn outputs(
        &self,
        effect: &Effect<'_>,
        write: &Write,
        inputs: &[(String, Value)],
        scope: &Scope<'_>,
    ) -> Result<Vec<Output>, StepError> {
        let step = effect.step;
        let mut used = Vec::new();
        for expression in write.value.expressions() {
            used.extend(expression.names()?);
        }
        self.add_names_behind(step, &mut used)?;
        let sources: Vec<&Path> = names(step)
            .filter(|(name, _)| used.iter().any(|u| u == name))
            .map(|(_, path)| path)
            .collect();
        let mut layers: Vec<usize> = (0..self.layers.len())
            .filter(|&i| {
                let layer = &self.layers[i];
                let sets = |path: &&Path| sets(layer, path);
                sources.iter().any(sets)
            })
            .collect();
        match layers.first() {
            None => layers.push(self.layer_of_additions(step)),
            // A later layer that sets the place itself would hide what is written before it.
            Some(&first) => {
                let place = list_of(&write.path);
                let hides = |i: &usize| sets(&self.layers[*i], &place);
                layers.extend((first + 1..self.layers.len()).filter(hides));
                layers.sort_unstable();
                layers.dedup();
            }
        }
        let highest = layers.last().copied().unwrap_or_default();
        let mut outputs = Vec::new();
        for layer in layers {
            let last = self.layers.len() - 1;
            let rebound;
            let scope = if layer == last {
                scope
            } else {
                // The guards held for the release. Where an expression fails on the lower layers alone
                // nothing is written there: the highest of these layers says the value for them all.
                let mut bound = match self.bind(step, &self.layers[..=layer], scope) {
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
            let (node, moved_from) = self.provenance(step, write, value, layer, &sources)?;
            let here = &self.layers[layer];
            let found = |path: &&Path| here.root.find(path.segments(), here.view);
            let taken = |path: &Path| {
                effect.takes[layer]
                    .iter()
                    .any(|taken| path.starts_with(taken))
            };
            let moved_from = moved_from.filter(taken);
            let of = sources
                .iter()
                .flat_map(found)
                .map(|(path, _)| path)
                .collect();
            outputs.push(Output {
                near: self.near(effect, &sources, layer),
                moved_from,
                of,
                seen: names(step).map(|(_, path)| path.clone()).collect(),
                layer,
                path: write.path.clone(),
                by: write.by.clone(),
                node,
            });
        }
        Ok(outputs)
    }

    /// Adds the names that the `let`s among the used names are made of.
    fn add_names_behind(&self, step: &Step, used: &mut Vec<String>) -> Result<(), StepError> {
        for (name, template) in step.lets.iter().rev() {
            if used.contains(name) {
                for expression in template.expressions() {
                    used.extend(expression.names()?);
                }
            }
        }
        Ok(())
    }

    /// Where something without a source goes: to the right-most layer that sets what the step looks at.
    fn layer_of_additions(&self, step: &Step) -> usize {
        let set = |i: &usize| names(step).any(|(_, path)| sets(&self.layers[*i], path));
        (0..self.layers.len())
            .rev()
            .find(set)
            .unwrap_or(self.layers.len() - 1)
    }

    /// The place beside which a new key goes: the first thing taken for it.
    fn near(&self, effect: &Effect<'_>, sources: &[&Path], layer: usize) -> Option<Path> {
        let here = &self.layers[layer];
        let found = |path: &Path| {
            here.root
                .find(path.segments(), here.view)
                .into_iter()
                .next()
                .map(|(path, _)| path)
        };
        let taken = |path: &&&Path| effect.step.takes.iter().any(|take| take.path == ***path);
        let of_expression = sources.iter().filter(taken).find_map(|path| found(path));
        of_expression
            .or_else(|| effect.takes[layer].first().cloned())
            .or_else(|| {
                let reads_only = effect.step.takes.is_empty();
                reads_only.then(|| sources.iter().find_map(|path| found(path)))?
            })
    }

    /// A written value with where it came from. What yields exactly the value of a name keeps the text of
    /// that name's value; list items likewise, one by one.
    fn provenance(
        &self,
        step: &Step,
        write: &Write,
        value: Value,
        layer: usize,
        sources: &[&Path],
    ) -> Result<(Node, Option<Path>), StepError> {
        let here = &self.layers[layer];
        let mut nodes = Vec::new();
        for path in sources {
            for (path, node) in here.root.find(path.segments(), here.view) {
                if node.value(here.view)? == value {
                    return Ok((node, Some(path)));
                }
                nodes.push(node);
            }
        }
        let from: Vec<Source> = nodes
            .iter()
            .flat_map(|node| node.made_of(here.view))
            .collect();
        if let Value::List(items) = &value {
            let known: Vec<Node> = nodes
                .iter()
                .filter_map(|n| n.items(here.view))
                .flatten()
                .collect();
            let mut made = Vec::new();
            for item in items {
                let mut node = None;
                for candidate in &known {
                    if candidate.value(here.view)? == *item {
                        node = Some(candidate.clone());
                        break;
                    }
                }
                made.push(node.unwrap_or_else(|| Node::made(item.clone(), from.clone(), None)));
            }
            let origin = Origin::Made { from, like: None };
            return Ok((
                Node {
                    origin,
                    body: Body::List(made),
                    also: Vec::new(),
                },
                None,
            ));
        }
        let like = self.quoted_like(step, write, layer, sources);
        Ok((Node::made(value, from, like), None))
    }

    /// The scalar whose quotes a written text takes on: the one taken for the same key, else the first
    /// that its expression names.
    fn quoted_like(
        &self,
        step: &Step,
        write: &Write,
        layer: usize,
        sources: &[&Path],
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
            .or_else(|| sources.iter().find_map(|path| scalar(path)))
    }

    fn apply(&mut self, migration: &Migration, effects: Vec<Effect<'_>>) {
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
    fn take(
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
    fn drop_left_overs(&mut self, step: &Step, snapshot: &[Layer<'_>], report: &mut StepReport) {
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

    fn record_left_over(
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

    fn hold(&mut self, step: &Step, snapshot: &[Layer<'_>]) {
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

    fn write(&mut self, output: Output, report: &mut StepReport) {
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
    fn upsert(
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

    fn write_deferred(&mut self) -> Result<(), MigrateError> {
        for Deferred { report, output } in std::mem::take(&mut self.deferred) {
            let mut step = self.steps[report].clone();
            self.write(output, &mut step);
            self.steps[report] = step;
        }
        Ok(())
    }

    /// Asks about a copy of the chart's defaults before any step sees it.
    fn strip_defaults(&mut self) -> Result<(), MigrateError> {
        if let Some(stripped) = dump::strip(&mut self.layers, self.plan, self.answers)? {
            self.dropped.extend(stripped.dropped);
            self.held.extend(stripped.held);
            self.steps.push(stripped.report);
        }
        Ok(())
    }

    /// Keys whose migration lies before the source version: what ran was the newer key.
    fn leftovers(&mut self) -> Result<(), MigrateError> {
        if self.plan.migrations.is_empty() {
            return Ok(());
        }
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        let stale = self.layers.iter().any(|layer| {
            layer.root.entries(layer.view).iter().any(|entry| {
                has_unread(
                    &entry.node,
                    &Path::root().key(&entry.key),
                    keys,
                    from,
                    layer.view,
                )
            })
        });
        if !stale {
            return Ok(());
        }
        let past: Vec<Version> = self
            .plan
            .pack
            .migrated_versions()
            .filter(|version| *version <= from)
            .cloned()
            .collect();
        for version in past.iter().rev() {
            let Some(migration) = self.plan.pack.migration(version)? else {
                continue;
            };
            let wanted = |step: &&Step| !self.plan.left_out.contains(&step.id);
            for step in migration.steps.iter().filter(wanted) {
                self.left_over_step(migration, step);
            }
        }
        Ok(())
    }

    fn left_over_step(&mut self, migration: &Migration, step: &Step) {
        let keys = &self.plan.pack.keys;
        let from = &self.plan.from;
        let snapshot = self.layers.clone();
        let mut dead: Vec<(usize, Path, Path, Node)> = Vec::new();
        let mut stays: Vec<(usize, Path, Path, Node)> = Vec::new();
        for (i, layer) in snapshot.iter().enumerate() {
            for take in &step.takes {
                // What a row leaves may be there on purpose, from an earlier leg of the same route.
                let left = |name: &String| step.all_rows().any(|row| row.leave.contains(name));
                let may_stay = take.name.as_ref().is_some_and(left);
                for (path, node) in layer.root.find(take.path.segments(), layer.view) {
                    for (below, _) in node.leaves(layer.view) {
                        let leaf = path.concat(&below);
                        // What the step itself writes below what it takes is no left-over.
                        let written = step
                            .outputs()
                            .any(|output| output.matches_prefix(&leaf).is_some());
                        let spared =
                            written || spared(migration, step, &take.path, &leaf) == Spared::Whole;
                        // A dead key that the chart still lists is not left over: it is just dead.
                        let unknown = keys.known(&leaf, from) == Known::Unknown;
                        if unknown && !spared {
                            let list = if may_stay { &mut stays } else { &mut dead };
                            list.push((i, leaf, below, node.clone()));
                        }
                    }
                }
            }
        }
        // A list that items are added to is set by others too, and tells nothing.
        let added: Vec<&Path> = step
            .all_rows()
            .flat_map(|row| &row.writes)
            .filter(|write| write.by.is_some())
            .map(|write| &write.path)
            .collect();
        let mut outputs = step.outputs().filter(|output| !added.contains(output));
        let superseded = outputs.any(|output| {
            snapshot
                .iter()
                .any(|layer| !layer.root.find(output.segments(), layer.view).is_empty())
        });
        if !superseded {
            stays = dead.drain(..).chain(stays).collect();
        }
        let mut report = StepReport {
            version: migration.version.clone(),
            id: step.id.clone(),
            title: format!("Left over from before {}", migration.version),
            why: step.why.clone(),
            link: step.link.clone(),
            state: StepState::Done,
            changes: Vec::new(),
            tell: Vec::new(),
            todo: Vec::new(),
            decision: None,
        };
        let names = |leaves: &[(usize, Path, Path, Node)]| -> String {
            let names: Vec<_> = leaves.iter().map(|(_, at, _, _)| at.to_string()).collect();
            names.join(", ")
        };
        let chart = &self.plan.pack.info.chart;
        if !dead.is_empty() {
            let many = dead.len() > 1;
            report.tell.push(format!(
                "{} {} not read by {chart} {from}; the newer key is set and ran, so {} dropped.",
                names(&dead),
                if many { "are" } else { "is" },
                if many { "they are" } else { "it is" },
            ));
        }
        if !stays.is_empty() {
            let many = stays.len() > 1;
            report.tell.push(format!(
                "{} {} not read by {chart} {from}, nor by {}; left as {}.",
                names(&stays),
                if many { "are" } else { "is" },
                self.plan.to,
                if many { "they are" } else { "it is" },
            ));
            report.tell.extend(self.place_now(step, &stays));
        }
        for (i, path, below, node) in &dead {
            let layer = &mut self.layers[*i];
            layer.root.remove(
                path.segments(),
                &|_| Spared::Nothing,
                &Path::root(),
                layer.view,
            );
            let leaf = node.find(below.segments(), layer.view).into_iter().next();
            let leaf = leaf.map_or_else(|| node.clone(), |(_, leaf)| leaf);
            self.record_left_over(*i, path, &leaf, &mut report);
        }
        if !report.tell.is_empty() {
            self.steps.push(report);
        }
    }

    /// Where left-overs of a step have their place, if that is one place that the target reads.
    fn place_now(&self, step: &Step, leaves: &[(usize, Path, Path, Node)]) -> Option<String> {
        let mut places = Vec::new();
        for (_, leaf, _, _) in leaves {
            places.extend(step.destinations(leaf).unwrap_or_default());
        }
        let keys = &self.plan.pack.keys;
        places.retain(|place| keys.known(place, &self.plan.to) == Known::Read);
        places.dedup();
        match places.as_slice() {
            [place] => Some(format!(
                "What was meant there has its place at {place} now."
            )),
            _ => None,
        }
    }

    fn finish(self) -> Result<Migrated, MigrateError> {
        let views: Vec<&View<'_>> = self.layers.iter().map(|layer| layer.view).collect();
        let layers: Vec<Node> = self.layers.into_iter().map(|layer| layer.root).collect();
        let ledger = Ledger::new(&layers, &views, &self.dropped, &self.held, self.plan)?;
        let mut steps = self.steps;
        for step in &mut steps {
            step.changes.sort_by_key(|change| change.kind);
        }
        Ok(Migrated {
            layers,
            steps,
            ledger,
        })
    }
}

/// What a taken leaf lives on in.
enum Heir<'o> {
    /// A value that is made of it.
    MadeOfIt,
    /// A value that is equal to it.
    Equal(&'o mut Output),
    /// Nothing.
    None,
}

fn heir<'o>(
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
fn sets(layer: &Layer<'_>, path: &Path) -> bool {
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

/// How much of what stands at a path is not a step's to take, though it is on a path that it takes: what
/// a more specific path of the same migration takes, and what the step keeps.
fn spared(migration: &Migration, step: &Step, own: &Path, at: &Path) -> Spared {
    let takes = migration
        .steps
        .iter()
        .flat_map(|other| other.takes.iter().map(move |take| (other, take)));
    let others = takes
        .filter(|(other, take)| {
            take.path != *own && take.path.specificity(own).is_lt()
                || take.path == *own && other.id != step.id
        })
        .map(|(_, take)| &take.path);
    let kept = step.keep.iter();
    let mut result = Spared::Nothing;
    for pattern in others.chain(kept) {
        if pattern.matches_prefix(at).is_some() {
            return Spared::Whole;
        }
        if pattern.may_overlap(at) && pattern.segments().len() > at.segments().len() {
            result = Spared::Parts;
        }
    }
    result
}

/// Whether a step that spares some of a value takes anything of it.
fn leaves_anything(
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

/// Takes what is spared out of a value that moves.
fn strip(node: &mut Node, at: &Path, spared: &dyn Fn(&Path) -> Spared, view: &View<'_>) {
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

fn leaf_value(node: &Node, below: &Path, view: &View<'_>) -> Value {
    node.find(below.segments(), view)
        .into_iter()
        .next()
        .and_then(|(_, leaf)| leaf.value(view).ok())
        .unwrap_or(Value::Null)
}

/// Whether a version does not read something of a value.
fn has_unread(
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

/// The value of a template; `None` if its expression yields nothing.
fn template_value(template: &Template, scope: &Scope<'_>) -> Result<Option<Value>, StepError> {
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

/// Two steps that write different values to one place: the pack's checks exclude what can be seen
/// beforehand, and this the rest.
fn check_clashes(
    migration: &Migration,
    effects: &[Effect<'_>],
    layers: &[Layer<'_>],
) -> Result<(), MigrateError> {
    for (i, first) in effects.iter().enumerate() {
        for second in &effects[i + 1..] {
            for a in &first.outputs {
                for b in &second.outputs {
                    if a.layer == b.layer
                        && a.by.is_none()
                        && b.by.is_none()
                        && a.path.is_related(&b.path)
                    {
                        let view = layers[a.layer].view;
                        let same = a.path == b.path
                            && matches!((a.node.value(view), b.node.value(view)), (Ok(a), Ok(b)) if a == b);
                        if !same {
                            return Err(PackError::Clash {
                                version: migration.version.clone(),
                                first: first.step.id.clone(),
                                second: second.step.id.clone(),
                                path: a.path.to_string(),
                            }
                            .into());
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
