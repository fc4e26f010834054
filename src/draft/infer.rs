//! What became of every key of a chart, without a user's values: the keys that the new chart does not know any more
//! are set to something that can be told apart, as if a user had set all of them, and then it goes as for a user.
//!
//! What is off by itself shows nothing, so what switches the maps around these keys on is set as well, as long as
//! the charts render. A setting that would switch off what others need is tried by itself, behind the rest.

use super::{
    candidates::Keys,
    propose::{Pair, Proposal, Proposals, Search, Suggestion, propose_on},
};
use crate::{
    effect::{
        leaves::set_path,
        render::{RenderMode, Renderer},
    },
    values::{Map, Number, Path, Segment, Value},
};

/// Most keys of a chart that are tried out.
pub const MOST_KEYS: usize = 400;
/// What switches on what stands beside it.
const SWITCHES: [&str; 3] = ["enabled", "create", "enable"];

/// What became of each key of the old chart that the new one does not know, or knows in another form.
#[must_use]
pub fn infer(pair: &Pair<'_>, (old, new): (&Keys, &Keys)) -> Proposals {
    let gone = vanished_keys(old, new);
    let (off, others): (Vec<Path>, Vec<Path>) = gone
        .iter()
        .cloned()
        .partition(|path| is_switch(path) && old.default(path) == Some(&Value::Bool(true)));
    let none = Map::new();
    let mut found = try_all(pair, (old, new), &others, (&none, &none));
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
    if pair.renderers.is_some() && !rest.is_empty() {
        found.improve(try_all(pair, (old, new), &rest, (&switches.0, &switches.1)));
    }
    found.improve(try_all(pair, (old, new), &off, (&switches.0, &switches.1)));
    found
}

fn is_sure(one: &Proposal) -> bool {
    matches!(one.fate, Suggestion::Moves(_))
}

/// What became of some keys, all set at once, with what switches on others in both charts.
fn try_all(
    pair: &Pair<'_>,
    keys: (&Keys, &Keys),
    paths: &[Path],
    switches: (&Map, &Map),
) -> Proposals {
    if paths.is_empty() {
        return Proposals::default();
    }
    let mut values = switches.0.clone();
    for (at, path) in paths.iter().enumerate() {
        set_path(&mut values, path, told_apart(keys.0.default(path), at));
    }
    let mut found = propose_on(pair, keys, &values, switches.1, Search::InGroups);
    let asked = |one: &Proposal| paths.iter().any(|path| one.from.starts_with(path));
    found.settings.retain(asked);
    found
}

/// The keys that the new chart does not know any more, or in another form.
fn vanished_keys(old: &Keys, new: &Keys) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    for key in old.paths() {
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
            if !is_map && (changed || moved || !new.knows(&path)) {
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
fn new_keys(old: &Keys, new: &Keys) -> Vec<Path> {
    let all = new.paths().flat_map(|key| named(key, new));
    all.filter(|path| old.default(path).is_none() && !old.knows(path))
        .collect()
}

/// A key with the first of the chart's own names, where users give them.
fn named(key: &Path, keys: &Keys) -> Option<Path> {
    let mut path = Path::root();
    for segment in key.segments() {
        match segment.is_wildcard() {
            false => path.push(segment.clone()),
            true => match keys.default(&path) {
                Some(Value::Map(map)) => {
                    let name = map.keys().next()?;
                    path.push(Segment::Key(name.clone()));
                }
                _ => return None,
            },
        }
    }
    Some(path)
}

fn is_switch(path: &Path) -> bool {
    matches!(path.last(), Some(Segment::Key(key)) if SWITCHES.contains(&key.as_str()))
}

/// What switches on the maps above some keys, as far as the chart renders with it.
fn switched(keys: &Keys, around: &[Path], renderer: Option<&Renderer>) -> Map {
    let mut wanted: Vec<Path> = Vec::new();
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

/// A value of the form of a default that is no other key's.
fn told_apart(default: Option<&Value>, number: usize) -> Value {
    let text = format!("zq{number:04}qz");
    match default {
        Some(Value::Bool(value)) => Value::Bool(!value),
        Some(Value::Number(_)) => Value::Number(Number::from(20_000 + number as i64)),
        Some(Value::List(items)) => match items.first() {
            Some(item) => Value::List(items.iter().chain([item]).cloned().collect()),
            None => Value::List(vec![Value::from(text.as_str())]),
        },
        Some(Value::Map(_)) => {
            let mut map = Map::new();
            map.insert(format!("key{number:04}"), Value::from(text.as_str()));
            Value::Map(map)
        }
        Some(Value::String(_) | Value::Null) | None => Value::from(text.as_str()),
    }
}
