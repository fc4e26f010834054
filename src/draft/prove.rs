//! The last word on what is sure: all of it is put into the values at once and rendered. What the new chart refuses
//! then, and what does not show, is not sure any more.

use super::{
    footprint::{Footprint, SAME_TEXT},
    propose::{Destination, FOUND, OpenSetting, Proposal, Sides, Suggestion},
    tryout::shaped,
};
use crate::{
    effect::leaves::{RenderedEffect, Side, other_value, set_path, without_paths},
    values::{Map, Path, Value},
};

/// Puts all that is sure at once.
pub(super) fn prove(settings: &mut [Proposal], open: &[OpenSetting<'_>], sides: &Sides<'_>) {
    let after = &sides.after.side;
    let sure: Vec<(Path, Value)> = settings
        .iter()
        .zip(open)
        .flat_map(|(setting, one)| {
            let filling = |place: &Destination| {
                let value = shaped(&one.leaf.value, place.wraps);
                (place.to.clone(), value)
            };
            setting.sure_places().iter().map(filling)
        })
        .collect();
    if sure.is_empty() {
        return;
    }
    let mut values = after.values.clone();
    let mut refused = Vec::new();
    take_in(after, &mut values, &sure, &mut refused);
    // What needs others that came later.
    let again = std::mem::take(&mut refused);
    for one in &again {
        take_in(after, &mut values, std::slice::from_ref(one), &mut refused);
    }
    let rendered = after.renderer.render(&values, after.mode);
    let together = rendered.as_ref().as_ref().ok();
    let together = together.map(|manifest| after.added(&Value::Null, manifest));
    let is_held = |setting: &Proposal, one: &OpenSetting<'_>, effects: &[RenderedEffect]| {
        let print = Footprint::of(effects, &one.leaf.value, &sides.common);
        // Of what is merged another one is there in its own field.
        let is_shared = setting.sure_places().iter().any(|place| place.is_shared);
        let enough = if is_shared { SAME_TEXT } else { FOUND };
        one.did.covered_by(&print) >= enough
    };
    let mut held: Vec<bool> = settings
        .iter()
        .zip(open)
        .map(|(setting, one)| {
            let is_refused = setting
                .places()
                .iter()
                .any(|place| refused.iter().any(|(to, _)| *to == place.to));
            let shows = together
                .as_ref()
                .is_some_and(|all| is_held(setting, one, all));
            !is_refused && shows
        })
        .collect();
    // What only shows in an object that others make is seen when it is left out again.
    let asked: Vec<(usize, Vec<Path>)> = settings
        .iter()
        .enumerate()
        .filter(|(at, setting)| !held[*at] && !setting.sure_places().is_empty())
        .map(|(at, setting)| {
            let places = setting.sure_places().iter();
            (at, places.map(|place| place.to.clone()).collect())
        })
        .filter(|(_, places): &(_, Vec<Path>)| {
            !refused.iter().any(|(other, _)| places.contains(other))
        })
        .collect();
    let variants: Vec<Map> = asked
        .iter()
        .flat_map(|(_, places)| {
            let left_out = without_paths(&values, places);
            // What cannot be left out is changed.
            let mut changed = left_out.clone();
            for to in places {
                if let Some(other) = to.get(&Value::Map(values.clone())).and_then(other_value) {
                    set_path(&mut changed, to, other);
                }
            }
            [left_out, changed]
        })
        .collect();
    let variants = after.renderer.render_all(&variants, after.mode);
    if let Ok(whole) = rendered.as_ref() {
        for ((at, _), pair) in asked.iter().zip(variants.chunks(2)) {
            let variant = pair.iter().find_map(|one| one.as_ref().as_ref().ok());
            if let Some(variant) = variant {
                let effects = after.effects_between(&open[*at].leaf.value, whole, variant);
                held[*at] = is_held(&settings[*at], &open[*at], &effects);
            }
        }
    }
    for (setting, held) in settings.iter_mut().zip(held) {
        if !held && !setting.sure_places().is_empty() {
            setting.fate = Suggestion::Unsure(setting.places());
        }
    }
}

/// Puts values in halves, as long as the chart renders.
fn take_in(
    after: &Side<'_>,
    values: &mut Map,
    some: &[(Path, Value)],
    refused: &mut Vec<(Path, Value)>,
) {
    if some.is_empty() {
        return;
    }
    let mut tried = values.clone();
    for (path, value) in some {
        set_path(&mut tried, path, value.clone());
    }
    match (after.renderer.render(&tried, after.mode).is_ok(), some) {
        (true, _) => *values = tried,
        (false, [one]) => refused.push(one.clone()),
        (false, some) => {
            let (first, second) = some.split_at(some.len() / 2);
            take_in(after, values, first, refused);
            take_in(after, values, second, refused);
        }
    }
}
