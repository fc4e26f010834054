//! What became of each setting under a new chart, and where those that lost their effect may have gone.
//!
//! A setting's effect under the old chart is what rendering without it changes. If the new chart does the same with
//! it, it is kept. Else each candidate of [`super::candidates`] is tried: the value is put there, the new chart is
//! rendered, and what that changes is compared with what the setting did. In the end all that is sure is put at
//! once, and what then does not show is not sure any more. Without Helm only words are compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
};

use super::{
    candidates::{ChartKeys, KeyCandidate, NameSource, candidates},
    demand::{Demand, agreeing, demands},
    footprint::{CommonWords, Footprint},
    kin::kin,
    lost::{lost_by_reading, opened, traced},
    migrated::MigratedValues,
    outdated::outdated,
    prove::prove,
    scaffold::{is_empty, needs_some, scaffold},
    several::{does_more, merged, split},
    sides::{Peeled, fitting, peeled},
    tryout::{found, try_out},
};
use crate::{
    chart::Chart,
    effect::{
        helm::NOT_HERE,
        leaves::{Leaf, RenderedEffect, set_path},
        messages::gist,
        render::Renderer,
    },
    values::{Map, Path, Segment, Value, merge},
};

/// From where on a candidate is sure.
const SURE: f64 = 0.62;
/// From where on it is worth a question.
pub(super) const MAYBE: f64 = 0.40;
/// The distance of the next candidate behind one that is sure.
const MARGIN: f64 = 0.04;
/// The distance of another setting that would go to the same place.
const AHEAD: f64 = 0.08;
/// The part of the effect that must be found for one that is sure.
pub(super) const FOUND: f64 = 0.45;
/// The part of an effect that is as good as all of it.
pub(super) const ALL: f64 = 0.9;
/// Most candidates that are told of.
pub(super) const TOLD: usize = 3;
/// Most fields of a setting by which places are looked for.
const MOST_FIELDS: usize = 4;
/// How many settings of a map must have gone somewhere for another one to follow.
const NEIGHBOURS: usize = 2;
/// From which likeness of words on a setting that never worked is worth a question.
const MUCH_ALIKE: f64 = 0.45;
/// What a place is worth at least that does something of it and that a text of the chart names.
pub(super) const HINTED: f64 = 0.7;

/// The two charts.
#[derive(Debug, Clone, Copy)]
pub struct PairOfCharts<'c> {
    /// The one that the values are for.
    pub old: &'c Chart,
    /// The one to go to.
    pub new: &'c Chart,
    /// The renderers of both charts; `None` without Helm.
    pub renderers: Option<(&'c Renderer, &'c Renderer)>,
}

/// The suggested fate of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Suggestion {
    /// It has no effect any more, and one place is so much like it that it can be moved there.
    Moves(Destination),
    /// It has no effect any more, and these places do together what it did: it goes to each of them.
    Splits(Vec<Destination>),
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
    /// True if the value becomes the only item of a list there.
    pub wraps: bool,
    /// True if other settings of the same value go there, too, and did the rest of what it does.
    pub is_shared: bool,
    /// The certainty, from 0 to 1.
    pub score: f64,
    /// The reason, in half a sentence.
    pub evidence: String,
}

/// A setting that wants something done.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The setting.
    pub from: Path,
    /// Its old effect, as the field of an object; `None` if that is not known.
    pub did: Option<String>,
    /// Its fate.
    pub fate: Suggestion,
    /// How it stands under the two charts.
    pub standing: SettingState,
    /// What the new chart says, if it does not render with it.
    pub refused: Option<String>,
}

/// How a setting stands that wants something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingState {
    /// It worked, and does not any more.
    Lost,
    /// It worked, and the new chart does not render with it.
    Refused,
    /// The old chart has the key, and does nothing with it either.
    NeverWorked,
    /// It works, and the new chart calls its key out of date.
    OutOfDate,
}

