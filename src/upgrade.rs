//! One upgrade, from what was named to the outcome: load, detect, plan, migrate, edit, verify.
//!
//! This is the only place that knows the order of the stages. It writes nothing and prints nothing; what
//! goes wrong with one release is a refusal of that release and leaves the others alone.

use std::{ops::Range, path::PathBuf, sync::Arc};

use semver::Version;

use crate::{
    detach,
    detect::{Detection, detect, looked_at},
    digest,
    edit::{EditError, edit},
    facts,
    load::{Input, Loaded, load},
    migrate::{Answers, MigrateError, Migrated, Node, StepState, migrate},
    outcome::{
        At, Change, Choice, Clue, Evidence, FORMAT, File, Input as OutcomeInput, KnownBy, LeafFate,
        Notice, Outcome, Question, Refusal, Release, Secrets, State, Step, Task,
    },
    pack::{Pack, built_in, built_in_names, check::check, expr::describe, model::Strength},
    plan::{Plan, Selection},
    refusal::{self, Reason},
    secrets,
    values::{
        Helm, Map, Part, Path, Value,
        coalesce::{ChartDefaults, coalesce},
        merge::merge_all,
        view::View,
        write,
    },
    verify::oracle,
    yaml::{NodeId, Rewrite, Tree},
};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What to upgrade: releases, each with its layers in Helm's order, the right-most on top.
    pub releases: Vec<Vec<Input>>,
    /// The chart, if it is stated.
    pub chart: Option<String>,
    /// Folders with packs that come before the built-in ones.
    pub pack_dirs: Vec<PathBuf>,
    /// The version that the values are for, if it is stated.
    pub from: Option<Version>,
    /// The version that they shall be for; by default the newest release that the pack knows.
    pub to: Option<Version>,
    /// Which steps.
    pub selection: Selection,
    /// Answers to questions.
    pub answers: Answers,
    /// Whether to take the recommended option where a question has no answer.
    pub accept_recommended: bool,
}

/// Runs everything up to the outcome.
#[must_use]
pub fn upgrade(request: &Request) -> Outcome {
    let mut outcome = Outcome {
        format: FORMAT,
        releases: Vec::new(),
        refused: Vec::new(),
    };
    let packs = match packs(request) {
        Ok(packs) => packs,
        Err(refusal) => {
            outcome.refused.push(*refusal);
            return outcome;
        }
    };
    for layers in &request.releases {
        match release(request, &packs, layers) {
            Ok(release) => outcome.releases.push(release),
            Err(refusals) => outcome.refused.extend(refusals),
        }
    }
    outcome
}

/// The packs that come into question, those of the user first.
///
/// # Errors
///
/// If one cannot be loaded, or the chart that was stated has none.
pub fn packs(request: &Request) -> Result<Vec<Pack>, Box<Refusal>> {
    let mut packs = Vec::new();
    for dir in &request.pack_dirs {
        let pack = Pack::from_folder(dir)
            .map_err(|e| refusal::request::pack(&e).of(&dir.display().to_string()))?;
        if let Some(finding) = check(&pack).first() {
            let reason = Reason::new(format!("the pack cannot be used: {finding}")).next(format!(
                "Run `refit pack check {}` for the whole list.",
                refusal::shell(&dir.display().to_string())
            ));
            return Err(reason.of(&dir.display().to_string()));
        }
        packs.push(pack);
    }
    for name in built_in_names() {
        if packs.iter().any(|pack| pack.info.chart == name) {
            continue;
        }
        let pack = built_in(name).map_err(|e| Reason::new(e.to_string()).of(name))?;
        packs.extend(pack);
    }
    let Some(chart) = &request.chart else {
        return Ok(packs);
    };
    let known: Vec<String> = packs.iter().map(|pack| pack.info.chart.clone()).collect();
    packs.retain(|pack| pack.info.chart == *chart);
    if packs.is_empty() {
        return Err(refusal::request::unknown_chart(chart, &known).of("--chart"));
    }
    Ok(packs)
}

