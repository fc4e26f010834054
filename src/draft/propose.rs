//! What became of each setting under a new chart, and where those that lost their effect may have gone.
//!
//! A setting's effect under the old chart is what rendering without it changes. If the new chart does the same with
//! it, it is kept. Else each candidate of [`super::candidates`] is tried: the value is put there, the new chart is
//! rendered, and what that changes is compared with what the setting did. In the end all that is sure is put at
//! once, and what then does not show is not sure any more. Without Helm only words are compared.

use std::collections::BTreeMap;

use super::{
    candidates::{Candidate, Keys, candidates},
    footprint::Footprint,
};
use crate::{
    chart::Chart,
    effect::{
        leaves::{Isolation, Leaf, Side, set_path, without},
        objects::Manifest,
        render::{RenderMode, Renderer},
    },
    values::{Map, Path, Segment, Value, leaves},
};

/// From where on a candidate is sure.
const SURE: f64 = 0.62;
/// From where on it is worth a question.
const MAYBE: f64 = 0.40;
/// How far the next one must be behind one that is sure.
const MARGIN: f64 = 0.04;
/// How much of the effect must be found for one that is sure.
const FOUND: f64 = 0.45;
/// Most candidates that are told of.
const TOLD: usize = 3;

/// The two charts.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'c> {
    /// The one that the values are for.
    pub old: &'c Chart,
    /// The one to go to.
    pub new: &'c Chart,
    /// What renders them; `None` without Helm.
    pub renderers: Option<(&'c Renderer, &'c Renderer)>,
}

/// What became of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Suggestion {
    /// It has no effect any more, and one place is so much like it that it can be moved there.
    Moves(Destination),
    /// It has no effect any more, and these are the likeliest places.
    Unsure(Vec<Destination>),
    /// The new chart's own default does the same.
    IsDefault,
    /// It has no effect any more, and nothing was found.
    Lost,
}

/// A place that a setting may have gone to.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// The key.
    pub to: Path,
    /// Whether the value becomes the only item of a list there.
    pub wraps: bool,
    /// How sure it is, from 0 to 1.
    pub score: f64,
    /// Why, in half a sentence.
    pub evidence: String,
}

/// A setting that wants something done.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The setting.
    pub from: Path,
    /// What it did, as the field of an object; `None` if that is not known.
    pub did: Option<String>,
    /// What became of it.
    pub fate: Suggestion,
}

/// What was found for some values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposals {
    /// The settings that want something done, in the order of the values.
    pub settings: Vec<Proposal>,
    /// Why effects could not be compared, if they could not.
    pub unproven: Option<String>,
}

impl Proposals {
    /// Takes in what was found for other values: of one setting what was found first, unless the values do not agree,
    /// where nothing is sure.
    pub fn add(&mut self, other: Self) {
        for setting in other.settings {
            let known = self
                .settings
                .iter_mut()
                .find(|known| known.from == setting.from);
            match (known, setting) {
                (None, setting) => self.settings.push(setting),
                (Some(known), setting) => known.agree(setting),
            }
        }
        self.unproven = self.unproven.take().or(other.unproven);
    }
}

impl Proposal {
    fn agree(&mut self, other: Self) {
        let (own, theirs) = (self.places(), other.places());
        let same = |a: &[Destination], b: &[Destination]| {
            a.first().map(|place| &place.to) == b.first().map(|place| &place.to)
        };
        if same(&own, &theirs) {
            return;
        }
        let mut all = own;
        for place in theirs {
            if !all.iter().any(|known| known.to == place.to) {
                all.push(place);
            }
        }
        all.truncate(TOLD);
        self.fate = match all.is_empty() {
            true => Suggestion::Lost,
            false => Suggestion::Unsure(all),
        };
    }

    /// The places that come into question.
    #[must_use]
    pub fn places(&self) -> Vec<Destination> {
        match &self.fate {
            Suggestion::Moves(place) => vec![place.clone()],
            Suggestion::Unsure(places) => places.clone(),
            Suggestion::IsDefault | Suggestion::Lost => Vec::new(),
        }
    }
}

/// A setting in work.
struct Open<'l> {
    leaf: &'l Leaf,
    path: Path,
    did: Footprint,
    tried: Vec<(Candidate, f64, Footprint)>,
    is_default: bool,
}

/// Works out what became of each setting of some values.
#[must_use]
pub fn propose(pair: &Pair<'_>, values: &Map) -> Proposals {
    let (old, new) = (Keys::of(pair.old), Keys::of(pair.new));
    propose_with(pair, (&old, &new), values)
}