/// The proposals for some values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposals {
    /// The settings that want something done, in the order of the values.
    pub settings: Vec<Proposal>,
    /// Keys without which the new chart does not render, and for which nobody has a value.
    pub needed: BTreeSet<Path>,
    /// Keys without which the new chart does not take a setting, with the values that they can have.
    pub demands: Vec<Demand>,
    /// The reason for which effects could not be compared, if they could not.
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
        // For other values the rest of what is merged may not be sure.
        keep_shared_together(&mut self.settings);
        self.take_in_rest(other.needed, other.demands, other.unproven);
    }

    /// Takes in what is said beside the settings.
    fn take_in_rest(
        &mut self,
        needed: BTreeSet<Path>,
        demands: Vec<Demand>,
        unproven: Option<String>,
    ) {
        self.needed.extend(needed);
        self.demands = agreeing(self.demands.drain(..).chain(demands));
        self.unproven = self.unproven.take().or(unproven);
    }

    /// Takes in what was found for the same settings in other circumstances: of each what says more.
    pub(super) fn improve(&mut self, other: Self) {
        let rank = |fate: &Suggestion| match fate {
            Suggestion::Moves(_) | Suggestion::Splits(_) => 3,
            Suggestion::Unsure(_) => 2,
            Suggestion::IsDefault => 1,
            Suggestion::Lost => 0,
        };
        for setting in other.settings {
            // The name that a map got can be another one.
            let above = |path: &Path| path.parent().unwrap_or_else(Path::root);
            let is_same = |known: &Proposal| {
                known.from == setting.from
                    || above(&known.from) == above(&setting.from)
                        && known.from.last().is_some_and(is_made_up)
                        && setting.from.last().is_some_and(is_made_up)
            };
            match self.settings.iter_mut().find(|known| is_same(known)) {
                Some(known) if rank(&setting.fate) > rank(&known.fate) => *known = setting,
                Some(known) => known.did = known.did.take().or(setting.did),
                None => self.settings.push(setting),
            }
        }
        self.take_in_rest(other.needed, other.demands, other.unproven);
        one_source_each(&mut self.settings);
    }
}

/// True if a key is one that [`super::infer`] put into a map.
fn is_made_up(segment: &Segment) -> bool {
    matches!(segment, Segment::Key(key) if key.strip_prefix("key").is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_digit())))
}

impl Proposal {
    fn agree(&mut self, other: Self) {
        let (own, theirs) = (self.places(), other.places());
        let first = |places: &[Destination]| {
            let place = places.first();
            place.map(|place| (place.to.clone(), place.is_shared))
        };
        // What is sure for some values only is not sure.
        let is_sure = |fate: &Suggestion| match fate {
            Suggestion::Moves(_) | Suggestion::Splits(_) => Some(discriminant(fate)),
            _ => None,
        };
        if first(&own) == first(&theirs) && is_sure(&self.fate) == is_sure(&other.fate) {
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

    /// The places that it surely goes to: one, or all of several.
    pub(super) fn sure_places(&self) -> &[Destination] {
        match &self.fate {
            Suggestion::Moves(place) => std::slice::from_ref(place),
            Suggestion::Splits(places) => places,
            _ => &[],
        }
    }

    /// The places that come into question.
    #[must_use]
    pub fn places(&self) -> Vec<Destination> {
        match &self.fate {
            Suggestion::Moves(place) => vec![place.clone()],
            Suggestion::Splits(places) | Suggestion::Unsure(places) => places.clone(),
            Suggestion::IsDefault | Suggestion::Lost => Vec::new(),
        }
    }
}

/// A place that was tried, with its score and what the value does there.
pub(super) type TriedPlace = (KeyCandidate, f64, Footprint);

/// A setting in work.
pub(super) struct OpenSetting<'l> {
    pub leaf: &'l Leaf,
    pub path: Path,
    pub did: Footprint,
    /// Its places, the likeliest first.
    pub tried: Vec<TriedPlace>,
    pub is_default: bool,
    /// True if the old chart has the key and does nothing with it.
    pub never_worked: bool,
    /// What Helm says, if the new chart does not render with it.
    pub refused: Option<&'l str>,
}

/// The ways in which settings are tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchDepth {
    /// A user's own: what each does is found by leaving out that one alone.
    Exact,
    /// All keys of a chart, with values that can be told apart: many are left out at a time.
    InGroups,
}

