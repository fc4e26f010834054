//! What stands where a step writes, and what becomes of it.
//!
//! A value at a destination is one of three things: a left-over, which the chart did not read; something
//! that the step looked at, so that the pack knows what it replaces; or a setting that was in use. For
//! the last only a person can say which of the two values is meant, and that is asked, once for each
//! place of the release, whatever its layers. A step with such a question that is open is held as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, map::Entry};
use semver::Version;

use super::{
    bind::{BoundLayer, find, layers_having, levels_led_through, standing_value},
    clash::check_clashes,
    decision::{Decision, DecisionValue, Offer, scoped},
    error::MigrateError,
    layers::list_of,
    node::TracedValue,
    own::{Owned, Places},
    run::{Deferred, Output, Positions, StepEffect, StepReport, StepRun, StepState},
};
use crate::{
    pack::{Known, Migration, PackError},
    questions::LIVE_KEY,
    values::{Map, Path, Segment, Value, merge::merge},
};

const KEEP: &str = "keep";
const TAKE: &str = "take";

/// The kind of a value that stands where a step writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueInTheWay {
    /// The chart did not read it.
    LeftOver,
    /// The step looked at it.
    Seen,
    /// It was in use, and the step does not know of it.
    Live,
}

/// The result of looking at the values at the destinations of steps.
pub(super) struct Destinations<'r> {
    /// The layers without what is taken.
    pub after: Vec<BoundLayer<'r>>,
    /// By step: what is written.
    pub outputs: Vec<Vec<Output>>,
    /// The outputs that give way.
    pub kept: Vec<Kept>,
    /// The questions about values in use.
    pub asked: Questions,
}

/// The questions about values in use, each put once, by the place that it is about.
pub(super) type Questions = IndexMap<Path, StepReport>;

/// Something that gives way to what stands at its destination.
pub(super) struct Kept {
    effect: usize,
    layer: usize,
    path: Path,
    node: TracedValue,
    id: String,
}

impl StepEffect<'_> {
    /// Holds the step until questions are answered.
    fn wait(&mut self, questions: BTreeSet<String>) {
        self.report.state = StepState::Waiting(questions.into_iter().collect());
        self.report.tell.clear();
        self.report.todo.clear();
        self.takes.iter_mut().for_each(Vec::clear);
        self.outputs.clear();
        self.deferred.clear();
    }
}

impl Kept {
    /// The old place and node, if it is a step's.
    pub fn of(&self, effect: usize) -> Option<(usize, &Path, &TracedValue, &str)> {
        (self.effect == effect).then_some((self.layer, &self.path, &self.node, &self.id))
    }
}

/// A value that stands where another is written.
struct Meeting {
    /// The place.
    place: Path,
    standing: Value,
    written: Value,
    /// The path that the written value comes from.
    from: String,
}