fn release(request: &Request, packs: &[Pack], inputs: &[Input]) -> Result<Release, Vec<Refusal>> {
    let (mut layers, mut refused) = (Vec::new(), Vec::new());
    for input in inputs {
        match load(input) {
            Ok(loaded) => layers.push(loaded),
            Err(refusal) => refused.push(*refusal),
        }
    }
    if layers.is_empty() || !refused.is_empty() {
        // A release is the sum of its layers: with one missing, nothing can be said of the others.
        let sound = layers.iter().map(|layer: &Loaded| {
            *Reason::new("another layer of the same release cannot be used")
                .why("What a layer means depends on the others.")
                .of(&layer.name)
        });
        refused.extend(sound);
        return Err(refused);
    }
    let views: Vec<View<'_>> = layers.iter().map(Loaded::view).collect();
    let name = layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect::<Vec<_>>()
        .join(" + ");
    let mut part = Part::default();
    for pack in packs {
        looked_at(pack, &mut part).map_err(|e| vec![*Reason::new(e.to_string()).of(&name)])?;
    }
    let values = merge_all(
        views
            .iter()
            .map(|view| view.part(&part).unwrap_or_default()),
    );
    let (pack, detection) = choose_pack(request, packs, &values, &name).map_err(|e| vec![*e])?;
    let to = target(request, pack, &name).map_err(|e| vec![*e])?;
    let run = Run {
        name,
        request,
        pack,
        layers: &layers,
        views: &views,
        to,
        detection,
    };
    run.release().map_err(|e| vec![*e])
}

/// The pack for a set of values: the one whose chart was stated, else the only one whose chart has left
/// unmistakable traces.
fn choose_pack<'p>(
    request: &Request,
    packs: &'p [Pack],
    values: &crate::values::Map,
    name: &str,
) -> Result<(&'p Pack, Detection), Box<Refusal>> {
    let mut found = Vec::new();
    for pack in packs {
        let detection = detect(pack, values).map_err(|e| Reason::new(e.to_string()).of(name))?;
        if request.chart.is_some() || detection.is_conclusive() {
            found.push((pack, detection));
        }
    }
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let charts: Vec<&str> = packs.iter().map(|pack| pack.info.chart.as_str()).collect();
    let reason = if found.is_empty() {
        let why = match values.is_empty() {
            true => "It sets nothing.",
            false => "It has only keys that many charts have.",
        };
        Reason::new("nothing in the file tells which chart it is for").why(why)
    } else {
        let found: Vec<&str> = found
            .iter()
            .map(|(pack, _)| pack.info.chart.as_str())
            .collect();
        Reason::new(format!(
            "the file could be for several charts: {}",
            found.join(", ")
        ))
    };
    Err(reason
        .next(format!(
            "Say which: --chart NAME (known: {}).",
            charts.join(", ")
        ))
        .of(name))
}

fn target(request: &Request, pack: &Pack, name: &str) -> Result<Version, Box<Refusal>> {
    for version in [&request.from, &request.to].into_iter().flatten() {
        known_version(pack, version).map_err(|reason| reason.of(name))?;
    }
    Ok(request
        .to
        .as_ref()
        .unwrap_or_else(|| pack.newest_release())
        .clone())
}

fn known_version(pack: &Pack, version: &Version) -> Result<(), Reason> {
    if pack.info.versions.contains_key(version) {
        return Ok(());
    }
    Err(refusal::request::unknown_version(pack, version))
}

struct Run<'r> {
    /// The release in messages: the names of its layers.
    name: String,
    request: &'r Request,
    pack: &'r Pack,
    layers: &'r [Loaded],
    views: &'r [View<'r>],
    to: Version,
    detection: Detection,
}

/// A migrated release with its edited texts.
struct Edited {
    migrated: Migrated,
    texts: Vec<Arc<str>>,
    /// Where the secrets of each text are.
    secrets: Vec<Vec<Range<usize>>>,
    removed_comments: Vec<Vec<String>>,
}

impl Edited {
    /// What must be the same for two source versions to make no difference.
    fn effect(&self) -> (Vec<Arc<str>>, Vec<String>) {
        let open = self.migrated.steps.iter().filter_map(|step| {
            let decision = step.decision.as_ref()?;
            Some(format!("{} {:?}", decision.id, decision.answer))
        });
        (self.texts.clone(), open.collect())
    }
}