/// Works out what became of each setting of some values.
#[must_use]
pub fn propose(pair: &PairOfCharts<'_>, values: &MigratedValues) -> Proposals {
    let (old, new) = (ChartKeys::of(pair.old), ChartKeys::of(pair.new));
    propose_on(pair, (&old, &new), values, &Map::new(), SearchDepth::Exact)
}

/// The same for values that no pack has changed, with what was read of the charts already.
#[must_use]
pub fn propose_with(
    pair: &PairOfCharts<'_>,
    keys: (&ChartKeys, &ChartKeys),
    values: &Map,
) -> Proposals {
    let values = MigratedValues::unchanged(values);
    propose_on(pair, keys, &values, &Map::new(), SearchDepth::Exact)
}

/// The same where the new chart is rendered with some values more, which switch on what is off by itself.
#[must_use]
pub(super) fn propose_on(
    pair: &PairOfCharts<'_>,
    (old, new): (&ChartKeys, &ChartKeys),
    values: &MigratedValues,
    switches: &Map,
    search: SearchDepth,
) -> Proposals {
    let rendered = pair.renderers.map(|(was, now)| {
        let before = peeled(pair.old, was, &values.before, &Map::new())
            .map_err(|why| format!("under the old chart: {why}"))?;
        let mut rest = fill_in_from(fitting(&values.after, new), switches);
        let mut needed = BTreeSet::new();
        let mut ground = Map::new();
        if needs_some(now, &rest) {
            let lost = lost_by_reading(values, (old, new));
            for (path, value) in scaffold(now, new, &rest, &lost) {
                set_path(&mut ground, &path, value.clone());
                set_path(&mut rest, &path, value);
                needed.insert(path);
            }
        }
        let peel = |rest: &Map, ground: &Map| {
            let peeled = peeled(pair.new, now, rest, ground);
            peeled.map_err(|why| format!("under the new chart: {why}"))
        };
        let mut after = peel(&rest, &ground)?;
        let (demands, taken) = demands(&after, &rest, &new.defaults);
        for demand in &demands {
            set_path(&mut rest, &demand.key, demand.values[0].clone());
        }
        if !demands.is_empty() {
            after = peel(&rest, &taken)?;
        }
        let manifests = [&before.side.manifest, &after.side.manifest];
        Ok::<_, String>(Sides {
            common: CommonWords::of(manifests),
            before,
            after,
            scaffold: needed,
            demands,
        })
    });
    let (sides, unproven) = match rendered {
        Some(Ok(sides)) => (Some(sides), None),
        Some(Err(why)) => (None, Some(format!("the values do not render {why}"))),
        None => (None, Some(NOT_HERE.to_owned())),
    };
    let all = traced(values, sides.as_ref(), search);
    let mut open = opened(&all, (old, new), values, sides.as_ref(), search);
    let whole = Value::Map(values.after.clone());
    let mut learned: Vec<(Path, Path)> = Vec::new();
    // Twice: where most of a map went, the rest of it may have gone, too.
    for _ in 0..2 {
        for one in &mut open {
            let fields = fields_and_options(&one.leaf.effects);
            let fields: Vec<&Path> = fields.iter().collect();
            let value = &one.leaf.value;
            let found = candidates(
                (old, new),
                (&one.path, values.origin(&one.path)),
                value,
                &whole,
                &learned,
                &fields,
            );
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
        kin(open.iter_mut().map(|one| {
            let tried = one.tried.iter_mut().map(|(candidate, ..)| candidate);
            (&one.path, tried.collect())
        }));
        for one in &mut open {
            one.tried
                .sort_by(|(a, ..), (b, ..)| b.by_words().total_cmp(&a.by_words()));
        }
        try_out(&mut open, sides.as_ref(), new, &learned);
        learned = open
            .iter()
            .filter_map(|one| moved(one, sides.is_some()))
            .collect();
        learned.sort();
        learned.dedup();
    }
    let merged = merged(&open, |one| likeliest(one, sides.is_some()));
    let mut settings: Vec<Proposal> = open
        .iter()
        .enumerate()
        .map(|(at, one)| proposal(one, sides.is_some(), merged.get(&at).copied()))
        .collect();
    if let Some(sides) = &sides {
        prove(&mut settings, &open, sides);
        keep_shared_together(&mut settings);
    }
    one_source_each(&mut settings);
    if sides.is_some() {
        follow(&mut settings, &open, new);
    }
    let mut settings: Vec<Proposal> = settings
        .into_iter()
        .zip(&open)
        .filter_map(|(setting, one)| match one.never_worked {
            true => much_alike(setting),
            false => Some(setting),
        })
        .collect();
    // What a pack leaves at a place that works is right there.
    if let Some(sides) = sides.as_ref().filter(|_| !values.is_by_pack_alone()) {
        let more = outdated((old, new), sides, &settings);
        let is_open = |one: &Proposal| !values.is_settled(&one.from);
        settings.extend(more.into_iter().filter(is_open));
    }
    let scaffold = sides.iter().flat_map(|sides| &sides.scaffold);
    let needed = scaffold.filter(|path| {
        let has = |value: &Value| !is_empty(value);
        let mut places = settings.iter().flat_map(Proposal::places);
        let is_told = values.is_by_pack_alone() && values.is_spoken_of(path);
        !is_told && !path.get(&whole).is_some_and(has) && !places.any(|place| place.to == **path)
    });
    Proposals {
        needed: needed.cloned().collect(),
        demands: sides
            .as_ref()
            .map_or_else(Vec::new, |sides| sides.demands.clone()),
        settings,
        unproven,
    }
}

/// The fields that a setting changes, and the options of programs in them as if they were fields: `--a.b=c` is `a.b`.
fn fields_and_options(effects: &[RenderedEffect]) -> Vec<Path> {
    let fields = effects.iter().map(|effect| effect.spot.path.clone());
    let options = effects.iter().flat_map(|effect| {
        let texts: Vec<&str> = match &effect.with {
            Some(Value::List(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(value) => value.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        let is_old = |text: &str| match &effect.without {
            Some(Value::List(items)) => items.iter().any(|item| item.as_str() == Some(text)),
            _ => false,
        };
        let fresh = texts.into_iter().filter(|text| !is_old(text));
        let names = fresh.filter_map(|text| text.strip_prefix("--")?.split('=').next());
        let dotted = names.filter(|name| name.contains('.'));
        dotted
            .map(|name| Path::keys(name.split('.').map(str::to_owned)))
            .collect::<Vec<_>>()
    });
    let options: Vec<Path> = options.take(MOST_FIELDS).collect();
    fields.take(MOST_FIELDS).chain(options).collect()
}

/// Both charts with the values.
pub(super) struct Sides<'c> {
    pub before: Peeled<'c>,
    pub after: Peeled<'c>,
    /// The places that were filled because the new chart does not render without them.
    pub scaffold: BTreeSet<Path>,
    /// The keys that were set because it does not take a setting without them.
    pub demands: Vec<Demand>,
    /// Words that say nothing in names of objects.
    pub common: CommonWords,
}

/// Values, and others where they say nothing.
fn fill_in_from(values: Map, others: &Map) -> Map {
    let mut all = others.clone();
    merge::merge(&mut all, values);
    all
}

/// A setting without an effect that can be seen goes where most of its neighbours went, if the new chart has its key
/// there: a whole map moved.
fn follow(settings: &mut [Proposal], open: &[OpenSetting<'_>], new: &ChartKeys) {
    let mut ways: BTreeMap<(Path, Path), usize> = BTreeMap::new();
    let mut left: BTreeMap<Path, usize> = BTreeMap::new();
    for (setting, one) in settings.iter().zip(open) {
        match &setting.fate {
            Suggestion::Moves(place) => {
                let (from, to) = without_shared_end(&setting.from, &place.to);
                *ways.entry((from, to)).or_default() += 1;
            }
            // That one of the map does something else speaks against it.
            _ if !one.did.is_empty() && !one.tried.iter().any(|(tried, ..)| tried.is_unknown) => {
                for depth in 1..=setting.from.depth() {
                    let above = Path::new(setting.from.segments()[..depth].to_vec());
                    *left.entry(above).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    let taken: Vec<Path> = settings
        .iter()
        .flat_map(Proposal::places)
        .map(|place| place.to)
        .collect();
    for (setting, one) in settings.iter_mut().zip(open) {
        if !one.did.is_empty()
            || one.never_worked
            || matches!(setting.fate, Suggestion::Moves(_) | Suggestion::IsDefault)
        {
            continue;
        }
        let mut fits = ways.iter().filter_map(|((from, to), count)| {
            let rest = setting.from.strip_prefix(from)?;
            let against = left.get(from).copied().unwrap_or(0);
            let most = *count >= NEIGHBOURS && *count * 2 >= (*count + against) * 3 / 2;
            let place = to.concat(&rest);
            let is_there = new.reads.is_read(&place) && new.knows(&place);
            (most && rest.depth() > 0 && is_there).then_some((from.depth(), *count, place))
        });
        let Some((_, count, to)) = fits
            .by_ref()
            .max_by_key(|(depth, count, _)| (*depth, *count))
        else {
            continue;
        };
        let own = setting.places().iter().any(|place| place.to == to);
        if !own && taken.contains(&to) {
            continue;
        }
        setting.fate = Suggestion::Moves(Destination {
            to,
            wraps: false,
            is_shared: false,
            score: SURE,
            evidence: format!(
                "it shows nowhere with these values; {count} settings beside it went there"
            ),
        });
    }
}

/// The best place, if it surely does what a setting did, whatever it does beside that.
fn likeliest<'o>(one: &'o OpenSetting<'_>, rendered: bool) -> Option<&'o TriedPlace> {
    if !rendered || one.did.is_empty() {
        return None;
    }
    let found = |tried: &TriedPlace| found(&one.did, &tried.0, &tried.2);
    // One that was seen to do all of it is no worse for one of which nothing could be seen.
    let is_seen = |tried: &&TriedPlace| !tried.0.is_unknown || tried.0.is_hinted;
    let does_all = one
        .tried
        .iter()
        .filter(is_seen)
        .any(|one| found(one) >= ALL);
    let mut tried = one.tried.iter().filter(|tried| !does_all || is_seen(tried));
    let best = tried.next()?;
    let next = tried.next().map_or(0.0, |next| next.1);
    let is_ahead = best.1 >= SURE && best.1 - next >= MARGIN;
    let is_shown = found(best) >= FOUND && best.0.behind.is_none();
    let is_shown = is_shown && !one.did.is_of_other_part(&best.2);
    let is_shown = is_shown && !one.did.is_of_other_container(&one.path, &best.2);
    (is_shown && is_ahead && best.0.named != NameSource::MadeUp).then_some(best)
}

/// The move of a map, by one of its settings that is sure: the common end of both paths is left away.
fn moved(one: &OpenSetting<'_>, rendered: bool) -> Option<(Path, Path)> {
    let best = match rendered {
        true => likeliest(one, rendered)?,
        false => one.tried.first().filter(|best| best.1 >= 0.55)?,
    };
    let (mut from, mut to) = (one.path.clone(), best.0.to.clone());
    while from.depth() > 1 && to.depth() > 1 && from.last() == to.last() {
        from.pop();
        to.pop();
    }
    (from != to).then_some((from, to))
}

/// The fate of a setting; `shared` is the place that others go to as well.
fn proposal(one: &OpenSetting<'_>, rendered: bool, shared: Option<&TriedPlace>) -> Proposal {
    let is_shared = shared.is_some();
    let place = |(candidate, score, print): &TriedPlace| Destination {
        to: candidate.to.clone(),
        wraps: candidate.wraps,
        is_shared,
        score: *score,
        evidence: evidence(one, candidate, print, is_shared),
    };
    let alone = likeliest(one, rendered).filter(|(.., print)| !does_more(&one.did, print));
    let sure = shared.or(alone);
    let fate = match (sure, split(one).filter(|_| rendered)) {
        _ if one.is_default => Suggestion::IsDefault,
        (_, Some(places)) => {
            let places = places.into_iter().map(|at| place(&one.tried[at]));
            Suggestion::Splits(places.collect())
        }
        (Some(best), None) => Suggestion::Moves(place(best)),
        (None, None) => {
            let likely = one.tried.iter().filter(|tried| {
                // That the new chart takes neither the setting nor something from an example says nothing for that.
                let is_guess = tried.0.is_unknown && tried.0.named != NameSource::There;
                if is_guess && one.refused.is_some() {
                    return false;
                }
                if one.did.is_of_other_container(&one.path, &tried.2) {
                    return false;
                }
                let some = !rendered
                    || one.did.is_empty()
                    || tried.0.is_unknown
                    || found(&one.did, &tried.0, &tried.2) > 0.1;
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
        standing: match (one.never_worked, one.refused) {
            (true, _) => SettingState::NeverWorked,
            (false, Some(_)) => SettingState::Refused,
            (false, None) => SettingState::Lost,
        },
        refused: one.refused.map(gist),
    }
}

/// A setting that never worked is asked about only where a key is much like it.
fn much_alike(mut setting: Proposal) -> Option<Proposal> {
    let mut places = setting.places();
    places.retain(|place| place.score >= MUCH_ALIKE);
    setting.fate = Suggestion::Unsure(places);
    (!setting.places().is_empty()).then_some(setting)
}

/// The reason for which a candidate is one.
fn evidence(
    one: &OpenSetting<'_>,
    candidate: &KeyCandidate,
    print: &Footprint,
    is_shared: bool,
) -> String {
    let mut said = Vec::new();
    let beside = (!is_shared && does_more(&one.did, print))
        .then(|| one.did.field_beside(print))
        .flatten();
    if let Some(field) = one.did.field_of_text(print) {
        said.push(format!("the same text shows in {field}"));
    } else if found(&one.did, candidate, print) > 0.1
        && let Some(field) = one.did.shared_field(print)
    {
        said.push(format!("sets the same field: {field}"));
        said.extend(beside.map(|field| format!("it sets others, too, such as {field}")));
    }
    match candidate.names {
        names if names > 0.75 => said.push("same name".to_owned()),
        names if names > 0.35 => said.push("the name is alike".to_owned()),
        _ => {}
    }
    if candidate.is_hinted {
        said.push("the chart names both in one line".to_owned());
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
    if candidate.is_unknown && !one.did.is_empty() {
        said.push("what it does there could not be seen".to_owned());
    }
    if let Some(switch) = &candidate.behind {
        said.push(format!("it shows there only with {switch}: true"));
    }
    match candidate.named {
        NameSource::There => {}
        NameSource::Example => said.push("named as in the chart's example".to_owned()),
        NameSource::MadeUp => {
            said.push("with a name that nobody gave, any other will do".to_owned())
        }
    }
    said.join("; ")
}

/// What is merged is sure only with another one that goes there.
fn keep_shared_together(settings: &mut [Proposal]) {
    let mut to: BTreeMap<Path, usize> = BTreeMap::new();
    for place in settings.iter().flat_map(Proposal::sure_places) {
        *to.entry(place.to.clone()).or_default() += 1;
    }
    for setting in settings {
        let is_alone = |place: &Destination| place.is_shared && to.get(&place.to) == Some(&1);
        if setting.sure_places().iter().any(is_alone) {
            setting.fate = Suggestion::Unsure(setting.places());
        }
    }
}

/// Two settings cannot both become one: then neither is sure, unless one of them is far ahead.
fn one_source_each(settings: &mut [Proposal]) {
    let mut to: BTreeMap<Path, Vec<f64>> = BTreeMap::new();
    for setting in settings.iter() {
        for place in setting.sure_places() {
            to.entry(place.to.clone()).or_default().push(place.score);
        }
    }
    for setting in settings {
        let is_contested = |place: &Destination| {
            let behind = |score: &&f64| **score > place.score - AHEAD;
            let rivals = to.get(&place.to).into_iter().flatten().filter(behind);
            !place.is_shared && rivals.count() > 1
        };
        if setting.sure_places().iter().any(is_contested) {
            setting.fate = Suggestion::Unsure(setting.places());
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