impl<'r> StepRun<'r> {
    /// Takes what goes, and looks at what stands where the steps write.
    pub(super) fn meet(
        &self,
        migration: &Migration,
        effects: &mut [StepEffect<'_>],
        places: &mut [Places<'_>],
    ) -> Result<Destinations<'r>, MigrateError> {
        let mut asked = Questions::new();
        for effect in effects.iter_mut() {
            // What an earlier run found in the way of a deferred output holds the step from the start.
            let late = self.asked_late.get(&effect.report.id);
            if let Some(late) = late.filter(|_| effect.report.state == StepState::Done) {
                effect.wait(late.values().map(|report| report.id.clone()).collect());
                asked.extend(late.clone());
            }
        }
        // A step that waits takes and writes nothing, so that others may meet something else now. Each round holds
        // one more step at least, so it ends.
        loop {
            let taken: HashSet<(usize, usize)> = effects
                .iter()
                .flat_map(|effect| {
                    let owned = effect.takes.iter().flatten();
                    let goes = |owned: &&Owned| !effect.step.takes[owned.take].stays;
                    owned.filter(goes).map(|owned| (effect.index, owned.take))
                })
                .collect();
            let taken = |step, take| taken.contains(&(step, take));
            let id_of = |step: usize| migration.steps[step].id.clone();
            if let Some((first, second, path)) = places.iter().find_map(|p| p.taken_twice(&taken)) {
                return Err(PackError::Clash {
                    version: migration.version.clone(),
                    first: id_of(first),
                    second: id_of(second),
                    path: path.to_string(),
                }
                .into());
            }
            let mut after = self.layers.clone();
            for (layer, places) in after.iter_mut().zip(&mut *places) {
                places.take(&taken);
                places.remove_taken(&mut layer.root, layer.view);
            }
            let mut outputs = Vec::new();
            for effect in effects.iter() {
                outputs.push(self.written(effect)?);
            }
            settle_places(outputs.iter_mut().flatten(), &after);
            let ids = |effect: usize| effects[effect].report.id.clone();
            check_clashes(&migration.version, &outputs, &ids, &after)?;
            let mut kept = Vec::new();
            let mut open = false;
            for (e, effect) in effects.iter_mut().enumerate() {
                let mut waits = BTreeSet::new();
                for meeting in self.meetings(&after, &self.layers, &outputs[e])? {
                    let version = &migration.version;
                    let report = self.asked(version, &meeting, &mut asked)?;
                    match report.decision.as_ref().and_then(Decision::chosen) {
                        None => _ = waits.insert(report.id.clone()),
                        Some(KEEP) => {
                            let by = (e, report.id.as_str());
                            self.give_way(&mut outputs[e], &meeting.place, by, &mut kept);
                        }
                        Some(_) => {}
                    }
                }
                if !waits.is_empty() {
                    open = true;
                    effect.wait(waits);
                }
            }
            if !open {
                return Ok(Destinations {
                    after,
                    outputs,
                    kept,
                    asked,
                });
            }
        }
    }

    /// The question about a meeting, which is put once.
    fn asked<'a>(
        &self,
        version: &Version,
        meeting: &Meeting,
        asked: &'a mut Questions,
    ) -> Result<&'a StepReport, MigrateError> {
        Ok(match asked.entry(meeting.place.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.ask(version, meeting)?),
        })
    }

    /// Writes what waited for the last migration. Where a value in use stands in the way of it and nobody
    /// has said which counts, nothing is: the result has the questions of each such step, for another run in
    /// which it is held.
    pub(super) fn write_deferred(&mut self) -> Result<BTreeMap<String, Questions>, MigrateError> {
        let mut open: BTreeMap<String, Questions> = BTreeMap::new();
        let mut asked = Questions::new();
        let mut deferred = std::mem::take(&mut self.deferred);
        settle_places(
            deferred.iter_mut().map(|deferred| &mut deferred.output),
            &self.layers,
        );
        if let Some(version) = deferred.last().map(|last| &self.steps[last.report].version) {
            let alone: Vec<Vec<Output>> = deferred
                .iter()
                .map(|deferred| vec![deferred.output.clone()])
                .collect();
            let ids = |n: usize| self.steps[deferred[n].report].id.clone();
            check_clashes(version, &alone, &ids, &self.layers)?;
        }
        let layers = &self.layers;
        for Deferred { report, output } in &deferred {
            let step = &self.steps[*report];
            for meeting in self.meetings(layers, layers, std::slice::from_ref(output))? {
                let question = self.asked(&step.version, &meeting, &mut asked)?;
                if question
                    .decision
                    .as_ref()
                    .is_some_and(|it| it.answer.is_none())
                {
                    let of_step = open.entry(step.id.clone()).or_default();
                    of_step.insert(meeting.place, question.clone());
                }
            }
        }
        if !open.is_empty() {
            return Ok(open);
        }
        let mut kept = Vec::new();
        let mut by_step: Vec<Vec<Output>> = vec![Vec::new(); self.steps.len()];
        for Deferred { report, output } in deferred {
            let mut outputs = vec![output];
            for (place, question) in &asked {
                if question.decision.as_ref().and_then(Decision::chosen) == Some(KEEP) {
                    self.give_way(&mut outputs, place, (report, &question.id), &mut kept);
                }
            }
            by_step[report].append(&mut outputs);
        }
        let mut steps = std::mem::take(&mut self.steps);
        self.write_all(by_step, &mut steps);
        for kept in kept {
            let step = &mut steps[kept.effect];
            let Kept {
                layer,
                path,
                node,
                id,
                ..
            } = kept;
            self.record(layer, &path, &node, ValueInTheWay::Live, &id, step);
        }
        self.steps = steps;
        self.steps.extend(asked.into_values());
        for layer in &mut self.layers {
            layer.root.close_gaps();
        }
        Ok(open)
    }

    /// The outputs of a step: those of its row, then those of its moves.
    fn written(&self, effect: &StepEffect<'_>) -> Result<Vec<Output>, MigrateError> {
        let mut outputs = effect.outputs.clone();
        for (layer, takes) in effect.takes.iter().enumerate() {
            for owned in takes {
                let to = effect.step.takes[owned.take].to.as_ref();
                let Some(to) = to.and_then(|to| to.fill(&owned.captures)) else {
                    continue;
                };
                if layer == self.own {
                    self.add_handed_down(effect, owned, to, &mut outputs)?;
                    continue;
                }
                let mut output = Output::moving(effect, owned, layer, to);
                if effect.step.takes[owned.take].stays {
                    output.of.extend(output.moved_from.take());
                }
                outputs.push(output);
            }
        }
        Ok(outputs)
    }

    /// The kind of a value that stands at a place where something is written.
    pub(super) fn standing_kind(&self, output: &Output, place: &Path) -> ValueInTheWay {
        let seen = |seen: &Path| seen.may_hold(place);
        // What is added by a key is meant to take the place of the item with that key.
        if output.by.is_some() || output.seen.iter().any(seen) {
            return ValueInTheWay::Seen;
        }
        match self.plan.pack.keys.known(place, &output.before) {
            Known::Unknown | Known::Dead => ValueInTheWay::LeftOver,
            Known::Read | Known::Open | Known::SubChart => ValueInTheWay::Live,
        }
    }

    /// The values in use that stand in the way of a step's outputs, as the release has them.
    fn meetings(
        &self,
        after: &[BoundLayer<'_>],
        was: &[BoundLayer<'_>],
        outputs: &[Output],
    ) -> Result<Vec<Meeting>, MigrateError> {
        let read = |layer| move |error| MigrateError::Read { layer, error };
        let mut places: IndexMap<&Path, (&Output, Value)> = IndexMap::new();
        for output in outputs.iter().filter(|output| output.by.is_none()) {
            let value = output.node.value(after[output.layer].view);
            let value = value.map_err(read(output.layer))?;
            // What several layers write at one place is one value of the release, merged as Helm merges them.
            match (places.get_mut(&output.stands), value) {
                (Some((_, Value::Map(lower))), Value::Map(upper)) => merge(lower, upper),
                (Some((_, lower)), value) => *lower = value,
                (None, value) => _ = places.insert(&output.stands, (output, value)),
            }
        }
        let mut meetings = Vec::new();
        let mut having: HashMap<Option<&Segment>, Vec<usize>> = HashMap::new();
        for (output, written) in places.into_values() {
            let from = output.moved_from.as_ref().or(output.of.first());
            let mut add = |place: Path, standing: Value, written: Value| {
                if self.standing_kind(output, &place) == ValueInTheWay::Live {
                    meetings.push(Meeting {
                        place,
                        standing,
                        written,
                        from: from.map_or_else(String::new, ToString::to_string),
                    });
                }
            };
            let segments = output.stands.segments();
            let having = having
                .entry(segments.first())
                .or_insert_with(|| layers_having(after, was, &output.stands));
            // A scalar further up would have to give way to the map that leads to the place, so it is asked about
            // there.
            let led = levels_led_through((after, was), having, segments).max(1);
            let in_the_way = (led..segments.len()).find_map(|n| {
                let above = Path::new(segments[..n].to_vec());
                let value = standing_value((after, was), having, &above).ok()??;
                let leads = match segments[n].is_key() {
                    true => matches!(value, Value::Map(_)),
                    false => matches!(value, Value::List(_)),
                };
                (!leads).then_some((above, value))
            });
            if let Some((above, there)) = in_the_way {
                let below = Path::new(segments[above.depth()..].to_vec());
                add(above, there, wrap_in_path(&below, written));
            } else if let Some(there) =
                standing_value((after, was), having, &output.stands).map_err(read(0))?
            {
                find_conflicts(&output.stands, there, written, &mut add);
            }
        }
        Ok(meetings)
    }

    fn ask(&self, version: &Version, meeting: &Meeting) -> Result<StepReport, MigrateError> {
        let id = scoped(LIVE_KEY, &meeting.place);
        let Meeting {
            place,
            standing,
            written,
            from,
        } = meeting;
        let describe = |value| crate::pack::expr::describe_value(Some(value));
        let (there, new) = (describe(standing), describe(written));
        let comes = match from.is_empty() {
            true => format!("{new} would be written"),
            false => format!("{from}, which is {new}, would come"),
        };
        let mut evidence = vec![DecisionValue::value(
            &place.to_string(),
            Some(standing.clone()),
            find(&self.layers, place).source(),
        )];
        if let Ok(path) = from.parse::<Path>() {
            evidence.push(DecisionValue::value(
                from,
                Some(written.clone()),
                find(&self.layers, &path).source(),
            ));
        }
        // What was answered to this kind of question counts for each place that has no answer of its own.
        let answer = self.answers.get(&id).or_else(|| self.answers.get(LIVE_KEY));
        let mut decision = Decision::new(
            &id,
            format!("{place} is set to {there}, and {comes} there. Which of the two counts?"),
            evidence,
            vec![
                Offer::plain(KEEP, format!("Keep {place}: {there}")),
                Offer::plain(TAKE, format!("Take the other: {place}: {new}")),
            ],
        );
        if let Some(answer) = answer {
            decision.accept(answer.clone())?;
        }
        Ok(StepReport {
            why: Some(format!(
                "{} {} reads both, so neither is left over.",
                self.plan.pack.info.chart,
                self.version_before(version)
            )),
            ..StepReport::asking(version, format!("Decide what {place} is"), decision)
        })
    }

    /// Takes out of what is written what gives way to what stands there.
    fn give_way(
        &self,
        outputs: &mut Vec<Output>,
        place: &Path,
        (effect, id): (usize, &str),
        kept: &mut Vec<Kept>,
    ) {
        let mut give = |layer, path: &Path, node: &TracedValue| {
            kept.push(Kept {
                effect,
                layer,
                path: path.clone(),
                node: node.clone(),
                id: id.to_owned(),
            });
        };
        outputs.retain_mut(|output| {
            let from = output.moved_from.as_ref().unwrap_or(&output.path).clone();
            if output.by.is_some() {
                return true;
            }
            if output.stands.starts_with(place) {
                give(output.layer, &from, &output.node);
                return false;
            }
            let Some(below) = place.strip_prefix(&output.stands) else {
                return true;
            };
            let view = self.layers[output.layer].view;
            let found = output.node.find(below.segments(), view);
            for (path, node) in &found {
                give(output.layer, &from.concat(path), node);
            }
            let paths = found.iter().map(|(path, _)| path);
            found.is_empty() || output.node.remove_all(paths, view)
        });
    }
}

/// Finds the places of what is written, now that what is taken is gone: of a list that only lower layers have,
/// the list as it will be written out.
fn settle_places<'o>(outputs: impl Iterator<Item = &'o mut Output>, after: &[BoundLayer<'_>]) {
    let outputs: Vec<&mut Output> = outputs.collect();
    // New items come behind all that moves bring.
    let last = |output: &&mut Output| {
        let positions = output.path.segments().iter().filter_map(|at| match at {
            Segment::Index(i) if output.positions == Positions::Snapshot => Some(i + 1),
            _ => None,
        });
        positions.max().unwrap_or_default()
    };
    let beyond = outputs.iter().map(last).max().unwrap_or_default();
    for output in outputs {
        let list = list_of(&output.path);
        if list == output.path {
            continue;
        }
        let has = |layer: &&BoundLayer<'_>| layer.root.has_match(list.segments(), layer.view);
        let place = |layer: Option<&BoundLayer<'_>>| {
            let BoundLayer { view, root } = layer.unwrap_or(&after[output.layer]);
            root.place_of(&output.path, output.positions, beyond, view)
        };
        // It is written into the list of this layer, or the one that will be written out in it; what it meets is in
        // the list that counts, that of the right-most layer.
        output.place = place(after[..=output.layer].iter().rev().find(has));
        output.stands = place(after.iter().rev().find(has));
    }
}

/// A value with the keys of a path around it.
fn wrap_in_path(path: &Path, value: Value) -> Value {
    let around = |value, segment: &Segment| match segment {
        Segment::Key(key) => Value::Map(Map::from_iter([(key.clone(), value)])),
        _ => Value::List(vec![value]),
    };
    path.segments().iter().rev().fold(value, around)
}

/// The places at which a value stands in the way of one that is written.
fn find_conflicts(
    at: &Path,
    standing: Value,
    written: Value,
    add: &mut dyn FnMut(Path, Value, Value),
) {
    match (standing, written) {
        (Value::Map(mut standing), Value::Map(written)) => {
            for (key, written) in written {
                if let Some(standing) = standing.shift_remove(&key) {
                    find_conflicts(&at.key(key), standing, written, add);
                }
            }
        }
        (standing, written) if standing == written => {}
        (standing, written) => add(at.clone(), standing, written),
    }
}
