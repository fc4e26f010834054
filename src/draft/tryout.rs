//! The new chart, rendered with values at the places that they may have gone to.
//!
//! A place is one of twenty for a setting, and nearly all of them are wrong; so first many are filled at once, one for
//! each setting, and what then does not show anything of what a setting did is no place of it. What the chart refuses
//! is halved until it is known which. Only places that showed something are then rendered by themselves, and only what
//! that shows counts. A place that the chart refuses alone, or that shows nothing alone, is tried in company: many keys
//! make sense only together.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    mem::{Discriminant, discriminant},
};

use super::{
    candidates::{ChartKeys, KeyCandidate},
    footprint::{Footprint, SAME_TEXT},
    gated::try_behind_switches,
    propose::{ALL, FOUND, HINTED, OpenSetting, Sides},
};
use crate::{
    effect::{
        leaves::{RenderedEffect, Side, other_value, set_path, without_paths},
        objects::Manifest,
        render::RenderMode,
    },
    values::{Map, Path, Value},
};

/// Most places that are filled at once.
const MOST_AT_ONCE: usize = 64;
/// The most places of a setting that the chart refuses which are tried in company.
const MOST_IN_COMPANY: usize = 2;
/// From how many letters on a text tells a setting apart.
const MIN_SIGN: usize = 4;
/// The places of a setting that are looked at one after the other, as long as none is found.
const WAVES: [(usize, usize); 3] = [(0, 4), (4, 10), (10, 26)];
/// Most renderings, and how many more for each setting that does something.
const SOME_RUNS: usize = 300;
const RUNS_EACH: usize = 12;
/// The number of times that what the chart refused is tried again.
const ROUNDS: usize = 2;

/// A setting and one of its places, by their numbers.
type PlaceOfSetting = (usize, usize);

/// Renders the new chart with each candidate that was not tried yet, and scores all of them.
pub(super) fn try_out(
    open: &mut [OpenSetting<'_>],
    sides: Option<&Sides<'_>>,
    new: &ChartKeys,
    learned: &[(Path, Path)],
) {
    if let Some(sides) = sides {
        let most = SOME_RUNS + RUNS_EACH * open.iter().filter(|one| !one.did.is_empty()).count();
        let mut look = PlaceTrial {
            open,
            sides,
            end: sides.after.side.renderer.runs() + most,
            refused: HashSet::new(),
        };
        look.at_all();
        try_behind_switches(open, sides, new);
    }
    score(open, sides.is_some(), learned);
}

struct PlaceTrial<'o, 'l, 's, 'c> {
    open: &'o mut [OpenSetting<'l>],
    sides: &'s Sides<'c>,
    /// With how many renderings this ends.
    end: usize,
    /// The keys that the chart refused, and values of which kind: it will not take another one of that kind.
    refused: HashSet<(Path, Discriminant<Value>)>,
}

