//! The settings that lost their effect: what each did under the old chart, at the place where it stood there, against
//! what it does under the new one where it stands now.

use std::collections::BTreeMap;

use super::{
    candidates::{ChartKeys, KeyCandidate, candidates},
    footprint::{CommonWords, Footprint},
    kin::kin,
    migrated::MigratedValues,
    propose::{OpenSetting, SearchDepth, Sides},
    sides::fits_default,
};
use crate::{
    effect::{
        leaves::{Isolation, Leaf, RenderedEffect},
        objects::Manifest,
    },
    values::{Map, Path, Value, leaves},
};

/// A setting where it stands now, with what it did where it stood.
pub(super) struct TracedSetting {
    /// Its place and value now, and what it did.
    pub leaf: Leaf,
    /// Its place now.
    path: Path,
    /// Its place under the old chart.
    origin: Path,
    /// Its value there.
    before: Value,
}

/// The settings for which a place may be looked for, each where it stands now.
pub(super) fn traced(
    values: &MigratedValues,
    sides: Option<&Sides<'_>>,
    search: SearchDepth,
) -> Vec<TracedSetting> {
    let before = match (sides, search) {
        (Some(sides), SearchDepth::Exact) => sides.before.side.leaves(),
        (Some(sides), SearchDepth::InGroups) => sides.before.side.leaves_in_groups(),
        (None, _) => by_reading(&values.before),
    };
    let mut all: Vec<TracedSetting> = Vec::new();
    for leaf in before {
        let Some(origin) = leaf.path.clone().filter(Path::is_concrete) else {
            continue;
        };
        for (path, value) in values.places(&origin) {
            all.push(TracedSetting {
                leaf: Leaf {
                    path: Some(path.clone()),
                    value,
                    ..leaf.clone()
                },
                path,
                origin: origin.clone(),
                before: leaf.value.clone(),
            });
        }
    }
    // What the old chart refuses had no effect that could be seen, nor what the steps of a pack made.
    let is_refused = |path: &Path| sides.is_some_and(|s| s.before.refused.contains_key(path));
    for leaf in by_reading(&values.after) {
        let Some(path) = leaf.path.clone().filter(Path::is_concrete) else {
            continue;
        };
        if !values.is_made(&path) && !is_refused(values.origin(&path)) {
            continue;
        }
        all.push(TracedSetting {
            origin: values.origin(&path).clone(),
            before: leaf.value.clone(),
            leaf,
            path,
        });
    }
    all
}

/// The settings that lost their effect, or of which the new chart refuses the form.
pub(super) fn opened<'l>(
    all: &'l [TracedSetting],
    (old, new): (&ChartKeys, &ChartKeys),
    values: &MigratedValues,
    sides: Option<&'l Sides<'_>>,
    search: SearchDepth,
) -> Vec<OpenSetting<'l>> {
    let nothing = CommonWords::default();
    let common = sides.map_or(&nothing, |sides| &sides.common);
    let after: Option<BTreeMap<Path, (Footprint, Isolation)>> = sides.map(|sides| {
        let leaves = match search {
            SearchDepth::Exact => sides.after.side.leaves(),
            SearchDepth::InGroups => sides.after.side.leaves_in_groups(),
        };
        leaves
            .into_iter()
            .filter_map(|leaf| {
                let print = Footprint::of(&leaf.effects, &leaf.value, common);
                Some((leaf.path?, (print, leaf.how)))
            })
            .collect()
    });
    let mut open = Vec::new();
    for setting in all {
        let TracedSetting {
            leaf, path, origin, ..
        } = setting;
        if values.is_settled(path) {
            continue;
        }
        let did = Footprint::of(&leaf.effects, &setting.before, common);
        let refused = sides.and_then(|sides| sides.after.refused.get(path));
        let read = refused.is_none() && is_read(new, path) && fits_default(path, &leaf.value, new);
        if read && values.is_known_where_read(path) {
            continue;
        }
        let was_read = old.reads.is_read(origin) || values.works_so_far(path);
        let mut is_default = false;
        let never_worked = !was_read && old.default(origin).is_some();
        let lost = match (&after, did.is_empty()) {
            _ if never_worked => !new.knows(path) && refused.is_none(),
            _ if !was_read || leaf.how == Isolation::Unread => false,
            // What it did is not known, or nothing: only what is not read any more is lost.
            (_, true) | (None, _) => !read,
            (Some(after), false) => {
                let nothing = (Footprint::default(), Isolation::Unread);
                let (now, how) = after.get(path).unwrap_or(&nothing);
                let lost = did.found_in(now) < 0.3;
                let shows = |says_the_same| {
                    let manifest = sides.map(|sides| &sides.after.side.manifest);
                    manifest.is_some_and(|all| shows_all(&leaf.effects, all, says_the_same))
                };
                // Read, and what the chart's own values say by now: it is as it was.
                let says_the_same = read && *how == Isolation::Default;
                is_default = lost && shows(false);
                lost && (!read || now.is_empty()) && !(says_the_same && shows(true))
            }
        };
        if lost {
            open.push(OpenSetting {
                leaf,
                path: path.clone(),
                did,
                tried: Vec::new(),
                is_default,
                never_worked,
                refused: refused.map(String::as_str),
            });
        }
    }
    open
}

/// Settings that the new chart does not read where they are, with the likeliest places of each.
pub(super) fn lost_by_reading(
    values: &MigratedValues,
    (old, new): (&ChartKeys, &ChartKeys),
) -> Vec<(Value, Vec<KeyCandidate>)> {
    let whole = Value::Map(values.after.clone());
    let lost = leaves(&values.after).into_iter().filter(|(path, value)| {
        path.is_concrete()
            && old.reads.is_read(values.origin(path))
            && !(new.reads.is_read(path) && fits_default(path, value, new) && new.knows(path))
    });
    let mut found: Vec<(Path, Value, Vec<KeyCandidate>)> = lost
        .map(|(path, value)| {
            let places = candidates(
                (old, new),
                (&path, values.origin(&path)),
                value,
                &whole,
                &[],
                &[],
            );
            (path, value.clone(), places)
        })
        .collect();
    kin(found
        .iter_mut()
        .map(|(path, _, places)| (&*path, places.iter_mut().collect())));
    let mut found: Vec<(Value, Vec<KeyCandidate>)> = found
        .into_iter()
        .map(|(_, value, places)| (value, places))
        .collect();
    for (_, places) in &mut found {
        places.sort_by(|a, b| b.by_words().total_cmp(&a.by_words()));
    }
    found
}

/// True if the new chart looks at a setting, as far as that is known: of a chart that hands on all values it is not, and
/// what it knows by name counts.
fn is_read(new: &ChartKeys, path: &Path) -> bool {
    match new.reads.is_everything() {
        true => new.knows(path),
        false => new.reads.is_read(path),
    }
}

/// True if all effects of a setting are there without it. That something is not there counts only where the chart's own
/// values say the same as the setting: else it may have another name.
fn shows_all(effects: &[RenderedEffect], manifest: &Manifest, says_the_same: bool) -> bool {
    let is_there = |effect: &RenderedEffect| {
        let spot = &effect.spot;
        match &effect.with {
            Some(_) if spot.path.is_root() => manifest.objects.contains_key(&spot.object),
            Some(with) => manifest.field(&spot.object, &spot.path) == Some(with),
            None if !says_the_same => false,
            None if spot.path.depth() == 0 => !manifest.objects.contains_key(&spot.object),
            None => manifest.field(&spot.object, &spot.path).is_none(),
        }
    };
    !effects.is_empty() && effects.iter().all(is_there)
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