/// The same with what was read of the charts already.
#[must_use]
pub fn propose_with(pair: &Pair<'_>, (old, new): (&Keys, &Keys), values: &Map) -> Proposals {
    let rendered = pair.renderers.map(|(was, now)| {
        let before =
            side(pair.old, was, values).map_err(|why| format!("under the old chart: {why}"))?;
        let rest = fitting(values, new);
        let (after, peeled) =
            peeled(pair.new, now, &rest).map_err(|why| format!("under the new chart: {why}"))?;
        Ok::<_, String>((before, after, peeled))
    });
    let (sides, unproven) = match rendered {
        Some(Ok((before, after, peeled))) => (Some((before, after, peeled)), None),
        Some(Err(why)) => (None, Some(format!("the values do not render {why}"))),
        None => (None, Some("Helm is not here".to_owned())),
    };
    let all = match &sides {
        Some((before, ..)) => before.leaves(),
        None => by_reading(values),
    };
    let mut open = opened(&all, (old, new), sides.as_ref());
    let whole = Value::Map(values.clone());
    let mut learned: Vec<(Path, Path)> = Vec::new();
    // Twice: where most of a map went, the rest of it may have gone, too.
    for _ in 0..2 {
        for one in &mut open {
            let found = candidates((old, new), &one.path, &one.leaf.value, &whole, &learned);
            let known: Vec<Path> = one
                .tried
                .iter()
                .map(|(candidate, ..)| candidate.to.clone())
                .collect();
            let fresh = found
                .into_iter()
                .filter(|candidate| !known.contains(&candidate.to));
            one.tried
                .extend(fresh.map(|candidate| (candidate, f64::NAN, Footprint::default())));
        }
        try_out(
            &mut open,
            sides.as_ref().map(|(_, after, _)| after),
            &learned,
        );
        learned = open
            .iter()
            .filter_map(|one| moved(one, sides.is_some()))
            .collect();
        learned.sort();
        learned.dedup();
    }
    let mut settings: Vec<Proposal> = open
        .iter()
        .map(|one| proposal(one, sides.is_some()))
        .collect();
    if let Some((_, after, _)) = &sides {
        prove(&mut settings, &open, after);
    }
    one_source_each(&mut settings);
    Proposals { settings, unproven }
}

/// The settings that lost their effect, or of which the new chart refuses the form.
fn opened<'l>(
    all: &'l [Leaf],
    (old, new): (&Keys, &Keys),
    sides: Option<&(Side<'_>, Side<'_>, Vec<Path>)>,
) -> Vec<Open<'l>> {
    let after: Option<BTreeMap<Path, Footprint>> = sides.map(|(_, after, _)| {
        let leaves = after.leaves().into_iter();
        leaves
            .filter_map(|leaf| Some((leaf.path?, Footprint::of(&leaf.effects))))
            .collect()
    });
    let mut open = Vec::new();
    for leaf in all {
        let Some(path) = leaf.path.clone().filter(|path| path.is_concrete()) else {
            continue;
        };
        let did = Footprint::of(&leaf.effects);
        let read = new.reads.is_read(&path) && fits(&path, &leaf.value, new);
        let was_read = old.reads.is_read(&path);
        let mut is_default = false;
        let lost = match (&after, did.is_empty()) {
            _ if !was_read || leaf.how == Isolation::Unread => false,
            // What it did is not known, or nothing: only what is not read any more is lost.
            (_, true) | (None, _) => !read,
            (Some(after), false) => {
                let now = after.get(&path).cloned().unwrap_or_default();
                let lost = did.found_in(&now) < 0.3;
                is_default =
                    lost && sides.is_some_and(|(_, side, _)| shows(&leaf.effects, &side.manifest));
                lost && (!read || now.is_empty())
            }
        };
        if lost {
            open.push(Open {
                leaf,
                path,
                did,
                tried: Vec::new(),
                is_default,
            });
        }
    }
    open
}

/// Whether everything that a setting did is there without it.
fn shows(effects: &[crate::effect::leaves::Effect], manifest: &Manifest) -> bool {
    !effects.is_empty()
        && effects.iter().all(|effect| {
            effect.spot.path.depth() > 0
                && effect.with.is_some()
                && manifest.field(&effect.spot.object, &effect.spot.path) == effect.with.as_ref()
        })
}

/// The settings without what they do, where nothing can be rendered.
fn by_reading(values: &Map) -> Vec<Leaf> {
    let all = leaves(values).into_iter();
    let leaf = |(path, value): (Path, &Value)| Leaf {
        path: Some(path),
        value: value.clone(),
        how: Isolation::LeftOut,
        effects: Vec::new(),
    };
    all.map(leaf).collect()
}

/// Whether a value has a form that the new chart's default has at its place.
fn fits(path: &Path, value: &Value, new: &Keys) -> bool {
    let mut above = path.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        if matches!(
            new.default(&at),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_))
        ) {
            return false;
        }
        above = at.parent();
    }
    match (new.default(path), value) {
        (Some(Value::Map(map)), value) if !map.is_empty() => {
            matches!(value, Value::Map(_) | Value::Null)
        }
        (Some(Value::List(_)), value) => matches!(value, Value::List(_) | Value::Null),
        _ => true,
    }
}