impl PlaceTrial<'_, '_, '_, '_> {
    fn side_after(&self) -> &Side<'_> {
        &self.sides.after.side
    }

    /// Renders without the schema, which refuses what only has to show where it goes.
    fn loose_mode(&self) -> RenderMode {
        RenderMode {
            schema: false,
            ..self.side_after().mode
        }
    }

    fn is_over(&self) -> bool {
        self.side_after().renderer.runs() >= self.end
    }

    fn candidate(&self, (at, which): PlaceOfSetting) -> &KeyCandidate {
        &self.open[at].tried[which].0
    }

    /// The value that a place is filled with.
    fn filling(&self, (at, which): PlaceOfSetting) -> Value {
        shaped(&self.open[at].leaf.value, self.candidate((at, which)).wraps)
    }

    fn kind(&self, at: PlaceOfSetting) -> (Path, Discriminant<Value>) {
        let kind = discriminant(&self.filling(at));
        (self.candidate(at).to.clone(), kind)
    }

    fn at_all(&mut self) {
        let mut fresh: Vec<Vec<PlaceOfSetting>> = Vec::new();
        let whole = Value::Map(self.side_after().values.clone());
        for (at, one) in self.open.iter_mut().enumerate() {
            if one.did.is_empty() {
                continue;
            }
            let mut own = Vec::new();
            for (which, (candidate, score, _)) in one.tried.iter_mut().enumerate() {
                if !score.is_nan() {
                    continue;
                }
                // What is there because the chart needs it is changed; what is switched on already shows nothing.
                let there = candidate.to.get(&whole);
                if there.is_none() || self.sides.scaffold.contains(&candidate.to) {
                    own.push((at, which));
                } else {
                    candidate.is_unknown = true;
                }
            }
            fresh.push(own);
        }
        // The likeliest first: where one of them does all that a setting did, few others are looked at.
        let mut refused = Vec::new();
        for (from, to) in WAVES {
            let wave: Vec<PlaceOfSetting> = fresh
                .iter()
                .flat_map(|own| own.iter().take(to).skip(from).copied())
                .filter(|at| !self.is_found(at.0))
                .collect();
            let (known, wave): (Vec<PlaceOfSetting>, Vec<PlaceOfSetting>) = wave
                .into_iter()
                .partition(|at| self.refused.contains(&self.kind(*at)));
            // What is there already makes no difference to others, and is changed by itself.
            let (there, wave): (Vec<PlaceOfSetting>, Vec<PlaceOfSetting>) = wave
                .into_iter()
                .partition(|at| self.sides.scaffold.contains(&self.candidate(*at).to));
            let (mut showing, more) = self.fill_together(&wave);
            showing.extend(there);
            refused.extend(known.into_iter().chain(more));
            refused.extend(self.fill_alone(&showing));
        }
        let unshown: Vec<PlaceOfSetting> = fresh
            .iter()
            .flatten()
            .copied()
            .filter(|at| !refused.contains(at) && !self.is_shown(at.0))
            .collect();
        self.in_company(&refused, &unshown);
    }

    /// True if some place shows enough of what a setting did.
    fn is_shown(&self, at: usize) -> bool {
        let one = &self.open[at];
        one.tried
            .iter()
            .any(|(candidate, _, print)| found(&one.did, candidate, print) >= FOUND)
    }

    /// True if a place was found already that does nearly all that a setting did.
    fn is_found(&self, at: usize) -> bool {
        let one = &self.open[at];
        one.tried
            .iter()
            .any(|(candidate, _, print)| found(&one.did, candidate, print) >= ALL)
    }

    /// Fills many places at once; those that may show what their setting did, and those that the chart refuses.
    fn fill_together(
        &mut self,
        wave: &[PlaceOfSetting],
    ) -> (Vec<PlaceOfSetting>, Vec<PlaceOfSetting>) {
        let (mut showing, mut refused) = (Vec::new(), Vec::new());
        let mut groups = self.groups(wave);
        while !groups.is_empty() {
            if self.is_over() {
                refused.extend(groups.concat());
                break;
            }
            let variants: Vec<Map> = groups
                .iter()
                .map(|group| self.filled(&self.side_after().values, group))
                .collect();
            let rendered = self
                .side_after()
                .renderer
                .render_all(&variants, self.loose_mode());
            let mut next = Vec::new();
            for (group, rendered) in groups.iter().zip(rendered) {
                match (rendered.as_ref(), group.as_slice()) {
                    (Ok(manifest), group) => {
                        let all = self.side_after().added(&Value::Null, manifest);
                        for at in group {
                            let value = &self.open[at.0].leaf.value;
                            let print = Footprint::of(&all, value, &self.sides.common);
                            if self.open[at.0].did.touches(&print) {
                                showing.push(*at);
                            } else if is_nowhere(value, &all) {
                                // It does nothing as long as something else is not set: that says nothing.
                                self.open[at.0].tried[at.1].0.is_unknown = true;
                            }
                        }
                    }
                    (Err(_), [one]) => {
                        refused.push(*one);
                        self.refused.insert(self.kind(*one));
                    }
                    (Err(_), group) => {
                        let (first, second) = group.split_at(group.len() / 2);
                        next.extend([first.to_vec(), second.to_vec()]);
                    }
                }
            }
            // What was refused in one group is left out of the others.
            for group in &mut next {
                if group.len() > 1 {
                    let is_refused = |at: &PlaceOfSetting| self.refused.contains(&self.kind(*at));
                    refused.extend(group.iter().copied().filter(is_refused));
                    group.retain(|at| !is_refused(at));
                }
            }
            next.retain(|group| !group.is_empty());
            groups = next;
        }
        (showing, refused)
    }

    /// Groups of places of which none is in another's way. What can switch things off goes apart from what it would
    /// hide.
    fn groups(&self, fresh: &[PlaceOfSetting]) -> Vec<Vec<PlaceOfSetting>> {
        let mut groups: Vec<(bool, BTreeSet<Path>, Vec<PlaceOfSetting>)> = Vec::new();
        let mut waiting: BTreeMap<usize, Vec<PlaceOfSetting>> = BTreeMap::new();
        for at in fresh {
            waiting.entry(at.0).or_default().push(*at);
        }
        for at in waiting.into_values().flatten() {
            let to = &self.candidate(at).to;
            let is_switch = matches!(self.open[at.0].leaf.value, Value::Bool(_) | Value::Null);
            let group = groups.iter_mut().find(|(switches, taken, group)| {
                *switches == is_switch
                    && group.len() < MOST_AT_ONCE
                    && !group.iter().any(|other| other.0 == at.0)
                    && is_free(to, taken)
            });
            match group {
                Some((_, taken, group)) => {
                    taken.insert(to.clone());
                    group.push(at);
                }
                None => groups.push((is_switch, BTreeSet::from([to.clone()]), vec![at])),
            }
        }
        groups.into_iter().map(|(.., group)| group).collect()
    }

    fn filled(&self, values: &Map, group: &[PlaceOfSetting]) -> Map {
        let mut values = values.clone();
        for at in group {
            set_path(&mut values, &self.candidate(*at).to, self.filling(*at));
        }
        values
    }

    /// Renders with one place filled at a time; those that the chart refuses.
    fn fill_alone(&mut self, showing: &[PlaceOfSetting]) -> Vec<PlaceOfSetting> {
        let whole = Value::Map(self.side_after().values.clone());
        let is_there = |at: &PlaceOfSetting| {
            let filling = self.filling(*at);
            self.candidate(*at).to.get(&whole) == Some(&filling)
        };
        let variants: Vec<Map> = showing
            .iter()
            .map(|at| match is_there(at) {
                true => self
                    .without_or_other(&self.side_after().values, *at)
                    .swap_remove(0),
                false => self.filled(&self.side_after().values, &[*at]),
            })
            .collect();
        let rendered = self
            .side_after()
            .renderer
            .render_all(&variants, self.side_after().mode);
        let mut refused = Vec::new();
        for (at, rendered) in showing.iter().zip(rendered) {
            match rendered.as_ref() {
                Ok(manifest) if is_there_now(&whole, self.candidate(*at), &self.filling(*at)) => {
                    let value = &self.open[at.0].leaf.value;
                    let base = &self.side_after().manifest;
                    let effects = self.side_after().effects_between(value, base, manifest);
                    self.note(*at, &effects);
                }
                Ok(manifest) => {
                    let effects = self
                        .side_after()
                        .added(&self.open[at.0].leaf.value, manifest);
                    self.note(*at, &effects);
                }
                Err(_) => refused.push(*at),
            }
        }
        refused
    }

    fn note(&mut self, (at, which): PlaceOfSetting, effects: &[RenderedEffect]) {
        let before: &Manifest = &self.sides.before.side.manifest;
        let print = Footprint::of_candidate(
            effects,
            &self.open[at].leaf.effects,
            (before, &self.sides.common),
            &self.open[at].leaf.value,
        );
        self.open[at].tried[which].2 = print;
    }

    /// Values without what fills a place, and those with something else there.
    fn without_or_other(&self, values: &Map, at: PlaceOfSetting) -> Vec<Map> {
        let to = &self.candidate(at).to;
        let other = other_value(&self.filling(at)).map(|other| {
            let mut values = values.clone();
            set_path(&mut values, to, other);
            values
        });
        other
            .into_iter()
            .chain([without_paths(values, std::slice::from_ref(to))])
            .collect()
    }

    /// Tries places that the chart refuses alone, or that show nothing alone, together with each other and with the best places of all settings:
    /// what it takes then is left out again, to see what it does.
    fn in_company(&mut self, refused: &[PlaceOfSetting], unshown: &[PlaceOfSetting]) {
        for at in refused {
            self.open[at.0].tried[at.1].0.is_unknown = true;
        }
        for round in 0..MOST_IN_COMPANY {
            // The likeliest of each setting that is still open; what shows nothing by itself is asked once.
            let mut asked: BTreeMap<usize, PlaceOfSetting> = BTreeMap::new();
            let unshown = unshown.iter().filter(|_| round == 0);
            let refused = refused.iter().filter(|at| self.candidate(**at).is_unknown);
            for at in refused.chain(unshown) {
                let likelier = |known: &PlaceOfSetting| {
                    self.candidate(*known).by_words() >= self.candidate(*at).by_words()
                };
                if !asked.get(&at.0).is_some_and(likelier) {
                    asked.insert(at.0, *at);
                }
            }
            if asked.is_empty() || self.is_over() {
                return;
            }
            let (ground, taken) = self.base_values(&asked.into_values().collect::<Vec<_>>());
            let loose = self.loose_mode();
            let variants: Vec<Map> = taken
                .iter()
                .flat_map(|at| self.pair_of_variants(&ground, *at))
                .collect();
            let renderer = self.side_after().renderer;
            let whole = renderer.render(&ground, loose);
            let rendered = renderer.render_all(&variants, loose);
            let Ok(whole) = whole.as_ref() else { return };
            for (at, pair) in taken.iter().zip(rendered.chunks(2)) {
                let value = &self.open[at.0].leaf.value;
                let variant = pair.iter().find_map(|one| one.as_ref().as_ref().ok());
                if let Some(variant) = variant {
                    let effects = self.side_after().effects_between(value, whole, variant);
                    self.note(*at, &effects);
                    // That it shows nothing in company either says nothing: it was refused alone.
                    let one = &mut self.open[at.0];
                    let (candidate, _, print) = &mut one.tried[at.1];
                    candidate.is_unknown &= !one.did.touches(print);
                }
            }
        }
    }

    /// Two variants of values: without what fills a place, and with something else there.
    fn pair_of_variants(&self, values: &Map, at: PlaceOfSetting) -> [Map; 2] {
        let mut both = self.without_or_other(values, at);
        let left_out = both.pop().unwrap_or_default();
        let other = both.pop().unwrap_or_else(|| left_out.clone());
        [left_out, other]
    }

    /// The values with as many of some places filled as the chart takes, and which these are.
    fn base_values(&self, asked: &[PlaceOfSetting]) -> (Map, Vec<PlaceOfSetting>) {
        let mut ground = self.side_after().values.clone();
        let mut taken_places: BTreeSet<Path> = BTreeSet::new();
        // What showed something by itself already.
        for one in self.open.iter() {
            let best = one
                .tried
                .iter()
                .filter(|(_, _, print)| one.did.found_in(print) >= FOUND)
                .max_by(|a, b| one.did.found_in(&a.2).total_cmp(&one.did.found_in(&b.2)));
            if let Some((candidate, ..)) = best
                && is_free(&candidate.to, &taken_places)
            {
                set_path(
                    &mut ground,
                    &candidate.to,
                    shaped(&one.leaf.value, candidate.wraps),
                );
                taken_places.insert(candidate.to.clone());
            }
        }
        if self
            .side_after()
            .renderer
            .render(&ground, self.loose_mode())
            .is_err()
        {
            ground = self.side_after().values.clone();
            taken_places.clear();
        }
        let mut waiting: Vec<PlaceOfSetting> = Vec::new();
        for at in asked {
            let to = &self.candidate(*at).to;
            if is_free(to, &taken_places) {
                taken_places.insert(to.clone());
                waiting.push(*at);
            }
        }
        let mut taken = Vec::new();
        for _ in 0..ROUNDS {
            let before = taken.len();
            let mut left = Vec::new();
            self.take_in(&mut ground, &waiting, &mut taken, &mut left);
            waiting = left;
            if waiting.is_empty() || taken.len() == before {
                break;
            }
        }
        (ground, taken)
    }

    /// Fills places in halves, as long as the chart renders.
    fn take_in(
        &self,
        ground: &mut Map,
        some: &[PlaceOfSetting],
        taken: &mut Vec<PlaceOfSetting>,
        left: &mut Vec<PlaceOfSetting>,
    ) {
        if some.is_empty() || self.is_over() {
            return;
        }
        let tried = self.filled(ground, some);
        match (
            self.side_after()
                .renderer
                .render(&tried, self.loose_mode())
                .is_ok(),
            some,
        ) {
            (true, _) => {
                *ground = tried;
                taken.extend(some);
            }
            (false, [one]) => left.push(*one),
            (false, some) => {
                let (first, second) = some.split_at(some.len() / 2);
                self.take_in(ground, first, taken, left);
                self.take_in(ground, second, taken, left);
            }
        }
    }
}

