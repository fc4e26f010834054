//! Settings and places that are not one to one: several settings that became one key, and one that became several.
//!
//! A chart puts two images into one, or takes a switch apart. Looked at alone, such a setting has a place that does more
//! than it did, or places that each do a part of it; they match only together. Settings are merged only if all of them
//! have the same value: which of two counts, no rendering can tell.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    candidates::NameSource,
    footprint::{Footprint, Trace},
    propose::{ALL, MAYBE, OpenSetting, TOLD, TriedPlace},
};

/// The part of what a place does that the settings must have done which go there: else moving them does more.
const MOST_OF_IT: f64 = 0.5;
/// What one of them must add to the others.
const SOME: f64 = 0.1;
/// The part of what one of them does that must be the setting's.
const OWN: f64 = 0.8;

/// True if a place does so much beside what a setting did that moving it there does more.
pub(super) fn does_more(did: &Footprint, does: &Footprint) -> bool {
    did.share_of(does) <= MOST_OF_IT
}

/// Settings of the same value that go to the same place, by their numbers, each with that place: it is surely the one of
/// some of them (`sure`) and among the likeliest of the others, and each of these did something of what it does that the
/// first one did not.
pub(super) fn merged<'o>(
    open: &'o [OpenSetting<'_>],
    sure: impl Fn(&'o OpenSetting<'_>) -> Option<&'o TriedPlace>,
) -> BTreeMap<usize, &'o TriedPlace> {
    let mut merged = BTreeMap::new();
    for (number, first) in open.iter().enumerate() {
        let Some(place) = sure(first) else {
            continue;
        };
        let (to, _, does) = place;
        let others = open.iter().enumerate().filter_map(|(at, one)| {
            let is_other = at != number && one.leaf.value == first.leaf.value;
            let mut likely = one.tried.iter().take(TOLD).filter(|_| is_other);
            let place = likely.find(|(place, score, _)| place.to == to.to && *score >= MAYBE)?;
            Some((at, place))
        });
        let mut others: Vec<(usize, &TriedPlace)> = others.collect();
        // Each sees what it can have had something to do with.
        let prints = others.iter().map(|(_, (.., does))| does);
        let traces: BTreeSet<&Trace> = prints.chain([does]).flat_map(Footprint::traces).collect();
        let is_beside = |trace: &&&Trace| !first.did.leaves(trace);
        let adds = |at: usize, trace: &Trace| open[at].did.leaves_text(trace);
        others.retain(|(at, _)| {
            traces
                .iter()
                .filter(is_beside)
                .any(|trace| adds(*at, trace))
        });
        let is_left =
            |trace: &&&Trace| is_beside(trace) && !others.iter().any(|(at, _)| adds(*at, trace));
        let done = traces.len() - traces.iter().filter(is_left).count();
        if !others.is_empty() && does.part_of_all(done) > MOST_OF_IT {
            merged.insert(number, place);
            merged.extend(others);
        }
    }
    merged
}

/// The places that do together all that a setting did, and nothing much beside it, where none does so alone; their
/// numbers.
pub(super) fn split(one: &OpenSetting<'_>) -> Option<Vec<usize>> {
    let covered = |print: &Footprint| one.did.covered_by(print);
    if one.did.is_empty() || one.tried.iter().any(|(.., print)| covered(print) >= ALL) {
        return None;
    }
    let mut together = Footprint::default();
    let mut places: Vec<usize> = Vec::new();
    for (at, (place, _, print)) in one.tried.iter().enumerate() {
        let is_whole = place.named == NameSource::There && place.behind.is_none();
        if !is_whole || place.was_alive || one.did.share_of(print) < OWN {
            continue;
        }
        let mut more = together.clone();
        more.take_in(print.clone());
        let is_apart = places
            .iter()
            .all(|other| !place.to.starts_with(&one.tried[*other].0.to));
        if is_apart && covered(&more) > covered(&together) + SOME {
            together = more;
            places.push(at);
        }
    }
    let is_all = covered(&together) >= ALL && (2..=TOLD).contains(&places.len());
    is_all.then_some(places)
}