/// The values that the new chart reads, and reads in this form.
fn fitting(values: &Map, new: &Keys) -> Map {
    let gone: Vec<Path> = leaves(values)
        .into_iter()
        .filter(|(path, value)| !new.reads.is_read(path) || !fits(path, value, new))
        .map(|(path, _)| path)
        .collect();
    without(values, &gone)
}

/// Renders in the strictest way that works.
fn side<'c>(chart: &'c Chart, renderer: &'c Renderer, values: &Map) -> Result<Side<'c>, String> {
    let mut why = String::new();
    for (install, schema) in [(false, true), (false, false), (true, false)] {
        let mode = RenderMode { install, schema };
        match Side::new(chart, renderer, values.clone(), Vec::new(), mode) {
            Ok(side) => return Ok(side),
            Err(rendered) => {
                if let Err(error) = rendered.as_ref() {
                    why = error.to_string();
                }
            }
        }
    }
    Err(why)
}

/// The new chart with the values, without those on which it breaks: these hide all others.
fn peeled<'c>(
    chart: &'c Chart,
    renderer: &'c Renderer,
    values: &Map,
) -> Result<(Side<'c>, Vec<Path>), String> {
    let mut values = values.clone();
    let mut gone = Vec::new();
    let mut last = String::new();
    for _ in 0..4 {
        match side(chart, renderer, &values) {
            Ok(side) => return Ok((side, gone)),
            Err(why) => last = why,
        }
        let paths: Vec<Path> = leaves(&values).into_iter().map(|(path, _)| path).collect();
        let variants: Vec<Map> = paths
            .iter()
            .map(|path| without(&values, std::slice::from_ref(path)))
            .collect();
        let mode = RenderMode {
            install: false,
            schema: false,
        };
        let rendered = renderer.render_all(&variants, mode);
        let works = rendered.iter().position(|rendered| rendered.is_ok());
        // Several break it: one whose absence changes what Helm says is one of them.
        let other = rendered.iter().position(|rendered| {
            rendered
                .as_ref()
                .as_ref()
                .is_err_and(|error| error.to_string() != last)
        });
        let Some(at) = works.or(other) else { break };
        values = variants[at].clone();
        gone.push(paths[at].clone());
    }
    Err(last)
}

/// Renders the new chart with each candidate that was not tried yet, and scores all of them.
fn try_out(open: &mut [Open<'_>], after: Option<&Side<'_>>, learned: &[(Path, Path)]) {
    if let Some(after) = after {
        let mut variants = Vec::new();
        let mut of = Vec::new();
        for (at, one) in open
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.did.is_empty())
        {
            for (which, (candidate, score, _)) in one.tried.iter().enumerate() {
                if score.is_nan() {
                    let mut values = after.values.clone();
                    set_path(
                        &mut values,
                        &candidate.to,
                        shaped(&one.leaf.value, candidate.wraps),
                    );
                    variants.push(values);
                    of.push((at, which));
                }
            }
        }
        let rendered = after.renderer.render_all(&variants, after.mode);
        for ((at, which), rendered) in of.into_iter().zip(rendered) {
            if let Ok(manifest) = rendered.as_ref() {
                let effects = after.added(&open[at].leaf.value, manifest);
                open[at].tried[which].2 = Footprint::of(&effects);
            }
        }
    }
    for one in open {
        for (candidate, score, print) in &mut one.tried {
            let agrees = learned.iter().any(|(from, to)| {
                one.path
                    .strip_prefix(from)
                    .is_some_and(|rest| to.concat(&rest) == candidate.to)
            });
            let known = after.is_some() && !one.did.is_empty();
            *score = match known {
                true => {
                    0.66 * found(&one.did, candidate, print)
                        + 0.20 * candidate.names
                        + 0.07 * candidate.default
                        + 0.07 * candidate.comments
                        + if agrees { 0.15 } else { 0.0 }
                        - if candidate.was_alive { 0.15 } else { 0.0 }
                }
                false => candidate.by_words() + if agrees { 0.3 } else { 0.0 },
            };
        }
        one.tried
            .sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.to.cmp(&b.0.to)));
    }
}

fn shaped(value: &Value, wraps: bool) -> Value {
    match wraps {
        true => Value::List(vec![value.clone()]),
        false => value.clone(),
    }
}

/// How much of what a setting did a candidate does.
fn found(did: &Footprint, candidate: &Candidate, print: &Footprint) -> f64 {
    match candidate.was_alive {
        true => did.found_in_same_objects(print),
        false => did.found_in(print),
    }
}

