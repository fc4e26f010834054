//! Places where a value shows nothing as long as a switch beside it is off: `monitor.interval` with `monitor.enabled`
//! left at false.
//!
//! What a setting did may have been on by itself in the old chart and be off in the new one. Such a place is tried
//! with its switch on, and what counts is what the value adds to that. It is never sure: whether the switch is wanted,
//! only a person knows, and the evidence says that it is needed. A switch that the values set is left alone.

use super::{
    candidates::ChartKeys,
    footprint::Footprint,
    propose::{FOUND, OpenSetting, Sides},
    tryout::{found, shaped},
};
use crate::{
    effect::leaves::set_path,
    values::{Map, Path, Value},
};

/// What switches on what stands beside it.
pub(super) const SWITCHES: [&str; 3] = ["enabled", "create", "enable"];
/// The most places of a setting that are tried.
const MOST_PLACES: usize = 2;
/// From which likeness of words on it is worth it.
const MUCH_ALIKE: f64 = 0.35;

/// Tries the likeliest places of settings that show nowhere with the switches beside them on.
pub(super) fn try_behind_switches(
    open: &mut [OpenSetting<'_>],
    sides: &Sides<'_>,
    new: &ChartKeys,
) {
    let after = &sides.after.side;
    for one in open.iter_mut().filter(|one| !one.did.is_empty()) {
        let shows = |print: &Footprint, candidate| found(&one.did, candidate, print) >= FOUND;
        if one
            .tried
            .iter()
            .any(|(place, _, print)| shows(print, place))
        {
            continue;
        }
        let behind: Vec<(usize, Path)> = one
            .tried
            .iter()
            .enumerate()
            .filter(|(_, (place, ..))| place.by_words() >= MUCH_ALIKE && place.behind.is_none())
            .filter_map(|(at, (place, ..))| Some((at, switch_of(&place.to, new, &after.values)?)))
            .take(MOST_PLACES)
            .collect();
        for (at, switch) in behind {
            let (place, _, print) = &mut one.tried[at];
            let mut without = after.values.clone();
            set_path(&mut without, &switch, Value::Bool(true));
            let mut with = without.clone();
            set_path(&mut with, &place.to, shaped(&one.leaf.value, place.wraps));
            let rendered = after.renderer.render_all(&[with, without], after.mode);
            let rendered: Vec<_> = rendered.iter().map(|one| one.as_ref().as_ref()).collect();
            let [Ok(with), Ok(without)] = *rendered.as_slice() else {
                continue;
            };
            let effects = after.effects_between(&one.leaf.value, with, without);
            let before = (&sides.before.side.manifest, &sides.common);
            let shown =
                Footprint::of_candidate(&effects, &one.leaf.effects, before, &one.leaf.value);
            if one.did.touches(&shown) {
                place.behind = Some(switch);
                place.is_unknown = false;
                *print = shown;
            }
        }
    }
}

/// The nearest switch that stands beside a key or above it, is off by default, and is not set.
fn switch_of(key: &Path, new: &ChartKeys, values: &Map) -> Option<Path> {
    let whole = Value::Map(values.clone());
    let mut above = key.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        for switch in SWITCHES.map(|switch| at.key(switch)) {
            let is_off = new.default(&switch) == Some(&Value::Bool(false));
            if is_off && switch != *key && switch.get(&whole).is_none() {
                return Some(switch);
            }
        }
        above = at.parent();
    }
    None
}
