//! What became of every key of a chart, without a user's values: the keys that the new chart does not know any more
//! are set to something that can be told apart, as if a user had set all of them, and then it goes as for a user.
//!
//! What is off by itself shows nothing, so what switches the maps around these keys on is set as well, as long as
//! the charts render. A setting that would switch off what others need is tried by itself, behind the rest.

use std::collections::BTreeSet;

use super::{
    candidates::ChartKeys,
    gated::SWITCHES,
    migrated::MigratedValues,
    propose::{PairOfCharts, Proposal, Proposals, SearchDepth, Suggestion, propose_on},
    scaffold::is_empty,
};
use crate::{
    chart::schema::Schema,
    effect::{
        fields::words,
        leaves::set_path,
        render::{RenderMode, Renderer},
    },
    values::{Map, Number, Path, Segment, Value, leaves},
};

/// Most keys of a chart that are tried out.
pub const MOST_KEYS: usize = 400;

/// What became of each key of the old chart that the new one does not know, or knows in another form.
#[must_use]
pub fn infer(pair: &PairOfCharts<'_>, (old, new): (&ChartKeys, &ChartKeys)) -> Proposals {
    let gone = vanished_keys(old, new);
    let (off, others): (Vec<Path>, Vec<Path>) = gone
        .iter()
        .cloned()
        .partition(|path| is_switch(path) && old.default(path) == Some(&Value::Bool(true)));
    let none = Map::new();
    let samples = Samples {
        schema: Schema::of(pair.old),
        keys: old,
    };
    let mut found = try_all(
        pair,
        (old, new),
        &sampled(&others, &samples),
        (&none, &none),
    );
    // What is off by itself shows nothing, and what is switched on can switch others off: so both are looked at.
    let rest: Vec<Path> = others
        .into_iter()
        .filter(|path| {
            !found
                .settings
                .iter()
                .any(|one| is_sure(one) && one.from.starts_with(path))
        })
        .collect();
    let switches = (
        switched(old, &gone, pair.renderers.map(|(was, _)| was)),
        switched(new, &new_keys(old, new), pair.renderers.map(|(_, now)| now)),
    );
    let switches = (&switches.0, &switches.1);
    if pair.renderers.is_some() && !rest.is_empty() {
        found.improve(try_all(
            pair,
            (old, new),
            &sampled(&rest, &samples),
            switches,
        ));
        try_other_forms(pair, (old, new), &rest, switches, &mut found);
    }
    found.improve(try_all(
        pair,
        (old, new),
        &sampled(&off, &samples),
        switches,
    ));
    found
}

/// What has no value by default does not say what form it has: as a text it showed nothing, so it is tried as a map,
/// and a map as one of maps.
fn try_other_forms(
    pair: &PairOfCharts<'_>,
    (old, new): (&ChartKeys, &ChartKeys),
    rest: &[Path],
    switches: (&Map, &Map),
    found: &mut Proposals,
) {
    let other: Vec<(Path, Value)> = rest
        .iter()
        .enumerate()
        .filter_map(|(at, path)| {
            let of = |one: &&Proposal| one.from.starts_with(path);
            let mut known = found.settings.iter().filter(of);
            let is_lost = |one: &Proposal| matches!(one.fate, Suggestion::Lost);
            let form = match known.clone().any(|one| one.did.is_some()) {
                false => other_form(old.default(path), at),
                true if known.all(is_lost) => as_list(old.default(path), at),
                true => None,
            };
            Some((path.clone(), form?))
        })
        .collect();
    let more = try_all(pair, (old, new), &other, switches);
    for (path, _) in &other {
        let says_more = |one: &Proposal| {
            let found_some = !matches!(one.fate, Suggestion::Lost);
            one.from.starts_with(path) && one.did.is_some() && found_some
        };
        if more.settings.iter().any(says_more) {
            found.settings.retain(|one| !one.from.starts_with(path));
            let shown = more
                .settings
                .iter()
                .filter(|one| one.from.starts_with(path));
            found.settings.extend(shown.cloned());
        }
    }
}

fn is_sure(one: &Proposal) -> bool {
    matches!(one.fate, Suggestion::Moves(_))
}