impl Run<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn release(&self) -> Result<Release, Box<Refusal>> {
        let (from, known_by, edited) = match &self.request.from {
            Some(from) => (from.clone(), KnownBy::Stated, self.edited(from)?),
            None => self.best_candidate()?,
        };
        self.outcome(from, known_by, edited)
    }

    /// Tries every version that the content allows. If they differ in edits or questions, only a person
    /// can tell which it is.
    fn best_candidate(&self) -> Result<(Version, KnownBy, Edited), Box<Refusal>> {
        let candidates = &self.detection.candidates;
        if candidates.is_empty() {
            return Err(self.ask_for_version(
                "the file has keys of chart versions that exclude each other",
                &[],
            ));
        }
        let not_newer: Vec<&Version> = candidates.iter().filter(|v| **v <= self.to).collect();
        let Some(newest) = not_newer.last() else {
            let oldest = &candidates[0];
            return Err(Reason::new(format!(
                "the file is for {} {oldest} or later, which is newer than {}",
                self.pack.info.chart, self.to
            ))
            .next("Name a later target with --to, or state the version with --from.")
            .of(self.name()));
        };
        let mut result = self.edited(newest)?;
        let effect = result.effect();
        for candidate in &not_newer[..not_newer.len() - 1] {
            let other = self.edited(candidate)?;
            if other.effect() != effect {
                return Err(self.ask_for_version(
                    "the content does not tell which chart version the file is for, and it matters",
                    &not_newer,
                ));
            }
            // Only what is told differs: tell all of it.
            for step in other.migrated.steps {
                if !result
                    .migrated
                    .steps
                    .iter()
                    .any(|s| s.id == step.id && s.tell == step.tell)
                {
                    result.migrated.steps.push(step);
                }
            }
        }
        result
            .migrated
            .steps
            .sort_by(|a, b| a.version.cmp(&b.version));
        Ok(((*newest).clone(), KnownBy::Content, result))
    }

    fn ask_for_version(&self, what: &str, candidates: &[&Version]) -> Box<Refusal> {
        let clues: Vec<String> = self
            .detection
            .clues
            .iter()
            .filter(|clue| clue.strength != Strength::Weak)
            .map(|clue| format!("{} ({}): {}", clue.path, clue.versions, clue.why))
            .collect();
        let mut why = match (candidates.first(), candidates.last()) {
            (Some(first), Some(last)) => format!("It can be anything from {first} to {last}."),
            _ => String::new(),
        };
        if !clues.is_empty() {
            why = format!("{why} Evidence: {}", clues.join("; "))
                .trim()
                .to_owned();
        }
        let chart = &self.pack.info.chart;
        let reason = Reason::new(what).next(format!(
            "Say which it is: --from VERSION. `helm list` shows it in the column CHART ({chart}-VERSION)."
        ));
        if why.is_empty() {
            reason
        } else {
            reason.why(why)
        }
        .of(self.name())
    }

    fn edited(&self, from: &Version) -> Result<Edited, Box<Refusal>> {
        let plan = Plan::new(self.pack, from, &self.to, &self.request.selection)
            .map_err(|e| refusal::request::plan(&e).of(self.name()))?;
        let views: Vec<&View<'_>> = self.views.iter().collect();
        let mut migrated = migrate(
            &views,
            &plan,
            &self.request.answers,
            self.request.accept_recommended,
        )
        .map_err(|e| self.migrate_refusal(&e))?;
        let rewrites = self.rewrites(&mut migrated, from)?;
        let mut texts = Vec::new();
        let mut secrets = Vec::new();
        let mut removed_comments = Vec::new();
        for (i, (layer, view)) in self.layers.iter().zip(self.views).enumerate() {
            let node = &migrated.layers[i];
            let Some(rewrite) = rewrites.get(i).filter(|r| !r.edits.is_empty()) else {
                texts.push(Arc::clone(&layer.text));
                secrets.push(secrets::in_tree(&layer.tree));
                removed_comments.push(Vec::new());
                continue;
            };
            let text: Arc<str> = rewrite.edits.apply(&layer.text).into();
            let tree = self.verify(layer, view, node, &text)?;
            secrets.push(secrets::in_tree(&tree));
            removed_comments.push(
                rewrite
                    .removed_comments
                    .iter()
                    .map(|span| layer.text[span.clone()].to_owned())
                    .collect(),
            );
            texts.push(text);
        }
        if self.layers.len() > 1 {
            self.verify_layers(&plan, &migrated)?;
        }
        Ok(Edited {
            migrated,
            texts,
            secrets,
            removed_comments,
        })
    }

    /// The edits of each layer; none while it is open whether copies may be written where one would go
    /// through an alias or a merge key.
    fn rewrites(
        &self,
        migrated: &mut Migrated,
        from: &Version,
    ) -> Result<Vec<Rewrite>, Box<Refusal>> {
        let (mut rewrites, mut places) = (Vec::new(), Vec::new());
        for (i, (layer, view)) in self.layers.iter().zip(self.views).enumerate() {
            match edit(view, &migrated.layers[i], i, false) {
                Ok(rewrite) => rewrites.push(rewrite),
                Err(EditError::Shared(shared)) => {
                    let copied = edit(view, &migrated.layers[i], i, true);
                    rewrites.push(copied.map_err(|e| self.edit_refusal(layer, &e))?);
                    places.extend(shared.into_iter().map(|shared| {
                        let line = layer.tree.position(layer.tree.span(shared.node).start).line;
                        let at = format!("{}:{line}", layer.name);
                        detach::Place {
                            layer: i,
                            at,
                            shared,
                        }
                    }));
                }
                Err(error) => return Err(self.edit_refusal(layer, &error)),
            }
        }
        let Some(first) = places.first() else {
            return Ok(rewrites);
        };
        let request = self.request;
        let decision = detach::decide(&places, &request.answers, request.accept_recommended)
            .map_err(|e| self.migrate_refusal(&e))?;
        match detach::choice(&decision) {
            detach::Choice::Open => rewrites.clear(),
            detach::Choice::Copy => {}
            detach::Choice::Refuse => {
                let error = EditError::Shared(vec![first.shared.clone()]);
                return Err(self.edit_refusal(&self.layers[first.layer], &error));
            }
        }
        detach::put(migrated, decision, from, &places);
        Ok(rewrites)
    }

    /// The migrated layers, merged over the target's defaults, must be what migrating the merged layers
    /// gives: how values are spread over files must not change what they mean.
    fn verify_layers(&self, plan: &Plan<'_>, migrated: &Migrated) -> Result<(), Box<Refusal>> {
        let fault = |message: String| Reason::new(message).of(self.name());
        let values = self
            .views
            .iter()
            .map(|view| view.values().unwrap_or_default());
        let text = write::block(&Value::Map(merge_all(values)), &write::Layout::default());
        let tree = Tree::parse(text).map_err(|e| fault(e.to_string()))?;
        let merged = View::new(&tree, tree.documents()[0].root);
        let request = self.request;
        let whole = migrate(
            &[&merged],
            plan,
            &request.answers,
            request.accept_recommended,
        )
        .map_err(|e| self.migrate_refusal(&e))?;
        let chart = ChartDefaults {
            name: self.pack.info.chart.clone(),
            values: self.pack.keys.defaults(&self.to),
            dependencies: Vec::new(),
        };
        let map = |node: &Node, view: &View<'_>| match node.value(view) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        };
        let layers = migrated
            .layers
            .iter()
            .zip(self.views)
            .map(|(node, view)| map(node, view));
        let effective = |values: Map| {
            let over_defaults = coalesce(Helm::V3, &chart, &values);
            Value::Map(over_defaults.map_or(values, |merged| merged.values))
        };
        let together = effective(merge_all(layers));
        let wanted = effective(map(&whole.layers[0], &merged));
        if together == wanted {
            return Ok(());
        }
        let difference = crate::verify::first_difference(&together, &wanted);
        Err(Reason::new(format!("the layers cannot be upgraded as they are: {difference}"))
            .why("How these values are spread over the files makes a difference that refit cannot keep yet. Nothing was changed.")
            .next("Move the setting that is named into one of the layers, or upgrade the merged values.")
            .of(self.name()))
    }

    /// The edited text must say the migrated values. Its tree.
    fn verify(
        &self,
        layer: &Loaded,
        view: &View<'_>,
        node: &crate::migrate::Node,
        text: &Arc<str>,
    ) -> Result<Tree, Box<Refusal>> {
        let fault = |message: String| {
            Reason::new(format!(
                "refit's own check of the edited text failed: {message}"
            ))
            .why("This is a fault of refit. Nothing was changed.")
            .next("Please report it with the file, or the part of it that is named.")
            .of(&layer.name)
        };
        let tree = Tree::parse(Arc::clone(text)).map_err(|e| fault(e.to_string()))?;
        if tree.documents().len() != 1 {
            return Err(fault("it has more than one document".to_owned()));
        }
        let after = View::new(&tree, tree.documents()[0].root);
        oracle(node, view, &after).map_err(|e| fault(e.to_string()))?;
        Ok(tree)
    }

    fn migrate_refusal(&self, error: &MigrateError) -> Box<Refusal> {
        match error {
            MigrateError::Read { layer, error } => {
                let layer = &self.layers[*layer];
                refusal::unreadable(error).at(&layer.name, &layer.text, error.offset)
            }
            _ => refusal::request::answer(error).of(self.name()),
        }
    }

    fn edit_refusal(&self, layer: &Loaded, error: &EditError) -> Box<Refusal> {
        let reason = Reason::new(error.to_string());
        let place = |node: NodeId| layer.tree.span(node).start;
        let (reason, offset) = match error {
            EditError::Shared(places) => (
                reason
                    .why("Changing it there would change the other places as well.")
                    .next("Write the values out at this place instead of the alias, or let refit do that: --answer detach=copy."),
                places.first().map(|shared| place(shared.node)),
            ),
            EditError::Anchored { node, .. } => (
                reason
                    .why("What it stands for is written once, at its anchor.")
                    .next("Write the values out at this place instead of the alias, and run refit again."),
                Some(place(*node)),
            ),
            EditError::Duplicate { node, by, .. } => (
                reason
                    .why(format!(
                        "Helm reads the last one (the next is in line {}); which is meant is not for refit to say.",
                        layer.tree.position(place(*by)).line
                    ))
                    .next("Remove the one that is not meant, and run refit again."),
                Some(place(*node)),
            ),
            EditError::Read(error) => (refusal::unreadable(error), Some(error.offset)),
            EditError::Text(error) => refusal::request::text(error),
            EditError::Key { .. } => (reason, None),
        };
        match offset {
            Some(offset) => reason.at(&layer.name, &layer.text, offset),
            None => reason.of(&layer.name),
        }
    }

    fn at(&self, layer: usize, node: NodeId) -> At {
        let loaded = &self.layers[layer];
        let node = loaded.tree.key_of(node).unwrap_or(node);
        loaded.at(loaded.tree.span(node).start)
    }

    /// Where a path stands, in the right-most layer that has it.
    fn place(&self, path: &Path) -> Option<At> {
        self.views
            .iter()
            .enumerate()
            .rev()
            .find_map(|(layer, view)| {
                let place = view.at(path).ok()??;
                Some(self.at(layer, place.node))
            })
    }

    fn outcome(
        &self,
        from: Version,
        known_by: KnownBy,
        edited: Edited,
    ) -> Result<Release, Box<Refusal>> {
        let Edited {
            migrated,
            texts,
            secrets,
            removed_comments,
        } = edited;
        let files: Vec<Arc<File>> = self
            .layers
            .iter()
            .zip(texts)
            .zip(secrets)
            .zip(removed_comments)
            .map(|(((layer, after), secrets), removed_comments)| {
                Arc::new(File {
                    name: layer.name.clone(),
                    path: layer.path.clone(),
                    before: Arc::clone(&layer.text),
                    changed: layer.text != after,
                    after,
                    secrets: Secrets {
                        before: secrets::in_tree(&layer.tree),
                        after: secrets,
                    },
                    removed_comments,
                })
            })
            .collect();
        let facts = facts::changes(self.pack, self.views, &migrated.layers, &from, &self.to)
            .map_err(|e| Reason::new(e.to_string()).of(self.name()))?;
        let mut checklist: Vec<(crate::pack::When, Task)> = Vec::new();
        for (when, text) in migrated.steps.iter().flat_map(|step| &step.todo) {
            if !checklist.iter().any(|(_, task)| task.text == *text) {
                let name = format!("{when:?}").to_lowercase();
                checklist.push((
                    *when,
                    Task {
                        when: name,
                        text: text.clone(),
                    },
                ));
            }
        }
        checklist.sort_by_key(|(when, _)| *when);
        let clues = self.detection.clues.iter().map(|clue| Clue {
            at: self.place(&clue.path),
            path: clue.path.to_string(),
            versions: clue.versions.clone(),
            strength: format!("{:?}", clue.strength).to_lowercase(),
            why: clue.why.clone(),
        });
        let ledger = migrated.ledger.entries.iter().map(|entry| LeafFate {
            file: self.layers[entry.source.layer].name.clone(),
            path: entry.source.path.to_string(),
            fate: entry.fate,
            to: entry.to.iter().map(ToString::to_string).collect(),
            step: entry.step.clone(),
        });
        Ok(Release {
            name: self.name.clone(),
            carrier: None,
            chart: self.pack.info.chart.clone(),
            known_by,
            evidence: clues.collect(),
            to: self.to.clone(),
            digest: digest::of(files.iter().map(|file| (file.name.as_str(), &*file.after))),
            steps: migrated.steps.iter().map(|step| self.step(step)).collect(),
            notices: self.notices(),
            ledger: ledger.collect(),
            kept: migrated.ledger.kept,
            facts,
            checklist: checklist.into_iter().map(|(_, task)| task).collect(),
            files,
            from,
        })
    }

    fn notices(&self) -> Vec<Notice> {
        self.layers.iter().flat_map(Loaded::notices).collect()
    }

    fn step(&self, step: &crate::migrate::StepReport) -> Step {
        let (state, because) = match &step.state {
            StepState::Done => (State::Done, Vec::new()),
            StepState::Open => (State::Open, Vec::new()),
            StepState::Waiting(ids) => (State::Waiting, ids.clone()),
            StepState::LeftOut(paths) => (
                State::LeftOut,
                paths.iter().map(ToString::to_string).collect(),
            ),
        };
        let kind = |kind| {
            serde_json::to_value(kind)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        let changes = step.changes.iter().map(|change| Change {
            kind: kind(change.kind),
            path: change.path.to_string(),
            to: change.to.as_ref().map(ToString::to_string),
            from: change.from.iter().map(ToString::to_string).collect(),
            value: serde_json::Value::from(&change.value),
            file: self.layers[change.layer].name.clone(),
        });
        let question = step.decision.as_ref().map(|decision| Question {
            text: decision.question.clone(),
            evidence: decision
                .evidence
                .iter()
                .map(|evidence| Evidence {
                    path: evidence.path.clone(),
                    value: evidence.value.as_ref().map(|value| describe(Some(value))),
                    at: evidence
                        .source
                        .as_ref()
                        .map(|source| self.at(source.layer, source.node)),
                })
                .collect(),
            options: decision
                .options
                .iter()
                .map(|offer| Choice {
                    id: offer.id.clone(),
                    title: offer.title.clone(),
                    recommended: offer.recommended,
                    inputs: offer
                        .inputs
                        .iter()
                        .map(|input| OutcomeInput {
                            name: input.name.clone(),
                            title: input.title.clone(),
                            default: input.default.clone(),
                            matches: input.matches.clone(),
                            list: input.list,
                        })
                        .collect(),
                })
                .collect(),
            answer: decision.answer.as_ref().map(|answer| answer.option.clone()),
            inputs: decision
                .answer
                .as_ref()
                .map(|answer| answer.inputs.clone())
                .unwrap_or_default(),
            lacking: decision.lacking.clone(),
        });
        Step {
            id: step.id.clone(),
            version: step.version.clone(),
            title: step.title.clone(),
            why: step.why.clone(),
            link: step.link.clone(),
            state,
            because,
            changes: changes.collect(),
            tell: step.tell.clone(),
            question,
        }
    }
}