/// The best place, if it is sure.
fn sure<'o>(one: &'o Open<'_>, rendered: bool) -> Option<&'o (Candidate, f64, Footprint)> {
    let best = one.tried.first()?;
    let next = one.tried.get(1).map_or(0.0, |next| next.1);
    let found = found(&one.did, &best.0, &best.2);
    (rendered && !one.did.is_empty() && best.1 >= SURE && found >= FOUND && best.1 - next >= MARGIN)
        .then_some(best)
}

/// Where a map went, by one of its settings that is sure: what both paths end in alike is left away.
fn moved(one: &Open<'_>, rendered: bool) -> Option<(Path, Path)> {
    let best = match rendered {
        true => sure(one, rendered)?,
        false => one.tried.first().filter(|best| best.1 >= 0.55)?,
    };
    let (mut from, mut to) = (one.path.clone(), best.0.to.clone());
    while from.depth() > 1 && to.depth() > 1 && from.last() == to.last() {
        from.pop();
        to.pop();
    }
    (from != to).then_some((from, to))
}

fn proposal(one: &Open<'_>, rendered: bool) -> Proposal {
    let place = |(candidate, score, print): &(Candidate, f64, Footprint)| Destination {
        to: candidate.to.clone(),
        wraps: candidate.wraps,
        score: *score,
        evidence: evidence(one, candidate, print),
    };
    let fate = match sure(one, rendered) {
        _ if one.is_default => Suggestion::IsDefault,
        Some(best) => Suggestion::Moves(place(best)),
        None => {
            let likely = one.tried.iter().filter(|tried| {
                let some =
                    !rendered || one.did.is_empty() || found(&one.did, &tried.0, &tried.2) > 0.1;
                tried.1 >= MAYBE && some
            });
            let places: Vec<Destination> = likely.take(TOLD).map(place).collect();
            match places.is_empty() {
                true => Suggestion::Lost,
                false => Suggestion::Unsure(places),
            }
        }
    };
    Proposal {
        from: one.path.clone(),
        did: one.did.fields().next().map(str::to_owned),
        fate,
    }
}

/// Why a candidate is one.
fn evidence(one: &Open<'_>, candidate: &Candidate, print: &Footprint) -> String {
    let mut said = Vec::new();
    if found(&one.did, candidate, print) > 0.1
        && let Some(field) = one.did.shared_field(print)
    {
        said.push(format!("sets the same field: {field}"));
    }
    match candidate.names {
        names if names > 0.75 => said.push("same name".to_owned()),
        names if names > 0.35 => said.push("the name is alike".to_owned()),
        _ => {}
    }
    if candidate.default > 0.5 {
        said.push("same default".to_owned());
    }
    if candidate.comments > 0.4 {
        said.push("the comment is alike".to_owned());
    }
    if said.is_empty() {
        said.push("little speaks for it".to_owned());
    }
    said.join("; ")
}

/// Puts all that is sure at once: what does not show then is not sure.
fn prove(settings: &mut [Proposal], open: &[Open<'_>], after: &Side<'_>) {
    let mut values = after.values.clone();
    let mut any = false;
    for (setting, one) in settings.iter().zip(open) {
        if let Suggestion::Moves(place) = &setting.fate {
            set_path(&mut values, &place.to, shaped(&one.leaf.value, place.wraps));
            any = true;
        }
    }
    if !any {
        return;
    }
    let rendered = after.renderer.render(&values, after.mode);
    let together = rendered.as_ref().as_ref().ok();
    let together = together.map(|manifest| Footprint::of(&after.added(&Value::Null, manifest)));
    for (setting, one) in settings.iter_mut().zip(open) {
        let Suggestion::Moves(place) = &setting.fate else {
            continue;
        };
        let holds = together
            .as_ref()
            .is_some_and(|together| one.did.covered_by(together) >= FOUND);
        if !holds {
            setting.fate = Suggestion::Unsure(vec![place.clone()]);
        }
    }
}

/// Two settings cannot both become one: then neither is sure.
fn one_source_each(settings: &mut [Proposal]) {
    let mut to: BTreeMap<Path, usize> = BTreeMap::new();
    for setting in settings.iter() {
        if let Suggestion::Moves(place) = &setting.fate {
            *to.entry(place.to.clone()).or_default() += 1;
        }
    }
    for setting in settings {
        if let Suggestion::Moves(place) = &setting.fate
            && to.get(&place.to).is_some_and(|count| *count > 1)
        {
            setting.fate = Suggestion::Unsure(vec![place.clone()]);
        }
    }
}

/// The last keys that two paths share.
pub(super) fn without_shared_end(from: &Path, to: &Path) -> (Path, Path) {
    let (mut from, mut to) = (from.clone(), to.clone());
    while from.depth() > 1
        && to.depth() > 1
        && from.last() == to.last()
        && matches!(from.last(), Some(Segment::Key(_)))
    {
        from.pop();
        to.pop();
    }
    (from, to)
}
