//! The layer law: what the migrated layers mean together is what migrating the merged layers gives.
//!
//! A step writes its result into the layers that its sources came from. In nearly all releases that is
//! enough. Where it is not (a map of one layer stands over a scalar of another, a moved map meets one that
//! is at its new place already), the difference is written out in the right-most layer that may be
//! written: it is on top, so what it says counts. Every setting that is written out so is a change of a
//! step of its own, [`LAYERS`], and reported as one; where it does not help either, the release is refused.
//!
//! Nothing here looks at steps: it compares two results as Helm merges them over the target's defaults.

use super::{
    Change, Fate, LedgerEntry, MigrateError, Migrated, StepReport, TextPlace, TracedValue,
    decision::Answers,
    place::NewKeyPlace,
    run::{migrate, migrate_values},
};
use crate::{
    pack::Pack,
    plan::Plan,
    questions::{LAYERS, title},
    values::{
        HelmMajor, Map, Path, Value,
        coalesce::{ChartDefaults, coalesce},
        merge::{hand_down, merge_all},
        view::View,
        write,
    },
    yaml::Tree,
};

/// Runs the migrations of a plan on the layers of a release.
///
/// # Errors
///
/// As [`migrate`], and [`MigrateError::Layers`] if the layers cannot be made to mean the same.
pub fn migrate_layers(
    views: &[&View<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Migrated, MigrateError> {
    let mut migrated = migrate(views, plan, answers, accept_recommended)?;
    // A single layer is what it is merged.
    if views.len() < 2 {
        return Ok(migrated);
    }
    let wanted = merged_and_migrated(views, plan, answers, accept_recommended)?;
    let together = meaning(&migrated.layers, views, plan);
    if together == wanted {
        return Ok(migrated);
    }
    let changes = settle(&mut migrated, views, plan, &|_| true, (&together, &wanted));
    if !changes.is_empty() {
        migrated.steps.push(written_out(plan, changes));
    }
    let together = meaning(&migrated.layers, views, plan);
    if together == wanted {
        return Ok(migrated);
    }
    Err(MigrateError::Layers {
        difference: first_difference(&together, &wanted),
    })
}

/// The result of migrating the merged layers, under the target's defaults.
fn merged_and_migrated(
    views: &[&View<'_>],
    plan: &Plan<'_>,
    answers: &Answers,
    accept_recommended: bool,
) -> Result<Value, MigrateError> {
    let values = views
        .iter()
        .enumerate()
        .map(|(layer, view)| {
            view.values()
                .map_err(|error| MigrateError::Read { layer, error })
        })
        .collect::<Result<Vec<_>, _>>()?;
    // Migrations run on what was read from a text, so the merged values become one.
    let text = write::block(&Value::Map(merge_all(values)), &write::Layout::default());
    // What was just written from values is read again as these values.
    let tree = Tree::parse(text).map_err(|e| MigrateError::Layers {
        difference: e.to_string(),
    })?;
    let merged = View::new(&tree, tree.documents()[0].root);
    let migrated = migrate_values(&[&merged], plan, answers, accept_recommended)?;
    Ok(meaning(&migrated.layers, &[&merged], plan))
}

/// The meaning of the layers together to templates of the target.
#[must_use]
pub fn meaning(layers: &[TracedValue], views: &[&View<'_>], plan: &Plan<'_>) -> Value {
    let maps = layers
        .iter()
        .zip(views)
        .map(|(node, view)| match node.value(view) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        });
    let mut values = merge_all(maps);
    hand_down(&mut values, &plan.global);
    effective(plan.pack, &plan.to, values)
}

/// Values under the defaults of a chart version.
#[must_use]
pub fn effective(pack: &Pack, version: &semver::Version, values: Map) -> Value {
    let chart = ChartDefaults {
        name: pack.info.chart.clone(),
        values: pack.keys.default_values(version).map().clone(),
        dependencies: Vec::new(),
    };
    let merged = coalesce(HelmMajor::V3, &chart, &values);
    Value::Map(merged.map_or(values, |merged| merged.values))
}

/// Makes a release mean `wanted` instead of `together`: what is missing or another value is written into
/// the top-most writable layer, what must not be there is taken out of all writable ones. What was done.
pub fn settle(
    migrated: &mut Migrated,
    views: &[&View<'_>],
    plan: &Plan<'_>,
    writable: &dyn Fn(usize) -> bool,
    (together, wanted): (&Value, &Value),
) -> Vec<Change> {
    let mut differences = Differences::default();
    differences.between(together, wanted, &Path::root());
    let layers: Vec<usize> = (0..views.len()).filter(|layer| writable(*layer)).collect();
    let mut changes = Vec::new();
    for path in &differences.absent {
        for layer in &layers {
            changes.extend(remove(migrated, views[*layer], *layer, path));
        }
    }
    let Some(top) = layers.last().copied() else {
        return changes;
    };
    // Helm lets the chart's default come back where a key is taken out; only a null keeps it away.
    let defaults = effective(plan.pack, &plan.to, Map::new());
    let deleted = differences
        .absent
        .into_iter()
        .filter(|path| path.get(&defaults).is_some())
        .map(|path| (path, Value::Null));
    for (path, value) in deleted.chain(differences.set) {
        let node = TracedValue::made_by_step(value.clone(), Vec::new(), None);
        put_at(migrated, views[top], plan, top, (&path, node));
        changes.push(change(Fate::Written, top, path, value));
    }
    changes
}

/// Takes what stands at a path out of a layer that cannot say it, and writes it into another one.
///
/// # Errors
///
/// If the layers would mean something else then.
pub fn relocate(
    migrated: &mut Migrated,
    views: &[&View<'_>],
    plan: &Plan<'_>,
    (from, to): (usize, usize),
    path: &Path,
) -> Result<(), MigrateError> {
    let wanted = meaning(&migrated.layers, views, plan);
    let found = migrated.layers[from].find(path.segments(), views[from]);
    for (at, node) in found {
        let value = node.value(views[from]).unwrap_or(Value::Null);
        migrated.layers[from].remove_all([&at], views[from]);
        // A layer above that sets it already is what counts.
        if to > from && migrated.layers[to].has_match(at.segments(), views[to]) {
            continue;
        }
        let made = TracedValue::made_by_step(value, Vec::new(), None);
        put_at(migrated, views[to], plan, to, (&at, made));
        let changes = migrated.steps.iter_mut().flat_map(|step| &mut step.changes);
        for change in changes.filter(|change| change.layer == from && change.path.starts_with(&at))
        {
            change.layer = to;
        }
    }
    let together = meaning(&migrated.layers, views, plan);
    if together == wanted {
        return Ok(());
    }
    Err(MigrateError::Layers {
        difference: first_difference(&together, &wanted),
    })
}

/// A layer with only what several ways to migrate it have in common.
#[must_use]
pub fn in_common(
    layer: &TracedValue,
    view: &View<'_>,
    all: &[(&TracedValue, &View<'_>)],
) -> TracedValue {
    let values = all
        .iter()
        .map(|(node, view)| node.value(view).unwrap_or(Value::Null));
    let values: Vec<Value> = values.collect();
    let mut apart = Vec::new();
    differing_places(
        &values.iter().collect::<Vec<_>>(),
        &Path::root(),
        &mut apart,
    );
    let mut common = layer.clone();
    for path in apart {
        common.remove_all([&path], view);
    }
    common
}

/// The places at which values are not the same, as far up as one of them has nothing or no map there.
fn differing_places(values: &[&Value], at: &Path, found: &mut Vec<Path>) {
    let maps: Option<Vec<&Map>> = values
        .iter()
        .map(|value| match value {
            Value::Map(map) => Some(map),
            _ => None,
        })
        .collect();
    let Some(maps) = maps else {
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            found.push(at.clone());
        }
        return;
    };
    for key in maps.iter().take(1).flat_map(|map| map.keys()) {
        let here = at.key(key);
        let below: Option<Vec<&Value>> = maps.iter().map(|map| map.get(key)).collect();
        match below {
            Some(below) => differing_places(&below, &here, found),
            None => found.push(here),
        }
    }
}

/// Writes something at a path of a layer, over what is there.
fn put_at(
    migrated: &mut Migrated,
    view: &View<'_>,
    plan: &Plan<'_>,
    layer: usize,
    (path, node): (&Path, TracedValue),
) {
    let place = NewKeyPlace {
        near: None,
        keys: &plan.pack.keys,
    };
    for (at, replaced) in migrated.layers[layer].put(path, node, place, view) {
        for source in own_sources(&replaced, view, layer) {
            account(migrated, source, Fate::Rewritten, vec![at.clone()]);
        }
    }
}

/// Takes what stands at a path out of a layer.
fn remove(migrated: &mut Migrated, view: &View<'_>, layer: usize, path: &Path) -> Vec<Change> {
    let found = migrated.layers[layer].find(path.segments(), view);
    let mut changes = Vec::new();
    for (at, node) in found {
        migrated.layers[layer].remove_all([&at], view);
        for source in own_sources(&node, view, layer) {
            account(migrated, source, Fate::Dropped, Vec::new());
        }
        let value = node.value(view).unwrap_or(Value::Null);
        changes.push(change(Fate::Dropped, layer, at, value));
    }
    changes
}

/// The leaves of a layer's own text that a value is made of.
fn own_sources(
    node: &TracedValue,
    view: &View<'_>,
    layer: usize,
) -> impl Iterator<Item = TextPlace> {
    let sources = node.made_of(view).into_iter();
    sources.filter(move |source| source.layer == layer)
}

fn change(fate: Fate, layer: usize, path: Path, value: Value) -> Change {
    Change {
        layer,
        fate,
        left_over: false,
        path,
        to: None,
        from: Vec::new(),
        value,
    }
}

/// Notes a new fate for a leaf, in place of the one it had.
fn account(migrated: &mut Migrated, source: TextPlace, fate: Fate, to: Vec<Path>) {
    let ledger = &mut migrated.ledger;
    let same = |other: &&mut LedgerEntry| {
        other.source.layer == source.layer && other.source.path == source.path
    };
    let known = ledger.entries.iter_mut().find(same);
    let entry = LedgerEntry {
        source: source.clone(),
        fate,
        to,
        step: Some(LAYERS.to_owned()),
    };
    match known {
        Some(known) => *known = entry,
        None => {
            // A leaf without an entry was only counted, among those that stay.
            ledger.kept = ledger.kept.saturating_sub(1);
            ledger.entries.push(entry);
        }
    }
}

/// The changes that turn a value into another one.
#[derive(Default)]
struct Differences {
    /// The values that are to be there.
    set: Vec<(Path, Value)>,
    /// The paths that are not to be there.
    absent: Vec<Path>,
}

impl Differences {
    fn between(&mut self, now: &Value, wanted: &Value, at: &Path) {
        let (Value::Map(now), Value::Map(wanted)) = (now, wanted) else {
            if now != wanted {
                self.set.push((at.clone(), wanted.clone()));
            }
            return;
        };
        for (key, value) in wanted {
            let here = at.key(key);
            match now.get(key) {
                Some(now) => self.between(now, value, &here),
                None => self.set.push((here, value.clone())),
            }
        }
        let gone = now.keys().filter(|key| !wanted.contains_key(*key));
        self.absent.extend(gone.map(|key| at.key(key)));
    }
}

fn written_out(plan: &Plan<'_>, changes: Vec<Change>) -> StepReport {
    StepReport {
        why: Some(
            "How these settings are spread over the layers would make a difference after the upgrade; so they are written out in the layer on top.".to_owned(),
        ),
        changes,
        ..StepReport::new(&plan.to, LAYERS, title(LAYERS))
    }
}

/// The first place where two values differ, in a sentence.
#[must_use]
pub fn first_difference(found: &Value, wanted: &Value) -> String {
    fn walk(found: &Value, wanted: &Value, at: &Path) -> Option<String> {
        let (Value::Map(a), Value::Map(b)) = (found, wanted) else {
            let text = |value| crate::pack::expr::describe_value(Some(value));
            return (found != wanted)
                .then(|| format!("{at} would be {} instead of {}", text(found), text(wanted)));
        };
        let missing = |key: &String| format!("{} would be lost", at.key(key));
        let added = |key: &String| format!("{} would appear", at.key(key));
        b.iter()
            .find_map(|(key, wanted)| match a.get(key) {
                Some(found) => walk(found, wanted, &at.key(key)),
                None => Some(missing(key)),
            })
            .or_else(|| a.keys().find(|key| !b.contains_key(*key)).map(added))
    }
    walk(found, wanted, &Path::root()).unwrap_or_default()
}