/// What became of some keys, all set at once, with what switches on others in both charts.
fn try_all(
    pair: &PairOfCharts<'_>,
    keys: (&ChartKeys, &ChartKeys),
    settings: &[(Path, Value)],
    switches: (&Map, &Map),
) -> Proposals {
    if settings.is_empty() {
        return Proposals::default();
    }
    let mut values = switches.0.clone();
    for (path, value) in settings {
        set_path(&mut values, path, value.clone());
    }
    let values = MigratedValues::unchanged(&values);
    let mut found = propose_on(pair, keys, &values, switches.1, SearchDepth::InGroups);
    let asked = |one: &Proposal| settings.iter().any(|(path, _)| one.from.starts_with(path));
    found.settings.retain(asked);
    found
}

/// The keys that the new chart does not know any more, or in another form.
fn vanished_keys(old: &ChartKeys, new: &ChartKeys) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    // What is documented and read by nothing may be read at its new place.
    let defaults = old.defaults.as_map().map(leaves).unwrap_or_default();
    let unread = defaults.into_iter().map(|(path, _)| path);
    let unread: Vec<Path> = unread.filter(|path| !old.reads.is_read(path)).collect();
    for key in old.paths().chain(&unread) {
        if let Some(path) = named(key, old) {
            let changed = match (old.default(&path), new.default(&path)) {
                (Some(Value::Map(a)), Some(Value::Map(b))) => !a.is_empty() && b.is_empty(),
                (Some(Value::Map(_)), Some(_)) => true,
                (Some(Value::Null) | None, _) | (_, Some(Value::Null)) => false,
                (Some(Value::List(_)), Some(now)) => !matches!(now, Value::List(_)),
                (Some(_), Some(Value::Map(map))) => !map.is_empty(),
                (Some(_), Some(Value::List(_))) => true,
                _ => false,
            };
            let moved = old.default(&path).is_some() && new.default(&path).is_none();
            let is_map = matches!(old.default(&path), Some(Value::Map(map)) if !map.is_empty());
            let is_outdated = !new.hints.outdated_for(&path).is_empty();
            if !is_map && (changed || moved || is_outdated || !new.knows(&path)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    // What is above others is a map; only what is below can be set.
    let all = found.clone();
    found.retain(|path| {
        !all.iter()
            .any(|other| other != path && other.starts_with(path))
    });
    found.truncate(MOST_KEYS);
    found
}

/// The keys of the new chart that the old one does not know.
fn new_keys(old: &ChartKeys, new: &ChartKeys) -> Vec<Path> {
    let all = new.paths().flat_map(|key| named(key, new));
    all.filter(|path| old.default(path).is_none() && !old.knows(path))
        .collect()
}

/// A key with the first of the chart's own names, where users give them; `None` if nothing can stand there.
fn named(key: &Path, keys: &ChartKeys) -> Option<Path> {
    let mut path = Path::root();
    for (at, segment) in key.segments().iter().enumerate() {
        let is_last = at + 1 == key.depth();
        let can_hold = |value: &Value| is_last || matches!(value, Value::Map(_) | Value::Null);
        match segment.is_wildcard() {
            false => path.push(segment.clone()),
            true => match keys.default(&path) {
                Some(Value::Map(map)) => {
                    let (name, _) = map.iter().find(|(_, value)| can_hold(value))?;
                    path.push(Segment::Key(name.clone()));
                }
                _ => return None,
            },
        }
        if keys.default(&path).is_some_and(|value| !can_hold(value)) {
            return None;
        }
    }
    Some(path)
}

fn is_switch(path: &Path) -> bool {
    matches!(path.last(), Some(Segment::Key(key)) if SWITCHES.contains(&key.as_str()))
}

/// What switches on the maps above some keys, as far as the chart renders with it.
fn switched(keys: &ChartKeys, around: &[Path], renderer: Option<&Renderer>) -> Map {
    let mut wanted: Vec<Path> = called_like_maps_above(keys, around);
    for path in around {
        let mut above = path.parent();
        while let Some(at) = above.filter(|at| !at.is_root()) {
            for switch in SWITCHES {
                let switch = at.key(switch);
                if keys.default(&switch) == Some(&Value::Bool(false)) && !wanted.contains(&switch) {
                    wanted.push(switch);
                }
            }
            above = at.parent();
        }
    }
    wanted.sort();
    let Some(renderer) = renderer else {
        return Map::new();
    };
    let mut kept = Map::new();
    add(renderer, &mut kept, &wanted);
    kept
}

/// What is off by default and called like a map above some keys: `experimental.gateway`, or `gatewayApi.enabled`, for
/// keys below `gateway`.
fn called_like_maps_above(keys: &ChartKeys, around: &[Path]) -> Vec<Path> {
    let maps: BTreeSet<Vec<String>> = around
        .iter()
        .flat_map(|path| {
            path.segments()
                .split_last()
                .map_or(&[][..], |(_, above)| above)
        })
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(words(key)),
            _ => None,
        })
        .collect();
    let is_like = |name: &Segment| match name {
        Segment::Key(name) => {
            let name = words(name);
            maps.iter()
                .any(|map| map.iter().all(|word| name.contains(word)))
        }
        _ => false,
    };
    let defaults = keys.defaults.as_map().map(leaves).unwrap_or_default();
    let off = defaults
        .into_iter()
        .filter(|(_, value)| **value == Value::Bool(false));
    off.map(|(path, _)| path)
        .filter(|path| {
            let name = match is_switch(path) {
                true => path.parent().and_then(|map| map.last().cloned()),
                false => path.last().cloned(),
            };
            name.is_some_and(|name| is_like(&name))
        })
        .collect()
}