/// True if a text that tells a setting apart is nowhere in some effects.
fn is_nowhere(value: &Value, effects: &[RenderedEffect]) -> bool {
    let holds = |effect: &RenderedEffect, sign: &str| {
        let with = effect.with.iter();
        with.map(|with| serde_json::Value::from(with).to_string())
            .any(|text| text.contains(sign))
    };
    match value {
        Value::String(_) | Value::Number(_) => {
            let sign = value.scalar_text().filter(|sign| sign.len() >= MIN_SIGN);
            sign.is_some_and(|sign| !effects.iter().any(|effect| holds(effect, sign)))
        }
        _ => false,
    }
}

fn is_there_now(whole: &Value, candidate: &KeyCandidate, filling: &Value) -> bool {
    candidate.to.get(whole) == Some(filling)
}

/// True if nothing of some places is at, above or below one.
pub(super) fn is_free(to: &Path, taken: &BTreeSet<Path>) -> bool {
    let is_below = taken
        .range(to..)
        .next()
        .is_some_and(|next| next.starts_with(to));
    let is_above = (1..to.depth()).any(|depth| {
        let above = Path::new(to.segments()[..depth].to_vec());
        taken.contains(&above)
    });
    !is_below && !is_above
}

fn score(open: &mut [OpenSetting<'_>], has_rendered: bool, learned: &[(Path, Path)]) {
    for one in open {
        for (candidate, score, print) in &mut one.tried {
            let agrees = learned.iter().any(|(from, to)| {
                one.path
                    .strip_prefix(from)
                    .is_some_and(|rest| to.concat(&rest) == candidate.to)
            });
            let known = has_rendered && !one.did.is_empty() && !candidate.is_unknown;
            *score = match known {
                true => {
                    0.66 * found(&one.did, candidate, print)
                        + 0.20 * candidate.names
                        + 0.07 * candidate.default
                        + 0.07 * candidate.comments
                        + 0.05 * candidate.kin
                        + if agrees { 0.15 } else { 0.0 }
                        - if candidate.was_alive { 0.15 } else { 0.0 }
                }
                .max(
                    match candidate.is_hinted && found(&one.did, candidate, print) >= SAME_TEXT {
                        true => HINTED,
                        false => 0.0,
                    },
                ),
                false => candidate.by_words() + if agrees { 0.3 } else { 0.0 },
            };
        }
        one.tried
            .sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.to.cmp(&b.0.to)));
    }
}

/// A value as it is put at a place.
pub(super) fn shaped(value: &Value, wraps: bool) -> Value {
    match wraps {
        true => Value::List(vec![value.clone()]),
        false => value.clone(),
    }
}

/// The part of a setting's effects that a candidate has.
pub(super) fn found(did: &Footprint, candidate: &KeyCandidate, print: &Footprint) -> f64 {
    let there = match candidate.was_alive {
        true => did.found_in_same_objects(print),
        false => did.found_in(print),
    };
    match candidate.is_hinted {
        true => there.max(did.text_found_elsewhere(print)),
        false => there,
    }
}