/// Adds switches in halves as long as the chart renders.
fn add(renderer: &Renderer, kept: &mut Map, some: &[Path]) {
    if some.is_empty() {
        return;
    }
    let mut tried = kept.clone();
    for path in some {
        set_path(&mut tried, path, Value::Bool(true));
    }
    let mode = RenderMode {
        install: false,
        schema: false,
    };
    if renderer.render(&tried, mode).is_ok() {
        *kept = tried;
    } else if some.len() > 1 {
        let (first, second) = some.split_at(some.len() / 2);
        add(renderer, kept, first);
        add(renderer, kept, second);
    }
}

/// What keys can be set to.
struct Samples<'k> {
    schema: Schema,
    keys: &'k ChartKeys,
}

/// Each key with a value that is no other key's.
fn sampled(paths: &[Path], samples: &Samples<'_>) -> Vec<(Path, Value)> {
    let value = |(at, path): (usize, &Path)| (path.clone(), samples.told_apart(path, at));
    paths.iter().enumerate().map(value).collect()
}

impl Samples<'_> {
    /// A value of the form of a key's default, or what the schema allows, that is no other key's.
    fn told_apart(&self, path: &Path, number: usize) -> Value {
        let default = self.keys.default(path);
        let choices = self.schema.listed_values(path).into_iter();
        let mut choices = choices.filter(|one| Some(one) != default && !is_empty(one));
        if let Some(choice) = choices.next() {
            return choice;
        }
        match default {
            Some(Value::Bool(value)) => Value::Bool(!value),
            Some(Value::Number(_)) => number_of(number),
            Some(Value::List(items)) => match items.first() {
                Some(item) => Value::List(items.iter().chain([item]).cloned().collect()),
                None => Value::List(vec![text_of(number)]),
            },
            Some(Value::Map(_)) => map_of(number, text_of(number)),
            // A text that says yes or no may become a boolean.
            Some(Value::String(text)) if text == "true" => Value::from("false"),
            Some(Value::String(text)) if text == "false" => Value::from("true"),
            Some(Value::String(_)) => text_of(number),
            Some(Value::Null) | None => match *self.schema.listed_types(path).as_slice() {
                ["integer" | "number", ..] => number_of(number),
                ["boolean"] => Value::Bool(true),
                ["array"] => Value::List(vec![text_of(number)]),
                ["object"] => map_of(number, text_of(number)),
                _ => text_of(number),
            },
        }
    }
}

/// A value of the form that a key can have, too.
fn other_form(default: Option<&Value>, number: usize) -> Option<Value> {
    // Beside those that were tried already.
    let number = number + MOST_KEYS;
    match default {
        Some(Value::Null) => Some(map_of(number, text_of(number))),
        Some(Value::Map(map)) if map.is_empty() => {
            Some(map_of(number, map_of(number, text_of(number))))
        }
        _ => None,
    }
}

/// A list for what has no value by default, and showed something as a text that the new chart takes nowhere.
fn as_list(default: Option<&Value>, number: usize) -> Option<Value> {
    let item = text_of(number + MOST_KEYS);
    matches!(default, Some(Value::Null)).then(|| Value::List(vec![item]))
}

fn text_of(number: usize) -> Value {
    Value::from(format!("zq{number:04}qz").as_str())
}

fn number_of(number: usize) -> Value {
    Value::Number(Number::from(20_000 + number as i64))
}

fn map_of(number: usize, value: Value) -> Value {
    let mut map = Map::new();
    map.insert(format!("key{number:04}"), value);
    Value::Map(map)
}
